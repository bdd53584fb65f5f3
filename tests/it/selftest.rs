//! The flags of a self-test, and what it may reach: how real a state has to be, and that no other machine is asked.

use crate::support::{CLEAN, Scratch, book, faultbook, json};
use serde_json::Value;
use std::process::{Output, Stdio};

/// A record of the long form, with these lines behind `verify:`.
fn long(lines: &str) -> String {
    let record = CLEAN.replace("[Wait]", "[{id: wait, text: Wait, why: Nothing changes.}]");
    let lines: String = lines.trim_matches('\n').lines().map(|line| format!("  {line}\n")).collect();
    format!("{record}verify:\n  spec: 1\n  proves: It is there.\n  limits: It sees no more.\n{lines}")
}

/// One state is answered by a recorded reply, the others by a program that is really there.
fn half_recorded() -> String {
    long("
requires: {tools: {cat: '*'}}
sandbox: {cwd: copy}
steps:
  - {id: bad, command: [cat, state], expect: {stdout: \"bad\\n\"}, refute: {stdout: \"good\\n\"}}
present: bad
fixtures:
  broken: {expect: present, files: {state: \"bad\\n\"}}
  fixed: {expect: fixed, files: {state: \"good\\n\"}}
  told: {expect: fixed, stubs: {commands: {cat: {replies: [{args: [--version], stdout: \"cat 9.1\\n\"}, {args: [state], stdout: \"good\\n\"}]}}}}
  wrong_fixes: {wait: {expect: present}}
")
}

/// A check that calls a machine which nobody has: addresses like this one are for texts.
fn far() -> String {
    long("
sandbox: {network: ['192.0.2.1:9']}
steps:
  - {id: up, tcp: {host: 192.0.2.1, port: 9, probe: connect}, expect: {connected: true}, refute: {connected: false}}
  - {id: bad, file: state, expect: {text: {contains: bad}}, refute: {text: {contains: good}}}
present: {all: [bad, {not: up}]}
fixtures:
  broken: {expect: present, files: {state: bad}}
  fixed: {expect: fixed, files: {state: good}}
  wrong_fixes: {wait: {expect: present}}
")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

fn cell<'r>(report: &'r Value, name: &str) -> &'r Value {
    let cells = report["records"][0]["cells"].as_array().unwrap();
    cells.iter().find(|cell| cell["state"] == name).unwrap_or_else(|| panic!("{name}: {cells:?}"))
}

#[test]
fn what_replies_answered_was_not_executed_where_only_the_real_counts() {
    let book = book(&[("content/it-breaks.yaml", &half_recorded())]);
    let any = book.run(&["verify", "--self-test", "--level", "any"]);
    assert_eq!(any.status.code(), Some(0), "{}", words(&any));
    let real = book.run(&["verify", "--self-test", "--level", "real"]);
    let said = words(&real);
    assert_eq!(real.status.code(), Some(77), "{said}");
    // The wrong fix runs no command, so that it is a model too.
    assert!(said.contains("4 states executed, 2 not executed, 0 not as expected"), "{said}");
    assert!(said.contains("modelled: FIXED"), "{said}");
    let report = json(&book, &["verify", "--self-test", "--level", "real", "-f", "json"]);
    assert_eq!(report["records"][0]["verdict"], "CANNOT_TELL");
    assert_eq!(report["records"][0]["reason"], "modelled: 2 states");
    assert_eq!(cell(&report, "told")["verdict"], Value::Null);
    assert_eq!(cell(&report, "broken")["verdict"], "PRESENT");
    // Whoever only fails on what is broken is not stopped by what nobody could run.
    let mild = book.run(&["verify", "--self-test", "--level", "real", "--fail-on", "present,error"]);
    assert_eq!(mild.status.code(), Some(0), "{}", words(&mild));
}

#[test]
fn a_real_state_that_fails_weighs_more_than_one_that_was_modelled() {
    let wrong = half_recorded().replace("state: \"good\\n\"", "state: \"bad\\n\"");
    let book = book(&[("content/it-breaks.yaml", &wrong)]);
    let output = book.run(&["verify", "--self-test", "--level", "real"]);
    assert_eq!(output.status.code(), Some(6), "{}", words(&output));
}

/// `auto/offline` holds by what a state is made of, so that there is no cell for it: see `long.rs`.
#[test]
fn no_self_test_asks_another_machine_whatever_its_record_lists() {
    let book = book(&[("content/it-breaks.yaml", &far())]);
    let report = json(&book, &["verify", "--self-test", "-f", "json"]);
    assert_eq!(cell(&report, "broken")["reason"], "indeterminate: up: network-denied");
}

#[test]
fn offline_what_only_another_machine_could_tell_stays_unknown() {
    let book = book(&[("content/it-breaks.yaml", &far())]);
    let (subject, data) = (Scratch::empty(), tempfile::tempdir().unwrap());
    subject.write("state", "bad");
    let verify = |args: &[&str]| {
        let args = [&["verify", "it-breaks", "--dir", subject.path().as_str()], args].concat();
        let mut command = faultbook(book.path(), &args);
        command.env("XDG_DATA_HOME", data.path()).stdin(Stdio::null()).output().unwrap()
    };
    assert_eq!(verify(&[]).status.code(), Some(5));
    // Nothing but files is left of it, so that nobody has to allow anything.
    for args in [["--offline", "-f", "json"], ["-f", "json", "--offline"]] {
        let output = verify(&args);
        assert_eq!(output.status.code(), Some(77), "{}", words(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["records"][0]["steps"][0]["reason"], "network-denied");
        assert_eq!(report["records"][0]["steps"][1]["value"], "true");
    }
    subject.write("state", "good");
    assert_eq!(verify(&["--offline"]).status.code(), Some(0));
}

/// A check of the short form, whose program prints what differs each time.
const SHORT: &str = "title: It breaks\nproduct: thing\nsymptom: It stops.\nroot_cause: A cause.\nfix: [{run: echo good > state}]\nwrong_fixes: [{id: wait, run: sleep 0, why: Nothing changes.}]\nkeywords: [it breaks]\nsources: [seen]\ncheck:\n  setup: echo bad > state\n  run: |\n    date; echo \"$PWD/state is $(cat state), pid $$, in $(mktemp)\"\n  broken: {output: is bad}\n  fixed: {output: is good}\n";

fn observed(book: &Scratch, folder: &str) -> Option<String> {
    std::fs::read_to_string(book.path().join(folder).join("observed/broken.txt")).ok()
}

#[test]
fn what_a_real_failure_printed_is_kept_beside_its_record() {
    let book = book(&[("content/web/it-breaks.yaml", SHORT), ("content/long/record.yaml", &half_recorded())]);
    let output = book.run(&["verify", "--self-test", "--harvest"]);
    let said = words(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let kept = "<time>\n<scratch>/state is bad, pid <number>, in <scratch>/tmp/<name>\n";
    assert_eq!(observed(&book, "content/web/it-breaks").as_deref(), Some(kept));
    assert_eq!(observed(&book, "content/long").as_deref(), Some("bad\n"));
    // A record without a folder of its own got one, and is the same record there.
    assert!(said.contains("content/web/it-breaks.yaml is content/web/it-breaks/record.yaml now"), "{said}");
    let ids = book.run(&["list", "-f", "ids"]);
    assert_eq!(String::from_utf8_lossy(&ids.stdout), "it-breaks\nlong\n");
    // Whoever has changed only what always changes loses nothing to the next run.
    let by_hand = kept.replace("pid <number>", "pid 12");
    book.write("content/web/it-breaks/observed/broken.txt", &by_hand);
    let said = words(&book.run(&["verify", "--self-test", "--harvest"]));
    assert_eq!(said.matches("as before").count(), 2, "{said}");
    assert_eq!(observed(&book, "content/web/it-breaks"), Some(by_hand));
    book.write("content/web/it-breaks/observed/broken.txt", "another failure\n");
    book.run(&["verify", "--self-test", "--harvest"]);
    assert_eq!(observed(&book, "content/web/it-breaks").as_deref(), Some(kept));
}

/// What is kept is read with `cat`, and must not act on a terminal there.
#[test]
fn what_is_kept_has_no_signs_that_act() {
    let acts = "printf 'a\\033]0;b\\007c\\b\\r\\302\\233d\\342\\200\\256e\\n'; date;";
    let book = book(&[("content/web/record.yaml", &SHORT.replace("date;", acts))]);
    book.run(&["verify", "--self-test", "--harvest"]);
    let kept = observed(&book, "content/web").unwrap();
    assert_eq!(kept.lines().next(), Some("a]0;bcde"), "{kept:?}");
}

#[test]
fn what_was_modelled_or_did_not_fail_is_not_kept() {
    let replies = "broken: {expect: present, stubs: {commands: {cat: {replies: [{args: [--version], stdout: \"cat 9.1\\n\"}, {args: [state], stdout: \"bad\\n\"}]}}}}";
    let told = half_recorded().replace("broken: {expect: present, files: {state: \"bad\\n\"}}", replies);
    let own = half_recorded().replace(
        "files: {state: \"bad\\n\"}}",
        "path: [bin], mode: {bin/cat: '755'}, files: {state: \"bad\\n\", bin/cat: \"#!/bin/sh\\n/bin/cat \\\"$@\\\"\\n\"}}",
    );
    let book = book(&[
        ("content/told/record.yaml", &told),
        ("content/own/record.yaml", &own),
        ("content/sound/record.yaml", &SHORT.replace("setup: echo bad", "setup: echo good")),
        ("content/files/record.yaml", &far().replace("all: [bad, {not: up}]", "all: [bad]")),
    ]);
    let said = words(&book.run(&["verify", "--self-test", "--harvest"]));
    for (id, why) in [
        ("told", "a recorded reply stood for a program"),
        ("own", "a program of the record's own ran in the place of another"),
        ("sound", "`fixed` holds"),
        ("files", "no program ran"),
    ] {
        assert!(said.contains(&format!("nothing    {id}: {why}\n")), "{said}");
        assert_eq!(observed(&book, &format!("content/{id}")), None);
    }
}

/// No folder of a record may lead what is harvested out of the book.
#[test]
fn nothing_is_kept_through_a_link() {
    let book = book(&[("content/it-breaks/record.yaml", SHORT)]);
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), book.path().join("content/it-breaks/observed")).unwrap();
    let output = book.run(&["verify", "--self-test", "--harvest"]);
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

/// The same tools say the same on every machine and on every day.
#[test]
fn what_differs_each_time_has_a_name() {
    let mut host = crate::support::here();
    host.home = Some("/users/kim".into());
    host.variables.insert("USER".to_owned(), "kimberley".to_owned());
    host.variables.insert("PYENV_ROOT".to_owned(), "/opt/pyenv".to_owned());
    let registry = ["registry.npm", "js.org"].concat();
    let index = ["index.crates", ".io"].concat();
    for (text, steady) in [
        (
            "‹scratch›/copy-a1B2c3/subject/x and ‹scratch›/empty-Zz9/y".to_owned(),
            "<subject>/x and <scratch>/y",
        ),
        ("[main 1a2b3c4] Wed Nov 25 08:33:09 2026 +0000".to_owned(), "[main <hash>] <time>"),
        ("4625731..1a2b3c4  main".to_owned(), "<hash>..<hash>  main"),
        ("[main (root-commit) 4625731] Base".to_owned(), "[main (root-commit) <hash>] Base"),
        ("at 2026-11-25T08:33:09.123Z, took 0.25s".to_owned(), "at <time>, took <time>"),
        ("E1125 09:34:01.123456   14976 run.go:72] x".to_owned(), "E<time> <number> run.go:72] x"),
        ("40774B30627F0000:error:05800074:x509".to_owned(), "<number>:error:05800074:x509"),
        ("\u{1b}[31mred\u{1b}[0m".to_owned(), "red"),
        ("GET https://u:p@mirror.example.com:8080/simple".to_owned(), "GET https://<registry>/simple"),
        (format!("https://{registry}/x, {index}"), "https://<registry>/x, <registry>"),
        ("connect 127.0.0.1:41234".to_owned(), "connect 127.0.0.1:<port>"),
        ("/users/kim/.npm ca/users/kim-x /users/kimono".to_owned(), "~/.npm ca/users/kim-x /users/kimono"),
        ("/opt/pyenv/versions, by kimberley".to_owned(), "<tools>/versions, by <user>"),
        ("2.47.3 on line 12 of 1234567, 0x1f".to_owned(), "2.47.3 on line 12 of 1234567, 0x1f"),
    ] {
        assert_eq!(faultbook::verify::steady(&text, &host), steady);
    }
    assert!(faultbook::verify::is_same("at 10:00:01, 1234567", "at 11:59:59, abcdef0\n"));
    assert!(!faultbook::verify::is_same("version 1.2.3", "version 1.2.4"));
}

/// What results say of a check counts while they are of the check as it stands, and until the record says why it is so.
#[test]
fn a_part_of_a_check_that_no_state_needs_is_a_finding() {
    let twofold = SHORT.replace("{output: is bad}", "{exit: 0, output: is bad}");
    let book = book(&[("content/it-breaks.yaml", &twofold)]);
    let findings = || json(&book, &["lint", "-f", "json"])["findings"].clone();
    assert_eq!(findings(), serde_json::json!([]));
    let output = book.run(&["verify", "--self-test", "--record-results", "results.jsonl"]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    let found = findings();
    assert_eq!(found[0]["rule"], "redundant-probe");
    assert_eq!(found[0]["severity"], "warning");
    assert_eq!(found[0]["path"], "content/it-breaks.yaml");
    assert_eq!(found[0]["message"], "no state misses this of the check: broken: drop `exit`");
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    // Results of earlier versions only count.
    let results = crate::support::read(&book, "results.jsonl");
    let (before, after) = results.split_once(",\"survivors\":[").unwrap();
    book.write("results.jsonl", format!("{before}{}", after.split_once(']').unwrap().1));
    assert_eq!(findings()[0]["message"], "no state misses some part of the check: 1 of 5 that were tried");
    book.write("results.jsonl", &results);
    book.write(
        "content/it-breaks.yaml",
        format!("{twofold}allow: [{{rule: redundant-probe, reason: both}}]\n"),
    );
    assert_eq!(findings(), serde_json::json!([]));
    // The good example: what is expected is what tells the states apart.
    book.write("content/it-breaks.yaml", SHORT);
    assert_eq!(findings(), serde_json::json!([]));
    book.run(&["verify", "--self-test", "--record-results", "results.jsonl"]);
    assert_eq!(findings(), serde_json::json!([]));
}
