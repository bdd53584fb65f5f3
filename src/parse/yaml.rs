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

/// Reads one YAML document that starts at byte `base` of its file. `None` where it is empty or broken
/// beyond a tree; the reason is then in `found`.
pub fn parse(file: FileId, base: usize, text: &str, found: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut builder = Builder { file, base, text, n_nodes: 0, found };
    let mut events = Parser::new_from_str(text);
    match builder.document(&mut events) {
        Ok(node) => node,
        Err(Stop) => None,
    }
}

/// The document cannot be read any further, and a finding says why.
struct Stop;

struct Builder<'t, 'f> {
    file: FileId,
    base: usize,
    text: &'t str,
    n_nodes: usize,
    found: &'f mut Vec<Diagnostic>,
}

type Events<'t> = Parser<'t, granit_parser::StrInput<'t>>;

impl<'t> Builder<'t, '_> {
    fn document(&mut self, events: &mut Events<'t>) -> Result<Option<Node>, Stop> {
        let mut root = None;
        loop {
            let (event, span) = self.next(events)?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event if root.is_none() => root = Some(self.node(event, span, events, 0)?),
                _ => {
                    self.error(
                        Code::Syntax,
                        span,
                        "a second document begins here",
                        "one file holds one record",
                    );
                    return Ok(root);
                }
            }
        }
    }

    fn next(&mut self, events: &mut Events<'t>) -> Result<(Event<'t>, Span), Stop> {
        match events.next_event() {
            Some(Ok((event, span))) => {
                let range = span.byte_range().unwrap_or(0..0);
                Ok((event, self.span(range)))
            }
            Some(Err(error)) => {
                self.syntax(&error);
                Err(Stop)
            }
            None => Ok((Event::StreamEnd, self.span(self.text.len()..self.text.len()))),
        }
    }

    fn node(
        &mut self,
        event: Event<'t>,
        span: Span,
        events: &mut Events<'t>,
        depth: usize,
    ) -> Result<Node, Stop> {
        self.n_nodes += 1;
        if self.n_nodes > MAX_NODES {
            self.error(
                Code::TooLarge,
                span,
                "there are too many values",
                "a record has at most 20,000 values",
            );
            return Err(Stop);
        }
        if depth > MAX_DEPTH {
            self.error(Code::TooDeep, span, "this is nested too deep", "a record nests at most 16 levels");
            return Err(Stop);
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_features(anchor != 0, tag.is_some(), span);
                let plain = style == ScalarStyle::Plain;
                let null = plain && matches!(&*text, "" | "~" | "null");
                let value = if null { Value::Null } else { Value::Scalar(text.into_owned()) };
                Ok(Node { span: self.without_line_end(span), value })
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_features(anchor != 0, tag.is_some(), span);
                self.list(span, events, depth)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_features(anchor != 0, tag.is_some(), span);
                self.map(span, events, depth)
            }
            _ => {
                self.error(
                    Code::YamlFeature,
                    span,
                    "an alias stands for a value that is written elsewhere",
                    "write the value here",
                );
                Ok(Node { span, value: Value::Null })
            }
        }
    }

    fn list(&mut self, start: Span, events: &mut Events<'t>, depth: usize) -> Result<Node, Stop> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next(events)?;
            if matches!(event, Event::SequenceEnd) {
                let end = items.last().map_or(span, |item: &Node| item.span);
                return Ok(Node { span: self.cover(start, span, end), value: Value::List(items) });
            }
            items.push(self.node(event, span, events, depth + 1)?);
        }
    }

    fn map(&mut self, start: Span, events: &mut Events<'t>, depth: usize) -> Result<Node, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        loop {
            let (event, span) = self.next(events)?;
            if matches!(event, Event::MappingEnd) {
                let end = entries.last().map_or(span, |entry| entry.node.span);
                return Ok(Node { span: self.cover(start, span, end), value: Value::Map(entries) });
            }
            let key = self.node(event, span, events, depth + 1)?;
            let (event, span) = self.next(events)?;
            let node = self.node(event, span, events, depth + 1)?;
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
