//! A RustSec advisory → a record.
//!
//! The text before the first heading becomes the symptom, what stands under headings such as `Workarounds` the
//! mitigation, under `Recommended alternatives` the fix where no version is patched, and the rest the mechanism.

use super::draft::{Draft, Relation};
use super::prose::{self, Section};
use super::versions::{Range, outside};
use crate::model::Date;
use crate::parse::{self, Node, Value, list_node, map_node, text_node};

const FENCE: &str = "```toml";
/// What the template of an advisory has in place of a number.
const TEMPLATE_ID: &str = "RUSTSEC-0000-0000";
/// The licence of an advisory that names none, by the advisory format.
const DEFAULT_LICENSE: &str = "CC0-1.0";

const MITIGATION: &[&str] = &["mitigation", "mitigations", "workaround", "workarounds"];
const ALTERNATIVES: &[&str] = &["alternative", "alternatives", "migration"];

/// Reads one advisory; otherwise the reason, as a sentence without a full stop.
pub fn read(source: &str, text: &str) -> Result<Draft, String> {
    let (front, body) = split(text).ok_or("it does not begin with TOML in a fence")?;
    let (front, found) = parse::toml_tree(front);
    if let Some(error) = found.first() {
        return Err(format!("its TOML cannot be read: {}", error.message));
    }
    let advisory = member(&front, "advisory").ok_or("its TOML has no `[advisory]`")?;
    let id = advisory.member("id").ok_or("its advisory has no `id`")?;
    if id == TEMPLATE_ID {
        return Err("it is the template of an advisory".to_owned());
    }
    let package = advisory.member("package").ok_or("its advisory has no `package`")?;
    let mut draft = Draft::new(id, source);
    draft.text("product", package);
    draft.text("ecosystem", "Rust");
    classify(&mut draft, advisory, &front);
    cite(&mut draft, advisory, id);
    let why = describe(&mut draft, body);
    repair(&mut draft, &front, package, why);
    withdraw(&mut draft, advisory);
    tell_unknown(&mut draft, advisory);
    Ok(draft)
}

/// The TOML and the Markdown after it.
fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim_start().strip_prefix(FENCE)?.strip_prefix('\n')?;
    rest.split_once("\n```")
}

fn member<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|entry| entry.key.value == key).map(|entry| &entry.node)
}

fn texts(node: &Node, key: &str) -> Vec<String> {
    match member(node, key).map(|node| &node.value) {
        Some(Value::List(items)) => items
            .iter()
            .filter_map(|item| match &item.value {
                Value::Scalar(text) => Some(text.clone()),
                _ => None,
            })
            .collect(),
        Some(Value::Scalar(text)) => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// Category and tags; the names by which people look for an advisory are its keywords.
fn classify(draft: &mut Draft, advisory: &Node, front: &Node) {
    let mut kinds = texts(advisory, "categories");
    kinds.extend(texts(advisory, "informational"));
    kinds.dedup();
    let mut kinds = kinds.into_iter();
    draft.text("category", &kinds.next().unwrap_or_default());
    let affected = member(front, "affected");
    let platform = |key| affected.map(|affected| texts(affected, key)).unwrap_or_default();
    let tags = kinds.chain(texts(advisory, "keywords")).chain(platform("os")).chain(platform("arch"));
    let mut tags: Vec<String> = tags.collect();
    tags.sort();
    tags.dedup();
    draft.texts("tags", tags);
    let names = advisory.member("id").into_iter().map(str::to_owned).chain(texts(advisory, "aliases"));
    draft.texts("keywords", names);
    draft.text("severity", advisory.member("cvss").unwrap_or_default());
}

fn cite(draft: &mut Draft, advisory: &Node, id: &str) {
    let own = map_node(vec![
        ("url", text_node(&format!("https://rustsec.org/advisories/{id}.html"))),
        ("title", text_node(id)),
        ("publisher", text_node("RustSec Advisory Database")),
    ]);
    let mut urls = texts(advisory, "url");
    urls.extend(texts(advisory, "references"));
    urls.dedup();
    draft.put("sources", list_node([own].into_iter().chain(urls.iter().map(|url| text_node(url))).collect()));
    if let Some(day) = advisory.member("date") {
        draft.text("created", day);
    }
    draft.text("license", advisory.member("license").unwrap_or(DEFAULT_LICENSE));
    draft.texts("authors", ["RustSec Advisory Database"]);
    let (ours, others): (Vec<String>, Vec<String>) =
        texts(advisory, "related").into_iter().partition(|related| related.starts_with("RUSTSEC-"));
    for to in ours {
        draft.relate(Relation { kind: "see_also", to, tell: None, title: None });
    }
    draft.extra("related", list_node(others.iter().map(|other| text_node(other)).collect()));
}

/// Title, symptom and mitigation; what is left of the description.
fn describe(draft: &mut Draft, body: &str) -> String {
    // Definitions of links stand at the end; each link has its own target before the text is split.
    let body = draft.own_links(body);
    let first = prose::blocks(&body).into_iter().next();
    let after_title = match first {
        Some(prose::Block { heading: Some((_, title)), range }) => {
            draft.text("title", &title);
            &body[range.end..]
        }
        _ => body.as_str(),
    };
    let (mitigation, rest) = take_section(after_title, MITIGATION);
    draft.text("mitigation", &mitigation.map(|(_, text)| text).unwrap_or_default());
    let (symptom, rest) = prose::split_first(&rest);
    draft.text("symptom", &symptom);
    rest
}

/// The first section whose title has one of these words, as its title and its text, and the Markdown without it.
fn take_section(markdown: &str, words: &[&str]) -> (Option<(String, String)>, String) {
    let is_named = |section: &Section| {
        let title = section.title.to_lowercase();
        title.split(|c: char| !c.is_alphabetic()).any(|word| words.contains(&word))
    };
    let Some(section) = prose::sections(markdown).into_iter().find(is_named) else {
        return (None, markdown.to_owned());
    };
    let text = markdown[section.body].trim().to_owned();
    let rest =
        format!("{}\n\n{}", markdown[..section.range.start].trim_end(), &markdown[section.range.end..]);
    (Some((section.title, text)), rest.trim().to_owned())
}

/// Fix, affected versions, and the mechanism.
fn repair(draft: &mut Draft, front: &Node, package: &str, why: String) {
    let versions = |key| member(front, "versions").map(|versions| texts(versions, key)).unwrap_or_default();
    let (patched, unaffected) = (versions("patched"), versions("unaffected"));
    let mut affected = Vec::new();
    let good: Option<Vec<Range>> =
        patched.iter().chain(&unaffected).map(|requirement| Range::of(requirement)).collect();
    match good {
        Some(good) => affected.extend(outside(good).iter().map(|range| range.applies_to(package))),
        None => keep_versions(draft, "unaffected", &unaffected),
    }
    affected.extend(functions(draft, front, patched.is_empty()));
    draft.put("applies_to", list_node(affected));
    if !patched.is_empty() {
        draft.text("fix", &upgrade(package, &patched));
        draft.text("why", &why);
        return;
    }
    let (alternatives, why) = take_section(&why, ALTERNATIVES);
    draft.text("why", &why);
    if let Some((title, text)) = alternatives.filter(|(_, text)| !text.is_empty()) {
        draft.text("fix", &format!("No version of `{package}` is patched. {title}:\n\n{text}"));
    }
}

fn keep_versions(draft: &mut Draft, key: &str, requirements: &[String]) {
    let what = requirements.join(" or ");
    draft.lose("versions that `introduced` and `fixed` cannot say", format!("{key}: {what}"));
    draft.extra(key, list_node(requirements.iter().map(|one| text_node(one)).collect()));
}

fn upgrade(package: &str, patched: &[String]) -> String {
    let minimum = match patched {
        [only] => only.strip_prefix(">=").map(str::trim).filter(|rest| !rest.contains(',')),
        _ => None,
    };
    match minimum {
        Some(minimum) => format!("Upgrade `{package}` to {minimum} or later."),
        None => {
            let ranges: Vec<String> = patched.iter().map(|range| format!("`{range}`")).collect();
            format!("Upgrade `{package}` to a version that is patched: {}.", ranges.join(" or "))
        }
    }
}

/// Affected functions are components of their own; here the versions are those that have the failure. Where nothing
/// is patched, the last version that is named is the last that there was, and the next one is no cure.
fn functions(draft: &mut Draft, front: &Node, is_open: bool) -> Vec<Node> {
    let functions = member(front, "affected").and_then(|affected| member(affected, "functions"));
    let Some(Value::Map(entries)) = functions.map(|node| &node.value) else { return Vec::new() };
    let mut nodes = Vec::new();
    for entry in entries {
        let name = entry.key.value.as_str();
        let requirements = texts(functions.expect("it has entries"), name);
        let ranges: Option<Vec<Range>> =
            requirements.iter().map(|requirement| Range::of(requirement)).collect();
        let ranges =
            ranges.map(|ranges| match is_open && requirements.iter().any(|one| one.contains("<=")) {
                true => ranges.into_iter().map(Range::without_end).collect(),
                false => ranges,
            });
        match ranges {
            Some(ranges) if !ranges.is_empty() => {
                nodes.extend(ranges.iter().map(|range| range.applies_to(name)));
            }
            Some(_) => nodes.push(text_node(name)),
            None => {
                let what = format!("{name}: {}", requirements.join(" or "));
                draft.lose("versions that `introduced` and `fixed` cannot say", what);
                nodes.push(text_node(name));
            }
        }
    }
    nodes
}

fn withdraw(draft: &mut Draft, advisory: &Node) {
    let Some(day) = advisory.member("withdrawn") else { return };
    let reason = format!("The RustSec Advisory Database withdrew this advisory on {day}.");
    draft.put("status", map_node(vec![("state", text_node("withdrawn")), ("reason", text_node(&reason))]));
    if Date::parse(day).is_some() {
        draft.text("updated", day);
    }
}

/// Every key of an advisory that was read above.
const READ: &[&str] = &[
    "id",
    "package",
    "date",
    "withdrawn",
    "url",
    "references",
    "informational",
    "categories",
    "cvss",
    "keywords",
    "aliases",
    "related",
    "license",
    "title",
    "description",
];

fn tell_unknown(draft: &mut Draft, advisory: &Node) {
    let Value::Map(entries) = &advisory.value else { return };
    for entry in entries.iter().filter(|entry| !READ.contains(&entry.key.value.as_str())) {
        draft.lose("no field holds this key", format!("`{}`", entry.key.value));
        draft.extra(&entry.key.value, entry.node.clone());
    }
}
