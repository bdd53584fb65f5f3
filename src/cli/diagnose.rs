//! `faultbook diagnose`.

use super::{Exit, UsageError, load, report};
use crate::diagnose::{Corpus, Diagnosis, Verdict, diagnose, known, telling_lines};
use crate::disk;
use crate::output::Log;
use crate::search::{Index, documents};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use clap::ValueEnum;
use std::io::BufReader;

/// How a diagnosis is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiagnosisFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// For a job's summary: Markdown
    Md,
    /// For a job's log: GitHub annotations
    Github,
}

/// `diagnose`.
#[derive(Debug, clap::Args)]
pub struct DiagnoseArgs {
    /// What the program printed; `-` reads it from a pipe
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: Utf8PathBuf,
    /// At most this many records
    #[arg(short, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub n: u16,
    /// Note the error lines of output that no record explains in this file, without secrets and without what differs
    /// from run to run
    #[arg(long, value_name = "FILE")]
    pub log_misses: Option<Utf8PathBuf>,
    /// Consider drafts as well
    #[arg(long)]
    pub drafts: bool,
    /// How to write the diagnosis
    #[arg(short, long, value_enum, default_value = "human")]
    pub format: DiagnosisFormat,
}

/// Says which record explains what a program printed, or that none does.
pub fn run(args: &DiagnoseArgs, root: &Utf8Path) -> anyhow::Result<Exit> {
    let log = read(&args.file)?;
    let input = load(root)?;
    let book = crate::read(&input.sources, &input.given).book;
    let book = if args.drafts { book } else { book.without_drafts() };
    let index = Index::in_memory(&documents(&book)).context("could not search")?;
    let corpus = Corpus::new(&index, known(&book)).context("could not search")?;
    let mut diagnosis = diagnose(&corpus, &log, usize::from(args.n));
    diagnosis.keep_what_is_worth_a_look();
    let site = book.settings.site_url.as_ref();
    let told = report::ToldDiagnosis::new(&diagnosis, &corpus, site);
    match args.format {
        DiagnosisFormat::Human => told.human(),
        DiagnosisFormat::Json => report::json(&told.json()),
        DiagnosisFormat::Md => report::data(&told.markdown()),
        DiagnosisFormat::Github => report::data(&told.github()),
    }
    if let Some(path) = args.log_misses.as_ref().filter(|_| diagnosis.verdict == Verdict::None) {
        let line = serde_json::json!({"schema": "miss/1", "lines": telling_lines(&log)});
        disk::append(path, &format!("{line}\n")).context("could not note the miss")?;
    }
    Ok(exit(&diagnosis))
}

fn exit(diagnosis: &Diagnosis) -> Exit {
    match diagnosis.verdict {
        Verdict::Match => Exit::Clean,
        Verdict::None => Exit::Findings,
        Verdict::Likely | Verdict::Maybe => Exit::NotRepaired,
    }
}

fn read(file: &Utf8Path) -> anyhow::Result<Log> {
    if file == "-" {
        return Log::read(BufReader::with_capacity(1 << 20, std::io::stdin()))
            .context("could not read the log");
    }
    let unreadable = |error: &dyn std::fmt::Display| {
        UsageError::with_hint(
            format!("could not read `{file}`: {error}"),
            "`diagnose` takes a file with the output of a program, or `-` for what stands before a pipe",
        )
    };
    let reader = disk::open(file).map_err(|error| match std::error::Error::source(&error) {
        Some(cause) => unreadable(cause),
        None => unreadable(&error),
    })?;
    Log::read(reader).map_err(|error| unreadable(&error))
}
