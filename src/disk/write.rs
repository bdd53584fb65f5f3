//! A site → an output folder: every file whole at any moment, nothing foreign touched.
//!
//! A folder that is not there yet appears as a whole. In one that is there, each file that differs is replaced by
//! rename: assets and shards first, then pages that are new, then pages that changed, then the pointer to the
//! shards, and deletions last. So whoever starts at any page that was there finds, at any moment, what it links to.

use super::manifest::{Earlier, Manifest, Stamp};
use super::{CACHE_FOLDER, DiskError};
use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};

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

/// One file of a site: its path inside it, and its content.
type SiteFile<'s> = (&'s str, &'s [u8]);

/// Whether the output folder already holds the site of these inputs, untouched since it was written.
pub fn is_unchanged(root: &Utf8Path, out: &Utf8Path, inputs: &str) -> Result<Option<Written>, DiskError> {
    let manifest = Manifest::of(root, out);
    let earlier = manifest.read()?;
    if earlier.was_cut_short || earlier.inputs != inputs || inputs.is_empty() {
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

/// Writes a site that was made from `inputs`.
///
/// After a crash every page is whole, and the next build completes the rest. A foreign file is replaced only
/// where the site has one of the same path, and is never removed.
pub fn write_site<'s>(
    root: &Utf8Path,
    out: &Utf8Path,
    inputs: &str,
    files: impl Iterator<Item = SiteFile<'s>>,
) -> Result<Written, DiskError> {
    refuse_overlap(root, out)?;
    let files: BTreeMap<&str, &[u8]> = files.collect();
    let manifest = Manifest::of(root, out);
    let _alone = manifest.lock()?;
    let earlier = manifest.read()?;
    remove_staging(&manifest)?;
    let mut written =
        Written { bytes: files.values().map(|body| body.len() as u64).sum(), ..Written::default() };
    let staged = is_new(out) && stage(&manifest, out, &files)?;
    if staged {
        written.n_written = files.len();
    } else {
        update(&manifest, out, &files, &earlier, &mut written)?;
    }
    manifest.finish(inputs, &stamps(out, &files)?)?;
    Ok(written)
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

/// Makes the whole site beside its place and moves it there; `false` where it cannot be moved, as to another disk.
fn stage(manifest: &Manifest, out: &Utf8Path, files: &BTreeMap<&str, &[u8]>) -> Result<bool, DiskError> {
    let staging = &manifest.staging;
    let parent = out.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    std::fs::create_dir_all(parent).map_err(DiskError::write(parent))?;
    let made = by_folder(files).par_iter().try_for_each(|(folder, files)| {
        let folder = staging.join(folder);
        std::fs::create_dir_all(&folder).map_err(DiskError::write(&folder))?;
        files.iter().try_for_each(|(name, body)| {
            let path = folder.join(name);
            std::fs::write(&path, body).map_err(DiskError::write(&path))
        })
    });
    let moved = made.map(|()| std::fs::rename(staging, out).is_ok());
    if !matches!(moved, Ok(true)) {
        // What failed is told; that something of it stays behind in our own cache is not worth more words.
        let _ = std::fs::remove_dir_all(staging);
    }
    moved
}

/// The files of each folder, by the folder's path inside the site.
fn by_folder<'s>(files: &BTreeMap<&'s str, &'s [u8]>) -> Vec<(&'s str, Vec<SiteFile<'s>>)> {
    let mut folders: BTreeMap<&str, Vec<SiteFile>> = BTreeMap::new();
    for (path, body) in files {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        folders.entry(folder).or_default().push((name, body));
    }
    folders.into_iter().collect()
}

/// Replaces what differs, in the order in which pages need each other.
fn update(
    manifest: &Manifest,
    out: &Utf8Path,
    files: &BTreeMap<&str, &[u8]>,
    earlier: &Earlier,
    written: &mut Written,
) -> Result<(), DiskError> {
    if earlier.was_cut_short {
        remove_unfinished(out, earlier.files.keys());
    }
    let known: BTreeSet<&str> =
        earlier.files.keys().map(String::as_str).chain(files.keys().copied()).collect();
    manifest.begin(&known)?;
    let mut phases: [BTreeMap<&str, &[u8]>; N_PHASES] = Default::default();
    for (path, body) in files {
        phases[phase(out, path)].insert(path, body);
    }
    for of_phase in &phases {
        let counts: Vec<usize> = by_folder(of_phase)
            .par_iter()
            .map(|(folder, files)| update_folder(out, folder, files))
            .collect::<Result<_, _>>()?;
        written.n_written += counts.iter().sum::<usize>();
    }
    written.n_same = files.len() - written.n_written;
    for path in earlier.files.keys().filter(|path| !files.contains_key(path.as_str())) {
        written.n_removed += usize::from(remove(out, path)?);
    }
    Ok(())
}

fn update_folder(out: &Utf8Path, folder: &str, files: &[SiteFile]) -> Result<usize, DiskError> {
    let folder = out.join(folder);
    std::fs::create_dir_all(&folder).map_err(DiskError::write(&folder))?;
    for part in folder.ancestors().take_while(|part| *part != out) {
        if part.is_symlink() {
            return Err(DiskError::Link { path: part.to_owned() });
        }
    }
    let mut n_written = 0;
    for (name, body) in files {
        let target = folder.join(name);
        let same = target.metadata().is_ok_and(|there| there.len() == body.len() as u64)
            && std::fs::read(&target).is_ok_and(|there| there == *body);
        if !same {
            replace(&target, body)?;
            n_written += 1;
        }
    }
    Ok(n_written)
}

fn stamps(out: &Utf8Path, files: &BTreeMap<&str, &[u8]>) -> Result<BTreeMap<String, Stamp>, DiskError> {
    let paths: Vec<&str> = files.keys().copied().collect();
    let stamp = |path: &str| {
        let metadata = out.join(path).symlink_metadata().map_err(DiskError::read(&out.join(path)))?;
        Ok((path.to_owned(), Stamp::of(&metadata)))
    };
    paths.into_par_iter().map(stamp).collect()
}

/// How the name of a file begins that has not been moved to its place yet.
const UNFINISHED: &str = ".faultbook-new-";

/// Replaces a file by rename: a reader sees the old content or the new, never a part.
pub fn replace(path: &Utf8Path, body: &[u8]) -> Result<(), DiskError> {
    let failed = DiskError::write(path);
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let mut builder = tempfile::Builder::new();
    let mut file = readable_by_all(&mut builder).prefix(UNFINISHED).tempfile_in(folder).map_err(&failed)?;
    file.write_all(body).map_err(&failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Makes a folder inside another one, where neither it nor a folder between them is a link that leads elsewhere.
pub fn make_folder(root: &Utf8Path, folder: &Utf8Path) -> Result<(), DiskError> {
    for part in folder.ancestors().take_while(|part| *part != root && part.starts_with(root)) {
        if part.is_symlink() {
            return Err(DiskError::Link { path: part.to_owned() });
        }
    }
    std::fs::create_dir_all(folder).map_err(DiskError::write(folder))
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

const N_PHASES: usize = 4;

/// When a file is written: nothing is shown before what it needs.
fn phase(out: &Utf8Path, path: &str) -> usize {
    match path {
        "search/current.json" => 3,
        _ if path.starts_with("assets/") || path.starts_with("search/") && !path.ends_with(".html") => 0,
        _ if !out.join(path).exists() => 1,
        _ => 2,
    }
}

/// Takes everything away that the manifests of a book list, and its caches; says how many files went.
pub fn clean(root: &Utf8Path, out: &Utf8Path) -> Result<usize, DiskError> {
    let manifest = Manifest::of(root, out);
    let earlier = manifest.read()?;
    remove_unfinished(out, earlier.files.keys());
    let mut n_removed = 0;
    for path in earlier.files.keys() {
        n_removed += usize::from(remove(out, path)?);
    }
    let _ = std::fs::remove_dir(out);
    let cache = root.join(CACHE_FOLDER);
    match std::fs::remove_dir_all(&cache) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(DiskError::write(&cache)(error)),
        _ => Ok(n_removed),
    }
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
