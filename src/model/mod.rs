//! What a book is: records, their checks, what is known of their runs.
//!
//! In: values that `parse` and `lint` have checked. Out: types that cannot hold nonsense.
//! Not here: YAML and Markdown files (`parse`), findings about content (`lint`), how anything looks (`render`).

mod book;
mod check;
mod date;
mod fixture;
mod id;
mod json;
mod pattern;
mod proof;
mod prose;
mod record;
mod verifier;

pub use book::{Book, ColourScheme, Facet, FacetSettings, Guide, Records, RuleLevel, Settings, SiteUrl};
pub use check::{Check, ExitMatcher, Expectation, TextMatcher, TextOp};
pub use date::Date;
pub use fixture::{CommandReply, Fixture, FixtureValue, HttpReply, Replacement, Stubs, WrongCell};
pub use id::RecordId;
pub use json::without_nothing;
pub use pattern::Pattern;
pub use proof::{CellName, Proof, ProofState, Verdict};
pub use prose::{Block, LinkTarget, Prose};
pub use record::{
    Affected, AlertName, Allow, Audience, Citation, Confusion, Extension, Keyword, OtherFix, Outcome,
    QuickFix, Record, Related, Release, Retired, Run, RunKind, Signature, SignaturePattern, Status, Step,
    Validation, Words, WrongFix,
};
pub use verifier::{
    Capture, CommandStep, Condition, Document, Fact, FileStep, FilesStep, Guard, HttpStep, Input, InputKind,
    Interpreter, Layer, Limits, ManualStep, Matcher, Network, Op, Privileges, Probes, Repair, Reply,
    ReplyBody, RequestsStep, Requires, Retries, Root, Route, Sandbox, Service, ShellStep, StepKind, TcpStep,
    Template, ToolRequirement, Verifier, VerifierStep, VersionStep, WorkingFolder,
};
