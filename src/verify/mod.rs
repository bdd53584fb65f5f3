//! What a record's check would run, what it showed, and what that proves.
//!
//! In: `&Record`. Out: `Plan` (pure, `plan.rs`), `CellOutcome`s (`run.rs`), `Proof` from committed results
//! (`results.rs`).
//! Not here: printing (`cli/report/`), whether a check is well formed (`parse`), the page (`render`).
//! Processes start only in `sandbox.rs` and `confine.rs`, and every one of a record's is confined.

mod attempt;
mod confine;
mod cross;
mod outcome;
mod plan;
mod results;
mod run;
mod sandbox;
mod weaker;

pub use attempt::{Attempt, AttemptError, COMMANDS_FILE, HISTORY_FILE, Judgement};
pub use confine::helper;
pub use cross::{FalsePositive, cross};
pub use outcome::{Evidence, Level, Mode, Outcome, StepOutcome};
pub use plan::{Plan, PlannedCell};
pub use results::{RecordResult, Results};
pub use run::{CellOutcome, Ran, Scratch, Seen, look, self_test};
pub use sandbox::{Caps, Claims, Done, End, Job, Launcher, Policy, RunError};
pub use weaker::{Mutants, mutants};
