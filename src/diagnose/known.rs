//! A record as a diagnosis sees it.

use crate::model::{Book, Prose, Record, RecordId, Signature};
use crate::output::{Quoted, quoted};
use crate::search::documents;

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

/// So many sentences of a record are held against a line.
const MAX_SENTENCES: usize = 24;

/// What is known of every record of a book, in the order of their numbers in the index.
pub fn known(book: &Book) -> Vec<Known> {
    let of = |document: crate::search::Document| {
        let record = book.records.get(&RecordId::parse(&document.summary.id)?)?;
        Some(Known {
            id: document.summary.id.clone(),
            title: record.title.clone(),
            path: document.summary.path(),
            fix: document.summary.fix,
            quoted: quoted(record),
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

fn said(record: &Record) -> Vec<String> {
    let prose = [Some(&record.symptom), record.root_cause.as_ref(), record.why.as_ref()];
    let texts = prose.into_iter().flatten().map(Prose::plain);
    let sentences =
        texts.flat_map(|text| text.replace('\n', " ").split(". ").map(str::to_owned).collect::<Vec<_>>());
    [record.summary.clone()].into_iter().chain(sentences).take(MAX_SENTENCES).collect()
}
