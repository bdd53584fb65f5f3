//! What a check is able to do, and which checks this user has allowed to do it.
//!
//! In: a record's check, and the folder of approvals. Out: capabilities, digests, approvals. The folder is the only
//! thing that is touched, and only by [`TrustStore`].
//! Not here: the sandbox that holds programs to what was allowed, and asking people (`cli/`).

use crate::model::{
    Check, ExitMatcher, Expectation, Network, Record, StepKind, TextOp, Verifier, VerifierStep,
};
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};

/// Something that a check is able to do. Computed from what it runs, never stated by its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// It reads files of the subject.
    Static,
    /// It runs declared programs, in the sandbox, without a network.
    Probe,
    /// It asks other machines, by requests of ours.
    Network,
    /// It runs scripts.
    Shell,
    /// It reads secrets that are handed to it, or passes variables of ours on.
    Secrets,
    /// It reads the real home, or other folders beyond the subject.
    RealHome,
    /// It runs code of the subject.
    SubjectCode,
}

impl Capability {
    /// Every capability with the word that flags, JSON and the store have for it.
    pub const ALL: &'static [(Capability, &'static str)] = &[
        (Capability::Static, "static"),
        (Capability::Probe, "probe"),
        (Capability::Network, "network"),
        (Capability::Shell, "shell"),
        (Capability::Secrets, "secrets"),
        (Capability::RealHome, "real-home"),
        (Capability::SubjectCode, "subject-code"),
    ];

    /// The word that flags, JSON and the store have for it.
    pub fn name(self) -> &'static str {
        Capability::ALL.iter().find(|(one, _)| *one == self).map_or("", |(_, name)| name)
    }

    /// The capability of a word.
    pub fn parse(word: &str) -> Option<Capability> {
        Capability::ALL.iter().find(|(_, name)| *name == word).map(|(one, _)| *one)
    }
}

/// What a record's check does when it examines a folder. Nothing where it has none.
///
/// A script of the short form is neither confined to the folder nor kept from running what lies there.
pub fn capabilities(record: &Record) -> BTreeSet<Capability> {
    match (&record.verify, &record.check) {
        (Some(verifier), _) => of_verifier(verifier),
        (None, Some(_)) => BTreeSet::from([Capability::Shell, Capability::SubjectCode]),
        (None, None) => BTreeSet::new(),
    }
}

/// Whether nobody has to be asked: it reads files of the subject, at most.
pub fn is_static(capabilities: &BTreeSet<Capability>) -> bool {
    capabilities.iter().all(|one| *one == Capability::Static)
}

fn of_verifier(verifier: &Verifier) -> BTreeSet<Capability> {
    let mut found: BTreeSet<Capability> = verifier.steps.iter().flat_map(of_step).collect();
    let sandbox = &verifier.sandbox;
    let mut add = |holds: bool, capability| {
        if holds {
            found.insert(capability);
        }
    };
    // To know a tool's version is to run it.
    add(!verifier.requires.tools.is_empty() || !verifier.services.is_empty(), Capability::Probe);
    add(matches!(sandbox.network, Network::Hosts(_)), Capability::Network);
    add(verifier.inputs.values().any(|input| input.secret), Capability::Secrets);
    add(sandbox.real_home || !sandbox.read.is_empty(), Capability::RealHome);
    add(sandbox.runs_subject_code, Capability::SubjectCode);
    found
}

fn of_step(step: &VerifierStep) -> Vec<Capability> {
    match &step.kind {
        StepKind::Command(command) if !command.env_pass.is_empty() => {
            vec![Capability::Probe, Capability::Secrets]
        }
        StepKind::Command(_) | StepKind::Version(_) | StepKind::Requests(_) => vec![Capability::Probe],
        StepKind::Shell(_) => vec![Capability::Shell],
        StepKind::Http(_) => vec![Capability::Network],
        StepKind::Tcp(tcp) if tcp.bind || Network::is_this_machine(&tcp.host) => vec![Capability::Probe],
        StepKind::Tcp(_) => vec![Capability::Network],
        StepKind::Jwt(_) | StepKind::Token(_) => vec![Capability::Secrets],
        StepKind::Env(_) if reads_value(step) => vec![Capability::Probe],
        StepKind::Env(_)
        | StepKind::File(_)
        | StepKind::Files(_)
        | StepKind::Value(_)
        | StepKind::Manual(_) => {
            vec![Capability::Static]
        }
    }
}

/// Whether a variable is set may be known to everybody; what is in it may not.
fn reads_value(step: &VerifierStep) -> bool {
    let probes = step.expect.keys().chain(step.refute.iter().flat_map(|probes| probes.keys()));
    !step.capture.is_empty() || probes.into_iter().any(|probe| probe != "set")
}

/// The digest that trust is given to: `sha256:` and 64 hexadecimal digits over a tree as it was read.
pub fn digest(check_tree: &Value) -> String {
    let mut hash = Sha256::new();
    hash.update(b"fmv1\0");
    hash.update(check_tree.to_string());
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// The digest of a record's check, in either form: what is run where a folder is examined, and what is expected. A
/// change of prose keeps it. `None` where the record has no check.
pub fn check_digest(record: &Record) -> Option<String> {
    match (&record.verify, &record.check) {
        (Some(verifier), _) => Some(digest(&verifier.check_tree)),
        (None, Some(check)) => Some(digest(&tree(check))),
        (None, None) => None,
    }
}

fn tree(check: &Check) -> Value {
    json!({
        "run": check.run,
        "broken": expectation(&check.broken),
        "fixed": expectation(&check.fixed),
        "timeout_ms": u64::try_from(check.timeout.as_millis()).unwrap_or(u64::MAX),
    })
}

fn expectation(expectation: &Expectation) -> Value {
    let exit = expectation.exit.map(|matcher| match matcher {
        ExitMatcher::Equals(code) => json!({"equals": code}),
        ExitMatcher::NotEquals(code) => json!({"not_equals": code}),
    });
    let op = |op: &TextOp| match op {
        TextOp::Contains(part) => json!({"contains": part}),
        TextOp::NotContains(part) => json!({"not_contains": part}),
        TextOp::Equals(whole) => json!({"equals": whole}),
        TextOp::Matches(regex) => json!({"matches": regex.as_str()}),
    };
    let output: Vec<Value> = expectation.output.iter().flat_map(|matcher| &matcher.0).map(op).collect();
    json!({"exit": exit, "output": output})
}

/// What a user has allowed one check to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The digest of the check.
    pub digest: String,
    /// The record that had it when it was allowed.
    pub record: String,
    /// What it may do.
    pub capabilities: BTreeSet<Capability>,
    /// The folders whose code it may run, as canonical paths.
    pub subjects: BTreeSet<Utf8PathBuf>,
    /// The day.
    pub date: String,
    /// The version of this program that wrote it.
    pub tool_version: String,
}

impl Approval {
    /// Whether it allows a check to do all this in a folder, whose path is canonical.
    pub fn covers(&self, needed: &BTreeSet<Capability>, subject: &Utf8Path) -> bool {
        let here = !needed.contains(&Capability::SubjectCode) || self.subjects.contains(subject);
        here && needed.is_subset(&self.capabilities)
    }

    /// With what was allowed before, by the same user for the same check.
    fn and(mut self, before: Approval) -> Approval {
        self.capabilities.extend(before.capabilities);
        self.subjects.extend(before.subjects);
        self
    }
}

/// A file of the store. Keys are relied on; they are only added to.
#[derive(Serialize, Deserialize)]
struct File {
    digest: String,
    record: String,
    capabilities: Vec<String>,
    subjects: Vec<String>,
    date: String,
    tool_version: String,
}

/// The store could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The folder of approvals.
    #[error("use the folder of approvals `{path}`")]
    Folder {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// One approval.
    #[error("write the approval `{path}`")]
    Write {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The approvals of one user: a folder with a file per digest. Both are the user's alone; what others can write to is
/// no approval.
#[derive(Clone, Debug)]
pub struct TrustStore {
    folder: Utf8PathBuf,
}

impl TrustStore {
    /// More than an approval can have.
    const MAX_BYTES: u64 = 64 << 10;

    /// The store of the user whose data lie here, which is `$XDG_DATA_HOME`. Nothing has to be there.
    pub fn below(data_home: &Utf8Path) -> TrustStore {
        TrustStore { folder: data_home.join("faultbook/trust") }
    }

    /// What was allowed to the check of a digest.
    pub fn find(&self, digest: &str) -> Option<Approval> {
        let own = |path: &Utf8Path| fs::symlink_metadata(path).ok().filter(|meta| meta.mode() & 0o022 == 0);
        let path = self.path(digest)?;
        own(&self.folder)?.is_dir().then_some(())?;
        own(&path)?.is_file().then_some(())?;
        let mut text = String::new();
        fs::File::open(&path).ok()?.take(TrustStore::MAX_BYTES).read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok().map(from_file).filter(|approval| approval.digest == digest)
    }

    /// Whether a check may do all this in a folder, whose path is canonical.
    pub fn allows(&self, digest: &str, needed: &BTreeSet<Capability>, subject: &Utf8Path) -> bool {
        is_static(needed) || self.find(digest).is_some_and(|approval| approval.covers(needed, subject))
    }

    /// Adds an approval to what was allowed to the same check before.
    pub fn allow(&self, approval: Approval) -> Result<(), TrustError> {
        let in_folder = |source| TrustError::Folder { path: self.folder.clone(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(in_folder)?;
        let before = self.find(&approval.digest);
        let approval = before.into_iter().fold(approval, Approval::and);
        let path = self.path(&approval.digest).expect("a digest of ours has 64 hexadecimal digits");
        let in_file = |source| TrustError::Write { path: path.clone(), source };
        // A temporary file is its user's alone, and so is what it becomes.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(in_folder)?;
        let text = serde_json::to_string_pretty(&to_file(&approval)).expect("an approval holds texts only");
        file.write_all(text.as_bytes()).map_err(in_file)?;
        file.persist(&path).map_err(|error| in_file(error.error))?;
        Ok(())
    }

    /// Every approval, by digest.
    pub fn all(&self) -> Result<Vec<Approval>, TrustError> {
        let in_folder = |source| TrustError::Folder { path: self.folder.clone(), source };
        let entries = match self.folder.read_dir_utf8() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(in_folder)?,
        };
        let mut names: Vec<String> = Vec::new();
        for entry in entries {
            names.push(entry.map_err(in_folder)?.file_name().to_owned());
        }
        names.sort();
        Ok(names.iter().filter_map(|name| self.find(&format!("sha256:{name}"))).collect())
    }

    /// Takes away the approvals whose digest is not among these, and names them.
    pub fn prune(&self, digests: &BTreeSet<String>) -> Result<Vec<Approval>, TrustError> {
        let mut gone = self.all()?;
        gone.retain(|approval| !digests.contains(&approval.digest));
        for approval in &gone {
            let path = self.path(&approval.digest).expect("it was found by its digest");
            fs::remove_file(&path).map_err(|source| TrustError::Write { path, source })?;
        }
        Ok(gone)
    }

    /// A file is named by the digits of its digest: no other text leads anywhere.
    fn path(&self, digest: &str) -> Option<Utf8PathBuf> {
        let hex = digest.strip_prefix("sha256:")?;
        let is_hex = hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (hex.len() == 64 && is_hex).then(|| self.folder.join(hex))
    }
}

/// A capability that this version does not know is none that it could grant.
fn from_file(file: File) -> Approval {
    Approval {
        digest: file.digest,
        record: file.record,
        capabilities: file.capabilities.iter().filter_map(|word| Capability::parse(word)).collect(),
        subjects: file.subjects.into_iter().map(Utf8PathBuf::from).collect(),
        date: file.date,
        tool_version: file.tool_version,
    }
}

fn to_file(approval: &Approval) -> File {
    File {
        digest: approval.digest.clone(),
        record: approval.record.clone(),
        capabilities: approval.capabilities.iter().map(|one| one.name().to_owned()).collect(),
        subjects: approval.subjects.iter().map(Utf8PathBuf::to_string).collect(),
        date: approval.date.clone(),
        tool_version: approval.tool_version.clone(),
    }
}
