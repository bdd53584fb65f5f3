//! A stranger's text on a terminal: nothing in it moves the cursor, hides, or turns the direction of a line.
//!
//! In: text of records, of programs, of files' names. Out: the same, with signs in place of what cannot be seen.
//! Not here: Markdown (`prose.rs`).

use crate::text::{SIGN, is_invisible};

/// One line.
pub fn shown(line: &str) -> String {
    line.chars().map(|c| if is_hidden(c) || c == '\n' { SIGN } else { c }).collect()
}

/// Lines, a little to the right.
pub fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {}\n", shown(line))).collect()
}

/// Everything that is printed, once more at the end: of what could do something to a terminal, colours alone are left.
pub fn coloured(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let n = colour(rest).unwrap_or(c.len_utf8());
        match n == c.len_utf8() && is_hidden(c) {
            true => out.push(SIGN),
            false => out.push_str(&rest[..n]),
        }
        rest = &rest[n..];
    }
    out
}

/// JSON: what cannot be seen is written as an escape, which means the same.
pub fn harmless(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match is_hidden(c) {
            true => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")))
            }
            false => out.push(c),
        }
    }
    out
}

fn is_hidden(c: char) -> bool {
    c == '\r' || is_invisible(c)
}

/// How long the sequence is that a text begins with and that changes colours.
fn colour(text: &str) -> Option<usize> {
    let codes = text.strip_prefix("\x1b[")?;
    let end = codes.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    codes[end..].starts_with('m').then_some("\x1b[".len() + end + 1)
}
