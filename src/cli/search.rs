//! `faultbook search`.

use super::args::{HitFormat, SearchArgs};
use super::{Exit, UsageError, facets, report};
use crate::diag::nearest;
use crate::library::{Library, Wanted};
use crate::search::{self, Index, Origin, Query};
use anyhow::Context;

/// Ranks records; the index is built anew first if the content changed.
pub fn run(args: &SearchArgs, library: &Library, verbose: bool) -> anyhow::Result<Exit> {
    let asked = facets(&args.facet)?;
    let wanted = Wanted { drafts: args.drafts, any_age: args.no_refresh };
    let (index, origin) = library.index(wanted).context("could not search")?;
    if verbose {
        tell(origin);
    }
    known(&asked, &index)?;
    let query = Query { text: args.query.join(" "), limit: usize::from(args.n), facets: asked };
    let hits = search::search(&index, &query).context("could not search")?;
    match args.format {
        HitFormat::Human if hits.is_empty() => report::no_hit(&query, &near(&index, &query.text)?),
        HitFormat::Human => report::hits(&hits, index.n_docs()),
        HitFormat::Json => report::json(&report::hits_json(&hits)),
        HitFormat::Ids => hits.iter().for_each(|hit| report::data(&hit.summary.id)),
    }
    Ok(if hits.is_empty() { Exit::Findings } else { Exit::Clean })
}

fn tell(origin: Origin) {
    match origin {
        Origin::Kept => {}
        Origin::Built => report::talk("the index was built anew, since records changed"),
        Origin::Mended => report::talk("the index was damaged, and is built anew"),
        Origin::Unkept => report::talk("the index could not be kept, and was built for this answer only"),
    }
}

/// A facet value that no record has would answer nothing, which looks like an answer.
fn known(asked: &[String], index: &Index) -> anyhow::Result<()> {
    const N_NAMED: usize = 20;
    if asked.is_empty() {
        return Ok(());
    }
    let all = index.facets().context("could not search")?;
    let Some(unknown) = asked.iter().find(|facet| !all.contains(facet)) else { return Ok(()) };
    let key = unknown.split('=').next().unwrap_or_default();
    let of_key = || all.iter().filter_map(|facet| facet.strip_prefix(key)?.strip_prefix('='));
    let hint = match nearest(unknown, all.iter().map(String::as_str)) {
        Some(near) => format!("the nearest is `{near}`"),
        None if of_key().next().is_none() => format!("no record has a {key}"),
        None => {
            let named: Vec<&str> = of_key().take(N_NAMED).collect();
            let more = of_key().count() - named.len();
            let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("a {key} is one of {}{rest}", named.join(", "))
        }
    };
    Err(UsageError::with_hint(format!("no record has `{unknown}`"), hint))
}

/// Words of the index that begin like those of a query that nothing answers.
fn near(index: &Index, text: &str) -> anyhow::Result<Vec<String>> {
    const N_WORDS: usize = 6;
    let mut near = Vec::new();
    for token in search::analyse(text).into_iter().take(N_WORDS) {
        let Some(start) = token.text.char_indices().nth(2).map(|(at, _)| &token.text[..at]) else { continue };
        let terms = index.terms(start).context("could not search")?;
        near.extend(nearest(&token.text, terms.iter().map(|(term, _)| term.as_str())).map(str::to_owned));
    }
    near.dedup();
    Ok(near)
}
