//! `verify --self-test --record`: what a real tool says today stands in the record afterwards, and nothing else has changed.

use crate::support::{CLEAN, Scratch, book, faultbook, here, read};
use faultbook::verify::steady;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

/// A tool that says where it is, what it was handed, and a time.
const TOOL: &str = "#!/bin/sh\ncase \"$1\" in\n--version) echo 'tool 2.4.1';;\nwhere) echo \"in $2, home $HOME, $PWD\";;\nwhoami) echo \"token $TOKEN\" >&2; exit 3;;\nslow) sleep 30;;\n*) echo 'no such thing' >&2; date; exit 1;;\nesac\n";

const VERIFY: &str = r#"verify:
  spec: 1
  proves: The tool refuses.
  limits: It is a sample.
  inputs: {token: {env: TOKEN, secret: true}}
  requires: {tools: {tool: ">=1"}}
  sandbox: {cwd: copy}
  steps:
    - {id: where, command: [tool, where, "${subject}"], expect: {exit: 0}, refute: {exit: 1}}
    - {id: who, command: {argv: [tool, whoami], env_pass: [TOKEN]}, expect: {exit: 3}, refute: {exit: 0}}
    - {id: bad, command: [tool, go], expect: {exit: 1}, refute: {exit: 0}}
  present: bad
  fixtures:
    broken:
      expect: present
      env: {TOKEN: "${fake.token}"}
      stubs:
        commands:   # as of last year
          tool:
            replies:
              # the oldest that it was seen with
              - {args: [--version], stdout: "tool 1.9\n"}   # kept by hand
              - args: [go]
                # what it says of a thing that it does not know
                exit: 2
                stderr: |
                  unknown
              - {args: [never], stdout: "asked by nobody\n"}
    fixed: {base: broken, expect: fixed, stubs: {commands: {tool: {replies: [{args: [--version], stdout: "tool 1.9\n"}, {args: [go]}]}}}}
    empty: {base: broken, expect: present, stubs: {commands: {tool: {replies: []}}}}
    other: {base: broken, expect: cannot_tell, stubs: {commands: {no-such-tool: {replies: [{args: [x]}]}, tool: null}}}
    wrong_fixes:
      wait: {expect: present}
"#;

fn yaml() -> String {
    let record = CLEAN.replace("[Wait]", "[{id: wait, text: Wait, why: Nothing changes.}]");
    format!("# A comment at the top.\n{record}{VERIFY}")
}

/// A book with this record, and a tool of this kind before the machine's programs.
fn world(path: &str, record: &str, tool: &str) -> Scratch {
    let book = book(&[(path, record)]);
    book.write("bin/tool", tool);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(book.path().join("bin/tool"), mode).unwrap();
    book
}

fn record(book: &Scratch, args: &[&str]) -> Output {
    let mut command = faultbook(book.path(), &[&["verify", "--self-test", "--record"], args].concat());
    command.env("PATH", format!("{}/bin:/usr/bin:/bin", book.path())).output().unwrap()
}

fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const PATH: &str = "content/it-breaks.yaml";

#[test]
fn the_replies_become_what_the_tool_says_and_everything_else_stays() {
    let book = world(PATH, &yaml(), TOOL);
    let output = record(&book, &[]);
    let said = talk(&output);
    let text = read(&book, PATH);
    let (before, after) = (yaml(), text.clone());
    let lines = |text: &str, other: &str| -> Vec<String> {
        let other: Vec<&str> = other.lines().collect();
        text.lines().filter(|line| !other.contains(line)).map(str::to_owned).collect()
    };
    assert_eq!(lines(&before, &after).len(), 6, "{text}");
    let new = lines(&after, &before).join("\n");
    insta::assert_snapshot!(steady(&new, &here()), @r#"
                  - {args: [--version], stdout: "tool 2.4.1\n"}   # kept by hand
                    exit: 1
                    stdout: "<time>\n"
                    stderr: "no such thing\n"
                  - {args: [where, "${subject}"], stdout: "in ${subject}, home ${home}, ${subject}\n"}
                  - {args: [whoami], exit: 3, stderr: "token [secret:token]\n"}
        fixed: {base: broken, expect: fixed, stubs: {commands: {tool: {replies: [{args: [--version], stdout: "tool 2.4.1\n"}, {args: [go], exit: 1, stdout: "<time>\n", stderr: "no such thing\n"}, {args: [where, "${subject}"], stdout: "in ${subject}, home ${home}, ${subject}\n"}, {args: [whoami], exit: 3, stderr: "token [secret:token]\n"}]}}}}
        empty: {base: broken, expect: present, stubs: {commands: {tool: {replies: [{args: [--version], stdout: "tool 2.4.1\n"}, {args: [where, "${subject}"], stdout: "in ${subject}, home ${home}, ${subject}\n"}, {args: [whoami], exit: 3, stderr: "token [secret:token]\n"}, {args: [go], exit: 1, stdout: "<time>\n", stderr: "no such thing\n"}]}}}}
    "#);
    // The comments of the author are all where they were.
    for comment in
        ["# A comment at the top.", "# as of last year", "# the oldest", "# what it says of a thing"]
    {
        assert!(text.contains(comment), "{text}");
    }
    assert!(said.contains("it-breaks other: stays as it is: missing-tool: tool"), "{said}");
    assert!(said.contains("--- content/it-breaks.yaml\n+++ content/it-breaks.yaml\n@@ "), "{said}");
    // What was recorded is what is played, in whatever folder the next run takes place.
    assert!(said.contains("✓ PRESENT      broken state"), "{said}");
    assert!(!text.contains("/tmp/"), "{text}");
}

#[test]
fn recording_again_changes_nothing() {
    let book = world(PATH, &yaml(), TOOL);
    record(&book, &[]);
    let first = read(&book, PATH);
    // The tool prints a time, too, which is another one now.
    let said = talk(&record(&book, &[]));
    assert_eq!(read(&book, PATH), first);
    assert!(said.contains("it-breaks: no reply changed"), "{said}");
    let elsewhere = TOOL.replace("date;", "echo Wed Nov 25 08:33:09 UTC 2026;");
    book.write("bin/tool", elsewhere);
    record(&book, &[]);
    assert_eq!(read(&book, PATH), first);
    book.write("bin/tool", TOOL.replace("2.4.1", "2.4.2"));
    record(&book, &[]);
    assert_eq!(read(&book, PATH), first.replace("2.4.1", "2.4.2"));
}

#[test]
fn front_matter_is_recorded_like_yaml() {
    let record_text = format!(
        "---\ntitle: It breaks\nproduct: thing\nwrong_fixes: [{{id: wait, text: Wait, why: Nothing changes.}}]\nkeywords: [it breaks]\nsources: [seen]\n{VERIFY}---\n\n## Symptom\n\nIt stops.\n\n## Root cause\n\nA cause.\n\n## Quick fix\n\nMend it.\n"
    );
    let path = "content/it-breaks.md";
    let book = world(path, &record_text, TOOL);
    let said = talk(&record(&book, &[]));
    let text = read(&book, path);
    assert!(said.contains("+++ content/it-breaks.md"), "{said}");
    assert!(text.contains("tool 2.4.1"), "{text}");
    let body = "---\n\n## Symptom\n\nIt stops.\n\n## Root cause\n\nA cause.\n\n## Quick fix\n\nMend it.\n";
    assert!(text.ends_with(body), "{text}");
    record(&book, &[]);
    assert_eq!(read(&book, path), text);
}

/// A tool that is missing, ends by force or cannot be run changes no file; neither does a look at what would run.
#[test]
fn what_cannot_be_recorded_stays_as_it_is() {
    let slow =
        yaml().replace("[tool, go]", "[tool, slow]").replace("present: bad", "timeout: 1s\n  present: bad");
    let book = world(PATH, &slow, TOOL);
    let said = talk(&record(&book, &[]));
    assert_eq!(read(&book, PATH), slow);
    assert!(said.contains("it-breaks broken: stays as it is: `tool` did not end in time"), "{said}");
    std::fs::remove_file(book.path().join("bin/tool")).unwrap();
    let said = talk(&record(&book, &[]));
    assert_eq!(read(&book, PATH), slow);
    assert!(said.contains("it-breaks broken: stays as it is: missing-tool: tool"), "{said}");
    let book = world(PATH, &yaml(), TOOL);
    assert_eq!(record(&book, &["--plan"]).status.code(), Some(0));
    assert_eq!(read(&book, PATH), yaml());
    assert_eq!(record(&book, &["--require-sandbox", "fs,net"]).status.code(), Some(6));
}

/// Only what a state's own replies stand for runs: `null` stays missing, and a base's replies are its own affair.
#[test]
fn nothing_is_recorded_but_what_a_state_names_itself() {
    let null = yaml().replace(
        "tool: null}}}",
        "tool: null}}}\n    gone: {base: fixed, expect: cannot_tell, stubs: {commands: {tool: null}}}",
    );
    let book = world(PATH, &null, TOOL);
    record(&book, &[]);
    let text = read(&book, PATH);
    assert!(text.contains("gone: {base: fixed, expect: cannot_tell, stubs: {commands: {tool: null}}}"));
    assert!(text.contains("other: {base: broken, expect: cannot_tell, stubs: {commands: {no-such-tool: {replies: [{args: [x]}]}, tool: null}}}"));
    assert!(text.contains("wait: {expect: present}"));
}
