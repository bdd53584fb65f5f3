//! Everything that a diagnosis knows: the words of all records with their weights, and the lines that tell each.

use super::known::Known;
use super::lines::{Kind, is_code, names_one_failure};
use super::signatures::{quoted_parts, template};
use crate::search::{STOP_WORDS, analyse};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// All records, ready to be held against a log.
#[derive(Debug, Default)]
pub struct Corpus {
    /// The records.
    pub records: Vec<Known>,
    terms: HashMap<String, u32>,
    /// By term.
    idf: Vec<f32>,
    /// By term: records, and what the term says about each.
    postings: Vec<Vec<(u32, f32)>>,
    /// By record.
    sayings: Vec<Vec<Saying>>,
    templates: HashMap<String, BTreeSet<u32>>,
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
const SENTENCE: f32 = 0.8;
/// How much of what a record covers by a line that was printed depends on how much of that line is covered.
const BACK: f32 = 0.5;

impl Corpus {
    /// Takes the records in.
    pub fn new(records: Vec<Known>) -> Corpus {
        let mut corpus = Corpus::default();
        corpus.weigh(&records);
        for (record, known) in (0..).zip(&records) {
            let mut sayings = vec![corpus.saying(&known.title, Said::Title)];
            sayings.extend(known.said.iter().map(|said| corpus.saying(said, Said::Sentence)));
            for quoted in &known.quoted {
                sayings.push(corpus.saying(&quoted.normal, Said::Printed));
                if quoted.kind == Kind::Error {
                    for code in codes(&quoted.normal).take(1) {
                        corpus.quoted_codes.entry(code.to_owned()).or_default().insert(record);
                    }
                    corpus.templates.entry(template(&quoted.normal)).or_default().insert(record);
                }
            }
            for code in codes(&known.title) {
                corpus.codes.entry(code.to_owned()).or_default().insert(record);
            }
            corpus.sayings.push(sayings);
        }
        corpus.records = records;
        corpus
    }

    /// BM25 of every text, with its weight, summed by term and record.
    fn weigh(&mut self, records: &[Known]) {
        let n_fields = records.iter().map(|record| record.texts.len()).max().unwrap_or(0);
        let mut impacts: Vec<BTreeMap<u32, f32>> = Vec::new();
        for field in 0..n_fields {
            let texts = records.iter().map(|record| record.texts.get(field).map_or("", |(_, text)| text));
            let counts: Vec<BTreeMap<u32, u32>> = texts.map(|text| self.count(text)).collect();
            let boost =
                records.iter().find_map(|record| record.texts.get(field)).map_or(1.0, |(boost, _)| *boost);
            impacts.resize_with(self.terms.len(), BTreeMap::new);
            add_field(&counts, boost, &mut impacts);
        }
        self.idf = impacts.iter().map(|list| idf(records.len(), list.len())).collect();
        self.postings = impacts.into_iter().map(|list| list.into_iter().collect()).collect();
    }

    fn count(&mut self, text: &str) -> BTreeMap<u32, u32> {
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        for token in analyse(text) {
            let next = u32::try_from(self.terms.len()).unwrap_or(u32::MAX);
            *counts.entry(*self.terms.entry(token.text).or_insert(next)).or_default() += 1;
        }
        counts
    }

    fn saying(&self, text: &str, kind: Said) -> Saying {
        let words: BTreeSet<u32> = self.words(text).into_iter().filter_map(|word| word.term).collect();
        Saying { words: words.into_iter().collect(), kind }
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
            let idf = term.map_or_else(|| idf(self.records.len(), 0), |term| self.idf[term as usize]);
            words.push(Word { term, weight: idf * factor, factor, start: token.run.start });
            seen.insert(token.text);
        }
        words
    }

    /// The records that have a term, and what it says about each.
    pub fn postings(&self, term: u32) -> &[(u32, f32)] {
        &self.postings[term as usize]
    }

    /// The records that have a line of this template.
    pub fn with_template(&self, normal: &str) -> Option<&BTreeSet<u32>> {
        self.templates.get(&template(normal))
    }

    /// The records whose title names the first code of a line; where there are none, those that quote it.
    pub fn with_code(&self, normal: &str) -> Option<&BTreeSet<u32>> {
        let code = codes(normal).next()?;
        self.codes.get(code).or_else(|| self.quoted_codes.get(code))
    }

    /// How much of a line one single line of a record says, from 0 to 1.
    pub fn coverage(&self, record: u32, words: &[Word]) -> f32 {
        let total: f32 = words.iter().map(|word| word.weight).sum();
        if total <= 0.0 {
            return 0.0;
        }
        let of = |saying: &Saying| {
            let common =
                |word: &&Word| word.term.is_some_and(|term| saying.words.binary_search(&term).is_ok());
            let covered: f32 = words.iter().filter(common).map(|word| word.weight).sum::<f32>() / total;
            match saying.kind {
                Said::Title => covered,
                Said::Sentence => covered * SENTENCE,
                Said::Printed => {
                    let idf = |term: u32| self.idf[term as usize];
                    let whole: f32 = saying.words.iter().map(|term| idf(*term)).sum();
                    let there: f32 = words.iter().filter(common).filter_map(|word| word.term).map(idf).sum();
                    covered * (1.0 - BACK + BACK * (there / whole.max(0.1)).min(1.0))
                }
            }
        };
        self.sayings[record as usize].iter().map(of).fold(0.0, f32::max)
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of records and of words are small")]
fn idf(n_records: usize, df: usize) -> f32 {
    (1.0 + (n_records as f32 - df as f32 + 0.5) / (df as f32 + 0.5)).ln()
}

/// BM25 with k1 = 1.2 and b = 0.75, as `search` has it.
#[expect(clippy::cast_precision_loss, reason = "numbers of records and of words are small")]
fn add_field(counts: &[BTreeMap<u32, u32>], boost: f32, impacts: &mut [BTreeMap<u32, f32>]) {
    let length = |counts: &BTreeMap<u32, u32>| counts.values().sum::<u32>() as f32;
    let average = (counts.iter().map(length).sum::<f32>() / counts.len().max(1) as f32).max(1.0);
    let mut df: HashMap<u32, usize> = HashMap::new();
    counts.iter().flat_map(BTreeMap::keys).for_each(|term| *df.entry(*term).or_default() += 1);
    for (record, terms) in (0..).zip(counts) {
        let norm = 1.2 * (0.25 + 0.75 * length(terms) / average);
        for (term, tf) in terms {
            let tf = *tf as f32;
            let impact = boost * 2.2 * idf(counts.len(), df[term]) * tf / (tf + norm);
            *impacts[*term as usize].entry(record).or_default() += impact;
        }
    }
}

/// The codes of a text that name one failure, without what stands around them.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| c.is_whitespace() || "[]()".contains(c));
    words
        .map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
        .filter(|word| names_one_failure(word))
}
