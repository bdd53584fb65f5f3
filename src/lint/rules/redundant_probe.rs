//! A part of a check that no state needs: with it or without it, the last recorded run came out the same. Readers take
//! it for evidence, and it is none.
//!
//! Bad: `fixed: {exit: 0, output: ready}`, where a state that ends with 0 always prints `ready`. Better: `fixed: {exit:
//! 0}`, or a state that ends with 0 and prints something else. Read from the committed results; nothing where there are
//! none for the check as it stands.

use crate::diag::{Code, Diagnostic};
use crate::lint::MAX_FINDINGS;
use crate::model::Record;
use crate::text::{FileId, Span};
use crate::verify::Results;

pub fn check(results: &Results, record: &Record, file: FileId, found: &mut Vec<Diagnostic>) {
    let Some(result) = results.of_present_check(record) else { return };
    let n_survivors = result.mutants.map_or(0, |(killed, total)| total.saturating_sub(killed));
    let named =
        result.survivors.iter().map(|survivor| format!("no state misses this of the check: {survivor}"));
    let mut messages: Vec<String> = named.take(MAX_FINDINGS).collect();
    // Results of earlier versions count the survivors, and do not name them.
    if let (true, Some((_, total))) = (messages.is_empty() && n_survivors > 0, result.mutants) {
        messages.push(format!(
            "no state misses some part of the check: {n_survivors} of {total} that were tried"
        ));
    }
    let hint = "a state in which only this differs needs it; `verify --self-test --mutants` tries each part";
    found.extend(
        messages.into_iter().map(|message| {
            Diagnostic::warning(Code::RedundantProbe, Span::start_of(file), message).hint(hint)
        }),
    );
}
