//! What `compare.mjs` compares: generated records as plain texts, queries, and our shards with what they cost to make:
//! `cargo bench --bench search -- RECORDS FOLDER`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on should say where")]

mod cost;
#[path = "../../tests/it/queries.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod queries;

use camino::Utf8Path;
use cost::Cost;
use faultbook::Given;
use faultbook::render::Theme;
use faultbook::search::{Document, Index, documents, export};
use queries::{Dice, KINDS, generated, query};
use serde_json::json;

/// Queries of each kind that all can answer: none with facets, and none of random characters.
const N_OF_KIND: usize = 20;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    // Without a folder, this is a run of all benchmarks.
    let [n, folder] = args.as_slice() else { return };
    let folder = Utf8Path::new(folder);
    let documents = documents(&faultbook::read(&generated(n.parse().unwrap()), &Given::default()).book);
    let start = Cost::now();
    let index = Index::in_memory(&documents).unwrap();
    for file in export(&index, &documents).unwrap() {
        write(&folder.join("site").join(&file.path), file.body);
    }
    let spent = start.elapsed();
    let (assets, _) = Theme::new(&[], false).pages();
    assets.into_iter().for_each(|file| write(&folder.join("site").join(&file.path), file.body));
    // A browser knows by the type that it is a module.
    write(&folder.join("site/package.json"), json!({"type": "module"}).to_string());
    write(&folder.join("documents.json"), json!(documents.iter().map(plain).collect::<Vec<_>>()).to_string());
    let mut dice = Dice::new(1);
    let asked = (0..KINDS.len() * N_OF_KIND).filter_map(|nth| {
        let kind = KINDS[nth % KINDS.len()];
        let query = query(&documents, nth, &mut dice);
        (!["facet", "odd"].contains(&kind)).then(|| json!({"kind": kind, "text": query.text}))
    });
    write(&folder.join("queries.json"), json!(asked.collect::<Vec<_>>()).to_string());
    write(&folder.join("cost.json"), json!({"wall": spent.wall, "cpu": spent.cpu}).to_string());
}

/// What is searched of a document besides its title, as one text, and what a hit shows.
fn plain(document: &Document) -> serde_json::Value {
    let summary = &document.summary;
    json!({
        "id": summary.id,
        "title": summary.title,
        "summary": summary.summary,
        "body": document.texts[1..].join("\n"),
    })
}

fn write(path: &Utf8Path, body: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, body).unwrap();
}
