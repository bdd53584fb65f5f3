//! What people read on a terminal, and what programs rely on: the real binary, its output as a snapshot.

use crate::support::{CLEAN, Scratch, faultbook, golden_book, transcript};
use serde_json::Value;
use std::io::Read;
use std::process::Stdio;

fn book(record: &str) -> Scratch {
    let book = Scratch::empty();
    book.write("book.toml", "");
    book.write("content/it-breaks.yaml", record);
    book
}

#[test]
fn lint_is_quiet_about_a_clean_record() {
    insta::assert_snapshot!(transcript(&book(CLEAN).run(&["lint"])), @"
    exit: 0
    --- stdout
    1 record, no findings
    --- stderr
    ");
}

#[test]
fn lint_shows_every_mistake_with_its_place_and_remedy() {
    let record = CLEAN.replace("product:", "prodcut:").replace("fix: Mend it.", "fix:\n  - rum: mend");
    insta::assert_snapshot!(transcript(&book(&record).run(&["lint"])), @"
    exit: 1
    --- stdout
    1 record, 3 errors
    --- stderr
    error[unknown-key]: a record has no key `prodcut`
     --> content/it-breaks.yaml:2:1
      |
    2 | prodcut: thing
      | ^^^^^^^
      |
      = hint: did you mean `product`?

    error[unknown-key]: a step has no key `rum`
     --> content/it-breaks.yaml:6:5
      |
    6 |   - rum: mend
      |     ^^^
      |
      = hint: did you mean `run`?

    error[missing-field]: this step says nothing
     --> content/it-breaks.yaml:6:5
      |
    6 |   - rum: mend
      |     ^^^^^^^^^
      |
      = hint: a step has `text`, `run`, or both
    ");
}

#[test]
fn lint_says_the_same_as_json() {
    let record = CLEAN.replace("product:", "prodcut:");
    insta::assert_snapshot!(transcript(&book(&record).run(&["lint", "-f", "json"])), @r#"
    exit: 1
    --- stdout
    {
      "schema": "lint/1",
      "findings": [
        {
          "rule": "unknown-key",
          "severity": "error",
          "path": "content/it-breaks.yaml",
          "line": 2,
          "column": 1,
          "end_line": 2,
          "end_column": 8,
          "message": "a record has no key `prodcut`",
          "hint": "did you mean `product`?"
        }
      ]
    }
    --- stderr
    "#);
}

#[test]
fn a_mistake_in_book_toml_is_a_finding_too() {
    let book = book(CLEAN);
    book.write(
        "book.toml",
        "[bock]\ntitle = 'x'\n[book]\nsrc = '../elsewhere'\n[output.html]\nsite-url = 'ftp://x'\n",
    );
    insta::assert_snapshot!(transcript(&book.run(&["lint"])), @"
    exit: 1
    --- stdout
    1 record, 3 errors
    --- stderr
    error[unknown-key]: book.toml has no key `bock`
     --> book.toml:1:2
      |
    1 | [bock]
      |  ^^^^
      |
      = hint: did you mean `book`?

    error[unknown-value]: `../elsewhere` is not a folder inside the book
     --> book.toml:4:7
      |
    4 | src = '../elsewhere'
      |       ^^^^^^^^^^^^^^
      |
      = hint: a folder is named relative to book.toml, without `..`

    error[wrong-type]: `ftp://x` is not the address of a site
     --> book.toml:6:12
      |
    6 | site-url = 'ftp://x'
      |            ^^^^^^^^^
      |
      = hint: an address begins with https:// and names a host
    ");
}

#[test]
fn an_error_keeps_the_site_from_being_published_and_the_old_one_stays() {
    let book = book(CLEAN);
    assert_eq!(book.run(&["build"]).status.code(), Some(0));
    let page = book.path().join("book/f/it-breaks/index.html");
    let before = std::fs::read(&page).unwrap();
    book.write("content/it-breaks.yaml", CLEAN.replace("product:", "prodcut:"));
    let output = book.run(&["build", "-q"]);
    assert!(String::from_utf8_lossy(&output.stderr).ends_with("nothing was published: 1 error\n"));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read(&page).unwrap(), before);
}

#[test]
fn a_folder_without_a_book_is_named_with_a_remedy() {
    insta::assert_snapshot!(transcript(&Scratch::empty().run(&["build"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: there is no book.toml in `.` or above it
      = hint: a folder becomes a book by a file book.toml, which may be empty; `--book`, $FAULTBOOK_BOOK, or `book = 'DIR'` in ~/.config/faultbook/config.toml names one that lies elsewhere
    ");
}

#[test]
fn a_broken_template_is_shown_with_its_place_and_nothing_is_written() {
    let book = book(CLEAN);
    book.write("templates/home.html", "{% extends \"base.html\" %}\n{{ nothing.at.all }}\n{% block");
    let output = book.run(&["build"]);
    assert!(!book.path().join("book").exists());
    insta::assert_snapshot!(transcript(&output), @"
    exit: 2
    --- stdout

    --- stderr
    error: could not build the site
      because: use the templates
      because: error: This content would be ignored: only `extends`, `block` and `component` are allowed at the top level of a child template.
       --> home.html:2:1
        |
      2 | {{ nothing.at.all }}
        | ^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn a_template_may_change_one_block_of_a_built_in_one() {
    let book = book(CLEAN);
    book.write(
        "templates/record.html",
        "{% extends \"default/record.html\" %}{% block quick_fix %}<p>ours first</p>{{ super() }}{% endblock %}",
    );
    assert_eq!(book.run(&["build"]).status.code(), Some(0));
    let html = std::fs::read_to_string(book.path().join("book/f/it-breaks/index.html")).unwrap();
    assert!(html.find("ours first").unwrap() < html.find("Mend it.").unwrap());
}

#[test]
fn a_build_removes_its_own_pages_only_and_writes_only_what_changed() {
    let book = book(CLEAN);
    book.write("content/other.yaml", CLEAN);
    assert_eq!(book.run(&["build"]).status.code(), Some(0));
    book.write("book/f/other/notes.txt", "not ours");
    book.write("book/CNAME", "books.example");
    std::fs::remove_file(book.path().join("content/other.yaml")).unwrap();
    let unchanged = book.path().join("book/f/it-breaks/index.html");
    let before = std::fs::metadata(&unchanged).unwrap().modified().unwrap();
    assert_eq!(book.run(&["build"]).status.code(), Some(0));
    assert!(!book.path().join("book/f/other/index.html").exists());
    assert!(book.path().join("book/f/other/notes.txt").exists());
    assert!(book.path().join("book/CNAME").exists());
    assert_eq!(std::fs::metadata(&unchanged).unwrap().modified().unwrap(), before);
}

#[cfg(unix)]
#[test]
fn a_build_does_not_write_through_a_link_out_of_its_folder() {
    let book = book(CLEAN);
    let outside = Scratch::empty();
    std::fs::create_dir(book.path().join("book")).unwrap();
    std::os::unix::fs::symlink(outside.path(), book.path().join("book/f")).unwrap();
    let output = book.run(&["build"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("it is a symbolic link"));
    assert!(!outside.path().join("it-breaks").join("index.html").exists());
}

/// Two copies of a book in two places become the same bytes.
#[test]
fn the_same_book_becomes_the_same_site_anywhere() {
    let site = |book: &Scratch| {
        assert_eq!(book.run(&["build"]).status.code(), Some(0));
        let files = crate::support::walk(&book.path().join("book"));
        let file = |path: &camino::Utf8PathBuf| {
            (path.strip_prefix(book.path()).unwrap().to_owned(), std::fs::read(path).unwrap())
        };
        files.iter().map(file).collect::<Vec<_>>()
    };
    assert_eq!(site(&Scratch::copy_of(&golden_book())), site(&Scratch::copy_of(&golden_book())));
}

#[test]
fn search_shows_why_a_record_matched_and_what_repairs_it() {
    insta::assert_snapshot!(transcript(&Scratch::copy_of(&golden_book()).run(&["search", "could not get lokc"])), @"
    exit: 0
    --- stdout
    1. error: could not get lock /var/lib/thing.lock  stale-lock
       keywords could not get lock
       fix rm -f thing.lock

    2. Two writers, one of them loses  lost-update
       fix thing lock
    --- stderr
    2 hits among 5; `faultbook show ID` has the whole record
    ");
}

#[test]
fn search_without_a_hit_says_so() {
    insta::assert_snapshot!(transcript(&Scratch::copy_of(&golden_book()).run(&["search", "zzzzzz"])), @"
    exit: 1
    --- stdout

    --- stderr
    no record matches these words
      = hint: fewer words, or the one line of the error without names and numbers, find more
      = hint: once you know the answer, `faultbook new ID` begins its record
    ");
}

#[test]
fn search_keeps_to_a_facet_and_refuses_an_unknown_one() {
    let book = Scratch::copy_of(&golden_book());
    let ids = |facet| {
        String::from_utf8(book.run(&["search", "-f", "ids", "--facet", facet, "the"]).stdout).unwrap()
    };
    assert_eq!(ids("product=thing"), "lost-update\nstale-lock\n");
    assert_eq!(ids("product=C"), "plain-c\n");
    assert_eq!(book.run(&["search", "--facet", "colour=red", "the"]).status.code(), Some(2));
}

/// The index follows the content, survives being damaged, and is no obstacle where it cannot be written.
#[test]
fn a_search_never_answers_from_an_old_or_damaged_index() {
    let book = book(CLEAN);
    let ids = |query| String::from_utf8(book.run(&["search", "-f", "ids", query]).stdout).unwrap();
    assert_eq!(ids("breaks"), "it-breaks\n");
    book.write("content/new.yaml", CLEAN.replace("It breaks", "Elephants"));
    assert_eq!(ids("elephants"), "new\n");
    for file in crate::support::walk(&book.path().join(".faultbook/index")) {
        let mut bytes = std::fs::read(&file).unwrap();
        bytes.truncate(bytes.len() / 2);
        std::fs::write(&file, bytes).unwrap();
    }
    assert_eq!(ids("elephants"), "new\n");
    std::fs::remove_dir_all(book.path().join(".faultbook")).unwrap();
    book.write(".faultbook", "a file where a folder should be");
    assert_eq!(ids("elephants"), "new\n");
}

#[test]
fn a_self_test_cannot_leave_its_scratch_folder() {
    let book = book(&format!(
        "{CLEAN}check:\n  setup: touch ../ran\n  run: 'true'\n  broken: {{exit: 1}}\n  fixed: {{exit: 0}}\n"
    ));
    let output = book.run(&["verify", "--self-test"]);
    assert_eq!(output.status.code(), Some(6));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("CANNOT_TELL") && said.contains("touch: cannot touch '../ran': Permission denied"),
        "{said}"
    );
}

#[test]
fn a_self_test_shows_each_state_and_records_what_pages_then_show() {
    let book = Scratch::copy_of(&golden_book());
    std::fs::remove_file(book.path().join("results.jsonl")).unwrap();
    let output = book.run(&[
        "verify",
        "--self-test",
        "--allow",
        "shell",
        "-f",
        "json",
        "--record-results",
        "results.jsonl",
    ]);
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["records"][0]["cells"][1]["verdict"], "FIXED");
    let page = |book: &Scratch| {
        assert_eq!(book.run(&["build"]).status.code(), Some(0));
        std::fs::read_to_string(book.path().join("book/f/stale-lock/index.html")).unwrap()
    };
    assert!(page(&book).contains("Tested 2026-12-31 on"));
    assert!(page(&book).contains("Wrong fixes refuted by running them: 1 of 2."));
    let path = "content/stale-lock.yaml";
    let record = std::fs::read_to_string(book.path().join(path)).unwrap();
    book.write(path, record.replace("rm -f thing.lock", "rm -f ./thing.lock"));
    let outdated = page(&book);
    assert!(outdated.contains("Outdated: the result of 2026-12-31"));
    assert!(!outdated.contains("These commands were run"));
}

#[test]
fn a_wrong_fix_that_repairs_the_failure_fails_the_self_test() {
    let record = CLEAN
        .replace("wrong_fixes: [Wait]", "wrong_fixes: [{run: rm broken}]")
        .replace("fix: Mend it.", "fix: {run: rm -f broken}");
    let book = book(&format!(
        "{record}check:\n  setup: touch broken\n  run: test ! -e broken\n  broken: {{exit: 1}}\n  fixed: {{exit: 0}}\n"
    ));
    let output =
        book.run(&["verify", "--self-test", "--allow", "shell", "--record-results", "results.jsonl"]);
    assert_eq!(output.status.code(), Some(6));
    book.run(&["build"]);
    let html = std::fs::read_to_string(book.path().join("book/f/it-breaks/index.html")).unwrap();
    assert!(html.contains("Failing: on 2026-12-31"));
}

#[test]
fn an_unknown_record_is_answered_with_the_nearest() {
    insta::assert_snapshot!(transcript(&Scratch::copy_of(&golden_book()).run(&["verify", "--self-test", "stale-lok"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: no record is called `stale-lok`
      = hint: the nearest name is `stale-lock`
    ");
}

#[test]
fn a_plan_shows_every_script_and_runs_none() {
    let book = Scratch::copy_of(&golden_book());
    insta::assert_snapshot!(transcript(&book.run(&["verify", "--self-test", "--plan", "stale-lock"])), @"
    exit: 0
    --- stdout
    stale-lock  sha256:53b57e2181c4b969d06d66434450fe1094f10cd4e9e11f8ee7b04a7dbc3f95e6
      capabilities: shell
      setup, before every state
        touch thing.lock
      after the fix
        rm -f thing.lock
      after wrong fix touch-thing-lock
        touch thing.lock
      after wrong fix wait-for-the-lock
        (not executed: a step has no command)
      run, after every state
        test ! -e thing.lock || { echo could not get lock; exit 1; }
    --- stderr
    ");
}

#[test]
fn help_names_every_verb() {
    insta::assert_snapshot!(transcript(&Scratch::empty().run(&["--help"])), @"
    exit: 0
    --- stdout
    Failure records that people and coding agents can trust: a searchable site, answers in the terminal,
    and checks that run

    Usage: faultbook [OPTIONS] <COMMAND>

    Commands:
      init         Begin a book, with a record to look at and a workflow for pull requests
      new          Begin a record
      build        Turn the records into a site
      serve        Preview the site; pages reload when their record is saved
      search       Find records by words, codes or error messages
      diagnose     Say which record explains what a program printed, or that none does
      eval         Measure how well records are found
      show         Show one record in the terminal
      list         Name the records of the book
      lint         Say what is wrong with records, and what to write instead
      fmt          Bring records into one order and one style, or into the other form
      mv           Give a record another id; what names it is changed, and its former address leads on
      verify       Run the checks that records carry
      try          Repair a failure that is really there, and be told whether it is repaired
      repro        Lay a failure out in a folder
      trust        See and say which checks may run as you
      import       Make records from those of another format, and say what could not be carried over
      export       Write the records for other programs, and say what stays behind
      guard        Stand in front of a command: silent where it is no known wrong fix, otherwise 1, with
                   what to do instead
      mcp          Answer coding agents over MCP, on standard input and output; it reads, and changes
                   nothing
      schema       Print what a file may hold, as JSON Schema, for editors and CI
      theme        See and take over the built-in templates and theme
      clean        Take away what builds left
      completions  Print a script that teaches a shell our words
      man          Print the manual

    Options:
      -C, --directory <DIR>
              Work in this folder, as if it were the present one

          --book <DIR>
              The book, or the site built from one, to use where this folder is in none; else
              $FAULTBOOK_BOOK, else what your own settings name

          --config <FILE>
              Your own settings, where `book = 'DIR'` names the book to use by default;
              ~/.config/faultbook/config.toml otherwise

      -q, --quiet
              Say less

      -v, --verbose...
              Say more, such as that a cache was mended

          --offline
              Ask no other machine; what only one of them could tell stays unknown

          --color <WHEN>
              Colour the output

              Possible values:
              - auto:   On a terminal, unless NO_COLOR is set
              - always: Always
              - never:  Never
              
              [default: auto]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    --- stderr
    ");
}

/// A busy port that was asked for is an error; a busy default moves on.
#[test]
fn serve_says_when_its_port_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = book(CLEAN).run(&["serve", "--port", &port]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&format!("could not listen on 127.0.0.1:{port}")), "{said}");
    assert!(said.contains("hint: another `--port` is free"), "{said}");
}

/// Another site's page must not read the preview, by a name that resolves here or by a request of its own.
#[test]
fn serve_answers_only_to_its_own_address() {
    let book = book(CLEAN);
    let mut server =
        faultbook(book.path(), &["serve", "--port", "0"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = server.stderr.take().unwrap();
    while !said.contains("(Ctrl-C") {
        let mut byte = [0];
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "it said: {said}");
        said.push(char::from(byte[0]));
    }
    let address = said.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let status = |headers: &str| {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        write!(stream, "GET /f/it-breaks/ HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let ours = status(&format!("Host: {address}"));
    let foreign_host = status("Host: evil.example");
    let foreign_origin = status(&format!("Host: {address}\r\nOrigin: http://evil.example"));
    let markdown = status(&format!("Host: {address}\r\nAccept: text/markdown"));
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(ours.starts_with("HTTP/1.1 200"), "{ours}");
    assert!(foreign_host.starts_with("HTTP/1.1 403"), "{foreign_host}");
    assert!(foreign_origin.starts_with("HTTP/1.1 403"), "{foreign_origin}");
    assert!(markdown.contains("# It breaks"), "{markdown}");
}
