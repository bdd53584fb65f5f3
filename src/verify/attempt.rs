//! A state that somebody works in: the failure is brought about, a person or a program repairs it, and the check says
//! whether it is.
//!
//! In: a `Plan`, the name of a state. Out: `Judgement`.
//! Not here: the shell and the program that work in it (`cli/attempt.rs`).

use super::plan::{Plan, PlannedCell};
use super::run::{Scratch, Seen, look};
use super::sandbox::{Done, End, RunError};
use super::tools::Host;
use crate::model::{CellName, Verdict};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A failure that was brought about.
pub struct Attempt<'p> {
    plan: &'p Plan,
    host: &'p Host,
    scratch: Scratch,
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
    /// The wrong fix that explains a verdict other than FIXED, by its id, and how many it is, from 1.
    pub wrong_fix: Option<(usize, String)>,
    /// Commands that are known to have been tried, in order.
    pub commands: Vec<String>,
    /// What the check printed.
    pub output: String,
}

/// Where an agent may note what it tries, a command on each line, below the home of the state.
pub const COMMANDS_FILE: &str = "commands";
/// Where a shell keeps its history, below the home of the state.
pub const HISTORY_FILE: &str = ".history";

impl<'p> Attempt<'p> {
    /// Makes a state in a new scratch folder, or in `folder` where one is given.
    pub fn begin(
        plan: &'p Plan,
        state: &str,
        folder: Option<&Path>,
        host: &'p Host,
    ) -> Result<Attempt<'p>, AttemptError> {
        let cell = find(plan, state)?;
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
        Ok(Attempt { plan, host, scratch })
    }

    /// The folders of the state.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Looks at what is there now.
    pub fn judge(&self) -> Result<Judgement, RunError> {
        let done = self.scratch.script(&self.plan.check.run, self.plan.check.timeout, self.host)?;
        let output = self.scratch.hide(&done.stdout);
        let commands = self.commands();
        let seen = look(&self.plan.check, &done);
        let verdict = match seen {
            Seen::Broken => Verdict::NotFixed,
            Seen::Fixed => Verdict::Fixed,
            Seen::Neither if matches!(done.end, End::Exit(_) | End::Signal(_)) => Verdict::Incomplete,
            Seen::Neither | Seen::Both => Verdict::CannotTell,
        };
        let wrong_fix = match verdict {
            Verdict::Fixed | Verdict::CannotTell => None,
            _ => match self.tried(&commands) {
                Some(tried) => Some(tried),
                None if seen == Seen::Neither => self.leaves_the_same(&done, &output)?,
                None => None,
            },
        };
        let masked = verdict == Verdict::Incomplete && wrong_fix.is_some();
        let verdict = if masked { Verdict::Masked } else { verdict };
        Ok(Judgement { verdict, wrong_fix, commands, output })
    }

    fn wrong_fixes(&self) -> impl Iterator<Item = (usize, &str, &Vec<String>)> {
        let named = |cell: &'p PlannedCell| match &cell.name {
            CellName::WrongFix(id) => Some((id.as_str(), cell.commands.as_ref())),
            _ => None,
        };
        (1..)
            .zip(self.plan.cells.iter().filter_map(named))
            .filter_map(|(nth, (id, commands))| Some((nth, id, commands?)))
    }

    /// The last wrong fix that was typed as it is printed.
    fn tried(&self, commands: &[String]) -> Option<(usize, String)> {
        let words = |command: &str| command.split_whitespace().collect::<Vec<_>>().join(" ");
        let typed: Vec<String> = commands.iter().map(|command| words(command)).collect();
        let position = |printed: &Vec<String>| {
            let printed = words(&printed.join("\n"));
            typed.iter().rposition(|typed| *typed == printed)
        };
        let found = self.wrong_fixes().filter_map(|(nth, id, printed)| Some((position(printed)?, nth, id)));
        found.max().map(|(_, nth, id)| (nth, id.to_owned()))
    }

    /// The wrong fix after which the check prints just what it prints now.
    fn leaves_the_same(&self, now: &Done, output: &str) -> Result<Option<(usize, String)>, RunError> {
        for (nth, id, commands) in self.wrong_fixes() {
            let scratch = Scratch::new(&self.host.launcher)?;
            let check = &self.plan.check;
            for script in std::iter::once(&self.plan.setup).chain(commands) {
                scratch.script(script, check.timeout, self.host)?;
            }
            let done = scratch.script(&check.run, check.timeout, self.host)?;
            if done.end == now.end && scratch.hide(&done.stdout) == output {
                return Ok(Some((nth, id.to_owned())));
            }
        }
        Ok(None)
    }

    /// What was noted of the commands that were tried: by the shell, or by an agent.
    fn commands(&self) -> Vec<String> {
        let files = [HISTORY_FILE, COMMANDS_FILE].map(|name| self.scratch.home().join(name));
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
}

fn find<'p>(plan: &'p Plan, state: &str) -> Result<&'p PlannedCell, AttemptError> {
    let by_name: BTreeMap<String, &PlannedCell> =
        plan.cells.iter().map(|cell| (cell.name.to_string(), cell)).collect();
    by_name.get(state).copied().ok_or_else(|| {
        let makeable = plan.cells.iter().filter(|cell| cell.commands.is_some());
        AttemptError::UnknownState {
            name: state.to_owned(),
            known: makeable.map(|cell| cell.name.to_string()).collect(),
        }
    })
}
