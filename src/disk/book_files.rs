//! A book's folder that is read again and again: what did not change is not read a second time.
//!
//! A file is as it was while its name, number, size and times are (`trace.rs`). One that changed within the last tick of
//! the clock could change once more without showing it, and is read again. A file that was written anew with the same
//! text is the same file: whoever holds its `Arc` sees that by comparing pointers.

use super::read::{Found, beside, record_files};
use super::trace::{TICK, changed, signs};
use super::{DiskError, git};
use crate::text::{Source, Sources};
use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The files of one book, as they were when they were last looked at.
pub struct BookFiles {
    root: Utf8PathBuf,
    /// Names of files beside `book.toml` that are read as well.
    beside: Vec<&'static str>,
    src: Utf8PathBuf,
    /// By path as text: parts of paths take ten times as long to compare.
    records: BTreeMap<String, Kept>,
    others: Vec<Arc<Source>>,
    histories: git::Histories,
    head: Option<Vec<Option<[u64; 6]>>>,
}

/// A record file and what it looked like from outside.
#[derive(Clone)]
struct Kept {
    mark: Mark,
    has_folder: bool,
    source: Arc<Source>,
}

/// What a record file and those beside it that belong to it look like from outside.
#[derive(Clone, PartialEq, Eq)]
struct Mark {
    signs: Vec<(Utf8PathBuf, [u64; 6])>,
    is_settled: bool,
}

impl BookFiles {
    /// The book in a folder, of which nothing has been read yet. The first of the names is that of the book's own file.
    pub fn new(root: &Utf8Path, beside: &[&'static str]) -> BookFiles {
        BookFiles {
            root: root.to_owned(),
            beside: beside.to_vec(),
            src: Utf8PathBuf::new(),
            records: BTreeMap::new(),
            others: Vec::new(),
            histories: git::Histories::default(),
            head: None,
        }
    }

    /// Looks at every file. `src`: the content folder that the text of the book's own file names.
    pub fn look(&mut self, src: impl Fn(&str) -> Utf8PathBuf) -> Result<(), DiskError> {
        let mut others = Vec::new();
        for name in &self.beside {
            others.extend(beside(&self.root, name)?.map(Arc::new));
        }
        let book_file =
            others.first().filter(|file| Some(file.path.as_str()) == self.beside.first().copied());
        self.src = src(book_file.map_or("", |file| &file.text));
        self.others = others.into_iter().map(|file| same(file, self.others.iter())).collect();
        let head = git::head(&self.root);
        if self.head.as_ref() != Some(&head) {
            self.histories = git::history(&self.root, &self.src);
            self.head = Some(head);
        }
        let found = record_files(&self.root.join(&self.src))?;
        let kept = found.par_iter().filter_map(|found| match self.kept(found) {
            // It went away since it was listed.
            Err(_) if !found.path.exists() => None,
            kept => Some(kept.map(|kept| (found.path.to_string(), kept))),
        });
        self.records = kept.collect::<Result<_, DiskError>>()?;
        Ok(())
    }

    /// Looks at these files alone. `false` where that is not enough: one is not known yet, is gone, or belongs to others.
    pub fn look_at(&mut self, paths: &BTreeSet<Utf8PathBuf>) -> bool {
        for path in paths {
            if self.records.get(path.as_str()).is_none_or(|kept| kept.has_folder) {
                return false;
            }
            let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
            let found = Found { path: path.clone(), folder: None };
            match is_file.then(|| self.kept(&found)) {
                Some(Ok(kept)) => drop(self.records.insert(path.to_string(), kept)),
                _ => return false,
            }
        }
        true
    }

    /// All of them, sorted by path.
    pub fn sources(&self) -> Sources {
        let records = self.records.values().map(|kept| Arc::clone(&kept.source));
        let mut sources = Sources::shared(records.chain(self.others.iter().cloned()).collect());
        sources.is_shallow = self.histories.is_shallow;
        sources
    }

    fn kept(&self, found: &Found) -> Result<Kept, DiskError> {
        let mark = Mark::of(found)?;
        let before = self.records.get(found.path.as_str());
        let relative = found.path.strip_prefix(&self.root).unwrap_or(&found.path);
        let history = self.histories.of(relative);
        let is_same =
            |kept: &&Kept| kept.mark.is_settled && kept.mark == mark && kept.source.history == history;
        if let Some(kept) = before.filter(is_same) {
            return Ok(kept.clone());
        }
        let source = Arc::new(Source { history, ..found.read(&self.root)? });
        let source = same(source, before.map(|kept| &kept.source));
        Ok(Kept { mark, has_folder: found.folder.is_some(), source })
    }
}

/// The file that was there before, where it says the same.
fn same<'b>(file: Arc<Source>, before: impl IntoIterator<Item = &'b Arc<Source>>) -> Arc<Source> {
    before.into_iter().find(|before| **before == file).map_or(file, Arc::clone)
}

impl Mark {
    fn of(found: &Found) -> Result<Mark, DiskError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut paths = vec![found.path.clone()];
        for folder in found.folder.iter().flat_map(|folder| [folder.clone(), folder.join("observed")]) {
            let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
            paths.extend(entries.map(|entry| entry.path().to_owned()));
        }
        paths.sort();
        let mut mark = Mark { signs: Vec::new(), is_settled: true };
        let mut newest = Duration::ZERO;
        for path in paths {
            let metadata = path.symlink_metadata().map_err(DiskError::read(&path))?;
            newest = newest.max(changed(&metadata));
            mark.signs.push((path, signs(&metadata)));
        }
        mark.is_settled = newest + TICK < now;
        Ok(mark)
    }
}
