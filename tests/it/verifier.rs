//! The long form of a verifier: what is read of it, and what outlives `fmt`.

use crate::support::{project, walk};
use camino::Utf8PathBuf;
use faultbook::Given;
use faultbook::diag::{Code, Level};
use faultbook::model::{Condition, Op, Record, StepKind, Verifier, WrongCell};
use faultbook::parse::{self, Form};
use faultbook::text::Sources;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The cases of `verify/` that use the long form.
fn cases() -> Vec<(Utf8PathBuf, String)> {
    let files = walk(&project().join("tests/cases/verify")).into_iter();
    let texts = files.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()));
    texts.filter(|(_, text)| text.contains("\nverify:\n")).collect()
}

fn read(name: &str, text: &str) -> Record {
    let reading = faultbook::read(&Sources::single(name.into(), text), &Given::default());
    assert_eq!(reading.found, [], "in {name}: {text}");
    reading.book.records.values().next().cloned().unwrap()
}

fn verifier(id: &str) -> Verifier {
    let (path, text) = cases().into_iter().find(|(path, _)| path.file_stem() == Some(id)).unwrap();
    *read(&format!("content/{}", path.file_name().unwrap()), &text).verify.unwrap()
}

#[test]
fn every_long_form_is_read_without_a_finding() {
    let cases = cases();
    assert_eq!(cases.len(), 12);
    for (path, text) in cases {
        let record = read(&format!("content/{}", path.file_name().unwrap()), &text);
        let verifier = record.verify.unwrap();
        assert!(
            verifier.fixtures.contains_key("broken") && verifier.fixtures.contains_key("fixed"),
            "{path}"
        );
        assert_eq!(verifier.wrong_fixes.len(), record.wrong_fixes.len(), "{path}");
    }
}

/// Neither form of a record, nor the style of its author, changes what trust is given to.
#[test]
fn fmt_changes_nothing_that_a_digest_is_made_of() {
    for (path, text) in cases() {
        let name = path.file_stem().unwrap();
        let before = read(&format!("content/{name}.yaml"), &text);
        let sources = Sources::single(path.file_name().unwrap().into(), &text);
        let (file, source) = sources.iter().next().unwrap();
        let tree = parse::tree(file, source).unwrap();
        for form in [Form::Yaml, Form::Markdown] {
            let written = parse::write(&tree, form);
            let after = read(&format!("content/{name}.{}", form.ending()), &written);
            assert_eq!(after.verify, before.verify, "{path}");
            let sources = Sources::single(format!("{name}.{}", form.ending()).as_str().into(), &written);
            let (file, source) = sources.iter().next().unwrap();
            assert_eq!(parse::write(&parse::tree(file, source).unwrap(), form), written, "{path}");
        }
    }
}

#[test]
fn trees_are_sorted_and_keep_the_kinds_of_scalars() {
    let verifier = verifier("git-dubious-ownership");
    let step = &verifier.check_tree["steps"][2];
    assert_eq!(step["command"], json!(["git", "-C", "${subject}", "rev-list", "-n", "1", "--all"]));
    assert_eq!(step["refute"], json!({"exit": 0, "stdout": ""}));
    assert_eq!(keys(&verifier.check_tree), ["present", "repair", "requires", "sandbox", "spec", "steps"]);
    assert_eq!(
        keys(&verifier.full_tree),
        ["fixtures", "limits", "present", "proves", "repair", "requires", "sandbox", "spec", "steps"]
    );
    assert_eq!(keys(step), ["command", "expect", "id", "refute"]);
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn steps_and_conditions_have_their_types() {
    let python = verifier("python-312-distutils-removed");
    let Condition::Any(parts) = python.absent.unwrap() else { panic!("`absent` is an `any`") };
    assert_eq!(parts[0], Condition::Not(Box::new(Condition::Step("imports".to_owned()))));
    let StepKind::Command(command) = &python.steps[1].kind else { panic!("`gone` runs a program") };
    assert_eq!((command.program.as_str(), command.args.len()), ("python3", 2));
    let live = verifier("npm-publish-flow-live");
    let some = &live.steps[4].expect["some"].0[0];
    assert!(matches!(some, Op::Probes(probes) if probes.contains_key("query.audience")), "{some:?}");
    let files = &live.steps[1].expect["any"].0[0];
    assert!(matches!(files, Op::Probes(probes) if matches!(probes["values"].0[0], Op::Some(_))), "{files:?}");
    let npm = verifier("npm-2fa-publish-automation-token");
    assert!(matches!(&npm.wrong_fixes["turn-off-org-2fa"], WrongCell::Untestable(_)));
    assert_eq!(npm.steps[2].capture["slug"].regex.as_ref().unwrap().n_groups(), 1);
}

/// Scalars have the kinds of YAML's core schema, quotes make texts of them, and keys stand in the order of RFC 8785.
#[test]
fn a_tree_is_canonical_json() {
    let (_, text) = cases().into_iter().find(|(path, _)| path.file_stem() == Some("crlf-shebang")).unwrap();
    let map = "{b: 1, \"\u{1F600}\": \"1\", \"\u{FB33}\": true, a: \"true\", z: [0x10, -2, +3, 1.5, 1.2.3, yes, 007, ~]}";
    let changed = text.replace("exists: true, text", &format!("doc: {{equals: {map}}}, exists: true, text"));
    let verifier = read("content/crlf-shebang.yaml", &changed).verify.unwrap();
    let expect = &verifier.check_tree["steps"][1]["expect"];
    assert_eq!(
        expect["doc"].to_string(),
        "{\"equals\":{\"a\":\"true\",\"b\":1,\"z\":[16,-2,3,1.5,\"1.2.3\",\"yes\",7,null],\"\u{1F600}\":\"1\",\"\u{FB33}\":true}}"
    );
    assert_eq!(verifier.steps[1].expect["doc"].0, [Op::Equals(expect["doc"]["equals"].clone())]);
}

#[test]
fn nothing_and_numbers_keep_their_kinds() {
    let compose = verifier("docker-compose-v1-removed");
    assert_eq!(compose.full_tree["fixtures"]["broken"]["stubs"]["commands"]["docker-compose"], Value::Null);
    assert_eq!(compose.fixtures["broken"].stubs.commands.as_ref().unwrap()["docker-compose"], None);
    let port = verifier("port-already-in-use");
    assert_eq!(port.steps[0].expect["value"].0, [Op::Le(json!(65535)), Op::Ge(json!(1))]);
}

/// A change of words keeps trust, a change of anything that runs or counts loses it.
#[test]
fn the_tree_of_trust_holds_what_runs_and_what_counts() {
    let (_, text) = cases().into_iter().find(|(path, _)| path.file_stem() == Some("crlf-shebang")).unwrap();
    let trees = |text: &str| {
        let verifier = read("content/crlf-shebang.yaml", text).verify.unwrap();
        (verifier.check_tree, verifier.full_tree)
    };
    let (check, full) = trees(&text);
    let (of_words, all_words) = trees(&text.replace("not at what git stores", "not at git"));
    assert_eq!((of_words == check, all_words == full), (true, false));
    let (of_state, all_states) = trees(&text.replace("all:\\n\\tsh run.sh", "all:\\n\\tsh ./run.sh"));
    assert_eq!((of_state == check, all_states == full), (true, false));
    let (of_step, all_steps) = trees(&text.replace("\"bin/*\"", "\"bin/**\""));
    assert_eq!((of_step == check, all_steps == full), (false, false));
}

/// Files of a contributor cannot make reading long: each of these is refused with one finding that says how much is
/// allowed.
#[test]
fn what_is_too_much_is_refused() {
    let (_, text) = cases().into_iter().find(|(path, _)| path.file_stem() == Some("crlf-shebang")).unwrap();
    let state = |n: usize| format!("    s{n}: {{expect: cannot_tell}}\n");
    let step = |n: usize| format!("    - {{id: s{n}, file: a, expect: {{exists: true}}}}\n");
    let input = |n: usize| format!("    i{n}: {{type: int}}\n");
    for (before, more) in [
        ("    wrong_fixes:\n", (0..101).map(state).collect::<String>()),
        ("  present:", (0..32).map(step).collect()),
        ("  present:", all_of(60)),
        ("  proves:", format!("  inputs:\n{}", (0..101).map(input).collect::<String>())),
        ("  proves:", format!("  title: {}\n", "x".repeat(64 << 10))),
    ] {
        let long = text.replace(before, &format!("{more}{before}"));
        let sources = Sources::single("content/crlf-shebang.yaml".into(), &long);
        let found = faultbook::read(&sources, &Given::default()).found;
        let errors = found.iter().filter(|found| found.level == Level::Error);
        let codes: Vec<Code> = errors.map(|found| found.code).collect();
        assert_eq!(codes, [Code::TooLarge], "{}", &more[..60]);
    }
}

/// A step with so many regular expressions.
fn all_of(n: usize) -> String {
    let parts: String = (0..n).map(|nth| format!("{{matches: '\\w{{9}}{nth}'}}, ")).collect();
    format!("    - {{id: many, file: a, expect: {{text: {{all_of: [{parts}]}}}}}}\n")
}

/// One of the cases, with a piece of it cut out, doubled, or replaced by a piece of another.
fn changed() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "",
        "{}",
        "[]",
        "null",
        "true",
        "1",
        "\"1\"",
        "${cap.x}",
        "${secret.id_token}",
        "..",
        "{not: a}",
        "'(a'",
        "- a",
        "a: b",
        "{expect: present}",
        "ü",
        "\n",
        "\"\\n\"",
        "|\n  x\n",
        "# note\n",
    ]);
    let at = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..40usize);
    (any::<prop::sample::Index>(), at, any::<bool>(), odd).prop_map(
        |(case, (from, copied, length), own, odd)| {
            static CASES: LazyLock<Vec<(Utf8PathBuf, String)>> = LazyLock::new(cases);
            let text = &case.get(&CASES).1;
            let lines: Vec<&str> = text.split_inclusive([' ', '\n', ',', '{', '}']).collect();
            let at = from.index(lines.len());
            let piece = if own { copied.get(&lines) } else { odd };
            let after = (at + length % 3).min(lines.len());
            [&lines[..at], &[piece], &lines[after..]].concat().concat()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_verifier_is_read_and_whatever_passes_outlives_fmt(text in changed()) {
        let sources = Sources::single("content/a.yaml".into(), &text.replacen("id: ", "x: {was: 1}\n# ", 1));
        let reading = faultbook::read(&sources, &Given::default());
        for found in &reading.found {
            prop_assert!(sources.get(found.span.file).text.get(found.span.range()).is_some(), "{found:?}");
        }
        let (file, source) = sources.iter().next().unwrap();
        let Some(before) = reading.book.records.values().next() else { return Ok(()) };
        let tree = parse::tree(file, source).unwrap();
        for form in [Form::Yaml, Form::Markdown] {
            let written = parse::write(&tree, form);
            let name = format!("content/a.{}", form.ending());
            let again = faultbook::read(&Sources::single(name.as_str().into(), &written), &Given::default());
            let after = again.book.records.values().next();
            prop_assert!(after.is_some(), "{:?} in\n{}", again.found, written);
            prop_assert_eq!(&after.unwrap().verify, &before.verify, "by way of\n{}", written);
        }
    }
}
