//! Which record explains what a program printed, or that none does.
//!
//! In: `&Book` → a [`Corpus`]; a log → a [`Diagnosis`]. Lines are normalised (`log.rs`) and classed (`lines.rs`); templates
//! of lines that records quote or were seen to print (`signatures.rs`) match exactly, and where none does, words are
//! ranked (`corpus.rs`) and the share of one single line that a record covers says how sure that is (`verdict.rs`).
//! A sum of scores would be no measure of certainty: it grows with the log.
//! Not here: reading files, how a diagnosis looks (`cli/`), the index that `search` ranks by (`search`).

mod corpus;
mod known;
mod lines;
mod log;
mod mask;
mod signatures;
mod verdict;

pub use corpus::Corpus;
pub use known::{Known, known};
pub use log::{Line, Log};
pub use mask::masked;
pub use signatures::Quoted;
pub use verdict::{Candidate, Diagnosis, Verdict, Via, diagnose, telling_lines};
