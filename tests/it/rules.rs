//! The manual of the rules: what it shows as bad is found, and what it shows as good is not.

use crate::support::{CLEAN, book, transcript};
use faultbook::Given;
use faultbook::diag::Code;
use faultbook::lint::{Example, MANUALS, Manual};
use faultbook::model::Date;
use faultbook::text::{Source, Sources};

const VERIFIER: &str = "spec: 1\nproves: It is there.\nlimits: It sees one file.\n\
    steps:\n  - {id: there, file: broken.txt, expect: {exists: true}, refute: {exists: false}}\npresent: there\n\
    fixtures:\n  broken: {expect: present, files: {broken.txt: x}}\n  fixed: {expect: fixed}\n  wrong_fixes: {wait: {expect: present}}\n";

#[test]
fn every_rule_is_explained_once_and_in_order() {
    let explained: Vec<Code> = MANUALS.iter().map(|manual| manual.code).collect();
    assert_eq!(explained, Code::ALL);
}

#[test]
fn every_example_shows_what_it_says() {
    let mut n_tested = 0;
    let mut wrong = Vec::new();
    for manual in MANUALS.iter().filter(|manual| manual.of != Example::Words) {
        n_tested += 1;
        if !found(manual, manual.bad).contains(&manual.code) {
            wrong.push(format!(
                "{}: the bad one is not found: {:?}",
                manual.code.name(),
                found(manual, manual.bad)
            ));
        }
        let good = found(manual, manual.good);
        if !good.is_empty() {
            wrong.push(format!("{}: the good one has {good:?}", manual.code.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(n_tested >= 34, "{n_tested} examples are tested");
}

/// The rules that find something in an example, completed to a record.
fn found(manual: &Manual, example: &str) -> Vec<Code> {
    let (name, text) = match manual.of {
        Example::Record => ("it-breaks.yaml", over(CLEAN, example)),
        Example::Verifier => {
            let verifier: String =
                over(VERIFIER, example).lines().map(|line| format!("  {line}\n")).collect();
            ("it-breaks.yaml", format!("{CLEAN}verify:\n{verifier}"))
        }
        Example::Markdown => {
            let front = CLEAN.replace("symptom: It stops.\n", "");
            ("it-breaks.md", format!("---\n{front}---\n\n{example}\n"))
        }
        Example::Words => panic!("{} has no example that runs", manual.code.name()),
    };
    let file = |name: &str, text: &str| Source::from_bytes(format!("content/{name}").into(), text.into());
    let other =
        CLEAN.replace("It breaks", "Known").replace("it breaks", "known").replace("It stops", "No start");
    let sources = Sources::new(vec![file(name, &text), file("known-record.yaml", &other)]);
    let given = Given { today: Date::from_unix_seconds(1_798_675_200), ..Given::default() };
    let reading = faultbook::inspect(&sources, &given).unwrap();
    let own = |diagnostic: &&faultbook::diag::Diagnostic| {
        sources.get(diagnostic.span.file).path.as_str().contains("it-breaks")
    };
    reading.found.iter().filter(own).map(|diagnostic| diagnostic.code).collect()
}

/// A text of keys in which the keys of another one replace those of the same name.
fn over(base: &str, keys: &str) -> String {
    let key = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
    let replaced: Vec<String> = keys.lines().filter(|line| !line.starts_with([' ', '-'])).map(key).collect();
    let mut text = String::new();
    let mut is_kept = true;
    for line in base.lines() {
        if !line.starts_with([' ', '-']) {
            is_kept = !replaced.contains(&key(line));
        }
        if is_kept {
            text.push_str(&format!("{line}\n"));
        }
    }
    format!("{text}{keys}\n")
}

#[test]
fn lint_explains_a_rule() {
    let book = book(&[]);
    insta::assert_snapshot!(transcript(&book.run(&["lint", "--explain", "long-title"])), @"
    exit: 0
    --- stdout
    long-title: A title that no list or search result shows whole.
    A title of more than 90 characters is cut in every list and search result.

    Bad:
      title: It breaks, and it does so whenever somebody starts it on a machine where it was never started before

    Good:
      title: It breaks when it is started for the first time

    What no page depends on is switched in book.toml under `[lint]`, as `long-title = 'off'`, 'warn' or 'error',
    and silenced in one record by `allow: [{rule: long-title, reason: …}]`.
    --- stderr
    ");
    insta::assert_snapshot!(transcript(&book.run(&["lint", "--explain", "path-escapes"])), @"
    exit: 0
    --- stdout
    path-escapes: A path or pattern that leads out of the folder that it belongs to.
    A check reads the folder that it is given, and nothing of whoever runs it.

    Bad:
      verify:
        steps:
          - {id: there, file: ../broken.txt, expect: {exists: true}, refute: {exists: false}}

    Good:
      verify:
        steps:
          - {id: there, file: broken.txt, expect: {exists: true}, refute: {exists: false}}

    What no page depends on is switched in book.toml under `[lint]`, as `path-escapes = 'off'`, 'warn' or 'error',
    and silenced in one record by `allow: [{rule: path-escapes, reason: …}]`.
    --- stderr
    ");
    insta::assert_snapshot!(transcript(&book.run(&["lint", "--explain", "long-titel"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: no rule is called `long-titel`
      = hint: did you mean `long-title`?
    ");
    for code in Code::ALL {
        assert_eq!(book.run(&["lint", "--explain", code.name()]).status.code(), Some(0), "{}", code.name());
    }
}

#[test]
fn a_slip_that_can_only_be_meant_in_one_way_is_mended() {
    let text = format!(
        "# kept\r\n{}",
        CLEAN.replace("product:", "prodcut  :").replace("fix: Mend it.", "fix: [{rum: mend}]  # so")
    );
    let markdown = "---\ntitle: It\nproduct: thing\nstatus: open\n---\n\n## Symtom\n\nIt stops.\n";
    let files = [
        ("content/it-breaks.yaml", text.as_str()),
        ("content/other.md", markdown),
        ("book.toml", "[bok]\ntitle = 'x'\n"),
    ];
    let book = book(&files);
    insta::assert_snapshot!(transcript(&book.run(&["lint", "--fix", "content/it-breaks.yaml", "content/other.md", "book.toml"])), @"
    exit: 0
    --- stdout
    2 records, 4 warnings
    --- stderr
    mended book.toml:1: `bok` is `book` now
    mended content/it-breaks.yaml:3: `prodcut` is `product` now
    mended content/it-breaks.yaml:6: `rum` is `run` now
    mended content/other.md:7: `## Symtom` is `## Symptom` now
    warning[missing-field]: without `keywords` this record stays a draft
     --> content/other.md:1:1
      |
    1 | ---
      | ^
      |
      = hint: `status: draft` says that this is meant; drafts are built with --drafts

    warning[missing-field]: without `root_cause` this record stays a draft
     --> content/other.md:1:1
      |
    1 | ---
      | ^
      |
      = hint: `status: draft` says that this is meant; drafts are built with --drafts

    warning[missing-field]: without `sources` this record stays a draft
     --> content/other.md:1:1
      |
    1 | ---
      | ^
      |
      = hint: `status: draft` says that this is meant; drafts are built with --drafts

    warning[missing-field]: without `wrong_fixes` this record stays a draft
     --> content/other.md:1:1
      |
    1 | ---
      | ^
      |
      = hint: `status: draft` says that this is meant; drafts are built with --drafts
    ");
    let mended = text.replace("prodcut", "product").replace("rum", "run");
    assert_eq!(crate::support::read(&book, "content/it-breaks.yaml"), mended);
    assert_eq!(crate::support::read(&book, "content/other.md"), markdown.replace("Symtom", "Symptom"));
    assert_eq!(crate::support::read(&book, "book.toml"), "[book]\ntitle = 'x'\n");
}

#[test]
fn what_might_be_meant_otherwise_is_left_alone() {
    let texts = [
        // The field is there already, or another slip claims it too.
        format!("{CLEAN}prodcut: other\n"),
        CLEAN.replace("product: thing", "prodcut: thing\nproductt: other"),
        // Nothing is near.
        format!("{CLEAN}wholly-unknown: x\n"),
        // A day that is missing is not made up, and a text is not changed.
        CLEAN.replace("It stops.", "The prodcut: it stops.  "),
    ];
    for text in texts {
        let book = book(&[("content/it-breaks.yaml", &text)]);
        book.run(&["lint", "--fix"]);
        assert_eq!(crate::support::read(&book, "content/it-breaks.yaml"), text);
    }
    let text = CLEAN.replace("product", "prodcut");
    let book = book(&[("content/it-breaks.yaml", &text), ("content/other.yaml", CLEAN)]);
    book.run(&["lint", "--fix", "content/other.yaml"]);
    assert_eq!(crate::support::read(&book, "content/it-breaks.yaml"), text, "it was not asked for");
}
