//! The text of a page about a failure → a record: headings stand alone on their lines, facts behind a name and `: `.
//!
//! It begins with the category, the title and a sentence, then the badges of the page, run together.

use super::draft::Draft;
use super::prose;
use crate::parse::{Node, list_node, map_node, text_node};
use std::collections::BTreeMap;

const QUICK_FIX: &str = "agent quick fix";
const VALIDATION: &str = "validation status";
const SYMPTOM: &str = "symptom";
const WHY: &str = "why this happens";
const VERIFICATION: &str = "verification";
const WRONG_FIXES: &str = "common wrong fixes";
const KEYWORDS: &str = "search keywords";
const SOURCES: &str = "source trail";
const HEADINGS: &[&str] = &[QUICK_FIX, VALIDATION, SYMPTOM, WHY, VERIFICATION, WRONG_FIXES, SOURCES];

/// The facts of the quick fix, with their fields.
const PRODUCT: &str = "Product";
const CONTRACT: &str = "Current-contract area";
const CAUSE: &str = "Likely root cause";
const REPAIR: &str = "Repair direction";

/// The states of a page, which begin its badges.
const STATES: &[&str] = &["unvalidated", "search-observed", "reproduced", "counterfactual"];

/// The lines under a heading; those before any stand under the empty one.
type Parts<'t> = BTreeMap<&'static str, Vec<&'t str>>;

/// Reads one page; otherwise the reason, as a sentence without a full stop.
pub fn read(source: &str, text: &str) -> Result<Draft, String> {
    let (parts, searcher) = split(text);
    if parts.len() < 3 {
        return Err("it has none of the headings of such a page".to_owned());
    }
    let id = source.rsplit_once('.').map_or(source, |(stem, _)| stem);
    let mut draft = Draft::new(id, source);
    let facts = facts(&parts);
    introduce(&mut draft, &parts, &facts);
    let part = |name| paragraphs(parts.get(name).map(Vec::as_slice).unwrap_or_default());
    draft.text("symptom", &part(SYMPTOM));
    draft.text("root_cause", &prose::from_plain(facts.get(CAUSE).copied().unwrap_or_default()));
    draft.text("why", &part(WHY));
    draft.text("fix", &prose::from_plain(facts.get(REPAIR).copied().unwrap_or_default()));
    draft.text("verification", &part(VERIFICATION));
    let wrong = parts
        .get(WRONG_FIXES)
        .into_iter()
        .flatten()
        .map(|line| line.trim_start_matches(['•', '-', '*', ' ']));
    draft.texts("wrong_fixes", wrong.map(prose::from_plain));
    search(&mut draft, &parts, searcher);
    let lines = parts.get(SOURCES).into_iter().flatten();
    draft.put("sources", list_node(lines.map(|line| text_node(line)).collect()));
    Ok(draft)
}

/// The parts, and who searched, as the heading of the keywords says.
fn split(text: &str) -> (Parts<'_>, &str) {
    let mut parts: Parts = BTreeMap::new();
    let mut heading = "";
    let mut searcher = "";
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let lower = line.to_lowercase();
        let known = HEADINGS.iter().find(|name| **name == lower);
        match known {
            Some(name) => heading = name,
            None if lower.ends_with(KEYWORDS) && lower.len() <= KEYWORDS.len() + 24 => {
                heading = KEYWORDS;
                searcher = line[..line.len() - KEYWORDS.len()].trim();
            }
            None => parts.entry(heading).or_default().push(line),
        }
        parts.entry(heading).or_default();
    }
    (parts, searcher)
}

fn facts<'t>(parts: &Parts<'t>) -> BTreeMap<&'static str, &'t str> {
    let mut facts = BTreeMap::new();
    for line in parts.get(QUICK_FIX).into_iter().flatten() {
        for name in [PRODUCT, CONTRACT, CAUSE, REPAIR] {
            if let Some(value) = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(':')) {
                facts.insert(name, value.trim());
            }
        }
    }
    facts
}

fn introduce(draft: &mut Draft, parts: &Parts, facts: &BTreeMap<&str, &str>) {
    let lines = parts.get("").map(Vec::as_slice).unwrap_or_default();
    let line = |nth: usize| lines.get(nth).copied().unwrap_or_default();
    let (category, title, badges) = (line(0), line(1), line(3));
    let product = facts.get(PRODUCT).copied().unwrap_or_default();
    draft.text("category", category);
    draft.text("title", title);
    draft.text("product", product);
    draft.text("contract", facts.get(CONTRACT).copied().unwrap_or_default());
    let cause = facts.get(CAUSE).copied().unwrap_or_default();
    let symptom = parts.get(SYMPTOM).and_then(|lines| lines.first()).copied().unwrap_or_default();
    if ![cause, symptom].contains(&line(2)) {
        draft.text("summary", line(2));
    }
    let badges = STATES.iter().find_map(|state| badges.strip_prefix(state)).unwrap_or(badges);
    let badges = badges.strip_prefix(product).unwrap_or(badges);
    match badges.split_once(category).filter(|_| !category.is_empty()) {
        Some((ecosystem, tag)) => {
            draft.text("ecosystem", ecosystem);
            draft.texts("tags", [tag]);
        }
        None if !badges.is_empty() => draft.lose("badges that cannot be told apart", badges),
        None => {}
    }
    let why = parts.get(WHY).map(Vec::as_slice).unwrap_or_default();
    let is_fact = |line: &str| facts.values().any(|value| !value.is_empty() && line.ends_with(value));
    let quick =
        parts.get(QUICK_FIX).into_iter().flatten().filter(|line| !is_fact(line) && !why.contains(line));
    let quick: Vec<Node> = quick.map(|line| text_node(line)).collect();
    draft.extra("quick_fix", list_node(quick));
}

/// What was typed, what was opened after it, and that somebody searched.
fn search(draft: &mut Draft, parts: &Parts, searcher: &str) {
    let mut keywords: Vec<(&str, Vec<Node>)> = Vec::new();
    for line in parts.get(KEYWORDS).into_iter().flatten() {
        let is_web = line.starts_with("https://") || line.starts_with("http://");
        match keywords.last_mut() {
            Some((_, opened)) if is_web && !line.contains(' ') => opened.push(text_node(line)),
            // The sentence that introduces the list.
            _ if line.ends_with('.') && line.contains(' ') => {}
            _ => keywords.push((line, Vec::new())),
        }
    }
    let keyword = |(query, opened): (&str, Vec<Node>)| {
        map_node(vec![
            ("query", text_node(query)),
            ("by", text_node(searcher)),
            ("opened", list_node(opened)),
        ])
    };
    draft.put("keywords", list_node(keywords.into_iter().map(keyword).collect()));
    let note = paragraphs(parts.get(VALIDATION).map(Vec::as_slice).unwrap_or_default());
    let lower = note.to_lowercase();
    if lower.contains("searched") && !searcher.is_empty() {
        let run = map_node(vec![
            ("by", text_node(searcher)),
            ("kind", text_node("search")),
            ("note", text_node(&note)),
        ]);
        draft.put("validation", map_node(vec![("runs", list_node(vec![run]))]));
    } else if !note.is_empty() {
        draft.lose("a validation without a run", note);
    }
}

fn paragraphs(lines: &[&str]) -> String {
    lines.iter().map(|line| prose::from_plain(line)).collect::<Vec<_>>().join("\n\n")
}
