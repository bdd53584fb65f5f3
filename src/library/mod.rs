//! A book or a built site, opened to answer from: its records, and its search index, as new as its files.
//!
//! In: a folder. Out: a `Reading`, an `Index`, and where it came from. A site is read through the twins of its records
//! (`site.rs`), so it answers as its book did, but for what twins do not tell: drafts, checks, pages of prose.
//! Not here: how answers look (`cli/report/`, `mcp`), and how an index is kept (`search/store.rs`).

mod site;

use crate::disk::{self, CACHE_FOLDER, DiskError, Trace};
use crate::model::{Facet, Proof, Record, RecordId, Settings};
use crate::parse::BOOK_FILE;
use crate::search::{self, Index, IndexError, Origin, Store};
use crate::text::Sources;
use crate::{Given, Reading, Twins};
use camino::{Utf8Path, Utf8PathBuf};

/// Where records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// In a folder with a `book.toml`.
    Book,
    /// In a folder that `build` wrote.
    Site,
}

/// A book or a built site.
#[derive(Clone, Debug)]
pub struct Library {
    root: Utf8PathBuf,
    kind: Kind,
    given: Given,
    cache: Option<Utf8PathBuf>,
}

/// Which index is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Drafts as well.
    pub drafts: bool,
    /// The one that was used last will do, whatever the files are now.
    pub any_age: bool,
}

/// A library could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// Its files could not be read.
    #[error("read the records")]
    Disk(#[from] DiskError),
    /// Its index could not be made.
    #[error("make the search index")]
    Search(#[from] IndexError),
}

impl Library {
    /// The book or the site in a folder; `None` where it is neither.
    ///
    /// - `user_cache`: where caches of this user lie, for what belongs to no book
    pub fn open(root: &Utf8Path, user_cache: Option<&Utf8Path>, given: Given) -> Option<Library> {
        let (kind, cache) = if root.join(BOOK_FILE).is_file() {
            (Kind::Book, Some(root.join(CACHE_FOLDER).join("index")))
        } else if site::is_one(root) {
            (Kind::Site, user_cache.map(|folder| folder.join("faultbook").join("index")))
        } else {
            return None;
        };
        Some(Library { root: root.to_owned(), kind, given, cache })
    }

    /// Whether this is a built site, which knows neither drafts nor checks.
    pub fn is_site(&self) -> bool {
        self.kind == Kind::Site
    }

    /// The folder.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// What the files look like from outside, to know whether they changed.
    pub fn trace(&self) -> Result<Trace, DiskError> {
        match self.kind {
            Kind::Book => {
                let settings = self.settings()?;
                disk::trace(&self.root, &settings.src, &[BOOK_FILE, crate::RESULTS_FILE])
            }
            Kind::Site => disk::trace(&self.root, Utf8Path::new(site::RECORDS), &[site::SIGNATURES]),
        }
    }

    /// The records, the results, and what is wrong with them. Days that only git knows are left out.
    pub fn read(&self) -> Result<Reading, DiskError> {
        Ok(crate::read(&self.sources()?, &self.given))
    }

    /// What is known of a record's check.
    pub fn proof(&self, reading: &Reading, record: &Record) -> Proof {
        match self.kind {
            Kind::Book => reading.results.proof(record),
            Kind::Site => site::proof(&self.root, &record.id),
        }
    }

    /// The twins of a record as they lie in a built site.
    pub fn twins(&self, id: &RecordId) -> Result<Twins, DiskError> {
        let text = |name: &str| {
            let twin = disk::beside(&self.root, &format!("f/{id}/{name}"))?;
            Ok(twin.map(|source| source.text).unwrap_or_default())
        };
        Ok(Twins { markdown: text("index.md")?, json: text("index.json")? })
    }

    /// The records, drafts among them only if wanted, and the index of just these.
    pub fn records(&self, drafts: bool) -> Result<(Reading, Index), LibraryError> {
        let sources = self.sources()?;
        let reading = self.edition(&sources, drafts);
        let documents = || search::documents(&reading.book);
        let index = match self.store(drafts) {
            Some(store) => store.of(&fingerprint(&sources), None, documents)?.0,
            None => Index::in_memory(&documents())?,
        };
        Ok((reading, index))
    }

    /// The index of the records as they are now.
    pub fn index(&self, wanted: Wanted) -> Result<(Index, Origin), LibraryError> {
        let Some(store) = self.store(wanted.drafts) else {
            return Ok((self.records(wanted.drafts)?.1, Origin::Unkept));
        };
        if let Some(index) = wanted.any_age.then(|| store.last(None)).flatten() {
            return Ok((index, Origin::Kept));
        }
        let trace = self.trace()?;
        if let Some(index) = store.last(Some(&trace.digest)) {
            return Ok((index, Origin::Kept));
        }
        let sources = self.sources()?;
        let documents = || search::documents(&self.edition(&sources, wanted.drafts).book);
        let settled = trace.is_settled.then_some(trace.digest.as_str());
        Ok(store.of(&fingerprint(&sources), settled, documents)?)
    }

    fn edition(&self, sources: &Sources, drafts: bool) -> Reading {
        let mut reading = crate::read(sources, &self.given);
        if !drafts {
            reading.book = reading.book.without_drafts();
        }
        reading
    }

    /// Where indexes are kept.
    fn store(&self, drafts: bool) -> Option<Store> {
        let place = camino::absolute_utf8(&self.root).unwrap_or_else(|_| self.root.clone());
        let place = if self.is_site() { place.as_str() } else { "" };
        Some(Store::new(self.cache.as_ref()?, &format!("{place} {drafts} {:?}", self.given.overrides)))
    }

    fn settings(&self) -> Result<Settings, DiskError> {
        let text = disk::beside(&self.root, BOOK_FILE)?.map(|source| source.text).unwrap_or_default();
        Ok(crate::parse::settings(&text, &self.given.overrides))
    }

    fn sources(&self) -> Result<Sources, DiskError> {
        match self.kind {
            Kind::Book => {
                let mut files = disk::content(&self.root, &self.settings()?.src)?;
                files.extend(disk::beside(&self.root, BOOK_FILE)?);
                files.extend(disk::beside(&self.root, crate::RESULTS_FILE)?);
                Ok(Sources::new(files))
            }
            Kind::Site => site::sources(&self.root),
        }
    }
}

/// Whether a record has a facet value, written `key=value`.
pub fn has_facet(record: &Record, facet: &str) -> bool {
    let Some((key, value)) = facet.split_once('=') else { return false };
    let of_key = Facet::ALL.iter().filter(|facet| facet.key() == key);
    of_key.flat_map(|facet| facet.values(record)).any(|own| own == value)
}

/// A digest of everything that is searched.
fn fingerprint(sources: &Sources) -> String {
    let searched = sources.iter().map(|(_, source)| source);
    disk::fingerprint(searched.filter(|source| source.path != crate::RESULTS_FILE))
}
