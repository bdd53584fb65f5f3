//! A query → hits, in integers, so that a browser can compute the very same.
//!
//! The plan: at most eight rare words, a few common ones, and the last word as a prefix while it may still be
//! typed. Each planned token has a list of documents with impacts. A document's score is the sum of its
//! impacts, times the square of the share of tokens that it has. `theme/ranker.js` follows line by line.

use super::analyser::{self, Kind, STOP_WORDS, Token, analyse};
use super::document::Summary;
use super::index::{DocId, Index, IndexError, Postings};
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Any text; at most [`MAX_QUERY_BYTES`] of it are used.
    pub text: String,
    /// How many hits at most: 1..=100.
    pub limit: usize,
    /// Facet values, written `key=value`, that a hit must all have.
    pub facets: Vec<String>,
}

/// A record that answers the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// From 1.
    pub rank: usize,
    /// What it shows.
    pub summary: Summary,
    /// Comparable within one query only.
    pub score: u64,
    /// Why it matched.
    pub matched: Vec<Matched>,
}

/// A text of a hit that holds words of the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// `title`, `summary` or `keywords`.
    pub field: &'static str,
    /// The text.
    pub text: String,
    /// The bytes of it that matched.
    pub lit: Vec<std::ops::Range<usize>>,
}

/// A longer query is a log, and its beginning says as much as a ranking can use.
pub const MAX_QUERY_BYTES: usize = 4096;
/// Rare words that are looked up, in the order of the query.
const MAX_COLD: usize = 8;
/// A prefix with more words than this ranks by its best documents only.
const MAX_EXPANSIONS: usize = 48;
/// Those best documents.
const MAX_PREFIX_DOCS: usize = 256;
/// Words that are tried for a word that nothing has.
const MAX_TYPOS: usize = 8;
/// What a word counts that only begins with what was typed, in 256ths.
const PREFIX_WEIGHT: u32 = 205;
/// What a word counts that is one slip away from what was typed, in 256ths.
const TYPO_WEIGHT: u32 = 154;

/// Ranks records against what was typed, best first; equal scores in the order of the index.
pub fn search(index: &Index, query: &Query) -> Result<Vec<Hit>, IndexError> {
    let plan = Plan::of(index, &query.text)?;
    let mut totals: BTreeMap<DocId, (u64, u64)> = BTreeMap::new();
    for list in &plan.lists {
        for (doc, impact) in list {
            let (sum, n_tokens) = totals.entry(*doc).or_default();
            *sum += u64::from(*impact);
            *n_tokens += 1;
        }
    }
    let n_planned = plan.lists.len() as u64;
    let score = |(sum, n_tokens): (u64, u64)| sum * n_tokens * n_tokens / (n_planned * n_planned);
    let allowed = allowed(index, &query.facets)?;
    let mut ranked: Vec<(DocId, u64)> = totals
        .into_iter()
        .filter(|(doc, _)| allowed.as_ref().is_none_or(|docs| docs.contains(doc)))
        .map(|(doc, totals)| (doc, score(totals)))
        .collect();
    ranked.sort_by_key(|(doc, score)| (std::cmp::Reverse(*score), *doc));
    ranked.truncate(query.limit);
    (1..)
        .zip(ranked)
        .map(|(rank, (doc, score))| {
            let summary = index.summary(doc)?;
            let matched = matched(&summary, &plan.words);
            Ok(Hit { rank, summary, score, matched })
        })
        .collect()
}

fn allowed(index: &Index, facets: &[String]) -> Result<Option<BTreeSet<DocId>>, IndexError> {
    let mut allowed: Option<BTreeSet<DocId>> = None;
    for facet in facets {
        let docs: BTreeSet<DocId> = index.with_facet(facet)?.into_iter().collect();
        allowed = Some(allowed.map_or_else(|| docs.clone(), |before| &before & &docs));
    }
    Ok(allowed)
}

/// The lists that are added up, and the words that are lit.
struct Plan {
    lists: Vec<Vec<(DocId, u32)>>,
    words: BTreeSet<String>,
}

impl Plan {
    fn of(index: &Index, text: &str) -> Result<Plan, IndexError> {
        let text = &text[..text.floor_char_boundary(MAX_QUERY_BYTES)];
        let (words, prefix) = words(text);
        let mut plan = Plan { lists: Vec::new(), words: BTreeSet::new() };
        for (word, postings) in choose(index, words)? {
            let list = if postings.list.is_empty() {
                plan.typos(index, &word)?
            } else {
                plan.words.insert(word);
                postings.list
            };
            plan.lists.push(list);
        }
        if let Some(prefix) = prefix {
            let list = plan.prefix(index, &prefix)?;
            plan.lists.push(list);
        }
        Ok(plan)
    }

    /// The documents of words that begin with `typed`, or are it.
    fn prefix(&mut self, index: &Index, typed: &str) -> Result<Vec<(DocId, u32)>, IndexError> {
        let mut terms = index.terms(typed)?;
        for shorter in shortened(typed) {
            if !terms.is_empty() {
                break;
            }
            terms = index.terms(shorter)?;
        }
        let mut best = Best::default();
        for term in terms.iter().filter(|term| *term != typed) {
            best.add(&index.postings(term)?, PREFIX_WEIGHT);
        }
        if terms.len() > MAX_EXPANSIONS {
            best.keep(MAX_PREFIX_DOCS);
        }
        let stem = analyser::stem(typed);
        for whole in BTreeSet::from([typed, stem.as_str()]) {
            best.add(&index.postings(whole)?, 256);
        }
        self.words.extend(terms.into_iter().take(MAX_EXPANSIONS));
        self.words.insert(stem.clone());
        if best.0.is_empty() { self.typos(index, &stem) } else { Ok(best.into_list()) }
    }

    /// The documents of words that are one slip away.
    fn typos(&mut self, index: &Index, word: &str) -> Result<Vec<(DocId, u32)>, IndexError> {
        let Some(first) = word.chars().next().filter(|_| word.chars().count() >= 4) else {
            return Ok(Vec::new());
        };
        let least_df = if index.n_docs() > 20_000 { 2 } else { 1 };
        let mut near: Vec<(u32, String, Postings)> = Vec::new();
        for term in index.terms(&first.to_string())? {
            if in_vocabulary(&term) && one_slip_apart(word, &term) {
                let postings = index.postings(&term)?;
                near.push((postings.df, term, postings));
            }
        }
        near.retain(|(df, ..)| *df >= least_df);
        near.sort_by(|one, other| (other.0, &one.1).cmp(&(one.0, &other.1)));
        let mut best = Best::default();
        for (_, term, postings) in near.into_iter().take(MAX_TYPOS) {
            best.add(&postings, TYPO_WEIGHT);
            self.words.insert(term);
        }
        Ok(best.into_list())
    }
}

/// The distinct tokens of a query without stop words, and the word that may still be typed.
///
/// A query that ends inside a run is still being typed: its last run counts once, as a prefix. Of a run of
/// several parts the prefix is the whole, and the finished parts count as words of their own.
fn words(text: &str) -> (Vec<String>, Option<String>) {
    let tokens = analyse(text);
    let typing = text.chars().next_back().is_some_and(analyser::is_run_char);
    let last = tokens.last().map(|token| token.run.clone()).filter(|run| typing && run.end == text.len());
    let of_last = |token: &&Token| last.as_ref() == Some(&token.run);
    let n_parts =
        tokens.iter().filter(of_last).filter(|token| matches!(token.kind, Kind::Part { .. })).count();
    let prefix = match n_parts {
        0 => None,
        1 => last.as_ref().and_then(|run| analyser::single_part(&text[run.clone()])),
        _ => tokens
            .iter()
            .filter(of_last)
            .find(|token| token.kind == Kind::Whole)
            .map(|token| token.text.clone()),
    }
    .filter(|prefix| prefix.chars().count() >= 2);
    let replaced = |token: &Token| {
        prefix.is_some()
            && last.as_ref() == Some(&token.run)
            && match token.kind {
                Kind::Part { nth } => nth + 1 >= n_parts,
                Kind::Whole => true,
                Kind::Extra => false,
            }
    };
    let mut words: Vec<String> = Vec::new();
    for token in tokens.iter().filter(|token| !replaced(token)) {
        if !words.contains(&token.text) {
            words.push(token.text.clone());
        }
    }
    let is_stop = |word: &String| STOP_WORDS.contains(&word.as_str());
    if prefix.is_some() || !words.iter().all(is_stop) {
        words.retain(|word| !is_stop(word));
    }
    (words, prefix)
}

/// Rare words first, in the order of the query; then the rarest of the common ones.
fn choose(index: &Index, words: Vec<String>) -> Result<Vec<(String, Postings)>, IndexError> {
    let common = (index.n_docs() / 64).max(256);
    let mut cold = Vec::new();
    let mut hot = Vec::new();
    for word in words {
        let postings = index.postings(&word)?;
        if postings.df > common {
            hot.push((word, postings));
        } else if cold.len() < MAX_COLD {
            cold.push((word, postings));
        }
    }
    hot.sort_by(|one, other| (one.1.df, &one.0).cmp(&(other.1.df, &other.0)));
    hot.truncate(6_usize.saturating_sub(cold.len()).max(2));
    cold.extend(hot);
    Ok(cold)
}

/// What was typed without its last one to four characters, at least four left.
fn shortened(typed: &str) -> impl Iterator<Item = &str> {
    let ends: Vec<usize> = typed.char_indices().map(|(at, _)| at).collect();
    let n_chars = ends.len();
    (1..=4).filter(move |cut| n_chars >= cut + 4).map(move |cut| &typed[..ends[n_chars - cut]])
}

/// Terms that a typo can be meant for: words and identifiers.
fn in_vocabulary(term: &str) -> bool {
    (4..=20).contains(&term.len())
        && term.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !term.as_bytes()[0].is_ascii_digit()
}

/// Whether one insertion, deletion, replacement or swap of neighbours makes one of the other.
fn one_slip_apart(one: &str, other: &str) -> bool {
    strsim::osa_distance(one, other) <= 1
}

/// The best impact of each document over several terms.
#[derive(Default)]
struct Best(BTreeMap<DocId, u32>);

impl Best {
    /// Adds a term's documents, its impacts weighted in 256ths and never less than 1.
    fn add(&mut self, postings: &Postings, weight: u32) {
        for (doc, impact) in &postings.list {
            let impact = ((impact * weight) >> 8).max(1);
            let best = self.0.entry(*doc).or_default();
            *best = impact.max(*best);
        }
    }

    fn keep(&mut self, n: usize) {
        let mut list: Vec<(DocId, u32)> = std::mem::take(&mut self.0).into_iter().collect();
        list.sort_by_key(|(doc, impact)| (std::cmp::Reverse(*impact), *doc));
        self.0 = list.into_iter().take(n).collect();
    }

    fn into_list(self) -> Vec<(DocId, u32)> {
        self.0.into_iter().collect()
    }
}

/// Which texts of a hit hold the words, and where.
fn matched(summary: &Summary, words: &BTreeSet<String>) -> Vec<Matched> {
    let texts = [("title", &summary.title), ("summary", &summary.summary)];
    let keywords = summary.keywords.iter().map(|keyword| ("keywords", keyword));
    let mut matched: Vec<Matched> = texts
        .into_iter()
        .chain(keywords)
        .map(|(field, text)| Matched { field, text: text.clone(), lit: lit(text, words) })
        .filter(|matched| !matched.lit.is_empty())
        .collect();
    // One keyword says enough: the one with most words in it.
    let best =
        matched.iter().filter(|matched| matched.field == "keywords").map(|matched| matched.lit.len()).max();
    let mut shown = false;
    matched.retain(|matched| {
        matched.field != "keywords"
            || (Some(matched.lit.len()) == best && !std::mem::replace(&mut shown, true))
    });
    matched
}

fn lit(text: &str, words: &BTreeSet<String>) -> Vec<std::ops::Range<usize>> {
    let mut lit: Vec<std::ops::Range<usize>> = analyse(text)
        .into_iter()
        .filter(|token| words.contains(&token.text))
        .map(|token| token.run)
        .collect();
    lit.dedup();
    lit
}
