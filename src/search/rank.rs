//! A query → hits, in integers, so that a browser can compute the very same.
//!
//! The plan: at most eight rare words, a few common ones, and the last word as a prefix while it may still be
//! typed. Each planned token has a list of documents with impacts. A document's score is the sum of its
//! impacts, times the square of the share of tokens that it has. `theme/ranker.js` follows line by line.

use super::analyser::{self, Kind, STOP_WORDS, Token, analyse};
use super::document::Summary;
use super::index::{DocId, Index, IndexError, Postings, best};
use crate::output::has_cue;
use std::borrow::Cow;
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
/// A text of more lines is a log, in which most lines are of no account: those without a cue.
const MAX_LINES: usize = 4;
/// Rare words that are looked up, in the order of the query.
const MAX_COLD: usize = 8;
/// A beginning that more words go on from ranks by its best documents only,
pub(super) const MAX_EXPANSIONS: usize = 48;
/// and so does one whose words stand in more documents than this.
pub(super) const MAX_EXPANDED_DF: u32 = 1024;
/// Those best documents.
const MAX_PREFIX_DOCS: usize = 256;
/// Words of a query that nothing has and that are taken for typos.
const MAX_SLIPS: usize = 2;
/// Words that are tried for each of them.
const MAX_TYPOS: usize = 8;
/// What a word counts that only begins with what was typed, in 256ths.
const PREFIX_WEIGHT: u32 = 205;
/// What a word counts that is one slip away from what was typed, in 256ths.
const TYPO_WEIGHT: u32 = 154;
/// What a word counts that was typed.
const WHOLE_WEIGHT: u32 = 256;

/// A term that is more common than this is looked up only where a query has few rare ones. Twice as many would
/// save two kilobytes of the manifest at 10,000 records, and cost each pasted text more.
pub(super) fn common_df(n_docs: u32) -> u32 {
    (n_docs / 64).max(256)
}

/// How common a common term is, in steps of half an octave: below 36, since a term stands in each field of a document at
/// most once.
pub(super) fn commonness(df: u32, n_docs: u32) -> u32 {
    let times = |n: u32| u64::from(n) * u64::from(n);
    (times(df) / times(common_df(n_docs))).max(1).ilog2()
}

/// Ranks records against what was typed, best first; equal scores in the order of the index. Without any word it
/// lists what has the facets.
pub fn search(index: &Index, query: &Query) -> Result<Vec<Hit>, IndexError> {
    let plan = Plan::of(index, &query.text)?;
    let hit = |(rank, (doc, score)): (usize, (DocId, u64))| {
        let summary = index.summary(doc)?;
        let matched = matched(&summary, &plan.lit);
        Ok(Hit { rank, summary, score, matched })
    };
    (1..).zip(plan.rank(index, &query.facets, query.limit)?).map(hit).collect()
}

/// The documents that have every one of these facets; all of them where there are none.
fn allowed(index: &Index, facets: &[String]) -> Result<Vec<DocId>, IndexError> {
    let mut allowed: Vec<DocId> = (0..index.n_docs()).collect();
    for facet in facets {
        let docs: BTreeSet<DocId> = index.with_facet(facet)?.into_iter().collect();
        allowed.retain(|doc| docs.contains(doc));
    }
    Ok(allowed)
}

/// The lists that are added up, and what of a text is lit.
#[derive(Default)]
struct Plan {
    lists: Vec<Postings>,
    lit: Lit,
    n_slips: usize,
}

/// Which words of a text are shown as found.
#[derive(Default)]
struct Lit {
    words: BTreeSet<String>,
    /// Every word that begins with it, too.
    beginning: Option<String>,
}

impl Lit {
    fn has(&self, word: &str) -> bool {
        self.words.contains(word) || self.beginning.as_ref().is_some_and(|start| word.starts_with(start))
    }
}

impl Plan {
    fn of(index: &Index, text: &str) -> Result<Plan, IndexError> {
        let text = telling(text);
        let (words, prefix) = words(&text[..text.floor_char_boundary(MAX_QUERY_BYTES)]);
        let mut plan = Plan::default();
        for word in choose(index, words)? {
            let mut list = index.postings(&word)?;
            if list.is_empty() {
                list = plan.typos(index, &word)?;
            } else {
                plan.lit.words.insert(word);
            }
            plan.lists.push(list);
        }
        if let Some(prefix) = prefix {
            let list = plan.prefix(index, &prefix)?;
            plan.lists.push(list);
        }
        Ok(plan)
    }

    /// Sums up, and keeps the best of what is allowed.
    fn rank(&self, index: &Index, facets: &[String], limit: usize) -> Result<Vec<(DocId, u64)>, IndexError> {
        let mut totals = vec![(0_u64, 0_u64); index.n_docs() as usize];
        for (doc, impact) in self.lists.iter().flatten() {
            let (sum, n_tokens) = &mut totals[*doc as usize];
            *sum += u64::from(*impact);
            *n_tokens += 1;
        }
        let n_planned = self.lists.len() as u64;
        let score = |(sum, n_tokens): (u64, u64)| sum * n_tokens * n_tokens / (n_planned * n_planned).max(1);
        let lists_all = n_planned == 0 && !facets.is_empty();
        let mut ranked: Vec<(DocId, u64)> = allowed(index, facets)?
            .into_iter()
            .filter(|doc| lists_all || totals[*doc as usize].1 > 0)
            .map(|doc| (doc, score(totals[doc as usize])))
            .collect();
        ranked.sort_by_key(|(doc, score)| (std::cmp::Reverse(*score), *doc));
        ranked.truncate(limit);
        Ok(ranked)
    }

    /// The documents of what was typed, and of the words that it can become.
    ///
    /// It is completed as far as all words agree that begin with it: `kuber` is `kubernet` where nothing else begins
    /// so. Of what goes on from there, the best documents count.
    fn prefix(&mut self, index: &Index, typed: &str) -> Result<Postings, IndexError> {
        let mut sum = Best::default();
        if let Some((start, terms)) = beginning(index, typed)? {
            let agreed = agreed(&terms).to_owned();
            let weight = if agreed == typed { WHOLE_WEIGHT } else { PREFIX_WEIGHT };
            sum.add(&index.postings(&agreed)?, weight);
            let longer: Vec<(String, u32)> = terms.into_iter().filter(|(term, _)| *term != agreed).collect();
            let lists = longer.iter().map(|(term, _)| index.postings(term)).collect::<Result<Vec<_>, _>>()?;
            sum.add(&continuations(longer.iter().map(|(_, df)| *df), &lists), WHOLE_WEIGHT);
            self.lit.beginning = Some(start.to_owned());
        }
        let stem = analyser::stem(typed);
        if stem != typed {
            sum.add(&index.postings(&stem)?, WHOLE_WEIGHT);
        }
        self.lit.words.insert(stem.clone());
        let list = sum.into_list();
        if list.is_empty() { self.typos(index, &stem) } else { Ok(list) }
    }

    /// The documents of words that are one slip away. A code is never a slip of another code.
    fn typos(&mut self, index: &Index, word: &str) -> Result<Postings, IndexError> {
        let first = word.chars().next().filter(char::is_ascii_lowercase);
        let can_be = word.chars().count() >= 4 && word.chars().all(char::is_alphabetic);
        let Some(first) = first.filter(|_| can_be && self.n_slips < MAX_SLIPS) else {
            return Ok(Postings::new());
        };
        self.n_slips += 1;
        let mut near = index.terms(&first.to_string())?;
        near.retain(|(term, df)| in_vocabulary(term, *df, index.n_docs()) && one_slip_apart(word, term));
        near.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
        let mut sum = Best::default();
        for (term, _) in near.into_iter().take(MAX_TYPOS) {
            sum.add(&index.postings(&term)?, TYPO_WEIGHT);
            self.lit.words.insert(term);
        }
        Ok(sum.into_list())
    }
}

/// Of a pasted log the lines that may say what went wrong. A text of few lines counts whole, and so does one without any
/// such line.
fn telling(text: &str) -> Cow<'_, str> {
    let telling: Vec<&str> = text.split('\n').filter(|line| has_cue(line)).collect();
    let is_log = text.split('\n').count() > MAX_LINES && !telling.is_empty();
    if is_log { telling.join("\n").into() } else { text.into() }
}

/// What was typed, shortened by up to four characters until a word begins with it, and those words.
#[expect(clippy::type_complexity, reason = "a beginning and its words")]
fn beginning<'t>(index: &Index, typed: &'t str) -> Result<Option<(&'t str, Vec<(String, u32)>)>, IndexError> {
    for start in std::iter::once(typed).chain(shortened(typed)) {
        let terms = index.terms(start)?;
        if !terms.is_empty() {
            return Ok(Some((start, terms)));
        }
    }
    Ok(None)
}

/// The longest beginning that sorted words share.
fn agreed(terms: &[(String, u32)]) -> &str {
    let (Some((first, _)), Some((last, _))) = (terms.first(), terms.last()) else { return "" };
    let same = first.chars().zip(last.chars()).take_while(|(one, other)| one == other);
    &first[..same.map(|(c, _)| c.len_utf8()).sum()]
}

/// The lists of words that go on from one beginning as one list; of many, the best documents.
pub(super) fn continuations<'l>(
    dfs: impl Iterator<Item = u32>,
    lists: impl IntoIterator<Item = &'l Postings>,
) -> Postings {
    let mut sum = Best::default();
    lists.into_iter().for_each(|list| sum.add(list, PREFIX_WEIGHT));
    let list = sum.into_list();
    if are_many(dfs) { best(list, MAX_PREFIX_DOCS) } else { list }
}

/// Whether words that begin alike are too many to be looked up one by one.
pub(super) fn are_many(dfs: impl Iterator<Item = u32>) -> bool {
    let (n, df) = dfs.fold((0, 0_u32), |(n, sum), df| (n + 1, sum.saturating_add(df)));
    n > MAX_EXPANSIONS || df > MAX_EXPANDED_DF
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
fn choose(index: &Index, words: Vec<String>) -> Result<Vec<String>, IndexError> {
    let common = common_df(index.n_docs());
    let mut cold = Vec::new();
    let mut hot = Vec::new();
    for word in words {
        let df = index.df(&word)?;
        if df > common {
            hot.push((commonness(df, index.n_docs()), word));
        } else if cold.len() < MAX_COLD {
            cold.push(word);
        }
    }
    hot.sort();
    hot.truncate(6_usize.saturating_sub(cold.len()).max(2));
    cold.extend(hot.into_iter().map(|(_, word)| word));
    Ok(cold)
}

/// What was typed without its last one to four characters, at least four left.
fn shortened(typed: &str) -> impl Iterator<Item = &str> {
    let ends: Vec<usize> = typed.char_indices().map(|(at, _)| at).collect();
    let n_chars = ends.len();
    (1..=4).filter(move |cut| n_chars >= cut + 4).map(move |cut| &typed[..ends[n_chars - cut]])
}

/// Terms that a typo can be meant for: plain words. In a large book one that stands once is likely a typo itself.
pub(super) fn in_vocabulary(term: &str, df: u32, n_docs: u32) -> bool {
    let least_df = if n_docs > 20_000 { 2 } else { 1 };
    df >= least_df && (4..=20).contains(&term.len()) && term.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Whether one insertion, deletion, replacement or swap of neighbours makes one of the other.
fn one_slip_apart(one: &str, other: &str) -> bool {
    one.chars().count().abs_diff(other.len()) <= 1 && strsim::osa_distance(one, other) <= 1
}

/// The best impact of each document over several lists.
#[derive(Default)]
struct Best(Postings);

impl Best {
    /// Adds a list, its impacts weighted in 256ths and never less than 1.
    fn add(&mut self, list: &Postings, weight: u32) {
        self.0.extend(list.iter().map(|(doc, impact)| (*doc, ((impact * weight) >> 8).max(1))));
    }

    fn into_list(self) -> Postings {
        let mut list = self.0;
        list.sort_unstable_by_key(|(doc, impact)| (*doc, std::cmp::Reverse(*impact)));
        list.dedup_by_key(|(doc, _)| *doc);
        list
    }
}

/// Which texts of a hit hold the words, and where.
fn matched(summary: &Summary, lit_by: &Lit) -> Vec<Matched> {
    let texts = [("title", &summary.title), ("summary", &summary.summary)];
    let keywords = summary.keywords.iter().map(|keyword| ("keywords", keyword));
    let mut matched: Vec<Matched> = texts
        .into_iter()
        .chain(keywords)
        .map(|(field, text)| Matched { field, text: text.clone(), lit: lit(text, lit_by) })
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

fn lit(text: &str, by: &Lit) -> Vec<std::ops::Range<usize>> {
    let mut lit: Vec<std::ops::Range<usize>> =
        analyse(text).into_iter().filter(|token| by.has(&token.text)).map(|token| token.run).collect();
    lit.dedup();
    lit
}
