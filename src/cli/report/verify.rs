//! Self-tests and their plans, for people.

use super::{BOLD, DIM, GREEN, RED, RESET, data, duration, shown, talk};
use crate::model::{CellName, RecordId};
use crate::verify::{CellOutcome, Mutants, Plan};

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
        line.push_str(&format!("\n      {reason}"));
    }
    if outcome.is_failure() {
        for printed in last_lines(&outcome.output) {
            line.push_str(&format!("\n      {DIM}| {printed}{RESET}"));
        }
    }
    line
}

/// Prints every script of a plan, in order, and runs none.
pub fn plan(plan: &Plan) {
    let mut text = format!("{BOLD}{}{RESET}  {DIM}{}{RESET}\n  capabilities: shell\n", plan.id, plan.digest);
    let mut script = |name: &str, script: &str| {
        text.push_str(&format!("  {name}\n"));
        script.lines().for_each(|line| text.push_str(&format!("    {}\n", shown(line))));
    };
    script("setup, before every state", &plan.setup);
    for cell in &plan.cells {
        match &cell.commands {
            Some(commands) if !commands.is_empty() => script(&state(&cell.name), &commands.join("\n")),
            Some(_) => {}
            None => script(&state(&cell.name), "(not executed: a step has no command)"),
        }
    }
    script("run, after every state", &plan.check.run);
    data(&text);
}

fn state(name: &CellName) -> String {
    match name {
        CellName::Broken => "broken state".to_owned(),
        CellName::Fixed => "after the fix".to_owned(),
        CellName::OtherFix(nth) => format!("after other fix {nth}"),
        CellName::WrongFix(id) => format!("after wrong fix {id}"),
        CellName::State(name) => format!("state {name}"),
    }
}

fn last_lines(output: &str) -> Vec<String> {
    let lines: Vec<&str> = output.lines().collect();
    lines[lines.len().saturating_sub(5)..].iter().map(|line| shown(line)).collect()
}
