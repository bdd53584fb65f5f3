//! Files of a subject, a home or a scratch folder, and nothing beside them.
//!
//! In: a root and a path or patterns. Out: one file with its probes, or paths. Every path is followed to where it
//! really leads before anything is read, and that must lie within the root. Bounded: bytes, files, depth.

use super::globs::Glob;
use super::matcher::{Look, Unknown};
use super::query::Query;
use crate::model::Document;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use walkdir::WalkDir;

/// Of one file.
const MAX_BYTES: u64 = 8 << 20;
/// Entries that one walk may see.
const MAX_ENTRIES: usize = 10_000;
/// Of a copy of a subject.
const MAX_COPY: u64 = 64 << 20;
/// Folders that are never looked into: what a version control system or a package manager keeps.
const PASSED_OVER: &[&str] = &[".git", "node_modules", "target"];

/// Readers of documents. They belong to `parse`, which this room does not use.
#[derive(Clone, Copy, Debug)]
pub struct Documents {
    /// YAML 1.2; `None` where it cannot be read.
    pub yaml: fn(&str) -> Option<Value>,
    /// TOML; `None` where it cannot be read.
    pub toml: fn(&str) -> Option<Value>,
}

impl Documents {
    fn read(&self, kind: Document, text: &str) -> Option<Value> {
        match kind {
            Document::Json => serde_json::from_str(text).ok(),
            Document::Yaml => (self.yaml)(text),
            Document::Toml => (self.toml)(text),
        }
    }
}

/// How a file is read.
#[derive(Clone, Debug)]
pub struct Reading<'r> {
    /// The readers.
    pub documents: Documents,
    /// As what.
    pub document: Option<Document>,
    /// What `value` and `values` are.
    pub query: Option<&'r str>,
}

/// One file that is there.
#[derive(Debug)]
pub struct LoadedFile {
    kind: &'static str,
    size: u64,
    mode: u32,
    /// Of a plain file.
    bytes: Vec<u8>,
    text: Value,
    document: Option<Result<Value, Unknown>>,
    query: Option<String>,
}

/// Where a path below a root really leads; `None` where there is nothing.
pub fn confined(root: &Path, path: &str) -> Result<Option<PathBuf>, Unknown> {
    let path = Path::new(path);
    if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(Unknown::new("outside-root"));
    }
    let Ok(root) = root.canonicalize() else { return Ok(None) };
    match root.join(path).canonicalize() {
        Ok(real) if real.starts_with(&root) => Ok(Some(real)),
        Ok(_) => Err(Unknown::new("outside-root")),
        Err(_) => Ok(None),
    }
}

/// Reads what a path leads to that [`confined`] has found.
pub fn load(path: &Path, reading: &Reading<'_>) -> Result<LoadedFile, Unknown> {
    let unreadable = |_: io::Error| Unknown::new("unreadable");
    let meta = path.metadata().map_err(unreadable)?;
    let kind = match () {
        () if meta.is_file() => "file",
        () if meta.is_dir() => "dir",
        () => "other",
    };
    if meta.len() > MAX_BYTES && kind == "file" {
        return Err(Unknown::new("too-large"));
    }
    let mut bytes = Vec::new();
    if kind == "file" {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let document = reading
        .document
        .map(|kind| reading.documents.read(kind, &text).ok_or_else(|| Unknown::new("unparseable")));
    Ok(LoadedFile {
        kind,
        size: meta.len(),
        mode: meta.mode() & 0o7777,
        bytes,
        text: Value::String(text),
        document,
        query: reading.query.map(str::to_owned),
    })
}

impl LoadedFile {
    /// What it holds; nothing of a folder.
    pub fn text(&self) -> &str {
        self.text.as_str().unwrap_or_default()
    }

    /// How many bytes were read.
    pub fn n_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// A probe by its name.
    pub fn probe(&self, name: &str) -> Result<Option<Cow<'_, Value>>, Unknown> {
        let owned = |value: Value| Ok(Some(Cow::Owned(value)));
        match name {
            "exists" => owned(Value::Bool(true)),
            "type" => owned(self.kind.into()),
            "size" => owned(self.size.into()),
            "mode" => owned(format!("{:o}", self.mode).into()),
            "executable" => owned((self.mode & 0o111 != 0 && self.kind == "file").into()),
            _ if self.kind != "file" => Ok(None),
            "text" => Ok(Some(Cow::Borrowed(&self.text))),
            "first_line" => owned(self.text().split('\n').next().unwrap_or_default().into()),
            "eol" => owned(eol(&self.bytes).into()),
            "sha256" => owned(sha256(&self.bytes).into()),
            "doc" => Ok(self.document()?.map(Cow::Borrowed)),
            "value" => Ok(self.found()?.first().map(|value| Cow::Borrowed(*value))),
            "values" => owned(self.found()?.into_iter().cloned().collect::<Vec<Value>>().into()),
            _ => Ok(None),
        }
    }

    /// The probes as a function.
    pub fn look(&self) -> Box<Look<'_>> {
        Box::new(|name| self.probe(name))
    }

    fn document(&self) -> Result<Option<&Value>, Unknown> {
        self.document.as_ref().map(|it| it.as_ref().map_err(Clone::clone)).transpose()
    }

    fn found(&self) -> Result<Vec<&Value>, Unknown> {
        let (Some(document), Some(query)) = (self.document()?, &self.query) else {
            return Ok(Vec::new());
        };
        let query = Query::parse(query).map_err(|_| Unknown::new("bad-query"))?;
        Ok(query.find(document))
    }
}

fn eol(bytes: &[u8]) -> &'static str {
    let n_lf = bytes.iter().filter(|byte| **byte == b'\n').count();
    let n_crlf = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
    match (n_lf, n_crlf) {
        (0, _) => "none",
        (_, 0) => "lf",
        (lf, crlf) if lf == crlf => "crlf",
        _ => "mixed",
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The paths below a root that fit, sorted, without folders.
pub fn walk(root: &Path, globs: &[String], exclude: &[String]) -> Result<Vec<String>, Unknown> {
    let parse = |texts: &[String]| -> Result<Vec<Glob>, Unknown> {
        texts.iter().map(|text| Glob::parse(text).map_err(|_| Unknown::new("bad-glob"))).collect()
    };
    let (globs, exclude) = (parse(globs)?, parse(exclude)?);
    let relative = |path: &Path| {
        path.strip_prefix(root).ok().and_then(Path::to_str).map(str::to_owned).unwrap_or_default()
    };
    let entries = WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(|entry| {
        let is_wanted = |folder: &str| globs.iter().any(|glob| glob.may_be_in(folder));
        !entry.file_type().is_dir()
            || entry.depth() == 0
            || !is_passed_over(entry) && is_wanted(&relative(entry.path()))
    });
    let mut paths = Vec::new();
    for (nth, entry) in entries.enumerate() {
        if nth >= MAX_ENTRIES {
            return Err(Unknown::new("too-many-files"));
        }
        let Ok(entry) = entry else { continue };
        let path = relative(entry.path());
        let fits = |globs: &[Glob]| globs.iter().any(|glob| glob.fits(&path));
        if !entry.file_type().is_dir() && fits(&globs) && !fits(&exclude) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_passed_over(entry: &walkdir::DirEntry) -> bool {
    PASSED_OVER.iter().any(|name| entry.file_name() == *name)
}

/// Copies a subject into a new folder: plain files, folders, and links as they are.
pub fn copy(from: &Path, to: &Path) -> Result<(), Unknown> {
    copy_where(from, to, |entry| !is_passed_over(entry))
}

/// Copies the Git repository of a subject beside a copy of that subject. Its objects, which nobody changes, are read
/// where they are: they can be many. Source: gitrepository-layout(5), `objects/info/alternates`.
pub fn copy_repository(from: &Path, to: &Path) -> Result<(), Unknown> {
    let broken = |_: io::Error| Unknown::new("no-copy");
    let (theirs, ours) = (from.join(".git"), to.join(".git"));
    if theirs.is_symlink() || !theirs.is_dir() {
        // That of a worktree is a file, which says where the repository is.
        let is_file = theirs.symlink_metadata().is_ok_and(|there| there.is_file());
        return if is_file { std::fs::copy(theirs, ours).map(|_| ()).map_err(broken) } else { Ok(()) };
    }
    copy_where(&theirs, &ours, |entry| entry.depth() > 1 || entry.file_name() != "objects")?;
    let objects = theirs.join("objects").canonicalize().map_err(broken)?;
    std::fs::create_dir_all(ours.join("objects/info")).map_err(broken)?;
    std::fs::write(ours.join("objects/info/alternates"), format!("{}\n", objects.display())).map_err(broken)
}

fn copy_where(from: &Path, to: &Path, stays: impl Fn(&walkdir::DirEntry) -> bool) -> Result<(), Unknown> {
    let broken = |_: io::Error| Unknown::new("no-copy");
    std::fs::create_dir_all(to).map_err(broken)?;
    let entries = WalkDir::new(from).min_depth(1).sort_by_file_name().into_iter();
    let mut n_bytes = 0;
    for (nth, entry) in entries.filter_entry(stays).enumerate() {
        if nth >= MAX_ENTRIES {
            return Err(Unknown::new("copy-too-large"));
        }
        let Ok(entry) = entry else { continue };
        let Ok(relative) = entry.path().strip_prefix(from) else { continue };
        let place = to.join(relative);
        let kind = entry.file_type();
        if kind.is_dir() {
            std::fs::create_dir(&place).map_err(broken)?;
        } else if kind.is_symlink() {
            let target = std::fs::read_link(entry.path()).map_err(broken)?;
            std::os::unix::fs::symlink(target, &place).map_err(broken)?;
        } else if kind.is_file() {
            n_bytes += entry.metadata().map_or(0, |meta| meta.len());
            if n_bytes > MAX_COPY {
                return Err(Unknown::new("copy-too-large"));
            }
            std::fs::copy(entry.path(), &place).map_err(broken)?;
        }
    }
    Ok(())
}

/// Writes a file below a folder of ours, never through a link that leads out of it.
pub fn write(root: &Path, path: &str, text: &str) -> Result<(), Unknown> {
    let broken = |_: io::Error| Unknown::new("no-file");
    let place = own(root, path)?;
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder).map_err(broken)?;
    }
    let place = own(root, path)?;
    // A link, or a pipe that nobody reads and that would hold us for ever.
    if place.symlink_metadata().is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        std::fs::remove_file(&place).map_err(broken)?;
    }
    std::fs::write(&place, text).map_err(broken)
}

/// The text of a plain file that a fixture replaces parts of; empty where there is none.
pub fn text(root: &Path, path: &str) -> Result<String, Unknown> {
    let Some(place) = confined(root, path)? else { return Ok(String::new()) };
    let is_plain = place.metadata().is_ok_and(|there| there.is_file() && there.len() <= MAX_BYTES);
    let text = is_plain.then(|| std::fs::read_to_string(place).ok()).flatten();
    text.ok_or_else(|| Unknown::new(format!("no-text: {path}")))
}

/// Takes a file or folder away; it need not be there.
pub fn remove(root: &Path, path: &str) -> Result<(), Unknown> {
    let place = own(root, path)?;
    let gone = match place.symlink_metadata() {
        Err(_) => return Ok(()),
        Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(&place),
        Ok(_) => std::fs::remove_file(&place),
    };
    gone.map_err(|_| Unknown::new("no-file"))
}

/// Sets who may do what with a file.
pub fn set_mode(root: &Path, path: &str, mode: u32) -> Result<(), Unknown> {
    let place = confined(root, path)?.ok_or_else(|| Unknown::new("no-file"))?;
    let mode = std::fs::Permissions::from_mode(mode & 0o777);
    std::fs::set_permissions(place, mode).map_err(|_| Unknown::new("no-file"))
}

/// A path below a folder of ours, none of whose folders leads out of it.
fn own(root: &Path, path: &str) -> Result<PathBuf, Unknown> {
    let relative = Path::new(path);
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let root = root.canonicalize().map_err(|_| Unknown::new("no-file"))?;
    let place = root.join(relative);
    let mut folders = place.ancestors().skip(1).take_while(|folder| **folder != root);
    let inside = folders.all(|folder| folder.canonicalize().map_or(true, |real| real.starts_with(&root)));
    if plain && inside && place != root { Ok(place) } else { Err(Unknown::new("outside-root")) }
}
