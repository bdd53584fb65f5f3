//! `faultbook show`.

use super::args::{ShowArgs, ShowFormat};
use super::{Exit, load, record, report};
use crate::library::Library;
use crate::model::RecordId;
use crate::{Twins, twins};
use anyhow::Context;

/// Prints one record: set for a terminal, or as a twin of its page.
pub fn run(args: &ShowArgs, library: &Library) -> anyhow::Result<Exit> {
    let reading = super::library::reading(library, None)?;
    let record = record(&reading, &args.id)?;
    match args.format {
        ShowFormat::Human => report::record(record, &library.proof(&reading, record)),
        ShowFormat::Md => report::data(twins_of(library, &record.id)?.markdown.trim_end()),
        ShowFormat::Json => report::json(twins_of(library, &record.id)?.json.trim_end()),
    }
    Ok(Exit::Clean)
}

fn twins_of(library: &Library, id: &RecordId) -> anyhow::Result<Twins> {
    if library.is_site() {
        return library.twins(id).context("could not read the record");
    }
    let twins = twins(&load(library.root())?, id).context("could not write the record")?;
    twins.context("the record is in no edition of the site")
}
