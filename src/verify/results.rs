//! `results.jsonl`: what earlier runs showed, one line per record and platform, committed with the book.

use super::{Level, SelfTest, check_digest};
use crate::diag::{Code, Diagnostic};
use crate::model::{CellName, Date, Proof, ProofState, Record, RecordId, Verdict};
use crate::text::{FileId, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one run of one record's self-test showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordResult {
    /// The record.
    pub id: RecordId,
    /// The digest of the plan that ran.
    pub digest: String,
    /// The day.
    pub date: Date,
    /// Such as `linux`.
    pub os: String,
    /// Such as `x86_64`.
    pub arch: String,
    /// What each state showed; a state that could not be made is absent.
    pub cells: BTreeMap<CellName, Verdict>,
    /// How real the run was, such as `real`.
    pub level: String,
    /// What was enforced around programs, such as `fs+net`.
    pub sandbox: String,
    /// Mutants that some state noticed, and how many there were.
    pub mutants: Option<(usize, usize)>,
    /// What was changed in each mutant that no state noticed.
    pub survivors: Vec<String>,
    /// Broken states of other records that the check called its own, where that was tried.
    pub false_positives: Option<usize>,
}

/// One line of the file. Words and keys are relied on from outside.
#[derive(Serialize, Deserialize)]
struct Line {
    id: String,
    check: String,
    date: String,
    os: String,
    arch: String,
    cells: BTreeMap<String, String>,
    wrong: BTreeMap<String, String>,
    level: String,
    sandbox: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutants: Option<(usize, usize)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    survivors: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cross_false_positives: Option<usize>,
}

/// All results of a book, by record and platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results(BTreeMap<(RecordId, String, String), RecordResult>);

impl Results {
    /// Reads the file; a line that cannot be read is a warning, and is left out.
    pub fn parse(file: FileId, text: &str) -> (Results, Vec<Diagnostic>) {
        let mut results = Results::default();
        let mut found = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let written = line.trim_end();
            match serde_json::from_str::<Line>(written).ok().and_then(from_line) {
                Some(result) => results.add(result),
                None if written.is_empty() => {}
                None => found.push(
                    Diagnostic::warning(
                        Code::Syntax,
                        Span::new(file, at..at + written.len()),
                        "this line holds no result",
                    )
                    .hint("the file is written by `faultbook verify --self-test --record-results results.jsonl`"),
                ),
            }
            at += line.len();
        }
        (results, found)
    }

    /// Adds a result, in place of an earlier one of the same record and platform.
    pub fn add(&mut self, result: RecordResult) {
        self.0.insert((result.id.clone(), result.os.clone(), result.arch.clone()), result);
    }

    /// The text of the file: sorted by record and platform.
    pub fn to_text(&self) -> String {
        let line =
            |result| serde_json::to_string(&to_line(result)).expect("a line holds strings only") + "\n";
        self.0.values().map(line).collect()
    }

    /// The newest result of a record's check as it stands now.
    pub fn of_present_check(&self, record: &Record) -> Option<&RecordResult> {
        let mut of_record = self.0.values().filter(|result| result.id == record.id).peekable();
        of_record.peek()?;
        let digest = SelfTest::of(record)?.digest;
        of_record.filter(|result| result.digest == digest).max_by_key(|result| result.date)
    }

    /// What the newest result proves about a record as it stands now.
    pub fn proof(&self, record: &Record) -> Proof {
        Proof { check_digest: check_digest(record), ..self.proof_of_states(record) }
    }

    fn proof_of_states(&self, record: &Record) -> Proof {
        let Some(test) = SelfTest::of(record) else { return Proof::without_run(ProofState::Untestable) };
        let of_record = self.0.values().filter(|result| result.id == record.id);
        let Some(newest) = of_record.max_by_key(|result| (result.digest == test.digest, result.date)) else {
            return Proof::without_run(ProofState::Never);
        };
        let state = match () {
            () if newest.digest != test.digest => ProofState::Outdated,
            () if newest.cells.iter().all(|(name, verdict)| test.accepts(name, *verdict)) => {
                ProofState::Tested
            }
            () => ProofState::Failing,
        };
        Proof {
            state,
            date: Some(newest.date),
            platform: Some(format!("{} {}", newest.os, newest.arch)),
            cells: newest.cells.clone(),
            check_digest: None,
            executed: newest.level == Level::Real.name(),
            sandbox: Some(newest.sandbox.clone()),
            mutants: newest.mutants,
            false_positives: newest.false_positives,
        }
    }
}

fn from_line(line: Line) -> Option<RecordResult> {
    let verdict =
        |word: &str| Verdict::ALL.iter().find(|(_, name)| *name == word).map(|(verdict, _)| *verdict);
    let mut cells = BTreeMap::new();
    for (key, word) in &line.cells {
        let name = match key.as_str() {
            "broken" => CellName::Broken,
            "fixed" => CellName::Fixed,
            other => match other.strip_prefix("other-fix/") {
                Some(nth) => CellName::OtherFix(nth.parse().ok()?),
                None => CellName::State(other.to_owned()),
            },
        };
        cells.insert(name, verdict(word)?);
    }
    for (id, word) in &line.wrong {
        cells.insert(CellName::WrongFix(id.clone()), verdict(word)?);
    }
    Some(RecordResult {
        id: RecordId::parse(&line.id)?,
        digest: line.check,
        date: Date::parse(&line.date)?,
        os: line.os,
        arch: line.arch,
        cells,
        level: line.level,
        sandbox: line.sandbox,
        mutants: line.mutants,
        survivors: line.survivors,
        false_positives: line.cross_false_positives,
    })
}

fn to_line(result: &RecordResult) -> Line {
    let mut cells = BTreeMap::new();
    let mut wrong = BTreeMap::new();
    for (name, verdict) in &result.cells {
        let word = verdict.name().to_owned();
        match name {
            CellName::WrongFix(id) => wrong.insert(id.clone(), word),
            _ => cells.insert(name.to_string(), word),
        };
    }
    Line {
        id: result.id.to_string(),
        check: result.digest.clone(),
        date: result.date.to_string(),
        os: result.os.clone(),
        arch: result.arch.clone(),
        cells,
        wrong,
        level: result.level.clone(),
        sandbox: result.sandbox.clone(),
        mutants: result.mutants,
        survivors: result.survivors.clone(),
        cross_false_positives: result.false_positives,
    }
}
