//! A check as a script of its own: it says what the check says, in every shell, whatever stands in the record.

use crate::support::{CLEAN, Scratch};
use faultbook::Given;
use faultbook::model::{Check, Expectation, Record, TextMatcher, TextOp};
use faultbook::text::{Source, Sources};
use faultbook::verify::{ere, script};
use regex::Regex;
use serde_json::{Value, json};
use std::process::{Command, Output};

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["bash", "--posix"]];

fn record(check: &Value, title: &str) -> Record {
    let title = format!("title: {}\n", json!(title));
    let text = format!("{}check: {check}\n", CLEAN.replace("title: It breaks\n", &title));
    let source = Source::from_bytes("content/it-breaks.yaml".into(), text.into_bytes());
    let reading = faultbook::read(&Sources::new(vec![source]), &Given::default());
    reading.book.records.values().next().unwrap_or_else(|| panic!("{:?}", reading.found)).clone()
}

/// A check on whether a file is there.
fn on_file() -> Value {
    json!({"setup": "touch broken", "run": "test ! -e broken", "broken": {"exit": 1}, "fixed": {"exit": 0}})
}

/// A check on what is printed.
fn on_output(run: &str, broken: Value, fixed: Value) -> Value {
    json!({"run": run, "broken": {"output": broken}, "fixed": {"output": fixed}})
}

fn run(shell: &[&str], folder: &Scratch, text: &str, args: &[&str]) -> Output {
    let scripts = Scratch::empty();
    scripts.write("verify.sh", text);
    let path = scripts.path().join("verify.sh");
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg(&path).args(args).current_dir(folder.path());
    command.env("TMPDIR", scripts.path());
    let output = command.output().unwrap();
    let left: Vec<_> = scripts.path().read_dir_utf8().unwrap().collect();
    assert_eq!(left.len(), 1, "it leaves something behind: {left:?}");
    output
}

#[track_caller]
fn says(shell: &[&str], folder: &Scratch, text: &str, args: &[&str], code: i32, word: &str) {
    let output = run(shell, folder, text, args);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{shell:?} {output:?}");
    assert!(said.starts_with(word), "{shell:?} {output:?}");
    assert_eq!(output.stderr, b"", "{output:?}");
}

#[test]
fn a_script_tells_a_broken_folder_from_a_fixed_one_and_runs_nothing_unasked() {
    let text = script(&record(&on_file(), "t")).unwrap();
    for shell in SHELLS {
        let folder = Scratch::empty();
        says(shell, &folder, &text, &["--run"], 0, "ABSENT\n");
        says(shell, &folder, &text, &["--self-test"], 0, "PRESENT\n");
        assert!(!folder.path().join("broken").exists());
        folder.write("broken", "");
        says(shell, &folder, &text, &["--run"], 1, "PRESENT\n");
        says(shell, &folder, &text, &[], 0, "it-breaks: t\n");
    }
    let mut never = on_file();
    never["setup"] = json!("true");
    let text = script(&record(&never, "t")).unwrap();
    says(SHELLS[0], &Scratch::empty(), &text, &["--self-test"], 6, "ABSENT\n");
    assert_eq!(script(&Record { check: None, ..record(&on_file(), "t") }), None);
}

#[test]
fn what_a_shell_cannot_tell_is_not_guessed() {
    let gone = json!({"contains": "never"});
    for (run, broken, code) in [
        ("echo hello", json!({"matches": "(?s)hel.*"}), 77),
        ("echo hello", json!({"matches": "hel+o"}), 1),
        ("printf 'a\\0b'", json!({"contains": "a"}), 77),
        ("printf 'h\\303\\251'", json!({"matches": "h."}), 77),
        ("printf '  a b \\n\\n'", json!({"equals": "a b"}), 1),
        ("printf 'a b c'", json!({"equals": "a b"}), 77),
        ("printf '\\302\\240a'", json!({"equals": "a"}), 77),
        ("echo hello", json!({"not_contains": "x", "contains": "hello"}), 1),
        ("head -c 70000 /dev/zero | tr '\\0' a", json!({"contains": "a"}), 77),
    ] {
        let text = script(&record(&on_output(run, broken.clone(), gone.clone()), "t")).unwrap();
        for shell in SHELLS {
            let output = crate::export::run(shell, &Scratch::empty(), &text, &["--run"]);
            assert_eq!(output.status.code(), Some(code), "{shell:?} {run} {broken} {output:?}");
        }
    }
    let signal = json!({"run": "kill -9 $$", "broken": {"exit": {"not_equals": 0}}, "fixed": {"exit": 0}});
    let text = script(&record(&signal, "t")).unwrap();
    says(SHELLS[0], &Scratch::empty(), &text, &["--run"], 77, "CANNOT_TELL");
}

fn prints(op: TextOp) -> Expectation {
    Expectation { exit: None, output: Some(TextMatcher(vec![op])) }
}

#[test]
fn hostile_text_stays_text_in_a_script() {
    for hostile in [
        "'; touch pwned; '",
        "$(touch pwned)",
        "`touch pwned`",
        "\\\"$HOME\" ${x} $1",
        "EOF\ntouch pwned",
        "* ? [a-z] !",
        "%s %n \\n",
        "a\u{7f}\u{9b}b",
    ] {
        // Set after reading, which refuses what cannot be seen: the script must not rely on that.
        let mut record = record(&on_file(), "t");
        record.title = hostile.to_owned();
        record.check = Some(Check {
            setup: Some(format!(": <<'Z'\n{hostile}\nZ\n")),
            run: format!("cat <<'Z'\n{hostile}\nZ\n"),
            broken: prints(TextOp::Contains(hostile.to_owned())),
            fixed: prints(TextOp::Equals(hostile.repeat(2))),
            timeout: Check::DEFAULT_TIMEOUT,
        });
        let text = script(&record).unwrap();
        for shell in SHELLS {
            let folder = Scratch::empty();
            says(shell, &folder, &text, &["--run"], 1, "PRESENT\n");
            says(shell, &folder, &text, &["--self-test"], 0, "PRESENT\n");
            let plan = crate::export::run(shell, &folder, &text, &[]).stdout;
            let plan = String::from_utf8(plan).unwrap();
            assert!(!plan.chars().any(|c| c.is_control() && c != '\n'), "{plan:?}");
            assert_eq!(folder.path().read_dir_utf8().unwrap().count(), 0, "{hostile}");
            let mut parse = Command::new(shell[0]);
            parse.args(&shell[1..]).arg("-n").arg("-c").arg(&text);
            assert!(parse.output().unwrap().status.success(), "{hostile}");
        }
    }
}

/// Where an expression is translated, `grep` finds what Rust finds.
#[test]
fn grep_and_rust_agree_on_what_is_translated() {
    let texts = [
        "",
        "a",
        "b\na\n",
        "aab\r\n",
        "x.y\n",
        "E403 (no)\nnpm ERR! code\n",
        "A_1\n",
        "a\n\nb\n",
        "[{a|b}]$^\\*+?\n",
    ];
    let regexes = [
        "a",
        "a+b",
        "(?m)^a",
        "(?m)a$",
        "(?m)^b$|y",
        "x\\.y",
        "\\d+",
        "\\w\\d",
        "(?i)e403 \\(NO\\)",
        "(?:a|b)+",
        "(?im)^npm err!",
        "\\[\\{a\\|b\\}\\]\\$\\^\\\\\\*\\+\\?",
        "a.b",
        "(a)(b)",
    ];
    for regex in regexes {
        let ere = ere(regex).unwrap_or_else(|| panic!("{regex} is not translated"));
        for text in texts {
            let file = Scratch::empty();
            file.write("text", text);
            let mut grep = Command::new("grep");
            grep.args(ere.folds_case.then_some("-i")).args(["-q", "-E", "-e", &ere.text, "text"]);
            let found = grep.env("LC_ALL", "C").current_dir(file.path()).status().unwrap().success();
            assert_eq!(found, Regex::new(regex).unwrap().is_match(text), "{regex} {text:?}");
        }
    }
    for regex in [
        "^a", "a$", "a*", "[^a]", "a\\s", "a{2}", "a+?", "a**", "(?s)a", "a\nb", "é", "(?-u:a)", "\\ba",
        "()", "a|", "(?m)^$",
    ] {
        assert_eq!(ere(regex), None, "{regex}");
    }
}
