//! Turns a folder of failure records into a searchable site, answers from the command line, and runs the
//! check that each record carries.
//!
//! Data flows one way: files → [`text::Sources`] → [`parse::Parsed`] → [`model::Book`] → pages, documents and
//! plans → disk, index and processes. Each arrow is one pure function; the shell (`disk`, `serve`, `cli`)
//! reads, calls, and writes. `ARCHITECTURE.md` has the map.

pub mod text;

pub mod diag;

pub mod model;

pub mod parse;

pub mod lint;

pub mod exchange;

pub mod render;

pub mod search;

pub mod verify;

pub mod disk;

pub mod serve;

pub mod cli;

use camino::Utf8Path;
use diag::{Code, Diagnostic};
use disk::DiskError;
use model::{Book, Date, Proof, Record, RecordId, SiteUrl};
use render::{Contents, DeadLink, Page, Rendered, TemplateError, Templates, Theme};
use std::collections::{BTreeMap, BTreeSet};
use text::{FileId, Image, Source, Sources, Span};

/// The file of committed check results, beside `book.toml`.
pub const RESULTS_FILE: &str = "results.jsonl";
/// The ledger of published addresses, beside `book.toml`.
pub const LEDGER_FILE: &str = "urls.txt";

/// What a book is read with, besides its files.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// What stands above `book.toml`.
    pub overrides: Vec<parse::Override>,
    /// From when on a day lies in the future, where the caller has a clock.
    pub today: Option<Date>,
}

/// Everything of a book that is read from disk.
#[derive(Debug)]
pub struct Input {
    /// `book.toml`, the records, the results, the ledger.
    pub sources: Sources,
    /// The book's own templates, by name.
    pub templates: Vec<(String, String)>,
    /// The book's own theme files, by name.
    pub theme: Vec<(String, Vec<u8>)>,
    /// What it was read with.
    pub given: Given,
}

impl Input {
    /// A digest over everything here: the same digest means the same site.
    pub fn fingerprint(&self) -> String {
        let own = format!("{:?}\0{:?}\0{:?}", self.templates, self.theme, self.given);
        let sources = disk::fingerprint(self.sources.iter().map(|(_, source)| source));
        format!("{sources}-{}", disk::digest_of(own.as_bytes()))
    }
}

/// Reads a book's folder.
pub fn load(root: &Utf8Path, given: &Given) -> Result<Input, DiskError> {
    let book_file = disk::beside(root, parse::BOOK_FILE)?;
    let src = parse::settings(book_file.as_ref().map_or("", |source| &source.text), &given.overrides).src;
    let mut files = disk::content(root, &src)?;
    files.extend(book_file);
    files.extend(disk::beside(root, RESULTS_FILE)?);
    files.extend(disk::beside(root, LEDGER_FILE)?);
    let templates = disk::overrides(&root.join("templates"))?;
    let as_text = |(name, body): (String, Vec<u8>)| (name, String::from_utf8_lossy(&body).into_owned());
    Ok(Input {
        sources: disk::files(root, &src, files),
        templates: templates.into_iter().map(as_text).collect(),
        theme: disk::overrides(&root.join("theme"))?,
        given: given.clone(),
    })
}

/// A book, what is known of its checks, and what is wrong with its files.
#[derive(Debug)]
pub struct Reading {
    /// The records that are whole, drafts among them.
    pub book: Book,
    /// Committed results of check runs.
    pub results: verify::Results,
    /// Every finding, in the order of reports.
    pub found: Vec<Diagnostic>,
}

/// Parses and checks a book.
pub fn read(sources: &Sources, given: &Given) -> Reading {
    let (parsed, mut found) = parse::all(sources, &given.overrides);
    let (book, more) = lint::all(parsed, sources, given.today, &found);
    found.extend(more);
    let (results, more) = match sources.iter().find(|(_, source)| source.path == RESULTS_FILE) {
        Some((file, source)) => verify::Results::parse(file, &source.text),
        None => verify::Results::parse(FileId(0), ""),
    };
    found.extend(more);
    diag::sort(&mut found);
    Reading { book, results, found }
}

/// Which site is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Drafts as well.
    pub drafts: bool,
    /// Only what everybody may read.
    pub public: bool,
    /// What to take for today; the newest day in the book unless said.
    pub as_of: Option<Date>,
}

/// A site, and what is wrong with the files it was made from.
#[derive(Debug)]
pub struct Built {
    /// The files of the site.
    pub pages: Vec<Page>,
    /// How many records it has.
    pub n_records: usize,
    /// Every finding, in the order of reports.
    pub found: Vec<Diagnostic>,
    /// The addresses that a ledger would keep, sorted.
    pub urls: Vec<String>,
}

/// A site could not be made; what is wrong with records is a finding instead.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A template is wrong.
    #[error("use the templates")]
    Template(#[from] TemplateError),
    /// The index failed.
    #[error("make the search index")]
    Search(#[from] search::IndexError),
}

/// Makes the whole site from what was read. Pure: the same input gives the same bytes on any machine.
pub fn build(input: &Input, choice: Choice) -> Result<Built, BuildError> {
    let Reading { book, results, mut found } = read(&input.sources, &input.given);
    let book = if choice.drafts { book } else { book.without_drafts() };
    let book = if choice.public { book.for_the_public() } else { book };
    let templates = Templates::new(&input.templates)?;
    let theme = Theme::new(&input.theme, book.settings.hash_files);
    let proofs: BTreeMap<RecordId, Proof> =
        book.records.iter().map(|(id, record)| (id.clone(), results.proof(record))).collect();
    let images = images(&input.sources, &book);
    let as_of = choice.as_of.or_else(|| book.newest_day());
    let contents = Contents { book: &book, proofs: &proofs, images: &images, as_of, sample: parse::SAMPLE };
    let Rendered { mut pages, urls } = render::pages(contents, &templates, &theme)?;
    if book.settings.search {
        let index = search::Index::in_memory(&search::documents(&book))?;
        let shards = search::export(&index)?;
        pages.extend(shards.into_iter().map(|file| Page { path: file.path, body: file.body }));
    }
    let root_path = book.settings.site_url.as_ref().map_or("/", SiteUrl::path);
    found.extend(dead_links(render::check_links(&pages, root_path), &book, &input.sources));
    found.extend(lost_urls(&input.sources, &pages, choice.public));
    diag::sort(&mut found);
    Ok(Built { pages, n_records: book.records.len(), found, urls })
}

/// The images that pages may show, by record.
fn images<'i>(sources: &'i Sources, book: &'i Book) -> BTreeMap<&'i RecordId, Vec<&'i Image>> {
    let by_path: BTreeMap<&Utf8Path, &Source> = sources
        .iter()
        .filter(|(_, source)| !source.images.is_empty())
        .map(|(_, source)| (source.path.as_path(), source))
        .collect();
    let of_record = |record: &'i Record| {
        let source = by_path.get(record.path.as_path())?;
        let shown = source.images.iter().filter(|image| record.images.contains(&image.name)).collect();
        Some((&record.id, shown))
    };
    book.records.values().filter_map(of_record).collect()
}

/// A dead link of a page is a finding in the file that the page was made from, or in `book.toml`.
fn dead_links(dead: Vec<DeadLink>, book: &Book, sources: &Sources) -> Vec<Diagnostic> {
    let file_of =
        |path: &Utf8Path| sources.iter().find(|(_, source)| source.path == path).map(|(file, _)| file);
    let book_file = file_of(Utf8Path::new(parse::BOOK_FILE)).unwrap_or(FileId(0));
    let finding = |dead: DeadLink| {
        let id = dead.page.strip_prefix("f/").and_then(|rest| RecordId::parse(rest.split('/').next()?));
        let file = id.and_then(|id| file_of(&book.records.get(&id)?.path)).unwrap_or(book_file);
        let message = format!("the page `{}` links to `{}`, and nothing is there", dead.page, dead.link);
        Diagnostic::error(Code::DeadLink, Span::start_of(file), message)
            .hint("the link stands in the text, in a template, or in `[output.html]`")
    };
    dead.into_iter().map(finding).collect()
}

/// Addresses of the ledger that no page has any more.
fn lost_urls(sources: &Sources, pages: &[Page], public: bool) -> Vec<Diagnostic> {
    let Some((file, ledger)) = sources.iter().find(|(_, source)| source.path == LEDGER_FILE) else {
        return Vec::new();
    };
    // The ledger is that of the whole book; a public edition lacks what was never promised to the public.
    if public {
        return Vec::new();
    }
    let there: BTreeSet<&str> = pages.iter().map(|page| page.path.as_str()).collect();
    let mut found = Vec::new();
    let mut at = 0;
    for line in ledger.text.split_inclusive('\n') {
        let url = line.trim();
        let path = match url.trim_start_matches('/') {
            path if path.is_empty() || path.ends_with('/') => format!("{path}index.html"),
            path => path.to_owned(),
        };
        if !url.is_empty() && !there.contains(path.as_str()) {
            let message = format!("the published address `{url}` would vanish");
            found.push(
                Diagnostic::error(Code::LostUrl, Span::new(file, at..at + line.trim_end().len()), message).hint(
                    "`aliases` of a record or `[output.html.redirect]` lead it on; `status: withdrawn` keeps the page",
                ),
            );
        }
        at += line.len();
    }
    found
}
