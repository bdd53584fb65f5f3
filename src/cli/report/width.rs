//! How wide texts may be.

use std::io::{IsTerminal, stderr, stdout};
use std::os::fd::AsFd;

/// Longer lines are hard to read, however wide the terminal is.
const WIDEST: usize = 100;

/// The width of the terminal that data goes to, in characters; `None` where it goes elsewhere.
pub fn terminal() -> Option<usize> {
    columns(&stdout())
}

/// The width of the terminal that talk goes to, or what is usual.
pub fn talk() -> usize {
    const USUAL: usize = 80;
    columns(&stderr()).unwrap_or(USUAL)
}

fn columns(stream: &(impl IsTerminal + AsFd)) -> Option<usize> {
    let size = stream.is_terminal().then(|| rustix::termios::tcgetwinsize(stream).ok()).flatten()?;
    Some(usize::from(size.ws_col)).filter(|width| *width > 0)
}

/// The width of prose: what `COLUMNS` says, else the terminal, at most [`WIDEST`].
pub fn prose() -> usize {
    line().unwrap_or(WIDEST)
}

/// The same; `None` where data goes to a program, which wants lines whole.
pub fn line() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    said.or_else(terminal).map(|width: usize| width.clamp(20, WIDEST))
}
