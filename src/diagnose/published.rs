//! What tells each record in a log, as a file of the site, so that an error can be looked up without this program.

use super::mask::masked;
use super::signatures::{QUOTED, template};
use crate::model::{Book, Record, Signature, SignaturePattern, SiteUrl, without_nothing};
use crate::output::{self, Kind, Quoted, codes, mine, quoted};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where a site keeps it.
pub const SIGNATURES_FILE: &str = "api/v1/signatures.json";
/// A template with fewer letters beside its slots is in too many lines to tell anything.
const MIN_LETTERS: usize = 10;
/// How the file is read, for whoever has nothing else.
const HOW: &str = "Each line below is one record. A code stands in a line of the log as a word. A template is a part of a \
    line, in lower case, with one blank between words, a slot for any text where runs differ, and no place (`:12:5`) behind \
    the name of a file. A signature is in a line \
    as it is, where nothing of `not_this` is. What several records have tells none of them. `url` leads to the fix.";
/// What stands where runs differ, besides the slots of a log.
const FURTHER_SLOTS: [&str; 4] = [QUOTED, "<scratch>", "<tools>", "[secret]"];

/// The file: a line per record, by id. Records that nothing tells are left out.
pub fn signatures_file(book: &Book) -> String {
    let records: Vec<&Record> = book.records.values().collect();
    let of_titles: BTreeSet<&str> = records.iter().flat_map(|record| codes(&record.title)).collect();
    let lines: Vec<String> = records
        .par_iter()
        .filter_map(|record| {
            let known = without_nothing(entry(record, &of_titles, book.settings.site_url.as_ref()));
            // Beside its id, title and address.
            known.as_object().filter(|entry| entry.len() > 3).map(|_| known.to_string())
        })
        .collect();
    let head =
        json!({"schema": "signatures/1", "how": HOW, "slots": slots().collect::<Vec<_>>()}).to_string();
    format!("{},\"records\":[\n{}\n]}}\n", head.trim_end_matches('}'), lines.join(",\n"))
}

fn entry(record: &Record, of_titles: &BTreeSet<&str>, site: Option<&SiteUrl>) -> Value {
    let path = format!("f/{}/", record.id);
    let quoted = quoted(record);
    let errors = || quoted.iter().filter(|quoted| quoted.kind == Kind::Error);
    let mut own: BTreeSet<&str> = codes(&record.title).collect();
    if own.is_empty() {
        let of_lines = errors().filter_map(|quoted| codes(&quoted.normal).next());
        own.extend(of_lines.filter(|code| !of_titles.contains(code)));
    }
    // A title is mostly what a program says, whatever else that sounds like.
    let title = mine([record.title.as_str()].into_iter());
    let lines = title.iter().chain(errors());
    let templates: BTreeSet<String> = lines.map(|quoted| template(&masked(&quoted.normal))).collect();
    let seen = mine(record.observed.iter().map(String::as_str)).into_iter();
    json!({
        "id": record.id.as_str(),
        "url": site.map_or_else(|| format!("/{path}"), |site| site.join(&path)),
        "title": record.title,
        "codes": own,
        "templates": templates.iter().filter(|template| says_something(template)).collect::<Vec<_>>(),
        "signatures": record.signatures.iter().filter(|signature| !signature.weak).map(signature).collect::<Vec<_>>(),
        "observed": seen.map(|Quoted { normal, .. }| masked(&normal)).collect::<Vec<_>>(),
    })
}

fn signature(signature: &Signature) -> Value {
    let (key, text) = match &signature.pattern {
        SignaturePattern::Literal(text) => ("literal", text.as_str()),
        SignaturePattern::Regex(pattern) => ("regex", pattern.as_str()),
    };
    json!({key: text, "not_this": signature.not_this})
}

fn slots() -> impl Iterator<Item = &'static str> {
    output::SLOTS.into_iter().chain(FURTHER_SLOTS)
}

fn says_something(template: &str) -> bool {
    let words = slots().fold(template.to_owned(), |text, slot| text.replace(slot, ""));
    words.chars().filter(|c| c.is_alphabetic()).count() >= MIN_LETTERS
}
