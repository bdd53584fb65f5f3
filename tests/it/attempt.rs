//! `try` and `repro`: a failure that is really there, repaired by a program or by hands at a terminal.

use crate::support::{Scratch, faultbook};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Broken: `state` says so. The fix writes `good`; the first wrong fix leaves it, the second only hides it.
const RECORD: &str = "title: It breaks\nproduct: thing\nsymptom: It stops.\nroot_cause: A cause.\nfix:\n  - run: echo good > state\nwrong_fixes:\n  - id: wait\n    run: sleep 0\n    why: Nothing changes.\n  - id: remove\n    run: rm state\n    why: What it said is gone too.\nkeywords: [it breaks]\nsources: [seen]\ncheck:\n  setup: echo bad > state\n  run: cat state || echo nothing here\n  broken: {output: {equals: bad}}\n  fixed: {output: {equals: good}}\n";

fn book() -> Scratch {
    let book = Scratch::empty();
    book.write("book.toml", "");
    book.write("content/it-breaks.yaml", RECORD);
    book
}

#[test]
fn an_agent_is_told_what_its_repair_is_worth() {
    let book = book();
    let table = [
        ("echo good > state", 0, "FIXED", "null"),
        ("true", 1, "NOT_FIXED", "null"),
        ("echo 'sleep   0' >> \"$FAULTBOOK_COMMANDS\"; sleep 0", 1, "NOT_FIXED", "1 wait"),
        // Nobody noted a command; what the check says is what it says after the second wrong fix.
        ("unlink state", 4, "MASKED", "2 remove"),
        ("echo odd > state", 4, "INCOMPLETE", "null"),
        ("mkfifo pipe; rm state; ln -s pipe state", 77, "CANNOT_TELL", "null"),
        ("cd /; touch /tmp/outside-of-scratch || echo good > \"$OLDPWD/state\"", 0, "FIXED", "null"),
    ];
    for (agent, code, verdict, wrong_fix) in table {
        let output = book.run(&["try", "it-breaks", "--agent", agent]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{agent}: {said}");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["verdict"], verdict, "{agent}");
        let named = match &json["wrong_fix"] {
            serde_json::Value::Null => "null".to_owned(),
            fix => format!("{} {}", fix["nth"], fix["id"].as_str().unwrap()),
        };
        assert_eq!(named, wrong_fix, "{agent}");
    }
}

#[test]
fn a_person_repairs_it_in_a_shell() {
    let book = book();
    let typed = |lines: &str| {
        let line = format!("{} try it-breaks", env!("CARGO_BIN_EXE_faultbook"));
        let mut session = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .current_dir(book.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        session.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = session.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = typed("cat state\necho good > state\nexit\n");
    assert!(said.contains("It breaks") && said.contains("FIXED: the failure is gone"), "{said}");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = typed("rm state\nexit\n");
    assert!(said.contains("MASKED: that is wrong fix 2, rm state"), "{said}");
    assert!(said.contains("What it said is gone too."), "{said}");
    assert_eq!(code, Some(4), "{said}");
}

#[test]
fn without_a_terminal_a_shell_is_not_started() {
    let output = faultbook(book().path(), &["try", "it-breaks"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("= hint: `--agent CMD`"));
}

#[test]
fn a_state_is_laid_out_where_nothing_is_yet() {
    let book = book();
    let state =
        |state: &str, to: &str| book.run(&["repro", "it-breaks", "--state", state, "--to", to]).status.code();
    let read = |path: &str| std::fs::read_to_string(book.path().join(path)).ok();
    assert_eq!(state("broken", "a"), Some(0));
    assert_eq!(read("a/state").as_deref(), Some("bad\n"));
    assert_eq!(state("fixed", "b"), Some(0));
    assert_eq!(read("b/state").as_deref(), Some("good\n"));
    assert_eq!(state("wrong-fix/remove", "c"), Some(0));
    assert_eq!(read("c/state"), None);
    // Nothing is overwritten, and an unknown state makes no folder.
    assert_eq!(state("fixed", "a"), Some(2));
    assert_eq!(read("a/state").as_deref(), Some("bad\n"));
    assert_eq!(state("mended", "d"), Some(2));
    assert!(!book.path().join("d").exists());
}
