//! `faultbook build`.

use super::args::BuildArgs;
use super::{Exit, load, report};
use crate::disk;
use anyhow::Context;
use camino::Utf8Path;
use std::time::Instant;

/// Builds the site; with an error nothing is published, and what was there stays.
pub fn run(args: &BuildArgs, root: &Utf8Path, quiet: bool) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let input = load(root)?;
    let built = crate::build(&input, args.drafts).context("could not build the site")?;
    report::findings(&built.found, &input.sources);
    let stopped = match args.strict {
        true => !built.found.is_empty(),
        false => crate::diag::has_errors(&built.found),
    };
    if stopped {
        let (n_errors, n_warnings) = report::count(&built.found);
        let found = report::summary(n_errors, n_warnings);
        report::talk(&format!("nothing was published: {found}"));
        return Ok(Exit::Findings);
    }
    let build_dir = &built.build_dir;
    let out = args.dest_dir.clone().unwrap_or_else(|| root.join(build_dir));
    let files = built.pages.iter().map(|page| (page.path.as_str(), page.body.as_slice()));
    let written = disk::write_site(root, &out, files).context("could not write the site")?;
    if !quiet {
        report::talk(&format!(
            "built {}: {}, {} ({} new or changed), {} in {}",
            out,
            report::plural(built.n_records, "record"),
            report::plural(built.pages.len(), "file"),
            written.n_written,
            report::bytes(written.bytes),
            report::duration(began.elapsed()),
        ));
    }
    Ok(Exit::Clean)
}
