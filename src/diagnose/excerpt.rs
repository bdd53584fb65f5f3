//! What of a log a record quotes: the line that tells the failure, with what stands around it.
//!
//! In: a log of any size, as it was printed. Out: a few lines of it, without secrets and without what could act on a
//! terminal.

use super::mask::masked;
use crate::output::{Kind, Line, Log, SLOTS, is_headline, normalise, plain};
use crate::text::is_invisible;

/// How much is quoted at most.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Lines.
    pub n_lines: usize,
    /// Bytes, line ends among them.
    pub n_bytes: usize,
}

/// What a record quotes of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line that tells the failure.
    pub telling: String,
    /// That line and its neighbours.
    pub lines: Vec<String>,
    /// Of how many lines these are a part.
    pub n_all: usize,
}

/// A longer line is data; a quote of it serves nobody.
const MAX_LINE_CHARS: usize = 400;

/// The part of a log that tells its failure; `None` where it says nothing at all.
pub fn excerpt(text: &str, bounds: Bounds) -> Option<Excerpt> {
    let text = masked(text);
    let log = Log::of(&text);
    let told = telling(&log)?.nth - 1;
    let lines: Vec<&str> = text.lines().collect();
    let is_shown = |c: &char| *c != '\r' && !is_invisible(*c);
    let line =
        |nth: usize| plain(lines[nth]).chars().filter(is_shown).take(MAX_LINE_CHARS).collect::<String>();
    let telling = line(told);
    let (mut start, mut end) = (told, told + 1);
    let mut n_bytes = telling.len() + 1;
    // What went before is how it came about, what comes after is what the tool advises: both by turns.
    let mut goes_on = true;
    while goes_on {
        goes_on = false;
        for nth in [start.checked_sub(1), Some(end).filter(|end| *end < lines.len())].into_iter().flatten() {
            let size = line(nth).len() + 1;
            if end - start < bounds.n_lines && n_bytes + size <= bounds.n_bytes {
                n_bytes += size;
                goes_on = true;
                if nth < start { start = nth } else { end = nth + 1 }
            }
        }
    }
    let lines_kept = (start..end).map(line).collect();
    Some(Excerpt { telling, lines: without_empty_ends(lines_kept), n_all: lines.len() })
}

/// The line that tells the failure: the first that says itself that it is an error, since what follows mostly follows from
/// it; where a stack is printed with the last call last, the last one.
fn telling(log: &Log) -> Option<&Line> {
    let is_error = |line: &&Line| Kind::of(&line.normal) == Kind::Error;
    let is_told = |line: &&Line| is_error(line) && is_headline(&line.normal);
    let last_is_best = log.lines.iter().any(|line| line.text.contains("(most recent call last)"));
    let headline = match last_is_best {
        true => log.lines.iter().rfind(is_told),
        false => log.lines.iter().find(is_told),
    };
    headline
        .or_else(|| log.lines.iter().find(is_error))
        .or_else(|| log.lines.iter().rfind(|line| Kind::of(&line.normal).is_telling()))
        .or_else(|| log.lines.last())
}

fn without_empty_ends(lines: Vec<String>) -> Vec<String> {
    let is_full = |line: &String| !line.trim().is_empty();
    let start = lines.iter().position(is_full).unwrap_or(0);
    let end = lines.iter().rposition(is_full).map_or(0, |last| last + 1);
    lines.into_iter().take(end).skip(start).collect()
}

impl Excerpt {
    /// The telling line without what differs from run to run, as a title of at most so many characters.
    ///
    /// - `telling`: the line, where more is to be taken out of it than a log's own rules know
    pub fn title(telling: &str, max_chars: usize) -> String {
        let mut normal = Vec::new();
        normalise(telling.as_bytes(), &mut normal);
        let mut title = String::from_utf8_lossy(&normal).replace("<path>/", "");
        for slot in SLOTS {
            title = title.replace(slot, "…");
        }
        let starts = ["[…]", "(…)", "…"];
        while let Some(rest) = starts.iter().find_map(|start| title.strip_prefix(start)) {
            title = rest.trim_start_matches([' ', ':', '-', '|']).to_owned();
        }
        if title.chars().count() <= max_chars {
            return title.trim_end().to_owned();
        }
        let cut: String = title.chars().take(max_chars).collect();
        // A word that is cut in two is another word.
        match cut.rsplit_once(' ').filter(|(words, _)| words.chars().count() > max_chars / 2) {
            Some((words, _)) => words.trim_end().to_owned(),
            None => cut,
        }
    }
}
