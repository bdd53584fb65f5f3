//! What kind of line a line is: whether it says that something failed, or only shows code, a stack, progress.

use super::message::message;
use regex::Regex;
use std::sync::LazyLock;

/// What a line says about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Source code that a tool quotes, and the marks under it.
    Source,
    /// Where in a program it happened.
    Frame,
    /// That something failed, not what: the last line of a build tool.
    Wrapper,
    /// Anything else.
    Plain,
    /// Advice, or more about the error before.
    Note,
    /// What failed.
    Error,
}

impl Kind {
    /// What its words count.
    pub fn weight(self) -> f32 {
        match self {
            Kind::Source => 0.0,
            Kind::Frame => 0.15,
            Kind::Wrapper => 0.1,
            Kind::Plain => 0.5,
            Kind::Note => 0.7,
            Kind::Error => 2.5,
        }
    }

    /// Whether such a line can tell a record.
    pub fn is_telling(self) -> bool {
        self >= Kind::Plain
    }

    /// What a record counts that covers such a line.
    pub fn share(self) -> f32 {
        match self {
            Kind::Error => 1.0,
            Kind::Note => 0.6,
            _ => 0.5,
        }
    }

    /// The kind of a line.
    pub fn of(line: &str) -> Kind {
        let line = line.trim();
        let lower = line.to_ascii_lowercase();
        match () {
            () if is_source(line) => Kind::Source,
            () if is_frame(line) => Kind::Frame,
            () if WRAPPERS.iter().any(|wrapper| lower.contains(wrapper)) => Kind::Wrapper,
            () if NOTES.iter().any(|note| lower.starts_with(note)) => Kind::Note,
            () if is_error(line) => Kind::Error,
            () => Kind::Plain,
        }
    }
}

/// Sayings that go with every failure of a tool.
const WRAPPERS: &[&str] = &[
    "aborting due to",
    "for more information about ",
    "some errors have detailed explanations",
    "could not compile `",
    "traceback (most recent call last)",
    "exit status",
    "exit code",
    "exited with code",
    "returned a non-zero code",
    "returned non-zero exit",
    "a complete log of this run",
    "command failed with",
    "command failed:",
    "run `npm audit",
    "note: run with `rust_backtrace",
    "elifecycle",
    "build failed",
    "0 errors",
    "0 failed",
    "0 error(s)",
    "no errors",
    "no error ",
];

const NOTES: &[&str] =
    &["= note:", "note:", "= help:", "help:", "hint:", "info:", "= warning:", "warning:", "tip:"];

fn is_source(line: &str) -> bool {
    let after_number = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches("LL");
    let in_margin = after_number.trim_start().starts_with(['|', '│']);
    let is_mark = |c: char| c.is_whitespace() || "^~-|+_=*#.".contains(c);
    in_margin || line.chars().all(is_mark)
}

fn is_frame(line: &str) -> bool {
    let call = line.strip_prefix("at ").is_some_and(|rest| rest.contains(['(', '/', ':']));
    let file = line.starts_with("File \"") && line.contains(", line ");
    let place = line.starts_with("--> ") || line.starts_with("::: ");
    let number = line.split_once(": ").is_some_and(|(nth, rest)| {
        !nth.is_empty()
            && nth.len() < 4
            && nth.bytes().all(|byte| byte.is_ascii_digit())
            && rest.contains("::")
    });
    call || file || place || number
}

/// Words that say that something failed, as alternatives of an expression, each at the beginning of a word. What the
/// browser takes for such a line goes by the same (`theme/ranker-rest.js`).
pub const CUES: &str = "error|err!|fail|fatal|cannot|can't|could not|couldn't|unable|exception|panic|denied|refused|not found|no such\
    |undefined|invalid|unexpected|missing|unsupported|not permitted|not allowed|forbidden|unauthorized|timed out|timeout\
    |abort|killed|out of memory|mismatch|conflict|rejected|must be|unknown|illegal|broken|unreachable|expected|is not \
    |bad |too long|too many|too large|too open|not a |unprotected|overwritten|does not|doesn't|not supported|unresolved|deprecated|segmentation";

static CUE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!("(?:^|[^a-z-])(?:{CUES})")).expect("the cues are an expression"));

/// Whether a line has a word that says that something failed, in whatever case.
pub fn has_cue(line: &str) -> bool {
    CUE.is_match(&line.to_ascii_lowercase())
}

fn is_error(line: &str) -> bool {
    has_cue(line) || line.split_whitespace().any(is_code)
}

/// Whether a word is a code that names a failure: `E0382`, `ERR_OSSL`, `EACCES`, `TypeError`.
pub fn is_code(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let word = word.rsplit(['.', '[', '(']).next().unwrap_or(word);
    names_one_failure(word) || ERRNOS.contains(&word) || is_error_name(word)
}

/// Whether a word is a code that one tool gives to one failure: `E0382`, `TS2304`, `ERR_OSSL`.
fn names_one_failure(word: &str) -> bool {
    let n_upper = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = &word.as_bytes()[n_upper..];
    let is_numbered = (1..=5).contains(&n_upper)
        && (3..=6).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit);
    is_numbered || word.strip_prefix("ERR_").is_some_and(|name| name.len() > 2)
}

/// The codes of a text that name one failure, without what stands around them.
pub fn codes(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| c.is_whitespace() || "[]()".contains(c));
    words
        .map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
        .filter(|word| names_one_failure(word))
}

/// `TypeError`, `CrashLoopBackOff`.
fn is_error_name(word: &str) -> bool {
    let is_end = |end: &&str| word.len() > end.len() && word.ends_with(*end);
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && ["Error", "Exception", "Failure", "BackOff", "Fault"].iter().any(is_end)
}

/// Names of errors that many failures share.
const ERRNOS: &[&str] = &[
    "EACCES",
    "EPERM",
    "ENOENT",
    "EEXIST",
    "EADDRINUSE",
    "ECONNREFUSED",
    "ECONNRESET",
    "ENOTFOUND",
    "EPIPE",
    "EBUSY",
    "EMFILE",
    "ENFILE",
    "ENOSPC",
    "ENOTDIR",
    "EISDIR",
    "ENOTEMPTY",
    "EROFS",
    "ETIMEDOUT",
    "EINVAL",
    "ELOOP",
    "EXDEV",
    "EBADF",
    "EAGAIN",
    "ENOMEM",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "EAI_AGAIN",
    "EUSAGE",
    "ERESOLVE",
    "EINTEGRITY",
    "E401",
    "E403",
    "E404",
    "EBADENGINE",
    "EOTP",
    "ENEEDAUTH",
    "EPUBLISHCONFLICT",
    "ETARGET",
    "EJSONPARSE",
];

/// Whether a line says itself that it is an error: by its level, by a code, or by the name of an error.
pub fn is_headline(line: &str) -> bool {
    let before = line[..line.len() - message(line).len()].to_ascii_lowercase();
    let first = line.split_once(": ").map(|(first, _)| first.to_ascii_lowercase()).unwrap_or_default();
    ["error", "fatal", "panic", "err", "critical"].iter().any(|level| before.contains(level))
        || ["error", "exception", "fatal"].iter().any(|end| first.ends_with(end))
        || line.split_whitespace().any(is_code)
}
