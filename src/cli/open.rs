//! Opens a page in the browser, or a record in the editor, of the person at the terminal.

use super::UsageError;
use camino::Utf8Path;
use std::process::{Command, Stdio};

/// Hands a file to the desktop; it goes on without waiting for the browser.
pub fn page(path: &Utf8Path) -> anyhow::Result<()> {
    address(path.canonicalize_utf8()?.as_str())
}

/// Hands an address to the desktop.
pub fn address(address: &str) -> anyhow::Result<()> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(opener);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(drop).map_err(|_| {
        UsageError::with_hint(format!("`{opener}` did not start"), format!("the page is {address}"))
    })
}

/// The command line of the person's editor, from `$VISUAL` or `$EDITOR`.
pub fn editor() -> anyhow::Result<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    set("VISUAL").or_else(|| set("EDITOR")).ok_or_else(|| {
        UsageError::with_hint("no editor is known", "$VISUAL or $EDITOR names one, such as `code --wait`")
    })
}

/// Opens a file in an editor and waits until it is closed.
pub fn file(editor: &str, path: &Utf8Path) -> anyhow::Result<()> {
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default();
    let status = Command::new(program).args(words).arg(path).status();
    if status.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(UsageError::with_hint(format!("the editor `{editor}` did not work"), format!("the file is {path}")))
}
