//! Answers as values: the fix and what not to do stand first, and nothing is said twice.
//!
//! Every text of a record stands behind a key of its own, so that none of it reads as ours.

use crate::diagnose::{Candidate, Corpus, Diagnosis, Distinction, distinctions, hundredths};
use crate::model::{Proof, ProofState, Prose, Record, RecordId, Status, Step, WrongFix, without_nothing};
use crate::search::Hit;
use crate::text::visible;
use crate::verify::{capabilities, check_digest};
use serde_json::{Map, Value, json};

/// How many wrong fixes a hit of a search names.
const MAX_WRONG: usize = 3;
/// So much of a line of a log is said again.
const MAX_LINE_BYTES: usize = 240;

/// A hit; a page of prose has no record.
pub fn hit(hit: &Hit, record: Option<&Record>) -> Value {
    let summary = &hit.summary;
    without_nothing(json!({
        "id": summary.id,
        "title": summary.title,
        "fix": record.map(fix),
        "do_not": record.map(wrong),
        "cause": record.and_then(Record::likely_cause),
        "status": record.and_then(status),
        "score": hit.score,
    }))
}

/// What explains a log. The first record has its fix; of the others, an id leads to it.
pub fn diagnosis<'r>(
    diagnosis: &Diagnosis,
    corpus: &Corpus,
    record_of: impl Fn(&str) -> Option<&'r Record>,
) -> Value {
    let candidate = |(nth, candidate): (usize, &Candidate)| {
        let known = &corpus.records[candidate.record];
        let record = record_of(&known.id);
        let first = record.filter(|_| nth == 0);
        without_nothing(json!({
            "id": known.id,
            "title": known.title,
            "fix": first.map(fix),
            "do_not": first.map(wrong),
            "cause": first.and_then(Record::likely_cause),
            "status": record.and_then(status),
            "line": clipped(&candidate.line),
            "line_number": candidate.nth,
            "confidence": hundredths(candidate.confidence),
        }))
    };
    let distinguish = |distinction: Distinction| {
        let verifier = distinction.verifier();
        without_nothing(json!({"ids": distinction.ids, "tell": distinction.tell, "verifier": verifier}))
    };
    let mut answer = json!({
        "verdict": diagnosis.verdict.name(),
        "candidates": diagnosis.candidates.iter().enumerate().map(candidate).collect::<Vec<_>>(),
    });
    let distinctions = distinctions(diagnosis, corpus);
    if !distinctions.is_empty() {
        answer["distinguish"] = distinctions.into_iter().map(distinguish).collect();
    }
    answer
}

/// A line that may be any data, as far as it says where to look.
fn clipped(line: &str) -> String {
    match line.len() {
        ..=MAX_LINE_BYTES => line.to_owned(),
        _ => format!("{}…", &line[..line.floor_char_boundary(MAX_LINE_BYTES)]),
    }
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
        "fix": fix(record),
        "do_not": do_not(record),
        "mitigation": record.mitigation.as_ref().map(Prose::markdown),
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

/// The first of what does not help, without why.
fn wrong(record: &Record) -> Vec<String> {
    record.wrong_fixes.iter().take(MAX_WRONG).filter_map(WrongFix::said).collect()
}

fn do_not(record: &Record) -> Vec<Value> {
    let own = record.quick_fix.do_not.iter().map(|text| json!({"what": text.markdown()}));
    let wrong = record
        .wrong_fixes
        .iter()
        .map(|wrong| json!({"what": wrong.said(), "why": wrong.why.as_ref().map(Prose::markdown)}));
    own.chain(wrong).collect()
}

/// What keeps a record from being believed as it stands.
fn status(record: &Record) -> Option<Value> {
    if matches!(record.status, Status::Published | Status::Draft { .. }) {
        return None;
    }
    let retired = record.status.retired();
    Some(json!({
        "state": record.status.name(),
        "reason": retired.map(|retired| retired.reason.markdown()),
        "see_instead": retired.and_then(|retired| retired.see_instead.as_ref()).map(RecordId::as_str),
    }))
}

fn check(proof: &Proof) -> Option<&'static str> {
    (proof.state != ProofState::Untestable).then(|| proof.state.name())
}

/// The same with a sign in place of every character that no person would see: it could carry words that only a model
/// reads.
pub fn harmless(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(visible(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(harmless).collect()),
        Value::Object(map) => {
            let entries = map.into_iter().map(|(key, value)| (visible(&key), harmless(value)));
            Value::Object(entries.collect::<Map<String, Value>>())
        }
        other => other,
    }
}
