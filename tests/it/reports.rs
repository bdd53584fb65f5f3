//! What outcomes of checks become: every format keeps its own specification, whatever a stranger writes in a record.

use crate::schema::broken;
use crate::support::{Scratch, golden_book};
use faultbook::cli::Exit;
use faultbook::cli::{ExitStyle, FailOn, ReportFormat, RunContext, exit_of, outcomes, styled, worst};
use faultbook::model::{CellName, Fact, RecordId, SiteUrl, Verdict};
use faultbook::verify::{CellOutcome, Claims, Evidence, Level, Mode, Outcome, StepOutcome};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const ALL: [ReportFormat; 8] = [
    ReportFormat::Human,
    ReportFormat::Json,
    ReportFormat::Jsonl,
    ReportFormat::Junit,
    ReportFormat::Tap,
    ReportFormat::Sarif,
    ReportFormat::Github,
    ReportFormat::Md,
];

/// What a stranger may write where a text is expected.
const HOSTILE: [&str; 22] = [
    "]]>",
    "\u{1b}[31mred",
    "\u{9b}31mred",
    "::error::title=x",
    "a\n::error::b",
    "a\r\nb",
    "%0A::error::b",
    "\"'",
    "a\0b",
    "<script>&amp;</script>",
    "--><!-- a -->",
    "a # SKIP all",
    "a\\# SKIP all",
    "ok 7 - more",
    "a\n...\nnot ok 8",
    "Bail out!",
    "a | b | c",
    "[a](javascript:b)",
    "`a` **b** ![c](d)",
    "\u{fffe}\u{ffff}\u{7f}\u{202e}",
    "a,b:c=d;e",
    "\u{8}\u{b}\u{c}\t",
];

fn outcome(id: &str, verdict: Verdict, text: &str) -> Outcome {
    let evidence = vec![Evidence { path: format!("a/{text}"), line: Some(5) }];
    let took = Duration::from_millis(2);
    let step = |id: &str, fact, reason: Option<&str>, evidence| StepOutcome {
        id: id.to_owned(),
        fact,
        reason: reason.map(str::to_owned),
        evidence,
        took,
    };
    Outcome {
        id: RecordId::parse(id).unwrap(),
        title: format!("title {text}"),
        tags: vec![format!("tag {text}"), "z".to_owned()],
        digest: format!("sha256:{}", "0".repeat(64)),
        mode: Mode::Detect,
        verdict,
        reason: Some(format!("reason {text}")),
        witnessed: false,
        steps: vec![
            step("seen", Fact::True, None, evidence),
            step("gone", Fact::False, None, Vec::new()),
            step("unclear", Fact::Unknown, Some(text), Vec::new()),
        ],
        cells: Vec::new(),
        mutants: None,
        tools: BTreeMap::from([("tool".to_owned(), text.to_owned())]),
        claims: Claims { notes: vec![format!("note {text}")], ..Claims::default() },
        took,
    }
}

fn cell(name: CellName, verdict: Option<Verdict>, expected: Verdict, text: &str) -> CellOutcome {
    CellOutcome {
        name,
        verdict,
        expected: vec![expected],
        level: Level::Recorded,
        reason: Some(format!("reason {text}")),
        output: text.to_owned(),
        took: Duration::from_millis(1500),
    }
}

fn self_test(id: &str, text: &str) -> Outcome {
    let mut outcome = outcome(id, Verdict::Error, text);
    outcome.mode = Mode::SelfTest;
    outcome.steps.clear();
    outcome.cells = vec![
        cell(CellName::Broken, Some(Verdict::Present), Verdict::Present, text),
        cell(CellName::Fixed, Some(Verdict::Masked), Verdict::Fixed, text),
        cell(CellName::WrongFix(text.to_owned()), None, Verdict::Present, text),
    ];
    outcome
}

/// A record of each verdict, and a self-test with a state that passed, one that failed, and one that was not run.
fn every(text: &str) -> Vec<Outcome> {
    let of = |verdict: Verdict| verdict.name().to_lowercase().replace('_', "-");
    let mut all: Vec<Outcome> =
        Verdict::ALL.iter().map(|(verdict, _)| outcome(&of(*verdict), *verdict, text)).collect();
    all.push(self_test("tested", text));
    all
}

fn context(site_url: Option<&SiteUrl>) -> RunContext<'_> {
    RunContext {
        tool_version: "0.1.0",
        os: "linux",
        arch: "x86_64",
        started: Some("2026-09-12T10:11:12Z"),
        site_url,
        subject: "",
        hide_passes: false,
    }
}

fn report(format: ReportFormat, all: &[Outcome]) -> String {
    let site = SiteUrl::parse("https://faultbook.example/").unwrap();
    outcomes(format, all, &context(Some(&site)))
}

/// Without the colours that we put in ourselves.
fn plain(text: &str) -> String {
    ["\x1b[1;31m", "\x1b[1;32m", "\x1b[1m", "\x1b[2m", "\x1b[0m"]
        .iter()
        .fold(text.to_owned(), |text, colour| text.replace(colour, ""))
}

#[test]
fn people_read_the_verdict_and_what_it_rests_on() {
    let mut all = every("x");
    all[0].steps[0].evidence =
        (1..8).map(|line| Evidence { path: "ci.yml".to_owned(), line: Some(line) }).collect();
    all.truncate(7);
    insta::assert_snapshot!(plain(&outcomes(ReportFormat::Human, &all, &context(None))), @"
    PRESENT      present                          reason x
      because    seen                             ci.yml:1, ci.yml:2, ci.yml:3, ci.yml:4, ci.yml:5, and 2 more
      not shown  unclear                          x
      page       /f/present/
    FIXED        fixed                            reason x
    MASKED       masked                           reason x
      because    seen                             a/x:5
      not shown  unclear                          x
      page       /f/masked/
    INCOMPLETE   incomplete                       reason x
      because    seen                             a/x:5
      not shown  unclear                          x
      page       /f/incomplete/
    CANNOT_TELL  cannot-tell                      reason x
    ABSENT       absent                           reason x
    NOT_FIXED    not-fixed                        reason x
      because    seen                             a/x:5
      not shown  unclear                          x
      page       /f/not-fixed/
    sandbox    note x
    ");
    let mut fixed = outcome("a", Verdict::Fixed, "x");
    fixed.reason = None;
    fixed.mode = Mode::Repair;
    fixed.claims.notes.clear();
    let said = |outcome: &Outcome| plain(&report(ReportFormat::Human, std::slice::from_ref(outcome)));
    assert!(said(&fixed).ends_with("fixed now; not seen broken here"));
    fixed.witnessed = true;
    assert_eq!(said(&fixed), "FIXED        a");
    let mut tested = self_test("tested", "x");
    tested.claims.notes.clear();
    assert_eq!(said(&tested), "1 record, 2 states executed, 1 not executed, 1 not as expected");
}

#[test]
fn a_summary_and_annotations_and_tests_name_each_record() {
    let all = every("x");
    let all = [&all[0], &all[1], &all[2], &all[4], &all[7], &all[8]].map(Clone::clone);
    insta::assert_snapshot!(report(ReportFormat::Md, &all), @r#"
    | record | verdict | where |
    | --- | --- | --- |
    | [present](https://faultbook.example/f/present/): title x | PRESENT\: reason x | a/x\:5 |
    | [fixed](https://faultbook.example/f/fixed/): title x | FIXED\: reason x | a/x\:5 |
    | [masked](https://faultbook.example/f/masked/): title x | MASKED\: reason x | a/x\:5 |
    | [cannot-tell](https://faultbook.example/f/cannot-tell/): title x | CANNOT\_TELL\: reason x | a/x\:5 |
    | [error](https://faultbook.example/f/error/): title x | ERROR\: reason x | a/x\:5 |
    | [tested](https://faultbook.example/f/tested/) broken: title x | PRESENT\: reason x |  |
    | [tested](https://faultbook.example/f/tested/) fixed: title x | MASKED, expected FIXED\: reason x |  |
    | [tested](https://faultbook.example/f/tested/) wrong-fix/x: title x | not executed\: reason x |  |
    "#);
    insta::assert_snapshot!(report(ReportFormat::Github, &all), @"
    ::error file=a/x,line=5,title=present::PRESENT: reason x. title x (https://faultbook.example/f/present/)
    ::warning file=a/x,line=5,title=masked::MASKED: reason x. title x (https://faultbook.example/f/masked/)
    ::notice file=a/x,line=5,title=cannot-tell::CANNOT_TELL: reason x. title x (https://faultbook.example/f/cannot-tell/)
    ::error file=a/x,line=5,title=error::ERROR: reason x. title x (https://faultbook.example/f/error/)
    ::error title=tested fixed::MASKED, expected FIXED: reason x. title x (https://faultbook.example/f/tested/)
    ::notice title=tested wrong-fix/x::not executed: reason x. title x (https://faultbook.example/f/tested/)
    ");
    insta::assert_snapshot!(report(ReportFormat::Tap, &all), @r#"
    TAP version 14
    1..8
    not ok 1 - present
      ---
      message: "PRESENT: reason x"
      title: "title x"
      at: ["a/x:5"]
      page: "https://faultbook.example/f/present/"
      duration_ms: 2
      ...
    ok 2 - fixed
    not ok 3 - masked
      ---
      message: "MASKED: reason x"
      title: "title x"
      at: ["a/x:5"]
      page: "https://faultbook.example/f/masked/"
      duration_ms: 2
      ...
    ok 4 - cannot-tell # SKIP reason x
    not ok 5 - error # ERROR reason x
      ---
      message: "ERROR: reason x"
      title: "title x"
      at: ["a/x:5"]
      page: "https://faultbook.example/f/error/"
      duration_ms: 2
      ...
    ok 6 - tested broken
    not ok 7 - tested fixed
      ---
      message: "MASKED, expected FIXED: reason x"
      title: "title x"
      at: []
      page: "https://faultbook.example/f/tested/"
      duration_ms: 1500
      ...
    ok 8 - tested wrong-fix/x # SKIP reason x
    "#);
}

/// The text of a record must change what is said, never how many things are said.
#[test]
fn hostile_text_stays_text_in_every_format() {
    let lines = |format, text: &str| report(format, &every(text)).lines().count();
    for text in HOSTILE {
        let all = every(text);
        for format in ALL {
            let written = plain(&report(format, &all));
            let hidden = |c: &char| *c == '\u{202e}' || (c.is_control() && !"\n\t".contains(*c));
            let control = written.chars().find(hidden).filter(|_| format != ReportFormat::Junit);
            assert_eq!(control, None, "{format:?} {text:?}");
            assert_eq!(lines(format, text), lines(format, "harmless"), "{format:?} {text:?}");
        }
        let json: Value = serde_json::from_str(&report(ReportFormat::Json, &all)).unwrap();
        let record = &json["records"][0];
        assert_eq!(record["reason"], format!("reason {text}"));
        assert_eq!(record["steps"][0]["evidence"][0], json!({"path": format!("a/{text}"), "line": 5}));
        check_junit(&report(ReportFormat::Junit, &all), &all);
        check_tap(&report(ReportFormat::Tap, &all), &all);
        check_sarif(&report(ReportFormat::Sarif, &all));
        check_github(&report(ReportFormat::Github, &all), text);
        for row in report(ReportFormat::Md, &all).lines() {
            let written = unescaped(row);
            assert_eq!(written.matches('|').count(), 4, "{row}");
            assert!(!written.contains(['<', '`', '*', '!']) && !written.contains("](j"), "{row}");
        }
    }
}

/// What Markdown takes for its own: all but what a backslash stands before.
fn unescaped(text: &str) -> String {
    let mut left = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            c => left.push(c),
        }
    }
    left
}

#[test]
fn no_outcome_is_a_report_too() {
    insta::assert_snapshot!(report(ReportFormat::Tap, &[]), @"
    TAP version 14
    1..0
    ");
    check_junit(&report(ReportFormat::Junit, &[]), &[]);
    check_sarif(&report(ReportFormat::Sarif, &[]));
    assert_eq!(report(ReportFormat::Human, &[]), "");
    assert_eq!(report(ReportFormat::Github, &[]), "");
    assert_eq!(report(ReportFormat::Jsonl, &[]), "");
}

// JUnit: https://github.com/testmoapp/junitxml and the XML 1.0 grammar, as far as it is used.

#[derive(Debug)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Element>,
}

impl Element {
    fn number(&self, name: &str) -> usize {
        self.attributes[name].parse().unwrap()
    }

    fn all<'e>(&'e self, name: &str, found: &mut Vec<&'e Element>) {
        found.extend(self.children.iter().filter(|child| child.name == name));
        self.children.iter().for_each(|child| child.all(name, found));
    }
}

/// Reads one element, and panics where XML 1.0 would not have it.
fn element(text: &str) -> (Element, &str) {
    let (tag, mut rest) = text.strip_prefix('<').unwrap().split_once('>').unwrap();
    let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
    let (name, mut written) = tag.split_once(' ').unwrap_or((tag, ""));
    assert!(name.chars().all(|c| c.is_ascii_lowercase()), "{name}");
    let mut attributes = BTreeMap::new();
    while !written.is_empty() {
        let (key, after) = written.split_once("=\"").unwrap();
        let (value, after) = after.split_once('"').unwrap();
        assert!(key.trim().chars().all(|c| c.is_ascii_lowercase()), "{key}");
        assert!(attributes.insert(key.trim().to_owned(), value_of(value)).is_none(), "{key} twice");
        written = after;
    }
    let mut children = Vec::new();
    let end = format!("</{name}>");
    loop {
        if is_empty {
            break;
        }
        let (content, after) = rest.split_at(rest.find('<').unwrap());
        value_of(content);
        if let Some(after) = after.strip_prefix(&end) {
            rest = after;
            break;
        }
        let (child, after) = element(after);
        children.push(child);
        rest = after;
    }
    (Element { name: name.to_owned(), attributes, children }, rest)
}

/// Character data, in which only the five entities are known.
fn value_of(text: &str) -> String {
    assert!(!text.contains(['<', '>', '"', '\'']), "{text}");
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(allowed), "{text:?}");
    let mut parts = text.split('&');
    let mut value = parts.next().unwrap().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').unwrap();
        let known = [("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'")];
        value.push_str(known.iter().find(|(name, _)| *name == entity).unwrap().1);
        value.push_str(rest);
    }
    value
}

#[track_caller]
fn check_junit(text: &str, all: &[Outcome]) {
    let text = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    let (root, rest) = element(text);
    assert_eq!((root.name.as_str(), rest), ("testsuites", ""));
    assert!(
        root.children.iter().all(|suite| suite.name == "testsuite" && suite.attributes.contains_key("name"))
    );
    let n_cases: usize = all.iter().map(|outcome| outcome.cells.len().max(1)).sum();
    assert_eq!(root.number("tests"), n_cases);
    for sums in root.children.iter().chain([&root]) {
        let count = |name| {
            let mut found = Vec::new();
            sums.all(name, &mut found);
            found.len()
        };
        assert_eq!(sums.number("tests"), count("testcase"));
        assert_eq!(sums.number("failures"), count("failure"));
        assert_eq!(sums.number("errors"), count("error"));
        assert_eq!(sums.number("skipped"), count("skipped"));
    }
    let mut cases = Vec::new();
    root.all("testcase", &mut cases);
    for case in cases {
        for name in ["name", "classname", "time"] {
            assert!(!case.attributes[name].is_empty(), "{case:?}");
        }
        assert!(case.attributes["time"].parse::<f64>().unwrap() >= 0.0);
        assert!(case.children.len() <= 1, "{case:?}");
        for child in &case.children {
            assert!(child.attributes.contains_key("message"), "{child:?}");
            assert!(child.name == "skipped" || child.attributes.contains_key("type"), "{child:?}");
        }
    }
}

#[test]
fn junit_has_a_suite_per_tag_and_every_verdict_in_its_place() {
    let mut all = every("x");
    all[1].tags.clear();
    let text = report(ReportFormat::Junit, &all);
    check_junit(&text, &all);
    let (root, _) = element(text.split_once('\n').unwrap().1);
    let suites: Vec<(&str, usize)> =
        root.children.iter().map(|suite| (suite.attributes["name"].as_str(), suite.children.len())).collect();
    assert_eq!(suites, [("tag x", 10), ("untagged", 1)]);
    let mut cases = Vec::new();
    root.all("testcase", &mut cases);
    type Came<'c> = Option<(&'c str, Option<&'c str>)>;
    let came: BTreeMap<(&str, &str), Came> = cases
        .iter()
        .map(|case| {
            let child = case.children.first();
            let came =
                child.map(|child| (child.name.as_str(), child.attributes.get("type").map(String::as_str)));
            ((case.attributes["classname"].as_str(), case.attributes["name"].as_str()), came)
        })
        .collect();
    let record = |name, came| (("faultbook", name), came);
    let state = |name, came| (("tested", name), came);
    let expected = BTreeMap::from([
        record("absent", None),
        record("cannot-tell", Some(("skipped", None))),
        record("error", Some(("error", Some("error")))),
        record("fixed", None),
        record("incomplete", Some(("failure", Some("masked")))),
        record("masked", Some(("failure", Some("masked")))),
        record("not-fixed", Some(("failure", Some("present")))),
        record("present", Some(("failure", Some("present")))),
        state("broken", None),
        state("fixed", Some(("failure", Some("self-test")))),
        state("wrong-fix/x", Some(("skipped", None))),
    ]);
    assert_eq!(came, expected);
}

// TAP 14: https://testanything.org/tap-version-14-specification.html

#[track_caller]
fn check_tap(text: &str, all: &[Outcome]) {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("TAP version 14"));
    let n_cases: usize = all.iter().map(|outcome| outcome.cells.len().max(1)).sum();
    assert_eq!(lines.next().unwrap(), format!("1..{n_cases}"));
    let mut nth = 0;
    let mut in_yaml = false;
    let mut n_skipped = 0;
    for line in lines {
        match line {
            "  ---" => in_yaml = true,
            "  ..." => in_yaml = false,
            line if in_yaml => {
                let (key, value) = line.strip_prefix("  ").unwrap().split_once(": ").unwrap();
                assert!(["message", "title", "at", "page", "duration_ms"].contains(&key), "{line}");
                serde_json::from_str::<Value>(value).unwrap();
            }
            line => {
                nth += 1;
                let rest = line.strip_prefix("not ").unwrap_or(line);
                let rest = rest.strip_prefix(&format!("ok {nth} - ")).unwrap();
                let directive = rest.replace("\\\\", "").replace("\\#", "");
                n_skipped += directive.matches("# SKIP ").count();
                assert!(directive.matches('#').count() <= 1, "{line}");
            }
        }
    }
    assert_eq!((nth, in_yaml), (n_cases, false));
    let skipped = |outcome: &Outcome| {
        let not_run = outcome.cells.iter().filter(|cell| cell.verdict.is_none()).count();
        not_run + usize::from(outcome.verdict == Verdict::CannotTell)
    };
    assert_eq!(n_skipped, all.iter().map(skipped).sum::<usize>());
}

// Workflow commands: a line `::name key=value,key=value::message`.

#[track_caller]
fn check_github(text: &str, hostile: &str) {
    for line in text.lines() {
        let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (command, properties) = head.split_once(' ').unwrap();
        assert!(["error", "warning", "notice"].contains(&command), "{line}");
        let keys: Vec<&str> = properties.split(',').map(|one| one.split_once('=').unwrap().0).collect();
        assert!([&["file", "line", "title"][..], &["title"]].contains(&keys.as_slice()), "{line}");
        let unescaped = message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
        let is_hidden = |c: char| c == '\u{202e}' || (c.is_control() && !"\r\n\t".contains(c));
        let shown = |c: char| if is_hidden(c) { '␦' } else { c };
        let title: String = format!("title {hostile}").chars().map(shown).collect();
        assert!(unescaped.contains(&title), "{line}");
    }
}

// SARIF 2.1.0, as far as we write it: https://docs.oasis-open.org/sarif/sarif/v2.1.0/

fn sarif_schema() -> Value {
    let message = json!({"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}});
    let uri = json!({"type": "string", "pattern": "^https?://[^ ]+$"});
    let location = json!({"type": "object", "required": ["physicalLocation"], "properties": {"physicalLocation": {
        "type": "object",
        "required": ["artifactLocation"],
        "additionalProperties": false,
        "properties": {
            "artifactLocation": {
                "type": "object",
                "required": ["uri"],
                "properties": {"uri": {"type": "string", "pattern": "^([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"}},
            },
            "region": {"type": "object", "properties": {"startLine": {"type": "integer", "minimum": 1}}},
        },
    }}});
    let rule = json!({
        "type": "object",
        "required": ["id"],
        "additionalProperties": false,
        "properties": {
            "id": {"type": "string"},
            "shortDescription": message,
            "helpUri": uri,
            "properties": {"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}}}},
        },
    });
    let result = json!({
        "type": "object",
        "required": ["message", "ruleId"],
        "additionalProperties": false,
        "properties": {
            "ruleId": {"type": "string"},
            "ruleIndex": {"type": "integer", "minimum": 0},
            "kind": {"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
            "level": {"enum": ["none", "note", "warning", "error"]},
            "message": message,
            "locations": {"type": "array", "items": location},
            "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    });
    let notification = json!({
        "type": "object",
        "required": ["message"],
        "additionalProperties": false,
        "properties": {
            "message": message,
            "level": {"enum": ["none", "note", "warning", "error"]},
            "associatedRule": {"type": "object", "properties": {"index": {"type": "integer", "minimum": 0}}},
        },
    });
    let driver = json!({
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": {"type": "string"},
            "version": {"type": "string"},
            "informationUri": uri,
            "rules": {"type": "array", "items": rule},
        },
    });
    let invocation = json!({
        "type": "object",
        "required": ["executionSuccessful"],
        "additionalProperties": false,
        "properties": {
            "executionSuccessful": {"type": "boolean"},
            "toolExecutionNotifications": {"type": "array", "items": notification},
        },
    });
    let run = json!({
        "type": "object",
        "required": ["tool"],
        "additionalProperties": false,
        "properties": {
            "tool": {"type": "object", "required": ["driver"], "properties": {"driver": driver}},
            "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            "invocations": {"type": "array", "items": invocation},
            "results": {"type": "array", "items": result},
        },
    });
    json!({
        "type": "object",
        "required": ["version", "runs"],
        "additionalProperties": false,
        "properties": {
            "$schema": uri,
            "version": {"enum": ["2.1.0"]},
            "runs": {"type": "array", "items": run},
        },
    })
}

#[track_caller]
fn check_sarif(text: &str) {
    let log: Value = serde_json::from_str(text).unwrap();
    assert_eq!(broken(&sarif_schema(), &log), None);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], result["ruleId"]);
        // 3.27.10: a result that is no failure has no level.
        assert_eq!(result["kind"] != "fail", result["level"] == "none", "{result}");
        for location in result["locations"].as_array().unwrap() {
            let uri = location["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.starts_with('/'), "{uri}");
        }
    }
}

#[test]
fn sarif_tells_what_a_run_came_to() {
    let mut all = every("x");
    all[4].reason = Some("missing-tool: docker".to_owned());
    let text = report(ReportFormat::Sarif, &all);
    let log: Value = serde_json::from_str(&text).unwrap();
    let run = &log["runs"][0];
    let kinds: Vec<(&str, &str, &str)> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| ["ruleId", "kind", "level"].map(|key| result[key].as_str().unwrap()).into())
        .collect();
    let expected = [
        ("present", "fail", "error"),
        ("fixed", "pass", "none"),
        ("masked", "fail", "warning"),
        ("incomplete", "fail", "warning"),
        ("cannot-tell", "notApplicable", "none"),
        ("absent", "pass", "none"),
        ("not-fixed", "fail", "error"),
        ("tested", "pass", "none"),
        ("tested", "fail", "error"),
        ("tested", "open", "none"),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(run["tool"]["driver"]["rules"][0]["helpUri"], "https://faultbook.example/f/present/");
    assert_eq!(run["tool"]["driver"]["informationUri"], "https://faultbook.example/");
    all.retain(|outcome| outcome.verdict != Verdict::Error);
    let context = RunContext { hide_passes: true, subject: "sub/", ..context(None) };
    let log: Value = serde_json::from_str(&outcomes(ReportFormat::Sarif, &all, &context)).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    assert_eq!(run["tool"]["driver"]["rules"][0].get("helpUri"), None);
    assert!(run["results"].as_array().unwrap().iter().all(|result| result["kind"] != "pass"));
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place, &json!({"artifactLocation": {"uri": "sub/a/x"}, "region": {"startLine": 5}}));
}

#[test]
fn results_follow_their_own_schema() {
    let schema = Scratch::copy_of(&golden_book()).run(&["schema", "result"]);
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    let all = every("x");
    let document: Value = serde_json::from_str(&report(ReportFormat::Json, &all)).unwrap();
    assert_eq!(broken(&schema, &document), None);
    let lines = report(ReportFormat::Jsonl, &all);
    assert_eq!(lines.lines().count(), all.len());
    for (line, outcome) in lines.lines().zip(&all) {
        let mut record: Value = serde_json::from_str(line).unwrap();
        assert_eq!(broken(&schema, &record), None, "{line}");
        assert_eq!(record["id"], outcome.id.as_str());
        record["verdict"] = json!("GONE");
        assert!(broken(&schema, &record).is_some(), "{line}");
    }
    insta::assert_snapshot!(format!("{:#}", document["records"][0]), @r#"
    {
      "schema": "verify-result/1",
      "id": "present",
      "digest": "sha256:0000000000000000000000000000000000000000000000000000000000000000",
      "verdict": "PRESENT",
      "mode": "detect",
      "reason": "reason x",
      "witnessed": false,
      "steps": [
        {
          "id": "seen",
          "value": "true",
          "ms": 2,
          "evidence": [
            {
              "path": "a/x",
              "line": 5
            }
          ]
        },
        {
          "id": "gone",
          "value": "false",
          "ms": 2
        },
        {
          "id": "unclear",
          "value": "unknown",
          "ms": 2,
          "reason": "x"
        }
      ],
      "sandbox": {
        "fs_write": "",
        "fs_read": "",
        "network": "",
        "signals": "",
        "limits": "",
        "kill": "",
        "notes": [
          "note x"
        ]
      },
      "tools": {
        "tool": "x"
      },
      "os": "linux",
      "arch": "x86_64",
      "tool_version": "0.1.0",
      "started": "2026-09-12T10:11:12Z",
      "ms": 2,
      "page": "https://faultbook.example/f/present/"
    }
    "#);
    insta::assert_snapshot!(format!("{:#}", document["records"][8]["cells"][1]), @r#"
    {
      "state": "fixed",
      "verdict": "MASKED",
      "as_expected": false,
      "expected": [
        "FIXED"
      ],
      "level": "recorded",
      "reason": "reason x",
      "ms": 1500
    }
    "#);
}

/// One letter an exit: what is worse stands before.
#[test]
fn the_worst_exit_wins() {
    let order = [2, 3, 5, 6, 1, 4, 77, 0];
    let exits = [
        Exit::Clean,
        Exit::Findings,
        Exit::Usage,
        Exit::Failed,
        Exit::NotRepaired,
        Exit::Refused,
        Exit::SelfTest,
        Exit::CannotTell,
    ];
    let exit = |code: i32| *exits.iter().find(|exit| **exit as i32 == code).unwrap();
    for (nth, one) in order.iter().enumerate() {
        for other in &order[nth..] {
            assert_eq!(worst([exit(*other), exit(*one)]) as i32, *one);
            assert_eq!(worst([exit(*one), exit(*other)]) as i32, *one);
        }
    }
    assert_eq!(worst([]), Exit::Clean);
    assert_eq!(worst([Exit::Usage, Exit::Interrupted]) as i32, 130);
}

#[test]
fn verdicts_have_exit_codes() {
    let untrusted = || {
        let mut outcome = outcome("a", Verdict::CannotTell, "x");
        outcome.reason = Some("untrusted: needs `network`".to_owned());
        outcome.steps.clear();
        outcome
    };
    let of = |verdict| outcome("a", verdict, "x");
    let tested = |verdict| Outcome { verdict, ..self_test("a", "x") };
    let started = Outcome { reason: Some("sandbox-unavailable".to_owned()), ..of(Verdict::CannotTell) };
    use FailOn::{CannotTell, Error, Incomplete, Masked, Present, Untrusted};
    type Row = (Vec<Outcome>, Option<Vec<FailOn>>, i32, i32);
    let rows: Vec<Row> = vec![
        (vec![], None, 0, 0),
        (vec![of(Verdict::Absent), of(Verdict::Fixed)], None, 0, 0),
        (vec![of(Verdict::Present)], None, 1, 1),
        (vec![of(Verdict::NotFixed)], None, 1, 1),
        (vec![of(Verdict::Masked)], None, 4, 4),
        (vec![of(Verdict::Incomplete)], None, 4, 4),
        (vec![of(Verdict::CannotTell)], None, 77, 125),
        (vec![of(Verdict::Error)], None, 3, 128),
        (vec![untrusted()], None, 5, 128),
        (vec![started.clone()], None, 77, 125),
        (vec![tested(Verdict::Fixed)], None, 0, 0),
        (vec![tested(Verdict::Error)], None, 6, 128),
        (vec![of(Verdict::Absent), of(Verdict::CannotTell), of(Verdict::Masked)], None, 4, 4),
        (vec![of(Verdict::Present), untrusted(), of(Verdict::Masked)], None, 5, 128),
        (vec![of(Verdict::Present), of(Verdict::Masked)], Some(vec![Masked]), 4, 4),
        (vec![of(Verdict::Present), of(Verdict::Masked)], Some(vec![Incomplete, Error]), 0, 0),
        (vec![of(Verdict::NotFixed), of(Verdict::CannotTell)], Some(vec![Present]), 1, 1),
        (vec![of(Verdict::Absent), of(Verdict::CannotTell)], Some(vec![CannotTell]), 77, 125),
        (vec![untrusted(), of(Verdict::CannotTell)], Some(vec![CannotTell]), 77, 125),
        (vec![untrusted(), of(Verdict::CannotTell)], Some(vec![Untrusted]), 5, 128),
        (vec![of(Verdict::Error), of(Verdict::Present)], Some(vec![Present]), 1, 1),
        (vec![tested(Verdict::Error)], Some(vec![]), 6, 128),
    ];
    for (all, fail_on, usual, bisect) in rows {
        let shown: Vec<Verdict> = all.iter().map(|outcome| outcome.verdict).collect();
        let exit = |style| exit_of(&all, fail_on.as_deref(), style) as i32;
        assert_eq!(exit(ExitStyle::Usual), usual, "{shown:?} {fail_on:?}");
        assert_eq!(exit(ExitStyle::Bisect), bisect, "{shown:?} {fail_on:?}");
    }
    assert_eq!(styled(Exit::Usage, ExitStyle::Bisect), Exit::Stop);
}
