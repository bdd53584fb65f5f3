//! Runs a plan: the one place where processes start.
//!
//! Every script is `sh -eu` in a scratch folder of its own, with a cleared environment, nothing on standard
//! input, a time limit, and a cap on what it prints. What it leaves running in its process group is ended.
//! Not here yet: a sandbox. A script can read and write what its user can, and a program that leaves its
//! process group outlives the run; whoever calls this has to have asked.

use super::outcome::Level;
use super::plan::{Plan, PlannedCell};
use crate::model::{CellName, RecordId, Verdict};
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What happens during a run, in order.
#[derive(Debug)]
pub enum Event<'p> {
    /// The states of a record are about to run.
    Started {
        /// The record.
        id: &'p RecordId,
        /// How many states it has.
        n_cells: usize,
    },
    /// One state came out.
    Finished(CellOutcome),
}

/// How one state came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellOutcome {
    /// Which state.
    pub name: CellName,
    /// What it showed; `None` where a step has no command, so that nothing ran.
    pub verdict: Option<Verdict>,
    /// The verdicts that it may come to.
    pub expected: Vec<Verdict>,
    /// How real it was.
    pub level: Level,
    /// Why it is not the verdict that the law of proof asks for.
    pub reason: Option<String>,
    /// The end of what `run` printed, without the scratch folder's path.
    pub output: String,
    /// How long all its scripts took.
    pub took: Duration,
}

impl CellOutcome {
    /// Whether the state ran and came out otherwise than it must.
    pub fn is_failure(&self) -> bool {
        self.verdict.is_some_and(|verdict| !self.expected.contains(&verdict))
    }
}

/// The run could not be made; this says nothing about the record.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No scratch folder.
    #[error("make a scratch folder")]
    Scratch(#[source] io::Error),
    /// `sh` did not start.
    #[error("start `sh`")]
    Spawn(#[source] io::Error),
}

/// Kept of what a script prints, at its end.
const KEPT_BYTES: usize = 64 << 10;
/// A script that prints more than this is ended.
const MAX_BYTES: usize = 1 << 20;
/// Between asking a script to end and ending it.
const GRACE: Duration = Duration::from_millis(500);
/// For what is still in the pipe when a script has ended.
const DRAIN: Duration = Duration::from_millis(200);
/// Where tools keep themselves, and the folder below the real home where they do so unless they are told: without
/// these, a temporary `HOME` hides them.
const TOOLCHAINS: &[(&str, Option<&str>)] = &[
    ("RUSTUP_HOME", Some(".rustup")),
    ("CARGO_HOME", Some(".cargo")),
    ("PYENV_ROOT", Some(".pyenv")),
    ("NVM_DIR", Some(".nvm")),
    ("VOLTA_HOME", Some(".volta")),
    ("JAVA_HOME", None),
    ("GOROOT", None),
];

/// Runs every state of a plan and tells `on` what happens.
pub fn self_test<'p>(plan: &'p Plan, on: &mut dyn FnMut(Event<'p>)) -> Result<Vec<CellOutcome>, RunError> {
    on(Event::Started { id: &plan.id, n_cells: plan.cells.len() });
    let mut outcomes = Vec::new();
    for cell in &plan.cells {
        let outcome = run_cell(plan, cell)?;
        on(Event::Finished(outcome.clone()));
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn run_cell(plan: &Plan, cell: &PlannedCell) -> Result<CellOutcome, RunError> {
    let began = Instant::now();
    let mut outcome = CellOutcome {
        name: cell.name.clone(),
        verdict: None,
        expected: Verdict::ALL
            .iter()
            .map(|(verdict, _)| *verdict)
            .filter(|it| cell.name.accepts(*it))
            .collect(),
        level: Level::Real,
        reason: None,
        output: String::new(),
        took: Duration::ZERO,
    };
    let Some(commands) = &cell.commands else {
        outcome.reason = Some("a step has no command".to_owned());
        return Ok(outcome);
    };
    let scratch = Scratch::new()?;
    let judged = judge(plan, cell, commands, &scratch)?;
    outcome.verdict = Some(judged.verdict);
    outcome.reason = judged.reason.filter(|_| !cell.name.accepts(judged.verdict));
    outcome.output = judged.output.replace(&*scratch.folder.path().to_string_lossy(), "‹scratch›");
    outcome.took = began.elapsed();
    Ok(outcome)
}

struct Judged {
    verdict: Verdict,
    reason: Option<String>,
    output: String,
}

impl Judged {
    fn cannot_tell(reason: String, output: String) -> Judged {
        Judged { verdict: Verdict::CannotTell, reason: Some(reason), output }
    }
}

fn judge(
    plan: &Plan,
    cell: &PlannedCell,
    commands: &[String],
    scratch: &Scratch,
) -> Result<Judged, RunError> {
    let timeout = plan.check.timeout;
    let setup = scratch.run(&plan.setup, timeout)?;
    if setup.end != End::Exit(0) {
        return Ok(Judged::cannot_tell(format!("`setup` {}", setup.end), setup.output));
    }
    let mut failed = None;
    for command in commands {
        let done = scratch.run(command, timeout)?;
        match done.end {
            End::Exit(0) => {}
            // What a shell says when a program is missing; then the command was not really tried.
            End::Exit(126 | 127) | End::TimedOut | End::TooMuch => {
                return Ok(Judged::cannot_tell(format!("the command {}", done.end), done.output));
            }
            end => {
                failed = Some(format!("the command {end}"));
                break;
            }
        }
    }
    let done = scratch.run(&plan.check.run, timeout)?;
    let exit = match done.end {
        End::Exit(code) => Some(code),
        End::Signal => None,
        end => return Ok(Judged::cannot_tell(format!("`run` {end}"), done.output)),
    };
    let broken = plan.check.broken.holds(exit, &done.output);
    let fixed = plan.check.fixed.holds(exit, &done.output);
    let (verdict, reason) = verdict(&cell.name, broken, fixed, failed, done.end);
    Ok(Judged { verdict, reason, output: done.output })
}

fn verdict(
    name: &CellName,
    broken: bool,
    fixed: bool,
    failed: Option<String>,
    end: End,
) -> (Verdict, Option<String>) {
    match (broken, fixed) {
        (true, true) => (Verdict::CannotTell, Some("`broken` and `fixed` hold at once".to_owned())),
        (true, false) => (Verdict::Present, Some("`broken` holds".to_owned())),
        (false, true) if name.is_fix() && failed.is_some() => (Verdict::Incomplete, failed),
        (false, true) => (Verdict::Fixed, Some("`fixed` holds".to_owned())),
        (false, false) => {
            let reason = Some(format!("neither `broken` nor `fixed` holds: `run` {end}"));
            match name {
                CellName::Broken | CellName::State(_) => (Verdict::CannotTell, reason),
                CellName::WrongFix(_) => (Verdict::Masked, reason),
                CellName::Fixed | CellName::OtherFix(_) => (Verdict::Incomplete, reason),
            }
        }
    }
}

/// How a script ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Exit(i32),
    Signal,
    TimedOut,
    TooMuch,
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            End::Exit(code) => write!(f, "ended with exit {code}"),
            End::Signal => f.write_str("was ended by a signal"),
            End::TimedOut => f.write_str("did not end in time"),
            End::TooMuch => write!(f, "printed more than {} KiB", MAX_BYTES >> 10),
        }
    }
}

struct Done {
    end: End,
    output: String,
}

/// The only place that a script is meant to write to: a folder to work in, a home, and one for temporary files.
struct Scratch {
    folder: TempDir,
}

impl Scratch {
    fn new() -> Result<Scratch, RunError> {
        let folder = tempfile::Builder::new().prefix("faultbook-").tempdir().map_err(RunError::Scratch)?;
        for name in ["work", "home", "tmp"] {
            std::fs::create_dir(folder.path().join(name)).map_err(RunError::Scratch)?;
        }
        Ok(Scratch { folder })
    }

    fn run(&self, script: &str, timeout: Duration) -> Result<Done, RunError> {
        let (reader, writer) = io::pipe().map_err(RunError::Spawn)?;
        let mut command = Command::new("sh");
        command.args(["-eu", "-c", script]).current_dir(self.folder.path().join("work"));
        command.stdin(Stdio::null()).stdout(writer.try_clone().map_err(RunError::Spawn)?).stderr(writer);
        command.process_group(0);
        environment(&mut command, self.folder.path());
        let mut child = command.spawn().map_err(RunError::Spawn)?;
        let group = Pid::from_child(&child);
        // The command holds the writing end of the pipe; while it lives, the reader never sees the end.
        drop(command);
        let (said, events) = mpsc::channel();
        let to_reader = said.clone();
        std::thread::spawn(move || read_capped(reader, &to_reader));
        std::thread::spawn(move || said.send(Said::Ended(child.wait().ok())));
        Ok(watch(&events, group, Instant::now() + timeout))
    }
}

/// What the two threads beside a script report.
enum Said {
    Ended(Option<std::process::ExitStatus>),
    Output(String),
    TooMuch,
}

fn watch(events: &mpsc::Receiver<Said>, group: Pid, mut deadline: Instant) -> Done {
    let mut end = None;
    let mut output = None;
    let mut stopping = false;
    while end.is_none() || output.is_none() {
        match events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Said::Ended(status)) => {
                let code = status.and_then(|status| status.code());
                end = end.or(Some(code.map_or(End::Signal, End::Exit)));
                // What it left behind in its group would keep the pipe open, and outlive the test.
                let _ = kill_process_group(group, Signal::KILL);
                deadline = Instant::now() + DRAIN;
            }
            Ok(Said::Output(text)) => output = Some(text),
            Ok(Said::TooMuch) => {
                end = Some(End::TooMuch);
                let _ = kill_process_group(group, Signal::KILL);
                deadline = Instant::now() + DRAIN;
            }
            Err(_) if end.is_none() && !stopping => {
                stopping = true;
                let _ = kill_process_group(group, Signal::TERM);
                deadline = Instant::now() + GRACE;
            }
            Err(_) if end.is_none() => {
                end = Some(End::TimedOut);
                let _ = kill_process_group(group, Signal::KILL);
                deadline = Instant::now() + DRAIN;
            }
            Err(_) => break,
        }
        if stopping && end.is_some() {
            end = Some(End::TimedOut);
        }
    }
    Done { end: end.unwrap_or(End::TimedOut), output: output.unwrap_or_default() }
}

/// Reads until the pipe closes, keeps the end, and reports a script that does not stop printing.
fn read_capped(mut pipe: impl Read, said: &mpsc::Sender<Said>) {
    let mut kept: VecDeque<u8> = VecDeque::new();
    let mut n_read = 0;
    let mut buffer = [0; 8192];
    while let Ok(n) = pipe.read(&mut buffer) {
        if n == 0 {
            break;
        }
        n_read += n;
        kept.extend(&buffer[..n]);
        kept.drain(..kept.len().saturating_sub(KEPT_BYTES));
        if n_read > MAX_BYTES {
            let _ = said.send(Said::TooMuch);
            break;
        }
    }
    let bytes: Vec<u8> = kept.into();
    let _ = said.send(Said::Output(String::from_utf8_lossy(&bytes).into_owned()));
}

fn environment(command: &mut Command, scratch: &Path) {
    let path = std::env::var("PATH").unwrap_or_default();
    let absolute: Vec<&str> = path.split(':').filter(|part| part.starts_with('/')).collect();
    command.env_clear().env("PATH", absolute.join(":"));
    command.env("HOME", scratch.join("home")).env("TMPDIR", scratch.join("tmp"));
    for (name, value) in [
        ("LANG", "C.UTF-8"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
        ("TERM", "dumb"),
        ("NO_COLOR", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("PIP_NO_INPUT", "1"),
        ("npm_config_offline", "true"),
        ("CARGO_NET_OFFLINE", "true"),
    ] {
        command.env(name, value);
    }
    let home = std::env::var_os("HOME").map(std::path::PathBuf::from);
    for (name, below_home) in TOOLCHAINS {
        let usual = || {
            home.as_ref()
                .zip(*below_home)
                .map(|(home, folder)| home.join(folder))
                .filter(|path| path.is_dir())
        };
        if let Some(value) = std::env::var_os(name).map(std::path::PathBuf::from).or_else(usual) {
            command.env(name, value);
        }
    }
}
