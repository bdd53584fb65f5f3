//! What templates see of a record's check.

use super::html::Html;
use super::long_view::LongView;
use crate::model::{
    CellName, ExitMatcher, Expectation, Proof, ProofState, Record, TextOp, Verdict, WrongFix,
};
use serde::Serialize;

/// A word with an icon, so that colour never speaks alone.
#[derive(Serialize)]
pub struct Badge {
    /// A class of the style sheet: `ok`, `warn`, `bad` or `plain`.
    pub tone: &'static str,
    /// One character.
    pub icon: &'static str,
    /// The word.
    pub label: &'static str,
}

/// The executable check.
#[derive(Serialize)]
pub struct CheckView {
    /// Makes the broken state.
    pub setup: Option<String>,
    /// The same, marked up.
    pub setup_html: Option<Html>,
    /// Looks at it; nothing in the long form.
    pub run: Option<String>,
    /// The same, marked up.
    pub run_html: Option<Html>,
    /// The long form, where the check has it.
    pub long: Option<LongView>,
    /// Whether the page has a script `verify.sh` beside it.
    pub has_script: bool,
    /// How a reader lets it examine a folder, marked up.
    pub examine_html: Html,
    /// Whether its states can be made.
    pub is_testable: bool,
    /// How a reader runs the self-test, marked up.
    pub command_html: Html,
    /// What is seen while it is broken.
    pub broken: Option<String>,
    /// What is seen once it is repaired.
    pub fixed: Option<String>,
    /// What the last run proves, in a sentence.
    pub result: String,
    /// How the check itself was tested, in sentences.
    pub test_of_test: Vec<String>,
    /// Wrong fixes that were run and did not repair, and how many there are.
    pub refuted: Option<(usize, usize)>,
    /// State by state.
    pub cells: Vec<CellView>,
}

/// One state of the last run.
#[derive(Serialize)]
pub struct CellView {
    /// The state, in words.
    pub state: String,
    /// The command that led to it, where that is what tells it from others.
    pub command: Option<String>,
    /// What it showed.
    pub badge: Badge,
    /// How far that is from repaired: where the mark stands on a line of 56, or nothing where it cannot be told.
    pub mark: Option<usize>,
    /// Whether the law of proof wants it otherwise.
    pub unexpected: bool,
}

impl CheckView {
    /// The check of a record; `None` where it has none.
    pub fn of(record: &Record, proof: &Proof, has_script: bool) -> Option<CheckView> {
        let check = record.check.as_ref();
        if check.is_none() && record.verify.is_none() {
            return None;
        }
        let wrong_fix = |id: &str| record.wrong_fixes.iter().find(|fix| fix.id == id);
        let cell = |(name, verdict): (&CellName, &Verdict)| CellView {
            state: match name {
                CellName::Broken => "broken state".to_owned(),
                CellName::Fixed => "after the fix".to_owned(),
                CellName::OtherFix(nth) => format!("after other fix {nth}"),
                CellName::WrongFix(id) => match wrong_fix(id) {
                    Some(WrongFix { run: Some(_), .. }) => "after wrong fix".to_owned(),
                    Some(WrongFix { text: Some(text), .. }) => {
                        format!("after wrong fix: {}", text.first_sentence())
                    }
                    _ => format!("after wrong fix: {id}"),
                },
                CellName::State(name) => name.replace('_', " "),
            },
            command: match name {
                CellName::WrongFix(id) => wrong_fix(id).and_then(|fix| fix.run.clone()),
                _ => None,
            },
            badge: verdict_badge(name, *verdict),
            mark: mark(*verdict),
            unexpected: !name.accepts(*verdict),
        };
        // Fixes stand above wrong fixes, and these in the order of the page.
        let mut cells: Vec<_> = proof.cells.iter().collect();
        cells.sort_by_key(|(name, _)| match name {
            CellName::WrongFix(id) => (1, record.nth_wrong_fix(id)),
            CellName::State(_) => (2, None),
            _ => (0, None),
        });
        let ran = matches!(proof.state, ProofState::Tested | ProofState::Failing);
        let setup = check.and_then(|check| check.setup.clone());
        let trust =
            proof.check_digest.as_ref().map(|digest| format!(" --trust {digest}")).unwrap_or_default();
        Some(CheckView {
            setup_html: setup.as_deref().map(Html::script),
            is_testable: setup.is_some() || record.verify.is_some(),
            setup,
            run: check.map(|check| check.run.clone()),
            run_html: check.map(|check| Html::script(&check.run)),
            long: record.verify.as_deref().map(LongView::of),
            has_script,
            examine_html: Html::script(&format!("faultbook verify {}{trust}", record.id)),
            command_html: Html::script(&format!("faultbook verify --self-test {}", record.id)),
            broken: check.map(|check| expectation(&check.broken)),
            fixed: check.map(|check| expectation(&check.fixed)),
            result: result(proof),
            test_of_test: if ran { test_of_test(proof) } else { Vec::new() },
            refuted: ran.then(|| (proof.n_refuted(), record.wrong_fixes.len())),
            cells: if ran { cells.into_iter().map(cell).collect() } else { Vec::new() },
        })
    }
}

/// The badge of a record's check.
pub fn proof_badge(state: ProofState) -> Badge {
    match state {
        ProofState::Tested => Badge { tone: "ok", icon: "✓", label: "tested" },
        ProofState::Outdated => Badge { tone: "warn", icon: "◷", label: "outdated" },
        ProofState::Failing => Badge { tone: "bad", icon: "✗", label: "failing" },
        ProofState::Never => Badge { tone: "plain", icon: "○", label: "never tested" },
        ProofState::Untestable => Badge { tone: "plain", icon: "–", label: "no check" },
    }
}

fn verdict_badge(name: &CellName, verdict: Verdict) -> Badge {
    let (icon, label) = match verdict {
        Verdict::Present => ("✗", "still broken"),
        Verdict::Fixed => ("✓", "fixed"),
        Verdict::Masked => ("◐", "masked, not fixed"),
        Verdict::Incomplete => ("◐", "incomplete"),
        Verdict::CannotTell => ("?", "cannot tell"),
        Verdict::Absent => ("✓", "not there"),
        Verdict::NotFixed => ("✗", "not fixed"),
        Verdict::Error => ("?", "the check is broken"),
    };
    let label =
        if *name == CellName::Broken && verdict == Verdict::Present { "failure present" } else { label };
    let tone = match mark(verdict) {
        Some(BROKEN) => "bad",
        Some(HIDDEN) => "warn",
        Some(_) => "ok",
        None => "plain",
    };
    Badge { tone, icon, label }
}

/// Where the marks of a matrix stand, on a line from broken to repaired.
const BROKEN: usize = 6;
const HIDDEN: usize = 28;
const REPAIRED: usize = 50;

fn mark(verdict: Verdict) -> Option<usize> {
    match verdict {
        Verdict::Present | Verdict::NotFixed => Some(BROKEN),
        Verdict::Masked | Verdict::Incomplete => Some(HIDDEN),
        Verdict::Fixed | Verdict::Absent => Some(REPAIRED),
        Verdict::CannotTell | Verdict::Error => None,
    }
}

/// What happened when printed commands ran; nothing where the run was of another version of them, or where something
/// stood for them.
pub fn ran(proof: &Proof, name: &CellName) -> Option<Badge> {
    let current = matches!(proof.state, ProofState::Tested | ProofState::Failing);
    let verdict = proof.cells.get(name).filter(|_| current && proof.executed)?;
    Some(verdict_badge(name, *verdict))
}

fn result(proof: &Proof) -> String {
    let day = proof.date.map(|date| date.to_string()).unwrap_or_default();
    let platform = proof.platform.as_deref().unwrap_or_default();
    match proof.state {
        ProofState::Tested => {
            let how = if proof.executed { "with real tools" } else { "modelled" };
            format!("Tested {day} on {platform}, {how}{}: every state came out as it must.", confined(proof))
        }
        ProofState::Failing => format!("Failing: on {day} ({platform}) a state did not come out as it must."),
        ProofState::Outdated => {
            format!("Outdated: the result of {day} is for an earlier version of these commands.")
        }
        ProofState::Never => "Never tested: no result is recorded.".to_owned(),
        ProofState::Untestable => {
            "Untested: this check has no setup that brings the failure about.".to_owned()
        }
    }
}

fn confined(proof: &Proof) -> &'static str {
    match proof.sandbox.as_deref() {
        Some("fs+net") => ", confined to a folder and without network",
        Some("fs") => ", confined to a folder",
        Some("net") => ", without network",
        _ => "",
    }
}

/// How the check itself was tested, in sentences.
fn test_of_test(proof: &Proof) -> Vec<String> {
    let mutants = proof.mutants.map(|(killed, total)| {
        format!("With a part of the check changed, {killed} of {total} times some state noticed.")
    });
    let mistaken = proof.false_positives.map(|n| match n {
        0 => "In the broken states of other records it saw nothing of its own.".to_owned(),
        n => format!("In the broken states of {n} other records it saw its own failure."),
    });
    mutants.into_iter().chain(mistaken).collect()
}

/// An expectation in words.
fn expectation(expectation: &Expectation) -> String {
    let exit = expectation.exit.map(|matcher| match matcher {
        ExitMatcher::Equals(code) => format!("exit status {code}"),
        ExitMatcher::NotEquals(code) => format!("an exit status other than {code}"),
    });
    let ops = expectation.output.iter().flat_map(|matcher| &matcher.0).map(|op| match op {
        TextOp::Contains(part) => format!("output with “{part}”"),
        TextOp::NotContains(part) => format!("output without “{part}”"),
        TextOp::Equals(whole) => format!("output “{whole}”"),
        TextOp::Matches(regex) => format!("output that matches /{regex}/"),
    });
    exit.into_iter().chain(ops).collect::<Vec<_>>().join(", ")
}
