//! A cassette for programs: the real one runs once in a state in which replies stand for it, and what it says is taken
//! down, to be played from then on.
//!
//! In: a verifier. Out: for each state with replies of its own, the replies as they would be now, or why they stay.
//! Not here: the record's file (`cli/`).

use super::fixture::{Setting, Unmade};
use super::long::{Around, run};
use super::outcome::Mode;
use super::redact::Redactor;
use super::sandbox::{Done, End};
use super::states::{fixture, names};
use super::steady::is_same;
use super::tools::{Programs, Versions};
use crate::model::{CellName, CommandReply, Verifier};
use regex::Regex;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// What real programs said in one state.
#[derive(Debug, Default)]
pub struct Recorder {
    heard: RefCell<Vec<Heard>>,
    missing: RefCell<BTreeSet<String>>,
    /// Whether secrets and folders were taken out of all that was heard.
    is_settled: RefCell<bool>,
}

/// One call.
#[derive(Debug)]
struct Heard {
    program: String,
    args: Vec<String>,
    done: Done,
}

/// Folders that exist for one step only, and stand for the subject and for an empty folder.
static OF_A_STEP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"/(?:(copy)-\w+/subject|(empty)-\w+)\b").expect("regular expressions of ours compile")
});

impl Recorder {
    /// Notes that a program is not there.
    pub fn miss(&self, program: &str) {
        self.missing.borrow_mut().insert(program.to_owned());
    }

    /// Takes a call down.
    pub fn hear(&self, program: &str, args: &[String], done: &Done) {
        let heard = Heard { program: program.to_owned(), args: args.to_vec(), done: done.clone() };
        self.heard.borrow_mut().push(heard);
    }

    /// Takes the secrets of the run out of everything, and puts names in the place of its folders.
    pub fn settle(&self, redactor: &Redactor, programs: &Programs<'_>) {
        let steady = |text: &str| placed(&redactor.clean(text), programs);
        for heard in self.heard.borrow_mut().iter_mut() {
            heard.args.iter_mut().for_each(|arg| *arg = steady(arg));
            heard.done.stdout = steady(&heard.done.stdout);
            heard.done.stderr = steady(&heard.done.stderr);
        }
        self.is_settled.replace(true);
    }
}

/// A text with `${subject}`, `${home}` and `${scratch}` in the place of the folders of a run.
fn placed(text: &str, programs: &Programs<'_>) -> String {
    let path = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let root = path(&programs.scratch);
    let of_a_step = |found: &regex::Captures<'_>| {
        if found.get(1).is_some() { "${subject}".to_owned() } else { "${scratch}".to_owned() }
    };
    let parts: Vec<String> = text
        .split(&root)
        .enumerate()
        .map(|(nth, part)| match OF_A_STEP.find(part).filter(|found| nth > 0 && found.start() == 0) {
            Some(_) => OF_A_STEP.replace(part, of_a_step).into_owned(),
            None if nth > 0 => format!("{root}{part}"),
            None => part.to_owned(),
        })
        .collect();
    let folders = [
        (path(&programs.subject), "${subject}"),
        (path(&programs.home), "${home}"),
        (path(&programs.scratch.join("work")), "${scratch}"),
        (root, ""),
    ];
    folders.iter().fold(parts.concat(), |text, (folder, name)| text.replace(folder.as_str(), name))
}

/// What came of recording one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// All replies of these programs, those that nobody asked for among them.
    Replies(BTreeMap<String, Vec<CommandReply>>),
    /// They stay as they are, and why.
    Left(String),
}

/// Records every state that has replies of its own.
pub fn record(verifier: &Verifier, around: Around<'_>) -> Vec<(CellName, Taken)> {
    let taken = |name: CellName| {
        let commands = fixture(verifier, &name).ok()?.stubs.commands.as_ref()?;
        let replies: BTreeMap<&String, &Vec<CommandReply>> =
            commands.iter().filter_map(|(program, replies)| Some((program, replies.as_ref()?))).collect();
        if replies.is_empty() {
            return None;
        }
        let taken = record_state(verifier, &name, &replies, around);
        Some((name, taken.unwrap_or_else(Taken::Left)))
    };
    names(verifier).into_iter().filter_map(taken).collect()
}

fn record_state(
    verifier: &Verifier,
    name: &CellName,
    before: &BTreeMap<&String, &Vec<CommandReply>>,
    around: Around<'_>,
) -> Result<Taken, String> {
    let recorder = Recorder::default();
    // What an earlier state was told of versions was not heard here.
    let versions = Versions::default();
    let around = Around { versions: &versions, ..around };
    let made = Setting::lay_to_record(verifier, name, around, &recorder);
    let ran = made.map(|setting| run(verifier, setting, Mode::SelfTest, around, None));
    let missing: Vec<String> = recorder.missing.take().into_iter().collect();
    if !missing.is_empty() {
        return Err(format!("missing-tool: {}", missing.join(", ")));
    }
    let ran = ran.map_err(|unmade| match unmade {
        Unmade::Here(why) | Unmade::Fixture(why) => why,
    })?;
    if !recorder.is_settled.take() {
        return Err(ran.reason.unwrap_or_else(|| "it did not run".to_owned()));
    }
    let mut after: BTreeMap<String, Vec<CommandReply>> =
        before.iter().map(|(program, replies)| ((*program).clone(), (*replies).clone())).collect();
    let mut told = BTreeSet::new();
    for heard in recorder.heard.take() {
        // The first answer is the one that is played.
        if !told.insert((heard.program.clone(), heard.args.clone())) {
            continue;
        }
        let replies = after.entry(heard.program.clone()).or_default();
        let reply = reply(heard)?;
        match replies.iter_mut().find(|old| old.args == reply.args) {
            Some(old) if is_as_before(old, &reply) => {}
            Some(old) => *old = reply,
            None => replies.push(reply),
        }
    }
    Ok(Taken::Replies(after))
}

fn reply(heard: Heard) -> Result<CommandReply, String> {
    let Heard { program, args, done } = heard;
    match done.end {
        End::Exit(exit @ 0..=255) => {
            Ok(CommandReply { args, exit, stdout: done.stdout, stderr: done.stderr })
        }
        end => Err(format!("`{program}` {end}")),
    }
}

/// Whether a program says what it said before, but for what differs each time.
fn is_as_before(old: &CommandReply, new: &CommandReply) -> bool {
    old.exit == new.exit && is_same(&old.stdout, &new.stdout) && is_same(&old.stderr, &new.stderr)
}
