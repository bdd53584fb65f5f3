//! A diagnosis for people, for programs, and for a job that failed.

use super::{BOLD, DIM, GREEN, RESET, data, shown, talk};
use super::{github, markdown};
use crate::diagnose::{
    Candidate, Corpus, Diagnosis, Distinction, Known, Verdict, Via, distinctions, hundredths,
};
use crate::model::SiteUrl;
use crate::verify::Outcome;
use camino::Utf8Path;
use serde_json::json;

/// Where the pages of records are, for whoever reads a diagnosis.
#[derive(Clone, Copy, Debug)]
pub enum Pages<'d> {
    /// On the web.
    Web(&'d SiteUrl),
    /// In the folder of a built site.
    Folder(&'d Utf8Path),
    /// Behind `show`, where a book was named with it.
    Shown(Option<&'d Utf8Path>),
}

impl Pages<'_> {
    fn of(self, known: &Known) -> String {
        match self {
            Pages::Web(site) => site.join(&known.path),
            Pages::Folder(root) => root.join(&known.path).join("index.html").into_string(),
            Pages::Shown(None) => format!("faultbook show {}", known.id),
            Pages::Shown(Some(book)) => format!("faultbook --book {book} show {}", known.id),
        }
    }
}

/// A diagnosis with what is needed to tell it.
pub struct ToldDiagnosis<'d> {
    diagnosis: &'d Diagnosis,
    corpus: &'d Corpus,
    pages: Pages<'d>,
    /// What the checks of candidates came to, where they were to run.
    checks: Option<&'d [Outcome]>,
}

const NOTHING: &str = "no record explains this output";

impl<'d> ToldDiagnosis<'d> {
    /// One without checks.
    pub fn new(diagnosis: &'d Diagnosis, corpus: &'d Corpus, pages: Pages<'d>) -> ToldDiagnosis<'d> {
        ToldDiagnosis { diagnosis, corpus, pages, checks: None }
    }

    /// The same with what came of the checks.
    pub fn with_checks(self, checks: &'d [Outcome]) -> ToldDiagnosis<'d> {
        ToldDiagnosis { checks: Some(checks), ..self }
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
            text.push_str(&self.check(known).map(|said| field("check", &said)).unwrap_or_default());
            text.push_str(&field("more", &self.pages.of(known)));
            data(text.trim_end_matches('\n'));
        }
        for distinction in distinctions(self.diagnosis, self.corpus) {
            let mut text = format!("{BOLD}{}{RESET}\n", distinction.ids.join(" or "));
            text.push_str(&distinction.tell.map(|tell| field("tell", tell)).unwrap_or_default());
            let command = distinction.verifier();
            text.push_str(&command.map(|command| field("check", &command)).unwrap_or_default());
            data(text.trim_end_matches('\n'));
        }
    }

    /// `diagnose/1`. Keys are relied on; they are only added to.
    pub fn json(&self) -> String {
        let candidate = |candidate: &Candidate| {
            let known = self.known(candidate);
            let url = match self.pages {
                Pages::Web(site) => site.join(&known.path),
                Pages::Folder(_) | Pages::Shown(_) => format!("/{}", known.path),
            };
            let mut entry = json!({
                "id": known.id,
                "title": known.title,
                "url": url,
                "via": match candidate.via { Via::Signature => "signature", Via::Ranking => "ranking" },
                "confidence": hundredths(candidate.confidence),
                "line": candidate.line,
                "line_number": candidate.nth,
                "fix": known.fix,
            });
            if let Some(outcome) = self.outcome(known) {
                let (verdict, reason) = (outcome.verdict.name(), &outcome.reason);
                entry["check"] = json!({"verdict": verdict, "reason": reason, "digest": outcome.digest});
            }
            entry
        };
        let distinguish = |distinction: Distinction| {
            let verifier = distinction.verifier();
            json!({"ids": distinction.ids, "tell": distinction.tell, "verifier": verifier})
        };
        let mut document = json!({
            "schema": "diagnose/1",
            "verdict": self.diagnosis.verdict.name(),
            "candidates": self.diagnosis.candidates.iter().map(candidate).collect::<Vec<_>>(),
            "distinguish": distinctions(self.diagnosis, self.corpus).into_iter().map(distinguish).collect::<Vec<_>>(),
        });
        if let Some(checks) = self.checks {
            let present = checks.iter().filter(|outcome| is_present(outcome));
            document["present"] = present.map(|outcome| outcome.id.as_str()).collect();
        }
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
            let title = match self.pages {
                Pages::Web(site) => format!("[{title}]({})", site.join(&known.path)),
                Pages::Folder(_) | Pages::Shown(_) => title,
            };
            text.push_str(&format!("\n- **{title}** ({})\n", known.id));
            text.push_str(&format!("  - line {}: {}\n", candidate.nth, markdown::text(&candidate.line)));
            if let Some(fix) = &known.fix {
                text.push_str(&format!("  - fix: {}\n", markdown::text(fix)));
            }
            if let Some(said) = self.check(known) {
                text.push_str(&format!("  - check: {}\n", markdown::text(&said)));
            }
        }
        for distinction in distinctions(self.diagnosis, self.corpus) {
            let verifier = distinction.verifier();
            let said = [distinction.tell, verifier.as_deref()].into_iter().flatten().map(markdown::text);
            let said: Vec<String> = said.collect();
            text.push_str(&format!("\n{}: {}\n", distinction.ids.join(" or "), said.join("; ")));
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
            let check = self.check(known).map(|said| format!("\ncheck: {said}")).unwrap_or_default();
            let page = self.pages.of(known);
            let message = format!("line {}: {}{fix}{check}\n{page}", candidate.nth, candidate.line);
            let title = format!("{}: {}", self.diagnosis.verdict.name(), known.title);
            format!("::{level} title={}::{}", github::property(&title), github::data(&message))
        };
        self.diagnosis.candidates.iter().map(annotation).collect::<Vec<_>>().join("\n")
    }

    fn known(&self, candidate: &Candidate) -> &'d Known {
        &self.corpus.records[candidate.record]
    }

    fn outcome(&self, known: &Known) -> Option<&'d Outcome> {
        self.checks?.iter().find(|outcome| outcome.id.as_str() == known.id)
    }

    /// What a candidate's check came to in this folder, in a few words; `None` where none was to run.
    fn check(&self, known: &Known) -> Option<String> {
        let outcome = self.outcome(known)?;
        let verdict = outcome.verdict.name();
        Some(match &outcome.reason {
            Some(reason) => format!("{verdict}: {reason}"),
            None => format!("{verdict} in this folder"),
        })
    }
}

fn is_present(outcome: &Outcome) -> bool {
    outcome.verdict == crate::model::Verdict::Present
}

fn field(name: &str, text: &str) -> String {
    format!("  {DIM}{name:<10}{RESET} {}\n", shown(text))
}
