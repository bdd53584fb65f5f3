//! `faultbook lint`.

use super::args::{Format, LintArgs};
use super::{Exit, load_today, paths_in_book, report};
use crate::diag::{self, Diagnostic};
use crate::parse;
use crate::text::Sources;
use anyhow::Context;
use camino::Utf8Path;

/// Applies every rule and reports; the exit code says whether the book could be published.
pub fn run(args: &LintArgs, root: &Utf8Path) -> anyhow::Result<Exit> {
    let input = load_today(root)?;
    let reading = crate::inspect(&input.sources, &input.given).context("could not run the keywords")?;
    let wanted = paths_in_book(&args.paths, root)?;
    let inside = |path: &Utf8Path| wanted.is_empty() || wanted.iter().any(|folder| path.starts_with(folder));
    let of = |diagnostic: &Diagnostic| inside(&input.sources.get(diagnostic.span.file).path);
    let found: Vec<Diagnostic> = reading.found.into_iter().filter(of).collect();
    match args.format {
        Format::Human => {
            report::findings(&found, &input.sources);
            let guides = reading.book.settings.src.join(parse::GUIDE_FOLDER);
            let n_files = n_records(&input.sources, |path| inside(path) && !path.starts_with(&guides));
            let (n_errors, n_warnings) = report::count(&found);
            let records = report::plural(n_files, "record");
            report::data(&format!("{records}, {}", report::summary(n_errors, n_warnings)));
        }
        Format::Json => report::json(&report::findings_json(&found, &input.sources)),
    }
    let failed = if args.strict { !found.is_empty() } else { diag::has_errors(&found) };
    Ok(if failed { Exit::Findings } else { Exit::Clean })
}

fn n_records(sources: &Sources, counts: impl Fn(&Utf8Path) -> bool) -> usize {
    let is_record = |path: &Utf8Path| matches!(path.extension(), Some("yaml" | "yml" | "md"));
    sources.iter().filter(|(_, source)| is_record(&source.path) && counts(&source.path)).count()
}
