//! The self-test of a record, whichever form its check has.
//!
//! In: a record. Out: what each state came to, which changes of the check no state noticed, and in whose broken state it
//! saw its own failure. Not here: how the forms run (`run.rs`, `states.rs`).

use super::cross::{FalsePositive, is_mistaken, mistaken};
use super::long::{Around, verify};
use super::mutants::{cross, test_mutants};
use super::outcome::Mode;
use super::plan::Plan;
use super::run::{CellOutcome, Scratch, run_cell, self_test};
use super::sandbox::{End, RunError};
use super::states::{cell, expects, test_states};
use super::trust::digest;
use super::weaker::{Mutants, weaken};
use crate::model::{CellName, Record, RecordId, Verdict, Verifier};
use serde_json::json;
use std::collections::BTreeMap;

/// What tests one record's check.
#[derive(Clone, Debug)]
pub struct SelfTest {
    /// The record.
    pub id: RecordId,
    /// Its title.
    pub title: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// `sha256:` and 64 hexadecimal digits over everything that runs and everything that is expected.
    pub digest: String,
    /// The states.
    pub form: Form,
}

/// The two forms of a check.
#[derive(Clone, Debug)]
pub enum Form {
    /// `check`: the printed commands make the states.
    Short(Plan),
    /// `verify`: the record ships its states.
    Long {
        /// The check.
        verifier: Box<Verifier>,
        /// The command that the page prints for a wrong fix, by its id.
        printed: BTreeMap<String, String>,
    },
}

/// What a self-test came to.
#[derive(Clone, Debug)]
pub struct Tested {
    /// State by state.
    pub cells: Vec<CellOutcome>,
    /// What became of the changed checks.
    pub mutants: Mutants,
    /// States that do not count, because something stood for what would have been there for real.
    pub n_passed_over: usize,
}

impl Tested {
    /// Counts as not executed what recorded replies, or files in the place of an action, stood for.
    pub fn without_models(mut self) -> Tested {
        for cell in self.cells.iter_mut().filter(|cell| cell.is_modelled()) {
            let verdict = cell.verdict.take().map_or("", Verdict::name);
            cell.reason = Some(format!("modelled: {verdict}"));
            self.n_passed_over += 1;
        }
        self
    }
}

/// The state that tells a check whose answer depends on the place or on chance: the fix again, elsewhere.
const REPEAT: &str = "auto/repeat";

/// The second run of a state as a cell of its own, which must come to what the first one came to.
fn repeated(cells: &[CellOutcome], second: CellOutcome) -> Option<CellOutcome> {
    let first = cells.iter().find(|cell| cell.name == second.name)?.verdict?;
    let name = CellName::State(REPEAT.to_owned());
    Some(CellOutcome { name, expected: vec![first], ..second })
}

impl SelfTest {
    /// The self-test of a record. `None` where it has no check, or a short one without `setup`.
    pub fn of(record: &Record) -> Option<SelfTest> {
        let form = match &record.verify {
            Some(verifier) => {
                let printed = |fix: &crate::model::WrongFix| Some((fix.id.clone(), fix.run.clone()?));
                let printed = record.wrong_fixes.iter().filter_map(printed).collect();
                Form::Long { verifier: verifier.clone(), printed }
            }
            None => Form::Short(Plan::of(record)?),
        };
        let digest = match &form {
            Form::Short(plan) => plan.digest.clone(),
            Form::Long { verifier, printed } => {
                digest(&json!({"printed": printed, "verify": verifier.full_tree}))
            }
        };
        let (id, title, tags) = (record.id.clone(), record.title.clone(), record.tags.clone());
        Some(SelfTest { id, title, tags, digest, form })
    }

    /// Whether a state may come to a verdict.
    pub fn accepts(&self, name: &CellName, verdict: Verdict) -> bool {
        match &self.form {
            Form::Short(_) => name.accepts(verdict),
            Form::Long { verifier, .. } => expects(verifier, name).contains(&verdict),
        }
    }

    /// Makes every state and looks at it.
    ///
    /// - `with_mutants`: whether changed checks are tried too, which in the long form runs every state again
    pub fn run(&self, around: Around<'_>, with_mutants: bool) -> Result<Tested, RunError> {
        match &self.form {
            Form::Short(plan) => {
                let states = self_test(plan, around.host)?;
                let mut cells: Vec<CellOutcome> =
                    states.iter().map(|state| state.outcome(&plan.check)).collect();
                if let Some(fixed) = plan.cells.iter().find(|cell| cell.name == CellName::Fixed) {
                    let second = run_cell(plan, fixed, around.host)?.outcome(&plan.check);
                    cells.extend(repeated(&cells, second));
                }
                Ok(Tested { cells, mutants: weaken(&plan.check, &states), n_passed_over: 0 })
            }
            Form::Long { verifier, printed } => {
                let mut cells = test_states(verifier, printed, around, &mut |_| {});
                cells.extend(repeated(&cells, cell(verifier, &CellName::Fixed, printed, around)));
                let tried = if with_mutants { test_mutants(verifier, &cells, around) } else { Vec::new() };
                let survivors: Vec<String> = tried
                    .iter()
                    .filter(|one| one.killed_by.is_none())
                    .map(|one| one.mutant.clone())
                    .collect();
                let killed = tried.len() - survivors.len();
                let mutants = Mutants { killed, total: tried.len(), survivors };
                Ok(Tested { cells, mutants, n_passed_over: 0 })
            }
        }
    }

    /// Runs the checks of the other records in the states of this one: how many were tried, and which saw their own
    /// failure. A short check is tried in those states of a long one that it can see as they are.
    pub fn cross(
        &self,
        others: &[SelfTest],
        around: Around<'_>,
    ) -> Result<(usize, Vec<FalsePositive>), RunError> {
        let others = others.iter().filter(|other| other.id != self.id);
        let short = others.clone().filter_map(|other| match &other.form {
            Form::Short(plan) => Some(plan),
            Form::Long { .. } => None,
        });
        let long = others.clone().filter_map(|other| match &other.form {
            Form::Long { verifier, .. } => Some((&other.id, verifier)),
            Form::Short(_) => None,
        });
        match &self.form {
            Form::Short(plan) => {
                let short: Vec<Plan> = short.cloned().collect();
                let (mut tried, mut found) = mistaken(plan, &short, around.host)?;
                for (id, verifier) in long {
                    let scratch = Scratch::new(&around.host.launcher)?;
                    let made = scratch.script(&plan.setup, plan.check.timeout, around.host)?;
                    if made.end != End::Exit(0) {
                        break;
                    }
                    tried += 1;
                    let inputs = BTreeMap::new();
                    let ran = verify(verifier, scratch.work(), &inputs, Mode::Detect, around, None);
                    if ran.verdict == Verdict::Present {
                        found.push(FalsePositive { id: id.clone(), state_of: self.id.clone() });
                    }
                }
                Ok((tried, found))
            }
            Form::Long { verifier: owner, .. } => {
                let mut tried = 0;
                let mut found = Vec::new();
                for (id, verifier) in long {
                    tried += 1;
                    if !cross(verifier, owner, around).is_empty() {
                        found.push(FalsePositive { id: id.clone(), state_of: self.id.clone() });
                    }
                }
                for plan in short {
                    let Some(wrong) = is_mistaken(&plan.check, owner, around) else { continue };
                    tried += 1;
                    if wrong {
                        found.push(FalsePositive { id: plan.id.clone(), state_of: self.id.clone() });
                    }
                }
                Ok((tried, found))
            }
        }
    }
}
