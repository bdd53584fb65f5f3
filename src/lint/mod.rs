//! Parsed → a book that holds only what is valid, and findings.
//!
//! In: `Parsed`. Out: `Book` and `Diagnostic`s. A record with an error is left out of the book; warnings
//! let it pass. Rules live in `rules/`, one file each, and never return early.
//! Not here: reading text (`parse`), drawing findings (`cli/report/`).

mod resolve;
mod rules;

use crate::diag::{self, Diagnostic};
use crate::model::{Book, RecordId, Settings};
use crate::parse::{self, Parsed, ParsedRecord};
use crate::text::{Sources, Span};
use std::collections::{BTreeMap, BTreeSet};

/// What rules may look at besides the record in hand.
pub struct Context<'p> {
    /// What `book.toml` says.
    pub settings: &'p Settings,
    /// How many files claim each id.
    pub ids: BTreeMap<&'p RecordId, usize>,
    /// The files, for the place of a word inside a longer text.
    pub sources: &'p Sources,
}

impl Context<'_> {
    /// The place of `words` inside a longer text, or the whole place where they are written otherwise there,
    /// such as with escapes.
    pub fn place_of(&self, words: &str, whole: Span) -> Span {
        match self.sources.slice(whole).find(words) {
            Some(at) => {
                let start = whole.start as usize + at;
                Span::new(whole.file, start..start + words.len())
            }
            None => whole,
        }
    }
}

/// Applies every rule and builds the book from the records without errors.
///
/// `already_wrong` are the findings of the parser: a file that has an error there is no record either.
pub fn all(parsed: Parsed, sources: &Sources, already_wrong: &[Diagnostic]) -> (Book, Vec<Diagnostic>) {
    let Parsed { settings, records } = parsed;
    let mut found = Vec::new();
    let mut ids: BTreeMap<&RecordId, usize> = BTreeMap::new();
    for id in records.iter().filter_map(|record| record.id.as_ref()) {
        *ids.entry(id).or_default() += 1;
    }
    let ctx = Context { settings: &settings, ids, sources };
    let cut_short: BTreeSet<_> =
        already_wrong.iter().filter(|found| parse::breaks_off(found)).map(|found| found.span.file).collect();
    for record in &records {
        check(&ctx, record, &mut found);
        if !cut_short.contains(&record.file) {
            rules::missing_field::check(record, &mut found);
        }
    }
    let broken: BTreeSet<_> = already_wrong
        .iter()
        .chain(&found)
        .filter(|diagnostic| diagnostic.level == diag::Level::Error)
        .map(|diagnostic| diagnostic.span.file)
        .collect();
    let whole = records.into_iter().filter(|record| !broken.contains(&record.file));
    let records = whole.filter_map(resolve::record).map(|record| (record.id.clone(), record)).collect();
    (Book::new(settings, records), found)
}

fn check(ctx: &Context, record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    rules::duplicate_id::check(ctx, record, found);
    rules::long_title::check(record, found);
    rules::unknown_record::check(ctx, record, found);
    rules::unknown_value::check(ctx, record, found);
    rules::raw_html::check(ctx, record, found);
    rules::unsafe_link::check(ctx, record, found);
    rules::invisible_character::check(ctx, record, found);
}
