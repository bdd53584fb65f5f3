//! A diagnosis for people, for programs, and for a job that failed.

use super::{BOLD, DIM, GREEN, RESET, data, shown, talk};
use super::{github, markdown};
use crate::diagnose::{Candidate, Corpus, Diagnosis, Known, Verdict, Via};
use crate::model::SiteUrl;
use serde_json::json;

/// A diagnosis with what is needed to tell it.
pub struct ToldDiagnosis<'d> {
    diagnosis: &'d Diagnosis,
    corpus: &'d Corpus,
    site: Option<&'d SiteUrl>,
}

/// What tells two candidates apart.
struct Distinction<'d> {
    ids: [&'d str; 2],
    tell: &'d str,
    verifier: Option<String>,
}

const NOTHING: &str = "no record explains this output";

impl<'d> ToldDiagnosis<'d> {
    /// - `site`: where the book is published
    pub fn new(diagnosis: &'d Diagnosis, corpus: &'d Corpus, site: Option<&'d SiteUrl>) -> ToldDiagnosis<'d> {
        ToldDiagnosis { diagnosis, corpus, site }
    }

    /// Prints it for people.
    pub fn human(&self) {
        if self.diagnosis.verdict == Verdict::None {
            return talk(NOTHING);
        }
        let word = self.diagnosis.verdict.name();
        for candidate in &self.diagnosis.candidates {
            let known = self.known(candidate);
            let mut text = format!(
                "{GREEN}{word:<6}{RESET} {BOLD}{}{RESET}  {DIM}{}{RESET}\n",
                shown(&known.title),
                known.id
            );
            text.push_str(&field(&format!("line {}", candidate.nth), &candidate.line));
            text.push_str(&known.fix.as_deref().map(|fix| field("fix", fix)).unwrap_or_default());
            text.push_str(&field("more", &self.page(known)));
            data(text.trim_end_matches('\n'));
        }
        for distinction in self.distinctions() {
            data(&format!("{BOLD}{} or {}{RESET}", distinction.ids[0], distinction.ids[1]));
            data(field("tell", distinction.tell).trim_end_matches('\n'));
            distinction
                .verifier
                .iter()
                .for_each(|command| data(field("check", command).trim_end_matches('\n')));
        }
    }

    /// `diagnose/1`. Keys are relied on; they are only added to.
    pub fn json(&self) -> String {
        let candidate = |candidate: &Candidate| {
            let known = self.known(candidate);
            json!({
                "id": known.id,
                "title": known.title,
                "url": self.site.map_or_else(|| format!("/{}", known.path), |site| site.join(&known.path)),
                "via": match candidate.via { Via::Signature => "signature", Via::Ranking => "ranking" },
                "confidence": (f64::from(candidate.confidence) * 100.0).round() / 100.0,
                "line": candidate.line,
                "line_number": candidate.nth,
                "fix": known.fix,
            })
        };
        let distinguish = |distinction: Distinction| json!({"ids": distinction.ids, "tell": distinction.tell, "verifier": distinction.verifier});
        let document = json!({
            "schema": "diagnose/1",
            "verdict": self.diagnosis.verdict.name(),
            "candidates": self.diagnosis.candidates.iter().map(candidate).collect::<Vec<_>>(),
            "distinguish": self.distinctions().into_iter().map(distinguish).collect::<Vec<_>>(),
        });
        format!("{document:#}")
    }

    /// For the summary of a job.
    pub fn markdown(&self) -> String {
        if self.diagnosis.verdict == Verdict::None {
            return "No record explains this output.".to_owned();
        }
        let mut text = format!("### Known failure: {}\n", self.diagnosis.verdict.name());
        for candidate in &self.diagnosis.candidates {
            let known = self.known(candidate);
            let title = markdown::text(&known.title);
            let title = match self.site {
                Some(site) => format!("[{title}]({})", site.join(&known.path)),
                None => title,
            };
            text.push_str(&format!("\n- **{title}** ({})\n", known.id));
            text.push_str(&format!("  - line {}: {}\n", candidate.nth, markdown::text(&candidate.line)));
            if let Some(fix) = &known.fix {
                text.push_str(&format!("  - fix: {}\n", markdown::text(fix)));
            }
        }
        for distinction in self.distinctions() {
            let [one, other] = distinction.ids;
            text.push_str(&format!("\n{one} or {other}: {}\n", markdown::text(distinction.tell)));
        }
        text.trim_end().to_owned()
    }

    /// For the log of a job: an annotation for each record.
    pub fn github(&self) -> String {
        if self.diagnosis.verdict == Verdict::None {
            return format!("::notice title=faultbook::{}", github::data(NOTHING));
        }
        let level = if self.diagnosis.verdict == Verdict::Match { "error" } else { "warning" };
        let annotation = |candidate: &Candidate| {
            let known = self.known(candidate);
            let fix = known.fix.as_deref().map(|fix| format!("\nfix: {fix}")).unwrap_or_default();
            let message = format!("line {}: {}{fix}\n{}", candidate.nth, candidate.line, self.page(known));
            let title = format!("{}: {}", self.diagnosis.verdict.name(), known.title);
            format!("::{level} title={}::{}", github::property(&title), github::data(&message))
        };
        self.diagnosis.candidates.iter().map(annotation).collect::<Vec<_>>().join("\n")
    }

    fn known(&self, candidate: &Candidate) -> &'d Known {
        &self.corpus.records[candidate.record]
    }

    fn page(&self, known: &Known) -> String {
        self.site.map_or_else(|| format!("faultbook show {}", known.id), |site| site.join(&known.path))
    }

    /// Where several fit: what their records say tells them apart, and whose check would.
    fn distinctions(&self) -> Vec<Distinction<'d>> {
        let candidates: Vec<&Known> =
            self.diagnosis.candidates.iter().map(|candidate| self.known(candidate)).collect();
        let mut distinctions: Vec<Distinction> = Vec::new();
        for one in &candidates {
            for (id, tell) in &one.confused_with {
                let Some(other) = candidates.iter().find(|other| other.id == *id) else { continue };
                let is_told = |told: &Distinction| {
                    told.ids.contains(&one.id.as_str()) && told.ids.contains(&id.as_str())
                };
                if distinctions.iter().any(is_told) {
                    continue;
                }
                let checked: Vec<&str> = [one, other]
                    .iter()
                    .filter(|known| known.has_check)
                    .map(|known| known.id.as_str())
                    .collect();
                let verifier =
                    (!checked.is_empty()).then(|| format!("faultbook verify {}", checked.join(" ")));
                distinctions.push(Distinction { ids: [&one.id, &other.id], tell, verifier });
            }
        }
        distinctions
    }
}

fn field(name: &str, text: &str) -> String {
    format!("  {DIM}{name:<10}{RESET} {}\n", shown(text))
}
