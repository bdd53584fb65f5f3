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

pub mod output;

pub mod search;

pub mod diagnose;

pub mod verify;

pub mod guard;

pub mod disk;

pub mod library;

pub mod mcp;

pub mod serve;

pub mod cli;

use camino::Utf8Path;
use diag::{Code, Diagnostic};
use disk::DiskError;
use model::{Book, Date, Proof, Record, RecordId, SiteUrl};
use rayon::prelude::*;
use render::{Contents, DeadLink, Links, Page, SiteLinks, TemplateError, Templates, Theme};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
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
    found.extend(lint::of_results(&book, &results, sources));
    for (file, source) in
        sources.iter().filter(|(_, source)| [RESULTS_FILE, LEDGER_FILE].contains(&source.path.as_str()))
    {
        parse::readable(file, source, &mut found);
    }
    diag::sort(&mut found);
    Reading { book, results, found }
}

/// Parses and checks a book, and runs every keyword of its records: what [`read`] finds, and whether records are found.
pub fn inspect(sources: &Sources, given: &Given) -> Result<Reading, search::IndexError> {
    let mut reading = read(sources, given);
    let (parsed, _) = parse::all(sources, &given.overrides);
    reading.found.extend(lint::retrieval(&parsed, &reading.book)?);
    diag::sort(&mut reading.found);
    Ok(reading)
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

/// What is known of a site once its files have gone to where they belong.
#[derive(Debug)]
pub struct Built {
    /// How many records it has.
    pub n_records: usize,
    /// How many files it has.
    pub n_files: usize,
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
    /// The files could not be put where they belong.
    #[error("put the site together")]
    Put(#[from] DiskError),
}

/// Makes the whole site from what was read, and hands its files to `put`: part by part, from several threads, in no
/// order. Pure but for that: the same input gives the same files, byte for byte, on any machine.
pub fn build(
    reading: Reading,
    input: &Input,
    choice: Choice,
    put: &(dyn Fn(Vec<Page>) -> Result<(), DiskError> + Sync),
) -> Result<Built, BuildError> {
    let Reading { book, results, mut found } = reading;
    let book = if choice.drafts { book } else { book.without_drafts() };
    let book = if choice.public { book.for_the_public() } else { book };
    let templates = Templates::new(&input.templates)?;
    let finished = Finished::new(book, &results, input.sources.clone(), choice);
    let links = finished.with_site(templates, &input.theme, |site| {
        let put_part = |pages: Vec<Page>| {
            let links = finished.links(&pages);
            put(pages).map(|()| links)
        };
        let parts = || {
            let part = |nth| Ok::<Links, BuildError>(put_part(site.part(nth)?)?);
            (0..site.n_parts()).into_par_iter().map(part).collect::<Result<Vec<Links>, BuildError>>()
        };
        let shards = || Ok::<Links, BuildError>(put_part(shards(&finished.book)?)?);
        let signatures = || put_part(vec![finished.signatures()]);
        let (parts, (shards, signatures)) = rayon::join(parts, || rayon::join(shards, signatures));
        let mut links = parts?;
        links.extend([shards?, signatures?]);
        Ok::<SiteLinks, BuildError>(SiteLinks::of(links))
    })?;
    found.extend(finished.found_in(&links));
    diag::sort(&mut found);
    let urls: BTreeSet<String> = links.files().filter_map(render::promised).collect();
    let n_files = links.files().count();
    let n_records = finished.book.records.len();
    Ok(Built { n_records, n_files, found, urls: urls.into_iter().collect() })
}

/// A book with everything that its pages are made from, but for templates and theme.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The records and guides that the site has.
    pub book: Book,
    /// What is known of the records' checks.
    pub proofs: BTreeMap<RecordId, Arc<Proof>>,
    /// Checks as scripts that run without us, where they can be one.
    pub scripts: BTreeMap<RecordId, Arc<str>>,
    /// The files, for the images beside records and for the places of findings.
    pub sources: Sources,
    /// What is wanted of it.
    pub choice: Choice,
}

impl Finished {
    fn new(book: Book, results: &verify::Results, sources: Sources, choice: Choice) -> Finished {
        let proofs =
            book.records.iter().map(|(id, record)| (id.clone(), Arc::new(results.proof(record)))).collect();
        let script = |(id, record): (&RecordId, &_)| Some((id.clone(), verify::script(record)?.into()));
        let scripts = book.records.iter().filter_map(script).collect();
        Finished { book, proofs, scripts, sources, choice }
    }

    /// Lays the site out and hands it to `work`. `theme`: the book's own files, by name.
    pub fn with_site<T>(
        &self,
        templates: Templates,
        theme: &[(String, Vec<u8>)],
        work: impl FnOnce(render::Site) -> T,
    ) -> T {
        let contents = Contents {
            book: &self.book,
            proofs: &self.proofs,
            images: &images(&self.sources, &self.book),
            scripts: &self.scripts,
            as_of: self.choice.as_of.or_else(|| self.book.newest_day()),
            sample: parse::SAMPLE,
        };
        let theme = Theme::new(theme, self.book.settings.hash_files);
        work(render::Site::new(contents, templates, &theme))
    }

    /// What tells each record in a log, for programs that are not this one.
    pub fn signatures(&self) -> Page {
        let body = diagnose::signatures_file(&self.book).into_bytes();
        Page { path: diagnose::SIGNATURES_FILE.to_owned(), body }
    }

    /// What some pages of the site link to, and have.
    pub fn links(&self, pages: &[Page]) -> Links {
        Links::of(pages, self.root_path())
    }

    /// What stands in the images of a record.
    pub fn pictures(&self, record: &Record) -> Vec<&[u8]> {
        let files = self.sources.files();
        let at = files.binary_search_by(|source| source.path.cmp(&record.path));
        let source = at.ok().and_then(|at| files.get(at));
        let shown = |image: &&Image| record.images.contains(&image.name);
        source
            .map(|source| {
                source.images.iter().filter(shown).filter_map(|image| image.body.as_deref()).collect()
            })
            .unwrap_or_default()
    }

    /// The path of the site on its host, such as `/` or `/faults/`.
    pub fn root_path(&self) -> &str {
        self.book.settings.site_url.as_ref().map_or("/", SiteUrl::path)
    }

    /// What only the whole site shows: links that lead nowhere, addresses that are taken twice or would vanish.
    pub fn found_in(&self, links: &SiteLinks) -> Vec<Diagnostic> {
        let mut found = dead_links(links, &self.book, &self.sources);
        found.extend(claimed_twice(links, &self.sources));
        found.extend(lost_urls(&self.sources, links, self.choice.public));
        found
    }
}

/// Makes the whole site and keeps its files in memory, sorted by path.
pub fn build_in_memory(input: &Input, choice: Choice) -> Result<(Built, Vec<Page>), BuildError> {
    let pages: Mutex<Vec<Page>> = Mutex::default();
    let put = |mut part: Vec<Page>| {
        pages.lock().expect("nobody panics while holding this lock").append(&mut part);
        Ok(())
    };
    let built = build(read(&input.sources, &input.given), input, choice, &put)?;
    let mut pages = pages.into_inner().expect("nobody panics while holding this lock");
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    Ok((built, pages))
}

/// The files from which a browser ranks, where the site has search.
fn shards(book: &Book) -> Result<Vec<Page>, search::IndexError> {
    if !book.settings.search {
        return Ok(Vec::new());
    }
    let documents = search::documents(book);
    let shards = search::export(&search::Index::in_memory(&documents)?, &documents)?;
    Ok(shards.into_iter().map(|file| Page { path: file.path, body: file.body }).collect())
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
fn dead_links(links: &SiteLinks, book: &Book, sources: &Sources) -> Vec<Diagnostic> {
    let file_of =
        |path: &Utf8Path| sources.iter().find(|(_, source)| source.path == path).map(|(file, _)| file);
    let book_file = file_of(Utf8Path::new(parse::BOOK_FILE)).unwrap_or(FileId(0));
    let finding = |dead: &DeadLink| {
        let id = dead.page.strip_prefix("f/").and_then(|rest| RecordId::parse(rest.split('/').next()?));
        let file = id.and_then(|id| file_of(&book.records.get(&id)?.path)).unwrap_or(book_file);
        let message = format!("the page `{}` links to `{}`, and nothing is there", dead.page, dead.link);
        Diagnostic::error(Code::DeadLink, Span::start_of(file), message)
            .hint("the link stands in the text, in a template, or in `[output.html]`")
    };
    links.dead().map(finding).collect()
}

/// A redirect may start only where nothing is.
fn claimed_twice(links: &SiteLinks, sources: &Sources) -> Vec<Diagnostic> {
    let book_file = sources
        .iter()
        .find(|(_, source)| source.path == parse::BOOK_FILE)
        .map_or(FileId(0), |(file, _)| file);
    let finding = |path: &str| {
        let message = format!("two pages have the address `/{}`", path.trim_end_matches("index.html"));
        Diagnostic::error(Code::BadRedirect, Span::start_of(book_file), message)
            .hint("a line of `[output.html.redirect]` starts at an address that no page has")
    };
    links.twice().map(finding).collect()
}

/// Addresses of the ledger that no page has any more.
fn lost_urls(sources: &Sources, links: &SiteLinks, public: bool) -> Vec<Diagnostic> {
    let Some((file, ledger)) = sources.iter().find(|(_, source)| source.path == LEDGER_FILE) else {
        return Vec::new();
    };
    // The ledger is that of the whole book; a public edition lacks what was never promised to the public.
    if public {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = 0;
    for line in ledger.text.split_inclusive('\n') {
        let url = line.trim();
        let path = match url.trim_start_matches('/') {
            path if path.is_empty() || path.ends_with('/') => format!("{path}index.html"),
            path => path.to_owned(),
        };
        if !url.is_empty() && !links.has(&path) {
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

/// A record's page for agents and for programs, as the site has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twins {
    /// `index.md`.
    pub markdown: String,
    /// `index.json`.
    pub json: String,
}

/// The twins of one record; `None` where the book has no such record. A draft's are those of a site with drafts.
pub fn twins(input: &Input, id: &RecordId) -> Result<Option<Twins>, BuildError> {
    let Reading { book, results, .. } = read(&input.sources, &input.given);
    let published = book.clone().without_drafts();
    let book = if published.records.contains_key(id) { published } else { book };
    let Some(record) = book.records.get(id) else { return Ok(None) };
    let record = record.clone();
    let finished = Finished::new(book, &results, input.sources.clone(), Choice::default());
    let templates = Templates::new(&input.templates)?;
    let pages = finished.with_site(templates, &input.theme, |site| site.record(&record))?;
    let body = |name: &str| {
        let page = pages.iter().find(|page| page.path == format!("f/{id}/{name}"))?;
        Some(String::from_utf8_lossy(&page.body).into_owned())
    };
    Ok(body("index.md").zip(body("index.json")).map(|(markdown, json)| Twins { markdown, json }))
}

/// Readers of YAML and TOML, for checks that look into such files.
pub fn documents() -> verify::Documents {
    verify::Documents { yaml: parse::yaml_value, toml: parse::toml_value }
}
