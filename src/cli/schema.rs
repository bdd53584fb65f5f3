//! `faultbook schema`: what records, `book.toml` and results may hold, as JSON Schema 2020-12.
//!
//! The first two come from the tables that reading itself uses, so that an editor and `lint` know the same keys.

use super::Exit;
use super::args::{SchemaArgs, SchemaOf};
use super::report;
use crate::model::{RecordId, Verdict};
use crate::parse::shape::{BOOK_TOML, CONDITION, Field, Kind, MATCHER, RECORD, Shape};
use crate::verify::Level;
use serde_json::{Map, Value, json};

/// The dialect.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Every level of a run.
const LEVELS: [Level; 3] = [Level::Real, Level::Static, Level::Recorded];
/// A `fix` is not among them: a record with `status: open` has none.
const REQUIRED: [&str; 3] = ["title", "product", "symptom"];

/// Prints one schema.
pub fn run(args: &SchemaArgs) -> Exit {
    let schema = match args.of {
        SchemaOf::Record => {
            let mut schema = document("a failure record of faultbook", map(&RECORD));
            schema["required"] = json!(REQUIRED);
            schema["$defs"] = definitions();
            schema
        }
        SchemaOf::Book => document("book.toml of faultbook", map(&BOOK_TOML)),
        SchemaOf::Result => document("results of faultbook's checks", results()),
    };
    report::data(&format!("{schema:#}"));
    Exit::Clean
}

fn document(title: &str, schema: Value) -> Value {
    let mut document = Map::new();
    document.insert("$schema".to_owned(), DIALECT.into());
    document.insert("title".to_owned(), title.into());
    if let Value::Object(entries) = schema {
        document.extend(entries);
    }
    Value::Object(document)
}

fn map(shape: &Shape) -> Value {
    let properties: Map<String, Value> =
        shape.fields.iter().map(|field| (field.key.to_owned(), property(field))).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

fn property(field: &Field) -> Value {
    let mut schema = value(field.kind);
    schema["description"] = field.about.into();
    schema
}

fn value(kind: Kind) -> Value {
    match kind {
        // What another reader of YAML takes for a number is a text here.
        Kind::Line | Kind::Prose | Kind::Script => json!({"type": ["string", "number", "boolean"]}),
        Kind::Day => json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Count => json!({"type": "integer", "minimum": 0}),
        Kind::Id => json!({
            "type": "string",
            "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
            "maxLength": RecordId::MAX_BYTES,
        }),
        Kind::Url => json!({"type": "string", "pattern": "^https?://"}),
        Kind::Word(words) => json!({"enum": words()}),
        Kind::List(of) => {
            let one = value(*of);
            json!({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})
        }
        Kind::Map(shape) => match shape.text_is.and_then(|key| shape.field(key)) {
            Some(field) => json!({"anyOf": [value(field.kind), map(shape)]}),
            None => map(shape),
        },
        Kind::Table(of) => json!({"type": "object", "additionalProperties": value(*of)}),
        Kind::Open(shape, of) => {
            let mut schema = map(shape);
            schema["additionalProperties"] = value(*of);
            schema
        }
        Kind::Items(of) => json!({"type": "array", "items": value(*of)}),
        Kind::Exact => json!({"type": ["string", "number", "boolean"]}),
        Kind::Fitting(pattern) => json!({"type": "string", "pattern": pattern}),
        Kind::Either(kinds) => json!({"anyOf": kinds.iter().map(|kind| value(*kind)).collect::<Vec<_>>()}),
        Kind::Null => json!({"type": "null"}),
        Kind::Probes => json!({"$ref": "#/$defs/probes"}),
        Kind::Matcher => json!({"$ref": "#/$defs/matcher"}),
        Kind::Condition => json!({"$ref": "#/$defs/condition"}),
        Kind::Any => json!({}),
    }
}

/// What nests in itself.
fn definitions() -> Value {
    let one_or_more = |mut schema: Value| {
        schema["minProperties"] = 1.into();
        schema
    };
    // These take probes of each file or request; anywhere else there are none of these names.
    let of_items: Map<String, Value> = ["any", "all", "none", "some", "each"]
        .map(|name| (name.to_owned(), value(Kind::Probes)))
        .into_iter()
        .collect();
    let mut condition = one_or_more(map(&CONDITION));
    condition["maxProperties"] = 1.into();
    json!({
        "probes": {
            "type": "object",
            "properties": of_items,
            "additionalProperties": value(Kind::Matcher),
            "minProperties": 1,
        },
        "matcher": {"anyOf": [value(Kind::Exact), one_or_more(map(&MATCHER))]},
        "condition": {"anyOf": [
            {"type": "string"},
            {"type": "array", "items": value(Kind::Condition), "minItems": 1},
            condition,
        ]},
    })
}

/// A line of `results.jsonl`, what `verify -f json` prints, or a line of `verify -f jsonl`.
fn results() -> Value {
    json!({"oneOf": [line(), report(), record_line()]})
}

fn verdict() -> Value {
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

/// An object that has all of these; what comes later adds to them.
fn object(properties: Value) -> Value {
    let required: Vec<String> =
        properties.as_object().map(|properties| properties.keys().cloned().collect()).unwrap_or_default();
    json!({"type": "object", "properties": properties, "required": required})
}

/// An object that may have these besides.
fn with(mut object: Value, sometimes: Value) -> Value {
    if let (Some(properties), Value::Object(more)) = (object["properties"].as_object_mut(), sometimes) {
        properties.extend(more);
    }
    object
}

fn require(object: &mut Value, key: &str) {
    if let Some(required) = object["required"].as_array_mut() {
        required.push(key.into());
    }
}
