//! Verbs that show, list and format records, and those about the program itself: the real binary on small books.

use crate::support::{CLEAN, Scratch, book, faultbook, golden_book, json, project, read, transcript, walk};

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
        if inside.starts_with("pages") {
            continue;
        }
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
    assert!(
        walk(&records.path().join("content"))
            .iter()
            .all(|path| matches!(path.extension(), Some("md" | "txt")))
    );
    assert!(records.path().join("content/own/a-folder/record.md").exists());
    assert_eq!(facts(&records), before);
    assert_eq!(records.run(&["fmt", "--to", "yaml"]).status.code(), Some(0));
    assert!(
        walk(&records.path().join("content"))
            .iter()
            .all(|path| matches!(path.extension(), Some("yaml" | "txt")))
    );
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

/// What hides or turns the direction of a line, in every field that is printed, by every verb that prints records.
#[test]
fn no_verb_prints_what_cannot_be_seen() {
    let hidden = ["\u{9b}", "\u{202e}", "\u{200b}", "\u{e0001}"];
    let written = r#""a\x9bb\u202Ec\u200Bd\U000E0001 breaks""#;
    let record = CLEAN.replace("It breaks", written).replace("thing", written).replace("It stops.", written);
    let record =
        record.replace("[it breaks]", &format!("[{written}]")).replace("[Wait]", &format!("[{written}]"));
    let book = book(&[("content/it-breaks.yaml", &record)]);
    book.write("book.toml", "[lint]\ninvisible-character = 'warn'\n");
    let verbs: [&[&str]; 9] = [
        &["show", "it-breaks"],
        &["show", "it-breaks", "-f", "md"],
        &["show", "it-breaks", "-f", "json"],
        &["list"],
        &["list", "-f", "json"],
        &["search", "breaks"],
        &["search", "breaks", "-f", "json"],
        &["lint"],
        &["lint", "-f", "json"],
    ];
    for verb in verbs {
        let output = book.run(verb);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(said.contains("breaks"), "{verb:?}: {said}");
        assert_eq!(hidden.iter().find(|one| said.contains(**one)), None, "{verb:?}: {said:?}");
    }
    let title = json(&book, &["list", "-f", "json"])["records"][0]["title"].clone();
    assert_eq!(title, "a\u{9b}b\u{202e}c\u{200b}d\u{e0001} breaks");
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
    stale-lock     thing  tested      error: could not get lock /var/lib/thing.lock
    --- stderr
    5 records: 1 tested, 4 untestable
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
          "check": "tested",
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

/// SOURCE_DATE_EPOCH says 2026-12-31 here.
#[test]
fn list_names_what_is_due_to_be_read_again() {
    let due = |more: &str| format!("{CLEAN}{more}\n");
    let old = CLEAN.replace("[seen]", "[{title: seen, accessed: 2025-01-01}]");
    let new = CLEAN.replace("[seen]", "[{title: seen, accessed: 2026-12-01}]");
    let book = book(&[
        ("content/overdue.yaml", &due("review_by: 2026-12-30")),
        ("content/due-today.yaml", &due("review_by: 2026-12-31")),
        ("content/old-source.yaml", &old),
        ("content/new-source.yaml", &new),
    ]);
    let ids = || String::from_utf8(book.run(&["list", "--stale", "-f", "ids"]).stdout).unwrap();
    assert_eq!(ids(), "old-source\noverdue\n");
    book.write("book.toml", "[check]\nstale-after = '10d'\n");
    assert_eq!(ids(), "new-source\nold-source\noverdue\n");
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
    error: there is neither a book nor a built site in `elsewhere`
      = hint: --book takes the folder of a book, or of a site that was built from one
    ");
    insta::assert_snapshot!(transcript(&nowhere.run(&["list"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: there is no book.toml in `.` or above it
      = hint: a folder becomes a book by a file book.toml, which may be empty; `--book`, $FAULTBOOK_BOOK, or `book = 'DIR'` in ~/.config/faultbook/config.toml names one that lies elsewhere
    ");
}

/// A page of prose is found like a record, and its hit leads to its page.
#[test]
fn search_finds_pages_of_prose() {
    let book = book(&[
        ("content/it-breaks.yaml", CLEAN),
        ("content/pages/on-call.md", "---\ntitle: When the zebra calls\n---\n\nAnswer it.\n"),
    ]);
    let found = json(&book, &["search", "zebra", "calls", "-f", "json"]);
    assert_eq!(found["hits"][0]["id"], "guide/on-call");
    assert_eq!(found["hits"][0]["url"], "/guide/on-call/");
    assert_eq!(book.run(&["build", "-q"]).status.code(), Some(0));
    assert!(book.path().join("book/guide/on-call/index.html").exists());
}

/// What was looked at ends with a sentence for people, which is not data.
#[test]
fn verbs_end_with_how_much_there_was() {
    let check = "check: {setup: touch a, run: test ! -e a, broken: {exit: 1}, fixed: {exit: 0}}\n";
    let record = |nth: usize| CLEAN.replace("breaks", ["leaks", "burns"][nth]) + check;
    let book = book(&[("content/one.yaml", &record(0)), ("content/two.yaml", &record(1))]);
    let last = |args: &[&str]| {
        let output = book.run(args);
        String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(last(&["verify", "--all"]), "2 records: 2 CANNOT_TELL");
    assert_eq!(last(&["verify", "one"]), "");
    assert_eq!(last(&["list"]), "2 records: 2 never");
    assert_eq!(last(&["list", "-q"]), "");
    assert_eq!(last(&["list", "-f", "ids"]), "");
    assert_eq!(last(&["eval"]), "2 keywords, each with the rank that was promised");
}
