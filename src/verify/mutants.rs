//! Tests the tests of a verifier: it is changed in one place at a time, and some state must notice.
//!
//! In: a `Verifier` and what its states came to. Out: each change, and the state that noticed. `cross` is the other half:
//! a verifier must not see its failure in the states of other records.

use super::fixture::Unmade;
use super::long::Around;
use super::run::CellOutcome;
use super::states::{names, shown};
use crate::model::{CellName, Condition, Matcher, Op, Probes, Verdict, Verifier};

/// One change.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// What was changed, such as `in_use.expect: drop bind`.
    pub name: String,
    /// The verifier after it.
    pub verifier: Verifier,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survival {
    /// What was changed.
    pub mutant: String,
    /// The first state that came out otherwise; `None` where it survived.
    pub killed_by: Option<CellName>,
}

/// Every change: each probe of each step dropped, `expect` and `refute` swapped, `expect` negated, each guard and each
/// requirement dropped.
pub fn mutants(verifier: &Verifier) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (nth, step) in verifier.steps.iter().enumerate() {
        let id = &step.id;
        let mut add = |what: String, change: &dyn Fn(&mut Verifier)| {
            let mut changed = verifier.clone();
            change(&mut changed);
            mutants.push(Mutant { name: format!("{id}{what}"), verifier: changed });
        };
        for probe in droppable(&step.expect) {
            add(format!(".expect: drop {probe}"), &|it| drop(it.steps[nth].expect.remove(probe)));
        }
        for probe in step.refute.iter().flat_map(droppable) {
            add(format!(".refute: drop {probe}"), &|it| {
                if let Some(refute) = &mut it.steps[nth].refute {
                    refute.remove(probe);
                }
            });
        }
        if let Some(refute) = &step.refute {
            add(": swap expect and refute".to_owned(), &|it| {
                let expect = std::mem::replace(&mut it.steps[nth].expect, refute.clone());
                it.steps[nth].refute = Some(expect);
            });
        }
        add(": negate".to_owned(), &|it| negate(it, id));
    }
    for (nth, guard) in verifier.repair.masked_by.iter().enumerate() {
        let mut changed = verifier.clone();
        changed.repair.masked_by.remove(nth);
        mutants.push(Mutant { name: format!("drop masked_by {}", guard.wrong_fix), verifier: changed });
    }
    for (nth, condition) in verifier.repair.require.iter().enumerate() {
        let mut changed = verifier.clone();
        changed.repair.require.remove(nth);
        let name = format!("drop require {}", super::judge::written(condition));
        mutants.push(Mutant { name, verifier: changed });
    }
    mutants
}

/// A step without any probe would be no step, so the last one stays.
fn droppable(probes: &Probes) -> Vec<&String> {
    if probes.len() > 1 { probes.keys().collect() } else { Vec::new() }
}

/// Turns a fact round wherever a condition names it; where none does, turns what is expected round, so that the step
/// captures where it did not.
fn negate(verifier: &mut Verifier, id: &str) {
    let before = verifier.clone();
    negate_in_conditions(verifier, id);
    if *verifier != before {
        return;
    }
    for step in verifier.steps.iter_mut().filter(|step| step.id == id) {
        for matcher in step.expect.values_mut() {
            let expected = std::mem::replace(matcher, Matcher(Vec::new()));
            matcher.0.push(Op::Not(Box::new(expected)));
        }
    }
}

fn negate_in_conditions(verifier: &mut Verifier, id: &str) {
    let conditions = [&mut verifier.present]
        .into_iter()
        .chain(&mut verifier.absent)
        .chain(verifier.repair.masked_by.iter_mut().map(|guard| &mut guard.when))
        .chain(&mut verifier.repair.require)
        .chain(verifier.steps.iter_mut().filter_map(|step| step.when.as_mut()));
    for condition in conditions {
        negate_in(condition, id);
    }
}

fn negate_in(condition: &mut Condition, id: &str) {
    match condition {
        Condition::Step(step) if step == id => {
            *condition = Condition::Not(Box::new(Condition::Step(id.to_owned())));
        }
        Condition::Step(_) => {}
        Condition::Not(one) => negate_in(one, id),
        Condition::All(several) | Condition::Any(several) | Condition::FirstOf(several) => {
            several.iter_mut().for_each(|one| negate_in(one, id));
        }
    }
}

/// Runs every change over the states until one comes out otherwise than it did in `cells`.
pub fn test_mutants(verifier: &Verifier, cells: &[CellOutcome], around: Around<'_>) -> Vec<Survival> {
    let notices = |mutant: &Mutant| {
        let differs = |name: &CellName| {
            let before = cells.iter().find(|cell| cell.name == *name).and_then(|cell| cell.verdict);
            let now = shown(&mutant.verifier, verifier, name, around).ok().map(|ran| ran.verdict);
            before.is_some() && now.is_some() && before != now
        };
        names(verifier).into_iter().find(differs)
    };
    let survival = |mutant: Mutant| Survival { killed_by: notices(&mutant), mutant: mutant.name };
    mutants(verifier).into_iter().map(survival).collect()
}

/// The states of another record in which a verifier says PRESENT: false alarms, or failures that overlap.
pub fn cross(verifier: &Verifier, other: &Verifier, around: Around<'_>) -> Vec<CellName> {
    let is_present = |name: &CellName| {
        let said: Result<_, Unmade> = shown(verifier, other, name, around);
        said.is_ok_and(|ran| ran.verdict == Verdict::Present)
    };
    names(other).into_iter().filter(is_present).collect()
}
