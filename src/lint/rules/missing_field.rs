//! A record without a title, product, symptom or fix is no record; without a cause, wrong fixes, keywords
//! or sources it stays a draft.
//!
//! Bad: a file of `title` and `symptom` alone. Better: the 24 lines that `README.md` shows.

use crate::diag::{Code, Diagnostic, nearest};
use crate::lint::resolve::missing_for_publication;
use crate::parse::{ParsedRecord, ParsedStatus};
use crate::text::Span;

pub fn check(record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    let at = Span::start_of(record.file);
    let status = record.status.as_ref().map(|status| status.value);
    let open = status == Some(ParsedStatus::Open);
    // A field whose value could not be read, or whose key has a slip in it, has a finding of its own.
    let is_written = |field: &&str| {
        record.written.contains(*field) || record.written.iter().any(|key| nearest(key, [*field]).is_some())
    };
    let required =
        ["title", "product", "symptom", "fix"].into_iter().filter(|field| *field != "fix" || !open);
    for field in required.filter(|field| !is_written(field)) {
        let hint = match field {
            "fix" => "a failure whose repair nobody knows yet has `status: open`",
            _ => "every record has a title, a product, a symptom and a fix",
        };
        found.push(
            Diagnostic::error(Code::MissingField, at, format!("this record has no `{field}`")).hint(hint),
        );
    }
    if status == Some(ParsedStatus::Draft) {
        return;
    }
    for field in missing_for_publication(record).into_iter().filter(|field| !is_written(field)) {
        let message = format!("without `{field}` this record stays a draft");
        found.push(
            Diagnostic::warning(Code::MissingField, at, message)
                .hint("`status: draft` says that this is meant; drafts are built with --drafts"),
        );
    }
}
