//! The long form of a verifier: what is read of it, and what outlives `fmt`.

use crate::support::{project, walk};
use camino::Utf8PathBuf;
use faultbook::Given;
use faultbook::model::{Condition, Op, Record, StepKind, Verifier, WrongCell};
use faultbook::parse::{self, Form};
use faultbook::text::Sources;
use serde_json::{Value, json};

/// The cases of `verify/` that use the long form.
fn cases() -> Vec<(Utf8PathBuf, String)> {
    let files = walk(&project().join("tests/cases/verify")).into_iter();
    let texts = files.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()));
    texts.filter(|(_, text)| text.contains("\nverify:\n")).collect()
}

fn read(name: &str, text: &str) -> Record {
    let reading = faultbook::read(&Sources::single(name.into(), text), &Given::default());
    assert_eq!(reading.found, [], "in {name}: {text}");
    reading.book.records.into_values().next().unwrap()
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

/// The other half of the same text, with the kinds of its scalars changed by quotes alone.
#[test]
fn quotes_make_a_text_of_whatever_stands_in_them() {
    let plain = verifier("crlf-shebang");
    assert_eq!(plain.check_tree["steps"][1]["expect"]["exists"], json!(true));
    let compose = verifier("docker-compose-v1-removed");
    assert_eq!(compose.full_tree["fixtures"]["broken"]["stubs"]["commands"]["docker-compose"], Value::Null);
    let broken = &compose.fixtures["broken"].stubs.commands.as_ref().unwrap()["docker-compose"];
    assert_eq!(*broken, None);
    let port = verifier("port-already-in-use");
    assert_eq!(port.steps[0].expect["value"].0, [Op::Le(json!(65535)), Op::Ge(json!(1))]);
}
