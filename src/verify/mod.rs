//! What a record's check would run, what it showed, and what that proves.
//!
//! In: `&Record`. Out: `Plan` (pure, `plan.rs`), `Event`s in start order (`run.rs`), `Proof` from committed
//! results (`results.rs`).
//! Not here: printing (`cli/report/`), whether a check is well formed (`parse`), the page (`render`).
//! Processes start only in `run.rs`.

mod outcome;
mod plan;
mod results;
mod run;
mod sandbox;

pub use outcome::{Evidence, Level, Mode, Outcome, StepOutcome};
pub use plan::{Plan, PlannedCell};
pub use results::{RecordResult, Results};
pub use run::{CellOutcome, Event, RunError, self_test};
pub use sandbox::Claims;
