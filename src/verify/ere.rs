//! Regular expressions of Rust as `grep -E` has them, where the two mean the same.
//!
//! In: an expression. Out: its text for `grep`, and what must hold for it to be exact; nothing where it is not.
//! `grep` looks at lines and, in the C locale, at bytes. So whatever could match a line's end is not translated.

/// An expression for `LC_ALL=C grep -E`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ere {
    /// Its text.
    pub text: String,
    /// Whether it is exact on ASCII only.
    pub needs_ascii: bool,
    /// Whether case does not matter.
    pub folds_case: bool,
}

/// The longest expression that is translated, in bytes.
const MAX_BYTES: usize = 1000;
/// Characters that mean themselves in both dialects.
const PLAIN: &str = " -_/:=,;\"'<>!@%&~#`";

/// The same expression for `grep`: letters, digits, plain characters, escaped ones, `.`, `\d`, `\w`, simple repetition
/// and groups, `^` and `$` under `(?m)`, and `(?i)`. `None` for all else.
pub fn ere(regex: &str) -> Option<Ere> {
    let (flags, body) = match regex.strip_prefix("(?") {
        Some(rest) if !rest.starts_with(':') => rest.split_once(')')?,
        _ => ("", regex),
    };
    let known = flags.chars().all(|flag| matches!(flag, 'i' | 'm'));
    if !known || body.is_empty() || regex.len() > MAX_BYTES {
        return None;
    }
    let folds_case = flags.contains('i');
    let mut ere = Ere { text: String::new(), needs_ascii: folds_case, folds_case };
    translate(body, flags.contains('m'), &mut ere)?;
    // One that finds nothing finds it behind the last line's end too, where `grep` sees no line.
    let is_empty = regex::Regex::new(regex).ok()?.is_match("");
    (!is_empty).then_some(ere)
}

/// What stands before the next character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing that could be repeated.
    Start,
    /// Something that could.
    Item,
    /// A repetition, which must not be repeated again.
    Repeated,
}

fn translate(body: &str, by_line: bool, ere: &mut Ere) -> Option<()> {
    let mut chars = body.chars().peekable();
    let mut before = Before::Start;
    while let Some(c) = chars.next() {
        before = match c {
            '\\' => escape(chars.next()?, ere)?,
            '.' => {
                ere.needs_ascii = true;
                ere.text.push('.');
                Before::Item
            }
            '*' | '+' | '?' if before == Before::Item => {
                ere.text.push(c);
                Before::Repeated
            }
            '(' => {
                if chars.next_if_eq(&'?').is_some() {
                    chars.next_if_eq(&':')?;
                }
                ere.text.push('(');
                Before::Start
            }
            ')' | '|' if before != Before::Start => {
                ere.text.push(c);
                if c == ')' { Before::Item } else { Before::Start }
            }
            '^' if by_line && before == Before::Start => {
                ere.text.push('^');
                Before::Start
            }
            '$' if by_line && before != Before::Start && matches!(chars.peek(), None | Some('|' | ')')) => {
                ere.text.push('$');
                Before::Repeated
            }
            c if c.is_ascii_alphanumeric() || PLAIN.contains(c) => {
                ere.text.push(c);
                Before::Item
            }
            _ => return None,
        };
    }
    (before != Before::Start).then_some(())
}

fn escape(c: char, ere: &mut Ere) -> Option<Before> {
    match c {
        'd' | 'w' => {
            ere.needs_ascii = true;
            ere.text.push_str(if c == 'd' { "[0-9]" } else { "[A-Za-z0-9_]" });
        }
        '\\' | '^' => ere.text.extend(['\\', c]),
        '.' | '[' | ']' | '(' | ')' | '{' | '}' | '*' | '+' | '?' | '$' | '|' => {
            ere.text.extend(['[', c, ']'])
        }
        c if PLAIN.contains(c) && !matches!(c, '<' | '>') => ere.text.push(c),
        _ => return None,
    }
    Some(Before::Item)
}
