//! What a branch is told of its own lines, in real repositories.

use crate::support::{CLEAN, Scratch, book, faultbook, json, transcript};
use camino::Utf8Path;
use std::collections::BTreeMap;
use std::process::Command;

/// A book in a repository, with a branch on which nothing has happened yet.
struct Branch {
    book: Scratch,
}

impl Branch {
    fn of(files: &[(&str, &str)]) -> Branch {
        let branch = Branch { book: book(files) };
        branch.git(&["init", "-q", "-b", "main"]);
        branch.commit("one");
        branch.git(&["switch", "-q", "-c", "branch"]);
        branch
    }

    fn git(&self, args: &[&str]) {
        let mut command = Command::new("git");
        command.current_dir(self.book.path()).env("HOME", self.book.path()).env_remove("GIT_DIR");
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.invalid"]).args(args);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    /// `path:line rule` of each finding that is the branch's own.
    fn own(&self) -> Vec<String> {
        let report = json(&self.book, &["lint", "--changed-since", "main", "-f", "json"]);
        let of = |finding: &serde_json::Value| {
            format!(
                "{}:{} {}",
                finding["path"].as_str().unwrap(),
                finding["line"],
                finding["rule"].as_str().unwrap()
            )
        };
        report["findings"].as_array().unwrap().iter().map(of).collect()
    }
}

/// Mistakes that were there before, the first in line 3, and a text of several lines from line 9 on.
fn faulty() -> String {
    CLEAN.replace("It stops.", "It <b>stops</b>.") + "why: |\n  A [reason](no-such).\n  Another.\n"
}

#[test]
fn a_branch_hears_of_its_own_lines_alone() {
    let branch = Branch::of(&[("content/old.yaml", &faulty()), ("content/other.yaml", "title: x\n")]);
    assert_eq!(branch.own(), [""; 0]);
    let all = json(&branch.book, &["lint", "-f", "json"]);
    assert!(all["findings"].as_array().unwrap().len() >= 4, "{all:#}");
    branch.book.write("content/old.yaml", faulty().replace("Another.", "An [other](none-such)."));
    assert_eq!(branch.own(), ["content/old.yaml:11 unsafe-link"], "not committed yet");
    branch.commit("two");
    assert_eq!(branch.own(), ["content/old.yaml:11 unsafe-link"]);
    let text = transcript(&branch.book.run(&["lint", "--changed-since", "main"]));
    assert!(text.contains("1 record, 1 error"), "{text}");
    // What others do on main meanwhile is not the branch's.
    branch.git(&["switch", "-q", "main"]);
    branch.book.write("content/other.yaml", "title: y\nbad: key\n");
    branch.commit("three");
    branch.git(&["switch", "-q", "branch"]);
    assert_eq!(branch.own(), ["content/old.yaml:11 unsafe-link"]);
}

#[test]
fn what_is_missing_or_new_is_the_branchs_own() {
    let branch = Branch::of(&[("content/old.yaml", CLEAN), ("content/kept.yaml", &faulty())]);
    branch.book.write("content/old.yaml", CLEAN.replace("sources: [seen]\n", ""));
    branch.book.write("content/näw one.yaml", "title: x\n");
    branch.book.write("content/new.yaml", "title: x\nprodcut: y\nsymptom: z\nfix: z\nstatus: draft\n");
    let expected = [
        "content/new.yaml:2 unknown-key",
        "content/näw one.yaml:1 bad-id",
        "content/old.yaml:1 missing-field",
    ];
    for is_committed in [false, true] {
        if is_committed {
            branch.commit("two");
        }
        let own = branch.own();
        assert!(expected.iter().all(|finding| own.iter().any(|found| found == finding)), "{own:#?}");
        assert!(own.iter().all(|finding| !finding.contains("kept")), "{own:#?}");
    }
    // Renamed and otherwise the same, a file is looked at as a whole: its id is another one.
    branch.git(&["mv", "content/kept.yaml", "content/named.yaml"]);
    assert!(branch.own().contains(&"content/named.yaml:3 raw-html".to_owned()), "{:#?}", branch.own());
}

/// A line that looks like the head of a patch is a line.
#[test]
fn no_line_of_a_record_steers_the_patch() {
    let looks = "why: |\n  x\n  ++ b/content/other.yaml\n  @@ -1,9 +1,9 @@\n";
    let branch = Branch::of(&[("content/other.yaml", &faulty()), ("content/old.yaml", CLEAN)]);
    let text = format!("{CLEAN}{looks}").replace("\n  ++ b", "\n++ b").replace("\n  @@", "\n@@");
    branch.book.write("content/old.yaml", text);
    let own = branch.own();
    assert!(
        !own.is_empty() && own.iter().all(|finding| finding.starts_with("content/old.yaml:")),
        "{own:#?}"
    );
}

#[test]
fn a_file_beside_a_record_makes_it_the_branchs_own() {
    let branch = Branch::of(&[("content/old/record.yaml", &faulty())]);
    branch.book.write("content/old/picture.png", "no picture");
    assert_eq!(branch.own(), ["content/old/record.yaml:1 unsafe-image"]);
}

#[test]
fn findings_annotate_the_lines_of_a_pull_request() {
    let branch = Branch::of(&[("content/old.yaml", CLEAN)]);
    branch
        .book
        .write("content/old.yaml", CLEAN.replace("product", "prod%::uct") + "why: A <i>, and\\n::error::x\n");
    let output = branch.book.run(&["lint", "--changed-since", "main", "-f", "github"]);
    insta::assert_snapshot!(transcript(&output), @"
    exit: 1
    --- stdout
    ::error file=content/old.yaml,line=2,endLine=2,col=1,title=unknown-key::a record has no key `prod%25::uct`%0Ahint: did you mean `product`?
    ::warning file=content/old.yaml,line=9,endLine=9,col=8,title=raw-html::`<i>` is HTML, and is shown as text%0Ahint: code stands between backticks
    --- stderr
    ");
    let nothing =
        branch.book.run(&["lint", "--changed-since", "branch", "-f", "github", "content/none.yaml"]);
    assert_eq!(nothing.status.code(), Some(2));
}

#[test]
fn a_commit_that_git_does_not_know_is_refused() {
    let branch = Branch::of(&[("content/old.yaml", CLEAN)]);
    for commit in ["no-such", "--output=x", "-h", ""] {
        let option = format!("--changed-since={commit}");
        let output = faultbook(branch.book.path(), &["lint", &option]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{commit}: {}", transcript(&output));
    }
    assert!(!branch.book.path().join("x").exists());
    // No history in common: a clone that was cut off.
    branch.git(&["switch", "-q", "--orphan", "other"]);
    branch.book.write("book.toml", "");
    branch.commit("alone");
    insta::assert_snapshot!(transcript(&branch.book.run(&["lint", "--changed-since", "main"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: git knows no way from here to a commit `main`
      = hint: --changed-since takes a commit of the repository that the book lies in, and needs the history up to where this branch left it (`fetch-depth: 0` in a workflow)
    ");
}

/// The steps of a workflow that run something, by name.
fn steps(workflow: &str) -> Vec<(String, String)> {
    let workflow = faultbook::parse::yaml_value(workflow).unwrap();
    assert_eq!(workflow["on"], "pull_request");
    assert_eq!(workflow["permissions"], serde_json::json!({"contents": "read"}));
    let steps = workflow["jobs"]["records"]["steps"].as_array().unwrap();
    let run = |step: &serde_json::Value| {
        Some((step["name"].as_str()?.to_owned(), step["run"].as_str()?.to_owned()))
    };
    steps.iter().filter_map(run).collect()
}

/// `init` in a real repository, then what its workflow runs, against a pull request that has a mistake.
#[test]
fn the_workflow_of_a_new_book_looks_at_a_pull_request() {
    let scratch = Scratch::empty();
    let output = scratch.run(&["init", "--title", "Ours: \"it\""]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let lint = transcript(&scratch.run(&["lint", "--strict"]));
    assert!(lint.contains("1 record, no findings"), "{lint}");
    assert_eq!(scratch.run(&["init"]).status.code(), Some(2), "it is a book already");
    let workflow = std::fs::read_to_string(scratch.path().join(".github/workflows/book.yml")).unwrap();
    let branch = Branch { book: scratch };
    branch.git(&["init", "-q", "-b", "main"]);
    branch.commit("one");
    branch.git(&["switch", "-q", "-c", "branch"]);
    let wrong = format!("prodcut: x\n{}", CLEAN.replace("It stops.", "<b>It</b> stops."));
    branch.book.write("content/wrong.yaml", wrong);
    let check =
        "check:\n  setup: touch broken\n  run: test ! -e broken\n  broken: {exit: 1}\n  fixed: {exit: 0}\n";
    let tested = CLEAN
        .replace("fix: Mend it.", "fix: [{run: rm broken}]")
        .replace("[Wait]", "[{run: \"true\", why: It does nothing.}]");
    branch.book.write(
        "content/tested.yaml",
        tested.replace("It breaks", "Another").replace("it breaks", "another") + check,
    );
    branch.commit("two");
    let bin = Utf8Path::new(env!("CARGO_BIN_EXE_faultbook")).parent().unwrap();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap());
    let mut said = BTreeMap::new();
    for (name, run) in steps(&workflow).into_iter().filter(|(name, _)| name != "Install") {
        let mut command = faultbook(branch.book.path(), &[]);
        let variables: Vec<_> =
            command.get_envs().map(|(key, value)| (key.to_owned(), value.unwrap().to_owned())).collect();
        command = Command::new("bash");
        command.args(["-e", "-c", &run]).current_dir(branch.book.path()).envs(variables).env("PATH", &path);
        command.env("BASE", "main").env("GITHUB_STEP_SUMMARY", branch.book.path().join("summary.md"));
        let output = command.output().unwrap();
        said.insert(name, (output.status.code(), transcript(&output)));
    }
    let (code, lint) = &said["Lint what changed"];
    assert_eq!(*code, Some(1), "{lint}");
    assert!(lint.contains("::error file=content/wrong.yaml,line=1,"), "{lint}");
    assert!(!lint.contains("bash-crlf"), "{lint}");
    let (code, built) = &said["Build the site"];
    assert_eq!(*code, Some(1), "a mistake keeps the site from being made: {built}");
    let (code, tested) = &said["Self-test what changed, without network"];
    assert!(matches!(code, Some(0)), "{tested}");
    let summary = std::fs::read_to_string(branch.book.path().join("summary.md")).unwrap();
    for part in ["unknown-key", "touch broken", "rm broken"] {
        assert!(summary.contains(part), "{part} in {summary}");
    }
    assert!(!summary.contains("run.sh"), "what did not change is not told: {summary}");
}
