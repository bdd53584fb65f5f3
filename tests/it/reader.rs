//! Laws of the preview: what is read again and again is what is read once, and a page that is asked for alone is the one
//! that a build writes.

use crate::queries::{Dice, generated};
use crate::support::{CLEAN, golden_book};
use faultbook::diagnose::SIGNATURES_FILE;
use faultbook::render::{Page, Templates};
use faultbook::search::{self, Index};
use faultbook::serve::{Edition, Librarian, Reader};
use faultbook::text::{Source, Sources};
use faultbook::{Choice, Given, Input};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::channel;

const CHOICE: Choice = Choice { drafts: true, public: false, as_of: None };

#[track_caller]
fn every_page_is_the_built_one(input: &Input, min_pages: usize) {
    let (_, built) = faultbook::build_in_memory(input, CHOICE).unwrap();
    // Those that `render` does not make; `serve` holds them to the built ones.
    let others =
        |path: &str| path.starts_with("search/") && path != "search/index.html" || path == SIGNATURES_FILE;
    let pages: Vec<&Page> = built.iter().filter(|page| !others(&page.path)).collect();
    assert!(pages.len() >= min_pages, "only {} pages", pages.len());
    let finished = Reader::new(input.given.clone()).read(&input.sources, CHOICE).finished;
    let templates = Templates::new(&input.templates).unwrap();
    finished.with_site(templates, &input.theme, |site| {
        for page in &pages {
            let alone = site.file(&page.path).unwrap();
            assert!(alone.as_ref() == Some(*page), "{} is another page where it is asked for", page.path);
        }
        let absent = [
            "nope",
            "f/nope/index.html",
            "browse/category/nope/index.html",
            "browse/index",
            "keywords/9/index.html",
        ];
        for path in absent.into_iter().chain([
            "browse/category/kind-1/1/index.html",
            "api/v1/records/nope.json",
            "f/",
            "",
        ]) {
            assert_eq!(site.file(path).unwrap(), None, "at `{path}`");
        }
    });
}

#[test]
fn a_page_that_is_asked_for_alone_is_the_one_of_a_build() {
    let given = Given::default();
    every_page_is_the_built_one(&faultbook::load(&golden_book(), &given).unwrap(), 50);
    let mut files: Vec<Source> = generated(700).iter().map(|(_, source)| source.clone()).collect();
    let mut add =
        |path: &str, text: &str| files.push(Source::from_bytes(path.into(), text.as_bytes().to_vec()));
    add(
        "content/named.yaml",
        &format!("{CLEAN}aliases: [old-name, older-name]\nalerts: [DiskFull, NoRoom]\n"),
    );
    add("content/pages/first.md", "---\ntitle: First\norder: 2\n---\nA text.\n");
    add("content/pages/second.md", "---\ntitle: Second\norder: 1\n---\nAnother text.\n");
    add("book.toml", "[output.html.redirect]\n\"old/\" = \"f/named/\"\n");
    let input = Input { sources: Sources::new(files), templates: Vec::new(), theme: Vec::new(), given };
    every_page_is_the_built_one(&input, 2_800);
}

/// Records that name, shadow and lose one another, files that break and are mended, settings that change: after each
/// change the reader knows what a reader that begins anew finds.
#[test]
fn reading_again_finds_what_reading_once_finds() {
    let given = Given::default();
    let mut reader = Reader::new(given.clone());
    let mut files: BTreeMap<String, Arc<Source>> = BTreeMap::new();
    let mut dice = Dice::new(11);
    let mut n_found = 0;
    for round in 0..600 {
        change(&mut files, &mut dice, round);
        let sources = Sources::shared(files.values().cloned().collect());
        let again = reader.read(&sources, CHOICE);
        let once = faultbook::read(&sources, &given);
        assert_eq!(again.found, once.found, "in round {round}");
        n_found += once.found.len();
        let records = |book: &faultbook::model::Book| book.records.values().cloned().collect::<Vec<_>>();
        assert_eq!(records(&again.finished.book), records(&once.book), "in round {round}");
        assert_eq!(again.finished.book.guides, once.book.guides, "in round {round}");
        assert_eq!(again.finished.book.settings, once.book.settings, "in round {round}");
    }
    assert!(n_found > 2_000, "only {n_found} findings: that tests little");
}

fn change(files: &mut BTreeMap<String, Arc<Source>>, dice: &mut Dice, round: usize) {
    const NAMES: [&str; 9] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota"];
    let mut name = || NAMES[dice.below(NAMES.len())];
    let (own, one, other, alias) = (name(), name(), name(), name());
    let path = match dice.below(8) {
        0 => format!("content/deep/{own}.yaml"),
        1 => format!("content/pages/{own}.md"),
        _ => format!("content/{own}.yaml"),
    };
    if path.starts_with("content/pages/") {
        let text = format!("---\ntitle: Page {round}\n---\nRead [it]({one}) and [that]({other}).\n");
        return put(files, &path, &text);
    }
    match dice.below(12) {
        0 | 1 => drop(files.remove(&path)),
        2 => {
            let level = ["off", "warn", "error"][dice.below(3)];
            put(
                files,
                "book.toml",
                &format!("[lint]\nunknown-record = \"{level}\"\nlong-title = \"{level}\"\n"),
            );
        }
        3 => put(files, &path, "title: [broken\n"),
        4 => put(files, &path, &format!("{CLEAN}prodcut: thing\n")),
        5 => put(files, &path, &format!("{CLEAN}aliases: [{alias}]\nalerts: [Alert{}]\n", dice.below(3))),
        6 => put(files, &path, &format!("{CLEAN}related: {{see_also: [{one}, {other}]}}\n")),
        7 => put(files, &path, &format!("{CLEAN}status: deprecated\nreason: Old.\nsee_instead: {one}\n")),
        8 => put(files, &path, &format!("{CLEAN}why: It says <b>so</b> [here]({one}).\n")),
        _ => put(files, &path, &format!("{CLEAN}why: Round {round}.\n")),
    }
}

fn put(files: &mut BTreeMap<String, Arc<Source>>, path: &str, text: &str) {
    files.insert(path.to_owned(), Arc::new(Source::from_bytes(path.into(), text.as_bytes().to_vec())));
}

/// Whoever searches waits for an index and for nothing else: it is made before its edition is looked at as a whole, and
/// none is made of an edition that is over.
#[test]
fn the_index_comes_before_the_look_at_all() {
    let edition = |nth| {
        let record = Source::from_bytes("content/one.yaml".into(), CLEAN.as_bytes().to_vec());
        let sources = Sources::new(vec![record]);
        let finished = Reader::new(Given::default()).read(&sources, CHOICE).finished;
        Arc::new(Edition::start(nth, finished, Templates::new(&[]).unwrap(), Arc::default()))
    };
    let librarian = Librarian::default();
    let look_at_all = |edition: &Arc<Edition>| {
        let (reply, replied) = channel();
        let (asked, shown) = (librarian.clone(), Arc::clone(edition));
        librarian.then_look_at_all(Arc::clone(edition), move |whole| {
            reply.send((asked.has(&shown), whole.unwrap().is_some())).unwrap();
        });
        replied.recv().unwrap()
    };
    let (shown, newer) = (edition(0), edition(1));
    assert!(!librarian.has(&shown));
    assert_eq!(look_at_all(&shown), (true, true));
    let documents = search::documents(&shown.finished.book);
    let n_docs =
        |goes_on| Index::in_memory_while(&documents, || goes_on).unwrap().map(|index| index.n_docs());
    assert_eq!((n_docs(true), n_docs(false)), (Some(1), None));
    newer.end();
    assert_eq!(look_at_all(&newer), (false, false));
}
