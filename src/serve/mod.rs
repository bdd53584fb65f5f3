//! The preview: states of the site that never change, a watcher that makes the next, and tabs that hear of it.
//!
//! In: a book's folder. Out: HTTP on a loopback port, until Ctrl-C. It never writes but for a note of where it listens,
//! and never runs a check. Not here: building (`build`), drawing findings (the caller's `draw`). Async lives only here.
//!
//! `watch.rs` says when to look, `workshop.rs` looks and makes, `reading.rs` reads what changed, `edition.rs` and
//! `hosting.rs` are a site as a function from path to answer, `site.rs` is what is shown now, `http.rs`, `socket.rs` and
//! `search.rs` are what is asked.

mod edition;
mod hosting;
mod http;
mod reading;
mod search;
mod site;
mod socket;
mod watch;
mod workshop;

pub use edition::{Edition, Whole};
pub use reading::{Reader, Readout};
pub use search::Librarian;

use crate::diag::Diagnostic;
use crate::disk;
use crate::model::Date;
use crate::search::Hit;
use crate::text::Sources;
use camino::Utf8PathBuf;
use http::{Address, Counter};
use site::Stage;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// What the preview needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of `book.toml`.
    pub root: Utf8PathBuf,
    /// A host name or address to listen on.
    pub hostname: String,
    /// A port, or the first free one from [`FIRST_PORT`].
    pub port: Option<u16>,
    /// How often to look at the files, where the system does not tell of changes.
    pub poll: Option<Duration>,
    /// Whether open tabs go to the page of whatever was saved.
    pub follow: bool,
    /// What the book is read with.
    pub given: crate::Given,
    /// What to take for today on pages, as a build would.
    pub as_of: Option<Date>,
    /// Draws findings as plain text, for the terminal and for the overlay in the browser.
    pub draw: fn(&[Diagnostic], &Sources) -> String,
    /// Writes hits as one JSON document.
    pub hits: fn(&[Hit]) -> String,
    /// Says something to the person at the terminal.
    pub tell: fn(&str),
    /// Opens an address in the person's browser, where that is wanted.
    pub open: Option<fn(&str)>,
}

/// Where a preview listens unless told otherwise; a busy one moves on by one, this many times at most.
const FIRST_PORT: u16 = 3000;
const N_PORTS: u16 = 20;

/// The preview could not start, or could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port is taken, or the address is not one of this machine.
    #[error("listen on {address}")]
    Listen {
        /// What was tried.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The runtime or the listener failed.
    #[error("serve")]
    Io(#[from] io::Error),
}

/// Serves a book until Ctrl-C, or until the process is told to end.
pub fn serve(options: Options) -> Result<(), ServeError> {
    let root = options.root.canonicalize_utf8().unwrap_or_else(|_| options.root.clone());
    let options = Arc::new(Options { root, ..options });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(async {
        let (mut interrupt, mut end) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let (listener, address) = listen(&options).await?;
        tokio::select! {
            served = run(&options, listener, address) => served,
            _ = interrupt.recv() => Ok(()),
            _ = end.recv() => Ok(()),
        }
    });
    // Open tabs hold a connection each; nobody waits for them.
    runtime.shutdown_background();
    served
}

async fn run(options: &Arc<Options>, listener: TcpListener, address: Address) -> Result<(), ServeError> {
    // A book that cannot be claimed, such as one that cannot be written to, can be read all the same.
    let mut claim = disk::claim(&options.root).ok();
    if let Some(Err(first)) = &claim {
        (options.tell)(&format!("this book has a preview already, at {first}; this is another one"));
    }
    let stage = Arc::new(Stage::new());
    let librarian = Librarian::default();
    let begun = {
        let (options, stage, librarian) = (Arc::clone(options), Arc::clone(&stage), librarian.clone());
        tokio::task::spawn_blocking(move || watch::start(options, stage, librarian))
    };
    begun.await.map_err(io::Error::other)?;
    let root = stage.now().map_or_else(|| "/".to_owned(), |edition| edition.finished.root_path().to_owned());
    let url = format!("http://{}{root}", address.bound);
    if let Some(Ok(claim)) = &mut claim {
        // Whoever comes second then says that there is a first, and not where.
        let _ = claim.note(&url);
    }
    (options.tell)(&format!("serving {url} (Ctrl-C ends it)"));
    if let Some(open) = options.open {
        open(&url);
    }
    let counter = Counter { stage, librarian, hits: options.hits };
    axum::serve(listener, http::router(Arc::new(counter), address)).await.map_err(ServeError::from)
}

async fn listen(options: &Options) -> Result<(TcpListener, Address), ServeError> {
    let ports = match options.port {
        Some(port) => port..=port,
        None => FIRST_PORT..=FIRST_PORT + N_PORTS,
    };
    let last = *ports.end();
    for port in ports {
        let address = format!("{}:{port}", options.hostname);
        match TcpListener::bind((options.hostname.as_str(), port)).await {
            Ok(listener) => {
                let bound = listener.local_addr()?;
                return Ok((listener, Address { hostname: options.hostname.clone(), bound }));
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && port != last => {
                (options.tell)(&format!("port {port} is busy"));
            }
            Err(source) => return Err(ServeError::Listen { address, source }),
        }
    }
    unreachable!("the last port returns")
}
