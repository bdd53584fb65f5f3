//! Files: a book is read here, and a site is written here. Nothing else of the build touches the disk.
//!
//! In: paths. Out: `Sources` and overrides; a site in which every file is whole, old or new, at any moment.
//! Not here: what the files mean (`parse`), the search index (`search/store.rs`), scratch folders of checks
//! (`verify/run.rs`).

use crate::text::{Source, Unreadable};
use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use walkdir::{DirEntry, WalkDir};

/// A file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// Reading.
    #[error("read `{path}`")]
    Read {
        /// The file or folder.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing.
    #[error("write `{path}`")]
    Write {
        /// The file or folder.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder of the site is a link, and writing through it would leave the site.
    #[error("write `{path}`: it is a symbolic link, and a site is written only below its own folder")]
    Link {
        /// The link.
        path: Utf8PathBuf,
    },
}

/// Caches and manifests of a book, beside its `book.toml`; ignored by git.
pub const CACHE_FOLDER: &str = ".faultbook";

/// The record files below a content folder, with paths relative to `root`, sorted.
///
/// Hidden files and symbolic links are passed over. A folder with a `record.yaml` or `record.md` is that one
/// record; its other files belong to it. A content folder that does not exist is an empty one.
pub fn content(root: &Utf8Path, src: &Utf8Path) -> Result<Vec<Source>, DiskError> {
    let folder = root.join(src);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut sources = Vec::new();
    let mut walk = WalkDir::new(&folder).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = entry.map_err(|error| unreadable(&folder, error))?;
        if entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.') {
            if entry.file_type().is_dir() {
                walk.skip_current_dir();
            }
            continue;
        }
        let Some(path) = Utf8Path::from_path(entry.path()) else { continue };
        if entry.file_type().is_dir() {
            if let Some(record) = own_record(path) {
                sources.push(read_source(root, &record)?);
                walk.skip_current_dir();
            }
        } else if is_record(&entry) {
            sources.push(read_source(root, path)?);
        }
    }
    Ok(sources)
}

/// One file beside `book.toml`, if it is there.
pub fn beside(root: &Utf8Path, name: &str) -> Result<Option<Source>, DiskError> {
    let path = root.join(name);
    path.exists().then(|| read_source(root, &path)).transpose()
}

/// The files of a folder such as `templates/`: path inside it and content, sorted. Links are passed over.
pub fn overrides(folder: &Utf8Path) -> Result<Vec<(String, Vec<u8>)>, DiskError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| unreadable(folder, error))?;
        let Some(path) = Utf8Path::from_path(entry.path()).filter(|_| entry.file_type().is_file()) else {
            continue;
        };
        let Ok(name) = path.strip_prefix(folder) else { continue };
        files.push((name.to_string(), read(path)?));
    }
    Ok(files)
}

fn own_record(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    ["record.yaml", "record.md"].iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

fn is_record(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.file_type().is_file() && [".yaml", ".yml", ".md"].iter().any(|ending| name.ends_with(ending))
}

fn read_source(root: &Utf8Path, path: &Utf8Path) -> Result<Source, DiskError> {
    let relative = path.strip_prefix(root).unwrap_or(path).to_owned();
    let failed = |source| DiskError::Read { path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    if bytes > Source::MAX_BYTES {
        let unreadable = Some(Unreadable::TooLarge { bytes });
        return Ok(Source { path: relative, text: String::new(), unreadable });
    }
    Ok(Source::from_bytes(relative, read(path)?))
}

fn read(path: &Utf8Path) -> Result<Vec<u8>, DiskError> {
    std::fs::read(path).map_err(|source| DiskError::Read { path: path.to_owned(), source })
}

fn unreadable(folder: &Utf8Path, error: walkdir::Error) -> DiskError {
    let path = error.path().and_then(Utf8Path::from_path).unwrap_or(folder).to_owned();
    DiskError::Read { path, source: error.into() }
}

/// What writing a site changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files that are new or differ.
    pub n_written: usize,
    /// Files that were there already, byte for byte.
    pub n_same: usize,
    /// Files of an earlier build that the site no longer has.
    pub n_removed: usize,
    /// Bytes of the whole site.
    pub bytes: u64,
}

/// Writes a site: hashed files first, then pages, the search pointer after its shards, deletions last.
///
/// Only what changed is written, each file by rename; only what an earlier build of the same folder wrote is
/// removed. After a crash every page is whole, and the next build completes the rest.
pub fn write_site<'s>(
    root: &Utf8Path,
    out: &Utf8Path,
    files: impl Iterator<Item = (&'s str, &'s [u8])>,
) -> Result<Written, DiskError> {
    let mut files: Vec<(&str, &[u8])> = files.collect();
    files.sort_by_key(|(path, _)| (order(path), *path));
    let manifest = Manifest::of(root, out);
    let _alone = manifest.lock()?;
    let earlier = manifest.read()?;
    let now: BTreeSet<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    if earlier.was_cut_short {
        remove_unfinished(out, &earlier.paths);
    }
    manifest.begin(&earlier.paths.union(&now).cloned().collect())?;
    let mut folders = Folders { out, known: BTreeSet::new() };
    let mut written = Written::default();
    for (path, body) in files {
        let target = out.join(path);
        folders.make(target.parent().unwrap_or(out))?;
        written.bytes += body.len() as u64;
        if std::fs::read(&target).is_ok_and(|there| there == body) {
            written.n_same += 1;
        } else {
            replace(&target, body)?;
            written.n_written += 1;
        }
    }
    for path in earlier.paths.difference(&now) {
        written.n_removed += usize::from(remove(out, path)?);
    }
    manifest.finish(&now)?;
    Ok(written)
}

/// How the name of a file begins that has not been moved to its place yet.
const UNFINISHED: &str = ".faultbook-new-";

/// Replaces a file by rename: a reader sees the old content or the new, never a part.
pub fn replace(path: &Utf8Path, body: &[u8]) -> Result<(), DiskError> {
    let failed = |source| DiskError::Write { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let mut builder = tempfile::Builder::new();
    let mut file = readable_by_all(&mut builder).prefix(UNFINISHED).tempfile_in(folder).map_err(failed)?;
    file.write_all(body).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A web server may run as another user; temporary files are private unless said otherwise.
#[cfg(unix)]
fn readable_by_all<'b>(
    builder: &'b mut tempfile::Builder<'static, 'static>,
) -> &'b mut tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all<'b>(
    builder: &'b mut tempfile::Builder<'static, 'static>,
) -> &'b mut tempfile::Builder<'static, 'static> {
    builder
}

fn order(path: &str) -> u8 {
    match path {
        "search/current.json" => 2,
        _ if path.starts_with("assets/") || path.starts_with("search/") && !path.ends_with(".html") => 0,
        _ => 1,
    }
}

fn remove(out: &Utf8Path, path: &str) -> Result<bool, DiskError> {
    let target = out.join(path);
    match std::fs::remove_file(&target) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(DiskError::Write { path: target, source }),
    }
    // Folders that are empty now were ours; one with a foreign file in it stays.
    for folder in target.ancestors().skip(1).take_while(|folder| *folder != out) {
        if std::fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(true)
}

/// The folders of a site, made once and checked once.
struct Folders<'o> {
    out: &'o Utf8Path,
    known: BTreeSet<Utf8PathBuf>,
}

impl Folders<'_> {
    fn make(&mut self, folder: &Utf8Path) -> Result<(), DiskError> {
        if self.known.contains(folder) {
            return Ok(());
        }
        std::fs::create_dir_all(folder)
            .map_err(|source| DiskError::Write { path: folder.to_owned(), source })?;
        for part in folder.ancestors().take_while(|part| *part != self.out) {
            if part.is_symlink() {
                return Err(DiskError::Link { path: part.to_owned() });
            }
        }
        self.known.insert(folder.to_owned());
        Ok(())
    }
}

/// Which files of an output folder are ours: one path per line, in the book's cache folder. While a site is
/// being written, a second file lists what it had and what it will have.
struct Manifest {
    path: Utf8PathBuf,
    unfinished: Utf8PathBuf,
}

/// What earlier builds left in an output folder.
struct Earlier {
    paths: BTreeSet<String>,
    was_cut_short: bool,
}

impl Manifest {
    fn of(root: &Utf8Path, out: &Utf8Path) -> Manifest {
        let absolute = camino::absolute_utf8(out).unwrap_or_else(|_| out.to_owned());
        let hash: String =
            Sha256::digest(absolute.as_str()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let folder = root.join(CACHE_FOLDER).join("manifests");
        Manifest { path: folder.join(&hash), unfinished: folder.join(format!("{hash}.unfinished")) }
    }

    /// Waits until no other build writes here. The lock goes with its file, even where a process is killed.
    fn lock(&self) -> Result<File, DiskError> {
        let path = self.path.with_extension("lock");
        let failed = |source| DiskError::Write { path: path.clone(), source };
        std::fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(file)
    }

    fn read(&self) -> Result<Earlier, DiskError> {
        let unfinished = lines(&self.unfinished)?;
        let was_cut_short = unfinished.is_some();
        let mut paths = lines(&self.path)?.unwrap_or_default();
        paths.extend(unfinished.unwrap_or_default());
        Ok(Earlier { paths, was_cut_short })
    }

    fn begin(&self, paths: &BTreeSet<String>) -> Result<(), DiskError> {
        replace(&self.unfinished, text(paths).as_bytes())
    }

    fn finish(&self, paths: &BTreeSet<String>) -> Result<(), DiskError> {
        replace(&self.path, text(paths).as_bytes())?;
        let failed = |source| DiskError::Write { path: self.unfinished.clone(), source };
        std::fs::remove_file(&self.unfinished).map_err(failed)
    }
}

fn text(paths: &BTreeSet<String>) -> String {
    paths.iter().map(|path| format!("{path}\n")).collect()
}

/// The lines of a manifest. One that leads out of the site was not written by us.
fn lines(path: &Utf8Path) -> Result<Option<BTreeSet<String>>, DiskError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.lines().filter(|line| is_inside(line)).map(str::to_owned).collect())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DiskError::Read { path: path.to_owned(), source }),
    }
}

/// Takes away what a build that was killed had begun to write. Nothing depends on it, so nothing fails here.
fn remove_unfinished(out: &Utf8Path, paths: &BTreeSet<String>) {
    let folders: BTreeSet<Utf8PathBuf> =
        paths.iter().filter_map(|path| Some(out.join(path).parent()?.to_owned())).collect();
    for folder in folders {
        let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().starts_with(UNFINISHED)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn is_inside(path: &str) -> bool {
    let normal = |part| matches!(part, camino::Utf8Component::Normal(_));
    !path.is_empty() && Utf8Path::new(path).components().all(normal)
}

/// A digest over everything that was read: the same digest means the same book.
pub fn fingerprint<'s>(sources: impl Iterator<Item = &'s Source>) -> String {
    let mut by_path: BTreeMap<&str, &str> = BTreeMap::new();
    by_path.extend(sources.map(|source| (source.path.as_str(), source.text.as_str())));
    let mut hash = Sha256::new();
    for (path, text) in by_path {
        hash.update((path.len() as u64).to_le_bytes());
        hash.update(path);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
