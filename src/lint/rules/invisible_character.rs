//! Control characters and bidirectional overrides make a text read differently than it is: a command that
//! a reader copies must be the command that a reader sees.
//!
//! Bad: a title with U+202E in it. Better: the same title without.

use crate::diag::{Code, Diagnostic};
use crate::lint::Context;
use crate::model::Prose;
use crate::parse::ParsedRecord;
use crate::text::Span;

pub fn check(ctx: &Context, record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    for (text, span) in texts(record) {
        if let Some(c) = text.chars().find(|c| is_invisible(*c)) {
            let message =
                format!("the character U+{:04X} stands in this text and cannot be seen", u32::from(c));
            let place = ctx.place_of(&c.to_string(), span);
            found.push(
                Diagnostic::error(Code::InvisibleCharacter, place, message).hint("the text is typed anew"),
            );
        }
    }
}

fn is_invisible(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

fn texts(record: &ParsedRecord) -> Vec<(&str, Span)> {
    let lines = [
        &record.title,
        &record.summary,
        &record.product,
        &record.category,
        &record.ecosystem,
        &record.contract,
        &record.license,
    ];
    let mut texts: Vec<(&str, Span)> =
        lines.into_iter().flatten().map(|text| (text.value.as_str(), text.span)).collect();
    texts.extend(record.tags.iter().chain(&record.authors).map(|text| (text.value.as_str(), text.span)));
    texts.extend(record.proses().into_iter().map(|(prose, span): (&Prose, Span)| (prose.markdown(), span)));
    texts.extend(record.keywords.iter().map(|keyword| (keyword.value.query.as_str(), keyword.span)));
    for step in &record.fix {
        texts.extend(step.value.run.iter().chain(&step.value.undo).map(|run| (run.as_str(), step.span)));
    }
    for other in &record.other_fixes {
        let runs = other.value.steps.iter().flat_map(|step| step.run.iter().chain(&step.undo));
        texts.extend(runs.chain([&other.value.title]).map(|run| (run.as_str(), other.span)));
    }
    texts.extend(record.wrong_fixes.iter().filter_map(|fix| Some((fix.value.run.as_deref()?, fix.span))));
    texts.extend(record.sources.iter().flat_map(|source| {
        let of = &source.value;
        [&of.url, &of.title, &of.publisher, &of.quote]
            .into_iter()
            .flatten()
            .map(|text| (text.as_str(), source.span))
    }));
    texts
}
