//! Two files with one name claim one URL; readers would find either of them.
//!
//! Bad: `content/git/stale-lock.md` beside `content/cargo/stale-lock.md`. Better: `cargo-stale-lock.md`.

use crate::diag::{Code, Diagnostic};
use crate::lint::Context;
use crate::parse::ParsedRecord;
use crate::text::Span;

pub fn check(ctx: &Context, record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    let Some(id) = record.id.as_ref() else { return };
    if ctx.ids.get(id).is_some_and(|n_files| *n_files > 1) {
        let message = format!("another file of this book has the id `{id}` too");
        found.push(
            Diagnostic::error(Code::DuplicateId, Span::start_of(record.file), message)
                .hint("folders are no part of an id; one of the files needs another name"),
        );
    }
}
