//! Outcomes of checks as SARIF 2.1.0: each record is a rule, and what it came to a result.
//!
//! Our own arguments are nowhere in it. What a check could not tell, and a check that is broken, are notifications.

use super::outcome::{Came, Case, RunContext, cases, places};
use super::plain::harmless;
use crate::model::Verdict;
use crate::verify::{Evidence, Outcome};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// What a relative URI may hold as it is; a colon is not among it, since it would end a scheme.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The schema that the format's standard publishes.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One log with one run.
pub fn report(outcomes: &[Outcome], context: &RunContext) -> String {
    let indexed: Vec<(usize, Case)> = (0..)
        .zip(outcomes)
        .flat_map(|(rule, outcome)| cases(outcome).into_iter().map(move |case| (rule, case)))
        .collect();
    let wanted =
        |case: &Case| case.came != Came::Broken && !(context.hide_passes && case.came == Came::Passed);
    let results: Vec<Value> = indexed
        .iter()
        .filter(|(_, case)| wanted(case))
        .map(|(rule, case)| result(*rule, case, context))
        .collect();
    let notifications: Vec<Value> =
        indexed.iter().filter_map(|(rule, case)| notification(*rule, case)).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": driver(outcomes, context)},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": indexed.iter().all(|(_, case)| case.came != Came::Broken),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    });
    harmless(&format!("{log:#}"))
}

fn driver(outcomes: &[Outcome], context: &RunContext) -> Value {
    let mut driver = json!({
        "name": "faultbook",
        "version": context.tool_version,
        "rules": outcomes.iter().map(|outcome| rule(outcome, context)).collect::<Vec<_>>(),
    });
    if let Some(site) = context.site_url {
        driver["informationUri"] = json!(site.as_str());
    }
    driver
}

fn rule(outcome: &Outcome, context: &RunContext) -> Value {
    let mut rule = json!({
        "id": outcome.id.as_str(),
        "shortDescription": {"text": outcome.title},
        "properties": {"tags": outcome.tags},
    });
    // The format wants a whole address here, which a book without one does not have.
    if context.site_url.is_some() {
        rule["helpUri"] = json!(context.page(&outcome.id));
    }
    rule
}

fn result(rule: usize, case: &Case, context: &RunContext) -> Value {
    let outcome = case.outcome;
    let (kind, level) = match case.came {
        Came::Passed => ("pass", "none"),
        Came::Skipped if is_elsewhere(outcome) => ("notApplicable", "none"),
        Came::Skipped => ("open", "none"),
        Came::Failed(_) if matches!(outcome.verdict, Verdict::Masked | Verdict::Incomplete) => {
            ("fail", "warning")
        }
        Came::Failed(_) | Came::Broken => ("fail", "error"),
    };
    let fingerprint = match &case.state {
        Some(state) => format!("{} {state}", outcome.digest),
        None => outcome.digest.clone(),
    };
    json!({
        "ruleId": outcome.id.as_str(),
        "ruleIndex": rule,
        "kind": kind,
        "level": level,
        "message": {"text": sentence(case)},
        "locations": places(outcome).map(|place| location(place, context)).collect::<Vec<_>>(),
        "partialFingerprints": {"verifyDigest/v1": fingerprint},
    })
}

/// What a record is about is not on this machine: a tool, a platform, an input.
fn is_elsewhere(outcome: &Outcome) -> bool {
    let word = outcome.reason.as_deref().and_then(|reason| reason.split(':').next());
    matches!(word, Some("missing-tool" | "os" | "arch" | "missing-input" | "missing-file" | "privileges"))
}

fn sentence(case: &Case) -> String {
    match &case.state {
        Some(state) => format!("{state}: {}", case.message()),
        None => format!("{}. {}", case.message(), case.outcome.title),
    }
}

fn location(place: &Evidence, context: &RunContext) -> Value {
    let path = context.path(place);
    let uri = utf8_percent_encode(path.trim_start_matches('/'), PATH).to_string();
    let mut location = json!({"artifactLocation": {"uri": uri}});
    if let Some(line) = place.line {
        location["region"] = json!({"startLine": line.max(1)});
    }
    json!({"physicalLocation": location})
}

fn notification(rule: usize, case: &Case) -> Option<Value> {
    let level = match case.came {
        Came::Skipped => "note",
        Came::Broken => "error",
        Came::Passed | Came::Failed(_) => return None,
    };
    let id = case.outcome.id.as_str();
    Some(json!({
        "level": level,
        "message": {"text": sentence(case)},
        "associatedRule": {"id": id, "index": rule},
    }))
}
