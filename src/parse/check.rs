//! The `check` of a record: the short form of a verifier.

use super::fields::{Fields, text};
use super::shape;
use super::tree::Node;
use crate::diag::{Code, Diagnostic};
use crate::model::{Check, ExitMatcher, Expectation, Pattern, TextMatcher, TextOp};
use crate::text::Spanned;
use std::time::Duration;

const HINT: &str = "a check has `run`, `broken` and `fixed`, and `setup` where it can be tested";

/// Reads a check; `None` where it lacks `run`, `broken` or `fixed`, and findings say so.
pub fn parse(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Check> {
    let mut fields = Fields::open(node, &shape::CHECK, found)?;
    let setup = fields.text("setup", found).map(|text| text.value);
    let run = fields.required("run", HINT, found).and_then(|node| text(node, "`run`", found));
    let broken = fields.required("broken", HINT, found).and_then(|node| expectation(node, found));
    let fixed = fields.required("fixed", HINT, found).and_then(|node| expectation(node, found));
    let timeout = fields.text("timeout", found).and_then(|written| duration(&written, found));
    fields.finish(found);
    let timeout = timeout.unwrap_or(Check::DEFAULT_TIMEOUT);
    Some(Check { setup, run: run?.value, broken: broken?, fixed: fixed?, timeout })
}

fn expectation(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Expectation> {
    let mut fields = Fields::open(node, &shape::EXPECTATION, found)?;
    let before = found.len();
    let exit = fields.node("exit", found).and_then(|node| exit_matcher(node, found));
    let output = fields.node("output", found).and_then(|node| text_matcher(node, found));
    let span = fields.span();
    fields.finish(found);
    let nothing = exit.is_none() && output.is_none();
    if nothing && found.len() == before {
        found.push(
            Diagnostic::error(Code::EmptyValue, span, "this expects nothing")
                .hint("it names `exit`, `output`, or both"),
        );
    }
    (!nothing).then_some(Expectation { exit, output })
}

fn exit_matcher(node: &Node, found: &mut Vec<Diagnostic>) -> Option<ExitMatcher> {
    let mut fields = Fields::open(node, &shape::EXIT, found)?;
    let equals = fields.text("equals", found);
    let not_equals = fields.text("not_equals", found);
    let span = fields.span();
    fields.finish(found);
    match (equals, not_equals) {
        (Some(code), None) => exit_code(&code, found).map(ExitMatcher::Equals),
        (None, Some(code)) => exit_code(&code, found).map(ExitMatcher::NotEquals),
        (None, None) => None,
        (Some(_), Some(_)) => {
            found.push(
                Diagnostic::error(Code::StatedTwice, span, "this `exit` says two things")
                    .hint("it is a status, or `{not_equals: 0}`"),
            );
            None
        }
    }
}

fn exit_code(written: &Spanned<String>, found: &mut Vec<Diagnostic>) -> Option<i32> {
    let code = written.value.parse::<u8>().ok().map(i32::from);
    if code.is_none() {
        let message = format!("`{}` is not an exit status", written.value);
        found.push(
            Diagnostic::error(Code::WrongType, written.span, message)
                .hint("an exit status is a number from 0 to 255, or `{not_equals: 0}`"),
        );
    }
    code
}

fn text_matcher(node: &Node, found: &mut Vec<Diagnostic>) -> Option<TextMatcher> {
    let mut fields = Fields::open(node, &shape::OUTPUT, found)?;
    let mut ops: Vec<TextOp> = Vec::new();
    ops.extend(fields.texts("contains", found).into_iter().map(|part| TextOp::Contains(part.value)));
    ops.extend(fields.texts("not_contains", found).into_iter().map(|part| TextOp::NotContains(part.value)));
    ops.extend(fields.text("equals", found).map(|whole| TextOp::Equals(whole.value)));
    ops.extend(fields.text("matches", found).and_then(|text| pattern(&text, found)).map(TextOp::Matches));
    fields.finish(found);
    (!ops.is_empty()).then_some(TextMatcher(ops))
}

/// A regular expression; one that does not compile is a finding.
pub fn pattern(written: &Spanned<String>, found: &mut Vec<Diagnostic>) -> Option<Pattern> {
    Pattern::parse(&written.value)
        .map_err(|reason| {
            let message = format!("this regular expression does not compile: {reason}");
            found.push(
                Diagnostic::error(Code::BadRegex, written.span, message)
                    .hint("the dialect is that of Rust's regex crate: no look-around, no back-references"),
            );
        })
        .ok()
}

/// How long something may take; anything else is a finding.
pub fn duration(written: &Spanned<String>, found: &mut Vec<Diagnostic>) -> Option<Duration> {
    let digits = written.value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number = digits.parse::<u64>().ok();
    let duration = match (&written.value[digits.len()..], number) {
        ("ms", Some(number)) => Some(Duration::from_millis(number)),
        ("s", Some(number)) => Some(Duration::from_secs(number)),
        ("m", Some(number)) => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    };
    let duration =
        duration.filter(|duration| (1..=Check::MAX_TIMEOUT.as_millis()).contains(&duration.as_millis()));
    if duration.is_none() {
        let message = format!("`{}` is not how long a script may take", written.value);
        found.push(
            Diagnostic::error(Code::WrongType, written.span, message)
                .hint("a duration is written like 500ms, 20s or 2m, and is at most 10m"),
        );
    }
    duration
}
