//! The preview: a snapshot of the site in memory, rebuilt when a file changes, and tabs that reload.
//!
//! In: a book's folder. Out: HTTP on a loopback port, until Ctrl-C. It never writes, and never runs a check.
//! Not here: building (`build`), drawing findings (the caller's `draw`). Async lives only here.

mod http;
mod snapshot;
mod watch;

use crate::diag::Diagnostic;
use crate::text::Sources;
use camino::Utf8PathBuf;
use snapshot::Site;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// What the preview needs to know.
pub struct Options {
    /// The folder of `book.toml`.
    pub root: Utf8PathBuf,
    /// A host name or address to listen on.
    pub hostname: String,
    /// A port, or the first free one from [`FIRST_PORT`].
    pub port: Option<u16>,
    /// What the book is read with.
    pub given: crate::Given,
    /// Draws findings as plain text, for the terminal and for the overlay in the browser.
    pub draw: fn(&[Diagnostic], &Sources) -> String,
    /// Says something to the person at the terminal.
    pub tell: fn(&str),
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
    /// The folder cannot be watched.
    #[error("watch `{path}`")]
    Watch {
        /// The folder.
        path: Utf8PathBuf,
        /// Why.
        source: notify::Error,
    },
    /// The runtime or the listener failed.
    #[error("serve")]
    Io(#[from] io::Error),
}

/// Serves a book until Ctrl-C.
pub fn serve(options: Options) -> Result<(), ServeError> {
    let site = Arc::new(Site::new());
    watch::rebuild(&options, &site);
    let _watcher = watch::start(&options, Arc::clone(&site))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(async {
        let (listener, address) = listen(&options).await?;
        (options.tell)(&format!("serving http://{address}/ (Ctrl-C ends it)"));
        let app = http::router(site, address);
        tokio::select! {
            served = async { axum::serve(listener, app).await } => served.map_err(ServeError::from),
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    });
    // Open tabs hold a connection each; nobody waits for them.
    runtime.shutdown_background();
    served
}

async fn listen(options: &Options) -> Result<(tokio::net::TcpListener, SocketAddr), ServeError> {
    let ports = match options.port {
        Some(port) => port..=port,
        None => FIRST_PORT..=FIRST_PORT + N_PORTS,
    };
    let last = *ports.end();
    for port in ports {
        let address = format!("{}:{port}", options.hostname);
        match tokio::net::TcpListener::bind((options.hostname.as_str(), port)).await {
            Ok(listener) => {
                let bound = listener.local_addr()?;
                return Ok((listener, bound));
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && port != last => {
                (options.tell)(&format!("port {port} is busy"));
            }
            Err(source) => return Err(ServeError::Listen { address, source }),
        }
    }
    unreachable!("the last port returns")
}
