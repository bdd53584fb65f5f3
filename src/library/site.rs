//! A built site → the records it was built from, as far as their JSON twins tell them.
//!
//! A twin has the fields of a record, so it is read as one: JSON is YAML. What is derived is left out of it, and so is
//! the check, of which a twin tells only a part. What was observed stands in the list of signatures.

use crate::diag::Code;
use crate::disk::{self, DiskError};
use crate::model::{Date, Proof, ProofState, RecordId};
use crate::parse::BOOK_FILE;
use crate::text::{Source, Sources};
use camino::Utf8Path;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Where a site keeps the twins of all records.
pub const RECORDS: &str = "api/v1/records";
/// What its programs were seen to print, which twins do not tell.
pub const SIGNATURES: &str = "api/v1/signatures.json";
/// The list of all of them.
const LIST: &str = "api/v1/records.json";
/// The largest twin that is read; a record is at most a part of this.
const MAX_BYTES: u64 = 8 << 20;
/// The largest list of all records that is read.
const MAX_LIST_BYTES: u64 = 512 << 20;
/// Keys that are the same in a twin and in a record.
const SAME: [&str; 27] = [
    "title",
    "summary",
    "product",
    "category",
    "ecosystem",
    "tags",
    "contract",
    "audience",
    "severity",
    "owner",
    "escalate",
    "alerts",
    "mitigation",
    "applies_to",
    "signatures",
    "symptom",
    "root_cause",
    "why",
    "other_fixes",
    "wrong_fixes",
    "verification",
    "keywords",
    "related",
    "sources",
    "created",
    "updated",
    "review_by",
];

/// Whether a folder holds a built site.
pub fn is_one(root: &Utf8Path) -> bool {
    root.join(LIST).is_file() && root.join(RECORDS).is_dir()
}

/// The records of a site, and a `book.toml` in which no rule is left that could keep one of them out.
pub fn sources(root: &Utf8Path) -> Result<Sources, DiskError> {
    let rules: String = Code::ALL.iter().map(|code| format!("{} = \"off\"\n", code.name())).collect();
    let address = address(root).map(|url| format!("[output.html]\nsite-url = {url}\n")).unwrap_or_default();
    let book_file = Source::from_bytes(BOOK_FILE.into(), format!("{address}[lint]\n{rules}").into_bytes());
    let mut observed = observed(root);
    let twins = disk::bounded(&root.join(RECORDS), &["json"], MAX_BYTES)?;
    let records = twins.into_iter().filter_map(|(name, body)| {
        let id = name.strip_suffix(".json")?;
        let record = record(&serde_json::from_slice(&body?).ok()?)?;
        let path = format!("content/{id}.yaml").into();
        let observed = observed.remove(id).into_iter().collect();
        Some(Source { observed, ..Source::from_bytes(path, record.to_string().into_bytes()) })
    });
    Ok(Sources::new(records.chain([book_file]).collect()))
}

/// What the twin of a record says of its check: how it stands, and since when.
pub fn proof(root: &Utf8Path, id: &RecordId) -> Proof {
    let path = root.join(RECORDS).join(format!("{id}.json"));
    let body = disk::bounded(&path, &[], MAX_BYTES).ok().and_then(|mut files| files.pop()?.1);
    let twin: Value = body.and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default();
    let check = &twin["check"];
    let state = ProofState::ALL.into_iter().find(|state| check["state"] == state.name());
    Proof {
        date: check["date"].as_str().and_then(Date::parse),
        platform: check["platform"].as_str().map(str::to_owned),
        ..Proof::without_run(state.unwrap_or(ProofState::Untestable))
    }
}

/// A list of all records, as far as it is one.
fn list(root: &Utf8Path, name: &str) -> Vec<Value> {
    let file = disk::bounded(&root.join(name), &[], MAX_LIST_BYTES).ok().and_then(|mut files| files.pop());
    let list = file.and_then(|(_, body)| serde_json::from_slice::<Value>(&body?).ok());
    match list.map(|mut list| list["records"].take()) {
        Some(Value::Array(records)) => records,
        _ => Vec::new(),
    }
}

/// Where the site is published, as TOML writes a text; `None` where it does not say so.
fn address(root: &Utf8Path) -> Option<Value> {
    let records = list(root, LIST);
    let first = records.first()?;
    let page = format!("f/{}/", first["id"].as_str()?);
    let address = first["url"].as_str()?.strip_suffix(&page)?;
    address.contains("://").then(|| address.into())
}

/// What programs were seen to print, by record; it has slots already where runs differ.
fn observed(root: &Utf8Path) -> BTreeMap<String, String> {
    let of = |record: Value| {
        let lines = record["observed"].as_array()?.iter().filter_map(Value::as_str);
        Some((record["id"].as_str()?.to_owned(), lines.collect::<Vec<_>>().join("\n")))
    };
    list(root, SIGNATURES).into_iter().filter_map(of).collect()
}

/// A twin as a record.
fn record(twin: &Value) -> Option<Value> {
    let twin = twin.as_object()?;
    let mut record = Map::new();
    for key in SAME.iter().chain(&["authors", "license", "aliases"]) {
        if let Some(value) = twin.get(*key) {
            record.insert((*key).to_owned(), value.clone());
        }
    }
    // `draft` is what a record becomes by what it lacks.
    let status = twin.get("status").filter(|status| status["state"] != "draft");
    record.extend(status.map(|status| ("status".to_owned(), status.clone())));
    let quick_fix = twin.get("quick_fix").and_then(Value::as_object);
    if let Some(fix) = quick_fix.and_then(|block| block.get("fix")) {
        record.insert("fix".to_owned(), fix.clone());
    }
    if let Some(repair) = quick_fix.and_then(|block| block.get("repair")) {
        record.insert("quick_fix".to_owned(), serde_json::json!({"repair": repair}));
    }
    Some(Value::Object(record))
}
