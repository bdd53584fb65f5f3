//! Days that a record does not name come from its file's history. A shallow clone has only the end of it, so
//! that every record would seem to be new.
//!
//! Bad: `git clone --depth 1` in the job that builds the book. Better: a full clone, or `created` in the records.

use crate::diag::{Code, Diagnostic};
use crate::text::{FileId, Span};

/// - `undated`: the records that name no day, of a book whose history is cut off
pub fn check(mut undated: impl Iterator<Item = FileId>) -> Option<Diagnostic> {
    let first = undated.next()?;
    let n_undated = 1 + undated.count();
    let message =
        format!("the git history is cut off, and {n_undated} of the records take their days from it");
    Some(Diagnostic::warning(Code::ShallowHistory, Span::start_of(first), message).hint(
        "`git fetch --unshallow` brings the rest; in CI the checkout step has a depth, and 0 means all",
    ))
}
