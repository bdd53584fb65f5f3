//! What templates see: plain values, converted here so that the model stays free of them.

use super::html::Html;
use crate::model::{
    CellName, Check, Citation, ExitMatcher, Expectation, OtherFix, Outcome, Proof, ProofState, Prose, Record,
    RunKind, Status, Step, TextOp, Validation, Verdict, WrongFix,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A word with an icon, so that colour never speaks alone.
#[derive(Serialize)]
pub struct Badge {
    /// A class of the style sheet: `ok`, `warn`, `bad` or `plain`.
    pub tone: &'static str,
    /// One character.
    pub icon: &'static str,
    /// The word.
    pub label: &'static str,
}

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
    /// Relative to the site's root.
    pub path: String,
    /// Where its check stands.
    pub badge: Badge,
    /// A draft says so.
    pub draft: bool,
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
    /// What is observed.
    pub symptom: ProseView,
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

/// The executable check.
#[derive(Serialize)]
pub struct CheckView {
    /// Makes the broken state.
    pub setup: Option<String>,
    /// Looks at it.
    pub run: String,
    /// What is seen while it is broken.
    pub broken: String,
    /// What is seen once it is repaired.
    pub fixed: String,
    /// What the last run proves, in a sentence.
    pub result: String,
    /// Wrong fixes that were run and did not repair, and how many there are.
    pub refuted: Option<(usize, usize)>,
    /// State by state.
    pub cells: Vec<CellView>,
}

/// One state of the last run.
#[derive(Serialize)]
pub struct CellView {
    /// The state, in words.
    pub state: String,
    /// What it showed.
    pub badge: Badge,
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
    pub note: Option<ProseView>,
}

/// Links of one kind.
#[derive(Serialize)]
pub struct RelatedView {
    /// What they mean.
    pub label: &'static str,
    /// The records.
    pub links: Vec<Link>,
}

/// What a record's page needs from the rest of the site.
pub struct Surroundings<'s> {
    /// The relative path from a record's page to the site's root.
    pub root: &'s str,
    /// The title of every record.
    pub titles: &'s BTreeMap<String, String>,
    /// The page of every facet value: facet key and value to a path.
    pub facet_paths: &'s BTreeMap<(&'static str, String), String>,
    /// Where a record can be edited, with `{path}`.
    pub edit_url_template: Option<&'s str>,
}

impl ProseView {
    fn of(prose: &Prose, root: &str) -> ProseView {
        ProseView { html: Html::of(prose, root), markdown: prose.markdown().to_owned() }
    }

    fn inline(prose: &Prose, root: &str) -> ProseView {
        ProseView { html: Html::inline(prose, root), markdown: prose.markdown().to_owned() }
    }
}

impl CardView {
    /// A record in a list.
    pub fn of(record: &Record, proof: &Proof) -> CardView {
        CardView {
            id: record.id.to_string(),
            title: record.title.clone(),
            summary: record.summary.clone(),
            product: record.product.clone(),
            badge: proof_badge(proof.state),
        }
    }
}

impl RecordView {
    /// A record's page.
    pub fn of(record: &Record, proof: &Proof, around: &Surroundings) -> RecordView {
        let root = around.root;
        let html = |prose: &Option<Prose>| prose.as_ref().map(|prose| ProseView::of(prose, root));
        let facet = |key: &'static str, name: &str| Link {
            name: name.to_owned(),
            path: around.facet_paths.get(&(key, name.to_owned())).cloned().unwrap_or_default(),
        };
        RecordView {
            id: record.id.to_string(),
            title: record.title.clone(),
            summary: record.summary.clone(),
            path: format!("f/{}/", record.id),
            badge: proof_badge(proof.state),
            draft: matches!(record.status, Status::Draft { .. }),
            product: facet("product", &record.product),
            category: record.category.as_deref().map(|name| facet("category", name)),
            ecosystem: record.ecosystem.as_deref().map(|name| facet("ecosystem", name)),
            tags: record.tags.iter().map(|name| facet("tag", name)).collect(),
            contract: record.contract.clone(),
            likely_cause: record.likely_cause(),
            fix: FixView::main(&record.fix, proof, root),
            symptom: ProseView::of(&record.symptom, root),
            confused_with: confusions(record, around),
            root_cause: html(&record.root_cause),
            why: html(&record.why),
            other_fixes: (1..)
                .zip(&record.other_fixes)
                .map(|(nth, other)| FixView::other(other, nth, proof, root))
                .collect(),
            wrong_fixes: record.wrong_fixes.iter().map(|fix| WrongFixView::of(fix, proof, root)).collect(),
            verification: html(&record.verification),
            check: record.check.as_ref().map(|check| CheckView::of(check, record, proof)),
            keywords: record.keywords.iter().map(KeywordView::of).collect(),
            sources: record.sources.iter().map(SourceView::of).collect(),
            validation: ValidationView::of(record, root),
            related: related(record, around),
            created: record.created.map(|date| date.to_string()),
            updated: record.updated.map(|date| date.to_string()),
            review_by: record.review_by.map(|date| date.to_string()),
            authors: record.authors.clone(),
            license: record.license.clone(),
            edit_url: around
                .edit_url_template
                .map(|template| template.replace("{path}", record.path.as_str())),
        }
    }
}

impl FixView {
    fn main(steps: &[Step], proof: &Proof, root: &str) -> FixView {
        FixView {
            title: None,
            when: None,
            steps: steps.iter().map(|step| StepView::of(step, root)).collect(),
            tradeoff: None,
            ran: ran(proof, &CellName::Fixed),
        }
    }

    fn other(fix: &OtherFix, nth: usize, proof: &Proof, root: &str) -> FixView {
        FixView {
            title: Some(fix.title.clone()),
            when: fix.when.as_ref().map(|when| ProseView::inline(when, root)),
            steps: fix.steps.iter().map(|step| StepView::of(step, root)).collect(),
            tradeoff: fix.tradeoff.as_ref().map(|price| ProseView::inline(price, root)),
            ran: ran(proof, &CellName::OtherFix(nth)),
        }
    }
}

impl StepView {
    fn of(step: &Step, root: &str) -> StepView {
        StepView {
            text: step.text.as_ref().map(|text| ProseView::inline(text, root)),
            run: step.run.clone(),
            undo: step.undo.clone(),
            risk: step.risk.as_ref().map(|risk| ProseView::inline(risk, root)),
        }
    }
}

impl WrongFixView {
    fn of(fix: &WrongFix, proof: &Proof, root: &str) -> WrongFixView {
        let inline = |prose: &Option<Prose>| prose.as_ref().map(|prose| ProseView::inline(prose, root));
        WrongFixView {
            id: fix.id.clone(),
            text: inline(&fix.text),
            run: fix.run.clone(),
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

impl CheckView {
    fn of(check: &Check, record: &Record, proof: &Proof) -> CheckView {
        let wrong_fix = |id: &str| {
            let fix = record.wrong_fixes.iter().find(|fix| fix.id == id)?;
            fix.run.clone().or_else(|| fix.text.as_ref().map(Prose::first_sentence))
        };
        let cell = |(name, verdict): (&CellName, &Verdict)| CellView {
            state: match name {
                CellName::Broken => "broken state".to_owned(),
                CellName::Fixed => "after the fix".to_owned(),
                CellName::OtherFix(nth) => format!("after other fix {nth}"),
                CellName::WrongFix(id) => {
                    format!("after wrong fix: {}", wrong_fix(id).unwrap_or_else(|| id.clone()))
                }
            },
            badge: verdict_badge(name, *verdict),
        };
        let ran = matches!(proof.state, ProofState::Tested | ProofState::Failing);
        CheckView {
            setup: check.setup.clone(),
            run: check.run.clone(),
            broken: expectation(&check.broken),
            fixed: expectation(&check.fixed),
            result: result(proof),
            refuted: ran.then(|| (proof.n_refuted(), record.wrong_fixes.len())),
            cells: if ran { proof.cells.iter().map(cell).collect() } else { Vec::new() },
        }
    }
}

impl KeywordView {
    fn of(keyword: &crate::model::Keyword) -> KeywordView {
        let parts = [keyword.by.clone(), keyword.date.map(|date| date.to_string())];
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
        SourceView { name, url: source.url.clone(), notes, quote: source.quote.clone() }
    }
}

impl ValidationView {
    fn of(record: &Record, root: &str) -> ValidationView {
        let badge = match record.validation() {
            Validation::Unvalidated => Badge { tone: "plain", icon: "○", label: "unvalidated" },
            Validation::SearchObserved => Badge { tone: "plain", icon: "◐", label: "search-observed" },
            Validation::Reproduced => Badge { tone: "ok", icon: "✓", label: "reproduced" },
            Validation::Counterfactual => Badge { tone: "ok", icon: "✓", label: "counterfactual" },
        };
        let run = |run: &crate::model::Run| RunView {
            kind: match run.kind {
                RunKind::Search => "searched for",
                RunKind::NoWeb => "worked on without the web",
                RunKind::WithRecord => "worked on with this record",
                RunKind::Reproduction => "reproduced",
            },
            by: run.by.clone(),
            date: run.date.map(|date| date.to_string()),
            note: run.note.as_ref().map(|note| ProseView::inline(note, root)),
        };
        ValidationView { badge, runs: record.validation_runs.iter().map(run).collect() }
    }
}

/// The badge of a record's check.
pub fn proof_badge(state: ProofState) -> Badge {
    match state {
        ProofState::Tested => Badge { tone: "ok", icon: "✓", label: "tested" },
        ProofState::Outdated => Badge { tone: "warn", icon: "◷", label: "outdated" },
        ProofState::Failing => Badge { tone: "bad", icon: "✗", label: "failing" },
        ProofState::Never => Badge { tone: "plain", icon: "○", label: "never tested" },
        ProofState::Untestable => Badge { tone: "plain", icon: "–", label: "no check" },
    }
}

fn verdict_badge(name: &CellName, verdict: Verdict) -> Badge {
    let (icon, label) = match verdict {
        Verdict::Present => ("✗", "still broken"),
        Verdict::Fixed => ("✓", "fixed"),
        Verdict::Masked => ("✗", "masked, not fixed"),
        Verdict::Incomplete => ("✗", "incomplete"),
        Verdict::CannotTell => ("?", "cannot tell"),
    };
    let label =
        if *name == CellName::Broken && verdict == Verdict::Present { "failure present" } else { label };
    let tone = match name.accepts(verdict) {
        true if name.is_fix() => "ok",
        true => "plain",
        false => "bad",
    };
    Badge { tone, icon, label }
}

/// What happened when printed commands ran; nothing where the run was of another version of them.
fn ran(proof: &Proof, name: &CellName) -> Option<Badge> {
    let current = matches!(proof.state, ProofState::Tested | ProofState::Failing);
    let verdict = proof.cells.get(name).filter(|_| current)?;
    Some(verdict_badge(name, *verdict))
}

fn result(proof: &Proof) -> String {
    let day = proof.date.map(|date| date.to_string()).unwrap_or_default();
    let platform = proof.platform.as_deref().unwrap_or_default();
    match proof.state {
        ProofState::Tested => {
            format!("Tested {day} on {platform}, with real tools: every state came out as it must.")
        }
        ProofState::Failing => format!("Failing: on {day} ({platform}) a state did not come out as it must."),
        ProofState::Outdated => {
            format!("Outdated: the result of {day} is for an earlier version of these commands.")
        }
        ProofState::Never => "Never tested: no result is recorded.".to_owned(),
        ProofState::Untestable => {
            "Untested: this check has no setup that brings the failure about.".to_owned()
        }
    }
}

/// An expectation in words.
fn expectation(expectation: &Expectation) -> String {
    let exit = expectation.exit.map(|matcher| match matcher {
        ExitMatcher::Equals(code) => format!("exit status {code}"),
        ExitMatcher::NotEquals(code) => format!("an exit status other than {code}"),
    });
    let ops = expectation.output.iter().flat_map(|matcher| &matcher.0).map(|op| match op {
        TextOp::Contains(part) => format!("output with “{part}”"),
        TextOp::NotContains(part) => format!("output without “{part}”"),
        TextOp::Equals(whole) => format!("output “{whole}”"),
        TextOp::Matches(regex) => format!("output that matches /{regex}/"),
    });
    exit.into_iter().chain(ops).collect::<Vec<_>>().join(", ")
}

fn confusions(record: &Record, around: &Surroundings) -> Vec<ConfusionView> {
    let view = |confusion: &crate::model::Confusion| {
        let id = confusion.id.as_ref().map(ToString::to_string);
        let title = id.as_ref().and_then(|id| around.titles.get(id)).or(confusion.title.as_ref());
        ConfusionView {
            name: title.cloned().unwrap_or_default(),
            path: id.map(|id| format!("f/{id}/")),
            tell: ProseView::inline(&confusion.tell, around.root),
        }
    };
    record.related.confused_with.iter().map(view).collect()
}

fn related(record: &Record, around: &Surroundings) -> Vec<RelatedView> {
    let groups = [
        ("Leads to", &record.related.leads_to),
        ("Caused by", &record.related.caused_by),
        ("See also", &record.related.see_also),
        ("Replaces", &record.related.supersedes),
    ];
    let view = |(label, ids): (&'static str, &Vec<crate::model::RecordId>)| RelatedView {
        label,
        links: ids
            .iter()
            .filter_map(|id| {
                Some(Link { name: around.titles.get(id.as_str())?.clone(), path: format!("f/{id}/") })
            })
            .collect(),
    };
    groups.into_iter().map(view).filter(|group| !group.links.is_empty()).collect()
}
