//! Markdown as a record's author wrote it, and what can be read off it without rendering.
//!
//! Not here: HTML (`render/html.rs`).

use super::RecordId;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// Markdown text. It is never HTML and never a template; whoever shows it converts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prose(String);

/// A fenced block of prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The first word after the fence, lower case; empty where none is written.
    pub lang: String,
    /// The lines between the fences, ending in a newline.
    pub text: String,
}

impl Block {
    /// Whether the block shows what a program printed, so that errors can be searched in it.
    pub fn is_verbatim(&self) -> bool {
        matches!(self.lang.as_str(), "console" | "text" | "")
    }

    /// The commands of a `sh` or `console` block, as one script; `None` for another language.
    ///
    /// In a `console` block the commands are the lines after `$ `; what lies between is their output.
    pub fn script(&self) -> Option<String> {
        match self.lang.as_str() {
            "sh" | "bash" | "shell" => Some(self.text.trim_end().to_owned()),
            "console" => {
                let commands: Vec<&str> =
                    self.text.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
                (!commands.is_empty()).then(|| commands.join("\n"))
            }
            _ => None,
        }
    }
}

/// Where a link in prose may lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// An `http` or `https` address.
    Web(String),
    /// A `mailto:` address.
    Mail(String),
    /// A record of this book, by its id.
    Record(RecordId),
}

impl LinkTarget {
    /// The target of a destination as the Markdown parser gives it, entities decoded. `None` for any other
    /// scheme, for paths, and for anything with a control character in it.
    pub fn of(destination: &str) -> Option<LinkTarget> {
        if destination.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return None;
        }
        let lower = destination.to_ascii_lowercase();
        match () {
            () if lower.starts_with("https://") || lower.starts_with("http://") => {
                Some(LinkTarget::Web(destination.to_owned()))
            }
            () if lower.starts_with("mailto:") => Some(LinkTarget::Mail(destination.to_owned())),
            () => RecordId::parse(destination).map(LinkTarget::Record),
        }
    }
}

impl Prose {
    /// The Markdown that this book understands: tables, strikethrough, and footnotes left out, since a
    /// record's prose is short and its sources are fields.
    pub const OPTIONS: Options = Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH);

    /// Prose from what was written; surrounding blank space is dropped.
    pub fn new(markdown: &str) -> Prose {
        Prose(markdown.trim().to_owned())
    }

    /// The Markdown.
    pub fn markdown(&self) -> &str {
        &self.0
    }

    /// The fenced blocks, in order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut inside = false;
        for event in Parser::new_ext(&self.0, Prose::OPTIONS) {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    inside = true;
                    let info = match &kind {
                        CodeBlockKind::Fenced(info) => info.split([' ', ',']).next().unwrap_or_default(),
                        CodeBlockKind::Indented => "",
                    };
                    blocks.push(Block { lang: info.to_lowercase(), text: String::new() });
                }
                Event::End(TagEnd::CodeBlock) => inside = false,
                Event::Text(text) if inside => {
                    if let Some(block) = blocks.last_mut() {
                        block.text.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        blocks
    }

    /// The words without markup and without fenced blocks, one line per paragraph or item.
    pub fn plain(&self) -> String {
        let mut plain = String::new();
        let mut in_block = false;
        for event in Parser::new_ext(&self.0, Prose::OPTIONS) {
            match event {
                Event::Start(Tag::CodeBlock(_)) => in_block = true,
                Event::End(TagEnd::CodeBlock) => in_block = false,
                Event::Text(text) | Event::Code(text) if !in_block => plain.push_str(&text),
                Event::SoftBreak => plain.push(' '),
                Event::HardBreak
                | Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableCell)
                    if !plain.ends_with('\n') =>
                {
                    plain.push('\n');
                }
                _ => {}
            }
        }
        plain.trim().to_owned()
    }

    /// The first sentence of the plain words, on one line.
    ///
    /// A sentence ends at `.`, `!` or `?` before a blank, so that `v1.2` and `.npmrc` do not end one, or
    /// with its paragraph.
    pub fn first_sentence(&self) -> String {
        let plain = self.plain();
        let paragraph = plain.lines().next().unwrap_or_default();
        let end = paragraph
            .char_indices()
            .find(|(at, c)| {
                let after = at + c.len_utf8();
                matches!(c, '.' | '!' | '?')
                    && paragraph[after..].starts_with(' ')
                    && !is_abbreviation(&paragraph[..after])
            })
            .map_or(paragraph.len(), |(at, c)| at + c.len_utf8());
        paragraph[..end].trim_end_matches(':').to_owned()
    }
}

/// The abbreviations that our own records use; a wrong cut only shortens a summary.
fn is_abbreviation(before: &str) -> bool {
    ["e.g.", "i.e.", "etc.", "cf.", "vs."].iter().any(|short| before.ends_with(short))
}
