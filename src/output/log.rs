//! A log → its distinct lines, without what differs from run to run.
//!
//! In: bytes, as a program printed them. Out: [`Log`]. Lines that say the same drop first, since a log mostly repeats
//! itself. Numbers of up to five digits stay: 401, 137 and 3.12 are what a failure is told by.

use super::lines::has_cue;
use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead};

/// The distinct lines of a log, in the order in which each was seen first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// [`Log::MAX_LINES`], and so many again of those that sound like an error, at most.
    pub lines: Vec<Line>,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which line of the log it is, from 1.
    pub nth: usize,
    /// As it was printed, without colours.
    pub text: String,
    /// Without what differs from run to run.
    pub normal: String,
}

impl Log {
    /// More distinct lines than anybody reads; what follows counts only where it sounds like an error, since a log often
    /// ends with what it stopped at.
    pub const MAX_LINES: usize = 50_000;
    /// A longer line is data; its beginning counts.
    pub const MAX_LINE_BYTES: usize = 4096;

    /// Reads a log to its end.
    pub fn read(mut reader: impl BufRead) -> io::Result<Log> {
        let mut log = Distinct::default();
        let mut line = Vec::new();
        for nth in 1.. {
            line.clear();
            if read_line(&mut reader, &mut line)? == 0 {
                break;
            }
            log.add(nth, &line);
        }
        Ok(log.log)
    }

    /// The log of a text.
    pub fn of(text: &str) -> Log {
        let mut log = Distinct::default();
        text.lines().zip(1..).for_each(|(line, nth)| log.add(nth, line.as_bytes()));
        log.log
    }
}

/// One line without its end, as far as it counts; gives how many bytes it took.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    let mut n_read = 0;
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(n_read);
        }
        let end = memchr::memchr(b'\n', bytes);
        let part = &bytes[..end.unwrap_or(bytes.len())];
        // A progress bar writes over its own line many times, and what it ends with counts.
        let room = (4 * Log::MAX_LINE_BYTES).saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let n_taken = part.len() + usize::from(end.is_some());
        reader.consume(n_taken);
        n_read += n_taken;
        if end.is_some() {
            return Ok(n_read);
        }
    }
}

#[derive(Default)]
struct Distinct {
    log: Log,
    seen: HashSet<u64>,
    /// Of what comes after so many lines that only new forms of lines are worth a look.
    shapes: HashSet<u64>,
    hasher: RandomState,
    plain: Vec<u8>,
    normal: Vec<u8>,
}

impl Distinct {
    fn add(&mut self, nth: usize, line: &[u8]) {
        let is_long = self.log.lines.len() >= Log::MAX_LINES;
        if self.log.lines.len() >= 2 * Log::MAX_LINES || is_long && !self.shapes.insert(shape(line)) {
            return;
        }
        if !self.seen.insert(self.hasher.hash_one(line)) {
            return;
        }
        self.plain.clear();
        without_controls(line, &mut self.plain);
        if is_long && !has_cue(&String::from_utf8_lossy(&self.plain)) {
            return;
        }
        self.normal.clear();
        normalise(&self.plain, &mut self.normal);
        if self.normal.is_empty() || !self.seen.insert(self.hasher.hash_one((Log::MAX_LINES, &self.normal))) {
            return;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        self.log.lines.push(Line { nth, text: text(&self.plain), normal: text(&self.normal) });
    }
}

/// A digest of a line without its digits: FNV-1a, which is fast, and here may be wrong.
fn shape(line: &[u8]) -> u64 {
    let letters = line.iter().filter(|byte| !byte.is_ascii_digit());
    letters.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What a terminal would show in the end: no escape sequences, and of a line that was written over the last version.
fn without_controls(line: &[u8], out: &mut Vec<u8>) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = match memchr::memrchr(b'\r', line) {
        Some(at) => &line[at + 1..],
        None => line,
    };
    let mut rest = line;
    while let Some(at) = memchr::memchr(0x1b, rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + sequence(&rest[at..])..];
    }
    out.extend_from_slice(rest);
    out.truncate(Log::MAX_LINE_BYTES);
}

/// A line as a terminal would show it in the end, without colours.
pub fn plain(line: &str) -> String {
    let mut plain = Vec::new();
    without_controls(line.as_bytes(), &mut plain);
    String::from_utf8_lossy(&plain).trim_end().to_owned()
}

/// How long the escape sequence is with which the bytes begin.
fn sequence(bytes: &[u8]) -> usize {
    let end = match bytes.get(1) {
        Some(b'[') => bytes.iter().skip(2).position(|byte| (0x40..=0x7e).contains(byte)).map(|at| at + 3),
        Some(b']') => bytes.iter().position(|byte| *byte == 0x07).map(|at| at + 1),
        _ => Some(2),
    };
    end.unwrap_or(bytes.len()).min(bytes.len())
}

/// What stands where runs and machines differ; of a path its last part follows.
pub const SLOTS: [&str; 4] = ["<time>", "<hash>", "<number>", "<path>"];

/// One line without what differs from run to run and from machine to machine, each with a slot in its place: `<time>`,
/// `<hash>`, `<number>`; of a path its last part after `<path>/`. Harvested files have slots already, and keep them.
pub fn normalise(line: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while at < line.len() {
        if line[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let (mut n_digits, mut n_slashes, mut n_colons) = (0, 0, 0);
        let start = at;
        while at < line.len() && !line[at].is_ascii_whitespace() {
            match CLASS[usize::from(line[at])] {
                DIGIT => n_digits += 1,
                SLASH => n_slashes += 1,
                COLON => n_colons += 1,
                _ => {}
            }
            at += 1;
        }
        if !out.is_empty() {
            out.push(b' ');
        }
        let word = &line[start..at];
        let plain = n_slashes == 0 && (n_digits == 0 || (n_digits < 3 && n_colons == 0));
        if plain { out.extend_from_slice(word) } else { slots(word, out) }
    }
}

/// A normalised line without its slots, for those who look for its words.
pub fn without_slots(normal: &str) -> String {
    SLOTS.iter().fold(normal.to_owned(), |text, slot| text.replace(slot, " "))
}

const DIGIT: u8 = 1;
const SLASH: u8 = 2;
const COLON: u8 = 3;
const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        table[digit as usize] = DIGIT;
        digit += 1;
    }
    table[b'/' as usize] = SLASH;
    table[b'\\' as usize] = SLASH;
    table[b':' as usize] = COLON;
    table
};

/// A word with digits or separators in it, its brackets and quotes kept.
fn slots(word: &[u8], out: &mut Vec<u8>) {
    let is_outside = |byte: &u8| b"()[]{}\"'`,;=|".contains(byte);
    let mut rest = word;
    while !rest.is_empty() {
        let n_outside = rest.iter().take_while(|byte| is_outside(byte)).count();
        out.extend_from_slice(&rest[..n_outside]);
        rest = &rest[n_outside..];
        let n_inside = rest.iter().take_while(|byte| !is_outside(byte)).count();
        slot(&rest[..n_inside], out);
        rest = &rest[n_inside..];
    }
}

fn slot(word: &[u8], out: &mut Vec<u8>) {
    let core = word.strip_suffix(b":").or_else(|| word.strip_suffix(b".")).unwrap_or(word);
    let end = &word[core.len()..];
    let n_slashes = core.iter().filter(|byte| matches!(byte, b'/' | b'\\')).count();
    match () {
        () if is_time(core) => out.extend_from_slice(b"<time>"),
        () if is_hash(core) => out.extend_from_slice(b"<hash>"),
        () if core.len() >= 6 && core.iter().all(u8::is_ascii_digit) => out.extend_from_slice(b"<number>"),
        () if is_path(core, n_slashes) => {
            let core = without_place(core);
            let name = core.iter().rposition(|byte| matches!(byte, b'/' | b'\\')).map_or(0, |at| at + 1);
            out.extend_from_slice(b"<path>/");
            out.extend_from_slice(&core[name..]);
        }
        () if has(core, b"://") => out.extend_from_slice(core),
        () => out.extend_from_slice(without_place(core)),
    }
    out.extend_from_slice(end);
}

fn has(word: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(word, part).is_some()
}

fn is_path(word: &[u8], n_slashes: usize) -> bool {
    let is_slot = [&b"<scratch>"[..], b"<tools>", b"<path>"].iter().any(|slot| has(word, slot));
    let is_address = has(word, b"://") && !word.starts_with(b"file://");
    n_slashes >= 1 && is_slot || n_slashes >= 2 && !is_address
}

/// `file.rs:12:5` without the place in it.
fn without_place(word: &[u8]) -> &[u8] {
    let mut rest = word;
    while let Some(at) = rest.iter().rposition(|byte| *byte == b':') {
        let after = &rest[at + 1..];
        let named = rest[..at].iter().any(u8::is_ascii_alphabetic) && rest[..at].contains(&b'.');
        if !named || after.is_empty() || !after.iter().all(u8::is_ascii_digit) {
            break;
        }
        rest = &rest[..at];
    }
    rest
}

/// `2026-11-24`, `2026-11-24T08:30:00.123Z`, `08:30:00`.
fn is_time(word: &[u8]) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        word.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let at = |nth: usize, byte: u8| word.get(nth) == Some(&byte);
    let is_day = digits(0..4)
        && (at(4, b'-') && at(7, b'-') || at(4, b'/') && at(7, b'/'))
        && digits(5..7)
        && digits(8..10);
    let is_clock = digits(0..2) && at(2, b':') && digits(3..5) && at(5, b':') && digits(6..8);
    is_day || is_clock
}

/// `0x7f3a`, a UUID, or twelve and more hexadecimal digits, letters among them.
fn is_hash(word: &[u8]) -> bool {
    if let Some(digits) = word.strip_prefix(b"0x") {
        return digits.len() >= 3 && digits.iter().all(u8::is_ascii_hexdigit);
    }
    let word = word.strip_prefix(b"sha256:").unwrap_or(word);
    let is_hex = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    let n_letters = word.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    word.len() >= 12 && word.iter().all(is_hex) && n_letters > 0 && n_letters < word.len()
}
