//! What somebody at a terminal is asked before a check runs, and what is remembered of what was seen broken.

use crate::support::{CLEAN, Scratch, book, faultbook, read};
use camino::Utf8Path;
use faultbook::verify::Sightings;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

const CHECK: &str = "check:\n  run: echo ran; test ! -e broken\n  broken: {exit: 1}\n  fixed: {exit: 0}\n";

/// A book and the data of its user.
struct Place {
    book: Scratch,
    data: Scratch,
}

impl Place {
    fn with(check: &str) -> Place {
        let book = book(&[("content/it-breaks.yaml", &format!("{CLEAN}{check}"))]);
        Place { book, data: Scratch::empty() }
    }

    /// `verify` at a terminal of 60 columns. `answer` is typed once the question is there, and may do something before.
    fn at_terminal(&self, args: &str, answer: impl FnOnce() -> &'static str) -> (Option<i32>, String) {
        let line = format!("stty cols 60 && {} verify {args}", env!("CARGO_BIN_EXE_faultbook"));
        let mut session = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .current_dir(self.book.path())
            .envs([("NO_COLOR", "1"), ("XDG_DATA_HOME", self.data.path().as_str())])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = session.stdin.take().unwrap();
        let mut stdout = session.stdout.take().unwrap();
        let mut said = Vec::new();
        let mut answer = Some(answer);
        let mut some = [0; 4096];
        while let Ok(n @ 1..) = stdout.read(&mut some) {
            said.extend(&some[..n]);
            if String::from_utf8_lossy(&said).contains("[y/N]")
                && let Some(answer) = answer.take()
            {
                stdin.write_all(answer().as_bytes()).unwrap();
            }
        }
        drop(stdin);
        (session.wait().unwrap().code(), String::from_utf8_lossy(&said).replace("\r\n", "\n"))
    }

    fn json(&self, args: &[&str]) -> Value {
        let args = [&["verify", "it-breaks", "-f", "json"], args].concat();
        let mut command = faultbook(self.book.path(), &args);
        command.env("XDG_DATA_HOME", self.data.path()).stdin(Stdio::null());
        serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
    }
}

#[test]
fn a_yes_at_a_terminal_runs_what_was_shown_and_lasts() {
    let place = Place::with(CHECK);
    let digest = place.json(&[])["records"][0]["digest"].as_str().unwrap().to_owned();
    let (code, said) = place.at_terminal("it-breaks", || "y\n");
    assert!(said.contains("\n  |   > echo ran; test ! -e broken\n"), "{said}");
    assert!(said.contains(&format!("while the digest is\n{digest}? [y/N]")), "{said}");
    assert!(said.contains("needs     shell, subject-code, in "), "{said}");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ABSENT       it-breaks"), "{said}");
    // It is kept: the next time nobody is asked.
    assert_eq!(place.json(&[])["records"][0]["verdict"], "ABSENT");
    let (code, said) = place.at_terminal("it-breaks", || unreachable!("it is allowed"));
    assert_eq!((code, said.contains("y/N")), (Some(0), false), "{said}");
}

#[test]
fn anything_but_yes_is_no_and_a_sweep_or_no_input_asks_nothing() {
    let place = Place::with(CHECK);
    for answer in ["n\n", "\n", "yess\n", "maybe y\n", "\u{4}"] {
        let (code, said) = place.at_terminal("it-breaks", || answer);
        assert_eq!(code, Some(5), "{answer:?} {said}");
        assert!(said.contains("untrusted: it needs shell, subject-code"), "{said}");
    }
    for args in ["it-breaks --no-input", "--all"] {
        let (code, said) = place.at_terminal(args, || unreachable!("nobody is asked"));
        assert_eq!(code, Some(5), "{args} {said}");
    }
    assert_eq!(
        place.json(&[])["records"][0]["reason"].as_str().unwrap().split(':').next(),
        Some("untrusted")
    );
}

#[test]
fn a_record_that_changes_during_the_question_is_not_what_runs() {
    let place = Place::with(CHECK);
    let (code, said) = place.at_terminal("it-breaks", || {
        let record = read(&place.book, "content/it-breaks.yaml");
        let changed = record.replace("echo ran; test ! -e broken", "false");
        assert_ne!(record, changed);
        place.book.write("content/it-breaks.yaml", changed);
        "yes\n"
    });
    // `false` would have come out as PRESENT.
    assert_eq!(code, Some(0), "{said}");
    let reason = place.json(&[])["records"][0]["reason"].to_string();
    assert!(reason.contains("untrusted"), "{reason}");
}

#[test]
fn no_text_of_a_record_begins_a_line_of_the_plan_or_hides_in_it() {
    let spaces = " ".repeat(300);
    let check = format!(
        "check:\n  run: \"echo a\\u00ad\\u3164\\u00a0\\tb{spaces}forged\\necho # 漢漢\"\n  broken: {{exit: 1}}\n  fixed: {{exit: 0}}\n"
    );
    let place = Place::with(&check);
    let record = read(&place.book, "content/it-breaks.yaml");
    let title = format!("It{spaces}breaks");
    place.book.write("content/it-breaks.yaml", record.replace("It breaks", &title));
    let (_, said) = place.at_terminal("it-breaks", || "n\n");
    let plan = &said[..said.find("allow these").unwrap()];
    for line in plan.lines() {
        let columns: usize = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
        let is_of_record = line.starts_with("  | ") || line.starts_with("  ~ ");
        assert!(!is_of_record || columns < 60, "{line:?}");
        let of_record = ["forged", "echo", "breaks"].iter().any(|word| line.contains(word));
        assert!(is_of_record || !of_record || line.starts_with("it-breaks  sha256:"), "{line:?}");
        assert!(line.chars().all(|c| c == '漢' || c == ' ' || c.is_ascii_graphic()), "{line:?}");
    }
    for written in ["\\u{ad}", "\\u{3164}", "\\u{a0}"] {
        assert!(plan.replace("\n  ~ ", "").contains(written), "{written} {plan}");
    }
    // A plan that nobody reads to its end is no reason to say yes.
    let long = CHECK.replace("echo ran;", &format!("echo ran {spaces}{spaces}").repeat(40));
    let (code, said) = Place::with(&long).at_terminal("it-breaks", || unreachable!("it is too long"));
    assert!(code == Some(5) && said.contains("too many to be asked about"), "{said}");
    // What moves the cursor or turns the direction of reading is in no record that runs at all.
    for hidden in ["\\u202e", "\\u200b", "\\u001b[2J", "\\r", "\\U000e0041"] {
        let place = Place::with(&check.replace("\\u00ad", hidden));
        let (code, said) = place.at_terminal("it-breaks", || "n\n");
        let raw = said.contains(['\u{202e}', '\u{200b}', '\u{1b}']);
        assert!(!raw && (code == Some(2) || said.contains("\\u{d}")), "{hidden} {said:?}");
    }
}

#[test]
fn arguments_of_programs_cannot_be_taken_for_others() {
    let place = Place::with(
        "verify:\n  spec: 1\n  proves: p\n  limits: l\n  inputs: {x: {type: string, default: \"a b\"}}\n  requires: {tools: {git: {version_args: [\"--version\", \"a b\"]}}}\n  steps:\n    - {id: s, command: {argv: [git, \"a b\", c, \"${input.x}\"], env: {V: \"v w\"}, stdin: \"in\\nput\"}, expect: {exit: 0}, refute: {exit: 1}}\n  present: s\n  fixtures: {broken: {expect: present}, fixed: {expect: fixed}, wrong_fixes: {}}\n",
    );
    let (code, said) = place.at_terminal("it-breaks", || "n\n");
    assert_eq!(code, Some(5), "{said}");
    for line in [
        "input x else \"a b\"",
        "version of git [\"--version\",\"a b\"]",
        "s: command git [\"a b\",\"c\",\"${input.x}\"]",
        "  with V = \"v w\"",
        "  reads \"in\\nput\"",
    ] {
        assert!(said.contains(&format!("\n  | {line}\n")), "{line} {said}");
    }
}

#[test]
fn a_repair_is_witnessed_where_the_same_check_saw_the_failure_in_the_same_folder() {
    let place = Place::with(CHECK);
    let digest = place.json(&[])["records"][0]["digest"].as_str().unwrap().to_owned();
    let run = |dir: &str, repair: bool| {
        let mut args = vec!["--trust", &digest, "--allow", "shell,subject-code", "--dir", dir];
        args.extend(repair.then_some("--repair"));
        let json = place.json(&args);
        let record = &json["records"][0];
        (record["verdict"].as_str().unwrap().to_owned(), record["witnessed"] == true)
    };
    place.book.write("one/a", "");
    place.book.write("two/a", "");
    assert_eq!(run("one", true), ("FIXED".to_owned(), false));
    place.book.write("one/broken", "");
    assert_eq!(run("one", false), ("PRESENT".to_owned(), false));
    std::fs::remove_file(place.book.path().join("one/broken")).unwrap();
    assert_eq!(run("one", true), ("FIXED".to_owned(), true));
    assert_eq!(run("two", true), ("FIXED".to_owned(), false));
    place.book.write("two/broken", "");
    assert_eq!(run("two", true), ("NOT_FIXED".to_owned(), false));
    std::fs::remove_file(place.book.path().join("two/broken")).unwrap();
    assert_eq!(run("two", true), ("FIXED".to_owned(), true));
    // Nothing of it lies in the book, and `trust prune` forgets what no record needs.
    assert!(!crate::support::walk(place.book.path()).iter().any(|path| path.as_str().contains("sighting")));
    let record = read(&place.book, "content/it-breaks.yaml");
    place.book.write("content/it-breaks.yaml", record.replace("echo ran;", "echo run;"));
    let prune = faultbook(place.book.path(), &["trust", "prune"])
        .env("XDG_DATA_HOME", place.data.path())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&prune.stderr).contains("2 sightings forgotten"), "{prune:?}");
}

#[test]
fn sightings_are_bounded_and_no_process_loses_those_of_another() {
    let data = Scratch::empty();
    let sightings = Sightings::below(data.path());
    let path = |n: usize| Utf8Path::new("/a").join(n.to_string());
    std::thread::scope(|scope| {
        for part in 0..4 {
            let sightings = &sightings;
            scope.spawn(move || (0..50).for_each(|n| sightings.note("d", &path(part * 50 + n)).unwrap()));
        }
    });
    assert!((0..200).all(|n| sightings.has("d", &path(n))));
    assert!(!sightings.has("d", &path(200)) && !sightings.has("e", &path(0)));
    (200..Sightings::MAX + 20).for_each(|n| sightings.note("d", &path(n)).unwrap());
    let n_kept = data.path().join("faultbook/sightings").read_dir_utf8().unwrap().count();
    assert_eq!(n_kept, Sightings::MAX);
    assert!(sightings.has("d", &path(Sightings::MAX + 19)));
    assert_eq!(sightings.prune(&BTreeSet::from(["d".to_owned()])).unwrap(), 0);
    assert_eq!(sightings.prune(&BTreeSet::new()).unwrap(), Sightings::MAX);
}
