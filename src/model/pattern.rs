//! A regular expression, with the text that it was made from.

use regex::{Regex, RegexBuilder};

/// A regular expression in the dialect of Rust's regex crate: no look-around, linear time, bounded size.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// What a compiled expression may take, in bytes.
    const MAX_BYTES: usize = 1 << 20;

    /// Compiles an expression; otherwise the reason, as a fragment of a sentence.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let compiled = RegexBuilder::new(text).size_limit(Pattern::MAX_BYTES).build();
        compiled.map(Pattern).map_err(|error| {
            let text = error.to_string();
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })
    }

    /// Whether it finds something.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The text that it was made from.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
