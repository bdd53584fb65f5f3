//! What a guard stopped, and which wrong fixes it knows.

use super::{BOLD, DIM, RED, RESET, plural, shown, talk};
use crate::guard::{Guard, Pattern, Unguarded};
use serde_json::json;

/// Tells whoever wanted to run a command why it is stopped, and what to do instead.
pub fn stopped(pattern: &Pattern) {
    let lines = |text: &str| text.lines().map(shown).collect::<Vec<_>>().join("\n  ");
    let mut text =
        format!("{RED}stopped{RESET}: this is a known wrong fix for: {BOLD}{}{RESET}", shown(&pattern.title));
    text.push_str(&format!("\n  {}", lines(&pattern.command)));
    for (name, said) in [("why it fails", &pattern.why), ("do this instead", &pattern.instead)] {
        if let Some(said) = said {
            text.push_str(&format!("\n{BOLD}{name}{RESET}: {}", lines(said)));
        }
    }
    text.push_str(&format!(
        "\n{DIM}{} ({}, wrong fix {}){RESET}",
        shown(&pattern.page),
        pattern.id,
        pattern.wrong_fix
    ));
    talk(&text);
}

/// The same as one document, `guarded/1`. Keys are relied on; they are only added to.
pub fn stopped_json(pattern: Option<&Pattern>) -> String {
    format!("{:#}", json!({"schema": "guarded/1", "stopped": pattern.is_some(), "wrong_fix": pattern}))
}

/// The patterns as a file: one a line.
pub fn guard_file(guard: &Guard) -> String {
    let patterns: Vec<String> = guard.patterns.iter().map(|pattern| json!(pattern).to_string()).collect();
    format!("{{\"schema\":{},\"patterns\":[\n{}\n]}}\n", json!(guard.schema), patterns.join(",\n"))
}

/// Tells which wrong fixes nothing stands in front of, and why.
pub fn unguarded(guard: &Guard, unguarded: &[(String, String, Unguarded)]) {
    for (id, wrong_fix, why) in unguarded {
        let why = match why {
            Unguarded::NoCommand => continue,
            Unguarded::TooLoose => "its command is not told apart by its words".to_owned(),
            Unguarded::RepairOf(other) => format!("the same command is among the repairs of {other}"),
        };
        talk(&format!("{} {DIM}{}: {why}{RESET}", shown(id), shown(wrong_fix)));
    }
    let n_told = unguarded.iter().filter(|(_, _, why)| *why == Unguarded::NoCommand).count();
    let others = unguarded.len() - n_told;
    talk(&format!(
        "exported {}; {n_told} wrong fixes are told in words, and {others} left out",
        plural(guard.patterns.len(), "pattern")
    ));
}
