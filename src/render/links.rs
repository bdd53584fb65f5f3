//! Links of finished pages → those that lead nowhere. It looks at what readers get, whatever templates made it.

use super::Page;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A link of a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadLink {
    /// The page's path.
    pub page: String,
    /// The link, as it stands there.
    pub link: String,
}

/// What some pages link to, and what they have; merged until it is all of a site.
#[derive(Default)]
pub struct Links {
    files: HashSet<String>,
    /// Paths that more than one file has.
    twice: BTreeSet<String>,
    /// Digests of page and id, for every id of every page.
    places: HashSet<u64>,
    /// Each path that is linked to, and one link that leads there.
    paths: HashMap<String, DeadLink>,
    /// The same for places in pages.
    wanted: HashMap<u64, DeadLink>,
}

const LINKS: &[&str] = &["href", "src", "action"];

impl Links {
    /// Looks at the files of a part of a site. `root_path` is the path of the site on its host, such as `/`.
    pub fn of(pages: &[Page], root_path: &str) -> Links {
        let mut links = Links::default();
        // Links up to the root and down from there mean the same on every page of one depth.
        let mut seen: HashSet<(usize, &str)> = HashSet::new();
        for page in pages {
            if !links.files.insert(page.path.clone()) {
                links.twice.insert(page.path.clone());
            }
            if page.path.ends_with(".html")
                && let Ok(text) = std::str::from_utf8(&page.body)
            {
                links.look_at(&page.path, text, root_path, &mut seen);
            }
        }
        links
    }

    /// Puts two parts together.
    pub fn merge(mut self, mut other: Links) -> Links {
        if self.files.len() < other.files.len() {
            std::mem::swap(&mut self, &mut other);
        }
        self.twice.extend(other.twice);
        for file in other.files {
            if let Some(file) = self.files.replace(file) {
                self.twice.insert(file);
            }
        }
        self.places.extend(other.places);
        for (path, link) in other.paths {
            self.paths.entry(path).or_insert(link);
        }
        for (place, link) in other.wanted {
            self.wanted.entry(place).or_insert(link);
        }
        self
    }

    /// Whether the site has a file.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// The path of every file, in no order.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// The paths that more than one file of the site has; only one of them could be shown.
    pub fn twice(&self) -> impl Iterator<Item = &str> {
        self.twice.iter().map(String::as_str)
    }

    /// One link to each path and place that nothing is at, sorted.
    pub fn dead(&self) -> Vec<DeadLink> {
        let paths = self.paths.iter().filter(|(path, _)| !self.files.contains(*path)).map(|(_, link)| link);
        let places =
            self.wanted.iter().filter(|(place, _)| !self.places.contains(*place)).map(|(_, link)| link);
        let mut dead: Vec<DeadLink> = paths.chain(places).cloned().collect();
        dead.sort();
        dead.dedup();
        dead
    }

    fn look_at<'p>(
        &mut self,
        page: &'p str,
        text: &'p str,
        root_path: &str,
        seen: &mut HashSet<(usize, &'p str)>,
    ) {
        let depth = page.matches('/').count();
        self.places.extend(attributes(text, &["id"]).map(|id| place(page, id)));
        for link in attributes(text, LINKS) {
            if goes_up(link) == depth && depth > 0 && !seen.insert((depth, link)) {
                continue;
            }
            let (target, name) = link.split_once('#').unwrap_or((link, ""));
            let Some(path) = resolve(page, depth, target, root_path) else { continue };
            let path = match path.is_empty() || path.ends_with('/') {
                true => Cow::Owned(format!("{path}index.html")),
                false => path,
            };
            let example = || DeadLink { page: page.to_owned(), link: link.to_owned() };
            if !name.is_empty() {
                self.wanted.entry(place(&path, name)).or_insert_with(example);
            }
            if !self.paths.contains_key(path.as_ref()) {
                self.paths.insert(path.into_owned(), example());
            }
        }
    }
}

fn place(page: &str, id: &str) -> u64 {
    let mut hash = DefaultHasher::new();
    (page, id).hash(&mut hash);
    hash.finish()
}

/// How many folders a link goes up before it goes down.
fn goes_up(link: &str) -> usize {
    let mut rest = link;
    let mut n_up = 0;
    while let Some(after) = rest.strip_prefix("../") {
        rest = after;
        n_up += 1;
    }
    n_up
}

/// The path that a link leads to; `None` where it leaves the site.
fn resolve<'l>(from: &'l str, depth: usize, link: &'l str, root_path: &str) -> Option<Cow<'l, str>> {
    let target = link.split('?').next().unwrap_or_default();
    if target.is_empty() {
        return Some(Cow::Borrowed(from));
    }
    // Most links go up to the root of the site and down from there.
    if goes_up(target) == depth && depth > 0 && !target[depth * 3..].contains("./") {
        return Some(Cow::Borrowed(&target[depth * 3..]));
    }
    let has_scheme = link.find(':').is_some_and(|colon| !link[..colon].contains(['/', '?', '#']));
    if has_scheme || link.starts_with("//") {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    let relative = match target.strip_prefix('/') {
        Some(_) => {
            parts.clear();
            target.strip_prefix(root_path).unwrap_or(OUTSIDE)
        }
        None => target,
    };
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Some(OUTSIDE.into());
                }
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/").into())
}

/// A path that no file has.
const OUTSIDE: &str = "?outside-of-the-site";

/// The values of these attributes in the tags of a page; empty ones and what stands in text are left out.
fn attributes<'t>(html: &'t str, names: &'static [&'static str]) -> impl Iterator<Item = &'t str> {
    let bytes = html.as_bytes();
    let mut at = 0;
    let mut inside = false;
    std::iter::from_fn(move || {
        loop {
            if !inside {
                at += memchr::memchr(b'<', &bytes[at..])? + 1;
                inside = true;
            }
            // Inside a tag: the next `name="value"`, or its end.
            let found = at + memchr::memchr2(b'=', b'>', &bytes[at..])?;
            if bytes[found] == b'>' || bytes.get(found + 1) != Some(&b'"') {
                inside = bytes[found] != b'>';
                at = found + 1;
                continue;
            }
            let start = found + 2;
            let end = start + memchr::memchr(b'"', &bytes[start..])?;
            let name = html[at..found].rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
            at = end + 1;
            if end > start && names.contains(&name) {
                return Some(&html[start..end]);
            }
        }
    })
}
