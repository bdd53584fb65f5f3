//! YAML text → [`Node`]: the one place that knows the YAML parser.
//!
//! Total and bounded: any text gives a tree or findings. Anchors, aliases and tags are refused, since they
//! make a record mean something else than it shows; nesting and the number of values are limited.

use super::tree::{Entry, Node, Value};
use crate::diag::{Code, Diagnostic};
use crate::text::{FileId, Span, Spanned};
use granit_parser::{Event, Parser, ScalarStyle, ScanError};

/// No field of a record nests deeper than half of this.
const MAX_DEPTH: usize = 16;
/// A record of fifty pages has some two thousand values.
const MAX_NODES: usize = 20_000;

/// Reads one YAML document that starts at byte `base` of its file. Where it breaks off, what came before is
/// returned, and the reason is in `found`. `None` where nothing came before.
pub fn parse(file: FileId, base: usize, text: &str, found: &mut Vec<Diagnostic>) -> Option<Node> {
    let events = Parser::new_from_str(text);
    Builder { file, base, text, events, n_nodes: 0, broken: false, comments: Vec::new(), found }.document()
}

struct Builder<'t, 'f> {
    file: FileId,
    base: usize,
    text: &'t str,
    events: Parser<'t, granit_parser::StrInput<'t>>,
    n_nodes: usize,
    broken: bool,
    comments: Vec<String>,
    found: &'f mut Vec<Diagnostic>,
}

/// Every method that reads returns `None` once the document cannot be read any further.
impl<'t> Builder<'t, '_> {
    fn document(mut self) -> Option<Node> {
        let mut root = None;
        while let Some((event, span)) = self.next() {
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event if root.is_none() => {
                    let comments = std::mem::take(&mut self.comments);
                    root = self.node(event, span, 0).map(|node| Node { comments, ..node });
                }
                _ => {
                    self.error(
                        Code::Syntax,
                        span,
                        "a second document begins here",
                        "one file holds one record",
                    );
                    break;
                }
            }
        }
        root.map(|node| Node { comments_after: std::mem::take(&mut self.comments), ..node })
    }

    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        while !self.broken {
            match self.events.next_event()? {
                Ok((Event::Comment(text, _), _)) => {
                    self.comments.push(text.strip_prefix(' ').unwrap_or(&text).trim_end().to_owned())
                }
                Ok((event, span)) => return Some((event, self.span(span.byte_range().unwrap_or(0..0)))),
                Err(error) => {
                    self.broken = true;
                    self.syntax(&error);
                }
            }
        }
        None
    }

    fn break_off(&mut self, code: Code, span: Span, message: &str, hint: &str) -> Option<Node> {
        self.broken = true;
        self.error(code, span, message, hint);
        None
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Option<Node> {
        self.n_nodes += 1;
        if self.n_nodes > MAX_NODES {
            let hint = "a record has at most 20,000 values";
            return self.break_off(Code::TooLarge, span, "there are too many values", hint);
        }
        if depth > MAX_DEPTH {
            let hint = "a record nests at most 16 levels";
            return self.break_off(Code::TooDeep, span, "this is nested too deep", hint);
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_features(anchor != 0, tag.is_some(), span);
                let plain = style == ScalarStyle::Plain;
                let null = plain && matches!(&*text, "" | "~" | "null");
                let value = if null { Value::Null } else { Value::Scalar(text.into_owned()) };
                let span = self.without_line_end(span);
                Some(Node { quoted: !plain, ..Node::new(span, value) })
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_features(anchor != 0, tag.is_some(), span);
                Some(self.list(span, depth))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_features(anchor != 0, tag.is_some(), span);
                Some(self.map(span, depth))
            }
            _ => {
                let message = "an alias stands for a value that is written elsewhere";
                self.error(Code::YamlFeature, span, message, "write the value here");
                Some(Node::new(span, Value::Null))
            }
        }
    }

    fn list(&mut self, start: Span, depth: usize) -> Node {
        let mut items: Vec<Node> = Vec::new();
        let mut end = start;
        while let Some((event, span)) = self.next() {
            end = span;
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            let comments = std::mem::take(&mut self.comments);
            let Some(item) = self.node(event, span, depth + 1) else { break };
            items.push(Node { comments, ..item });
        }
        let last = items.last().map_or(end, |item| item.span);
        Node::new(self.cover(start, end, last), Value::List(items))
    }

    fn map(&mut self, start: Span, depth: usize) -> Node {
        let mut entries: Vec<Entry> = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        let mut end = start;
        while let Some((event, span)) = self.next() {
            end = span;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let comments = std::mem::take(&mut self.comments);
            let Some(key) = self.node(event, span, depth + 1) else { break };
            let Some((event, span)) = self.next() else { break };
            let Some(node) = self.node(event, span, depth + 1) else { break };
            let node = Node { comments, ..node };
            let Value::Scalar(name) = key.value else {
                self.error(Code::WrongType, key.span, "a key is a plain word", "write the key as one word");
                continue;
            };
            if names.insert(name.clone()) {
                entries.push(Entry { key: Spanned::new(name, key.span), node });
            } else {
                let message = format!("`{name}` is written twice in one map");
                self.error(Code::DuplicateKey, key.span, message, "one of the two has to go");
            }
        }
        let last = entries.last().map_or(end, |entry| entry.node.span);
        Node::new(self.cover(start, end, last), Value::Map(entries))
    }

    fn refuse_features(&mut self, anchor: bool, tag: bool, span: Span) {
        if anchor {
            self.error(Code::YamlFeature, span, "an anchor is set here", "records use no `&` and `*`");
        }
        if tag {
            self.error(Code::YamlFeature, span, "a tag is set here", "records use no `!tags`");
        }
    }

    fn syntax(&mut self, error: &ScanError) {
        let at = error.marker().byte_offset().unwrap_or(self.text.len()).min(self.text.len());
        let at = (0..=at).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        let end = self.text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        let message = error.kind().to_string();
        let hint = if message.contains("mapping values") || message.contains("': '") {
            "a text with `: ` in it stands in quotes"
        } else if message.contains("tab") {
            "indentation is written with spaces"
        } else {
            "a text with `:`, `#`, `{`, `[` or quotes in it stands in quotes, or after `|` on lines of its own"
        };
        self.error(Code::Syntax, self.span(at..end), message.to_lowercase(), hint);
    }

    fn error(&mut self, code: Code, span: Span, message: impl Into<String>, hint: &str) {
        self.found.push(Diagnostic::error(code, span, message).hint(hint));
    }

    fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.file, self.base + range.start..self.base + range.end.max(range.start))
    }

    /// A block collection ends where its last value does, a flow collection at its bracket.
    fn cover(&self, start: Span, end: Span, last: Span) -> Span {
        let flow = self
            .text
            .as_bytes()
            .get(start.start as usize - self.base)
            .is_some_and(|byte| b"[{".contains(byte));
        let end = if flow { end.end } else { last.end };
        Span { end: end.max(start.start), ..start }
    }

    /// A block scalar's place reaches to the next key; findings underline text, not blank lines.
    fn without_line_end(&self, span: Span) -> Span {
        let range = span.start as usize - self.base..span.end as usize - self.base;
        let written = self.text.get(range).unwrap_or_default();
        let trimmed = written.trim_end();
        Span { end: span.end - u32::try_from(written.len() - trimmed.len()).unwrap_or(0), ..span }
    }
}
