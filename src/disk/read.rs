//! A book's folder → sources, templates and theme files.

use super::{DiskError, git};
use crate::text::{Image, Source, Sources, Unreadable};
use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use walkdir::{DirEntry, WalkDir};

/// The record files below a content folder, with paths relative to `root`, sorted.
///
/// Hidden files and symbolic links are passed over. In a folder of its own a record is `record.yaml` or `record.md`;
/// the images there, and the folders `fixtures` and `observed`, belong to it. A content folder that does not exist is an
/// empty one.
pub fn content(root: &Utf8Path, src: &Utf8Path) -> Result<Vec<Source>, DiskError> {
    record_files(&root.join(src))?.par_iter().map(|found| found.read(root)).collect()
}

/// The record files below a content folder, not yet read, sorted.
pub(super) fn record_files(folder: &Utf8Path) -> Result<Vec<Found>, DiskError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found: Vec<Found> = Vec::new();
    let mut walk = WalkDir::new(folder).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = entry.map_err(|error| unreadable(folder, error))?;
        if is_hidden(&entry) {
            if entry.file_type().is_dir() {
                walk.skip_current_dir();
            }
            continue;
        }
        let Some(path) = Utf8Path::from_path(entry.path()) else { continue };
        let folder = path.parent().unwrap_or(folder);
        if entry.file_type().is_dir() {
            // What belongs to a record's check or to its search is no record.
            let is_part = ["fixtures", "observed"].contains(&path.file_name().unwrap_or_default());
            if entry.depth() > 1 && is_part && has_own_record(folder) {
                walk.skip_current_dir();
            }
        } else if is_record(&entry) {
            let own = entry.depth() > 1 && is_own_record(path);
            found.push(Found { path: path.to_owned(), folder: own.then(|| folder.to_owned()) });
        }
    }
    Ok(found)
}

/// A record file, and the folder that is its own.
pub(super) struct Found {
    pub(super) path: Utf8PathBuf,
    pub(super) folder: Option<Utf8PathBuf>,
}

impl Found {
    pub(super) fn read(&self, root: &Utf8Path) -> Result<Source, DiskError> {
        let source = read_source(root, &self.path)?;
        let images = self.folder.as_deref().map(images).transpose()?.unwrap_or_default();
        let observed = self.folder.as_deref().map(observed).transpose()?.unwrap_or_default();
        Ok(Source { images, observed, ..source })
    }
}

fn images(folder: &Utf8Path) -> Result<Vec<Image>, DiskError> {
    let mut images = Vec::new();
    for entry in WalkDir::new(folder).min_depth(1).max_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| unreadable(folder, error))?;
        let Some(path) = Utf8Path::from_path(entry.path()).filter(|_| entry.file_type().is_file()) else {
            continue;
        };
        let is_image = path.extension().is_some_and(|ending| Image::ENDINGS.contains(&ending));
        if let Some(name) = path.file_name().filter(|name| is_image && is_plain(name)) {
            images.push(Image { name: name.to_owned(), body: read_at_most(path, Image::MAX_BYTES)? });
        }
    }
    Ok(images)
}

/// What programs printed: text files of a record's `observed/`, so many and so large at most; links are passed over, and
/// so is what is no text.
fn observed(folder: &Utf8Path) -> Result<Vec<String>, DiskError> {
    const MAX_FILES: usize = 8;
    // What is harvested says at its end how much was left out.
    const MAX_BYTES: u64 = 65 << 10;
    let folder = folder.join("observed");
    if !folder.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Ok(Vec::new());
    }
    let mut texts = Vec::new();
    for entry in WalkDir::new(&folder).min_depth(1).max_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| unreadable(&folder, error))?;
        let is_text = |path: &&Utf8Path| path.extension() == Some("txt") && entry.file_type().is_file();
        let Some(path) = Utf8Path::from_path(entry.path()).filter(is_text) else { continue };
        let body = read_at_most(path, MAX_BYTES)?.and_then(|body| String::from_utf8(body).ok());
        texts.extend(body);
        if texts.len() == MAX_FILES {
            break;
        }
    }
    Ok(texts)
}

/// A file that is read as it comes, such as a log.
pub fn open(path: &Utf8Path) -> Result<io::BufReader<File>, DiskError> {
    let file = File::open(path).map_err(DiskError::read(path))?;
    Ok(io::BufReader::with_capacity(1 << 20, file))
}

/// A name that needs no escaping in a URL, and cannot be taken for one of the page's own files.
fn is_plain(name: &str) -> bool {
    !name.starts_with(['.', '-'])
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// One file beside `book.toml`, if it is there. What it says is told in findings, so it has to be the book's own.
pub fn beside(root: &Utf8Path, name: &str) -> Result<Option<Source>, DiskError> {
    let path = root.join(name);
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => read_source(root, &path).map(Some),
        Ok(_) => Err(DiskError::read(&path)(io::Error::other("it is a link or no file"))),
        Err(_) => Ok(None),
    }
}

/// Sources of these files, each with the days of its history where the book lies in a git repository.
pub fn files(root: &Utf8Path, src: &Utf8Path, files: Vec<Source>) -> Sources {
    let history = git::history(root, src);
    let with_history = |file: Source| Source { history: history.of(&file.path), ..file };
    let mut sources = Sources::new(files.into_iter().map(with_history).collect());
    sources.is_shallow = history.is_shallow;
    sources
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
        files.push((name.to_string(), std::fs::read(path).map_err(DiskError::read(path))?));
    }
    Ok(files)
}

/// A file's path inside a folder, and what stands in it; nothing where it is larger than was allowed.
pub type BoundedFile = (String, Option<Vec<u8>>);

/// The files of the folders below a record's `fixtures/`: by folder, then by path inside it. Only texts, each of a MiB
/// at most, and of a thousand files no more; links are passed over.
///
/// - `record`: the record's file, relative to `root`
pub fn fixtures(
    root: &Utf8Path,
    record: &Utf8Path,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, DiskError> {
    const MAX_BYTES: u64 = 1 << 20;
    const MAX_FILES: usize = 1_000;
    let mut folders: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let folder = root.join(record).with_file_name("fixtures");
    if !is_own_record(record) || folder.is_symlink() || !folder.is_dir() {
        return Ok(folders);
    }
    for entry in WalkDir::new(&folder).min_depth(2).sort_by_file_name().into_iter().take(MAX_FILES) {
        let entry = entry.map_err(|error| unreadable(&folder, error))?;
        let Some(path) = Utf8Path::from_path(entry.path()).filter(|_| entry.file_type().is_file()) else {
            continue;
        };
        let text = read_at_most(path, MAX_BYTES)?.and_then(|bytes| String::from_utf8(bytes).ok());
        let inside = path.strip_prefix(&folder).unwrap_or(path).as_str();
        if let (Some((name, inside)), Some(text)) = (inside.split_once('/'), text) {
            folders.entry(name.to_owned()).or_default().insert(inside.to_owned(), text);
        }
    }
    Ok(folders)
}

/// One file, or the files below a folder whose names end so: path inside it and content, sorted. Of a file that is
/// larger than `max_bytes` no more than that is read, and nothing given. Hidden files and links are passed over.
pub fn bounded(path: &Utf8Path, endings: &[&str], max_bytes: u64) -> Result<Vec<BoundedFile>, DiskError> {
    let metadata = std::fs::metadata(path).map_err(DiskError::read(path))?;
    if metadata.is_file() {
        let name = path.file_name().unwrap_or(path.as_str()).to_owned();
        return Ok(vec![(name, read_at_most(path, max_bytes)?)]);
    }
    let mut paths: Vec<(String, Utf8PathBuf)> = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(|entry| !is_hidden(entry)) {
        let entry = entry.map_err(|error| unreadable(path, error))?;
        let Some(found) = Utf8Path::from_path(entry.path()).filter(|_| entry.file_type().is_file()) else {
            continue;
        };
        if found.extension().is_some_and(|ending| endings.contains(&ending)) {
            let inside = found.strip_prefix(path).unwrap_or(found);
            let parts: Vec<&str> = inside.components().map(|part| part.as_str()).collect();
            paths.push((parts.join("/"), found.to_owned()));
        }
    }
    paths.sort();
    paths.into_par_iter().map(|(name, path)| Ok((name, read_at_most(&path, max_bytes)?))).collect()
}

const OWN_RECORD: [&str; 2] = ["record.yaml", "record.md"];

fn is_own_record(path: &Utf8Path) -> bool {
    path.file_name().is_some_and(|name| OWN_RECORD.contains(&name))
}

fn has_own_record(folder: &Utf8Path) -> bool {
    let is_file = |name: &&str| folder.join(name).symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    OWN_RECORD.iter().any(is_file)
}

fn is_record(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.file_type().is_file() && [".yaml", ".yml", ".md"].iter().any(|ending| name.ends_with(ending))
}

/// Whether a name below the folder that is walked begins with a dot.
pub(super) fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.')
}

fn read_source(root: &Utf8Path, path: &Utf8Path) -> Result<Source, DiskError> {
    let relative = path.strip_prefix(root).unwrap_or(path).to_owned();
    match read_at_most(path, Source::MAX_BYTES)? {
        Some(bytes) => Ok(Source::from_bytes(relative, bytes)),
        None => {
            let bytes = std::fs::metadata(path).map_err(DiskError::read(path))?.len();
            let unreadable = Some(Unreadable::TooLarge { bytes });
            Ok(Source { unreadable, ..Source::empty(relative) })
        }
    }
}

/// The whole of a file; `None` where it is larger, of which no more than the limit is read.
fn read_at_most(path: &Utf8Path, max_bytes: u64) -> Result<Option<Vec<u8>>, DiskError> {
    let mut body = Vec::new();
    let file = File::open(path).map_err(DiskError::read(path))?;
    file.take(max_bytes + 1).read_to_end(&mut body).map_err(DiskError::read(path))?;
    Ok((body.len() as u64 <= max_bytes).then_some(body))
}

pub(super) fn unreadable(folder: &Utf8Path, error: walkdir::Error) -> DiskError {
    let path = error.path().and_then(Utf8Path::from_path).unwrap_or(folder).to_owned();
    let source = match error.loop_ancestor() {
        Some(_) => io::Error::other("a link leads back to a folder above it"),
        None => error.into(),
    };
    DiskError::Read { path, source }
}

/// A digest over everything that was read: the same digest means the same book.
pub fn fingerprint<'s>(sources: impl Iterator<Item = &'s Source>) -> String {
    let mut by_path: BTreeMap<&str, &Source> = BTreeMap::new();
    by_path.extend(sources.map(|source| (source.path.as_str(), source)));
    let sources: Vec<&Source> = by_path.into_values().collect();
    let digests: Vec<[u8; 32]> = sources.into_par_iter().map(digest).collect();
    digest_of(&digests.concat())
}

/// SHA-256 in hexadecimal.
pub fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(source: &Source) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(source.path.as_str().as_bytes());
    add(source.text.as_bytes());
    add(format!("{:?} {:?}", source.unreadable, source.history).as_bytes());
    for image in &source.images {
        add(image.name.as_bytes());
        add(image.body.as_deref().unwrap_or_default());
    }
    source.observed.iter().for_each(|text| add(text.as_bytes()));
    hash.finalize().into()
}
