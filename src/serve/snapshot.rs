//! What requests are answered from: one whole build at a time, and the news of the next.

use crate::render::Page;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use tokio::sync::broadcast;

/// A whole site that never changes.
pub struct Snapshot {
    /// Path and content of every file.
    pub files: BTreeMap<String, Vec<u8>>,
    /// A digest of all files; tabs ask whether they still show this build.
    pub build: String,
    /// What keeps the newest state of the book from being shown, drawn as text.
    pub trouble: Option<String>,
}

/// The present snapshot, and the channel on which tabs hear of the next.
pub struct Site {
    now: RwLock<Arc<Snapshot>>,
    news: broadcast::Sender<String>,
}

impl Site {
    /// An empty site, until the first build is published.
    pub fn new() -> Site {
        let empty = Snapshot { files: BTreeMap::new(), build: String::new(), trouble: None };
        // A tab that falls this many messages behind asks for the present build instead.
        Site { now: RwLock::new(Arc::new(empty)), news: broadcast::channel(64).0 }
    }

    /// The snapshot that a request reads from beginning to end.
    pub fn now(&self) -> Arc<Snapshot> {
        Arc::clone(&self.now.read().expect("nobody panics while holding this lock"))
    }

    /// Hears of every build from now on.
    pub fn listen(&self) -> broadcast::Receiver<String> {
        self.news.subscribe()
    }

    /// Shows a new build, and tells the tabs whose page changed.
    pub fn publish(&self, pages: Vec<Page>, trouble: Option<String>) {
        let files: BTreeMap<String, Vec<u8>> = pages.into_iter().map(|page| (page.path, page.body)).collect();
        let before = self.now();
        let urls = changed(&before.files, &files);
        let build = digest(&files);
        let news = match &trouble {
            Some(text) => message("error", &build, &urls, Some(text)),
            None => message("reload", &build, &urls, None),
        };
        self.set(Snapshot { files, build, trouble }, news);
    }

    /// Keeps showing the last good build, and says why.
    pub fn hold(&self, trouble: String) {
        let before = self.now();
        let news = message("error", &before.build, &[], Some(&trouble));
        let held =
            Snapshot { files: before.files.clone(), build: before.build.clone(), trouble: Some(trouble) };
        self.set(held, news);
    }

    fn set(&self, snapshot: Snapshot, news: String) {
        *self.now.write().expect("nobody panics while holding this lock") = Arc::new(snapshot);
        // Without a tab nobody listens, which is fine.
        let _ = self.news.send(news);
    }
}

impl Snapshot {
    /// What a tab hears first: which build is shown now, and what is wrong.
    pub fn hello(&self) -> String {
        message("hello", &self.build, &[], self.trouble.as_deref())
    }
}

fn message(kind: &str, build: &str, urls: &[String], text: Option<&str>) -> String {
    serde_json::json!({"type": kind, "build": build, "urls": urls, "text": text}).to_string()
}

/// The URLs whose file is new, different or gone.
fn changed(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let all = before.keys().chain(after.keys().filter(|path| !before.contains_key(*path)));
    all.filter(|path| before.get(*path) != after.get(*path)).map(|path| url(path)).collect()
}

fn url(path: &str) -> String {
    format!("/{}", path.strip_suffix("index.html").unwrap_or(path))
}

fn digest(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hash = Sha256::new();
    for (path, body) in files {
        hash.update((path.len() as u64).to_le_bytes());
        hash.update(path);
        hash.update((body.len() as u64).to_le_bytes());
        hash.update(body);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
