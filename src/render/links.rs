//! Links of finished pages → those that lead nowhere. It looks at what readers get, whatever templates made it.

use super::Page;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

/// A link of a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadLink {
    /// The page's path.
    pub page: String,
    /// The link, as it stands there.
    pub link: String,
}

/// What a part of a site links to, and what it has.
#[derive(Default)]
pub struct Links {
    files: Vec<String>,
    /// Page and id, of pages that others may link into.
    places: Vec<(String, String)>,
    /// Paths that are linked to, each with one link that leads there.
    paths: Vec<(String, DeadLink)>,
    /// The same for places in other pages.
    wanted: Vec<((String, String), DeadLink)>,
    /// Links to places in their own page that are not there.
    dead: Vec<DeadLink>,
}

const LINKS: &[&str] = &["href", "src", "action"];

impl Links {
    /// Looks at the files of a part of a site. `root_path` is the path of the site on its host, such as `/`.
    pub fn of(pages: &[Page], root_path: &str) -> Links {
        let mut links = Links::default();
        // Links up to the root and down from there mean the same on every page of one depth.
        let mut seen: HashSet<(usize, &str)> = HashSet::new();
        for page in pages {
            links.files.push(page.path.clone());
            if page.path.ends_with(".html")
                && let Ok(text) = std::str::from_utf8(&page.body)
            {
                links.look_at(&page.path, text, root_path, &mut seen);
            }
        }
        links
    }

    fn look_at<'p>(
        &mut self,
        page: &'p str,
        text: &'p str,
        root_path: &str,
        seen: &mut HashSet<(usize, &'p str)>,
    ) {
        let depth = page.matches('/').count();
        let mut ids: Vec<&str> = Vec::new();
        let mut own: Vec<&str> = Vec::new();
        for (name, value) in attributes(text) {
            if name == "id" {
                ids.push(value);
            } else if !LINKS.contains(&name) {
                continue;
            } else if value.starts_with('#') {
                own.push(value);
            } else if goes_up(value) != depth || depth == 0 || seen.insert((depth, value)) {
                self.link(page, depth, value, root_path);
            }
        }
        let is_there = |link: &str| link.len() == 1 || ids.contains(&&link[1..]);
        self.dead.extend(own.into_iter().filter(|link| !is_there(link)).map(|link| dead_link(page, link)));
        // Records are many, and nothing of ours links into the middle of another record's page.
        if !page.starts_with("f/") {
            self.places.extend(ids.into_iter().map(|id| (page.to_owned(), id.to_owned())));
        }
    }

    fn link(&mut self, page: &str, depth: usize, link: &str, root_path: &str) {
        let (target, name) = link.split_once('#').unwrap_or((link, ""));
        let Some(path) = resolve(page, depth, target, root_path) else { return };
        let path = match path.is_empty() || path.ends_with('/') {
            true => format!("{path}index.html"),
            false => path.into_owned(),
        };
        if !name.is_empty() && !path.starts_with("f/") {
            self.wanted.push(((path.clone(), name.to_owned()), dead_link(page, link)));
        }
        self.paths.push((path, dead_link(page, link)));
    }
}

/// The links of a whole site, held against its files.
#[derive(Default)]
pub struct SiteLinks {
    files: HashSet<String>,
    twice: BTreeSet<String>,
    dead: BTreeSet<DeadLink>,
}

impl SiteLinks {
    /// Puts all parts of a site together.
    pub fn of(parts: Vec<Links>) -> SiteLinks {
        let mut site = SiteLinks::default();
        let mut places: HashSet<(String, String)> = HashSet::new();
        let mut paths: HashMap<String, DeadLink> = HashMap::new();
        let mut wanted: Vec<((String, String), DeadLink)> = Vec::new();
        for part in parts {
            for file in part.files {
                if let Some(file) = site.files.replace(file) {
                    site.twice.insert(file);
                }
            }
            places.extend(part.places);
            paths.extend(part.paths);
            wanted.extend(part.wanted);
            site.dead.extend(part.dead);
        }
        let leads_nowhere = paths.into_iter().filter(|(path, _)| !site.files.contains(path));
        site.dead.extend(leads_nowhere.map(|(_, link)| link));
        let no_such_place =
            wanted.into_iter().filter(|(place, _)| site.files.contains(&place.0) && !places.contains(place));
        site.dead.extend(no_such_place.map(|(_, link)| link));
        site
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
    pub fn dead(&self) -> impl Iterator<Item = &DeadLink> {
        self.dead.iter()
    }
}

fn dead_link(page: &str, link: &str) -> DeadLink {
    DeadLink { page: page.to_owned(), link: link.to_owned() }
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

/// The attributes of all tags of a page, name and value; empty ones and what stands in text are left out.
fn attributes(html: &str) -> impl Iterator<Item = (&str, &str)> {
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
            let name_at =
                bytes[at..found].iter().rposition(u8::is_ascii_whitespace).map_or(at, |blank| at + blank + 1);
            let name = &html[name_at..found];
            at = end + 1;
            if end > start {
                return Some((name, &html[start..end]));
            }
        }
    })
}
