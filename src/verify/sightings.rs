//! What was seen broken on this machine: a repair is witnessed only where the same check saw the failure before.
//!
//! In: the digest of a check, and the folder that it examined. Out: whether it said PRESENT there. A file each, so that
//! several processes need no lock. It is this user's own; nothing of it goes into a book.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};

/// The sightings of one user: a folder with a file per digest and subject.
#[derive(Clone, Debug)]
pub struct Sightings {
    folder: Utf8PathBuf,
}

/// A file of the folder. Keys are relied on; they are only added to.
#[derive(Serialize, Deserialize)]
struct File {
    digest: String,
    subject: String,
}

impl Sightings {
    /// So many are kept; the oldest go first.
    pub const MAX: usize = 1000;
    /// More than a sighting can have.
    const MAX_BYTES: u64 = 64 << 10;

    /// The sightings of the user whose data lie here, which is `$XDG_DATA_HOME`. Nothing has to be there.
    pub fn below(data_home: &Utf8Path) -> Sightings {
        Sightings { folder: data_home.join("faultbook/sightings") }
    }

    /// Whether the check of a digest said PRESENT of a folder, whose path is canonical. A file that others could have
    /// written says nothing.
    pub fn has(&self, digest: &str, subject: &Utf8Path) -> bool {
        let is_it = |file: File| file.digest == digest && file.subject == subject.as_str();
        self.read(&name(digest, subject)).is_some_and(is_it)
    }

    /// Notes that it did.
    ///
    /// - errors: the folder or a file in it could not be written; fits after "could not"
    pub fn note(&self, digest: &str, subject: &Utf8Path) -> Result<(), SightingError> {
        let failed = |source| SightingError { folder: self.folder.clone(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
        let name = name(digest, subject);
        let file = File { digest: digest.to_owned(), subject: subject.to_string() };
        let text = serde_json::to_string(&file).expect("a sighting holds texts only");
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.persist(self.folder.join(name)).map_err(|error| failed(error.error))?;
        self.shrink().map_err(failed)
    }

    /// Forgets what checks saw whose digest is not among these, and what cannot be read. Says how many that were.
    pub fn prune(&self, digests: &BTreeSet<String>) -> Result<usize, SightingError> {
        let failed = |source| SightingError { folder: self.folder.clone(), source };
        let mut n_gone = 0;
        for (_, name) in self.by_age().map_err(failed)? {
            if !self.read(&name).is_some_and(|file| digests.contains(&file.digest)) {
                remove(&self.folder.join(name)).map_err(failed)?;
                n_gone += 1;
            }
        }
        Ok(n_gone)
    }

    fn read(&self, name: &str) -> Option<File> {
        let own = |path: &Utf8Path| fs::symlink_metadata(path).ok().filter(|meta| meta.mode() & 0o022 == 0);
        let path = self.folder.join(name);
        own(&self.folder)?.is_dir().then_some(())?;
        own(&path)?.is_file().then_some(())?;
        let mut text = String::new();
        fs::File::open(&path).ok()?.take(Sightings::MAX_BYTES).read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Names of ours, the oldest first. What is being written has another name.
    fn by_age(&self) -> io::Result<Vec<(SystemTime, String)>> {
        let entries = match self.folder.read_dir_utf8() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_owned();
            let is_ours = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
            // Another process may have taken it away meanwhile.
            if let (true, Ok(meta)) = (is_ours, entry.metadata()) {
                found.push((meta.modified()?, name));
            }
        }
        found.sort();
        Ok(found)
    }

    fn shrink(&self) -> io::Result<()> {
        let names = self.by_age()?;
        let n_over = names.len().saturating_sub(Sightings::MAX);
        names.iter().take(n_over).try_for_each(|(_, name)| remove(&self.folder.join(name)))
    }
}

/// The folder of sightings could not be used.
#[derive(Debug, thiserror::Error)]
#[error("use the folder of sightings `{folder}`")]
pub struct SightingError {
    /// Which.
    pub folder: Utf8PathBuf,
    /// Why.
    pub source: io::Error,
}

fn name(digest: &str, subject: &Utf8Path) -> String {
    let mut hash = Sha256::new();
    hash.update(digest);
    hash.update(b"\0");
    hash.update(subject.as_str());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn remove(path: &Utf8Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
