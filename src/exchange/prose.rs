//! Texts of other makes → Markdown that a record may hold.

use crate::model::{LinkTarget, Prose, RecordId};
use pulldown_cmark::{Event, HeadingLevel, LinkType, Parser, Tag, TagEnd};
use std::ops::Range;

/// A block at the top level of some Markdown.
pub struct Block {
    /// The level and the words of a heading.
    pub heading: Option<(HeadingLevel, String)>,
    /// Its bytes.
    pub range: Range<usize>,
}

/// The blocks at the top level, in order.
pub fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut depth = 0_usize;
    for (event, range) in Parser::new_ext(markdown, Prose::OPTIONS).into_offset_iter() {
        match &event {
            Event::Start(tag) => {
                if depth == 0 {
                    let heading = match tag {
                        Tag::Heading { level, .. } => Some((*level, words(&markdown[range.clone()]))),
                        _ => None,
                    };
                    blocks.push(Block { heading, range });
                }
                depth += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            _ if depth == 0 => blocks.push(Block { heading: None, range }),
            _ => {}
        }
    }
    blocks
}

/// The words of one line of Markdown. What looks like HTML in it was meant to be read.
pub fn words(markdown: &str) -> String {
    let mut words = String::new();
    for event in Parser::new_ext(markdown, Prose::OPTIONS) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                words.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph) => words.push(' '),
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first block of some Markdown that is no heading, with the next one where it ends in a colon, and the rest.
/// A heading before it goes with what else stands under it.
pub fn split_first(markdown: &str) -> (String, String) {
    let blocks = blocks(markdown);
    let Some(first) = blocks.iter().position(|block| block.heading.is_none()) else {
        return (String::new(), markdown.trim().to_owned());
    };
    let mut last = first;
    let ends_open = |block: &Block| markdown[block.range.clone()].trim_end().ends_with(':');
    while ends_open(&blocks[last]) && blocks.get(last + 1).is_some_and(|next| next.heading.is_none()) {
        last += 1;
    }
    let (start, end) = (blocks[first].range.start, blocks[last].range.end);
    let more = blocks.get(last + 1).is_some_and(|next| next.heading.is_none());
    let headings = if more { markdown[..start].trim() } else { "" };
    let rest = format!("{headings}\n\n{}", markdown[end..].trim());
    (markdown[start..end].trim().to_owned(), rest.trim().to_owned())
}

/// A part of some Markdown under a heading.
pub struct Section {
    /// The words of the heading.
    pub title: String,
    /// The heading and all that belongs to it.
    pub range: Range<usize>,
    /// What stands under the heading.
    pub body: Range<usize>,
}

/// The parts under headings, each reaching to the next heading of its level or above; parts may hold parts.
pub fn sections(markdown: &str) -> Vec<Section> {
    let headings: Vec<(HeadingLevel, String, Range<usize>)> = blocks(markdown)
        .into_iter()
        .filter_map(|block| block.heading.map(|(level, title)| (level, title, block.range)))
        .collect();
    let section = |at: usize| {
        let (level, title, range) = &headings[at];
        let next = headings[at + 1..].iter().find(|(other, _, _)| other <= level);
        let end = next.map_or(markdown.len(), |(_, _, range)| range.start);
        Section { title: title.clone(), range: range.start..end, body: range.end..end }
    };
    (0..headings.len()).map(section).collect()
}

/// The text in a fence that it cannot end.
pub fn fenced(lang: &str, code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{lang}\n{}\n{fence}", code.trim_matches('\n'))
}

/// A text that was never Markdown, as Markdown that reads as it does. What stands between backticks is code there too.
pub fn from_plain(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().map(str::trim).collect();
    let text = lines.join("\n");
    let levels = ["", "<", "<*_", "<*_[]&~|\\", "<*_[]&~|\\`"];
    let escaped =
        levels.iter().map(|special| escape(&text, special)).find(|markdown| reads_as(markdown, &text));
    escaped.unwrap_or_else(|| fenced("text", &text))
}

fn escape(text: &str, special: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for (at, c) in text.char_indices() {
        let line = text[..at].rsplit('\n').next().unwrap_or_default();
        let starts_block = match c {
            '#' | '>' | '-' | '+' | '*' | '=' => line.is_empty(),
            '.' | ')' => {
                !line.is_empty() && line.len() < 10 && line.bytes().all(|byte| byte.is_ascii_digit())
            }
            _ => false,
        };
        in_code ^= c == '`' && !special.contains('`');
        if !special.is_empty() && (starts_block || special.contains(c)) && !in_code {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn reads_as(markdown: &str, text: &str) -> bool {
    let folded = |text: &str| {
        let kept: String = text.chars().filter(|c| *c != '`').collect();
        kept.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    folded(&Prose::new(markdown).plain()) == folded(text)
}

/// A text cut at a word, with `…`, where it has more characters than that.
pub fn shortened(text: &str, max_chars: usize) -> Option<String> {
    let (end, _) = text.char_indices().nth(max_chars)?;
    let room = text.char_indices().nth(max_chars - 1).map_or(end, |(at, _)| at);
    let cut = text[..room].rfind(char::is_whitespace).filter(|at| *at > room / 2).unwrap_or(room);
    Some(format!("{}…", text[..cut].trim_end_matches(|c: char| c.is_whitespace() || ",;:-–(".contains(c))))
}

/// Markdown whose links all lead somewhere, each with its target beside it, so that any part of it can stand alone;
/// and the targets that were left out. A picture becomes a link to it.
pub fn without_dead_links(markdown: &str, known: &dyn Fn(&RecordId) -> bool) -> (String, Vec<String>) {
    if !markdown.contains(['[', '<']) {
        return (markdown.to_owned(), Vec::new());
    }
    let parser = Parser::new_ext(markdown, Prose::OPTIONS).into_offset_iter();
    let definitions: Vec<Range<usize>> =
        parser.reference_definitions().iter().map(|(_, definition)| definition.span.clone()).collect();
    let mut edits: Vec<(Range<usize>, String)> =
        definitions.into_iter().map(|at| (at, String::new())).collect();
    let mut unlinked = Vec::new();
    let mut done = 0;
    let events: Vec<(Event, Range<usize>)> = parser.collect();
    for (at, (event, range)) in events.iter().enumerate() {
        let Event::Start(Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. }) =
            event
        else {
            continue;
        };
        if range.start < done {
            continue;
        }
        done = range.end;
        let inner = inner(markdown, range, &events[at + 1..]);
        let (target, is_alive) = match LinkTarget::of(dest_url) {
            _ if *link_type == LinkType::Email => (format!("mailto:{dest_url}"), true),
            Some(LinkTarget::Record(id)) => (id.to_string(), known(&id)),
            Some(_) => (dest_url.to_string(), true),
            None => (dest_url.to_string(), false),
        };
        let as_is = matches!(event, Event::Start(Tag::Link { .. }))
            && matches!(link_type, LinkType::Inline | LinkType::Autolink)
            && inner == markdown[inner_range(range, &events[at + 1..])];
        match is_alive {
            true if as_is => {}
            true if target.contains(['(', ')']) => {
                edits.push((range.clone(), format!("[{inner}](<{target}>)")))
            }
            true => edits.push((range.clone(), format!("[{inner}]({target})"))),
            false => {
                edits.push((range.clone(), inner));
                unlinked.push(target);
            }
        }
    }
    (edited(markdown, edits), unlinked)
}

/// The bytes of what stands inside a link.
fn inner_range(link: &Range<usize>, after: &[(Event, Range<usize>)]) -> Range<usize> {
    let is_end = |event: &Event| matches!(event, Event::End(TagEnd::Link | TagEnd::Image));
    let inside = after.iter().take_while(|(event, range)| !(is_end(event) && range == link));
    let ranges: Vec<&Range<usize>> = inside.map(|(_, range)| range).collect();
    let start = ranges.iter().map(|range| range.start).min().unwrap_or(link.start);
    let end = ranges.iter().map(|range| range.end).max().unwrap_or(start);
    start..end
}

/// What stands inside a link; only the words where a picture stands there.
fn inner(markdown: &str, link: &Range<usize>, after: &[(Event, Range<usize>)]) -> String {
    let range = inner_range(link, after);
    let inside = &markdown[range.clone()];
    match inside.contains("![") {
        true => words(inside),
        false => inside.to_owned(),
    }
}

fn edited(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = String::new();
    let mut at = 0;
    for (range, new) in edits.into_iter().filter(|(range, _)| range.start <= range.end) {
        if range.start >= at {
            out.push_str(&text[at..range.start]);
            out.push_str(&new);
            at = range.end;
        }
    }
    out + &text[at..]
}
