//! `faultbook fmt`.

use super::args::FmtArgs;
use super::{Exit, load, paths_in_book, report};
use crate::diag::{Diagnostic, Level};
use crate::disk;
use crate::model::{Book, Record};
use crate::parse::{self, Form, GUIDE_FOLDER};
use crate::text::{FileId, Source, Sources};
use crate::{Input, Reading};
use anyhow::{Context, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};

/// A record's file as it is, and what it becomes.
struct Change<'s> {
    source: &'s Source,
    path: Utf8PathBuf,
    text: String,
}

/// Writes the records whose text or form differs from the one style. A file with errors stays as it is.
pub fn run(args: &FmtArgs, root: &Utf8Path, quiet: bool) -> anyhow::Result<Exit> {
    let input = load(root)?;
    let Reading { book, found, .. } = crate::read(&input.sources, &input.given);
    let wanted = paths_in_book(&args.paths, root)?;
    let guides = book.settings.src.join(GUIDE_FOLDER);
    let is_record = |source: &Source| {
        let inside = wanted.is_empty() || wanted.iter().any(|folder| source.path.starts_with(folder));
        inside && Form::of(&source.path).is_some() && !source.path.starts_with(&guides)
    };
    let records: Vec<(FileId, &Source)> =
        input.sources.iter().filter(|(_, source)| is_record(source)).collect();
    let errors = errors_in(&records, found);
    report::findings(&errors, &input.sources);
    let broken: BTreeSet<FileId> = errors.iter().map(|diagnostic| diagnostic.span.file).collect();
    let whole = records.iter().filter(|(file, _)| !broken.contains(file));
    let to = args.to.map(Form::from);
    let changes: Vec<Change> = whole.filter_map(|(file, source)| change(*file, source, to)).collect();
    let (changes, lost) = safe(changes, &book, &input);
    lost.iter().for_each(|change| report::not_kept(&change.source.path));
    for change in &changes {
        if !args.check {
            write(root, change)?;
        }
        report::data(&report::shown(change.path.as_str()));
    }
    if !quiet {
        let would = if args.check { "would change" } else { "changed" };
        let n_left = broken.len() + lost.len();
        let left = if n_left > 0 { format!(", {n_left} left as they are") } else { String::new() };
        report::talk(&format!(
            "{}: {} {would}{left}",
            report::plural(records.len(), "record"),
            changes.len()
        ));
    }
    let failed = (args.check && !changes.is_empty()) || !broken.is_empty() || !lost.is_empty();
    Ok(if failed { Exit::Findings } else { Exit::Clean })
}

fn errors_in(records: &[(FileId, &Source)], found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let files: BTreeSet<FileId> = records.iter().map(|(file, _)| *file).collect();
    let is_theirs =
        |diagnostic: &Diagnostic| diagnostic.level == Level::Error && files.contains(&diagnostic.span.file);
    found.into_iter().filter(is_theirs).collect()
}

/// What a record's file becomes; `None` where it is that already.
fn change<'s>(file: FileId, source: &'s Source, to: Option<Form>) -> Option<Change<'s>> {
    let form = Form::of(&source.path)?;
    let wanted = to.unwrap_or(form);
    let path = if form == wanted { source.path.clone() } else { source.path.with_extension(wanted.ending()) };
    let text = parse::write(&parse::tree(file, source).ok()?, wanted);
    (text != source.text || path != source.path).then_some(Change { source, path, text })
}

/// The changes after which the book holds the same records, and the others.
///
/// The writer keeps everything, as a law over generated records says; a record is worth looking twice.
fn safe<'s>(changes: Vec<Change<'s>>, book: &Book, input: &Input) -> (Vec<Change<'s>>, Vec<Change<'s>>) {
    let by_path: BTreeMap<&Utf8Path, &Change> =
        changes.iter().map(|change| (change.source.path.as_path(), change)).collect();
    let changed = |source: &Source| match by_path.get(source.path.as_path()) {
        Some(change) => {
            Source { path: change.path.clone(), text: change.text.clone(), ..change.source.clone() }
        }
        None => source.clone(),
    };
    let after = Sources::new(input.sources.iter().map(|(_, source)| changed(source)).collect());
    let after = crate::read(&after, &input.given).book;
    let before = by_file(book);
    let after = by_file(&after);
    let is_kept = |change: &Change| {
        let before = before.get(change.source.path.as_path());
        let after = after.get(change.path.as_path());
        before.zip(after).is_some_and(|(before, after)| {
            let moved = Record { path: after.path.clone(), ..(*before).clone() };
            moved == **after
        })
    };
    changes.into_iter().partition(is_kept)
}

fn by_file(book: &Book) -> BTreeMap<&Utf8Path, &Record> {
    book.records.values().map(|record| (record.path.as_path(), record)).collect()
}

/// The old file of a record that changes its form goes last, when the new one is known to be there.
fn write(root: &Utf8Path, change: &Change) -> anyhow::Result<()> {
    let failed = || format!("could not format `{}`", change.source.path);
    let target = root.join(&change.path);
    if change.path == change.source.path {
        return disk::replace(&target, change.text.as_bytes()).with_context(failed);
    }
    disk::create(&target, change.text.as_bytes()).with_context(failed)?;
    let there = disk::beside(root, change.path.as_str()).with_context(failed)?;
    ensure!(
        there.is_some_and(|there| there.text == change.text),
        "`{}` is not what was written",
        change.path
    );
    disk::remove(&root.join(&change.source.path)).with_context(failed)
}
