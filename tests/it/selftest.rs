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
