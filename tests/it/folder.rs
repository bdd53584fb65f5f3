//! What a folder may do to whoever has it examined: git obeys the settings of the folder that it is in.

use crate::support::{CLEAN, Scratch, book, faultbook};
use std::process::Command;

/// How a folder makes git run a program of its own: what is done to it, and the words for git.
const ATTEMPTS: &[(&str, &str, &str)] = &[
    ("a monitor", "git config core.fsmonitor $X", "status"),
    ("a hook", "cp run .git/hooks/pre-commit", "hook, run, pre-commit"),
    (
        "hooks elsewhere",
        "mkdir hooks; cp run hooks/pre-commit; git config core.hooksPath $PWD/hooks",
        "hook, run, pre-commit",
    ),
    ("a program for differences", "git config diff.external $X", "diff"),
    (
        "a driver for differences",
        "git config diff.own.command $X; echo '* diff=own' > .gitattributes",
        "diff",
    ),
    ("a converter", "git config diff.own.textconv $X; echo '* diff=own' > .gitattributes", "diff"),
    ("a filter", "git config filter.own.clean $X; echo '* filter=own' > .gitattributes", "diff"),
    (
        "a filter of an included file",
        "printf '[filter \"own\"]\\nprocess = %s\\nrequired\\n' $X > .git/more; git config include.path more; \
         echo '* filter=own' > .gitattributes",
        "diff",
    ),
    ("a protocol", "git remote add own ext::$X; git config protocol.ext.allow always", "ls-remote, own"),
    ("the other end", "git remote add own $PWD; git config remote.own.uploadpack $X", "ls-remote, own"),
    ("a proxy", "git remote add own git://localhost/own; git config core.gitProxy $X", "ls-remote, own"),
    (
        "a shell for other machines",
        "git remote add own ssh://localhost/own; git config core.sshCommand $X",
        "ls-remote, own",
    ),
    (
        "a signer",
        "git config user.name a; git config user.email a@example.invalid; git config user.signingKey own; git config gpg.program $X",
        "tag, -s, -m, own, own",
    ),
];

fn examine(settings: &str, words: &str, runs_subject_code: bool) -> (String, String) {
    let folder = Scratch::empty();
    let script = format!(
        "export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null\ngit init -q .\necho a > file\ngit add file\n\
         git -c user.name=a -c user.email=a@example.invalid commit -q -m one\necho b > file\n\
         printf '#!/bin/sh\\ntouch \"$HOME/marker\"\\n' > run; chmod +x run; X=$PWD/run\n{settings}"
    );
    let made = Command::new("sh").args(["-eu", "-c", &script]).current_dir(folder.path()).output().unwrap();
    assert!(made.status.success(), "{settings}: {}", String::from_utf8_lossy(&made.stderr));
    let check = format!(
        "verify:\n  spec: 1\n  proves: p\n  limits: l\n  requires: {{tools: {{git: {{}}}}}}\n  \
         sandbox: {{runs_subject_code: {runs_subject_code}}}\n  steps:\n    \
         - {{id: asked, command: [git, {words}], expect: {{exit: 0}}, refute: {{exit: {{not_equals: 0}}}}}}\n    \
         - {{id: ran, file: {{path: marker, root: home}}, expect: {{exists: true}}}}\n  present: ran\n  fixtures:\n    \
         broken: {{expect: present, home: {{marker: x}}}}\n    fixed: {{expect: fixed}}\n    wrong_fixes: {{wait: {{expect: present}}}}\n"
    );
    let record = CLEAN.replace("wrong_fixes: [Wait]", "wrong_fixes: [{id: wait, text: Wait, why: No.}]");
    let book = book(&[("content/it-breaks.yaml", &format!("{record}{check}"))]);
    let data = Scratch::empty();
    let run = |args: &[&str]| {
        let args = [args, &["it-breaks", "--dir", folder.path().as_str()]].concat();
        faultbook(book.path(), &args).env("XDG_DATA_HOME", data.path()).output().unwrap()
    };
    let allowed = run(&["trust", "allow"]);
    assert!(allowed.status.success(), "{}", String::from_utf8_lossy(&allowed.stderr));
    let said = String::from_utf8(run(&["verify", "-f", "json"]).stdout).unwrap();
    let result: serde_json::Value = serde_json::from_str(&said).unwrap();
    (result["records"][0]["verdict"].as_str().unwrap().to_owned(), said)
}

#[test]
fn git_runs_nothing_that_an_examined_folder_names() {
    for (name, settings, words) in ATTEMPTS {
        let (verdict, said) = examine(settings, words, true);
        assert_eq!(verdict, "PRESENT", "{name}: a check that may run the folder's code must do so: {said}");
        let (verdict, said) = examine(settings, words, false);
        assert_eq!(verdict, "ABSENT", "{name}: {said}");
    }
}

/// What a step hands in itself is still there.
#[test]
fn settings_of_a_step_stay() {
    let (verdict, said) =
        examine("git config alias.own '!exit 3'", "-c, core.hooksPath=own, hook, run, pre-commit", false);
    assert_eq!(verdict, "ABSENT", "{said}");
}
