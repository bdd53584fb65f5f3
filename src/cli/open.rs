//! Opens a page in the browser of the person at the terminal.

use super::UsageError;
use camino::Utf8Path;
use std::process::{Command, Stdio};

/// Hands a file to the desktop; it goes on without waiting for the browser.
pub fn page(path: &Utf8Path) -> anyhow::Result<()> {
    let path = path.canonicalize_utf8()?;
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(opener);
    command.arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(drop).map_err(|_| {
        UsageError::with_hint(format!("`{opener}` did not start"), format!("the page is {path}"))
    })
}
