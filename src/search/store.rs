//! The index folder: a cache that is never stale, and is built anew whenever anything about it is in doubt.
//!
//! Each state of the content has a folder of its own, named by a key over that state. It is built beside its place, by
//! one process at a time, and moved there by rename, so that a reader finds all of it or none. A seal in it holds what
//! its files looked like; a file that was touched since breaks it. A note says for which files, untouched since, the
//! index holds: where they are as they were, nothing of them has to be read.

use super::document::Document;
use super::index::{Index, IndexError};
use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

/// The indexes of one cache folder that are asked for in one way.
pub struct Store {
    cache: Utf8PathBuf,
    /// What is indexed besides the content itself, such as whether drafts are.
    variant: String,
}

/// Where an index came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was there.
    Kept,
    /// It was built just now, and is kept.
    Built,
    /// It was built anew, because the one that was there is damaged.
    Mended,
    /// It was built for this answer only: it could not be kept.
    Unkept,
}

/// How many indexes one cache folder holds.
const MAX_KEPT: usize = 8;
/// How long to wait for another process that builds before answering from memory.
const PATIENCE: Duration = Duration::from_secs(10);
/// How unfinished things in a cache folder are called.
const UNFINISHED: &str = ".new-";
const SEAL: &str = "seal";
const NOTE: &str = "note";

impl Store {
    /// The store of a cache folder, which need not be there. Another version of this program may write another index, so
    /// it looks elsewhere.
    pub fn new(cache: &Utf8Path, variant: &str) -> Store {
        Store { cache: cache.to_owned(), variant: key(&[env!("CARGO_PKG_VERSION"), variant]) }
    }

    /// The index that was used last; with a trace, only if it is that of these very files.
    pub fn last(&self, trace: Option<&str>) -> Option<Index> {
        let note = std::fs::read_to_string(self.note()).ok().filter(|_| !self.leads_elsewhere())?;
        let (key, noted) = note.strip_suffix('\n')?.split_once(' ')?;
        let is_wanted = is_key(key) && trace.is_none_or(|trace| trace == noted);
        is_wanted.then(|| self.open(&self.cache.join(key))).flatten()
    }

    /// The index for this state of the content, built where that is needed. A folder that cannot be written to is no
    /// failure: the index then lives in memory.
    ///
    /// - `fingerprint`: names the state
    /// - `trace`: the files that it was read from, where a later change of them will show
    /// - `documents`: asked only where the index has to be built
    pub fn of(
        &self,
        fingerprint: &str,
        trace: Option<&str>,
        documents: impl FnOnce() -> Vec<Document>,
    ) -> Result<(Index, Origin), IndexError> {
        // A cache that leads elsewhere is not ours to fill and to clean.
        if self.leads_elsewhere() {
            return Ok((Index::in_memory(&documents())?, Origin::Unkept));
        }
        let key = key(&[&self.variant, fingerprint]);
        let folder = self.cache.join(&key);
        let found = self.open(&folder).map(|index| (index, Origin::Kept));
        let (index, origin) = match found {
            Some(found) => found,
            None => self.built(&folder, documents)?,
        };
        if origin != Origin::Unkept {
            // A note that cannot be written costs time at the next search, and nothing else.
            let _ = self.write_note(&key, trace.unwrap_or("unsettled"));
        }
        Ok((index, origin))
    }

    fn built(
        &self,
        folder: &Utf8Path,
        documents: impl FnOnce() -> Vec<Document>,
    ) -> Result<(Index, Origin), IndexError> {
        let alone = self.lock(folder);
        // Another process may have built it meanwhile.
        if let Some(index) = self.open(folder) {
            return Ok((index, Origin::Kept));
        }
        let documents = documents();
        let was_there = folder.is_dir();
        let kept = alone.ok().and_then(|_alone| self.build(folder, &documents).ok());
        match kept.and_then(|()| self.open(folder)) {
            Some(index) => Ok((index, if was_there { Origin::Mended } else { Origin::Built })),
            None => Ok((Index::in_memory(&documents)?, Origin::Unkept)),
        }
    }

    /// Whoever holds the lock is the only one that builds. It goes with its file, even where a process is killed.
    fn lock(&self, folder: &Utf8Path) -> io::Result<File> {
        std::fs::create_dir_all(&self.cache)?;
        let file = File::create(self.cache.join("lock"))?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(std::fs::TryLockError::Error(error)) => return Err(error),
                Err(std::fs::TryLockError::WouldBlock) if began.elapsed() > PATIENCE => {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                // What is waited for is the index, which is there before the lock is free.
                Err(_) if is_whole(folder) => return Ok(file),
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn build(&self, folder: &Utf8Path, documents: &[Document]) -> Result<(), IndexError> {
        self.remove_unfinished();
        if folder.symlink_metadata().is_ok() {
            std::fs::remove_dir_all(folder)?;
        }
        let temporary = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&self.cache)?;
        let path = Utf8Path::from_path(temporary.path()).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "the path of the cache is not UTF-8")
        })?;
        Index::create(path, documents)?;
        std::fs::write(path.join(SEAL), seal(path)?)?;
        std::fs::rename(path, folder)?;
        // The folder has moved away from under its guard, which has nothing left to remove.
        drop(temporary.keep());
        self.remove_oldest(folder);
        Ok(())
    }

    /// The index in a folder, if it is as it was when it was built.
    fn open(&self, folder: &Utf8Path) -> Option<Index> {
        is_whole(folder).then(|| Index::open(folder).ok()).flatten()
    }

    fn note(&self) -> Utf8PathBuf {
        self.cache.join(format!("{}.{NOTE}", self.variant))
    }

    fn write_note(&self, key: &str, trace: &str) -> io::Result<()> {
        let text = format!("{key} {trace}\n");
        if std::fs::read_to_string(self.note()).is_ok_and(|before| before == text) {
            return Ok(());
        }
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.cache)?;
        file.write_all(text.as_bytes())?;
        file.persist(self.note()).map_err(|error| error.error)?;
        Ok(())
    }

    fn leads_elsewhere(&self) -> bool {
        self.cache.is_symlink() || self.cache.parent().is_some_and(Utf8Path::is_symlink)
    }

    /// What a process left that was killed while it built, or while it wrote a note. A note that another process is
    /// writing just now is lost, which costs time only.
    fn remove_unfinished(&self) {
        self.remove(|name| name.starts_with(UNFINISHED), 0);
    }

    /// Only the newest indexes and notes stay. Whoever still reads another one keeps its open files.
    fn remove_oldest(&self, newest: &Utf8Path) {
        self.remove(|name| is_key(name) && newest.file_name() != Some(name), MAX_KEPT - 1);
        self.remove(|name| name.ends_with(NOTE), MAX_KEPT - 1);
    }

    fn remove(&self, is_meant: impl Fn(&str) -> bool, n_kept: usize) {
        let Ok(entries) = self.cache.read_dir_utf8() else { return };
        let entries = entries.flatten().filter(|entry| is_meant(entry.file_name()));
        let mut found: Vec<_> = entries
            .filter_map(|entry| Some((entry.metadata().ok()?, entry.path().to_owned())))
            .map(|(metadata, path)| (std::cmp::Reverse(metadata.modified().ok()), metadata.is_dir(), path))
            .collect();
        found.sort();
        for (_, is_folder, path) in found.into_iter().skip(n_kept) {
            let _ = if is_folder { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        }
    }
}

/// A name for what these texts mean together.
fn key(parts: &[&str]) -> String {
    let hash = Sha256::digest(parts.join("\0"));
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn is_key(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What the files of an index look like. Its lock files come and go.
fn seal(folder: &Utf8Path) -> io::Result<String> {
    let mut lines = Vec::new();
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        if entry.file_name() == SEAL || entry.file_name().ends_with(".lock") {
            continue;
        }
        let metadata = entry.metadata()?;
        let [size, number] = [metadata.len(), metadata.ino()];
        let times = [metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()];
        lines.push(format!("{} {size} {number} {times:?}\n", entry.file_name()));
    }
    lines.sort();
    Ok(lines.concat())
}

/// Whether nobody has touched an index since it was built.
fn is_whole(folder: &Utf8Path) -> bool {
    let sealed = std::fs::read_to_string(folder.join(SEAL));
    sealed.is_ok_and(|sealed| !sealed.is_empty() && seal(folder).is_ok_and(|found| found == sealed))
}
