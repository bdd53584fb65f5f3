//! `faultbook mv`.

use super::args::MvArgs;
use super::references::{Edit, References, unreadable};
use super::{Exit, UsageError, from_here, load, new_id, refuse_taken, report};
use crate::diag::{Level, nearest};
use crate::model::RecordId;
use crate::parse::{self, ParsedRecord};
use crate::text::{FileId, Source, Sources};
use crate::{Given, disk};
use anyhow::{Context, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

/// Gives a record another id; its former one leads on, and what named it names it still. The rename comes last, and
/// nothing is written before everything that has to change is known.
pub fn run(args: &MvArgs, root: &Utf8Path, quiet: bool) -> anyhow::Result<Exit> {
    let input = load(root)?;
    let sources = &input.sources;
    let (parsed, found) = parse::all(sources, &input.given.overrides);
    let moved = record(&parsed.records, &args.old)?;
    let old = moved.id.as_ref().context("a record without an id was found by it")?;
    if let Some(broken) = found.iter().find(|diagnostic| parse::breaks_off(diagnostic)) {
        return Err(unreadable(&sources.get(broken.span.file).path, old));
    }
    let new = new_id(&args.new)?;
    refuse_taken(&new, &input)?;
    let references = References { sources, old, new: &new };
    let edits = references.all(&parsed, moved)?;
    let n_edits = edits.len();
    let (from, to) = names(&moved.path, &new, &parsed.settings.src);
    refuse_existing(&root.join(&to))?;
    let texts = applied(sources, edits);
    let path = match moved.path.strip_prefix(&from) {
        Ok(rest) if !rest.as_str().is_empty() => to.join(rest),
        _ => to.clone(),
    };
    let after = |(file, source): (FileId, &Source)| Source {
        path: if file == moved.file { path.clone() } else { source.path.clone() },
        text: texts.get(&file).unwrap_or(&source.text).clone(),
        ..source.clone()
    };
    refuse_breakage(sources, &Sources::new(sources.iter().map(after).collect()), &input.given)?;
    for (file, text) in &texts {
        let path = root.join(&sources.get(*file).path);
        disk::replace(&path, text.as_bytes()).context("could not change what names the record")?;
    }
    disk::rename(&root.join(&from), &root.join(&to)).context("could not rename the record")?;
    report::data(from_here(root, &to).as_str());
    if !quiet {
        let (places, files) = (report::plural(n_edits, "place"), report::plural(texts.len(), "file"));
        report::talk(&format!("`{old}` leads to `{new}` now; {places} changed in {files}"));
    }
    Ok(Exit::Clean)
}

fn record<'r>(records: &'r [ParsedRecord], id: &str) -> anyhow::Result<&'r ParsedRecord> {
    let ids = || records.iter().filter_map(|record| record.id.as_ref()).map(RecordId::as_str);
    let found = records.iter().find(|record| record.id.as_ref().is_some_and(|own| own.as_str() == id));
    found.ok_or_else(|| {
        let hint = match nearest(id, ids()) {
            Some(name) => format!("the nearest name is `{name}`"),
            None => "an id is the name of a record's file, without its ending".to_owned(),
        };
        UsageError::with_hint(format!("no record is called `{id}`"), hint)
    })
}

/// What is renamed, and to what: a record's file, or the folder that is its own.
fn names(path: &Utf8Path, new: &RecordId, src: &Utf8Path) -> (Utf8PathBuf, Utf8PathBuf) {
    match path.parent() {
        Some(folder) if path.file_stem() == Some("record") && folder != src => {
            (folder.to_owned(), folder.with_file_name(new.as_str()))
        }
        _ => {
            let ending = path.extension().unwrap_or_default();
            (path.to_owned(), path.with_file_name(format!("{new}.{ending}")))
        }
    }
}

fn refuse_existing(to: &Utf8Path) -> anyhow::Result<()> {
    if to.exists() {
        let hint = "a record cannot take the place of another file or folder";
        return Err(UsageError::with_hint(format!("`{to}` is there already"), hint));
    }
    Ok(())
}

/// The new text of every file that changes. Edits of one file do not overlap.
pub fn applied(sources: &Sources, mut edits: Vec<Edit>) -> BTreeMap<FileId, String> {
    edits.sort_by_key(|edit| std::cmp::Reverse((edit.span.start, edit.span.end)));
    let mut texts: BTreeMap<FileId, String> = BTreeMap::new();
    for edit in edits {
        let text = texts.entry(edit.span.file).or_insert_with(|| sources.get(edit.span.file).text.clone());
        text.replace_range(edit.span.range(), &edit.text);
    }
    texts
}

/// The book afterwards has no mistake that it did not have before.
fn refuse_breakage(before: &Sources, after: &Sources, given: &Given) -> anyhow::Result<()> {
    let n_errors = |sources: &Sources| {
        let found = crate::read(sources, given).found;
        found.iter().filter(|diagnostic| diagnostic.level == Level::Error).count()
    };
    ensure!(n_errors(after) <= n_errors(before), "the book would have mistakes that it does not have now");
    Ok(())
}
