//! A book: its settings and its records.

use super::{Record, RecordId, Status};
use camino::Utf8PathBuf;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that pages, index and checks are made from.
#[derive(Clone, Debug)]
pub struct Book {
    /// What `book.toml` says.
    pub settings: Settings,
    /// The records, by id.
    pub records: BTreeMap<RecordId, Record>,
}

impl Book {
    /// A book of these records. Links between them that lead to a record it does not have are taken out, so
    /// that no page has a dead one; a rule has reported those that never had a target.
    pub fn new(settings: Settings, records: BTreeMap<RecordId, Record>) -> Book {
        let mut book = Book { settings, records };
        book.drop_links_to_absent();
        book
    }

    /// The book without its drafts.
    pub fn without_drafts(mut self) -> Book {
        self.records.retain(|_, record| !matches!(record.status, Status::Draft { .. }));
        self.drop_links_to_absent();
        self
    }

    fn drop_links_to_absent(&mut self) {
        let present: BTreeSet<RecordId> = self.records.keys().cloned().collect();
        for related in self.records.values_mut().map(|record| &mut record.related) {
            related
                .confused_with
                .retain(|confusion| confusion.id.as_ref().is_none_or(|id| present.contains(id)));
            for links in [
                &mut related.leads_to,
                &mut related.caused_by,
                &mut related.see_also,
                &mut related.supersedes,
            ] {
                links.retain(|id| present.contains(id));
            }
        }
    }
}

/// What `book.toml` says, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The name of the book.
    pub title: String,
    /// One sentence about it.
    pub description: String,
    /// A BCP 47 tag.
    pub language: String,
    /// The content folder, relative to `book.toml`.
    pub src: Utf8PathBuf,
    /// The output folder, relative to `book.toml`.
    pub build_dir: Utf8PathBuf,
    /// Where the site will be served, where that is known.
    pub site_url: Option<SiteUrl>,
    /// Where a record can be edited; `{path}` stands for its file.
    pub edit_url_template: Option<String>,
    /// The allowed values of `category`; empty for any.
    pub categories: Vec<String>,
}

/// An absolute `http` or `https` address that ends in `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteUrl(String);

impl SiteUrl {
    /// The address, if the text is one; a missing last `/` is added.
    pub fn parse(text: &str) -> Option<SiteUrl> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let host = rest.split('/').next().unwrap_or_default();
        let clean = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '?' | '#' | '\\');
        (!host.is_empty() && text.chars().all(clean))
            .then(|| SiteUrl(format!("{}/", text.trim_end_matches('/'))))
    }

    /// The address of a page, whose path has no leading `/`.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The address itself, ending in `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A way to browse the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// The kind of failure.
    Category,
    /// What fails.
    Product,
    /// The world that the product belongs to.
    Ecosystem,
    /// Free words.
    Tag,
}

impl Facet {
    /// Every facet, in the order in which pages show them.
    pub const ALL: &'static [Facet] = &[Facet::Category, Facet::Product, Facet::Ecosystem, Facet::Tag];

    /// The word in URLs and on the command line.
    pub fn key(self) -> &'static str {
        match self {
            Facet::Category => "category",
            Facet::Product => "product",
            Facet::Ecosystem => "ecosystem",
            Facet::Tag => "tag",
        }
    }

    /// The values of a record.
    pub fn values(self, record: &Record) -> Vec<&str> {
        match self {
            Facet::Category => record.category.as_deref().into_iter().collect(),
            Facet::Product => vec![&record.product],
            Facet::Ecosystem => record.ecosystem.as_deref().into_iter().collect(),
            Facet::Tag => record.tags.iter().map(String::as_str).collect(),
        }
    }
}
