//! `faultbook serve`.

use super::args::ServeArgs;
use super::{Exit, overrides, report, today};
use crate::serve::{Options, serve};
use anyhow::Context;
use camino::Utf8Path;

/// Previews the book until Ctrl-C.
pub fn run(args: &ServeArgs, root: &Utf8Path) -> anyhow::Result<Exit> {
    let options = Options {
        root: root.to_owned(),
        hostname: args.hostname.clone(),
        port: args.port,
        given: crate::Given { overrides: overrides(), today: Some(today()?) },
        draw: report::findings_text,
        tell: report::talk,
    };
    serve(options).context("could not serve the book")?;
    Ok(Exit::Clean)
}
