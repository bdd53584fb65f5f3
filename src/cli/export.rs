//! `faultbook export`.

use super::args::Reader;
use super::{Exit, UsageError, build, load, report, settings};
use crate::diag::has_errors;
use crate::disk;
use crate::exchange::{Export, Exported, export, zip};
use crate::guard::Guard;
use crate::model::{Audience, Record};
use crate::search::{self, engines, engines::EngineFile};
use crate::text::{FileId, Source};
use crate::{Choice, Input, Reading, parse};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use clap::ValueEnum;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// `export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// What to write
    #[arg(value_enum, value_name = "FORMAT")]
    pub format: ExportFormat,
    /// Write to this file, or folder where a format has several files; otherwise to standard output
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<Utf8PathBuf>,
    /// Export drafts as well
    #[arg(long)]
    pub drafts: bool,
    /// `public` leaves out what is for the house only; the default where book.toml says `audience = "public"`
    #[arg(long, value_enum, value_name = "AUDIENCE")]
    pub audience: Option<Reader>,
}

/// What records are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A JSON object per line, which `import jsonl` reads again
    Jsonl,
    /// For Elasticsearch and OpenSearch: documents; with -o, a folder with the index and the commands as well
    Bulk,
    /// For Quickwit: documents; with -o, a folder with the index and the commands as well
    Quickwit,
    /// The known wrong fixes as patterns of commands, which `guard --patterns` reads
    Guard,
    /// The built site as one zip, to read without a network; needs -o
    Zip,
}

/// Writes the records in another format: those that a build would publish.
pub fn run(args: &ExportArgs, root: &Utf8Path, quiet: bool) -> anyhow::Result<Exit> {
    let input = load(root)?;
    if args.format == ExportFormat::Zip {
        return site(args, root, &input, quiet);
    }
    let reading = edition(args, &input);
    if reading.book.records.is_empty() {
        report::talk("there is no record to export");
        return Ok(Exit::Findings);
    }
    let url = |path: &str| address(&reading, path);
    let documents = || search::documents(&reading.book);
    match args.format {
        ExportFormat::Bulk => files(args, engines::bulk(&documents(), &url), engines::bulk_files(), quiet)?,
        ExportFormat::Quickwit => {
            files(args, engines::quickwit(&documents(), &url), engines::quickwit_files(), quiet)?;
        }
        ExportFormat::Guard => {
            let (guard, unguarded) = Guard::of(&reading.book, &|record| page(&reading, record));
            put(args, &report::guard_file(&guard))?;
            if !quiet {
                report::unguarded(&guard, &unguarded);
            }
        }
        ExportFormat::Jsonl | ExportFormat::Zip => lines(args, root, &input, &reading, quiet)?,
    }
    Ok(Exit::Clean)
}

/// The records of the edition that is asked for.
fn edition(args: &ExportArgs, input: &Input) -> Reading {
    let mut reading = crate::read(&input.sources, &input.given);
    if has_errors(&reading.found) {
        report::talk("records with errors are left out; `faultbook lint` shows them");
    }
    if !args.drafts {
        reading.book = reading.book.without_drafts();
    }
    if is_public(args, reading.book.settings.audience) {
        reading.book = reading.book.for_the_public();
    }
    reading
}

fn is_public(args: &ExportArgs, of_book: Option<Audience>) -> bool {
    args.audience.map_or(of_book == Some(Audience::Public), |reader| reader == Reader::Public)
}

/// Builds the site, and writes it as one file.
fn site(args: &ExportArgs, root: &Utf8Path, input: &Input, quiet: bool) -> anyhow::Result<Exit> {
    let Some(path) = args.output.as_ref().filter(|path| !path.is_dir()) else {
        let hint = "`-o site.zip`: a zip is nothing for a terminal";
        return Err(UsageError::with_hint("a zip needs a file to be written to", hint));
    };
    let choice = Choice {
        drafts: args.drafts,
        public: is_public(args, settings(root)?.audience),
        as_of: build::source_date()?,
    };
    let (built, pages) = crate::build_in_memory(input, choice).context("could not build the site")?;
    report::findings(&built.found, &input.sources);
    if has_errors(&built.found) {
        report::talk("nothing was exported");
        return Ok(Exit::Findings);
    }
    let files: Vec<(&str, &[u8])> =
        pages.iter().map(|page| (page.path.as_str(), page.body.as_slice())).collect();
    let body = zip(&files).context("the site has more than the 4 GB that a zip can hold")?;
    disk::write(path, &body).context("could not write the site")?;
    if !quiet {
        let size = report::bytes(u64::try_from(body.len())?);
        report::talk(&format!("exported {} to {path}, {size}", report::plural(built.n_files, "file")));
        report::talk("unpacked, any web server shows it, and `faultbook --book DIR search` answers from it");
    }
    Ok(Exit::Clean)
}

fn lines(
    args: &ExportArgs,
    root: &Utf8Path,
    input: &Input,
    reading: &Reading,
    quiet: bool,
) -> anyhow::Result<()> {
    let by_path: BTreeMap<&Utf8Path, (FileId, &Source)> =
        input.sources.iter().map(|(file, source)| (source.path.as_path(), (file, source))).collect();
    let one = |record: &&Record| {
        let (file, source) = by_path.get(record.path.as_path())?;
        let tree = parse::tree(*file, source).ok()?;
        Some(export(&Export { id: record.id.clone(), tree, beside: beside(source, root) }))
    };
    let records: Vec<&Record> = reading.book.records.values().collect();
    let exported: Vec<Exported> = records.par_iter().filter_map(one).collect();
    let text: String = exported.iter().map(|record| format!("{}\n", record.line)).collect();
    put(args, &text)?;
    report::export(&exported, args.output.as_deref(), quiet);
    Ok(())
}

/// What belongs to a record and lies beside its file.
fn beside(source: &Source, root: &Utf8Path) -> Vec<String> {
    let mut names: Vec<String> = source.images.iter().map(|image| image.name.clone()).collect();
    if source.path.file_stem() == Some("record") {
        let folder = root.join(&source.path);
        let there = |name: &&&str| folder.with_file_name(name).is_dir();
        names.extend(["fixtures", "observed"].iter().filter(there).map(|name| format!("{name}/")));
    }
    names
}

/// Where a page is published; relative to the site's root where that is not known.
fn address(reading: &Reading, path: &str) -> String {
    reading.book.settings.site_url.as_ref().map_or_else(|| path.to_owned(), |url| url.join(path))
}

/// The address of a record.
pub fn page(reading: &Reading, record: &Record) -> String {
    address(reading, &format!("f/{}/", record.id))
}

/// Writes documents, and what else a search engine needs, to a folder; the documents alone to standard output.
fn files(args: &ExportArgs, documents: String, others: [EngineFile; 2], quiet: bool) -> anyhow::Result<()> {
    let Some(folder) = &args.output else {
        report::file(documents.trim_end());
        return Ok(());
    };
    if folder.is_file() {
        let hint = "-o takes the folder to write to, since this format has several files";
        return Err(UsageError::with_hint(format!("`{folder}` is a file"), hint));
    }
    for (name, text) in others.into_iter().chain([("documents.ndjson", documents)]) {
        disk::write(&folder.join(name), text.as_bytes()).context("could not write the documents")?;
    }
    if !quiet {
        report::talk(&format!("exported to {folder}; README.md there says how to hand it over"));
    }
    Ok(())
}

/// Writes the one file of a format, to where it is asked for.
fn put(args: &ExportArgs, text: &str) -> anyhow::Result<()> {
    match &args.output {
        None => report::file(text.trim_end()),
        Some(path) if path.is_dir() => {
            let hint = "-o takes the file to write";
            return Err(UsageError::with_hint(format!("`{path}` is a folder"), hint));
        }
        Some(path) => disk::write(path, text.as_bytes()).context("could not write the records")?,
    }
    Ok(())
}
