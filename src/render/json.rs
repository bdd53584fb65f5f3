//! The JSON twin of a record: the facts of its page for programs. Keys are relied on; they are only added to.

use crate::model::{
    Audience, Extension, Outcome, Proof, Prose, Record, Signature, SignaturePattern, Status, Step, Words,
    WrongFix, without_nothing,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The twin, ending in a newline.
pub fn record(record: &Record, proof: &Proof, has_script: bool, url: &str) -> String {
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
        "status": status(&record.status),
        "audience": (record.audience == Audience::Internal).then_some("internal"),
        "severity": record.severity,
        "owner": record.owner,
        "escalate": record.escalate,
        "alerts": record.alerts.iter().map(|alert| alert.as_str()).collect::<Vec<_>>(),
        "quick_fix": quick_fix(record),
        "mitigation": prose(&record.mitigation),
        "applies_to": record.applies_to.iter().map(|affected| json!({
            "component": affected.component,
            "introduced": affected.introduced.as_ref().map(ToString::to_string),
            "fixed": affected.fixed.as_ref().map(ToString::to_string),
        })).collect::<Vec<_>>(),
        "signatures": record.signatures.iter().map(signature).collect::<Vec<_>>(),
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
        "check": check(record, proof, has_script),
        "keywords": keywords(record),
        "related": related(record),
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
        "review_by": record.review_by.map(|date| date.to_string()),
        "authors": record.authors,
        "license": record.license,
        "aliases": record.aliases.iter().map(|alias| alias.as_str()).collect::<Vec<_>>(),
        "x": extensions(&record.extensions),
    });
    // On one line: agents pay for every blank, and a browser sets it well by itself.
    without_nothing(twin).to_string() + "\n"
}

/// The block that a reader in a hurry needs: what is derived, or what the author put in its place.
fn quick_fix(record: &Record) -> Value {
    let markdown = |prose: &Prose| prose.markdown().to_owned();
    let do_not: Vec<String> = match record.quick_fix.do_not.as_slice() {
        [] => record.wrong_fixes.iter().filter_map(WrongFix::said).collect(),
        own => own.iter().map(markdown).collect(),
    };
    json!({
        "cause": record.likely_cause(),
        "repair": record.quick_fix.repair.as_ref().map(markdown),
        "fix": record.fix.iter().map(step).collect::<Vec<_>>(),
        "do_not": do_not,
    })
}

fn keywords(record: &Record) -> Vec<&str> {
    let found = record.keywords.iter().filter(|keyword| !keyword.absent);
    found.map(|keyword| keyword.query.as_str()).collect()
}

fn related(record: &Record) -> Value {
    let related = &record.related;
    let ids = |ids: &[crate::model::RecordId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "confused_with": related.confused_with.iter().map(|other| json!({
            "id": other.id.as_ref().map(ToString::to_string),
            "title": other.title,
            "tell": other.tell.markdown(),
        })).collect::<Vec<_>>(),
        "leads_to": ids(&related.leads_to),
        "caused_by": ids(&related.caused_by),
        "see_also": ids(&related.see_also),
        "supersedes": ids(&related.supersedes),
    })
}

fn status(status: &Status) -> Value {
    let retired = status.retired();
    json!({
        "state": status.name(),
        "reason": retired.map(|retired| retired.reason.markdown()),
        "see_instead": retired.and_then(|retired| retired.see_instead.as_ref()).map(ToString::to_string),
    })
}

fn signature(signature: &Signature) -> Value {
    let (key, text) = match &signature.pattern {
        SignaturePattern::Literal(text) => ("literal", text.as_str()),
        SignaturePattern::Regex(pattern) => ("regex", pattern.as_str()),
    };
    json!({
        key: text,
        "example": signature.example,
        "not_this": signature.not_this,
        "weak": signature.weak.then_some(true),
    })
}

/// Values for other programs, as they were written: every scalar is a text.
pub fn extensions(extensions: &BTreeMap<String, Extension>) -> Value {
    let entries = extensions.iter().map(|(key, value)| (key.clone(), extension(value)));
    Value::Object(entries.collect())
}

fn extension(value: &Extension) -> Value {
    match value {
        Extension::Text(text) => text.as_str().into(),
        Extension::List(items) => Value::Array(items.iter().map(extension).collect()),
        Extension::Map(map) => extensions(map),
    }
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
        "outcome": fix.outcome.map(|outcome| {
            Outcome::WORDS.iter().find(|(_, known)| *known == outcome).map_or("", |(word, _)| *word)
        }),
    })
}

fn check(record: &Record, proof: &Proof, has_script: bool) -> Option<Value> {
    let (check, verify) = (record.check.as_ref(), record.verify.as_ref());
    if check.is_none() && verify.is_none() {
        return None;
    }
    let cells: serde_json::Map<String, Value> =
        proof.cells.iter().map(|(name, verdict)| (name.to_string(), verdict.name().into())).collect();
    Some(json!({
        "setup": check.and_then(|check| check.setup.as_ref()),
        "run": check.map(|check| &check.run),
        "verify": verify.map(|verifier| &verifier.full_tree),
        "digest": proof.check_digest,
        "script": has_script.then_some("verify.sh"),
        "state": proof.state.name(),
        "date": proof.date.map(|date| date.to_string()),
        "platform": proof.platform,
        "cells": cells,
        "sandbox": proof.sandbox,
        "mutants": proof.mutants.map(|(killed, total)| json!({"killed": killed, "total": total})),
        "cross_false_positives": proof.false_positives,
    }))
}
