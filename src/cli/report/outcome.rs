//! Outcomes of checks in every format: what the formats share, and the door to them.
//!
//! In: finished outcomes and the few facts around a run. Out: text, for whoever prints or writes it.
//! Not here: states of a self-test while they come out (`verify.rs`), exit codes (`cli/verdicts.rs`).

use super::super::args::ReportFormat;
use super::{github, human, junit, markdown, results, sarif, shown, tap};
use crate::model::{Fact, RecordId, SiteUrl, Verdict};
use crate::verify::{CellOutcome, Evidence, Mode, Outcome};
use std::time::Duration;

/// What reports say beside the outcomes.
#[derive(Clone, Copy, Debug)]
pub struct RunContext<'c> {
    /// Our own version.
    pub tool_version: &'c str,
    /// Such as `linux`.
    pub os: &'c str,
    /// Such as `x86_64`.
    pub arch: &'c str,
    /// When the run began, as RFC 3339 has it, where the caller has a clock.
    pub started: Option<&'c str>,
    /// Where the book's pages are.
    pub site_url: Option<&'c SiteUrl>,
    /// The folder that was examined, as the reader of the report names it, such as `api`; empty where that is `.`.
    pub subject: &'c str,
    /// Leaves out what passed, where the reader makes an alert of every result, as GitHub does of SARIF.
    pub hide_passes: bool,
}

impl RunContext<'_> {
    /// The page of a record: whole where the book knows its site, else from its root.
    pub(super) fn page(&self, id: &RecordId) -> String {
        let path = format!("f/{id}/");
        self.site_url.map_or_else(|| format!("/{path}"), |site| site.join(&path))
    }

    /// A place in the subject, from where the report's reader stands.
    pub(super) fn path(&self, evidence: &Evidence) -> String {
        let path = evidence.path.trim_start_matches('/');
        match self.subject.trim_end_matches('/') {
            "" | "." => path.to_owned(),
            subject => format!("{subject}/{path}"),
        }
    }
}

/// Outcomes in a format, without the last line's end. Records keep their order.
pub fn outcomes(format: ReportFormat, outcomes: &[Outcome], context: &RunContext) -> String {
    match format {
        ReportFormat::Human => human::report(outcomes, context),
        ReportFormat::Json => results::document(outcomes, context),
        ReportFormat::Jsonl => results::lines(outcomes, context),
        ReportFormat::Junit => junit::report(outcomes),
        ReportFormat::Tap => tap::report(outcomes, context),
        ReportFormat::Sarif => sarif::report(outcomes, context),
        ReportFormat::Github => github::report(outcomes, context),
        ReportFormat::Md => markdown::report(outcomes, context),
    }
}

/// How a test came out, for formats that know tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// As wished.
    Passed,
    /// Otherwise, and in which way.
    Failed(&'static str),
    /// It says nothing.
    Skipped,
    /// The check is broken.
    Broken,
}

/// A verdict on a subject as a test. That a failure is there is a test that failed.
pub(super) fn came(verdict: Verdict) -> Came {
    match verdict {
        Verdict::Absent | Verdict::Fixed => Came::Passed,
        Verdict::Present | Verdict::NotFixed => Came::Failed("present"),
        Verdict::Masked | Verdict::Incomplete => Came::Failed("masked"),
        Verdict::CannotTell => Came::Skipped,
        Verdict::Error => Came::Broken,
    }
}

/// A test: a record, or one state of a self-test.
#[derive(Debug)]
pub(super) struct Case<'o> {
    pub outcome: &'o Outcome,
    /// The state of a self-test.
    pub state: Option<String>,
    pub came: Came,
    /// What it showed, in a word or a few.
    pub verdict: String,
    pub reason: Option<&'o str>,
    pub took: Duration,
}

impl Case<'_> {
    /// The record, and the state.
    pub fn name(&self) -> String {
        match &self.state {
            Some(state) => format!("{} {state}", self.outcome.id),
            None => self.outcome.id.to_string(),
        }
    }

    /// The verdict, and why, on one line.
    pub fn message(&self) -> String {
        match self.reason {
            Some(reason) => format!("{}: {}", self.verdict, shown(reason)),
            None => self.verdict.clone(),
        }
    }

    /// Why alone, where a format has said the verdict in its own words.
    pub fn why(&self) -> String {
        self.reason.map_or_else(|| self.verdict.clone(), shown)
    }
}

/// The tests of a record: its states, where a self-test has made some.
pub(super) fn cases(outcome: &Outcome) -> Vec<Case<'_>> {
    if is_self_test(outcome) {
        return outcome.cells.iter().map(|cell| of_cell(outcome, cell)).collect();
    }
    vec![Case {
        outcome,
        state: None,
        came: came(outcome.verdict),
        verdict: outcome.verdict.name().to_owned(),
        reason: outcome.reason.as_deref(),
        took: outcome.took,
    }]
}

/// Whether states came out. A self-test that could not be made is told like a record.
pub(super) fn is_self_test(outcome: &Outcome) -> bool {
    outcome.mode == Mode::SelfTest && !outcome.cells.is_empty()
}

fn of_cell<'o>(outcome: &'o Outcome, cell: &'o CellOutcome) -> Case<'o> {
    let came = match cell.verdict {
        None => Came::Skipped,
        Some(_) if cell.is_failure() => Came::Failed("self-test"),
        Some(_) => Came::Passed,
    };
    let mut verdict = cell.verdict.map_or("not executed", Verdict::name).to_owned();
    if cell.is_failure() {
        verdict.push_str(&format!(", expected {}", expected(cell).join(" or ")));
    }
    let state = Some(cell.name.to_string());
    Case { outcome, state, came, verdict, reason: cell.reason.as_deref(), took: cell.took }
}

/// The verdicts that a state may come to, as reports write them.
pub(super) fn expected(cell: &CellOutcome) -> Vec<&'static str> {
    cell.expected.iter().map(|verdict| verdict.name()).collect()
}

/// Where the facts were seen that hold.
pub(super) fn places(outcome: &Outcome) -> impl Iterator<Item = &Evidence> {
    let seen = outcome.steps.iter().filter(|step| step.fact == Fact::True);
    seen.flat_map(|step| &step.evidence)
}

/// Whole milliseconds.
pub(super) fn ms(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
