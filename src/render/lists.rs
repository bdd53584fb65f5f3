//! Pages that lead to records: home, browse, facets, keywords.

use super::Page;
use super::facets::{Shelf, ShelfValue};
use super::pages::Site;
use super::templates::TemplateError;
use super::view::CardView;
use crate::model::{ProofState, Record, SignaturePattern};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many records the home page lists as lately changed.
const N_LATEST: usize = 8;
/// How many values of a facet the home page shows.
const N_HOME_VALUES: usize = 12;
/// How many values of a facet the search page lets choose from.
const N_SEARCH_VALUES: usize = 100;
/// How many records stand on one page of a facet.
const N_PER_PAGE: usize = 50;
/// How many keywords stand on one page; a book with fewer has them all on one.
const N_KEYWORDS: usize = 400;

#[derive(Serialize)]
struct HomeView<'s> {
    shelves: Vec<ShelfView<'s>>,
    latest: Vec<CardView>,
    n_tested: usize,
    failing: Vec<CardView>,
}

#[derive(Serialize)]
struct ShelfView<'s> {
    label: &'s str,
    key: &'static str,
    values: Vec<ValueView<'s>>,
    /// How many values are not shown.
    n_more: usize,
}

#[derive(Serialize)]
struct ValueView<'s> {
    name: &'s str,
    path: String,
    n_records: usize,
}

#[derive(Serialize)]
struct FacetView<'s> {
    label: &'s str,
    name: &'s str,
    n_records: usize,
    cards: Vec<CardView>,
    turn: Turn,
}

/// Where a page stands among those of one list.
#[derive(Serialize)]
struct Turn {
    nth: usize,
    of: usize,
    /// Paths, relative to the site's root.
    before: Option<String>,
    after: Option<String>,
}

impl Turn {
    fn of(nth: usize, of: usize, folder: &str) -> Turn {
        let path = |nth: usize| if nth == 1 { folder.to_owned() } else { format!("{folder}{nth}/") };
        Turn { nth, of, before: (nth > 1).then(|| path(nth - 1)), after: (nth < of).then(|| path(nth + 1)) }
    }
}

#[derive(Serialize)]
struct KeywordsView<'s> {
    letters: Vec<LetterView>,
    entries: &'s [Entry<'s>],
    turn: Turn,
    /// The letter of this page; nothing where all stand on one.
    letter: Option<char>,
}

#[derive(Serialize)]
struct LetterView {
    letter: char,
    path: String,
    n_entries: usize,
}

/// One keyword, code or signature, and the records that have it.
#[derive(Serialize)]
struct Entry<'s> {
    text: &'s str,
    records: Vec<EntryRecord<'s>>,
}

#[derive(Serialize)]
struct EntryRecord<'s> {
    id: &'s str,
    title: &'s str,
}

impl<'b> Site<'b> {
    pub(super) fn home(&self) -> Result<Page, TemplateError> {
        let state = |record: &Record| self.proof(record).state;
        let mut latest: Vec<&Record> = self.records_by_id().collect();
        latest.sort_by_key(|record| std::cmp::Reverse(record.changed()));
        let failing = latest.iter().filter(|record| state(record) == ProofState::Failing);
        let view = HomeView {
            shelves: self.shelves.iter().map(|shelf| self.shelf(shelf, N_HOME_VALUES)).collect(),
            failing: failing.take(N_LATEST).map(|record| self.card(record)).collect(),
            n_tested: latest.iter().filter(|record| state(record) == ProofState::Tested).count(),
            latest: latest.iter().take(N_LATEST).map(|record| self.card(record)).collect(),
        };
        self.page("index.html", "home.html", view)
    }

    /// The page of all facets.
    pub(super) fn browse(&self) -> Result<Page, TemplateError> {
        let shelves: Vec<ShelfView> =
            self.shelves.iter().map(|shelf| self.shelf(shelf, usize::MAX)).collect();
        self.page("browse/index.html", "browse.html", shelves)
    }

    /// The page that searches, with the commonest values of every facet to choose from.
    pub(super) fn search(&self) -> Result<Page, TemplateError> {
        let shelves: Vec<ShelfView> =
            self.shelves.iter().map(|shelf| self.shelf(shelf, N_SEARCH_VALUES)).collect();
        self.page("search/index.html", "search.html", shelves)
    }

    /// The pages of each value of a facet.
    pub(super) fn shelf_pages(&self, shelf: &Shelf) -> Result<Vec<Page>, TemplateError> {
        let mut pages = Vec::new();
        for value in &shelf.values {
            let records = value.by_title();
            for nth in 1..=n_parts(&records) {
                pages.push(self.facet(shelf, value, &records, nth)?);
            }
        }
        Ok(pages)
    }

    /// The one page of a facet at a path below `browse/`, such as `category/network/2/index.html`.
    pub(super) fn shelf_page(&self, path: &str) -> Result<Option<Page>, TemplateError> {
        let parts: Vec<&str> = path.split('/').collect();
        let [key, slug, rest @ .., "index.html"] = parts.as_slice() else { return Ok(None) };
        let of_key = self.shelves.iter().filter(|shelf| shelf.facet.key() == *key);
        let mut values = of_key.flat_map(|shelf| shelf.values.iter().map(move |value| (shelf, value)));
        let Some((shelf, value)) = values.find(|(_, value)| value.slug == *slug) else { return Ok(None) };
        let nth = match rest {
            [] => 1,
            [nth] => nth
                .parse()
                .ok()
                .filter(|parsed: &usize| *parsed > 1 && parsed.to_string() == *nth)
                .unwrap_or(0),
            _ => 0,
        };
        let records = value.by_title();
        let is_there = (1..=n_parts(&records)).contains(&nth);
        is_there.then(|| self.facet(shelf, value, &records, nth)).transpose()
    }

    /// The `nth` page of a value of a facet, from 1; `records` are all of the value.
    fn facet(
        &self,
        shelf: &Shelf,
        value: &ShelfValue,
        records: &[&Record],
        nth: usize,
    ) -> Result<Page, TemplateError> {
        let folder = value.path(shelf.facet);
        let shown = records.iter().skip((nth - 1) * N_PER_PAGE).take(N_PER_PAGE);
        let view = FacetView {
            label: self.settings().label(shelf.facet),
            name: value.name,
            n_records: records.len(),
            cards: shown.map(|record| self.card(record)).collect(),
            turn: Turn::of(nth, n_parts(records), &folder),
        };
        let path = if nth == 1 { folder } else { format!("{folder}{nth}/") };
        self.page(&format!("{path}index.html"), "facet.html", view)
    }

    fn shelf<'s>(&'s self, shelf: &Shelf<'s>, n_shown: usize) -> ShelfView<'s> {
        let mut values: Vec<&ShelfValue> = shelf.values.iter().collect();
        if values.len() > n_shown {
            values.sort_by_key(|value| std::cmp::Reverse(value.records.len()));
        }
        let view = |value: &&ShelfValue<'s>| ValueView {
            name: value.name,
            path: value.path(shelf.facet),
            n_records: value.records.len(),
        };
        let n_more = values.len().saturating_sub(n_shown);
        values.truncate(n_shown);
        let label = self.settings().label(shelf.facet);
        ShelfView { label, key: shelf.facet.key(), values: values.iter().map(view).collect(), n_more }
    }

    /// Every keyword, code and signature from A to Z: the search that works without a script. With `wanted`, the page at
    /// that path alone.
    pub(super) fn keywords(&self, wanted: Option<&str>) -> Result<Vec<Page>, TemplateError> {
        let mut by_text: BTreeMap<(String, &str), BTreeSet<(&str, &str)>> = BTreeMap::new();
        for record in self.records_by_id() {
            for text in texts(record) {
                by_text
                    .entry((sort_key(text), text))
                    .or_default()
                    .insert((&record.title, record.id.as_str()));
            }
        }
        let entry = |((_, text), records): ((String, &'b str), BTreeSet<(&'b str, &'b str)>)| Entry {
            text,
            records: records.into_iter().map(|(title, id)| EntryRecord { id, title }).collect(),
        };
        let entries: Vec<Entry> = by_text.into_iter().map(entry).collect();
        if entries.len() <= N_KEYWORDS {
            let turn = Turn::of(1, 1, "keywords/");
            let view = KeywordsView { letters: Vec::new(), entries: &entries, turn, letter: None };
            return Ok(vec![self.page("keywords/index.html", "keywords.html", view)?]);
        }
        self.letters(&entries, wanted)
    }

    fn letters(&self, entries: &[Entry], wanted: Option<&str>) -> Result<Vec<Page>, TemplateError> {
        let groups: Vec<&[Entry]> =
            entries.chunk_by(|one, other| letter(one.text) == letter(other.text)).collect();
        // `#` gathers what begins with no letter.
        let folder = |letter: char| match letter {
            '#' => "keywords/other/".to_owned(),
            letter => format!("keywords/{letter}/"),
        };
        let letters = || {
            let view = |group: &&[Entry]| {
                let letter = letter(group[0].text);
                LetterView {
                    letter: letter.to_ascii_uppercase(),
                    path: folder(letter),
                    n_entries: group.len(),
                }
            };
            groups.iter().map(view).collect()
        };
        let turn = Turn::of(1, 1, "keywords/");
        let view = KeywordsView { letters: letters(), entries: &[], turn, letter: None };
        let is_wanted = |path: &str| wanted.is_none_or(|wanted| wanted == path);
        let mut pages = Vec::new();
        if is_wanted("keywords/index.html") {
            pages.push(self.page("keywords/index.html", "keywords.html", view)?);
        }
        for group in &groups {
            let letter = letter(group[0].text);
            let parts: Vec<&[Entry]> = group.chunks(N_KEYWORDS).collect();
            for (nth, entries) in (1..).zip(&parts) {
                let path = if nth == 1 { folder(letter) } else { format!("{}{nth}/", folder(letter)) };
                let path = format!("{path}index.html");
                if !is_wanted(&path) {
                    continue;
                }
                let view = KeywordsView {
                    letters: letters(),
                    entries,
                    turn: Turn::of(nth, parts.len(), &folder(letter)),
                    letter: Some(letter.to_ascii_uppercase()),
                };
                pages.push(self.page(&path, "keywords.html", view)?);
            }
        }
        Ok(pages)
    }
}

/// How many pages a list of these records has.
fn n_parts(records: &[&Record]) -> usize {
    records.len().div_ceil(N_PER_PAGE)
}

/// What a record is found by: its keywords, its literal signatures, and the codes in its title and symptom.
fn texts(record: &Record) -> BTreeSet<&str> {
    let keywords =
        record.keywords.iter().filter(|keyword| !keyword.absent).map(|keyword| keyword.query.as_str());
    let literals = record.signatures.iter().filter_map(|signature| match &signature.pattern {
        SignaturePattern::Literal(text) => Some(text.as_str()),
        SignaturePattern::Regex(_) => None,
    });
    let in_texts = codes(&record.title).chain(codes(record.symptom.markdown()));
    keywords.chain(literals).chain(in_texts).collect()
}

/// Words such as `E0308`, `ERR_OSSL_EVP_UNSUPPORTED`, `EADDRINUSE` and `ORA-01555`.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    text.split(move |c| !belongs(c)).map(|word| word.trim_matches(['_', '-'])).filter(|word| is_code(word))
}

fn is_code(word: &str) -> bool {
    let bytes = word.as_bytes();
    if word.len() < 3 || word.len() > 64 || !bytes[0].is_ascii_uppercase() {
        return false;
    }
    let n_letters = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let number = word[n_letters..].strip_prefix('-').unwrap_or(&word[n_letters..]);
    let numbered =
        n_letters <= 6 && (2..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_upper = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    let constant = bytes.contains(&b'_') && bytes.iter().all(is_upper);
    let errno = bytes[0] == b'E' && word.len() >= 5 && n_letters == word.len();
    numbered || constant || errno
}

fn sort_key(text: &str) -> String {
    let first = text.find(char::is_alphanumeric).unwrap_or_default();
    format!("{}{}", letter(text), text[first..].to_lowercase())
}

/// The ASCII letter that a text is found under, or `#`.
fn letter(text: &str) -> char {
    let first = text.chars().find(|c| c.is_alphanumeric()).unwrap_or('#').to_ascii_lowercase();
    if first.is_ascii_lowercase() { first } else { '#' }
}
