//! Regular expressions of Rust for `grep -E`, on a text whose line ends have become one other character.
//!
//! In: an expression. Out: its text for `LC_ALL=C grep -E`, exact on ASCII; nothing where it is not. Unlike `ere.rs`,
//! which looks at lines, this knows what may match across them: `\s`, `[^x]`, and `^` and `$` in both senses.

/// Stands for a line's end, and for a carriage return, in what [`flat`] writes. Whoever prints it puts a variable there.
pub const LINE_END: char = '\u{E000}';
/// See [`LINE_END`].
pub const RETURN: char = '\u{E001}';

/// The longest expression that is translated, in bytes.
const MAX_BYTES: usize = 1000;
const PLAIN: &str = " -_/:=,;\"'<>!@%&~#`";
const WORD: &str = "A-Za-z0-9_";

/// Where a translation stands.
struct State {
    text: String,
    by_line: bool,
    /// For each open group: whether nothing was matched before it, so that `^` may stand there, and whether every
    /// branch of it so far ended with a character of a word.
    groups: Vec<(bool, bool)>,
    /// Whether nothing was matched in the present branch.
    lead: bool,
    /// Whether something stands here that could be repeated.
    item: bool,
    /// Whether what stands here ends with a character of a word.
    word: bool,
}

/// An expression for `LC_ALL=C grep -E`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flat {
    /// Its text, with [`LINE_END`] and [`RETURN`] in it.
    pub text: String,
    /// Whether it is exact on ASCII only.
    pub needs_ascii: bool,
    /// Whether case does not matter.
    pub folds_case: bool,
}

/// The same expression for `grep`, or `None`.
pub fn flat(regex: &str) -> Option<Flat> {
    let (flags, body) = match regex.strip_prefix("(?") {
        Some(rest) if !rest.starts_with(':') => rest.split_once(')')?,
        _ => ("", regex),
    };
    let is_known =
        flags.chars().all(|flag| matches!(flag, 'i' | 'm')) && regex.len() <= MAX_BYTES && !body.is_empty();
    // One that finds nothing finds it in an empty text, where `grep` sees no line.
    if !is_known || regex::Regex::new(regex).ok()?.is_match("") {
        return None;
    }
    let mut state = State {
        text: String::new(),
        by_line: flags.contains('m'),
        groups: Vec::new(),
        lead: true,
        item: false,
        word: false,
    };
    let mut rest = body;
    while let Some(c) = rest.chars().next() {
        rest = state.step(c, &rest[c.len_utf8()..])?;
    }
    let folds_case = flags.contains('i');
    // Whatever finds a character by its kind, finds others beyond ASCII too.
    let has_kinds = [".", "[^", "\\s", "\\w", "\\d", "\\b"].iter().any(|kind| body.contains(kind));
    let needs_ascii = folds_case || has_kinds;
    state.groups.is_empty().then_some(Flat { text: state.text, needs_ascii, folds_case })
}

impl State {
    /// Takes one character, and what belongs to it; what remains.
    fn step<'r>(&mut self, c: char, rest: &'r str) -> Option<&'r str> {
        let ends_branch = self.groups.is_empty() && rest.starts_with('|');
        let is_last = ends_branch || rest.chars().all(|c| c == ')');
        match c {
            '^' if self.lead && !self.item => {
                self.text.push('(');
                self.text.push('^');
                if self.by_line {
                    self.text.extend(['|', LINE_END]);
                }
                self.text.push(')');
                self.lead = false;
                Some(rest)
            }
            '$' if is_last => {
                self.text.push('(');
                if self.by_line {
                    self.text.extend([LINE_END, '|']);
                }
                self.text.push_str("$)");
                (self.item, self.word) = (false, false);
                Some(rest)
            }
            '(' => {
                let rest = match rest.strip_prefix('?') {
                    Some(named) => named.strip_prefix(':')?,
                    None => rest,
                };
                self.groups.push((self.lead, true));
                self.text.push('(');
                self.item = false;
                Some(rest)
            }
            '|' => {
                // What one branch matched, the next has not.
                self.lead = self.groups.last().is_none_or(|(lead, _)| *lead);
                if let Some((_, word)) = self.groups.last_mut() {
                    *word &= self.word;
                }
                self.branch('|', rest)
            }
            ')' => {
                let (_, word) = self.groups.pop()?;
                let word = word && self.word;
                self.lead = false;
                let rest = self.branch(')', rest)?;
                (self.item, self.word) = (true, word);
                Some(rest)
            }
            '*' | '+' | '?' if self.item => {
                self.text.push(c);
                (self.item, self.word) = (false, self.word && c == '+');
                (!rest.starts_with(['*', '+', '?', '{'])).then_some(rest)
            }
            '\\' => self.escape(rest),
            '[' => self.class(rest),
            '.' => self.take(&format!("[^{LINE_END}]"), false, rest),
            c if c.is_ascii_alphanumeric() || c == '_' => self.take(&c.to_string(), true, rest),
            c if PLAIN.contains(c) => self.take(&c.to_string(), false, rest),
            _ => None,
        }
    }

    /// An empty branch is left out: what `grep` makes of one differs.
    fn branch<'r>(&mut self, c: char, rest: &'r str) -> Option<&'r str> {
        let is_empty = self.text.is_empty() || self.text.ends_with(['(', '|']);
        self.text.push(c);
        (self.item, self.word) = (false, false);
        (!is_empty).then_some(rest)
    }

    fn take<'r>(&mut self, text: &str, word: bool, rest: &'r str) -> Option<&'r str> {
        self.text.push_str(text);
        (self.item, self.word, self.lead) = (true, word, false);
        Some(rest)
    }

    fn escape<'r>(&mut self, rest: &'r str) -> Option<&'r str> {
        let c = rest.chars().next()?;
        let after = &rest[c.len_utf8()..];
        match c {
            'd' => self.take("[0-9]", true, after),
            'w' => self.take(&format!("[{WORD}]"), true, after),
            's' => self.take(&space(), false, after),
            'n' => self.take(&LINE_END.to_string(), false, after),
            'r' => self.take(&RETURN.to_string(), false, after),
            // The boundary is looked at and not taken, which makes no difference at the end.
            'b' if self.word && after.chars().all(|c| c == ')') => {
                self.text.push_str(&format!("([^{WORD}]|$)"));
                self.item = false;
                Some(after)
            }
            'b' if self.lead && !self.item && after.starts_with(|c: char| c.is_ascii_alphanumeric()) => {
                self.text.push_str(&format!("(^|[^{WORD}])"));
                self.lead = false;
                Some(after)
            }
            '\\' | '^' => self.take(&format!("\\{c}"), false, after),
            '.' | '[' | ']' | '(' | ')' | '{' | '}' | '*' | '+' | '?' | '$' | '|' => {
                self.take(&format!("[{c}]"), false, after)
            }
            c if PLAIN.contains(c) && !matches!(c, '<' | '>') => self.take(&c.to_string(), false, after),
            _ => None,
        }
    }

    /// `[…]` of plain characters, ranges of letters or digits, `\s`, `\w` and `\d`.
    fn class<'r>(&mut self, rest: &'r str) -> Option<&'r str> {
        let (inside, after) = rest.split_once(']')?;
        let (not, inside) = match inside.strip_prefix('^') {
            Some(inside) => ("^", inside),
            None => ("", inside),
        };
        let mut text = String::new();
        let mut has_hyphen = false;
        let mut chars = inside.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next()? {
                    's' => text.push_str(space().trim_matches(['[', ']'])),
                    'w' => text.push_str(WORD),
                    'd' => text.push_str("0-9"),
                    '-' => has_hyphen = true,
                    _ => return None,
                },
                '-' if text.is_empty() || chars.peek().is_none() => has_hyphen = true,
                c if c.is_ascii_alphanumeric() && chars.next_if_eq(&'-').is_some() => {
                    let end = chars.next().filter(|end| end.is_ascii_alphanumeric() && *end > c)?;
                    text.extend([c, '-', end]);
                }
                c if c.is_ascii_alphanumeric() || "_/:=,;\"'<>!@%~#`.*+?$|(){}& ".contains(c) => text.push(c),
                _ => return None,
            }
        }
        if has_hyphen {
            text.push('-');
        }
        let is_first_plain = !text.is_empty() && !["&&", "~~", "--"].iter().any(|op| inside.contains(op));
        is_first_plain.then_some(())?;
        self.take(&format!("[{not}{text}]"), false, after)
    }
}

/// What `\s` finds of ASCII.
fn space() -> String {
    format!("[ \t\u{b}\u{c}{RETURN}{LINE_END}]")
}
