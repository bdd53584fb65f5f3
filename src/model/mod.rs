//! What a book is: records, their checks, what is known of their runs.
//!
//! In: values that `parse` and `lint` have checked. Out: types that cannot hold nonsense.
//! Not here: YAML and Markdown files (`parse`), findings about content (`lint`), how anything looks (`render`).

mod book;
mod check;
mod date;
mod id;
mod proof;
mod prose;
mod record;

pub use book::{Book, Facet, Settings, SiteUrl};
pub use check::{Check, ExitMatcher, Expectation, TextMatcher, TextOp};
pub use date::Date;
pub use id::RecordId;
pub use proof::{CellName, Proof, ProofState, Verdict};
pub use prose::{Block, LinkTarget, Prose};
pub use record::{
    Citation, Confusion, Keyword, OtherFix, Outcome, Record, Related, Run, RunKind, Status, Step, Validation,
    Words, WrongFix,
};
