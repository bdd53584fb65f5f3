//! From facts to a verdict: three-valued conditions, guards and requirements.
//!
//! In: a verifier and what its steps showed. Out: a verdict and its reason. Pure.

use super::matcher::{Known, Unknown, all, any};
use super::outcome::{Mode, StepOutcome};
use crate::model::{Condition, Fact, Verdict, Verifier};
use std::collections::BTreeMap;

/// Why a step that was passed over is unknown.
pub const SKIPPED: &str = "skipped";
/// Why a step that shows a fact and its opposite at once is unknown; the check is broken.
pub const AMBIGUOUS: &str = "ambiguous-step";

/// A verdict, and why where that is not plain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// Such as `missing-tool: docker`.
    pub reason: Option<String>,
}

impl Judged {
    /// A verdict with a reason.
    pub fn because(verdict: Verdict, reason: impl Into<String>) -> Judged {
        Judged { verdict, reason: Some(reason.into()) }
    }
}

/// What is known of every step, by its id.
#[derive(Clone, Debug, Default)]
pub struct Facts(BTreeMap<String, Known>);

impl Facts {
    /// Of steps in any order.
    pub fn of(steps: &[StepOutcome]) -> Facts {
        Facts(steps.iter().map(|step| (step.id.clone(), known(step))).collect())
    }

    /// Whether a condition holds. The reason of an unknown names the step that decides.
    pub fn hold(&self, condition: &Condition) -> Known {
        match condition {
            Condition::Step(id) => self.0.get(id).cloned().unwrap_or_else(|| Err(Unknown::new(SKIPPED))),
            Condition::All(several) => all(several.iter().map(|one| self.hold(one))),
            Condition::Any(several) => any(several.iter().map(|one| self.hold(one))),
            Condition::Not(one) => self.hold(one).map(|it| !it),
            Condition::FirstOf(several) => match several.iter().find(|one| !self.is_skipped(one)) {
                Some(one) => self.hold(one),
                None => Err(Unknown::new(SKIPPED)),
            },
        }
    }

    fn is_skipped(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Step(id) => match self.0.get(id) {
                Some(Err(reason)) => reason.0.ends_with(SKIPPED),
                Some(Ok(_)) => false,
                None => true,
            },
            Condition::Not(one) => self.is_skipped(one),
            Condition::All(several) | Condition::Any(several) | Condition::FirstOf(several) => {
                several.iter().any(|one| self.is_skipped(one))
            }
        }
    }
}

fn known(step: &StepOutcome) -> Known {
    let reason = || step.reason.clone().unwrap_or_default();
    match step.fact {
        Fact::True => Ok(true),
        Fact::False => Ok(false),
        Fact::Unknown => Err(Unknown(format!("{}: {}", step.id, reason()))),
    }
}

/// The verdict of a run whose requirements were met.
pub fn judge(verifier: &Verifier, steps: &[StepOutcome], mode: Mode) -> Judged {
    let ambiguous = |step: &&StepOutcome| step.reason.as_deref() == Some(AMBIGUOUS);
    if let Some(step) = steps.iter().find(ambiguous) {
        return Judged::because(Verdict::Error, format!("{AMBIGUOUS}: {}", step.id));
    }
    let facts = Facts::of(steps);
    let present = facts.hold(&verifier.present);
    let absent = match &verifier.absent {
        Some(condition) => facts.hold(condition),
        None => present.clone().map(|it| !it),
    };
    match (present, absent) {
        (Ok(true), Ok(true)) => Judged::because(Verdict::Error, "contradiction"),
        (Ok(true), _) => Judged { verdict: present_as(mode), reason: None },
        (_, Ok(true)) if mode == Mode::Detect => Judged { verdict: Verdict::Absent, reason: None },
        (_, Ok(true)) => repaired(verifier, &facts),
        (Err(unknown), _) | (_, Err(unknown)) => cannot_tell("indeterminate", unknown),
        (Ok(false), Ok(false)) => {
            Judged::because(Verdict::CannotTell, "indeterminate: neither `present` nor `absent` holds")
        }
    }
}

fn present_as(mode: Mode) -> Verdict {
    if mode == Mode::Repair { Verdict::NotFixed } else { Verdict::Present }
}

fn repaired(verifier: &Verifier, facts: &Facts) -> Judged {
    let guards: Vec<(&str, Known)> = verifier
        .repair
        .masked_by
        .iter()
        .map(|guard| (guard.wrong_fix.as_str(), facts.hold(&guard.when)))
        .collect();
    if let Some((wrong_fix, _)) = guards.iter().find(|(_, fact)| *fact == Ok(true)) {
        return Judged::because(Verdict::Masked, *wrong_fix);
    }
    for (wrong_fix, fact) in guards {
        if let Err(unknown) = fact {
            return cannot_tell(&format!("cannot rule out {wrong_fix}"), unknown);
        }
    }
    let required: Vec<(String, Known)> =
        verifier.repair.require.iter().map(|one| (written(one), facts.hold(one))).collect();
    if let Some((condition, _)) = required.iter().find(|(_, fact)| *fact == Ok(false)) {
        return Judged::because(Verdict::Incomplete, condition.clone());
    }
    for (condition, fact) in required {
        if let Err(unknown) = fact {
            return cannot_tell(&condition, unknown);
        }
    }
    Judged { verdict: Verdict::Fixed, reason: None }
}

fn cannot_tell(what: &str, unknown: Unknown) -> Judged {
    Judged::because(Verdict::CannotTell, format!("{what}: {}", unknown.0))
}

/// A condition as a report names it.
pub fn written(condition: &Condition) -> String {
    let list = |word: &str, several: &[Condition]| {
        let parts: Vec<String> = several.iter().map(written).collect();
        format!("{word}({})", parts.join(", "))
    };
    match condition {
        Condition::Step(id) => id.clone(),
        Condition::Not(one) => format!("not {}", written(one)),
        Condition::All(several) => list("all", several),
        Condition::Any(several) => list("any", several),
        Condition::FirstOf(several) => list("first_of", several),
    }
}
