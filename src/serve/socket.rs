//! The socket of a tab: it says what it shows, and hears when that is something else.
//!
//! Whether a tab must load again is found by comparing: what stands at its address now, with what it was given. Each tab
//! has a task of its own that looks at the newest state only, so one that does not listen holds up nobody.

use super::edition::Edition;
use super::http::{Counter, fields};
use super::site::State;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{RawQuery, State as Shared};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Begins a conversation with a tab: `path` is what it shows, `page` and `looks` are the digests that came with it.
/// Whoever names no path hears of all pages that were given out lately.
pub async fn open(
    Shared(counter): Shared<Arc<Counter>>,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    let fields: HashMap<String, String> = fields(&query.unwrap_or_default()).into_iter().collect();
    let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let shows =
        fields.get("path").map(|path| Tab { path: path.clone(), page: text("page"), looks: text("looks") });
    let listener = Listener { shows, heard: Heard::default() };
    // Nothing that a tab has to say is long.
    upgrade.max_message_size(4096).on_upgrade(|socket| converse(socket, counter, listener))
}

/// What a tab shows.
struct Tab {
    path: String,
    page: String,
    looks: String,
}

/// One end of a socket.
struct Listener {
    shows: Option<Tab>,
    heard: Heard,
}

/// What was said already.
#[derive(Default)]
struct Heard {
    nth: Option<u64>,
    /// The edition that was shown when the conversation began.
    first: Option<u64>,
    text: Option<String>,
    saved: Option<Arc<str>>,
    /// What pages were, for those who show none themselves.
    pages: HashMap<String, String>,
    /// What the search page fetches first.
    search: Option<Bytes>,
}

async fn converse(mut socket: WebSocket, counter: Arc<Counter>, mut listener: Listener) {
    let mut news = counter.stage.listen();
    if say(&mut socket, json!({"type": "hello", "urls": []})).await.is_err() {
        return;
    }
    let mut searches = false;
    loop {
        // Nobody who is slow to hear holds an edition meanwhile.
        let messages = {
            let state = news.borrow_and_update().clone();
            searches |= listener.searches(&state);
            listener.messages(&counter, &state).await
        };
        for message in messages {
            if say(&mut socket, message).await.is_err() {
                return;
            }
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            said = socket.recv() => match said {
                Some(Ok(_)) => {}
                _ => return,
            },
            found = listener.search(&counter), if searches => {
                searches = false;
                if let Some(message) = found && say(&mut socket, message).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn say(socket: &mut WebSocket, message: Value) -> Result<(), axum::Error> {
    socket.send(Message::Text(message.to_string().into())).await
}

impl Listener {
    /// What is news in this state. It ends in what is wrong, so that a page that is loaded anew is not told first.
    async fn messages(&mut self, counter: &Counter, state: &State) -> Vec<Value> {
        let mut messages = Vec::new();
        self.heard.first = self.heard.first.or(state.edition.as_ref().map(|edition| edition.nth));
        if let Some(edition) = &state.edition
            && self.heard.nth.replace(edition.nth) != Some(edition.nth)
        {
            match &mut self.shows {
                Some(tab) => messages.extend(tab.message(edition).await),
                None => messages.extend(self.of_given(counter, edition).await),
            }
        }
        if state.saved != self.heard.saved {
            self.heard.saved.clone_from(&state.saved);
            let elsewhere = |tab: &Tab| state.saved.as_deref().filter(|url| *url != tab.path);
            let url = self.shows.as_ref().and_then(elsewhere);
            messages.extend(url.map(|url| json!({"type": "follow", "urls": [url]})));
        }
        let text = state.text();
        if text != self.heard.text {
            messages.push(match &text {
                Some(text) => json!({"type": "error", "urls": [], "text": text}),
                None => json!({"type": "mended", "urls": []}),
            });
            self.heard.text = text;
        }
        messages
    }

    async fn of_given(&mut self, counter: &Counter, edition: &Edition) -> Option<Value> {
        let mut urls = Vec::new();
        for (path, given) in counter.stage.given() {
            let digest = edition.answer(&path, false).await.digest.clone();
            let before = self.heard.pages.insert(path.clone(), digest.clone()).unwrap_or(given);
            if before != digest {
                urls.push(path);
            }
        }
        (!urls.is_empty()).then(|| json!({"type": "reload", "urls": urls}))
    }

    /// Whether this is a page of hits.
    fn searches(&self, state: &State) -> bool {
        let root = state.edition.as_ref().map_or("/", |edition| edition.finished.root_path());
        self.shows.as_ref().is_some_and(|tab| tab.path.strip_prefix(root) == Some("search/"))
    }

    /// A page of hits is loaded anew when it would find something else.
    async fn search(&mut self, counter: &Counter) -> Option<Value> {
        let indexed = counter.librarian.newest(&counter.stage).await.ok().flatten()?;
        let current = Arc::clone(&indexed).current().await.ok()?;
        let is_news = match self.heard.search.replace(current.clone()) {
            Some(before) => before != current,
            None => Some(indexed.nth()) > self.heard.first,
        };
        let tab = self.shows.as_ref().filter(|_| is_news)?;
        Some(json!({"type": "reload", "urls": [tab.path]}))
    }
}

impl Tab {
    async fn message(&mut self, edition: &Edition) -> Option<Value> {
        let answer = edition.answer(&self.path, false).await;
        if answer.digest != self.page {
            self.page.clone_from(&answer.digest);
            return Some(json!({"type": "reload", "urls": [self.path]}));
        }
        if answer.looks != self.looks {
            self.looks.clone_from(&answer.looks);
            return Some(json!({"type": "css", "urls": answer.styles}));
        }
        None
    }
}
