//! The lines of a record that were printed somewhere: quoted, or seen.

use super::lines::Kind;
use super::log::normalise;
use crate::model::{Prose, Record, SignaturePattern};

/// A line of a record that can be found in a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Quoted {
    /// Normalised.
    pub normal: String,
    /// What kind of line it is.
    pub kind: Kind,
}

/// So many lines of one record are looked at.
const MAX_LINES: usize = 400;

/// The lines of a record's verbatim blocks, of its signatures, and of what its check was seen to print, each once.
pub fn quoted(record: &Record) -> Vec<Quoted> {
    let blocks = record.symptom.blocks();
    let verbatim = blocks.iter().filter(|block| block.is_verbatim()).map(|block| block.text.as_str());
    let examples = record.signatures.iter().filter_map(|signature| signature.example.as_deref());
    let literals = record.signatures.iter().filter_map(|signature| match &signature.pattern {
        SignaturePattern::Literal(text) => Some(text.as_str()),
        SignaturePattern::Regex(_) => None,
    });
    let observed = record.observed.iter().map(String::as_str);
    let comments = comments(record);
    mine(verbatim.chain(examples).chain(literals).chain(observed).chain(comments.iter().map(String::as_str)))
}

/// What comments of the record's own examples say about errors.
fn comments(record: &Record) -> Vec<String> {
    let prose = [Some(&record.symptom), record.root_cause.as_ref(), record.why.as_ref()];
    let blocks = prose.into_iter().flatten().flat_map(Prose::blocks);
    let comment = |line: &str| {
        let (_, comment) = line.split_once("//").or_else(|| line.split_once("# "))?;
        let comment = comment.trim_start_matches(['~', '^', '/', ' ']);
        comment.to_ascii_lowercase().contains("error").then(|| comment.to_owned())
    };
    blocks.flat_map(|block| block.text.lines().filter_map(comment).collect::<Vec<_>>()).collect()
}

/// The lines of verbatim texts that say something, each once.
pub fn mine<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<Quoted> {
    let mut quoted: Vec<Quoted> = Vec::new();
    for line in texts.flat_map(str::lines).take(MAX_LINES) {
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let mut normal = Vec::new();
        normalise(line.as_bytes(), &mut normal);
        let normal = String::from_utf8_lossy(&normal).into_owned();
        let kind = Kind::of(&normal);
        let says = kind.weight() >= 0.5 && normal.chars().filter(|c| c.is_alphabetic()).count() >= 4;
        if says && !quoted.iter().any(|other| other.normal == normal) {
            quoted.push(Quoted { normal, kind });
        }
    }
    quoted
}
