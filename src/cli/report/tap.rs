//! Outcomes of checks as TAP 14: a test per record, or per state of a self-test.

use super::outcome::{Came, Case, RunContext, cases, ms, places};
use super::plain::harmless;
use super::shown;
use crate::verify::{Evidence, Outcome};
use serde_json::{Value, json};

/// One stream.
pub fn report(outcomes: &[Outcome], context: &RunContext) -> String {
    let cases: Vec<Case> = outcomes.iter().flat_map(cases).collect();
    let mut text = format!("TAP version 14\n1..{}\n", cases.len());
    for (nth, case) in (1..).zip(&cases) {
        text.push_str(&test(nth, case));
        if matches!(case.came, Came::Failed(_) | Came::Broken) {
            text.push_str(&diagnostic(case, context));
        }
    }
    text.trim_end_matches('\n').to_owned()
}

fn test(nth: usize, case: &Case) -> String {
    let name = escaped(&case.name());
    match case.came {
        Came::Passed => format!("ok {nth} - {name}\n"),
        Came::Skipped => format!("ok {nth} - {name} # SKIP {}\n", escaped(&case.why())),
        Came::Failed(_) => format!("not ok {nth} - {name}\n"),
        Came::Broken => format!("not ok {nth} - {name} # ERROR {}\n", escaped(&case.why())),
    }
}

/// A YAML block. What JSON writes is YAML too, and keeps every text on its line.
fn diagnostic(case: &Case, context: &RunContext) -> String {
    let place = |evidence: &Evidence| match evidence.line {
        Some(line) => format!("{}:{line}", context.path(evidence)),
        None => context.path(evidence),
    };
    let at: Vec<String> = places(case.outcome).map(place).collect();
    let entries: [(&str, Value); 5] = [
        ("message", json!(case.message())),
        ("title", json!(case.outcome.title)),
        ("at", json!(at)),
        ("page", json!(context.page(&case.outcome.id))),
        ("duration_ms", json!(ms(case.took))),
    ];
    let lines: String =
        entries.iter().map(|(key, value)| format!("  {key}: {}\n", harmless(&value.to_string()))).collect();
    format!("  ---\n{lines}  ...\n")
}

/// A description: what begins a directive is escaped, and so is what escapes.
fn escaped(text: &str) -> String {
    shown(text).replace('\\', "\\\\").replace('#', "\\#")
}
