//! What tells records apart that fit the same log.

use super::{Corpus, Diagnosis, Known, Verdict};

/// So many records are worth a check each, where nothing else tells them apart.
const MAX_COMPARED: usize = 3;

/// What tells candidates of one diagnosis apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distinction<'c> {
    /// Two of them; or those that no record compares, where only their checks can tell.
    pub ids: Vec<&'c str>,
    /// What one of the records says of the other.
    pub tell: Option<&'c str>,
    /// Those of the ids that have a check.
    pub checked: Vec<&'c str>,
}

impl<'c> Distinction<'c> {
    fn of(candidates: &[&'c Known], tell: Option<&'c str>) -> Distinction<'c> {
        let checked = candidates.iter().filter(|known| known.has_check);
        Distinction {
            ids: candidates.iter().map(|known| known.id.as_str()).collect(),
            tell,
            checked: checked.map(|known| known.id.as_str()).collect(),
        }
    }

    /// The command that runs the checks; `None` where there is none to run.
    pub fn verifier(&self) -> Option<String> {
        (!self.checked.is_empty()).then(|| format!("faultbook verify {}", self.checked.join(" ")))
    }
}

/// Where several records fit: what they say tells each two of them apart, and whose checks would.
pub fn distinctions<'c>(diagnosis: &Diagnosis, corpus: &'c Corpus) -> Vec<Distinction<'c>> {
    let candidates: Vec<&Known> =
        diagnosis.candidates.iter().map(|candidate| &corpus.records[candidate.record]).collect();
    let mut distinctions: Vec<Distinction> = Vec::new();
    for one in &candidates {
        for (id, tell) in &one.confused_with {
            let Some(other) = candidates.iter().find(|other| other.id == *id) else { continue };
            let is_told = |told: &Distinction| {
                told.ids.contains(&one.id.as_str()) && told.ids.contains(&other.id.as_str())
            };
            if !distinctions.iter().any(is_told) {
                distinctions.push(Distinction::of(&[one, other], Some(tell)));
            }
        }
    }
    // What is matched is told already; and one check alone compares nothing.
    let is_compared = |known: &&Known| distinctions.iter().any(|told| told.ids.contains(&known.id.as_str()));
    let rest: Vec<&Known> = candidates.iter().copied().filter(|known| !is_compared(known)).collect();
    let others = Distinction::of(&rest[..rest.len().min(MAX_COMPARED)], None);
    if diagnosis.verdict != Verdict::Match && others.ids.len() > 1 && !others.checked.is_empty() {
        distinctions.push(others);
    }
    distinctions
}

/// A confidence as answers say it: more places would claim more than is known.
pub fn hundredths(confidence: f32) -> f64 {
    (f64::from(confidence) * 100.0).round() / 100.0
}
