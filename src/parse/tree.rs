//! What YAML and TOML have in common: scalars, lists and maps, each with its place.

use crate::text::{Span, Spanned};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The place of the value without its key.
    pub span: Span,
    /// The value.
    pub value: Value,
    /// Comments before it, without `#`; at the root those before the first key.
    pub comments: Vec<String>,
    /// Comments after the last value, at the root.
    pub comments_after: Vec<String>,
    /// A scalar that stands in quotes is a text, whatever it looks like.
    pub quoted: bool,
}

/// A value as written; what a scalar means is for its field to say.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing: `~`, `null`, or an empty plain scalar.
    Null,
    /// A string, number, boolean or date, as its text.
    Scalar(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of writing, without duplicate keys.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Spanned<String>,
    /// Its value.
    pub node: Node,
}

impl Node {
    /// A value without comments.
    pub fn new(span: Span, value: Value) -> Node {
        Node { span, value, comments: Vec::new(), comments_after: Vec::new(), quoted: false }
    }

    /// The text behind a key of a map.
    pub fn member(&self, key: &str) -> Option<&str> {
        let Value::Map(entries) = &self.value else { return None };
        match &entries.iter().find(|entry| entry.key.value == key)?.node.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// What a message calls this kind of value.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Scalar(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}
