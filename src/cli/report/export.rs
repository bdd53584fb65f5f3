//! What an export wrote, and what it left behind.

use super::{DIM, RESET, plural, shown, talk};
use crate::exchange::{Exported, Loss};
use camino::Utf8Path;
use std::collections::BTreeMap;

/// Tells which records left something behind, what by its reason, and what was written.
pub fn export(records: &[Exported], to: Option<&Utf8Path>, quiet: bool) {
    let lossy: Vec<&Exported> = records.iter().filter(|record| !record.dropped.is_empty()).collect();
    for record in &lossy {
        let dropped: Vec<String> = record.dropped.iter().map(Loss::to_string).collect();
        talk(&format!("{} {DIM}{}{RESET}", record.id, shown(&dropped.join("; "))));
    }
    if quiet {
        return;
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for loss in records.iter().flat_map(|record| &record.dropped) {
        *reasons.entry(loss.reason).or_default() += 1;
    }
    if !reasons.is_empty() {
        talk("left behind:");
    }
    for (reason, n) in reasons {
        talk(&format!("{n:>7}  {reason}"));
    }
    talk(&exported(records.len(), to));
}

/// How much was written, and where.
pub fn exported(n_records: usize, to: Option<&Utf8Path>) -> String {
    let to = to.map(|path| format!(" to {}", shown(path.as_str()))).unwrap_or_default();
    format!("exported {}{to}", plural(n_records, "record"))
}
