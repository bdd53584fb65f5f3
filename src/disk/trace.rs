//! What can be told of files without reading them: while it is the same, so are they.

use super::DiskError;
use super::read::{is_hidden, unreadable};
use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use walkdir::WalkDir;

/// Names, sizes, times and numbers of files, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// A digest over all of it.
    pub digest: String,
    /// Whether every file was left alone long enough that a later change shows in its time.
    pub is_settled: bool,
}

/// Clocks of file systems tick this coarsely at most: two changes within one tick have the same time.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// The trace of every file below a folder and of some files beside it. Hidden ones are passed over, as they are where the
/// folder is read. To be taken before the files are read: then a change in between shows the next time.
pub fn trace(root: &Utf8Path, folder: &Utf8Path, beside: &[&str]) -> Result<Trace, DiskError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut paths: Vec<Utf8PathBuf> = beside.iter().map(|name| root.join(name)).collect();
    let below = root.join(folder);
    if below.exists() {
        let walk = WalkDir::new(&below).into_iter().filter_entry(|entry| !is_hidden(entry));
        for entry in walk {
            let entry = entry.map_err(|error| unreadable(&below, error))?;
            if !entry.file_type().is_dir() {
                paths.extend(Utf8Path::from_path(entry.path()).map(Utf8Path::to_owned));
            }
        }
    }
    let mut files: Vec<(Utf8PathBuf, Option<Metadata>)> = paths
        .into_par_iter()
        .map(|path| {
            let metadata = path.symlink_metadata().ok();
            (path, metadata)
        })
        .collect();
    files.par_sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let mut hash = Sha256::new();
    let mut newest = Duration::ZERO;
    for (path, metadata) in &files {
        let path = path.strip_prefix(root).unwrap_or(path).as_str();
        hash.update((path.len() as u64).to_le_bytes());
        hash.update(path);
        hash.update([u8::from(metadata.is_some())]);
        let Some(metadata) = metadata else { continue };
        for number in signs(metadata) {
            hash.update(number.to_le_bytes());
        }
        newest = newest.max(changed(metadata));
    }
    let digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Trace { digest, is_settled: newest + TICK < now })
}

/// What changes whenever a file does. The time of the last change of its entry cannot be set by anybody.
pub(super) fn signs(metadata: &Metadata) -> [u64; 6] {
    let bits = i64::cast_unsigned;
    [
        metadata.ino(),
        metadata.len(),
        bits(metadata.mtime()),
        bits(metadata.mtime_nsec()),
        bits(metadata.ctime()),
        bits(metadata.ctime_nsec()),
    ]
}

pub(super) fn changed(metadata: &Metadata) -> Duration {
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    Duration::from_secs(part(metadata.ctime())) + Duration::from_nanos(part(metadata.ctime_nsec()))
}
