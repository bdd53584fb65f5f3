//! The command line: arguments in, an exit code out.
//!
//! In: argv. Out: data on stdout, talk on stderr, and one of [`Exit`].
//! Each verb has its own file, which reads, calls the rooms, and reports; `report/` draws.

mod args;
mod attempt;
mod build;
mod cassette;
mod clean;
mod completions;
mod consent;
mod diagnose;
mod eval;
mod examine;
mod export;
mod fmt;
mod from_error;
mod guard;
mod harvest;
mod import;
mod init;
mod library;
mod lint;
mod list;
mod man;
mod mcp;
mod mend;
mod mv;
mod new;
mod open;
mod pasted;
mod references;
mod report;
mod schema;
mod search;
mod selftest;
mod serve;
mod show;
mod theme;
mod trust;
mod user;
mod verdicts;
mod verify;

pub use args::{ExitStyle, FailOn, ReportFormat};
pub use report::{RunContext, outcomes};
pub use verdicts::{exit_of, styled, worst};

use crate::Reading;
use crate::diag::{has_errors, nearest};
use crate::disk::DiskError;
use crate::model::{Date, Facet, Record, RecordId, Settings};
use crate::parse::{GUIDE_FOLDER, ID_HINT, Override};
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
    /// We failed, or a check is broken.
    Failed = 3,
    /// The symptom is gone, but the failure is not repaired: MASKED, INCOMPLETE. Or a diagnosis is not sure.
    NotRepaired = 4,
    /// Refused: it was not asked for clearly enough, and nothing ran.
    Refused = 5,
    /// A self-test did not come out as it must.
    SelfTest = 6,
    /// Nothing can be told, which test harnesses take for a test that was passed over.
    CannotTell = 77,
    /// The same for a bisecting program: this commit says nothing.
    PassOver = 125,
    /// For a bisecting program: stop.
    Stop = 128,
    /// Somebody interrupted it.
    Interrupted = 130,
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
                cause.is::<UsageError>()
                    || cause.is::<TemplateError>()
                    || matches!(
                        cause.downcast_ref::<DiskError>(),
                        Some(DiskError::Overlap { .. } | DiskError::Foreign { .. } | DiskError::Link { .. })
                    )
            };
            if error.chain().any(theirs) { Exit::Usage } else { Exit::Failed }
        }
    }
}

fn dispatch(args: &Args) -> anyhow::Result<Exit> {
    if let Some(folder) = &args.directory {
        std::env::set_current_dir(folder).map_err(|_| {
            UsageError::with_hint(format!("there is no folder `{folder}`"), "-C takes a folder to work in")
        })?;
    }
    let book = || find_book(args);
    match &args.verb {
        Verb::Init(new) => init::run(new, args.quiet),
        Verb::New(new) => new::run(new, &book()?, args.quiet),
        Verb::Build(build) => build::run(build, &book()?, args.quiet),
        Verb::Serve(serve) => serve::run(serve, &book()?),
        Verb::Search(search) => search::run(search, &library::find(args)?, args.verbose > 0),
        Verb::Diagnose(diagnose) => diagnose::run(diagnose, args),
        Verb::Eval(eval) => eval::run(eval, &book()?),
        Verb::Show(show) => show::run(show, &library::find(args)?),
        Verb::Mcp => mcp::run(library::find(args)?),
        Verb::List(list) => list::run(list, &library::find(args)?, args.quiet),
        Verb::Lint(lint) => match &lint.explain {
            Some(rule) => lint::explain(rule),
            None => lint::run(lint, &book()?),
        },
        Verb::Fmt(fmt) => fmt::run(fmt, &book()?, args.quiet),
        Verb::Mv(mv) => mv::run(mv, &book()?, args.quiet),
        Verb::Verify(verify) => verify::run(verify, &book()?, args.quiet, args.offline),
        Verb::Try(attempt) => attempt::run(attempt, &book()?),
        Verb::Repro(repro) => attempt::repro(repro, &book()?),
        Verb::Schema(schema) => Ok(schema::run(schema)),
        Verb::Theme(theme) => theme::run(theme, &book()?),
        Verb::Clean => clean::run(&book()?, args.quiet),
        Verb::Completions(completions) => Ok(completions::run(completions)),
        Verb::Man(man) => man::run(man),
        Verb::Trust(verb) => trust::run(verb, &book()?, args.quiet),
        Verb::Import(import) => import::run(import, &book()?, args.quiet),
        Verb::Export(export) => export::run(export, &book()?, args.quiet),
        Verb::Guard(guard) => guard::run(guard, args),
    }
}

/// The folder of the nearest `book.toml`, in this folder or above it, as a short path; else `--book`, else
/// `$FAULTBOOK_BOOK`, else the user's own default.
fn find_book(args: &Args) -> anyhow::Result<Utf8PathBuf> {
    if let Some(found) = of_here(args)? {
        return Ok(found);
    }
    let (name, folder) = elsewhere(args)?.ok_or_else(nowhere)?;
    if is_book(&folder) {
        return Ok(folder);
    }
    if crate::library::Library::open(&folder, None, crate::Given::default()).is_some() {
        let hint = "`diagnose`, `search`, `show`, `list` and `mcp` answer from a site as well";
        return Err(UsageError::with_hint(
            format!("this verb needs a book, and `{folder}` is a built site"),
            hint,
        ));
    }
    let message = format!("there is no book.toml in `{folder}`");
    Err(UsageError::with_hint(message, format!("{name} takes the folder of a book")))
}

/// The book that this folder is in. It goes before any other that is named, which then is said.
fn of_here(args: &Args) -> anyhow::Result<Option<Utf8PathBuf>> {
    let found = above(is_book)?;
    if let (Some(here), Some(named), false) = (&found, &args.book, args.quiet)
        && here.canonicalize_utf8().ok() != named.canonicalize_utf8().ok()
    {
        report::talk(&format!("`--book` is passed over: this folder is in the book of `{here}`"));
    }
    Ok(found)
}

/// The nearest folder of a kind, this one or one above it, as a short path.
fn above(is_meant: fn(&Utf8Path) -> bool) -> anyhow::Result<Option<Utf8PathBuf>> {
    let start = Utf8Path::new(".");
    let absolute = start.canonicalize_utf8().context("could not look at the present folder")?;
    let found = absolute.ancestors().find(|folder| is_meant(folder));
    Ok(found.map(|found| if found == absolute { start.to_owned() } else { found.to_owned() }))
}

/// The folder that those name who are in no book, and by which name.
fn elsewhere(args: &Args) -> anyhow::Result<Option<(String, Utf8PathBuf)>> {
    let of_environment = || std::env::var("FAULTBOOK_BOOK").ok().filter(|folder| !folder.is_empty());
    if let Some(folder) = &args.book {
        return Ok(Some(("--book".to_owned(), folder.clone())));
    }
    if let Some(folder) = of_environment() {
        return Ok(Some(("$FAULTBOOK_BOOK".to_owned(), folder.into())));
    }
    user::default_book(args.config.as_deref())
}

fn nowhere() -> anyhow::Error {
    UsageError::with_hint(
        "there is no book.toml in `.` or above it",
        "a folder becomes a book by a file book.toml, which may be empty; \
         `--book`, $FAULTBOOK_BOOK, or `book = 'DIR'` in ~/.config/faultbook/config.toml names one that lies elsewhere",
    )
}

fn is_book(folder: &Utf8Path) -> bool {
    folder.join(crate::parse::BOOK_FILE).is_file()
}

/// What `book.toml` says, for verbs that read no records.
fn settings(root: &Utf8Path) -> anyhow::Result<Settings> {
    let book_file = crate::disk::beside(root, crate::parse::BOOK_FILE).context("could not load the book")?;
    let text = book_file.map(|source| source.text).unwrap_or_default();
    Ok(crate::parse::settings(&text, &overrides()))
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

/// The moment, as RFC 3339 has it; none where the clock shows none.
fn now() -> Option<String> {
    let seconds = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().ok()?,
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs(),
    };
    let day = Date::from_unix_seconds(i64::try_from(seconds).ok()?)?;
    let of_day = seconds % 86_400;
    Some(format!("{day}T{:02}:{:02}:{:02}Z", of_day / 3_600, of_day / 60 % 60, of_day % 60))
}

/// Paths of the command line as they stand in the book: relative to its folder.
fn paths_in_book(paths: &[Utf8PathBuf], root: &Utf8Path) -> anyhow::Result<Vec<Utf8PathBuf>> {
    let root = root.canonicalize_utf8()?;
    paths
        .iter()
        .map(|path| {
            let inside = path
                .canonicalize_utf8()
                .ok()
                .and_then(|path| Some(path.strip_prefix(&root).ok()?.to_owned()));
            inside.ok_or_else(|| {
                UsageError::with_hint(
                    format!("there is no `{path}` in this book"),
                    "a path leads to a record or a folder of them",
                )
            })
        })
        .collect()
}

/// The record of an id, or of a former one.
fn record<'r>(reading: &'r Reading, id: &str) -> anyhow::Result<&'r Record> {
    let records = &reading.book.records;
    let parsed = RecordId::parse(id);
    let former = |id: &RecordId| records.values().find(|record| record.aliases.contains(id));
    let found = parsed.and_then(|id| records.get(&id).or_else(|| former(&id)));
    found.ok_or_else(|| {
        let hint = match nearest(id, records.keys().map(RecordId::as_str)) {
            Some(name) => format!("the nearest name is `{name}`"),
            None if has_errors(&reading.found) => {
                "a record with errors is left out; `faultbook lint` shows them".to_owned()
            }
            None => "an id is the name of a record's file, without its ending".to_owned(),
        };
        UsageError::with_hint(format!("no record is called `{id}`"), hint)
    })
}

/// `key=value` of each `--facet`.
fn facets(written: &[String]) -> anyhow::Result<Vec<String>> {
    let keys: Vec<&str> = Facet::ALL.iter().map(|facet| facet.key()).collect();
    for facet in written {
        if !facet.split_once('=').is_some_and(|(key, _)| keys.contains(&key)) {
            let hint = format!("it is written `key=value`, with one of {}", keys.join(", "));
            return Err(UsageError::with_hint(format!("`{facet}` is no facet"), hint));
        }
    }
    Ok(written.to_vec())
}

/// An id for a record that is to have it.
fn new_id(written: &str) -> anyhow::Result<RecordId> {
    RecordId::parse(written).ok_or_else(|| {
        let hint = match RecordId::slug(written) {
            Some(slug) => format!("`{slug}` would do; {ID_HINT}"),
            None => ID_HINT.to_owned(),
        };
        UsageError::with_hint(format!("`{written}` cannot be the id of a record"), hint)
    })
}

/// An id is permanent: one that a file or a former name has cannot mean something else.
fn refuse_taken(id: &RecordId, input: &crate::Input) -> anyhow::Result<()> {
    let (parsed, _) = crate::parse::all(&input.sources, &input.given.overrides);
    let taken = |record: &&crate::parse::ParsedRecord| {
        record.id.as_ref() == Some(id) || record.aliases.iter().any(|alias| alias.value == *id)
    };
    let by_record = parsed.records.iter().find(taken).map(|record| record.path.as_path());
    // A file that cannot be read has an id all the same.
    let guides = parsed.settings.src.join(GUIDE_FOLDER);
    let is_file = |path: &&Utf8Path| {
        let name = if path.file_stem() == Some("record") { path.parent() } else { Some(*path) };
        let name = name.and_then(Utf8Path::file_stem);
        path.starts_with(&parsed.settings.src) && !path.starts_with(&guides) && name == Some(id.as_str())
    };
    let by_file = || input.sources.iter().map(|(_, source)| source.path.as_path()).find(is_file);
    match by_record.or_else(by_file) {
        Some(path) => Err(UsageError::with_hint(
            format!("the id `{id}` is taken by `{path}`"),
            "an id means one failure, for ever",
        )),
        None => Ok(()),
    }
}

/// A path inside the book as the person at the terminal can use it.
fn from_here(root: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    if root == "." { path.to_owned() } else { root.join(path) }
}
