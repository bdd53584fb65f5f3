//! Runs the plan of a short form: every state in a scratch folder of its own, every script in the sandbox.
//!
//! In: a `Plan`, a `Launcher`. Out: `CellOutcome`s in the order of the plan, and a `Scratch` that somebody can work in.
//! Not here: what the sandbox is (`sandbox.rs`), the long form (`long.rs`).

use super::outcome::Level;
use super::plan::{Plan, PlannedCell};
use super::sandbox::{Caps, Done, End, Job, Launcher, Policy, RunError};
use crate::model::{CellName, Check, Verdict};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

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
    /// What `run` printed, without the scratch folder's path.
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

/// Where tools keep themselves, and the folder below the real home where they do so unless they are told: without
/// these, a temporary `HOME` hides them. Not cargo's: credentials lie there.
const TOOLCHAINS: &[(&str, Option<&str>)] = &[
    ("RUSTUP_HOME", Some(".rustup")),
    ("PYENV_ROOT", Some(".pyenv")),
    ("NVM_DIR", Some(".nvm")),
    ("VOLTA_HOME", Some(".volta")),
    ("JAVA_HOME", None),
    ("GOROOT", None),
];

/// Runs every state of a plan.
pub fn self_test(plan: &Plan, launcher: &Launcher) -> Result<Vec<CellOutcome>, RunError> {
    plan.cells.iter().map(|cell| run_cell(plan, cell, launcher)).collect()
}

fn run_cell(plan: &Plan, cell: &PlannedCell, launcher: &Launcher) -> Result<CellOutcome, RunError> {
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
    let judged = judge(plan, cell, commands, &scratch, launcher)?;
    outcome.verdict = Some(judged.verdict);
    outcome.reason = judged.reason.filter(|_| !cell.name.accepts(judged.verdict));
    outcome.output = scratch.hide(&judged.output);
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
    launcher: &Launcher,
) -> Result<Judged, RunError> {
    let timeout = plan.check.timeout;
    let setup = scratch.script(&plan.setup, timeout, launcher)?;
    if setup.end != End::Exit(0) {
        return Ok(Judged::cannot_tell(format!("`setup` {}", setup.end), setup.stdout));
    }
    let mut failed = None;
    for command in commands {
        let done = scratch.script(command, timeout, launcher)?;
        match done.end {
            End::Exit(0) => {}
            // What a shell says when a program is missing; then the command was not really tried.
            End::Exit(126 | 127) => {
                return Ok(Judged::cannot_tell(format!("the command {}", done.end), done.stdout));
            }
            End::Exit(_) | End::Signal(_) => {
                failed = Some(format!("the command {}", done.end));
                break;
            }
            end => return Ok(Judged::cannot_tell(format!("the command {end}"), done.stdout)),
        }
    }
    let done = scratch.script(&plan.check.run, timeout, launcher)?;
    let (verdict, reason) = match look(&plan.check, &done) {
        Seen::Neither if matches!(done.end, End::Exit(_) | End::Signal(_)) => {
            let reason = Some(format!("neither `broken` nor `fixed` holds: `run` {}", done.end));
            match cell.name {
                CellName::Broken | CellName::State(_) => (Verdict::CannotTell, reason),
                CellName::WrongFix(_) => (Verdict::Masked, reason),
                CellName::Fixed | CellName::OtherFix(_) => (Verdict::Incomplete, reason),
            }
        }
        Seen::Neither => (Verdict::CannotTell, Some(format!("`run` {}", done.end))),
        Seen::Both => (Verdict::CannotTell, Some("`broken` and `fixed` hold at once".to_owned())),
        Seen::Broken => (Verdict::Present, Some("`broken` holds".to_owned())),
        Seen::Fixed if cell.name.is_fix() && failed.is_some() => (Verdict::Incomplete, failed),
        Seen::Fixed => (Verdict::Fixed, Some("`fixed` holds".to_owned())),
    };
    Ok(Judged { verdict, reason, output: done.stdout })
}

/// What of a check's expectations holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// `broken` alone.
    Broken,
    /// `fixed` alone.
    Fixed,
    /// The check contradicts itself.
    Both,
    /// Nothing is known.
    Neither,
}

/// What the end of `run` shows. A script that we ended shows nothing.
pub fn look(check: &Check, done: &Done) -> Seen {
    let exit = match done.end {
        End::Exit(code) => Some(code),
        End::Signal(_) => None,
        _ => return Seen::Neither,
    };
    match (check.broken.holds(exit, &done.stdout), check.fixed.holds(exit, &done.stdout)) {
        (true, true) => Seen::Both,
        (true, false) => Seen::Broken,
        (false, true) => Seen::Fixed,
        (false, false) => Seen::Neither,
    }
}

/// The only place that programs may write to: a folder to work in, a home, and one for temporary files.
pub struct Scratch {
    folder: TempDir,
    work: PathBuf,
}

impl Scratch {
    /// An empty one, which goes when this value does.
    pub fn new() -> Result<Scratch, RunError> {
        let folder = tempfile::Builder::new().prefix("faultbook-").tempdir().map_err(RunError::Scratch)?;
        for name in ["work", "home", "tmp"] {
            std::fs::create_dir(folder.path().join(name)).map_err(RunError::Scratch)?;
        }
        let work = folder.path().join("work");
        Ok(Scratch { folder, work })
    }

    /// One whose folder to work in is given, and stays. It is made where it is not there.
    pub fn at(work: &Path) -> Result<Scratch, RunError> {
        std::fs::create_dir_all(work).map_err(RunError::Scratch)?;
        let work = work.canonicalize().map_err(RunError::Scratch)?;
        Ok(Scratch { work, ..Scratch::new()? })
    }

    /// Where scripts start.
    pub fn work(&self) -> &Path {
        &self.work
    }

    /// The home of programs.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A text without the path of this folder, which differs each time.
    pub fn hide(&self, text: &str) -> String {
        let text = text.replace(&*self.folder.path().to_string_lossy(), "‹scratch›");
        text.replace(&*self.work.to_string_lossy(), "‹scratch›/work")
    }

    /// Runs a script by `sh -eu`; both streams are in `stdout`.
    pub fn script(&self, script: &str, timeout: Duration, launcher: &Launcher) -> Result<Done, RunError> {
        let args = ["-eu".to_owned(), "-c".to_owned(), script.to_owned()];
        launcher.run(&self.job(Path::new("/bin/sh"), args.to_vec(), timeout))
    }

    /// A program that starts in this folder and may write to it alone.
    pub fn job(&self, program: &Path, args: Vec<String>, timeout: Duration) -> Job {
        let root = self.folder.path();
        let (env, read) = environment(root);
        Job {
            program: program.to_owned(),
            args,
            cwd: self.work.clone(),
            env,
            stdin: None,
            merged: true,
            policy: Policy {
                write: vec![self.work.clone(), root.join("home"), root.join("tmp")],
                read,
                ports: Vec::new(),
                caps: Caps::default(),
            },
            timeout,
        }
    }
}

/// The environment of every program, and the folders of tools that it has to read for that.
pub fn environment(scratch: &Path) -> (BTreeMap<String, String>, Vec<PathBuf>) {
    let path = std::env::var("PATH").unwrap_or_default();
    let absolute: Vec<&str> = path.split(':').filter(|part| part.starts_with('/')).collect();
    let mut read: Vec<PathBuf> = absolute.iter().map(PathBuf::from).collect();
    let inside = |name: &str| scratch.join(name).to_string_lossy().into_owned();
    let mut env = BTreeMap::from([
        ("PATH".to_owned(), absolute.join(":")),
        ("HOME".to_owned(), inside("home")),
        ("TMPDIR".to_owned(), inside("tmp")),
    ]);
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
        env.insert(name.to_owned(), value.to_owned());
    }
    let home = std::env::var_os("HOME").map(PathBuf::from);
    for (name, below_home) in TOOLCHAINS {
        let usual = || {
            home.as_ref()
                .zip(*below_home)
                .map(|(home, folder)| home.join(folder))
                .filter(|path| path.is_dir())
        };
        if let Some(value) = std::env::var_os(name).map(PathBuf::from).or_else(usual) {
            env.insert((*name).to_owned(), value.to_string_lossy().into_owned());
            read.push(value);
        }
    }
    (env, read)
}
