//! `faultbook lint --fix`: what can only be meant in one way is written so.
//!
//! In: the findings of a book that name what stands in their place. Out: changed files, a line for each change. A file is
//! changed only where it has so many errors less afterwards as it had changes; else it stays as it is, and so does every
//! byte beside the places.

use super::{from_here, report};
use crate::Input;
use crate::diag::{Diagnostic, Level};
use crate::disk;
use crate::text::{FileId, Source, Sources};
use anyhow::Context;
use camino::Utf8Path;
use std::collections::{BTreeMap, BTreeSet};

/// Mends what is `wanted`; whether anything was.
pub fn run(root: &Utf8Path, input: &Input, wanted: impl Fn(&Diagnostic) -> bool) -> anyhow::Result<bool> {
    let found = crate::read(&input.sources, &input.given).found;
    let mut by_file: BTreeMap<FileId, Vec<&Diagnostic>> = BTreeMap::new();
    for diagnostic in found.iter().filter(|found| found.instead.is_some() && wanted(found)) {
        by_file.entry(diagnostic.span.file).or_default().push(diagnostic);
    }
    let texts: BTreeMap<FileId, String> =
        by_file.iter().map(|(file, mends)| (*file, mended(input.sources.get(*file), mends))).collect();
    let better = better(input, &found, &by_file, &texts);
    for (file, text) in texts.iter().filter(|(file, _)| better.contains(file)) {
        let source = input.sources.get(*file);
        let path = from_here(root, &source.path);
        disk::replace(&root.join(&source.path), text.as_bytes())
            .with_context(|| format!("could not mend `{path}`"))?;
        for mend in &by_file[file] {
            let (line, _) = source.line_column(mend.span.start);
            let before = report::shown(input.sources.slice(mend.span));
            let after = mend.instead.as_deref().unwrap_or_default();
            report::talk(&format!("mended {path}:{line}: `{before}` is `{after}` now"));
        }
    }
    Ok(!better.is_empty())
}

/// The text of a file with everything in its place.
fn mended(source: &Source, mends: &[&Diagnostic]) -> String {
    let mut text = source.text.clone();
    // From the end, so that the places before stay where they are.
    for mend in mends.iter().rev() {
        text.replace_range(mend.span.range(), mend.instead.as_deref().unwrap_or_default());
    }
    text
}

/// The files in which every change takes an error away and brings none.
fn better(
    input: &Input,
    found: &[Diagnostic],
    mends: &BTreeMap<FileId, Vec<&Diagnostic>>,
    texts: &BTreeMap<FileId, String>,
) -> BTreeSet<FileId> {
    let changed = |(file, source): (FileId, &Source)| Source {
        text: texts.get(&file).unwrap_or(&source.text).clone(),
        ..source.clone()
    };
    let after = Sources::new(input.sources.iter().map(changed).collect());
    let after = crate::read(&after, &input.given).found;
    let is_error =
        |file: FileId| move |found: &&Diagnostic| found.span.file == file && found.level == Level::Error;
    let is_better = |(file, mends): (&FileId, &Vec<&Diagnostic>)| {
        let before = found.iter().filter(is_error(*file)).count();
        let after = after.iter().filter(is_error(*file)).count();
        (after + mends.len() <= before).then_some(*file)
    };
    mends.iter().filter_map(is_better).collect()
}
