//! One record on a terminal: what a reader in a hurry needs stands first.

use super::prose::{Area, fill, prose, verbatim};
use super::{BOLD, DIM, GREEN, RED, RESET, data, shown, width};
use crate::model::{
    CellName, Citation, Confusion, Facet, OtherFix, Proof, ProofState, Prose, Record, RecordId, Status, Step,
    WrongFix,
};

/// Prints a record and what is known of its check.
pub fn record(record: &Record, proof: &Proof) {
    let area = Area { indent: 0, width: width::prose() };
    let mut page = Page { area, lines: Vec::new() };
    page.head(record, proof);
    page.optional("First, stop the bleeding", record.mitigation.as_ref());
    page.quick_fix(record);
    page.do_not(record, proof);
    page.prose("Symptom", &record.symptom);
    page.section("Is it this one?", &record.related.confused_with, Page::confusion);
    page.optional("Root cause", record.root_cause.as_ref());
    page.optional("Why this happens", record.why.as_ref());
    page.section("Other fixes", &record.other_fixes, Page::other_fix);
    page.verification(record);
    page.related(record);
    page.section("Sources", &record.sources, Page::source);
    data(&page.lines.join("\n"));
}

struct Page {
    area: Area,
    lines: Vec<String>,
}

impl Page {
    fn head(&mut self, record: &Record, proof: &Proof) {
        for line in fill(&shown(&record.title), "", self.area) {
            self.lines.push(format!("{BOLD}{line}{RESET}"));
        }
        let mut facts: Vec<String> = vec![record.id.to_string()];
        facts.extend(Facet::ALL.iter().flat_map(|facet| facet.values(record)).map(shown));
        facts.extend(record.severity.as_deref().map(shown));
        self.dim(&facts.join(" · "));
        let day = record.changed().map(|day| format!(" · changed {day}")).unwrap_or_default();
        let (colour, known) = check(proof);
        for line in fill(&format!("{known}{day}"), "", self.area) {
            self.lines.push(format!("{colour}{line}{RESET}"));
        }
        self.status(&record.status);
    }

    fn status(&mut self, status: &Status) {
        let (word, retired) = match status {
            Status::Published => return,
            Status::Draft { missing } if missing.is_empty() => ("a draft".to_owned(), None),
            Status::Draft { missing } => (format!("a draft: it lacks {}", missing.join(", ")), None),
            Status::Open => ("open: no repair is known yet".to_owned(), None),
            Status::Deprecated(retired) => ("deprecated".to_owned(), Some(retired)),
            Status::Withdrawn(retired) => ("withdrawn".to_owned(), Some(retired)),
        };
        self.lines.push(String::new());
        for line in fill(&format!("This record is {word}."), "", self.area) {
            self.lines.push(format!("{RED}{line}{RESET}"));
        }
        let Some(retired) = retired else { return };
        self.lines.extend(prose(&retired.reason, self.area));
        if let Some(id) = &retired.see_instead {
            self.lines.push(format!("Read instead: faultbook show {id}"));
        }
    }

    fn heading(&mut self, title: &str) {
        self.lines.push(format!("\n{BOLD}{title}{RESET}"));
    }

    fn dim(&mut self, text: &str) {
        self.lines.extend(fill(text, "", self.area).into_iter().map(|line| format!("{DIM}{line}{RESET}")));
    }

    fn prose(&mut self, title: &str, text: &Prose) {
        self.heading(title);
        self.lines.extend(prose(text, self.area.deeper(2)));
    }

    fn optional(&mut self, title: &str, text: Option<&Prose>) {
        text.into_iter().for_each(|text| self.prose(title, text));
    }

    fn section<T>(&mut self, title: &str, items: &[T], draw: fn(&mut Page, &T)) {
        if !items.is_empty() {
            self.heading(title);
            items.iter().for_each(|item| draw(self, item));
        }
    }

    fn quick_fix(&mut self, record: &Record) {
        let cause = record.likely_cause();
        if cause.is_none() && record.quick_fix.repair.is_none() && record.fix.is_empty() {
            return;
        }
        self.heading("Quick fix");
        if let Some(cause) = cause {
            self.lines.extend(fill(&shown(&cause), "", self.area.deeper(2)));
        }
        if let Some(repair) = &record.quick_fix.repair {
            self.lines.extend(prose(repair, self.area.deeper(2)));
        }
        self.steps(&record.fix, self.area.deeper(2));
    }

    fn steps(&mut self, steps: &[Step], area: Area) {
        for (nth, step) in (1..).zip(steps) {
            let marker = if steps.len() > 1 { format!("{nth}. ") } else { String::new() };
            let inside = area.deeper(marker.len());
            match &step.text {
                Some(text) => self.marked(&marker, prose(text, inside), area),
                None if marker.is_empty() => {}
                None => self.lines.push(format!("{}{}", " ".repeat(area.indent), marker.trim_end())),
            }
            self.script(step.run.as_deref(), inside.deeper(2));
            self.note("Risk", step.risk.as_ref(), inside);
            if let Some(undo) = &step.undo {
                self.lines.extend(fill("To take it back:", "", inside));
                self.script(Some(undo), inside.deeper(2));
            }
        }
    }

    /// Lines whose first one has a marker in the space before it.
    fn marked(&mut self, marker: &str, mut lines: Vec<String>, area: Area) {
        if let Some(first) = lines.first_mut() {
            let words = first.trim_start();
            *first = format!("{}{marker}{words}", " ".repeat(area.indent));
        }
        self.lines.extend(lines);
    }

    fn script(&mut self, script: Option<&str>, area: Area) {
        for line in script.map(|script| verbatim(script, area)).unwrap_or_default() {
            self.lines.push(format!("{GREEN}{line}{RESET}"));
        }
    }

    fn note(&mut self, name: &str, text: Option<&Prose>, area: Area) {
        if let Some(text) = text {
            let text = Prose::new(&format!("{name}: {}", text.markdown()));
            self.lines.extend(prose(&text, area));
        }
    }

    fn do_not(&mut self, record: &Record, proof: &Proof) {
        let own = &record.quick_fix.do_not;
        if own.is_empty() && record.wrong_fixes.is_empty() {
            return;
        }
        self.heading("Do not try");
        let area = self.area.deeper(2);
        for text in own {
            self.marked(&format!("{RED}✗{RESET} "), prose(text, area.deeper(2)), area);
        }
        record.wrong_fixes.iter().for_each(|fix| self.wrong_fix(fix, proof));
    }

    fn wrong_fix(&mut self, fix: &WrongFix, proof: &Proof) {
        let area = self.area.deeper(2);
        let inside = area.deeper(2);
        let mark = format!("{RED}✗{RESET} ");
        match (&fix.text, &fix.run) {
            (Some(text), run) => {
                self.marked(&mark, prose(text, inside), area);
                self.script(run.as_deref(), inside.deeper(2));
            }
            (None, Some(run)) => self.marked(&mark, verbatim(run, inside), area),
            (None, None) => {}
        }
        if let Some(why) = &fix.why {
            self.lines.extend(prose(why, inside));
        }
        let current = matches!(proof.state, ProofState::Tested | ProofState::Failing);
        let cell = CellName::WrongFix(fix.id.clone());
        if let Some(verdict) = proof.cells.get(&cell).filter(|_| current) {
            let verdict = verdict.name();
            self.lines.push(format!("{}{DIM}run: {verdict}{RESET}", " ".repeat(inside.indent)));
        }
    }

    fn confusion(&mut self, other: &Confusion) {
        let id = other.id.as_ref().map(RecordId::as_str);
        let name = id.or(other.title.as_deref()).map(shown).unwrap_or_default();
        let text = Prose::new(&format!("{name}: {}", other.tell.markdown()));
        let area = self.area.deeper(2);
        self.marked("- ", prose(&text, area.deeper(2)), area);
    }

    fn other_fix(&mut self, other: &OtherFix) {
        let area = self.area.deeper(2);
        self.lines.extend(fill(&shown(&other.title), "", area));
        self.note("When", other.when.as_ref(), area.deeper(2));
        self.steps(&other.steps, area.deeper(2));
        self.note("Price", other.tradeoff.as_ref(), area.deeper(2));
    }

    fn verification(&mut self, record: &Record) {
        let test = record.check.as_ref().filter(|check| check.setup.is_some());
        if record.verification.is_none() && test.is_none() {
            return;
        }
        self.heading("Verification");
        if let Some(text) = &record.verification {
            self.lines.extend(prose(text, self.area.deeper(2)));
        }
        if test.is_some() {
            let command = format!("faultbook verify --self-test {}", record.id);
            self.script(Some(&command), self.area.deeper(4));
        }
    }

    fn related(&mut self, record: &Record) {
        let related = &record.related;
        let kinds = [
            ("leads to", &related.leads_to),
            ("caused by", &related.caused_by),
            ("see also", &related.see_also),
            ("supersedes", &related.supersedes),
        ];
        let kinds: Vec<_> = kinds.into_iter().filter(|(_, ids)| !ids.is_empty()).collect();
        self.section("Related", &kinds, |page, (name, ids)| {
            let ids: Vec<&str> = ids.iter().map(RecordId::as_str).collect();
            page.lines.extend(fill(&ids.join(", "), &format!("{name}: "), page.area.deeper(2)));
        });
    }

    fn source(&mut self, source: &Citation) {
        let read = source.accessed.map(|day| format!("read {day}"));
        let parts = [source.title.clone(), source.publisher.clone(), source.url.clone(), read];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        self.lines.extend(fill(&shown(&parts.join(", ")), "- ", self.area.deeper(2)));
    }
}

/// What is known of a check, and its colour.
fn check(proof: &Proof) -> (&'static str, String) {
    let day = proof.date.map(|day| day.to_string()).unwrap_or_default();
    let platform = proof.platform.as_deref().unwrap_or_default();
    match proof.state {
        ProofState::Tested => (GREEN, format!("✓ {} {day} on {platform}", proof.state.name())),
        ProofState::Failing => (RED, format!("✗ {} {day} on {platform}", proof.state.name())),
        ProofState::Outdated => {
            (DIM, format!("{}: the result of {day} is for earlier commands", proof.state.name()))
        }
        ProofState::Never => (DIM, "never tested".to_owned()),
        ProofState::Untestable => (DIM, "no check".to_owned()),
    }
}
