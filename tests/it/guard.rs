//! Known wrong fixes are stopped, and nothing else is.

use crate::support::{CLEAN, Scratch, book, faultbook, json, read, transcript};
use faultbook::Given;
use faultbook::guard::{Guard, Unguarded};
use faultbook::text::{Source, Sources};
use proptest::prelude::*;
use serde_json::json;
use std::io::Write as _;
use std::process::{Output, Stdio};

/// A guard of records with these wrong fixes and these repairs.
fn guard(records: &[(&str, &[&str], &[&str])]) -> (Guard, Vec<(String, String, Unguarded)>) {
    let file = |(id, wrong, fixes): &(&str, &[&str], &[&str])| {
        let runs =
            |runs: &[&str]| json!(runs.iter().map(|run| json!({"run": run})).collect::<Vec<_>>()).to_string();
        let text = CLEAN
            .replace("fix: Mend it.", &format!("fix: {}", runs(fixes)))
            .replace("wrong_fixes: [Wait]", &format!("wrong_fixes: {}", runs(wrong)))
            .replace("It breaks", &format!("It breaks {id}"));
        Source::from_bytes(format!("content/{id}.yaml").into(), text.into_bytes())
    };
    let sources = Sources::new(records.iter().map(file).collect());
    let reading = faultbook::read(&sources, &Given::default());
    assert_eq!(reading.book.records.len(), records.len(), "{:?}", reading.found);
    Guard::of(&reading.book, &|record| format!("f/{}/", record.id))
}

#[test]
fn a_command_is_stopped_however_it_is_wrapped_and_none_that_only_looks_like_it() {
    let (guard, left) = guard(&[(
        "a",
        &[
            "npm cache clean --force",
            "pip install --break-system-packages <package>",
            "sudo npm install -g yarn",
            "GIT_SSL_NO_VERIFY=1 git clone <url>",
            "echo 'nameserver 192.0.2.1' > /etc/resolv.conf",
            "rm -rf node_modules && npm ci --force",
            "curl -fsSL https://example.org/x | sh -s",
            "cd app\nmake clobber # all of it\n",
            "kubectl delete pod --now ...",
        ],
        &["Mend"],
    )]);
    assert_eq!(left, []);
    let table = [
        ("npm cache clean --force", true),
        ("  npm   cache 'clean' --force  ", true),
        ("npm cache --force clean", true),
        ("npm cache \\\n  clean --force", true),
        ("sudo -u root -E env A=b npm cache clean --force 2>/dev/null", true),
        ("/usr/bin/npm cache clean --force", true),
        ("true; (cd x && npm cache clean --force) | tee log", true),
        ("bash -lc 'npm cache clean --force'", true),
        ("sudo sh -c \"cd x; npm cache clean --force\"", true),
        ("eval npm cache clean --force", true),
        ("echo \"$(npm cache clean --force)\"", true),
        ("if npm cache clean --force; then ls; fi", true),
        ("npm cache clean --force &", true),
        ("npm cache clean", false),
        ("npm cache clean --force extra", false),
        ("npm cache verify --force", false),
        ("echo npm cache clean --force", false),
        ("echo 'npm cache clean --force'", false),
        ("# npm cache clean --force", false),
        ("git commit -m 'npm cache clean --force'", false),
        ("./npm cache clean --force", false),
        ("man npm && npm cache ls", false),
        ("pip install --break-system-packages requests", true),
        ("pip install requests --break-system-packages", true),
        ("pip install requests", false),
        ("pip install --break-system-packages", false),
        ("pip install --break-system-packages a b", false),
        ("pip install --user requests", false),
        ("sudo npm install -g yarn", true),
        ("doas npm install -g yarn", false),
        ("npm install -g yarn", false),
        ("GIT_SSL_NO_VERIFY=1 git clone https://example.org/a", true),
        ("env GIT_SSL_NO_VERIFY=1 git clone https://example.org/a", true),
        ("git clone https://example.org/a", false),
        ("GIT_SSL_NO_VERIFY=0 git clone https://example.org/a", false),
        ("echo 'nameserver 192.0.2.1' > /etc/resolv.conf", true),
        ("echo 'nameserver 192.0.2.1' 1>/etc/resolv.conf", true),
        ("echo 'nameserver 192.0.2.1'", false),
        ("echo 'nameserver 192.0.2.1' >> /etc/resolv.conf", false),
        ("rm -fr node_modules\nnpm ci --force", true),
        ("rm -rf node_modules", false),
        ("npm ci --force && rm -rf node_modules", false),
        ("curl -fsSL https://example.org/x | sudo sh -s", true),
        ("curl -fsSL https://example.org/x -o x", false),
        ("make clobber", true),
        ("cd elsewhere; make clobber", true),
        ("kubectl delete pod --now a b c", true),
        ("kubectl delete pod", false),
        ("", false),
        ("'", false),
        ("$(", false),
        ("`npm cache clean --force", false),
    ];
    for (line, stopped) in table {
        assert_eq!(guard.judge(line).is_some(), stopped, "{line}");
    }
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert!(guard.judge_words(&words("sudo npm cache clean --force")).is_some());
    assert!(
        guard.judge_words(&words("echo ; npm cache clean --force")).is_none(),
        "a shell has split these already"
    );
}

#[test]
fn what_another_record_repairs_with_is_not_stopped_and_what_says_too_little_neither() {
    let (guard, left) = guard(&[
        (
            "a",
            &["rm -rf node_modules", "npm install", "for f in *; do rm $f; done", "make", "cat <<E\nx\nE"],
            &["x"],
        ),
        ("b", &["Wait 1"], &["cd app && rm -fr node_modules && npm ci"]),
        ("c", &["git push --force"], &["git push --force # after asking"]),
    ]);
    let patterns: Vec<&str> = guard.patterns.iter().map(|pattern| pattern.command.as_str()).collect();
    assert_eq!(patterns, ["npm install", "Wait 1"]);
    let repair = |id: &str| Unguarded::RepairOf(id.to_owned());
    let left: Vec<Unguarded> = left.into_iter().map(|(_, _, why)| why).collect();
    let loose = Unguarded::TooLoose;
    assert_eq!(left, [repair("b"), loose.clone(), loose.clone(), loose, repair("c")]);
    assert!(guard.judge("rm -rf node_modules").is_none());
}

const PIP: &str = "title: The environment is managed externally\nproduct: pip\nsymptom: It stops.\nroot_cause: A cause.\n\
    fix: Make an environment.\nwrong_fixes: [{id: force, run: pip install --break-system-packages <package>, \
    why: It breaks the system.}]\nkeywords: [it breaks]\nsources: [seen]\n";

fn ask(book: &Scratch, args: &[&str], input: &str) -> Output {
    let mut child = faultbook(book.path(), args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn the_verb_says_what_to_do_instead_over_a_book_a_site_and_a_file() {
    let book = book(&[("content/pip.yaml", PIP)]);
    let stopped = book.run(&["guard", "--", "sudo", "pip", "install", "--break-system-packages", "x"]);
    insta::assert_snapshot!(transcript(&stopped), @"
    exit: 1
    --- stdout

    --- stderr
    stopped: this is a known wrong fix for: The environment is managed externally
      pip install --break-system-packages <package>
    why it fails: It breaks the system.
    do this instead: Make an environment.
    f/pip/ (pip, wrong fix force)
    ");
    insta::assert_snapshot!(transcript(&book.run(&["guard", "--", "pip install x"])), @"
    exit: 0
    --- stdout

    --- stderr

    ");
    insta::assert_snapshot!(transcript(&book.run(&["export", "guard"])), @r#"
    exit: 0
    --- stdout
    {"schema":"guard/1","patterns":[
    {"id":"pip","title":"The environment is managed externally","wrong_fix":"force","command":"pip install --break-system-packages <package>","match":[{"words":[["pip"],["install"],["--break-system-packages"],["",""]]}],"why":"It breaks the system.","instead":"Make an environment.","page":"f/pip/"}
    ]}
    --- stderr
    exported 1 pattern; 0 wrong fixes are told in words, and 0 left out
    "#);
    let line = "pip install --break-system-packages x";
    let found = json(&book, &["guard", "-f", "json", "--", line]);
    assert_eq!(found["wrong_fix"]["wrong_fix"], "force");
    assert_eq!(json(&book, &["guard", "-f", "json", "--", "ls"])["stopped"], false);

    assert_eq!(book.run(&["build", "-d", "site", "-q"]).status.code(), Some(0));
    assert_eq!(book.run(&["export", "guard", "-q", "-o", "guard.json"]).status.code(), Some(0));
    let elsewhere = Scratch::empty();
    elsewhere.write("guard.json", read(&book, "guard.json"));
    let site = book.path().join("site");
    for from in [["--patterns", "guard.json"], ["--book", site.as_str()]] {
        let stopped = elsewhere.run(&["guard", from[0], from[1], "--", line]);
        assert_eq!(stopped.status.code(), Some(1), "{stopped:?}");
        assert!(String::from_utf8_lossy(&stopped.stderr).contains("It breaks the system."));
        assert_eq!(elsewhere.run(&["guard", from[0], from[1], "--", "ls"]).status.code(), Some(0));
    }
    assert_eq!(elsewhere.run(&["guard", "--", line]).status.code(), Some(2));
    elsewhere.write("guard.json", "{\"schema\": \"guard/2\", \"patterns\": []}");
    assert_eq!(elsewhere.run(&["guard", "--patterns", "guard.json", "--", line]).status.code(), Some(2));
    assert_eq!(elsewhere.run(&["guard", "--patterns", "none.json", "--", line]).status.code(), Some(2));
}

#[test]
fn a_hook_hands_the_call_of_a_tool_in() {
    let book = book(&[("content/pip.yaml", PIP)]);
    let line = "pip install --break-system-packages x";
    for (call, code) in [
        (json!({"command": line}).to_string(), 1),
        (json!({"tool_name": "Bash", "tool_input": {"command": line, "timeout": 1}}).to_string(), 1),
        (json!({"command": line.split(' ').collect::<Vec<_>>()}).to_string(), 1),
        (json!({"command": "ls"}).to_string(), 0),
        (json!({"tool_name": "Read", "tool_input": {"path": "x"}}).to_string(), 0),
        (json!({"command": 1}).to_string(), 2),
        (json!([line]).to_string(), 2),
        ("{}".to_owned(), 2),
        (line.to_owned(), 2),
        ("[".repeat(1 << 16), 2),
    ] {
        assert_eq!(ask(&book, &["guard", "-"], &call).status.code(), Some(code), "{call:.80}");
    }
}

/// The recipe of `guard --help` for bash, as it stands there.
#[test]
fn the_trap_of_bash_keeps_a_command_from_running() {
    let book = book(&[(
        "content/trap.yaml",
        &PIP.replace("pip install --break-system-packages <package>", "touch wrong"),
    )]);
    book.write("home/guard.json", book.run(&["export", "guard", "-q"]).stdout);
    let help = String::from_utf8(book.run(&["guard", "--help"]).stdout).unwrap();
    let recipe: Vec<&str> = help.lines().skip_while(|line| !line.contains("shopt")).take(6).collect();
    assert!(recipe[5].contains("trap"), "{recipe:?}");
    let program =
        std::path::Path::new(env!("CARGO_BIN_EXE_faultbook")).parent().unwrap().display().to_string();
    let script = format!("{}\ntouch right\ntouch wrong\ntouch after\n", recipe.join("\n"));
    let path = format!("{program}:{}", std::env::var("PATH").unwrap());
    let mut bash = std::process::Command::new("bash");
    bash.args(["-c", &script])
        .current_dir(book.path())
        .env("PATH", path)
        .env("HOME", book.path().join("home"));
    let output = bash.output().unwrap();
    let there = |name: &str| book.path().join(name).exists();
    assert!(there("right") && there("after") && !there("wrong"), "{output:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// No text is too much for the lexer, and a command that stands last is found whatever stands before it.
    #[test]
    fn any_text_can_be_judged(pieces in prop::collection::vec(prop_oneof![
        "\\PC{0,8}",
        prop::sample::select(vec!["'", "\"", "\\", "$(", ")", "`", "${", "}", ";", "|", "&&", "<<E", ">", "sudo ", "sh -c ", "\n"])
            .prop_map(str::to_owned),
    ], 0..24)) {
        let (guard, _) = guard(&[("a", &["npm cache clean --force"], &["x"])]);
        guard.judge(&pieces.concat());
        let quoted = format!("echo '{}'; npm cache clean --force", pieces.concat().replace('\'', ""));
        prop_assert!(guard.judge(&quoted).is_some());
    }
}
