//! `faultbook schema`: what records, `book.toml` and results may hold, as JSON Schema 2020-12.
//!
//! The first two come from the tables that reading itself uses, so that an editor and `lint` know the same keys. What verbs
//! print is in `results.rs` and `answers.rs`.

mod answers;
mod results;

use super::Exit;
use super::args::{SchemaArgs, SchemaOf};
use super::report;
use crate::model::RecordId;
use crate::parse::shape::{BOOK_TOML, CONDITION, Field, Kind, MATCHER, RECORD, Shape};
use serde_json::{Map, Value, json};

/// The dialect.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// A `fix` is not among them: a record with `status: open` has none.
const REQUIRED: [&str; 3] = ["title", "product", "symptom"];

/// Prints one schema.
pub fn run(args: &SchemaArgs) -> Exit {
    let schema = match args.of {
        SchemaOf::Record => {
            let mut schema = document("a failure record of faultbook", map(&RECORD));
            schema["required"] = json!(REQUIRED);
            schema["$defs"] = definitions();
            schema
        }
        SchemaOf::Book => document("book.toml of faultbook", map(&BOOK_TOML)),
        SchemaOf::Result => document("what faultbook prints for programs", everything()),
    };
    report::data(&format!("{schema:#}"));
    Exit::Clean
}

fn document(title: &str, schema: Value) -> Value {
    let mut document = Map::new();
    document.insert("$schema".to_owned(), DIALECT.into());
    document.insert("title".to_owned(), title.into());
    if let Value::Object(entries) = schema {
        document.extend(entries);
    }
    Value::Object(document)
}

fn map(shape: &Shape) -> Value {
    let properties: Map<String, Value> =
        shape.fields.iter().map(|field| (field.key.to_owned(), property(field))).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

fn property(field: &Field) -> Value {
    let mut schema = value(field.kind);
    schema["description"] = field.about.into();
    schema
}

fn value(kind: Kind) -> Value {
    match kind {
        // What another reader of YAML takes for a number is a text here.
        Kind::Line | Kind::Prose | Kind::Script => json!({"type": ["string", "number", "boolean"]}),
        Kind::Day => json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Count => json!({"type": "integer", "minimum": 0}),
        Kind::Id => json!({
            "type": "string",
            "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
            "maxLength": RecordId::MAX_BYTES,
        }),
        Kind::Url => json!({"type": "string", "pattern": "^https?://"}),
        Kind::Word(words) => json!({"enum": words()}),
        Kind::List(of) => {
            let one = value(*of);
            json!({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})
        }
        Kind::Map(shape) => match shape.text_is.and_then(|key| shape.field(key)) {
            Some(field) => json!({"anyOf": [value(field.kind), map(shape)]}),
            None => map(shape),
        },
        Kind::Table(of) => json!({"type": "object", "additionalProperties": value(*of)}),
        Kind::Open(shape, of) => {
            let mut schema = map(shape);
            schema["additionalProperties"] = value(*of);
            schema
        }
        Kind::Items(of) => json!({"type": "array", "items": value(*of)}),
        Kind::Exact => json!({"type": ["string", "number", "boolean"]}),
        Kind::Fitting(pattern) => json!({"type": "string", "pattern": pattern}),
        Kind::Either(kinds) => json!({"anyOf": kinds.iter().map(|kind| value(*kind)).collect::<Vec<_>>()}),
        Kind::Null => json!({"type": "null"}),
        Kind::Probes => json!({"$ref": "#/$defs/probes"}),
        Kind::Matcher => json!({"$ref": "#/$defs/matcher"}),
        Kind::Condition => json!({"$ref": "#/$defs/condition"}),
        Kind::Any => json!({}),
    }
}

/// What nests in itself.
fn definitions() -> Value {
    let one_or_more = |mut schema: Value| {
        schema["minProperties"] = 1.into();
        schema
    };
    // These take probes of each file or request; anywhere else there are none of these names.
    let of_items: Map<String, Value> = ["any", "all", "none", "some", "each"]
        .map(|name| (name.to_owned(), value(Kind::Probes)))
        .into_iter()
        .collect();
    let mut condition = one_or_more(map(&CONDITION));
    condition["maxProperties"] = 1.into();
    json!({
        "probes": {
            "type": "object",
            "properties": of_items,
            "additionalProperties": value(Kind::Matcher),
            "minProperties": 1,
        },
        "matcher": {"anyOf": [value(Kind::Exact), one_or_more(map(&MATCHER))]},
        "condition": {"anyOf": [
            {"type": "string"},
            {"type": "array", "items": value(Kind::Condition), "minItems": 1},
            condition,
        ]},
    })
}

/// Every document of `-f json`, and the lines that are kept or streamed. `schema` in a document says which it is.
fn everything() -> Value {
    json!({"oneOf": results::all().into_iter().chain(answers::all()).collect::<Vec<_>>()})
}

/// An object that has all of these; what comes later adds to them.
fn object(properties: Value) -> Value {
    let required: Vec<String> =
        properties.as_object().map(|properties| properties.keys().cloned().collect()).unwrap_or_default();
    json!({"type": "object", "properties": properties, "required": required})
}

/// An object that may have these besides.
fn with(mut object: Value, sometimes: Value) -> Value {
    if let (Some(properties), Value::Object(more)) = (object["properties"].as_object_mut(), sometimes) {
        properties.extend(more);
    }
    object
}

fn require(object: &mut Value, key: &str) {
    if let Some(required) = object["required"].as_array_mut() {
        required.push(key.into());
    }
}
