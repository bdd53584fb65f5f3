//! The process that looks after a program of a record: it starts the one that confines itself (`confine.rs`), ends it
//! on our word, and ends whatever it leaves behind.
//!
//! It is not confined itself, and nothing that a record sets reaches it. `main` leads here before it reads any argument.

use super::confine::{CONFINE, confine, keep_signals_in};
use super::offspring::{Watch, children};
use super::sandbox::{End, Job, Policy};
use super::temporary;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpgrp, getppid, kill_process, kill_process_group, pidfd_open,
    set_child_subreaper, setpgid, setsid, wait,
};
use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// The argument that makes this binary a supervisor. With a file behind it, the job is read there and the program
/// has our terminal; otherwise the job comes on standard input, which is also where the supervisor reports.
pub const SUPERVISE: &str = "__supervise";
/// What a shell says when a program could not be started.
pub const NOT_STARTED: u8 = 125;
/// Between asking a program to end and ending it.
const GRACE: Duration = Duration::from_millis(500);
/// How often a running program is looked after.
const TICK: Duration = Duration::from_millis(50);

/// Becomes a helper where the arguments say so.
pub fn helper() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    let role = args.next()?;
    let file = args.next().map(PathBuf::from);
    let done = match role.to_str()? {
        SUPERVISE => {
            // What whoever started us left open is nothing for a program of a record.
            close_fds::set_fds_cloexec(3, &[]);
            match file {
                Some(file) => supervise_terminal(&file),
                None => supervise(),
            }
        }
        CONFINE => confine(file.as_deref()),
        temporary::REMOVE => temporary::remove_what_is_left(),
        _ => return None,
    };
    Some(done.unwrap_or_else(|_| ExitCode::from(NOT_STARTED)))
}

/// The end of a connection that a process got as its standard input.
pub fn standard_input() -> io::Result<UnixStream> {
    // A duplicate that is closed on exec; the original is replaced before a program starts.
    let own: OwnedFd = rustix::io::fcntl_dupfd_cloexec(io::stdin().as_fd(), 3)?;
    Ok(UnixStream::from(own))
}

fn supervise() -> io::Result<ExitCode> {
    // A signal to the group of whoever runs us must not end the one that cleans up.
    setsid()?;
    let control = standard_input()?;
    let mut line = String::new();
    BufReader::new(&control).read_line(&mut line)?;
    let job: Job = serde_json::from_str(&line)?;
    set_child_subreaper(Some(rustix::process::getpid()))?;
    let is_kept = getppid().is_some_and(keep_signals_in);
    let (mut ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new("/proc/self/exe");
    command.arg(CONFINE).env_clear().stdin(Stdio::from(OwnedFd::from(theirs)));
    let mut child = command.spawn()?;
    drop(command);
    ours.write_all(line.as_bytes())?;
    let reach = Reach::of(is_kept, &child);
    let mut end = look_after(&mut child, reach, &control, &job.policy)?;
    sweep(reach);
    let mut report = String::new();
    // It is empty where the program started: the connection was closed by exec.
    let _ = ours.read_to_string(&mut report);
    if !report.is_empty() {
        end = End::NotStarted(report);
    }
    (&control).write_all(serde_json::to_string(&end)?.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn supervise_terminal(file: &Path) -> io::Result<ExitCode> {
    let job: Job = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let whoever_runs_us = getppid().ok_or(Errno::SRCH)?;
    let their_end = pidfd_open(whoever_runs_us, PidfdFlags::empty())?;
    set_child_subreaper(Some(rustix::process::getpid()))?;
    let is_kept = keep_signals_in(whoever_runs_us);
    // What the terminal sends goes to the program, and not to the one that cleans up.
    let foreground = getpgrp().as_raw_nonzero().get();
    setpgid(None, None)?;
    let mut command = Command::new("/proc/self/exe");
    let mut child = command.arg(CONFINE).arg(file).env_clear().process_group(foreground).spawn()?;
    let reach = Reach::of(is_kept, &child);
    let end = look_after(&mut child, reach, &their_end, &job.policy)?;
    sweep(reach);
    Ok(match end {
        End::Exit(code) => u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from),
        _ => ExitCode::FAILURE,
    })
}

/// Whom our signals reach.
#[derive(Clone, Copy)]
enum Reach {
    /// All that came of the program, at once and whatever it does meanwhile: the kernel lets us signal nobody else.
    All,
    /// The program and its group. What left the group is found among our children, one after the other.
    Group(Pid),
}

impl Reach {
    fn of(is_kept: bool, child: &Child) -> Reach {
        if is_kept { Reach::All } else { Reach::Group(Pid::from_child(child)) }
    }

    fn send(self, signal: Signal) {
        // Whoever is gone already needs no signal.
        let _ = match self {
            // "The group of process 1" is how kill(2) spells everybody.
            Reach::All => kill_process_group(Pid::INIT, signal),
            // In a terminal the program is in our group, and heads none.
            Reach::Group(pid) => kill_process_group(pid, signal).or_else(|_| kill_process(pid, signal)),
        };
    }
}

/// Waits for the program, and ends it when the line to whoever wants it closes, it multiplies or holds too much.
fn look_after(child: &mut Child, reach: Reach, line: &impl AsFd, policy: &Policy) -> io::Result<End> {
    let pidfd = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    let watch = Watch::begin(policy);
    let mut killed_at: Option<Instant> = None;
    let mut end = None;
    loop {
        let mut fds =
            vec![PollFd::new(&pidfd, PollFlags::IN), PollFd::new(line, PollFlags::IN | PollFlags::RDHUP)];
        if killed_at.is_some() {
            fds.truncate(1);
        }
        let n_ready = match poll(&mut fds, Some(&Timespec::try_from(TICK).expect("a tick is short"))) {
            Err(error) if error != Errno::INTR => return Err(error.into()),
            ready => ready.unwrap_or_default(),
        };
        if !fds[0].revents().is_empty() {
            break;
        }
        let is_over = fds.get(1).is_some_and(|fd| !fd.revents().is_empty());
        match killed_at {
            None if is_over => {
                reach.send(Signal::TERM);
                killed_at = Some(Instant::now());
            }
            None => {
                end = watch.excess(n_ready == 0);
                if end.is_some() {
                    reach.send(Signal::KILL);
                    killed_at = Some(Instant::now());
                }
            }
            Some(at) if at.elapsed() > GRACE => reach.send(Signal::KILL),
            _ => {}
        }
    }
    let status = child.wait()?;
    let own = status.code().map(End::Exit).or_else(|| {
        use std::os::unix::process::ExitStatusExt;
        status.signal().map(End::Signal)
    });
    Ok(end.or(own).unwrap_or(End::Signal(0)))
}

/// How many threads this machine runs. A user id that is no user's has no limit of its own: root.
pub fn n_threads() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split([' ', '/']).nth(4)?.parse().ok()
}

/// Ends all that the program left behind: whatever lost its parent is a child of ours.
fn sweep(reach: Reach) {
    loop {
        reach.send(Signal::KILL);
        for child in children("self") {
            let _ = kill_process(child, Signal::KILL);
        }
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
        // Each that is killed may hand on children of its own, at any moment: they are killed in the next round. To wait
        // for one here could be to wait for one that nobody has killed yet.
        std::thread::sleep(Duration::from_millis(1));
    }
}
