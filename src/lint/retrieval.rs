//! The rules that ask the index: every keyword is run as a person would type it.
//!
//! In: a book with its places. Out: findings about how its records are found. Not part of `all`, since an index has to be
//! made for it: `lint` asks for it, a build does not.

use super::{rules, weigh};
use crate::diag::{Code, Diagnostic};
use crate::model::{Book, Keyword, RecordId};
use crate::parse::{Parsed, ParsedRecord};
use crate::search::{self, Document, Index, IndexError, Query};
use crate::text::{Span, Spanned};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// So many keywords of one record are run: nobody types more, and each costs a search.
const MAX_ASKED: usize = 100;
/// How many of those that answer a record's own title are held against it.
const N_NEIGHBOURS: usize = 4;

/// A keyword, and what it finds.
pub struct Asked<'p> {
    /// As it was written.
    pub keyword: &'p Spanned<Keyword>,
    /// What it finds, best first.
    pub ranked: Vec<Ranked>,
}

/// A record that a keyword finds.
pub struct Ranked {
    /// Its id.
    pub id: String,
    /// What it scores for this keyword.
    pub score: u64,
}

impl Asked<'_> {
    /// The rank of a record, from 1.
    pub fn rank_of(&self, id: &str) -> Option<usize> {
        self.ranked.iter().position(|ranked| ranked.id == id).map(|at| at + 1)
    }
}

/// Runs every keyword of the records that came into the book, and holds records against their neighbours.
///
/// - errors: none of a record's making
pub fn retrieval(parsed: &Parsed, book: &Book) -> Result<Vec<Diagnostic>, IndexError> {
    let documents = search::documents(book);
    let index = Index::in_memory(&documents)?;
    let by_id: BTreeMap<&str, &Document> =
        documents.iter().map(|document| (document.summary.id.as_str(), document)).collect();
    let found: Vec<Vec<Diagnostic>> = parsed
        .records
        .par_iter()
        .map(|record| of_record(record, parsed, book, &index, &by_id))
        .collect::<Result<_, _>>()?;
    Ok(found.concat())
}

fn of_record(
    parsed: &ParsedRecord,
    all: &Parsed,
    book: &Book,
    index: &Index,
    by_id: &BTreeMap<&str, &Document>,
) -> Result<Vec<Diagnostic>, IndexError> {
    let mut found = Vec::new();
    let Some(record) = parsed.id.as_ref().and_then(|id| book.records.get(id)) else { return Ok(found) };
    let asked = parsed.keywords.iter().take(MAX_ASKED).map(|keyword| {
        let ranked = ranked(index, &keyword.value.query, keyword.value.depth())?;
        Ok(Asked { keyword, ranked })
    });
    let asked: Vec<Asked> = asked.collect::<Result<_, IndexError>>()?;
    rules::lost_keyword::check(&record.id, &asked, &mut found);
    rules::stolen_query::check(record, &asked, &mut found);
    let place = parsed.title.as_ref().map_or(Span::start_of(parsed.file), |title| title.span);
    for other in neighbours(index, &record.id, by_id)? {
        rules::near_duplicate::check(place, by_id[record.id.as_str()], other, &mut found);
    }
    let allow: Vec<Code> = record.allow.iter().map(|allow| allow.rule).collect();
    found.retain_mut(|diagnostic| weigh(&all.settings, &allow, diagnostic));
    Ok(found)
}

/// The records that answer to the title or the symptom of one, and whose ids come before its own, so that each pair is
/// looked at once.
fn neighbours<'d>(
    index: &Index,
    id: &RecordId,
    by_id: &BTreeMap<&str, &'d Document>,
) -> Result<Vec<&'d Document>, IndexError> {
    let own = by_id[id.as_str()];
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for text in [&own.summary.title, &own.summary.summary] {
        ids.extend(ranked(index, text, N_NEIGHBOURS)?.into_iter().map(|ranked| ranked.id));
    }
    let before = ids.iter().filter(|other| other.as_str() < id.as_str() && !other.contains('/'));
    Ok(before.filter_map(|other| by_id.get(other.as_str()).copied()).collect())
}

fn ranked(index: &Index, text: &str, limit: usize) -> Result<Vec<Ranked>, IndexError> {
    let hits = search::search(index, &Query { text: text.to_owned(), limit, facets: Vec::new() })?;
    Ok(hits.into_iter().map(|hit| Ranked { id: hit.summary.id, score: hit.score }).collect())
}
