//! The long form of a check as a script for `sh`: where it tells something, it is what `verify` tells of the same folder.

use crate::conformance::around;
use crate::support::{CLEAN, Scratch, project, walk};
use faultbook::Given;
use faultbook::model::{
    Condition, Guard, Matcher, Op, Pattern, Record, StepKind, Template, ToolRequirement, Verdict, Verifier,
};
use faultbook::text::Sources;
use faultbook::verify::{Glob, LINE_END, Mode, RETURN, Setting, flat, script, state_names, verify};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["bash", "--posix"]];

fn record(name: &str, text: &str) -> Option<Record> {
    let reading = faultbook::read(&Sources::single(name.into(), text), &Given::default());
    reading.book.records.values().next().cloned()
}

/// Every record of ours with the long form.
fn records() -> Vec<Record> {
    let files =
        walk(&project().join("tests/cases/verify")).into_iter().chain(walk(&project().join("content")));
    let read = |path: camino::Utf8PathBuf| {
        let text = std::fs::read_to_string(&path).ok()?;
        let name = format!("content/{}", path.file_name()?);
        record(&name, &text).filter(|record| record.verify.is_some())
    };
    files.filter_map(read).collect()
}

fn run(shell: &[&str], folder: &Path, text: &str, mode: &str) -> Output {
    let scripts = Scratch::empty();
    scripts.write("verify.sh", text);
    let path = scripts.path().join("verify.sh");
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg(&path).arg(mode).current_dir(folder).env("TMPDIR", scripts.path());
    let output = command.output().unwrap();
    assert_eq!(scripts.path().read_dir_utf8().unwrap().count(), 1, "it leaves something behind");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell:?}");
    output
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text)
}

/// The code that `verify` ends with.
fn code(verdict: Verdict) -> i32 {
    match verdict {
        Verdict::Absent | Verdict::Fixed => 0,
        Verdict::Present | Verdict::NotFixed => 1,
        Verdict::Error => 3,
        Verdict::Masked | Verdict::Incomplete => 4,
        Verdict::CannotTell => 77,
    }
}

#[test]
fn a_script_never_contradicts_verify_in_any_state_of_ours() {
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut offered = BTreeSet::new();
    for record in records() {
        let Some(text) = script(&record) else { continue };
        offered.insert(record.id.to_string());
        let verifier = record.verify.as_deref().unwrap();
        // In both modes.
        for (name, mode) in state_names(verifier)
            .iter()
            .flat_map(|name| [(name.clone(), Mode::Detect), (name.clone(), Mode::Repair)])
        {
            around(|around| {
                let laid = Setting::lay(verifier, &name, around);
                let Ok(setting) = laid else { return };
                let ran = verify(verifier, &setting.subject, &BTreeMap::new(), mode, around, None);
                let flag = if mode == Mode::Repair { "--repair" } else { "--run" };
                let (code_said, words) = said(&run(SHELLS[0], &setting.subject, &text, flag));
                if code_said == Some(77) {
                    assert!(words.starts_with("CANNOT_TELL: "), "{words}");
                    return;
                }
                let place = format!("{} {name} {flag}: {words} {ran:?}", record.id);
                assert_eq!(code_said, Some(code(ran.verdict)), "{place}");
                assert!(words.starts_with(ran.verdict.name()), "{place}");
                let states = told.entry(record.id.to_string()).or_default();
                states.insert(format!("{name} {}", ran.verdict.name()));
            });
        }
    }
    // What needs no program is told wherever this runs.
    let of = |id: &str| told.get(id).map(BTreeSet::len).unwrap_or_default();
    assert_eq!(of("crlf-shebang"), 9, "{told:#?}");
    assert_eq!(of("github-actions-set-output-deprecated"), 16, "{told:#?}");
    assert!(offered.contains("docker-compose-command-not-found"), "{offered:?}");
    assert!(!offered.contains("npm-org-2fa-publish"), "{offered:?}");
}

const LONG: &str = "verify:\n  spec: 1\n  proves: p\n  limits: l\n  requires: {tools: {git: {optional: true}, printf: {}}}\n  steps:\n    - {id: f, file: a.txt, expect: {text: {contains: x, starts_with: x, ends_with: y}, exists: true}, refute: {exists: false}}\n    - {id: m, files: {glob: \"**/*.txt\"}, expect: {any: {text: {contains_any: [x]}}, count: {ge: 1}}}\n    - {id: c, command: [printf, \"%s\", x], expect: {stdout: {equals: x}, exit: 0}, refute: {exit: {not_equals: 0}}}\n    - {id: s, shell: {script: \"printf x\", env: {A: x}}, expect: {output: {equals: x}}, refute: {exit: 1}}\n    - {id: e, env: SOME_NAME, expect: {value: {equals: x}}}\n    - {id: v, version: git, expect: {version: {semver: \">=1.2,<99\"}}}\n    - {id: h, http: {method: GET, url: \"http://127.0.0.1/\"}, expect: {status: 200}}\n  present: {all: [f, m, c, s]}\n  absent: {not: f}\n  repair:\n    masked_by: [{wrong_fix: wait, when: {first_of: [e, v]}}]\n    require: [v, h]\n  fixtures: {broken: {expect: present}, fixed: {expect: fixed}, wrong_fixes: {}}\n";

fn long(hostile: &str) -> Record {
    let text = format!("{CLEAN}{LONG}")
        .replace("wrong_fixes: [Wait]", "wrong_fixes: [{id: wait, text: Wait, why: w}]");
    let text = text
        .replace("http://127.0.0.1/", "http://127.0.0.1:1/")
        .replace("  steps:", "  sandbox: {network: [\"127.0.0.1:1\"]}\n  steps:");
    let mut record = record("content/it-breaks.yaml", &text).expect("it is a record");
    let verifier = record.verify.as_deref_mut().unwrap();
    fill(verifier, hostile);
    record.title = hostile.to_owned();
    record
}

/// Puts a text wherever the record's text may stand.
fn fill(verifier: &mut Verifier, hostile: &str) {
    let template = || Template(hostile.to_owned());
    for step in &mut verifier.steps {
        match &mut step.kind {
            StepKind::File(file) if hostile != "x" => file.path = Template(hostile.replace('/', ":")),
            StepKind::Command(command) => command.args[1] = template(),
            StepKind::Shell(shell) => {
                shell.script = format!("cat >/dev/null <<'Z'\n{hostile}\nZ\nprintf %s \"$A\"");
                shell.env.insert("A".to_owned(), template());
            }
            _ => {}
        }
        for matcher in step.expect.values_mut() {
            for op in &mut matcher.0 {
                replace(op, hostile);
            }
        }
    }
    verifier.requires.tools.insert(
        hostile.to_owned(),
        ToolRequirement {
            range: None,
            candidates: vec![hostile.replace('/', ":")],
            version_args: vec![hostile.to_owned()],
            version_regex: None,
            optional: true,
        },
    );
    verifier
        .repair
        .masked_by
        .push(Guard { wrong_fix: hostile.to_owned(), when: Condition::Step("e".to_owned()) });
}

fn replace(op: &mut Op, hostile: &str) {
    match op {
        Op::StartsWith(text) | Op::EndsWith(text) => text.0 = hostile.to_owned(),
        Op::Contains(parts) | Op::ContainsAny(parts) => *parts = vec![hostile.into()],
        Op::Equals(value) if value.is_string() => *value = hostile.into(),
        Op::Probes(probes) => {
            probes.values_mut().flat_map(|matcher| &mut matcher.0).for_each(|op| replace(op, hostile));
            probes.insert(
                "first_line".to_owned(),
                Matcher(vec![Op::NotMatches(Pattern::literal("never-there"))]),
            );
        }
        _ => {}
    }
}

#[test]
fn hostile_text_of_a_long_check_stays_text() {
    for hostile in [
        "'; touch pwned; '",
        "$(touch pwned)",
        "`touch pwned`",
        "\\\"$HOME\" $1",
        "\") touch pwned",
        "EOF\ntouch pwned",
        "* ? [a-z] !",
        "%s %n \\n",
        "-n",
        "a\u{7f}\u{9b}b",
    ] {
        let text = script(&long(hostile)).unwrap_or_else(|| panic!("{hostile}"));
        let folder = Scratch::empty();
        let name = hostile.replace('/', ":");
        folder.write(&name, hostile);
        folder.write("b.txt", hostile);
        let n_before = walk(folder.path()).len();
        for shell in SHELLS {
            let mut parse = Command::new(shell[0]);
            let parsed = parse.args(&shell[1..]).args(["-n", "-c", &text]).output().unwrap();
            assert!(parsed.status.success(), "{hostile} {parsed:?}");
            for (mode, word) in [("--run", "PRESENT"), ("--repair", "NOT_FIXED")] {
                let (code, words) = said(&run(shell, folder.path().as_std_path(), &text, mode));
                // Where a line end stands in a name, only that cannot be told.
                let (wanted, start) = if hostile.contains('\n') { (77, "CANNOT_TELL") } else { (1, word) };
                assert_eq!(code, Some(wanted), "{shell:?} {hostile:?} {words}");
                assert!(words.starts_with(start), "{words}");
            }
            let (_, plan) = said(&run(shell, folder.path().as_std_path(), &text, ""));
            assert!(!plan.chars().any(|c| c.is_control() && c != '\n'), "{plan:?}");
            assert!(plan.contains("h: stays unknown: `http` is not for sh"), "{plan}");
            assert_eq!(walk(folder.path()).len(), n_before, "{hostile}");
        }
        folder.write("gone/keep", "");
        std::fs::remove_file(folder.path().join(&name)).unwrap();
        std::fs::remove_file(folder.path().join("b.txt")).unwrap();
        let (code, words) = said(&run(SHELLS[0], folder.path().as_std_path(), &text, "--run"));
        assert_eq!((code, words.as_str()), (Some(0), "ABSENT\n"), "{hostile}");
        // What `http` would show is required, so no script says FIXED.
        let (code, words) = said(&run(SHELLS[0], folder.path().as_std_path(), &text, "--repair"));
        assert!(code == Some(77) && words.contains("h (`http` is not for sh)"), "{words}");
    }
}

/// Where an expression is translated, `grep` finds in the flat text what Rust finds in the text.
#[test]
fn grep_finds_across_lines_what_rust_finds() {
    let texts = [
        "",
        "a",
        "b\na\n",
        "aab\r\n",
        "#!/bin/sh\r",
        "#!/bin/sh",
        "x\n#!/bin/sh\r\n",
        "::set-output\n name=x",
        "echo GITHUB_OUTPUT",
        "GITHUB_OUTPUTS",
        "a > $GITHUB_OUTPUT\n",
        ">> \"$GITHUB_OUTPUT\"",
        "steps.a-b.outputs.c",
        "\n\n",
        "a\nb",
        "foo bar",
        "foobar",
        "x foo",
        "\tdocker-compose up\n",
        "my-docker-compose\n",
        "A_1.",
        "* text eol=lf\n",
        "*.sh x eol=lf",
        "E403 (no)",
    ];
    let regexes = [
        "a",
        "^a",
        "a$",
        "(?m)^a",
        "(?m)a$",
        "a\\sb",
        "a\\nb",
        "a.b",
        "[^a]b",
        "^#!.*\\r$",
        "(?m)^b$|y",
        "::(set-output|save-state)\\s+name=",
        "GITHUB_(OUTPUT|STATE)\\b",
        "steps\\.[\\w-]+\\.outputs\\.",
        "[^>]>\\s*\"?\\$\\{?GITHUB_(OUTPUT|STATE)\\b",
        "(?m)(^|[\\s;&|(\"'`@])docker-compose(\\s|$)",
        "(?m)^(\\*|\\*\\.sh)\\s+.*\\beol=lf",
        "\\bfoo",
        "foo\\b",
        "(?i)e403",
        "\\d+\\.",
        "\\w+\\b",
        "(a|foo)\\b",
        "[a-c]+\\n",
        "(?m)^(\\*|\\*\\.sh)\\s+",
        "b(\\n|$)",
        "[-a]b",
    ];
    let mut n_translated = 0;
    for regex in regexes {
        let Some(flat) = flat(regex) else { continue };
        n_translated += 1;
        let pattern = flat.text.replace(LINE_END, "\u{1}").replace(RETURN, "\r");
        for text in texts {
            let file = Scratch::empty();
            file.write("text", text.replace('\n', "\u{1}"));
            let mut grep = Command::new("grep");
            grep.args(flat.folds_case.then_some("-i")).args(["-q", "-E", "-e", &pattern, "text"]);
            let found = grep.env("LC_ALL", "C").current_dir(file.path()).status().unwrap().success();
            assert_eq!(found, Regex::new(regex).unwrap().is_match(text), "{regex} {text:?} {pattern:?}");
        }
    }
    // A boundary inside of an expression is the one that is not translated.
    assert_eq!(n_translated, regexes.len() - 1);
    for regex in [
        "a*",
        "a{2}",
        "a+?",
        "(?s)a",
        "é",
        "()",
        "a|",
        "(?m)^$",
        "[[:alpha:]]",
        "[a&&b]",
        "a^",
        "a$b",
        "x(^a)",
    ] {
        assert_eq!(flat(regex), None, "{regex}");
    }
}

#[test]
fn grep_and_the_patterns_of_paths_agree() {
    let paths = [
        "a",
        "a.sh",
        "x/a.sh",
        "x/y/a.sh",
        ".github/workflows/ci.yml",
        ".github/workflows/x/ci.yml",
        "action.yaml",
        "axsh",
        "bin/a",
        "x/bin/a",
        "a=b@c",
    ];
    for glob in [
        "**/*.sh",
        "*.sh",
        "bin/*",
        ".github/workflows/*.{yml,yaml}",
        "action.{yml,yaml}",
        "x/**/a.sh",
        "x/**",
        "a=b@*",
        "**",
    ] {
        let ere = Glob::ere(glob).unwrap_or_else(|| panic!("{glob}"));
        for path in paths {
            let file = Scratch::empty();
            file.write("text", format!("{path}\n"));
            let mut grep = Command::new("grep");
            let found = grep
                .args(["-q", "-E", "-e", &ere, "text"])
                .current_dir(file.path())
                .status()
                .unwrap()
                .success();
            assert_eq!(found, Glob::parse(glob).unwrap().fits(path), "{glob} {path} {ere}");
        }
    }
    for glob in ["a?", "[ab]", "{a,}", "é", "/a", "a+b"] {
        assert_eq!(Glob::ere(glob), None, "{glob}");
    }
}

#[test]
fn links_and_odd_files_are_not_guessed_about() {
    let text = script(&long("x")).unwrap();
    let told = |folder: &Scratch| said(&run(SHELLS[0], folder.path().as_std_path(), &text, "--run"));
    for (bytes, wanted) in [(&b"x"[..], 1), (b"x\0x", 77), (b"", 77), (b"xx\xff", 77)] {
        let folder = Scratch::empty();
        folder.write("a.txt", bytes);
        let (code, words) = told(&folder);
        assert_eq!(code, Some(wanted), "{bytes:?} {words}");
    }
    let folder = Scratch::empty();
    folder.write("b", "x");
    std::os::unix::fs::symlink("b", folder.path().join("a.txt")).unwrap();
    let (code, words) = told(&folder);
    assert!(code == Some(77) && words.contains("a link"), "{words}");
}
