//! Markdown on a terminal: wrapped words, verbatim blocks, and where links lead.

use super::shown;
use crate::model::{LinkTarget, Prose};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// Where a text stands: its left edge, and the width of the whole terminal, both in characters.
#[derive(Clone, Copy)]
pub struct Area {
    pub indent: usize,
    pub width: usize,
}

impl Area {
    /// The same terminal, further to the right.
    pub fn deeper(self, by: usize) -> Area {
        Area { indent: self.indent + by, ..self }
    }
}

/// Prose as lines; what stands in fences keeps its lines, however long they are.
pub fn prose(prose: &Prose, area: Area) -> Vec<String> {
    let mut writer = Writer { area, ..Writer::default() };
    for event in Parser::new_ext(prose.markdown(), Prose::OPTIONS) {
        writer.take(event);
    }
    writer.flush();
    while writer.lines.last().is_some_and(String::is_empty) {
        writer.lines.pop();
    }
    writer.lines
}

/// Words broken into lines. `marker` stands before the first; a word that is longer than a line stays whole, so that
/// it can be copied.
pub fn fill(text: &str, marker: &str, area: Area) -> Vec<String> {
    let hang = " ".repeat(area.indent + marker.chars().count());
    let mut lines = Vec::new();
    let mut line = format!("{}{marker}", " ".repeat(area.indent));
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let wide = line.chars().count() + 1 + word.chars().count() > area.width;
        if wide && !is_empty {
            lines.push(std::mem::replace(&mut line, hang.clone()));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines
}

/// Lines that stay as they are, such as a script.
pub fn verbatim(text: &str, area: Area) -> Vec<String> {
    let blanks = " ".repeat(area.indent);
    let line = |line: &str| format!("{blanks}{}", shown(line)).trim_end().to_owned();
    text.trim_end().lines().map(line).collect()
}

struct Writer {
    area: Area,
    lines: Vec<String>,
    /// Words that are not broken into lines yet.
    words: String,
    /// What stands before the next line of words.
    marker: String,
    /// The numbers that come next in the lists around; none for a list of dashes.
    lists: Vec<Option<u64>>,
    /// The widths of the markers of the items around.
    items: Vec<usize>,
    /// Where the links around lead.
    links: Vec<String>,
    in_block: bool,
}

impl Default for Writer {
    fn default() -> Writer {
        Writer {
            area: Area { indent: 0, width: 0 },
            lines: Vec::new(),
            words: String::new(),
            marker: String::new(),
            lists: Vec::new(),
            items: Vec::new(),
            links: Vec::new(),
            in_block: false,
        }
    }
}

impl Writer {
    fn take(&mut self, event: Event) {
        match event {
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.words.push_str(&text),
            Event::Code(code) => self.words.push_str(&format!("`{code}`")),
            Event::SoftBreak => self.words.push(' '),
            Event::HardBreak => self.flush(),
            Event::Rule => self.lines.push(format!("{}---", " ".repeat(self.area.indent))),
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(end),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::CodeBlock(_) => {
                self.flush();
                self.in_block = true;
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::BlockQuote(_) => self.area.indent += 2,
            Tag::Image { .. } => self.words.push_str("[image: "),
            Tag::Link { dest_url, .. } => self.links.push(dest_url.into_string()),
            _ => {}
        }
    }

    fn item(&mut self) {
        self.flush();
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "- ".to_owned(),
        };
        self.items.push(marker.len());
        self.marker = marker;
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::CodeBlock => self.block(),
            TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Table => self.part_ends(),
            TagEnd::TableCell => self.words.push_str(" | "),
            TagEnd::TableHead | TagEnd::TableRow => {
                self.words.truncate(self.words.trim_end_matches(" | ").len());
                self.flush();
            }
            TagEnd::Item => {
                self.flush();
                let width = self.items.pop().unwrap_or_default();
                // An item without words never came to its text.
                let came = std::mem::take(&mut self.marker).is_empty();
                self.area.indent -= if came { width } else { 0 };
            }
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.part_ends();
                }
            }
            TagEnd::BlockQuote(_) => self.area.indent -= 2,
            TagEnd::Image => self.words.push(']'),
            TagEnd::Link => self.link_ends(),
            _ => {}
        }
    }

    fn link_ends(&mut self) {
        let url = self.links.pop().unwrap_or_default();
        match LinkTarget::of(&url) {
            Some(LinkTarget::Web(url)) if !self.words.ends_with(&url) => {
                self.words.push_str(&format!(" <{url}>"));
            }
            Some(LinkTarget::Record(id)) => self.words.push_str(&format!(" ({id})")),
            _ => {}
        }
    }

    fn block(&mut self) {
        let text = std::mem::take(&mut self.words);
        self.in_block = false;
        self.marker_alone();
        self.lines.extend(verbatim(&text, self.area.deeper(2)));
        self.part_ends();
    }

    /// A block that begins an item leaves the item's marker on a line of its own.
    fn marker_alone(&mut self) {
        if !self.marker.is_empty() {
            self.lines.push(format!("{}{}", " ".repeat(self.area.indent), self.marker.trim_end()));
            self.area.indent += std::mem::take(&mut self.marker).len();
        }
    }

    fn part_ends(&mut self) {
        self.flush();
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    fn flush(&mut self) {
        if self.in_block || self.words.trim().is_empty() {
            return;
        }
        let words = shown(&std::mem::take(&mut self.words));
        self.lines.extend(fill(&words, &self.marker, self.area));
        self.area.indent += std::mem::take(&mut self.marker).len();
    }
}
