//! Whether a probed value is what a record expects: yes, no, or unknown.
//!
//! In: `Probes` and a way to look a probe up. Out: `Known`. Unknown is neither: it comes from a comparison that makes
//! no sense, such as "less" of a text, or from a value that could not be had.

use super::template::{Scope, in_text};
use crate::model::{Matcher, Op, Pattern, Probes};
use regex::Regex;
use serde_json::Value;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// True, false, or unknown and why.
pub type Known = Result<bool, Unknown>;

/// Why nothing is known: a word such as `timeout`, or one with what it is about, such as `missing-tool: docker`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown(pub String);

impl Unknown {
    /// For this reason.
    pub fn new(reason: impl Into<String>) -> Unknown {
        Unknown(reason.into())
    }
}

/// False if any is, else unknown if any is, else true.
pub fn all(facts: impl IntoIterator<Item = Known>) -> Known {
    let mut unknown = None;
    for fact in facts {
        match fact {
            Ok(false) => return Ok(false),
            Ok(true) => {}
            Err(reason) => unknown = unknown.or(Some(reason)),
        }
    }
    unknown.map_or(Ok(true), Err)
}

/// True if any is, else unknown if any is, else false.
pub fn any(facts: impl IntoIterator<Item = Known>) -> Known {
    all(facts.into_iter().map(|fact| fact.map(|it| !it))).map(|none| !none)
}

/// A probe by its name; `None` where there is no such value.
pub type Look<'l> = dyn Fn(&str) -> Result<Option<Cow<'l, Value>>, Unknown> + 'l;

/// Matches values, with what templates stand for and every expression compiled once.
#[derive(Debug)]
pub struct Matching<'s> {
    /// What templates in arguments stand for.
    pub scope: &'s Scope,
    compiled: RefCell<BTreeMap<String, Regex>>,
}

impl<'s> Matching<'s> {
    /// Nothing is compiled yet.
    pub fn new(scope: &'s Scope) -> Matching<'s> {
        Matching { scope, compiled: RefCell::default() }
    }

    /// Whether all probes are as expected.
    pub fn probes(&self, probes: &Probes, look: &Look<'_>) -> Known {
        all(probes.iter().map(|(name, matcher)| self.matches(matcher, look(name)?.as_deref())))
    }

    /// Whether a thing that has probes of its own, such as one of several files, is as expected.
    pub fn item(&self, matcher: &Matcher, look: &Look<'_>) -> Known {
        let holds = |op: &Op| match op {
            Op::Probes(probes) => self.probes(probes, look),
            Op::Not(inner) => self.item(inner, look).map(|it| !it),
            Op::AllOf(several) => all(several.iter().map(|matcher| self.item(matcher, look))),
            Op::AnyOf(several) => any(several.iter().map(|matcher| self.item(matcher, look))),
            _ => mismatch(),
        };
        all(matcher.0.iter().map(holds))
    }

    /// Whether a value is as expected. One that does not exist is only ever `exists: false`.
    pub fn matches(&self, matcher: &Matcher, value: Option<&Value>) -> Known {
        all(matcher.0.iter().map(|op| match value {
            Some(value) => self.op(op, value),
            None => self.absent(op),
        }))
    }

    fn absent(&self, op: &Op) -> Known {
        match op {
            Op::Exists(wanted) => Ok(!wanted),
            Op::Not(inner) if inner.0.iter().all(|op| matches!(op, Op::Exists(_))) => {
                self.matches(inner, None).map(|it| !it)
            }
            Op::AllOf(several) => all(several.iter().map(|matcher| self.matches(matcher, None))),
            Op::AnyOf(several) => any(several.iter().map(|matcher| self.matches(matcher, None))),
            _ => Ok(false),
        }
    }

    fn op(&self, op: &Op, value: &Value) -> Known {
        match op {
            Op::Equals(wanted) => Ok(equal(value, &self.scope.value(wanted)?)),
            Op::NotEquals(wanted) => Ok(!equal(value, &self.scope.value(wanted)?)),
            Op::In(several) => any(several.iter().map(|it| Ok(equal(value, &self.scope.value(it)?)))),
            Op::NotIn(several) => all(several.iter().map(|it| Ok(!equal(value, &self.scope.value(it)?)))),
            Op::Contains(parts) => all(parts.iter().map(|part| self.contains(value, part))),
            Op::ContainsAny(parts) => any(parts.iter().map(|part| self.contains(value, part))),
            Op::NotContains(parts) => any(parts.iter().map(|part| self.contains(value, part))).map(|it| !it),
            Op::Matches(pattern) => self.finds(pattern, text(value)?),
            Op::NotMatches(pattern) => self.finds(pattern, text(value)?).map(|it| !it),
            Op::StartsWith(start) => Ok(text(value)?.starts_with(&self.scope.text(&start.0)?)),
            Op::EndsWith(end) => Ok(text(value)?.ends_with(&self.scope.text(&end.0)?)),
            Op::Lt(bound) => self.order(value, bound, |value, bound| value < bound),
            Op::Le(bound) => self.order(value, bound, |value, bound| value <= bound),
            Op::Gt(bound) => self.order(value, bound, |value, bound| value > bound),
            Op::Ge(bound) => self.order(value, bound, |value, bound| value >= bound),
            Op::Semver(range) => in_range(text(value)?, range),
            Op::Exists(wanted) => Ok(*wanted),
            Op::Type(name) => Ok(kind(value) == name),
            Op::Length(matcher) => self.matches(matcher, Some(&Value::from(length(value)?))),
            Op::Each(matcher) => {
                let items = list(value)?;
                all(items.iter().map(|it| self.matches(matcher, Some(it)))).map(|it| it && !items.is_empty())
            }
            Op::Some(matcher) => any(list(value)?.iter().map(|it| self.matches(matcher, Some(it)))),
            Op::None(matcher) => {
                any(list(value)?.iter().map(|it| self.matches(matcher, Some(it)))).map(|it| !it)
            }
            Op::Not(matcher) => self.matches(matcher, Some(value)).map(|it| !it),
            Op::AllOf(several) => all(several.iter().map(|matcher| self.matches(matcher, Some(value)))),
            Op::AnyOf(several) => any(several.iter().map(|matcher| self.matches(matcher, Some(value)))),
            Op::Probes(probes) => self.probes(probes, &|name| Ok(lookup(value, name).map(Cow::Borrowed))),
        }
    }

    fn contains(&self, value: &Value, part: &Value) -> Known {
        let part = self.scope.value(part)?;
        match (value, &part) {
            (Value::String(text), Value::String(part)) => Ok(text.contains(part.as_str())),
            (Value::Array(items), part) => Ok(items.iter().any(|item| equal(item, part))),
            _ => mismatch(),
        }
    }

    fn order(&self, value: &Value, bound: &Value, holds: fn(f64, f64) -> bool) -> Known {
        match (value.as_f64(), self.scope.value(bound)?.as_f64()) {
            (Some(value), Some(bound)) => Ok(holds(value, bound)),
            _ => mismatch(),
        }
    }

    fn finds(&self, pattern: &Pattern, text: &str) -> Known {
        Ok(self.regex(pattern).is_match(text))
    }

    fn regex(&self, pattern: &Pattern) -> Regex {
        let mut compiled = self.compiled.borrow_mut();
        // Cloning shares what is compiled.
        compiled.entry(pattern.as_str().to_owned()).or_insert_with(|| pattern.regex()).clone()
    }

    /// The line, counted from 1, at which a text is as expected; where an expression or a part of it begins.
    pub fn line(&self, matcher: &Matcher, text: &str) -> Option<usize> {
        self.place(matcher, text).map(|at| text[..at].matches('\n').count() + 1)
    }

    fn place(&self, matcher: &Matcher, text: &str) -> Option<usize> {
        matcher.0.iter().find_map(|op| match op {
            Op::Matches(pattern) => self.regex(pattern).find(text).map(|found| {
                // An expression may begin with the end of the line before.
                found.end() - found.as_str().trim_start_matches(['\r', '\n']).len()
            }),
            Op::Contains(parts) | Op::ContainsAny(parts) => {
                parts.iter().find_map(|part| text.find(&in_text(&self.scope.value(part).ok()?)))
            }
            Op::AllOf(several) | Op::AnyOf(several) => {
                several.iter().find_map(|matcher| self.place(matcher, text))
            }
            _ => None,
        })
    }
}

fn mismatch<T>() -> Result<T, Unknown> {
    Err(Unknown::new("type-mismatch"))
}

fn text(value: &Value) -> Result<&str, Unknown> {
    value.as_str().map_or_else(mismatch, Ok)
}

fn list(value: &Value) -> Result<&[Value], Unknown> {
    value.as_array().map(Vec::as_slice).map_or_else(mismatch, Ok)
}

fn length(value: &Value) -> Result<usize, Unknown> {
    match value {
        Value::String(text) => Ok(text.chars().count()),
        Value::Array(items) => Ok(items.len()),
        Value::Object(map) => Ok(map.len()),
        _ => mismatch(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}

/// The same value of the same kind; 1 and 1.0 are the same number.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

/// The value behind a name with dots; a key that holds dots itself is found first.
pub fn lookup<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let map = value.as_object()?;
    if let Some(found) = map.get(name) {
        return Some(found);
    }
    let dots = name.match_indices('.').take(16);
    dots.filter_map(|(at, _)| lookup(map.get(&name[..at])?, &name[at + 1..])).next()
}

/// Whether the version in a text is in a range, as the crate `semver` has it, but for two things: what programs print,
/// such as `11.5` or `2.47.3.windows.1`, is filled up or cut to three numbers, and a pre-release such as
/// `1.97.0-nightly` counts as its release unless the range names one.
pub fn in_range(text: &str, range: &str) -> Known {
    let range = semver::VersionReq::parse(range).map_err(|_| Unknown::new("bad-range"))?;
    let names_pre = range.comparators.iter().any(|it| !it.pre.is_empty());
    let (numbers, rest) = numbers(text).ok_or_else(|| Unknown::new("no-version"))?;
    let mut version = semver::Version::new(numbers[0], numbers[1], numbers[2]);
    if let Some(pre) = rest.strip_prefix('-').filter(|_| names_pre) {
        let end = pre.find(|c: char| !(c.is_ascii_alphanumeric() || ".-".contains(c))).unwrap_or(pre.len());
        version.pre = semver::Prerelease::new(&pre[..end]).map_err(|_| Unknown::new("no-version"))?;
    }
    Ok(range.matches(&version))
}

/// The first one to three numbers with dots between them, and what follows.
fn numbers(text: &str) -> Option<([u64; 3], &str)> {
    let mut rest = &text[text.find(|c: char| c.is_ascii_digit())?..];
    let mut numbers = [0; 3];
    for (nth, number) in numbers.iter_mut().enumerate() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        *number = rest[..end].parse().ok()?;
        rest = &rest[end..];
        match rest.strip_prefix('.').filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
            Some(after) if nth < 2 => rest = after,
            _ => break,
        }
    }
    Some((numbers, rest))
}
