//! One situation per file under `tests/cases/`, with what must be found written beside it.
//!
//! A note stands on the line of its finding, after `#~`: `error[unknown-key] a record has no key …`. Notes are
//! YAML comments, so the parser passes over them; in a Markdown body they are taken out first, which keeps the
//! lines. The note `#~ line 1: …` is for findings about the whole file. A case without notes must be clean.

use crate::support::{here, project, walk};
use camino::Utf8Path;
use faultbook::Given;
use faultbook::model::Prose;
use faultbook::render::{Html, Setting};
use faultbook::text::{Source, Sources};
use faultbook::verify::{Plan, StateRun, self_test};
use std::collections::BTreeMap;

#[test]
fn every_case_finds_what_its_notes_say() {
    let files = ["parse", "lint"].map(|room| walk(&project().join("tests/cases").join(room))).concat();
    assert!(files.len() >= 20, "the cases are gone");
    let wrong: Vec<String> = files.iter().filter_map(|path| check(path).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(path: &Utf8Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).unwrap();
    let expected = notes(&text);
    let name = if path.file_name() == Some("book.toml") {
        path.file_name().unwrap().to_owned()
    } else {
        format!("content/{}", path.file_name().unwrap())
    };
    let known = Source::from_bytes("content/known-record.yaml".into(), KNOWN.into());
    let sources =
        Sources::new(vec![known, Source::from_bytes(name.clone().into(), without_notes(&text).into_bytes())]);
    let reading = faultbook::inspect(&sources, &Given::default()).unwrap();
    let mut found: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for diagnostic in &reading.found {
        let source = sources.get(diagnostic.span.file);
        assert_eq!(source.path, name, "{path}: a finding in another file: {}", diagnostic.message);
        let (line, _) = source.line_column(diagnostic.span.start);
        let note = format!("{}[{}] {}", diagnostic.level.name(), diagnostic.code.name(), diagnostic.message);
        found.entry(line).or_default().push(note);
    }
    found.values_mut().for_each(|notes| notes.sort());
    if found == expected {
        Ok(())
    } else {
        Err(format!("{path}\n  found    {found:?}\n  expected {expected:?}"))
    }
}

/// A record that links in cases can name.
const KNOWN: &str = include_str!("../golden/known-record.yaml");

fn notes(text: &str) -> BTreeMap<usize, Vec<String>> {
    let mut notes: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        for note in line.split("#~").skip(1).map(str::trim) {
            match note.strip_prefix("line 1: ") {
                Some(note) => notes.entry(1).or_default().push(note.to_owned()),
                None => notes.entry(number).or_default().push(note.to_owned()),
            }
        }
    }
    notes.values_mut().for_each(|notes| notes.sort());
    notes
}

fn without_notes(text: &str) -> String {
    let line = |line: &str| line.split("#~").next().unwrap_or_default().trim_end().to_owned() + "\n";
    text.lines().map(line).collect()
}

/// A case under `verify/` is a whole record; its notes say how each state must come out, in order.
#[test]
fn every_check_comes_out_as_its_notes_say() {
    let files = walk(&project().join("tests/cases/verify"));
    let files = files.into_iter().map(|path| (std::fs::read_to_string(&path).unwrap(), path));
    // Those in the long form are read in `verifier.rs`.
    let files: Vec<_> = files.filter(|(text, _)| !text.contains("\nverify:\n")).collect();
    assert!(files.len() >= 5, "the cases are gone");
    for (text, path) in files {
        let expected: Vec<String> =
            text.lines().filter_map(|line| line.strip_prefix("#~ ")).map(str::to_owned).collect();
        assert_eq!(cells(&path, &text), expected, "in {path}");
    }
}

fn cells(path: &Utf8Path, text: &str) -> Vec<String> {
    let name = Utf8Path::new("content").join(path.file_name().unwrap());
    let reading = faultbook::read(&Sources::single(&name, text), &Given::default());
    assert_eq!(reading.found, [], "in {path}");
    let plan = Plan::of(reading.book.records.values().next().unwrap()).unwrap();
    let states = self_test(&plan, &here()).unwrap();
    let cell = |state: &StateRun| {
        let cell = state.outcome(&plan.check);
        let verdict = cell.verdict.map_or("not executed", |verdict| verdict.name());
        let reason = cell.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{} {verdict}{reason}", cell.name)
    };
    states.iter().map(cell).collect()
}

/// A case under `highlight/` is a language, code, a line `---`, and the HTML that it becomes.
#[test]
fn code_is_marked_up_as_the_cases_say() {
    let files = walk(&project().join("tests/cases/highlight"));
    assert!(files.len() >= 10, "the cases are gone");
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let (lang, rest) = text.split_once('\n').unwrap();
        let (code, html) = rest.split_once("\n---\n").unwrap();
        let prose = Prose::new(&format!("```{lang}\n{code}\n```"));
        let found = Html::of(&prose, Setting::plain(""));
        let wanted =
            format!("<pre tabindex=\"0\"><code>{}</code></pre>", html.strip_suffix('\n').unwrap_or(html));
        assert_eq!(
            found.as_str().replace("\n</code>", "</code>").replace("\n</span></code>", "</span></code>"),
            wanted.replace("\n</span></code>", "</span></code>"),
            "in {path}"
        );
    }
}
