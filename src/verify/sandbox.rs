//! The one place where programs of records start: what they may touch, for how long, and what is kept of what they
//! say.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A program to run.
#[derive(Clone, Debug)]
pub struct Job {
    /// Absolute.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Where it starts.
    pub cwd: PathBuf,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
    /// What it reads on standard input; nothing where absent.
    pub stdin: Option<PathBuf>,
    /// What it may touch.
    pub policy: Policy,
    /// After this it is ended.
    pub timeout: Duration,
}

/// What a program may touch.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Folders and files below which it may write, and read.
    pub write: Vec<PathBuf>,
    /// Folders and files below which it may read and run, beside the system's.
    pub read: Vec<PathBuf>,
    /// Ports of this machine that it may call; nothing else on any network.
    pub ports: Vec<u16>,
    /// What it may use up.
    pub limits: Caps,
}

/// What a program may use up.
#[derive(Clone, Debug)]
pub struct Caps {
    /// Seconds of processor time.
    pub cpu: u64,
    /// Bytes of one file.
    pub file_size: u64,
    /// Open files.
    pub open_files: u64,
    /// Processes of this user beyond those that there are; root has no such limit.
    pub processes: u64,
    /// Bytes of private memory of one process.
    pub memory: u64,
    /// Bytes that all its scratch folders may hold together.
    pub scratch: u64,
    /// Bytes kept of each stream: the first half and the last.
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
            processes: 64,
            memory: 4 << 30,
            scratch: 512 << 20,
            kept: 64 << 10,
            output: 1 << 20,
        }
    }
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this status.
    Exit(i32),
    /// By a signal that was not ours.
    Signal(i32),
    /// By us: it took too long.
    TimedOut,
    /// By us: it printed too much.
    TooMuchOutput,
    /// By us: it filled its scratch folders.
    TooMuchScratch,
    /// It is not there, or cannot be run.
    NotStarted(String),
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
    /// Both, in the order in which they came.
    pub output: String,
    /// Lines of standard output.
    pub took: Duration,
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
