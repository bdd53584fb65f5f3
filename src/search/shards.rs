//! An index → the files from which a browser ranks.
//!
//! `search/current.json` points at `search/<hash>/`, whose files never change: `manifest.json`, `t/<i>.bin`
//! (terms and their lists) and `d/<i>.json` (what hits show). Binary files and documents are gzip in the file
//! itself, since hosts often do not compress what they do not know. Numbers are LEB128 varints.
//! One shard holds all terms so far; the router in the manifest names where each shard begins.

use super::document::{Document, FIELDS};
use super::index::{DocId, Index, IndexError, MAX_POSTINGS, SCALE};
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use std::io::Write;

/// One file, relative to the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardFile {
    /// Such as `search/current.json`.
    pub path: String,
    /// What stands in it.
    pub body: Vec<u8>,
}

/// The version of this format and of the analyser behind it; a ranker refuses another.
const VERSION: u32 = 1;
/// Begins a key that stands for a facet value instead of a term; no analyser makes it.
const FACET: char = '\u{2}';

/// Writes every term, list and summary of an index of these documents. The same index gives the same bytes.
pub fn export(index: &Index, documents: &[Document]) -> Result<Vec<ShardFile>, IndexError> {
    let terms = gzip(&terms(index)?)?;
    let documents = gzip(&rows(documents))?;
    let manifest = serde_json::json!({
        "schema": "search-shards/1",
        "version": VERSION,
        "n": index.n_docs(),
        "scale": SCALE,
        "max_postings": MAX_POSTINGS,
        "fields": FIELDS.map(|(name, _)| name),
        "router": [""],
        "documents": 1,
    });
    let manifest = (manifest.to_string() + "\n").into_bytes();
    let mut hash = Sha256::new();
    for body in [&manifest, &terms, &documents] {
        hash.update((body.len() as u64).to_le_bytes());
        hash.update(body);
    }
    let hash: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let current =
        serde_json::json!({"schema": "search-current/1", "path": format!("{hash}/")}).to_string() + "\n";
    Ok(vec![
        ShardFile { path: format!("search/{hash}/manifest.json"), body: manifest },
        ShardFile { path: format!("search/{hash}/t/0.bin"), body: terms },
        ShardFile { path: format!("search/{hash}/d/0.json"), body: documents },
        ShardFile { path: "search/current.json".to_owned(), body: current.into_bytes() },
    ])
}

/// Front-coded keys with the number of their documents and the length of their list; then the lists.
fn terms(index: &Index) -> Result<Vec<u8>, IndexError> {
    let mut dictionary = Vec::new();
    let mut lists = Vec::new();
    let mut before = String::new();
    let mut n_keys = 0;
    let mut add = |key: String, df: u32, mut list: Vec<(DocId, u32)>| {
        let shared = key.bytes().zip(before.bytes()).take_while(|(one, other)| one == other).count();
        varint(shared as u64, &mut dictionary);
        varint((key.len() - shared) as u64, &mut dictionary);
        dictionary.extend_from_slice(&key.as_bytes()[shared..]);
        let start = lists.len();
        list.sort_unstable();
        posting_list(&list, &mut lists);
        varint(u64::from(df), &mut dictionary);
        varint((lists.len() - start) as u64, &mut dictionary);
        before = key;
        n_keys += 1;
    };
    // U+0002 sorts before every term.
    for facet in index.facets()? {
        let docs = index.with_facet(&facet)?;
        let df = u32::try_from(docs.len()).unwrap_or(u32::MAX);
        add(format!("{FACET}{facet}"), df, docs.into_iter().map(|doc| (doc, 0)).collect());
    }
    for (term, postings) in index.all_postings()? {
        add(term, postings.df, postings.list);
    }
    let mut shard = Vec::new();
    varint(n_keys, &mut shard);
    varint(dictionary.len() as u64, &mut shard);
    shard.extend(dictionary);
    shard.extend(lists);
    Ok(shard)
}

/// How many, the numbers of the documents as differences, then their impacts: two columns compress better.
fn posting_list(list: &[(DocId, u32)], out: &mut Vec<u8>) {
    varint(list.len() as u64, out);
    let mut before = 0;
    for (doc, _) in list {
        varint(u64::from(doc - before), out);
        before = *doc;
    }
    list.iter().for_each(|(_, impact)| varint(u64::from(*impact), out));
}

fn rows(documents: &[Document]) -> Vec<u8> {
    let row = |document: &Document| {
        let summary = &document.summary;
        serde_json::json!([summary.id, summary.title, summary.summary, summary.product, summary.category])
    };
    serde_json::Value::Array(documents.iter().map(row).collect()).to_string().into_bytes()
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A header without time and system, so that the same text gives the same bytes.
fn gzip(bytes: &[u8]) -> Result<Vec<u8>, IndexError> {
    let mut writer = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::new(5));
    writer.write_all(bytes)?;
    Ok(writer.finish()?)
}
