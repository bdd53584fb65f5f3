//! Styles, scripts and icons: built in, replaceable by name, and named after their content.

use super::Page;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The built-in theme: name and content.
const BUILT_IN: &[(&str, &str)] = &[
    ("favicon.svg", include_str!("../../theme/favicon.svg")),
    ("page.js", include_str!("../../theme/page.js")),
    ("ranker.js", include_str!("../../theme/ranker.js")),
    ("ranker-rest.js", include_str!("../../theme/ranker-rest.js")),
    ("search.js", include_str!("../../theme/search.js")),
    ("search-rest.js", include_str!("../../theme/search-rest.js")),
    ("site.css", include_str!("../../theme/site.css")),
];

/// The theme of a book: the built-in files, each replaced where the book has one of that name.
#[derive(Clone, Debug)]
pub struct Theme {
    files: BTreeMap<String, Vec<u8>>,
    hash_names: bool,
}

impl Theme {
    /// The built-in files: name and content.
    pub fn built_in() -> &'static [(&'static str, &'static str)] {
        BUILT_IN
    }

    /// Lays a book's own files (by name) over the built-in ones. `hash_names`: whether names change with content.
    pub fn new(own: &[(String, Vec<u8>)], hash_names: bool) -> Theme {
        let built_in = |(name, text): &(&str, &str)| {
            let text = if name.ends_with(".js") { terse(text) } else { (*text).to_owned() };
            ((*name).to_owned(), text.into_bytes())
        };
        let mut files: BTreeMap<String, Vec<u8>> = BUILT_IN.iter().map(built_in).collect();
        // What was taken over and left as it is stays ours.
        let is_built_in = |(name, body): &&(String, Vec<u8>)| {
            BUILT_IN.iter().any(|(ours, text)| ours == name && text.as_bytes() == body.as_slice())
        };
        files.extend(own.iter().filter(|file| !is_built_in(file)).cloned());
        Theme { files, hash_names }
    }

    /// The files under names that change with their content, so that they can be cached for ever, and a map
    /// from plain name to that path. A script that imports `./other.js` gets the new name of the other; of two that
    /// import one another, one keeps the plain name, under which nothing is.
    pub fn pages(&self) -> (Vec<Page>, BTreeMap<String, String>) {
        let mut pages = Vec::new();
        let mut paths: BTreeMap<String, String> = BTreeMap::new();
        let mut rest: Vec<(&String, &Vec<u8>)> = self.files.iter().collect();
        while !rest.is_empty() {
            let is_ready = |body: &[u8]| self.imports(body).iter().all(|import| paths.contains_key(*import));
            let next = rest.iter().position(|(_, body)| is_ready(body)).unwrap_or_default();
            let (name, body) = rest.remove(next);
            let body =
                self.imports(body).into_iter().fold(body.clone(), |body, import| match paths.get(import) {
                    Some(path) => rewrite(&body, import, path),
                    None => body,
                });
            let path = if self.hash_names { hashed(name, &body) } else { format!("assets/{name}") };
            paths.insert(name.clone(), path.clone());
            pages.push(Page { path, body });
        }
        pages.sort_by(|one, other| one.path.cmp(&other.path));
        (pages, paths)
    }

    fn imports(&self, body: &[u8]) -> Vec<&str> {
        let text = String::from_utf8_lossy(body);
        let names = self.files.keys().map(String::as_str);
        names.filter(|name| text.contains(&format!("\"./{name}\""))).collect()
    }
}

fn rewrite(body: &[u8], import: &str, path: &str) -> Vec<u8> {
    let file = path.rsplit('/').next().unwrap_or(path);
    String::from_utf8_lossy(body).replace(&format!("\"./{import}\""), &format!("\"./{file}\"")).into_bytes()
}

fn hashed(name: &str, body: &[u8]) -> String {
    let hash: String = Sha256::digest(body).iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("assets/{stem}.{hash}.{ending}"),
        None => format!("assets/{name}.{hash}"),
    }
}

/// A script of ours as a reader gets it: comments that have lines of their own, and indentation, are a quarter of its
/// size after compression. No text of a built-in script goes on over lines.
fn terse(script: &str) -> String {
    let is_comment = |line: &str| line.starts_with("//") || (line.starts_with("/**") && line.ends_with("*/"));
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty() && !is_comment(line));
    lines.map(|line| format!("{line}\n")).collect()
}
