//! The self-test of a record as data: which scripts run in which state.

use crate::model::{CellName, Check, ExitMatcher, Expectation, Record, RecordId, Step, TextOp};
use serde_json::{Value, json};
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

/// A digest of the parsed values, not of the file: prose may change, a command may not.
fn digest(setup: &str, check: &Check, cells: &[PlannedCell]) -> String {
    let tree = json!({
        "setup": setup,
        "run": check.run,
        "broken": expectation(&check.broken),
        "fixed": expectation(&check.fixed),
        "timeout_ms": u64::try_from(check.timeout.as_millis()).unwrap_or(u64::MAX),
        "cells": cells.iter().map(|cell| (cell.name.to_string(), &cell.commands)).collect::<Vec<_>>(),
    });
    let mut hash = Sha256::new();
    hash.update(b"fbc1\0");
    hash.update(tree.to_string().as_bytes());
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn expectation(expectation: &Expectation) -> Value {
    let exit = expectation.exit.map(|matcher| match matcher {
        ExitMatcher::Equals(code) => json!({"equals": code}),
        ExitMatcher::NotEquals(code) => json!({"not_equals": code}),
    });
    let op = |op: &TextOp| match op {
        TextOp::Contains(part) => json!({"contains": part}),
        TextOp::NotContains(part) => json!({"not_contains": part}),
        TextOp::Equals(whole) => json!({"equals": whole}),
        TextOp::Matches(regex) => json!({"matches": regex.as_str()}),
    };
    let output = expectation.output.as_ref().map(|matcher| matcher.0.iter().map(op).collect::<Vec<_>>());
    json!({"exit": exit, "output": output})
}
