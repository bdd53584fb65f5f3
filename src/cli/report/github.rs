//! Outcomes of checks, and findings, as annotations of a GitHub job. What passed is not told.

use super::outcome::{Came, Case, RunContext, cases, places};
use super::shown;
use crate::diag::Diagnostic;
use crate::model::Verdict;
use crate::text::Sources;
use crate::verify::Outcome;
use camino::{Utf8Path, Utf8PathBuf};

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

/// Findings as annotations, a line for each; empty without findings.
///
/// - `path`: a file of the book, from where the report's reader stands
pub fn findings(found: &[Diagnostic], sources: &Sources, path: impl Fn(&Utf8Path) -> Utf8PathBuf) -> String {
    let annotation = |diagnostic: &Diagnostic| {
        let source = sources.get(diagnostic.span.file);
        let (line, column) = source.line_column(diagnostic.span.start);
        let (end_line, _) = source.line_column(diagnostic.span.end);
        let file = property(path(&source.path).as_str());
        let hint = diagnostic.hint.iter().map(|hint| format!("\nhint: {hint}")).collect::<String>();
        let place = format!("file={file},line={line},endLine={end_line},col={column}");
        let title = property(diagnostic.code.name());
        let message = data(&format!("{}{hint}", diagnostic.message));
        format!("::{} {place},title={title}::{message}", diagnostic.level.name())
    };
    found.iter().map(annotation).collect::<Vec<_>>().join("\n")
}

/// What stands after the second `::`. A line end is written as an escape, so that no further command can begin.
pub(super) fn data(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    shown(&escaped)
}

pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
