//! A tree → JSON, with the kinds that YAML's core schema gives to scalars.
//!
//! In: a node. Out: a value whose maps are sorted as RFC 8785 asks, so that its text is canonical where it holds texts,
//! whole numbers and truth values alone.
//! Not here: what the value means.

use super::tree::{Entry, Node, Value};
use serde_json::{Map, Number, Value as Json};

/// The JSON of a node.
pub fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Scalar(text) if node.quoted => Json::String(text.clone()),
        Value::Scalar(text) => plain(text),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => map(entries.iter()),
    }
}

/// A map of some entries, sorted by their keys.
pub fn map<'n>(entries: impl Iterator<Item = &'n Entry>) -> Json {
    let mut members: Vec<(&str, Json)> =
        entries.map(|entry| (entry.key.value.as_str(), json(&entry.node))).collect();
    members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    Json::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
}

/// What a scalar without quotes is.
fn plain(text: &str) -> Json {
    match text {
        "true" | "True" | "TRUE" => return Json::Bool(true),
        "false" | "False" | "FALSE" => return Json::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Json::String(text.to_owned()), Json::Number)
}

fn number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+')).map(Number::from);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().filter(|_| !digits.starts_with('+')).map(Number::from);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits != ".";
    if !begins || !digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte)) {
        return None;
    }
    let whole = text.strip_prefix('+').unwrap_or(text);
    let signed = whole.parse::<i64>().ok().map(Number::from);
    signed
        .or_else(|| whole.parse::<u64>().ok().map(Number::from))
        .or_else(|| whole.parse::<f64>().ok().and_then(Number::from_f64))
}
