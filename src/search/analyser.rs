//! Text → tokens, the same here and in `theme/ranker.js`: `tests/golden/analyser.json` holds both to it.
//!
//! It works on code points and lower-cases one at a time, since lower-casing a whole string depends on what
//! surrounds a letter (final sigma), and differs between languages of implementation.
//! A letter that a newer Unicode version added can be a letter on one side only; nothing else can differ.

use tantivy::tokenizer::{Token as IndexToken, TokenStream, Tokenizer};

/// A token and the run of characters that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Lower case; stemmed unless it stands for a whole identifier.
    pub text: String,
    /// The bytes of its run in the text.
    pub run: std::ops::Range<usize>,
    /// What of its run the token stands for.
    pub kind: Kind,
}

impl Token {
    /// Whether it stands for all parts of an identifier.
    pub fn is_whole(&self) -> bool {
        self.kind == Kind::Whole
    }
}

/// What of its run a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A part, stemmed: the `nth` of its run.
    Part {
        /// From 0.
        nth: usize,
    },
    /// All parts joined by `_`, never stemmed: `set-output`, `setOutput` and `set_output` are one.
    Whole,
    /// A word and the number after it, or a flag with its dashes.
    Extra,
}

/// Longer words are noise: encoded data, minified code.
const MAX_WORD: usize = 64;
/// A run of more parts is a path or an address; as a whole it identifies nothing that anybody types.
const MAX_PARTS: usize = 6;

/// Splits a text into tokens.
pub fn analyse(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut before: Option<String> = None;
    for run in runs(text) {
        let number = emit(&run, before.as_deref(), &mut tokens);
        before = match (number, run.parts.as_slice()) {
            (false, [word]) if word.chars().all(char::is_alphabetic) => Some(word.clone()),
            _ => None,
        };
    }
    tokens
}

/// The part of a text that is one run of one part: lower case, not stemmed.
pub fn single_part(text: &str) -> Option<String> {
    let mut parts = runs(text).into_iter().flat_map(|run| run.parts);
    let only = parts.next();
    if parts.next().is_none() { only } else { None }
}

struct Run {
    bytes: std::ops::Range<usize>,
    /// How many characters lie between the end of the run before and this one.
    gap: usize,
    n_dashes: usize,
    parts: Vec<String>,
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut letters: Vec<char> = Vec::new();
    let mut at = 0;
    let mut end_before = 0;
    while let Some(start) = find(text, at, true) {
        at = find(text, start, false).unwrap_or(text.len());
        letters.clear();
        letters.extend(text[start..at].chars().filter(|c| !is_apostrophe(*c)));
        let parts = parts(&letters);
        if !parts.is_empty() {
            let n_dashes = letters.iter().take_while(|c| **c == '-').count();
            let gap = text[end_before..start].chars().count();
            runs.push(Run { bytes: start..at, gap, n_dashes, parts });
            end_before = at;
        }
    }
    runs
}

/// The first byte from `at` on whose character belongs to a run, or does not.
fn find(text: &str, mut at: usize, wanted: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    loop {
        let byte = *bytes.get(at)?;
        let c = if byte.is_ascii() { char::from(byte) } else { text[at..].chars().next()? };
        let inside = is_run_char(c) || is_apostrophe(c) && stands_inside_a_word(text, at, c);
        if inside == wanted {
            return Some(at);
        }
        at += c.len_utf8();
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’')
}

fn stands_inside_a_word(text: &str, at: usize, apostrophe: char) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + apostrophe.len_utf8()..].chars().next();
    before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
}

/// Whether a character belongs to a run: letters, numbers, and what holds identifiers together.
pub fn is_run_char(c: char) -> bool {
    if c.is_ascii() { IN_RUN[c as usize] } else { c.is_alphanumeric() }
}

/// Which ASCII characters belong to a run.
const IN_RUN: [bool; 128] = {
    let mut table = [false; 128];
    let mut at = 0;
    while at < table.len() {
        table[at] = (at as u8).is_ascii_alphanumeric();
        at += 1;
    }
    let holds_together = b"-.:/@#+$%\\=&~*_";
    let mut nth = 0;
    while nth < holds_together.len() {
        table[holds_together[nth] as usize] = true;
        nth += 1;
    }
    table
};

fn parts(letters: &[char]) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut open = false;
    for (at, c) in letters.iter().enumerate() {
        if !c.is_alphanumeric() {
            open = false;
            continue;
        }
        if !open || cuts_before(letters, at) {
            parts.push(String::new());
            open = true;
        }
        if let Some(part) = parts.last_mut() {
            if c.is_ascii() {
                part.push(c.to_ascii_lowercase());
            } else {
                part.extend(c.to_lowercase());
            }
        }
    }
    // `HTTP/1.1 401` is said as `http 401`.
    let is_digit = |part: &String| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() > 1 && parts[0] == "http" && parts.len() <= 3 && parts[1..].iter().all(is_digit) {
        parts.truncate(1);
    }
    parts
}

/// `setOutput` is cut before `O`, `HTTPServer` before `S`; `IDs`, `E0308` and `x509` are not cut.
fn cuts_before(letters: &[char], at: usize) -> bool {
    let lower = |c: &char| c.is_alphabetic() && !c.is_uppercase();
    if at == 0 || !letters[at].is_uppercase() {
        return false;
    }
    let before = &letters[at - 1];
    let two_lower = letters.get(at + 1).is_some_and(lower) && letters.get(at + 2).is_some_and(lower);
    lower(before) || (before.is_uppercase() && two_lower)
}

/// Adds the tokens of a run; says whether the run was a number that its word has swallowed.
fn emit(run: &Run, before: Option<&str>, tokens: &mut Vec<Token>) -> bool {
    let mut push = |text: String, kind: Kind| {
        if !is_noise(&text) {
            tokens.push(Token { text, run: run.bytes.clone(), kind });
        }
    };
    if let [part] = run.parts.as_slice() {
        push(stem(part), Kind::Part { nth: 0 });
        if (1..=2).contains(&run.n_dashes) && part.chars().next().is_some_and(char::is_alphabetic) {
            push(format!("{}{part}", &"--"[..run.n_dashes]), Kind::Extra);
        }
        let is_number = part.len() <= 5 && part.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(word) = before.filter(|_| is_number && run.gap <= 2) {
            push(format!("{word}_{part}"), Kind::Extra);
        }
        return is_number;
    }
    if run.parts.len() <= MAX_PARTS {
        let whole = run.parts.join("_");
        if whole.chars().count() <= MAX_WORD {
            push(whole, Kind::Whole);
        }
    }
    for (nth, part) in run.parts.iter().enumerate() {
        push(stem(part), Kind::Part { nth });
    }
    false
}

/// Words that identify nothing: very long ones, and hashes.
fn is_noise(word: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let hash = word.len() >= 16 && word.bytes().all(is_hex) && word.bytes().any(|byte| byte.is_ascii_digit());
    hash || word.chars().count() > MAX_WORD
}

/// Takes the commonest English endings off a lower-case word, so that `compiled` finds `compiling`.
///
/// Only words of `a-z` of four letters or more change. Lighter than Porter's on purpose: two libraries of that
/// disagree on real words, and terminal and browser must not.
pub fn stem(word: &str) -> String {
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let mut stem = singular(word);
    if let Some(root) = without_ending(&stem) {
        stem = root;
    }
    if stem.len() >= 8 && (stem.ends_with("tion") || stem.ends_with("sion")) {
        stem.truncate(stem.len() - 3);
    }
    if stem.len() >= 5 && stem.ends_with('e') {
        stem.pop();
    }
    stem
}

fn singular(word: &str) -> String {
    let cut = |n: usize| word[..word.len() - n].to_owned();
    match word {
        _ if word.ends_with("sses") => cut(2),
        _ if word.ends_with("ies") && word.len() > 4 => cut(3) + "y",
        _ if word.ends_with('s') && !["ss", "us", "is"].iter().any(|end| word.ends_with(end)) => cut(1),
        _ => word.to_owned(),
    }
}

fn without_ending(word: &str) -> Option<String> {
    let has_vowel = |root: &str| root.bytes().any(|byte| b"aeiouy".contains(&byte));
    if let Some(root) = word.strip_suffix("ing").filter(|root| word.len() >= 6 && has_vowel(root)) {
        return Some(undoubled(root));
    }
    if let Some(root) = word.strip_suffix("ied").filter(|_| word.len() >= 5) {
        return Some(format!("{root}y"));
    }
    let root =
        word.strip_suffix("ed").filter(|root| word.len() >= 5 && !root.ends_with('e') && has_vowel(root))?;
    Some(undoubled(root))
}

/// `stopp` is `stop`, but `pass` and `fall` stay.
fn undoubled(root: &str) -> String {
    let bytes = root.as_bytes();
    let doubled = bytes.len() >= 4 && bytes[bytes.len() - 1] == bytes[bytes.len() - 2];
    let cut = usize::from(doubled && !b"aeioulsz".contains(&bytes[bytes.len() - 1]));
    root[..root.len() - cut].to_owned()
}

/// Words that say nothing about which record is meant, as the analyser writes them.
pub const STOP_WORDS: &[&str] = &[
    "a", "after", "all", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "do",
    "doe", "for", "from", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "my",
    "no", "not", "of", "on", "or", "our", "so", "that", "the", "their", "then", "ther", "this", "to", "was",
    "we", "were", "what", "when", "which", "whil", "why", "will", "with", "you", "your",
];

/// The analyser as tantivy calls it.
#[derive(Clone, Default)]
pub struct IndexTokenizer {
    tokens: Vec<IndexToken>,
}

/// The tokens of one text.
pub struct IndexTokens<'t> {
    tokens: &'t mut Vec<IndexToken>,
    next: usize,
}

impl Tokenizer for IndexTokenizer {
    type TokenStream<'t> = IndexTokens<'t>;

    fn token_stream<'t>(&'t mut self, text: &'t str) -> IndexTokens<'t> {
        let token = |(position, token): (usize, Token)| IndexToken {
            offset_from: token.run.start,
            offset_to: token.run.end,
            position,
            text: token.text,
            position_length: 1,
        };
        self.tokens = analyse(text).into_iter().enumerate().map(token).collect();
        IndexTokens { tokens: &mut self.tokens, next: 0 }
    }
}

impl TokenStream for IndexTokens<'_> {
    fn advance(&mut self) -> bool {
        self.next += 1;
        self.next <= self.tokens.len()
    }

    fn token(&self) -> &IndexToken {
        &self.tokens[self.next - 1]
    }

    fn token_mut(&mut self) -> &mut IndexToken {
        &mut self.tokens[self.next - 1]
    }
}
