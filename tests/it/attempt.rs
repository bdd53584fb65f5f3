//! `try` and `repro`: a failure that is really there, repaired by a program or by hands at a terminal.

use crate::support::{Scratch, faultbook, project, read};
use ::faultbook::Given;
use ::faultbook::model::{CellName, RecordId};
use ::faultbook::verify::{Form, SelfTest};
use camino::Utf8Path;
use serde_json::{Value, json};
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

/// A book whose records are those of the named cases.
fn book_of(cases: &[&str]) -> Scratch {
    let book = Scratch::empty();
    book.write("book.toml", "");
    for case in cases {
        let text =
            std::fs::read_to_string(project().join(format!("tests/cases/verify/{case}.yaml"))).unwrap();
        book.write(&format!("content/{case}.yaml"), text);
    }
    book
}

/// Exit code, verdict, wrong fix and reason of what an agent did to a record's failure.
#[track_caller]
fn worth(book: &Scratch, id: &str, agent: &str) -> (Option<i32>, String, String, Value) {
    let output = book.run(&["try", id, "--agent", agent]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{agent}: {said}"));
    let named = match &json["wrong_fix"] {
        Value::Null => "null".to_owned(),
        fix => format!("{} {}", fix["nth"], fix["id"].as_str().unwrap()),
    };
    let verdict = json["verdict"].as_str().unwrap().to_owned();
    (output.status.code(), verdict, named, json["reason"].clone())
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
        let (exit, said, named, _) = worth(&book, "it-breaks", agent);
        assert_eq!((exit, said.as_str(), named.as_str()), (Some(code), verdict, wrong_fix), "{agent}");
    }
}

#[test]
fn an_agent_works_in_a_state_that_the_record_ships() {
    let book = book_of(&["crlf-shebang", "git-dubious-ownership"]);
    let crlf = book.path().join("content/crlf-shebang.yaml");
    let text = std::fs::read_to_string(&crlf).unwrap();
    std::fs::write(&crlf, text.replace("text: chmod +x script.sh", "run: chmod +x run.sh")).unwrap();
    let table = [
        ("crlf-shebang", "true", 1, "NOT_FIXED", "null", json!(null)),
        (
            "crlf-shebang",
            "tr -d '\\r' < run.sh > a; mv a run.sh",
            4,
            "INCOMPLETE",
            "null",
            json!("eol_pinned"),
        ),
        (
            "crlf-shebang",
            "tr -d '\\r' < run.sh > a; mv a run.sh; echo '*.sh text eol=lf' > .gitattributes",
            0,
            "FIXED",
            "null",
            json!(null),
        ),
        // What would block or lead out when it is read is not read.
        ("crlf-shebang", "mkfifo waits.sh", 1, "NOT_FIXED", "null", json!(null)),
        (
            "crlf-shebang",
            "tr -d '\\r' < run.sh > a; mv a run.sh; ln -s /etc/passwd .gitattributes",
            77,
            "CANNOT_TELL",
            "null",
            json!("eol_pinned: eol_pinned: outside-root"),
        ),
        // The printed command of the first wrong fix, as it was noted.
        (
            "crlf-shebang",
            "c='chmod +x run.sh'; $c; echo \"$c\" >> \"$FAULTBOOK_COMMANDS\"",
            1,
            "NOT_FIXED",
            "1 chmod-x",
            json!(null),
        ),
        ("git-dubious-ownership", "git status", 1, "NOT_FIXED", "null", json!(null)),
        (
            "git-dubious-ownership",
            "git config --global --add safe.directory \"$PWD\"",
            0,
            "FIXED",
            "null",
            json!(null),
        ),
        (
            "git-dubious-ownership",
            "git config --global --add safe.directory '*'",
            4,
            "MASKED",
            "1 safe-directory-star",
            json!(null),
        ),
        (
            "git-dubious-ownership",
            "rm -rf .git && git init -q && git config --global --add safe.directory \"$PWD\"",
            4,
            "MASKED",
            "3 reinit",
            json!(null),
        ),
    ];
    for (id, agent, code, verdict, wrong_fix, reason) in table {
        let (exit, said, named, why) = worth(&book, id, agent);
        let said = (exit, said.as_str(), named.as_str(), why);
        assert_eq!(said, (Some(code), verdict, wrong_fix, reason), "{agent}");
    }
}

/// The programs of the state are those that the agent calls, and it cannot change what they say.
#[test]
fn an_agent_calls_the_programs_of_the_state() {
    let book = book_of(&["docker-compose-v1-removed"]);
    let repair = "sed -i 's/docker-compose/docker compose/' up.sh";
    let agents = [
        format!("test \"$(docker compose version)\" = 'Docker Compose version v2.39.1' && {repair}"),
        format!("docker ps; test $? = 97 && {repair}"),
        format!("docker compose; test $? = 97 && {repair}"),
        format!("docker-compose --version; test $? = 127 && {repair}"),
        format!(
            "! rm \"$(command -v docker)\" && ! sh -c ': > \"$1\"' - \"$(command -v docker)\" && {repair}"
        ),
    ];
    for agent in agents {
        let (exit, verdict, ..) = worth(&book, "docker-compose-v1-removed", &agent);
        assert_eq!((exit, verdict.as_str()), (Some(0), "FIXED"), "{agent}");
    }
    let (exit, verdict, ..) = worth(&book, "docker-compose-v1-removed", "docker compose version");
    assert_eq!((exit, verdict.as_str()), (Some(1), "NOT_FIXED"));
}

/// Types into the shell that `try` opens at a terminal; the exit code, and everything that was shown.
fn typed(book: &Scratch, id: &str, lines: &str) -> (Option<i32>, String) {
    at_terminal(book.path(), &format!("{} try {id}", env!("CARGO_BIN_EXE_faultbook")), lines)
}

/// The same for any command of a shell.
fn at_terminal(folder: &Utf8Path, command: &str, lines: &str) -> (Option<i32>, String) {
    let mut session = Command::new("script")
        .args(["-qec", command, "/dev/null"])
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    session.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = session.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whatever the shell did to the terminal, it is as it was before.
#[test]
fn a_terminal_gets_its_modes_back() {
    let book = book();
    let command =
        format!("stty -a > before; {} try it-breaks; stty -a > after", env!("CARGO_BIN_EXE_faultbook"));
    let (_, said) = at_terminal(book.path(), &command, "echo good > state; stty raw -echo; exit\n");
    assert!(said.contains("FIXED"), "{said}");
    assert_eq!(read(&book, "after"), read(&book, "before"));
    assert!(read(&book, "before").contains(" icanon"), "there was no terminal");
}

/// What a record has or a program prints, with what moves a cursor, hides, or turns the direction of a line.
const HOSTILE: &str = r"a\033[2Jb\302\2332Jc\342\200\256d\342\200\213e\363\240\200\201f\rg";

#[track_caller]
fn assert_harmless(output: &[u8]) {
    let text = String::from_utf8_lossy(output);
    let hidden = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{200b}\u{e0001}".contains(c);
    assert!(!text.contains(hidden), "{text:?}");
}

#[test]
fn what_programs_print_cannot_do_anything_to_a_terminal() {
    let book = book();
    let path = "content/it-breaks.yaml";
    let whole = read(&book, path);
    let run = |args: &[&str]| book.run(&[&["try", "it-breaks", "--agent"][..], args].concat());
    let prints = format!("printf '{HOSTILE}'");
    // The check prints it; and so does the agent's note of its commands.
    let printing = whole.replace("  run: cat", &format!("  run: {prints}; cat"));
    book.write(path, printing.replace("equals: bad", "contains: bad"));
    let output = run(&[&format!("{prints} > \"$FAULTBOOK_COMMANDS\"")]);
    assert_eq!(output.status.code(), Some(1));
    assert_harmless(&output.stdout);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let said = "a\u{1b}[2Jb\u{9b}2Jc\u{202e}d\u{200b}e\u{e0001}f\rg";
    assert!(json["output"].as_str().unwrap().contains(said), "{json}");
    assert_eq!(json["commands"], json!([said]));
    // A terminal is shown the same by signs.
    let (_, shown) = typed(&book, "it-breaks", "exit\n");
    assert!(shown.contains("a␦[2Jb␦2Jc␦d␦e␦f␦g"), "{shown}");
    // The state cannot be made, and what its script printed is in the message.
    book.write(path, whole.replace("  setup: ", &format!("  setup: {prints} && false && ")));
    for verb in [&["try", "it-breaks", "--agent", "true"][..], &["repro", "it-breaks", "--to", "a"]] {
        let output = book.run(verb);
        assert_eq!(output.status.code(), Some(3));
        assert_harmless(&output.stderr);
        assert!(String::from_utf8_lossy(&output.stderr).contains("a␦[2Jb␦2Jc␦d␦e␦f␦g"));
    }
    let output = book.run(&["verify", "it-breaks", "--self-test"]);
    assert_harmless(&output.stderr);
    assert!(String::from_utf8_lossy(&output.stderr).contains("a␦[2Jb␦2Jc␦d␦e␦f␦g"));
}

#[test]
fn a_person_repairs_it_in_a_shell() {
    let book = book();
    let (code, said) = typed(&book, "it-breaks", "cat state\necho good > state\nexit\n");
    assert!(said.contains("It breaks") && said.contains("FIXED: the failure is gone"), "{said}");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = typed(&book, "it-breaks", "rm state\nexit\n");
    assert!(said.contains("MASKED: that is wrong fix 2, rm state"), "{said}");
    assert!(said.contains("What it said is gone too."), "{said}");
    assert_eq!(code, Some(4), "{said}");
}

#[test]
fn a_person_is_told_what_is_still_missing() {
    let book = book_of(&["crlf-shebang"]);
    let (code, said) = typed(&book, "crlf-shebang", "printf '#!/bin/sh\\necho hi\\n' > run.sh\nexit\n");
    assert!(said.contains("INCOMPLETE: the symptom is gone, and `eol_pinned` does not hold"), "{said}");
    assert!(said.contains("cr_shebang: false"), "{said}");
    assert_eq!(code, Some(4), "{said}");
}

/// The recording in the README is made by `make pictures`; where this fails, it shows what is printed no more.
#[test]
fn the_recording_shows_what_is_printed() {
    let folder = project().join("docs/pictures");
    let picture = std::fs::read_to_string(folder.join("try.svg")).unwrap();
    let without_tags: String = picture.split('<').filter_map(|part| Some(part.split_once('>')?.1)).collect();
    let session = std::fs::read_to_string(folder.join("try.session")).unwrap();
    for (part, verdict) in session.split("clear\n").zip(["MASKED", "FIXED"]) {
        let (command, typed) = part.split_once('\n').unwrap();
        let command = command.replacen("faultbook", env!("CARGO_BIN_EXE_faultbook"), 1);
        let (_, said) = at_terminal(project(), &format!("COLUMNS=96 {command}"), typed);
        let last = said.find(verdict).unwrap_or_else(|| panic!("{said}"));
        for line in said[last..].lines() {
            assert!(without_tags.contains(line.trim_end()), "{line}");
        }
    }
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

#[test]
fn a_state_that_the_record_ships_is_laid_out() {
    let book = book_of(&["crlf-shebang", "git-dubious-ownership"]);
    let repro = |id: &str, state: &str, to: &str| {
        let output = book.run(&["repro", id, "--state", state, "--to", to]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let read = |path: &str| std::fs::read_to_string(book.path().join(path)).ok();
    assert_eq!(repro("crlf-shebang", "broken", "a").0, Some(0));
    assert_eq!(read("a/run.sh").as_deref(), Some("#!/bin/sh\r\necho hi\r\n"));
    assert_eq!(read("a/.gitattributes"), None);
    assert_eq!(repro("crlf-shebang", "attributes_without_eol", "b").0, Some(0));
    assert_eq!(read("b/run.sh").as_deref(), Some("#!/bin/sh\necho hi\n"));
    assert_eq!(read("b/.gitattributes").as_deref(), Some("*.png binary\n"));
    assert_eq!(repro("crlf-shebang", "wrong-fix/sh-prefix", "c").0, Some(0));
    assert_eq!(read("c/Makefile").as_deref(), Some("all:\n\tsh run.sh\n"));
    // What of a state is no file of its folder is said.
    let (code, said) = repro("git-dubious-ownership", "fixed", "d");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(read("d/.git/HEAD").map(|head| head.starts_with("ref: ")), Some(true));
    assert!(said.contains("  variable GIT_TEST_ASSUME_DIFFERENT_OWNER=1\n"), "{said}");
    assert!(said.contains("  file of the home: .gitconfig\n"), "{said}");
    let (code, said) = repro("crlf-shebang", "mended", "e");
    assert_eq!(code, Some(2));
    assert!(said.contains("broken, fixed, attributes_without_eol, no_scripts, wrong-fix/chmod-x"), "{said}");
    assert!(!book.path().join("e").exists());
}

/// What repairs a record's failure as its page prints it; nothing where a part of that is not for a shell.
fn printed_fix(test: &SelfTest) -> Option<String> {
    let Form::Short(plan) = &test.form else { return None };
    let fixed = plan.cells.iter().find(|cell| cell.name == CellName::Fixed)?;
    let steps = fixed.commands.as_ref()?.iter().map(|command| format!("(\n{command}\n) || exit\n"));
    Some(steps.collect())
}

/// The failure is there, the printed fix repairs it, and it can be laid out: `try` and `repro` for one record of ours.
/// Whether that was possible here.
#[track_caller]
fn can_be_worked_on(id: &RecordId, agent: Option<&str>, to: &Utf8Path) -> bool {
    let run = |args: &[&str]| {
        let output = faultbook(project(), args).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (code, said) = run(&["repro", id.as_str(), "--to", to.as_str()]);
    if code != Some(0) && (said.contains("missing-tool") || said.contains("not found\n")) {
        return false;
    }
    assert_eq!(code, Some(0), "{id}: {said}");
    assert!(to.read_dir_utf8().unwrap().next().is_some(), "{id}: nothing is in the folder");
    let (code, said) = run(&["try", id.as_str(), "--agent", agent.unwrap_or("true")]);
    if said.contains("missing-tool") {
        return false;
    }
    assert_eq!(code, Some(if agent.is_some() { 0 } else { 1 }), "{id}: {said}");
    true
}

#[test]
fn every_record_of_ours_that_has_a_self_test_can_be_worked_on() {
    let input = ::faultbook::load(project(), &Given::default()).unwrap();
    let book = ::faultbook::read(&input.sources, &input.given).book;
    let tests: Vec<SelfTest> = book.records.values().filter_map(SelfTest::of).collect();
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    let worked_on = |test: &SelfTest| {
        can_be_worked_on(&test.id, printed_fix(test).as_deref(), &folder.join(test.id.as_str()))
    };
    let (first, second) = tests.split_at(tests.len() / 2);
    let n_worked_on: usize = std::thread::scope(|scope| {
        let halves = [first, second]
            .map(|half| scope.spawn(move || half.iter().filter(|test| worked_on(test)).count()));
        halves.map(|half| half.join().unwrap()).iter().sum()
    });
    let n_repaired = tests.iter().filter(|test| printed_fix(test).is_some()).count();
    assert!(n_repaired > 20, "only {n_repaired} have a fix for a shell");
    assert!(n_worked_on > tests.len() / 2, "only {n_worked_on} of {} have their programs here", tests.len());
}
