//! What pages may weigh, as a reader gets them: over our own book, and over a generated one.

use crate::queries::generated;
use crate::support::project;
use faultbook::render::Page;
use faultbook::{Choice, Given, Input};
use std::io::Write;

#[test]
fn our_own_site_keeps_its_budgets() {
    let input = faultbook::load(project(), &Given::default()).unwrap();
    let (_, pages) = faultbook::build_in_memory(&input, Choice::default()).unwrap();
    keeps_its_budgets(&pages, 38);
}

#[test]
fn a_site_of_a_thousand_records_keeps_them_too() {
    let sources = generated(1_000);
    let input = Input { sources, templates: Vec::new(), theme: Vec::new(), given: Given::default() };
    let (_, pages) = faultbook::build_in_memory(&input, Choice::default()).unwrap();
    keeps_its_budgets(&pages, 1_000);
    // What there is one of each stays a page that a browser shows at once, whatever the book holds.
    for path in ["index.html", "status/index.html", "search/index.html"] {
        let size = gzip(&pages.iter().find(|page| page.path == path).unwrap().body);
        assert!(size <= 12_000, "{path} has {size} bytes");
    }
}

fn keeps_its_budgets(pages: &[Page], n_records: usize) {
    let records = |name: &str| {
        let of_record = pages.iter().filter(|page| page.path.starts_with("f/") && page.path.ends_with(name));
        of_record.collect::<Vec<_>>()
    };
    let html = records("/index.html");
    assert!(html.len() >= n_records);
    let size = median(html.iter().map(|page| gzip(&page.body)).collect());
    assert!(size <= 6_000, "a record page has {size} bytes");
    let nodes = median(html.iter().map(|page| n_elements(&page.body)).collect());
    assert!(nodes <= 600, "a record page has {nodes} elements");
    for page in html {
        let (loaded, elsewhere) = loads(&String::from_utf8_lossy(&page.body));
        assert!((3..=5).contains(&(1 + loaded)), "{} takes {} requests", page.path, 1 + loaded);
        assert_eq!(elsewhere, Vec::<String>::new(), "{}", page.path);
    }
    let twins = records("/index.md");
    let tokens = median(twins.iter().map(|page| page.body.len() / 4).collect());
    assert!(tokens <= 1_200, "a Markdown twin has {tokens} tokens");
    for page in twins {
        let text = String::from_utf8_lossy(&page.body);
        let fix = text.find("## Quick fix").unwrap();
        let step = fix + text[fix..].find("\n1. ").unwrap_or_default();
        assert!(step / 4 < 300, "{}: the fix begins at token {}", page.path, step / 4);
    }
    let asset = |name: &str| {
        let named = |page: &&Page| page.path.starts_with(&format!("assets/{name}."));
        gzip(&pages.iter().find(named).unwrap().body)
    };
    assert!(asset("site") <= 6_000, "the style sheet has {} bytes", asset("site"));
    assert!(asset("page") <= 1_500, "the script of every page has {} bytes", asset("page"));
    let first = asset("search") + asset("ranker");
    assert!(first <= 6_400, "what the first answer waits for of the scripts has {first} bytes");
    let search = first + asset("search-rest") + asset("ranker-rest");
    assert!(search <= 12_000, "the scripts of the search page have {search} bytes");
}

fn gzip(body: &[u8]) -> usize {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(body).unwrap();
    writer.finish().unwrap().len()
}

fn median(mut sizes: Vec<usize>) -> usize {
    sizes.sort_unstable();
    sizes[sizes.len() / 2]
}

/// How many elements a page has.
fn n_elements(body: &[u8]) -> usize {
    body.windows(2).filter(|pair| pair[0] == b'<' && pair[1].is_ascii_alphabetic()).count()
}

/// How many files a browser fetches for a page, images that the record has itself aside, and the addresses among them
/// that are not the site's own.
fn loads(html: &str) -> (usize, Vec<String>) {
    let tag = regex::Regex::new(r#"<(?:script|link rel="(?:stylesheet|icon)")[^>]* (?:src|href)="([^"]*)""#)
        .unwrap();
    let addresses: Vec<&str> = tag.captures_iter(html).map(|found| found.get(1).unwrap().as_str()).collect();
    let elsewhere = addresses.iter().filter(|address| !address.starts_with("../../assets/"));
    (addresses.len(), elsewhere.map(|address| (*address).to_owned()).collect())
}
