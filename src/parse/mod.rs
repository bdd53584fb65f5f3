//! Text → parsed values with places, and findings. Total: no text makes it fail.
//!
//! In: `Sources`. Out: `Parsed`: the settings and the records as written, each value with its span.
//! Not here: whether a record is complete, unique, or linked to something that exists (`lint`).

mod check;
mod fields;
mod fixtures;
mod guide;
mod json;
mod markdown;
mod matchers;
mod record;
mod scope;
mod services;
mod settings;
pub mod shape;
mod toml;
mod tree;
mod verifier;
mod verifier_shape;
mod verifier_steps;
mod write;
mod wrong_fix;
mod yaml;

pub use fields::ID_HINT;
pub use guide::ParsedGuide;
pub use record::{ParsedConfusion, ParsedRecord, ParsedStatus};
pub use settings::{Override, UserSettings, of_user as user_settings};
pub use tree::{Entry, Node, Value};
pub use write::{list_node, map_node, reply, text_node};

use crate::diag::{self, Code, Diagnostic};
use crate::model::Settings;
use crate::text::{FileId, Source, Sources, Span, Unreadable};
use camino::Utf8Path;
use rayon::prelude::*;

/// A book as written.
#[derive(Debug)]
pub struct Parsed {
    /// What `book.toml` says; defaults where it says nothing.
    pub settings: Settings,
    /// The records, in the order of their paths.
    pub records: Vec<ParsedRecord>,
    /// The prose pages, in the order of their paths.
    pub guides: Vec<ParsedGuide>,
}

/// The name of the file that makes a folder a book.
pub const BOOK_FILE: &str = "book.toml";
/// How many findings of one file are told.
const MAX_FINDINGS: usize = 100;
/// A complete record, for people to copy.
pub const SAMPLE: &str = include_str!("sample.yaml");
/// The folder of prose pages inside the content folder.
pub const GUIDE_FOLDER: &str = "pages";

/// What one file holds.
#[derive(Debug)]
pub enum Piece {
    /// A record.
    Record(Box<ParsedRecord>),
    /// A page of prose.
    Guide(ParsedGuide),
}

/// Reads every source of a book. `overrides` stand above what `book.toml` says.
pub fn all(sources: &Sources, overrides: &[Override]) -> (Parsed, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let book_file = sources.iter().find(|(_, source)| source.path == BOOK_FILE);
    let settings = match book_file.filter(|(file, source)| readable(*file, source, &mut found)) {
        Some((file, source)) => settings::parse(file, &source.text, overrides, &mut found),
        None => settings::parse(FileId(0), "", overrides, &mut found),
    };
    let files: Vec<(FileId, &Source)> =
        sources.iter().filter(|(_, source)| source.path != BOOK_FILE).collect();
    let guides = settings.src.join(GUIDE_FOLDER);
    let read: Vec<(Option<Piece>, Vec<Diagnostic>)> =
        files.into_par_iter().map(|(file, source)| self::file(file, source, &guides)).collect();
    let mut parsed = Parsed { settings, records: Vec::new(), guides: Vec::new() };
    for (piece, of_file) in read {
        found.extend(of_file);
        match piece {
            Some(Piece::Record(record)) => parsed.records.push(*record),
            Some(Piece::Guide(guide)) => parsed.guides.push(guide),
            None => {}
        }
    }
    (parsed, found)
}

/// Reads one source that is not `book.toml`. `guides`: the folder of prose pages.
pub fn file(file: FileId, source: &Source, guides: &Utf8Path) -> (Option<Piece>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let ending = source.path.extension();
    let piece = match ending {
        Some("yaml" | "yml" | "md") if !readable(file, source, &mut found) => None,
        Some("md") if source.path.starts_with(guides) => {
            guide::parse(file, source, &mut found).map(Piece::Guide)
        }
        Some("yaml" | "yml" | "md") => one_record(file, source, &mut found).map(Box::new).map(Piece::Record),
        _ => None,
    };
    // Whoever has more to mend than this begins with these; the first are the ones that the others follow from.
    found.sort_by_key(|diagnostic| diagnostic.span);
    found.truncate(MAX_FINDINGS);
    (piece, found)
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

/// Reads `book.toml`, and says what is wrong with it.
pub fn book_file(source: Option<&Source>, overrides: &[Override]) -> (Settings, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let file = FileId(0);
    let text = source.filter(|source| readable(file, source, &mut found)).map_or("", |source| &source.text);
    (settings::parse(file, text, overrides, &mut found), found)
}

/// Reads `book.toml` alone, for those who need to know where the content is.
pub fn settings(text: &str, overrides: &[Override]) -> Settings {
    settings::parse(FileId(0), text, overrides, &mut Vec::new())
}

/// Whether a file is text that can be read; a finding says why not.
pub fn readable(file: FileId, source: &Source, found: &mut Vec<Diagnostic>) -> bool {
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

/// The two forms of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Every field a key.
    Yaml,
    /// Front matter and sections.
    Markdown,
}

impl Form {
    /// The form of a file, by its ending.
    pub fn of(path: &Utf8Path) -> Option<Form> {
        match path.extension() {
            Some("yaml" | "yml") => Some(Form::Yaml),
            Some("md") => Some(Form::Markdown),
            _ => None,
        }
    }

    /// The ending of a file in this form, without a dot.
    pub fn ending(self) -> &'static str {
        match self {
            Form::Yaml => "yaml",
            Form::Markdown => "md",
        }
    }
}

/// The tree of one record file; `None` where it cannot be read without an error, and findings say why.
pub fn tree(file: FileId, source: &Source) -> Result<Node, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let tree = match Form::of(&source.path) {
        _ if !readable(file, source, &mut found) => None,
        Some(Form::Markdown) => markdown::parse(file, &source.text, &mut found),
        _ => yaml::parse(file, 0, &source.text, &mut found),
    };
    let broken = diag::has_errors(&found);
    tree.filter(|_| !broken).ok_or(found)
}

/// A YAML text as JSON; `None` where it cannot be read.
pub fn yaml_value(text: &str) -> Option<serde_json::Value> {
    let sources = Sources::single("document.yaml".into(), text);
    let (file, source) = sources.iter().next()?;
    tree(file, source).ok().as_ref().map(json::json)
}

/// A TOML text as JSON; `None` where it cannot be read.
pub fn toml_value(text: &str) -> Option<serde_json::Value> {
    let (node, found) = toml_tree(text);
    found.is_empty().then(|| json::json(&node))
}

/// The tree of some TOML, and what is wrong with it.
pub fn toml_tree(text: &str) -> (Node, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let tree = toml::parse(FileId(0), text, &mut found);
    (tree, found)
}

/// The steps of a repair that is told in Markdown: its list items and code blocks, in order.
pub fn steps(markdown: &str) -> Node {
    markdown::steps(markdown)
}

/// The wrong fixes that Markdown names, under headings of the third level or as list items.
pub fn wrong_fixes(markdown: &str) -> Node {
    markdown::wrong_fixes(markdown)
}

/// The text of a record with this tree, in one order and one style. It reads back as the same record.
pub fn write(record: &Node, form: Form) -> String {
    match form {
        Form::Yaml => write::yaml(record),
        Form::Markdown => write::markdown(record),
    }
}
