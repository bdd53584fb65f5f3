//! The whole small book, byte for byte. `UPDATE=1` rewrites it; the difference is the review.

use crate::support::{Scratch, golden_book, project, walk};
use faultbook::render::Page;
use faultbook::{Choice, Given};
use std::collections::BTreeMap;

#[test]
fn the_small_book_becomes_this_site() {
    let (_, pages) = faultbook::build_in_memory(
        &faultbook::load(outside_git().path(), &Given::default()).unwrap(),
        Choice::default(),
    )
    .unwrap();
    let site = project().join("tests/golden/site");
    if std::env::var_os("UPDATE").is_some() {
        let _ = std::fs::remove_dir_all(&site);
        for page in &pages {
            let path = site.join(&page.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &page.body).unwrap();
        }
    }
    let file = |path: &camino::Utf8PathBuf| {
        (path.strip_prefix(&site).unwrap().to_string(), std::fs::read(path).unwrap())
    };
    let expected: BTreeMap<String, Vec<u8>> = walk(&site).iter().map(file).collect();
    let found: BTreeMap<String, Vec<u8>> =
        pages.into_iter().map(|Page { path, body }| (path, body)).collect();
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    for (path, body) in &found {
        assert_eq!(String::from_utf8_lossy(body), String::from_utf8_lossy(&expected[path]), "{path}");
    }
}

#[test]
fn drafts_are_built_only_on_request() {
    let input = faultbook::load(outside_git().path(), &Given::default()).unwrap();
    let has_draft = |drafts| {
        let (_, pages) = faultbook::build_in_memory(&input, Choice { drafts, ..Choice::default() }).unwrap();
        pages.iter().any(|page| page.path == "f/not-finished/index.html")
    };
    assert!(!has_draft(false));
    assert!(has_draft(true));
}

/// Nothing of a page may lie outside the output folder, whatever a record says.
#[test]
fn every_page_stays_inside_the_site() {
    let (_, pages) = faultbook::build_in_memory(
        &faultbook::load(outside_git().path(), &Given::default()).unwrap(),
        Choice { drafts: true, ..Choice::default() },
    )
    .unwrap();
    for page in pages {
        let parts: Vec<&str> = page.path.split('/').collect();
        assert!(
            parts.iter().all(|part| !part.is_empty() && *part != "..") && !page.path.contains('\\'),
            "{}",
            page.path
        );
    }
}

/// The small book where no history gives its records days that they do not name.
fn outside_git() -> Scratch {
    Scratch::copy_of(&golden_book())
}
