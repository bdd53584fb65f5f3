//! What `book.toml` and the environment decide, seen in the site.

use crate::support::{Scratch, faultbook, transcript};

const RECORD: &str = "title: It breaks\nproduct: thing\ncategory: a kind\nsymptom: It stops.\nroot_cause: A cause.\nfix: Mend it.\nwrong_fixes: [Wait]\nkeywords: [it breaks]\nsources: [{url: 'https://example.org/', accessed: 2024-01-01}]\nreview_by: 2026-01-01\ncreated: 2025-01-01\n";

const BOOK: &str = r#"
[book]
title = "Ours"
description = "What breaks here"
authors = ["The team"]
language = "de"
src = "records"
format = 1
audience = "internal"

[build]
build-dir = "public"

[output.html]
site-url = "https://example.org/faults/"
edit-url-template = "https://example.org/edit/{path}"
git-repository-url = "https://example.org/repo"
additional-css = ["ours.css"]
default-theme = "dark"
hash-files = false
cname = "faults.example.org"

[output.html.redirect]
"/old/" = "/f/it-breaks/"
"/away.html" = "https://example.org/elsewhere"

[facets]
category = { label = "Kind", values = ["a kind"] }

[check]
stale-after = "90d"

[lint]
long-title = "off"

[extra]
motto = "keep calm"
"#;

fn book() -> Scratch {
    let book = Scratch::empty();
    book.write("book.toml", BOOK);
    book.write("records/it-breaks.yaml", RECORD);
    book.write("theme/ours.css", "body { color: red }");
    book.write(
        "templates/home.html",
        "{% extends \"default/home.html\" %}{% block title %}{{ site.extra.motto }}{% endblock %}",
    );
    book
}

fn read(book: &Scratch, path: &str) -> String {
    std::fs::read_to_string(book.path().join("public").join(path))
        .unwrap_or_else(|_| panic!("{path} is not there"))
}

#[test]
fn every_setting_is_seen_in_the_site() {
    let book = book();
    let output = book.run(&["build", "--publish"]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let home = read(&book, "index.html");
    for part in [
        "<html lang=\"de\" data-theme=\"dark\">",
        "<title>keep calm</title>",
        "assets/ours.css",
        "content=\"noindex\"",
        "What breaks here",
        "https://example.org/repo",
        ">Kind<",
    ] {
        assert!(home.contains(part), "no {part} in {home}");
    }
    let record = read(&book, "f/it-breaks/index.html");
    for part in [
        "https://example.org/edit/records/it-breaks.yaml",
        "https://example.org/repo/issues/new",
        "https://example.org/repo/commits/HEAD/records/it-breaks.yaml",
        "rel=\"canonical\" href=\"https://example.org/faults/f/it-breaks/\"",
    ] {
        assert!(record.contains(part), "no {part} in {record}");
    }
    assert_eq!(read(&book, "CNAME"), "faults.example.org\n");
    assert!(read(&book, "old/index.html").contains("url=../f/it-breaks/"));
    assert!(read(&book, "away.html").contains("url=https://example.org/elsewhere"));
    assert!(read(&book, "_redirects").contains("/faults/old/ /faults/f/it-breaks/ 301"));
    assert!(read(&book, "_headers").contains("X-Robots-Tag: noindex"));
    assert!(read(&book, "robots.txt").contains("Disallow: /"));
    assert!(read(&book, "404.html").contains("href=\"/faults/assets/site.css\""));
    assert!(read(&book, "atom.xml").contains("<name>The team</name>"));
    assert!(read(&book, "opensearch.xml").contains("https://example.org/faults/search/?q={searchTerms}"));
    assert!(read(&book, "sitemap.xml").contains("<loc>https://example.org/faults/f/it-breaks/</loc>"));
    // The build's day is SOURCE_DATE_EPOCH, the last of 2026.
    let status = read(&book, "status/index.html");
    assert!(
        status.contains("2026-12-31") && status.contains("2026-01-01") && status.contains("2024-01-01"),
        "{status}"
    );
}

#[test]
fn the_environment_and_flags_stand_above_the_file() {
    let book = book();
    let mut command = faultbook(
        book.path(),
        &["build", "-q", "--site-url", "https://flag.example/", "--as-of", "2025-06-30"],
    );
    command
        .env("FAULTBOOK_BOOK__TITLE", "Theirs")
        .env("FAULTBOOK_OUTPUT__HTML__SITE_URL", "https://env.example/");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    assert!(read(&book, "browse/index.html").contains("<title>Browse · Theirs</title>"));
    assert!(read(&book, "sitemap.xml").contains("https://flag.example/"));
    assert!(read(&book, "status/index.html").contains("2025-06-30"));
    let mut command = faultbook(book.path(), &["build", "-q"]);
    let output = command.env("FAULTBOOK_BOOK__TITEL", "x").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `title`?"));
}

#[test]
fn a_redirect_starts_where_no_page_is_and_ends_where_one_is() {
    let book = book();
    for (line, wanted) in [
        ("\"/f/it-breaks/\" = \"/\"", "two pages have the address"),
        ("\"/old2/\" = \"/f/nothing/\"", "nothing is there"),
        ("\"/../x\" = \"/\"", "cannot lead to"),
        ("\"/x/\" = \"javascript:alert(1)\"", "cannot lead to"),
    ] {
        book.write("book.toml", BOOK.replace("\"/old/\" = \"/f/it-breaks/\"", line));
        let output = book.run(&["build", "-q"]);
        assert_eq!(output.status.code(), Some(1), "{line}: {}", transcript(&output));
        assert!(String::from_utf8_lossy(&output.stderr).contains(wanted), "{line}: {}", transcript(&output));
    }
}

/// Without search there is no search page, no shard, and no link to either.
#[test]
fn search_can_be_switched_off() {
    let book = book();
    std::fs::remove_file(book.path().join("templates/home.html")).unwrap();
    book.write(
        "book.toml",
        "[book]\nsrc = 'records'\n[build]\nbuild-dir = 'public'\n[output.html.search]\nenable = false\n",
    );
    let output = book.run(&["build", "-q"]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    assert!(!book.path().join("public/search").exists());
    assert!(!read(&book, "index.html").contains("search/"));
}

/// What our own pages claim is what was run: no committed result is of an earlier version of its check.
#[test]
fn every_check_of_our_own_book_is_tested_as_it_stands() {
    let input = ::faultbook::load(crate::support::project(), &::faultbook::Given::default()).unwrap();
    let reading = ::faultbook::read(&input.sources, &input.given);
    let checked = reading.book.records.values().filter(|record| record.check.is_some());
    let mut n_checked = 0;
    for record in checked {
        n_checked += 1;
        assert_eq!(
            reading.results.proof(record).state,
            ::faultbook::model::ProofState::Tested,
            "{}",
            record.id
        );
    }
    assert!(n_checked >= 12);
}
