//! A parsed record without errors → a record.

use crate::model::{Confusion, Prose, Record, Related, Status};
use crate::parse::{ParsedRecord, ParsedStatus};
use crate::text::Spanned;
use std::collections::BTreeSet;

/// The fields without which a record stays a draft, and whether this one has them.
pub fn missing_for_publication(parsed: &ParsedRecord) -> Vec<&'static str> {
    let fields = [
        ("root_cause", parsed.root_cause.is_some()),
        ("wrong_fixes", !parsed.wrong_fixes.is_empty()),
        ("keywords", !parsed.keywords.is_empty()),
        ("sources", !parsed.sources.is_empty()),
    ];
    fields.into_iter().filter(|(_, there)| !there).map(|(field, _)| field).collect()
}

/// The record, if its required fields are there.
pub fn record(parsed: ParsedRecord) -> Option<Record> {
    let missing = missing_for_publication(&parsed);
    let status = match parsed.status.as_ref().map(|status| status.value) {
        Some(ParsedStatus::Draft) => Status::Draft { missing },
        _ if !missing.is_empty() => Status::Draft { missing },
        Some(ParsedStatus::Open) => Status::Open,
        Some(ParsedStatus::Published) | None => Status::Published,
    };
    let symptom = parsed.symptom?.value;
    let summary = parsed.summary.map_or_else(|| symptom.first_sentence(), |summary| summary.value);
    let mut tags: Vec<String> = values(parsed.tags);
    tags.sort();
    tags.dedup();
    let mut wrong_fixes = values(parsed.wrong_fixes);
    tell_apart(wrong_fixes.iter_mut().map(|fix| &mut fix.id));
    Some(Record {
        id: parsed.id?,
        path: parsed.path,
        title: parsed.title?.value,
        summary,
        product: parsed.product?.value,
        category: parsed.category.map(|text| text.value),
        ecosystem: parsed.ecosystem.map(|text| text.value),
        tags,
        contract: parsed.contract.map(|text| text.value),
        status,
        symptom,
        root_cause: prose(parsed.root_cause),
        why: prose(parsed.why),
        quick_cause: prose(parsed.quick_cause),
        fix: values(parsed.fix),
        other_fixes: values(parsed.other_fixes),
        wrong_fixes,
        keywords: values(parsed.keywords),
        verification: prose(parsed.verification),
        check: parsed.check,
        validation_runs: values(parsed.validation_runs),
        sources: values(parsed.sources),
        related: Related {
            confused_with: values(parsed.confused_with)
                .into_iter()
                .map(|confusion| Confusion {
                    id: confusion.id.map(|id| id.value),
                    title: confusion.title,
                    tell: confusion.tell,
                })
                .collect(),
            leads_to: values(parsed.leads_to),
            caused_by: values(parsed.caused_by),
            see_also: values(parsed.see_also),
            supersedes: values(parsed.supersedes),
        },
        created: parsed.created,
        updated: parsed.updated,
        review_by: parsed.review_by,
        authors: values(parsed.authors),
        license: parsed.license.map(|text| text.value),
    })
}

/// Numbers ids that are the same: `retry`, `retry-2`, `retry-3`.
fn tell_apart<'i>(ids: impl Iterator<Item = &'i mut String>) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for id in ids {
        let base = id.clone();
        let mut nth = 2;
        while !seen.insert(id.clone()) {
            *id = format!("{base}-{nth}");
            nth += 1;
        }
    }
}

fn values<T>(written: Vec<Spanned<T>>) -> Vec<T> {
    written.into_iter().map(|written| written.value).collect()
}

fn prose(written: Option<Spanned<Prose>>) -> Option<Prose> {
    written.map(|written| written.value)
}
