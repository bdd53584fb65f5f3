//! Which record explains what a program printed, or that none does.
//!
//! In: `&Book` and its index → a [`Corpus`]; a log → a [`Diagnosis`]. Templates of lines that records quote or were seen
//! to print (`signatures.rs`) match exactly; where none does, words are ranked by the index of `search`, and the share of
//! one single line that a record covers says how sure that is (`corpus.rs`, `verdict.rs`). A sum of scores would be no
//! measure of certainty: it grows with the log. What tells candidates apart is in `apart.rs`, and what a site says of all
//! this in `published.rs`.
//! What of a log a new record quotes is in `excerpt.rs`.
//! Not here: reading files, what a line is (`output`), how a diagnosis looks (`cli/`).

mod apart;
mod corpus;
mod excerpt;
mod known;
mod mask;
mod published;
mod signatures;
mod verdict;
mod wording;

pub use apart::{Distinction, distinctions, hundredths};
pub use corpus::Corpus;
pub use excerpt::{Bounds, Excerpt, excerpt};
pub use known::{Known, known};
pub use mask::masked;
pub use published::{SIGNATURES_FILE, signatures_file};
pub use verdict::{Candidate, Diagnosis, Verdict, Via, diagnose, telling_lines};
