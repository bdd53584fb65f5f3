//! The failure record.

use super::{Check, Date, Prose, RecordId};
use camino::Utf8PathBuf;

/// One failure: what is seen, why it happens, what repairs it, what does not, and how to tell.
#[derive(Clone, Debug)]
pub struct Record {
    /// The permanent name.
    pub id: RecordId,
    /// The file, relative to the book.
    pub path: Utf8PathBuf,
    /// What a person would type or see.
    pub title: String,
    /// One sentence; derived from the symptom where the author gave none.
    pub summary: String,
    /// What fails.
    pub product: String,
    /// The kind of failure.
    pub category: Option<String>,
    /// The world that the product belongs to.
    pub ecosystem: Option<String>,
    /// Free words, sorted.
    pub tags: Vec<String>,
    /// The outside rule that this failure depends on.
    pub contract: Option<String>,
    /// Where it stands editorially.
    pub status: Status,
    /// What is observed.
    pub symptom: Prose,
    /// The cause in a sentence or two.
    pub root_cause: Option<Prose>,
    /// The mechanism at length.
    pub why: Option<Prose>,
    /// The cause for the quick fix block, where the first sentence of `root_cause` does not serve.
    pub quick_cause: Option<Prose>,
    /// The repair, in order.
    pub fix: Vec<Step>,
    /// Repairs for other circumstances.
    pub other_fixes: Vec<OtherFix>,
    /// What people try and should not.
    pub wrong_fixes: Vec<WrongFix>,
    /// The queries by which it must be found.
    pub keywords: Vec<Keyword>,
    /// What must be shown before a repair counts.
    pub verification: Option<Prose>,
    /// The executable check.
    pub check: Option<Check>,
    /// The runs by which the record itself was tried.
    pub validation_runs: Vec<Run>,
    /// Where the facts come from.
    pub sources: Vec<Citation>,
    /// Other records.
    pub related: Related,
    /// The day it was first written.
    pub created: Option<Date>,
    /// The day its facts last changed.
    pub updated: Option<Date>,
    /// The day by which somebody should read it again.
    pub review_by: Option<Date>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// The licence of its text, where it differs from the book's.
    pub license: Option<String>,
}

impl Record {
    /// The sentence that the quick fix block gives as the cause.
    pub fn likely_cause(&self) -> Option<String> {
        let derived = || self.root_cause.as_ref().map(Prose::first_sentence);
        self.quick_cause.as_ref().map(|cause| cause.plain()).or_else(derived)
    }

    /// The state that the runs support: nothing here is typed in.
    pub fn validation(&self) -> Validation {
        let any = |kind: RunKind| self.validation_runs.iter().any(|run| run.kind == kind);
        match () {
            () if any(RunKind::NoWeb) && any(RunKind::WithRecord) => Validation::Counterfactual,
            () if any(RunKind::Reproduction) => Validation::Reproduced,
            () if any(RunKind::Search) => Validation::SearchObserved,
            () => Validation::Unvalidated,
        }
    }
}

/// A set of words that an author chooses from.
pub trait Words: Sized + Copy + 'static {
    /// Every value with its word.
    const WORDS: &'static [(&'static str, Self)];
}

/// Where a record stands editorially.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not finished: the named fields are missing.
    Draft {
        /// Fields that a published record has.
        missing: Vec<&'static str>,
    },
    /// Complete.
    Published,
    /// Complete, except that no repair is known yet.
    Open,
}

/// One step of a repair: words, a command, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What to do, or what the command does.
    pub text: Option<Prose>,
    /// A script for `sh -eu`; what a reader copies is what a self-test ran.
    pub run: Option<String>,
    /// How to take it back.
    pub undo: Option<String>,
    /// What can go wrong.
    pub risk: Option<Prose>,
}

/// A repair for other circumstances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherFix {
    /// Its name.
    pub title: String,
    /// The circumstances.
    pub when: Option<Prose>,
    /// The repair, in order; at least one step.
    pub steps: Vec<Step>,
    /// Its price.
    pub tradeoff: Option<Prose>,
}

/// Something that people try and that does not repair the failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongFix {
    /// Unique within the record; derived from the text where the author gave none.
    pub id: String,
    /// What people do, in words.
    pub text: Option<Prose>,
    /// What people do, as a command.
    pub run: Option<String>,
    /// Why it fails.
    pub why: Option<Prose>,
    /// Why people try it.
    pub tempting: Option<Prose>,
    /// What comes of it.
    pub outcome: Option<Outcome>,
}

/// What comes of a wrong fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The failure stays.
    StillFails,
    /// The symptom goes, the cause stays.
    Masks,
    /// Something else breaks.
    Regresses,
    /// It works and should not be done.
    Unsafe,
}

impl Words for Outcome {
    const WORDS: &'static [(&'static str, Outcome)] = &[
        ("still-fails", Outcome::StillFails),
        ("masks", Outcome::Masks),
        ("regresses", Outcome::Regresses),
        ("unsafe", Outcome::Unsafe),
    ];
}

/// A query by which the record must be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyword {
    /// As typed.
    pub query: String,
    /// Who was seen to type it, where it was observed rather than thought up.
    pub by: Option<String>,
    /// When.
    pub date: Option<Date>,
}

/// A run by which the record itself was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Who or what tried it.
    pub by: String,
    /// What was tried.
    pub kind: RunKind,
    /// When.
    pub date: Option<Date>,
    /// What came of it.
    pub note: Option<Prose>,
}

/// What a validation run tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunKind {
    /// Somebody with the failure searched for it.
    Search,
    /// Somebody worked on it without the web.
    NoWeb,
    /// Somebody worked on it with this record.
    WithRecord,
    /// The failure was brought about.
    Reproduction,
}

impl Words for RunKind {
    const WORDS: &'static [(&'static str, RunKind)] = &[
        ("search", RunKind::Search),
        ("no-web", RunKind::NoWeb),
        ("with-record", RunKind::WithRecord),
        ("reproduction", RunKind::Reproduction),
    ];
}

/// What the validation runs of a record support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Validation {
    /// No run is recorded.
    Unvalidated,
    /// Somebody searched for it.
    SearchObserved,
    /// The failure was brought about.
    Reproduced,
    /// Runs with and without the record can be compared.
    Counterfactual,
}

/// Where a fact comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    /// An `http` or `https` address.
    pub url: Option<String>,
    /// What it is; one of `url` and `title` is always there.
    pub title: Option<String>,
    /// Who published it.
    pub publisher: Option<String>,
    /// The day it was read.
    pub accessed: Option<Date>,
    /// A few words of it.
    pub quote: Option<String>,
    /// What it supports: names of fields.
    pub supports: Vec<String>,
}

/// Links to other records of the book; every target exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Related {
    /// Failures that look alike.
    pub confused_with: Vec<Confusion>,
    /// What this failure brings about.
    pub leads_to: Vec<RecordId>,
    /// What brings this failure about.
    pub caused_by: Vec<RecordId>,
    /// Worth reading as well.
    pub see_also: Vec<RecordId>,
    /// What this record replaces.
    pub supersedes: Vec<RecordId>,
}

/// A failure that looks alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// Which record, where the book has one.
    pub id: Option<RecordId>,
    /// What it is, in words, where the book has no record of it.
    pub title: Option<String>,
    /// The observation that tells the two apart.
    pub tell: Prose,
}
