//! `faultbook new` and `mv`: what becomes of the files of a book.

use crate::support::{CLEAN, book, faultbook, json, read, transcript};

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
    // The address in it is none, so that it cannot be published by mistake.
    book.write("content/it-breaks.yaml", &text);
    let output = book.run(&["lint"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("`https://…` is not a web address"));
    let text = text.replace("https://…", "https://example.org/it");
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
