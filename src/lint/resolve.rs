//! A parsed record without errors → a record.

use super::rules::image;
use crate::model::{Audience, Confusion, Date, Guide, Prose, Record, Related, Retired, Status};
use crate::parse::{ParsedGuide, ParsedRecord, ParsedStatus};
use crate::text::{Source, Spanned};

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

/// The record, if its required fields are there. Days that it does not name come from its file's history.
pub fn record(source: &Source, parsed: ParsedRecord) -> Option<Record> {
    let missing = missing_for_publication(&parsed);
    let retired = || {
        let reason = parsed.reason.as_ref()?.value.clone();
        let see_instead = parsed.see_instead.as_ref().map(|id| id.value.clone());
        Some(Retired { reason, see_instead })
    };
    let status = match parsed.status.as_ref().map(|status| status.value) {
        Some(ParsedStatus::Draft) => Status::Draft { missing },
        Some(ParsedStatus::Deprecated) => Status::Deprecated(retired()?),
        Some(ParsedStatus::Withdrawn) => Status::Withdrawn(retired()?),
        _ if !missing.is_empty() => Status::Draft { missing },
        Some(ParsedStatus::Open) => Status::Open,
        Some(ParsedStatus::Published) | None => Status::Published,
    };
    let day = |seconds: i64| Date::from_unix_seconds(seconds);
    let created = parsed.created.or_else(|| day(source.history?.first));
    let updated = parsed.updated.or_else(|| day(source.history?.last)).filter(|day| Some(*day) > created);
    let symptom = parsed.symptom?.value;
    let title = parsed.title?.value;
    // A symptom that is all output has no sentence.
    let derived = || {
        Some(symptom.first_sentence())
            .filter(|sentence| !sentence.is_empty())
            .unwrap_or_else(|| title.clone())
    };
    let summary = parsed.summary.map_or_else(derived, |summary| summary.value);
    let mut tags: Vec<String> = values(parsed.tags);
    tags.sort();
    tags.dedup();
    Some(Record {
        id: parsed.id?,
        path: parsed.path,
        title,
        summary,
        product: parsed.product?.value,
        category: text(parsed.category),
        ecosystem: text(parsed.ecosystem),
        tags,
        contract: text(parsed.contract),
        status,
        audience: parsed.audience.unwrap_or(Audience::Public),
        aliases: values(parsed.aliases),
        alerts: values(parsed.alerts),
        severity: text(parsed.severity),
        owner: text(parsed.owner),
        escalate: text(parsed.escalate),
        mitigation: prose(parsed.mitigation),
        applies_to: values(parsed.applies_to),
        symptom,
        signatures: values(parsed.signatures),
        root_cause: prose(parsed.root_cause),
        why: prose(parsed.why),
        quick_fix: parsed.quick_fix.map(|quick| quick.value).unwrap_or_default(),
        fix: values(parsed.fix),
        other_fixes: values(parsed.other_fixes),
        wrong_fixes: values(parsed.wrong_fixes),
        keywords: values(parsed.keywords),
        verification: prose(parsed.verification),
        check: parsed.check,
        verify: parsed.verify,
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
        created,
        updated,
        review_by: parsed.review_by,
        authors: values(parsed.authors),
        license: text(parsed.license),
        allow: values(parsed.allow),
        extensions: parsed.extensions,
        images: source
            .images
            .iter()
            .filter(|image| image::is_safe(image))
            .map(|image| image.name.clone())
            .collect(),
        observed: source.observed.clone(),
    })
}

/// The page, if it has a title.
pub fn guide(parsed: ParsedGuide) -> Option<Guide> {
    let body = parsed.body.value;
    Some(Guide {
        id: parsed.id?,
        path: parsed.path,
        title: parsed.title?.value,
        summary: parsed.summary.map_or_else(|| body.first_sentence(), |summary| summary.value),
        order: parsed.order,
        audience: parsed.audience.unwrap_or(Audience::Public),
        body,
    })
}

fn values<T>(written: Vec<Spanned<T>>) -> Vec<T> {
    written.into_iter().map(|written| written.value).collect()
}

fn prose(written: Option<Spanned<Prose>>) -> Option<Prose> {
    written.map(|written| written.value)
}

fn text(written: Option<Spanned<String>>) -> Option<String> {
    written.map(|written| written.value)
}
