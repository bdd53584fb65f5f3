//! Runs one program of a record: what it may touch, for how long, and what is kept of what it says.
//!
//! In: a `Job`. Out: `Done`, and on request what this machine enforces (`Claims`).
//! Not here: the layers themselves (`confine.rs`, `calls.rs`), what a program's words mean (`run.rs`).
//!
//! Between us and the program stand two processes of this very binary. The *supervisor* is not confined: it adopts
//! whatever the program leaves behind, and ends all of it when the program ends or when we say so or die. The
//! *confined* one restricts itself and becomes the program. What a record sets in an environment reaches the program
//! alone, or `LD_PRELOAD` would run in the processes that hold it.

use super::confine;
use super::supervisor::SUPERVISE;
use super::temporary::{Remover, Temporary};
use crate::model::Layer;
use rustix::process::geteuid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Read, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A program to run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Absolute.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Where it starts.
    pub cwd: PathBuf,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
    /// A file that it reads on standard input; nothing where absent.
    pub stdin: Option<PathBuf>,
    /// Whether both its streams go one way, so that their order is kept; `stderr` is empty then.
    pub merged: bool,
    /// What it may touch.
    pub policy: Policy,
    /// After this it is ended.
    pub timeout: Duration,
}

/// What a program may touch.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Policy {
    /// Folders below which it may write, and read.
    pub write: Vec<PathBuf>,
    /// Folders and files below which it may read and run, beside the system's.
    pub read: Vec<PathBuf>,
    /// Ports that it may call; nothing else on any network. The kernel looks at the port and not at the host.
    pub ports: Vec<u16>,
    /// Whether it works in our terminal, and may open it.
    pub terminal: bool,
    /// What it may use up.
    pub caps: Caps,
}

/// What a program may use up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Caps {
    /// Seconds of processor time, of one process.
    pub cpu: u64,
    /// Bytes of one file.
    pub file_size: u64,
    /// Open files.
    pub open_files: u64,
    /// Processes beyond those that there are.
    pub processes: u64,
    /// Bytes of private memory, of one process.
    pub memory: u64,
    /// Bytes of memory that the program and all that came of it may really fill together.
    pub memory_in_all: u64,
    /// Bytes that the folders it may write to may hold together.
    pub scratch: u64,
    /// Bytes kept of each stream: of its beginning one half, of its end the other.
    pub kept: usize,
    /// Bytes of one stream after which it is ended.
    pub output: u64,
}

impl Default for Caps {
    fn default() -> Caps {
        Caps {
            cpu: 30,
            file_size: 64 << 20,
            open_files: 256,
            processes: 256,
            memory: 4 << 30,
            memory_in_all: 4 << 30,
            scratch: 512 << 20,
            kept: 64 << 10,
            output: 1 << 20,
        }
    }
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// By itself, with this status.
    Exit(i32),
    /// By a signal that was not ours.
    Signal(i32),
    /// By us: it took too long.
    TimedOut,
    /// By us: it printed too much.
    TooMuchOutput,
    /// By us: it filled its folders.
    TooMuchScratch,
    /// By us: it started too many processes.
    TooManyProcesses,
    /// By us: it and all that came of it filled too much memory.
    TooMuchMemory,
    /// It is not there, cannot be run, or could not be confined.
    NotStarted(String),
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            End::Exit(code) => write!(f, "ended with exit {code}"),
            End::Signal(number) => write!(f, "was ended by signal {number}"),
            End::TimedOut => f.write_str("did not end in time"),
            End::TooMuchOutput => f.write_str("printed too much"),
            End::TooMuchScratch => f.write_str("filled its folder"),
            End::TooManyProcesses => f.write_str("started too many processes"),
            End::TooMuchMemory => f.write_str("filled too much memory"),
            End::NotStarted(why) => write!(f, "did not start: {why}"),
        }
    }
}

/// What a program did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// How it ended.
    pub end: End,
    /// Standard output, as far as it was kept.
    pub stdout: String,
    /// Standard error, as far as it was kept.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

impl Done {
    /// Both streams.
    pub fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// The run could not be made; this says nothing about the record.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No scratch folder.
    #[error("make a scratch folder")]
    Scratch(#[source] io::Error),
    /// The supervisor did not start.
    #[error("start the supervisor of a program")]
    Spawn(#[source] io::Error),
}

/// What is enforced around programs on this machine, property by property: `enforced:…`, or what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Writing only below scratch.
    pub fs_write: String,
    /// Reading only below what is listed.
    pub fs_read: String,
    /// No network, or listed ports only.
    pub network: String,
    /// Signals to others.
    pub signals: String,
    /// What is limited.
    pub limits: String,
    /// How what it leaves running is ended.
    pub kill: String,
    /// What to say of it besides.
    pub notes: Vec<String>,
}

impl Claims {
    /// Whether a layer holds in full.
    pub fn enforces(&self, layer: Layer) -> bool {
        let claim = match layer {
            Layer::FsWrite => &self.fs_write,
            Layer::FsRead => &self.fs_read,
            Layer::Network => &self.network,
        };
        claim.starts_with("enforced")
    }

    /// What holds, in one word for results: `fs+net`, `net` or `none`.
    pub fn summary(&self) -> &'static str {
        let files = self.enforces(Layer::FsWrite) && self.enforces(Layer::FsRead);
        match (files, self.enforces(Layer::Network)) {
            (true, true) => "fs+net",
            (true, false) => "fs",
            (false, true) => "net",
            (false, false) => "none",
        }
    }
}

/// What starts programs: the binary that supervises and confines them.
#[derive(Clone, Debug)]
pub struct Launcher {
    helper: PathBuf,
    /// Started when the first folder is made.
    remover: Arc<Mutex<Option<Arc<Remover>>>>,
    /// What holds here, tried out once.
    pub claims: Claims,
}

/// For the end to arrive once the supervisor was told to make one.
const FAREWELL: Duration = Duration::from_secs(5);

impl Launcher {
    /// Starts programs by the binary at `helper`, which is faultbook itself.
    pub fn new(helper: &Path) -> Launcher {
        let claims = confine::claims(geteuid().is_root());
        Launcher { helper: helper.to_owned(), remover: Arc::default(), claims }
    }

    /// Starts programs by the binary that is running.
    pub fn of_this_process() -> Launcher {
        Launcher::new(Path::new("/proc/self/exe"))
    }

    /// A folder for programs to write to, which goes however we end.
    pub fn folder(&self) -> io::Result<Temporary> {
        let mut remover = self.remover.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let remover = match &*remover {
            Some(remover) => remover,
            None => remover.insert(Arc::new(Remover::start(&self.helper)?)),
        };
        Temporary::new(remover.clone())
    }

    /// Runs a program to its end. Afterwards nothing of it is left running.
    pub fn run(&self, job: &Job) -> Result<Done, RunError> {
        let began = Instant::now();
        let (control, theirs) = UnixStream::pair().map_err(RunError::Spawn)?;
        let (stdout, stdout_writer) = io::pipe().map_err(RunError::Spawn)?;
        let mut command = Command::new(&self.helper);
        command.arg(SUPERVISE).env_clear().stdin(Stdio::from(OwnedFd::from(theirs)));
        let mut streams: Vec<(Stream, Box<dyn Read + Send>)> = vec![(Stream::Out, Box::new(stdout))];
        if job.merged {
            command.stderr(stdout_writer.try_clone().map_err(RunError::Spawn)?);
        } else {
            let (stderr, writer) = io::pipe().map_err(RunError::Spawn)?;
            command.stderr(writer);
            streams.push((Stream::Err, Box::new(stderr)));
        }
        command.stdout(stdout_writer);
        let child = command.spawn().map_err(RunError::Spawn)?;
        // The command holds the writing ends of the pipes; while it lives, no reader sees the end.
        drop(command);
        let mut done = watch(job, child, control, streams)?;
        done.took = began.elapsed();
        Ok(done)
    }

    /// Runs a program with the terminal that this process has, and no time limit; its exit status.
    pub fn run_here(&self, job: &Job) -> Result<End, RunError> {
        let mut file = tempfile::NamedTempFile::new().map_err(RunError::Scratch)?;
        let policy = Policy { terminal: true, ..job.policy.clone() };
        let job = Job { policy, ..job.clone() };
        let text = serde_json::to_string(&job).expect("a job of UTF-8 paths is JSON");
        file.write_all(text.as_bytes()).map_err(RunError::Scratch)?;
        let mut command = Command::new(&self.helper);
        let status = command.arg(SUPERVISE).arg(file.path()).env_clear().status();
        let code = status.map_err(RunError::Spawn)?.code();
        Ok(code.map_or(End::Signal(0), End::Exit))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

/// What the threads beside a program report.
enum Said {
    Ended(Option<End>),
    Closed(Stream, String),
    TooMuch,
}

fn watch(
    job: &Job,
    mut supervisor: Child,
    control: UnixStream,
    streams: Vec<(Stream, Box<dyn Read + Send>)>,
) -> Result<Done, RunError> {
    let (said, events) = mpsc::channel();
    let mut n_open = streams.len();
    for (name, stream) in streams {
        let said = said.clone();
        let (kept, most) = (job.policy.caps.kept, job.policy.caps.output);
        std::thread::spawn(move || read_capped(name, stream, kept, most, &said));
    }
    let text = serde_json::to_string(job).expect("a job of UTF-8 paths is JSON");
    // Where the supervisor died at once, the thread below sees that it says nothing.
    let _ = writeln!(&control, "{text}");
    let mut reader = control.try_clone().map_err(RunError::Spawn)?;
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = reader.read_to_string(&mut text);
        said.send(Said::Ended(serde_json::from_str(&text).ok()))
    });
    let mut done =
        Done { end: End::TimedOut, stdout: String::new(), stderr: String::new(), took: Duration::ZERO };
    let mut ended = None;
    let mut stopped: Option<End> = None;
    let mut deadline = Instant::now() + job.timeout;
    while ended.is_none() || n_open > 0 {
        let wait = deadline.saturating_duration_since(Instant::now());
        let stop = match events.recv_timeout(wait) {
            Ok(Said::Ended(end)) => {
                ended = Some(end.unwrap_or_else(|| End::NotStarted("its supervisor died".to_owned())));
                None
            }
            Ok(Said::Closed(stream, text)) => {
                n_open -= 1;
                *(if stream == Stream::Out { &mut done.stdout } else { &mut done.stderr }) = text;
                None
            }
            Ok(Said::TooMuch) => Some(End::TooMuchOutput),
            Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => {
                if stopped.is_some() {
                    break;
                }
                Some(End::TimedOut)
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if let (Some(stop), None) = (stop, &stopped) {
            stopped = Some(stop);
            // The supervisor takes the closed line for an order to end everything.
            let _ = control.shutdown(Shutdown::Write);
            deadline = Instant::now() + FAREWELL;
        }
    }
    match ended {
        Some(_) => {
            let _ = supervisor.wait();
        }
        // It still ends what the program left behind, and is the only one that can.
        None => {
            std::thread::spawn(move || supervisor.wait());
        }
    }
    done.end = stopped.or(ended).unwrap_or(End::TimedOut);
    Ok(done)
}

/// Reads until the pipe closes, keeps the beginning and the end, and reports a program that does not stop printing.
fn read_capped(name: Stream, mut pipe: impl Read, kept: usize, most: u64, said: &mpsc::Sender<Said>) {
    let mut head: Vec<u8> = Vec::new();
    let mut tail: std::collections::VecDeque<u8> = std::collections::VecDeque::new();
    let mut n_read: u64 = 0;
    let mut buffer = [0; 8192];
    while let Ok(n) = pipe.read(&mut buffer) {
        if n == 0 {
            break;
        }
        n_read += n as u64;
        let n_head = n.min((kept / 2).saturating_sub(head.len()));
        head.extend(&buffer[..n_head]);
        tail.extend(&buffer[n_head..n]);
        tail.drain(..tail.len().saturating_sub(kept / 2));
        if n_read > most {
            // Nobody is left to hear it where the run is over already.
            let _ = said.send(Said::TooMuch);
            break;
        }
    }
    let n_left_out = n_read.saturating_sub((head.len() + tail.len()) as u64);
    if n_left_out > 0 {
        head.extend(format!("\n[{n_left_out} bytes left out]\n").as_bytes());
    }
    head.extend(tail);
    let _ = said.send(Said::Closed(name, String::from_utf8_lossy(&head).into_owned()));
}
