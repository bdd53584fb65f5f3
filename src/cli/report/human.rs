//! Outcomes of checks for people: one line a record, and what it rests on where something is to be done.

use super::outcome::{Came, RunContext, came, is_self_test};
use super::{BOLD, DIM, GREEN, RED, RESET, plural, shown, talk};
use crate::model::{Fact, Verdict};
use crate::verify::{CellOutcome, Mode, Outcome, StepOutcome};
use std::collections::BTreeSet;

/// So many places of one fact are named.
const N_PLACES: usize = 5;

/// The verdicts, and what was not enforced around programs, said once.
pub fn report(outcomes: &[Outcome], context: &RunContext) -> String {
    let mut text = String::new();
    for outcome in outcomes.iter().filter(|outcome| !is_self_test(outcome)) {
        text.push_str(&verdict(outcome));
        if !matches!(came(outcome.verdict), Came::Passed | Came::Skipped) {
            text.push_str(&grounds(outcome, context));
        }
    }
    let notes: BTreeSet<&str> =
        outcomes.iter().flat_map(|outcome| &outcome.claims.notes).map(String::as_str).collect();
    notes.iter().for_each(|note| text.push_str(&format!("{DIM}sandbox    {}{RESET}\n", shown(note))));
    if outcomes.iter().any(is_self_test) {
        text.push_str(&tested(outcomes));
    }
    text.trim_end_matches('\n').to_owned()
}

/// Says how many records came to which verdict.
pub fn verdicts(outcomes: &[Outcome]) {
    let n = |verdict: Verdict| outcomes.iter().filter(|outcome| outcome.verdict == verdict).count();
    let counted = Verdict::ALL.iter().map(|(verdict, name)| (n(*verdict), name)).filter(|(n, _)| *n > 0);
    let counted: Vec<String> = counted.map(|(n, name)| format!("{n} {name}")).collect();
    talk(&format!("{DIM}{}: {}{RESET}", plural(outcomes.len(), "record"), counted.join(", ")));
}

fn verdict(outcome: &Outcome) -> String {
    let colour = match came(outcome.verdict) {
        Came::Passed => GREEN,
        Came::Skipped => BOLD,
        Came::Failed(_) | Came::Broken => RED,
    };
    let name = outcome.verdict.name();
    let unseen = outcome.mode == Mode::Repair && outcome.verdict == Verdict::Fixed && !outcome.witnessed;
    let why = match &outcome.reason {
        Some(reason) => shown(reason),
        None if unseen => "fixed now; not seen broken here".to_owned(),
        None => String::new(),
    };
    let line = format!("{colour}{name:<12}{RESET} {:<32} {why}", outcome.id.as_str());
    format!("{}\n", line.trim_end())
}

/// The facts that hold, those that nothing is known of, and the page.
fn grounds(outcome: &Outcome, context: &RunContext) -> String {
    let mut text = String::new();
    for step in outcome.steps.iter().filter(|step| step.fact == Fact::True) {
        text.push_str(&line("because", &step.id, &places(step, context)));
    }
    for step in outcome.steps.iter().filter(|step| step.fact == Fact::Unknown) {
        text.push_str(&line("not shown", &step.id, step.reason.as_deref().unwrap_or("unknown")));
    }
    text.push_str(&format!("  {DIM}{:<10}{RESET} {}\n", "page", context.page(&outcome.id)));
    text
}

fn line(what: &str, step: &str, more: &str) -> String {
    let line = format!("  {DIM}{what:<10}{RESET} {:<32} {}", shown(step), shown(more));
    format!("{}\n", line.trim_end())
}

fn places(step: &StepOutcome, context: &RunContext) -> String {
    let place = |evidence| match (context.path(evidence), evidence.line) {
        (path, Some(line)) => format!("{path}:{line}"),
        (path, None) => path,
    };
    let mut places: Vec<String> = step.evidence.iter().take(N_PLACES).map(place).collect();
    if step.evidence.len() > N_PLACES {
        places.push(format!("and {} more", step.evidence.len() - N_PLACES));
    }
    places.join(", ")
}

/// The sum of the self-tests, whose states were told while they came out.
fn tested(outcomes: &[Outcome]) -> String {
    let records = outcomes.iter().filter(|outcome| is_self_test(outcome)).count();
    let cells: Vec<&CellOutcome> = outcomes.iter().flat_map(|outcome| &outcome.cells).collect();
    let executed = cells.iter().filter(|cell| cell.verdict.is_some()).count();
    let failed = cells.iter().filter(|cell| cell.is_failure()).count();
    format!(
        "{}, {} executed, {} not executed, {failed} not as expected",
        plural(records, "record"),
        plural(executed, "state"),
        cells.len() - executed,
    )
}
