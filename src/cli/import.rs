//! `faultbook import`.

use super::args::{Format, ImportArgs, ImportFormat};
use super::report::{self, Change, ImportEntry};
use super::{Exit, UsageError, load_today};
use crate::diag::Level;
use crate::disk;
use crate::exchange::{self, File, Import, Imported, Skipped};
use crate::parse::{self, Form, Node, Value};
use crate::text::{FileId, Source, Sources};
use crate::{Given, Input};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};

/// Imports records; each is written as a whole, or not at all.
pub fn run(args: &ImportArgs, root: &Utf8Path, quiet: bool) -> anyhow::Result<Exit> {
    let input = load_today(root)?;
    let format = format(args.format);
    let folder = folder(args, root, &input)?;
    let (entries, skipped) = sound(format, &files(&args.path, format)?, &folder, &input);
    let changed = || entries.iter().filter(|entry| entry.change != Change::Unchanged);
    if changed().next().is_some() {
        disk::make_folder(root, &root.join(&folder)).context("could not write the records")?;
    }
    for entry in changed() {
        disk::replace(&root.join(&entry.path), entry.text.as_bytes())
            .context("could not write the records")?;
    }
    match args.account {
        Format::Human => report::import(&entries, &skipped, &folder, quiet),
        Format::Json => report::json(&report::import_json(&entries, &skipped)),
    }
    Ok(if entries.is_empty() { Exit::Findings } else { Exit::Clean })
}

fn format(format: ImportFormat) -> exchange::Format {
    match format {
        ImportFormat::Rustsec => exchange::Format::Rustsec,
        ImportFormat::Osv => exchange::Format::Osv,
        ImportFormat::Deadends => exchange::Format::Deadends,
        ImportFormat::Runbook => exchange::Format::Runbook,
        ImportFormat::Page => exchange::Format::Page,
        ImportFormat::Jsonl => exchange::Format::Jsonl,
    }
}

fn files(path: &Utf8Path, format: exchange::Format) -> anyhow::Result<Vec<File>> {
    let hint = format!("it is a file, or a folder of `.{}` files", format.endings()[0]);
    let read = disk::bounded(path, format.endings(), format.max_bytes()).map_err(|error| {
        let because = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        UsageError::with_hint(format!("could not {error}{because}"), hint.clone())
    })?;
    if read.is_empty() {
        return Err(UsageError::with_hint(format!("there is nothing to import in `{path}`"), hint));
    }
    Ok(read.into_iter().map(|(name, body)| File { name, body }).collect())
}

/// The folder of the records, relative to the book; only there are they read.
fn folder(args: &ImportArgs, root: &Utf8Path, input: &Input) -> anyhow::Result<Utf8PathBuf> {
    let book_file = input.sources.iter().find(|(_, source)| source.path == parse::BOOK_FILE);
    let text = book_file.map_or("", |(_, source)| source.text.as_str());
    let src = parse::settings(text, &input.given.overrides).src;
    let Some(into) = &args.into else { return Ok(src.join(format(args.format).name())) };
    let inside = absolute(into)?.strip_prefix(absolute(root)?).ok().map(Utf8Path::to_owned);
    inside.filter(|folder| folder.starts_with(&src)).ok_or_else(|| {
        UsageError::with_hint(
            format!("`{into}` is no folder for records"),
            format!("the records of this book lie in `{}`", root.join(&src)),
        )
    })
}

/// A path without `..` and links, also where its last parts are still to be made.
fn absolute(path: &Utf8Path) -> anyhow::Result<Utf8PathBuf> {
    let path = camino::absolute_utf8(path)?;
    let there = path.ancestors().find(|part| part.exists()).context("a path has no folder that exists")?;
    let rest = path.strip_prefix(there)?;
    let plain = rest.components().all(|part| part.as_str() != "..");
    let there = there.canonicalize_utf8()?;
    Ok(if plain { there.join(rest) } else { there })
}

/// Where a record goes. A file of other content stays as it is, unless it is an earlier import of the same record.
fn place(
    imported: Imported,
    folder: &Utf8Path,
    there: &BTreeMap<&Utf8Path, (FileId, &Source)>,
    skipped: &mut Vec<Skipped>,
) -> Option<ImportEntry> {
    let path = folder.join(format!("{}.yaml", imported.id));
    let text = parse::write(&imported.tree, Form::Yaml);
    let change = match there.get(path.as_path()) {
        None => Change::New,
        Some((_, source)) if source.unreadable.is_none() && source.text == text => Change::Unchanged,
        Some((file, source)) if imported_id(*file, source).as_deref() == Some(&imported.imported_id) => {
            Change::Replaced
        }
        Some(_) => {
            let reason = format!("`{path}` is there already, and came from elsewhere");
            skipped.push(Skipped { source: imported.source, reason });
            return None;
        }
    };
    Some(ImportEntry { imported, path, text, change })
}

/// The id that a record of the book was imported with.
fn imported_id(file: FileId, source: &Source) -> Option<String> {
    let Ok(Node { value: Value::Map(entries), .. }) = parse::tree(file, source) else { return None };
    let x = entries.into_iter().find(|entry| entry.key.value == "x")?;
    x.node.member("imported_id").map(str::to_owned)
}

/// The records with which the book has no error that it would not have without them; one that has an error is left
/// out, and so are the links to it.
fn sound(
    format: exchange::Format,
    files: &[File],
    folder: &Utf8Path,
    input: &Input,
) -> (Vec<ImportEntry>, Vec<Skipped>) {
    let there = input.sources.iter().map(|(file, source)| (source.path.as_path(), (file, source))).collect();
    let mut refused = BTreeMap::new();
    loop {
        let Import { records, mut skipped } = exchange::import(format, files, &refused);
        let placed = records.into_iter().filter_map(|imported| place(imported, folder, &there, &mut skipped));
        let entries: Vec<ImportEntry> = placed.collect();
        let wrong = errors(&entries, input);
        if wrong.is_empty() {
            return (entries, skipped);
        }
        let of_entry = |entry: &ImportEntry| {
            wrong.get(&entry.path).map(|reason| (entry.imported.imported_id.clone(), reason.clone()))
        };
        refused.extend(entries.iter().filter_map(of_entry));
    }
}

/// The first error of each imported record, as the book would have it.
fn errors(entries: &[ImportEntry], input: &Input) -> BTreeMap<Utf8PathBuf, String> {
    let ours: BTreeSet<&Utf8Path> = entries.iter().map(|entry| entry.path.as_path()).collect();
    let others = input.sources.iter().map(|(_, source)| source);
    let mut files: Vec<Source> =
        others.filter(|source| !ours.contains(source.path.as_path())).cloned().collect();
    files.extend(
        entries.iter().map(|entry| Source::from_bytes(entry.path.clone(), entry.text.clone().into_bytes())),
    );
    let sources = Sources::new(files);
    let given = Given { overrides: input.given.overrides.clone(), today: input.given.today };
    let mut wrong = BTreeMap::new();
    for found in crate::read(&sources, &given).found.into_iter().filter(|found| found.level == Level::Error) {
        let path = &sources.get(found.span.file).path;
        if ours.contains(path.as_path()) {
            wrong.entry(path.clone()).or_insert_with(|| format!("{} [{}]", found.message, found.code.name()));
        }
    }
    wrong
}
