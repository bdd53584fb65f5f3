//! Which record explains what a program printed, or that none does.
//!
//! In: `&Book` and its index → a [`Corpus`]; a log → a [`Diagnosis`]. Templates of lines that records quote or were seen
//! to print (`signatures.rs`) match exactly; where none does, words are ranked by the index of `search`, and the share of
//! one single line that a record covers says how sure that is (`corpus.rs`, `verdict.rs`). A sum of scores would be no
//! measure of certainty: it grows with the log.
//! Not here: reading files, what a line is (`output`), how a diagnosis looks (`cli/`).

mod corpus;
mod known;
mod mask;
mod signatures;
mod verdict;
mod wording;

pub use corpus::Corpus;
pub use known::{Known, known};
pub use mask::masked;
pub use verdict::{Candidate, Diagnosis, Verdict, Via, diagnose, telling_lines};
