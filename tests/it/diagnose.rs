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
fn where_no_record_compares_them_their_checks_can() {
    let book = widgets();
    let check = "check: {run: test -e handle, broken: {exit: 1}, fixed: {exit: 0}}\n";
    book.write("content/no-handle/record.yaml", RENAME.replace("related:", "x:") + check);
    let log = "error[W0412]: widget `a` has no handle in /a/b/c.wdg\nfatal: the handle of this widget fails to hold a load\n";
    let told = told(&book, log);
    assert_eq!(
        told["distinguish"],
        serde_json::json!([{"ids": ["no-handle", "loose-handle"], "tell": null, "verifier": "faultbook verify no-handle"}])
    );
    let markdown = String::from_utf8(piped(&book, &["diagnose", "-f", "md"], log).stdout).unwrap();
    assert!(markdown.contains("no-handle or loose-handle: faultbook verify no-handle"), "{markdown}");
}

/// Two records that fit the same log: one whose check only reads files, and one whose check runs a script.
fn checked_widgets() -> (Scratch, &'static str) {
    let book = widgets();
    let reads = "verify:\n  spec: 1\n  proves: It is so.\n  limits: None.\n  steps:\n    - {id: handle, file: handle.txt, expect: {exists: true}}\n  \
                 present: {not: handle}\n  absent: handle\n  fixtures: {broken: {expect: present, files: {a: b}}, fixed: {expect: fixed, files: {a: b}}}\n";
    let runs = "check: {run: test -e screw, broken: {exit: 1}, fixed: {exit: 0}}\n";
    book.write("content/no-handle/record.yaml", RENAME.to_owned() + reads);
    book.write("content/loose-handle/record.yaml", LOOSE.to_owned() + runs);
    let log = "error[W0412]: widget `a` has no handle in /a/b/c.wdg\nfatal: the handle of this widget fails to hold a load\n";
    (book, log)
}

#[test]
fn the_checks_say_which_failure_is_here() {
    let (book, log) = checked_widgets();
    insta::assert_snapshot!(transcript(&piped(&book, &["diagnose", "--run"], log)), @"
    exit: 0
    --- stdout
    match  the widget has no handle  no-handle
      line 1     error[W0412]: widget `a` has no handle in /a/b/c.wdg
      fix        widget attach left
      check      PRESENT in this folder
      more       faultbook show no-handle
    match  the handle of a widget is loose  loose-handle
      line 2     fatal: the handle of this widget fails to hold a load
      fix        Turn the screw.
      check      CANNOT_TELL: untrusted: it needs shell, subject-code; `faultbook trust show loose-handle` shows it, `faultbook trust allow loose-handle` allows it
      more       faultbook show loose-handle
    no-handle or loose-handle
      tell       A loose handle rattles.
      check      faultbook verify no-handle loose-handle
    --- stderr
    ");
    let output = piped(&book, &["diagnose", "--run", "-f", "json"], log);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["verdict"], &told["present"]), (&"match".into(), &serde_json::json!(["no-handle"])));
    assert_eq!(told["candidates"][0]["check"]["verdict"], "PRESENT");
    assert!(told["candidates"][0]["check"]["digest"].as_str().unwrap().starts_with("sha256:"));
    book.write("handle.txt", "here");
    let output = piped(&book, &["diagnose", "--run", "-f", "json"], log);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["verdict"], &told["present"]), (&"likely".into(), &serde_json::json!([])));
    assert_eq!(output.status.code(), Some(4));
    for format in ["md", "github"] {
        let text = transcript(&piped(&book, &["diagnose", "--run", "-f", format], log));
        assert!(text.contains("ABSENT in this folder"), "{text}");
    }
    assert_eq!(piped(&book, &["diagnose", "--run"], "all is well").status.code(), Some(1));
    let without = piped(&book, &["diagnose", "-f", "json"], log);
    assert!(!String::from_utf8(without.stdout).unwrap().contains("present"));
}

#[test]
fn a_check_that_is_not_trusted_is_named_and_not_run() {
    let (book, log) = checked_widgets();
    let check = "check: {run: touch ran; test -e screw, broken: {exit: 1}, fixed: {exit: 0}}\n";
    book.write("content/loose-handle/record.yaml", LOOSE.to_owned() + check);
    book.write("handle.txt", "here");
    let text = transcript(&piped(&book, &["diagnose", "--run"], log));
    assert!(text.contains("untrusted") && text.contains("faultbook trust allow loose-handle"), "{text}");
    assert!(!book.path().join("ran").exists());
}

#[test]
fn a_check_may_read_the_log() {
    let book = widgets();
    let reads = "verify:\n  spec: 1\n  proves: It is so.\n  limits: None.\n  inputs: {log: {type: path}}\n  steps:\n    - {id: said, file: '${input.log}', expect: {text: {contains: has no handle}}}\n  \
                 present: said\n  absent: {not: said}\n  fixtures: {broken: {expect: present, files: {a: b}}, fixed: {expect: fixed, files: {a: b}}}\n";
    book.write("content/no-handle/record.yaml", RENAME.to_owned() + reads);
    let log = "error[W0412]: widget `a` has no handle in /a/b/c.wdg\n";
    book.write("a.log", log);
    for output in [piped(&book, &["diagnose", "--run"], log), book.run(&["diagnose", "--run", "a.log"])] {
        let text = transcript(&output);
        assert!(text.contains("PRESENT in this folder"), "{text}");
    }
}

#[test]
fn a_site_has_no_checks_to_run() {
    let book = widgets();
    assert_eq!(book.run(&["build", "-q", "-d", "site"]).status.code(), Some(0));
    let elsewhere = Scratch::empty();
    std::fs::rename(book.path().join("site"), elsewhere.path().join("site")).unwrap();
    insta::assert_snapshot!(transcript(&elsewhere.run(&["--book", "site", "diagnose", "--run"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: a built site does not tell what its checks run
      = hint: without `--run` it is enough; the book that the site was built from has the checks
    ");
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

/// The recipe of the README, step by step, as a runner does it: the job fails, its log is annotated, its summary written.
#[test]
fn the_recipe_for_a_job_that_failed_works_as_it_is_printed() {
    let readme = std::fs::read_to_string(project().join("README.md")).unwrap();
    let recipe = readme.split("## In a job that failed").nth(1).unwrap();
    let recipe = recipe.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let (first, second) = recipe.split_once("- if: failure()\n").unwrap();
    let test = first.lines().find_map(|line| line.strip_prefix("- run: ")).unwrap();
    assert!(first.contains("shell: bash"));
    let script = second.split_once("run: |\n").unwrap().1;
    let job = widgets();
    job.write("Makefile", "test:\n\t@echo building; echo 'error[W0412]: widget `left` has no handle in /srv/x/y.wdg' >&2; false\n");
    let step = |shell: &[&str], script: &str| {
        let mut command = std::process::Command::new(shell[0]);
        let binary = camino::Utf8Path::new(env!("CARGO_BIN_EXE_faultbook")).parent().unwrap();
        let path = format!("{binary}:{}", std::env::var("PATH").unwrap());
        command.args(&shell[1..]).arg(script).current_dir(job.path()).env("PATH", path);
        // A `make` that runs these tests would have its say in the log.
        command.env_remove("MAKEFLAGS").env_remove("MFLAGS").env_remove("MAKELEVEL");
        command.env("GITHUB_STEP_SUMMARY", job.path().join("summary.md")).output().unwrap()
    };
    let failed = step(&["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"], test);
    assert_eq!(failed.status.code(), Some(2), "{}", transcript(&failed));
    let script = script.replace("path/to/the/book", ".");
    let told = step(&["bash", "-e", "-c"], &script);
    insta::assert_snapshot!(transcript(&told), @"
    exit: 0
    --- stdout
    ::error title=match%3A the widget has no handle::line 2: error[W0412]: widget `left` has no handle in /srv/x/y.wdg%0Afix: widget attach left%0Afaultbook show no-handle
    --- stderr
    ");
    insta::assert_snapshot!(read(&job, "summary.md"), @r"
    ### Known failure: match

    - **the widget has no handle** (no-handle)
      - line 2: error\[W0412\]\: widget \`left\` has no handle in /srv/x/y\.wdg
      - fix: widget attach left
    ");
}

#[test]
fn a_log_that_is_empty_is_said_to_be() {
    insta::assert_snapshot!(transcript(&piped(&widgets(), &["diagnose"], "\n\n")), @"
    exit: 1
    --- stdout

    --- stderr
    there is nothing to explain: the log is empty
    ");
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

/// A tool that stops at one failure often prints another one as well, and says so by its code.
#[test]
fn an_error_that_names_the_code_of_another_record_tells_that_record() {
    let named = |title: &str, printed: &str| {
        RENAME
            .replace("title: the widget has no handle", &format!("title: \"{title}\""))
            .replace("error[W0412]: widget `left` has no handle in /srv/app/shop/left.wdg:12:4", printed)
            .replace("keywords: [widget has no handle]", &format!("keywords: [{}]", &title[..5]))
            .replace("related:\n  confused_with: [{id: loose-handle, tell: A loose handle rattles.}]\n", "")
    };
    let both = "error[W0001]: shelf `a` is full\n  error[W0002]: lamp `b` flickers at noon";
    let book = book(&[
        ("content/full-shelf.yaml", &named("W0001: a shelf is full", both)),
        ("content/lamp.yaml", &named("W0002: a lamp flickers", "error[W0002]: lamp `b` flickers")),
    ]);
    let told = told(&book, "error: lamp `c` flickers at noon\n");
    assert_eq!(told["candidates"][0]["id"], "lamp");
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
    the right record came first 2 of 3 times
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
