//! A site → an output folder: every file whole at any moment, nothing foreign touched.
//!
//! A folder that is not there yet appears as a whole. In one that is there, each file that differs is replaced by
//! rename: what links to nothing first, then pages that are new, then pages that changed, then the pointer to the
//! shards, and deletions last. Pages that come together may link to each other, and so may pages that go together: a
//! placeholder holds the place of each meanwhile. So each page of the folder finds, at any moment, what it links to.

use super::change::{UNFINISHED, make_folder, replace};
use super::manifest::{Earlier, Manifest, Stamp};
use super::{CACHE_FOLDER, DiskError};
use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Mutex;

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

/// Whether the output folder already holds the site of these inputs, untouched since it was written.
pub fn is_unchanged(root: &Utf8Path, out: &Utf8Path, inputs: &str) -> Result<Option<Written>, DiskError> {
    let manifest = Manifest::of(root, out);
    let earlier = manifest.read()?;
    if earlier.was_cut_short || earlier.inputs != inputs || !earlier.files.contains_key("index.html") {
        return Ok(None);
    }
    let same = |(path, stamp): (&String, &Stamp)| {
        out.join(path)
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_file() && Stamp::of(&metadata) == *stamp)
    };
    let untouched = earlier.files.par_iter().all(same);
    let bytes = earlier.files.values().map(|stamp| stamp.bytes()).sum();
    Ok(untouched.then_some(Written { n_same: earlier.files.len(), bytes, ..Written::default() }))
}

/// A site on its way to an output folder. Until [`SiteWriter::publish`] nothing in that folder changes.
pub struct SiteWriter {
    out: Utf8PathBuf,
    manifest: Manifest,
    earlier: Earlier,
    /// Whether the output folder is not there yet.
    is_new: bool,
    placed: Mutex<BTreeMap<String, Placed>>,
    /// No other build writes here while this is open.
    _alone: File,
}

/// What is known of a file of the site before it is published.
#[derive(Clone, Copy)]
struct Placed {
    stamp: Stamp,
    /// Whether it waits in the staging folder; otherwise it is in its place already, byte for byte.
    is_staged: bool,
}

/// A file in the staging folder.
struct Staged<'s> {
    target: Utf8PathBuf,
    body: &'s [u8],
    stamp: Stamp,
}

impl SiteWriter {
    /// Begins a site for an output folder of the book at `root`.
    pub fn begin(root: &Utf8Path, out: &Utf8Path) -> Result<SiteWriter, DiskError> {
        refuse_overlap(root, out)?;
        let manifest = Manifest::of(root, out);
        let alone = manifest.lock()?;
        let earlier = manifest.read()?;
        remove_staging(&manifest)?;
        let is_new = is_new(out);
        Ok(SiteWriter {
            out: out.to_owned(),
            manifest,
            earlier,
            is_new,
            placed: Mutex::default(),
            _alone: alone,
        })
    }

    /// Takes files of the site: path inside it, and content. Several threads may call this at once.
    pub fn add<'s>(&self, files: impl Iterator<Item = (&'s str, &'s [u8])>) -> Result<(), DiskError> {
        let mut placed = Vec::new();
        let mut before: Option<Staged> = None;
        for (path, body) in files {
            if let Some(stamp) = self.same(path, body) {
                placed.push((path.to_owned(), Placed { stamp, is_staged: false }));
                continue;
            }
            let staged = self.stage(path, body, before.as_ref())?;
            placed.push((path.to_owned(), Placed { stamp: staged.stamp, is_staged: true }));
            before = Some(staged);
        }
        self.placed.lock().expect("nobody panics while holding this lock").extend(placed);
        Ok(())
    }

    /// The stamp of a file that is in its place already, byte for byte.
    fn same(&self, path: &str, body: &[u8]) -> Option<Stamp> {
        if self.is_new {
            return None;
        }
        let path = self.out.join(path);
        let there = path.symlink_metadata().ok()?;
        let same = there.is_file() && there.len() == body.len() as u64 && std::fs::read(&path).ok()? == body;
        same.then(|| Stamp::of(&there))
    }

    fn stage<'s>(
        &self,
        path: &str,
        body: &'s [u8],
        before: Option<&Staged<'s>>,
    ) -> Result<Staged<'s>, DiskError> {
        let target = self.manifest.staging.join(path);
        let folder = target.parent().unwrap_or(&self.manifest.staging);
        if before.is_none_or(|before| before.target.parent() != Some(folder)) {
            std::fs::create_dir_all(folder).map_err(DiskError::write(folder))?;
        }
        // A twin that has the bytes of the file before it is a second name of that file, which costs a tenth.
        if let Some(before) = before.filter(|before| before.body == body)
            && std::fs::hard_link(&before.target, &target).is_ok()
        {
            return Ok(Staged { target, body, stamp: before.stamp });
        }
        let stamp = write_new(&target, body).map_err(DiskError::write(&target))?;
        Ok(Staged { target, body, stamp })
    }

    /// Shows the site that was made from `inputs`.
    ///
    /// A folder that is not there yet appears as a whole; in one that is there, what differs is replaced file by
    /// file. After a crash every page is whole, and the next build completes the rest. A foreign file is
    /// neither replaced nor removed.
    pub fn publish(self, inputs: &str) -> Result<Written, DiskError> {
        let mut placed =
            std::mem::take(&mut *self.placed.lock().expect("nobody panics while holding this lock"));
        let n_staged = placed.values().filter(|file| file.is_staged).count();
        let mut written = Written {
            n_written: n_staged,
            n_same: placed.len() - n_staged,
            n_removed: 0,
            bytes: placed.values().map(|file| file.stamp.bytes()).sum(),
        };
        let appeared = self.is_new && self.appear()?;
        if !appeared {
            written.n_removed = self.update(&mut placed)?;
        }
        let stamps = placed.into_iter().map(|(path, file)| (path, file.stamp)).collect();
        self.manifest.finish(inputs, &stamps)?;
        Ok(written)
    }

    /// Moves the whole site to its place; `false` where that cannot be, as to another disk.
    fn appear(&self) -> Result<bool, DiskError> {
        let parent =
            self.out.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        std::fs::create_dir_all(parent).map_err(DiskError::write(parent))?;
        Ok(std::fs::rename(&self.manifest.staging, &self.out).is_ok())
    }

    /// Replaces what differs, in the order in which pages need each other; says how many files went.
    fn update(&self, placed: &mut BTreeMap<String, Placed>) -> Result<usize, DiskError> {
        self.refuse_foreign(placed)?;
        if self.earlier.was_cut_short {
            remove_unfinished(&self.out, self.earlier.files.keys());
        }
        let known: BTreeSet<&str> =
            self.earlier.files.keys().chain(placed.keys()).map(String::as_str).collect();
        self.manifest.begin(&known)?;
        let staged = placed.iter_mut().filter(|(_, file)| file.is_staged);
        let mut phases: [Vec<(&str, &mut Placed)>; N_PHASES] = Default::default();
        for (path, file) in staged {
            phases[phase(&self.out, path)].push((path, file));
        }
        let mut folders = BTreeSet::new();
        for phase in phases {
            self.hold(phase.iter().map(|(path, _)| *path).filter(|path| !self.out.join(path).exists()))?;
            for (path, file) in phase {
                file.stamp = self.put(path, file.stamp, &mut folders)?;
            }
        }
        let gone = self.earlier.files.keys().map(String::as_str).filter(|path| !placed.contains_key(*path));
        self.hold(gone.clone().filter(|path| self.out.join(path).is_file()))?;
        let mut n_removed = 0;
        for path in gone {
            n_removed += usize::from(remove(&self.out, path)?);
        }
        Ok(n_removed)
    }

    /// Puts a placeholder in the place of each page of several that come or go together.
    fn hold<'p>(&self, paths: impl Iterator<Item = &'p str>) -> Result<(), DiskError> {
        let pages: Vec<&str> = paths.filter(|path| path.ends_with(".html")).collect();
        if pages.len() < 2 {
            return Ok(());
        }
        pages.into_iter().try_for_each(|path| {
            let target = self.out.join(path);
            make_folder(&self.out, target.parent().unwrap_or(&self.out))?;
            replace(&target, PLACEHOLDER.as_bytes())
        })
    }

    /// Somebody's own file in the place of one of ours is not overwritten, but told.
    fn refuse_foreign(&self, placed: &BTreeMap<String, Placed>) -> Result<(), DiskError> {
        let ours = |path: &String| self.earlier.files.contains_key(path);
        let staged = placed.iter().filter(|(path, file)| file.is_staged && !ours(path));
        let taken = |path: &Utf8PathBuf| path.symlink_metadata().is_ok();
        match staged.map(|(path, _)| self.out.join(path)).find(taken) {
            Some(path) => Err(DiskError::Foreign { path }),
            None => Ok(()),
        }
    }

    /// Moves one file from the staging folder to its place; says what its stamp is there.
    fn put(&self, path: &str, stamp: Stamp, folders: &mut BTreeSet<Utf8PathBuf>) -> Result<Stamp, DiskError> {
        let from = self.manifest.staging.join(path);
        let target = self.out.join(path);
        let folder = target.parent().unwrap_or(&self.out);
        if folders.insert(folder.to_owned()) {
            make_folder(&self.out, folder)?;
        }
        match std::fs::rename(&from, &target) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                replace(&target, &std::fs::read(&from).map_err(DiskError::read(&from))?)?;
                target.symlink_metadata().map(|there| Stamp::of(&there)).map_err(DiskError::read(&target))
            }
            moved => moved.map(|()| stamp).map_err(DiskError::write(&target)),
        }
    }
}

impl Drop for SiteWriter {
    fn drop(&mut self) {
        // What failed has been told; that something of it stays in our own cache is not worth more words, and the
        // next build takes it away.
        let _ = std::fs::remove_dir_all(&self.manifest.staging);
    }
}

fn write_new(path: &Utf8Path, body: &[u8]) -> io::Result<Stamp> {
    let mut file = File::create(path)?;
    file.write_all(body)?;
    Ok(Stamp::of(&file.metadata()?))
}

/// A site that held the book would be indexed as content, and an output folder above the book would look as if its
/// files were ours.
fn refuse_overlap(root: &Utf8Path, out: &Utf8Path) -> Result<(), DiskError> {
    let absolute = |path: &Utf8Path| path.canonicalize_utf8().or_else(|_| camino::absolute_utf8(path));
    let (Ok(root), Ok(out)) = (absolute(root), absolute(out)) else { return Ok(()) };
    let own = ["content", "templates", "theme", ".git", CACHE_FOLDER].map(|name| root.join(name));
    let overlaps = root.starts_with(&out) || own.iter().any(|own| out.starts_with(own));
    if overlaps { Err(DiskError::Overlap { path: out }) } else { Ok(()) }
}

fn is_new(out: &Utf8Path) -> bool {
    match out.read_dir_utf8() {
        Ok(mut entries) => !out.is_symlink() && entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn remove_staging(manifest: &Manifest) -> Result<(), DiskError> {
    match std::fs::remove_dir_all(&manifest.staging) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(DiskError::write(&manifest.staging)(error))
        }
        _ => Ok(()),
    }
}

/// A page that links to nothing, where one that is linked to is not there yet, or not any more.
const PLACEHOLDER: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="robots" content="noindex">
<title>Being written</title>
</head>
<body>
<p>This site is being written, and this page has its turn in a moment. Load it again then.</p>
</body>
</html>
"#;

const N_PHASES: usize = 4;

/// When a file is written: nothing is shown before what it needs.
fn phase(out: &Utf8Path, path: &str) -> usize {
    match path {
        "search/current.json" => 3,
        _ if !path.ends_with(".html") && !out.join(path).exists() => 0,
        _ if path.starts_with("assets/") || path.starts_with("search/") && !path.ends_with(".html") => 0,
        _ if !out.join(path).exists() => 1,
        _ => 2,
    }
}

/// Takes away what the manifest of an output folder lists, and what can be made again; says how many files went.
pub fn clean(root: &Utf8Path, out: &Utf8Path) -> Result<usize, DiskError> {
    let manifest = Manifest::of(root, out);
    let _alone = manifest.lock()?;
    let earlier = manifest.read()?;
    remove_unfinished(out, earlier.files.keys());
    let mut n_removed = 0;
    for path in earlier.files.keys() {
        n_removed += usize::from(remove(out, path)?);
    }
    // It stays where something foreign is in it.
    let _ = std::fs::remove_dir(out);
    manifest.forget()?;
    remove_staging(&manifest)?;
    let index = root.join(CACHE_FOLDER).join("index");
    if index.is_symlink() {
        return Err(DiskError::Link { path: index });
    }
    match std::fs::remove_dir_all(&index) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(DiskError::write(&index)(error)),
        _ => {}
    }
    manifest.remove_empty_folders(&root.join(CACHE_FOLDER));
    Ok(n_removed)
}

fn remove(out: &Utf8Path, path: &str) -> Result<bool, DiskError> {
    let target = out.join(path);
    if target.ancestors().skip(1).take_while(|part| *part != out).any(Utf8Path::is_symlink) {
        return Ok(false);
    }
    match std::fs::remove_file(&target) {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(false);
        }
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

/// Takes away what a build that was killed had begun to write. Nothing depends on it, so nothing fails here.
fn remove_unfinished<'p>(out: &Utf8Path, paths: impl Iterator<Item = &'p String>) {
    let folders: BTreeSet<Utf8PathBuf> =
        paths.filter_map(|path| Some(out.join(path).parent()?.to_owned())).collect();
    for folder in folders {
        let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().starts_with(UNFINISHED)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
