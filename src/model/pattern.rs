//! A regular expression, kept as the text that it was made from.

use regex::{Regex, RegexBuilder};

/// A regular expression in the dialect of Rust's regex crate: no look-around, linear time, bounded size.
///
/// Compiled to be checked, and again when it is used: kept, those of a large book would fill the memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// What a compiled expression may take, in bytes.
    const MAX_BYTES: usize = 1 << 20;

    /// The expression, if it compiles; otherwise the reason, as a fragment of a sentence.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        Pattern::compile(text).map(|_| Pattern(text.to_owned())).map_err(|error| {
            let text = error.to_string();
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })
    }

    fn compile(text: &str) -> Result<Regex, regex::Error> {
        RegexBuilder::new(text).size_limit(Pattern::MAX_BYTES).build()
    }

    /// The expression, compiled: for whoever uses it many times.
    pub fn regex(&self) -> Regex {
        Pattern::compile(&self.0).expect("a pattern has compiled before")
    }

    /// The expression that finds just this text.
    pub fn literal(text: &str) -> Pattern {
        Pattern(regex::escape(text))
    }

    /// The expression that finds a text which is this one but for blank space around it.
    pub fn whole(text: &str) -> Pattern {
        Pattern(format!(r"\A\s*{}\s*\z", regex::escape(text.trim())))
    }

    /// Whether it finds something.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex().is_match(text)
    }

    /// What its first group finds, or all of it where it has none.
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        let found = self.regex().captures(text)?;
        found.get(1).or_else(|| found.get(0)).map(|part| part.as_str())
    }

    /// How many groups it has.
    pub fn n_groups(&self) -> usize {
        self.regex().captures_len() - 1
    }

    /// The text that it was made from.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
