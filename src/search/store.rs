//! The index folder: a cache that is never stale, and is built anew whenever anything about it is in doubt.
//!
//! Each state of the content has a folder of its own, named by a key over that state. It is built beside its
//! place and moved there by rename, so that a reader finds all of it or none, and two processes that build at
//! once end with one of two equal folders.

use super::document::Document;
use super::index::{Index, IndexError};
use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};
use std::io;

/// Opens the index for this state of the content, building it where that is needed.
///
/// `fingerprint` names the state; `documents` is asked only where the index has to be built. A folder that
/// cannot be written to is no failure: the index then lives in memory.
pub fn open_or_build(
    cache: &Utf8Path,
    fingerprint: &str,
    documents: impl FnOnce() -> Vec<Document>,
) -> Result<Index, IndexError> {
    // A cache that leads elsewhere is not ours to fill and to clean.
    if cache.is_symlink() || cache.parent().is_some_and(Utf8Path::is_symlink) {
        return Index::in_memory(&documents());
    }
    let folder = cache.join(key(fingerprint));
    if folder.is_dir() {
        if let Ok(index) = Index::open(&folder) {
            return Ok(index);
        }
        // Damaged. Should this fail, the rename below fails too, and the index stays in memory.
        let _ = std::fs::remove_dir_all(&folder);
    }
    let documents = documents();
    match build(cache, &folder, &documents) {
        Ok(()) => Index::open(&folder).or_else(|_| Index::in_memory(&documents)),
        Err(_) => Index::in_memory(&documents),
    }
}

/// Another version of this program may write another index, so it looks elsewhere.
fn key(fingerprint: &str) -> String {
    let hash = Sha256::digest(format!("{}\0{fingerprint}", env!("CARGO_PKG_VERSION")));
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn build(cache: &Utf8Path, folder: &Utf8Path, documents: &[Document]) -> Result<(), IndexError> {
    std::fs::create_dir_all(cache)?;
    let temporary = tempfile::Builder::new().prefix(".new-").tempdir_in(cache)?;
    let path = Utf8Path::from_path(temporary.path())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the path of the cache is not UTF-8"))?;
    Index::create(path, documents)?;
    match std::fs::rename(path, folder) {
        // The folder has moved away from under its guard, which has nothing left to remove.
        Ok(()) => drop(temporary.keep()),
        // Another process was faster, with an index of the same content.
        Err(_) if folder.is_dir() => {}
        Err(error) => return Err(error.into()),
    }
    remove_others(cache, folder);
    Ok(())
}

/// Indexes of earlier states are of no use. Whoever still reads one keeps its open files.
fn remove_others(cache: &Utf8Path, folder: &Utf8Path) {
    let Ok(entries) = cache.read_dir_utf8() else { return };
    let others = entries.flatten().map(|entry| entry.path().to_owned()).filter(|path| path != folder);
    for other in others.filter(is_index_name) {
        let _ = std::fs::remove_dir_all(other);
    }
}

fn is_index_name(path: &Utf8PathBuf) -> bool {
    path.file_name().is_some_and(|name| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
