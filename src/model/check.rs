//! The short form of a verifier: how to bring the failure about, look at it, and tell it from its repair.

use super::Pattern;
use std::time::Duration;

/// A record's executable check. The commands of its fixes and wrong fixes belong to the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A script for `sh -eu` that makes the broken state in an empty folder. Without it nothing can be
    /// tested, and the page says so.
    pub setup: Option<String>,
    /// The script that shows whether the failure is there.
    pub run: String,
    /// What `run` shows while the failure is there.
    pub broken: Expectation,
    /// What `run` shows once it is repaired.
    pub fixed: Expectation,
    /// How long each script may take.
    pub timeout: Duration,
}

impl Check {
    /// What a script may take unless the record says otherwise.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
    /// What a record may ask for.
    pub const MAX_TIMEOUT: Duration = Duration::from_secs(600);
}

/// What must all hold of a finished script; at least one matcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// On the exit status.
    pub exit: Option<ExitMatcher>,
    /// On standard output and standard error, in the order in which they came.
    pub output: Option<TextMatcher>,
}

impl Expectation {
    /// Whether a script that ended with `exit` and printed `output` is what was expected.
    pub fn holds(&self, exit: Option<i32>, output: &str) -> bool {
        self.exit.as_ref().is_none_or(|matcher| matcher.holds(exit))
            && self.output.as_ref().is_none_or(|matcher| matcher.holds(output))
    }
}

/// On an exit status. A script that a signal ended has none, and equals no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitMatcher {
    /// Written `exit: 0`.
    Equals(i32),
    /// Written `exit: {not_equals: 0}`.
    NotEquals(i32),
}

impl ExitMatcher {
    fn holds(self, exit: Option<i32>) -> bool {
        match self {
            ExitMatcher::Equals(code) => exit == Some(code),
            ExitMatcher::NotEquals(code) => exit.is_some_and(|exit| exit != code),
        }
    }
}

/// On printed text: all operations must hold; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextMatcher(pub Vec<TextOp>);

impl TextMatcher {
    fn holds(&self, text: &str) -> bool {
        self.0.iter().all(|op| op.holds(text))
    }
}

/// One operation on printed text. In the short form, `output: words` means `contains`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextOp {
    /// The text holds these characters.
    Contains(String),
    /// The text does not hold these characters.
    NotContains(String),
    /// The text without surrounding blank space is this.
    Equals(String),
    /// The regular expression finds something.
    Matches(Pattern),
}

impl TextOp {
    fn holds(&self, text: &str) -> bool {
        match self {
            TextOp::Contains(part) => text.contains(part.as_str()),
            TextOp::NotContains(part) => !text.contains(part.as_str()),
            TextOp::Equals(whole) => text.trim() == whole.trim(),
            TextOp::Matches(regex) => regex.is_match(text),
        }
    }
}
