//! Links of finished pages → those that lead nowhere. It looks at what readers get, whatever templates made it.

use super::Page;
use rayon::prelude::*;
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
    let files: HashSet<&str> = pages.iter().map(|page| page.path.as_str()).collect();
    let html: Vec<(&str, &str)> = pages
        .iter()
        .filter(|page| page.path.ends_with(".html"))
        .filter_map(|page| Some((page.path.as_str(), std::str::from_utf8(&page.body).ok()?)))
        .collect();
    let with_fragment: Vec<(&str, &str, String, String)> =
        html.par_iter().flat_map_iter(|(path, text)| fragments(path, text, root_path)).collect();
    let wanted: HashSet<&str> = with_fragment.iter().map(|(_, _, file, _)| file.as_str()).collect();
    let ids: HashMap<&str, HashSet<&str>> = html
        .par_iter()
        .filter(|(path, _)| wanted.contains(path))
        .map(|(path, text)| (*path, attributes(text, &["id"]).collect()))
        .collect();
    let mut dead: Vec<DeadLink> = html
        .par_iter()
        .flat_map_iter(|(path, text)| {
            let mut seen = HashSet::new();
            let links = attributes(text, LINKS).filter(move |link| seen.insert(*link));
            let leads_nowhere = |link: &&str| {
                resolve(path, link, root_path).is_some_and(|file| !files.contains(file.as_str()))
            };
            links.filter(leads_nowhere).map(|link| dead_link(path, link)).collect::<Vec<_>>()
        })
        .collect();
    let no_place = with_fragment.iter().filter(|(_, _, file, place)| {
        ids.get(file.as_str()).is_some_and(|ids| !ids.contains(place.as_str()))
    });
    dead.extend(no_place.map(|(path, link, _, _)| dead_link(path, link)));
    dead.sort();
    dead.dedup();
    dead
}

const LINKS: &[&str] = &["href", "src", "action"];

fn dead_link(page: &str, link: &str) -> DeadLink {
    DeadLink { page: page.to_owned(), link: link.to_owned() }
}

/// Links to a place in a page: page, link, file, place.
fn fragments<'t>(path: &'t str, text: &'t str, root_path: &str) -> Vec<(&'t str, &'t str, String, String)> {
    attributes(text, &["href"])
        .filter_map(|link| {
            let (_, place) = link.split_once('#').filter(|(_, place)| !place.is_empty())?;
            Some((path, link, resolve(path, link, root_path)?, place.to_owned()))
        })
        .collect()
}

/// The values of these attributes in the tags of a page; empty ones and those of text are left out.
fn attributes<'t>(html: &'t str, names: &'static [&'static str]) -> impl Iterator<Item = &'t str> {
    let bytes = html.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        // One pass over the tags: text is skipped, quoted values are passed over whole.
        loop {
            if !in_tag(bytes, at) {
                at += html[at..].find('<')? + 1;
            }
            match next_attribute(html, at) {
                Some((name, value, after)) => {
                    at = after;
                    if names.contains(&name) && !value.is_empty() {
                        return Some(value);
                    }
                }
                None => at += html[at..].find('>')? + 1,
            }
        }
    })
}

/// Whether the byte before stands inside a tag: after its name or after an attribute's closing quote.
fn in_tag(bytes: &[u8], at: usize) -> bool {
    at > 0 && matches!(bytes[at - 1], b'<' | b'"')
}

/// The next `name="value"` of the tag that goes on at `at`, and where it ends.
fn next_attribute(html: &str, at: usize) -> Option<(&str, &str, usize)> {
    let rest = &html[at..];
    let equals = rest.find(['=', '>']).filter(|found| rest.as_bytes()[*found] == b'=')?;
    let name = rest[..equals].rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
    let value = rest[equals + 1..].strip_prefix('"')?;
    let end = value.find('"')?;
    Some((name, &value[..end], at + equals + 2 + end + 1))
}

/// The file that a link leads to; `None` where it leaves the site.
fn resolve(from: &str, link: &str, root_path: &str) -> Option<String> {
    let has_scheme = link.find(':').is_some_and(|colon| !link[..colon].contains(['/', '?', '#']));
    if has_scheme || link.starts_with("//") {
        return None;
    }
    let target = link.split(['#', '?']).next().unwrap_or_default();
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    let relative = match target.strip_prefix('/') {
        Some(_) => {
            parts.clear();
            target.strip_prefix(root_path).unwrap_or("?outside-of-the-site")
        }
        None if target.is_empty() => return Some(from.to_owned()),
        None => target,
    };
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Some("?outside-of-the-site".to_owned());
                }
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    Some(if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path })
}
