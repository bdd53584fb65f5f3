//! When to look at files. Events are hints: a file that was saved is looked at at once, and everything once a burst is
//! over. So deletes, renames, editors' swap files and a `git checkout` are one code path, and no event has to be right.

use super::Options;
use super::search::Librarian;
use super::site::Stage;
use super::workshop::{Look, Workshop};
use crate::disk::CACHE_FOLDER;
use crate::{LEDGER_FILE, RESULTS_FILE, parse};
use camino::{Utf8Path, Utf8PathBuf};
use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// A burst is over when nothing came for this long.
const QUIET: Duration = Duration::from_millis(50);
/// A burst that does not end is looked at as often as this.
const LONG_BURST: Duration = Duration::from_millis(500);
/// What only the whole site shows is looked for when nothing came for this long.
const REST: Duration = Duration::from_secs(1);
/// How often files are looked at where nobody says when they change.
const POLL: Duration = Duration::from_secs(2);

/// What an event says.
enum Hint {
    /// These files were saved, came or went.
    Saved(Vec<Utf8PathBuf>),
    /// Something is being written, or nobody knows what happened.
    Unclear,
}

/// Looks at the book for the first time, then whenever it changes, as long as the process lives.
pub fn start(options: Arc<Options>, stage: Arc<Stage>, librarian: Librarian) {
    let (hint, hints) = channel();
    let mut workshop = Workshop::new(Arc::clone(&options), stage, librarian);
    let mut watch = Watch::new(&options, hint);
    // Watching begins before looking, so that nothing falls between the two.
    watch.arm(&options);
    workshop.look(&Look::Everywhere, true);
    std::thread::spawn(move || follow(&options, workshop, watch, &hints));
}

fn follow(options: &Options, mut workshop: Workshop, mut watch: Watch, hints: &Receiver<Hint>) {
    let mut is_looked_through = false;
    loop {
        let hint = match hints.recv_timeout(if is_looked_through { Duration::MAX } else { REST }) {
            Ok(hint) => hint,
            // Files that came into a new folder before the system began to tell of it are seen now at the latest.
            Err(RecvTimeoutError::Timeout) => {
                if !workshop.look(&Look::Everywhere, true) {
                    workshop.look_at_all();
                    is_looked_through = true;
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        burst(&mut workshop, &mut watch, hint, hints);
        watch.arm(options);
        workshop.look(&Look::Everywhere, true);
        workshop.index();
        is_looked_through = false;
    }
}

/// From the first hint to quiet.
fn burst(workshop: &mut Workshop, watch: &mut Watch, first: Hint, hints: &Receiver<Hint>) {
    let mut began = Instant::now();
    let mut saved: BTreeSet<Utf8PathBuf> = BTreeSet::new();
    let mut hint = Some(first);
    loop {
        for hint in hint.take().into_iter().chain(hints.try_iter()) {
            if let Hint::Saved(paths) = hint {
                paths.iter().for_each(|path| watch.disarm(path));
                saved.extend(paths);
            }
        }
        if began.elapsed() > LONG_BURST {
            workshop.look(&Look::Everywhere, false);
            began = Instant::now();
        } else if !saved.is_empty() {
            workshop.look(&Look::At(&saved), false);
        }
        saved.clear();
        match hints.recv_timeout(QUIET) {
            Ok(next) => hint = Some(next),
            Err(_) => return,
        }
    }
}

/// Who tells when files change: the system, or a clock.
struct Watch {
    watcher: Option<RecommendedWatcher>,
    hint: Sender<Hint>,
    /// The folders that are watched, and which folder each of them was then.
    armed: BTreeMap<Utf8PathBuf, (u64, u64)>,
}

impl Watch {
    fn new(options: &Arc<Options>, hint: Sender<Hint>) -> Watch {
        let mut watch = Watch { watcher: None, hint: hint.clone(), armed: BTreeMap::new() };
        if let Some(interval) = options.poll {
            watch.poll(interval);
            return watch;
        }
        let for_events = Arc::clone(options);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if let Some(news) = read(event, &for_events) {
                let _ = hint.send(news);
            }
        });
        match watcher {
            Ok(watcher) => watch.watcher = Some(watcher),
            Err(error) => watch.give_up(options, &error),
        }
        watch
    }

    /// Watches the folders of the book as they are now: one that was deleted and made again is another one.
    fn arm(&mut self, options: &Options) {
        if self.watcher.is_none() {
            return;
        }
        let mut there: BTreeMap<Utf8PathBuf, (u64, u64)> = BTreeMap::new();
        for (folder, mode) in folders(options) {
            let Ok(metadata) = std::fs::metadata(&folder) else { continue };
            let id = (metadata.dev(), metadata.ino());
            there.insert(folder.clone(), id);
            if self.armed.get(&folder) == Some(&id) {
                continue;
            }
            let watched = self.watcher.as_mut().map(|watcher| watcher.watch(folder.as_std_path(), mode));
            if let Some(Err(error)) = watched {
                // A folder that went away meanwhile is no trouble.
                if folder.exists() {
                    return self.give_up(options, &error);
                }
            }
        }
        self.armed = there;
    }

    /// A folder that was moved away is not watched any more, even if it came back meanwhile.
    fn disarm(&mut self, moved: &Utf8Path) {
        self.armed.retain(|folder, _| !folder.starts_with(moved));
    }

    /// Where the system does not tell, a clock does.
    fn give_up(&mut self, options: &Options, error: &notify::Error) {
        let seconds = POLL.as_secs();
        (options.tell)(&format!(
            "the system does not tell when files change ({error}); they are looked at every {seconds} seconds instead\n  \
             = hint: on Linux, a larger `fs.inotify.max_user_watches` helps; `--poll SECONDS` says how often to look"
        ));
        self.watcher = None;
        self.poll(POLL);
    }

    fn poll(&self, interval: Duration) {
        let hint = self.hint.clone();
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(interval);
                if hint.send(Hint::Unclear).is_err() {
                    return;
                }
            }
        });
    }
}

/// The folders that a book's files lie in, each after those above it.
fn folders(options: &Options) -> Vec<(Utf8PathBuf, RecursiveMode)> {
    let root = &options.root;
    let src = settings(options).src;
    if src.as_str().is_empty() || src == "." {
        return vec![(root.clone(), RecursiveMode::Recursive)];
    }
    let content = root.join(src);
    let above = content.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
    let mut folders: Vec<(Utf8PathBuf, RecursiveMode)> =
        above.map(|folder| (folder.to_owned(), RecursiveMode::NonRecursive)).collect();
    folders.reverse();
    for folder in [content, root.join("templates"), root.join("theme")] {
        folders.push((folder, RecursiveMode::Recursive));
    }
    folders
}

fn settings(options: &Options) -> crate::model::Settings {
    let text = std::fs::read_to_string(options.root.join(parse::BOOK_FILE)).unwrap_or_default();
    parse::settings(&text, &options.given.overrides)
}

/// What an event means to us; `None` for what cannot matter, such as our own reading.
fn read(event: notify::Result<Event>, options: &Options) -> Option<Hint> {
    let Ok(event) = event else { return Some(Hint::Unclear) };
    if event.need_rescan() {
        return Some(Hint::Unclear);
    }
    let is_whole = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) | EventKind::Remove(_) => true,
        EventKind::Modify(ModifyKind::Name(_)) => true,
        EventKind::Access(_) => return None,
        _ => false,
    };
    let paths = event.paths.iter().filter_map(|path| Utf8Path::from_path(path));
    let paths: Vec<Utf8PathBuf> =
        paths.filter(|path| matters(path, options)).map(Utf8Path::to_owned).collect();
    match paths.is_empty() {
        true => None,
        false if is_whole => Some(Hint::Saved(paths)),
        false => Some(Hint::Unclear),
    }
}

/// Files that the site is made from lie beside `book.toml` and in folders there, and are not hidden.
fn matters(path: &Utf8Path, options: &Options) -> bool {
    let Ok(inside) = path.strip_prefix(&options.root) else { return false };
    let parts: Vec<&str> = inside.components().map(|part| part.as_str()).collect();
    if parts.iter().any(|part| part.starts_with('.')) {
        return false;
    }
    match parts.as_slice() {
        [] | [CACHE_FOLDER | "target" | "node_modules", ..] => false,
        [name] => [parse::BOOK_FILE, RESULTS_FILE, LEDGER_FILE].contains(name) || !name.contains('.'),
        _ => true,
    }
}
