//! Known wrong fixes as patterns of commands, and whether a command is one of them.
//!
//! In: a book; a command line. Out: patterns, and the first one that a command matches, with what to do instead.
//! A wrong fix that stands among the repairs of some record is no pattern: whoever follows that record is not stopped.
//! Not here: running anything, and how a match is told.

mod words;

use crate::model::{Book, Prose, Record, Status, Step, WrongFix};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use words::Simple;

/// The known wrong fixes of a book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// `guard/1`.
    pub schema: String,
    /// The patterns, by record, and in the order of its wrong fixes.
    pub patterns: Vec<Pattern>,
}

/// A wrong fix, and which commands are it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// The record.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The wrong fix.
    pub wrong_fix: String,
    /// As the record writes it.
    pub command: String,
    /// The commands that have to be there, in this order; others may stand between them.
    #[serde(rename = "match")]
    pub commands: Vec<CommandPattern>,
    /// Why it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The first step of the repair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// The page; relative to the site's root where nobody knows where the site is.
    pub page: String,
}

/// A word: the literal pieces between which anything may stand. `["npm"]` is that word alone, `["--otp=", ""]` one that
/// begins so, `["", ""]` any word, and `[]` any number of words up to the end.
pub type WordPattern = Vec<String>;

/// One command of a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandPattern {
    /// The program and its arguments.
    pub words: Vec<WordPattern>,
    /// Assignments that have to stand before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<WordPattern>,
    /// What has to run it, such as `sudo`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrappers: Vec<String>,
    /// Redirections that it has to have: operator and target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<(String, WordPattern)>,
}

/// Why a wrong fix is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unguarded {
    /// It is told in words.
    NoCommand,
    /// It is more than commands in a row, or says too little to know it by.
    TooLoose,
    /// It is among the repairs of this record.
    RepairOf(String),
}

impl Guard {
    /// The schema that is written, and read.
    pub const SCHEMA: &'static str = "guard/1";

    /// The patterns of a book, and the wrong fixes that are none: record, wrong fix, why.
    ///
    /// - `page`: where the page of a record is
    pub fn of(book: &Book, page: &dyn Fn(&Record) -> String) -> (Guard, Vec<(String, String, Unguarded)>) {
        let repairs: Vec<(String, Vec<Simple>)> = book.records.values().flat_map(repairs).collect();
        let mut patterns = Vec::new();
        let mut unguarded = Vec::new();
        let live = |record: &&Record| !matches!(record.status, Status::Withdrawn(_));
        for record in book.records.values().filter(live) {
            for wrong in &record.wrong_fixes {
                let mut leave = |why| unguarded.push((record.id.to_string(), wrong.id.clone(), why));
                let Some(command) = command(wrong) else {
                    leave(Unguarded::NoCommand);
                    continue;
                };
                let Some(commands) = commands_of(&command) else {
                    leave(Unguarded::TooLoose);
                    continue;
                };
                if let Some((id, _)) = repairs.iter().find(|(_, repair)| matches(&commands, repair)) {
                    leave(Unguarded::RepairOf(id.clone()));
                    continue;
                }
                patterns.push(Pattern {
                    id: record.id.to_string(),
                    title: record.title.clone(),
                    wrong_fix: wrong.id.clone(),
                    command: command.trim().to_owned(),
                    commands,
                    why: wrong.why.as_ref().map(Prose::plain),
                    instead: record.fix.first().map(said),
                    page: page(record),
                });
            }
        }
        (Guard { schema: Guard::SCHEMA.to_owned(), patterns }, unguarded)
    }

    /// The first pattern that a command line matches.
    pub fn judge(&self, line: &str) -> Option<&Pattern> {
        self.first(&words::script(line).commands)
    }

    /// The first pattern that a command matches whose words a shell has split already.
    pub fn judge_words(&self, words: &[String]) -> Option<&Pattern> {
        self.first(&words::of_words(words).commands)
    }

    fn first(&self, commands: &[Simple]) -> Option<&Pattern> {
        self.patterns.iter().find(|pattern| matches(&pattern.commands, commands))
    }
}

/// What people type: the command of a wrong fix, or the only code in its text where the text is nothing else.
fn command(wrong: &WrongFix) -> Option<String> {
    if wrong.run.is_some() {
        return wrong.run.clone();
    }
    let text = wrong.text.as_ref()?.markdown().trim();
    let inner = text.strip_prefix('`')?.strip_suffix('`')?;
    (!inner.contains('`') && inner.contains(' ')).then(|| inner.to_owned())
}

/// Every repair of a record, as commands.
fn repairs(record: &Record) -> Vec<(String, Vec<Simple>)> {
    let steps = record.fix.iter().chain(record.other_fixes.iter().flat_map(|other| &other.steps));
    let mut repairs = Vec::new();
    for step in steps {
        let blocks = step.text.iter().flat_map(Prose::blocks).map(|block| block.text);
        let spans = step.text.iter().flat_map(|text| code_spans(text.markdown()));
        for text in step.run.iter().cloned().chain(blocks).chain(spans) {
            repairs.push((record.id.to_string(), words::script(&text).commands));
        }
    }
    repairs
}

/// What stands between backticks.
fn code_spans(markdown: &str) -> Vec<String> {
    markdown.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn said(step: &Step) -> String {
    let text = step.text.as_ref().map(Prose::plain);
    let parts = text.into_iter().chain(step.run.as_ref().map(|run| run.trim().to_owned()));
    parts.collect::<Vec<_>>().join("\n")
}

/// Commands that only say where the next one works, or nothing at all.
const SETTING: &[&str] = &["cd", "set", ":", "true"];
/// Stands for a placeholder while words are split: of the private characters, which mean nothing.
const HOLE: char = '\u{F8FF}';

/// The commands of a wrong fix; `None` where it is no list of commands, or would stop too much.
fn commands_of(command: &str) -> Option<Vec<CommandPattern>> {
    let script = words::script(&with_holes(command));
    if script.is_odd {
        return None;
    }
    let is_setting = |simple: &Simple| {
        simple.redirects.is_empty()
            && simple.words.first().is_none_or(|word| SETTING.contains(&word.as_str()))
    };
    let commands: Vec<CommandPattern> =
        script.commands.iter().filter(|simple| !is_setting(simple)).map(CommandPattern::of).collect();
    let tells = commands.iter().any(CommandPattern::tells);
    let named = commands.iter().all(|one| one.words.first().is_none_or(|word| word.len() == 1));
    (tells && named).then_some(commands)
}

/// Puts a hole where a record has a placeholder such as `<name>`.
fn with_holes(command: &str) -> String {
    let mut text = String::new();
    let command = command.replace(HOLE, "");
    let mut rest = command.as_str();
    while let Some(c) = rest.chars().next() {
        let is_placeholder = |inner: &&str| {
            let begins = inner.starts_with(|c: char| c.is_ascii_alphabetic());
            begins
                && inner.chars().all(|c| c.is_alphanumeric() || " _-./:".contains(c))
                && !inner.ends_with(' ')
        };
        let placeholder =
            rest.strip_prefix('<').and_then(|after| after.split_once('>')).map(|(inner, _)| inner);
        if let Some(inner) = placeholder.filter(is_placeholder) {
            text.push(HOLE);
            rest = &rest[inner.len() + 2..];
            continue;
        }
        text.push(c);
        rest = &rest[c.len_utf8()..];
    }
    text
}

impl CommandPattern {
    fn of(simple: &Simple) -> CommandPattern {
        let words = |words: &[String]| words.iter().map(|word| word_pattern(word)).collect();
        let redirect = |(operator, target): &(String, String)| (operator.clone(), word_pattern(target));
        CommandPattern {
            words: words(&simple.words),
            sets: words(&simple.sets),
            wrappers: simple.wrappers.clone(),
            redirects: simple.redirects.iter().map(redirect).collect(),
        }
    }

    /// Whether it says more than which program runs.
    fn tells(&self) -> bool {
        let literal = |word: &WordPattern| word.iter().any(|piece| piece.chars().any(char::is_alphanumeric));
        self.words.iter().skip(1).any(literal) || self.redirects.iter().any(|(_, target)| literal(target))
    }

    fn matches(&self, simple: &Simple) -> bool {
        let has = |set: &WordPattern| simple.sets.iter().any(|word| fits(set, word));
        let redirected = |(operator, target): &(String, WordPattern)| {
            simple.redirects.iter().any(|(own, to)| own == operator && fits(target, to))
        };
        self.sets.iter().all(has)
            && self.wrappers.iter().all(|wrapper| simple.wrappers.contains(wrapper))
            && self.redirects.iter().all(redirected)
            && same_words(&self.words, &simple.words)
    }
}

fn word_pattern(word: &str) -> WordPattern {
    if matches!(word, "..." | "\u{2026}") {
        return Vec::new();
    }
    // A variable alone is whatever it stands for.
    let name = word.strip_prefix('$').unwrap_or_default();
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return vec![String::new(), String::new()];
    }
    word.split(HOLE).map(str::to_owned).collect()
}

/// Whether the commands of a pattern are among these, in their order.
fn matches(pattern: &[CommandPattern], commands: &[Simple]) -> bool {
    let mut rest = commands.iter();
    !pattern.is_empty() && pattern.iter().all(|wanted| rest.any(|simple| wanted.matches(simple)))
}

/// Whether words are those of a pattern; options may stand elsewhere as long as their order among themselves, and that
/// of the other words, is the same.
fn same_words(pattern: &[WordPattern], words: &[String]) -> bool {
    if in_order(pattern, words) {
        return true;
    }
    let options = |word: &&String| word.len() > 1 && word.starts_with('-');
    let is_option =
        |word: &&WordPattern| word.first().is_some_and(|piece| piece.len() > 1 && piece.starts_with('-'));
    let (own_options, own_words): (Vec<&String>, Vec<&String>) = words.iter().partition(options);
    let (wanted_options, wanted_words): (Vec<&WordPattern>, Vec<&WordPattern>) =
        pattern.iter().partition(is_option);
    let owned = |words: Vec<&String>| words.into_iter().cloned().collect::<Vec<_>>();
    let wanted = |words: Vec<&WordPattern>| words.into_iter().cloned().collect::<Vec<_>>();
    // What `--` ends are no options.
    !words.iter().any(|word| word == "--")
        && in_order(&wanted(wanted_options), &owned(own_options))
        && in_order(&wanted(wanted_words), &owned(own_words))
}

fn in_order(pattern: &[WordPattern], words: &[String]) -> bool {
    if let Some((_, before)) = pattern.split_last().filter(|(last, _)| last.is_empty()) {
        return words.len() >= before.len() && in_order(before, &words[..before.len()]);
    }
    pattern.len() == words.len() && pattern.iter().zip(words).all(|(pattern, word)| fits(pattern, word))
}

/// Whether a word has these pieces, in order, with anything between them.
fn fits(pattern: &[String], word: &str) -> bool {
    let [first, middle @ .., last] = pattern else {
        return match pattern {
            [only] => only == word || same_flags(only, word),
            _ => true,
        };
    };
    let Some(mut rest) = word.strip_prefix(first.as_str()) else { return false };
    for piece in middle {
        let Some(at) = rest.find(piece.as_str()) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last.as_str()) && !(rest.is_empty() && last.is_empty())
}

/// `-rf` and `-fr` are the same; longer ones are words, such as `-name`.
fn same_flags(one: &str, other: &str) -> bool {
    let letters = |text: &str| -> Option<BTreeSet<u8>> {
        let letters = text.strip_prefix('-')?;
        let short =
            (2..=3).contains(&letters.len()) && letters.bytes().all(|byte| byte.is_ascii_alphabetic());
        short.then(|| letters.bytes().collect())
    };
    one.len() == other.len() && letters(one).is_some_and(|set| letters(other) == Some(set))
}
