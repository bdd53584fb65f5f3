//! How alike two messages are worded, and which words any message may have.

use super::signatures::SLOT_MARK;
use crate::search::analyse;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// A message as its words in order, each with how much it says.
#[derive(Clone, Debug, Default)]
pub struct Wording(Vec<(String, f32)>);

/// What a slot says, or a word without which no sentence is built.
const LITTLE: f32 = 1.0;
/// A shorter message is like too many others.
const MIN_WORDS: usize = 3;

impl Wording {
    /// The wording of a template.
    ///
    /// - `says`: how much a word says; `None` for those that say little
    pub fn of(template: &str, says: impl Fn(&str) -> Option<f32>) -> Wording {
        let is_edge = |c: char| !c.is_alphanumeric() && !SLOT_MARK.contains(&c);
        let words = template.split_whitespace().map(|word| word.trim_matches(is_edge));
        let weighed = |word: &str| {
            let says = if word.contains(SLOT_MARK) { None } else { says(word) };
            (word.to_owned(), says.unwrap_or(LITTLE).max(LITTLE))
        };
        Wording(words.filter(|word| !word.is_empty()).map(weighed).collect())
    }

    /// From 0 to 1: the share of both that stands in both in the same order (a longest common subsequence, weighed).
    pub fn likeness(&self, other: &Wording) -> f32 {
        if self.0.len().min(other.0.len()) < MIN_WORDS {
            return 0.0;
        }
        let weight = |wording: &Wording| wording.0.iter().map(|(_, says)| says).sum::<f32>();
        let mut above = vec![0.0_f32; other.0.len() + 1];
        for (word, says) in &self.0 {
            let mut row = vec![0.0_f32; above.len()];
            for (nth, (theirs, _)) in other.0.iter().enumerate() {
                row[nth + 1] = if word == theirs { above[nth] + says } else { above[nth + 1].max(row[nth]) };
            }
            above = row;
        }
        2.0 * above[other.0.len()] / (weight(self) + weight(other))
    }
}

/// Words that messages of all kinds of programs have: alone they tell nothing, however rare they are in a small book.
const GENERIC: &str = "\
    add added already allowed application argument attribute begin build call called character check class client close \
    closed code command config configuration connection create created current data declaration declared default \
    defined definition details directory does element end entry error exist exists exit expected expression fail failed \
    failure field file first folder following found function given help identifier index info information input \
    invalid item key last line list make member message method missing module more multiple name new note number object \
    one only open option other output parameter path please process program property read reference request required \
    resource response result return returned run running same see server service set specified start statement status \
    string struct sure syntax system test time token try two type unable unexpected unknown use used user using valid \
    value variable version write";

static GENERIC_TERMS: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| analyse(GENERIC).into_iter().map(|token| token.text).collect());

/// Whether a term may stand in a message of any program.
pub fn is_generic(term: &str) -> bool {
    GENERIC_TERMS.contains(term)
}
