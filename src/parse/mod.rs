//! Text → parsed values with places, and findings. Total: no text makes it fail.
//!
//! In: `Sources`. Out: `Parsed`: the settings and the records as written, each value with its span.
//! Not here: whether a record is complete, unique, or linked to something that exists (`lint`).

mod check;
mod fields;
mod markdown;
mod record;
mod settings;
mod toml;
mod tree;
mod yaml;

pub use fields::ID_HINT;
pub use record::{ParsedConfusion, ParsedRecord, ParsedStatus};

use crate::diag::{Code, Diagnostic};
use crate::model::Settings;
use crate::text::{FileId, Source, Sources, Span, Unreadable};

/// A book as written.
#[derive(Debug)]
pub struct Parsed {
    /// What `book.toml` says; defaults where it says nothing.
    pub settings: Settings,
    /// The records, in the order of their paths.
    pub records: Vec<ParsedRecord>,
}

/// The name of the file that makes a folder a book.
pub const BOOK_FILE: &str = "book.toml";

/// Reads every source of a book.
pub fn all(sources: &Sources) -> (Parsed, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut settings = None;
    let mut records = Vec::new();
    for (file, source) in sources.iter() {
        if !readable(file, source, &mut found) {
            continue;
        }
        match source.path.extension() {
            _ if source.path == BOOK_FILE => settings = Some(settings::parse(file, &source.text, &mut found)),
            Some("yaml" | "yml" | "md") => records.extend(one_record(file, source, &mut found)),
            _ => {}
        }
    }
    (Parsed { settings: settings.unwrap_or_default(), records }, found)
}

/// A file that breaks off lacks what would have come after; only what it has is worth a finding.
fn one_record(file: FileId, source: &Source, found: &mut Vec<Diagnostic>) -> Option<ParsedRecord> {
    let mut of_file = Vec::new();
    let record = record::parse(file, source, &mut of_file);
    if of_file.iter().any(breaks_off) {
        of_file.retain(|diagnostic| !matches!(diagnostic.code, Code::MissingField | Code::EmptyValue));
    }
    found.extend(of_file);
    record
}

/// Whether nothing of the file could be read after this finding.
pub fn breaks_off(diagnostic: &Diagnostic) -> bool {
    matches!(diagnostic.code, Code::Syntax | Code::TooDeep | Code::TooLarge)
}

/// Reads `book.toml` alone, for those who need to know where the content is.
pub fn settings(text: &str) -> Settings {
    settings::parse(FileId(0), text, &mut Vec::new())
}

fn readable(file: FileId, source: &Source, found: &mut Vec<Diagnostic>) -> bool {
    let at = Span::start_of(file);
    match source.unreadable {
        None => return true,
        Some(Unreadable::NotUtf8 { at: byte }) => found.push(
            Diagnostic::error(Code::NotUtf8, at, format!("byte {byte} of this file is not UTF-8"))
                .hint("the file has to be saved as UTF-8"),
        ),
        Some(Unreadable::TooLarge { bytes }) => found.push(
            Diagnostic::error(Code::TooLarge, at, format!("this file has {bytes} bytes"))
                .hint(format!("a record has at most {} bytes", Source::MAX_BYTES)),
        ),
    }
    false
}
