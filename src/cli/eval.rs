//! `faultbook eval`.

use super::args::Format;
use super::report::{self, EvalGroup, EvalReport, LostKeyword};
use super::{Exit, UsageError, load};
use crate::diagnose::{Corpus, Verdict, diagnose, known};
use crate::disk;
use crate::model::{Book, Extension};
use crate::output::Log;
use crate::search::{Index, Query, documents, search};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// `eval`.
#[derive(Debug, clap::Args)]
pub struct EvalArgs {
    /// Ask these queries, a line of JSON for each; the keywords of the book otherwise
    #[arg(long, value_name = "FILE")]
    pub queries: Option<Utf8PathBuf>,
    /// Write what each query found to this file, a line of JSON for each
    #[arg(long, value_name = "FILE", requires = "queries")]
    pub ranked: Option<Utf8PathBuf>,
    /// Search drafts as well
    #[arg(long)]
    pub drafts: bool,
    /// How to write the measures
    #[arg(short, long, value_enum, default_value = "human")]
    pub format: Format,
}

/// So many records are asked for.
const N_RANKED: usize = 10;

/// A line of a file of queries.
#[derive(Debug, Deserialize)]
struct Asked {
    qid: String,
    kind: Kind,
    query: String,
    expected: Vec<String>,
    variant: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Search,
    Log,
}

/// Measures how well records are found.
pub fn run(args: &EvalArgs, root: &Utf8Path) -> anyhow::Result<Exit> {
    let input = load(root)?;
    let book = crate::read(&input.sources, &input.given).book;
    let book = if args.drafts { book } else { book.without_drafts() };
    let index = Index::in_memory(&documents(&book)).context("could not search")?;
    let report = match &args.queries {
        Some(path) => {
            let (report, ranked) = queries(&read(path)?, &book, &index)?;
            if let Some(path) = &args.ranked {
                disk::write(path, ranked.as_bytes()).context("could not write the ranked lines")?;
            }
            report
        }
        None => keywords(&book, &index)?,
    };
    match args.format {
        Format::Human => report.human(),
        Format::Json => report::json(&report.json()),
    }
    Ok(if report.lost.is_empty() { Exit::Clean } else { Exit::Findings })
}

fn read(path: &Utf8Path) -> anyhow::Result<Vec<Asked>> {
    const MAX_BYTES: u64 = 256 << 20;
    let hint = "a line is `{\"qid\", \"kind\": \"search\" or \"log\", \"query\", \"expected\": [ids]}`";
    let wrong = |what: String| UsageError::with_hint(what, hint);
    let files =
        disk::bounded(path, &["jsonl"], MAX_BYTES).map_err(|error| wrong(format!("could not {error}")))?;
    let body = files.into_iter().next().and_then(|(_, body)| body);
    let text = body.and_then(|body| String::from_utf8(body).ok());
    let text = text.ok_or_else(|| wrong(format!("`{path}` is no text, or too large")))?;
    let asked = |(line, nth): (&str, usize)| {
        serde_json::from_str(line).map_err(|error| wrong(format!("{path}:{nth}: {error}")))
    };
    text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()).map(asked).collect()
}

/// Asks every query; gives what came of it, and a line of JSON for each.
fn queries(asked: &[Asked], book: &Book, index: &Index) -> anyhow::Result<(EvalReport, String)> {
    let corpus = Corpus::new(index, known(book))?;
    let original = originals(book);
    let mut report = EvalReport::default();
    let mut lines = String::new();
    for asked in asked {
        let (verdict, ranked) = ask(asked, index, &corpus)?;
        let name = |id: &String| match original.get(id) {
            Some(original) if !asked.expected.contains(id) => original.clone(),
            _ => id.clone(),
        };
        let ranked: Vec<(String, f64)> = ranked.iter().map(|(id, score)| (name(id), *score)).collect();
        lines.push_str(&json!({"qid": asked.qid, "verdict": verdict, "ranked": ranked}).to_string());
        lines.push('\n');
        if asked.expected.is_empty() {
            report.n_negatives += 1;
            report.n_answered += usize::from(!ranked.is_empty());
            continue;
        }
        let rank = ranked.iter().position(|(id, _)| asked.expected.contains(id)).map(|at| at + 1);
        let kind = if asked.kind == Kind::Log { "log" } else { "search" };
        for group in [Some(kind), asked.variant.as_deref()].into_iter().flatten() {
            report.groups.entry(group.to_owned()).or_default().add(rank);
        }
    }
    Ok((report, lines))
}

/// Records with their scores, the best first.
type Ranked = Vec<(String, f64)>;

/// The verdict, for a log, and the ranked records.
fn ask(asked: &Asked, index: &Index, corpus: &Corpus) -> anyhow::Result<(Option<&'static str>, Ranked)> {
    if asked.kind == Kind::Search {
        let query = Query { text: asked.query.clone(), limit: N_RANKED, facets: Vec::new() };
        #[expect(clippy::cast_precision_loss, reason = "a score is a few thousand")]
        let ranked = search(index, &query)
            .context("could not search")?
            .into_iter()
            .map(|hit| (hit.summary.id, hit.score as f64))
            .collect();
        return Ok((None, ranked));
    }
    let diagnosis = diagnose(corpus, &Log::of(&asked.query), N_RANKED);
    let answers = matches!(diagnosis.verdict, Verdict::Match | Verdict::Likely);
    let candidates = diagnosis.candidates.iter().filter(|_| answers);
    let ranked = candidates
        .map(|candidate| (corpus.records[candidate.record].id.clone(), f64::from(candidate.score)))
        .collect();
    Ok((Some(diagnosis.verdict.name()), ranked))
}

/// Ids that records had where they were imported from.
fn originals(book: &Book) -> BTreeMap<String, String> {
    let original = |record: &crate::model::Record| match record.extensions.get("imported_id") {
        Some(Extension::Text(original)) => Some((record.id.to_string(), original.clone())),
        _ => None,
    };
    book.records.values().filter_map(original).collect()
}

/// Every keyword of every record, and those that do not hold the rank that they must.
fn keywords(book: &Book, index: &Index) -> anyhow::Result<EvalReport> {
    let mut report = EvalReport::default();
    let mut group = EvalGroup::default();
    for record in book.records.values() {
        for keyword in &record.keywords {
            let query = Query { text: keyword.query.clone(), limit: keyword.depth(), facets: Vec::new() };
            let hits = search(index, &query).context("could not search")?;
            let rank = hits.iter().find(|hit| hit.summary.id == record.id.as_str()).map(|hit| hit.rank);
            if !keyword.absent {
                group.add(rank);
            }
            if !keyword.holds(rank) {
                let query = keyword.query.clone();
                report.lost.push(LostKeyword {
                    id: record.id.to_string(),
                    query,
                    rank,
                    top: keyword.top,
                    absent: keyword.absent,
                });
            }
        }
    }
    report.groups.insert("keywords".to_owned(), group);
    Ok(report)
}
