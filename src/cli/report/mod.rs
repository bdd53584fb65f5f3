//! Draws findings, results and failures: the only place that prints.
//!
//! In: values. Out: data on stdout, talk on stderr; every text for people also exists as JSON.

mod attempt;
mod consent;
mod diagnosis;
mod diff;
mod eval;
mod export;
mod findings;
mod github;
mod guard;
mod hits;
mod human;
mod import;
mod json;
mod junit;
mod list;
mod markdown;
mod outcome;
mod plain;
mod plan;
mod prose;
mod record;
mod results;
mod sarif;
mod tap;
mod trust;
mod verify;
mod width;

pub use attempt::{broken_state, judgement, laid_out, sandbox};
pub use consent::{MAX_LINES, consent, needs};
pub use diagnosis::{Pages, ToldDiagnosis};
pub use diff::{change, diff};
pub use eval::{EvalGroup, EvalReport, LostKeyword};
pub use export::export;
pub use findings::{findings, findings_text, not_kept, rule};
pub use github::findings as findings_github;
pub use guard::{guard_file, stopped, stopped_json, unguarded};
pub use hits::{hits, hits_json, no_hit};
pub use human::verdicts;
pub use import::{Change, ImportEntry, import, import_json};
pub use json::findings_json;
pub use list::{Entry, list, list_json, list_summary};
pub use outcome::{RunContext, outcomes};
pub use plain::shown;
pub use plan::{check_plans, self_test_plans};
pub use record::record;
pub use trust::{Grant, approvals, approvals_json, grant, grant_json};
pub use verify::{cells, survivors};

use crate::diag::{Diagnostic, Level};
use plain::{coloured, harmless, indented};
use std::io::Write;
use std::time::Duration;

/// Prints data. A reader that has gone away, such as `head`, is no failure.
pub fn data(text: &str) {
    file(&coloured(text));
}

/// Prints a document of JSON.
pub fn json(text: &str) {
    file(&harmless(text));
}

/// Prints what is a file, such as a script, as it is.
pub fn file(text: &str) {
    let _ = writeln!(anstream::stdout().lock(), "{text}");
}

/// Prints talk.
pub fn talk(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", coloured(text));
}

/// Prints why a verb failed: what could not be done, each cause on its own line, and the remedy if one is known.
pub fn failure(error: &anyhow::Error) {
    let lines = |text: String| text.lines().map(shown).collect::<Vec<_>>().join("\n  ");
    let mut text = format!("{RED}error{RESET}: {}", lines(error.to_string()));
    for cause in error.chain().skip(1) {
        text.push_str(&format!("\n  because: {}", lines(cause.to_string())));
    }
    if let Some(usage) = error.downcast_ref::<super::UsageError>() {
        text.push_str(&format!("\n  = hint: {}", lines(usage.hint.clone())));
    }
    talk(&text);
}

/// Bold red; anstream takes it out where colour is not wanted.
pub const RED: &str = "\x1b[1;31m";
/// Bold green.
pub const GREEN: &str = "\x1b[1;32m";
/// Bold.
pub const BOLD: &str = "\x1b[1m";
/// Dim.
pub const DIM: &str = "\x1b[2m";
/// The end of all of these.
pub const RESET: &str = "\x1b[0m";

/// How many errors and warnings there are.
pub fn count(found: &[Diagnostic]) -> (usize, usize) {
    let n_errors = found.iter().filter(|diagnostic| diagnostic.level == Level::Error).count();
    (n_errors, found.len() - n_errors)
}

/// `2 errors, 1 warning`, or `no findings`.
pub fn summary(n_errors: usize, n_warnings: usize) -> String {
    match (n_errors, n_warnings) {
        (0, 0) => "no findings".to_owned(),
        (0, _) => plural(n_warnings, "warning"),
        (_, 0) => plural(n_errors, "error"),
        _ => format!("{}, {}", plural(n_errors, "error"), plural(n_warnings, "warning")),
    }
}

/// `1 record`, `2 records`.
pub fn plural(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// A size with a unit.
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{}.{} kB", n / 1_000, n % 1_000 / 100),
        _ => format!("{}.{} MB", n / 1_000_000, n % 1_000_000 / 100_000),
    }
}

/// A time with a unit.
pub fn duration(time: Duration) -> String {
    match time.as_millis() {
        ms @ 0..1_000 => format!("{ms} ms"),
        ms => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
    }
}
