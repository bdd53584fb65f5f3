//! Everything that a diagnosis knows: the words of all records with their weights, and the lines that tell each.

use super::known::Known;
use super::signatures::{quoted_parts, template};
use super::wording::{Wording, is_generic};
use crate::output::{Kind, codes, is_code};
use crate::search::{Index, IndexError, STOP_WORDS, analyse};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// All records, ready to be held against a log.
#[derive(Debug, Default)]
pub struct Corpus {
    /// The records.
    pub records: Vec<Known>,
    terms: HashMap<String, u32>,
    /// By term.
    idf: Vec<f32>,
    /// How rare a term is that no record has.
    idf_of_unseen: f32,
    /// By term: records, and what the term says about each.
    postings: Vec<Vec<(u32, u32)>>,
    /// By record.
    sayings: Vec<Vec<Saying>>,
    templates: HashMap<String, BTreeSet<u32>>,
    /// By record: the codes in its title, and in the errors that it quotes.
    own_codes: Vec<Vec<String>>,
    /// Records by the codes in their titles.
    codes: HashMap<String, BTreeSet<u32>>,
    /// Records by the codes in lines that they quote.
    quoted_codes: HashMap<String, BTreeSet<u32>>,
}

/// A line of a record as a set of words.
#[derive(Debug)]
pub struct Saying {
    /// Sorted.
    words: Vec<u32>,
    kind: Said,
    wording: Wording,
}

/// Where a line of a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Title,
    Sentence,
    Printed,
}

/// A word of a line of a log.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// `None` where no record has it.
    pub term: Option<u32>,
    /// What it counts within its line.
    pub weight: f32,
    /// What it counts compared with any other occurrence of it.
    pub factor: f32,
    /// Where what it is a part of begins in the line.
    pub start: usize,
    /// What it counts as evidence.
    evidence: f32,
}

/// A code says more than any other word.
const CODE: f32 = 3.0;
/// What stands in quotes is mostly a name that the next failure does not have.
const NAME: f32 = 0.3;
/// An identifier of several parts counts with its parts as well.
const WHOLE: f32 = 0.7;
/// A word that no record has is a name, or says that no record is meant.
const UNSEEN: f32 = 0.7;
/// What a record covers by a sentence, compared with its title.
const SENTENCE: f32 = 0.7;
/// What a name, or a word of any message, counts as evidence, compared with other words.
const HALF: f32 = 0.5;
/// So much evidence makes a claim,
const ENOUGH: f32 = 3.0;
/// and so much a reason to look.
const SOME: f32 = 2.0;
/// What a line counts for a record that is told by another code.
const OTHER_CODE: f32 = 0.25;
/// What a record covers of a line by words in any order, compared with the same words in the same order.
const UNORDERED: f32 = 0.9;
/// How much of what a record covers by a line that was printed depends on how much of that line is covered.
const BACK: f32 = 0.5;

impl Corpus {
    /// Takes the records in.
    ///
    /// - `index`: of the same records, in the same order
    pub fn new(index: &Index, records: Vec<Known>) -> Result<Corpus, IndexError> {
        let mut corpus = Corpus { idf_of_unseen: idf(records.len(), 0), ..Corpus::default() };
        for (nth, entry) in (0..).zip(index.entries()?) {
            let of_records = entry.postings.into_iter().filter(|(doc, _)| (*doc as usize) < records.len());
            let postings: Vec<(u32, u32)> = of_records.collect();
            corpus.idf.push(idf(records.len(), postings.len()));
            corpus.terms.insert(entry.term, nth);
            corpus.postings.push(postings);
        }
        for (record, known) in (0..).zip(&records) {
            for code in codes(&known.title) {
                corpus.codes.entry(code.to_owned()).or_default().insert(record);
            }
        }
        for (record, known) in (0..).zip(&records) {
            corpus.take_in(record, known);
        }
        corpus.records = records;
        Ok(corpus)
    }

    fn take_in(&mut self, record: u32, known: &Known) {
        let mut sayings = vec![self.saying(&known.title, Said::Title)];
        sayings.extend(known.said.iter().map(|said| self.saying(said, Said::Sentence)));
        let mut own_codes: Vec<String> = codes(&known.title).map(str::to_owned).collect();
        for quoted in &known.quoted {
            let code = codes(&quoted.normal).next().filter(|_| quoted.kind == Kind::Error);
            // A line with a code by which others are told is one that was printed as well.
            let is_theirs = |code: &str| self.codes.get(code).is_some_and(|told| !told.contains(&record));
            if code.is_some_and(is_theirs) {
                continue;
            }
            sayings.push(self.saying(&quoted.normal, Said::Printed));
            if quoted.kind == Kind::Error {
                self.templates.entry(template(&quoted.normal)).or_default().insert(record);
            }
            if let Some(code) = code {
                self.quoted_codes.entry(code.to_owned()).or_default().insert(record);
                own_codes.push(code.to_owned());
            }
        }
        self.own_codes.push(own_codes);
        self.sayings.push(sayings);
    }

    fn saying(&self, text: &str, kind: Said) -> Saying {
        let words: BTreeSet<u32> = self.words(text).into_iter().filter_map(|word| word.term).collect();
        let wording = if kind == Said::Printed { self.wording(text) } else { Wording::default() };
        Saying { words: words.into_iter().collect(), kind, wording }
    }

    /// The words of a message in their order, each with how much it says.
    pub fn wording(&self, normal: &str) -> Wording {
        Wording::of(&template(normal), |word| {
            let token = analyse(word).into_iter().next().filter(|_| !STOP_WORDS.contains(&word))?;
            let term = self.terms.get(&token.text).copied();
            Some(self.idf_of(term) * if term.is_some() { 1.0 } else { UNSEEN })
        })
    }

    /// How rare a term is.
    fn idf_of(&self, term: Option<u32>) -> f32 {
        term.map_or(self.idf_of_unseen, |term| self.idf[term as usize])
    }

    /// The distinct words of a line, without those that say nothing.
    pub fn words(&self, text: &str) -> Vec<Word> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let names = quoted_parts(text);
        let mut words = Vec::new();
        for token in analyse(text) {
            if STOP_WORDS.contains(&token.text.as_str()) || seen.contains(&token.text) {
                continue;
            }
            let term = self.terms.get(&token.text).copied();
            let run = &text[token.run.clone()];
            let is_name = names.iter().any(|name| name.contains(&token.run.start));
            let mut factor = match () {
                () if is_code(run) => CODE,
                () if token.is_whole() && is_name => WHOLE * NAME,
                () if token.is_whole() => WHOLE,
                () if is_name => NAME,
                () => 1.0,
            };
            if term.is_none() {
                factor *= UNSEEN;
            }
            let evidence = match () {
                () if is_code(run) => CODE,
                () if is_name || is_generic(&token.text) => HALF,
                () => 1.0,
            };
            let weight = self.idf_of(term) * factor;
            words.push(Word { term, weight, factor, start: token.run.start, evidence });
            seen.insert(token.text);
        }
        words
    }

    /// The records that have a term, and what it says about each.
    pub fn postings(&self, term: u32) -> &[(u32, u32)] {
        &self.postings[term as usize]
    }

    /// The records that have a line of this template.
    pub fn with_template(&self, normal: &str) -> Option<&BTreeSet<u32>> {
        self.templates.get(&template(normal))
    }

    /// Whether a line names a code while the record is told by another one of the same family.
    pub fn contradicts(&self, record: u32, normal: &str) -> bool {
        let own = &self.own_codes[record as usize];
        codes(normal).next().is_some_and(|code| {
            !own.iter().any(|own| own == code) && own.iter().any(|own| family(own) == family(code))
        })
    }

    /// The records whose title names the first code of a line; where there are none, those that quote it.
    pub fn with_code(&self, normal: &str) -> Option<&BTreeSet<u32>> {
        let code = codes(normal).next()?;
        self.codes.get(code).or_else(|| self.quoted_codes.get(code))
    }

    /// How much of a line one single line of a record says.
    pub fn coverage(&self, record: u32, words: &[Word], wording: &Wording) -> Coverage {
        let total: f32 = words.iter().map(|word| word.weight).sum();
        if total <= 0.0 {
            return Coverage::default();
        }
        let of = |saying: &Saying| {
            let common: Vec<&Word> = words.iter().filter(|word| saying.has(word.term)).collect();
            let covered = common.iter().map(|word| word.weight).sum::<f32>() / total;
            let share = match saying.kind {
                Said::Title => covered,
                Said::Sentence => covered * SENTENCE,
                Said::Printed => {
                    let there = common.iter().filter_map(|word| word.term);
                    let whole = self.weight(saying.words.iter().copied()).max(0.1);
                    let back = (self.weight(there) / whole).min(1.0);
                    wording.likeness(&saying.wording).max(UNORDERED * covered * (1.0 - BACK + BACK * back))
                }
            };
            Coverage { share, evidence: evidence(&common) }
        };
        let sayings = self.sayings[record as usize].iter().map(of);
        sayings.fold(Coverage::default(), |best, other| if other.sure() > best.sure() { other } else { best })
    }

    fn weight(&self, terms: impl Iterator<Item = u32>) -> f32 {
        terms.map(|term| self.idf_of(Some(term))).sum()
    }
}

/// How much of a line one line of a record says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Coverage {
    /// From 0 to 1.
    pub share: f32,
    /// Words that tell it: one for each word, more for a code, less for what any message may say.
    evidence: f32,
}

impl Coverage {
    /// As a claim that the record explains the line.
    pub fn sure(self) -> f32 {
        self.share * (self.evidence / ENOUGH).min(1.0)
    }

    /// As a reason to look at the record before others.
    pub fn rank(self) -> f32 {
        self.share * (self.evidence / SOME).min(1.0)
    }

    /// The same, of a record that is told by another code than the line's.
    pub fn doubted(self) -> Coverage {
        Coverage { share: self.share * OTHER_CODE, ..self }
    }
}

impl Saying {
    fn has(&self, term: Option<u32>) -> bool {
        term.is_some_and(|term| self.words.binary_search(&term).is_ok())
    }
}

/// Parts of one identifier are one word.
fn evidence(words: &[&Word]) -> f32 {
    let mut by_start: BTreeMap<usize, f32> = BTreeMap::new();
    for word in words {
        let most = by_start.entry(word.start).or_default();
        *most = most.max(word.evidence);
    }
    by_start.into_values().sum()
}

#[expect(clippy::cast_precision_loss, reason = "numbers of records and of words are small")]
fn idf(n_records: usize, df: usize) -> f32 {
    (1.0 + (n_records as f32 - df as f32 + 0.5) / (df as f32 + 0.5)).ln()
}

/// What codes of one tool have in common: `E` of `E0382`, `ERR_` of all that begin so.
fn family(code: &str) -> &str {
    if code.starts_with("ERR_") { "ERR_" } else { code.trim_end_matches(|c: char| c.is_ascii_digit()) }
}
