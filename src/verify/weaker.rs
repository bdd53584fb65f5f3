//! Tests of the test: a check with one part changed must come to another verdict in some state, or that part proves
//! nothing.
//!
//! In: a `Check` and what was seen in each state. Out: how many mutants died, and those that survived.
//! Nothing runs again: what a check expects does not change what its script does.

use super::run::StateRun;
use crate::model::{Check, ExitMatcher, Expectation, TextMatcher, TextOp, Verdict};

/// What became of the mutants of one check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mutants {
    /// How many some state noticed.
    pub killed: usize,
    /// How many there were.
    pub total: usize,
    /// What was changed in each that no state noticed.
    pub survivors: Vec<String>,
}

/// Changes one part of a check after the other, and looks at every state again.
pub fn weaken(check: &Check, states: &[StateRun]) -> Mutants {
    let verdicts = |check: &Check| -> Vec<Option<Verdict>> {
        states.iter().map(|state| state.outcome(check).verdict).collect()
    };
    let original = verdicts(check);
    let mut mutants = Mutants::default();
    for (what, mutant) in mutations(check) {
        mutants.total += 1;
        if verdicts(&mutant) == original {
            mutants.survivors.push(what);
        } else {
            mutants.killed += 1;
        }
    }
    mutants
}

fn mutations(check: &Check) -> Vec<(String, Check)> {
    let mut all = vec![(
        "swap `broken` and `fixed`".to_owned(),
        Check { broken: check.fixed.clone(), fixed: check.broken.clone(), ..check.clone() },
    )];
    for (what, broken) in weaker(&check.broken) {
        all.push((format!("broken: {what}"), Check { broken, ..check.clone() }));
    }
    for (what, fixed) in weaker(&check.fixed) {
        all.push((format!("fixed: {what}"), Check { fixed, ..check.clone() }));
    }
    all
}

/// An expectation without each of its parts in turn, and with its status turned round.
fn weaker(expectation: &Expectation) -> Vec<(String, Expectation)> {
    let mut all = Vec::new();
    if let Some(exit) = expectation.exit {
        let turned = match exit {
            ExitMatcher::Equals(code) => ExitMatcher::NotEquals(code),
            ExitMatcher::NotEquals(code) => ExitMatcher::Equals(code),
        };
        all.push(("drop `exit`".to_owned(), Expectation { exit: None, ..expectation.clone() }));
        all.push(("turn `exit` round".to_owned(), Expectation { exit: Some(turned), ..expectation.clone() }));
    }
    let ops = expectation.output.as_ref().map(|matcher| matcher.0.as_slice()).unwrap_or_default();
    for (nth, op) in ops.iter().enumerate() {
        let rest: Vec<TextOp> = [&ops[..nth], &ops[nth + 1..]].concat();
        let output = (!rest.is_empty()).then_some(TextMatcher(rest));
        all.push((format!("drop {}", name(op)), Expectation { output, ..expectation.clone() }));
    }
    all
}

fn name(op: &TextOp) -> String {
    match op {
        TextOp::Contains(part) => format!("`contains: {part}`"),
        TextOp::NotContains(part) => format!("`not_contains: {part}`"),
        TextOp::Equals(_) => "`equals`".to_owned(),
        TextOp::Matches(regex) => format!("`matches: {regex}`"),
    }
}
