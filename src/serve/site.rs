//! What is shown now: an edition, and what is wrong with what came after it.

use super::edition::Edition;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// How many pages are known to have been given out.
const N_GIVEN: usize = 64;

/// What tabs and requests see at one moment.
#[derive(Clone, Default)]
pub struct State {
    /// What is served; nothing before the book was read for the first time.
    pub edition: Option<Arc<Edition>>,
    /// What keeps the newest state of the book from being shown, drawn as text.
    pub trouble: Option<Arc<str>>,
    /// What is wrong with the edition as a whole, found afterwards, drawn as text.
    pub doubt: Option<Arc<str>>,
    /// The page of the file that was saved last, for tabs that follow.
    pub saved: Option<Arc<str>>,
}

impl State {
    /// Everything that is wrong.
    pub fn text(&self) -> Option<String> {
        let texts: Vec<&str> = self.trouble.iter().chain(&self.doubt).map(|text| &**text).collect();
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }
}

/// The present state, and those who hear of the next.
pub struct Stage {
    state: watch::Sender<State>,
    /// Pages that were given out lately, and what they were: somebody may still be looking at them.
    given: Mutex<VecDeque<(String, String)>>,
}

impl Stage {
    /// Nothing is shown yet.
    pub fn new() -> Stage {
        Stage { state: watch::channel(State::default()).0, given: Mutex::default() }
    }

    /// The edition that a request reads from beginning to end, once there is one.
    pub fn now(&self) -> Option<Arc<Edition>> {
        self.state.borrow().edition.clone()
    }

    /// The present state.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Hears of every state from now on. Whoever is slow misses some, and hears of the newest.
    pub fn listen(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Shows a new edition.
    pub fn show(&self, edition: Edition, trouble: Option<String>, saved: Option<String>) {
        let edition = Arc::new(edition);
        self.state.send_modify(|state| {
            let before = state.edition.replace(edition);
            before.into_iter().for_each(|before| before.end());
            state.trouble = trouble.map(Arc::from);
            state.saved = saved.map(Arc::from);
        });
    }

    /// Keeps what is shown, and says why; or says that nothing is wrong any more.
    pub fn hold(&self, trouble: Option<String>) {
        self.state.send_modify(|state| state.trouble = trouble.map(Arc::from));
    }

    /// Says what is wrong with an edition as a whole, while it is shown.
    pub fn doubt(&self, nth: u64, doubt: Option<String>) {
        self.state.send_if_modified(|state| {
            let is_shown = state.edition.as_ref().is_some_and(|edition| edition.nth == nth);
            let is_news = is_shown && state.doubt.as_deref() != doubt.as_deref();
            if is_news {
                state.doubt = doubt.map(Arc::from);
            }
            is_news
        });
    }

    /// Notes that a page was given out.
    pub fn gave(&self, path: &str, digest: &str) {
        let mut given = self.given.lock().expect("nobody panics while holding this lock");
        given.retain(|(other, _)| other != path);
        if given.len() == N_GIVEN {
            given.pop_front();
        }
        given.push_back((path.to_owned(), digest.to_owned()));
    }

    /// The pages that were given out lately, and what they were.
    pub fn given(&self) -> Vec<(String, String)> {
        self.given.lock().expect("nobody panics while holding this lock").iter().cloned().collect()
    }
}
