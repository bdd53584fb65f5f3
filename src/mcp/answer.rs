//! Answers as values: the fix and what not to do stand first, and nothing is said twice.
//!
//! Every text of a record stands behind a key of its own, so that none of it reads as ours.

use crate::model::{Proof, ProofState, Prose, Record, RecordId, Status, Step, WrongFix};
use crate::search::Hit;
use crate::text::is_invisible;
use crate::verify::{capabilities, check_digest};
use serde_json::{Map, Value, json};

/// How many wrong fixes a hit of a search names.
const MAX_WRONG: usize = 3;

/// A hit; a page of prose has no record.
pub fn hit(hit: &Hit, record: Option<&Record>) -> Value {
    let summary = &hit.summary;
    let wrong =
        record.map(|record| record.wrong_fixes.iter().take(MAX_WRONG).filter_map(said).collect::<Vec<_>>());
    without_nothing(json!({
        "id": summary.id,
        "title": summary.title,
        "fix": record.map(fix),
        "do_not": wrong,
        "cause": record.and_then(Record::likely_cause),
        "status": record.and_then(status),
        "score": hit.score,
    }))
}

/// One record.
pub fn record(record: &Record, proof: &Proof, full: bool) -> Value {
    let confused = record.related.confused_with.iter().map(|other| {
        let name = other.id.as_ref().map(RecordId::as_str).or(other.title.as_deref());
        json!({"with": name, "tell": other.tell.markdown()})
    });
    let mut answer = json!({
        "id": record.id.as_str(),
        "title": record.title,
        "status": status(record),
        "mitigation": record.mitigation.as_ref().map(Prose::markdown),
        "fix": fix(record),
        "do_not": do_not(record),
        "cause": record.root_cause.as_ref().map(Prose::markdown),
        "confused_with": confused.collect::<Vec<_>>(),
        "check": check(proof),
    });
    if full {
        let more = json!({
            "product": record.product,
            "symptom": record.symptom.markdown(),
            "why": record.why.as_ref().map(Prose::markdown),
            "other_fixes": record.other_fixes.iter().map(|other| json!({
                "title": other.title,
                "when": other.when.as_ref().map(Prose::markdown),
                "fix": other.steps.iter().map(step).collect::<Vec<_>>(),
                "price": other.tradeoff.as_ref().map(Prose::markdown),
            })).collect::<Vec<_>>(),
            "verification": record.verification.as_ref().map(Prose::markdown),
            "sources": record.sources.iter().map(|source| json!({
                "title": source.title,
                "url": source.url,
                "read": source.accessed.map(|day| day.to_string()),
            })).collect::<Vec<_>>(),
        });
        if let (Value::Object(answer), Value::Object(more)) = (&mut answer, more) {
            answer.extend(more);
        }
    }
    without_nothing(answer)
}

/// What a check would run and what it expects; `None` where there is none.
pub fn plan(record: &Record) -> Option<Value> {
    let digest = check_digest(record)?;
    let words: Vec<&str> = capabilities(record).into_iter().map(|one| one.name()).collect();
    let mut plan = json!({"id": record.id.as_str(), "digest": digest, "capabilities": words});
    if let Some(verifier) = &record.verify {
        let ids: Vec<Value> =
            verifier.steps.iter().map(|step| json!({"id": step.id, "kind": step.kind.name()})).collect();
        plan["steps"] = ids.into();
        plan["verify"] = verifier.check_tree.clone();
    } else if let Some(check) = &record.check {
        plan["setup"] = json!(check.setup);
        plan["run"] = json!(check.run);
    }
    Some(without_nothing(plan))
}

fn fix(record: &Record) -> Vec<Value> {
    let own = record.quick_fix.repair.iter().map(|repair| json!({"text": repair.markdown()}));
    own.chain(record.fix.iter().map(step)).collect()
}

fn step(step: &Step) -> Value {
    json!({
        "text": step.text.as_ref().map(Prose::markdown),
        "run": step.run,
        "risk": step.risk.as_ref().map(Prose::markdown),
        "undo": step.undo,
    })
}

fn do_not(record: &Record) -> Vec<Value> {
    let own = record.quick_fix.do_not.iter().map(|text| json!({"what": text.markdown()}));
    let wrong = record
        .wrong_fixes
        .iter()
        .map(|wrong| json!({"what": said(wrong), "why": wrong.why.as_ref().map(Prose::markdown)}));
    own.chain(wrong).collect()
}

fn said(wrong: &WrongFix) -> Option<String> {
    wrong.run.clone().or_else(|| wrong.text.as_ref().map(|text| text.markdown().to_owned()))
}

/// What keeps a record from being believed as it stands.
fn status(record: &Record) -> Option<Value> {
    match &record.status {
        Status::Published | Status::Draft { .. } => None,
        Status::Open => Some(json!({"state": "open"})),
        Status::Deprecated(retired) => Some(json!({
            "state": "deprecated",
            "reason": retired.reason.markdown(),
            "see_instead": retired.see_instead.as_ref().map(RecordId::as_str),
        })),
        Status::Withdrawn(retired) => Some(json!({
            "state": "withdrawn",
            "reason": retired.reason.markdown(),
            "see_instead": retired.see_instead.as_ref().map(RecordId::as_str),
        })),
    }
}

fn check(proof: &Proof) -> Option<&'static str> {
    match proof.state {
        ProofState::Tested => Some("tested"),
        ProofState::Outdated => Some("outdated"),
        ProofState::Failing => Some("failing"),
        ProofState::Never => Some("never tested"),
        ProofState::Untestable => None,
    }
}

/// Leaves out what a record does not say: whoever reads pays for every `null`.
fn without_nothing(value: Value) -> Value {
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().map(|(key, value)| (key, without_nothing(value)));
            Value::Object(kept.filter(|(_, value)| !is_nothing(value)).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nothing).collect()),
        other => other,
    }
}

/// The same with a sign in place of every character that no person would see: it could carry words that only a model
/// reads.
pub fn harmless(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(shown(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(harmless).collect()),
        Value::Object(map) => {
            let entries = map.into_iter().map(|(key, value)| (shown(&key), harmless(value)));
            Value::Object(entries.collect::<Map<String, Value>>())
        }
        other => other,
    }
}

/// A text without characters that cannot be seen.
pub fn shown(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) { '␦' } else { c }).collect()
}
