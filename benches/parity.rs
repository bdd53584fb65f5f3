//! The browser's ranking beside the terminal's at full size, and what it costs: `cargo bench --bench parity [BOOK]`.
//!
//! Without a folder the book is 10,000 generated records. Every query starts with an empty cache.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on should say where")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "search/cost.rs"]
mod cost;
#[path = "../tests/it/queries.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod queries;

use camino::Utf8Path;
use cost::Cost;
use faultbook::Given;
use faultbook::search::{Index, Query, documents, export};
use queries::{Dice, KINDS, differences, generated, in_javascript, query};
use serde_json::Value;

const N: usize = 10_000;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let project = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let book = match folder {
        // A word that chooses among the measures of another benchmark.
        Some(word) if !Utf8Path::new(&word).is_dir() => return,
        Some(folder) => {
            let input = faultbook::load(Utf8Path::new(&folder), &Given::default()).unwrap();
            faultbook::read(&input.sources, &input.given).book
        }
        None => faultbook::read(&generated(N), &Given::default()).book,
    };
    let documents = documents(&book);
    let start = Cost::now();
    let index = Index::in_memory(&documents).unwrap();
    let indexed = start.elapsed();
    let shards = export(&index, &documents).unwrap();
    let exported = start.elapsed();
    println!(
        "{} documents; CPU: index {:.2} s, shards {:.2} s; {:.2} s on the clock",
        documents.len(),
        indexed.cpu,
        exported.cpu - indexed.cpu,
        exported.wall
    );
    for kind in ["manifest.json", "/t/", "/hot.json", "/b/", "/f/", "/d-"] {
        let files: Vec<usize> =
            shards.iter().filter(|file| file.path.contains(kind)).map(|file| file.body.len()).collect();
        println!("{kind}: {} files, {} bytes", files.len(), files.iter().sum::<usize>());
    }
    let mut dice = Dice::new(1);
    let asked: Vec<Query> = (0..N).map(|nth| query(&documents, nth, &mut dice)).collect();
    let answers = in_javascript(project, &shards, &asked);
    for (nth, kind) in KINDS.iter().enumerate() {
        report(kind, answers.iter().skip(nth).step_by(KINDS.len()));
    }
    report("all", answers.iter());
    let different = differences(&index, &documents, &asked, &answers);
    println!("{} of {N} queries differ", different.len());
    assert!(different.is_empty(), "{:#?}", different[0]);
}

/// Bytes and requests: median and 95th percentile.
fn report<'a>(kind: &str, answers: impl Iterator<Item = &'a Value>) {
    let answers: Vec<&Value> = answers.collect();
    let at = |key: &str, percent: usize| {
        let mut sizes: Vec<u64> = answers.iter().map(|answer| answer[key].as_u64().unwrap()).collect();
        sizes.sort_unstable();
        sizes[(sizes.len() - 1) * percent / 100]
    };
    println!(
        "{kind:>6}: {} bytes, 95th {}; {} requests, 95th {}; as the first query {}, 95th {}; {}, 95th {}",
        at("bytes", 50),
        at("bytes", 95),
        at("requests", 50),
        at("requests", 95),
        at("bytes_first", 50),
        at("bytes_first", 95),
        at("requests_first", 50),
        at("requests_first", 95)
    );
}
