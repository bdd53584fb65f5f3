//! Which files of an output folder are ours, and from what they were made.
//!
//! One file per output folder in the book's cache folder. While a site is being written, a second one lists what
//! the folder had and what it will have, so that a build that is killed leaves nothing that is nobody's.

use super::change::replace;
use super::{CACHE_FOLDER, DiskError};
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Metadata};
use std::io;
use std::time::UNIX_EPOCH;

/// The manifest of one output folder.
pub struct Manifest {
    path: Utf8PathBuf,
    unfinished: Utf8PathBuf,
    /// Where a site is made that has no folder yet.
    pub staging: Utf8PathBuf,
}

/// What earlier builds left in an output folder.
#[derive(Default)]
pub struct Earlier {
    /// The files, relative to the folder.
    pub files: BTreeMap<String, Stamp>,
    /// A digest of what they were made from.
    pub inputs: String,
    /// Whether the last build did not come to its end.
    pub was_cut_short: bool,
}

/// Size and time of a file: while these are the same, nobody has touched it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    bytes: u64,
    nanoseconds: u128,
}

impl Stamp {
    /// The stamp of a file that is there.
    pub fn of(metadata: &Metadata) -> Stamp {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Stamp { bytes: metadata.len(), nanoseconds: modified.unwrap_or_default().as_nanos() }
    }

    /// The size of the file.
    pub fn bytes(self) -> u64 {
        self.bytes
    }
}

impl Manifest {
    /// The manifest of an output folder of the book at `root`.
    pub fn of(root: &Utf8Path, out: &Utf8Path) -> Manifest {
        let absolute = camino::absolute_utf8(out).unwrap_or_else(|_| out.to_owned());
        let hash: String =
            Sha256::digest(absolute.as_str()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let cache = root.join(CACHE_FOLDER);
        let folder = cache.join("manifests");
        Manifest {
            path: folder.join(&hash),
            unfinished: folder.join(format!("{hash}.unfinished")),
            staging: cache.join("staging").join(&hash),
        }
    }

    /// Waits until no other build writes here. The lock goes with its file, even where a process is killed.
    pub fn lock(&self) -> Result<File, DiskError> {
        let own =
            [self.path.parent(), self.staging.parent(), self.staging.parent().and_then(Utf8Path::parent)];
        if let Some(link) = own.into_iter().flatten().find(|folder| folder.is_symlink()) {
            return Err(DiskError::Link { path: link.to_owned() });
        }
        let path = self.path.with_extension("lock");
        std::fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(DiskError::write(&path))?;
        let file = File::create(&path).map_err(DiskError::write(&path))?;
        file.lock().map_err(DiskError::write(&path))?;
        Ok(file)
    }

    /// What earlier builds left.
    pub fn read(&self) -> Result<Earlier, DiskError> {
        let mut earlier = lines(&self.path)?.map(|text| parse(&text)).unwrap_or_default();
        if let Some(text) = lines(&self.unfinished)? {
            earlier.was_cut_short = true;
            earlier.inputs.clear();
            for (path, stamp) in parse(&text).files {
                earlier.files.entry(path).or_insert(stamp);
            }
        }
        Ok(earlier)
    }

    /// Notes what the folder has and will have.
    pub fn begin(&self, paths: &BTreeSet<&str>) -> Result<(), DiskError> {
        let files = paths.iter().map(|path| (*path, Stamp::default()));
        self.make_folder()?;
        replace(&self.unfinished, text("", files).as_bytes())
    }

    /// Another process may have cleaned up since the lock was taken.
    fn make_folder(&self) -> Result<(), DiskError> {
        let folder = self.path.parent().unwrap_or(&self.path);
        std::fs::create_dir_all(folder).map_err(DiskError::write(folder))
    }

    /// Notes what the folder has now.
    pub fn finish(&self, inputs: &str, files: &BTreeMap<String, Stamp>) -> Result<(), DiskError> {
        let files = files.iter().map(|(path, stamp)| (path.as_str(), *stamp));
        self.make_folder()?;
        replace(&self.path, text(inputs, files).as_bytes())?;
        remove(&self.unfinished)
    }

    /// Takes the lock and empty folders away; those in which another output folder has something stay.
    pub fn remove_empty_folders(&self, cache: &Utf8Path) {
        let _ = std::fs::remove_file(self.path.with_extension("lock"));
        for folder in [self.path.parent(), self.staging.parent(), Some(cache)].into_iter().flatten() {
            let _ = std::fs::remove_dir(folder);
        }
    }

    /// Forgets the folder: nothing in it is ours any more.
    pub fn forget(&self) -> Result<(), DiskError> {
        remove(&self.path)?;
        remove(&self.unfinished)
    }
}

/// Removes a file that may not be there.
fn remove(path: &Utf8Path) -> Result<(), DiskError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(DiskError::write(path)(error)),
        _ => Ok(()),
    }
}

/// The first line is the digest of the inputs; each further line has size, time and path.
fn text<'f>(inputs: &str, files: impl Iterator<Item = (&'f str, Stamp)>) -> String {
    let mut text = format!("{inputs}\n");
    for (path, stamp) in files {
        text.push_str(&format!("{} {} {path}\n", stamp.bytes, stamp.nanoseconds));
    }
    text
}

/// A line that leads out of the folder was not written by us.
fn parse(text: &str) -> Earlier {
    let (inputs, rest) = text.split_once('\n').unwrap_or_default();
    let file = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let bytes = parts.next()?.parse().ok()?;
        let nanoseconds = parts.next()?.parse().ok()?;
        let path = parts.next().filter(|path| is_inside(path))?;
        Some((path.to_owned(), Stamp { bytes, nanoseconds }))
    };
    let files = rest.lines().filter_map(file).collect();
    Earlier { files, inputs: inputs.to_owned(), was_cut_short: false }
}

fn lines(path: &Utf8Path) -> Result<Option<String>, DiskError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        // A manifest of something else than text is none: what it listed stays where it is.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
            Ok(None)
        }
        Err(error) => Err(DiskError::read(path)(error)),
    }
}

fn is_inside(path: &str) -> bool {
    let normal = |part| matches!(part, Utf8Component::Normal(_));
    !path.is_empty() && Utf8Path::new(path).components().all(normal)
}
