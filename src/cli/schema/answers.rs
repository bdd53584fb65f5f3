//! What verbs that answer print: `search/1`, `diagnose/1`, `eval/1`, `list/1`, `lint/1`.

use super::results::verdict;
use super::{object, require, with};
use crate::model::ProofState;
use serde_json::{Value, json};

/// A schema for each.
pub fn all() -> [Value; 5] {
    [search(), diagnose(), eval(), list(), lint()]
}

/// The document of a name: it holds these, and may hold more.
fn named(name: &str, about: &str, properties: Value) -> Value {
    let mut document = object(properties);
    document["properties"]["schema"] = json!({"const": name});
    require(&mut document, "schema");
    document["description"] = about.into();
    document
}

fn text(about: &str) -> Value {
    json!({"type": "string", "description": about})
}

fn text_or_null(about: &str) -> Value {
    json!({"type": ["string", "null"], "description": about})
}

fn count(about: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "description": about})
}

fn listed(item: Value) -> Value {
    json!({"type": "array", "items": item})
}

fn search() -> Value {
    let matched = object(json!({"field": text("where"), "text": text("what stands there")}));
    let hit = object(json!({
        "rank": {"type": "integer", "minimum": 1},
        "id": text("the record; of a page of prose, `guide/` and its name"),
        "title": text("its title"),
        "url": text("its page, from the site's root"),
        "score": count("comparable within one answer only"),
        "matched": listed(matched),
        "summary": text("its first sentence"),
        "product": text("what fails"),
        "category": text_or_null("the kind of failure"),
    }));
    named("search/1", "what `search` prints; the best hit first", json!({"hits": listed(hit)}))
}

fn diagnose() -> Value {
    let check = object(json!({
        "verdict": verdict(),
        "reason": text_or_null("why, where the facts do not say it, and what would let it run"),
        "digest": text("the digest of what ran or would have"),
    }));
    let always = json!({
        "id": text("the record"),
        "title": text("its title"),
        "url": text("its page: whole where the book knows its site, else from the root"),
        "via": {"enum": ["signature", "ranking"]},
        "confidence": {"type": "number", "minimum": 0, "description": "up to 1"},
        "line": text("the line of the log that tells it, without secrets"),
        "line_number": count("which line that is, from 1"),
        "fix": text_or_null("the first step of the repair"),
    });
    let candidate = with(object(always), json!({"check": check}));
    let distinction = object(json!({
        "ids": listed(text("a candidate")),
        "tell": text_or_null("what one of them says of the other; null where only checks can tell"),
        "verifier": text_or_null("the command that runs their checks"),
    }));
    let document = named(
        "diagnose/1",
        "what `diagnose` prints; the best candidate first",
        json!({
            "verdict": {"enum": ["match", "likely", "maybe", "none"]},
            "candidates": listed(candidate),
            "distinguish": listed(distinction),
        }),
    );
    let present = json!({"type": "array", "items": {"type": "string"}, "description": "with --run: failures that are here"});
    with(document, json!({"present": present}))
}

fn eval() -> Value {
    let share = || json!({"type": "number", "minimum": 0, "description": "up to 1"});
    let group = object(json!({"n": count("queries"), "r1": share(), "r5": share(), "mrr": share()}));
    let lost = object(json!({
        "id": text("the record"),
        "query": text("its keyword"),
        "rank": {"type": ["integer", "null"], "description": "null where it is not found"},
        "top": count("the rank that was promised"),
        "absent": {"type": "boolean", "description": "whether it must not be found"},
    }));
    named(
        "eval/1",
        "what `eval` prints",
        json!({
            "groups": {"type": "object", "additionalProperties": group},
            "false_positives": object(json!({"n": count("logs that nothing explains"), "answered": count("those that got an answer")})),
            "lost": listed(lost),
        }),
    )
}

fn list() -> Value {
    let day = || json!({"type": ["string", "null"], "description": "a day, such as 2026-11-24"});
    let record = object(json!({
        "id": text("the record"),
        "title": text("its title"),
        "product": text("what fails"),
        "category": text_or_null("the kind of failure"),
        "ecosystem": text_or_null("where it belongs"),
        "tags": listed(text("a tag")),
        "status": text("where it stands editorially"),
        "check": {"enum": ProofState::ALL.map(ProofState::name)},
        "created": day(),
        "updated": day(),
        "review_by": day(),
        "url": text("its page: whole where the book knows its site, else from the root"),
    }));
    named("list/1", "what `list` prints, by id", json!({"records": listed(record)}))
}

fn lint() -> Value {
    let place = |about: &str| json!({"type": "integer", "minimum": 1, "description": about});
    let finding = object(json!({
        "rule": text("the name of the rule"),
        "severity": {"enum": ["error", "warning"]},
        "path": text("the file, from the book's folder"),
        "line": place("from 1"),
        "column": place("from 1, in characters"),
        "end_line": place("from 1"),
        "end_column": place("from 1, behind the last character"),
        "message": text("what is wrong"),
        "hint": text_or_null("the remedy"),
    }));
    named("lint/1", "what `lint` prints, by file and place", json!({"findings": listed(finding)}))
}
