//! What templates see: plain values, converted here so that the model stays free of them.

use super::check_view::{Badge, CheckView, proof_badge, ran};
use super::html::{Html, Setting};
use super::relations::Relations;
use crate::model::{
    Affected, Audience, CellName, Citation, Confusion, Guide, Keyword, OtherFix, Outcome, Proof, Prose,
    Record, RecordId, Records, Release, Run, RunKind, Signature, SignaturePattern, Status, Step, Validation,
    WrongFix,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A link with its words.
#[derive(Serialize)]
pub struct Link {
    /// What stands in the link.
    pub name: String,
    /// Relative to the site's root.
    pub path: String,
}

/// Prose, for pages and for Markdown twins.
#[derive(Serialize)]
pub struct ProseView {
    /// Rendered.
    pub html: Html,
    /// As written.
    pub markdown: String,
}

/// A record in a list.
#[derive(Serialize)]
pub struct CardView {
    /// The id.
    pub id: String,
    /// The title.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// What fails.
    pub product: String,
    /// Where its check stands.
    pub badge: Badge,
    /// That nobody should follow it any more.
    pub retired: Option<&'static str>,
}

/// A record's page.
#[derive(Serialize)]
pub struct RecordView {
    /// The id.
    pub id: String,
    /// The title.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// The same, where it does not stand at the beginning of the symptom anyway.
    pub lead: Option<String>,
    /// Relative to the site's root.
    pub path: String,
    /// Where its check stands.
    pub badge: Badge,
    /// A draft says so.
    pub draft: bool,
    /// Whether it is for the house only.
    pub internal: bool,
    /// What is said above everything else of a record that nobody should follow.
    pub notice: Option<NoticeView>,
    /// Names of alerts.
    pub alerts: Vec<Link>,
    /// How bad it is.
    pub severity: Option<String>,
    /// Whose it is.
    pub owner: Option<String>,
    /// Whom to call.
    pub escalate: Option<String>,
    /// What stops the bleeding.
    pub mitigation: Option<ProseView>,
    /// Components and versions.
    pub applies_to: Vec<AffectedView>,
    /// What fails.
    pub product: Link,
    /// Category and ecosystem, for the breadcrumb.
    pub category: Option<Link>,
    /// The world that the product belongs to.
    pub ecosystem: Option<Link>,
    /// Free words.
    pub tags: Vec<Link>,
    /// The outside rule.
    pub contract: Option<String>,
    /// The cause in a sentence.
    pub likely_cause: Option<String>,
    /// The repair.
    pub fix: FixView,
    /// What the quick fix block says instead of the repair.
    pub quick_repair: Option<ProseView>,
    /// What the do-not block says instead of the wrong fixes.
    pub do_not: Vec<ProseView>,
    /// What is observed.
    pub symptom: ProseView,
    /// What tells it in a log.
    pub signatures: Vec<SignatureView>,
    /// Failures that look alike.
    pub confused_with: Vec<ConfusionView>,
    /// The cause.
    pub root_cause: Option<ProseView>,
    /// The mechanism.
    pub why: Option<ProseView>,
    /// Repairs for other circumstances.
    pub other_fixes: Vec<FixView>,
    /// What does not help.
    pub wrong_fixes: Vec<WrongFixView>,
    /// What must be shown.
    pub verification: Option<ProseView>,
    /// The executable check.
    pub check: Option<CheckView>,
    /// Queries.
    pub keywords: Vec<KeywordView>,
    /// Where the facts come from.
    pub sources: Vec<SourceView>,
    /// What its own trials support.
    pub validation: ValidationView,
    /// Links, by what they mean.
    pub related: Vec<RelatedView>,
    /// First written.
    pub created: Option<String>,
    /// Last changed.
    pub updated: Option<String>,
    /// To be read again by.
    pub review_by: Option<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// The licence of its text.
    pub license: Option<String>,
    /// Where it can be edited.
    pub edit_url: Option<String>,
    /// Where a mistake can be reported.
    pub report_url: Option<String>,
    /// Where its history can be read.
    pub history_url: Option<String>,
    /// Data about the page for search engines, as JSON that may stand in a script element.
    pub json_ld: Html,
}

/// What is said above everything else.
#[derive(Serialize)]
pub struct NoticeView {
    /// `deprecated` or `withdrawn`.
    pub label: &'static str,
    /// Why.
    pub reason: ProseView,
    /// The record to read instead.
    pub instead: Option<Link>,
}

/// A component and its versions.
#[derive(Serialize)]
pub struct AffectedView {
    /// Its name.
    pub component: String,
    /// From when until when.
    pub range: Option<String>,
}

/// What tells a failure in a log.
#[derive(Serialize)]
pub struct SignatureView {
    /// What is looked for.
    pub text: String,
    /// Whether it is a regular expression.
    pub is_regex: bool,
    /// Whether it is not enough alone.
    pub weak: bool,
}

/// A page of prose.
#[derive(Serialize)]
pub struct GuideView {
    /// The heading.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// The text.
    pub body: Html,
    /// Where it can be edited.
    pub edit_url: Option<String>,
}

/// A repair.
#[derive(Serialize)]
pub struct FixView {
    /// The name of another repair.
    pub title: Option<String>,
    /// When it is the right one.
    pub when: Option<ProseView>,
    /// What to do.
    pub steps: Vec<StepView>,
    /// Its price.
    pub tradeoff: Option<ProseView>,
    /// What happened when its commands ran.
    pub ran: Option<Badge>,
}

/// One step of a repair.
#[derive(Serialize)]
pub struct StepView {
    /// What to do.
    pub text: Option<ProseView>,
    /// The command.
    pub run: Option<String>,
    /// The command, marked up.
    pub run_html: Option<Html>,
    /// How to take it back.
    pub undo: Option<String>,
    /// What can go wrong.
    pub risk: Option<ProseView>,
}

/// A wrong fix.
#[derive(Serialize)]
pub struct WrongFixView {
    /// Its id, for the anchor.
    pub id: String,
    /// What people do.
    pub text: Option<ProseView>,
    /// What people do, as a command.
    pub run: Option<String>,
    /// The command, marked up.
    pub run_html: Option<Html>,
    /// The command on one line, for a list.
    pub run_line: Option<String>,
    /// The first sentence of why.
    pub because: Option<String>,
    /// Why it fails.
    pub why: Option<ProseView>,
    /// Why people try it.
    pub tempting: Option<ProseView>,
    /// What comes of it, in words.
    pub outcome: Option<&'static str>,
    /// What happened when its command ran.
    pub ran: Option<Badge>,
}

/// A failure that looks alike.
#[derive(Serialize)]
pub struct ConfusionView {
    /// What it is.
    pub name: String,
    /// Its page, where the book has one.
    pub path: Option<String>,
    /// What tells the two apart.
    pub tell: ProseView,
}

/// A query.
#[derive(Serialize)]
pub struct KeywordView {
    /// As typed.
    pub query: String,
    /// Who typed it, and when.
    pub observed: Option<String>,
}

/// A source.
#[derive(Serialize)]
pub struct SourceView {
    /// What it is.
    pub name: String,
    /// Its address.
    pub url: Option<String>,
    /// When it was read.
    pub accessed: Option<String>,
    /// Publisher, date of reading, what it supports.
    pub notes: Vec<String>,
    /// A few words of it.
    pub quote: Option<String>,
}

/// The trials of the record itself.
#[derive(Serialize)]
pub struct ValidationView {
    /// The state.
    pub badge: Badge,
    /// The runs.
    pub runs: Vec<RunView>,
}

/// One trial.
#[derive(Serialize)]
pub struct RunView {
    /// What was tried, in words.
    pub kind: &'static str,
    /// Who tried it.
    pub by: String,
    /// When.
    pub date: Option<String>,
    /// What came of it.
    pub outcome: Option<String>,
    /// What else is worth knowing.
    pub note: Option<ProseView>,
}

/// Links of one kind.
#[derive(Serialize)]
pub struct RelatedView {
    /// What they mean.
    pub label: &'static str,
    /// A class of the style sheet: `before`, `after` or `beside` the record.
    pub side: &'static str,
    /// The records.
    pub links: Vec<Link>,
    /// How many more there are.
    pub n_more: usize,
}

/// How many records of one kind a page names beside its own.
const N_NEIGHBOURS: usize = 12;

/// What a record's page needs from the rest of the site.
pub struct Surroundings<'s> {
    /// Checks as scripts of their own.
    pub scripts: &'s BTreeMap<RecordId, Arc<str>>,
    /// What records are to each other.
    pub relations: &'s Relations<'s>,
    /// Every record, for the titles of those that are linked to.
    pub records: &'s Records,
    /// The page of every facet value: facet key and value to a path.
    pub facet_paths: &'s BTreeMap<(&'static str, String), String>,
    /// Where a record can be edited, with `{path}`.
    pub edit_url_template: Option<&'s str>,
    /// Where the book's source lies.
    pub repository: Option<&'s str>,
}

impl Surroundings<'_> {
    /// Where a file can be edited.
    pub fn edit_url(&self, path: &str) -> Option<String> {
        self.edit_url_template.map(|template| template.replace("{path}", path))
    }

    fn link(&self, id: &RecordId) -> Option<Link> {
        Some(Link { name: self.records.get(id)?.title.clone(), path: format!("f/{id}/") })
    }
}

impl ProseView {
    fn of(prose: &Prose, setting: Setting) -> ProseView {
        ProseView { html: Html::of(prose, setting), markdown: prose.markdown().to_owned() }
    }

    fn inline(prose: &Prose, setting: Setting) -> ProseView {
        ProseView { html: Html::inline(prose, setting), markdown: prose.markdown().to_owned() }
    }
}

impl CardView {
    /// A record in a list.
    pub fn of(record: &Record, proof: &Proof) -> CardView {
        CardView {
            id: record.id.to_string(),
            title: record.title.clone(),
            summary: plain(&record.summary),
            product: record.product.clone(),
            badge: proof_badge(proof.state),
            retired: retired(record),
        }
    }
}

/// `deprecated` or `withdrawn`.
pub fn retired(record: &Record) -> Option<&'static str> {
    record.status.retired().map(|_| record.status.name())
}

impl RecordView {
    /// A record's page, in a setting.
    pub fn of(
        record: &Record,
        proof: &Proof,
        setting: Setting,
        around: &Surroundings,
        json_ld: Html,
    ) -> RecordView {
        let html = |prose: &Option<Prose>| prose.as_ref().map(|prose| ProseView::of(prose, setting));
        let facet = |key: &'static str, name: &str| Link {
            name: name.to_owned(),
            path: around.facet_paths.get(&(key, name.to_owned())).cloned().unwrap_or_default(),
        };
        let repository = around.repository.map(|url| url.trim_end_matches('/'));
        let other = |(nth, other)| FixView::other(other, nth, proof, setting);
        RecordView {
            id: record.id.to_string(),
            title: record.title.clone(),
            summary: plain(&record.summary),
            lead: Some(plain(&record.summary)).filter(|summary| *summary != record.symptom.first_sentence()),
            path: format!("f/{}/", record.id),
            badge: proof_badge(proof.state),
            draft: matches!(record.status, Status::Draft { .. }),
            internal: record.audience == Audience::Internal,
            notice: NoticeView::of(record, setting, around),
            alerts: alerts(record),
            severity: record.severity.clone(),
            owner: record.owner.clone(),
            escalate: record.escalate.clone(),
            mitigation: html(&record.mitigation),
            applies_to: record.applies_to.iter().map(AffectedView::of).collect(),
            product: facet("product", &record.product),
            category: record.category.as_deref().map(|name| facet("category", name)),
            ecosystem: record.ecosystem.as_deref().map(|name| facet("ecosystem", name)),
            tags: record.tags.iter().map(|name| facet("tag", name)).collect(),
            contract: record.contract.as_deref().map(plain),
            likely_cause: record.likely_cause(),
            fix: FixView::main(&record.fix, proof, setting),
            quick_repair: record.quick_fix.repair.as_ref().map(|repair| ProseView::of(repair, setting)),
            do_not: record.quick_fix.do_not.iter().map(|text| ProseView::inline(text, setting)).collect(),
            symptom: ProseView::of(&record.symptom, setting),
            signatures: record.signatures.iter().map(SignatureView::of).collect(),
            confused_with: record
                .related
                .confused_with
                .iter()
                .map(|one| ConfusionView::of(one, setting, around))
                .collect(),
            root_cause: html(&record.root_cause),
            why: html(&record.why),
            other_fixes: (1..).zip(&record.other_fixes).map(other).collect(),
            wrong_fixes: record.wrong_fixes.iter().map(|fix| WrongFixView::of(fix, proof, setting)).collect(),
            verification: html(&record.verification),
            check: CheckView::of(record, proof, around.scripts.contains_key(&record.id)),
            keywords: record.keywords.iter().filter(|keyword| !keyword.absent).map(KeywordView::of).collect(),
            sources: record.sources.iter().map(SourceView::of).collect(),
            validation: ValidationView::of(record, setting),
            related: related(record, around),
            created: record.created.map(|date| date.to_string()),
            updated: record.updated.map(|date| date.to_string()),
            review_by: record.review_by.map(|date| date.to_string()),
            authors: record.authors.clone(),
            license: record.license.clone(),
            edit_url: around.edit_url(record.path.as_str()),
            report_url: repository.map(|url| format!("{url}/issues/new?title={}", record.id)),
            history_url: repository.map(|url| format!("{url}/commits/HEAD/{}", record.path)),
            json_ld,
        }
    }
}

impl GuideView {
    /// A page of prose.
    pub fn of(guide: &Guide, root: &str, edit_url: Option<String>) -> GuideView {
        let setting = Setting { is_guide: true, ..Setting::plain(root) };
        GuideView {
            title: guide.title.clone(),
            summary: guide.summary.clone(),
            body: Html::of(&guide.body, setting),
            edit_url,
        }
    }
}

impl NoticeView {
    fn of(record: &Record, setting: Setting, around: &Surroundings) -> Option<NoticeView> {
        let (label, retired) = (record.status.name(), record.status.retired()?);
        let instead = retired.see_instead.as_ref().and_then(|id| around.link(id));
        Some(NoticeView { label, reason: ProseView::inline(&retired.reason, setting), instead })
    }
}

impl AffectedView {
    fn of(affected: &Affected) -> AffectedView {
        let named = |release: &Release| release.to_string();
        let range = match (&affected.introduced, &affected.fixed) {
            (None, None) => None,
            (Some(from), None) => Some(format!("from {}", named(from))),
            (None, Some(until)) => Some(format!("before {}", named(until))),
            (Some(from), Some(until)) => Some(format!("from {} until before {}", named(from), named(until))),
        };
        AffectedView { component: affected.component.clone(), range }
    }
}

impl SignatureView {
    fn of(signature: &Signature) -> SignatureView {
        let (text, is_regex) = match &signature.pattern {
            SignaturePattern::Literal(text) => (text.clone(), false),
            SignaturePattern::Regex(pattern) => (pattern.to_string(), true),
        };
        SignatureView { text, is_regex, weak: signature.weak }
    }
}

impl ConfusionView {
    fn of(confusion: &Confusion, setting: Setting, around: &Surroundings) -> ConfusionView {
        let link = confusion.id.as_ref().and_then(|id| around.link(id));
        let (name, path) = match link {
            Some(Link { name, path }) => (name, Some(path)),
            None => (confusion.title.as_deref().map(plain).unwrap_or_default(), None),
        };
        ConfusionView { name, path, tell: ProseView::inline(&confusion.tell, setting) }
    }
}

impl FixView {
    fn main(steps: &[Step], proof: &Proof, setting: Setting) -> FixView {
        FixView {
            title: None,
            when: None,
            steps: steps.iter().map(|step| StepView::of(step, setting)).collect(),
            tradeoff: None,
            ran: ran(proof, &CellName::Fixed),
        }
    }

    fn other(fix: &OtherFix, nth: usize, proof: &Proof, setting: Setting) -> FixView {
        FixView {
            title: Some(fix.title.clone()),
            when: fix.when.as_ref().map(|when| ProseView::inline(when, setting)),
            steps: fix.steps.iter().map(|step| StepView::of(step, setting)).collect(),
            tradeoff: fix.tradeoff.as_ref().map(|price| ProseView::inline(price, setting)),
            ran: ran(proof, &CellName::OtherFix(nth)),
        }
    }
}

impl StepView {
    fn of(step: &Step, setting: Setting) -> StepView {
        StepView {
            text: step.text.as_ref().map(|text| ProseView::inline(text, setting)),
            run: step.run.clone(),
            run_html: step.run.as_deref().map(Html::script),
            undo: step.undo.clone(),
            risk: step.risk.as_ref().map(|risk| ProseView::inline(risk, setting)),
        }
    }
}

impl WrongFixView {
    fn of(fix: &WrongFix, proof: &Proof, setting: Setting) -> WrongFixView {
        let inline = |prose: &Option<Prose>| prose.as_ref().map(|prose| ProseView::inline(prose, setting));
        WrongFixView {
            id: fix.id.clone(),
            text: inline(&fix.text),
            run: fix.run.clone(),
            run_html: fix.run.as_deref().map(Html::script),
            run_line: fix.run.as_ref().map(|run| run.lines().collect::<Vec<_>>().join("; ")),
            because: fix.why.as_ref().map(Prose::first_sentence),
            why: inline(&fix.why),
            tempting: inline(&fix.tempting),
            outcome: fix.outcome.map(|outcome| match outcome {
                Outcome::StillFails => "still fails",
                Outcome::Masks => "hides the symptom",
                Outcome::Regresses => "breaks something else",
                Outcome::Unsafe => "unsafe",
            }),
            ran: ran(proof, &CellName::WrongFix(fix.id.clone())),
        }
    }
}

impl KeywordView {
    fn of(keyword: &Keyword) -> KeywordView {
        let parts = [keyword.by.clone(), keyword.run.clone(), keyword.date.map(|date| date.to_string())];
        let observed = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        KeywordView { query: keyword.query.clone(), observed: (!observed.is_empty()).then_some(observed) }
    }
}

impl SourceView {
    fn of(source: &Citation) -> SourceView {
        let name = source.title.clone().or_else(|| source.url.clone()).unwrap_or_default();
        let mut notes: Vec<String> = source.publisher.iter().cloned().collect();
        let verb = if source.url.is_some() { "read " } else { "" };
        notes.extend(source.accessed.map(|date| format!("{verb}{date}")));
        if !source.supports.is_empty() {
            notes.push(format!("for {}", source.supports.join(", ").replace('_', " ")));
        }
        SourceView {
            name,
            url: source.url.clone(),
            accessed: source.accessed.map(|day| day.to_string()),
            notes,
            quote: source.quote.clone(),
        }
    }
}

impl ValidationView {
    fn of(record: &Record, setting: Setting) -> ValidationView {
        let badge = match record.validation() {
            Validation::Unvalidated => Badge { tone: "plain", icon: "○", label: "unvalidated" },
            Validation::SearchObserved => Badge { tone: "plain", icon: "◐", label: "search-observed" },
            Validation::Reproduced => Badge { tone: "ok", icon: "✓", label: "reproduced" },
            Validation::Counterfactual => Badge { tone: "ok", icon: "✓", label: "counterfactual" },
        };
        let run = |run: &Run| RunView {
            kind: match run.kind {
                RunKind::Search => "searched for",
                RunKind::NoWeb => "worked on without the web",
                RunKind::WithRecord => "worked on with this record",
                RunKind::Reproduction => "reproduced",
            },
            by: run.by.clone(),
            date: run.date.map(|date| date.to_string()),
            outcome: run.outcome.clone(),
            note: run.note.as_ref().map(|note| ProseView::inline(note, setting)),
        };
        ValidationView { badge, runs: record.validation_runs.iter().map(run).collect() }
    }
}

/// A line whose author may have written Markdown: its words.
fn plain(line: &str) -> String {
    if line.contains('`') { Prose::new(line).plain() } else { line.to_owned() }
}

fn alerts(record: &Record) -> Vec<Link> {
    let link = |name: &str| Link { name: name.to_owned(), path: format!("alert/{name}/") };
    record.alerts.iter().map(|alert| link(alert.as_str())).collect()
}

/// The neighbours of a record, also those that only name it themselves.
fn related(record: &Record, around: &Surroundings) -> Vec<RelatedView> {
    let groups = around.relations.around(&record.id).into_iter();
    groups
        .map(|(tie, ids)| RelatedView {
            label: tie.label(),
            side: tie.side(),
            links: ids.iter().take(N_NEIGHBOURS).filter_map(|id| around.link(id)).collect(),
            n_more: ids.len().saturating_sub(N_NEIGHBOURS),
        })
        .collect()
}
