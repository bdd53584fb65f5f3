//! `faultbook diagnose`.

use super::args::Args;
use super::examine::{Asked, Examiner, Terms};
use super::pasted::Pasted;
use super::report::{Pages, ToldDiagnosis};
use super::{Exit, UsageError, above, is_book, library, report};
use crate::Reading;
use crate::diag::has_errors;
use crate::diagnose::{Corpus, Diagnosis, Verdict, diagnose, known, telling_lines};
use crate::disk;
use crate::library::Library;
use crate::model::RecordId;
use crate::output::Log;
use crate::verify::{Host, Launcher, Mode, Outcome};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use clap::ValueEnum;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Read as _, Write as _};
use tempfile::NamedTempFile;

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
    /// Run the checks of these records in this folder, as far as they may run, and say which failure is here; one that
    /// is settles it
    #[arg(long)]
    pub run: bool,
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

/// So much of a log is handed to checks.
const MAX_HANDED: u64 = 8 << 20;

/// Says which record explains what a program printed, or that none does.
pub fn run(args: &DiagnoseArgs, global: &Args) -> anyhow::Result<Exit> {
    let library = library::find(global)?;
    if args.run && library.is_site() {
        let hint = "without `--run` it is enough; the book that the site was built from has the checks";
        return Err(UsageError::with_hint("a built site does not tell what its checks run", hint));
    }
    let (log, handed) = read(args)?;
    if log.lines.is_empty() {
        report::talk("there is nothing to explain: the log is empty");
    }
    let (reading, index) = library.records(args.drafts).context("could not read the records")?;
    if has_errors(&reading.found) {
        report::talk("records with errors are left out; `faultbook lint` shows them");
    }
    let corpus = Corpus::new(&index, known(&reading.book)).context("could not search")?;
    let mut diagnosis = diagnose(&corpus, &log, usize::from(args.n));
    diagnosis.keep_what_is_worth_a_look();
    let checks = match handed.filter(|_| args.run) {
        Some(handed) => check(&diagnosis, &corpus, &reading, &handed, global.offline)?,
        None => Vec::new(),
    };
    settle(&mut diagnosis, &corpus, &checks);
    let told = ToldDiagnosis::new(&diagnosis, &corpus, pages(&library, &reading, global)?);
    let told = if args.run { told.with_checks(&checks) } else { told };
    match args.format {
        DiagnosisFormat::Human if log.lines.is_empty() => {}
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

/// Where pages are: on the web, in the site's folder, or behind `show`.
fn pages<'l>(library: &'l Library, reading: &'l Reading, global: &'l Args) -> anyhow::Result<Pages<'l>> {
    if let Some(site) = &reading.book.settings.site_url {
        return Ok(Pages::Web(site));
    }
    if library.is_site() {
        return Ok(Pages::Folder(library.root()));
    }
    let named = if above(is_book)?.is_some() { None } else { global.book.as_deref() };
    Ok(Pages::Shown(named))
}

/// Runs the checks of the candidates in the present folder. Nobody is asked: what is not allowed yet is named.
fn check(
    diagnosis: &Diagnosis,
    corpus: &Corpus,
    reading: &Reading,
    handed: &Handed,
    offline: bool,
) -> anyhow::Result<Vec<Outcome>> {
    let here = Utf8Path::new(".").canonicalize_utf8().context("could not look at the present folder")?;
    let host = Host::here(Launcher::of_this_process());
    let terms = Terms { trust: &[], allow: &[], require_sandbox: &[], may_ask: false, offline };
    let examiner = Examiner::new(terms, &here, &host)?;
    let inputs = BTreeMap::from([("log".to_owned(), handed.path()?)]);
    let asked = Asked { mode: Mode::Detect, inputs: &inputs, before: &BTreeSet::new(), question: None };
    let mut outcomes = Vec::new();
    for candidate in &diagnosis.candidates {
        let id = RecordId::parse(&corpus.records[candidate.record].id);
        let Some(record) = id.and_then(|id| reading.book.records.get(&id)) else { continue };
        outcomes.extend(examiner.examine(record, &asked)?);
    }
    Ok(outcomes)
}

/// What is seen to be here comes first; where that is one failure alone, it is the one.
fn settle(diagnosis: &mut Diagnosis, corpus: &Corpus, checks: &[Outcome]) {
    let present: Vec<&str> = checks
        .iter()
        .filter(|outcome| outcome.verdict == crate::model::Verdict::Present)
        .map(|outcome| outcome.id.as_str())
        .collect();
    diagnosis
        .candidates
        .sort_by_key(|candidate| !present.contains(&corpus.records[candidate.record].id.as_str()));
    if present.len() == 1 {
        diagnosis.verdict = Verdict::Match;
    }
}

fn exit(diagnosis: &Diagnosis) -> Exit {
    match diagnosis.verdict {
        Verdict::Match => Exit::Clean,
        Verdict::None => Exit::Findings,
        Verdict::Likely | Verdict::Maybe => Exit::NotRepaired,
    }
}

/// A log as checks may read it.
enum Handed {
    /// The file that it was read from.
    File(Utf8PathBuf),
    /// What came through a pipe.
    Kept(NamedTempFile),
}

impl Handed {
    fn path(&self) -> anyhow::Result<String> {
        let whole = |path: &Utf8Path| path.canonicalize_utf8().context("could not find the log again");
        match self {
            Handed::File(path) => Ok(whole(path)?.into_string()),
            Handed::Kept(file) => Ok(file.path().to_string_lossy().into_owned()),
        }
    }
}

/// Reads the log, and keeps what came through a pipe where checks are to read it too.
fn read(args: &DiagnoseArgs) -> anyhow::Result<(Log, Option<Handed>)> {
    let pasted = Pasted { file: &args.file, taker: "diagnose" };
    let log =
        |reader: Box<dyn BufRead>| Log::read(reader).map_err(|error| pasted.unreadable(&error.to_string()));
    let mut reader = pasted.open()?;
    if args.file != "-" {
        return Ok((log(reader)?, Some(Handed::File(args.file.clone()))));
    }
    if !args.run {
        return Ok((log(reader)?, None));
    }
    let beginning = pasted.beginning(&mut *reader, MAX_HANDED)?;
    let mut kept = NamedTempFile::new().context("could not keep the log")?;
    kept.write_all(&beginning).context("could not keep the log")?;
    let whole = io::Cursor::new(beginning).chain(reader);
    Ok((log(Box::new(whole))?, Some(Handed::Kept(kept))))
}
