//! Parsed → a book that holds only what is valid, and findings.
//!
//! In: `Parsed`. Out: `Book` and `Diagnostic`s. A record with an error is left out of the book; warnings
//! let it pass. Rules live in `rules/`, one file each, and never return early.
//! Not here: reading text (`parse`), drawing findings (`cli/report/`).

mod manual;
mod names;
mod resolve;
mod retrieval;
mod rules;
mod svg;

pub use manual::{Example, MANUALS, Manual, manual};
pub use names::{Asked, Claims, Names};
pub use resolve::{guide, record};
pub use retrieval::retrieval;

use crate::diag::{Code, Diagnostic, Level, nearest};
use crate::model::{AlertName, Book, Date, Record, RecordId, RuleLevel, Settings};
use crate::parse::{self, Parsed, ParsedGuide, ParsedRecord};
use crate::text::{FileId, Source, Sources, Span};
use crate::verify::Results;
use camino::Utf8Path;
use rayon::prelude::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How often one rule speaks of one record: whoever has more to mend than this begins with these.
pub const MAX_FINDINGS: usize = 50;

/// What rules may look at besides the record in hand.
pub struct Context<'p> {
    /// What `book.toml` says.
    pub settings: &'p Settings,
    /// The record's own file, for its images and for the place of a word inside a longer text.
    pub source: &'p Source,
    /// The day from which on a day lies in the future, where the caller has a clock.
    pub today: Option<Date>,
    names: &'p Names,
    asked: RefCell<Asked>,
}

impl<'p> Context<'p> {
    /// What there is to look at for one file.
    pub fn new(
        settings: &'p Settings,
        names: &'p Names,
        source: &'p Source,
        today: Option<Date>,
    ) -> Context<'p> {
        Context { settings, source, today, names, asked: RefCell::default() }
    }

    /// Whether a record's file has this name, so that links may lead to it.
    pub fn has(&self, id: &RecordId) -> bool {
        self.asked.borrow_mut().ids.insert(id.clone());
        self.names.files.contains_key(id)
    }

    /// Whether several files claim this id, as their name or as an alias.
    pub fn is_claimed_twice(&self, id: &RecordId) -> bool {
        self.asked.borrow_mut().ids.insert(id.clone());
        self.names.ids.get(id).is_some_and(|n_claims| *n_claims > 1)
    }

    /// Whether several records claim this alert.
    pub fn is_alert_claimed_twice(&self, alert: &AlertName) -> bool {
        self.asked.borrow_mut().alerts.insert(alert.clone());
        self.names.alerts.get(alert).is_some_and(|n_claims| *n_claims > 1)
    }

    /// The name of a record that is nearest to what was written.
    pub fn nearest_record(&self, written: &str) -> Option<&'p str> {
        self.asked.borrow_mut().every_name = true;
        nearest(written, self.names.files.keys().map(RecordId::as_str))
    }

    /// The names that were asked for so far: while these stay, so does what was found.
    pub fn asked(self) -> Asked {
        self.asked.into_inner()
    }

    /// The place of `words` inside a longer text, or the whole place where they are written otherwise there,
    /// such as with escapes.
    pub fn place_of(&self, words: &str, whole: Span) -> Span {
        match self.source.text.get(whole.range()).unwrap_or_default().find(words) {
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
    let mut names = Names::default();
    records.iter().for_each(|record| names.add(&Claims::of(record)));
    let ctx = |file: FileId| Context::new(&settings, &names, sources.get(file), today);
    let cut_short: BTreeSet<FileId> =
        already_wrong.iter().filter(|found| parse::breaks_off(found)).map(|found| found.span.file).collect();
    let mut found: Vec<Diagnostic> = records
        .par_iter()
        .flat_map_iter(|record| of_record(&ctx(record.file), record, cut_short.contains(&record.file)))
        .collect();
    let undated = records.iter().filter(|record| record.created.is_none()).map(|record| record.file);
    found.extend(shallow_history(sources, undated));
    guides.iter().for_each(|guide| found.extend(of_guide(&ctx(guide.file), guide)));
    let broken: BTreeSet<FileId> = already_wrong
        .iter()
        .chain(&found)
        .filter(|diagnostic| diagnostic.level == Level::Error)
        .map(|diagnostic| diagnostic.span.file)
        .collect();
    let resolve = |record: ParsedRecord| resolve::record(sources.get(record.file), record);
    let records: Vec<_> =
        records.into_par_iter().filter(|record| !broken.contains(&record.file)).filter_map(resolve).collect();
    let records = records.into_iter().map(Arc::new).collect();
    let guides = guides.into_iter().filter(|guide| !broken.contains(&guide.file)).filter_map(resolve::guide);
    let guides = guides.collect();
    (Book::new(settings, records, guides), found)
}

/// Every finding in one record. `is_cut_short`: whether its file breaks off, so that nothing can be called missing.
pub fn of_record(ctx: &Context, record: &ParsedRecord, is_cut_short: bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    check(ctx, record, &mut found);
    if !is_cut_short {
        rules::missing_field::check(record, &mut found);
    }
    let allow: Vec<Code> = record.allow.iter().map(|allow| allow.value.rule).collect();
    found.retain_mut(|diagnostic| weigh(ctx.settings, &allow, diagnostic));
    found
}

/// What a cut history means for the records that name no day.
pub fn shallow_history(sources: &Sources, undated: impl Iterator<Item = FileId>) -> Option<Diagnostic> {
    if sources.is_shallow { rules::shallow_history::check(undated) } else { None }
}

/// What committed results say of the checks of a book: what no run has needed.
pub fn of_results(book: &Book, results: &Results, sources: &Sources) -> Vec<Diagnostic> {
    let files: BTreeMap<&Utf8Path, FileId> =
        sources.iter().map(|(file, source)| (source.path.as_path(), file)).collect();
    let mut found = Vec::new();
    for record in book.records.values() {
        let Some(file) = files.get(record.path.as_path()) else { continue };
        found.extend(of_result(&book.settings, results, record, *file));
    }
    found
}

/// The same for one record.
pub fn of_result(settings: &Settings, results: &Results, record: &Record, file: FileId) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    rules::redundant_probe::check(results, record, file, &mut found);
    let allow: Vec<Code> = record.allow.iter().map(|allow| allow.rule).collect();
    found.retain_mut(|diagnostic| weigh(settings, &allow, diagnostic));
    found
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

/// Every finding in one page of prose.
pub fn of_guide(ctx: &Context, guide: &ParsedGuide) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if guide.title.is_none() {
        found.push(
            Diagnostic::error(Code::MissingField, Span::start_of(guide.file), "this page has no `title`")
                .hint("the title stands in the front matter"),
        );
    }
    let proses = [(&guide.body.value, guide.body.span)];
    rules::raw_html::check(ctx, &proses, &mut found);
    rules::unsafe_link::check(ctx, &proses, &mut found);
    found
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
