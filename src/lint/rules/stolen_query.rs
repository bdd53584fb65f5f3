//! A keyword of one record that another one answers first, although neither says how they are told apart: a reader takes
//! the wrong one for the right one.
//!
//! Bad: `keywords: [permission denied]` where three records have it. Better: words that only this failure prints, or the
//! other record under `related.confused_with`, with what tells them apart.

use crate::diag::{Code, Diagnostic};
use crate::lint::MAX_FINDINGS;
use crate::lint::retrieval::Asked;
use crate::model::Record;

pub fn check(record: &Record, asked: &[Asked], found: &mut Vec<Diagnostic>) {
    found.extend(asked.iter().filter_map(|asked| finding(record, asked)).take(MAX_FINDINGS));
}

fn finding(record: &Record, asked: &Asked) -> Option<Diagnostic> {
    let keyword = &asked.keyword.value;
    let rank = asked.rank_of(record.id.as_str()).filter(|rank| keyword.holds(Some(*rank)))?;
    let related = &record.related;
    let lists = [&related.leads_to, &related.caused_by, &related.see_also, &related.supersedes];
    let linked =
        related.confused_with.iter().filter_map(|other| other.id.as_ref()).chain(lists.into_iter().flatten());
    let linked: Vec<&str> = linked.map(|id| id.as_str()).collect();
    let own = asked.ranked.get(rank - 1)?.score;
    let thief = asked
        .ranked
        .iter()
        .take(rank - 1)
        .find(|other| other.score > own && !linked.contains(&other.id.as_str()))?;
    let message = format!("`{}` finds `{}` first, and this record at rank {rank}", keyword.query, thief.id);
    let hint =
        format!("words that `{}` does not have lead here; or `related.confused_with` names it", thief.id);
    Some(Diagnostic::warning(Code::StolenQuery, asked.keyword.span, message).hint(hint))
}
