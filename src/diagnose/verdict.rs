//! A log and all records → a verdict.

use super::corpus::{Corpus, Word};
use super::mask::masked;
use super::wording::Wording;
use crate::model::SignaturePattern;
use crate::output::{Kind, Line, Log, is_headline};
use std::collections::{BTreeMap, BTreeSet};

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// How sure it is.
    pub verdict: Verdict,
    /// Records, the best first; none where the verdict is [`Verdict::None`].
    pub candidates: Vec<Candidate>,
}

impl Diagnosis {
    /// Leaves out records that only share a few words with the log.
    pub fn keep_what_is_worth_a_look(&mut self) {
        let least = if self.verdict == Verdict::Match { SURE } else { WORTH_A_LOOK };
        self.candidates.retain(|candidate| candidate.confidence >= least);
    }
}

/// How sure a diagnosis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One record, by what tells it.
    Match,
    /// One record says most of one line, and no other as much; or several are told.
    Likely,
    /// Records that are worth a look.
    Maybe,
    /// No record explains it.
    None,
}

impl Verdict {
    /// Its word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Match => "match",
            Verdict::Likely => "likely",
            Verdict::Maybe => "maybe",
            Verdict::None => "none",
        }
    }
}

/// By what a record was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A line has the form, or the code, that tells the record.
    Signature,
    /// Its words.
    Ranking,
}

/// A record that may explain a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Which of [`Corpus::records`].
    pub record: usize,
    /// By what it was found.
    pub via: Via,
    /// From 0 to 1.
    pub confidence: f32,
    /// Comparable within one diagnosis only.
    pub score: f32,
    /// The line of the log that tells it best, without secrets.
    pub line: String,
    /// Which line of the log that is, from 1.
    pub nth: usize,
}

/// Enough for a record to be likely, whatever the others say.
const SURE: f32 = 0.42;
/// Enough for one that stands apart from all others.
const FAIRLY_SURE: f32 = 0.27;
/// The score of the second, compared with that of one that stands apart.
const APART: f32 = 0.85;
/// Enough to be worth a look.
const WORTH_A_LOOK: f32 = 0.25;
/// What coverage counts beside the rank by words, which is 1 for the best record.
const COVERAGE: f32 = 2.0;
/// What further covered lines count.
const FURTHER: f32 = 0.3;
/// What a signature counts that no other record shares.
const SIGNATURE: f32 = 2.0;
/// A line that only sounds like an error counts less than one that says that it is one.
const UNANNOUNCED: f32 = 0.7;
/// A line that does not sound like an error at all counts less still,
const ANY_LINE: f32 = 0.4;
/// and only if so much of it is covered.
const WHOLE_LINE: f32 = 0.85;
/// A shorter line says too little to be sure by it.
const SURE_WORDS: usize = 4;
/// So many records are held against the lines.
const MAX_RANKED: usize = 200;
/// So many lines of each kind are looked at, the last ones.
const MAX_TOLD: usize = 200;

/// A line with its words.
struct Told<'l> {
    line: &'l Line,
    kind: Kind,
    words: Vec<Word>,
    wording: Wording,
}

/// Finds the records that explain a log, `n` at most.
pub fn diagnose(corpus: &Corpus, log: &Log, n: usize) -> Diagnosis {
    let told = told(corpus, log);
    let exact = exact(corpus, &told);
    let mut ranked = ranked(corpus, &told);
    let best = ranked.first().map_or(1.0, |(_, score)| score.max(f32::MIN_POSITIVE));
    ranked.truncate(MAX_RANKED);
    let among: BTreeSet<u32> = ranked.iter().map(|(record, _)| *record).collect();
    ranked.extend(exact.keys().filter(|record| !among.contains(record)).map(|record| (*record, 0.0)));
    let mut candidates: Vec<Candidate> = ranked
        .into_iter()
        .map(|(record, rank)| candidate(corpus, &told, record, rank / best, exact.get(&record)))
        .collect();
    candidates.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.record.cmp(&other.record)));
    let verdict = verdict(&candidates, &exact);
    candidates.retain(|candidate| verdict != Verdict::None && candidate.confidence > 0.0);
    candidates.truncate(n);
    Diagnosis { verdict, candidates }
}

/// Lines of a log by which a record for it would be found, normalised and without secrets.
pub fn telling_lines(log: &Log) -> Vec<String> {
    let is_error = |line: &&Line| Kind::of(&line.normal) == Kind::Error;
    let mut lines: Vec<String> =
        log.lines.iter().rev().filter(is_error).take(20).map(|line| masked(&line.normal)).collect();
    lines.reverse();
    lines
}

fn told<'l>(corpus: &Corpus, log: &'l Log) -> Vec<Told<'l>> {
    let mut n_of: BTreeMap<Kind, usize> = BTreeMap::new();
    let mut told: Vec<Told> = Vec::new();
    for line in log.lines.iter().rev() {
        let kind = Kind::of(&line.normal);
        let n = n_of.entry(kind).or_default();
        if kind.weight() > 0.0 && *n < MAX_TOLD {
            *n += 1;
            let wording = if kind == Kind::Error { corpus.wording(&line.normal) } else { Wording::default() };
            told.push(Told { line, kind, words: corpus.words(&line.normal), wording });
        }
    }
    told.reverse();
    told
}

/// Records that a signature tells, each with what that counts and by which line it was seen last.
fn exact<'t>(corpus: &Corpus, told: &'t [Told]) -> BTreeMap<u32, (f32, &'t Line)> {
    let mut exact: BTreeMap<u32, (f32, &Line)> = BTreeMap::new();
    let mut add = |records: &BTreeSet<u32>, line: &'t Line| {
        #[expect(clippy::cast_precision_loss, reason = "a number of records is small")]
        let worth = 1.0 / records.len() as f32;
        for record in records {
            let best = exact.entry(*record).or_insert((worth, line));
            if worth >= best.0 {
                *best = (worth, line);
            }
        }
    };
    for told in told.iter().filter(|told| told.kind == Kind::Error) {
        let normal = &told.line.normal;
        corpus.with_code(normal).into_iter().for_each(|records| add(records, told.line));
        // A code that no record has says that another failure is worded alike.
        let is_other =
            |records: &&BTreeSet<u32>| records.iter().all(|record| corpus.contradicts(*record, normal));
        corpus
            .with_template(normal)
            .filter(|records| !is_other(records))
            .into_iter()
            .for_each(|records| add(records, told.line));
    }
    for (record, known) in (0..).zip(&corpus.records) {
        for signature in known.signatures.iter().filter(|signature| !signature.weak) {
            let regex = match &signature.pattern {
                SignaturePattern::Regex(pattern) => Some(pattern.regex()),
                SignaturePattern::Literal(_) => None,
            };
            let fits = |line: &Line| match (&signature.pattern, &regex) {
                (SignaturePattern::Literal(text), _) => line.text.contains(text.as_str()),
                (_, Some(regex)) => regex.is_match(&line.text),
                _ => false,
            };
            let excluded =
                |line: &Line| signature.not_this.iter().any(|other| line.text.contains(other.as_str()));
            if let Some(told) = told.iter().rev().find(|told| fits(told.line) && !excluded(told.line)) {
                add(&BTreeSet::from([record]), told.line);
            }
        }
    }
    exact
}

/// Records by the words of all lines, each word once, as it counts most; the best first.
fn ranked(corpus: &Corpus, told: &[Told]) -> Vec<(u32, f32)> {
    let mut query: BTreeMap<u32, f32> = BTreeMap::new();
    for told in told {
        for word in &told.words {
            if let Some(term) = word.term {
                let weight = query.entry(term).or_default();
                *weight = weight.max(told.kind.weight() * word.factor);
            }
        }
    }
    let mut totals: BTreeMap<u32, f32> = BTreeMap::new();
    for (term, weight) in query {
        for (record, impact) in corpus.postings(term) {
            #[expect(clippy::cast_precision_loss, reason = "an impact is small")]
            let impact = *impact as f32;
            *totals.entry(*record).or_default() += weight * impact;
        }
    }
    let mut ranked: Vec<(u32, f32)> = totals.into_iter().collect();
    ranked.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    ranked
}

fn candidate(
    corpus: &Corpus,
    told: &[Told],
    record: u32,
    rank: f32,
    exact: Option<&(f32, &Line)>,
) -> Candidate {
    let (mut best, mut sum, mut confidence) = (0.0_f32, 0.0_f32, 0.0_f32);
    let mut line = None;
    for told in told.iter().filter(|told| told.kind.is_telling()) {
        let coverage = corpus.coverage(record, &told.words, &told.wording);
        let is_other = corpus.contradicts(record, &told.line.normal);
        let coverage = if is_other { coverage.doubted() } else { coverage };
        let share = coverage.rank() * told.kind.share();
        sum += share;
        confidence = confidence.max(coverage.sure() * length(&told.words) * certainty(told, coverage.share));
        if share > best {
            best = share;
            line = Some(told.line);
        }
    }
    let signature = exact.map_or(0.0, |(worth, _)| SIGNATURE * worth);
    let line = exact.map(|(_, line)| *line).or(line);
    Candidate {
        record: record as usize,
        via: if exact.is_some() { Via::Signature } else { Via::Ranking },
        confidence: exact.map_or(confidence, |(worth, _)| worth.max(confidence)),
        score: rank + COVERAGE * best + FURTHER * (sum - best).min(1.0) + signature,
        line: line.map(|line| masked(&line.text)).unwrap_or_default(),
        nth: line.map_or(0, |line| line.nth),
    }
}

/// How long a line is, as a share of what is long enough. Parts of one identifier are one word.
#[expect(clippy::cast_precision_loss, reason = "at most four")]
fn length(words: &[Word]) -> f32 {
    let starts: BTreeSet<usize> = words.iter().map(|word| word.start).collect();
    starts.len().min(SURE_WORDS) as f32 / SURE_WORDS as f32
}

/// What a covered line says about certainty: all of it where it says that it is an error; little where it may stand in
/// any log, and only where a record has nearly all of it.
fn certainty(told: &Told, coverage: f32) -> f32 {
    match told.kind {
        Kind::Error if is_headline(&told.line.normal) => 1.0,
        Kind::Error => UNANNOUNCED,
        _ if coverage >= WHOLE_LINE => ANY_LINE,
        _ => 0.0,
    }
}

fn verdict(candidates: &[Candidate], exact: &BTreeMap<u32, (f32, &Line)>) -> Verdict {
    let Some(first) = candidates.first() else { return Verdict::None };
    let second = candidates.get(1).map_or(0.0, |second| second.score);
    let apart = second <= APART * first.score;
    // What several records share tells none of them.
    let worth = |candidate: &Candidate| {
        u32::try_from(candidate.record)
            .ok()
            .and_then(|record| exact.get(&record))
            .map_or(0.0, |(worth, _)| *worth)
    };
    let is_alone = || {
        let most = worth(first);
        most > 0.0 && candidates.iter().filter(|candidate| worth(candidate) >= most).count() == 1
    };
    match () {
        () if is_alone() => Verdict::Match,
        () if first.confidence >= SURE || (first.confidence >= FAIRLY_SURE && apart) => Verdict::Likely,
        () if first.confidence >= WORTH_A_LOOK => Verdict::Maybe,
        () => Verdict::None,
    }
}
