//! What the program of a check printed in the state that is really broken: what a reader of a log would have in hand.
//!
//! In: a self-test. Out: the words, steady from run to run, or why there are none. Only what ran counts: neither recorded
//! replies, nor what a replica of the record's own made a program say.
//! Not here: where they are kept (`cli/`).

use super::fixture::{Unmade, chain};
use super::long::{Around, Ran};
use super::outcome::Level;
use super::plan::Plan;
use super::redact::Redactor;
use super::run::run_cell;
use super::sandbox::RunError;
use super::selftest::{Form, SelfTest};
use super::states::shown;
use super::steady::steady;
use crate::model::{CellName, Condition, Verdict, Verifier};
use std::collections::BTreeSet;

/// Of one record. Streams of programs are cut at the same length.
const MAX_BYTES: usize = 64 << 10;

/// What was there to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Harvest {
    /// These lines.
    Words(String),
    /// Nothing, and why.
    Nothing(String),
}

/// Brings the broken state about once more, and takes down what was printed there.
pub fn harvest(test: &SelfTest, around: Around<'_>) -> Result<Harvest, RunError> {
    let said = match &test.form {
        Form::Short(plan) => of_script(plan, around)?,
        Form::Long { verifier, .. } => of_steps(verifier, around),
    };
    Ok(match said {
        Ok(text) => {
            let text = steady(&Redactor::default().clean(&text), around.host);
            match text.trim() {
                "" => Harvest::Nothing("nothing was printed".to_owned()),
                _ => Harvest::Words(cut(text.trim_end()) + "\n"),
            }
        }
        Err(why) => Harvest::Nothing(why),
    })
}

fn of_script(plan: &Plan, around: Around<'_>) -> Result<Result<String, String>, RunError> {
    let Some(broken) = plan.cells.iter().find(|cell| cell.name == CellName::Broken) else {
        return Ok(Err("there is no broken state".to_owned()));
    };
    let cell = run_cell(plan, broken, around.host)?.outcome(&plan.check);
    Ok(match cell.verdict {
        Some(Verdict::Present) => Ok(cell.output),
        _ => Err(cell.reason.unwrap_or_default()),
    })
}

fn of_steps(verifier: &Verifier, around: Around<'_>) -> Result<String, String> {
    if !verifier.services.is_empty() {
        return Err("a replica of the record's own answered".to_owned());
    }
    let stands_in = chain(verifier, &CellName::Broken)?.iter().any(|fixture| !fixture.path.is_empty());
    if stands_in {
        return Err("a program of the record's own ran in the place of another".to_owned());
    }
    let ran = shown(verifier, verifier, &CellName::Broken, around);
    let ran = ran.map_err(|unmade| match unmade {
        Unmade::Here(why) | Unmade::Fixture(why) => why,
    })?;
    match (ran.verdict, ran.level) {
        (Verdict::Present, Level::Real) => Ok(words(verifier, &ran)),
        (Verdict::Present, Level::Static) => Err("no program ran".to_owned()),
        (Verdict::Present, Level::Recorded) => Err("a recorded reply stood for a program".to_owned()),
        (verdict, _) => Err(format!("`broken` came out as {}", verdict.name())),
    }
}

/// What the steps printed that the failure is told by.
fn words(verifier: &Verifier, ran: &Ran) -> String {
    let mut named = BTreeSet::new();
    steps_of(&verifier.present, &mut named);
    let printed = ran.printed.iter().filter(|(step, _)| named.contains(step.as_str()));
    printed.map(|(_, words)| format!("{}\n", words.trim_end())).filter(|words| words != "\n").collect()
}

fn steps_of<'c>(condition: &'c Condition, named: &mut BTreeSet<&'c str>) {
    match condition {
        Condition::Step(step) => drop(named.insert(step)),
        Condition::Not(one) => steps_of(one, named),
        Condition::All(several) | Condition::Any(several) | Condition::FirstOf(several) => {
            several.iter().for_each(|one| steps_of(one, named));
        }
    }
}

fn cut(text: &str) -> String {
    if text.len() <= MAX_BYTES {
        return text.to_owned();
    }
    let end = (0..=MAX_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}\n[{} bytes left out]", &text[..end], text.len() - end)
}
