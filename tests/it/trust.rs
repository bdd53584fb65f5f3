//! Trust: what a check needs is computed, what a user allows is kept for exactly that check, and for no wider one.

use crate::support::{CLEAN, Scratch, book, faultbook, read};
use camino::Utf8Path;
use faultbook::verify::{Approval, Capability, TrustStore, digest};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

const CHECK: &str =
    "check:\n  setup: touch broken\n  run: test ! -e broken\n  broken: {exit: 1}\n  fixed: {exit: 0}\n";

fn approval(digest: &str, capabilities: &[Capability], subjects: &[&str]) -> Approval {
    Approval {
        digest: digest.to_owned(),
        record: "a".to_owned(),
        capabilities: capabilities.iter().copied().collect(),
        subjects: subjects.iter().map(|path| (*path).into()).collect(),
        date: "2026-12-31".to_owned(),
        tool_version: "0.1.0".to_owned(),
    }
}

fn needs(capabilities: &[Capability]) -> BTreeSet<Capability> {
    capabilities.iter().copied().collect()
}

#[test]
fn an_approval_is_for_one_digest_no_wider_and_for_the_folders_it_names() {
    use Capability::{Probe, Shell, Static, SubjectCode};
    let data = Scratch::empty();
    let store = TrustStore::below(data.path());
    let (one, other) = (digest(&json!({"a": 1})), digest(&json!({"a": 2})));
    let may = |digest: &str, needed: &[Capability], subject: &str| {
        store.allows(digest, &needs(needed), Utf8Path::new(subject))
    };
    assert!(may(&one, &[Static], "/a"));
    assert!(!may(&one, &[Probe], "/a"));
    store.allow(approval(&one, &[Probe], &[])).unwrap();
    assert!(may(&one, &[Probe], "/a"));
    assert!(!may(&other, &[Probe], "/a"));
    assert!(!may(&one, &[Probe, Shell], "/a"));
    store.allow(approval(&one, &[Shell, SubjectCode], &["/a"])).unwrap();
    assert!(may(&one, &[Probe, Shell, SubjectCode], "/a"));
    assert!(!may(&one, &[SubjectCode], "/b"));
    store.allow(approval(&other, &[Probe], &[])).unwrap();
    let gone = store.prune(&BTreeSet::from([one.clone()])).unwrap();
    assert_eq!(gone, [approval(&other, &[Probe], &[])]);
    assert_eq!(store.all().unwrap().len(), 1);
    for hostile in ["sha256:../../a", "a", "sha256:", &one.to_uppercase()] {
        assert_eq!(store.find(hostile), None, "{hostile}");
    }
}

#[test]
fn what_others_can_write_to_is_no_approval() {
    let data = Scratch::empty();
    let store = TrustStore::below(data.path());
    let one = digest(&json!(1));
    store.allow(approval(&one, &[Capability::Probe], &[])).unwrap();
    let folder = data.path().join("faultbook/trust");
    let file = folder.join(one.strip_prefix("sha256:").unwrap());
    let mode = |path: &Utf8Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    let set =
        |path: &Utf8Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    set(&file, 0o666);
    assert_eq!(store.find(&one), None);
    set(&file, 0o600);
    assert!(store.find(&one).is_some());
    set(&folder, 0o777);
    assert_eq!(store.find(&one), None);
    set(&folder, 0o700);
    let moved = folder.join("0".repeat(64));
    std::fs::rename(&file, &moved).unwrap();
    assert_eq!(store.all().unwrap(), []);
}

#[test]
fn the_verb_shows_allows_lists_and_takes_back() {
    let book = book(&[("content/it-breaks.yaml", &format!("{CLEAN}{CHECK}"))]);
    let data = Scratch::empty();
    let run = |args: &[&str]| {
        let args = [&["trust"], args].concat();
        let output = faultbook(book.path(), &args).env("XDG_DATA_HOME", data.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?} {output:?}");
        output.stdout
    };
    let json = |args: &[&str]| -> Value { serde_json::from_slice(&run(args)).unwrap() };
    let shown = json(&["show", "it-breaks", "-f", "json"]);
    assert_eq!(shown["allowed"], false);
    assert_eq!(shown["capabilities"], json!(["shell", "subject-code"]));
    assert_eq!(shown["runs"], json!(["test ! -e broken"]));
    assert_eq!(json(&["allow", "it-breaks", "-f", "json"])["allowed"], true);
    assert_eq!(json(&["show", "it-breaks", "-f", "json"])["allowed"], true);
    assert_eq!(json(&["show", "it-breaks", "--dir", "content", "-f", "json"])["allowed"], false);
    let list = json(&["list", "-f", "json"]);
    assert_eq!(list["approvals"][0]["digest"], shown["digest"]);
    assert_eq!(list["approvals"][0]["date"], "2026-12-31");
    assert_eq!(json(&["prune", "-f", "json"])["approvals"], json!([]));
    let record = read(&book, "content/it-breaks.yaml");
    book.write("content/it-breaks.yaml", record.replace("It stops.", "It halts."));
    assert_eq!(json(&["show", "it-breaks", "-f", "json"])["allowed"], true);
    book.write("content/it-breaks.yaml", record.replace("test ! -e broken", "test ! -e brokn"));
    assert_eq!(json(&["show", "it-breaks", "-f", "json"])["allowed"], false);
    assert_eq!(json(&["prune", "-f", "json"])["approvals"][0]["digest"], shown["digest"]);
    assert_eq!(json(&["list", "-f", "json"])["approvals"], json!([]));
}
