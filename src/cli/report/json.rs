//! Findings as JSON: the same facts as the terminal. Keys are relied on; they are only added to.

use crate::diag::Diagnostic;
use crate::text::Sources;
use serde::Serialize;

#[derive(Serialize)]
struct Report<'f> {
    schema: &'static str,
    findings: Vec<Finding<'f>>,
}

#[derive(Serialize)]
struct Finding<'f> {
    rule: &'static str,
    severity: &'static str,
    path: &'f str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    message: &'f str,
    hint: Option<&'f str>,
}

/// The findings as one document, `lint/1`.
pub fn findings_json(found: &[Diagnostic], sources: &Sources) -> String {
    let finding = |diagnostic| finding(diagnostic, sources);
    let report = Report { schema: "lint/1", findings: found.iter().map(finding).collect() };
    serde_json::to_string_pretty(&report).expect("a report holds strings and numbers only")
}

fn finding<'f>(diagnostic: &'f Diagnostic, sources: &'f Sources) -> Finding<'f> {
    let source = sources.get(diagnostic.span.file);
    let (line, column) = source.line_column(diagnostic.span.start);
    let (end_line, end_column) = source.line_column(diagnostic.span.end);
    Finding {
        rule: diagnostic.code.name(),
        severity: diagnostic.level.name(),
        path: source.path.as_str(),
        line,
        column,
        end_line,
        end_column,
        message: &diagnostic.message,
        hint: diagnostic.hint.as_deref(),
    }
}
