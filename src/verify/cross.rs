//! Each check in the broken state of every other record: what another record is about, it must not call its own.
//!
//! In: plans, and states of the long form. Out: the pairs in which a check was wrong.

use super::fixture::Setting;
use super::long::{Around, run};
use super::outcome::Mode;
use super::plan::Plan;
use super::run::{Scratch, Seen, look};
use super::sandbox::{End, RunError};
use super::short;
use super::states::names;
use super::tools::Host;
use crate::model::{CellName, Check, RecordId, Verdict, Verifier};

/// A check that called the failure of another record its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FalsePositive {
    /// Whose check.
    pub id: RecordId,
    /// In whose broken state.
    pub state_of: RecordId,
}

/// Runs every other check in the broken state of one record: how many were tried, and which were wrong.
pub fn mistaken(plan: &Plan, others: &[Plan], host: &Host) -> Result<(usize, Vec<FalsePositive>), RunError> {
    let Some(state) = broken(plan, host)? else { return Ok((0, Vec::new())) };
    let mut tried = 0;
    let mut found = Vec::new();
    for other in others.iter().filter(|other| other.id != plan.id) {
        // A state that is too large to copy is made anew.
        let scratch = match state.copy(&host.launcher)? {
            Some(copy) => copy,
            None => match broken(plan, host)? {
                Some(made) => made,
                None => break,
            },
        };
        let done = scratch.script(&other.check.run, other.check.timeout, host)?;
        tried += 1;
        if look(&other.check, &done) == Seen::Broken {
            found.push(FalsePositive { id: other.id.clone(), state_of: plan.id.clone() });
        }
    }
    Ok((tried, found))
}

/// Whether a short check says PRESENT in a state of a long one; `None` where no state of it is one for scripts.
///
/// A script sees the programs that are here, not the replies that stand for them: what it said of a state with such
/// replies would be about this machine.
pub fn is_mistaken(check: &Check, owner: &Verifier, around: Around<'_>) -> Option<bool> {
    let verifier = short::verifier(check);
    let verdict = |name: &CellName| {
        let setting = Setting::lay(owner, name, around).ok()?;
        let is_for_scripts = setting.programs.replies.is_empty();
        is_for_scripts.then(|| run(&verifier, setting, Mode::Detect, around, None).verdict)
    };
    let mut tried = names(owner).into_iter().filter_map(|name| verdict(&name)).peekable();
    tried.peek()?;
    Some(tried.any(|verdict| verdict == Verdict::Present))
}

fn broken(plan: &Plan, host: &Host) -> Result<Option<Scratch>, RunError> {
    let scratch = Scratch::new(&host.launcher)?;
    let done = scratch.script(&plan.setup, plan.check.timeout, host)?;
    Ok((done.end == End::Exit(0)).then_some(scratch))
}
