//! `faultbook search`.

use super::args::{HitFormat, SearchArgs};
use super::{Exit, facets, load, report};
use crate::disk::CACHE_FOLDER;
use crate::search::{self, Query};
use anyhow::Context;
use camino::Utf8Path;

/// Ranks records; the index is built anew first if the content changed.
pub fn run(args: &SearchArgs, root: &Utf8Path) -> anyhow::Result<Exit> {
    let input = load(root)?;
    let fingerprint = format!("{}-{}", input.fingerprint(), args.drafts);
    let documents = || {
        let book = crate::read(&input.sources, &input.given).book;
        search::documents(&if args.drafts { book } else { book.without_drafts() })
    };
    let cache = root.join(CACHE_FOLDER).join("index");
    let index = search::open_or_build(&cache, &fingerprint, documents).context("could not search")?;
    let query =
        Query { text: args.query.join(" "), limit: usize::from(args.n), facets: facets(&args.facet)? };
    let hits = search::search(&index, &query).context("could not search")?;
    match args.format {
        HitFormat::Human if hits.is_empty() => report::talk("no record matches these words"),
        HitFormat::Human => hits.iter().for_each(report::hit),
        HitFormat::Json => report::json(&report::hits_json(&hits)),
        HitFormat::Ids => hits.iter().for_each(|hit| report::data(&hit.summary.id)),
    }
    Ok(if hits.is_empty() { Exit::Findings } else { Exit::Clean })
}
