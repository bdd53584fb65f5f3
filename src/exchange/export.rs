//! Records of this book → a JSON object per line, which the import of `jsonl` reads again.
//!
//! In: trees as they are written. Out: lines, and for each record what a line cannot hold.
//! Not here: which records are meant, and what lies beside them.

use super::Loss;
use crate::model::RecordId;
use crate::parse::{Node, Value as Written};
use serde_json::{Map, Number, Value};

/// A record to be exported.
#[derive(Debug)]
pub struct Export {
    /// Its id.
    pub id: RecordId,
    /// Its fields, as they are written.
    pub tree: Node,
    /// The names of files and folders beside it, which belong to it.
    pub beside: Vec<String>,
}

/// A record as a line, and what of it stays behind.
#[derive(Debug)]
pub struct Exported {
    /// Its id.
    pub id: RecordId,
    /// The line, without its end.
    pub line: String,
    /// What it does not hold.
    pub dropped: Vec<Loss>,
}

/// Writes a record as a line.
pub fn export(record: &Export) -> Exported {
    let mut dropped: Vec<Loss> = Vec::new();
    let mut lose = |reason: &'static str, what: &str| dropped.push(Loss { reason, what: what.to_owned() });
    record.beside.iter().for_each(|name| lose("a file beside the record", name));
    if let Some(comment) = first_comment(&record.tree) {
        lose("comments", comment.trim());
    }
    let mut fields = Map::new();
    fields.insert("id".to_owned(), record.id.as_str().into());
    if let Value::Object(own) = value(&record.tree) {
        fields.extend(own.into_iter().filter(|(key, _)| key != "id"));
    }
    if let Some(earlier) = fields.get("x").and_then(|x| x.get("imported_id")).and_then(Value::as_str) {
        lose("an import replaces the id that it was imported with", earlier);
    }
    Exported { id: record.id.clone(), line: Value::Object(fields).to_string(), dropped }
}

fn first_comment(node: &Node) -> Option<&str> {
    let own = node.comments.iter().chain(&node.comments_after).map(String::as_str);
    let mut own = own.filter(|comment| !comment.trim().is_empty());
    own.next().or_else(|| match &node.value {
        Written::List(items) => items.iter().find_map(first_comment),
        Written::Map(entries) => entries.iter().find_map(|entry| first_comment(&entry.node)),
        Written::Null | Written::Scalar(_) => None,
    })
}

/// A value as JSON has it; what stands in quotes is a text, and so is a number that JSON would write differently.
fn value(node: &Node) -> Value {
    match &node.value {
        Written::Null => Value::Null,
        Written::Scalar(text) if node.quoted => text.as_str().into(),
        Written::Scalar(text) => plain(text),
        Written::List(items) => items.iter().map(value).collect(),
        Written::Map(entries) => {
            let members = entries.iter().map(|entry| (entry.key.value.clone(), value(&entry.node)));
            Value::Object(members.collect())
        }
    }
}

fn plain(text: &str) -> Value {
    let number = || text.parse::<i64>().ok().map(Number::from).filter(|number| number.to_string() == text);
    match text {
        "true" => true.into(),
        "false" => false.into(),
        _ => number().map_or_else(|| text.into(), Value::Number),
    }
}
