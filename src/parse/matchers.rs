//! Conditions over facts, and matchers on what is observed.
//!
//! In: nodes behind `present`, `expect` and the like. Out: typed conditions and probes; findings for steps, probes and
//! operations that there are not.
//! Not here: what they come to (`verify`).

use super::fields::Fields;
use super::json::json;
use super::scope::{Place, Scope};
use super::shape;
use super::tree::{Node, Value};
use super::verifier_shape::ValueType;
use crate::diag::{Code, nearest};
use crate::model::{Condition, Matcher, Op, Probes, Template};
use crate::text::Spanned;
use serde_json::Value as Json;

/// Probes of one file.
pub const OF_FILE: &[&str] = &[
    "exists",
    "type",
    "size",
    "mode",
    "executable",
    "text",
    "first_line",
    "eol",
    "sha256",
    "value",
    "values",
    "doc",
];
/// Probes of several files.
pub const OF_FILES: &[&str] = &["count", "paths", "any", "all", "none"];
/// Probes of the log of a service.
pub const OF_LOG: &[&str] = &["count", "some", "each", "none"];
/// Probes of one request to a service.
pub const OF_REQUEST: &[&str] =
    &["method", "path", "query.*", "header.*", "json.*", "bearer.class", "bearer.claims.*"];

/// A condition; every step that it names is used by it.
pub fn condition(node: &Node, scope: &mut Scope) -> Option<Condition> {
    match &node.value {
        Value::Scalar(name) => {
            if !scope.steps.contains_key(name) {
                let names: Vec<String> = scope.steps.keys().cloned().collect();
                let written = Spanned::new(name.clone(), node.span);
                scope.unknown(Code::UnknownStep, &written, "step", names.iter().map(String::as_str));
                return None;
            }
            scope.used.insert(name.clone());
            Some(Condition::Step(name.clone()))
        }
        Value::List(_) => conditions(node, "a condition", scope).map(Condition::All),
        _ => joined(node, scope),
    }
}

/// Several conditions, at least one.
pub fn conditions(node: &Node, what: &str, scope: &mut Scope) -> Option<Vec<Condition>> {
    let items = scope.some(node, what);
    let conditions: Vec<Condition> = items.iter().filter_map(|item| condition(item, scope)).collect();
    (!conditions.is_empty() && conditions.len() == items.len()).then_some(conditions)
}

fn joined(node: &Node, scope: &mut Scope) -> Option<Condition> {
    let mut fields = Fields::open(node, &shape::CONDITION, scope.found)?;
    let n_before = scope.found.len();
    let all =
        fields.node("all", scope.found).map(|node| conditions(node, "`all`", scope).map(Condition::All));
    let any =
        fields.node("any", scope.found).map(|node| conditions(node, "`any`", scope).map(Condition::Any));
    let first = fields.node("first_of", scope.found);
    let first = first.map(|node| conditions(node, "`first_of`", scope).map(Condition::FirstOf));
    let not = fields.node("not", scope.found);
    let not = not.map(|node| condition(node, scope).map(|inner| Condition::Not(Box::new(inner))));
    let n_keys = fields.written().len();
    fields.finish(scope.found);
    let mut written = [all, any, first, not].into_iter().flatten();
    let condition = written.next();
    if (n_keys == 0 || written.next().is_some()) && scope.found.len() == n_before {
        let message = format!("this condition has {n_keys} keys");
        scope.error(Code::WrongType, node.span, message, "it has one: `all`, `any`, `first_of` or `not`");
        return None;
    }
    condition?
}

/// What must hold of an observation that has these probes; `name.*` stands for all names that begin so.
pub fn probes(node: &Node, what: &str, names: &[&str], scope: &mut Scope) -> Option<Probes> {
    let entries = scope.table(node, what);
    if matches!(&node.value, Value::Map(entries) if entries.is_empty()) {
        scope.error(Code::EmptyValue, node.span, format!("{what} is empty"), "it has at least one probe");
    }
    let mut probes = Probes::new();
    for entry in entries {
        let name = &entry.key.value;
        if !has_probe(names, name) {
            unknown_probe(&entry.key, names, scope);
            continue;
        }
        let matcher = match inner(names, name) {
            Some(names) => self::probes(&entry.node, &format!("`{name}`"), names, scope)
                .map(|probes| Matcher(vec![Op::Probes(probes)])),
            None => matcher(&entry.node, scope),
        };
        probes.extend(matcher.map(|matcher| (name.clone(), matcher)));
    }
    (!probes.is_empty() && probes.len() == entries.len()).then_some(probes)
}

/// Whether there is such a probe.
pub fn has_probe(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| match known.strip_suffix('*') {
        Some(start) => name.len() > start.len() && name.starts_with(start),
        None => *known == name,
    })
}

/// Notes a probe that there is not.
pub fn unknown_probe(name: &Spanned<String>, names: &[&str], scope: &mut Scope) {
    let hint = match nearest(&name.value, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("the probes are {}", names.join(", ")),
    };
    scope.error(Code::UnknownKey, name.span, format!("there is no probe `{}` here", name.value), hint);
}

/// The probes of the items of a probe, where they have some.
fn inner(names: &[&str], probe: &str) -> Option<&'static [&'static str]> {
    match probe {
        "any" | "all" | "none" if names == OF_FILES => Some(OF_FILE),
        "some" | "each" | "none" if names == OF_LOG => Some(OF_REQUEST),
        _ => None,
    }
}

/// What must hold of one value.
pub fn matcher(node: &Node, scope: &mut Scope) -> Option<Matcher> {
    if matches!(node.value, Value::Scalar(_)) {
        return Some(Matcher(vec![Op::Equals(compared(node, scope))]));
    }
    if node.value == Value::Null {
        let hint = "a probe stands with a value or with operations; nothing at all is `{exists: false}`";
        scope.error(Code::EmptyValue, node.span, "nothing is asked of this probe", hint);
        return None;
    }
    let mut fields = Fields::open(node, &shape::MATCHER, scope.found)?;
    let n_before = scope.found.len();
    let mut ops = Vec::new();
    for field in shape::MATCHER.fields {
        if let Some(node) = fields.node(field.key, scope.found) {
            ops.extend(operation(field.key, node, scope));
        }
    }
    fields.finish(scope.found);
    if ops.is_empty() && scope.found.len() == n_before {
        let hint = "a matcher has at least one operation, such as `contains`";
        scope.error(Code::EmptyValue, node.span, "this matcher asks nothing", hint);
    }
    (!ops.is_empty()).then_some(Matcher(ops))
}

fn operation(key: &str, node: &Node, scope: &mut Scope) -> Option<Op> {
    let what = format!("`{key}`");
    Some(match key {
        "equals" => Op::Equals(compared(node, scope)),
        "not_equals" => Op::NotEquals(compared(node, scope)),
        "in" => Op::In(values(node, &what, scope)?),
        "not_in" => Op::NotIn(values(node, &what, scope)?),
        "contains" => Op::Contains(one_or_more(node, &what, scope)?),
        "contains_any" => Op::ContainsAny(one_or_more(node, &what, scope)?),
        "not_contains" => Op::NotContains(one_or_more(node, &what, scope)?),
        "matches" => Op::Matches(scope.pattern(node, &what)?),
        "not_matches" => Op::NotMatches(scope.pattern(node, &what)?),
        "starts_with" => Op::StartsWith(affix(node, &what, scope)?),
        "ends_with" => Op::EndsWith(affix(node, &what, scope)?),
        "lt" => Op::Lt(bound(node, &what, scope)?),
        "le" => Op::Le(bound(node, &what, scope)?),
        "gt" => Op::Gt(bound(node, &what, scope)?),
        "ge" => Op::Ge(bound(node, &what, scope)?),
        "semver" => Op::Semver(range(node, &what, scope)?),
        "exists" => Op::Exists(scope.flag(node, &what)?),
        "type" => Op::Type(scope.word::<ValueType>(node, &what)?.0.to_owned()),
        "length" => Op::Length(Box::new(matcher(node, scope)?)),
        "each" => Op::Each(Box::new(matcher(node, scope)?)),
        "some" => Op::Some(Box::new(matcher(node, scope)?)),
        "none" => Op::None(Box::new(matcher(node, scope)?)),
        "not" => Op::Not(Box::new(matcher(node, scope)?)),
        "all_of" => Op::AllOf(matchers(node, &what, scope)?),
        "any_of" => Op::AnyOf(matchers(node, &what, scope)?),
        _ => return None,
    })
}

/// A value to compare with, of any kind.
fn compared(node: &Node, scope: &mut Scope) -> Json {
    check_value(node, Place::Value, scope);
    if let Value::Scalar(text) = &node.value
        && is_exact_version(text)
    {
        let message = format!("`{text}` is one version, and the next one is another");
        scope.doubt(Code::ExactVersion, node.span, message, "a range is written `{semver: \">=1.2, <2\"}`");
    }
    json(node)
}

/// Checks the templates in a value of any kind.
pub fn check_value(node: &Node, place: Place, scope: &mut Scope) {
    match &node.value {
        Value::Null => {}
        Value::Scalar(text) => scope.check_templates(node, text, place),
        Value::List(items) => items.iter().for_each(|item| check_value(item, place, scope)),
        Value::Map(entries) => entries.iter().for_each(|entry| check_value(&entry.node, place, scope)),
    }
}

fn is_exact_version(text: &str) -> bool {
    let parts: Vec<&str> = text.strip_prefix('v').unwrap_or(text).split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(digits)
}

fn values(node: &Node, what: &str, scope: &mut Scope) -> Option<Vec<Json>> {
    let items = scope.some(node, what);
    let values: Vec<Json> = items.iter().map(|item| compared(item, scope)).collect();
    (!values.is_empty()).then_some(values)
}

fn one_or_more(node: &Node, what: &str, scope: &mut Scope) -> Option<Vec<Json>> {
    match node.value {
        Value::List(_) => values(node, what, scope),
        _ => scope.exact(node, what).map(|_| vec![compared(node, scope)]),
    }
}

/// The beginning or end of a text; an empty one would always hold.
fn affix(node: &Node, what: &str, scope: &mut Scope) -> Option<Template> {
    let affix = scope.template(node, what, Place::Value)?;
    if affix.0.is_empty() {
        scope.error(
            Code::EmptyValue,
            node.span,
            format!("{what} is empty"),
            "it is a text that can be missing",
        );
        return None;
    }
    Some(affix)
}

/// A number, a text, or a template that stands for one.
fn bound(node: &Node, what: &str, scope: &mut Scope) -> Option<Json> {
    scope.template(node, what, Place::Value)?;
    Some(json(node))
}

/// A range of versions; any other text is a finding.
pub fn range(node: &Node, what: &str, scope: &mut Scope) -> Option<String> {
    let written = scope.fixed(node, what)?;
    if let Err(error) = semver::VersionReq::parse(&written.value) {
        let message = format!("`{}` is not a range of versions: {error}", written.value);
        let hint = "a range is written like `>=1.78, <2`, with commas between its parts, or `*`";
        scope.error(Code::WrongType, written.span, message, hint);
        return None;
    }
    Some(written.value)
}

fn matchers(node: &Node, what: &str, scope: &mut Scope) -> Option<Vec<Matcher>> {
    let items = scope.some(node, what);
    let matchers: Vec<Matcher> = items.iter().filter_map(|item| matcher(item, scope)).collect();
    (!matchers.is_empty()).then_some(matchers)
}
