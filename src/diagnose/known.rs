//! A record as a diagnosis sees it.

use super::signatures::{Quoted, mine};
use crate::model::{Book, Prose, Record, RecordId, Signature, SignaturePattern};
use crate::search::{FIELDS, documents};

/// What is known of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its page, relative to the site's root.
    pub path: String,
    /// The first step of the repair.
    pub fix: Option<String>,
    /// The texts whose words are ranked, each with its weight; every record has as many.
    pub texts: Vec<(f32, String)>,
    /// Lines that it quotes or was seen to print.
    pub quoted: Vec<Quoted>,
    /// What it says of itself, sentence by sentence.
    pub said: Vec<String>,
    /// What its author says that a log has.
    pub signatures: Vec<Signature>,
    /// Records that are taken for it, and what tells the two apart.
    pub confused_with: Vec<(String, String)>,
    /// Whether it has a check that can be run.
    pub has_check: bool,
}

/// What a line that was printed counts, beside the fields of a search.
const OBSERVED_WEIGHT: f32 = 5.0;
/// So many sentences of a record are held against a line.
const MAX_SENTENCES: usize = 24;

/// What is known of every record of a book, in the order of their numbers in the index.
pub fn known(book: &Book) -> Vec<Known> {
    let of = |document: crate::search::Document| {
        let record = book.records.get(&RecordId::parse(&document.summary.id)?)?;
        let quoted = quoted(record);
        let printed: String = quoted.iter().map(|quoted| format!("{}\n", quoted.normal)).collect();
        let fields = FIELDS.iter().zip(document.texts).map(|((_, weight), text)| (*weight, text));
        Some(Known {
            id: document.summary.id.clone(),
            title: record.title.clone(),
            path: document.summary.path(),
            fix: document.summary.fix,
            texts: fields.chain([(OBSERVED_WEIGHT, printed)]).collect(),
            quoted,
            said: said(record),
            signatures: record.signatures.clone(),
            confused_with: record
                .related
                .confused_with
                .iter()
                .filter_map(|other| Some((other.id.as_ref()?.to_string(), other.tell.plain())))
                .collect(),
            has_check: record.check.is_some() || record.verify.is_some(),
        })
    };
    documents(book).into_iter().filter_map(of).collect()
}

fn quoted(record: &Record) -> Vec<Quoted> {
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

fn said(record: &Record) -> Vec<String> {
    let prose = [Some(&record.symptom), record.root_cause.as_ref(), record.why.as_ref()];
    let texts = prose.into_iter().flatten().map(Prose::plain);
    let sentences =
        texts.flat_map(|text| text.replace('\n', " ").split(". ").map(str::to_owned).collect::<Vec<_>>());
    [record.summary.clone()].into_iter().chain(sentences).take(MAX_SENTENCES).collect()
}
