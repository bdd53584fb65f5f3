//! The verifiers of `tests/cases/verify`: every state of each comes out as its record says, with the programs that are
//! here. What needs a program that is not here shows as `CANNOT_TELL` with that reason, and is passed over.

use crate::support::{here, project, walk};
use camino::Utf8PathBuf;
use faultbook::Given;
use faultbook::model::{Verdict, Verifier};
use faultbook::parse::{self, Node};
use faultbook::text::Sources;
use faultbook::verify::{Around, CellOutcome, Documents, Folders, Versions, test_states};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

fn verifiers() -> Vec<(String, Verifier)> {
    let files: Vec<Utf8PathBuf> = walk(&project().join("tests/cases/verify"));
    let read = |path: Utf8PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = format!("content/{}", path.file_name().unwrap());
        let reading = faultbook::read(&Sources::single(name.as_str().into(), &text), &Given::default());
        let record = reading.book.records.values().next().cloned()?;
        Some((record.id.to_string(), *record.verify?))
    };
    files.into_iter().filter_map(read).collect()
}

fn json(node: &Node) -> Value {
    match &node.value {
        parse::Value::Null => Value::Null,
        parse::Value::Scalar(text) if node.quoted => text.clone().into(),
        parse::Value::Scalar(text) => match serde_json::from_str(text) {
            Ok(value @ (Value::Bool(_) | Value::Number(_))) => value,
            _ => text.clone().into(),
        },
        parse::Value::List(items) => items.iter().map(json).collect(),
        parse::Value::Map(entries) => {
            let member = |entry: &parse::Entry| (entry.key.value.clone(), json(&entry.node));
            Value::Object(entries.iter().map(member).collect::<Map<String, Value>>())
        }
    }
}

fn yaml(text: &str) -> Option<Value> {
    let sources = Sources::single("a.yaml".into(), text);
    let (file, source) = sources.iter().next()?;
    parse::tree(file, source).ok().as_ref().map(json)
}

fn toml(text: &str) -> Option<Value> {
    let (node, found) = parse::toml_tree(text);
    found.is_empty().then(|| json(&node))
}

/// Hands over what is around a run on this machine.
pub fn around<T>(with: impl FnOnce(Around<'_>) -> T) -> T {
    let (host, versions, folders) = (here(), Versions::default(), Folders::default());
    let documents = Documents { yaml, toml };
    with(Around { host: &host, versions: &versions, documents, folders: &folders })
}

/// Whether a program that the state needs is not on this machine, or is another version.
fn lacks_a_program(cell: &CellOutcome) -> bool {
    let of_machine = |reason: &str| reason.contains("missing-tool") || reason.contains("tool-version");
    cell.reason.as_deref().is_some_and(of_machine) && cell.verdict != Some(Verdict::Present)
}

fn check(id: &str) {
    let (_, verifier) = verifiers().into_iter().find(|(name, _)| name == id).unwrap();
    let cells = around(|around| test_states(&verifier, &BTreeMap::new(), around, &mut |_| {}));
    assert!(cells.len() >= 3);
    for cell in cells {
        let failed = cell.is_failure() && !lacks_a_program(&cell);
        assert!(!failed, "{id}: {}: {:?} {:?}\n{}", cell.name, cell.verdict, cell.reason, cell.output);
    }
}

#[test]
fn bonus_registry_whoami() {
    check("bonus-registry-whoami");
}

#[test]
fn cargo_lock_version_too_new() {
    check("cargo-lock-version-too-new");
}

#[test]
fn crlf_shebang() {
    check("crlf-shebang");
}

#[test]
fn docker_compose_v1_removed() {
    check("docker-compose-v1-removed");
}

#[test]
fn git_dubious_ownership() {
    check("git-dubious-ownership");
}

#[test]
fn github_actions_set_output_deprecated() {
    check("github-actions-set-output-deprecated");
}

#[test]
fn node_openssl_evp_unsupported() {
    check("node-openssl-evp-unsupported");
}

#[test]
fn npm_2fa_publish_automation_token() {
    check("npm-2fa-publish-automation-token");
}

#[test]
fn npm_publish_flow_live() {
    check("npm-publish-flow-live");
}

#[test]
fn pip_externally_managed_environment() {
    check("pip-externally-managed-environment");
}

#[test]
fn port_already_in_use() {
    check("port-already-in-use");
}

#[test]
fn python_312_distutils_removed() {
    check("python-312-distutils-removed");
}
