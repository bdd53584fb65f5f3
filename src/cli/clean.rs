//! `faultbook clean`.

use super::{Exit, from_here, report, settings};
use crate::disk;
use anyhow::Context;
use camino::Utf8Path;

/// Takes away what builds of this book left: the files that its manifest lists, and caches.
pub fn run(root: &Utf8Path, quiet: bool) -> anyhow::Result<Exit> {
    let out = from_here(root, &settings(root)?.build_dir);
    let n_removed = disk::clean(root, &out).context("could not clean up")?;
    if !quiet {
        report::talk(&format!("removed {} of {out}, and caches", report::plural(n_removed, "file")));
    }
    Ok(Exit::Clean)
}
