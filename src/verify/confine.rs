//! The two processes between us and a program of a record: the supervisor, and the one that confines itself and
//! becomes the program. `main` leads here before it reads any argument.
//!
//! Layers, in the order in which they are put on: session, death with the supervisor, limits, Landlock, seccomp. A
//! layer that fails stops the program from starting. Source of the rules: landlock(7), seccomp(2), and what each left
//! open when it was tried alone: Landlock lets UDP and path-name sockets pass, so no socket is made at all.

use super::sandbox::{Caps, Claims, End, Job, Policy};
use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, NetPort, PathBeneath, PathFd, RestrictionStatus,
    Ruleset, RulesetAttr, RulesetCreatedAttr, Scope,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, WaitOptions, kill_process, kill_process_group, pidfd_open,
    set_child_subreaper, set_parent_process_death_signal, setrlimit, setsid, wait,
};
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};
use seccompiler::{
    BackendError, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};
use std::collections::BTreeMap;
use std::fs::File;
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
/// The argument that makes this binary confine itself and become a program.
const CONFINE: &str = "__confine";
/// What a shell says when a program could not be started.
const NOT_STARTED: u8 = 125;
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
        SUPERVISE => match file {
            Some(file) => supervise_terminal(&file),
            None => supervise(),
        },
        CONFINE => confine(file.as_deref()),
        _ => return None,
    };
    Some(done.unwrap_or_else(|_| ExitCode::from(NOT_STARTED)))
}

/// The end of a connection that a process got as its standard input.
fn standard_input() -> io::Result<UnixStream> {
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
    let (mut ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new("/proc/self/exe");
    command.arg(CONFINE).env_clear().stdin(Stdio::from(OwnedFd::from(theirs)));
    let mut child = command.spawn()?;
    drop(command);
    ours.write_all(line.as_bytes())?;
    let mut end = look_after(&mut child, &control, &job.policy.caps)?;
    sweep(Pid::from_child(&child));
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
    set_child_subreaper(Some(rustix::process::getpid()))?;
    let mut child = Command::new("/proc/self/exe").arg(CONFINE).arg(file).env_clear().spawn()?;
    let status = child.wait()?;
    sweep(Pid::from_child(&child));
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Waits for the program, and ends it when the control line closes or it multiplies.
fn look_after(child: &mut Child, control: &UnixStream, caps: &Caps) -> io::Result<End> {
    let pid = Pid::from_child(child);
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    let most = n_threads().map(|now| now + caps.processes);
    let mut killed_at: Option<Instant> = None;
    let mut end = None;
    loop {
        let mut fds =
            vec![PollFd::new(&pidfd, PollFlags::IN), PollFd::new(control, PollFlags::IN | PollFlags::RDHUP)];
        if killed_at.is_some() {
            fds.truncate(1);
        }
        match poll(&mut fds, Some(&Timespec::try_from(TICK).expect("a tick is short"))) {
            Err(error) if error != Errno::INTR => return Err(error.into()),
            _ => {}
        }
        if !fds[0].revents().is_empty() {
            break;
        }
        let is_over = fds.get(1).is_some_and(|fd| !fd.revents().is_empty());
        let multiplies = most.zip(n_threads()).is_some_and(|(most, now)| now > most);
        match killed_at {
            None if multiplies => {
                end = Some(End::TooManyProcesses);
                let _ = kill_process_group(pid, Signal::KILL);
                killed_at = Some(Instant::now());
            }
            None if is_over => {
                let _ = kill_process_group(pid, Signal::TERM);
                killed_at = Some(Instant::now());
            }
            Some(at) if at.elapsed() > GRACE => {
                let _ = kill_process_group(pid, Signal::KILL);
            }
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
fn n_threads() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split([' ', '/']).nth(4)?.parse().ok()
}

/// Ends all that the program left behind: whatever lost its parent is a child of ours.
fn sweep(group: Pid) {
    let _ = kill_process_group(group, Signal::KILL);
    loop {
        for child in children() {
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

fn children() -> Vec<Pid> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let pids =
        |list: String| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>();
    lists.flat_map(pids).filter_map(Pid::from_raw).collect()
}

/// Restricts this process and becomes the program. Comes back only where that failed.
fn confine(file: Option<&Path>) -> io::Result<ExitCode> {
    let (job, report) = match file {
        Some(file) => (serde_json::from_str::<Job>(&std::fs::read_to_string(file)?)?, None),
        None => {
            let report = standard_input()?;
            let mut line = String::new();
            BufReader::new(&report).read_line(&mut line)?;
            (serde_json::from_str(&line)?, Some(report))
        }
    };
    let error = become_program(&job, report.is_some());
    match report {
        Some(mut report) => report.write_all(error.as_bytes())?,
        None => io::stderr().write_all(format!("could not start: {error}\n").as_bytes())?,
    }
    Ok(ExitCode::from(NOT_STARTED))
}

/// Why it did not become the program.
fn become_program(job: &Job, detached: bool) -> String {
    let try_to = || -> Result<(), String> {
        let because = |what: &'static str| move |error: Errno| format!("{what}: {}", io::Error::from(error));
        if detached {
            setsid().map_err(because("session"))?;
            let input = job.stdin.as_deref().unwrap_or(Path::new("/dev/null"));
            let input = File::open(input).map_err(|error| format!("standard input: {error}"))?;
            rustix::stdio::dup2_stdin(&input).map_err(because("standard input"))?;
        }
        set_parent_process_death_signal(Some(Signal::KILL)).map_err(because("death signal"))?;
        limit(&job.policy.caps).map_err(because("limits"))?;
        drop_capabilities().map_err(because("capabilities"))?;
        landlock(&job.policy).map_err(|error| format!("landlock: {error}"))?;
        seccomp(&job.policy).map_err(|error| format!("seccomp: {error}"))
    };
    if let Err(error) = try_to() {
        return error;
    }
    let mut command = Command::new(&job.program);
    command.args(&job.args).current_dir(&job.cwd).env_clear().envs(&job.env);
    command.exec().to_string()
}

fn limit(caps: &Caps) -> Result<(), Errno> {
    let mut limits = vec![
        (Resource::Cpu, caps.cpu),
        (Resource::Fsize, caps.file_size),
        (Resource::Nofile, caps.open_files),
        (Resource::Core, 0),
        // Not the address space: programs reserve much more of it than they use.
        (Resource::Data, caps.memory),
    ];
    if !rustix::process::geteuid().is_root() {
        let now = n_threads().unwrap_or_default();
        limits.push((Resource::Nproc, now + caps.processes));
    }
    limits.into_iter().try_for_each(|(resource, most)| {
        let hard = rustix::process::getrlimit(resource).maximum;
        let most = hard.map_or(most, |hard| most.min(hard));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
    })
}

/// Of root's powers, those over files and processes of its own stay.
fn drop_capabilities() -> Result<(), Errno> {
    let kept = CapabilitySet::CHOWN
        | CapabilitySet::DAC_OVERRIDE
        | CapabilitySet::FOWNER
        | CapabilitySet::FSETID
        | CapabilitySet::KILL
        | CapabilitySet::SETGID
        | CapabilitySet::SETUID;
    let now = capabilities(None)?;
    let sets = CapabilitySets {
        effective: now.effective & kept,
        permitted: now.permitted & kept,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets)
}

/// What every program may read and run: the system, and nobody's home.
const SYSTEM: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc",
    "/opt",
    "/proc",
    "/sys",
    "/nix/store",
    "/gnu/store",
];
/// Devices that programs use. Not the whole folder: for root, a disk is a file like any other.
const DEVICES: &[&str] = &[
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/pts",
    "/dev/ptmx",
];

fn landlock(policy: &Policy) -> Result<RestrictionStatus, Box<dyn std::error::Error>> {
    let read = AccessFs::from_read(ABI::V5);
    let all = AccessFs::from_all(ABI::V5);
    let mut ruleset = Ruleset::default()
        .handle_access(all)?
        .handle_access(AccessNet::from_all(ABI::V4))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?;
    let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
    let rules = [(paths(SYSTEM), read), (policy.read.clone(), read), (policy.write.clone(), all)];
    for (paths, access) in rules {
        for path in paths {
            // What is not there cannot be read either.
            let Ok(fd) = PathFd::new(&path) else { continue };
            let access = if path.is_dir() { access } else { access & AccessFs::from_file(ABI::V5) };
            ruleset = ruleset.add_rule(PathBeneath::new(fd, access))?;
        }
    }
    for device in DEVICES {
        let Ok(fd) = PathFd::new(device) else { continue };
        let access = read | AccessFs::WriteFile | AccessFs::IoctlDev;
        let access = if Path::new(device).is_dir() { access } else { access & AccessFs::from_file(ABI::V5) };
        ruleset = ruleset.add_rule(PathBeneath::new(fd, access))?;
    }
    for port in &policy.ports {
        ruleset = ruleset.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    Ok(ruleset.restrict_self()?)
}

/// Calls that no check needs, and with which a program could leave its confinement, change the machine, or look into
/// others. Numbers: the kernel's tables for x86_64 and for the architectures that share the generic one.
#[cfg(target_arch = "x86_64")]
mod calls {
    pub const IOCTL: i64 = 16;
    pub const SOCKET: i64 = 41;
    pub const REFUSED: &[i64] = &[
        101, // ptrace
        155, // pivot_root
        159, // adjtimex
        161, // chroot
        163, // acct
        164, // settimeofday
        165, // mount
        166, // umount2
        167, // swapon
        168, // swapoff
        169, // reboot
        170, // sethostname
        171, // setdomainname
        172, // iopl
        173, // ioperm
        175, // init_module
        176, // delete_module
        179, // quotactl
        227, // clock_settime
        246, // kexec_load
        248, // add_key
        249, // request_key
        250, // keyctl
        272, // unshare
        298, // perf_event_open
        304, // open_by_handle_at
        305, // clock_adjtime
        308, // setns
        310, // process_vm_readv
        311, // process_vm_writev
        312, // kcmp
        313, // finit_module
        320, // kexec_file_load
        321, // bpf
        323, // userfaultfd
        425, // io_uring_setup
        426, // io_uring_enter
        427, // io_uring_register
        428, // open_tree
        429, // move_mount
        430, // fsopen
        432, // fsmount
        438, // pidfd_getfd
        442, // mount_setattr
    ];
    /// The other numbering that an x86_64 kernel may accept from the same programs.
    pub const ALSO: Option<i64> = Some(0x4000_0000);
    pub const ARCH: super::TargetArch = super::TargetArch::x86_64;
}

#[cfg(target_arch = "aarch64")]
mod calls {
    pub const IOCTL: i64 = 29;
    pub const SOCKET: i64 = 198;
    pub const REFUSED: &[i64] = &[
        117, // ptrace
        41,  // pivot_root
        171, // adjtimex
        51,  // chroot
        89,  // acct
        170, // settimeofday
        40,  // mount
        39,  // umount2
        224, // swapon
        225, // swapoff
        142, // reboot
        161, // sethostname
        162, // setdomainname
        105, // init_module
        106, // delete_module
        60,  // quotactl
        112, // clock_settime
        104, // kexec_load
        217, // add_key
        218, // request_key
        219, // keyctl
        97,  // unshare
        241, // perf_event_open
        265, // open_by_handle_at
        266, // clock_adjtime
        268, // setns
        270, // process_vm_readv
        271, // process_vm_writev
        272, // kcmp
        273, // finit_module
        294, // kexec_file_load
        280, // bpf
        282, // userfaultfd
        425, // io_uring_setup
        426, // io_uring_enter
        427, // io_uring_register
        428, // open_tree
        429, // move_mount
        430, // fsopen
        432, // fsmount
        438, // pidfd_getfd
        442, // mount_setattr
    ];
    pub const ALSO: Option<i64> = None;
    pub const ARCH: super::TargetArch = super::TargetArch::aarch64;
}

const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
const SOCK_STREAM: u64 = 1;
const IPPROTO_TCP: u64 = 6;
/// Types into the terminal that a shell of `try` shares with us, as if the reader did.
const TIOCSTI: u64 = 0x5412;
/// Does so by way of the console's selection.
const TIOCLINUX: u64 = 0x541c;
const EPERM: u32 = 1;

/// No socket at all; where ports may be called, TCP only, and Landlock looks at the port. `socketpair` stays.
fn seccomp(policy: &Policy) -> Result<(), Box<dyn std::error::Error>> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for call in calls::REFUSED {
        rules.insert(*call, Vec::new());
    }
    rules.insert(calls::SOCKET, if policy.ports.is_empty() { Vec::new() } else { all_but_tcp()? });
    let typing = |request| SeccompRule::new(vec![condition(1, SeccompCmpOp::Eq, request)?]);
    rules.insert(calls::IOCTL, vec![typing(TIOCSTI)?, typing(TIOCLINUX)?]);
    if let Some(offset) = calls::ALSO {
        let others: Vec<_> = rules.iter().map(|(call, rules)| (call + offset, rules.clone())).collect();
        rules.extend(others);
    }
    let refused = SeccompAction::Errno(EPERM);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, calls::ARCH)?;
    let program: seccompiler::BpfProgram = filter.try_into()?;
    Ok(seccompiler::apply_filter(&program)?)
}

fn condition(argument: u8, op: SeccompCmpOp, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, value)
}

fn all_but_tcp() -> Result<Vec<SeccompRule>, BackendError> {
    Ok(vec![
        SeccompRule::new(vec![
            condition(0, SeccompCmpOp::Ne, AF_INET)?,
            condition(0, SeccompCmpOp::Ne, AF_INET6)?,
        ])?,
        // Any type that has another bit than that of a stream.
        SeccompRule::new(vec![condition(1, SeccompCmpOp::MaskedEq(0b0010), 0b0010)?])?,
        SeccompRule::new(vec![condition(1, SeccompCmpOp::MaskedEq(0b0100), 0b0100)?])?,
        SeccompRule::new(vec![condition(1, SeccompCmpOp::MaskedEq(0b1000), 0b1000)?])?,
        SeccompRule::new(vec![condition(1, SeccompCmpOp::MaskedEq(SOCK_STREAM), 0)?])?,
        // Landlock knows the ports of TCP alone, and a stream can be of another protocol.
        SeccompRule::new(vec![
            condition(2, SeccompCmpOp::Ne, 0)?,
            condition(2, SeccompCmpOp::Ne, IPPROTO_TCP)?,
        ])?,
    ])
}

/// What holds on this machine, tried out on a thread that ends at once.
pub fn claims(is_root: bool) -> Claims {
    let tried = std::thread::spawn(|| {
        let policy = Policy::default();
        (landlock(&policy).ok(), seccomp(&policy).is_ok())
    });
    let (landlock, seccomp) = tried.join().unwrap_or((None, false));
    let abi = landlock.map_or(0, |status| match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as i32,
        _ => 0,
    });
    let not = |what: &str| format!("NOT enforced: {what}");
    let mut notes = vec![
        "modes, owners and times of files outside can be changed by whoever may change them: the kernel has no \
         rule for these"
            .to_owned(),
    ];
    if is_root {
        notes.push("as root, the kernel limits no number of processes; the supervisor does".to_owned());
    }
    Claims {
        fs_write: match abi {
            0 => not("the check can write what you can write"),
            1 | 2 => "partly: truncating a file by its path is not covered".to_owned(),
            _ => format!("enforced:landlock-abi{abi}"),
        },
        fs_read: match abi {
            0 => not("the check can read what you can read"),
            _ => format!("enforced:landlock-abi{abi}"),
        },
        network: if seccomp { "enforced:seccomp".to_owned() } else { not("the check can use the network") },
        signals: if abi >= 6 { format!("enforced:landlock-abi{abi}") } else { "not confined".to_owned() },
        limits: "cpu,fsize,nofile,core,data,processes,output,scratch".to_owned(),
        kill: "group+subreaper".to_owned(),
        notes,
    }
}
