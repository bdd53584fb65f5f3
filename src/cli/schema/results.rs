//! What running checks leaves and prints.

use super::{object, require, with};
use crate::model::Verdict;
use crate::verify::Level;
use serde_json::{Value, json};

/// Every level of a run.
const LEVELS: [Level; 3] = [Level::Real, Level::Static, Level::Recorded];

/// A line of `results.jsonl`, what `verify -f json` prints, or a line of `verify -f jsonl`.
pub fn all() -> [Value; 3] {
    [line(), report(), record_line()]
}

/// What a check came to.
pub fn verdict() -> Value {
    json!({"enum": Verdict::ALL.iter().map(|(_, name)| *name).collect::<Vec<_>>()})
}

fn line() -> Value {
    let text = |about: &str| json!({"type": "string", "description": about});
    let mut line = object(json!({
        "id": {"type": "string", "description": "the record"},
        "check": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$", "description": "the digest of what ran"},
        "date": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "the day"},
        "os": text("such as linux"),
        "arch": text("such as x86_64"),
        "cells": {
            "type": "object",
            "additionalProperties": verdict(),
            "description": "what each state showed: broken, fixed, other-fix/N, or a state of the record's own",
        },
        "wrong": {
            "type": "object",
            "additionalProperties": verdict(),
            "description": "what each wrong fix led to, by its id",
        },
        "level": text("what ran: `real` programs"),
        "sandbox": text("what was enforced around them"),
    }));
    // What earlier versions did not write.
    line["properties"]["mutants"] = json!({
        "type": "array",
        "items": {"type": "integer", "minimum": 0},
        "description": "changes of the check that some state noticed, and how many there were",
    });
    line["properties"]["survivors"] = json!({
        "type": "array",
        "items": {"type": "string"},
        "description": "the changes that no state noticed",
    });
    line["properties"]["cross_false_positives"] = json!({
        "type": "integer",
        "minimum": 0,
        "description": "records in whose broken state the check saw its own failure",
    });
    line
}

fn report() -> Value {
    object(json!({
        "schema": {"const": "verify/1"},
        "records": {"type": "array", "items": record()},
    }))
}

/// A record that stands on its own.
fn record_line() -> Value {
    let mut record = record();
    record["properties"]["schema"] = json!({"const": "verify-result/1"});
    require(&mut record, "schema");
    require(&mut record, "verdict");
    record
}

/// What running one record's check came to.
fn record() -> Value {
    let always = json!({
        "id": {"type": "string"},
        "digest": {"type": "string", "description": "the digest of what ran"},
        "mode": {"enum": ["detect", "repair", "self-test"]},
        "sandbox": sandbox(),
    });
    let sometimes = json!({
        "verdict": verdict(),
        "reason": {"type": ["string", "null"], "description": "why, where the facts do not say it"},
        "witnessed": {"type": "boolean", "description": "whether this machine has seen the failure before"},
        "steps": {"type": "array", "items": step(), "description": "the facts, as they were observed"},
        "cells": {"type": "array", "items": cell(), "description": "the states of a self-test"},
        "tools": {"type": "object", "additionalProperties": {"type": "string"}, "description": "their versions"},
        "os": {"type": "string"},
        "arch": {"type": "string"},
        "tool_version": {"type": "string"},
        "started": {"type": ["string", "null"]},
        "ms": {"type": "integer", "minimum": 0},
        "page": {"type": "string", "description": "the record's page"},
    });
    with(object(always), sometimes)
}

fn step() -> Value {
    let place = with(
        object(
            json!({"path": {"type": "string", "description": "relative to the folder that was examined"}}),
        ),
        json!({"line": {"type": "integer", "minimum": 1}}),
    );
    let always = json!({
        "id": {"type": "string"},
        "value": {"enum": ["true", "false", "unknown"]},
        "ms": {"type": "integer", "minimum": 0},
    });
    let sometimes = json!({
        "reason": {"type": "string", "description": "why nothing is known"},
        "evidence": {"type": "array", "items": place},
    });
    with(object(always), sometimes)
}

fn cell() -> Value {
    let always = json!({
        "state": {"type": "string", "pattern": "."},
        "verdict": {"anyOf": [verdict(), {"type": "null"}], "description": "null where nothing was executed"},
        "as_expected": {"type": ["boolean", "null"]},
        "reason": {"type": ["string", "null"]},
        "ms": {"type": "integer", "minimum": 0},
    });
    let sometimes = json!({
        "expected": {"type": "array", "items": verdict(), "description": "what it may come to"},
        "level": {"enum": LEVELS.map(Level::name), "description": "how real it was"},
    });
    with(object(always), sometimes)
}

/// What was enforced around programs, property by property.
fn sandbox() -> Value {
    let claim = |name: &str| (name.to_owned(), json!({"type": "string"}));
    let mut properties: serde_json::Map<String, Value> =
        ["fs_write", "fs_read", "network", "signals", "limits", "kill"].into_iter().map(claim).collect();
    properties.insert("notes".to_owned(), json!({"type": "array", "items": {"type": "string"}}));
    json!({"type": "object", "properties": properties})
}
