//! Search in the preview: the files that production has, and answers for programs, made when somebody asks.
//!
//! An index takes longer than a page, so no edition waits for it. Whoever asks waits for the one of the edition that is
//! shown, or of a newer one; there is never more than one being made.

use super::edition::Edition;
use super::site::Stage;
use crate::search::{self, Hit, Index, IndexError, Query};
use axum::body::Bytes;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The newest index and the one before it, from which an open page may still fetch.
#[derive(Default)]
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
    files: HashMap<String, Bytes>,
}

/// The file that names all others.
const CURRENT: &str = "search/current.json";

impl Librarian {
    /// The index of what is shown now; `None` where the book has no search, or nothing is shown.
    pub async fn newest(&self, stage: &Arc<Stage>) -> Result<Option<Arc<Indexed>>, IndexError> {
        let Some(edition) = stage.now().filter(|edition| edition.finished.book.settings.search) else {
            return Ok(None);
        };
        let (shelf, stage) = (Arc::clone(&self.shelf), Arc::clone(stage));
        // In a task of its own: an index that was begun is finished even if whoever asked has gone away, so that many
        // who ask and go cannot have many made at once.
        let task = tokio::spawn(async move {
            let mut shelf = shelf.lock().await;
            if let Some(newest) = shelf.newest.as_ref().filter(|newest| newest.nth >= edition.nth) {
                return Ok(Arc::clone(newest));
            }
            let edition = stage.now().unwrap_or(edition);
            let made = tokio::task::spawn_blocking(move || Indexed::of(&edition)).await;
            let made = Arc::new(made.unwrap_or_else(|error| Err(std::io::Error::other(error).into()))?);
            shelf.before = shelf.newest.replace(Arc::clone(&made));
            Ok(made)
        });
        task.await.unwrap_or_else(|error| Err(std::io::Error::other(error).into())).map(Some)
    }

    /// One file of the search, such as `search/current.json`.
    pub async fn file(&self, stage: &Arc<Stage>, path: &str) -> Result<Option<Bytes>, IndexError> {
        if path != CURRENT {
            let shelf = self.shelf.lock().await;
            let kept = shelf.newest.iter().chain(&shelf.before).find_map(|indexed| indexed.files.get(path));
            if let Some(file) = kept {
                return Ok(Some(file.clone()));
            }
        }
        Ok(self.newest(stage).await?.and_then(|indexed| indexed.files.get(path).cloned()))
    }
}

impl Indexed {
    fn of(edition: &Edition) -> Result<Indexed, IndexError> {
        let documents = search::documents(&edition.finished.book);
        let index = Index::in_memory(&documents)?;
        let files = search::export(&index, &documents)?;
        let files = files.into_iter().map(|file| (file.path, Bytes::from(file.body))).collect();
        Ok(Indexed { nth: edition.nth, index, files })
    }

    /// The edition that it is the index of.
    pub fn nth(&self) -> u64 {
        self.nth
    }

    /// What a page of hits depends on.
    pub fn current(&self) -> Bytes {
        self.files.get(CURRENT).cloned().unwrap_or_default()
    }

    /// Ranks records, as the terminal does.
    pub fn search(&self, query: &Query) -> Result<Vec<Hit>, IndexError> {
        search::search(&self.index, query)
    }
}
