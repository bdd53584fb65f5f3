//! A built site → the records it was built from, as far as their JSON twins tell them.
//!
//! A twin has the fields of a record, so it is read as one: JSON is YAML. What is derived is left out of it, and so is
//! the check, of which a twin tells only a part.

use crate::diag::Code;
use crate::disk::{self, DiskError};
use crate::parse::BOOK_FILE;
use crate::text::{Source, Sources};
use camino::Utf8Path;
use serde_json::{Map, Value};

/// Where a site keeps the twins of all records.
pub const RECORDS: &str = "api/v1/records";
/// The largest twin that is read; a record is at most a part of this.
const MAX_BYTES: u64 = 8 << 20;
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
    root.join("api/v1/records.json").is_file() && root.join(RECORDS).is_dir()
}

/// The records of a site, and a `book.toml` in which no rule is left that could keep one of them out.
pub fn sources(root: &Utf8Path) -> Result<Sources, DiskError> {
    let rules: String = Code::ALL.iter().map(|code| format!("{} = \"off\"\n", code.name())).collect();
    let book_file = Source::from_bytes(BOOK_FILE.into(), format!("[lint]\n{rules}").into_bytes());
    let twins = disk::bounded(&root.join(RECORDS), &["json"], MAX_BYTES)?;
    let records = twins.into_iter().filter_map(|(name, body)| {
        let id = name.strip_suffix(".json")?;
        let record = record(&serde_json::from_slice(&body?).ok()?)?;
        Some(Source::from_bytes(format!("content/{id}.yaml").into(), record.to_string().into_bytes()))
    });
    Ok(Sources::new(records.chain([book_file]).collect()))
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
