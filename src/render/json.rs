//! The JSON twin of a record: the facts of its page for programs. Keys are relied on; they are only added to.

use crate::model::{Proof, Prose, Record, Step, WrongFix};
use serde_json::{Value, json};

/// The twin, ending in a newline.
pub fn record(record: &Record, proof: &Proof, url: &str) -> String {
    let prose = |prose: &Option<Prose>| prose.as_ref().map(Prose::markdown).map(str::to_owned);
    let twin = json!({
        "schema": "record/1",
        "id": record.id.as_str(),
        "url": url,
        "title": record.title,
        "summary": record.summary,
        "product": record.product,
        "category": record.category,
        "ecosystem": record.ecosystem,
        "tags": record.tags,
        "contract": record.contract,
        "quick_fix": {
            "cause": record.likely_cause(),
            "fix": record.fix.iter().map(step).collect::<Vec<_>>(),
            "do_not": record.wrong_fixes.iter().map(said).collect::<Vec<_>>(),
        },
        "symptom": record.symptom.markdown(),
        "root_cause": prose(&record.root_cause),
        "why": prose(&record.why),
        "other_fixes": record.other_fixes.iter().map(|other| json!({
            "title": other.title,
            "when": prose(&other.when),
            "steps": other.steps.iter().map(step).collect::<Vec<_>>(),
            "tradeoff": prose(&other.tradeoff),
        })).collect::<Vec<_>>(),
        "wrong_fixes": record.wrong_fixes.iter().map(wrong_fix).collect::<Vec<_>>(),
        "verification": prose(&record.verification),
        "check": check(record, proof),
        "keywords": record.keywords.iter().map(|keyword| &keyword.query).collect::<Vec<_>>(),
        "sources": record.sources.iter().map(|source| json!({
            "url": source.url,
            "title": source.title,
            "publisher": source.publisher,
            "accessed": source.accessed.map(|date| date.to_string()),
            "quote": source.quote,
            "supports": source.supports,
        })).collect::<Vec<_>>(),
        "created": record.created.map(|date| date.to_string()),
        "updated": record.updated.map(|date| date.to_string()),
        "license": record.license,
    });
    serde_json::to_string_pretty(&without_nothing(twin)).expect("a tree of JSON values is JSON") + "\n"
}

fn step(step: &Step) -> Value {
    json!({
        "text": step.text.as_ref().map(Prose::markdown),
        "run": step.run,
        "undo": step.undo,
        "risk": step.risk.as_ref().map(Prose::markdown),
    })
}

fn wrong_fix(fix: &WrongFix) -> Value {
    json!({
        "id": fix.id,
        "text": fix.text.as_ref().map(Prose::markdown),
        "run": fix.run,
        "why": fix.why.as_ref().map(Prose::markdown),
        "tempting": fix.tempting.as_ref().map(Prose::markdown),
    })
}

fn said(fix: &WrongFix) -> Option<String> {
    fix.run.clone().or_else(|| fix.text.as_ref().map(|text| text.markdown().to_owned()))
}

fn check(record: &Record, proof: &Proof) -> Option<Value> {
    let check = record.check.as_ref()?;
    let cells: serde_json::Map<String, Value> =
        proof.cells.iter().map(|(name, verdict)| (name.to_string(), verdict.name().into())).collect();
    Some(json!({
        "setup": check.setup,
        "run": check.run,
        "state": format!("{:?}", proof.state).to_lowercase(),
        "date": proof.date.map(|date| date.to_string()),
        "platform": proof.platform,
        "cells": cells,
    }))
}

/// Leaves out what a record does not say, so that a reader pays for no `null`.
fn without_nothing(value: Value) -> Value {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().map(|(key, value)| (key, without_nothing(value)));
            Value::Object(kept.filter(|(_, value)| !empty(value)).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nothing).collect()),
        other => other,
    }
}
