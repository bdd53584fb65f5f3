//! Search in the preview: answers for programs from the index, and the files that production has.
//!
//! An index takes longer than a page, so no edition waits for it: it is begun when files have been quiet for a moment, or
//! when somebody asks, and given up when there is a newer edition. Whoever asks waits for the one of the edition that is
//! shown, or of a newer one; there is never more than one being made. The files take longer than the index, and are made
//! when somebody fetches one.

use super::edition::{Edition, Whole};
use super::site::Stage;
use crate::search::{self, Document, Hit, Index, IndexError, Query};
use axum::body::Bytes;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use tokio::sync::Mutex;

/// Whoever asks while one edition follows the other sees so many indexes given up, and waits for the next to be whole.
const N_GIVEN_UP: usize = 3;

/// The newest index and the one before it, from which an open page may still fetch.
#[derive(Clone, Default)]
pub struct Librarian {
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Default)]
struct Shelf {
    newest: Option<Arc<Indexed>>,
    before: Option<Arc<Indexed>>,
}

/// The index of one edition.
pub struct Indexed {
    nth: u64,
    index: Index,
    files: OnceLock<Files>,
    /// What the files are made from, until they are.
    documents: std::sync::Mutex<Vec<Document>>,
}

/// The files of production, by path.
type Files = HashMap<String, Bytes>;

/// The file that names all others.
const CURRENT: &str = "search/current.json";

impl Librarian {
    /// Begins the index of an edition, for those who will ask.
    pub fn begin(&self, edition: Arc<Edition>) {
        let librarian = self.clone();
        std::thread::spawn(move || librarian.prepare(&edition));
    }

    /// Has an edition looked at as a whole, once its index is made: somebody may wait for that, and for this nobody does.
    pub fn then_look_at_all(&self, edition: Arc<Edition>, reply: impl FnOnce(Whole) + Send + 'static) {
        let librarian = self.clone();
        std::thread::spawn(move || {
            librarian.prepare(&edition);
            edition.look_at_all(reply);
        });
    }

    /// Makes the index of an edition unless it is there, or there is a newer edition.
    fn prepare(&self, edition: &Edition) {
        let mut shelf = self.shelf.blocking_lock();
        if edition.finished.book.settings.search && shelf.of(edition.nth).is_none() {
            // What went wrong is told to whoever asks, who has it tried once more.
            let _ = shelf.make(edition, || !edition.is_over());
        }
    }

    /// Whether whoever asks for the index of this edition has it at once.
    pub fn has(&self, edition: &Edition) -> bool {
        self.shelf.blocking_lock().of(edition.nth).is_some()
    }

    /// The index of what is shown now; `None` where the book has no search, or nothing is shown.
    pub async fn newest(&self, stage: &Arc<Stage>) -> Result<Option<Arc<Indexed>>, IndexError> {
        let Some(edition) = stage.now().filter(|edition| edition.finished.book.settings.search) else {
            return Ok(None);
        };
        let (shelf, stage) = (Arc::clone(&self.shelf), Arc::clone(stage));
        // In a task of its own: an index that was begun is finished even if whoever asked has gone away, so that many
        // who ask and go cannot have many made at once.
        let task = tokio::spawn(async move {
            let mut shelf = shelf.lock_owned().await;
            in_the_background(move || shelf.newest(&stage, edition)).await
        });
        task.await.unwrap_or_else(|error| Err(std::io::Error::other(error).into())).map(Some)
    }

    /// One file of the search, such as `search/current.json`.
    pub async fn file(&self, stage: &Arc<Stage>, path: &str) -> Result<Option<Bytes>, IndexError> {
        if path != CURRENT {
            let shelf = self.shelf.lock().await;
            let kept =
                shelf.newest.iter().chain(&shelf.before).find_map(|indexed| indexed.files.get()?.get(path));
            if let Some(file) = kept {
                return Ok(Some(file.clone()));
            }
        }
        match self.newest(stage).await? {
            Some(indexed) => indexed.file(path).await,
            None => Ok(None),
        }
    }
}

impl Shelf {
    fn newest(&mut self, stage: &Stage, mut edition: Arc<Edition>) -> Result<Arc<Indexed>, IndexError> {
        if let Some(made) = self.of(edition.nth) {
            return Ok(made);
        }
        for n_given_up in 0.. {
            edition = stage.now().unwrap_or(edition);
            if let Some(made) = self.make(&edition, || n_given_up == N_GIVEN_UP || !edition.is_over())? {
                return Ok(made);
            }
        }
        unreachable!("the last one is not given up")
    }

    /// The index of this edition or a newer one.
    fn of(&self, nth: u64) -> Option<Arc<Indexed>> {
        self.newest.clone().filter(|newest| newest.nth >= nth)
    }

    fn make(
        &mut self,
        edition: &Edition,
        goes_on: impl Fn() -> bool,
    ) -> Result<Option<Arc<Indexed>>, IndexError> {
        let Some(made) = Indexed::of(edition, goes_on)?.map(Arc::new) else { return Ok(None) };
        // No page fetches from one without files.
        let before = self.newest.replace(Arc::clone(&made)).filter(|before| before.files.get().is_some());
        self.before = before.or(self.before.take());
        Ok(Some(made))
    }
}

impl Indexed {
    fn of(edition: &Edition, goes_on: impl Fn() -> bool) -> Result<Option<Indexed>, IndexError> {
        if !goes_on() {
            return Ok(None);
        }
        let documents = search::documents(&edition.finished.book);
        let index = Index::in_memory_while(&documents, goes_on)?;
        Ok(index.map(|index| Indexed {
            nth: edition.nth,
            index,
            files: OnceLock::new(),
            documents: std::sync::Mutex::new(documents),
        }))
    }

    /// The edition that it is the index of.
    pub fn nth(&self) -> u64 {
        self.nth
    }

    /// What a page of hits depends on.
    pub async fn current(self: Arc<Indexed>) -> Result<Bytes, IndexError> {
        Ok(self.file(CURRENT).await?.unwrap_or_default())
    }

    async fn file(self: Arc<Indexed>, path: &str) -> Result<Option<Bytes>, IndexError> {
        let path = path.to_owned();
        in_the_background(move || Ok(self.files()?.get(&path).cloned())).await
    }

    /// The files, which whoever asks first makes.
    fn files(&self) -> Result<&Files, IndexError> {
        let mut documents = self.documents.lock().expect("nobody panics while holding this lock");
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let files = search::export(&self.index, &documents)?;
        documents.clear();
        Ok(self
            .files
            .get_or_init(|| files.into_iter().map(|file| (file.path, Bytes::from(file.body))).collect()))
    }

    /// Ranks records, as the terminal does.
    pub fn search(&self, query: &Query) -> Result<Vec<Hit>, IndexError> {
        search::search(&self.index, query)
    }
}

/// Does what takes long where it holds up no other request.
async fn in_the_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexError> + Send + 'static,
) -> Result<T, IndexError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(std::io::Error::other(error).into()))
}
