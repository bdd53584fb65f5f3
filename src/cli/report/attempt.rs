//! What somebody sees who tries to repair a failure: the task before, the judgement after.

use super::prose::{Area, fill, prose};
use super::{BOLD, DIM, GREEN, RED, RESET, indented, shown, talk, width};
use crate::model::{Record, Verdict};
use crate::verify::{Attempt, Claims, Judgement, capabilities, is_static};
use camino::Utf8Path;
use serde_json::{Value, json};

/// Says what is broken and how to leave.
pub fn broken_state(record: &Record) {
    let area = Area { indent: 0, width: width::prose() };
    let title = fill(&shown(&record.title), "", area).join("\n");
    let symptom = prose(&record.symptom, area.deeper(2)).join("\n");
    let task = "The failure is here. Repair it, and leave the shell by `exit`. It may write below this folder and its \
                home only, and has no network.";
    let task = fill(task, "", area).join("\n");
    talk(&format!("{BOLD}{title}{RESET}\n\n{}\n\n{DIM}{task}{RESET}\n", symptom.trim_end()));
}

/// Says what came of it.
pub fn judgement(record: &Record, judgement: &Judgement) {
    let wrong_fix = judgement.wrong_fix.as_ref().map(|id| named(record, id));
    let reason = judgement.reason.as_deref().map(shown);
    let (colour, said) = match judgement.verdict {
        Verdict::Fixed => (GREEN, "the failure is gone, and what must hold holds".to_owned()),
        Verdict::NotFixed => (RED, wrong_fix.unwrap_or_else(|| "the failure is still there".to_owned())),
        Verdict::Masked => (RED, wrong_fix.unwrap_or_default()),
        Verdict::Incomplete => {
            let lacks =
                reason.map_or("what must hold does not".to_owned(), |it| format!("`{it}` does not hold"));
            let wrong_fix = wrong_fix.map(|said| format!("; {said}")).unwrap_or_default();
            (RED, format!("the symptom is gone, and {lacks}{wrong_fix}"))
        }
        _ => (RED, reason.unwrap_or_else(|| "the check did not come to an end".to_owned())),
    };
    let mut text = format!("{colour}{}{RESET}: {said}", judgement.verdict.name());
    if judgement.verdict != Verdict::Fixed && !judgement.output.is_empty() {
        text.push_str(&format!("\n\nthe check says:\n{}", indented(&judgement.output)));
    }
    talk(text.trim_end());
}

fn named(record: &Record, id: &str) -> String {
    let fix = record.wrong_fixes.iter().find(|fix| fix.id == id);
    let name =
        fix.and_then(|fix| fix.text.as_ref().map(|text| text.first_sentence()).or_else(|| fix.run.clone()));
    let area = Area { indent: 2, width: width::prose() };
    let why = fix.and_then(|fix| fix.why.as_ref()).map(|why| format!("\n{}", prose(why, area).join("\n")));
    let nth = record.nth_wrong_fix(id).map(|nth| format!(" {nth}")).unwrap_or_default();
    format!("that is wrong fix{nth}, {}{}", shown(name.as_deref().unwrap_or(id)), why.unwrap_or_default())
}

/// Says what of a state that lies in a folder now lies elsewhere, and how to look at it.
pub fn laid_out(record: &Record, folder: &Utf8Path, attempt: &Attempt) {
    let outside: String = attempt.outside().iter().map(|line| indented(line)).collect();
    if !outside.is_empty() {
        talk(&format!("of this state, and not in the folder:\n{}", outside.trim_end()));
    }
    // `verify` looks at a copy without `.git`, in which a short check of git would see nothing.
    if let Some(script) = attempt.script() {
        return talk(&format!("the check, to be run there:\n{}", indented(script)));
    }
    let there = format!("{} --dir {}", record.id, shown(folder.as_str()));
    let trust = match is_static(&capabilities(record)) {
        true => String::new(),
        false => format!(", after `faultbook trust allow {there}`"),
    };
    talk(&format!("`faultbook verify {there}` looks at it, with the programs of this machine{trust}"));
}

/// What was enforced, as JSON has it.
pub fn sandbox(claims: &Claims) -> Value {
    json!({
        "fs_write": claims.fs_write,
        "fs_read": claims.fs_read,
        "network": claims.network,
        "signals": claims.signals,
        "limits": claims.limits,
        "kill": claims.kill,
        "notes": claims.notes,
    })
}
