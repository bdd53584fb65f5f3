//! Parsed → a book that holds only what is valid, and findings.
//!
//! In: `Parsed`. Out: `Book` and `Diagnostic`s. A record with an error is left out of the book; warnings
//! let it pass. Rules live in `rules/`, one file each, and never return early.
//! Not here: reading text (`parse`), drawing findings (`cli/report/`).

mod resolve;
mod retrieval;
mod rules;
mod svg;

pub use retrieval::retrieval;

use crate::diag::{Code, Diagnostic, Level};
use crate::model::{AlertName, Book, Date, RecordId, RuleLevel, Settings};
use crate::parse::{self, Parsed, ParsedGuide, ParsedRecord};
use crate::text::{FileId, Sources, Span};
use crate::verify::Results;
use camino::Utf8Path;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// How often one rule speaks of one record: whoever has more to mend than this begins with these.
pub const MAX_FINDINGS: usize = 50;

/// What rules may look at besides the record in hand.
pub struct Context<'p> {
    /// What `book.toml` says.
    pub settings: &'p Settings,
    /// How many files claim each id, as their name or as an alias.
    pub ids: BTreeMap<&'p RecordId, usize>,
    /// The ids that are names of files, so that links may lead to them.
    pub files: BTreeSet<&'p RecordId>,
    /// How many records claim each alert.
    pub alerts: BTreeMap<&'p AlertName, usize>,
    /// The files, for the place of a word inside a longer text.
    pub sources: &'p Sources,
    /// The day from which on a day lies in the future, where the caller has a clock.
    pub today: Option<Date>,
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
/// `already_wrong` are the findings of the parser: a file that has an error there is no record either. Those
/// cannot be silenced; what is found here can, by `book.toml` and by a record's `allow`.
pub fn all(
    parsed: Parsed,
    sources: &Sources,
    today: Option<Date>,
    already_wrong: &[Diagnostic],
) -> (Book, Vec<Diagnostic>) {
    let Parsed { settings, records, guides } = parsed;
    let ctx = Context::of(&settings, &records, sources, today);
    let cut_short: BTreeSet<FileId> =
        already_wrong.iter().filter(|found| parse::breaks_off(found)).map(|found| found.span.file).collect();
    let mut found: Vec<Diagnostic> = records
        .par_iter()
        .flat_map_iter(|record| {
            let mut of_record = Vec::new();
            check(&ctx, record, &mut of_record);
            if !cut_short.contains(&record.file) {
                rules::missing_field::check(record, &mut of_record);
            }
            let allow: Vec<Code> = record.allow.iter().map(|allow| allow.value.rule).collect();
            of_record.retain_mut(|diagnostic| weigh(&settings, &allow, diagnostic));
            of_record
        })
        .collect();
    rules::shallow_history::check(&ctx, &records, &mut found);
    guides.iter().for_each(|guide| check_guide(&ctx, guide, &mut found));
    let broken: BTreeSet<FileId> = already_wrong
        .iter()
        .chain(&found)
        .filter(|diagnostic| diagnostic.level == Level::Error)
        .map(|diagnostic| diagnostic.span.file)
        .collect();
    let resolve = |record: ParsedRecord| resolve::record(sources.get(record.file), record);
    let records: Vec<_> =
        records.into_par_iter().filter(|record| !broken.contains(&record.file)).filter_map(resolve).collect();
    let records = records.into_iter().map(|record| (record.id.clone(), record)).collect();
    let guides = guides.into_iter().filter(|guide| !broken.contains(&guide.file)).filter_map(resolve::guide);
    let guides = guides.collect();
    (Book::new(settings, records, guides), found)
}

/// What committed results say of the checks of a book: what no run has needed.
pub fn of_results(book: &Book, results: &Results, sources: &Sources) -> Vec<Diagnostic> {
    let files: BTreeMap<&Utf8Path, FileId> =
        sources.iter().map(|(file, source)| (source.path.as_path(), file)).collect();
    let mut found = Vec::new();
    for record in book.records.values() {
        let Some(file) = files.get(record.path.as_path()) else { continue };
        let mut of_record = Vec::new();
        rules::redundant_probe::check(results, record, *file, &mut of_record);
        let allow: Vec<Code> = record.allow.iter().map(|allow| allow.rule).collect();
        of_record.retain_mut(|diagnostic| weigh(&book.settings, &allow, diagnostic));
        found.extend(of_record);
    }
    found
}

impl<'p> Context<'p> {
    fn of(
        settings: &'p Settings,
        records: &'p [ParsedRecord],
        sources: &'p Sources,
        today: Option<Date>,
    ) -> Context<'p> {
        let mut ids: BTreeMap<&RecordId, usize> = BTreeMap::new();
        let mut alerts: BTreeMap<&AlertName, usize> = BTreeMap::new();
        for record in records {
            for id in record.id.iter().chain(record.aliases.iter().map(|alias| &alias.value)) {
                *ids.entry(id).or_default() += 1;
            }
            for alert in &record.alerts {
                *alerts.entry(&alert.value).or_default() += 1;
            }
        }
        let files = records.iter().filter_map(|record| record.id.as_ref()).collect();
        Context { settings, ids, files, alerts, sources, today }
    }
}

fn check(ctx: &Context, record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    rules::duplicate_id::check(ctx, record, found);
    rules::duplicate_alert::check(ctx, record, found);
    rules::long_title::check(record, found);
    rules::unknown_record::check(ctx, record, found);
    rules::unknown_value::check(ctx, record, found);
    rules::version_range::check(record, found);
    rules::future_date::check(ctx, record, found);
    rules::raw_html::check(ctx, &record.proses(), found);
    rules::unsafe_link::check(ctx, &record.proses(), found);
    rules::image::check(ctx, record, found);
    rules::invisible_character::check(ctx, record, found);
    found.extend(record.verify_doubts.iter().cloned());
}

fn check_guide(ctx: &Context, guide: &ParsedGuide, found: &mut Vec<Diagnostic>) {
    if guide.title.is_none() {
        found.push(
            Diagnostic::error(Code::MissingField, Span::start_of(guide.file), "this page has no `title`")
                .hint("the title stands in the front matter"),
        );
    }
    let proses = [(&guide.body.value, guide.body.span)];
    rules::raw_html::check(ctx, &proses, found);
    rules::unsafe_link::check(ctx, &proses, found);
}

/// Gives a finding the weight that the book gives its rule; `false` where it is silenced.
fn weigh(settings: &Settings, allow: &[Code], diagnostic: &mut Diagnostic) -> bool {
    // Without these there is no page to show, or one that could act.
    let is_law = diagnostic.level == Level::Error
        && matches!(
            diagnostic.code,
            Code::MissingField | Code::DuplicateId | Code::DuplicateAlert | Code::UnsafeImage
        );
    if is_law {
        return true;
    }
    match settings.rules.get(&diagnostic.code) {
        Some(RuleLevel::Off) => return false,
        Some(RuleLevel::Level(level)) => diagnostic.level = *level,
        None => {}
    }
    // What protects readers from the author is not the author's to silence; the book's owner may.
    let protects = matches!(diagnostic.code, Code::InvisibleCharacter | Code::UnsafeLink);
    protects || !allow.contains(&diagnostic.code)
}
