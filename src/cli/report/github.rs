//! Outcomes of checks as annotations of a GitHub job. What passed is not told.

use super::outcome::{Came, Case, RunContext, cases, places};
use super::shown;
use crate::model::Verdict;
use crate::verify::Outcome;

/// One workflow command per line.
pub fn report(outcomes: &[Outcome], context: &RunContext) -> String {
    let lines: Vec<String> =
        outcomes.iter().flat_map(cases).filter_map(|case| annotation(&case, context)).collect();
    lines.join("\n")
}

fn annotation(case: &Case, context: &RunContext) -> Option<String> {
    let hidden = matches!(case.outcome.verdict, Verdict::Masked | Verdict::Incomplete);
    let command = match case.came {
        Came::Passed => return None,
        Came::Skipped => "notice",
        Came::Failed(_) if hidden => "warning",
        Came::Failed(_) | Came::Broken => "error",
    };
    let mut properties = Vec::new();
    if let Some(place) = places(case.outcome).next() {
        properties.push(format!("file={}", property(&context.path(place))));
        properties.extend(place.line.map(|line| format!("line={line}")));
    }
    properties.push(format!("title={}", property(&case.name())));
    let message = format!("{}. {} ({})", case.message(), case.outcome.title, context.page(&case.outcome.id));
    Some(format!("::{command} {}::{}", properties.join(","), data(&message)))
}

/// What stands after the second `::`. A line end is written as an escape, so that no further command can begin.
pub(super) fn data(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    shown(&escaped)
}

pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
