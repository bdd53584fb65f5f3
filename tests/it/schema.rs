//! `faultbook schema`: an editor that follows it accepts what `lint` accepts, and knows the same keys.

use crate::support::{Scratch, golden_book, project, walk};
use faultbook::Given;
use faultbook::diag::Code;
use faultbook::parse::shape::{BOOK_TOML, Kind, RECORD, Shape};
use faultbook::parse::{self, Form, Node, SAMPLE};
use faultbook::text::{FileId, Source, Sources};
use serde_json::{Map, Value, json};

fn schema(of: &str) -> Value {
    let output = Scratch::empty().run(&["schema", of]);
    assert_eq!(output.status.code(), Some(0));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The first rule of a schema that a value breaks. Only what our schemas use is known here.
pub fn broken(schema: &Value, value: &Value) -> Option<String> {
    broken_in(schema, schema, value)
}

/// The same for a part of a schema, whose references lead to parts of the whole.
fn broken_in(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    let rules = schema.as_object().unwrap();
    rules
        .iter()
        .find_map(|(rule, of)| {
            breaks(root, (rule, of), schema, value).then(|| format!("{rule} {of}: {value}"))
        })
        .or_else(|| in_members(root, schema, value))
}

fn breaks(root: &Value, (rule, of): (&str, &Value), schema: &Value, value: &Value) -> bool {
    let broken = |schema: &Value, value: &Value| broken_in(root, schema, value);
    let matches = |text: &str| regex::Regex::new(of.as_str().unwrap()).unwrap().is_match(text);
    match rule {
        "$schema" | "$defs" | "title" | "description" | "properties" | "items" => false,
        "$ref" => {
            let part = of.as_str().unwrap().strip_prefix('#').unwrap();
            broken(root.pointer(part).unwrap(), value).is_some()
        }
        "minProperties" => {
            value.as_object().is_some_and(|members| (members.len() as u64) < of.as_u64().unwrap())
        }
        "maxProperties" => {
            value.as_object().is_some_and(|members| members.len() as u64 > of.as_u64().unwrap())
        }
        "type" => {
            let one = |name: &Value| is_of_type(name.as_str().unwrap(), value);
            !of.as_array().map_or_else(|| one(of), |names| names.iter().any(one))
        }
        "enum" => !of.as_array().unwrap().contains(value),
        "const" => of != value,
        "pattern" => value.as_str().is_some_and(|text| !matches(text)),
        "maxLength" => value.as_str().is_some_and(|text| text.len() as u64 > of.as_u64().unwrap()),
        "minimum" => value.as_i64().is_some_and(|number| number < of.as_i64().unwrap()),
        "minItems" => value.as_array().is_some_and(|items| (items.len() as u64) < of.as_u64().unwrap()),
        "anyOf" => of.as_array().unwrap().iter().all(|one| broken(one, value).is_some()),
        "oneOf" => of.as_array().unwrap().iter().filter(|one| broken(one, value).is_none()).count() != 1,
        "required" => {
            value.is_object()
                && of.as_array().unwrap().iter().any(|key| value.get(key.as_str().unwrap()).is_none())
        }
        "additionalProperties" => value.as_object().is_some_and(|members| {
            let known = |key: &str| schema["properties"].get(key).is_some();
            members
                .iter()
                .filter(|(key, _)| !known(key))
                .any(|(_, member)| of == false || broken(of, member).is_some())
        }),
        "propertyNames" => value
            .as_object()
            .is_some_and(|members| members.keys().any(|key| broken(of, &json!(key)).is_some())),
        _ => panic!("no rule `{rule}` is known"),
    }
}

fn is_of_type(name: &str, value: &Value) -> bool {
    match name {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("no type `{name}` is known"),
    }
}

fn in_members(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    let broken = |schema: &Value, value: &Value| broken_in(root, schema, value);
    let items = value.as_array().into_iter().flatten();
    let mut items = items.filter_map(|item| broken(schema.get("items")?, item));
    let members = value.as_object().into_iter().flatten();
    let mut members = members.filter_map(|(key, member)| broken(schema["properties"].get(key)?, member));
    items.next().or_else(|| members.next())
}

/// A record as another reader of YAML sees it, which takes some plain words for numbers and truth values.
fn as_json(node: &Node) -> Value {
    match &node.value {
        parse::Value::Null => Value::Null,
        parse::Value::Scalar(text) if node.quoted => json!(text),
        parse::Value::Scalar(text) => match serde_json::from_str(text) {
            Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
            _ => json!(text),
        },
        parse::Value::List(items) => items.iter().map(as_json).collect(),
        parse::Value::Map(entries) => {
            let member = |entry: &parse::Entry| (entry.key.value.clone(), as_json(&entry.node));
            Value::Object(entries.iter().map(member).collect::<Map<_, _>>())
        }
    }
}

fn in_yaml(source: &Source) -> Option<Value> {
    let tree = parse::tree(FileId(0), source).ok()?;
    let text = parse::write(&tree, Form::Yaml);
    let yaml = Source::from_bytes(source.path.with_extension("yaml"), text.into_bytes());
    Some(as_json(&parse::tree(FileId(0), &yaml).ok()?))
}

/// Our own records, those of the small book, and every case that `lint` reads without a mistake.
#[test]
fn records_that_can_be_read_are_valid() {
    let schema = schema("record");
    let folders = [project().join("content"), golden_book().join("content"), project().join("tests/cases")];
    let mut n_valid = 0;
    let mut n_refused = 0;
    for path in folders.iter().flat_map(|folder| walk(folder)).filter(|path| Form::of(path).is_some()) {
        let name = format!("content/{}", path.file_name().unwrap());
        let source = Source::from_bytes(name.into(), std::fs::read(&path).unwrap());
        let Some(value) = in_yaml(&source) else { continue };
        let sources = Sources::new(vec![source]);
        let found = faultbook::read(&sources, &Given::default()).found;
        if !faultbook::diag::has_errors(&found) {
            assert_eq!(broken(&schema, &value), None, "{path}");
            n_valid += 1;
        }
        if found
            .iter()
            .any(|diagnostic| diagnostic.code == Code::UnknownKey && diagnostic.message.contains("no key"))
        {
            assert!(broken(&schema, &value).is_some(), "{path}");
            n_refused += 1;
        }
    }
    assert!(n_valid > 20, "{n_valid}");
    assert!(n_refused > 0, "no case has a wrong key");
}

#[test]
fn the_sample_and_the_short_forms_are_valid() {
    let schema = schema("record");
    let value = |text: &str| {
        let source = Source::from_bytes("a.yaml".into(), text.as_bytes().to_vec());
        as_json(&parse::tree(FileId(0), &source).unwrap())
    };
    assert_eq!(broken(&schema, &value(SAMPLE)), None);
    let short = "title: t\nproduct: p\nsymptom: s\n";
    for more in [
        "fix: Mend it.",
        "fix: [one, {run: two}]",
        "status: open",
        "status: {state: withdrawn, reason: r}",
        "created: 2026-11-24",
        "applies_to: [{component: c, introduced: 1.2}]",
        "x: {a: [1, {b: c}]}",
    ] {
        assert_eq!(broken(&schema, &value(&format!("{short}{more}\n"))), None, "{more}");
    }
    for more in [
        "fx: a",
        "fix: {rn: a}",
        "status: opn",
        "created: soon",
        "check: text",
        "tags: []",
        "related: {see_also: A b}",
    ] {
        assert!(broken(&schema, &value(&format!("{short}{more}\n"))).is_some(), "{more}");
    }
    let verify = |more: &str| value(&format!("{short}verify: {{spec: 1, {more}}}\n"));
    for more in [
        "steps: [{id: a, file: b, expect: {exists: true}}]",
        "steps: [{id: a, file: {path: b}, expect: {any: {text: {contains: [c, d]}}}, on_timeout: true}]",
        "present: {any: [a, {not: [b, c]}]}",
        "sandbox: {network: [\"example.org:443\"]}",
        "fixtures: {broken: {expect: present}, other: {expect: [masked], stubs: {commands: {a: null}}}}",
        "fixtures: {wrong_fixes: {a: {untestable: why}, b: {expect: present, env: {A: {fake_jwt: {b: 1}}}}}}",
    ] {
        assert_eq!(broken(&schema, &verify(more)), None, "{more}");
    }
    for more in [
        "steps: [{id: A, file: b}]",
        "steps: [{id: a, file: {pth: b}}]",
        "steps: [{id: a, file: b, expect: {}}]",
        "steps: [{id: a, file: b, expect: {text: {contain: c}}}]",
        "steps: [{id: a, files: {glob: b}, expect: {any: {text: {length: {contain: c}}}}}]",
        "present: {any: [a], not: b}",
        "present: {any: [{nt: b}]}",
        "sandbox: {network: [example.org]}",
        "timeout: 10",
        "fixtures: {broken: {expects: present}}",
        "fixtures: {other: {expect: absent}}",
        "fixtures: {wrong_fixes: {a: {untested: why}}}",
    ] {
        assert!(broken(&schema, &verify(more)).is_some(), "{more}");
    }
    assert!(broken(&schema, &value("title: t\nproduct: p\n")).is_some());
}

/// Every key of every table, with its meaning, at its place.
#[test]
fn every_key_of_every_shape_is_in_its_schema() {
    assert!(count(&RECORD, &schema("record")) > 100);
    assert!(count(&BOOK_TOML, &schema("book")) > 25);
}

fn count(shape: &Shape, schema: &Value) -> usize {
    assert_eq!(schema["additionalProperties"], false, "{}", shape.name);
    assert_eq!(schema["properties"].as_object().unwrap().len(), shape.fields.len(), "{}", shape.name);
    let mut n_keys = 0;
    for field in shape.fields {
        let property = &schema["properties"][field.key];
        assert_eq!(property["description"], field.about, "{} {}", shape.name, field.key);
        n_keys += 1 + shape_of(field.kind).map_or(0, |shape| count(shape, object_in(property)));
    }
    n_keys
}

fn shape_of(kind: Kind) -> Option<&'static Shape> {
    match kind {
        Kind::Map(shape) => Some(shape),
        Kind::List(of) | Kind::Items(of) => shape_of(*of),
        Kind::Either(kinds) => kinds.iter().find_map(|kind| shape_of(*kind)),
        _ => None,
    }
}

/// The one choice that is an object, however deep it stands.
fn object_in(schema: &Value) -> &Value {
    fn find(schema: &Value) -> Option<&Value> {
        let choices = schema["anyOf"].as_array().into_iter().flatten().chain(schema.get("items"));
        if schema["properties"].is_object() { Some(schema) } else { choices.filter_map(find).next() }
    }
    find(schema).unwrap()
}

#[test]
fn a_small_schema_reads_like_this() {
    let schema = schema("record");
    insta::assert_snapshot!(format!("{:#}", schema["required"]), @r#"
    [
      "title",
      "product",
      "symptom"
    ]
    "#);
    insta::assert_snapshot!(format!("{:#}", schema["properties"]["status"]), @r#"
    {
      "anyOf": [
        {
          "enum": [
            "draft",
            "published",
            "open",
            "deprecated",
            "withdrawn"
          ]
        },
        {
          "type": "object",
          "properties": {
            "state": {
              "enum": [
                "draft",
                "published",
                "open",
                "deprecated",
                "withdrawn"
              ],
              "description": "the state"
            },
            "reason": {
              "type": [
                "string",
                "number",
                "boolean"
              ],
              "description": "why it is deprecated or withdrawn"
            },
            "see_instead": {
              "type": "string",
              "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
              "maxLength": 64,
              "description": "the record to read instead"
            }
          },
          "additionalProperties": false
        }
      ],
      "description": "where the record stands editorially"
    }
    "#);
    insta::assert_snapshot!(format!("{:#}", schema["properties"]["created"]), @r#"
    {
      "type": "string",
      "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
      "description": "the day it was first written; where absent, from git"
    }
    "#);
    insta::assert_snapshot!("schema_result", format!("{:#}", self::schema("result")));
}

#[test]
fn our_books_and_results_are_valid() {
    let settings = schema("book");
    for book in [project().to_owned(), golden_book()] {
        let text = std::fs::read_to_string(book.join("book.toml")).unwrap();
        let value: Value = toml_as_json(&text);
        assert_eq!(broken(&settings, &value), None, "{book}");
    }
    let results = schema("result");
    for book in [project().to_owned(), golden_book()] {
        let text = std::fs::read_to_string(book.join("results.jsonl")).unwrap();
        for line in text.lines() {
            assert_eq!(broken(&results, &serde_json::from_str(line).unwrap()), None, "{line}");
        }
    }
    let book = Scratch::copy_of(&golden_book());
    let output = book.run(&["verify", "--self-test", "--allow", "shell", "-f", "json"]);
    assert_eq!(broken(&results, &serde_json::from_slice(&output.stdout).unwrap()), None);
}

/// What each verb really prints, where there is something to say and where there is not.
#[test]
fn what_verbs_print_is_valid() {
    let results = schema("result");
    let small = Scratch::copy_of(&golden_book());
    small.write("a.log", "thing 2.1 starts\nerror: could not get lock /var/lib/other.lock\n");
    small.write("b.log", "all is well\n");
    let queries = r#"{"qid":"1","kind":"log","query":"error: could not get lock","expected":["plain-c"],"variant":"odd"}
{"qid":"2","kind":"search","query":"nothing","expected":[]}"#;
    small.write("queries.jsonl", queries);
    let broken_book = crate::support::book(&[
        ("content/a.yaml", "titel: x\nproduct: [\n"),
        (
            "content/b.yaml",
            &crate::support::CLEAN.replace("[it breaks]", "[{query: it breaks, absent: true}]"),
        ),
    ]);
    let mut names: Vec<String> = Vec::new();
    for (book, args) in [
        (&small, "search could not get lock"),
        (&small, "search zzzzzz"),
        (&small, "diagnose a.log"),
        (&small, "diagnose --run a.log"),
        (&small, "diagnose b.log"),
        (&small, "eval"),
        (&small, "eval --queries queries.jsonl"),
        (&small, "list --drafts"),
        (&small, "list --facet product=none"),
        (&small, "lint"),
        (&small, "verify stale-lock"),
        (&broken_book, "lint"),
        (&broken_book, "eval"),
    ] {
        let args: Vec<&str> = args.split(' ').chain(["-f", "json"]).collect();
        let document = crate::support::json(book, &args);
        assert_eq!(broken(&results, &document), None, "{args:?}: {document:#}");
        names.push(document["schema"].as_str().unwrap().to_owned());
        // A document is none of the others, and lacks nothing.
        for key in document.as_object().unwrap().keys() {
            let mut less = document.clone();
            less.as_object_mut().unwrap().remove(key);
            assert!(key == "present" || broken(&results, &less).is_some(), "{args:?} without {key}");
        }
    }
    names.sort();
    names.dedup();
    assert_eq!(names, ["diagnose/1", "eval/1", "lint/1", "list/1", "search/1", "verify/1"]);
}

fn toml_as_json(text: &str) -> Value {
    let table = toml::de::DeTable::parse(text).unwrap();
    of_table(table.get_ref())
}

fn of_table(table: &toml::de::DeTable) -> Value {
    table
        .iter()
        .map(|(key, value)| (key.get_ref().to_string(), of_value(value.get_ref())))
        .collect::<Map<_, _>>()
        .into()
}

fn of_value(value: &toml::de::DeValue) -> Value {
    use toml::de::DeValue;
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(number) => json!(number.as_str().parse::<i64>().unwrap()),
        DeValue::Boolean(flag) => json!(flag),
        DeValue::Array(items) => items.iter().map(|item| of_value(item.get_ref())).collect(),
        DeValue::Table(table) => of_table(table),
        other => panic!("{other:?} stands in no book.toml of ours"),
    }
}
