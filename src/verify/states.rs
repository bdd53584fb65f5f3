//! Tests a verifier itself, in the states that its record ships: each must come out as it says.
//!
//! In: a `Verifier`. Out: one `CellOutcome` per state, in a fixed order. Not here: running (`long.rs`), changed
//! verifiers (`mutants.rs`).

use super::fixture::{Setting, Unmade, is_executed};
use super::long::{Around, Ran, run};
use super::outcome::{Level, Mode, StepOutcome};
use super::run::CellOutcome;
use crate::model::{CellName, Fact, Fixture, Verdict, Verifier, WrongCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The state that the tool adds: a project with nothing in it.
pub const EMPTY: &str = "auto/empty";

/// Runs every state: `broken`, `fixed`, the others by name, the wrong fixes, and an empty project.
///
/// `printed` is the command that the page prints for each wrong fix that has one, by its id: only a state that ran just
/// that is more than a model.
pub fn test_states(
    verifier: &Verifier,
    printed: &BTreeMap<String, String>,
    around: Around<'_>,
    on: &mut dyn FnMut(&CellOutcome),
) -> Vec<CellOutcome> {
    let mut outcomes = Vec::new();
    for name in names(verifier) {
        let outcome = cell(verifier, &name, printed, around);
        on(&outcome);
        outcomes.push(outcome);
    }
    let outcome = empty(verifier, around);
    on(&outcome);
    outcomes.push(outcome);
    outcomes
}

/// The states of a verifier, in the order in which they run.
pub fn names(verifier: &Verifier) -> Vec<CellName> {
    let mut names: Vec<CellName> = verifier.fixtures.keys().map(|name| state(name)).collect();
    names.sort();
    names.extend(verifier.wrong_fixes.keys().cloned().map(CellName::WrongFix));
    names
}

fn state(name: &str) -> CellName {
    match name {
        "broken" => CellName::Broken,
        "fixed" => CellName::Fixed,
        other => CellName::State(other.to_owned()),
    }
}

/// What makes a state; otherwise why nothing does.
pub(super) fn fixture<'v>(verifier: &'v Verifier, name: &CellName) -> Result<&'v Fixture, &'v str> {
    match name {
        CellName::WrongFix(id) => match verifier.wrong_fixes.get(id) {
            Some(WrongCell::State(fixture)) => Ok(fixture),
            Some(WrongCell::Untestable(reason)) => Err(reason),
            None => Err("there is no such state"),
        },
        other => verifier.fixtures.get(&other.to_string()).ok_or("there is no such state"),
    }
}

/// One state by itself; `test_states` has the meaning of `printed`.
pub fn cell(
    verifier: &Verifier,
    name: &CellName,
    printed: &BTreeMap<String, String>,
    around: Around<'_>,
) -> CellOutcome {
    let began = Instant::now();
    let fixture = match fixture(verifier, name) {
        Ok(fixture) => fixture,
        Err(reason) => return unmade(name, None, reason.to_owned()),
    };
    let mut outcome = match shown(verifier, verifier, name, around) {
        Ok(ran) => outcome(name, ran),
        Err(Unmade::Here(reason)) => unmade(name, None, reason),
        Err(Unmade::Fixture(reason)) => unmade(name, Some(Verdict::Error), reason),
    };
    outcome.expected = expected(name, fixture);
    if let CellName::WrongFix(id) = name {
        let executed = printed.get(id).is_some_and(|command| is_executed(fixture, command));
        outcome.level = if executed { outcome.level } else { Level::Recorded };
    }
    outcome.took = began.elapsed();
    outcome
}

/// What a verifier says of a state of `owner`, which may be another.
pub(super) fn shown(
    verifier: &Verifier,
    owner: &Verifier,
    name: &CellName,
    around: Around<'_>,
) -> Result<Ran, Unmade> {
    let setting = Setting::lay(owner, name, around)?;
    Ok(run(verifier, setting, Mode::SelfTest, around, None))
}

/// The verdicts that a state may come to.
pub fn expects(verifier: &Verifier, name: &CellName) -> Vec<Verdict> {
    fixture(verifier, name).map(|fixture| expected(name, fixture)).unwrap_or_default()
}

/// What the record expects, as far as the law of proof allows it.
fn expected(name: &CellName, fixture: &Fixture) -> Vec<Verdict> {
    let as_shown = |verdict: &Verdict| match verdict {
        Verdict::NotFixed => Verdict::Present,
        other => *other,
    };
    fixture.expect.iter().map(as_shown).filter(|verdict| name.accepts(*verdict)).collect()
}

fn outcome(name: &CellName, ran: Ran) -> CellOutcome {
    CellOutcome {
        name: name.clone(),
        verdict: Some(ran.verdict),
        expected: Vec::new(),
        level: ran.level,
        reason: ran.reason,
        output: lines(&ran.steps),
        took: ran.took,
    }
}

fn unmade(name: &CellName, verdict: Option<Verdict>, reason: String) -> CellOutcome {
    CellOutcome {
        name: name.clone(),
        verdict,
        expected: Vec::new(),
        level: Level::Static,
        reason: Some(reason),
        output: String::new(),
        took: Duration::ZERO,
    }
}

/// The facts, one line each.
pub(super) fn lines(steps: &[StepOutcome]) -> String {
    steps.iter().map(line).collect()
}

fn line(step: &StepOutcome) -> String {
    let reason = step.reason.as_deref().unwrap_or_default();
    match step.fact {
        Fact::True => format!("{}: true\n", step.id),
        Fact::False => format!("{}: false\n", step.id),
        Fact::Unknown => format!("{}: unknown ({reason})\n", step.id),
    }
}

/// An empty project must not look broken or repaired. Where the failure is the machine's, and not the project's, it is
/// there whatever the project holds; then it must go with the machine's part of `fixed`.
fn empty(verifier: &Verifier, around: Around<'_>) -> CellOutcome {
    let name = CellName::State(EMPTY.to_owned());
    let mut bare = verifier.clone();
    let of_machine = verifier.fixtures.get("fixed").map(|fixed| Fixture {
        env: fixed.env.clone(),
        inputs: fixed.inputs.clone(),
        ..Fixture::default()
    });
    bare.fixtures = BTreeMap::from([("fixed".to_owned(), of_machine.unwrap_or_default())]);
    let mut outcome = match shown(verifier, &bare, &CellName::Fixed, around) {
        Ok(ran) if ran.verdict == Verdict::Present => match repaired_machine(verifier, around) {
            Ok(ran) => CellOutcome { expected: vec![Verdict::Fixed], ..outcome(&name, ran) },
            Err(Unmade::Here(reason)) => unmade(&name, None, reason),
            Err(Unmade::Fixture(reason)) => unmade(&name, Some(Verdict::Error), reason),
        },
        Ok(ran) => outcome(&name, ran),
        Err(Unmade::Here(reason)) => unmade(&name, None, reason),
        Err(Unmade::Fixture(reason)) => unmade(&name, Some(Verdict::Error), reason),
    };
    outcome.expected.extend([Verdict::Absent, Verdict::Incomplete, Verdict::CannotTell]);
    outcome
}

fn repaired_machine(verifier: &Verifier, around: Around<'_>) -> Result<Ran, Unmade> {
    let mut setting = Setting::lay(verifier, &CellName::Fixed, around)?;
    setting.leave_subject()?;
    Ok(run(verifier, setting, Mode::SelfTest, around, None))
}
