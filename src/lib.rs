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

pub mod render;

pub mod search;

pub mod verify;

pub mod disk;

pub mod serve;

pub mod cli;

use camino::{Utf8Path, Utf8PathBuf};
use diag::Diagnostic;
use disk::DiskError;
use model::{Book, Proof, RecordId};
use render::{Page, TemplateError, Templates, Theme};
use std::collections::BTreeMap;
use text::{FileId, Sources};

/// The file of committed check results, beside `book.toml`.
pub const RESULTS_FILE: &str = "results.jsonl";

/// Everything of a book that is read from disk.
#[derive(Debug)]
pub struct Input {
    /// `book.toml`, the records, the results.
    pub sources: Sources,
    /// The book's own templates, by name.
    pub templates: Vec<(String, String)>,
    /// The book's own theme files, by name.
    pub theme: Vec<(String, Vec<u8>)>,
}

/// Reads a book's folder.
pub fn load(root: &Utf8Path) -> Result<Input, DiskError> {
    let book_file = disk::beside(root, parse::BOOK_FILE)?;
    let src = parse::settings(book_file.as_ref().map_or("", |source| &source.text)).src;
    let mut files = disk::content(root, &src)?;
    files.extend(book_file);
    files.extend(disk::beside(root, RESULTS_FILE)?);
    let templates = disk::overrides(&root.join("templates"))?;
    let as_text = |(name, body): (String, Vec<u8>)| (name, String::from_utf8_lossy(&body).into_owned());
    Ok(Input {
        sources: Sources::new(files),
        templates: templates.into_iter().map(as_text).collect(),
        theme: disk::overrides(&root.join("theme"))?,
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
pub fn read(sources: &Sources) -> Reading {
    let (parsed, mut found) = parse::all(sources);
    let (book, more) = lint::all(parsed, sources, &found);
    found.extend(more);
    let (results, more) = match sources.iter().find(|(_, source)| source.path == RESULTS_FILE) {
        Some((file, source)) => verify::Results::parse(file, &source.text),
        None => verify::Results::parse(FileId(0), ""),
    };
    found.extend(more);
    diag::sort(&mut found);
    Reading { book, results, found }
}

/// A site, and what is wrong with the files it was made from.
#[derive(Debug)]
pub struct Built {
    /// The files of the site.
    pub pages: Vec<Page>,
    /// How many records it has.
    pub n_records: usize,
    /// Where the book wants it, relative to `book.toml`.
    pub build_dir: Utf8PathBuf,
    /// Every finding, in the order of reports.
    pub found: Vec<Diagnostic>,
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
pub fn build(input: &Input, drafts: bool) -> Result<Built, BuildError> {
    let Reading { book, results, found } = read(&input.sources);
    let book = if drafts { book } else { book.without_drafts() };
    let templates = Templates::new(&input.templates)?;
    let theme = Theme::new(&input.theme);
    let proofs: BTreeMap<RecordId, Proof> =
        book.records.iter().map(|(id, record)| (id.clone(), results.proof(record))).collect();
    let mut pages = render::pages(&book, &proofs, &templates, &theme)?;
    let index = search::Index::in_memory(&search::documents(&book))?;
    let shards = search::export(&index)?;
    pages.extend(shards.into_iter().map(|file| Page { path: file.path, body: file.body }));
    Ok(Built { pages, n_records: book.records.len(), build_dir: book.settings.build_dir, found })
}
