//! An OSV entry (schema 1.x) → a record.
//!
//! `summary` and the first paragraph of `details` become title and symptom, affected ranges `applies_to`, the versions in
//! which they end the fix. Ids that others gave the same failure are keywords: people look for it by them.

use super::draft::{Draft, Relation};
use super::{jsonl, prose};
use crate::model::{Date, Release};
use crate::parse::{Node, list_node, map_node, text_node};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Every key of an entry that is read here.
const READ: &[&str] = &[
    "schema_version",
    "id",
    "modified",
    "published",
    "withdrawn",
    "aliases",
    "upstream",
    "related",
    "summary",
    "details",
    "severity",
    "affected",
    "references",
    "credits",
    "database_specific",
];
/// An entry that names more versions than this one by one has ranges as well.
const MAX_VERSIONS: usize = 50;

/// Reads one entry; otherwise the reason, as a sentence without a full stop.
pub fn read(source: &str, text: &str) -> Result<Draft, String> {
    let entry: Value =
        serde_json::from_str(text).map_err(|error| format!("its JSON cannot be read: {error}"))?;
    let entry = entry.as_object().ok_or("it is no JSON object")?;
    let id = text_of(entry, "id").ok_or("it has no `id`")?;
    if let Some(version) = text_of(entry, "schema_version").filter(|version| !version.starts_with("1.")) {
        return Err(format!("its schema is {version}, and only 1.x is known"));
    }
    let mut draft = Draft::new(id, source);
    describe(&mut draft, entry);
    classify(&mut draft, entry, id);
    affect(&mut draft, entry);
    cite(&mut draft, entry, id);
    withdraw(&mut draft, entry);
    for (key, value) in entry.iter().filter(|(key, _)| !READ.contains(&key.as_str())) {
        draft.lose("no field holds this key", format!("`{key}`"));
        jsonl::node(value).into_iter().for_each(|node| draft.extra(key, node));
    }
    Ok(draft)
}

fn text_of<'v>(map: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    map.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The objects of a list; what is none is lost.
fn objects<'v>(draft: &mut Draft, map: &'v Map<String, Value>, key: &str) -> Vec<&'v Map<String, Value>> {
    let items = list(draft, map, key);
    let objects: Vec<_> = items.iter().filter_map(Value::as_object).collect();
    if objects.len() < items.len() {
        draft.lose("a value is not what the schema says", format!("`{key}`"));
    }
    objects
}

/// The texts of a list; what is none is lost.
fn texts<'v>(draft: &mut Draft, map: &'v Map<String, Value>, key: &str) -> Vec<&'v str> {
    let items = list(draft, map, key);
    let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    if texts.len() < items.len() {
        draft.lose("a value is not what the schema says", format!("`{key}`"));
    }
    texts
}

fn list<'v>(draft: &mut Draft, map: &'v Map<String, Value>, key: &str) -> &'v [Value] {
    match map.get(key) {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items,
        Some(_) => {
            draft.lose("a value is not what the schema says", format!("`{key}`"));
            &[]
        }
    }
}

/// Title, symptom and mechanism.
fn describe(draft: &mut Draft, entry: &Map<String, Value>) {
    for key in ["summary", "details"] {
        if entry.get(key).is_some_and(|value| !value.is_string() && !value.is_null()) {
            draft.lose("a value is not what the schema says", format!("`{key}`"));
        }
    }
    let summary = text_of(entry, "summary").unwrap_or_default();
    draft.text("title", &summary.split_whitespace().collect::<Vec<_>>().join(" "));
    let details = draft.own_links(text_of(entry, "details").unwrap_or_default());
    let (symptom, why) = prose::split_first(&details);
    draft.text("symptom", &symptom);
    draft.text("why", &why);
}

fn classify(draft: &mut Draft, entry: &Map<String, Value>, id: &str) {
    let aliases = texts(draft, entry, "aliases");
    let upstream = texts(draft, entry, "upstream");
    let mut seen = BTreeSet::new();
    let names = [id].into_iter().chain(aliases).chain(upstream).filter(|name| seen.insert(*name));
    draft.texts("keywords", names.collect::<Vec<_>>());
    for to in texts(draft, entry, "related") {
        draft.relate(Relation { kind: "see_also", to: to.to_owned(), tell: None, title: None });
    }
    let scores: Vec<&str> =
        objects(draft, entry, "severity").into_iter().filter_map(|one| text_of(one, "score")).collect();
    if let Some((first, others)) = scores.split_first() {
        draft.text("severity", first);
        others.iter().for_each(|score| draft.lose("one severity is kept", *score));
    }
    let Some(Value::Object(own)) = entry.get("database_specific") else { return };
    let cwes: Vec<&str> = own
        .get("cwe_ids")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    draft.texts("tags", cwes);
    for (key, value) in own.iter().filter(|(key, _)| !["cwe_ids", "license"].contains(&key.as_str())) {
        draft.lose("a database's own value is kept in `x`", format!("`{key}`"));
        jsonl::node(value).into_iter().for_each(|node| draft.extra(key, node));
    }
}

/// A package, and what is known of its versions.
#[derive(Default)]
struct Package {
    /// From a first version to one in which the failure is gone.
    ranges: Vec<(Option<String>, Option<String>)>,
}

/// Product, versions, and the fix that they tell.
fn affect(draft: &mut Draft, entry: &Map<String, Value>) {
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    let mut ecosystems = BTreeSet::new();
    let mut first = None;
    for affected in objects(draft, entry, "affected") {
        let package = affected.get("package").and_then(Value::as_object);
        let Some(name) = package.and_then(|package| text_of(package, "name")) else {
            draft.lose("what is affected has no name", "`affected.package`");
            continue;
        };
        first.get_or_insert_with(|| name.to_owned());
        let ecosystem = package.and_then(|package| text_of(package, "ecosystem"));
        ecosystems.extend(ecosystem.map(|name| name.split(':').next().unwrap_or(name).to_owned()));
        let known = packages.entry(name.to_owned()).or_default();
        for range in objects(draft, affected, "ranges") {
            let kind = text_of(range, "type").unwrap_or_default();
            match kind {
                "SEMVER" | "ECOSYSTEM" => known.ranges.extend(events(draft, range, name)),
                "GIT" => draft.lose("a range of commits", name),
                _ => draft.lose("a range of a kind that is not known", format!("{name}: `{kind}`")),
            }
        }
        versions(draft, affected, name, known.ranges.is_empty());
        for key in ["ecosystem_specific", "database_specific", "severity"] {
            if affected.contains_key(key) {
                draft.lose("what is said of one package alone", format!("{name}: `{key}`"));
            }
        }
    }
    draft.text("product", &first.unwrap_or_default());
    draft.text("ecosystem", &ecosystems.into_iter().collect::<Vec<_>>().join(", "));
    draft.put(
        "applies_to",
        list_node(packages.iter().flat_map(|(name, package)| package.nodes(name)).collect()),
    );
    draft
        .put("fix", list_node(packages.iter().filter_map(|(name, package)| package.upgrade(name)).collect()));
}

/// The spans between the events of a range, in their order. Where an end is there and cannot be said, neither is the
/// beginning: a span without an end would claim every later version.
fn events(
    draft: &mut Draft,
    range: &Map<String, Value>,
    name: &str,
) -> Vec<(Option<String>, Option<String>)> {
    let mut spans = Vec::new();
    let mut open: Option<Option<String>> = None;
    for event in objects(draft, range, "events") {
        if let Some(version) = text_of(event, "introduced") {
            spans.extend(open.take().map(|from| (from, None)));
            open = Some(if version == "0" { None } else { ordered(draft, version, name) });
        } else if let Some(version) = text_of(event, "fixed") {
            let from = open.take().flatten();
            let to = ordered(draft, version, name);
            spans.push(if to.is_some() { (from, to) } else { (None, None) });
        } else if let Some(version) = text_of(event, "last_affected") {
            let reason = "the last version that has it, while the first without it is not named";
            draft.lose(reason, format!("{name}: {version}"));
            open = None;
            spans.push((None, None));
        } else {
            draft.lose("an event of a range that is neither `introduced` nor `fixed`", name);
        }
    }
    spans.extend(open.map(|from| (from, None)));
    spans
}

/// A version that can be compared with others.
fn ordered(draft: &mut Draft, version: &str, name: &str) -> Option<String> {
    let known = Release::parse(version).is_some();
    if !known {
        draft.lose("a version that no order is known of", format!("{name}: {version}"));
    }
    known.then(|| version.to_owned())
}

fn versions(draft: &mut Draft, affected: &Map<String, Value>, name: &str, is_alone: bool) {
    let versions = texts(draft, affected, "versions");
    if versions.is_empty() {
        return;
    }
    let named: Vec<&str> = versions.iter().copied().take(MAX_VERSIONS).collect();
    let reason =
        if is_alone { "versions that are named one by one" } else { "versions that its ranges say as well" };
    draft.lose(reason, format!("{name}: {}", named.join(", ")));
}

impl Package {
    fn nodes(&self, name: &str) -> Vec<Node> {
        let node = |(from, to): &(Option<String>, Option<String>)| {
            let mut entries = vec![("component", text_node(name))];
            entries.extend(from.iter().map(|from| ("introduced", text_node(from))));
            entries.extend(to.iter().map(|to| ("fixed", text_node(to))));
            map_node(entries)
        };
        match self.ranges.as_slice() {
            [] => vec![text_node(name)],
            ranges => ranges.iter().map(node).collect(),
        }
    }

    /// A step, where a version without the failure is known.
    fn upgrade(&self, name: &str) -> Option<Node> {
        let fixed: Vec<&str> = self.ranges.iter().filter_map(|(_, to)| to.as_deref()).collect();
        let name = prose::from_plain(name);
        let text = match fixed.as_slice() {
            [] => return None,
            [only] => format!("Upgrade {name} to {only} or later."),
            [others @ .., last] => format!(
                "Upgrade {name} to {} or {last}, whichever is of your branch, or to a later version.",
                others.join(", ")
            ),
        };
        Some(text_node(&text))
    }
}

fn cite(draft: &mut Draft, entry: &Map<String, Value>, id: &str) {
    let own = map_node(vec![
        ("url", text_node(&format!("https://osv.dev/vulnerability/{id}"))),
        ("title", text_node(id)),
        ("publisher", text_node("OSV")),
    ]);
    let mut nodes = vec![own];
    for reference in objects(draft, entry, "references") {
        let Some(url) = text_of(reference, "url") else {
            draft.lose("a reference without an address", text_of(reference, "type").unwrap_or_default());
            continue;
        };
        match url.starts_with("https://") || url.starts_with("http://") {
            true => nodes.push(text_node(url)),
            false => draft.lose("a reference that is no web address", url),
        }
    }
    draft.put("sources", list_node(nodes));
    let credits: Vec<&str> =
        objects(draft, entry, "credits").into_iter().filter_map(|credit| text_of(credit, "name")).collect();
    draft.texts("authors", credits);
    let own = entry.get("database_specific").and_then(Value::as_object);
    draft.text("license", own.and_then(|own| text_of(own, "license")).unwrap_or_default());
    for (key, field) in [("published", "created"), ("modified", "updated")] {
        let Some(moment) = text_of(entry, key) else { continue };
        match moment.get(..10).filter(|day| Date::parse(day).is_some()) {
            Some(day) => draft.text(field, day),
            None => draft.lose("a moment that is none", format!("`{key}`: {moment}")),
        }
    }
}

fn withdraw(draft: &mut Draft, entry: &Map<String, Value>) {
    let Some(moment) = text_of(entry, "withdrawn") else { return };
    let day = moment.get(..10).unwrap_or(moment);
    let reason = format!("This entry was withdrawn on {}.", prose::from_plain(day));
    draft.put("status", map_node(vec![("state", text_node("withdrawn")), ("reason", text_node(&reason))]));
}
