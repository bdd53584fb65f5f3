//! `faultbook list`.

use super::args::{HitFormat, ListArgs};
use super::report::Entry;
use super::{Exit, facets, report, today};
use crate::diag::has_errors;
use crate::library::{Library, has_facet};
use crate::model::{Date, Record};

/// Names the records that are asked for.
pub fn run(args: &ListArgs, library: &Library, quiet: bool) -> anyhow::Result<Exit> {
    let facets = facets(&args.facet)?;
    let today = if args.stale { Some(today()?) } else { None };
    let mut reading = super::library::reading(library, today)?;
    if has_errors(&reading.found) {
        report::talk("records with errors are left out; `faultbook lint` shows them");
    }
    if !args.drafts {
        reading.book = reading.book.without_drafts();
    }
    let book = &reading.book;
    let stale_after = i64::from(book.settings.stale_after);
    let has = |record: &Record| facets.iter().all(|facet| has_facet(record, facet));
    let is_due = |record: &Record| today.is_none_or(|today| is_stale(record, today, stale_after));
    let wanted = book.records.values().filter(|record| has(record) && is_due(record));
    let entries: Vec<Entry> =
        wanted.map(|record| Entry { record, proof: library.proof(&reading, record) }).collect();
    match args.format {
        HitFormat::Human if entries.is_empty() => report::talk("no record is like that"),
        HitFormat::Human => {
            report::list(&entries);
            if !quiet {
                report::list_summary(&entries);
            }
        }
        HitFormat::Json => report::json(&report::list_json(&entries, book.settings.site_url.as_ref())),
        HitFormat::Ids => entries.iter().for_each(|entry| report::data(entry.record.id.as_str())),
    }
    Ok(if entries.is_empty() { Exit::Findings } else { Exit::Clean })
}

/// Whether the day to read it again has passed, or a source was read too long ago.
fn is_stale(record: &Record, today: Date, stale_after: i64) -> bool {
    let overdue = record.review_by.is_some_and(|day| day < today);
    let mut read = record.sources.iter().filter_map(|source| source.accessed);
    overdue || read.any(|day| day.days_until(today) > stale_after)
}
