//! Links of finished pages → those that lead nowhere. It looks at what readers get, whatever templates made it.

use super::Page;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// A link of a page that leads to no file of the site, or to no place in one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadLink {
    /// The page's path.
    pub page: String,
    /// The link, as it stands there.
    pub link: String,
}

/// Checks every link, source and form target of every page that does not leave the site; sorted.
///
/// `root_path` is the path of the site on its host, such as `/`.
pub fn check_links(pages: &[Page], root_path: &str) -> Vec<DeadLink> {
    let site = Site { files: pages.iter().map(|page| page.path.as_str()).collect(), root_path };
    let html: Vec<(&str, &str)> = pages
        .iter()
        .filter(|page| page.path.ends_with(".html"))
        .filter_map(|page| Some((page.path.as_str(), std::str::from_utf8(&page.body).ok()?)))
        .collect();
    let (mut dead, places): (Vec<DeadLink>, Vec<Place>) = html
        .par_iter()
        .map(|(path, text)| site.links_of(path, text))
        .reduce(Default::default, |mut one, mut other| {
            one.0.append(&mut other.0);
            one.1.append(&mut other.1);
            one
        });
    let wanted: HashSet<&str> = places.iter().map(|place| place.file.as_ref()).collect();
    let ids: HashMap<&str, HashSet<&str>> = html
        .iter()
        .filter(|(path, _)| wanted.contains(path))
        .map(|(path, text)| (*path, attributes(text, &["id"]).collect()))
        .collect();
    let is_missing =
        |place: &&Place| ids.get(place.file.as_ref()).is_some_and(|ids| !ids.contains(place.name));
    dead.extend(places.iter().filter(is_missing).map(|place| dead_link(place.page, place.link)));
    dead.sort();
    dead.dedup();
    dead
}

const LINKS: &[&str] = &["href", "src", "action"];

/// The files that links may lead to.
struct Site<'p> {
    files: HashSet<&'p str>,
    root_path: &'p str,
}

/// A link to a place in another page. Places in its own page are looked up at once.
struct Place<'p> {
    page: &'p str,
    link: &'p str,
    file: Cow<'p, str>,
    name: &'p str,
}

impl<'p> Site<'p> {
    fn links_of(&self, page: &'p str, text: &'p str) -> (Vec<DeadLink>, Vec<Place<'p>>) {
        let depth = page.matches('/').count();
        let mut seen: HashSet<&str> = HashSet::new();
        let mut own_places: Vec<(&str, &str)> = Vec::new();
        let mut dead = Vec::new();
        let mut places = Vec::new();
        for link in attributes(text, LINKS) {
            if !seen.insert(link) {
                continue;
            }
            let (target, name) = link.split_once('#').unwrap_or((link, ""));
            if target.is_empty() {
                own_places.push((link, name));
                continue;
            }
            let Some(file) = self.resolve(page, depth, target) else { continue };
            if !self.has(&file) {
                dead.push(dead_link(page, link));
            } else if !name.is_empty() {
                let file = if file.is_empty() || file.ends_with('/') {
                    format!("{file}index.html").into()
                } else {
                    file
                };
                places.push(Place { page, link, file, name });
            }
        }
        if !own_places.is_empty() {
            let ids: HashSet<&str> = attributes(text, &["id"]).collect();
            let missing = own_places.iter().filter(|(_, name)| !name.is_empty() && !ids.contains(name));
            dead.extend(missing.map(|(link, _)| dead_link(page, link)));
        }
        (dead, places)
    }

    fn has(&self, path: &str) -> bool {
        match path.is_empty() || path.ends_with('/') {
            // Nearly every page links to a folder; a lookup in place of a new string.
            true => self.files.contains(format!("{path}index.html").as_str()),
            false => self.files.contains(path),
        }
    }

    /// The path that a link leads to; `None` where it leaves the site.
    fn resolve(&self, from: &str, depth: usize, link: &'p str) -> Option<Cow<'p, str>> {
        let target = link.split('?').next().unwrap_or_default();
        // Most links go up to the root of the site and down from there.
        let up = target.split("../").take_while(|part| part.is_empty()).count();
        if up == depth && depth > 0 && !target[depth * 3..].contains("./") {
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
                target.strip_prefix(self.root_path).unwrap_or(OUTSIDE)
            }
            None if target.is_empty() => return Some(from.to_owned().into()),
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
}

/// A path that no file has.
const OUTSIDE: &str = "?outside-of-the-site";

fn dead_link(page: &str, link: &str) -> DeadLink {
    DeadLink { page: page.to_owned(), link: link.to_owned() }
}

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
