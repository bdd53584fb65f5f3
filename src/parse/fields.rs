//! Reading the fields of one map: every mistake is noted, none stops the reading.
//!
//! A map's shape says which keys it may have. While tests run, a key that is asked for and stands in no shape, or
//! stands in a shape and is not asked for, fails at once: the tables in `shape.rs` can name nothing that is not read.

use super::shape::Shape;
use super::tree::{Entry, Node, Value};
use crate::diag::{Code, Diagnostic, nearest, only_nearest};
use crate::model::{Date, Prose, RecordId, Words};
use crate::text::{Span, Spanned};
use std::collections::BTreeSet;

/// The keys of one map, or of the text that stands for one.
pub struct Fields<'n> {
    entries: &'n [Entry],
    alone: Option<(&'static str, &'n Node)>,
    shape: &'static Shape,
    asked: Vec<&'static str>,
    span: Span,
}

impl<'n> Fields<'n> {
    /// Opens a map, or a text where the shape lets a text stand for one of its keys. Anything else is a finding.
    pub fn open(node: &'n Node, shape: &'static Shape, found: &mut Vec<Diagnostic>) -> Option<Fields<'n>> {
        let (entries, alone): (&[Entry], _) = match (&node.value, shape.text_is) {
            (Value::Map(entries), _) => (entries, None),
            (Value::Scalar(_), Some(key)) => (&[], Some((key, node))),
            _ => {
                let message = format!("{} is a map, and this is {}", shape.name, node.kind());
                found.push(
                    Diagnostic::error(Code::WrongType, node.span, message)
                        .hint("it is written as lines of `key: value`"),
                );
                return None;
            }
        };
        Some(Fields { entries, alone, shape, asked: Vec::new(), span: node.span })
    }

    /// Every key of the map.
    pub fn written(&self) -> BTreeSet<String> {
        self.entries.iter().map(|entry| entry.key.value.clone()).collect()
    }

    /// Whether the key is written, with whatever behind it.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key.value == key)
    }

    /// The place of a key that is written.
    pub fn place(&self, key: &str) -> Option<Span> {
        self.entries.iter().find(|entry| entry.key.value == key).map(|entry| entry.key.span)
    }

    /// The place of the whole map.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The value of a key that may be of any kind; an empty one is a finding.
    pub fn node(&mut self, key: &'static str, found: &mut Vec<Diagnostic>) -> Option<&'n Node> {
        debug_assert!(self.shape.field(key).is_some(), "the shape of {} lacks `{key}`", self.shape.name);
        self.asked.push(key);
        if let Some((_, node)) = self.alone.filter(|(name, _)| *name == key) {
            return Some(node);
        }
        let entry = self.entries.iter().find(|entry| entry.key.value == key)?;
        if entry.node.value == Value::Null {
            found.push(
                Diagnostic::error(Code::EmptyValue, entry.key.span, format!("nothing stands behind `{key}`"))
                    .hint("a field without a value is left out"),
            );
            return None;
        }
        Some(&entry.node)
    }

    /// The value of a key that has to be there; `hint` says what the map looks like. A key that is a slip of it has a
    /// finding of its own.
    pub fn required(
        &mut self,
        key: &'static str,
        hint: &str,
        found: &mut Vec<Diagnostic>,
    ) -> Option<&'n Node> {
        let node = self.node(key, found);
        let is_slip = |entry: &&Entry| {
            let name = &entry.key.value;
            name == key || self.shape.field(name).is_none() && nearest(name, [key]).is_some()
        };
        if node.is_none() && !self.entries.iter().any(|entry| is_slip(&entry)) {
            let name = self.shape.name.trim_start_matches("a ").trim_start_matches("an ");
            let message = format!("this {name} has no `{key}`");
            found.push(Diagnostic::error(Code::MissingField, self.span, message).hint(hint));
        }
        node
    }

    /// A text on one line or several.
    pub fn text(&mut self, key: &'static str, found: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
        let node = self.node(key, found)?;
        text(node, &format!("`{key}`"), found)
    }

    /// Markdown.
    pub fn prose(&mut self, key: &'static str, found: &mut Vec<Diagnostic>) -> Option<Spanned<Prose>> {
        self.text(key, found).map(|text| text.map(|text| Prose::new(&text)))
    }

    /// A day.
    pub fn date(&mut self, key: &'static str, found: &mut Vec<Diagnostic>) -> Option<Date> {
        let written = self.text(key, found)?;
        let date = Date::parse(&written.value);
        if date.is_none() {
            found.push(
                Diagnostic::error(Code::WrongType, written.span, format!("`{}` is not a day", written.value))
                    .hint("a day is written like 2026-11-24"),
            );
        }
        date
    }

    /// One of a set of words.
    pub fn word<T: Words>(&mut self, key: &'static str, found: &mut Vec<Diagnostic>) -> Option<Spanned<T>> {
        let written = self.text(key, found)?;
        let value = T::WORDS.iter().find(|(word, _)| *word == written.value).map(|(_, value)| *value);
        if value.is_none() {
            let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
            let hint = match nearest(&written.value, words.iter().copied()) {
                Some(word) => format!("the nearest word is `{word}`"),
                None => format!("`{key}` is one of {}", words.join(", ")),
            };
            let message = format!("`{}` is no `{key}`", written.value);
            found.push(Diagnostic::error(Code::UnknownValue, written.span, message).hint(hint));
        }
        value.map(|value| Spanned::new(value, written.span))
    }

    /// The items of a list; a single value counts as a list of one.
    pub fn items(&mut self, key: &'static str, found: &mut Vec<Diagnostic>) -> Vec<&'n Node> {
        let Some(node) = self.node(key, found) else { return Vec::new() };
        match &node.value {
            Value::List(items) => {
                if items.is_empty() {
                    found.push(
                        Diagnostic::error(Code::EmptyValue, node.span, format!("the list `{key}` is empty"))
                            .hint("a field without a value is left out"),
                    );
                }
                items.iter().filter(|item| not_empty(item, key, found)).collect()
            }
            _ => vec![node],
        }
    }

    /// A list of texts; a single text counts as a list of one.
    pub fn texts(&mut self, key: &'static str, found: &mut Vec<Diagnostic>) -> Vec<Spanned<String>> {
        let items = self.items(key, found);
        items.into_iter().filter_map(|item| text(item, &format!("an item of `{key}`"), found)).collect()
    }

    /// A list of record ids.
    pub fn ids(&mut self, key: &'static str, found: &mut Vec<Diagnostic>) -> Vec<Spanned<RecordId>> {
        self.texts(key, found).into_iter().filter_map(|text| id(text, found)).collect()
    }

    /// `true` or `false`; false where it is not written.
    pub fn flag(&mut self, key: &'static str, found: &mut Vec<Diagnostic>) -> bool {
        let Some(written) = self.text(key, found) else { return false };
        if !["true", "false"].contains(&written.value.as_str()) {
            let message = format!("`{}` is neither `true` nor `false`", written.value);
            found
                .push(Diagnostic::error(Code::WrongType, written.span, message).hint("it is one of the two"));
        }
        written.value == "true"
    }

    /// A whole number from `range`.
    pub fn count(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<u32> {
        let written = self.text(key, found)?;
        let number = written.value.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let message = format!("`{}` is no number for `{key}`", written.value);
            let hint = format!("it is a whole number from {} to {}", range.start(), range.end());
            found.push(Diagnostic::error(Code::WrongType, written.span, message).hint(hint));
        }
        number
    }

    /// A list of Markdown texts.
    pub fn proses(&mut self, key: &'static str, found: &mut Vec<Diagnostic>) -> Vec<Prose> {
        self.texts(key, found).into_iter().map(|text| Prose::new(&text.value)).collect()
    }

    /// Notes every key that the shape does not have.
    pub fn finish(self, found: &mut Vec<Diagnostic>) {
        let keys = || self.shape.fields.iter().map(|field| field.key);
        debug_assert!(
            keys().all(|key| self.asked.contains(&key)),
            "not all keys of {} are read",
            self.shape.name
        );
        for entry in self.entries.iter().filter(|entry| self.shape.field(&entry.key.value).is_none()) {
            let key = &entry.key.value;
            let hint = match nearest(key, keys()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("{} has the keys {}", self.shape.name, keys().collect::<Vec<_>>().join(", ")),
            };
            let message = format!("{} has no key `{key}`", self.shape.name);
            let instead = only_nearest(key, keys()).map(str::to_owned);
            let diagnostic = Diagnostic::error(Code::UnknownKey, entry.key.span, message);
            found.push(diagnostic.hint(hint).instead(instead));
        }
    }
}

/// The text of a scalar; another kind of value is a finding.
pub fn text(node: &Node, what: &str, found: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    match &node.value {
        Value::Scalar(text) if text.trim().is_empty() => {
            found.push(
                Diagnostic::error(Code::EmptyValue, node.span, format!("{what} is blank"))
                    .hint("a field without a value is left out"),
            );
            None
        }
        Value::Scalar(text) => Some(Spanned::new(text.trim().to_owned(), node.span)),
        _ => {
            let message = format!("{what} is a text, and this is {}", node.kind());
            let hint = match node.value {
                Value::Map(_) => "a text with `: ` in it stands in quotes",
                _ => "it is written as one text",
            };
            found.push(Diagnostic::error(Code::WrongType, node.span, message).hint(hint));
            None
        }
    }
}

/// A record id as written; anything that cannot be one is a finding.
pub fn id(written: Spanned<String>, found: &mut Vec<Diagnostic>) -> Option<Spanned<RecordId>> {
    let id = RecordId::parse(&written.value);
    if id.is_none() {
        let message = format!("`{}` cannot be the id of a record", written.value);
        found.push(Diagnostic::error(Code::BadId, written.span, message).hint(ID_HINT));
    }
    id.map(|id| Spanned::new(id, written.span))
}

/// What an id looks like.
pub const ID_HINT: &str = "an id is made of `a-z` and `0-9` words joined by `-`, at most 64 bytes";

fn not_empty(item: &Node, key: &str, found: &mut Vec<Diagnostic>) -> bool {
    if item.value == Value::Null {
        found.push(
            Diagnostic::error(Code::EmptyValue, item.span, format!("an item of `{key}` is empty"))
                .hint("an item without a value is left out"),
        );
    }
    item.value != Value::Null
}
