//! Which record explains a log, and what nobody may make of a log or of a record.

use crate::support::{Scratch, book, faultbook, project, read, transcript, walk};
use faultbook::diagnose::{Corpus, Verdict, diagnose, known, masked};
use faultbook::output::Log;
use faultbook::search::{Index, documents};
use proptest::prelude::*;
use serde_json::Value;
use std::io::Write;
use std::process::{Output, Stdio};

const RENAME: &str = r#"title: the widget has no handle
product: widget
symptom: |
  It stops.

  ```text
  error[W0412]: widget `left` has no handle in /srv/app/shop/left.wdg:12:4
  ```
root_cause: A handle was never attached.
fix: [{text: Attach one., run: widget attach left}]
wrong_fixes: [Wait]
keywords: [widget has no handle]
sources: [seen]
related:
  confused_with: [{id: loose-handle, tell: A loose handle rattles.}]
"#;

const LOOSE: &str = r#"title: the handle of a widget is loose
product: widget
symptom: |
  It rattles.

  ```text
  fatal: the handle of this widget fails to hold a load
  ```
root_cause: A screw is missing.
fix: Turn the screw.
wrong_fixes: [Glue]
keywords: [loose handle]
sources: [seen]
"#;

/// A book as a diagnosis sees it.
fn corpus(book: &faultbook::model::Book) -> Corpus {
    let index = Index::in_memory(&documents(book)).unwrap();
    Corpus::new(&index, known(book)).unwrap()
}

fn widgets() -> Scratch {
    book(&[("content/no-handle/record.yaml", RENAME), ("content/loose-handle/record.yaml", LOOSE)])
}

fn piped(book: &Scratch, args: &[&str], log: impl AsRef<[u8]>) -> Output {
    let mut command = faultbook(book.path(), args);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(log.as_ref()).unwrap();
    child.wait_with_output().unwrap()
}

fn told(book: &Scratch, log: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(&piped(book, &["diagnose", "-f", "json"], log).stdout).unwrap()
}

#[test]
fn another_name_and_another_place_are_the_same_failure() {
    let log = "building\n\x1b[1;31merror[W0412]\x1b[0m: widget `right` has no handle in /srv/me/x/right.wdg:3:9\ndone\n";
    insta::assert_snapshot!(transcript(&piped(&widgets(), &["diagnose"], log)), @"
    exit: 0
    --- stdout
    match  the widget has no handle  no-handle
      line 2     error[W0412]: widget `right` has no handle in /srv/me/x/right.wdg:3:9
      fix        widget attach left
      more       faultbook show no-handle
    --- stderr
    ");
}

#[test]
fn a_log_without_a_known_failure_is_not_answered() {
    let log = "Compiling widget v1.0\nerror: the database is closed on Sundays\nFinished in 2.3 s\n";
    insta::assert_snapshot!(transcript(&piped(&widgets(), &["diagnose", "-"], log)), @"
    exit: 1
    --- stdout

    --- stderr
    no record explains this output
    ");
    assert_eq!(told(&widgets(), "Compiling widget v1.0\nFinished in 2.3 s\n")["verdict"], "none");
    assert_eq!(told(&widgets(), "")["verdict"], "none");
}

#[test]
fn where_two_fit_their_records_say_what_tells_them_apart() {
    let log = "error[W0412]: widget `a` has no handle in /a/b/c.wdg\nfatal: the handle of this widget fails to hold a load\n";
    let output = piped(&widgets(), &["diagnose", "-f", "json"], log);
    assert_eq!(output.status.code(), Some(4));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["schema"], "diagnose/1");
    assert_eq!(told["verdict"], "likely");
    assert_eq!(told["candidates"].as_array().unwrap().len(), 2);
    assert_eq!(told["distinguish"][0]["tell"], "A loose handle rattles.");
}

#[test]
fn what_a_program_was_seen_to_print_tells_its_record() {
    let book = widgets();
    let log = "panic: spindle 7 left its bearing\n";
    assert_eq!(told(&book, log)["verdict"], "none");
    book.write("content/loose-handle/observed/broken.txt", "panic: spindle 7 left its bearing\n");
    assert_eq!(told(&book, log)["candidates"][0]["id"], "loose-handle");
    assert_eq!(told(&book, log)["candidates"][0]["via"], "signature");
}

#[cfg(unix)]
#[test]
fn nothing_outside_of_the_record_and_nothing_huge_is_read_as_observed() {
    let book = widgets();
    let line = "panic: spindle 7 left its bearing\n";
    book.write("elsewhere.txt", line);
    book.write("folder/broken.txt", line);
    book.write("content/loose-handle/observed/huge.txt", line.repeat(4_000));
    book.write(
        "content/loose-handle/observed/binary.txt",
        [b"\xff\xfe".as_slice(), line.as_bytes()].concat(),
    );
    let at = |path: &str| book.path().join(path);
    std::os::unix::fs::symlink(at("elsewhere.txt"), at("content/loose-handle/observed/link.txt")).unwrap();
    std::os::unix::fs::symlink(at("folder"), at("content/no-handle/observed")).unwrap();
    assert_eq!(told(&book, line)["verdict"], "none");
}

#[test]
fn no_secret_is_printed_again() {
    let book = widgets();
    let token = format!("ghp_{}", "a1B2".repeat(9));
    let line = format!(
        "error[W0412]: widget `{token}` has no handle in https://me:hunter2hunter2@host/x password=hunter2hunter2"
    );
    for format in ["human", "json", "md", "github"] {
        let output = transcript(&piped(&book, &["diagnose", "-f", format], &line));
        assert!(output.contains("no-handle") && output.contains("secret"), "{output}");
        assert!(!output.contains(&token) && !output.contains("hunter2"), "{format}: {output}");
    }
    assert_eq!(masked("Authorization: Bearer abcdefghi"), "Authorization: Bearer [secret]");
    assert_eq!(masked("the token is missing"), "the token is missing");
}

#[test]
fn misses_are_noted_where_that_is_asked_for_and_hold_nothing_raw() {
    let book = widgets();
    let log = "fine\nerror: cannot open /srv/me/secret/plan.txt at 08:30:00 with token=abcdefgh12345\n";
    assert_eq!(piped(&book, &["diagnose"], log).status.code(), Some(1));
    assert!(!book.path().join("misses.jsonl").exists());
    piped(&book, &["diagnose", "--log-misses", "misses.jsonl"], log);
    piped(&book, &["diagnose", "--log-misses", "misses.jsonl"], log);
    piped(
        &book,
        &["diagnose", "--log-misses", "misses.jsonl"],
        "error[W0412]: widget `b` has no handle in /a/b/c.wdg",
    );
    let line =
        r#"{"schema":"miss/1","lines":["error: cannot open <path>/plan.txt at <time> with token=[secret]"]}"#;
    assert_eq!(read(&book, "misses.jsonl"), format!("{line}\n{line}\n"));
}

#[test]
fn a_log_cannot_write_into_a_job() {
    let log = "error[W0412]: widget `<img src=x>` has no handle\u{202e} ::set-output name=a::b [x](javascript:y)\r\n";
    let output = piped(&widgets(), &["diagnose", "-f", "github"], log);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("::error title=match%3A the widget has no handle::line 1: "), "{text}");
    assert!(!text.contains('\u{202e}'));
    let text = String::from_utf8(piped(&widgets(), &["diagnose", "-f", "md"], log).stdout).unwrap();
    assert!(text.contains("&lt;img src\\=x\\>") && text.contains("\\[x\\](javascript\\:y)"), "{text}");
}

#[test]
fn a_log_that_is_not_there_is_a_mistake_of_the_caller() {
    insta::assert_snapshot!(transcript(&widgets().run(&["diagnose", "no.log"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: could not read `no.log`: No such file or directory (os error 2)
      = hint: `diagnose` takes a file with the output of a program, or `-` for what stands before a pipe
    ");
}

#[test]
fn only_what_differs_from_run_to_run_leaves_a_line() {
    let normal = |line: &str| Log::of(line).lines.first().map(|line| line.normal.clone()).unwrap_or_default();
    for (line, expected) in [
        ("2026-11-24T08:30:00.123Z  GET /a/b/c 401", "<time> GET <path>/c 401"),
        ("exit code 137, python 3.12", "exit code 137, python 3.12"),
        ("pid 1234567 at 0x7f3a9c", "pid <number> at <hash>"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id <hash>"),
        ("'/srv/me/app/main.rs:12:5': no", "'<path>/main.rs': no"),
        ("<scratch>/main.rs: no", "<path>/main.rs: no"),
        ("main.rs:12:5 here", "main.rs here"),
        ("see https://host.example/a/b", "see https://host.example/a/b"),
        ("\x1b[31mred\x1b[0m\tend", "red end"),
        ("10 %\r50 %\rdone now\r", "done now"),
    ] {
        assert_eq!(normal(line), expected);
    }
    assert_eq!(Log::of("08:30:00 up\n08:30:01 up\nup\n08:30:02 up\n").lines.len(), 2);
}

#[test]
fn what_a_long_log_ends_with_counts() {
    let many: String =
        (0..Log::MAX_LINES + 10).map(|nth| format!("step {}-{}\n", nth / 1000, nth % 1000)).collect();
    let log = Log::of(&(many + "still going\nfatal: it stops\n"));
    assert_eq!(log.lines.last().map(|line| line.text.as_str()), Some("fatal: it stops"));
    assert_eq!(log.lines.len(), Log::MAX_LINES + 1);
}

/// What each of our records was seen to print leads to that record before any other.
#[test]
fn our_own_failures_are_recognised() {
    let input = faultbook::load(project(), &faultbook::Given::default()).unwrap();
    let corpus = corpus(&faultbook::read(&input.sources, &input.given).book);
    let mut n_told = 0;
    for path in walk(&project().join("content")).iter().filter(|path| path.ends_with("observed/broken.txt")) {
        let id = path.ancestors().nth(2).unwrap().file_name().unwrap();
        let diagnosis = diagnose(&corpus, &Log::of(&std::fs::read_to_string(path).unwrap()), 5);
        let first = diagnosis.candidates.first().map(|first| corpus.records[first.record].id.as_str());
        assert_eq!(first, Some(id));
        assert!(matches!(diagnosis.verdict, Verdict::Match | Verdict::Likely), "{id}");
        n_told += 1;
    }
    assert!(n_told > 20);
}

/// Words of any message tell nothing by themselves, though in a small book they are rare.
#[test]
fn what_any_program_says_is_no_evidence() {
    let record = LOOSE
        .replace(
            "fatal: the handle of this widget fails to hold a load",
            "cannot read number into field Widget.load of type string",
        )
        .replace("The handle of a widget is loose", "a number where a field has the type string");
    let book = book(&[("content/number-in-field/record.yaml", &record)]);
    assert_eq!(told(&book, "error: no field `left` on type `Shelf`\n")["verdict"], "none");
    assert_eq!(
        told(&book, "error: cannot read number into field Widget.mass of type string\n")["verdict"],
        "likely"
    );
}

#[test]
fn a_message_that_ends_otherwise_is_likely_the_same_and_one_with_another_code_is_not() {
    let alike = "fatal: the handle of this widget fails to hold a door\n";
    assert_eq!(told(&widgets(), alike)["candidates"][0]["id"], "loose-handle");
    assert_eq!(told(&widgets(), alike)["verdict"], "likely");
    let same =
        |code: &str| format!("error[{code}]: widget `right` has no handle in /srv/me/x/right.wdg:3:9\n");
    assert_eq!(told(&widgets(), same("W0412"))["verdict"], "match");
    assert_eq!(told(&widgets(), same("W0999"))["verdict"], "maybe");
}

/// What a check was seen to print is searched like what a symptom quotes.
#[test]
fn a_search_finds_a_record_by_what_its_check_printed() {
    let book = widgets();
    book.write("content/loose-handle/observed/broken.txt", "screwdriver: torque exceeded at <path>/joint\n");
    let found = book.run(&["search", "-f", "ids", "torque exceeded"]);
    assert_eq!(String::from_utf8_lossy(&found.stdout), "loose-handle\n");
}

proptest! {
    #[test]
    fn a_line_that_is_repeated_changes_nothing(lines in prop::collection::vec("[ -~é]{0,60}", 1..8), times in 2_usize..4) {
        let widgets = widgets();
        let input = faultbook::load(widgets.path(), &faultbook::Given::default()).unwrap();
        let corpus = corpus(&faultbook::read(&input.sources, &input.given).book);
        let mut log = lines;
        log.push("error[W0412]: widget `x` has no handle".to_owned());
        let once = diagnose(&corpus, &Log::of(&log.join("\n")), 5);
        let repeated: String = log.iter().map(|line| format!("{line}\n").repeat(times)).collect();
        let again = diagnose(&corpus, &Log::of(&repeated), 5);
        prop_assert_eq!(once.verdict, again.verdict);
        let of = |diagnosis: &faultbook::diagnose::Diagnosis| {
            diagnosis.candidates.iter().map(|one| (one.record, one.line.clone())).collect::<Vec<_>>()
        };
        prop_assert_eq!(of(&once), of(&again));
    }

    #[test]
    fn any_bytes_are_a_log(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let log = Log::read(bytes.as_slice()).unwrap();
        let n_lines = bytes.split(|byte| *byte == b'\n').count();
        prop_assert!(log.lines.len() <= n_lines);
        let corpus = Corpus::new(&Index::in_memory(&[]).unwrap(), Vec::new()).unwrap();
        prop_assert_eq!(diagnose(&corpus, &log, 5).verdict, Verdict::None);
    }
}

#[test]
fn eval_measures_searches_and_logs_and_knows_former_ids() {
    let book = widgets();
    book.write("content/loose-handle/record.yaml", LOOSE.to_owned() + "x: {imported_id: Loose_Handle}\n");
    let queries = [
        r#"{"qid":"1","kind":"search","query":"loose handle","expected":["Loose_Handle"]}"#,
        r#"{"qid":"2","kind":"log","query":"fatal: the handle of this widget fails to hold a load","expected":["Loose_Handle"]}"#,
        r#"{"qid":"3","kind":"log","query":"all is well","expected":[]}"#,
        r#"{"qid":"4","kind":"log","query":"all is well","expected":["no-handle"],"variant":"silent"}"#,
    ];
    book.write("queries.jsonl", queries.join("\n"));
    insta::assert_snapshot!(transcript(&book.run(&["eval", "--queries", "queries.jsonl", "--ranked", "out.jsonl"])), @"
    exit: 0
    --- stdout
    group       n   first    five    mrr
    log         2   50.0%   50.0%  0.500
    search      1  100.0%  100.0%  1.000
    silent      1    0.0%    0.0%  0.000
    answered although nothing fits: 0 of 1
    --- stderr
    ");
    let lines: Vec<Value> =
        read(&book, "out.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["ranked"][0][0], "Loose_Handle");
    assert_eq!((&lines[1]["verdict"], &lines[1]["ranked"][0][0]), (&"match".into(), &"Loose_Handle".into()));
    assert_eq!(lines[2]["ranked"], serde_json::json!([]));
    assert_eq!(book.run(&["eval", "--queries", "none.jsonl"]).status.code(), Some(2));
    book.write("queries.jsonl", "{\"qid\":1}");
    assert_eq!(book.run(&["eval", "--queries", "queries.jsonl"]).status.code(), Some(2));
}

#[test]
fn a_keyword_that_does_not_find_its_record_fails() {
    let book = book(&[
        (
            "content/no-handle.yaml",
            &RENAME.replace("[widget has no handle]", "[{query: widget has no handle, absent: true}]"),
        ),
        ("content/loose-handle.yaml", LOOSE),
    ]);
    insta::assert_snapshot!(transcript(&book.run(&["eval"])), @"
    exit: 1
    --- stdout
    group         n   first    five    mrr
    keywords      1  100.0%  100.0%  1.000
    no-handle: `widget has no handle` rank 1, must not be within 3
    --- stderr
    1 keyword without the rank that was promised
    ");
}
