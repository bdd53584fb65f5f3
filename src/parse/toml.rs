//! TOML text → [`Node`]: the one place that knows the TOML parser.

use super::tree::{Entry, Node, Value};
use crate::diag::{Code, Diagnostic};
use crate::text::{FileId, Span, Spanned};
use toml::Spanned as At;
use toml::de::{DeTable, DeValue};

/// Reads a TOML document; what cannot be read becomes findings, and the rest is kept.
pub fn parse(file: FileId, text: &str, found: &mut Vec<Diagnostic>) -> Node {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let range = error.span().unwrap_or(0..0);
        let message = error.message().lines().next().unwrap_or_default().to_lowercase();
        found.push(Diagnostic::error(Code::Syntax, Span::new(file, range), message));
    }
    Node::new(Span::new(file, 0..text.len()), Value::Map(entries(file, table.get_ref())))
}

fn entries(file: FileId, table: &DeTable) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: Spanned::new(key.get_ref().to_string(), Span::new(file, key.span())),
            node: node(file, value),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key.span);
    entries
}

fn node(file: FileId, value: &At<DeValue>) -> Node {
    let written = match value.get_ref() {
        DeValue::String(text) => Value::Scalar(text.to_string()),
        DeValue::Integer(number) => Value::Scalar(number.to_string()),
        DeValue::Float(number) => Value::Scalar(number.to_string()),
        DeValue::Boolean(yes) => Value::Scalar(yes.to_string()),
        DeValue::Datetime(moment) => Value::Scalar(moment.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(file, item)).collect()),
        DeValue::Table(table) => Value::Map(entries(file, table)),
    };
    let quoted = matches!(value.get_ref(), DeValue::String(_));
    Node { quoted, ..Node::new(Span::new(file, value.span()), written) }
}
