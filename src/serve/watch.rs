//! Events of the file system are hints: at the first, and again once a burst is over, everything is read anew.
//! So deletes, renames, editors' swap files and a `git checkout` are one code path.

use super::snapshot::Site;
use super::{Options, ServeError};
use crate::disk::CACHE_FOLDER;
use crate::{Choice, RESULTS_FILE, diag, parse};
use camino::{Utf8Path, Utf8PathBuf};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// A burst is over when nothing came for this long.
const QUIET: Duration = Duration::from_millis(50);

/// Watches the book's folder; the watcher stops when it is dropped.
pub fn start(options: &Options, site: Arc<Site>) -> Result<RecommendedWatcher, ServeError> {
    let failed = |source| ServeError::Watch { path: options.root.clone(), source };
    let (hint, hints) = mpsc::channel();
    let root = options.root.canonicalize_utf8().unwrap_or_else(|_| options.root.clone());
    let out = root.join(build_dir(&root, options));
    let of_interest = {
        let root = root.clone();
        move |path: &std::path::Path| Utf8Path::from_path(path).is_some_and(|path| matters(path, &root, &out))
    };
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading is an event too; acting on it would go round in circles.
        let news = match event {
            Ok(event) => {
                !matches!(event.kind, EventKind::Access(_))
                    && event.paths.iter().any(|path| of_interest(path))
            }
            Err(_) => true,
        };
        if news {
            let _ = hint.send(());
        }
    })
    .map_err(failed)?;
    watcher.watch(root.as_std_path(), RecursiveMode::Recursive).map_err(failed)?;
    let options = Options {
        root: options.root.clone(),
        hostname: options.hostname.clone(),
        given: options.given.clone(),
        ..*options
    };
    std::thread::spawn(move || {
        while hints.recv().is_ok() {
            rebuild(&options, &site);
            let mut more = false;
            while hints.recv_timeout(QUIET).is_ok() {
                more = true;
            }
            if more {
                rebuild(&options, &site);
            }
        }
    });
    Ok(watcher)
}

/// Reads and builds the book, and publishes it; with an error in it, the last good build stays.
pub fn rebuild(options: &Options, site: &Site) {
    let input = match crate::load(&options.root, &options.given) {
        Ok(input) => input,
        // A file can vanish between listing and reading; the next event brings the next try.
        Err(error) => return trouble(options, site, chain(&error)),
    };
    match crate::build_in_memory(&input, Choice { drafts: true, ..Choice::default() }) {
        Err(error) => trouble(options, site, chain(&error)),
        Ok((built, pages)) => {
            let text = (options.draw)(&built.found, &input.sources);
            let broken = diag::has_errors(&built.found);
            let is_first = site.now().files.is_empty();
            if broken && !is_first {
                return trouble(options, site, text);
            }
            if !text.is_empty() {
                (options.tell)(&text);
            }
            site.publish(pages, broken.then_some(text));
        }
    }
}

fn trouble(options: &Options, site: &Site, text: String) {
    if site.now().trouble.as_deref() != Some(&text) {
        (options.tell)(&text);
        site.hold(text);
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("could not {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("\n  because: {cause}"));
        source = cause.source();
    }
    text
}

fn build_dir(root: &Utf8Path, options: &Options) -> Utf8PathBuf {
    let text = std::fs::read_to_string(root.join(parse::BOOK_FILE)).unwrap_or_default();
    parse::settings(&text, &options.given.overrides).build_dir
}

/// Files that the site is made from lie in folders beside `book.toml`, but not in its output and caches.
fn matters(path: &Utf8Path, root: &Utf8Path, out: &Utf8Path) -> bool {
    let Ok(inside) = path.strip_prefix(root) else { return false };
    let first = inside.components().next().map(|part| part.as_str()).unwrap_or_default();
    let at_top = inside.components().count() == 1;
    if path.starts_with(out) || [CACHE_FOLDER, ".git", "target", "node_modules"].contains(&first) {
        return false;
    }
    !at_top || [parse::BOOK_FILE, RESULTS_FILE].contains(&first) || !first.contains('.')
}
