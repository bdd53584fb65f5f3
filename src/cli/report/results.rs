//! Outcomes of checks as JSON: one document, or a record per line. Keys are relied on; they are only added to.

use super::outcome::{RunContext, expected, is_self_test, ms};
use super::plain::harmless;
use crate::model::{Fact, Verdict};
use crate::verify::{CellOutcome, Evidence, Outcome, StepOutcome};
use serde_json::{Value, json};

/// One document, `verify/1`.
pub fn document(outcomes: &[Outcome], context: &RunContext) -> String {
    let records: Vec<Value> = outcomes.iter().map(|outcome| record(outcome, context)).collect();
    harmless(&format!("{:#}", json!({"schema": "verify/1", "records": records})))
}

/// A record per line.
pub fn lines(outcomes: &[Outcome], context: &RunContext) -> String {
    let lines: Vec<String> =
        outcomes.iter().map(|outcome| harmless(&record(outcome, context).to_string())).collect();
    lines.join("\n")
}

fn record(outcome: &Outcome, context: &RunContext) -> Value {
    let mut record = json!({
        "schema": "verify-result/1",
        "id": outcome.id.as_str(),
        "digest": outcome.digest,
        "verdict": outcome.verdict.name(),
        "mode": outcome.mode.name(),
        "reason": outcome.reason,
        "witnessed": outcome.witnessed,
        "steps": outcome.steps.iter().map(step).collect::<Vec<_>>(),
        "sandbox": super::sandbox(&outcome.claims),
        "tools": outcome.tools,
        "os": context.os,
        "arch": context.arch,
        "tool_version": context.tool_version,
        "started": context.started,
        "ms": ms(outcome.took),
        "page": context.page(&outcome.id),
    });
    if is_self_test(outcome) {
        record["cells"] = outcome.cells.iter().map(cell).collect();
    }
    if let Some(mutants) = &outcome.mutants {
        record["mutants"] = json!({
            "killed": mutants.killed,
            "total": mutants.total,
            "survivors": mutants.survivors,
        });
    }
    record
}

fn step(step: &StepOutcome) -> Value {
    let mut value = json!({"id": step.id, "value": fact(step.fact), "ms": ms(step.took)});
    if let Some(reason) = &step.reason {
        value["reason"] = json!(reason);
    }
    if !step.evidence.is_empty() {
        value["evidence"] = step.evidence.iter().map(evidence).collect();
    }
    value
}

fn evidence(evidence: &Evidence) -> Value {
    match evidence.line {
        Some(line) => json!({"path": evidence.path, "line": line}),
        None => json!({"path": evidence.path}),
    }
}

fn fact(fact: Fact) -> &'static str {
    match fact {
        Fact::True => "true",
        Fact::False => "false",
        Fact::Unknown => "unknown",
    }
}

fn cell(cell: &CellOutcome) -> Value {
    json!({
        "state": cell.name.to_string(),
        "verdict": cell.verdict.map(Verdict::name),
        "as_expected": cell.verdict.map(|_| !cell.is_failure()),
        "expected": expected(cell),
        "level": cell.level.name(),
        "reason": cell.reason,
        "ms": ms(cell.took),
    })
}
