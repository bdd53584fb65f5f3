//! A book's own files, one at a time: made, moved, taken away.
//!
//! Not here: a site, which is written as a whole (`write.rs`).

use super::{DiskError, replace};
use camino::Utf8Path;
use std::io;

/// Makes a file that is not there yet, with its folders, whole or not at all.
pub fn create(path: &Utf8Path, body: &[u8]) -> Result<(), DiskError> {
    refuse_existing(path)?;
    write(path, body)
}

/// Makes a file with its folders, or replaces it.
pub fn write(path: &Utf8Path, body: &[u8]) -> Result<(), DiskError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(DiskError::write(folder))?;
    }
    replace(path, body)
}

/// Gives a file or folder another name; nothing that is there already is overwritten.
pub fn rename(from: &Utf8Path, to: &Utf8Path) -> Result<(), DiskError> {
    refuse_existing(to)?;
    std::fs::rename(from, to).map_err(DiskError::write(to))
}

/// Takes one file away.
pub fn remove(path: &Utf8Path) -> Result<(), DiskError> {
    std::fs::remove_file(path).map_err(DiskError::write(path))
}

fn refuse_existing(path: &Utf8Path) -> Result<(), DiskError> {
    match path.symlink_metadata() {
        Ok(_) => Err(DiskError::write(path)(io::ErrorKind::AlreadyExists.into())),
        Err(_) => Ok(()),
    }
}
