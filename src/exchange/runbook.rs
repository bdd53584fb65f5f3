//! A runbook → a record: Markdown whose headings say what stands under them, in the words that runbooks use.
//!
//! Front matter is taken by the names that records have. What stands under a heading of no meaning here goes to the
//! mechanism, with its heading.

use super::draft::Draft;
use super::prose::{self, Section};
use crate::model::{LinkTarget, Prose};
use crate::parse::shape::RECORD;
use crate::parse::{self, Node, Value, list_node, map_node, text_node};
use crate::text::{FileId, Source};
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag};

/// What the first words of a heading say about its text.
const MEANINGS: &[(&str, Meaning)] = &[
    ("symptom", Meaning::Prose("symptom")),
    ("what you see", Meaning::Prose("symptom")),
    ("problem", Meaning::Prose("symptom")),
    ("error", Meaning::Prose("symptom")),
    ("meaning", Meaning::Prose("symptom")),
    ("root cause", Meaning::Prose("root_cause")),
    ("cause", Meaning::Prose("root_cause")),
    ("why", Meaning::Prose("why")),
    ("mitigation", Meaning::Prose("mitigation")),
    ("stop the bleeding", Meaning::Prose("mitigation")),
    ("verif", Meaning::Prose("verification")),
    ("validat", Meaning::Prose("verification")),
    ("fix", Meaning::Fix),
    ("quick fix", Meaning::Fix),
    ("how to fix", Meaning::Fix),
    ("resol", Meaning::Fix),
    ("solution", Meaning::Fix),
    ("remed", Meaning::Fix),
    ("repair", Meaning::Fix),
    ("recovery", Meaning::Fix),
    ("workaround", Meaning::OtherFix),
    ("alternative", Meaning::OtherFix),
    ("other fix", Meaning::OtherFix),
    ("common wrong fix", Meaning::WrongFixes),
    ("wrong fix", Meaning::WrongFixes),
    ("what not to do", Meaning::WrongFixes),
    ("do not", Meaning::WrongFixes),
    ("don't", Meaning::WrongFixes),
    ("pitfall", Meaning::WrongFixes),
    ("escalat", Meaning::Line("escalate")),
    ("owner", Meaning::Line("owner")),
    ("severity", Meaning::Line("severity")),
    ("reference", Meaning::Sources),
    ("link", Meaning::Sources),
    ("source", Meaning::Sources),
    ("further reading", Meaning::Sources),
    ("see also", Meaning::Sources),
];

#[derive(Clone, Copy, PartialEq)]
enum Meaning {
    Prose(&'static str),
    Line(&'static str),
    Fix,
    OtherFix,
    WrongFixes,
    Sources,
}

/// Front matter keys that name what fails, beside `product`.
const PRODUCTS: &[&str] = &["service", "component", "system"];

/// Reads one runbook; otherwise the reason, as a sentence without a full stop.
pub fn read(source: &str, text: &str) -> Result<Draft, String> {
    let id = source.rsplit_once('.').map_or(source, |(stem, _)| stem);
    let mut draft = Draft::new(id, source);
    let (front, body) = split_front_matter(text)?;
    if let Some(front) = front {
        take_front_matter(&mut draft, &front)?;
    }
    let body = draft.own_links(body);
    let body = take_title(&mut draft, &body);
    if body.trim().is_empty() && !draft.has("title") {
        return Err("it says nothing".to_owned());
    }
    read_sections(&mut draft, body);
    if !draft.has("product")
        && let Some(folder) = id.rsplit('/').nth(1)
    {
        draft.text("product", folder);
        draft.lose("no product was named", "it is the folder's name");
    }
    Ok(draft)
}

/// The front matter, where there is one, and the rest.
fn split_front_matter(text: &str) -> Result<(Option<Node>, &str), String> {
    let Some(rest) = text.strip_prefix("---\n") else { return Ok((None, text)) };
    let Some((front, body)) = rest.split_once("\n---\n") else { return Ok((None, text)) };
    let source = Source::from_bytes("front-matter.yaml".into(), front.as_bytes().to_vec());
    match parse::tree(FileId(0), &source) {
        Ok(front) => Ok((Some(front), body)),
        Err(found) => {
            let reason = found.first().map_or("it is empty", |found| found.message.as_str());
            Err(format!("its front matter cannot be read: {reason}"))
        }
    }
}

fn take_front_matter(draft: &mut Draft, front: &Node) -> Result<(), String> {
    let Value::Map(entries) = &front.value else {
        return Err("its front matter is no map".to_owned());
    };
    for entry in entries {
        let key = entry.key.value.as_str();
        match key {
            "id" | "x" | "related" => draft.extra(&format!("source_{key}"), entry.node.clone()),
            _ if RECORD.field(key).is_some() => draft.put(key, entry.node.clone()),
            _ if PRODUCTS.contains(&key) && !draft.has("product") => draft.put("product", entry.node.clone()),
            _ => draft.extra(key, entry.node.clone()),
        }
    }
    Ok(())
}

/// The first heading of the first level is the title, unless the front matter has one.
fn take_title<'b>(draft: &mut Draft, body: &'b str) -> &'b str {
    let first = prose::blocks(body).into_iter().next();
    match first.and_then(|block| Some((block.heading?, block.range))) {
        Some(((HeadingLevel::H1, title), range)) => {
            if !draft.has("title") {
                draft.text("title", &title);
            }
            &body[range.end..]
        }
        _ => body,
    }
}

fn read_sections(draft: &mut Draft, body: &str) {
    let sections = outermost(prose::sections(body));
    let before = sections.first().map_or(body, |section| &body[..section.range.start]).trim();
    let mut rest: Vec<String> = Vec::new();
    for section in &sections {
        let text = body[section.body.clone()].trim();
        let title = section.title.to_lowercase();
        let meaning =
            MEANINGS.iter().find(|(words, _)| title.starts_with(words)).map(|(_, meaning)| *meaning);
        let is_taken = meaning.is_some_and(|meaning| take(draft, meaning, &section.title, text));
        if !is_taken && !text.is_empty() {
            rest.push(body[section.range.clone()].trim().to_owned());
        }
    }
    let (symptom, more) = prose::split_first(before);
    if draft.has("symptom") {
        if !draft.has("summary") {
            draft.text("summary", &Prose::new(before).first_sentence());
        }
        rest.insert(0, before.to_owned());
    } else {
        draft.text("symptom", &symptom);
        rest.insert(0, more);
    }
    if draft.has("why") {
        draft.extra("more", text_node(rest.join("\n\n").trim()));
    } else {
        draft.text("why", &rest.join("\n\n"));
    }
}

/// The sections that stand in no other.
fn outermost(sections: Vec<Section>) -> Vec<Section> {
    let mut outermost: Vec<Section> = Vec::new();
    for section in sections {
        if outermost.last().is_none_or(|last| section.range.start >= last.range.end) {
            outermost.push(section);
        }
    }
    outermost
}

/// Puts a section where it belongs; `false` where nothing of it belongs there, or something stands there already.
fn take(draft: &mut Draft, meaning: Meaning, title: &str, text: &str) -> bool {
    match meaning {
        Meaning::Prose(field) | Meaning::Line(field) if draft.has(field) || text.is_empty() => false,
        Meaning::Prose(field) => {
            draft.text(field, text);
            true
        }
        Meaning::Line(field) => {
            draft.text(field, &prose::words(text));
            true
        }
        Meaning::Fix if draft.has("fix") => false,
        Meaning::Fix => {
            draft.put("fix", parse::steps(text));
            true
        }
        Meaning::OtherFix if draft.has("other_fixes") => false,
        Meaning::OtherFix => {
            let fix = map_node(vec![("title", text_node(title)), ("steps", parse::steps(text))]);
            draft.put("other_fixes", list_node(vec![fix]));
            true
        }
        Meaning::WrongFixes => {
            draft.put("wrong_fixes", parse::wrong_fixes(text));
            draft.has("wrong_fixes")
        }
        Meaning::Sources => {
            draft.put("sources", sources(text));
            draft.has("sources")
        }
    }
}

/// Every link to the web, with its words.
fn sources(markdown: &str) -> Node {
    let mut sources = Vec::new();
    for (event, range) in Parser::new(markdown).into_offset_iter() {
        let Event::Start(Tag::Link { dest_url, .. }) = event else { continue };
        if let Some(LinkTarget::Web(url)) = LinkTarget::of(&dest_url) {
            let words = prose::words(&markdown[range]);
            let title = if words == url { "" } else { &words };
            sources.push(map_node(vec![("url", text_node(&url)), ("title", text_node(title))]));
        }
    }
    list_node(sources)
}
