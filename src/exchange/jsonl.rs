//! A JSON object per line → a record each.
//!
//! `text` becomes `why`; where no `symptom` is given, its first paragraph becomes that. Fields have the names that
//! records have; any other goes into `x`.

use super::draft::{Draft, Relation};
use super::{Skipped, prose};
use crate::parse::shape::{RECORD, RELATED};
use crate::parse::{Node, Value as Written, list_node, map_node, text_node};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Reads every line; one that is broken is skipped, with its number.
pub fn read(source: &str, bytes: &[u8]) -> Vec<Result<Draft, Skipped>> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    lines
        .map(|(nth, bytes)| {
            let place = format!("{source}:{}", nth + 1);
            line(&place, bytes).map_err(|reason| Skipped { source: place, reason })
        })
        .collect()
}

fn line(place: &str, bytes: &[u8]) -> Result<Draft, String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("its JSON cannot be read: {error}"))?;
    let Value::Object(mut fields) = value else {
        return Err("it is no JSON object".to_owned());
    };
    let id = match fields.remove("id") {
        Some(Value::String(id)) => id.trim().to_owned(),
        Some(Value::Number(id)) => id.to_string(),
        _ => String::new(),
    };
    if id.is_empty() {
        return Err("it has no `id`".to_owned());
    }
    let mut draft = Draft::new(&id, place);
    let text = fields.remove("text");
    relate(&mut draft, &mut fields);
    fill(&mut draft, fields);
    if let Some(text) = text {
        explain(&mut draft, text);
    }
    Ok(draft)
}

fn fill(draft: &mut Draft, fields: Map<String, Value>) {
    let sorted: BTreeMap<String, Value> = fields.into_iter().collect();
    for (key, value) in sorted {
        match (key.as_str(), node(&value)) {
            // Nothing, too, is a value to a check.
            ("check" | "verify", _) => draft.put(&key, exact(&value)),
            (_, None) => {}
            // What a record keeps there is kept there again.
            ("x", Some(_)) => {
                let kept: BTreeMap<&String, &Value> = value.as_object().into_iter().flatten().collect();
                for (key, node) in kept.into_iter().filter_map(|(key, value)| Some((key, node(value)?))) {
                    draft.extra(key, node);
                }
            }
            (name, Some(node)) if RECORD.field(name).is_some() => draft.put(name, node),
            (_, Some(node)) => draft.extra(&key, node),
        }
    }
}

/// A text becomes what its fields have left free.
fn explain(draft: &mut Draft, text: Value) {
    let Value::String(text) = text else {
        draft.lose("a field cannot hold its value", "`text` is no text; it is kept in `x`");
        node(&text).into_iter().for_each(|node| draft.extra("text", node));
        return;
    };
    match (draft.has("symptom"), draft.has("why")) {
        (true, true) => {
            draft.lose("`why` was given as well as `text`", "`text` is kept in `x`");
            draft.extra("text", text_node(&text));
        }
        (true, false) => draft.text("why", &text),
        (false, has_why) => {
            // Definitions of links may stand in the other part.
            let text = draft.own_links(&text);
            let (symptom, rest) = prose::split_first(&text);
            draft.text("symptom", &symptom);
            match has_why {
                true => draft.extra("text", text_node(&rest)),
                false => draft.text("why", &rest),
            }
        }
    }
}

/// Links are by the ids of the source.
fn relate(draft: &mut Draft, fields: &mut Map<String, Value>) {
    let Some(Value::Object(lists)) = fields.remove("related") else { return };
    for (list, value) in lists {
        let Some(kind) = RELATED.fields.iter().map(|field| field.key).find(|key| *key == list) else {
            draft.lose("no field holds this key", format!("`related.{list}`"));
            continue;
        };
        let items = match value {
            Value::Array(items) => items,
            one => vec![one],
        };
        for item in items {
            let of = |key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
            let to = item.as_str().map(str::to_owned).or_else(|| of("id"));
            match to {
                Some(to) if kind == "confused_with" && of("tell").is_none() => {
                    draft.lose(
                        "a likeness without an observation that tells the two apart",
                        format!("see_also {to}"),
                    );
                    draft.relate(Relation { kind: "see_also", to, tell: None, title: None });
                }
                Some(to) => draft.relate(Relation { kind, to, tell: of("tell"), title: of("title") }),
                None if kind == "confused_with" && of("title").is_some() && of("tell").is_some() => {
                    draft.look_alike(&of("title").unwrap_or_default(), &of("tell").unwrap_or_default());
                }
                None => draft.lose("a related record without an id", item.to_string()),
            }
        }
    }
}

/// A value as it would be written; nothing for `null`.
pub fn node(value: &Value) -> Option<Node> {
    written(value, false)
}

/// A value as it would be written, with every `null` in it.
fn exact(value: &Value) -> Node {
    written(value, true).unwrap_or_else(nothing)
}

fn nothing() -> Node {
    Node { value: Written::Null, ..text_node("") }
}

fn written(value: &Value, with_null: bool) -> Option<Node> {
    match value {
        Value::Null => with_null.then(nothing),
        Value::Bool(yes) => Some(text_node(&yes.to_string())),
        Value::Number(number) => Some(text_node(&number.to_string())),
        Value::String(text) => Some(Node { quoted: true, ..text_node(text) }),
        Value::Array(items) => {
            Some(list_node(items.iter().filter_map(|item| written(item, with_null)).collect()))
        }
        Value::Object(fields) => {
            let entry = |(key, value)| Some((String::as_str(key), written(value, with_null)?));
            // Sorted, since the order in which JSON is read depends on what else is linked.
            let mut entries: Vec<(&str, Node)> = fields.iter().filter_map(entry).collect();
            entries.sort_by_key(|(key, _)| *key);
            Some(map_node(entries))
        }
    }
}
