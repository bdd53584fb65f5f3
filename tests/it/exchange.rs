//! Records on their way out, and back again.

use crate::support::{Scratch, book, golden_book, json, project, read, transcript};
use faultbook::exchange::{Export, File, Format, Import, export, import};
use faultbook::parse::{self, Node, Value};
use faultbook::{Given, Input};
use proptest::prelude::*;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::Read as _;

/// A tree with its keys sorted, nothing empty at the end, and no comments: what a line can tell.
fn told(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Scalar(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(told).collect(),
        Value::Map(entries) => {
            let sorted: BTreeMap<String, Json> =
                entries.iter().map(|entry| (entry.key.value.clone(), told(&entry.node))).collect();
            Json::Object(sorted.into_iter().collect())
        }
    }
}

fn trees(input: &Input) -> BTreeMap<String, Node> {
    let reading = faultbook::read(&input.sources, &Given::default());
    let tree = |record: &faultbook::model::Record| {
        let (file, source) = input.sources.iter().find(|(_, source)| source.path == record.path).unwrap();
        (record.id.to_string(), parse::tree(file, source).unwrap())
    };
    reading.book.records.values().map(tree).collect()
}

fn lines(trees: &BTreeMap<String, Node>) -> String {
    let line = |(id, tree): (&String, &Node)| {
        let id = faultbook::model::RecordId::parse(id).unwrap();
        export(&Export { id, tree: tree.clone(), beside: Vec::new() }).line + "\n"
    };
    trees.iter().map(line).collect()
}

fn back(lines: &str) -> Import {
    let file = File { name: "book.jsonl".to_owned(), body: Some(lines.as_bytes().to_vec()) };
    import(Format::Jsonl, &[file], &BTreeMap::new())
}

#[test]
fn records_of_ours_come_back_as_they_left() {
    for root in [golden_book(), project().to_owned()] {
        let input = faultbook::load(&root, &Given::default()).unwrap();
        let trees = trees(&input);
        let import = back(&lines(&trees));
        assert_eq!(import.skipped, []);
        assert_eq!(import.records.len(), trees.len());
        for record in &import.records {
            let mut left = told(&trees[record.id.as_str()]);
            let mut came = told(&record.tree);
            assert_eq!(came["x"].as_object_mut().unwrap().remove("imported_id").unwrap(), record.id.as_str());
            // A symptom without a sentence gets a summary, which the record that left had derived.
            if left.get("summary").is_none() {
                came.as_object_mut().unwrap().remove("summary");
            }
            for side in [&mut left, &mut came] {
                let fields = side.as_object_mut().unwrap();
                fields.remove("id");
                if fields.get("x").is_some_and(|x| x.as_object().unwrap().is_empty()) {
                    fields.remove("x");
                }
            }
            for (key, value) in left.as_object().unwrap() {
                assert_eq!(came.get(key), Some(value), "{}: `{key}`, {:?}", record.id, record.dropped);
            }
            assert_eq!(came, left, "{}", record.id);
            assert_eq!(record.dropped, []);
        }
    }
}

/// Values of every kind, as a record may hold them beside what it says.
fn extension() -> impl Strategy<Value = Json> {
    let text = prop_oneof![
        "[a-z0-9.:#-][a-z0-9 .:#-]{0,12}",
        "true|false|null|~|0x1F|1\\.0|-0|007|12|2031-01-01|yes"
    ];
    let leaf = prop_oneof![
        text.prop_map(Json::String),
        any::<i64>().prop_map(Json::from),
        any::<bool>().prop_map(Json::Bool)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Json::Array),
            prop::collection::btree_map("[a-z]{1,6}", inner, 1..4)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// A line keeps the values that a tree has, and whether each is a text.
    #[test]
    fn a_line_says_what_its_tree_says(values in prop::collection::btree_map("[b-z]{1,6}", extension(), 1..5)) {
        let x = Json::Object(values.into_iter().filter(|(key, _)| key != "imported_id").collect());
        prop_assume!(!x.as_object().unwrap().is_empty());
        let line = serde_json::json!({"id": "a", "title": "T", "product": "p", "symptom": "It stops.", "x": x});
        let import = back(&line.to_string());
        let again = lines(&BTreeMap::from([("a".to_owned(), import.records[0].tree.clone())]));
        let again: Json = serde_json::from_str(&again).unwrap();
        let mut kept = again["x"].clone();
        kept.as_object_mut().unwrap().remove("imported_id");
        prop_assert_eq!(sorted(&kept), sorted(&x));
    }
}

fn sorted(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(sorted).collect(),
        Json::Object(map) => {
            let sorted_map: BTreeMap<&String, Json> =
                map.iter().map(|(key, value)| (key, sorted(value))).collect();
            Json::Object(sorted_map.into_iter().map(|(key, value)| (key.clone(), value)).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn an_export_says_what_stays_behind_and_an_import_takes_it_in() {
    let from = book(&[
        ("content/pump/record.yaml", PUMP),
        ("content/pump/observed/log.txt", "it stops\n"),
        (
            "content/draft.yaml",
            &PUMP.replace("product", "status: draft\nproduct").replace("The pump stops", "A draft of it"),
        ),
        (
            "content/house.yaml",
            &PUMP.replace("product", "audience: internal\nproduct").replace("The pump stops", "Ours stops"),
        ),
    ]);
    insta::assert_snapshot!(transcript(&from.run(&["export", "jsonl", "--audience", "public"])), @r#"
    exit: 0
    --- stdout
    {"id":"pump","title":"The pump stops","product":"pump","symptom":"It stops.","root_cause":"A valve.","fix":"Open the valve.","wrong_fixes":["Wait"],"keywords":["pump stops"],"sources":["seen"],"x":{"imported_id":"P-1"}}
    --- stderr
    pump a file beside the record: observed/; comments: By hand; an import replaces the id that it was imported with: P-1
    left behind:
          1  a file beside the record
          1  an import replaces the id that it was imported with
          1  comments
    exported 1 record
    "#);
    assert_eq!(
        from.run(&["export", "jsonl", "-o", "out/all.jsonl", "--drafts", "-q"]).status.code(),
        Some(0)
    );
    let ids = |text: &str| -> Vec<String> {
        let id = |line: &str| serde_json::from_str::<Json>(line).unwrap()["id"].as_str().unwrap().to_owned();
        text.lines().map(id).collect()
    };
    assert_eq!(ids(&read(&from, "out/all.jsonl")), ["draft", "house", "pump"]);
    let to = book(&[]);
    to.write("all.jsonl", read(&from, "out/all.jsonl"));
    let account = json(&to, &["import", "jsonl", "all.jsonl", "-f", "json"]);
    assert_eq!(account["records"].as_array().unwrap().len(), 3, "{account}");
    let nothing = book(&[]);
    assert_eq!(nothing.run(&["export", "jsonl"]).status.code(), Some(1));
    assert_eq!(Scratch::empty().run(&["export", "jsonl"]).status.code(), Some(2));
    assert_eq!(from.run(&["export", "jsonl", "-o", "out"]).status.code(), Some(2));
}

const PUMP: &str = "# By hand\ntitle: The pump stops\nproduct: pump\nsymptom: It stops.\nroot_cause: A valve.\n\
    fix: Open the valve.\nwrong_fixes: [Wait]\nkeywords: [pump stops]\nsources: [seen]\nx: {imported_id: P-1}\n";

/// The files of an export, compared with those that are kept; `UPDATE=1` writes these anew.
fn golden(name: &str, folder: &Scratch) {
    let kept = project().join("tests/golden/export").join(name);
    for file in ["documents.ndjson", "README.md", if name == "bulk" { "index.json" } else { "index.yaml" }] {
        let text = read(folder, &format!("out/{file}"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(&kept).unwrap();
            std::fs::write(kept.join(file), &text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(kept.join(file)).unwrap(), "{name}/{file}");
    }
}

fn ndjson(text: &str) -> Vec<serde_json::Map<String, Json>> {
    assert!(text.ends_with('\n'), "a bulk request ends with the end of a line");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What every engine asks of documents: ids that are unique, and no field that the index does not have.
fn sound(documents: &[serde_json::Map<String, Json>], fields: &[String]) {
    let ids: std::collections::BTreeSet<&str> =
        documents.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), documents.len());
    for document in documents {
        for (key, value) in document {
            assert!(fields.contains(key), "`{key}` is in no mapping");
            assert!(value.is_string() || key == "facets" && value.is_array(), "{key}: {value}");
        }
    }
    assert!(documents.iter().all(|one| one["id"] != "not-finished"), "drafts stay at home");
}

#[test]
fn bulk_files_are_what_elasticsearch_and_opensearch_read() {
    let book = Scratch::copy_of(&golden_book());
    assert_eq!(book.run(&["export", "bulk", "-o", "out"]).status.code(), Some(0));
    golden("bulk", &book);
    let lines = ndjson(&read(&book, "out/documents.ndjson"));
    let mut documents = Vec::new();
    for pair in lines.chunks(2) {
        let [action, document] = pair else { panic!("an action without a document") };
        assert_eq!(action.keys().collect::<Vec<_>>(), ["index"]);
        let target = action["index"].as_object().unwrap();
        assert_eq!(target.keys().collect::<Vec<_>>(), ["_id"]);
        assert_eq!(target["_id"], document["id"]);
        documents.push(document.clone());
    }
    let index: Json = serde_json::from_str(&read(&book, "out/index.json")).unwrap();
    let properties = index["mappings"]["properties"].as_object().unwrap();
    sound(&documents, &properties.keys().cloned().collect::<Vec<_>>());
    let analysis = &index["settings"]["analysis"];
    let built_in = ["lowercase", "flatten_graph"];
    for field in properties.values().filter(|field| field["type"] == "text") {
        for name in [&field["analyzer"], &field["search_analyzer"]] {
            let analyser = &analysis["analyzer"][name.as_str().unwrap()];
            assert!(!analysis["tokenizer"][analyser["tokenizer"].as_str().unwrap()].is_null(), "{name}");
            for filter in analyser["filter"].as_array().unwrap().iter().map(|filter| filter.as_str().unwrap())
            {
                assert!(built_in.contains(&filter) || !analysis["filter"][filter].is_null(), "{filter}");
            }
            for filter in analyser["char_filter"].as_array().unwrap() {
                assert!(!analysis["char_filter"][filter.as_str().unwrap()].is_null(), "{filter}");
            }
        }
    }
    let printed = book.run(&["export", "bulk"]);
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), read(&book, "out/documents.ndjson"));
    assert_eq!(book.run(&["export", "bulk", "-o", "out/index.json"]).status.code(), Some(2));
}

#[test]
fn quickwit_files_are_what_quickwit_reads() {
    let book = Scratch::copy_of(&golden_book());
    assert_eq!(book.run(&["export", "quickwit", "-o", "out"]).status.code(), Some(0));
    golden("quickwit", &book);
    let index = parse::yaml_value(&read(&book, "out/index.yaml")).unwrap();
    // The keys that the reference of the index configuration has.
    let known = |value: &Json, keys: &[&str]| {
        for key in value.as_object().unwrap().keys() {
            assert!(keys.contains(&key.as_str()), "`{key}` is no key of an index configuration");
        }
    };
    known(
        &index,
        &[
            "version",
            "index_id",
            "index_uri",
            "doc_mapping",
            "search_settings",
            "indexing_settings",
            "retention",
        ],
    );
    known(
        &index["doc_mapping"],
        &["mode", "field_mappings", "tag_fields", "store_source", "timestamp_field"],
    );
    known(&index["search_settings"], &["default_search_fields"]);
    let fields = index["doc_mapping"]["field_mappings"].as_array().unwrap();
    for field in fields {
        known(field, &["name", "type", "stored", "indexed", "tokenizer", "record", "fieldnorms", "fast"]);
        assert!(field["type"] == "text" || field["type"] == "array<text>");
        if let Some(tokenizer) = field["tokenizer"].as_str() {
            assert!(
                ["raw", "default", "en_stem", "whitespace", "chinese_compatible", "lowercase"]
                    .contains(&tokenizer)
            );
        }
    }
    let names: Vec<String> = fields.iter().map(|field| field["name"].as_str().unwrap().to_owned()).collect();
    for field in index["search_settings"]["default_search_fields"].as_array().unwrap() {
        assert!(names.iter().any(|name| field == name));
    }
    sound(&ndjson(&read(&book, "out/documents.ndjson")), &names);
}

/// The entries of a zip: name and content, as its directory lists them.
fn unzip(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let short = |at: usize| usize::from(u16::from_le_bytes(zip[at..at + 2].try_into().unwrap()));
    let long = |at: usize| u32::from_le_bytes(zip[at..at + 4].try_into().unwrap()) as usize;
    let end = zip.len() - 22;
    assert_eq!(&zip[end..end + 4], b"PK\x05\x06");
    let (mut n_entries, mut at) = (short(end + 10), long(end + 16));
    if n_entries == 0xFFFF {
        let locator = end - 20;
        assert_eq!(&zip[locator..locator + 4], b"PK\x06\x07");
        let wide = long(locator + 8);
        assert_eq!(&zip[wide..wide + 4], b"PK\x06\x06");
        assert_eq!(wide + 56, locator);
        n_entries = long(wide + 32);
        at = long(wide + 48);
    }
    let mut entries = Vec::new();
    for _ in 0..n_entries {
        assert_eq!(&zip[at..at + 4], b"PK\x01\x02");
        assert_eq!((short(at + 30), short(at + 32)), (0, 0), "no extra field, no comment");
        let (method, crc, packed, size) = (short(at + 10), long(at + 16), long(at + 20), long(at + 24));
        let name = String::from_utf8(zip[at + 46..at + 46 + short(at + 28)].to_vec()).unwrap();
        let local = long(at + 42);
        assert_eq!(&zip[local..local + 4], b"PK\x03\x04");
        assert_eq!(zip[local + 4..local + 30], zip[at + 6..at + 32], "both headers say the same of {name}");
        let from = local + 30 + name.len();
        assert_eq!(&zip[local + 30..from], name.as_bytes());
        let packed = &zip[from..from + packed];
        let mut body = Vec::new();
        match method {
            0 => body.extend(packed),
            8 => drop(flate2::read::DeflateDecoder::new(packed).read_to_end(&mut body).unwrap()),
            other => panic!("method {other}"),
        }
        let mut sum = flate2::Crc::new();
        sum.update(&body);
        assert_eq!((body.len(), sum.sum() as usize), (size, crc), "{name}");
        at += 46 + name.len();
        entries.push((name, body));
    }
    assert_eq!(at, if n_entries < 0xFFFF { end } else { end - 76 });
    entries
}

#[test]
fn a_zip_holds_the_site_and_is_the_same_every_time() {
    let book = Scratch::copy_of(&golden_book());
    for out in ["one.zip", "out/two.zip"] {
        let output = book.run(&["export", "zip", "-o", out]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    let zip = std::fs::read(book.path().join("one.zip")).unwrap();
    assert_eq!(zip, std::fs::read(book.path().join("out/two.zip")).unwrap());
    assert_eq!(book.run(&["build", "-d", "site"]).status.code(), Some(0));
    let site = book.path().join("site");
    let files: Vec<(String, Vec<u8>)> = crate::support::walk(&site)
        .iter()
        .map(|path| (path.strip_prefix(&site).unwrap().to_string(), std::fs::read(path).unwrap()))
        .collect();
    let mut entries = unzip(&zip);
    assert!(entries.is_sorted_by(|one, other| one.0 < other.0));
    let mut files = files;
    for list in [&mut entries, &mut files] {
        list.sort();
    }
    assert_eq!(entries, files);
    assert_eq!(book.run(&["export", "zip"]).status.code(), Some(2));
    book.write("content/broken.yaml", "title: [\n");
    assert_eq!(book.run(&["export", "zip", "-o", "three.zip"]).status.code(), Some(1));
    assert!(!book.path().join("three.zip").exists());
}

#[test]
fn a_zip_may_have_more_files_than_its_first_format_could_count() {
    for n in [0, 65_534, 65_535, 70_000] {
        let names: Vec<String> = (0..n).map(|nth| format!("{nth:05}.txt")).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), name.as_bytes())).collect();
        let entries = unzip(&faultbook::exchange::zip(&files).unwrap());
        assert_eq!(entries.len(), n);
        assert!(entries.iter().zip(&names).all(|((name, body), own)| name == own && body == own.as_bytes()));
    }
}
