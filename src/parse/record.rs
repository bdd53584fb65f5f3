//! One file → [`ParsedRecord`]. The Markdown form becomes the same tree as the YAML form, so that both are
//! read by the same lines.

use super::fields::{self, Fields};
use super::shape;
use super::tree::{Node, Value};
use super::{check, markdown, verifier, wrong_fix, yaml};
use crate::diag::{Code, Diagnostic, nearest};
use crate::model::{
    Affected, AlertName, Allow, Audience, Check, Citation, Date, Extension, Keyword, OtherFix, Prose,
    QuickFix, RecordId, Release, Run, RunKind, Signature, SignaturePattern, Step, Verifier, Words, WrongFix,
};
use crate::text::{FileId, Source, Span, Spanned, is_invisible};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Why it is deprecated or withdrawn.
    pub reason: Option<Spanned<Prose>>,
    /// The record to read instead.
    pub see_instead: Option<Spanned<RecordId>>,
    /// Who may read it.
    pub audience: Option<Audience>,
    /// Former ids.
    pub aliases: Vec<Spanned<RecordId>>,
    /// Monitoring alerts.
    pub alerts: Vec<Spanned<AlertName>>,
    /// How bad it is.
    pub severity: Option<Spanned<String>>,
    /// Whose it is.
    pub owner: Option<Spanned<String>>,
    /// Whom to call.
    pub escalate: Option<Spanned<String>>,
    /// What stops the bleeding.
    pub mitigation: Option<Spanned<Prose>>,
    /// Components and versions.
    pub applies_to: Vec<Spanned<Affected>>,
    /// What tells it in a log.
    pub signatures: Vec<Spanned<Signature>>,
    /// What is observed.
    pub symptom: Option<Spanned<Prose>>,
    /// The cause.
    pub root_cause: Option<Spanned<Prose>>,
    /// The mechanism.
    pub why: Option<Spanned<Prose>>,
    /// What the quick fix block says.
    pub quick_fix: Option<Spanned<QuickFix>>,
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
    /// The executable check in its long form.
    pub verify: Option<Box<Verifier>>,
    /// What could be better in the long form; the record may silence it.
    pub verify_doubts: Vec<Diagnostic>,
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
    /// Rules to silence here.
    pub allow: Vec<Spanned<Allow>>,
    /// Values for other programs.
    pub extensions: BTreeMap<String, Extension>,
    /// Characters that nobody can see, each with the place of its value; the first of each value.
    pub invisible: Vec<Spanned<char>>,
}

impl ParsedRecord {
    /// Every prose of the record with its place, for rules that read text.
    pub fn proses(&self) -> Vec<(&Prose, Span)> {
        let mut proses: Vec<(&Prose, Span)> = Vec::new();
        for prose in
            [&self.reason, &self.mitigation, &self.symptom, &self.root_cause, &self.why, &self.verification]
        {
            proses.extend(prose.iter().map(|prose| (&prose.value, prose.span)));
        }
        if let Some(quick) = &self.quick_fix {
            let all = quick.value.cause.iter().chain(&quick.value.repair).chain(&quick.value.do_not);
            proses.extend(all.map(|prose| (prose, quick.span)));
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
    /// No longer the advice to give.
    Deprecated,
    /// Not true.
    Withdrawn,
}

impl Words for ParsedStatus {
    const WORDS: &'static [(&'static str, ParsedStatus)] = &[
        ("draft", ParsedStatus::Draft),
        ("published", ParsedStatus::Published),
        ("open", ParsedStatus::Open),
        ("deprecated", ParsedStatus::Deprecated),
        ("withdrawn", ParsedStatus::Withdrawn),
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
    let mut fields = Fields::open(root, &shape::RECORD, found)?;
    let id = file_id(file, path, fields.text("id", found), found);
    let status = fields.node("status", found).and_then(|node| status(node, found)).unwrap_or_default();
    let related = fields.node("related", found).and_then(|node| related(node, found)).unwrap_or_default();
    let wrong_fixes = wrong_fix::all(fields.items("wrong_fixes", found), found);
    let long_form = verifier::of_record(&mut fields, &wrong_fixes, found);
    let record = ParsedRecord {
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
        status: status.state,
        reason: status.reason,
        see_instead: status.see_instead,
        audience: value(fields.word("audience", found)),
        aliases: fields.ids("aliases", found),
        alerts: alerts(fields.texts("alerts", found), found),
        severity: fields.text("severity", found),
        owner: fields.text("owner", found),
        escalate: fields.text("escalate", found),
        mitigation: fields.prose("mitigation", found),
        applies_to: each(fields.items("applies_to", found), affected, found),
        symptom: fields.prose("symptom", found),
        signatures: each(at_most(MAX_SIGNATURES, fields.items("signatures", found), found), signature, found),
        root_cause: fields.prose("root_cause", found),
        why: fields.prose("why", found),
        quick_fix: fields
            .node("quick_fix", found)
            .and_then(|node| Some(Spanned::new(quick_fix(node, found)?, node.span))),
        fix: each(fields.items("fix", found), step, found),
        other_fixes: each(fields.items("other_fixes", found), other_fix, found),
        wrong_fixes,
        keywords: each(fields.items("keywords", found), keyword, found),
        verification: fields.prose("verification", found),
        check: fields.node("check", found).and_then(|node| check::parse(node, found)),
        verify: long_form.verifier,
        verify_doubts: long_form.doubts,
        validation_runs: fields.node("validation", found).map(|node| runs(node, found)).unwrap_or_default(),
        sources: each(fields.items("sources", found), citation, found),
        confused_with: related.confused_with,
        leads_to: related.leads_to,
        caused_by: related.caused_by,
        see_also: related.see_also,
        supersedes: related.supersedes,
        created: fields.date("created", found),
        updated: fields.date("updated", found),
        review_by: fields.date("review_by", found),
        authors: fields.texts("authors", found),
        license: fields.text("license", found),
        allow: each(fields.items("allow", found), allow, found),
        extensions: fields.node("x", found).map(|node| extensions(node, found)).unwrap_or_default(),
        invisible: invisible(root),
    };
    fields.finish(found);
    Some(record)
}

/// Control characters and bidirectional marks in any key or value, whatever it was written with.
fn invisible(node: &Node) -> Vec<Spanned<char>> {
    let in_text = |text: &str, span: Span| {
        // Most texts are plain, and bytes are quicker to look at.
        let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t'));
        let hidden = if plain { None } else { text.chars().find(|c| is_invisible(*c)) };
        hidden.map(|c| Spanned::new(c, span))
    };
    match &node.value {
        Value::Null => Vec::new(),
        Value::Scalar(text) => in_text(text, node.span).into_iter().collect(),
        Value::List(items) => items.iter().flat_map(invisible).collect(),
        Value::Map(entries) => entries
            .iter()
            .flat_map(|entry| {
                in_text(&entry.key.value, entry.key.span).into_iter().chain(invisible(&entry.node))
            })
            .collect(),
    }
}

#[derive(Default)]
struct WrittenStatus {
    state: Option<Spanned<ParsedStatus>>,
    reason: Option<Spanned<Prose>>,
    see_instead: Option<Spanned<RecordId>>,
}

fn status(node: &Node, found: &mut Vec<Diagnostic>) -> Option<WrittenStatus> {
    let mut fields = Fields::open(node, &shape::STATUS, found)?;
    let state: Option<Spanned<ParsedStatus>> = fields.word("state", found);
    let reason = fields.prose("reason", found);
    let see_instead = fields.text("see_instead", found).and_then(|written| fields::id(written, found));
    let retired = matches!(
        state.as_ref().map(|state| state.value),
        Some(ParsedStatus::Deprecated | ParsedStatus::Withdrawn)
    );
    if retired && reason.is_none() {
        let hint = "it is written `status: {state: withdrawn, reason: …}`";
        missing(&fields, "this status has no reason", hint, found);
    }
    if !retired && (reason.is_some() || see_instead.is_some()) {
        found.push(
            Diagnostic::error(
                Code::UnknownKey,
                node.span,
                "only a deprecated or withdrawn record has a reason",
            )
            .hint("`status: published`, `draft` and `open` stand alone"),
        );
    }
    fields.finish(found);
    Some(WrittenStatus { state, reason, see_instead })
}

fn alerts(written: Vec<Spanned<String>>, found: &mut Vec<Diagnostic>) -> Vec<Spanned<AlertName>> {
    let mut alerts = Vec::new();
    for text in written {
        match AlertName::parse(&text.value) {
            Some(name) => alerts.push(Spanned::new(name, text.span)),
            None => found.push(
                Diagnostic::error(
                    Code::WrongType,
                    text.span,
                    format!("`{}` cannot be the name of an alert", text.value),
                )
                .hint("a name is made of letters, digits, `_`, `.` and `-`, at most 128"),
            ),
        }
    }
    alerts
}

fn affected(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Affected> {
    let mut fields = Fields::open(node, &shape::AFFECTED, found)?;
    let component = fields.text("component", found);
    let introduced = fields.text("introduced", found).and_then(|text| release(&text, found));
    let fixed = fields.text("fixed", found).and_then(|text| release(&text, found));
    if component.is_none() {
        missing(&fields, "this does not say what is affected", "it has a `component`", found);
    }
    fields.finish(found);
    Some(Affected { component: component?.value, introduced, fixed })
}

fn release(written: &Spanned<String>, found: &mut Vec<Diagnostic>) -> Option<Release> {
    let release = Release::parse(&written.value);
    if release.is_none() {
        let message = format!("`{}` is neither a version nor a day", written.value);
        found.push(
            Diagnostic::error(Code::WrongType, written.span, message)
                .hint("a version is written like 1.2.3, a day like 2026-11-24"),
        );
    }
    release
}

fn signature(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Signature> {
    let mut fields = Fields::open(node, &shape::SIGNATURE, found)?;
    let literal = fields.text("literal", found);
    let regex = fields.text("regex", found);
    let signature = match (literal, regex) {
        (Some(literal), None) => Some(SignaturePattern::Literal(literal.value)),
        (None, Some(regex)) => check::pattern(&regex, found).map(SignaturePattern::Regex),
        _ => {
            let hint = "a signature has a `literal` or a `regex`";
            missing(&fields, "this signature does not say what to look for", hint, found);
            None
        }
    };
    let example = value(fields.text("example", found));
    let not_this = fields.texts("not_this", found).into_iter().map(|text| text.value).collect();
    let weak = fields.flag("weak", found);
    fields.finish(found);
    Some(Signature { pattern: signature?, example, not_this, weak })
}

fn allow(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Allow> {
    let mut fields = Fields::open(node, &shape::ALLOW, found)?;
    let rule = fields.text("rule", found);
    let reason = fields.text("reason", found);
    if rule.is_none() || reason.is_none() {
        let hint = "it is written `{rule: long-title, reason: …}`";
        missing(&fields, "this does not say which rule is silenced, and why", hint, found);
    }
    fields.finish(found);
    let rule = rule?;
    let code = Code::parse(&rule.value);
    if code.is_none() {
        let hint = match nearest(&rule.value, Code::ALL.iter().map(|code| code.name())) {
            Some(name) => format!("the nearest rule is `{name}`"),
            None => "the rule's name stands in the brackets of its finding".to_owned(),
        };
        let message = format!("no rule is called `{}`", rule.value);
        found.push(Diagnostic::error(Code::UnknownValue, rule.span, message).hint(hint));
    }
    Some(Allow { rule: code?, reason: reason?.value })
}

/// The values of a map that means something to another program.
pub fn extensions(node: &Node, found: &mut Vec<Diagnostic>) -> BTreeMap<String, Extension> {
    let Value::Map(entries) = &node.value else {
        found.push(
            Diagnostic::error(
                Code::WrongType,
                node.span,
                format!("`x` is a map, and this is {}", node.kind()),
            )
            .hint("it is written as lines of `key: value`"),
        );
        return BTreeMap::new();
    };
    entries.iter().map(|entry| (entry.key.value.clone(), extension(&entry.node))).collect()
}

fn extension(node: &Node) -> Extension {
    match &node.value {
        Value::Null => Extension::Text(String::new()),
        Value::Scalar(text) => Extension::Text(text.clone()),
        Value::List(items) => Extension::List(items.iter().map(extension).collect()),
        Value::Map(entries) => Extension::Map(
            entries.iter().map(|entry| (entry.key.value.clone(), extension(&entry.node))).collect(),
        ),
    }
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

/// Compiling a regular expression is the dearest thing that a record can ask for.
const MAX_SIGNATURES: usize = 32;

fn at_most<'n>(max: usize, mut items: Vec<&'n Node>, found: &mut Vec<Diagnostic>) -> Vec<&'n Node> {
    if let Some(first) = items.get(max) {
        let message = format!("there are {} of these", items.len());
        found.push(
            Diagnostic::error(Code::TooLarge, first.span, message)
                .hint(format!("a record has at most {max}")),
        );
        items.truncate(max);
    }
    items
}

/// Each item that can be read, with its place.
pub(super) fn each<T>(
    items: Vec<&Node>,
    read: fn(&Node, &mut Vec<Diagnostic>) -> Option<T>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Spanned<T>> {
    items.into_iter().filter_map(|node| Some(Spanned::new(read(node, found)?, node.span))).collect()
}

fn quick_fix(node: &Node, found: &mut Vec<Diagnostic>) -> Option<QuickFix> {
    let mut fields = Fields::open(node, &shape::QUICK_FIX, found)?;
    let quick = QuickFix {
        cause: value(fields.prose("cause", found)),
        repair: value(fields.prose("repair", found)),
        do_not: fields.proses("do_not", found),
    };
    fields.finish(found);
    Some(quick)
}

fn step(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Step> {
    let mut fields = Fields::open(node, &shape::STEP, found)?;
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
    let mut fields = Fields::open(node, &shape::OTHER_FIX, found)?;
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

fn keyword(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Keyword> {
    let mut fields = Fields::open(node, &shape::KEYWORD, found)?;
    let query = fields.text("query", found);
    let by = value(fields.text("by", found));
    let run = value(fields.text("run", found));
    let date = fields.date("date", found);
    let top = fields.count("top", 1..=100, found).unwrap_or(Keyword::DEFAULT_TOP);
    let absent = fields.flag("absent", found);
    let opened = fields.texts("opened", found).into_iter().filter_map(|url| web(url, found)).collect();
    if query.is_none() {
        missing(&fields, "this keyword has no `query`", "the query is written as it was typed", found);
    }
    fields.finish(found);
    Some(Keyword { query: query?.value, by, run, date, top, absent, opened })
}

fn runs(node: &Node, found: &mut Vec<Diagnostic>) -> Vec<Spanned<Run>> {
    let Some(mut fields) = Fields::open(node, &shape::VALIDATION, found) else { return Vec::new() };
    let runs = each(fields.items("runs", found), run, found);
    fields.finish(found);
    runs
}

fn run(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Run> {
    let mut fields = Fields::open(node, &shape::RUN, found)?;
    let by = fields.text("by", found);
    let kind = fields.word::<RunKind>("kind", found);
    let date = fields.date("date", found);
    let outcome = value(fields.text("outcome", found));
    let note = value(fields.prose("note", found));
    if by.is_none() || kind.is_none() {
        missing(&fields, "this run is not complete", "a run has `by` and `kind`", found);
    }
    fields.finish(found);
    Some(Run { by: by?.value, kind: kind?.value, date, outcome, note })
}

fn citation(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Citation> {
    let mut fields = Fields::open(node, &shape::SOURCE, found)?;
    let mut url = fields.text("url", found);
    let mut title = fields.text("title", found);
    // A text alone that is an address is one.
    let is_address = |text: &String| text.contains("://") && !text.contains(char::is_whitespace);
    if url.is_none() && !fields.has("url") && title.as_ref().is_some_and(|title| is_address(&title.value)) {
        std::mem::swap(&mut url, &mut title);
    }
    let names_nothing = url.is_none() && title.is_none() && !fields.has("url");
    let citation = Citation {
        url: url.and_then(|url| web(url, found)),
        title: value(title),
        publisher: value(fields.text("publisher", found)),
        accessed: fields.date("accessed", found),
        quote: value(fields.text("quote", found)),
        supports: fields.texts("supports", found).into_iter().map(|text| text.value).collect(),
    };
    if names_nothing {
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
            && rest.starts_with(|c: char| c.is_alphanumeric() || c == '[')
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

#[derive(Default)]
struct WrittenRelated {
    confused_with: Vec<Spanned<ParsedConfusion>>,
    leads_to: Vec<Spanned<RecordId>>,
    caused_by: Vec<Spanned<RecordId>>,
    see_also: Vec<Spanned<RecordId>>,
    supersedes: Vec<Spanned<RecordId>>,
}

fn related(node: &Node, found: &mut Vec<Diagnostic>) -> Option<WrittenRelated> {
    let mut fields = Fields::open(node, &shape::RELATED, found)?;
    let related = WrittenRelated {
        confused_with: each(fields.items("confused_with", found), confusion, found),
        leads_to: fields.ids("leads_to", found),
        caused_by: fields.ids("caused_by", found),
        see_also: fields.ids("see_also", found),
        supersedes: fields.ids("supersedes", found),
    };
    fields.finish(found);
    Some(related)
}

fn confusion(node: &Node, found: &mut Vec<Diagnostic>) -> Option<ParsedConfusion> {
    let mut fields = Fields::open(node, &shape::CONFUSION, found)?;
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

/// Notes that a map lacks what makes it one.
pub(super) fn missing(fields: &Fields, message: &str, hint: &str, found: &mut Vec<Diagnostic>) {
    found.push(Diagnostic::error(Code::MissingField, fields.span(), message).hint(hint));
}

/// A value without its place.
pub(super) fn value<T>(written: Option<Spanned<T>>) -> Option<T> {
    written.map(|written| written.value)
}
