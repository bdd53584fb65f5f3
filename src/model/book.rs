//! A book: its settings and its records.

use super::{Audience, Date, Extension, Prose, Record, RecordId, Status, Words};
use crate::diag::{Code, Level};
use camino::Utf8PathBuf;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that pages, index and checks are made from.
#[derive(Clone, Debug)]
pub struct Book {
    /// What `book.toml` says.
    pub settings: Settings,
    /// The records, by id.
    pub records: BTreeMap<RecordId, Record>,
    /// The prose pages, in the order of the navigation.
    pub guides: Vec<Guide>,
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
    pub fn new(settings: Settings, records: BTreeMap<RecordId, Record>, mut guides: Vec<Guide>) -> Book {
        guides.sort_by(|one, other| {
            (one.order, &one.title, &one.id).cmp(&(other.order, &other.title, &other.id))
        });
        let mut book = Book { settings, records, guides };
        book.drop_links_to_absent();
        book
    }

    /// The book without its drafts.
    pub fn without_drafts(mut self) -> Book {
        self.records.retain(|_, record| !matches!(record.status, Status::Draft { .. }));
        self.drop_links_to_absent();
        self
    }

    /// The book as everybody may read it.
    pub fn for_the_public(mut self) -> Book {
        self.records.retain(|_, record| record.audience == Audience::Public);
        self.guides.retain(|guide| guide.audience == Audience::Public);
        self.drop_links_to_absent();
        self
    }

    /// The newest day that any record names: what a build takes for today unless it is told.
    pub fn newest_day(&self) -> Option<Date> {
        self.records.values().flat_map(Record::dates).max()
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
        for status in self.records.values_mut().map(|record| &mut record.status) {
            if let Status::Deprecated(retired) | Status::Withdrawn(retired) = status {
                retired.see_instead = retired.see_instead.take().filter(|id| present.contains(id));
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
