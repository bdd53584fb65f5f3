//! The failure record.

use super::{Check, Date, Pattern, Prose, RecordId, Verifier};
use crate::diag::Code;
use camino::Utf8PathBuf;
use std::collections::BTreeMap;

/// One failure: what is seen, why it happens, what repairs it, what does not, and how to tell.
#[derive(Clone, Debug, PartialEq)]
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
    /// Who may read it.
    pub audience: Audience,
    /// Former ids, whose URLs lead here.
    pub aliases: Vec<RecordId>,
    /// Names of monitoring alerts that this record answers.
    pub alerts: Vec<AlertName>,
    /// How bad it is, in the book's own words.
    pub severity: Option<String>,
    /// Whose it is.
    pub owner: Option<String>,
    /// Whom to call when the repair does not help.
    pub escalate: Option<String>,
    /// What stops the bleeding before the cure.
    pub mitigation: Option<Prose>,
    /// Which versions of which components have it.
    pub applies_to: Vec<Affected>,
    /// What is observed.
    pub symptom: Prose,
    /// What tells this failure in a log, beside what is mined from the symptom.
    pub signatures: Vec<Signature>,
    /// The cause in a sentence or two.
    pub root_cause: Option<Prose>,
    /// The mechanism at length.
    pub why: Option<Prose>,
    /// What the quick fix block says where what is derived does not serve.
    pub quick_fix: QuickFix,
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
    /// The executable check in its long form.
    pub verify: Option<Box<Verifier>>,
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
    /// Rules that are silenced here, each for a reason.
    pub allow: Vec<Allow>,
    /// Values that other programs understand.
    pub extensions: BTreeMap<String, Extension>,
    /// Files beside the record that its page shows.
    pub images: Vec<String>,
    /// What programs were seen to print in this failure, as files beside the record hold it.
    pub observed: Vec<String>,
}

impl Record {
    /// The sentence that the quick fix block gives as the cause.
    pub fn likely_cause(&self) -> Option<String> {
        let derived = || self.root_cause.as_ref().map(Prose::first_sentence);
        self.quick_fix.cause.as_ref().map(|cause| cause.plain()).or_else(derived)
    }

    /// The day on which its text last changed, as far as that is known.
    pub fn changed(&self) -> Option<Date> {
        self.updated.or(self.created)
    }

    /// How many a wrong fix is among those of the record, from 1.
    pub fn nth_wrong_fix(&self, id: &str) -> Option<usize> {
        (1..).zip(&self.wrong_fixes).find(|(_, fix)| fix.id == id).map(|(nth, _)| nth)
    }

    /// Every day that the record names.
    pub fn dates(&self) -> impl Iterator<Item = Date> {
        let runs = self.validation_runs.iter().filter_map(|run| run.date);
        let read = self.sources.iter().filter_map(|source| source.accessed);
        let typed = self.keywords.iter().filter_map(|keyword| keyword.date);
        self.created.into_iter().chain(self.updated).chain(runs).chain(read).chain(typed)
    }

    /// Every record that this one names in its fields.
    pub fn links(&self) -> impl Iterator<Item = &RecordId> {
        let related = &self.related;
        let confused = related.confused_with.iter().filter_map(|confusion| confusion.id.as_ref());
        let lists = [&related.leads_to, &related.caused_by, &related.see_also, &related.supersedes];
        let instead = self.status.retired().and_then(|retired| retired.see_instead.as_ref());
        confused.chain(lists.into_iter().flatten()).chain(instead)
    }

    /// Takes out the links to records that are not there.
    pub fn drop_links(&mut self, is_there: impl Fn(&RecordId) -> bool) {
        let related = &mut self.related;
        related.confused_with.retain(|confusion| confusion.id.as_ref().is_none_or(&is_there));
        let lists =
            [&mut related.leads_to, &mut related.caused_by, &mut related.see_also, &mut related.supersedes];
        lists.into_iter().for_each(|links| links.retain(&is_there));
        if let Status::Deprecated(retired) | Status::Withdrawn(retired) = &mut self.status {
            retired.see_instead = retired.see_instead.take().filter(&is_there);
        }
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
    /// Still true, but no longer the advice to give.
    Deprecated(Retired),
    /// Not true, or not any more.
    Withdrawn(Retired),
}

impl Status {
    /// The word for it, in every format.
    pub fn name(&self) -> &'static str {
        match self {
            Status::Draft { .. } => "draft",
            Status::Published => "published",
            Status::Open => "open",
            Status::Deprecated(_) => "deprecated",
            Status::Withdrawn(_) => "withdrawn",
        }
    }

    /// Why nobody should follow the record, where that is so.
    pub fn retired(&self) -> Option<&Retired> {
        match self {
            Status::Deprecated(retired) | Status::Withdrawn(retired) => Some(retired),
            Status::Draft { .. } | Status::Published | Status::Open => None,
        }
    }
}

/// Why a record is kept although nobody should follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    /// The reason.
    pub reason: Prose,
    /// The record to read instead.
    pub see_instead: Option<RecordId>,
}

/// Who may read a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Everybody.
    Public,
    /// The people of the house; `build --audience public` leaves it out.
    Internal,
}

impl Words for Audience {
    const WORDS: &'static [(&'static str, Audience)] =
        &[("public", Audience::Public), ("internal", Audience::Internal)];
}

/// The name of a monitoring alert: letters, digits, `_`, `.` and `-`, at most 128, safe as a part of a URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlertName(String);

impl AlertName {
    /// The name, if the text is one.
    pub fn parse(text: &str) -> Option<AlertName> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let named = text.bytes().any(|byte| byte.is_ascii_alphanumeric());
        (text.len() <= 128 && named && text.bytes().all(allowed)).then(|| AlertName(text.to_owned()))
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A component, and from when until when it has the failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// Its name.
    pub component: String,
    /// The first version or day that has the failure.
    pub introduced: Option<Release>,
    /// The first version or day that no longer has it.
    pub fixed: Option<Release>,
}

/// A point in the life of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Release {
    /// A version, padded to three numbers where fewer were written.
    Version(semver::Version),
    /// A day.
    Day(Date),
}

impl Release {
    /// A version such as `1.2`, `v1.2.3` or `2.0.0-rc.1`, or a day.
    pub fn parse(text: &str) -> Option<Release> {
        if let Some(date) = Date::parse(text) {
            return Some(Release::Day(date));
        }
        let text = text.strip_prefix('v').unwrap_or(text);
        let n_numbers = text.split(['-', '+']).next().unwrap_or_default().split('.').count();
        let padded = match text.find(['-', '+']) {
            Some(at) => {
                format!("{}{}{}", &text[..at], ".0".repeat(3_usize.saturating_sub(n_numbers)), &text[at..])
            }
            None => format!("{text}{}", ".0".repeat(3_usize.saturating_sub(n_numbers))),
        };
        semver::Version::parse(&padded).ok().map(Release::Version)
    }

    /// Whether it comes before another; `None` for a version and a day.
    pub fn is_before(&self, other: &Release) -> Option<bool> {
        match (self, other) {
            (Release::Version(one), Release::Version(other)) => Some(one < other),
            (Release::Day(one), Release::Day(other)) => Some(one < other),
            _ => None,
        }
    }
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Release::Version(version) => write!(f, "{version}"),
            Release::Day(date) => write!(f, "{date}"),
        }
    }
}

/// What tells a failure in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What is looked for.
    pub pattern: SignaturePattern,
    /// A real line that has it.
    pub example: Option<String>,
    /// Lines that look like it and are another failure.
    pub not_this: Vec<String>,
    /// Whether it is not enough alone.
    pub weak: bool,
}

/// What a signature looks for in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignaturePattern {
    /// These characters.
    Literal(String),
    /// This regular expression.
    Regex(Pattern),
}

/// What the quick fix block says instead of what would be derived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuickFix {
    /// Instead of the first sentence of the root cause.
    pub cause: Option<Prose>,
    /// Instead of the fix.
    pub repair: Option<Prose>,
    /// Instead of the wrong fixes.
    pub do_not: Vec<Prose>,
}

/// A rule that is silenced in one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// The rule.
    pub rule: Code,
    /// Why it does not hold here.
    pub reason: String,
}

/// A value that means something to another program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extension {
    /// A text, number or boolean, as its text.
    Text(String),
    /// Several.
    List(Vec<Extension>),
    /// Named ones.
    Map(BTreeMap<String, Extension>),
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

impl WrongFix {
    /// What people do, as they type it, or else in words.
    pub fn said(&self) -> Option<String> {
        self.run.clone().or_else(|| self.text.as_ref().map(|text| text.markdown().to_owned()))
    }
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
    /// In which run.
    pub run: Option<String>,
    /// When.
    pub date: Option<Date>,
    /// The rank that the record must hold; 3 unless said.
    pub top: u32,
    /// Whether the query must not find this record.
    pub absent: bool,
    /// Addresses that were opened after the query.
    pub opened: Vec<String>,
}

impl Keyword {
    /// How far down its record is looked for.
    pub fn depth(&self) -> usize {
        (self.top as usize).clamp(20, 100)
    }

    /// Whether the record may stand at this rank, from 1; `None` is beyond the depth.
    pub fn holds(&self, rank: Option<usize>) -> bool {
        match rank {
            Some(rank) => !self.absent && rank <= self.top as usize,
            None => self.absent,
        }
    }
}

impl Keyword {
    /// The rank to hold where the author says nothing.
    pub const DEFAULT_TOP: u32 = 3;
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
    /// What came of it, in a few words.
    pub outcome: Option<String>,
    /// What else is worth knowing.
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
