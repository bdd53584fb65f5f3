//! What a run came to, as data: every report is written from this, and none decides anything.

use super::run::CellOutcome;
use super::sandbox::Claims;
use super::weaker::Mutants;
use crate::model::{Fact, RecordId, Verdict};
use std::collections::BTreeMap;
use std::time::Duration;

/// What running one record's verifier came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The record.
    pub id: RecordId,
    /// Its title.
    pub title: String,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// The digest that trust is given to: `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// What was asked.
    pub mode: Mode,
    /// What it came to. Of a self-test: FIXED where every state came out as it must, ERROR otherwise.
    pub verdict: Verdict,
    /// Why, where that is not plain from the facts, such as `missing-tool: docker`.
    pub reason: Option<String>,
    /// Whether this machine has seen the failure itself before it was repaired.
    pub witnessed: bool,
    /// The facts, in the order in which they were observed. None of a self-test.
    pub steps: Vec<StepOutcome>,
    /// The states of a self-test.
    pub cells: Vec<CellOutcome>,
    /// What became of the changed checks of a self-test, where they were tried.
    pub mutants: Option<Mutants>,
    /// The programs that were found, with their versions.
    pub tools: BTreeMap<String, String>,
    /// What was enforced around programs.
    pub claims: Claims,
    /// How long it took.
    pub took: Duration,
}

/// What was asked of a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Is the failure there?
    Detect,
    /// Is it really repaired?
    Repair,
    /// Does the verifier itself tell its states apart?
    SelfTest,
}

impl Mode {
    /// The word that JSON writes.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Detect => "detect",
            Mode::Repair => "repair",
            Mode::SelfTest => "self-test",
        }
    }
}

/// What one step showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOutcome {
    /// The step.
    pub id: String,
    /// What is known of its fact.
    pub fact: Fact,
    /// Why nothing is known, such as `timeout`, or `skipped`.
    pub reason: Option<String>,
    /// Where it was seen.
    pub evidence: Vec<Evidence>,
    /// How long it took.
    pub took: Duration,
}

/// A place in the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Relative to the subject.
    pub path: String,
    /// Counted from 1.
    pub line: Option<usize>,
}

/// How real a run was. The least real thing that took part counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Real programs ran.
    Real,
    /// No program ran: files were read.
    Static,
    /// A recorded reply stood for a program or a server, or files stand for what an action would leave.
    Recorded,
}

impl Level {
    /// The word that JSON and pages write.
    pub fn name(self) -> &'static str {
        match self {
            Level::Real => "real",
            Level::Static => "static",
            Level::Recorded => "recorded",
        }
    }
}
