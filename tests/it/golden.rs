//! The whole small book, byte for byte. `UPDATE=1` rewrites it; the difference is the review.

use crate::support::{golden_book, project, walk};
use faultbook::render::Page;
use std::collections::BTreeMap;

#[test]
fn the_small_book_becomes_this_site() {
    let built = faultbook::build(&faultbook::load(&golden_book()).unwrap(), false).unwrap();
    let site = project().join("tests/golden/site");
    if std::env::var_os("UPDATE").is_some() {
        let _ = std::fs::remove_dir_all(&site);
        for page in &built.pages {
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
        built.pages.into_iter().map(|Page { path, body }| (path, body)).collect();
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    for (path, body) in &found {
        assert_eq!(String::from_utf8_lossy(body), String::from_utf8_lossy(&expected[path]), "{path}");
    }
}

#[test]
fn drafts_are_built_only_on_request() {
    let input = faultbook::load(&golden_book()).unwrap();
    let has_draft = |drafts| {
        let built = faultbook::build(&input, drafts).unwrap();
        built.pages.iter().any(|page| page.path == "f/not-finished/index.html")
    };
    assert!(!has_draft(false));
    assert!(has_draft(true));
}

/// Nothing of a page may lie outside the output folder, whatever a record says.
#[test]
fn every_page_stays_inside_the_site() {
    let built = faultbook::build(&faultbook::load(&golden_book()).unwrap(), true).unwrap();
    for page in built.pages {
        let parts: Vec<&str> = page.path.split('/').collect();
        assert!(
            parts.iter().all(|part| !part.is_empty() && *part != "..") && !page.path.contains('\\'),
            "{}",
            page.path
        );
    }
}

/// Every link of every page that does not leave the site leads to a file of it, and every fragment to an id.
#[test]
fn every_link_leads_somewhere() {
    let built = faultbook::build(&faultbook::load(&golden_book()).unwrap(), true).unwrap();
    let files: BTreeMap<String, String> = built
        .pages
        .into_iter()
        .map(|page| (page.path, String::from_utf8_lossy(&page.body).into_owned()))
        .collect();
    let mut n_links = 0;
    for (path, html) in files.iter().filter(|(path, _)| path.ends_with(".html") && *path != "404.html") {
        for link in html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            if link.starts_with("http") || link.starts_with("mailto:") {
                continue;
            }
            n_links += 1;
            let (target, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = target.split('?').next().unwrap();
            let file = if target.is_empty() { path.clone() } else { resolve(path, target) };
            let there = files.get(&file);
            assert!(there.is_some(), "{path}: `{link}` leads to `{file}`, which is not there");
            let has_id = fragment.is_empty() || there.unwrap().contains(&format!("id=\"{fragment}\""));
            assert!(has_id, "{path}: `{link}` leads to an id that is not there");
        }
    }
    assert!(n_links > 100);
}

fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => assert!(parts.pop().is_some(), "{from}: `{link}` leaves the site"),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path }
}
