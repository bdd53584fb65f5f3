//! A book: its settings and its records.

use super::{Audience, Date, Extension, Prose, Record, RecordId, Status, Words};
use crate::diag::{Code, Level};
use camino::Utf8PathBuf;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that pages, index and checks are made from.
#[derive(Clone, Debug)]
pub struct Book {
    /// What `book.toml` says.
    pub settings: Settings,
    /// The records, by id.
    pub records: Records,
    /// The prose pages, in the order of the navigation.
    pub guides: Vec<Guide>,
}

/// Records by id. Books share them, since a preview makes a new book for every change of one record.
#[derive(Clone, Debug, Default)]
pub struct Records(BTreeMap<RecordId, Arc<Record>>);

impl FromIterator<Arc<Record>> for Records {
    fn from_iter<I: IntoIterator<Item = Arc<Record>>>(records: I) -> Records {
        Records(records.into_iter().map(|record| (record.id.clone(), record)).collect())
    }
}

impl std::ops::Index<&RecordId> for Records {
    type Output = Record;

    fn index(&self, id: &RecordId) -> &Record {
        &self.0[id]
    }
}

impl Records {
    /// The record of an id.
    pub fn get(&self, id: &RecordId) -> Option<&Record> {
        self.0.get(id).map(Arc::as_ref)
    }

    /// The record of an id, with the id as the book has it.
    pub fn get_key_value(&self, id: &RecordId) -> Option<(&RecordId, &Record)> {
        self.0.get_key_value(id).map(|(id, record)| (id, record.as_ref()))
    }

    /// Whether there is a record of this id.
    pub fn contains_key(&self, id: &RecordId) -> bool {
        self.0.contains_key(id)
    }

    /// The ids, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &RecordId> {
        self.0.keys()
    }

    /// The records, by id.
    pub fn values(&self) -> impl Iterator<Item = &Record> {
        self.0.values().map(Arc::as_ref)
    }

    /// Ids and records, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&RecordId, &Record)> {
        self.0.iter().map(|(id, record)| (id, record.as_ref()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A page of prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guide {
    /// The part of the URL.
    pub id: RecordId,
    /// The file, relative to the book.
    pub path: Utf8PathBuf,
    /// The heading.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// Its place in the navigation.
    pub order: u32,
    /// Who may read it.
    pub audience: Audience,
    /// The text.
    pub body: Prose,
}

impl Book {
    /// A book of these records. Links between them that lead to a record it does not have are taken out, so
    /// that no page has a dead one; a rule has reported those that never had a target.
    pub fn new(settings: Settings, records: Records, mut guides: Vec<Guide>) -> Book {
        guides.sort_by(|one, other| {
            (one.order, &one.title, &one.id).cmp(&(other.order, &other.title, &other.id))
        });
        let mut book = Book { settings, records, guides };
        book.drop_links_to_absent();
        book
    }

    /// The book without its drafts.
    pub fn without_drafts(mut self) -> Book {
        self.records.0.retain(|_, record| !matches!(record.status, Status::Draft { .. }));
        self.drop_links_to_absent();
        self
    }

    /// The book as everybody may read it.
    pub fn for_the_public(mut self) -> Book {
        self.records.0.retain(|_, record| record.audience == Audience::Public);
        self.guides.retain(|guide| guide.audience == Audience::Public);
        self.drop_links_to_absent();
        self
    }

    /// The newest day that any record names: what a build takes for today unless it is told.
    pub fn newest_day(&self) -> Option<Date> {
        self.records.values().flat_map(Record::dates).max()
    }

    /// A record is copied only where something of it goes: the others stay shared.
    fn drop_links_to_absent(&mut self) {
        let dangling = |record: &Record| record.links().any(|id| !self.records.contains_key(id));
        let dangling: Vec<RecordId> =
            self.records.values().filter(|record| dangling(record)).map(|record| record.id.clone()).collect();
        for id in dangling {
            let Some(mut record) = self.records.0.get(&id).cloned() else { continue };
            Arc::make_mut(&mut record).drop_links(|id| self.records.contains_key(id));
            self.records.0.insert(id, record);
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
    /// Who keeps it.
    pub authors: Vec<String>,
    /// A BCP 47 tag.
    pub language: String,
    /// Who may read it, where that is said; search engines pass over an internal book.
    pub audience: Option<Audience>,
    /// The content folder, relative to `book.toml`.
    pub src: Utf8PathBuf,
    /// The output folder, relative to `book.toml`.
    pub build_dir: Utf8PathBuf,
    /// Where the site will be served, where that is known.
    pub site_url: Option<SiteUrl>,
    /// Where a record can be edited; `{path}` stands for its file.
    pub edit_url_template: Option<String>,
    /// Where the book's source lies.
    pub repository: Option<String>,
    /// Style sheets of `theme/` that are loaded after the built-in one.
    pub additional_css: Vec<String>,
    /// The colours until a reader chooses.
    pub default_theme: ColourScheme,
    /// Whether names of assets change with their content.
    pub hash_files: bool,
    /// The host name for the file `CNAME`.
    pub cname: Option<String>,
    /// Whether the site has search.
    pub search: bool,
    /// Former addresses, relative to the site, and where they lead now: such a path, or a web address.
    pub redirects: BTreeMap<String, String>,
    /// What `book.toml` says of the ways to browse.
    pub facets: BTreeMap<Facet, FacetSettings>,
    /// The age in days from which a source should be read again.
    pub stale_after: u32,
    /// How much a rule weighs where that is not what it weighs by itself.
    pub rules: BTreeMap<Code, RuleLevel>,
    /// Values for the book's own templates.
    pub extra: BTreeMap<String, Extension>,
}

impl Settings {
    /// The name of a facet on pages.
    pub fn label(&self, facet: Facet) -> &str {
        let own = self.facets.get(&facet).and_then(|settings| settings.label.as_deref());
        own.unwrap_or(match facet {
            Facet::Category => "Category",
            Facet::Product => "Product",
            Facet::Ecosystem => "Ecosystem",
            Facet::Tag => "Tag",
        })
    }

    /// The values that a facet may have; empty for any.
    pub fn allowed(&self, facet: Facet) -> &[String] {
        self.facets.get(&facet).map_or(&[], |settings| &settings.values)
    }
}

/// What `book.toml` says of a facet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FacetSettings {
    /// Its name on pages.
    pub label: Option<String>,
    /// The values that records may have; empty for any.
    pub values: Vec<String>,
}

/// The colours of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColourScheme {
    /// What the reader's system prefers.
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Words for ColourScheme {
    const WORDS: &'static [(&'static str, ColourScheme)] =
        &[("auto", ColourScheme::Auto), ("light", ColourScheme::Light), ("dark", ColourScheme::Dark)];
}

/// How much a rule weighs in a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleLevel {
    /// It finds nothing.
    Off,
    /// Its findings have this level.
    Level(Level),
}

impl Words for RuleLevel {
    const WORDS: &'static [(&'static str, RuleLevel)] = &[
        ("off", RuleLevel::Off),
        ("warn", RuleLevel::Level(Level::Warning)),
        ("error", RuleLevel::Level(Level::Error)),
    ];
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

    /// The path of the site on its host, such as `/` or `/faults/`.
    pub fn path(&self) -> &str {
        let after_host = self.0.splitn(4, '/').nth(3).map_or(0, str::len);
        &self.0[self.0.len() - after_host - 1..]
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
