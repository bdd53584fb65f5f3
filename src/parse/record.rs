//! One file → [`ParsedRecord`]. The Markdown form becomes the same tree as the YAML form, so that both are
//! read by the same lines.

use super::fields::{self, Fields};
use super::tree::Node;
use super::{check, markdown, yaml};
use crate::diag::{Code, Diagnostic};
use crate::model::{
    Check, Citation, Date, Keyword, OtherFix, Outcome, Prose, RecordId, Run, RunKind, Step, Words, WrongFix,
};
use crate::text::{FileId, Source, Span, Spanned};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;

/// A record as written: each value with its place, nothing yet required, unique or resolved.
#[derive(Debug)]
pub struct ParsedRecord {
    /// The file.
    pub file: FileId,
    /// Its path, relative to the book.
    pub path: Utf8PathBuf,
    /// The id that the file's name gives; `None` where it cannot be one.
    pub id: Option<RecordId>,
    /// The keys that are written, whether or not their values could be read.
    pub written: BTreeSet<String>,
    /// What a person would type or see.
    pub title: Option<Spanned<String>>,
    /// One sentence.
    pub summary: Option<Spanned<String>>,
    /// What fails.
    pub product: Option<Spanned<String>>,
    /// The kind of failure.
    pub category: Option<Spanned<String>>,
    /// The world that the product belongs to.
    pub ecosystem: Option<Spanned<String>>,
    /// Free words.
    pub tags: Vec<Spanned<String>>,
    /// The outside rule.
    pub contract: Option<Spanned<String>>,
    /// What the author says of its state.
    pub status: Option<Spanned<ParsedStatus>>,
    /// What is observed.
    pub symptom: Option<Spanned<Prose>>,
    /// The cause.
    pub root_cause: Option<Spanned<Prose>>,
    /// The mechanism.
    pub why: Option<Spanned<Prose>>,
    /// The cause for the quick fix block.
    pub quick_cause: Option<Spanned<Prose>>,
    /// The repair.
    pub fix: Vec<Spanned<Step>>,
    /// Repairs for other circumstances.
    pub other_fixes: Vec<Spanned<OtherFix>>,
    /// What does not help.
    pub wrong_fixes: Vec<Spanned<WrongFix>>,
    /// Queries.
    pub keywords: Vec<Spanned<Keyword>>,
    /// What must be shown.
    pub verification: Option<Spanned<Prose>>,
    /// The executable check.
    pub check: Option<Check>,
    /// Runs by which the record was tried.
    pub validation_runs: Vec<Spanned<Run>>,
    /// Where the facts come from.
    pub sources: Vec<Spanned<Citation>>,
    /// Failures that look alike.
    pub confused_with: Vec<Spanned<ParsedConfusion>>,
    /// What this failure brings about.
    pub leads_to: Vec<Spanned<RecordId>>,
    /// What brings this failure about.
    pub caused_by: Vec<Spanned<RecordId>>,
    /// Worth reading as well.
    pub see_also: Vec<Spanned<RecordId>>,
    /// What this record replaces.
    pub supersedes: Vec<Spanned<RecordId>>,
    /// First written.
    pub created: Option<Date>,
    /// Last changed.
    pub updated: Option<Date>,
    /// To be read again by.
    pub review_by: Option<Date>,
    /// Who wrote it.
    pub authors: Vec<Spanned<String>>,
    /// The licence of its text.
    pub license: Option<Spanned<String>>,
}

impl ParsedRecord {
    /// Every prose of the record with its place, for rules that read text.
    pub fn proses(&self) -> Vec<(&Prose, Span)> {
        let mut proses: Vec<(&Prose, Span)> = Vec::new();
        for prose in [&self.symptom, &self.root_cause, &self.why, &self.quick_cause, &self.verification] {
            proses.extend(prose.iter().map(|prose| (&prose.value, prose.span)));
        }
        for step in &self.fix {
            proses.extend(step.value.text.iter().chain(&step.value.risk).map(|prose| (prose, step.span)));
        }
        for other in &self.other_fixes {
            let fix = &other.value;
            let steps = fix.steps.iter().flat_map(|step| step.text.iter().chain(&step.risk));
            let all = steps.chain(&fix.when).chain(&fix.tradeoff);
            proses.extend(all.map(|prose| (prose, other.span)));
        }
        for wrong in &self.wrong_fixes {
            let fix = &wrong.value;
            let all = fix.text.iter().chain(&fix.why).chain(&fix.tempting);
            proses.extend(all.map(|prose| (prose, wrong.span)));
        }
        proses.extend(self.confused_with.iter().map(|confusion| (&confusion.value.tell, confusion.span)));
        for run in &self.validation_runs {
            proses.extend(run.value.note.iter().map(|note| (note, run.span)));
        }
        proses
    }
}

/// What an author says of a record's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParsedStatus {
    /// Not finished.
    Draft,
    /// Complete.
    Published,
    /// No repair is known yet.
    Open,
}

impl Words for ParsedStatus {
    const WORDS: &'static [(&'static str, ParsedStatus)] = &[
        ("draft", ParsedStatus::Draft),
        ("published", ParsedStatus::Published),
        ("open", ParsedStatus::Open),
    ];
}

/// A failure that looks alike, as written.
#[derive(Clone, Debug)]
pub struct ParsedConfusion {
    /// Which record.
    pub id: Option<Spanned<RecordId>>,
    /// What it is, where the book has no record of it.
    pub title: Option<String>,
    /// What tells the two apart.
    pub tell: Prose,
}

/// Reads one record file. `None` where there is no map to read at all; findings say why.
pub fn parse(file: FileId, source: &Source, found: &mut Vec<Diagnostic>) -> Option<ParsedRecord> {
    let root = match source.path.extension() {
        Some("md") => markdown::parse(file, &source.text, found),
        _ => yaml::parse(file, 0, &source.text, found).or_else(|| empty(file, found)),
    }?;
    record(file, &source.path, &root, found)
}

fn empty(file: FileId, found: &mut Vec<Diagnostic>) -> Option<Node> {
    if !found.iter().any(|diagnostic| diagnostic.span.file == file) {
        found.push(
            Diagnostic::error(Code::EmptyValue, Span::start_of(file), "this file is empty")
                .hint("a record has at least a title, a product, a symptom and a fix"),
        );
    }
    None
}

fn record(file: FileId, path: &Utf8Path, root: &Node, found: &mut Vec<Diagnostic>) -> Option<ParsedRecord> {
    let mut fields = Fields::open(root, "a record", found)?;
    let id = file_id(file, path, fields.text("id", found), found);
    let quick_cause = fields.node("quick_fix", found).and_then(|node| quick_fix(node, found));
    let mut record = ParsedRecord {
        file,
        path: path.to_owned(),
        id,
        written: fields.written(),
        title: fields.text("title", found),
        summary: fields.text("summary", found),
        product: fields.text("product", found),
        category: fields.text("category", found),
        ecosystem: fields.text("ecosystem", found),
        tags: fields.texts("tags", found),
        contract: fields.text("contract", found),
        status: fields.word("status", found),
        symptom: fields.prose("symptom", found),
        root_cause: fields.prose("root_cause", found),
        why: fields.prose("why", found),
        quick_cause,
        fix: each(fields.items("fix", found), step, found),
        other_fixes: each(fields.items("other_fixes", found), other_fix, found),
        wrong_fixes: each(fields.items("wrong_fixes", found), wrong_fix, found),
        keywords: each(fields.items("keywords", found), keyword, found),
        verification: fields.prose("verification", found),
        check: fields.node("check", found).and_then(|node| check::parse(node, found)),
        validation_runs: fields.node("validation", found).map(|node| runs(node, found)).unwrap_or_default(),
        sources: each(fields.items("sources", found), citation, found),
        confused_with: Vec::new(),
        leads_to: Vec::new(),
        caused_by: Vec::new(),
        see_also: Vec::new(),
        supersedes: Vec::new(),
        created: fields.date("created", found),
        updated: fields.date("updated", found),
        review_by: fields.date("review_by", found),
        authors: fields.texts("authors", found),
        license: fields.text("license", found),
    };
    if let Some(node) = fields.node("related", found) {
        related(node, &mut record, found);
    }
    fields.finish(found);
    Some(record)
}

/// The id comes from the file's name; an `id` key may repeat it.
fn file_id(
    file: FileId,
    path: &Utf8Path,
    written: Option<Spanned<String>>,
    found: &mut Vec<Diagnostic>,
) -> Option<RecordId> {
    let stem = path.file_stem().unwrap_or_default();
    let name = match stem {
        "record" => path.parent().and_then(Utf8Path::file_name).unwrap_or(stem),
        _ => stem,
    };
    let id = RecordId::parse(name);
    if id.is_none() {
        let hint = match RecordId::slug(name) {
            Some(slug) => format!("{}; `{slug}` would do", fields::ID_HINT),
            None => fields::ID_HINT.to_owned(),
        };
        let message = format!("the file name `{name}` cannot be the id of a record");
        found.push(Diagnostic::error(Code::BadId, Span::start_of(file), message).hint(hint));
    }
    if let Some(written) = written.filter(|written| written.value != name) {
        let message = format!("the id `{}` differs from the file's name `{name}`", written.value);
        found.push(
            Diagnostic::error(Code::IdMismatch, written.span, message)
                .hint("the file's name is the id; the key can be left out"),
        );
    }
    id
}

fn each<T>(
    items: Vec<&Node>,
    read: fn(&Node, &mut Vec<Diagnostic>) -> Option<T>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Spanned<T>> {
    items.into_iter().filter_map(|node| Some(Spanned::new(read(node, found)?, node.span))).collect()
}

fn quick_fix(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Spanned<Prose>> {
    let mut fields = Fields::open(node, "a quick fix", found)?;
    let cause = fields.prose("cause", found);
    fields.finish(found);
    cause
}

fn step(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Step> {
    if is_text(node) {
        let text = fields::text(node, "a step", found)?;
        return Some(Step { text: Some(Prose::new(&text.value)), run: None, undo: None, risk: None });
    }
    let mut fields = Fields::open(node, "a step", found)?;
    let step = Step {
        text: value(fields.prose("text", found)),
        run: value(fields.text("run", found)),
        undo: value(fields.text("undo", found)),
        risk: value(fields.prose("risk", found)),
    };
    let empty = step.text.is_none() && step.run.is_none();
    if empty {
        missing(&fields, "this step says nothing", "a step has `text`, `run`, or both", found);
    }
    fields.finish(found);
    (!empty).then_some(step)
}

fn other_fix(node: &Node, found: &mut Vec<Diagnostic>) -> Option<OtherFix> {
    let mut fields = Fields::open(node, "another fix", found)?;
    let title = fields.text("title", found);
    let when = value(fields.prose("when", found));
    let steps: Vec<Step> =
        each(fields.items("steps", found), step, found).into_iter().map(|step| step.value).collect();
    let tradeoff = value(fields.prose("tradeoff", found));
    if title.is_none() || steps.is_empty() {
        missing(&fields, "this fix is not complete", "another fix has a `title` and `steps`", found);
    }
    fields.finish(found);
    let title = title?.value;
    (!steps.is_empty()).then_some(OtherFix { title, when, steps, tradeoff })
}

fn wrong_fix(node: &Node, found: &mut Vec<Diagnostic>) -> Option<WrongFix> {
    if is_text(node) {
        let text = fields::text(node, "a wrong fix", found)?;
        let id = derived_id(&text.value);
        let text = Some(Prose::new(&text.value));
        return Some(WrongFix { id, text, run: None, why: None, tempting: None, outcome: None });
    }
    let mut fields = Fields::open(node, "a wrong fix", found)?;
    let id = fields.text("id", found).and_then(|written| fields::id(written, found));
    let text = value(fields.prose("text", found));
    let run = value(fields.text("run", found));
    let why = value(fields.prose("why", found));
    let tempting = value(fields.prose("tempting", found));
    let outcome = fields.word::<Outcome>("outcome", found).map(|word| word.value);
    let said = text.as_ref().map(Prose::plain).or_else(|| run.clone());
    if said.is_none() {
        missing(
            &fields,
            "this wrong fix does not say what people do",
            "a wrong fix has `text`, `run`, or both",
            found,
        );
    }
    fields.finish(found);
    let id =
        id.map_or_else(|| derived_id(said.as_deref().unwrap_or_default()), |id| id.value.as_str().to_owned());
    said.map(|_| WrongFix { id, text, run, why, tempting, outcome })
}

/// A name for a wrong fix whose author gave none: the first words of what people do.
fn derived_id(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(8).collect();
    RecordId::slug(&words.join(" ")).map_or_else(|| "wrong-fix".to_owned(), |id| id.as_str().to_owned())
}

fn keyword(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Keyword> {
    if is_text(node) {
        let query = fields::text(node, "a keyword", found)?.value;
        return Some(Keyword { query, by: None, date: None });
    }
    let mut fields = Fields::open(node, "a keyword", found)?;
    let query = fields.text("query", found);
    let by = value(fields.text("by", found));
    let date = fields.date("date", found);
    if query.is_none() {
        missing(&fields, "this keyword has no `query`", "the query is written as it was typed", found);
    }
    fields.finish(found);
    Some(Keyword { query: query?.value, by, date })
}

fn runs(node: &Node, found: &mut Vec<Diagnostic>) -> Vec<Spanned<Run>> {
    let Some(mut fields) = Fields::open(node, "a validation", found) else { return Vec::new() };
    let runs = each(fields.items("runs", found), run, found);
    fields.finish(found);
    runs
}

fn run(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Run> {
    let mut fields = Fields::open(node, "a run", found)?;
    let by = fields.text("by", found);
    let kind = fields.word::<RunKind>("kind", found);
    let date = fields.date("date", found);
    let note = value(fields.prose("note", found));
    if by.is_none() || kind.is_none() {
        missing(&fields, "this run is not complete", "a run has `by` and `kind`", found);
    }
    fields.finish(found);
    Some(Run { by: by?.value, kind: kind?.value, date, note })
}

fn citation(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Citation> {
    if is_text(node) {
        let text = fields::text(node, "a source", found)?;
        let is_url = text.value.contains("://") && !text.value.contains(char::is_whitespace);
        let (url, title) = if is_url { (web(text, found), None) } else { (None, Some(text.value)) };
        let citation =
            Citation { url, title, publisher: None, accessed: None, quote: None, supports: Vec::new() };
        return (citation.url.is_some() || citation.title.is_some()).then_some(citation);
    }
    let mut fields = Fields::open(node, "a source", found)?;
    let written = fields.text("url", found);
    let has_place = written.is_some();
    let citation = Citation {
        url: written.and_then(|url| web(url, found)),
        title: value(fields.text("title", found)),
        publisher: value(fields.text("publisher", found)),
        accessed: fields.date("accessed", found),
        quote: value(fields.text("quote", found)),
        supports: fields.texts("supports", found).into_iter().map(|text| text.value).collect(),
    };
    if !has_place && citation.title.is_none() {
        missing(&fields, "this source names nothing", "a source has a `url`, a `title`, or both", found);
    }
    fields.finish(found);
    (citation.url.is_some() || citation.title.is_some()).then_some(citation)
}

/// An address on the web; any other scheme is a finding, since pages link to it.
fn web(url: Spanned<String>, found: &mut Vec<Diagnostic>) -> Option<String> {
    let rest = url.value.strip_prefix("https://").or_else(|| url.value.strip_prefix("http://"));
    let clean = rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with('/')
            && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
    });
    if !clean {
        let message = format!("`{}` is not a web address", url.value);
        found.push(
            Diagnostic::error(Code::UnsafeLink, url.span, message)
                .hint("an address begins with https:// or http://"),
        );
    }
    clean.then_some(url.value)
}

fn related(node: &Node, record: &mut ParsedRecord, found: &mut Vec<Diagnostic>) {
    let Some(mut fields) = Fields::open(node, "`related`", found) else { return };
    record.confused_with = each(fields.items("confused_with", found), confusion, found);
    record.leads_to = fields.ids("leads_to", found);
    record.caused_by = fields.ids("caused_by", found);
    record.see_also = fields.ids("see_also", found);
    record.supersedes = fields.ids("supersedes", found);
    fields.finish(found);
}

fn confusion(node: &Node, found: &mut Vec<Diagnostic>) -> Option<ParsedConfusion> {
    let mut fields = Fields::open(node, "a failure that looks alike", found)?;
    let id = fields.text("id", found).and_then(|written| fields::id(written, found));
    let title = value(fields.text("title", found));
    let tell = fields.prose("tell", found);
    if tell.is_none() || (id.is_none() && title.is_none()) {
        let hint = "it has a `tell`, and the `id` of a record or a `title`";
        missing(&fields, "this does not say how to tell the failures apart", hint, found);
    }
    fields.finish(found);
    let tell = tell?.value;
    (id.is_some() || title.is_some()).then_some(ParsedConfusion { id, title, tell })
}

fn is_text(node: &Node) -> bool {
    matches!(node.value, super::tree::Value::Scalar(_))
}

fn missing(fields: &Fields, message: &str, hint: &str, found: &mut Vec<Diagnostic>) {
    found.push(Diagnostic::error(Code::MissingField, fields.span(), message).hint(hint));
}

fn value<T>(written: Option<Spanned<T>>) -> Option<T> {
    written.map(|written| written.value)
}
