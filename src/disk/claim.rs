//! Who previews a book, so that a second preview can say where the first one is.

use super::{CACHE_FOLDER, DiskError};
use camino::Utf8Path;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};

/// A book that this process previews. The claim goes with its file, however the process ends.
#[derive(Debug)]
pub struct Claim(File);

/// Claims a book; the address that whoever was first wrote down, where that is somebody else.
///
/// A book whose cache folder cannot be written to, or leads elsewhere, cannot be claimed; that is an error for the caller
/// to pass over.
pub fn claim(root: &Utf8Path) -> Result<Result<Claim, String>, DiskError> {
    let cache = root.join(CACHE_FOLDER);
    if cache.is_symlink() {
        return Err(DiskError::Link { path: cache });
    }
    let path = cache.join("serve.lock");
    if path.is_symlink() {
        return Err(DiskError::Link { path });
    }
    std::fs::create_dir_all(&cache).map_err(DiskError::write(&cache))?;
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(DiskError::write(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Ok(Claim(file))),
        Err(TryLockError::WouldBlock) => {
            let mut address = String::new();
            file.read_to_string(&mut address).map_err(DiskError::read(&path))?;
            Ok(Err(address.trim_end().to_owned()))
        }
        Err(TryLockError::Error(error)) => Err(DiskError::write(&path)(error)),
    }
}

impl Claim {
    /// Writes down where the book can be seen.
    pub fn note(&mut self, address: &str) -> std::io::Result<()> {
        self.0.set_len(0)?;
        self.0.rewind()?;
        writeln!(self.0, "{address}")
    }
}
