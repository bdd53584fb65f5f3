//! The wrong fixes of a record, each with a name of its own.
//!
//! In: the items of `wrong_fixes`. Out: typed wrong fixes; those whose author gave no name have one of their words.
//! Not here: what a verifier says of them (`verifier.rs`).

use super::fields::{self, Fields};
use super::record::{each, missing, value};
use super::shape;
use super::tree::Node;
use crate::diag::Diagnostic;
use crate::model::{Outcome, Prose, RecordId, WrongFix};
use crate::text::Spanned;
use std::collections::BTreeSet;

/// Reads them all.
pub fn all(items: Vec<&Node>, found: &mut Vec<Diagnostic>) -> Vec<Spanned<WrongFix>> {
    let mut wrong_fixes = each(items, wrong_fix, found);
    tell_apart(wrong_fixes.iter_mut().map(|fix| &mut fix.value.id));
    wrong_fixes
}

fn wrong_fix(node: &Node, found: &mut Vec<Diagnostic>) -> Option<WrongFix> {
    let mut fields = Fields::open(node, &shape::WRONG_FIX, found)?;
    let id = fields.text("id", found).and_then(|written| fields::id(written, found));
    let text = value(fields.prose("text", found));
    let run = value(fields.text("run", found));
    let why = value(fields.prose("why", found));
    let tempting = value(fields.prose("tempting", found));
    let outcome = fields.word::<Outcome>("outcome", found).map(|word| word.value);
    let said = text.as_ref().map(Prose::plain).or_else(|| run.clone());
    if said.is_none() {
        let hint = "a wrong fix has `text`, `run`, or both";
        missing(&fields, "this wrong fix does not say what people do", hint, found);
    }
    fields.finish(found);
    let said = said?;
    let id = id.map_or_else(|| derived_id(&said), |id| id.value.as_str().to_owned());
    Some(WrongFix { id, text, run, why, tempting, outcome })
}

/// A name for a wrong fix whose author gave none: the first words of what people do.
fn derived_id(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(8).collect();
    RecordId::slug(&words.join(" ")).map_or_else(|| "wrong-fix".to_owned(), |id| id.as_str().to_owned())
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
