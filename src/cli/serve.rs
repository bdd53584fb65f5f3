//! `faultbook serve`.

use super::args::ServeArgs;
use super::{Exit, UsageError, build, open, overrides, report, today};
use crate::serve::{Options, ServeError, serve};
use anyhow::Context;
use camino::Utf8Path;
use std::io;
use std::time::Duration;

/// Previews the book until Ctrl-C.
pub fn run(args: &ServeArgs, root: &Utf8Path) -> anyhow::Result<Exit> {
    let options = Options {
        root: root.to_owned(),
        hostname: args.hostname.clone(),
        port: args.port,
        poll: args.poll.map(Duration::from_secs),
        follow: args.follow,
        given: crate::Given { overrides: overrides(), today: Some(today()?) },
        as_of: build::source_date()?,
        draw: report::findings_text,
        hits: report::hits_json,
        tell: report::talk,
        open: args.open.then_some(show),
    };
    match serve(options) {
        Ok(()) => Ok(Exit::Clean),
        Err(ServeError::Listen { address, source }) => Err(refused(&address, &source)),
        Err(error) => Err(error).context("could not serve the book"),
    }
}

/// A browser that does not start is no reason not to serve.
fn show(address: &str) {
    if let Err(error) = open::address(address) {
        report::failure(&error);
    }
}

fn refused(address: &str, source: &io::Error) -> anyhow::Error {
    let hint = match source.kind() {
        io::ErrorKind::AddrInUse => {
            "another `--port` is free; without it, the first free one from 3000 is taken"
        }
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 are not for everybody; `--port` takes another one"
        }
        _ => "`--hostname` takes a name or an address of this machine",
    };
    UsageError::with_hint(format!("could not listen on {address}: {source}"), hint)
}
