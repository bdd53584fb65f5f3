//! The name of a record.

use std::fmt;

/// `a-z0-9` words joined by single `-`, 1..=64 bytes: file stem, URL part and search key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(String);

impl RecordId {
    /// The longest id, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// The id, if the text is one.
    pub fn parse(text: &str) -> Option<RecordId> {
        let word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        (text.len() <= RecordId::MAX_BYTES && text.split('-').all(word)).then(|| RecordId(text.to_owned()))
    }

    /// The nearest id to any text: its ASCII letters and digits, lower case, other runs as `-`; at most
    /// [`RecordId::MAX_BYTES`]. `None` where nothing is left.
    pub fn slug(text: &str) -> Option<RecordId> {
        let mut slug = String::new();
        for part in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
            let needed = part.len() + usize::from(!slug.is_empty());
            if slug.len() + needed > RecordId::MAX_BYTES {
                break;
            }
            if !slug.is_empty() {
                slug.push('-');
            }
            slug.push_str(&part.to_ascii_lowercase());
        }
        RecordId::parse(&slug)
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
