//! What finished runs mean as an exit code.
//!
//! In: outcomes, and what the caller wants to fail on. Out: one [`Exit`].
//! Not here: how outcomes look (`report/`).

use super::Exit;
use super::args::{ExitStyle, FailOn};
use crate::model::Verdict;
use crate::verify::{Mode, Outcome};

/// The exits, worst first. An interrupted run stands above all: what it came to is not known.
const WORST_FIRST: [Exit; 9] = [
    Exit::Interrupted,
    Exit::Usage,
    Exit::Failed,
    Exit::Refused,
    Exit::SelfTest,
    Exit::Findings,
    Exit::NotRepaired,
    Exit::CannotTell,
    Exit::Clean,
];

/// The reasons of a run that was refused before anything ran.
const REFUSALS: [&str; 2] = ["untrusted", "sandbox-unavailable"];

/// The exit of a run over several records: the worst one.
///
/// - `fail_on`: what counts; whatever it does not name counts as fine. A self-test that failed always counts, since it
///   says nothing about the machine, but that nothing can be said.
/// - `style`: applied last
pub fn exit_of(outcomes: &[Outcome], fail_on: Option<&[FailOn]>, style: ExitStyle) -> Exit {
    let counts = |exit: &Exit, outcome: &Outcome| match fail_on {
        Some(named) if *exit != Exit::SelfTest => named.iter().any(|one| one.names(outcome)),
        _ => true,
    };
    let exits = outcomes.iter().filter_map(|outcome| {
        let exit = exit(outcome);
        counts(&exit, outcome).then_some(exit)
    });
    styled(worst(exits), style)
}

/// The worst of several exits; fine where there is none.
pub fn worst(exits: impl IntoIterator<Item = Exit>) -> Exit {
    let rank = |exit: &Exit| WORST_FIRST.iter().position(|one| one == exit);
    exits.into_iter().min_by_key(rank).unwrap_or(Exit::Clean)
}

/// What a bisecting program reads: 125 passes a commit over, 128 stops, 1 to 124 is a bad commit. So a run that was
/// refused or could not be made must not be among these.
pub fn styled(exit: Exit, style: ExitStyle) -> Exit {
    match (style, exit) {
        (ExitStyle::Usual, exit) => exit,
        (ExitStyle::Bisect, Exit::CannotTell) => Exit::PassOver,
        (ExitStyle::Bisect, Exit::Usage | Exit::Failed | Exit::Refused | Exit::SelfTest) => Exit::Stop,
        (ExitStyle::Bisect, exit) => exit,
    }
}

fn exit(outcome: &Outcome) -> Exit {
    match outcome.verdict {
        Verdict::Absent | Verdict::Fixed => Exit::Clean,
        Verdict::CannotTell if outcome.mode == Mode::SelfTest => Exit::CannotTell,
        _ if outcome.mode == Mode::SelfTest => Exit::SelfTest,
        Verdict::Present | Verdict::NotFixed => Exit::Findings,
        Verdict::Masked | Verdict::Incomplete => Exit::NotRepaired,
        Verdict::CannotTell if is_refused(outcome) => Exit::Refused,
        Verdict::CannotTell => Exit::CannotTell,
        Verdict::Error => Exit::Failed,
    }
}

/// Whether nothing ran, because it was not allowed to or could not be confined.
fn is_refused(outcome: &Outcome) -> bool {
    let word = outcome.reason.as_deref().and_then(|reason| reason.split(':').next());
    let nothing_ran = outcome.steps.is_empty() && outcome.cells.is_empty();
    nothing_ran && word.is_some_and(|word| REFUSALS.contains(&word))
}

impl FailOn {
    /// Whether it means this outcome.
    fn names(self, outcome: &Outcome) -> bool {
        match self {
            FailOn::Present => matches!(outcome.verdict, Verdict::Present | Verdict::NotFixed),
            FailOn::Masked => outcome.verdict == Verdict::Masked,
            FailOn::Incomplete => outcome.verdict == Verdict::Incomplete,
            FailOn::Error => outcome.verdict == Verdict::Error,
            FailOn::Untrusted => outcome.verdict == Verdict::CannotTell && is_refused(outcome),
            FailOn::CannotTell => outcome.verdict == Verdict::CannotTell && !is_refused(outcome),
        }
    }
}
