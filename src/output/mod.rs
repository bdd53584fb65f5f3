//! What a program printed: its lines, what kind each is, and what of each is the same in every run.
//!
//! In: bytes of a log, or a record with what it quotes. Out: [`Log`], [`Quoted`].
//! Not here: which record a line tells (`diagnose`), and how words are ranked (`search`).

mod lines;
mod log;
mod message;
mod quoted;

pub use lines::{CUES, Kind, codes, has_cue, is_code, is_headline};
pub use log::{Line, Log, SLOTS, normalise, plain, without_slots};
pub use message::message;
pub use quoted::{Quoted, mine, quoted};
