//! Self-tests, for people.

use super::{BOLD, DIM, GREEN, RED, RESET, duration, shown, talk};
use crate::model::{CellName, RecordId};
use crate::verify::{CellOutcome, Mutants};

/// Prints the states of one record.
pub fn cells(id: &RecordId, outcomes: &[CellOutcome]) {
    talk(&format!("{BOLD}{id}{RESET}"));
    outcomes.iter().for_each(|outcome| talk(&cell(outcome)));
}

/// Prints which changes of a check no state noticed.
pub fn survivors(mutants: &Mutants) {
    for survivor in &mutants.survivors {
        talk(&format!("  {RED}survived{RESET}  {}", shown(survivor)));
    }
}

fn cell(outcome: &CellOutcome) -> String {
    let (colour, icon, verdict) = match outcome.verdict {
        None => (DIM, "-", "not executed"),
        Some(verdict) if outcome.is_failure() => (RED, "✗", verdict.name()),
        Some(verdict) => (GREEN, "✓", verdict.name()),
    };
    let state = state(&outcome.name);
    let took = duration(outcome.took);
    let mut line = format!("  {colour}{icon} {verdict:<12}{RESET} {state:<44} {DIM}{took}{RESET}");
    if let Some(reason) = &outcome.reason {
        line.push_str(&format!("\n      {}", shown(reason)));
    }
    if outcome.is_failure() {
        for printed in last_lines(&outcome.output) {
            line.push_str(&format!("\n      {DIM}| {printed}{RESET}"));
        }
    }
    line
}

/// A state in words.
pub fn state(name: &CellName) -> String {
    match name {
        CellName::Broken => "broken state".to_owned(),
        CellName::Fixed => "after the fix".to_owned(),
        CellName::OtherFix(nth) => format!("after other fix {nth}"),
        CellName::WrongFix(id) => format!("after wrong fix {}", shown(id)),
        CellName::State(name) => format!("state {}", shown(name)),
    }
}

fn last_lines(output: &str) -> Vec<String> {
    let lines: Vec<&str> = output.lines().collect();
    lines[lines.len().saturating_sub(5)..].iter().map(|line| shown(line)).collect()
}
