//! A book's own files, one at a time: made, moved, taken away.
//!
//! Not here: a site, which is written as a whole (`write.rs`).

use super::DiskError;
use camino::Utf8Path;
use std::fs::OpenOptions;
use std::io::{self, Write as _};

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

/// How the name of a file begins that has not been moved to its place yet.
pub const UNFINISHED: &str = ".faultbook-new-";

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

fn refuse_existing(path: &Utf8Path) -> Result<(), DiskError> {
    match path.symlink_metadata() {
        Ok(_) => Err(DiskError::write(path)(io::ErrorKind::AlreadyExists.into())),
        Err(_) => Ok(()),
    }
}

/// Adds to the end of a file, which is made where there is none.
pub fn append(path: &Utf8Path, text: &str) -> Result<(), DiskError> {
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(DiskError::write(path))?;
    file.write_all(text.as_bytes()).map_err(DiskError::write(path))
}
