//! A query that is said to find a record and does not, or that must not find it and does: a person who types it is sent
//! elsewhere.
//!
//! Bad: `keywords: [it does not work]`. Better: the words of the error, as they stand in the symptom.

use crate::diag::{Code, Diagnostic};
use crate::lint::MAX_FINDINGS;
use crate::lint::retrieval::{Asked, Ranked};
use crate::model::RecordId;

pub fn check(id: &RecordId, asked: &[Asked], found: &mut Vec<Diagnostic>) {
    found.extend(asked.iter().filter_map(|asked| finding(id, asked)).take(MAX_FINDINGS));
}

fn finding(id: &RecordId, asked: &Asked) -> Option<Diagnostic> {
    let (query, span) = (&asked.keyword.value, asked.keyword.span);
    let own = asked.rank_of(id.as_str());
    if query.holds(own) {
        return None;
    }
    let (message, hint) = match own {
        Some(rank) if query.absent => (
            format!("`{}` finds this record at rank {rank}, and must not", query.query),
            "what it shares with the record is left out of the title, the symptom or the keywords".to_owned(),
        ),
        Some(rank) => (
            format!("`{}` finds this record at rank {rank}, not among the first {}", query.query, query.top),
            format!("before it come {}; a keyword names what they do not have", before(&asked.ranked, rank)),
        ),
        None => (
            format!("`{}` does not find this record", query.query),
            "a keyword has words or codes, which stand in the record".to_owned(),
        ),
    };
    Some(Diagnostic::warning(Code::LostKeyword, span, message).hint(hint))
}

/// Those that come before a rank, the first three by name.
fn before(ranked: &[Ranked], rank: usize) -> String {
    let names: Vec<String> =
        ranked.iter().take((rank - 1).min(3)).map(|other| format!("`{}`", other.id)).collect();
    names.join(", ")
}
