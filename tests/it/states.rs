//! Whole verifiers of the long form: every state must come out as it says, for its own reason, and as real as it was.

use crate::engine::{is, not, of_items, probes, step, verifier};
use crate::support::{CLEAN, book, here};
use faultbook::model::{
    Capture, CellName, CommandReply, CommandStep, Condition, Document, FileStep, FilesStep, Fixture,
    FixtureValue, Guard, HttpReply, HttpStep, Input, InputKind, Network, Pattern, Replacement, Reply,
    ReplyBody, RequestsStep, Root, Route, Service, StepKind, Stubs, TcpStep, Template, ToolRequirement,
    Verdict, Verifier, VersionStep, WorkingFolder, WrongCell,
};
use faultbook::verify::{
    Around, CellOutcome, Documents, Folders, Level, Mode, Ran, Versions, cross, is_executed, test_mutants,
    test_states,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Runs `with` what a self-test has around it here.
fn around<T>(with: impl FnOnce(Around<'_>) -> T) -> T {
    let documents = Documents { yaml: |_| None, toml: |_| None };
    let (host, versions, folders) = (here(), Versions::default(), Folders::default());
    with(Around { host: &host, versions: &versions, documents, folders: &folders })
}

fn cells(verifier: &Verifier) -> Vec<CellOutcome> {
    around(|around| test_states(verifier, &BTreeMap::new(), around, &mut |_| {}))
}

/// What a list of states came to, one line each.
fn told(cells: &[CellOutcome]) -> String {
    let line = |cell: &CellOutcome| {
        let verdict = cell.verdict.map_or("-", Verdict::name);
        let reason = cell.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let failure = if cell.is_failure() { " FAILURE" } else { "" };
        format!("{}: {verdict} {}{reason}{failure}\n", cell.name, cell.level.name())
    };
    cells.iter().map(line).collect()
}

fn examine(verifier: &Verifier, folder: &Path, inputs: &[(&str, &str)]) -> Ran {
    let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    around(|around| faultbook::verify::verify(verifier, folder, &inputs, Mode::Detect, around, None))
}

fn template(text: &str) -> Template {
    Template(text.to_owned())
}

fn state(expect: Verdict, files: &[(&str, &str)]) -> Fixture {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), template(text))).collect();
    Fixture { expect: vec![expect], files, ..Fixture::default() }
}

fn on(base: &str, fixture: Fixture) -> Fixture {
    Fixture { base: Some(base.to_owned()), ..fixture }
}

fn states<const N: usize>(states: [(&str, Fixture); N]) -> BTreeMap<String, Fixture> {
    states.into_iter().map(|(name, state)| (name.to_owned(), state)).collect()
}

fn wrong<const N: usize>(states: [(&str, Fixture); N]) -> BTreeMap<String, WrongCell> {
    states.into_iter().map(|(name, state)| (name.to_owned(), WrongCell::State(Box::new(state)))).collect()
}

fn file(path: &str) -> FileStep {
    FileStep { path: template(path), root: Root::Subject, document: None, query: None }
}

fn files(globs: &[&str]) -> FilesStep {
    FilesStep {
        globs: globs.iter().map(|glob| (*glob).to_owned()).collect(),
        exclude: Vec::new(),
        root: Root::Subject,
        document: None,
        query: None,
        allow_none: false,
    }
}

fn crlf_shebang() -> Verifier {
    let shebang = probes(json!({"first_line": {"matches": "^#!.*\\r$"}}));
    let any = BTreeMap::from([(
        "any".to_owned(),
        faultbook::model::Matcher(vec![faultbook::model::Op::Probes(shebang)]),
    )]);
    let pinned = json!({"exists": true, "text": {"matches": r"(?m)^(\*|\*\.sh)\s+.*\beol=lf\b"}});
    let mut it = verifier(
        vec![
            step("cr_shebang", StepKind::Files(files(&["**/*.sh", "bin/*"])), any),
            step("eol_pinned", StepKind::File(file(".gitattributes")), probes(pinned)),
        ],
        is("cr_shebang"),
    );
    it.repair.require = vec![is("eol_pinned")];
    let mut broken = state(Verdict::Present, &[("run.sh", "#!/bin/sh\r\necho hi\r\n")]);
    broken.mode = BTreeMap::from([("run.sh".to_owned(), 0o755)]);
    let unix = ("run.sh", "#!/bin/sh\necho hi\n");
    it.fixtures = states([
        ("broken", broken),
        ("fixed", state(Verdict::Fixed, &[unix, (".gitattributes", "*.sh text eol=lf\n")])),
        ("no_eol", on("fixed", state(Verdict::Incomplete, &[(".gitattributes", "*.png binary\n")]))),
        ("no_scripts", state(Verdict::CannotTell, &[("README.md", "#!/bin/sh\r\n")])),
    ]);
    let chmod =
        Fixture { mode: BTreeMap::from([("run.sh".to_owned(), 0o777)]), ..state(Verdict::Present, &[]) };
    it.wrong_fixes = wrong([("chmod-x", chmod), ("dos2unix-once", state(Verdict::Incomplete, &[unix]))]);
    it.wrong_fixes.insert("elsewhere".to_owned(), WrongCell::Untestable("needs a server".to_owned()));
    it
}

#[test]
fn files_alone_tell_a_failure_from_its_repair() {
    let cells = cells(&crlf_shebang());
    insta::assert_snapshot!(told(&cells), @"
    broken: PRESENT static
    fixed: FIXED static
    no_eol: INCOMPLETE static (eol_pinned)
    no_scripts: CANNOT_TELL static (indeterminate: cr_shebang: no-file-matched)
    wrong-fix/chmod-x: PRESENT recorded
    wrong-fix/dos2unix-once: INCOMPLETE recorded (eol_pinned)
    wrong-fix/elsewhere: - static (needs a server)
    auto/empty: CANNOT_TELL static (indeterminate: cr_shebang: no-file-matched)
    ");
    let broken = &cells[0];
    assert_eq!(broken.output, "cr_shebang: true\neol_pinned: false\n");
}

#[test]
fn what_was_seen_has_a_place_and_a_verifier_runs_on_a_real_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("bin")).unwrap();
    std::fs::write(folder.path().join("bin/go"), "#!/bin/sh\r\n").unwrap();
    let ran = examine(&crlf_shebang(), folder.path(), &[]);
    assert_eq!(ran.verdict, Verdict::Present);
    let places: Vec<_> = ran.steps[0].evidence.iter().map(|it| (it.path.as_str(), it.line)).collect();
    assert_eq!(places, [("bin/go", Some(1))]);
    assert_eq!(ran.level, Level::Static);
}

#[test]
fn no_link_and_no_input_leads_out_of_the_subject() {
    let folder = tempfile::tempdir().unwrap();
    let (inside, outside) = (folder.path().join("in"), folder.path().join("out.sh"));
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(&outside, "#!/bin/sh\r\n").unwrap();
    std::os::unix::fs::symlink(&outside, inside.join("a.sh")).unwrap();
    let ran = examine(&crlf_shebang(), &inside, &[]);
    assert_eq!(ran.verdict, Verdict::CannotTell);
    assert_eq!(ran.reason.as_deref(), Some("indeterminate: cr_shebang: outside-root"));
    // A fixture's input stays inside as well; one that a person hands in need not.
    let mut it = verifier(
        vec![step(
            "there",
            StepKind::File(file("${input.log}")),
            probes(json!({"text": {"contains": "sh"}})),
        )],
        is("there"),
    );
    let kind =
        Input { kind: InputKind::Path, env: None, secret: false, default: None, pattern: None, help: None };
    it.inputs = BTreeMap::from([("log".to_owned(), kind)]);
    let mut broken = state(Verdict::CannotTell, &[]);
    let path = outside.to_str().unwrap();
    broken.inputs = BTreeMap::from([("log".to_owned(), template(path))]);
    it.fixtures = states([("other", broken)]);
    assert_eq!(cells(&it)[0].reason.as_deref(), Some("indeterminate: there: outside-root"));
    assert_eq!(examine(&it, &inside, &[("log", path)]).verdict, Verdict::Present);
    assert_eq!(examine(&it, &inside, &[("log", "../out.sh")]).verdict, Verdict::Present);
}

fn port_in_use() -> Verifier {
    let config =
        FileStep { document: Some(Document::Json), query: Some("$.port".to_owned()), ..file("config.json") };
    let mut port = step("port", StepKind::File(config), probes(json!({"value": {"ge": 1, "le": 65535}})));
    let value = Capture { from: "value".to_owned(), query: None, regex: None, secret: false };
    port.capture = BTreeMap::from([("port".to_owned(), value)]);
    let tcp = TcpStep { host: "127.0.0.1".to_owned(), port: template("${cap.port}"), bind: true };
    let mut in_use = step("in_use", StepKind::Tcp(tcp), probes(json!({"bind": "in-use"})));
    in_use.refute = Some(probes(json!({"bind": "free"})));
    let mut it = verifier(vec![port, in_use], is("in_use"));
    it.sandbox.network = Network::Loopback;
    let mut broken = state(Verdict::Present, &[("config.json", r#"{"port": ${input.p}}"#)]);
    broken.inputs = BTreeMap::from([("p".to_owned(), template("${free_port}"))]);
    broken.stubs.tcp = Some(vec!["p".to_owned()]);
    let mut fixed = on("broken", state(Verdict::Fixed, &[]));
    fixed.stubs.tcp = Some(Vec::new());
    let bad = state(Verdict::CannotTell, &[("config.json", r#"{"port": "not-a-number"}"#)]);
    it.fixtures = states([("broken", broken), ("fixed", fixed), ("bad_config", bad)]);
    it.wrong_fixes = wrong([("retry-start", state(Verdict::Present, &[]))]);
    it
}

#[test]
fn a_port_is_taken_or_free_and_captures_need_their_step_to_be_true() {
    insta::assert_snapshot!(told(&cells(&port_in_use())), @"
    broken: PRESENT static
    fixed: FIXED static
    bad_config: CANNOT_TELL static (indeterminate: in_use: no-value: cap.port)
    wrong-fix/retry-start: PRESENT recorded
    auto/empty: CANNOT_TELL static (indeterminate: in_use: no-value: cap.port)
    ");
}

#[test]
fn changes_to_a_verifier_are_noticed_and_others_do_not_raise_its_alarm() {
    let (one, other) = (crlf_shebang(), port_in_use());
    let survivals = around(|around| {
        let cells = test_states(&one, &BTreeMap::new(), around, &mut |_| {});
        test_mutants(&one, &cells, around)
    });
    let told: String = survivals
        .iter()
        .map(|it| {
            let by = it.killed_by.as_ref().map_or("survived".to_owned(), |name| format!("killed by {name}"));
            format!("{}: {by}\n", it.mutant)
        })
        .collect();
    insta::assert_snapshot!(told, @"
    cr_shebang: negate: killed by broken
    eol_pinned.expect: drop exists: killed by wrong-fix/dos2unix-once
    eol_pinned.expect: drop text: killed by no_eol
    eol_pinned: negate: killed by fixed
    drop require eol_pinned: killed by no_eol
    ");
    // A step that only captures is turned round too.
    let survivals = around(|around| {
        let cells = test_states(&other, &BTreeMap::new(), around, &mut |_| {});
        test_mutants(&other, &cells, around)
    });
    assert!(survivals.iter().all(|it| it.killed_by.is_some()), "{survivals:?}");
    assert!(around(|around| cross(&one, &other, around)).is_empty());
    assert_eq!(around(|around| cross(&one, &one, around)).len(), 2);
}

fn tool(range: &str) -> ToolRequirement {
    ToolRequirement {
        range: Some(range.to_owned()),
        candidates: Vec::new(),
        version_args: Vec::new(),
        version_regex: None,
        optional: false,
    }
}

fn command(program: &str, args: &[&str]) -> StepKind {
    StepKind::Command(CommandStep {
        program: program.to_owned(),
        args: args.iter().map(|arg| template(arg)).collect(),
        cwd: None,
        env: BTreeMap::new(),
        env_pass: Vec::new(),
        stdin: None,
        files: BTreeMap::new(),
    })
}

fn said(args: &[&str], exit: i32, stdout: &str) -> CommandReply {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    CommandReply { args, exit, stdout: stdout.to_owned(), stderr: String::new() }
}

#[test]
fn recorded_replies_stand_for_programs_and_say_so() {
    let mut works = step("works", command("tool", &["go"]), probes(json!({"exit": 1})));
    works.refute = Some(probes(json!({"exit": 0, "lines": ["done"]})));
    let version = VersionStep { tool: "tool".to_owned(), args: Vec::new(), regex: None };
    let old = step("old", StepKind::Version(version), probes(json!({"version": {"semver": "<2"}})));
    let mut it = verifier(vec![works, old], is("works"));
    it.requires.tools = BTreeMap::from([("tool".to_owned(), tool(">=1"))]);
    it.repair.masked_by = vec![Guard { wrong_fix: "downgrade".to_owned(), when: is("old") }];
    let replies = |replies: Option<Vec<CommandReply>>| {
        let commands = Some(BTreeMap::from([("tool".to_owned(), replies)]));
        Stubs { commands, ..Stubs::default() }
    };
    let with = |expect, stubs| Fixture { stubs, ..state(expect, &[]) };
    let version = |text| said(&["--version"], 0, text);
    let shim = said(&["--version"], 127, "tool exists in these versions: 3.0.0\n");
    it.fixtures = states([
        ("broken", with(Verdict::Present, replies(Some(vec![version("tool 2.1\n"), said(&["go"], 1, "")])))),
        ("fixed", with(Verdict::Fixed, replies(Some(vec![version("v2.1"), said(&["go"], 0, "done\n")])))),
        ("other", with(Verdict::CannotTell, replies(Some(vec![version("v2.1"), said(&["go"], 2, "")])))),
        ("unrecorded", with(Verdict::CannotTell, replies(Some(vec![version("v2.1")])))),
        ("too_old", with(Verdict::CannotTell, replies(Some(vec![version("tool 0.9.1")])))),
        ("shim", with(Verdict::CannotTell, replies(Some(vec![shim])))),
        ("missing", with(Verdict::CannotTell, replies(None))),
    ]);
    let old = replies(Some(vec![version("tool 1.9"), said(&["go"], 0, "done\n")]));
    it.wrong_fixes = wrong([("downgrade", with(Verdict::Masked, old))]);
    insta::assert_snapshot!(told(&cells(&it)), @"
    broken: PRESENT recorded
    fixed: FIXED recorded
    missing: CANNOT_TELL static (missing-tool: tool)
    other: CANNOT_TELL recorded (indeterminate: works: unrecognised)
    shim: CANNOT_TELL static (missing-tool: tool)
    too_old: CANNOT_TELL static (tool-version: tool 0.9.1 is not >=1)
    unrecorded: CANNOT_TELL recorded (indeterminate: works: unrecorded-arguments)
    wrong-fix/downgrade: MASKED recorded (downgrade)
    auto/empty: CANNOT_TELL static (missing-tool: tool)
    ");
}

/// What a record lays out is laid out by us, who have no limits: it must neither hang nor grow without end, nor lead out.
#[test]
fn what_a_fixture_leaves_behind_does_not_trip_the_next() {
    let seen = step("seen", StepKind::File(file("pipe")), probes(json!({"text": {"contains": "hello"}})));
    let mut it = verifier(vec![seen], is("seen"));
    let prepare = |argv: &[&str]| vec![argv.iter().map(|word| template(word)).collect::<Vec<_>>()];
    let pipe = Fixture { prepare: prepare(&["mkfifo", "pipe"]), ..state(Verdict::CannotTell, &[]) };
    let replaced = |find: &str, with: &str| {
        let (path, find, with) = ("pipe".to_owned(), find.to_owned(), with.to_owned());
        Fixture { replace: vec![Replacement { path, find, with }], ..state(Verdict::CannotTell, &[]) }
    };
    let world = tempfile::tempdir().unwrap();
    std::fs::create_dir(world.path().join("bin")).unwrap();
    let program = world.path().join("bin/tell");
    std::fs::write(&program, "#!/bin/sh\ncat ${0%/*}/../secret; exit 1\n").unwrap();
    std::fs::write(world.path().join("secret"), "the secret").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let told_outside = std::process::Command::new(&program).output().unwrap();
    assert_eq!(told_outside.stdout, b"the secret");
    let program =
        Fixture { prepare: prepare(&[program.to_str().unwrap()]), ..state(Verdict::CannotTell, &[]) };
    it.fixtures = states([
        ("a_pipe", pipe),
        ("b_written", on("a_pipe", state(Verdict::Present, &[("pipe", "hello")]))),
        ("c_replaced", on("a_pipe", replaced("a", "b"))),
        ("d_long", state(Verdict::CannotTell, &[("pipe", &"a".repeat(10_000))])),
        ("e_longer", on("d_long", replaced("a", &"b".repeat(10_000)))),
        ("f_program", program),
    ]);
    let cells = cells(&it);
    assert_eq!(cells[1].verdict, Some(Verdict::Present));
    let reason = |nth: usize| cells[nth].reason.as_deref().unwrap_or_default();
    assert!(reason(2).contains("no-text: pipe"), "{}", reason(2));
    assert!(reason(4).contains("becomes too large"), "{}", reason(4));
    assert!(reason(5).contains("tell") && !reason(5).contains("the secret"), "{}", reason(5));
}

/// A path that the record itself names, as what an input is unless somebody says otherwise, is nobody's word.
#[test]
fn what_an_input_is_by_default_stays_in_the_subject() {
    let world = tempfile::tempdir().unwrap();
    let secret = world.path().join("secret");
    std::fs::write(&secret, "the secret").unwrap();
    let subject = tempfile::tempdir().unwrap();
    let looks =
        step("looks", StepKind::File(file("${input.p}")), probes(json!({"text": {"contains": "secret"}})));
    let mut it = verifier(vec![looks], is("looks"));
    let default = Some(secret.to_str().unwrap().to_owned());
    let input = Input { kind: InputKind::Path, env: None, secret: false, default, pattern: None, help: None };
    it.inputs = BTreeMap::from([("p".to_owned(), input)]);
    let ran = examine(&it, subject.path(), &[]);
    assert_eq!(ran.reason.as_deref(), Some("indeterminate: looks: outside-root"));
    assert_eq!(examine(&it, subject.path(), &[("p", secret.to_str().unwrap())]).verdict, Verdict::Present);
}

/// What a check may do on a reader's word, it may not do in a self-test, where nobody was asked.
#[test]
fn a_state_reads_and_calls_nothing_outside_whatever_its_record_lists() {
    let world = tempfile::tempdir().unwrap();
    let secret = world.path().join("secret");
    std::fs::write(&secret, "the secret\n").unwrap();
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port().to_string();
    let reads = command("cat", &[secret.to_str().unwrap()]);
    let tcp = TcpStep { host: "127.0.0.1".to_owned(), port: template(&port), bind: false };
    let outside = [
        step("reads", reads, probes(json!({"output": {"contains": "the secret"}}))),
        step("calls", StepKind::Tcp(tcp), probes(json!({"connected": true}))),
    ];
    for step in outside {
        let id = step.id.clone();
        let mut it = verifier(vec![step], is(&id));
        it.requires.tools = BTreeMap::from([("cat".to_owned(), tool("*"))]);
        it.sandbox.read = vec![world.path().to_str().unwrap().to_owned()];
        it.sandbox.network = Network::Loopback;
        it.fixtures = states([("other", state(Verdict::CannotTell, &[("a", "b")]))]);
        assert_eq!(examine(&it, world.path(), &[]).verdict, Verdict::Present, "{id}");
        let cell = &cells(&it)[0];
        assert!(cell.verdict.is_some_and(|verdict| verdict != Verdict::Present), "{id}: {cell:?}");
    }
}

/// git's own switch makes it see another owner; its own setting repairs that.
#[test]
fn real_programs_run_in_copies_and_a_printed_command_counts_as_run() {
    let mut refused = step(
        "refused",
        command("git", &["-C", "${subject}", "rev-parse", "--git-dir"]),
        probes(json!({"stderr": {"contains": "dubious ownership"}})),
    );
    refused.refute = Some(probes(json!({"exit": 0})));
    let star = command("git", &["config", "--global", "--get-all", "safe.directory"]);
    let star = step("star", star, probes(json!({"stdout": {"matches": r"(?m)^\*$"}})));
    let mut it = verifier(vec![refused, star], is("refused"));
    it.requires.tools = BTreeMap::from([("git".to_owned(), tool("*"))]);
    it.sandbox.cwd = WorkingFolder::Copy;
    it.repair.masked_by = vec![Guard { wrong_fix: "star".to_owned(), when: is("star") }];
    let run = |argv: &[&str]| vec![argv.iter().map(|arg| template(arg)).collect::<Vec<Template>>()];
    let owner = FixtureValue::Text(template("1"));
    let broken = Fixture {
        env: BTreeMap::from([("GIT_TEST_ASSUME_DIFFERENT_OWNER".to_owned(), owner)]),
        prepare: run(&["git", "init", "-q"]),
        ..state(Verdict::Present, &[("README", "x\n")])
    };
    let set = |place| run(&["git", "config", "--global", "--add", "safe.directory", place]);
    let fixed = Fixture { prepare: set("${subject}"), ..on("broken", state(Verdict::Fixed, &[])) };
    it.fixtures = states([("broken", broken), ("fixed", fixed)]);
    let star = Fixture { prepare: set("*"), ..state(Verdict::Masked, &[]) };
    let fails = Fixture { prepare: run(&["git", "no-such-command"]), ..state(Verdict::Present, &[]) };
    it.wrong_fixes = wrong([("fails", fails), ("star", star)]);
    let printed = BTreeMap::from([
        ("star".to_owned(), "git config --global --add safe.directory '*'\n".to_owned()),
        ("fails".to_owned(), "git another-command".to_owned()),
    ]);
    let cells = around(|around| test_states(&it, &printed, around, &mut |_| {}));
    insta::assert_snapshot!(told(&cells), @"
    broken: PRESENT real
    fixed: FIXED real
    wrong-fix/fails: PRESENT recorded
    wrong-fix/star: MASKED real (star)
    auto/empty: CANNOT_TELL real (indeterminate: refused: unrecognised)
    ");
}

#[test]
fn only_the_printed_command_itself_is_an_execution() {
    let prepare = |argv: &[&str]| Fixture {
        prepare: vec![argv.iter().map(|arg| template(arg)).collect()],
        ..Fixture::default()
    };
    let with_more = Fixture { delete: vec!["a".to_owned()], ..prepare(&["rm", "b"]) };
    for (fixture, printed, expected) in [
        (prepare(&["rm", "-rf", "a b"]), "rm -rf 'a b'", true),
        (prepare(&["sh", "-c", "rm *.o && make"]), "rm *.o && make\n", true),
        (prepare(&["sh", "-c", "true"]), "rm *.o", false),
        (prepare(&["rm", "*.o"]), "rm *.o", false),
        (prepare(&["rm", "b"]), "rm b", true),
        (with_more, "rm b", false),
        (Fixture::default(), "", false),
    ] {
        assert_eq!(is_executed(&fixture, printed), expected, "{printed}");
    }
}

fn secret_input(env: &str) -> Input {
    Input {
        kind: InputKind::String,
        env: Some(env.to_owned()),
        secret: true,
        default: None,
        pattern: None,
        help: None,
    }
}

#[test]
fn recorded_answers_stand_for_servers_and_nothing_else_is_asked() {
    let url = "https://registry.example.org/-/whoami";
    let http = HttpStep {
        method: "GET".to_owned(),
        url: template(url),
        headers: BTreeMap::from([("authorization".to_owned(), template("Bearer ${secret.token}"))]),
        body: None,
        follow: 0,
    };
    let mut refused = step("refused", StepKind::Http(http), probes(json!({"status": 401})));
    refused.refute = Some(probes(json!({"status": 200, "json": {"exists": true}})));
    let mut it = verifier(vec![refused], is("refused"));
    it.inputs = BTreeMap::from([("token".to_owned(), secret_input("NPM_TOKEN"))]);
    it.requires.inputs = vec!["token".to_owned()];
    let answers = |expect, answers: &[(u16, &str)]| {
        let reply = |(status, body): &(u16, &str)| HttpReply {
            method: None,
            url: url.to_owned(),
            status: *status,
            headers: BTreeMap::new(),
            body: (*body).to_owned(),
        };
        let token = FixtureValue::Text(template("${fake.npm_token}"));
        Fixture {
            env: BTreeMap::from([("NPM_TOKEN".to_owned(), token)]),
            stubs: Stubs { http: Some(answers.iter().map(reply).collect()), ..Stubs::default() },
            ..state(expect, &[])
        }
    };
    it.fixtures = states([
        ("broken", answers(Verdict::Present, &[(401, "{}")])),
        ("fixed", answers(Verdict::Fixed, &[(200, "{\"username\":\"ci\"}")])),
        ("captive_portal", answers(Verdict::CannotTell, &[(200, "<html>login</html>")])),
        ("offline", answers(Verdict::CannotTell, &[])),
        ("no_token", state(Verdict::CannotTell, &[])),
    ]);
    insta::assert_snapshot!(told(&cells(&it)), @"
    broken: PRESENT recorded
    fixed: FIXED recorded
    captive_portal: CANNOT_TELL recorded (indeterminate: refused: unrecognised)
    no_token: CANNOT_TELL static (missing-input: token)
    offline: CANNOT_TELL static (indeterminate: refused: network-denied)
    auto/empty: CANNOT_TELL static (indeterminate: refused: network-denied)
    ");
}

/// A request of ours reaches the replica, whose answer depends on what it was asked; the log has it afterwards.
#[test]
fn a_replica_answers_from_its_routes_and_notes_what_it_was_asked() {
    let reply = |status, body| Reply { status, headers: BTreeMap::new(), body };
    let route = |path: &str, when: Value, reply| Route {
        method: None,
        path: Pattern::parse(path).unwrap(),
        when: probes(when),
        reply,
    };
    let echo = ReplyBody::Json(json!({"asked": "${query.q}", "token": {"fake_jwt": {"aud": "${query.q}"}}}));
    let service = Service {
        routes: vec![
            route(
                "^/echo$",
                json!({"header.Accept": "x", "bearer.class": "npm-granular-or-classic"}),
                reply(200, echo),
            ),
            route("^/echo$", json!({}), reply(401, ReplyBody::Empty)),
        ],
        default: Some(reply(404, ReplyBody::Text(template("no ${fake.x}")))),
    };
    let ask = |path: &str, headers: &[(&str, &str)]| {
        StepKind::Http(HttpStep {
            method: "POST".to_owned(),
            url: template(&format!("${{service.reg.url}}{path}")),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), template(value))).collect(),
            body: Some(template("{\"n\": [1]}")),
            follow: 0,
        })
    };
    let requests = |path: Option<&str>| {
        StepKind::Requests(RequestsStep {
            service: "reg".to_owned(),
            method: Some("POST".to_owned()),
            path: path.map(|path| Pattern::parse(path).unwrap()),
        })
    };
    let bearer = ("authorization", "Bearer ${fake.npm_token}");
    let seen = json!({"query.q": "a b:c", "json.n": {"length": 1}, "header.Authorization": "Bearer ${fake.npm_token}"});
    let mut first = step(
        "answered",
        ask("echo?q=a+b%3Ac", &[("accept", "x"), bearer]),
        probes(json!({"status": 200, "json": {"asked": "a b:c"}})),
    );
    first.capture = BTreeMap::from([(
        "token".to_owned(),
        Capture { from: "json".to_owned(), query: Some("$.token".to_owned()), regex: None, secret: true },
    )]);
    let exchanged = [("authorization", "Bearer ${cap.token}")];
    let mut it = verifier(
        vec![
            first,
            step("refused", ask("echo", &exchanged), probes(json!({"status": 401}))),
            step("unknown", ask("else", &[]), probes(json!({"status": 404, "body": "no ${fake.x}"}))),
            step("noted", requests(None), of_items("some", seen)),
            step("counted", requests(None), probes(json!({"count": 3}))),
            step(
                "claimed",
                requests(Some("echo")),
                of_items("some", json!({"bearer.class": "jwt", "bearer.claims.aud": "a b:c"})),
            ),
            step("never", requests(Some("^/put")), of_items("each", json!({"path": "/"}))),
        ],
        Condition::All(
            ["answered", "refused", "unknown", "noted", "counted", "claimed"]
                .map(is)
                .into_iter()
                .chain([not(is("never"))])
                .collect(),
        ),
    );
    it.services = BTreeMap::from([("reg".to_owned(), service)]);
    it.sandbox.network = Network::Loopback;
    let folder = tempfile::tempdir().unwrap();
    let ran = examine(&it, folder.path(), &[]);
    assert_eq!(ran.verdict, Verdict::Present, "{:?}", ran.steps);
    it.sandbox.network = Network::None;
    assert_eq!(examine(&it, folder.path(), &[]).steps[0].reason.as_deref(), Some("network-denied"));
}

/// A state that was not made as it is written must not pass for one that was.
#[test]
fn replacements_that_find_nothing_are_errors_of_the_fixture() {
    let mut it = crlf_shebang();
    let replacement =
        Replacement { path: "run.sh".to_owned(), find: "bash".to_owned(), with: "sh".to_owned() };
    let fixture = Fixture { replace: vec![replacement], ..state(Verdict::Present, &[]) };
    it.wrong_fixes = wrong([("bash", fixture)]);
    let cells = cells(&it);
    let cell = cells.iter().find(|cell| cell.name == CellName::WrongFix("bash".to_owned())).unwrap();
    assert_eq!(cell.verdict, Some(Verdict::Error));
    assert_eq!(cell.reason.as_deref(), Some("`replace`: `bash` is not in run.sh"));
    assert!(cell.is_failure());
}

/// The short form of a check: `run`, whose exit 1 is PRESENT.
fn short(run: &str) -> String {
    format!("{CLEAN}check:\n  setup: 'true'\n  run: {run}\n  broken: {{exit: 1}}\n  fixed: {{exit: 0}}\n")
}

#[test]
fn a_short_check_is_tried_in_the_states_of_long_ones() {
    let long = |stubs: &str| {
        format!(
            "{CLEAN}verify:\n  spec: 1\n  proves: p\n  limits: l\n  requires: {{tools: {{t: {{optional: true}}}}}}\n  steps:\n    - {{id: s, file: state, expect: {{text: {{contains: bad}}}}}}\n  present: s\n  fixtures:\n    broken: {{expect: present, files: {{state: bad}}{stubs}}}\n    fixed: {{base: broken, expect: fixed, files: {{state: good}}}}\n    wrong_fixes: {{}}\n"
        )
    };
    let summary = |stubs: &str| {
        let book = book(&[
            ("content/long.yaml", &long(stubs)),
            ("content/takes-it-for-its-own.yaml", &short("'! grep -q bad state'")),
            ("content/minds-its-own.yaml", &short("test ! -e other")),
        ]);
        let output = book.run(&["verify", "--self-test", "--cross"]);
        String::from_utf8(output.stdout).unwrap()
    };
    // Each of two short checks in the other's state, and both in the long one's; the long one in theirs.
    let told = summary("");
    assert!(told.contains("6 checks tried in the states of other records, 1 saw"), "{told}");
    assert!(told.contains("takes-it-for-its-own says PRESENT in the states of long\n"), "{told}");
    // A reply that stands for a program is none for a script.
    let told = summary(", stubs: {commands: {t: null}}");
    assert!(told.contains("4 checks tried in the states of other records, 0 saw"), "{told}");
}
