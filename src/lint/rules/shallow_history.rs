//! Days that a record does not name come from its file's history. A shallow clone has only the end of it, so
//! that every record would seem to be new.
//!
//! Bad: `git clone --depth 1` in the job that builds the book. Better: a full clone, or `created` in the records.

use crate::diag::{Code, Diagnostic};
use crate::lint::Context;
use crate::parse::ParsedRecord;
use crate::text::Span;

pub fn check(ctx: &Context, records: &[ParsedRecord], found: &mut Vec<Diagnostic>) {
    let undated = |record: &&ParsedRecord| record.created.is_none();
    let Some(first) = records.iter().find(undated).filter(|_| ctx.sources.is_shallow) else { return };
    let n_undated = records.iter().filter(undated).count();
    let message =
        format!("the git history is cut off, and {n_undated} of the records take their days from it");
    found.push(Diagnostic::warning(Code::ShallowHistory, Span::start_of(first.file), message).hint(
        "`git fetch --unshallow` brings the rest; in CI the checkout step has a depth, and 0 means all",
    ));
}
