//! The command line: arguments in, an exit code out.
//!
//! In: argv. Out: data on stdout, talk on stderr, and one of [`Exit`].
//! Each verb has its own file, which reads, calls the rooms, and reports; `report/` draws.

mod args;
mod build;
mod import;
mod lint;
mod open;
mod report;
mod search;
mod serve;
mod verify;

use crate::model::Date;
use crate::parse::Override;
use crate::render::TemplateError;
use anyhow::Context;
use args::{Args, Verb};
use camino::{Utf8Path, Utf8PathBuf};
use clap::Parser;
use std::time::{SystemTime, UNIX_EPOCH};

/// How a run ended, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Fine.
    Clean = 0,
    /// Findings, no match, or a failure that is present.
    Findings = 1,
    /// Usage, configuration or unreadable input.
    Usage = 2,
    /// We failed.
    Failed = 3,
    /// Refused: it was not asked for clearly enough, and nothing ran.
    Refused = 5,
    /// A self-test did not come out as it must.
    SelfTest = 6,
}

/// Something that the caller can mend: a wrong flag, an unknown id, a folder without a book.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct UsageError {
    message: String,
    hint: String,
}

impl UsageError {
    fn with_hint(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        UsageError { message: message.into(), hint: hint.into() }.into()
    }
}

/// Runs the command line of this process.
pub fn run() -> Exit {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let wrong = error.use_stderr();
            // A closed pipe is the only way in which this fails, and then nobody reads a message either.
            let _ = error.print();
            return if wrong { Exit::Usage } else { Exit::Clean };
        }
    };
    args.color.apply();
    match dispatch(&args) {
        Ok(exit) => exit,
        Err(error) => {
            report::failure(&error);
            let theirs = |cause: &(dyn std::error::Error + 'static)| {
                cause.is::<UsageError>() || cause.is::<TemplateError>()
            };
            if error.chain().any(theirs) { Exit::Usage } else { Exit::Failed }
        }
    }
}

fn dispatch(args: &Args) -> anyhow::Result<Exit> {
    let root = find_book(args.directory.as_deref())?;
    match &args.verb {
        Verb::Build(build) => build::run(build, &root, args.quiet),
        Verb::Serve(serve) => serve::run(serve, &root),
        Verb::Search(search) => search::run(search, &root),
        Verb::Lint(lint) => lint::run(lint, &root),
        Verb::Verify(verify) => verify::run(verify, &root, args.quiet),
        Verb::Import(import) => import::run(import, &root, args.quiet),
    }
}

/// The folder of the nearest `book.toml`, in this folder or above it, as a short path.
fn find_book(directory: Option<&Utf8Path>) -> anyhow::Result<Utf8PathBuf> {
    let start = directory.unwrap_or(Utf8Path::new("."));
    let absolute = start.canonicalize_utf8().map_err(|_| {
        UsageError::with_hint(
            format!("there is no folder `{start}`"),
            "-C takes a folder with a book.toml in it or above it",
        )
    })?;
    let book = |folder: &&Utf8Path| folder.join(crate::parse::BOOK_FILE).is_file();
    match absolute.ancestors().find(book) {
        Some(found) if found == absolute => Ok(start.to_owned()),
        Some(found) => Ok(found.to_owned()),
        None => Err(UsageError::with_hint(
            format!("there is no book.toml in `{start}` or above it"),
            "a folder becomes a book by a file book.toml; it may be empty",
        )),
    }
}

/// Reads the book; `FAULTBOOK_A__B` in the environment stands above the key `a.b` of `book.toml`.
fn load(root: &Utf8Path) -> anyhow::Result<crate::Input> {
    load_with_overrides(root, overrides(), None)
}

/// Reads the book with a clock, for verbs that say what is due.
fn load_today(root: &Utf8Path) -> anyhow::Result<crate::Input> {
    load_with_overrides(root, overrides(), Some(today()?))
}

fn load_with_overrides(
    root: &Utf8Path,
    overrides: Vec<Override>,
    today: Option<Date>,
) -> anyhow::Result<crate::Input> {
    let given = crate::Given { overrides, today };
    crate::load(root, &given).context("could not load the book")
}

fn overrides() -> Vec<Override> {
    let mut overrides: Vec<Override> = std::env::vars()
        .filter_map(|(name, value)| {
            let path = name.strip_prefix("FAULTBOOK_").filter(|rest| rest.contains("__"))?;
            let keys = path.split("__").map(|key| key.to_lowercase().replace('_', "-"));
            Some((keys.collect(), value))
        })
        .collect();
    overrides.sort();
    overrides
}

/// Today: SOURCE_DATE_EPOCH, else the clock.
fn today() -> anyhow::Result<Date> {
    let seconds = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().map_err(|_| {
            UsageError::with_hint(
                format!("SOURCE_DATE_EPOCH is `{text}`"),
                "it is a number of seconds since 1970",
            )
        })?,
        Err(_) => i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?,
    };
    Date::from_unix_seconds(seconds).context("the clock shows a day outside the calendar")
}
