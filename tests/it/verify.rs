//! `verify` over a folder: what runs without asking, what has to be allowed, and what comes out.

use crate::support::{Scratch, faultbook, project};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SHORT: &str = "title: It breaks\nproduct: thing\nsymptom: It stops.\nroot_cause: A cause.\nfix: [{run: echo good > state}]\nwrong_fixes: [{id: wait, run: sleep 0, why: Nothing changes.}]\nkeywords: [it breaks]\nsources: [seen]\ncheck:\n  setup: echo bad > state\n  run: cat state\n  broken: {output: {equals: bad}}\n  fixed: {output: {equals: good}}\n";

/// A book with the named verifiers of `tests/cases/verify` and a short check, a folder to examine, and a store of trust.
struct World {
    book: Scratch,
    subject: tempfile::TempDir,
    data: tempfile::TempDir,
}

impl World {
    fn new(ids: &[&str]) -> World {
        let book = Scratch::empty();
        book.write("book.toml", "");
        book.write("content/it-breaks.yaml", SHORT);
        for id in ids {
            let text =
                std::fs::read_to_string(project().join(format!("tests/cases/verify/{id}.yaml"))).unwrap();
            book.write(&format!("content/{id}.yaml"), text);
        }
        World { book, subject: tempfile::tempdir().unwrap(), data: tempfile::tempdir().unwrap() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = faultbook(self.book.path(), args);
        command.env("XDG_DATA_HOME", self.data.path()).stdin(Stdio::null());
        command
    }

    fn verify(&self, args: &[&str]) -> Output {
        let dir = self.subject.path().to_str().unwrap();
        self.command(&[&["verify", "--dir", dir], args].concat()).output().unwrap()
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.subject.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The verdict of one record, with what it is asked.
    fn verdict(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let output = self.verify(&[args, &["-f", "jsonl"]].concat());
        let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        (output.status.code(), text("verdict"), text("reason"))
    }

    fn digest(&self, id: &str) -> String {
        let output = self.command(&["trust", "show", id, "-f", "json"]).output().unwrap();
        let grant: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        grant["digest"].as_str().unwrap().to_owned()
    }
}

/// A check that asks Git sees the repository of the folder, and what it changes there stays in its copy.
#[test]
fn a_script_sees_the_git_repository_of_the_folder() {
    let world = World::new(&[]);
    let run = "git log --format=%s; git show HEAD:state; git tag mine";
    world.book.write(
        "content/it-breaks.yaml",
        SHORT
            .replace("run: cat state", &format!("run: {run}"))
            .replace("equals: bad", "equals: \"first\\nbad\""),
    );
    let git = |args: &[&str]| {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let output =
            Command::new("git").args(who).args(args).current_dir(world.subject.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    world.file("state", "bad\n");
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    git(&["gc", "-q"]);
    let digest = world.digest("it-breaks");
    let asked = ["it-breaks", "--trust", digest.as_str(), "--allow", "shell,subject-code"];
    let (code, verdict, reason) = world.verdict(&asked);
    assert_eq!((code, verdict.as_str()), (Some(1), "PRESENT"), "{reason}");
    assert_eq!(git(&["tag"]), "");
}

#[test]
fn what_only_reads_files_runs_without_asking() {
    let world = World::new(&["crlf-shebang"]);
    let ask = |args: &[&str]| {
        let (code, verdict, _) = world.verdict(&[&["crlf-shebang"], args].concat());
        (code, verdict)
    };
    assert_eq!(ask(&[]), (Some(77), "CANNOT_TELL".to_owned()));
    world.file("run.sh", "#!/bin/sh\r\necho hi\r\n");
    assert_eq!(ask(&[]), (Some(1), "PRESENT".to_owned()));
    assert_eq!(ask(&["--repair"]), (Some(1), "NOT_FIXED".to_owned()));
    world.file("run.sh", "#!/bin/sh\necho hi\n");
    assert_eq!(ask(&[]), (Some(0), "ABSENT".to_owned()));
    assert_eq!(ask(&["--repair"]), (Some(4), "INCOMPLETE".to_owned()));
    world.file(".gitattributes", "*.sh text eol=lf\n");
    assert_eq!(ask(&["--repair"]), (Some(0), "FIXED".to_owned()));
    assert_eq!(ask(&["--fail-on", "present", "--repair"]), (Some(0), "FIXED".to_owned()));
}

#[test]
fn what_runs_programs_has_to_be_allowed_and_loses_that_when_it_changes() {
    let world = World::new(&[]);
    world.file("state", "bad\n");
    let (code, _, reason) = world.verdict(&["it-breaks"]);
    assert_eq!((code, reason.split(':').next()), (Some(5), Some("untrusted")));
    // A digest on the command line is not enough for a script: that is said besides.
    let digest = world.digest("it-breaks");
    assert_eq!(world.verdict(&["it-breaks", "--trust", &digest]).0, Some(5));
    let by_hand = ["it-breaks", "--trust", digest.as_str(), "--allow", "shell,subject-code"];
    assert_eq!(world.verdict(&by_hand), (Some(1), "PRESENT".to_owned(), String::new()));
    let other = format!("sha256:{}", "0".repeat(64));
    assert_eq!(world.verdict(&["it-breaks", "--trust", &other, "--allow", "shell,subject-code"]).0, Some(5));
    // What is allowed is allowed in this folder, and to this very check.
    let dir = world.subject.path().to_str().unwrap().to_owned();
    let allowed = world.command(&["trust", "allow", "it-breaks", "--dir", &dir]).output().unwrap();
    assert_eq!(allowed.status.code(), Some(0));
    assert_eq!(world.verdict(&["it-breaks"]).0, Some(1));
    let elsewhere = tempfile::tempdir().unwrap();
    let in_other =
        world.command(&["verify", "it-breaks", "--dir", elsewhere.path().to_str().unwrap()]).output();
    assert_eq!(in_other.unwrap().status.code(), Some(5));
    world.book.write("content/it-breaks.yaml", SHORT.replace("It stops.", "It stops now."));
    assert_eq!(world.verdict(&["it-breaks"]).0, Some(1), "prose keeps trust");
    world.book.write("content/it-breaks.yaml", SHORT.replace("run: cat state", "run: cat ./state"));
    assert_eq!(world.verdict(&["it-breaks"]).0, Some(5), "a changed command loses it");
}

/// The script of a check that examines a folder gets a copy of it, and can neither change it nor leave it.
#[test]
fn a_check_cannot_change_what_it_examines() {
    let world = World::new(&[]);
    world.file("state", "bad\n");
    let run = "echo changed > state || true; touch ../../outside || true; cat state";
    world.book.write("content/it-breaks.yaml", SHORT.replace("run: cat state", &format!("run: {run}")));
    let digest = world.digest("it-breaks");
    let (code, ..) = world.verdict(&["it-breaks", "--trust", &digest, "--allow", "shell,subject-code"]);
    assert_eq!(code, Some(77));
    assert_eq!(std::fs::read_to_string(world.subject.path().join("state")).unwrap(), "bad\n");
}

/// A secret that a server sends back, in every encoding, is in no report.
#[test]
fn a_secret_is_in_no_report() {
    let world = World::new(&["bonus-registry-whoami"]);
    let secret = "npm_S3cretS3cretS3cretS3cretS3cretS3cr";
    let digest = world.digest("bonus-registry-whoami");
    for format in ["human", "json", "jsonl", "junit", "tap", "sarif", "github", "md"] {
        let mut command = world.command(&[
            "verify",
            "bonus-registry-whoami",
            "--trust",
            &digest,
            "--allow",
            "network,secrets",
            "-f",
            format,
        ]);
        let output = command.env("NPM_TOKEN", secret).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(77), "{said}");
        assert!(!said.contains("S3cret"), "{format}: {said}");
    }
}

#[test]
fn a_failing_log_is_read_from_standard_input() {
    let world = World::new(&["npm-2fa-publish-automation-token"]);
    let id = "npm-2fa-publish-automation-token";
    let digest = world.digest(id);
    let dir = world.subject.path().to_str().unwrap();
    let args = ["verify", id, "--dir", dir, "--log", "-", "--trust", &digest, "--allow", "secrets"];
    let mut run = world.command(&args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let log = b"npm error code EOTP\nnpm error This operation requires a one-time password\n";
    run.stdin.take().unwrap().write_all(log).unwrap();
    let output = run.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("PRESENT"), "{said}");
}

/// `git bisect run` finds the commit that brought a failure, past one about which nothing can be told.
#[test]
fn git_bisect_finds_the_commit_that_brought_a_failure() {
    let world = World::new(&["crlf-shebang"]);
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(world.subject.path()).env("HOME", world.subject.path()).env_remove("GIT_DIR");
        command.args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.invalid",
            "-c",
            "core.autocrlf=false",
        ]);
        let output = command.args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    git(&["init", "-q"]);
    let mut commits = Vec::new();
    for n in 0..9 {
        // In the middle there is no script at all: nothing can be told.
        match n {
            4 => std::fs::remove_file(world.subject.path().join("run.sh")).unwrap(),
            0..6 => world.file("run.sh", &format!("#!/bin/sh\necho {n}\n")),
            _ => world.file("run.sh", &format!("#!/bin/sh\r\necho {n}\r\n")),
        }
        world.file("n", &n.to_string());
        git(&["add", "-A"]);
        git(&["commit", "-q", "-m", &format!("number {n}")]);
        commits.push(git(&["rev-parse", "HEAD"]));
    }
    git(&["bisect", "start", "HEAD", &commits[0]]);
    let binary = env!("CARGO_BIN_EXE_faultbook");
    let book = world.book.path().as_str();
    let said =
        git(&["bisect", "run", binary, "--book", book, "verify", "crlf-shebang", "--exit-style", "bisect"]);
    assert!(said.contains(&format!("{} is the first bad commit", commits[6])), "{said}");
}

#[test]
fn reports_go_to_files_by_their_endings() {
    let world = World::new(&["crlf-shebang"]);
    let files = ["a.json", "a.jsonl", "a.xml", "a.tap", "a.sarif", "a.md", "a.txt"];
    let paths: Vec<String> =
        files.iter().map(|name| format!("{}/{name}", world.data.path().display())).collect();
    let mut args = vec!["crlf-shebang"];
    paths.iter().for_each(|path| args.extend(["--out", path.as_str()]));
    assert_eq!(world.verify(&args).status.code(), Some(77));
    for path in &paths {
        assert!(Path::new(path).metadata().unwrap().len() > 20, "{path}");
    }
    let unknown = world.verify(&["crlf-shebang", "--out", "report.doc"]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn a_plan_is_printed_and_nothing_runs() {
    let world = World::new(&["git-dubious-ownership"]);
    let output = world.verify(&["git-dubious-ownership", "it-breaks", "--plan"]);
    // What is enforced is the kernel's affair.
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with("  sandbox ")).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    git-dubious-ownership  sha256:907055c1a0a38a6129e8337ba61f7c90abde3000c74972242896179903aa644c
      capabilities: probe, real-home
      command   git -C ${subject} rev-parse --git-dir  10000 ms
      command   git config --global --get-all safe.directory  10000 ms
      command   git -C ${subject} rev-list -n 1 --all  10000 ms
      programs  in the folder, which they cannot change
      network   none

    it-breaks  sha256:5467278d8a9f29ffca050bb72bdbd4ff352cc247405df1cef520c6fa1b935795
      capabilities: shell, subject-code
      shell     cat state  10000 ms
      programs  in a copy of the folder
      network   none
    ");
    let self_test = world.verify(&["it-breaks", "--self-test", "--plan"]);
    insta::assert_snapshot!(String::from_utf8_lossy(&self_test.stdout), @"
    it-breaks  sha256:91e8263d169ce328d4936c7c1c75510152b167544fa24976acf765d4278ee1a5
      capabilities: shell
      setup, before every state
        echo bad > state
      after the fix
        echo good > state
      after wrong fix wait
        sleep 0
      run, after every state
        cat state
    ");
}

#[test]
fn files_beside_a_record_are_laid_out_as_a_state() {
    let world = World::new(&[]);
    let record = "title: It breaks\nproduct: thing\nsymptom: It stops.\nroot_cause: A cause.\nfix: Mend it.\nwrong_fixes: [{id: wait, text: Wait, why: No.}]\nkeywords: [it breaks]\nsources: [seen]\nverify:\n  spec: 1\n  proves: The file is bad.\n  limits: Nothing else.\n  steps:\n    - {id: bad, file: state, expect: {text: {contains: bad}}, refute: {text: {contains: good}}}\n  present: bad\n  fixtures:\n    broken: {expect: present, from: broken}\n    fixed: {expect: fixed, from: good}\n    wrong_fixes: {wait: {expect: present}}\n";
    world.book.write("content/a-folder/record.yaml", record);
    world.book.write("content/a-folder/fixtures/broken/state", "bad\n");
    world.book.write("content/a-folder/fixtures/good/state", "good\n");
    let output = world.verify(&["a-folder", "--self-test"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("✓ FIXED        state auto/repeat"));
    // A wrong fix that runs no command is a model, whatever it comes to.
    assert_eq!(
        said.trim(),
        "1 record, 0 states executed, 4 from files alone, 1 modelled, 0 not executed, 0 not as expected"
    );
}

/// What a pull request changes is what its checks run for: a record's file, or any file of its folder.
#[test]
fn only_what_differs_from_a_commit_is_tested() {
    let world = World::new(&["crlf-shebang"]);
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(world.book.path()).env("HOME", world.subject.path());
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.invalid"]).args(args);
        assert!(command.output().unwrap().status.success(), "{args:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "one"]);
    let tested = || -> Vec<String> {
        let output = world.verify(&["--self-test", "--changed-since", "HEAD", "-f", "jsonl"]);
        let lines = String::from_utf8(output.stdout).unwrap();
        lines
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].to_string())
            .collect()
    };
    assert_eq!(tested(), Vec::<String>::new());
    world.book.write("content/it-breaks.yaml", SHORT.replace("It stops.", "It stops now."));
    assert_eq!(tested(), ["\"it-breaks\""]);
    world.book.write("content/new.yaml", SHORT.replace("It breaks", "It is new"));
    assert_eq!(tested(), ["\"it-breaks\"", "\"new\""]);
    let output = world.verify(&["--self-test", "--changed-since", "--output=x"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!world.book.path().join("x").exists());
}
