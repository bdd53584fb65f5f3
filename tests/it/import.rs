//! Each folder of `tests/cases/import/` is one import: beside its files stands what each record must become, with the
//! account of what it lost, and what could not be imported. `UPDATE=1` writes these files anew.

use crate::support::{Scratch, project, transcript, walk};
use camino::{Utf8Path, Utf8PathBuf};
use faultbook::Given;
use faultbook::diag::has_errors;
use faultbook::exchange::{File, Format, Import, import};
use faultbook::parse::{self, Form};
use faultbook::text::{Source, Sources};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const FORMATS: &[Format] =
    &[Format::Rustsec, Format::Osv, Format::Deadends, Format::Runbook, Format::Page, Format::Jsonl];
const EXPECTED: &str = ".expected.yaml";
const SKIPPED: &str = "skipped.expected.yaml";

#[test]
fn every_sample_becomes_what_stands_beside_it() {
    for format in FORMATS {
        let folder = project().join("tests/cases/import").join(format.name());
        let import = import(*format, &files(&folder), &BTreeMap::new());
        assert!(!import.records.is_empty(), "{folder} has no samples");
        same(&folder, &written(&import));
    }
}

fn files(folder: &Utf8Path) -> Vec<File> {
    let samples = walk(folder).into_iter().filter(|path| !path.as_str().ends_with(EXPECTED));
    let file = |path: Utf8PathBuf| File {
        name: path.strip_prefix(folder).unwrap().to_string(),
        body: Some(std::fs::read(&path).unwrap()),
    };
    samples.map(file).collect()
}

/// The expected files of an import: a record each, and what was skipped.
fn written(import: &Import) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for record in &import.records {
        let losses: String = record.dropped.iter().map(|loss| format!("# lost: {loss}\n")).collect();
        let text = parse::write(&record.tree, Form::Yaml);
        files.insert(format!("{}{EXPECTED}", record.id), format!("{losses}{text}"));
    }
    let skipped = import.skipped.iter().map(|skipped| format!("{}: {}\n", skipped.source, skipped.reason));
    files.insert(SKIPPED.to_owned(), skipped.collect());
    files
}

fn same(folder: &Utf8Path, written: &BTreeMap<String, String>) {
    if std::env::var_os("UPDATE").is_some() {
        let old = walk(folder).into_iter().filter(|path| path.as_str().ends_with(EXPECTED));
        old.for_each(|path| std::fs::remove_file(path).unwrap());
        written.iter().for_each(|(name, text)| std::fs::write(folder.join(name), text).unwrap());
    }
    let names: BTreeSet<String> = walk(folder)
        .iter()
        .filter_map(|path| path.file_name().filter(|name| name.ends_with(EXPECTED)))
        .map(str::to_owned)
        .collect();
    assert_eq!(names, written.keys().cloned().collect(), "in {folder}");
    for (name, text) in written {
        assert_eq!(&std::fs::read_to_string(folder.join(name)).unwrap(), text, "{folder}/{name}");
    }
}

/// A book of what was imported, as lint would read it.
fn errors(import: &Import) -> Vec<String> {
    let file = |record: &faultbook::exchange::Imported| {
        let text = parse::write(&record.tree, Form::Yaml);
        Source::from_bytes(format!("content/{}.yaml", record.id).into(), text.into_bytes())
    };
    let sources = Sources::new(import.records.iter().map(file).collect());
    let found = faultbook::read(&sources, &Given::default()).found;
    if has_errors(&found) { found.into_iter().map(|found| found.message).collect() } else { Vec::new() }
}

#[test]
fn every_sample_is_read_back_without_an_error() {
    for format in FORMATS {
        let folder = project().join("tests/cases/import").join(format.name());
        assert_eq!(errors(&import(*format, &files(&folder), &BTreeMap::new())), [""; 0], "{folder}");
    }
}

#[test]
fn an_import_writes_once_replaces_its_own_and_leaves_what_is_not_its_own() {
    let book = Scratch::empty();
    book.write("book.toml", "");
    book.write("in.jsonl", "{\"id\": \"One\", \"title\": \"It stops\", \"product\": \"pump\", \"text\": \"It stops.\"}\n{\"id\": \"Two\", \"title\": \"It leaks\"}\nbroken\n");
    let two = "title: mine\n";
    book.write("content/jsonl/two.yaml", two);
    insta::assert_snapshot!(transcript(&book.run(&["import", "jsonl", "in.jsonl"])), @"
    exit: 0
    --- stdout

    --- stderr
    not imported: in.jsonl:3: its JSON cannot be read: expected value at line 1 column 1
    not imported: in.jsonl:2: `content/jsonl/two.yaml` is there already, and came from elsewhere
    imported 1 record into content/jsonl (1 new, 0 replaced, 0 unchanged), 2 not imported
    ");
    assert_eq!(std::fs::read_to_string(book.path().join("content/jsonl/two.yaml")).unwrap(), two);
    insta::assert_snapshot!(transcript(&book.run(&["import", "jsonl", "in.jsonl", "-q"])), @"
    exit: 0
    --- stdout

    --- stderr
    not imported: in.jsonl:3: its JSON cannot be read: expected value at line 1 column 1
    not imported: in.jsonl:2: `content/jsonl/two.yaml` is there already, and came from elsewhere
    ");
    book.write(
        "in.jsonl",
        "{\"id\": \"One\", \"title\": \"It still stops\", \"product\": \"pump\", \"text\": \"It stops.\"}\n",
    );
    insta::assert_snapshot!(transcript(&book.run(&["import", "jsonl", "in.jsonl", "-f", "json"])), @r#"
    exit: 0
    --- stdout
    {
      "schema": "import/1",
      "records": [
        {
          "id": "one",
          "imported_id": "One",
          "source": "in.jsonl:1",
          "path": "content/jsonl/one.yaml",
          "change": "replaced",
          "dropped": []
        }
      ],
      "skipped": []
    }
    --- stderr
    "#);
}

#[test]
fn an_import_of_nothing_or_to_nowhere_is_told() {
    let book = Scratch::empty();
    book.write("book.toml", "");
    book.write("in.jsonl", "broken\n");
    assert_eq!(book.run(&["import", "jsonl", "in.jsonl"]).status.code(), Some(1));
    assert_eq!(book.run(&["import", "jsonl", "not-there"]).status.code(), Some(2));
    assert_eq!(book.run(&["import", "jsonl", "in.jsonl", "--into", "elsewhere"]).status.code(), Some(2));
    assert!(!book.path().join("content").exists());
}

#[test]
fn what_is_too_deep_or_too_large_is_skipped_with_a_reason() {
    let deep = format!("{{\"id\": \"A\", \"affected\": {}", "[".repeat(100_000));
    let long = serde_json::json!({"id": "A", "details": "word ".repeat(230_000)}).to_string();
    for format in [Format::Osv, Format::Deadends, Format::Jsonl] {
        for (body, reason) in [(Some(&deep), "recursion limit"), (None, "bytes")] {
            let file = File { name: "a.json".to_owned(), body: body.map(|text| text.clone().into_bytes()) };
            let import = import(format, &[file], &BTreeMap::new());
            assert!(import.records.is_empty());
            assert!(import.skipped[0].reason.contains(reason), "{:?}", import.skipped);
        }
    }
    let file = File { name: "a.json".to_owned(), body: Some(long.into_bytes()) };
    let import = import(Format::Osv, &[file], &BTreeMap::new());
    assert!(import.skipped[0].reason.contains("the record would have"), "{:?}", import.skipped);
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let text = prop_oneof![
        "\\PC{0,12}",
        prop::sample::select(vec![
            "[a](../b)",
            "<a@b.c>",
            "\u{200B}",
            "\u{0}",
            "- x\n- y",
            "```\n",
            "[a]: x\n[a]",
            "# t",
            "~",
            "1.0",
            "2031-01-01",
            "![i](j)",
            "open",
            "a: b",
            "https://example.org/",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        4 => text.prop_map(Value::String), 1 => any::<i64>().prop_map(|n| json!(n)), 1 => Just(json!(true)),
        1 => Just(Value::Null)
    ];
    let key = prop::sample::select(vec![
        "id",
        "title",
        "text",
        "symptom",
        "product",
        "fix",
        "status",
        "state",
        "related",
        "see_also",
        "x",
        "tags",
        "sources",
        "url",
        "created",
        "check",
        "run",
        "signatures",
        "regex",
        "colour",
        "wrong_fixes",
        "why",
        "keywords",
    ]);
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_line_is_imported_without_an_error_or_skipped(values in prop::collection::vec(json(), 1..4)) {
        let mut lines: Vec<String> = values.iter().map(ToString::to_string).collect();
        lines.extend(values.iter().map(|value| serde_json::json!({"id": "one", "title": "t", "text": value, "symptom": value, "fix": value}).to_string()));
        let files = [File { name: "a.jsonl".to_owned(), body: Some(lines.join("\n").into_bytes()) }];
        let import = import(Format::Jsonl, &files, &BTreeMap::new());
        prop_assert_eq!(import.records.len() + import.skipped.len(), lines.len());
        // Links to records outside the import, and days and versions, are for the book to judge.
        for record in &import.records {
            let text = parse::write(&record.tree, Form::Yaml);
            let (_, found) = parse::all(&Sources::single(format!("content/{}.yaml", record.id).as_str().into(), &text), &[]);
            prop_assert!(!has_errors(&found), "{text}\n{found:?}");
        }
    }

    #[test]
    fn any_value_of_an_osv_entry_is_imported_without_an_error_or_skipped(value in json(), list in prop::collection::vec(json(), 0..4)) {
        let affected = serde_json::json!([{"package": {"name": "p", "ecosystem": value}, "versions": list,
            "ranges": [{"type": "SEMVER", "events": list}, {"type": "ECOSYSTEM", "events": [{"introduced": value, "fixed": value}]}]}]);
        for affected in [affected, value.clone()] {
            let entry = serde_json::json!({"id": "one", "summary": value, "details": value, "aliases": list, "related": list,
                "severity": list, "affected": affected, "references": list, "credits": list, "published": value,
                "withdrawn": value, "database_specific": value, "other": value});
            let files = [File { name: "a.json".to_owned(), body: Some(entry.to_string().into_bytes()) }];
            let import = import(Format::Osv, &files, &BTreeMap::new());
            prop_assert_eq!(import.records.len() + import.skipped.len(), 1);
            for record in &import.records {
                let text = parse::write(&record.tree, Form::Yaml);
                let (_, found) = parse::all(&Sources::single(format!("content/{}.yaml", record.id).as_str().into(), &text), &[]);
                prop_assert!(!has_errors(&found), "{text}\n{found:?}");
            }
        }
    }

    #[test]
    fn any_text_is_imported_without_an_error_or_skipped(text in "\\PC{0,200}", nth in 0..FORMATS.len()) {
        let texts = [text.clone(), format!("# T\n\n{text}\n\n## Resolution\n\n{text}\n"), format!("```toml\n[advisory]\nid='R'\npackage='p'\n```\n# {text}\n\n{text}")];
        for text in texts {
            let files = [File { name: "a.md".to_owned(), body: Some(text.into_bytes()) }];
            prop_assert_eq!(errors(&import(FORMATS[nth], &files, &BTreeMap::new())), [""; 0]);
        }
    }
}
