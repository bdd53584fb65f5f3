//! What tells each record in a log: lines that it quotes or was seen to print, as templates with slots.
//!
//! A template is a line without what differs: slots of [`crate::output::normalise`], and one for whatever stands in quotes. A line of
//! a log that has the same template matches, however the names in it differ.

use crate::output::message;

/// The slot for what stands in quotes.
pub const QUOTED: &str = "<q>";
/// What every slot is written with.
pub const SLOT_MARK: [char; 2] = ['<', '>'];

/// The template of a normalised line: lower case, without what stands before the message, quoted parts as [`QUOTED`].
pub fn template(normal: &str) -> String {
    without_names(&unquoted(message(normal))).to_ascii_lowercase()
}

/// The text with a slot for everything that stands in quotes.
fn unquoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for part in quoted_parts(text) {
        out.push_str(&text[at..part.start]);
        out.push_str(QUOTED);
        at = part.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The text without the last parts of paths.
fn without_names(text: &str) -> String {
    let name_ends = |c: char| c.is_whitespace() || "()[]{},;:".contains(c);
    let mut parts = text.split("<path>/");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("<path>");
        out.push_str(&part[part.find(name_ends).unwrap_or(part.len())..]);
    }
    out
}

/// What stands in quotes, with them.
pub fn quoted_parts(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some((start, open)) = opening(text, at) {
        let inside = start + open.len_utf8();
        let close = match open {
            '‘' => '’',
            '“' => '”',
            // `word' as GNU tools write it.
            '`' if !text[inside..].contains('`') => '\'',
            other => other,
        };
        let Some(length) = text[inside..].find(close) else { break };
        at = inside + length + close.len_utf8();
        parts.push(start..at);
    }
    parts
}

fn opening(text: &str, from: usize) -> Option<(usize, char)> {
    let mut chars = text[from..].char_indices().map(|(at, c)| (from + at, c));
    chars.find(|(at, c)| is_opening(text, *at, *c))
}

fn is_opening(text: &str, at: usize, c: char) -> bool {
    let stands_free = || !text[..at].ends_with(char::is_alphanumeric);
    matches!(c, '`' | '‘' | '“') || matches!(c, '\'' | '"') && stands_free()
}
