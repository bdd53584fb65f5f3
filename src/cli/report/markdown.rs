//! Outcomes of checks as a Markdown table, for the summary of a CI job.

use super::outcome::{Case, RunContext, cases, places};
use super::shown;
use crate::verify::Outcome;

/// A table with a row per record, or per state of a self-test.
pub fn report(outcomes: &[Outcome], context: &RunContext) -> String {
    let mut text = "| record | verdict | where |\n| --- | --- | --- |\n".to_owned();
    let rows = outcomes.iter().flat_map(cases).map(|case| row(&case, context));
    rows.for_each(|row| text.push_str(&row));
    text.trim_end_matches('\n').to_owned()
}

fn row(case: &Case, context: &RunContext) -> String {
    let id = &case.outcome.id;
    let record = match context.site_url {
        Some(_) => format!("[{id}]({})", context.page(id)),
        None => id.to_string(),
    };
    let state = case.state.as_ref().map_or_else(String::new, |state| format!(" {}", text(state)));
    let place = places(case.outcome).next().map_or_else(String::new, |place| {
        let line = place.line.map_or_else(String::new, |line| format!(":{line}"));
        text(&format!("{}{line}", context.path(place)))
    });
    format!("| {record}{state}: {} | {} | {place} |\n", text(&case.outcome.title), text(&case.message()))
}

/// Text that means nothing to Markdown: no cell ends, no link, no tag.
pub(super) fn text(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    for c in shown(plain).chars() {
        match c {
            '\t' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_ascii_punctuation() && !"-,()'/".contains(c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}
