//! What tells each record in a log: lines that it quotes or was seen to print, as templates with slots.
//!
//! A template is a line without what differs: slots of [`normalise`], and one for whatever stands in quotes. A line of
//! a log that has the same template matches, however the names in it differ.

use super::lines::Kind;
use super::log::normalise;

/// The slot for what stands in quotes.
pub const QUOTED: &str = "<q>";

/// The template of a normalised line: lower case, without what stands before the message, quoted parts as [`QUOTED`].
pub fn template(normal: &str) -> String {
    without_names(&unquoted(message(normal))).to_ascii_lowercase()
}

/// A normalised line without level, time, and the name of whoever wrote it.
pub fn message(normal: &str) -> &str {
    let mut rest = normal.trim_start();
    while let Some(after) = without_prefix(rest) {
        rest = after.trim_start_matches([' ', ':', '-', '|', '>']);
    }
    if rest.is_empty() { normal } else { rest }
}

/// Words that say how bad a line is.
const LEVELS: &[&str] = &[
    "error", "fatal", "warning", "err!", "err", "warn", "info", "critical", "panic", "npm", "e", "= note",
    "note", "help", "hint",
];

fn without_prefix(line: &str) -> Option<&str> {
    if let Some(after) = line.strip_prefix("<time>") {
        return Some(after);
    }
    if let Some(inside) = line.strip_prefix('[') {
        let end = inside.find(']').filter(|end| *end < 40)?;
        return Some(&inside[end + 1..]).filter(|rest| !rest.trim().is_empty());
    }
    let level = LEVELS.iter().find(|level| {
        line.get(..level.len()).is_some_and(|start| start.eq_ignore_ascii_case(level))
            && line[level.len()..].starts_with([' ', ':', '['])
    })?;
    let rest = &line[level.len()..];
    let rest = match rest.strip_prefix('[') {
        Some(code) => &code[code.find(']')? + 1..],
        None => rest,
    };
    let separated = rest.starts_with(':') || line.starts_with("npm ") || line.starts_with("ERR!");
    separated.then_some(rest).filter(|rest| rest.trim_start_matches([' ', ':']).len() > 3)
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

/// A line of a record that can be found in a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Quoted {
    /// Normalised.
    pub normal: String,
    /// What kind of line it is.
    pub kind: Kind,
}

/// So many lines of one record are looked at.
const MAX_LINES: usize = 400;

/// The lines of verbatim texts that say something, each once.
pub fn mine<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<Quoted> {
    let mut quoted: Vec<Quoted> = Vec::new();
    for line in texts.flat_map(str::lines).take(MAX_LINES) {
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let mut normal = Vec::new();
        normalise(line.as_bytes(), &mut normal);
        let normal = String::from_utf8_lossy(&normal).into_owned();
        let kind = Kind::of(&normal);
        let says = kind.weight() >= 0.5 && normal.chars().filter(|c| c.is_alphabetic()).count() >= 4;
        if says && !quoted.iter().any(|other| other.normal == normal) {
            quoted.push(Quoted { normal, kind });
        }
    }
    quoted
}
