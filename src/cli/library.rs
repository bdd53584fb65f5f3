//! Which book or built site a verb answers from.

use super::args::Args;
use super::{UsageError, above, elsewhere, load_with_overrides, nowhere, of_here, overrides};
use crate::library::Library;
use crate::model::Date;
use crate::{Given, Reading};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};

/// The book that this folder is in; else what `--book`, `$FAULTBOOK_BOOK` or the user's own settings name, a book or a
/// built site; else the site that this folder is in.
pub fn find(args: &Args) -> anyhow::Result<Library> {
    if let Some(library) = of_here(args)?.and_then(|root| open(&root)) {
        return Ok(library);
    }
    let Some((name, folder)) = elsewhere(args)? else {
        return above(|root| open(root).is_some())?.and_then(|root| open(&root)).ok_or_else(nowhere);
    };
    if folder.as_str().contains("://") {
        let hint = "a site is read from its folder; one on the web has to be copied here first, or its book checked out";
        return Err(UsageError::with_hint(format!("`{folder}` is an address, and no site is fetched"), hint));
    }
    open(&folder).ok_or_else(|| {
        let hint = format!("{name} takes the folder of a book, or of a site that was built from one");
        UsageError::with_hint(format!("there is neither a book nor a built site in `{folder}`"), hint)
    })
}

/// The records, with the days that only git knows where they are a book's.
///
/// - `today`: from when on a day lies in the future
pub fn reading(library: &Library, today: Option<Date>) -> anyhow::Result<Reading> {
    if library.is_site() {
        return library.read().context("could not read the records");
    }
    let input = load_with_overrides(library.root(), overrides(), today)?;
    Ok(crate::read(&input.sources, &input.given))
}

/// The book or the site of a folder, as it is read by this user.
pub fn open(root: &Utf8Path) -> Option<Library> {
    let given = Given { overrides: overrides(), today: None };
    Library::open(root, cache_home().as_deref(), given)
}

/// Where caches of this user lie: `$XDG_CACHE_HOME`, else `~/.cache`.
fn cache_home() -> Option<Utf8PathBuf> {
    let absolute = |name| std::env::var(name).ok().map(Utf8PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))
}
