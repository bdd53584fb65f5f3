//! Which book or built site a verb answers from.

use super::args::Args;
use super::{UsageError, above, elsewhere, nowhere, overrides};
use crate::Given;
use crate::library::Library;
use camino::{Utf8Path, Utf8PathBuf};

/// The book that this folder is in; else what `--book` or `$FAULTBOOK_BOOK` names, a book or a built site; else the site
/// that this folder is in.
pub fn find(args: &Args) -> anyhow::Result<Library> {
    if let Some(library) = above(super::is_book)?.and_then(|root| open(&root)) {
        return Ok(library);
    }
    let Some((name, folder)) = elsewhere(args) else {
        return above(|root| open(root).is_some())?.and_then(|root| open(&root)).ok_or_else(nowhere);
    };
    open(&folder).ok_or_else(|| {
        let hint = match folder.as_str().contains("://") {
            true => "a site is read from its folder; one on the web has to be copied here first".to_owned(),
            false => format!("{name} takes the folder of a book, or of a site that was built from one"),
        };
        UsageError::with_hint(format!("there is neither a book nor a built site in `{folder}`"), hint)
    })
}

fn open(root: &Utf8Path) -> Option<Library> {
    let given = Given { overrides: overrides(), today: None };
    Library::open(root, cache_home().as_deref(), given)
}

/// Where caches of this user lie: `$XDG_CACHE_HOME`, else `~/.cache`.
fn cache_home() -> Option<Utf8PathBuf> {
    let absolute = |name| std::env::var(name).ok().map(Utf8PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))
}
