//! The inventory, for people and for programs.

use super::{BOLD, DIM, RESET, data, plural, shown, talk, width};
use crate::model::{Date, Proof, ProofState, Record, SiteUrl};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A record in the inventory.
pub struct Entry<'b> {
    pub record: &'b Record,
    pub proof: Proof,
}

/// Prints one line a record, in columns; on a terminal no longer than it is wide.
pub fn list(entries: &[Entry]) {
    let widest = |column: fn(&Entry) -> String| {
        entries.iter().map(|entry| column(entry).chars().count()).max().unwrap_or_default()
    };
    let (ids, products) = (widest(id), widest(product));
    for entry in entries {
        let (id, product) = (id(entry), product(entry));
        let (check, title) = (entry.proof.state.name(), shown(&entry.record.title));
        let line = format!("{id:<ids$}  {product:<products$}  {check:<10}  {title}");
        let line = match width::terminal() {
            Some(width) => cut(&line, width),
            None => line,
        };
        let (id, rest) = line.split_at(id.len().min(line.len()));
        data(&format!("{BOLD}{id}{RESET}{DIM}{rest}{RESET}"));
    }
}

/// Says how many records there are, and where their checks stand.
pub fn list_summary(entries: &[Entry]) {
    let mut states: BTreeMap<ProofState, usize> = BTreeMap::new();
    for entry in entries {
        *states.entry(entry.proof.state).or_default() += 1;
    }
    let states: Vec<String> = states.iter().map(|(state, n)| format!("{n} {}", state.name())).collect();
    talk(&format!("{DIM}{}: {}{RESET}", plural(entries.len(), "record"), states.join(", ")));
}

fn id(entry: &Entry) -> String {
    entry.record.id.to_string()
}

fn product(entry: &Entry) -> String {
    shown(&entry.record.product)
}

/// The beginning of a line that is too long, with a sign that it goes on.
fn cut(line: &str, width: usize) -> String {
    match line.char_indices().nth(width) {
        Some(_) => line.chars().take(width.saturating_sub(1)).chain(['…']).collect(),
        None => line.to_owned(),
    }
}

/// The inventory as one document, `list/1`. Keys are relied on; they are only added to.
pub fn list_json(entries: &[Entry], site_url: Option<&SiteUrl>) -> String {
    let records: Vec<Value> = entries.iter().map(|entry| record(entry, site_url)).collect();
    format!("{:#}", json!({"schema": "list/1", "records": records}))
}

fn record(entry: &Entry, site_url: Option<&SiteUrl>) -> Value {
    let record = entry.record;
    let day = |day: Option<Date>| day.map(|day| day.to_string());
    let path = format!("f/{}/", record.id);
    json!({
        "id": record.id.as_str(),
        "title": record.title,
        "product": record.product,
        "category": record.category,
        "ecosystem": record.ecosystem,
        "tags": record.tags,
        "status": record.status.name(),
        "check": entry.proof.state.name(),
        "created": day(record.created),
        "updated": day(record.updated),
        "review_by": day(record.review_by),
        "url": site_url.map_or_else(|| format!("/{path}"), |url| url.join(&path)),
    })
}
