//! Two records that say almost the same: a reader finds both and cannot know which one is kept up.
//!
//! Bad: a copy of a record with another title. Better: one record, with what differs under `other_fixes` or `applies_to`;
//! the other id becomes an alias of it.

use crate::diag::{Code, Diagnostic};
use crate::search::{Document, analyse};
use crate::text::Span;
use std::collections::BTreeSet;

/// Two records with this share of their words in common say the same.
const ALIKE: f64 = 0.8;
/// Fewer words than this are alike by chance.
const MIN_WORDS: usize = 20;

/// - `place`: where the finding stands, in the later one of the two
pub fn check(place: Span, own: &Document, other: &Document, found: &mut Vec<Diagnostic>) {
    let (own, others) = (words(own), words(other));
    let n_shared = own.intersection(&others).count();
    let n_all = own.union(&others).count();
    if own.len() < MIN_WORDS || (n_shared as f64) < ALIKE * n_all as f64 {
        return;
    }
    let percent = n_shared * 100 / n_all;
    let message = format!("this record and `{}` have {percent} % of their words in common", other.summary.id);
    found.push(
        Diagnostic::warning(Code::NearDuplicate, place, message)
            .hint("one record says what both share; the id of the other becomes one of its `aliases`"),
    );
}

fn words(document: &Document) -> BTreeSet<String> {
    document.texts.iter().flat_map(|text| analyse(text)).map(|token| token.text).collect()
}
