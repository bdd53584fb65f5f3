//! Records of other makes → records of this book, as trees to be written; and the way back, as lines.
//!
//! In: the bytes of source files. Out: `Import`: trees with their ids, what each of them could not carry over, and
//! what could not be imported at all. One file per format turns one source into `Draft`s; what they share is here.
//! Not here: finding and writing files (`disk`, `cli/import.rs`), whether the book as a whole stays sound (`lint`).

mod deadends;
mod draft;
mod export;
mod jsonl;
mod osv;
mod page;
mod prose;
mod runbook;
mod rustsec;
mod versions;
mod zip;

pub use export::{Export, Exported, export};
pub use zip::zip;

use crate::model::RecordId;
use crate::parse::Node;
use draft::Draft;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// A format that records come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RustSec advisories: Markdown that begins with TOML in a fence.
    Rustsec,
    /// OSV entries, schema 1.x: a JSON file each.
    Osv,
    /// Canons of deadends.dev: a JSON file per error.
    Deadends,
    /// Runbooks: Markdown with headings.
    Runbook,
    /// The text of a page about a failure, headings on lines of their own.
    Page,
    /// A JSON object per line: `id`, `title`, `text`, and fields by the names that records have.
    Jsonl,
}

impl Format {
    /// Its name, which is also that of the folder that records are written to.
    pub fn name(self) -> &'static str {
        match self {
            Format::Rustsec => "rustsec",
            Format::Osv => "osv",
            Format::Deadends => "deadends",
            Format::Runbook => "runbook",
            Format::Page => "page",
            Format::Jsonl => "jsonl",
        }
    }

    /// The endings of its files, without a dot.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Format::Rustsec => &["md"],
            Format::Osv | Format::Deadends => &["json"],
            Format::Runbook => &["md", "markdown"],
            Format::Page => &["txt"],
            Format::Jsonl => &["jsonl", "ndjson"],
        }
    }

    /// How large one of its files may be, in bytes.
    pub fn max_bytes(self) -> u64 {
        match self {
            Format::Jsonl => 256 << 20,
            _ => 1 << 20,
        }
    }
}

/// A file to import.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path inside what is imported, with `/` between the parts.
    pub name: String,
    /// What stands in it; `None` where it is larger than [`Format::max_bytes`], and was not read.
    pub body: Option<Vec<u8>>,
}

/// What became of some files.
#[derive(Debug, Default)]
pub struct Import {
    /// The records, sorted by id.
    pub records: Vec<Imported>,
    /// What could not be imported, in the order of the files.
    pub skipped: Vec<Skipped>,
}

/// A record, ready to be written.
#[derive(Debug)]
pub struct Imported {
    /// Its id here.
    pub id: RecordId,
    /// Its id there, which also stands in `x`.
    pub imported_id: String,
    /// The file that it came from, with the line where a file holds several.
    pub source: String,
    /// Its fields.
    pub tree: Node,
    /// What could not be carried over, or only in another shape.
    pub dropped: Vec<Loss>,
}

/// Something of a source that its record does not say, or not as the source did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// Why, the same words for everything of a kind.
    pub reason: &'static str,
    /// What; empty where the reason says it.
    pub what: String,
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.what.as_str() {
            "" => f.write_str(self.reason),
            what => write!(f, "{}: {what}", self.reason),
        }
    }
}

/// Something that did not become a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file, with the line where a file holds several records.
    pub source: String,
    /// Why.
    pub reason: String,
}

/// Turns files into records. Total: what cannot be read is skipped, with a reason. So is what is `refused`, by the ids
/// that records came with: nothing links to it.
///
/// The same files give the same records in any order. Each tree reads back without an error when it is written.
pub fn import(format: Format, files: &[File], refused: &BTreeMap<String, String>) -> Import {
    let read: Vec<Vec<Result<Draft, Skipped>>> = files.par_iter().map(|file| read(format, file)).collect();
    let mut skipped = Vec::new();
    let mut drafts = Vec::new();
    for outcome in read.into_iter().flatten() {
        match outcome {
            Ok(draft) => drafts.push(draft),
            Err(reason) => skipped.push(reason),
        }
    }
    let (mut drafts, mut ids) = name(drafts, &mut skipped);
    drafts.retain(|draft| {
        let Some(reason) = refused.get(&draft.imported_id) else { return true };
        ids.remove(&draft.imported_id);
        skipped.push(Skipped { source: draft.source.clone(), reason: reason.clone() });
        false
    });
    let mut records = finish(drafts, ids, &mut skipped);
    records.sort_by(|one, other| one.id.cmp(&other.id));
    Import { records, skipped }
}

/// Finishes what can be finished. A record that fails is no target for links, so the others begin again.
fn finish(
    mut drafts: Vec<Draft>,
    mut ids: BTreeMap<String, RecordId>,
    skipped: &mut Vec<Skipped>,
) -> Vec<Imported> {
    loop {
        let known: BTreeSet<&RecordId> = ids.values().collect();
        let finish = |draft: &Draft| draft.clone().finish(ids[&draft.imported_id].clone(), &ids, &known);
        let finished: Vec<Result<Imported, Skipped>> = drafts.par_iter().map(finish).collect();
        if finished.iter().all(Result::is_ok) {
            return finished.into_iter().flatten().collect();
        }
        let failed: Vec<bool> = finished.iter().map(Result::is_err).collect();
        skipped.extend(finished.into_iter().filter_map(Result::err));
        let mut failed = failed.into_iter();
        drafts.retain(|draft| {
            let keep = failed.next() == Some(false);
            if !keep {
                ids.remove(&draft.imported_id);
            }
            keep
        });
    }
}

fn read(format: Format, file: &File) -> Vec<Result<Draft, Skipped>> {
    let skip = |reason: String| Err(Skipped { source: file.name.clone(), reason });
    let Some(bytes) = &file.body else {
        return vec![skip(format!("it has more than {} bytes", format.max_bytes()))];
    };
    // A broken line of many does not make the others unreadable.
    if format == Format::Jsonl {
        return jsonl::read(&file.name, bytes);
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{FEFF}').replace("\r\n", "\n"),
        Err(error) => return vec![skip(format!("byte {} of it is not UTF-8", error.valid_up_to()))],
    };
    let read = match format {
        Format::Rustsec => rustsec::read(&file.name, &text),
        Format::Osv => osv::read(&file.name, &text),
        Format::Deadends => deadends::read(&file.name, &text),
        Format::Runbook => runbook::read(&file.name, &text),
        Format::Page | Format::Jsonl => page::read(&file.name, &text),
    };
    vec![read.or_else(skip)]
}

/// Gives every draft an id of its own. Of those that would share one, the first by the id that it came with keeps it,
/// and the others get a hash; a draft whose very id has been there already is skipped.
fn name(drafts: Vec<Draft>, skipped: &mut Vec<Skipped>) -> (Vec<Draft>, BTreeMap<String, RecordId>) {
    let mut sorted: BTreeMap<String, Draft> = BTreeMap::new();
    for draft in drafts {
        match sorted.get(&draft.imported_id) {
            Some(first) => {
                let reason = format!("the id `{}` stands in {} already", draft.imported_id, first.source);
                skipped.push(Skipped { source: draft.source, reason });
            }
            None => drop(sorted.insert(draft.imported_id.clone(), draft)),
        }
    }
    let mut ids = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for original in sorted.keys() {
        let plain = record_id(original);
        let id = if taken.contains(&plain) { hashed_id(original) } else { plain };
        taken.insert(id.clone());
        ids.insert(original.clone(), id);
    }
    (sorted.into_values().collect(), ids)
}

/// How much of a long id is kept before its hash.
const KEPT_BYTES: usize = 55;

/// The id of a record that had another one: kebab-case, with a hash where too little or too much would be left.
fn record_id(original: &str) -> RecordId {
    let words = original.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    let id = RecordId::parse(&slug).filter(|id| !is_reserved(id.as_str()));
    id.unwrap_or_else(|| hashed_id(original))
}

fn hashed_id(original: &str) -> RecordId {
    let words = original.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut slug = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    slug.truncate(KEPT_BYTES);
    let kept = if slug.is_empty() { "record" } else { slug.trim_end_matches('-') };
    let digest = Sha256::digest(original.as_bytes());
    let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    RecordId::parse(&format!("{kept}-{hash}")).expect("words and a hash, at most 64 bytes, are an id")
}

/// A file `record.yaml` makes its folder one record; the others are no names of files on every system.
fn is_reserved(slug: &str) -> bool {
    let numbered = |word: &str| {
        slug.strip_prefix(word).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    ["record", "con", "prn", "aux", "nul"].contains(&slug) || numbered("com") || numbered("lpt")
}
