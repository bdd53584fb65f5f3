//! `faultbook init`: a new book, with a workflow that looks at pull requests.
//!
//! In: a folder. Out: files that are not there yet; nothing that is there is changed.

use super::{Exit, UsageError, report};
use crate::disk;
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};

/// `init`.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// The folder, which is made where it is not there
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: Utf8PathBuf,
    /// What the book is called
    #[arg(long, value_name = "TITLE", default_value = "Faultbook")]
    pub title: String,
}

/// The workflow for pull requests.
const WORKFLOW: &str = include_str!("init/book.yml");
/// What git is not to keep.
const GITIGNORE: &str = include_str!("init/gitignore");

/// Makes the files of a book; one that is there already is left as it is, and said.
pub fn run(args: &InitArgs, quiet: bool) -> anyhow::Result<Exit> {
    let book_file = args.dir.join(crate::parse::BOOK_FILE);
    if book_file.symlink_metadata().is_ok() {
        let hint = "`faultbook new` adds a record to it";
        return Err(UsageError::with_hint(format!("`{}` is a book already", args.dir), hint));
    }
    let settings = format!("[book]\ntitle = {}\n", toml_text(&args.title));
    let files = [
        (crate::parse::BOOK_FILE, settings.as_str()),
        ("content/bash-crlf-bad-interpreter.yaml", crate::parse::SAMPLE),
        (".gitignore", GITIGNORE),
        (".github/workflows/book.yml", WORKFLOW),
    ];
    for (name, text) in files {
        make(&args.dir, name, text)?;
    }
    if !quiet {
        report::talk("`faultbook serve` shows it; `faultbook new --from-error FILE` begins the next record");
    }
    Ok(Exit::Clean)
}

fn make(dir: &Utf8Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path = dir.join(name);
    if path.symlink_metadata().is_ok() {
        report::talk(&format!("`{path}` is there already, and stays as it is"));
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        disk::make_folder(dir, folder).context("could not make the book")?;
    }
    disk::create(&path, text.as_bytes()).context("could not make the book")?;
    report::data(path.as_str());
    Ok(())
}

/// A text as a basic string of TOML, which has the escapes of JSON.
fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}
