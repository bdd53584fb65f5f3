//! The settings of whoever sits at the terminal: `config.toml`.

use super::UsageError;
use crate::disk;
use crate::parse::{UserSettings, user_settings};
use camino::{Utf8Path, Utf8PathBuf};

/// A larger one is none.
const MAX_BYTES: u64 = 1 << 20;

/// The book to use by default, and by what it is named: relative to the folder of the settings, `~` is the home.
///
/// - `file`: where they are; `$XDG_CONFIG_HOME/faultbook/config.toml` or that below `~/.config` unless said, and these may
///   be missing
pub fn default_book(file: Option<&Utf8Path>) -> anyhow::Result<Option<(String, Utf8PathBuf)>> {
    let Some(path) = file.map(Utf8Path::to_owned).or_else(usual_place) else { return Ok(None) };
    let hint = "it is TOML with one key, such as `book = '~/faults'`";
    if file.is_none() && !path.is_file() {
        return Ok(None);
    }
    let unreadable = |why: &str| UsageError::with_hint(format!("could not {why}"), hint);
    let body = disk::bounded(&path, &[], MAX_BYTES).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        unreadable(&format!("{error}{cause}"))
    })?;
    let text = body.into_iter().find_map(|(_, body)| String::from_utf8(body?).ok());
    let text = text.ok_or_else(|| unreadable(&format!("read `{path}`: it is no text")))?;
    let (UserSettings { book }, found) = user_settings(&text);
    if let Some(first) = found.first() {
        let line = text[..first.span.range().start].matches('\n').count() + 1;
        let hint = first.hint.clone().unwrap_or_else(|| hint.to_owned());
        return Err(UsageError::with_hint(format!("{path}:{line}: {}", first.message), hint));
    }
    let named = |book: String| (format!("`book` in `{path}`"), at(&path, &book));
    Ok(book.map(named))
}

fn at(file: &Utf8Path, book: &str) -> Utf8PathBuf {
    let home = absolute("HOME").filter(|_| book == "~" || book.starts_with("~/"));
    match home {
        Some(home) => home.join(book.trim_start_matches('~').trim_start_matches('/')),
        None if book.contains("://") => book.into(),
        None => file.parent().unwrap_or(Utf8Path::new("")).join(book),
    }
}

fn usual_place() -> Option<Utf8PathBuf> {
    let home = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
    Some(home.join("faultbook/config.toml"))
}

fn absolute(name: &str) -> Option<Utf8PathBuf> {
    std::env::var(name).ok().map(Utf8PathBuf::from).filter(|path| path.is_absolute())
}
