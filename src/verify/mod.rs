//! What a record's check would run, what it showed, and what that proves.
//!
//! In: `&Record`. Out: `Plan` (pure, `plan.rs`), `CellOutcome`s (`run.rs`), `Proof` from committed results
//! (`results.rs`).
//! Not here: printing (`cli/report/`), whether a check is well formed (`parse`), the page (`render`).
//! Processes start only in `sandbox.rs`, `supervisor.rs`, `confine.rs` and `temporary.rs`, and every one of a record's is confined.

mod attempt;
mod calls;
mod cassette;
mod commands;
mod confine;
mod cross;
mod ere;
mod export;
mod export_long;
mod files;
mod fixture;
mod flat;
mod git;
mod globs;
mod harvest;
mod http;
mod judge;
mod long;
mod matcher;
mod mutants;
mod network;
mod observe;
mod offspring;
mod outcome;
mod plan;
mod query;
mod redact;
mod results;
mod run;
mod sandbox;
mod selftest;
mod service;
mod short;
mod sightings;
mod stand_in;
mod states;
mod steady;
mod supervisor;
mod template;
mod temporary;
mod tls;
mod tokens;
mod tools;
mod trust;
mod weaker;

pub use attempt::{Attempt, AttemptError, COMMANDS_FILE, HISTORY_FILE, Judgement};
pub use cassette::{Recorder, Taken, record};
pub use cross::{FalsePositive, mistaken};
pub use ere::{Ere, ere};
pub use export::script;
pub use files::Documents;
pub use fixture::{Folders, Setting, Unmade, is_executed};
pub use flat::{Flat, LINE_END, RETURN, flat};
pub use globs::Glob;
pub use harvest::{Harvest, harvest};
pub use judge::{Facts, Judged, judge};
pub use long::{Around, Ran, verify};
pub use matcher::{Known, Matching, Unknown};
pub use mutants::{Mutant, Survival, cross, mutants, test_mutants};
pub use observe::Question;
pub use outcome::{Evidence, Level, Mode, Outcome, StepOutcome};
pub use plan::{Plan, PlannedCell};
pub use query::Query;
pub use redact::Redactor;
pub use results::{RecordResult, Results};
pub use run::{CellOutcome, Scratch, Seen, StateRun, look, self_test};
pub use sandbox::{Caps, Claims, Done, End, Job, Launcher, Policy, RunError};
pub use selftest::{Form, SelfTest, Tested};
pub use short::verifier as of_check;
pub use sightings::Sightings;
pub use states::{EMPTY, names as state_names, test_states};
pub use steady::{is_same, steady};
pub use supervisor::helper;
pub use template::Scope;
pub use temporary::Temporary;
pub use tokens::{Fakes, class as token_class, decode_jwt};
pub use tools::{Host, Programs, Used, Version, Versions};
pub use trust::{
    Approval, Capability, TrustError, TrustStore, capabilities, check_digest, digest, is_static,
};
pub use weaker::{Mutants, weaken};
