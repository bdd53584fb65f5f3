//! What an import made, and what it could not carry over, for people and for programs.

use super::{BOLD, DIM, RESET, data, plural, shown, talk};
use crate::exchange::{Imported, Loss, Skipped};
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;
use std::collections::BTreeMap;

/// A record, and where it will stand.
pub struct ImportEntry {
    /// What was imported.
    pub imported: Imported,
    /// Its file, relative to the book.
    pub path: Utf8PathBuf,
    /// Its text.
    pub text: String,
    /// What that does to the file.
    pub change: Change,
}

/// What an import does to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// There was none.
    New,
    /// An earlier import of the same record stood there.
    Replaced,
    /// It holds these bytes already.
    Unchanged,
}

/// How many records are told one by one.
const MAX_LINES: usize = 20;

/// Prints the records that lost something, what was lost by its reason, and what was made.
pub fn import(entries: &[ImportEntry], skipped: &[Skipped], folder: &Utf8Path, quiet: bool) {
    let lossy: Vec<&ImportEntry> =
        entries.iter().filter(|entry| !entry.imported.dropped.is_empty()).collect();
    for entry in lossy.iter().take(MAX_LINES) {
        let dropped: Vec<String> = entry.imported.dropped.iter().map(Loss::to_string).collect();
        data(&format!("{} {DIM}{}{RESET}", shown(entry.path.as_str()), shown(&dropped.join("; "))));
    }
    more(lossy.len());
    for skipped in skipped.iter().take(MAX_LINES) {
        talk(&format!("{BOLD}not imported{RESET}: {}: {}", shown(&skipped.source), shown(&skipped.reason)));
    }
    more(skipped.len());
    if quiet {
        return;
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for loss in entries.iter().flat_map(|entry| &entry.imported.dropped) {
        *reasons.entry(loss.reason).or_default() += 1;
    }
    if !reasons.is_empty() {
        talk("not carried over, or not as it was:");
    }
    let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    for (reason, n) in reasons {
        talk(&format!("{n:>7}  {reason}"));
    }
    let n = |change| entries.iter().filter(|entry| entry.change == change).count();
    talk(&format!(
        "imported {} into {folder} ({} new, {} replaced, {} unchanged), {} not imported",
        plural(entries.len(), "record"),
        n(Change::New),
        n(Change::Replaced),
        n(Change::Unchanged),
        skipped.len(),
    ));
}

fn more(n: usize) {
    if n > MAX_LINES {
        talk(&format!("and {} more; -f json has all", n - MAX_LINES));
    }
}

/// The whole account as one document, `import/1`. Keys are relied on; they are only added to.
pub fn import_json(entries: &[ImportEntry], skipped: &[Skipped]) -> String {
    let record = |entry: &ImportEntry| {
        let change = match entry.change {
            Change::New => "new",
            Change::Replaced => "replaced",
            Change::Unchanged => "unchanged",
        };
        json!({
            "id": entry.imported.id.as_str(),
            "imported_id": entry.imported.imported_id,
            "source": entry.imported.source,
            "path": entry.path.as_str(),
            "change": change,
            "dropped": entry.imported.dropped.iter().map(Loss::to_string).collect::<Vec<_>>(),
        })
    };
    let skip = |skipped: &Skipped| json!({"source": skipped.source, "reason": skipped.reason});
    let records: Vec<_> = entries.iter().map(record).collect();
    let skipped: Vec<_> = skipped.iter().map(skip).collect();
    format!("{:#}", json!({"schema": "import/1", "records": records, "skipped": skipped}))
}
