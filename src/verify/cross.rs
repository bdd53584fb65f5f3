//! Each check in the broken state of every other record: what another record is about, it must not call its own.
//!
//! In: plans. Out: the pairs in which a check was wrong.

use super::plan::Plan;
use super::run::{Scratch, Seen, look};
use super::sandbox::{End, RunError};
use super::tools::Host;
use crate::model::RecordId;

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

fn broken(plan: &Plan, host: &Host) -> Result<Option<Scratch>, RunError> {
    let scratch = Scratch::new(&host.launcher)?;
    let done = scratch.script(&plan.setup, plan.check.timeout, host)?;
    Ok((done.end == End::Exit(0)).then_some(scratch))
}
