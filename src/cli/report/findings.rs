//! Findings as rustc draws them.

use super::{BOLD, RED, RESET, data, indented, talk};
use crate::diag::{Diagnostic, Level};
use crate::lint::{Example, Manual};
use crate::text::{Source, Sources};
use annotate_snippets::{AnnotationKind, Level as Mark, Renderer, Snippet};
use camino::Utf8Path;

/// Prints every finding with its line, in the order given.
pub fn findings(found: &[Diagnostic], sources: &Sources) {
    for diagnostic in found {
        talk(&format!("{}\n", finding(diagnostic, sources.get(diagnostic.span.file), &Renderer::styled())));
    }
}

/// Every finding as plain text, for an overlay in the browser; empty without findings.
pub fn findings_text(found: &[Diagnostic], sources: &Sources) -> String {
    let text =
        |diagnostic: &Diagnostic| finding(diagnostic, sources.get(diagnostic.span.file), &Renderer::plain());
    found.iter().map(text).collect::<Vec<_>>().join("\n\n")
}

/// Prints what a rule is for, what it finds, and what to write instead.
pub fn rule(manual: &Manual) {
    let name = manual.code.name();
    let example = |text: &str| {
        let (head, inside) = match manual.of {
            Example::Verifier => ("  verify:\n", indented(&indented(text))),
            Example::Record | Example::Markdown | Example::Words => ("", indented(text)),
        };
        format!("{head}{}", inside.trim_end())
    };
    data(&format!(
        "{BOLD}{name}{RESET}: {}\n{}\n\nBad:\n{}\n\nGood:\n{}\n\n\
         What no page depends on is switched in book.toml under `[lint]`, as `{name} = 'off'`, 'warn' or 'error',\n\
         and silenced in one record by `allow: [{{rule: {name}, reason: …}}]`.",
        manual.code.about().trim(),
        manual.why,
        example(manual.bad),
        example(manual.good),
    ));
}

/// Says that a record was left alone because its new text would have said something else.
pub fn not_kept(path: &Utf8Path) {
    talk(&format!(
        "{RED}error{RESET}: `{path}` would not read back as the same record, and stays as it is\n  \
         = hint: this is a mistake of faultbook, and worth a report with the file"
    ));
}

fn finding(diagnostic: &Diagnostic, source: &Source, renderer: &Renderer) -> String {
    let mark = match diagnostic.level {
        Level::Error => Mark::ERROR,
        Level::Warning => Mark::WARNING,
    };
    let (line, _) = source.line_column(diagnostic.span.start);
    let shown = shown_lines(diagnostic, source);
    let span = diagnostic.span.start as usize - shown.start..diagnostic.span.end as usize - shown.start;
    let first_line = line - source.text[shown.start..diagnostic.span.start as usize].matches('\n').count();
    let snippet = Snippet::source(&source.text[shown])
        .line_start(first_line)
        .path(source.path.as_str())
        .annotation(AnnotationKind::Primary.span(span));
    let title = mark.primary_title(&diagnostic.message).id(diagnostic.code.name()).element(snippet);
    let group = match &diagnostic.hint {
        Some(hint) => title.element(Mark::NOTE.with_name("hint").message(hint.as_str())),
        None => title,
    };
    renderer.render(&[group])
}

/// The bytes of the lines that a finding touches, at most five of them: a long value needs no more to be known.
fn shown_lines(diagnostic: &Diagnostic, source: &Source) -> std::ops::Range<usize> {
    let text = &source.text;
    let start = text[..diagnostic.span.start as usize].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[diagnostic.span.end as usize..]
        .find('\n')
        .map_or(text.len(), |at| diagnostic.span.end as usize + at);
    start..end
}
