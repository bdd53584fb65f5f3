//! Verbs that show, list, make, rename and format records: the real binary on small books.

use crate::support::{Scratch, faultbook, golden_book, project, transcript, walk};
use serde_json::Value;

const CLEAN: &str = "title: It breaks\nproduct: thing\nsymptom: It stops.\nroot_cause: A cause.\nfix: Mend it.\nwrong_fixes: [Wait]\nkeywords: [it breaks]\nsources: [seen]\n";

fn book(files: &[(&str, &str)]) -> Scratch {
    let book = Scratch::empty();
    book.write("book.toml", "");
    files.iter().for_each(|(path, text)| book.write(path, text));
    book
}

fn read(book: &Scratch, path: &str) -> String {
    std::fs::read_to_string(book.path().join(path)).unwrap()
}

fn json(book: &Scratch, args: &[&str]) -> Value {
    serde_json::from_slice(&book.run(args).stdout).unwrap()
}

const UNTIDY: &str = "# seen twice\nproduct:   thing\ntitle: It breaks\nfix: [ {text: Mend it.} ]\nsymptom: It stops.\nroot_cause: A cause.\nwrong_fixes: [Wait]\nkeywords: it breaks\nsources: [seen]\n";

#[test]
fn fmt_writes_one_order_and_style_and_keeps_comments() {
    let book = book(&[("content/untidy.yaml", UNTIDY), ("content/clean.yaml", CLEAN)]);
    insta::assert_snapshot!(transcript(&book.run(&["fmt", "--check"])), @"
    exit: 1
    --- stdout
    content/clean.yaml
    content/untidy.yaml
    --- stderr
    2 records: 2 would change
    ");
    assert_eq!(read(&book, "content/untidy.yaml"), UNTIDY);
    insta::assert_snapshot!(transcript(&book.run(&["fmt"])), @"
    exit: 0
    --- stdout
    content/clean.yaml
    content/untidy.yaml
    --- stderr
    2 records: 2 changed
    ");
    insta::assert_snapshot!(read(&book, "content/untidy.yaml"), @"
    # seen twice
    title: It breaks
    product: thing
    symptom: It stops.
    root_cause: A cause.
    fix: [Mend it.]
    wrong_fixes: [Wait]
    keywords: [it breaks]
    sources: [seen]
    ");
    insta::assert_snapshot!(transcript(&book.run(&["fmt", "--check"])), @"
    exit: 0
    --- stdout

    --- stderr
    2 records: 0 would change
    ");
}

#[test]
fn fmt_shows_errors_and_leaves_the_file() {
    let wrong = UNTIDY.replace("sources", "sorces");
    let book = book(&[("content/untidy.yaml", UNTIDY), ("content/wrong.yaml", &wrong)]);
    insta::assert_snapshot!(transcript(&book.run(&["fmt"])), @"
    exit: 1
    --- stdout
    content/untidy.yaml
    --- stderr
    error[unknown-key]: a record has no key `sorces`
     --> content/wrong.yaml:9:1
      |
    9 | sorces: [seen]
      | ^^^^^^
      |
      = hint: did you mean `sources`?

    2 records: 1 changed, 1 left as they are
    ");
    assert_eq!(read(&book, "content/wrong.yaml"), wrong);
}

#[test]
fn fmt_keeps_to_the_paths_and_away_from_guides() {
    let guide = "---\ntitle:   A guide\n---\n\nWords.\n";
    let book = book(&[
        ("content/one/one.yaml", UNTIDY),
        ("content/two/two.yaml", UNTIDY),
        ("content/pages/guide.md", guide),
    ]);
    assert_eq!(book.run(&["fmt", "content/one", "content/pages"]).status.code(), Some(0));
    assert_ne!(read(&book, "content/one/one.yaml"), UNTIDY);
    assert_eq!(read(&book, "content/two/two.yaml"), UNTIDY);
    assert_eq!(read(&book, "content/pages/guide.md"), guide);
}

/// Our own records, there and back: the same record each time, in its own folder where it has one.
#[test]
fn fmt_turns_one_form_into_the_other_and_back() {
    let book = Scratch::copy_of(&project().join("content"));
    let records = Scratch::empty();
    records.write("book.toml", "");
    for path in walk(book.path()) {
        let inside = path.strip_prefix(book.path()).unwrap();
        records.write(&format!("content/{inside}"), std::fs::read(&path).unwrap());
    }
    records.write("content/own/a-folder/record.yaml", CLEAN);
    let facts = |records: &Scratch| {
        let ids = String::from_utf8(records.run(&["list", "--drafts", "-f", "ids"]).stdout).unwrap();
        let twin = |id: &str| json(records, &["show", id, "-f", "json"]);
        ids.lines().map(twin).collect::<Vec<_>>()
    };
    let before = facts(&records);
    assert!(before.len() > 10);
    assert_eq!(records.run(&["fmt", "--to", "md"]).status.code(), Some(0));
    assert!(walk(&records.path().join("content")).iter().all(|path| path.extension() == Some("md")));
    assert!(records.path().join("content/own/a-folder/record.md").exists());
    assert_eq!(facts(&records), before);
    assert_eq!(records.run(&["fmt", "--to", "yaml"]).status.code(), Some(0));
    assert!(walk(&records.path().join("content")).iter().all(|path| path.extension() == Some("yaml")));
    assert_eq!(facts(&records), before);
}

/// A step that begins with its fence ends the label before it.
#[test]
fn fmt_keeps_other_fixes_in_their_section() {
    let other = "## Other fixes\n\n### One\n\nWhen: it rains,\nor snows.\nTradeoff: wet\n\n```sh\ngo\n```\n\n\
        ### Two\n\nWhen: never\n\n1. Wait\n\n   ```sh\n   sleep 1\n   ```\n";
    let text =
        format!("---\ntitle: t\nproduct: p\n---\n\n## Symptom\n\nx\n\n## Quick fix\n\n1. Mend it\n\n{other}");
    let book = book(&[("content/it-breaks.md", &text)]);
    let fixes = || json(&book, &["show", "it-breaks", "-f", "json"])["other_fixes"].clone();
    let before = fixes();
    assert_eq!(before[0]["when"], "it rains,\nor snows.");
    assert_eq!(book.run(&["fmt"]).status.code(), Some(0));
    assert!(
        read(&book, "content/it-breaks.md")
            .contains("\n### One\n\nWhen: it rains,\nor snows.\nTradeoff: wet\n\n1. ```sh\n   go\n")
    );
    assert_eq!(fixes(), before);
}

#[test]
fn fmt_refuses_to_take_the_place_of_another_file() {
    let book = book(&[("content/one.yaml", CLEAN), ("content/one.md", "---\ntitle: Another\n---\n")]);
    let output = book.run(&["fmt", "--to", "md"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(read(&book, "content/one.yaml"), CLEAN);
}

#[test]
fn show_sets_a_record_for_a_terminal() {
    let book = Scratch::copy_of(&golden_book());
    insta::assert_snapshot!("show", transcript(&book.run(&["show", "stale-lock"])));
    insta::assert_snapshot!("show_markdown_form", transcript(&book.run(&["explain", "lost-update"])));
}

#[test]
fn show_wraps_to_the_width_that_it_is_given() {
    let book = Scratch::copy_of(&golden_book());
    let output = faultbook(book.path(), &["show", "stale-lock"]).env("COLUMNS", "44").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // A word or a command that is longer than a line stays whole.
    let long = text.lines().filter(|line| line.chars().count() > 44).collect::<Vec<_>>();
    insta::assert_snapshot!(long.join("\n"), @"
    error: could not get lock /var/lib/thing.lock
    faultbook verify --self-test --allow shell stale-lock
    ");
}

#[test]
fn show_makes_what_could_move_the_cursor_visible() {
    let record = CLEAN.replace("It stops.", "\"It stops.\\e[2J \\r\\n```\\n\\e[1A\\n```\\n\"");
    let book = book(&[("content/it-breaks.yaml", &record)]);
    // It is an error as well; here the book does not mind.
    book.write("book.toml", "[lint]\ninvisible-character = 'off'\n");
    let output = book.run(&["show", "it-breaks"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(!output.stdout.contains(&b'\x1b'));
    assert!(String::from_utf8_lossy(&output.stdout).contains("␦[2J"));
}

#[test]
fn show_prints_the_twins_of_the_site() {
    let book = Scratch::copy_of(&golden_book());
    assert_eq!(book.run(&["build", "-q"]).status.code(), Some(0));
    for id in ["stale-lock", "lost-update", "plain-c", "open-question"] {
        for (format, name) in [("md", "index.md"), ("json", "index.json")] {
            let printed = String::from_utf8(book.run(&["show", id, "-f", format]).stdout).unwrap();
            assert_eq!(printed, read(&book, &format!("book/f/{id}/{name}")), "{id} {format}");
        }
    }
}

#[test]
fn show_knows_drafts_and_former_ids_and_suggests_the_nearest() {
    let record = format!("{CLEAN}aliases: [it-broke]\n");
    let book = book(&[
        ("content/it-breaks.yaml", &record),
        ("content/begun.yaml", &CLEAN.replace("sources: [seen]\n", "")),
        ("content/wrong.yaml", "titel: x"),
    ]);
    assert_eq!(book.run(&["show", "it-broke"]).status.code(), Some(0));
    insta::assert_snapshot!(transcript(&book.run(&["show", "it-breks"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: no record is called `it-breks`
      = hint: the nearest name is `it-breaks`
    ");
    insta::assert_snapshot!(transcript(&book.run(&["show", "wrong"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: no record is called `wrong`
      = hint: a record with errors is left out; `faultbook lint` shows them
    ");
    insta::assert_snapshot!(transcript(&book.run(&["show", "begun"])), @"
    exit: 0
    --- stdout
    It breaks
    begun · thing
    no check

    This record is a draft: it lacks sources.

    Quick fix
      A cause.
      Mend it.

    Do not try
      ✗ Wait

    Symptom
      It stops.

    Root cause
      A cause.
    --- stderr
    ");
}

#[test]
fn list_names_records_in_columns() {
    let book = Scratch::copy_of(&golden_book());
    insta::assert_snapshot!(transcript(&book.run(&["list"])), @r#"
    exit: 0
    --- stdout
    c-hostile      C++    untestable  <script>alert('title')</script> & "quotes" {{ 7 * 7 }}
    lost-update    thing  untestable  Two writers, one of them loses
    open-question  clock  untestable  The clock runs backwards
    plain-c        C      untestable  Segmentation fault
    stale-lock     thing  outdated    error: could not get lock /var/lib/thing.lock
    --- stderr
    "#);
    insta::assert_snapshot!(transcript(&book.run(&["list", "--drafts", "-f", "ids"])), @"
    exit: 0
    --- stdout
    c-hostile
    lost-update
    not-finished
    open-question
    plain-c
    stale-lock
    --- stderr
    ");
}

#[test]
fn list_keeps_to_facets_and_says_the_same_as_json() {
    let book = Scratch::copy_of(&golden_book());
    insta::assert_snapshot!(transcript(&book.run(&["list", "--facet", "tag=lock", "-f", "json"])), @r#"
    exit: 0
    --- stdout
    {
      "schema": "list/1",
      "records": [
        {
          "id": "stale-lock",
          "title": "error: could not get lock /var/lib/thing.lock",
          "product": "thing",
          "category": "locking",
          "ecosystem": null,
          "tags": [
            "lock",
            "startup"
          ],
          "status": "published",
          "check": "outdated",
          "created": "2026-11-02",
          "updated": "2026-11-03",
          "review_by": null,
          "url": "https://books.example/small/f/stale-lock/"
        }
      ]
    }
    --- stderr
    "#);
    insta::assert_snapshot!(transcript(&book.run(&["list", "--facet", "product=nothing"])), @"
    exit: 1
    --- stdout

    --- stderr
    no record is like that
    ");
    insta::assert_snapshot!(transcript(&book.run(&["list", "--facet", "colour=red"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: `colour=red` is no facet
      = hint: it is written `key=value`, with one of category, product, ecosystem, tag
    ");
}

/// SOURCE_DATE_EPOCH says 2026-11-24 here.
#[test]
fn list_names_what_is_due_to_be_read_again() {
    let due = |more: &str| format!("{CLEAN}{more}\n");
    let old = CLEAN.replace("[seen]", "[{title: seen, accessed: 2025-01-01}]");
    let new = CLEAN.replace("[seen]", "[{title: seen, accessed: 2026-11-01}]");
    let book = book(&[
        ("content/overdue.yaml", &due("review_by: 2026-11-23")),
        ("content/due-today.yaml", &due("review_by: 2026-11-24")),
        ("content/old-source.yaml", &old),
        ("content/new-source.yaml", &new),
    ]);
    let ids = || String::from_utf8(book.run(&["list", "--stale", "-f", "ids"]).stdout).unwrap();
    assert_eq!(ids(), "old-source\noverdue\n");
    book.write("book.toml", "[check]\nstale-after = '10d'\n");
    assert_eq!(ids(), "new-source\nold-source\noverdue\n");
}

#[test]
fn new_begins_a_draft_that_lint_guides_to_its_end() {
    let book = book(&[]);
    insta::assert_snapshot!(transcript(&book.run(&["new", "push-is-rejected"])), @"
    exit: 0
    --- stdout
    content/push-is-rejected.yaml
    --- stderr
    `faultbook lint` says what it still lacks
    ");
    insta::assert_snapshot!(read(&book, "content/push-is-rejected.yaml"), @r#"
    title: "push is rejected"
    product: "push"
    symptom: |
      What is observed, with the output as it was printed:
      ```console
      $ the command
      what it says
      ```
    fix:
      - text: What repairs it, in words; a command stands behind `run`.
    # Until the next four are written, this stays a draft.
    # root_cause: The cause in a sentence or two.
    # wrong_fixes:
    #   - run: what people try
    #     why: Why it fails.
    # keywords: [what people type when they see it]
    # sources: [https://…]
    # With this, `faultbook verify --self-test` runs what the page prints.
    # check:
    #   setup: makes the broken state in an empty folder
    #   run: shows whether the failure is there
    #   broken: {output: what it says}
    #   fixed: {exit: 0}
    "#);
    insta::assert_snapshot!(transcript(&book.run(&["lint"])), @r#"
    exit: 0
    --- stdout
    1 record, 4 warnings
    --- stderr
    warning[missing-field]: without `keywords` this record stays a draft
     --> content/push-is-rejected.yaml:1:1
      |
    1 | title: "push is rejected"
      | ^
      |
      = hint: `status: draft` says that this is meant; drafts are built with --drafts

    warning[missing-field]: without `root_cause` this record stays a draft
     --> content/push-is-rejected.yaml:1:1
      |
    1 | title: "push is rejected"
      | ^
      |
      = hint: `status: draft` says that this is meant; drafts are built with --drafts

    warning[missing-field]: without `sources` this record stays a draft
     --> content/push-is-rejected.yaml:1:1
      |
    1 | title: "push is rejected"
      | ^
      |
      = hint: `status: draft` says that this is meant; drafts are built with --drafts

    warning[missing-field]: without `wrong_fixes` this record stays a draft
     --> content/push-is-rejected.yaml:1:1
      |
    1 | title: "push is rejected"
      | ^
      |
      = hint: `status: draft` says that this is meant; drafts are built with --drafts
    "#);
    assert_eq!(book.run(&["new", "in-markdown", "--as", "md"]).status.code(), Some(0));
    insta::assert_snapshot!(read(&book, "content/in-markdown.md"), @r#"
    ---
    title: "in markdown"
    product: "in"
    # Until these two, and the sections `## Root cause` and `## Common wrong fixes`, are written, this stays a draft.
    # keywords: [what people type when they see it]
    # sources: [https://…]
    ---

    ## Symptom

    What is observed, with the output as it was printed:

    ```console
    $ the command
    what it says
    ```

    ## Quick fix

    The cause in a sentence.

    1. What repairs it, in words; a command stands in a `sh` block.
    "#);
    insta::assert_snapshot!(transcript(&book.run(&["lint", "content/in-markdown.md"])), @"
    exit: 0
    --- stdout
    1 record, 4 warnings
    --- stderr
    warning[missing-field]: without `keywords` this record stays a draft
     --> content/in-markdown.md:1:1
      |
    1 | ---
      | ^
      |
      = hint: `status: draft` says that this is meant; drafts are built with --drafts

    warning[missing-field]: without `root_cause` this record stays a draft
     --> content/in-markdown.md:1:1
      |
    1 | ---
      | ^
      |
      = hint: `status: draft` says that this is meant; drafts are built with --drafts

    warning[missing-field]: without `sources` this record stays a draft
     --> content/in-markdown.md:1:1
      |
    1 | ---
      | ^
      |
      = hint: `status: draft` says that this is meant; drafts are built with --drafts

    warning[missing-field]: without `wrong_fixes` this record stays a draft
     --> content/in-markdown.md:1:1
      |
    1 | ---
      | ^
      |
      = hint: `status: draft` says that this is meant; drafts are built with --drafts
    ");
    assert_eq!(book.run(&["build", "--drafts"]).status.code(), Some(0));
}

/// Without its comments' marks the template is a whole record.
#[test]
fn the_template_of_a_record_is_right_about_the_rest() {
    let book = book(&[]);
    assert_eq!(book.run(&["new", "it-breaks"]).status.code(), Some(0));
    let text = read(&book, "content/it-breaks.yaml");
    let line = |line: &str| {
        let key = line.strip_prefix("# ").filter(|rest| !rest.contains(", ") || rest.contains(": "));
        key.unwrap_or(line).to_owned() + "\n"
    };
    let text: String = text.lines().filter(|line| !line.starts_with("# Until")).map(line).collect();
    let text = text.replace("With this,", "# With this,");
    book.write("content/it-breaks.yaml", &text);
    insta::assert_snapshot!(transcript(&book.run(&["lint"])), @"
    exit: 0
    --- stdout
    1 record, no findings
    --- stderr
    ");
}

#[test]
fn new_refuses_an_id_that_is_taken_anywhere() {
    let record = format!("{CLEAN}aliases: [it-broke]\n");
    let book = book(&[("content/deep/it-breaks.yaml", &record), ("content/unreadable.yaml", "a: [")]);
    insta::assert_snapshot!(transcript(&book.run(&["new", "it-breaks"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: the id `it-breaks` is taken by `content/deep/it-breaks.yaml`
      = hint: an id means one failure, for ever
    ");
    insta::assert_snapshot!(transcript(&book.run(&["new", "it-broke"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: the id `it-broke` is taken by `content/deep/it-breaks.yaml`
      = hint: an id means one failure, for ever
    ");
    insta::assert_snapshot!(transcript(&book.run(&["new", "unreadable"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: the id `unreadable` is taken by `content/unreadable.yaml`
      = hint: an id means one failure, for ever
    ");
    insta::assert_snapshot!(transcript(&book.run(&["new", "It Breaks"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: `It Breaks` cannot be the id of a record
      = hint: `it-breaks` would do; an id is made of `a-z` and `0-9` words joined by `-`, at most 64 bytes
    ");
    insta::assert_snapshot!(transcript(&book.run(&["new"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: a new record needs an id
      = hint: it names the failure, and never changes: `faultbook new push-is-rejected`
    ");
}

#[test]
fn new_opens_the_editor_that_the_environment_names() {
    let book = book(&[]);
    let edit = |editor: &str, id: &str| {
        let mut command = faultbook(book.path(), &["new", id, "--edit"]);
        command.env("VISUAL", editor).env_remove("EDITOR").output().unwrap()
    };
    assert_eq!(edit("sed -i s/breaks/BREAKS/", "it-breaks").status.code(), Some(0));
    assert!(read(&book, "content/it-breaks.yaml").contains("title: \"it BREAKS\""));
    insta::assert_snapshot!(transcript(&edit("", "other")), @"
    exit: 2
    --- stdout

    --- stderr
    error: no editor is known
      = hint: $VISUAL or $EDITOR names one, such as `code --wait`
    ");
    insta::assert_snapshot!(transcript(&edit("no-such-editor", "other")), @"
    exit: 2
    --- stdout
    content/other.yaml
    --- stderr
    `faultbook lint` says what it still lacks
    error: the editor `no-such-editor` did not work
      = hint: the file is ./content/other.yaml
    ");
}

/// Every way in which a book names a record, and words that only look like it.
const NAMING: &str = "title: See it-breaks\nproduct: thing\nsymptom: \"See [it](it-breaks), not `[it](it-breaks)`.\"\n\
    root_cause: |\n  The other, [it\n  breaks](it-breaks \"it-breaks\"), and [that][x].\n\n  [x]: it-breaks\n\
    fix:\n  - run: 'echo \"[it](it-breaks)\"'\n    risk: \"As in [it](<it-breaks>).\"\nwrong_fixes: [Wait]\n\
    keywords: [it-breaks]\nsources: [seen]\nrelated:\n  confused_with: {id: it-breaks, tell: \"Not [it](it-breaks-too).\"}\n  \
    see_also: ['it-breaks', it-breaks-too]  # it-breaks\n";
const NAMING_IN_MARKDOWN: &str = "---\ntitle: See it\nproduct: thing\nrelated: {leads_to: it-breaks}\n\
    status: {state: withdrawn, reason: \"[it](it-breaks) is better\", see_instead: \"it-breaks\"}\n---\n\n## Symptom\n\n\
    See [it](it-breaks).\n\n```text\n[it](it-breaks)\n```\n\n## Quick fix\n\n1. [It](it-breaks)\n";

#[test]
fn mv_changes_every_reference_and_nothing_else() {
    let moved = CLEAN.replace("It stops.", "\"Like [itself](it-breaks).\"");
    let book = book(&[
        ("content/it-breaks.yaml", &format!("id: it-breaks\n{moved}")),
        ("content/it-breaks-too.yaml", CLEAN),
        ("content/naming.yaml", NAMING),
        ("content/naming-too.md", NAMING_IN_MARKDOWN),
        ("content/pages/guide.md", "---\ntitle: it-breaks\n---\n[it](it-breaks)\r\n"),
        ("results.jsonl", "{\"id\":\"it-breaks\",\"check\":\"it-breaks\"}\n{\"id\":\"naming\"}\n"),
    ]);
    insta::assert_snapshot!(transcript(&book.run(&["mv", "it-breaks", "it-is-broken"])), @"
    exit: 0
    --- stdout
    content/it-is-broken.yaml
    --- stderr
    `it-breaks` leads to `it-is-broken` now; 16 places changed in 5 files
    ");
    assert!(!book.path().join("content/it-breaks.yaml").exists());
    insta::assert_snapshot!(read(&book, "content/it-is-broken.yaml"), @r#"
    id: it-is-broken
    title: It breaks
    product: thing
    aliases: [it-breaks]
    symptom: "Like [itself](it-is-broken)."
    root_cause: A cause.
    fix: Mend it.
    wrong_fixes: [Wait]
    keywords: [it breaks]
    sources: [seen]
    "#);
    insta::assert_snapshot!(read(&book, "content/naming.yaml"), @r#"
    title: See it-breaks
    product: thing
    symptom: "See [it](it-is-broken), not `[it](it-breaks)`."
    root_cause: |
      The other, [it
      breaks](it-is-broken "it-breaks"), and [that][x].

      [x]: it-is-broken
    fix:
      - run: 'echo "[it](it-breaks)"'
        risk: "As in [it](<it-is-broken>)."
    wrong_fixes: [Wait]
    keywords: [it-breaks]
    sources: [seen]
    related:
      confused_with: {id: it-is-broken, tell: "Not [it](it-breaks-too)."}
      see_also: ['it-is-broken', it-breaks-too]  # it-breaks
    "#);
    insta::assert_snapshot!(read(&book, "content/naming-too.md"), @r#"
    ---
    title: See it
    product: thing
    related: {leads_to: it-is-broken}
    status: {state: withdrawn, reason: "[it](it-is-broken) is better", see_instead: "it-is-broken"}
    ---

    ## Symptom

    See [it](it-is-broken).

    ```text
    [it](it-breaks)
    ```

    ## Quick fix

    1. [It](it-is-broken)
    "#);
    insta::assert_snapshot!(read(&book, "content/pages/guide.md").replace('\r', "␍"), @"
    ---
    title: it-breaks
    ---
    [it](it-is-broken)␍
    ");
    insta::assert_snapshot!(read(&book, "results.jsonl"), @r#"
    {"id":"it-is-broken","check":"it-breaks"}
    {"id":"naming"}
    "#);
    assert_eq!(read(&book, "content/it-breaks-too.yaml"), CLEAN);
}

/// A second rename keeps the first alias, however the list is written.
#[test]
fn mv_adds_to_the_aliases_that_are_there() {
    let lists =
        ["aliases: one", "aliases: [one, 'two']  # former", "aliases:\n  - one\n  - two # former", ""];
    let after = lists.map(|list| {
        let book = book(&[("content/it-breaks.yaml", &format!("{CLEAN}{list}"))]);
        assert_eq!(book.run(&["mv", "it-breaks", "other"]).status.code(), Some(0), "{list}");
        assert_eq!(json(&book, &["show", "it-breaks", "-f", "json"])["id"], "other");
        read(&book, "content/other.yaml").replace(CLEAN, "…\n")
    });
    insta::assert_snapshot!(after.join("\n---\n"), @"
    …
    aliases: [one, it-breaks]
    ---
    …
    aliases: [one, 'two', it-breaks]  # former
    ---
    …
    aliases:
      - one
      - two # former
      - it-breaks
    ---
    title: It breaks
    product: thing
    aliases: [it-breaks]
    symptom: It stops.
    root_cause: A cause.
    fix: Mend it.
    wrong_fixes: [Wait]
    keywords: [it breaks]
    sources: [seen]
    ");
    let book = book(&[("content/it-breaks.yaml", &CLEAN.replace('\n', "\r\n"))]);
    assert_eq!(book.run(&["mv", "it-breaks", "other"]).status.code(), Some(0));
    assert_eq!(read(&book, "content/other.yaml").lines().nth(2), Some("aliases: [it-breaks]"));
    assert!(!read(&book, "content/other.yaml").replace("\r\n", "").contains('\n'));
}

#[test]
fn mv_renames_the_folder_of_a_record_that_has_one() {
    let markdown = "---\n# first\ntitle: >-\n  It\n  breaks\nproduct: p\n---\n## Symptom\n\nx\n\n## Quick fix\n\n1. Mend it\n";
    let book = book(&[("content/a-folder/record.md", markdown), ("content/a-folder/notes.txt", "")]);
    assert_eq!(book.run(&["mv", "a-folder", "renamed"]).status.code(), Some(0));
    assert!(book.path().join("content/renamed/notes.txt").exists());
    insta::assert_snapshot!(read(&book, "content/renamed/record.md"), @"
    ---
    # first
    title: >-
      It
      breaks
    product: p
    aliases: [a-folder]
    ---
    ## Symptom

    x

    ## Quick fix

    1. Mend it
    ");
}

#[test]
fn mv_refuses_what_it_could_not_finish_and_changes_nothing() {
    let record = format!("{CLEAN}aliases: [it-broke]\n");
    let hidden = "related: {see_also: [\"it\\x2dbreaks\"]}\n";
    let book = book(&[
        ("content/it-breaks.yaml", &record),
        ("content/other.yaml", CLEAN),
        ("content/hidden.yaml", &format!("{CLEAN}{hidden}")),
    ]);
    let run = |old: &str, new: &str| transcript(&book.run(&["mv", old, new]));
    insta::assert_snapshot!(run("it-breaks", "other"), @"
    exit: 2
    --- stdout

    --- stderr
    error: the id `other` is taken by `content/other.yaml`
      = hint: an id means one failure, for ever
    ");
    insta::assert_snapshot!(run("it-breaks", "it-broke"), @"
    exit: 2
    --- stdout

    --- stderr
    error: the id `it-broke` is taken by `content/it-breaks.yaml`
      = hint: an id means one failure, for ever
    ");
    insta::assert_snapshot!(run("it-breks", "new"), @"
    exit: 2
    --- stdout

    --- stderr
    error: no record is called `it-breks`
      = hint: the nearest name is `it-breaks`
    ");
    insta::assert_snapshot!(run("it-breaks", "New One"), @"
    exit: 2
    --- stdout

    --- stderr
    error: `New One` cannot be the id of a record
      = hint: `new-one` would do; an id is made of `a-z` and `0-9` words joined by `-`, at most 64 bytes
    ");
    insta::assert_snapshot!(run("it-breaks", "new"), @"
    exit: 2
    --- stdout

    --- stderr
    error: `it-breaks` is named at content/hidden.yaml:9:22 in a way that cannot be changed
      = hint: nothing was changed; written plainly there, it can be
    ");
    book.write("content/hidden.yaml", "a: [");
    insta::assert_snapshot!(run("it-breaks", "new"), @"
    exit: 2
    --- stdout

    --- stderr
    error: `content/hidden.yaml` cannot be read, and may name `it-breaks`
      = hint: `faultbook lint` shows what is wrong with it
    ");
    assert_eq!(read(&book, "content/it-breaks.yaml"), record);
}

#[test]
fn clean_takes_away_what_builds_left_and_nothing_else() {
    let book = book(&[("content/it-breaks.yaml", CLEAN)]);
    assert_eq!(book.run(&["build", "-q"]).status.code(), Some(0));
    book.write("book/notes.txt", "not ours");
    let output = book.run(&["clean"]);
    assert_eq!(output.status.code(), Some(0));
    let left: Vec<String> =
        walk(book.path()).iter().map(|path| path.strip_prefix(book.path()).unwrap().to_string()).collect();
    assert_eq!(left, ["book/notes.txt", "book.toml", "content/it-breaks.yaml"]);
    insta::assert_snapshot!(transcript(&book.run(&["clean"])), @"
    exit: 0
    --- stdout

    --- stderr
    removed 0 files of book, and caches
    ");
}

#[test]
fn completions_know_verbs_and_ask_for_ids() {
    let nowhere = Scratch::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = nowhere.run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&output.stdout).contains("verify"), "{shell}");
    }
}

/// What a person gets who types a part of a verb, a flag or an id and presses Tab.
#[test]
fn bash_completes_verbs_flags_and_ids() {
    let book = Scratch::copy_of(&golden_book());
    std::fs::write(book.path().join("script"), book.run(&["completions", "bash"]).stdout).unwrap();
    let folder = camino::Utf8Path::new(env!("CARGO_BIN_EXE_faultbook")).parent().unwrap();
    let complete = |words: &str, last: usize| {
        let script = format!(
            "PATH={folder}:$PATH; . ./script; COMP_WORDS=({words}); COMP_CWORD={last}; \
             _faultbook_or_ids faultbook \"${{COMP_WORDS[{last}]}}\" x; echo ${{COMPREPLY[@]}}"
        );
        let mut bash = std::process::Command::new("bash");
        let output = bash.args(["-c", &script]).current_dir(book.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    assert_eq!(complete("faultbook ve", 1), "verify");
    assert_eq!(complete("faultbook show st", 2), "stale-lock");
    assert_eq!(complete("faultbook show --form", 2), "--format");
}

#[test]
fn man_writes_a_page_for_every_verb() {
    let nowhere = Scratch::empty();
    let page = String::from_utf8(nowhere.run(&["man"]).stdout).unwrap();
    assert!(page.contains(".TH faultbook 1"));
    let output = nowhere.run(&["man", "-d", "pages"]);
    let pages = String::from_utf8(output.stdout).unwrap();
    assert!(pages.lines().any(|path| path == "pages/faultbook-build.1"), "{pages}");
    assert!(pages.lines().any(|path| path == "pages/faultbook-theme-eject.1"), "{pages}");
    let build = read(&nowhere, "pages/faultbook-build.1");
    assert!(build.contains("Turn the records into a site"), "{build}");
}

#[test]
fn a_book_that_lies_elsewhere_can_be_named() {
    let book = book(&[("content/it-breaks.yaml", CLEAN)]);
    let nowhere = Scratch::empty();
    let ids = |args: &[&str], named: &str| {
        let mut command = faultbook(nowhere.path(), args);
        let output = command.env("FAULTBOOK_BOOK", named).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let found = (Some(0), "it-breaks\n".to_owned());
    assert_eq!(ids(&["list", "-f", "ids"], book.path().as_str()), found);
    assert_eq!(ids(&["list", "-f", "ids", "--book", book.path().as_str()], ""), found);
    assert_eq!(ids(&["--book", book.path().as_str(), "list", "-f", "ids"], "elsewhere"), found);
    insta::assert_snapshot!(transcript(&nowhere.run(&["list", "--book", "elsewhere"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: there is no book.toml in `elsewhere`
      = hint: --book takes the folder of a book
    ");
    insta::assert_snapshot!(transcript(&nowhere.run(&["list"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: there is no book.toml in `.` or above it
      = hint: a folder becomes a book by a file book.toml, which may be empty; `--book` or $FAULTBOOK_BOOK names a book that lies elsewhere
    ");
}
