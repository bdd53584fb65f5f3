//! What checks are allowed to do, for people and for programs. Keys of JSON are relied on; they are only added to.

use super::plain::harmless;
use super::{BOLD, DIM, GREEN, RED, RESET, data, shown};
use crate::model::{Record, StepKind, VerifierStep};
use crate::verify::{Approval, Capability};
use camino::Utf8PathBuf;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the check of a record needs, and whether it is allowed to.
pub struct Grant {
    pub record: Record,
    pub digest: String,
    pub capabilities: BTreeSet<Capability>,
    /// The folder that would be examined, as a canonical path.
    pub subject: Utf8PathBuf,
    pub is_allowed: bool,
}

/// Prints what would run, what it needs, and whether it may.
pub fn grant(grant: &Grant) {
    let id = &grant.record.id;
    let mut text = format!("{BOLD}{id}{RESET}  {DIM}{}{RESET}\n", grant.digest);
    text.push_str(&format!("  capabilities: {}\n", words(&grant.capabilities)));
    for line in runs(&grant.record) {
        text.push_str(&format!("    {}\n", shown(&line)));
    }
    if grant.capabilities.contains(&Capability::SubjectCode) {
        text.push_str(&format!("  in {}\n", shown(grant.subject.as_str())));
    }
    text.push_str(&match grant.is_allowed {
        true => format!("  {GREEN}allowed{RESET}"),
        false => format!("  {RED}not allowed{RESET}"),
    });
    data(&text);
}

/// The same as one document, `trust/1`.
pub fn grant_json(grant: &Grant) -> String {
    let document = json!({
        "schema": "trust/1",
        "id": grant.record.id.as_str(),
        "digest": grant.digest,
        "capabilities": names(&grant.capabilities),
        "runs": runs(&grant.record),
        "subject": grant.subject.as_str(),
        "allowed": grant.is_allowed,
    });
    harmless(&format!("{document:#}"))
}

/// Prints one line an approval, and the folders that it is for.
pub fn approvals(approvals: &[Approval]) {
    for approval in approvals {
        let mut line = format!(
            "{BOLD}{}{RESET}  {DIM}{}  {}{RESET}  {}",
            shown(&approval.record),
            approval.digest,
            shown(&approval.date),
            words(&approval.capabilities)
        );
        for subject in &approval.subjects {
            line.push_str(&format!("\n  in {}", shown(subject.as_str())));
        }
        data(&line);
    }
}

/// The same as one document, `trust-list/1`.
pub fn approvals_json(approvals: &[Approval]) -> String {
    let approval = |approval: &Approval| {
        json!({
            "id": approval.record,
            "digest": approval.digest,
            "capabilities": names(&approval.capabilities),
            "subjects": approval.subjects.iter().map(|subject| subject.as_str()).collect::<Vec<_>>(),
            "date": approval.date,
            "tool_version": approval.tool_version,
        })
    };
    let all: Vec<Value> = approvals.iter().map(approval).collect();
    harmless(&format!("{:#}", json!({"schema": "trust-list/1", "approvals": all})))
}

fn names(capabilities: &BTreeSet<Capability>) -> Vec<&'static str> {
    capabilities.iter().map(|one| one.name()).collect()
}

fn words(capabilities: &BTreeSet<Capability>) -> String {
    names(capabilities).join(", ")
}

/// What is handed to the system, line by line: a script, or each program with its arguments.
fn runs(record: &Record) -> Vec<String> {
    match (&record.verify, &record.check) {
        (Some(verifier), _) => verifier.steps.iter().flat_map(of_step).collect(),
        (None, Some(check)) => check.run.lines().map(str::to_owned).collect(),
        (None, None) => Vec::new(),
    }
}

fn of_step(step: &VerifierStep) -> Vec<String> {
    match &step.kind {
        StepKind::Command(command) => {
            let args: Vec<&str> = command.args.iter().map(|arg| arg.0.as_str()).collect();
            vec![format!("{} {}", command.program, args.join(" "))]
        }
        StepKind::Shell(shell) => shell.script.lines().map(str::to_owned).collect(),
        StepKind::Http(http) => vec![format!("{} {}", http.method, http.url.0)],
        StepKind::Version(version) => vec![format!("{} {}", version.tool, version.args.join(" "))],
        _ => Vec::new(),
    }
}
