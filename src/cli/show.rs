//! `faultbook show`.

use super::args::{ShowArgs, ShowFormat};
use super::{Exit, load, record, report};
use anyhow::Context;
use camino::Utf8Path;

/// Prints one record: set for a terminal, or as a twin of its page.
pub fn run(args: &ShowArgs, root: &Utf8Path) -> anyhow::Result<Exit> {
    let input = load(root)?;
    let reading = crate::read(&input.sources, &input.given);
    let record = record(&reading, &args.id)?;
    let twin = || {
        let twins = crate::twins(&input, &record.id).context("could not write the record")?;
        twins.context("the record is in no edition of the site")
    };
    match args.format {
        ShowFormat::Human => report::record(record, &reading.results.proof(record)),
        ShowFormat::Md => report::data(twin()?.markdown.trim_end()),
        ShowFormat::Json => report::json(twin()?.json.trim_end()),
    }
    Ok(Exit::Clean)
}
