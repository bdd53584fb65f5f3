//! Two files with one name claim one URL; readers would find either of them.
//!
//! Bad: `content/git/stale-lock.md` beside `content/cargo/stale-lock.md`. Better: `cargo-stale-lock.md`.

use crate::diag::{Code, Diagnostic};
use crate::lint::Context;
use crate::model::RecordId;
use crate::parse::ParsedRecord;
use crate::text::Span;

pub fn check(ctx: &Context, record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    let is_taken = |id: &RecordId| ctx.is_claimed_twice(id);
    if let Some(id) = record.id.as_ref().filter(|id| is_taken(id)) {
        let message = format!("another file of this book has the id `{id}` too");
        found.push(
            Diagnostic::error(Code::DuplicateId, Span::start_of(record.file), message)
                .hint("folders are no part of an id; one of the files needs another name"),
        );
    }
    for alias in record.aliases.iter().filter(|alias| is_taken(&alias.value)) {
        let message = format!("the alias `{}` is the id or the alias of another record", alias.value);
        found.push(
            Diagnostic::error(Code::DuplicateId, alias.span, message).hint("an address leads to one record"),
        );
    }
}
