//! The self-test of a record as data: which scripts run in which state.

use crate::model::{CellName, Check, ExitMatcher, Expectation, Record, RecordId, Step, TextOp};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Everything that the self-test of one record runs, in order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The record.
    pub id: RecordId,
    /// Makes the broken state.
    pub setup: String,
    /// The check itself.
    pub check: Check,
    /// The states.
    pub cells: Vec<PlannedCell>,
    /// `sha256:` and 64 hexadecimal digits over everything that runs and everything that is expected.
    pub digest: String,
}

/// One state: what runs between `setup` and `run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCell {
    /// Which state.
    pub name: CellName,
    /// The printed commands; `None` where a step has words only, so that the state cannot be made.
    pub commands: Option<Vec<String>>,
}

impl Plan {
    /// The plan of a record's self-test. `None` where it has no check, or a check without `setup`.
    pub fn of(record: &Record) -> Option<Plan> {
        let check = record.check.clone()?;
        let setup = check.setup.clone()?;
        let cells = cells(record);
        let digest = digest(&setup, &check, &cells);
        Some(Plan { id: record.id.clone(), setup, check, cells, digest })
    }
}

fn cells(record: &Record) -> Vec<PlannedCell> {
    let mut cells = vec![PlannedCell { name: CellName::Broken, commands: Some(Vec::new()) }];
    if !record.fix.is_empty() {
        cells.push(PlannedCell { name: CellName::Fixed, commands: commands(&record.fix) });
    }
    for (nth, other) in (1..).zip(&record.other_fixes) {
        cells.push(PlannedCell { name: CellName::OtherFix(nth), commands: commands(&other.steps) });
    }
    for wrong in &record.wrong_fixes {
        let commands = wrong.run.clone().map(|run| vec![run]);
        cells.push(PlannedCell { name: CellName::WrongFix(wrong.id.clone()), commands });
    }
    cells
}

fn commands(steps: &[Step]) -> Option<Vec<String>> {
    steps.iter().map(|step| step.run.clone()).collect()
}

/// What a digest is of: the parsed values, not the file. Prose may change, a command may not.
///
/// Structs and not maps, since the order of a map's keys depends on how this program was built.
#[derive(Serialize)]
struct Tree<'p> {
    setup: &'p str,
    run: &'p str,
    broken: ExpectationTree<'p>,
    fixed: ExpectationTree<'p>,
    timeout_ms: u64,
    cells: Vec<(String, &'p Option<Vec<String>>)>,
}

#[derive(Serialize)]
struct ExpectationTree<'p> {
    exit: Option<(&'static str, i32)>,
    output: Vec<(&'static str, &'p str)>,
}

fn digest(setup: &str, check: &Check, cells: &[PlannedCell]) -> String {
    let tree = Tree {
        setup,
        run: &check.run,
        broken: expectation(&check.broken),
        fixed: expectation(&check.fixed),
        timeout_ms: u64::try_from(check.timeout.as_millis()).unwrap_or(u64::MAX),
        cells: cells.iter().map(|cell| (cell.name.to_string(), &cell.commands)).collect(),
    };
    let mut hash = Sha256::new();
    hash.update(b"fbc2\0");
    hash.update(serde_json::to_string(&tree).expect("a tree of texts and numbers is JSON"));
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn expectation(expectation: &Expectation) -> ExpectationTree<'_> {
    let exit = expectation.exit.map(|matcher| match matcher {
        ExitMatcher::Equals(code) => ("equals", code),
        ExitMatcher::NotEquals(code) => ("not_equals", code),
    });
    let ops = expectation.output.iter().flat_map(|matcher| &matcher.0).map(|op| match op {
        TextOp::Contains(part) => ("contains", part.as_str()),
        TextOp::NotContains(part) => ("not_contains", part.as_str()),
        TextOp::Equals(whole) => ("equals", whole.as_str()),
        TextOp::Matches(regex) => ("matches", regex.as_str()),
    });
    ExpectationTree { exit, output: ops.collect() }
}
