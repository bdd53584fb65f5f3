//! One ranking: terminal and browser give the same records, order and scores.

use crate::queries::{Dice, KINDS, differences, generated, in_javascript, odd, query, split_in_javascript};
use crate::support::project;
use faultbook::Given;
use faultbook::output::CUES;
use faultbook::search::{Document, Index, Query, analyse, documents, export};
use serde_json::Value;

/// Both sides answer queries of every kind alike, and within the budget of bytes and requests.
fn check(documents: &[Document], n_queries: usize, seed: u64) {
    let index = Index::in_memory(documents).unwrap();
    let mut dice = Dice::new(seed);
    let queries: Vec<Query> = (0..n_queries).map(|nth| query(documents, nth, &mut dice)).collect();
    let answers = in_javascript(project(), &export(&index, documents).unwrap(), &queries);
    let different = differences(&index, documents, &queries, &answers);
    assert!(different.is_empty(), "{} of {n_queries} differ; {:#?}", different.len(), &different[0]);
    for (nth, kind) in KINDS.iter().enumerate().filter(|(_, kind)| **kind != "odd") {
        let of_kind = answers.iter().skip(nth).step_by(KINDS.len());
        let found = of_kind.filter(|answer| !answer["ranked"].as_array().unwrap().is_empty()).count();
        assert!(found * KINDS.len() * 2 > n_queries, "few queries of the kind {kind} find anything");
    }
    let mut sizes: Vec<u64> = answers.iter().map(|answer| answer["bytes"].as_u64().unwrap()).collect();
    sizes.sort_unstable();
    let (median, most) = (sizes[sizes.len() / 2], sizes[sizes.len() * 95 / 100]);
    assert!(median <= 8_000 && most <= 20_000, "a query fetches {median} bytes, one in twenty {most}");
}

/// Which lines of a pasted log count is said twice, in two languages.
#[test]
fn browser_and_terminal_have_the_same_cues() {
    let script = std::fs::read_to_string(project().join("theme/ranker-rest.js")).unwrap();
    assert!(script.contains(&format!("/(?:^|[^a-z-])(?:{CUES})/i")), "{CUES}");
}

#[test]
fn browser_and_terminal_rank_our_own_records_alike() {
    let input = faultbook::load(project(), &Given::default()).unwrap();
    let book = faultbook::read(&input.sources, &input.given).book;
    check(&documents(&book), 5_000, 1);
}

#[test]
fn browser_and_terminal_rank_generated_records_alike() {
    let book = faultbook::read(&generated(2_000), &Given::default()).book;
    check(&documents(&book), 5_000, 2);
}

/// Texts of random characters are split alike. What a newer Unicode version added may be a letter on one side only.
#[test]
fn rust_and_javascript_split_random_texts_alike() {
    let mut dice = Dice::new(3);
    let texts: Vec<String> =
        (0..20_000).map(|_| (0..dice.below(40)).map(|_| odd(&mut dice)).collect()).collect();
    let ours: Vec<Value> =
        texts.iter().map(|text| analyse(text).into_iter().map(|token| token.text).collect()).collect();
    let theirs = split_in_javascript(project(), &texts);
    let known = theirs.iter().filter(|tokens| !tokens.is_null()).count();
    assert!(known > texts.len() / 20, "only {known} texts are of known characters");
    for ((text, ours), theirs) in texts.iter().zip(&ours).zip(&theirs).filter(|(_, theirs)| !theirs.is_null())
    {
        assert_eq!(ours, theirs, "{text:?}");
    }
}
