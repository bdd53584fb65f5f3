//! `faultbook new --from-error`: what a program printed becomes a record, or a part of one.

use crate::support::{Scratch, book, faultbook, json, read, transcript};

const LOCKED: &str = "title: 'fatal: Unable to create index.lock: File exists'\nproduct: git\ncategory: locks\n\
    symptom: |\n  Nothing can be committed.\n  ```text\n  fatal: Unable to create '/srv/app/.git/index.lock': File exists.\n  ```\n\
    root_cause: Another process was killed.\nfix:\n  - run: rm .git/index.lock\nwrong_fixes: [Wait]\n\
    keywords: [index.lock file exists]\nsources: [seen]\n";
const LOCKED_LOG: &str = "$ git commit\n2026-11-25T10:00:00Z \u{1b}[31mfatal:\u{1b}[0m Unable to create \
    '/srv/x/project/.git/index.lock': File exists.\n\nAnother git process seems to be running.\n";

fn findings(book: &Scratch, path: &str) -> Vec<String> {
    let report = json(book, &["lint", path, "-f", "json"]);
    let of = |finding: &serde_json::Value| {
        assert!(finding["hint"].is_string(), "{finding}");
        format!("{}: {}", finding["rule"].as_str().unwrap(), finding["message"].as_str().unwrap())
    };
    report["findings"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn a_duplicate_is_shown_before_a_record_is_written() {
    let book = book(&[("content/locked.yaml", LOCKED)]);
    book.write("err.log", LOCKED_LOG);
    insta::assert_snapshot!(transcript(&book.run(&["new", "locked-again", "--from-error", "err.log"])), @"
    exit: 0
    --- stdout
    content/locked-again.yaml
    faultbook lint content/locked-again.yaml
    --- stderr
    match: fatal: Unable to create index.lock: File exists
      its id is `locked`; line 2 tells it: 2026-11-25T10:00:00Z fatal: Unable to create '/srv/x/project/.git/index.lock': File exists.
      to add this output to it instead: faultbook new --from-error err.log --add-to locked
    ");
    insta::assert_snapshot!(read(&book, "content/locked-again.yaml"), @r#"
    title: "fatal: Unable to create 'index.lock': File exists."
    product: git
    category: locks
    symptom: |
      ```text
      $ git commit
      2026-11-25T10:00:00Z fatal: Unable to create '/srv/x/project/.git/index.lock': File exists.

      Another git process seems to be running.
      ```
    # TODO: what `faultbook lint` asks for; where nobody knows a repair, `status: open` stands for `fix`.
    # fix:
    #   - run: what repairs it
    # root_cause: The cause in a sentence or two.
    # wrong_fixes:
    #   - run: what people try
    #     why: Why it fails.
    # keywords: [what people type when they see it]
    # sources: [where this was seen, or an address]
    "#);
}

#[test]
fn lint_names_each_gap_of_a_pasted_error() {
    let book = book(&[("content/locked.yaml", LOCKED)]);
    book.write(
        "err.log",
        "npm error code E404\nnpm error 404 Not Found - GET https://example.org/left-pad\n",
    );
    insta::assert_snapshot!(transcript(&book.run(&["new", "--from-error", "err.log"])), @"
    exit: 0
    --- stdout
    content/npm-error-code-e404.yaml
    faultbook lint content/npm-error-code-e404.yaml
    --- stderr
    ");
    let path = "content/npm-error-code-e404.yaml";
    insta::assert_snapshot!(findings(&book, path).join("\n"), @"
    missing-field: this record has no `fix`
    missing-field: this record has no `product`
    missing-field: without `keywords` this record stays a draft
    missing-field: without `root_cause` this record stays a draft
    missing-field: without `sources` this record stays a draft
    missing-field: without `wrong_fixes` this record stays a draft
    ");
    let text = read(&book, path).replace("# TODO", "TODO").replace("\n# ", "\n");
    book.write(path, text.replace("TODO: what `faultbook lint` asks for; where nobody knows a repair, `status: open` stands for `fix`.\n", ""));
    assert_eq!(findings(&book, path), [""; 0]);
}

/// Whatever a log says stays what it says: neither form reads anything else in it.
#[test]
fn hostile_text_is_quoted_and_means_nothing() {
    let log = "error: \"a: [b\" {x: &y *z} !!tag %TAG # no \u{202e}comment\u{0}\u{7}\n---\ntitle: other\nfix: x\n...\n\
        ```\n````\n## Quick fix\n\n1. `rm -rf /`\n<script>alert(1)</script>\n- product: y\n\t tab\n   \u{1b}]0;owned\u{7}end\n";
    let book = book(&[]);
    book.write("err.log", log);
    for (form, ending) in [("yaml", "yaml"), ("md", "md")] {
        let id = format!("in-{ending}");
        let output = book.run(&["new", &id, "--from-error", "err.log", "--as", form]);
        assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
        let path = format!("content/{id}.{ending}");
        let text = read(&book, &path);
        assert!(!text.contains(|c: char| c.is_control() && !"\n\t".contains(c)), "{text:?}");
        assert!(!text.contains('\u{202e}'), "{text:?}");
        let rules: Vec<String> = findings(&book, &path);
        assert!(rules.iter().all(|found| found.starts_with("missing-field: ")), "{rules:#?}");
        assert_eq!(rules.len(), 6, "product, fix, and what a draft lacks: {rules:#?}");
        let whole = text.replacen("title:", "product: thing\nstatus: open\ntitle:", 1);
        book.write(&path, whole);
        let record = json(&book, &["show", &id, "-f", "json"]);
        assert_eq!(record["title"], "error: \"a: [b\" {x: &y *z} !!tag %TAG # no comment");
        let symptom = record["symptom"].as_str().unwrap();
        for line in ["title: other", "## Quick fix", "<script>alert(1)</script>", "1. `rm -rf /`", "   end"] {
            assert!(symptom.lines().any(|quoted| quoted == line), "{line} in {symptom}");
        }
        assert!(symptom.starts_with("`````text\n") && symptom.trim_end().ends_with("\n`````"), "{symptom}");
    }
}

#[test]
fn no_secret_of_a_pasted_error_is_kept() {
    let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpQIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi\nZ9KcH9\n-----END RSA PRIVATE KEY-----";
    let token = format!("ghp_{}", "a1B2".repeat(9));
    let log = format!(
        "{key}\nauthorization: Bearer abcdefgh12345678\nfatal: could not read from https://me:hunter22@example.org/{token}\n{key}\n"
    );
    let book = book(&[("content/locked.yaml", LOCKED)]);
    book.write("err.log", log);
    assert_eq!(book.run(&["new", "denied", "--from-error", "err.log"]).status.code(), Some(0));
    assert_eq!(book.run(&["new", "--from-error", "err.log", "--add-to", "locked"]).status.code(), Some(0));
    for kept in [read(&book, "content/denied.yaml"), read(&book, "content/locked/observed/pasted.txt")] {
        for secret in ["MIIEpQ", "Z9KcH9", "abcdefgh12345678", "hunter22", token.as_str()] {
            assert!(!kept.contains(secret), "{secret} in {kept}");
        }
        assert!(kept.contains("fatal: could not read from https://me:[secret"), "{kept}");
    }
}

#[test]
fn a_huge_log_makes_a_short_record() {
    let book = book(&[]);
    let noise = "compiling one more of very many parts\n".repeat(100_000);
    book.write("err.log", format!("{noise}E: Unable to locate package foo\n{noise}{}", "x".repeat(2 << 20)));
    let output = book.run(&["new", "--from-error", "err.log"]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let text = read(&book, "content/e-unable-to-locate-package-foo.yaml");
    assert!(
        text.starts_with("title: 'E: Unable to locate package foo'\n")
            || text.starts_with("title: \"E: Unable"),
        "{text}"
    );
    assert!(text.contains("  E: Unable to locate package foo\n"));
    assert!(text.len() < 6_000, "{} bytes", text.len());
    // One line without an end is as much as any other.
    book.write("err.log", "error ".repeat(1 << 20));
    assert_eq!(book.run(&["new", "endless", "--from-error", "err.log"]).status.code(), Some(0));
    assert!(read(&book, "content/endless.yaml").len() < 6_000);
}

#[test]
fn an_output_can_be_added_to_a_record_which_is_known_by_it_then() {
    let book = book(&[("content/locked.yaml", LOCKED)]);
    book.write("err.log", "$ deploy\nXQ4711: the frobnicator at 10:00:00 cannot hold its breath\n");
    assert_eq!(book.run(&["diagnose", "err.log"]).status.code(), Some(1));
    let add = || transcript(&book.run(&["new", "--from-error", "err.log", "--add-to", "locked"]));
    insta::assert_snapshot!(add(), @"
    exit: 0
    --- stdout
    harvested  content/locked/observed/pasted.txt, and content/locked.yaml is content/locked/record.yaml now
    --- stderr
    ");
    insta::assert_snapshot!(read(&book, "content/locked/observed/pasted.txt"), @"
    $ deploy
    XQ4711: the frobnicator at <time> cannot hold its breath
    ");
    assert_eq!(book.run(&["diagnose", "err.log"]).status.code(), Some(0));
    assert!(add().contains("as before"));
    book.write("err.log", "another error: that cannot be mistaken for the first\n");
    assert!(add().contains("content/locked/observed/pasted-2.txt"));
    assert_eq!(findings(&book, "content"), [""; 0]);
}

#[test]
fn what_says_nothing_makes_no_record() {
    let book = book(&[]);
    book.write("empty.log", "\n \n");
    insta::assert_snapshot!(transcript(&book.run(&["new", "--from-error", "empty.log"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: `empty.log` says nothing
      = hint: a record begins with what a program printed
    ");
    insta::assert_snapshot!(transcript(&book.run(&["new", "--from-error", "no.log"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: could not read `no.log`: No such file or directory (os error 2)
      = hint: `--from-error` takes a file with the output of a program, or `-` for what stands before a pipe
    ");
    book.write("err.log", "ошибка: нет\n");
    insta::assert_snapshot!(transcript(&book.run(&["new", "--from-error", "err.log"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: no id can be made of this error
      = hint: it names the failure: `faultbook new push-is-rejected --from-error FILE`
    ");
    assert!(!book.path().join("content").exists());
}

#[test]
fn a_pasted_error_is_read_from_a_pipe_and_opened() {
    let book = book(&[("content/locked.yaml", LOCKED)]);
    book.write("err.log", LOCKED_LOG);
    let mut command = faultbook(book.path(), &["new", "again", "--from-error", "-", "--edit"]);
    command
        .env("VISUAL", "sed -i s/File/FILE/")
        .stdin(std::fs::File::open(book.path().join("err.log")).unwrap());
    assert_eq!(command.output().unwrap().status.code(), Some(0));
    assert!(read(&book, "content/again.yaml").contains("FILE exists"));
}
