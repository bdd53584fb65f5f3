//! Files: a book is read here, and a site is written here. Nothing else of the build touches the disk.
//!
//! In: paths. Out: `Sources` and overrides (`read.rs`), the days that git knows (`git.rs`); a site in which every
//! file is whole, old or new, at any moment (`write.rs`); what tells whether files changed (`trace.rs`); a book that is
//! read again and again (`book_files.rs`), and who previews it (`claim.rs`); single files that verbs change (`change.rs`).
//! Not here: what the files mean (`parse`), the search index (`search/store.rs`), scratch folders of checks
//! (`verify/run.rs`).

mod book_files;
mod change;
mod claim;
mod git;
mod manifest;
mod read;
mod trace;
mod write;

pub use book_files::BookFiles;
pub use change::{append, create, make_folder, remove, rename, replace, write};
pub use claim::{Claim, claim};
pub use git::{ChangedLines, changed_lines, changed_since};
pub use read::{
    BoundedFile, beside, bounded, content, digest_of, files, fingerprint, fixtures, open, overrides,
};
pub use trace::{Trace, trace};
pub use write::{SiteWriter, Written, clean, is_unchanged};

use camino::{Utf8Path, Utf8PathBuf};
use std::io;

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
    /// Something stands where a file of the site belongs, and no build of this book made it.
    #[error("write `{path}`: no build of this book made what stands there")]
    Foreign {
        /// The file.
        path: Utf8PathBuf,
    },
    /// The output folder is the book itself, or one that holds it.
    #[error("write the site to `{path}`: the book's own files lie there")]
    Overlap {
        /// The output folder.
        path: Utf8PathBuf,
    },
}

impl DiskError {
    fn write(path: &Utf8Path) -> impl Fn(io::Error) -> DiskError {
        move |source| DiskError::Write { path: path.to_owned(), source }
    }

    fn read(path: &Utf8Path) -> impl Fn(io::Error) -> DiskError {
        move |source| DiskError::Read { path: path.to_owned(), source }
    }
}

/// Caches and manifests of a book, beside its `book.toml`; ignored by git.
pub const CACHE_FOLDER: &str = ".faultbook";
