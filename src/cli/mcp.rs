//! `faultbook mcp`.

use super::Exit;
use crate::library::Library;
use anyhow::Context;

/// Answers agents until their end closes.
pub fn run(library: Library) -> anyhow::Result<Exit> {
    crate::mcp::serve(library).context("could not serve agents")?;
    Ok(Exit::Clean)
}
