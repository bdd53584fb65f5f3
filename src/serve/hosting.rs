//! A site as a host serves it: folders, former addresses, headers, and the page for what is not there.
//!
//! In: a path. Out: an [`Answer`]. It reads `_headers` and `_redirects` as hosts do, so that the preview has the policy
//! of production. Not here: sockets and requests (`http.rs`).

use super::edition::OwnTheme;
use crate::Finished;
use crate::diagnose::SIGNATURES_FILE;
use crate::model::RecordId;
use crate::render::{Page, Site, TemplateError, Theme};
use axum::body::Bytes;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What stands at a path.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The file that is shown; it says what it is by its ending.
    pub name: String,
    /// What stands in it, as production has it.
    pub body: Bytes,
    /// Where it leads, where it leads on.
    pub location: Option<String>,
    /// What is said about it besides.
    pub headers: Vec<(String, String)>,
    /// Names what a tab shows, but for the looks: while it is the same, nothing has to be loaded again.
    pub digest: String,
    /// Names the looks.
    pub looks: String,
    /// The style sheets, as addresses.
    pub styles: Vec<String>,
    /// Why the page could not be made.
    pub failure: Option<String>,
}

/// The rules of one site.
pub struct Host {
    root: String,
    former: BTreeMap<String, String>,
    headers: Vec<(String, String, String)>,
    /// Addresses of style sheets in pages, relative to the root, and their plain names.
    styles: Vec<(String, String)>,
    /// A digest of the style sheets.
    looks: String,
    /// A digest of all other theme files.
    theme: String,
    style_urls: Vec<String>,
}

impl Host {
    /// Reads the rules of a site.
    pub fn new(site: &Site, book: &Finished, theme: &OwnTheme) -> Host {
        let text = |path: &str| {
            let page = site.file(path).ok().flatten();
            page.map(|page| String::from_utf8_lossy(&page.body).into_owned()).unwrap_or_default()
        };
        let hash_files = book.book.settings.hash_files;
        let (assets, paths) = Theme::new(theme, hash_files).pages();
        let is_style = |path: &str| path.ends_with(".css");
        let (sheets, rest): (Vec<&Page>, Vec<&Page>) = assets.iter().partition(|page| is_style(&page.path));
        let looks = digest(sheets.iter().flat_map(|page| [page.path.as_bytes(), &page.body]));
        let root = book.root_path().to_owned();
        // Where names stay the same, a browser fetches a sheet again only if the rest of its address differs.
        let mark = if hash_files { String::new() } else { format!("?{looks}") };
        let styles: Vec<(String, String)> =
            paths.into_iter().filter(|(name, _)| is_style(name)).map(|(name, path)| (path, name)).collect();
        Host {
            former: former(&text("_redirects")),
            headers: headers(&text("_headers")),
            style_urls: styles.iter().map(|(path, _)| format!("{root}{path}{mark}")).collect(),
            styles,
            looks,
            theme: digest(rest.iter().flat_map(|page| [page.path.as_bytes(), &page.body])),
            root,
        }
    }

    /// What is answered at a path of the host, percent-encoded as a browser sends it.
    pub fn answer(&self, site: &Site, book: &Finished, path: &str, markdown: bool) -> Answer {
        let Ok(decoded) = percent_decode_str(path).decode_utf8() else {
            return Answer { status: 400, ..Answer::text("the address is not UTF-8\n") };
        };
        let answer = self.find(site, book, &decoded, markdown);
        let mut answer = answer.unwrap_or_else(|error| Answer::failed(&error.to_string()));
        answer.headers = self.headers_of(&decoded);
        answer.looks.clone_from(&self.looks);
        answer.styles.clone_from(&self.style_urls);
        answer
    }

    fn find(
        &self,
        site: &Site,
        book: &Finished,
        path: &str,
        markdown: bool,
    ) -> Result<Answer, TemplateError> {
        if let Some(to) = self.former.get(path) {
            return Ok(Answer::leads_to(to));
        }
        let Some(inside) = path.strip_prefix(&self.root) else {
            let is_above = path == "/" || format!("{path}/") == self.root;
            return if is_above { Ok(Answer::leads_to(&self.root)) } else { self.not_there(site, book) };
        };
        let is_folder = inside.is_empty() || inside.ends_with('/');
        let twin = format!("{inside}index.md");
        if let Some(page) = if markdown && is_folder { site.file(&twin)? } else { None } {
            return Ok(self.shows(book, 200, page));
        }
        let name = if is_folder { format!("{inside}index.html") } else { inside.to_owned() };
        if let Some(page) = site.file(&name)? {
            return Ok(self.shows(book, 200, page));
        }
        if name == SIGNATURES_FILE {
            return Ok(self.shows(book, 200, book.signatures()));
        }
        if !is_folder && site.file(&format!("{name}/index.html"))?.is_some() {
            return Ok(Answer::leads_to(&format!("{path}/")));
        }
        self.not_there(site, book)
    }

    fn not_there(&self, site: &Site, book: &Finished) -> Result<Answer, TemplateError> {
        Ok(match site.file("404.html")? {
            Some(page) => self.shows(book, 404, page),
            None => Answer { status: 404, ..Answer::text("nothing is here\n") },
        })
    }

    fn shows(&self, book: &Finished, status: u16, page: Page) -> Answer {
        let digest = match page.path.ends_with(".html") {
            true => self.digest_of(book, &page),
            false => digest([page.body.as_slice()]),
        };
        let body = Bytes::from(page.body);
        Answer { status, name: page.path, digest: format!("{status}-{digest}"), body, ..Answer::text("") }
    }

    /// A page is what it was if nothing but its looks changed: its text, its pictures and its scripts.
    fn digest_of(&self, book: &Finished, page: &Page) -> String {
        let mut text = String::from_utf8_lossy(&page.body).into_owned();
        for (path, name) in &self.styles {
            text = text.replace(path.as_str(), name);
        }
        let id = page.path.strip_prefix("f/").and_then(|rest| RecordId::parse(rest.split('/').next()?));
        let record = id.and_then(|id| book.book.records.get(&id));
        let pictures = record.map(|record| book.pictures(record)).unwrap_or_default();
        digest([text.as_bytes(), self.theme.as_bytes()].into_iter().chain(pictures))
    }

    /// What production says with a path. How long something may be kept is not for a preview to say.
    fn headers_of(&self, path: &str) -> Vec<(String, String)> {
        let meant = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => path == pattern,
        };
        let of_path = self.headers.iter().filter(|(pattern, ..)| meant(pattern));
        of_path.map(|(_, name, value)| (name.clone(), value.clone())).collect()
    }
}

impl Answer {
    fn text(text: &str) -> Answer {
        Answer {
            status: 200,
            name: "answer.txt".to_owned(),
            body: Bytes::from(text.to_owned()),
            location: None,
            headers: Vec::new(),
            digest: digest([text.as_bytes()]),
            looks: String::new(),
            styles: Vec::new(),
            failure: None,
        }
    }

    fn leads_to(to: &str) -> Answer {
        let digest = format!("301-{}", digest([to.as_bytes()]));
        Answer { status: 301, location: Some(to.to_owned()), digest, ..Answer::text("") }
    }

    /// A page that could not be made. It is a page all the same, so that its tab hears when it can.
    pub fn failed(why: &str) -> Answer {
        let shown = why.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let body = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>No page</title>\n</head>\n\
             <body>\n<h1>This page could not be made</h1>\n<pre>{shown}</pre>\n</body>\n</html>\n"
        );
        let digest = format!("500-{}", digest([body.as_bytes()]));
        let failure = Some(why.to_owned());
        Answer {
            status: 500,
            name: "500.html".to_owned(),
            digest,
            body: Bytes::from(body),
            failure,
            ..Answer::text("")
        }
    }
}

/// `_redirects`: where former addresses lead.
fn former(text: &str) -> BTreeMap<String, String> {
    let line = |line: &str| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    text.lines().filter_map(line).collect()
}

/// `_headers`: patterns of paths, each with names and values.
fn headers(text: &str) -> Vec<(String, String, String)> {
    let mut headers = Vec::new();
    let mut pattern = "";
    for line in text.lines() {
        match line.strip_prefix("  ").and_then(|header| header.split_once(": ")) {
            Some(("Cache-Control", _)) => {}
            Some((name, value)) => headers.push((pattern.to_owned(), name.to_owned(), value.to_owned())),
            None => pattern = line,
        }
    }
    headers
}

/// A short name for some bytes.
pub fn digest<'b>(parts: impl IntoIterator<Item = &'b [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
