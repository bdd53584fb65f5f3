//! Runs the plan of a short form: every state in a scratch folder of its own, every script in the sandbox.
//!
//! In: a `Plan`, a `Host`. Out: what `StateRun` in the order of the plan, and what it means in the eyes of a check
//! (`CellOutcome`); a `Scratch` that somebody can work in.
//! Not here: what the sandbox is (`sandbox.rs`), the long form (`long.rs`).

use super::outcome::Level;
use super::plan::{Plan, PlannedCell};
use super::sandbox::{Caps, Done, End, Job, Launcher, Policy, RunError};
use super::states::EMPTY;
use super::temporary::Temporary;
use super::tools::Host;
use crate::model::{CellName, Check, Verdict};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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

    /// Whether something stood for what would have been there for real.
    pub fn is_modelled(&self) -> bool {
        self.verdict.is_some() && self.level == Level::Recorded
    }
}

/// Runs every state of a plan, and `run` in an empty folder, where it must show neither failure nor repair.
pub fn self_test(plan: &Plan, host: &Host) -> Result<Vec<StateRun>, RunError> {
    let states = plan.cells.iter().map(|cell| run_cell(plan, cell, host));
    states.chain([run_empty(plan, host)]).collect()
}

/// One state that was run: what was seen, apart from what it means.
#[derive(Clone, Debug)]
pub struct StateRun {
    /// Which state.
    pub name: CellName,
    /// What `run` did, or why it was not reached; `None` where nothing was executed.
    pub seen: Option<Result<Done, Hindrance>>,
    /// How the last command of the state failed, where it did.
    pub failed: Option<String>,
    /// How long all its scripts took.
    pub took: Duration,
}

/// Why a state did not come about.
#[derive(Clone, Debug)]
pub struct Hindrance {
    why: String,
    /// Whether it is this machine that lacks something; then nothing was executed.
    missing_tool: bool,
    output: String,
}

/// Makes one state of a plan and looks at it.
pub fn run_cell(plan: &Plan, cell: &PlannedCell, host: &Host) -> Result<StateRun, RunError> {
    let began = Instant::now();
    let mut ran = StateRun { name: cell.name.clone(), seen: None, failed: None, took: Duration::ZERO };
    if let Some(commands) = &cell.commands {
        let scratch = Scratch::new(&host.launcher)?;
        let mut seen = make_and_look(plan, commands, &scratch, host, &mut ran.failed)?;
        match &mut seen {
            Ok(done) => done.stdout = scratch.hide(&done.stdout),
            Err(hindrance) => hindrance.output = scratch.hide(&hindrance.output),
        }
        ran.seen = Some(seen);
    }
    ran.took = began.elapsed();
    Ok(ran)
}

fn run_empty(plan: &Plan, host: &Host) -> Result<StateRun, RunError> {
    let scratch = Scratch::new(&host.launcher)?;
    let done = scratch.script(&plan.check.run, plan.check.timeout, host)?;
    let took = done.took;
    Ok(StateRun { name: CellName::State(EMPTY.to_owned()), seen: Some(Ok(done)), failed: None, took })
}

fn make_and_look(
    plan: &Plan,
    commands: &[String],
    scratch: &Scratch,
    host: &Host,
    failed: &mut Option<String>,
) -> Result<Result<Done, Hindrance>, RunError> {
    let timeout = plan.check.timeout;
    let hindered = |why: String, done: Done| {
        let missing_tool = missing_tool(&done);
        let why = missing_tool.as_ref().map_or(why, |name| format!("missing-tool: {name}"));
        Ok(Err(Hindrance { why, missing_tool: missing_tool.is_some(), output: done.stdout }))
    };
    let setup = scratch.script(&plan.setup, timeout, host)?;
    if setup.end != End::Exit(0) {
        return hindered(format!("`setup` {}", setup.end), setup);
    }
    for command in commands {
        let done = scratch.script(command, timeout, host)?;
        match &done.end {
            End::Exit(0) => {}
            // What a shell says when a program is missing; then the command was not really tried.
            End::Exit(126 | 127) => return hindered(format!("the command {}", done.end), done),
            End::Exit(_) | End::Signal(_) => {
                *failed = Some(format!("the command {}", done.end));
                break;
            }
            end => return hindered(format!("the command {end}"), done),
        }
    }
    let done = scratch.script(&plan.check.run, timeout, host)?;
    match done.end {
        End::Exit(127) if look(&plan.check, &done) == Seen::Neither && missing_tool(&done).is_some() => {
            hindered(String::new(), done)
        }
        End::Exit(_) | End::Signal(_) => Ok(Ok(done)),
        _ => hindered(format!("`run` {}", done.end), done),
    }
}

/// The program that this machine lacks, by the last words of a shell that did not find it.
fn missing_tool(done: &Done) -> Option<&str> {
    let line = done.stdout.lines().last().filter(|_| done.end == End::Exit(127))?;
    let named = line.strip_suffix(": not found").or_else(|| line.strip_suffix(": command not found"))?;
    let name = named.rsplit(": ").next()?;
    // A path is no tool of the machine, but a file of the record's.
    (!name.contains('/')).then_some(name)
}

impl StateRun {
    /// What the state came to in the eyes of a check. The same run can be looked at with another check.
    pub fn outcome(&self, check: &Check) -> CellOutcome {
        let (verdict, reason, output) = match &self.seen {
            None => (None, Some("a step has no command".to_owned()), String::new()),
            Some(Err(hindrance)) => {
                let verdict = (!hindrance.missing_tool).then_some(Verdict::CannotTell);
                (verdict, Some(hindrance.why.clone()), hindrance.output.clone())
            }
            Some(Ok(done)) => {
                let (verdict, reason) = self.verdict(check, done);
                (Some(verdict), Some(reason), done.stdout.clone())
            }
        };
        let expected: Vec<Verdict> = match &self.name {
            CellName::State(_) => vec![Verdict::CannotTell, Verdict::Absent],
            name => Verdict::ALL.iter().map(|(it, _)| *it).filter(|it| name.accepts(*it)).collect(),
        };
        let surprises = verdict.is_none_or(|verdict| !expected.contains(&verdict));
        CellOutcome {
            name: self.name.clone(),
            verdict,
            expected,
            level: Level::Real,
            reason: reason.filter(|_| surprises),
            output,
            took: self.took,
        }
    }

    fn verdict(&self, check: &Check, done: &Done) -> (Verdict, String) {
        match look(check, done) {
            Seen::Neither => {
                let verdict = match self.name {
                    CellName::Broken | CellName::State(_) => Verdict::CannotTell,
                    CellName::WrongFix(_) => Verdict::Masked,
                    CellName::Fixed | CellName::OtherFix(_) => Verdict::Incomplete,
                };
                (verdict, format!("neither `broken` nor `fixed` holds: `run` {}", done.end))
            }
            Seen::Both => (Verdict::CannotTell, "`broken` and `fixed` hold at once".to_owned()),
            Seen::Broken => (Verdict::Present, "`broken` holds".to_owned()),
            Seen::Fixed => match &self.failed {
                Some(failed) if self.name.is_fix() => (Verdict::Incomplete, failed.clone()),
                // Where nothing was broken, nothing was repaired.
                _ if matches!(self.name, CellName::State(_)) => (Verdict::Absent, "`fixed` holds".to_owned()),
                _ => (Verdict::Fixed, "`fixed` holds".to_owned()),
            },
        }
    }
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
    folder: Temporary,
    work: PathBuf,
}

impl Scratch {
    /// An empty one, which goes when this value does.
    pub fn new(launcher: &Launcher) -> Result<Scratch, RunError> {
        let folder = launcher.folder().map_err(RunError::Scratch)?;
        for name in ["work", "home", "tmp"] {
            std::fs::create_dir(folder.path().join(name)).map_err(RunError::Scratch)?;
        }
        let work = folder.path().join("work");
        Ok(Scratch { folder, work })
    }

    /// One whose folder to work in is given, and stays. It is made where it is not there.
    pub fn at(work: &Path, launcher: &Launcher) -> Result<Scratch, RunError> {
        std::fs::create_dir_all(work).map_err(RunError::Scratch)?;
        let work = work.canonicalize().map_err(RunError::Scratch)?;
        let mut scratch = Scratch::new(launcher)?;
        scratch.work = work;
        Ok(scratch)
    }

    /// The same files elsewhere; `None` where there are too many, or other things than files, folders and links.
    pub fn copy(&self, launcher: &Launcher) -> Result<Option<Scratch>, RunError> {
        const MAX_FILES: usize = 2_000;
        const MAX_BYTES: u64 = 64 << 20;
        let copy = Scratch::new(launcher)?;
        let mut n_files = 0;
        let mut n_bytes = 0;
        for entry in walkdir::WalkDir::new(&self.work).min_depth(1).sort_by_file_name() {
            let Ok(entry) = entry else { return Ok(None) };
            let inside = entry.path().strip_prefix(&self.work).expect("walked from there");
            let target = copy.work.join(inside);
            let kind = entry.file_type();
            n_files += 1;
            n_bytes += entry.metadata().map_or(0, |there| there.len());
            if n_files > MAX_FILES || n_bytes > MAX_BYTES {
                return Ok(None);
            }
            let done = match () {
                () if kind.is_dir() => std::fs::create_dir(&target),
                () if kind.is_symlink() => {
                    std::fs::read_link(entry.path()).and_then(|to| std::os::unix::fs::symlink(to, &target))
                }
                () if kind.is_file() => std::fs::copy(entry.path(), &target).map(|_| ()),
                () => return Ok(None),
            };
            if done.is_err() {
                return Ok(None);
            }
        }
        Ok(Some(copy))
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
    pub fn script(&self, script: &str, timeout: Duration, host: &Host) -> Result<Done, RunError> {
        let args = ["-eu".to_owned(), "-c".to_owned(), script.to_owned()];
        host.launcher.run(&self.job(Path::new("/bin/sh"), args.to_vec(), timeout, host))
    }

    /// A program that starts in this folder and may write to it alone.
    pub fn job(&self, program: &Path, args: Vec<String>, timeout: Duration, host: &Host) -> Job {
        let root = self.folder.path();
        Job {
            program: program.to_owned(),
            args,
            cwd: self.work.clone(),
            env: host.environment(&[], &root.join("home"), &root.join("tmp"), &BTreeMap::new()),
            stdin: None,
            merged: true,
            policy: Policy {
                write: vec![self.work.clone(), root.join("home"), root.join("tmp")],
                read: host.readable(),
                caps: Caps::default(),
                ..Policy::default()
            },
            timeout,
        }
    }
}
