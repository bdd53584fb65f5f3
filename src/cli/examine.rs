//! One check against one folder, if it may run there: what `verify` and `diagnose --run` share.
//!
//! In: a record, and what whoever asks has allowed. Out: an outcome; of a check that may not run, why, and the command
//! that would let it. What reads files of the folder runs without asking; anything else has to be allowed first, by the
//! digest of what would run.

use super::args::{Allowed, SandboxLayer};
use super::{consent, report, trust};
use crate::model::{Record, Verdict, Verifier};
use crate::verify::{
    Around, Capability, Claims, Folders, Host, Mode, Outcome, Question, Sightings, TrustStore, Versions,
    capabilities, check_digest, of_check, verify,
};
use camino::Utf8Path;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// What whoever wants checks to run has said about it.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'t> {
    /// Digests that may run, once.
    pub trust: &'t [String],
    /// What these may do besides.
    pub allow: &'t [Allowed],
    /// What this machine has to enforce.
    pub require_sandbox: &'t [SandboxLayer],
    /// Whether somebody can be asked for consent.
    pub may_ask: bool,
    /// Whether other machines are out of reach.
    pub offline: bool,
}

/// What one check is asked.
pub struct Asked<'a> {
    /// Whether the failure is there, or is repaired.
    pub mode: Mode,
    /// Values by name; a check takes those that it knows.
    pub inputs: &'a BTreeMap<String, String>,
    /// Records and digests that an earlier report saw broken.
    pub before: &'a BTreeSet<(String, String)>,
    /// Who answers what only a person can tell.
    pub question: Option<&'a Question<'a>>,
}

/// Runs checks against one folder.
pub struct Examiner<'t> {
    terms: Terms<'t>,
    subject: &'t Utf8Path,
    host: &'t Host,
    store: TrustStore,
    sightings: Sightings,
    versions: Versions,
    folders: Folders,
}

impl<'t> Examiner<'t> {
    /// - `subject`: the folder, as a whole path
    pub fn new(terms: Terms<'t>, subject: &'t Utf8Path, host: &'t Host) -> anyhow::Result<Examiner<'t>> {
        Ok(Examiner {
            terms,
            subject,
            host,
            store: trust::store()?,
            sightings: Sightings::below(&trust::data_home()?),
            versions: Versions::default(),
            folders: Folders::new(),
        })
    }

    /// What came of a record's check; `None` where it has none.
    pub fn examine(&self, record: &Record, asked: &Asked) -> anyhow::Result<Option<Outcome>> {
        let Some(verifier) = verifier(record, self.terms.offline) else { return Ok(None) };
        let began = Instant::now();
        let mut outcome = untold(record, asked.mode, &self.host.launcher.claims);
        if let Some(reason) = self.refusal(record, &verifier)? {
            outcome.reason = Some(reason);
        } else {
            let known = asked.inputs.iter().filter(|(name, _)| verifier.inputs.contains_key(*name));
            let own: BTreeMap<String, String> =
                known.map(|(name, value)| (name.clone(), value.clone())).collect();
            let around = Around {
                host: self.host,
                versions: &self.versions,
                documents: crate::documents(),
                folders: &self.folders,
            };
            let ran = verify(&verifier, self.subject.as_std_path(), &own, asked.mode, around, asked.question);
            outcome.verdict = ran.verdict;
            outcome.reason = ran.reason;
            outcome.steps = ran.steps;
            outcome.tools = ran.tools;
        }
        outcome.witnessed = asked.before.contains(&(record.id.to_string(), outcome.digest.clone()))
            || (outcome.verdict == Verdict::Fixed && self.sightings.has(&outcome.digest, self.subject));
        if matches!(outcome.verdict, Verdict::Present | Verdict::NotFixed)
            && let Err(error) = self.sightings.note(&outcome.digest, self.subject)
        {
            report::talk(&format!("not noted that it was seen broken: could not {error}"));
        }
        outcome.took = began.elapsed();
        Ok(Some(outcome))
    }

    /// Why a check may not run. Its first word is what exit codes go by.
    fn refusal(&self, record: &Record, verifier: &Verifier) -> anyhow::Result<Option<String>> {
        let mut capabilities = capabilities(record);
        if self.terms.offline {
            capabilities.remove(&Capability::Network);
        }
        let Some(digest) = check_digest(record) else { return Ok(None) };
        let unenforced = self.unenforced(verifier, &capabilities);
        if self.is_allowed(&digest, &capabilities) {
            return Ok(unenforced);
        }
        let needs: Vec<&str> = capabilities.iter().map(|one| one.name()).collect();
        let refusal = format!(
            "untrusted: it needs {}; `faultbook trust show {id}` shows it, `faultbook trust allow {id}` allows it",
            needs.join(", "),
            id = record.id
        );
        if unenforced.is_some() || !self.terms.may_ask {
            return Ok(Some(refusal));
        }
        let (record, subject) = (record.clone(), self.subject.to_owned());
        let grant = report::Grant { record, digest, capabilities, subject, is_allowed: false };
        let consents = consent::ask(&grant, verifier, self.host, &self.store)?;
        Ok((!consents).then_some(refusal))
    }

    fn is_allowed(&self, digest: &str, needed: &BTreeSet<Capability>) -> bool {
        let by_hand: BTreeSet<Capability> = self.terms.allow.iter().map(|one| one.capability()).collect();
        let named = self.terms.trust.iter().any(|one| one == digest);
        // A digest on the command line speaks for what is harmless in a sandbox; the rest is said word by word.
        let said = named && needed.iter().all(|one| *one <= Capability::Probe || by_hand.contains(one));
        said || self.store.allows(digest, needed, self.subject)
    }

    fn unenforced(&self, verifier: &Verifier, needed: &BTreeSet<Capability>) -> Option<String> {
        let runs = needed.iter().any(|one| *one != Capability::Static && *one != Capability::Network);
        let required = self.terms.require_sandbox.iter().flat_map(|one| one.layers());
        let mut must = verifier.sandbox.must_enforce.iter().copied().chain(required);
        let lacks = must.any(|layer| !self.host.launcher.claims.enforces(layer));
        (runs && lacks)
            .then(|| "sandbox-unavailable: this machine does not enforce what is required".to_owned())
    }
}

/// What would run. Offline, its steps may ask this machine alone; its programs reach no network anyway.
pub fn verifier(record: &Record, offline: bool) -> Option<Verifier> {
    let mut verifier = match (&record.verify, &record.check) {
        (Some(verifier), _) => (**verifier).clone(),
        (None, Some(check)) => of_check(check),
        (None, None) => return None,
    };
    if offline {
        verifier.sandbox.network = verifier.sandbox.network.of_this_machine();
    }
    Some(verifier)
}

/// An outcome before anything ran.
fn untold(record: &Record, mode: Mode, claims: &Claims) -> Outcome {
    Outcome {
        id: record.id.clone(),
        title: record.title.clone(),
        tags: record.tags.clone(),
        digest: check_digest(record).unwrap_or_default(),
        mode,
        verdict: Verdict::CannotTell,
        reason: None,
        witnessed: false,
        steps: Vec::new(),
        cells: Vec::new(),
        mutants: None,
        tools: BTreeMap::new(),
        claims: claims.clone(),
        took: Duration::ZERO,
    }
}
