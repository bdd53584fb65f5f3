//! A state that somebody works in: the failure is brought about, a person or a program repairs it, and the check says
//! whether it is.
//!
//! In: a `SelfTest` of either form, the name of a state. Out: `Judgement`.
//! Not here: the shell and the program that work in it (`cli/attempt.rs`).

use super::fixture::{Setting, Unmade};
use super::long::{Around, Ran, run};
use super::outcome::Mode;
use super::plan::Plan;
use super::run::{Scratch, Seen, look};
use super::sandbox::{Caps, Done, End, Job, RunError};
use super::selftest::{self, SelfTest};
use super::stand_in;
use super::states::{fixture, lines, names};
use super::tools::{Call, Host};
use crate::model::{CellName, Check, Verdict, Verifier};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files of a home that are named, at most.
const MAX_HOME_FILES: usize = 20;

/// A failure that was brought about.
pub struct Attempt<'r> {
    around: Around<'r>,
    form: Form<'r>,
}

/// What was laid out, by the form of the check.
enum Form<'r> {
    /// Scripts ran in a folder.
    Short { plan: &'r Plan, scratch: Scratch },
    /// A state of the record's own, with programs that stand before all others.
    Long {
        verifier: &'r Verifier,
        printed: &'r BTreeMap<String, String>,
        setting: Box<Setting<'r>>,
        stand_ins: PathBuf,
    },
}

/// A state could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// There is none of that name.
    #[error("no state is called `{name}`; there are {}", .known.join(", "))]
    UnknownState {
        /// The name that was given.
        name: String,
        /// The states that can be made.
        known: Vec<String>,
    },
    /// One of its steps has words only.
    #[error("make the state `{name}`: a step has no command")]
    NoCommand {
        /// The state.
        name: String,
    },
    /// This machine lacks something, or the record's state is wrong.
    #[error("make the state `{name}`: {reason}")]
    Unmade {
        /// The state.
        name: String,
        /// Why.
        reason: String,
    },
    /// A script of it failed.
    #[error("make the state: a script {end}\n{output}")]
    Script {
        /// How it ended.
        end: End,
        /// What it printed.
        output: String,
    },
    /// The machine failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// FIXED, NOT_FIXED, MASKED, INCOMPLETE or CANNOT_TELL.
    pub verdict: Verdict,
    /// Why, where the verdict alone does not tell: what must hold and does not, or what could not be observed.
    pub reason: Option<String>,
    /// The wrong fix that explains a verdict other than FIXED, by its id.
    pub wrong_fix: Option<String>,
    /// Commands that are known to have been tried, in order.
    pub commands: Vec<String>,
    /// What the check printed, or its facts.
    pub output: String,
}

/// Where an agent may note what it tries, a command on each line, in the folder of notes.
pub const COMMANDS_FILE: &str = "commands";
/// Where a shell keeps its history, in the folder of notes.
pub const HISTORY_FILE: &str = ".history";

impl<'r> Attempt<'r> {
    /// Makes a state of a record in a new scratch folder, or in `folder` where one is given.
    pub fn begin(
        test: &'r SelfTest,
        state: &str,
        folder: Option<&Path>,
        around: Around<'r>,
    ) -> Result<Attempt<'r>, AttemptError> {
        let form = match &test.form {
            selftest::Form::Short(plan) => {
                Form::Short { plan, scratch: run_scripts(plan, state, folder, around.host)? }
            }
            selftest::Form::Long { verifier, printed } => {
                let setting = Box::new(lay(verifier, state, folder, around)?);
                let stand_ins = setting.programs.scratch.join("stand-ins");
                stand_in::write(&stand_ins, &setting.programs.replies).map_err(RunError::Scratch)?;
                Form::Long { verifier, printed, setting, stand_ins }
            }
        };
        Ok(Attempt { around, form })
    }

    /// A program that works in the state, for as long as a check may at most.
    pub fn job(&self, program: &Path, args: Vec<String>) -> Job {
        let timeout = Check::MAX_TIMEOUT;
        let mut job = match &self.form {
            Form::Short { scratch, .. } => scratch.job(program, args, timeout, self.around.host),
            Form::Long { setting, stand_ins, .. } => {
                let cwd = setting.subject.clone();
                let write = vec![cwd.clone()];
                let call = Call { args, cwd, env: BTreeMap::new(), stdin: None, write, timeout };
                let mut job = setting.programs.job(program, &call);
                let path = job.env.entry("PATH".to_owned()).or_default();
                *path = format!("{}:{path}", stand_ins.display());
                job
            }
        };
        job.policy.caps = Caps { cpu: timeout.as_secs(), output: u64::MAX, ..Caps::default() };
        job
    }

    /// The folder in which a job may note what is tried. No check looks there.
    pub fn notes(&self) -> PathBuf {
        match &self.form {
            Form::Short { scratch, .. } => scratch.home(),
            Form::Long { setting, .. } => setting.programs.scratch.join("tmp"),
        }
    }

    /// The script that looks at the state, where it is one script.
    pub fn script(&self) -> Option<&str> {
        match &self.form {
            Form::Short { plan, .. } => Some(&plan.check.run),
            Form::Long { .. } => None,
        }
    }

    /// What belongs to the state and does not lie in its folder, one line each.
    pub fn outside(&self) -> Vec<String> {
        match &self.form {
            Form::Short { .. } => Vec::new(),
            Form::Long { setting, .. } => outside(setting),
        }
    }

    /// Looks at what is there now. The folders go, but for one that was given.
    pub fn judge(self) -> Result<Judgement, RunError> {
        let commands = noted(&self.notes());
        match self.form {
            Form::Short { plan, scratch } => judge_scripts(plan, &scratch, commands, self.around.host),
            Form::Long { verifier, printed, setting, .. } => {
                let ran = run(verifier, *setting, Mode::Repair, self.around, None);
                Ok(judge_facts(ran, printed, commands))
            }
        }
    }
}

fn run_scripts(
    plan: &Plan,
    state: &str,
    folder: Option<&Path>,
    host: &Host,
) -> Result<Scratch, AttemptError> {
    let cell = plan.cells.iter().find(|cell| cell.name.to_string() == state).ok_or_else(|| {
        let makeable = plan.cells.iter().filter(|cell| cell.commands.is_some());
        unknown(state, makeable.map(|cell| &cell.name))
    })?;
    let commands = cell.commands.as_ref();
    let commands = commands.ok_or_else(|| AttemptError::NoCommand { name: state.to_owned() })?;
    let scratch = match folder {
        Some(folder) => Scratch::at(folder, &host.launcher)?,
        None => Scratch::new(&host.launcher)?,
    };
    let setup = scratch.script(&plan.setup, plan.check.timeout, host)?;
    if setup.end != End::Exit(0) {
        return Err(AttemptError::Script { end: setup.end, output: scratch.hide(&setup.stdout) });
    }
    for command in commands {
        // A wrong fix may fail; what it leaves is the state.
        scratch.script(command, plan.check.timeout, host)?;
    }
    Ok(scratch)
}

fn lay<'r>(
    verifier: &'r Verifier,
    state: &str,
    folder: Option<&Path>,
    around: Around<'r>,
) -> Result<Setting<'r>, AttemptError> {
    let unmade = |reason: String| AttemptError::Unmade { name: state.to_owned(), reason };
    let names = names(verifier);
    let name = names.iter().find(|name| name.to_string() == state).ok_or_else(|| {
        let makeable = names.iter().filter(|name| fixture(verifier, name).is_ok());
        unknown(state, makeable)
    })?;
    fixture(verifier, name).map_err(|reason| unmade(reason.to_owned()))?;
    let laid = match folder {
        None => Setting::lay(verifier, name, around),
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(RunError::Scratch)?;
            let folder = folder.canonicalize().map_err(RunError::Scratch)?;
            Setting::lay_at(&folder, verifier, name, around)
        }
    };
    laid.map_err(|(Unmade::Here(reason) | Unmade::Fixture(reason))| unmade(reason))
}

fn unknown<'n>(state: &str, known: impl Iterator<Item = &'n CellName>) -> AttemptError {
    AttemptError::UnknownState { name: state.to_owned(), known: known.map(CellName::to_string).collect() }
}

fn outside(setting: &Setting<'_>) -> Vec<String> {
    let programs = &setting.programs;
    let below = |root: &Path, path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
    let variables = programs.variables.iter().map(|(name, value)| format!("variable {name}={value}"));
    let inputs = setting.inputs.iter().map(|(name, value)| format!("input {name}={value}"));
    let front =
        programs.front.iter().map(|folder| format!("first on PATH: {}", below(&setting.subject, folder)));
    let replies = programs.replies.iter().map(|(name, replies)| match replies {
        Some(_) => format!("recorded replies of {name}"),
        None => format!("no {name}"),
    });
    let home = walkdir::WalkDir::new(&programs.home).sort_by_file_name().into_iter().flatten();
    let home = home.filter(|entry| !entry.file_type().is_dir());
    let home = home.map(|entry| format!("file of the home: {}", below(&programs.home, entry.path())));
    variables.chain(inputs).chain(front).chain(replies).chain(home.take(MAX_HOME_FILES)).collect()
}

fn judge_facts(ran: Ran, printed: &BTreeMap<String, String>, commands: Vec<String>) -> Judgement {
    let printed = printed.iter().map(|(id, command)| (id.as_str(), command.clone()));
    let (reason, wrong_fix) = match ran.verdict {
        // Of a masked failure, the reason is the wrong fix that hides it.
        Verdict::Masked => (None, ran.reason),
        Verdict::NotFixed | Verdict::Incomplete => (ran.reason, tried(printed, &commands)),
        _ => (ran.reason, None),
    };
    Judgement { verdict: ran.verdict, reason, wrong_fix, commands, output: lines(&ran.steps) }
}

fn judge_scripts(
    plan: &Plan,
    scratch: &Scratch,
    commands: Vec<String>,
    host: &Host,
) -> Result<Judgement, RunError> {
    let done = scratch.script(&plan.check.run, plan.check.timeout, host)?;
    let output = scratch.hide(&done.stdout);
    let seen = look(&plan.check, &done);
    let verdict = match seen {
        Seen::Broken => Verdict::NotFixed,
        Seen::Fixed => Verdict::Fixed,
        Seen::Neither if matches!(done.end, End::Exit(_) | End::Signal(_)) => Verdict::Incomplete,
        Seen::Neither | Seen::Both => Verdict::CannotTell,
    };
    let printed = wrong_fixes(plan).map(|(id, commands)| (id, commands.join("\n")));
    let wrong_fix = match verdict {
        Verdict::Fixed | Verdict::CannotTell => None,
        _ => match tried(printed, &commands) {
            Some(tried) => Some(tried),
            None if seen == Seen::Neither => leaves_the_same(plan, &done, &output, host)?,
            None => None,
        },
    };
    let masked = verdict == Verdict::Incomplete && wrong_fix.is_some();
    let verdict = if masked { Verdict::Masked } else { verdict };
    Ok(Judgement { verdict, reason: None, wrong_fix, commands, output })
}

fn wrong_fixes(plan: &Plan) -> impl Iterator<Item = (&str, &Vec<String>)> {
    plan.cells.iter().filter_map(|cell| match &cell.name {
        CellName::WrongFix(id) => Some((id.as_str(), cell.commands.as_ref()?)),
        _ => None,
    })
}

/// The last wrong fix that was typed as it is printed.
fn tried<'p>(printed: impl Iterator<Item = (&'p str, String)>, commands: &[String]) -> Option<String> {
    let words = |command: &str| command.split_whitespace().collect::<Vec<_>>().join(" ");
    let typed: Vec<String> = commands.iter().map(|command| words(command)).collect();
    let position = |printed: &str| {
        let printed = words(printed);
        typed.iter().rposition(|typed| *typed == printed)
    };
    let found = printed.filter_map(|(id, command)| Some((position(&command)?, id)));
    found.max_by_key(|(position, _)| *position).map(|(_, id)| id.to_owned())
}

/// The wrong fix after which the check prints just what it prints now.
fn leaves_the_same(plan: &Plan, now: &Done, output: &str, host: &Host) -> Result<Option<String>, RunError> {
    for (id, commands) in wrong_fixes(plan) {
        let scratch = Scratch::new(&host.launcher)?;
        let check = &plan.check;
        for script in std::iter::once(&plan.setup).chain(commands) {
            scratch.script(script, check.timeout, host)?;
        }
        let done = scratch.script(&check.run, check.timeout, host)?;
        if done.end == now.end && scratch.hide(&done.stdout) == output {
            return Ok(Some(id.to_owned()));
        }
    }
    Ok(None)
}

/// What was noted of the commands that were tried: by the shell, or by an agent.
fn noted(folder: &Path) -> Vec<String> {
    let files = [HISTORY_FILE, COMMANDS_FILE].map(|name| folder.join(name));
    // A link there was made by whoever worked in the state, and could lead anywhere.
    let read = |path: &PathBuf| {
        let is_own = path.symlink_metadata().is_ok_and(|there| there.is_file() && there.len() < 1 << 20);
        is_own.then(|| std::fs::read(path).ok()).flatten()
    };
    let texts = files.iter().filter_map(read).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    texts
        .flat_map(|text| text.lines().map(str::trim).map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| !line.is_empty())
        .collect()
}
