//! `faultbook trust`: which checks may run as this user.
//!
//! `allow` is the consent itself, so it asks nothing: it shows what it allows, and stores it.

use super::args::{Format, TrustArgs, TrustVerb};
use super::report::Grant;
use super::{Exit, UsageError, load, record, report, today};
use crate::diag::has_errors;
use crate::verify::{Approval, Capability, Sightings, TrustStore, capabilities, check_digest, is_static};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;

/// Shows or changes what is allowed.
pub fn run(verb: &TrustVerb, root: &Utf8Path, quiet: bool) -> anyhow::Result<Exit> {
    let store = store()?;
    match verb {
        TrustVerb::Show(args) => show(args, root, &store),
        TrustVerb::Allow(args) => allow(args, root, &store),
        TrustVerb::List { format } => {
            tell(&store.all().context("could not list what is allowed")?, *format);
            Ok(Exit::Clean)
        }
        TrustVerb::Prune { format } => prune(*format, root, &store, quiet),
    }
}

/// The approvals of this user.
pub fn store() -> anyhow::Result<TrustStore> {
    Ok(TrustStore::below(&data_home()?))
}

/// Where data of this user lie: `$XDG_DATA_HOME`, else `~/.local/share`.
pub fn data_home() -> anyhow::Result<Utf8PathBuf> {
    let absolute = |name| std::env::var(name).ok().map(Utf8PathBuf::from).filter(|path| path.is_absolute());
    let data_home = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    data_home.ok_or_else(|| {
        UsageError::with_hint("there is no place for what you allow", "$XDG_DATA_HOME or $HOME names it")
    })
}

fn show(args: &TrustArgs, root: &Utf8Path, store: &TrustStore) -> anyhow::Result<Exit> {
    let grant = wanted(args, root, store)?;
    print(&grant, args.format);
    Ok(Exit::Clean)
}

fn allow(args: &TrustArgs, root: &Utf8Path, store: &TrustStore) -> anyhow::Result<Exit> {
    let mut grant = wanted(args, root, store)?;
    grant_for_good(&grant, store)?;
    grant.is_allowed = true;
    print(&grant, args.format);
    Ok(Exit::Clean)
}

/// Keeps what a check needs as allowed, for its digest and, where it runs code of the folder, for that folder.
pub fn grant_for_good(grant: &Grant, store: &TrustStore) -> anyhow::Result<()> {
    if !is_static(&grant.capabilities) {
        let in_subject = grant.capabilities.contains(&Capability::SubjectCode);
        let approval = Approval {
            digest: grant.digest.clone(),
            record: grant.record.id.to_string(),
            capabilities: grant.capabilities.clone(),
            subjects: in_subject.then(|| grant.subject.clone()).into_iter().collect(),
            date: today()?.to_string(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        store.allow(approval).context("could not allow it")?;
    }
    if store.allows(&grant.digest, &grant.capabilities, &grant.subject) {
        return Ok(());
    }
    Err(UsageError::with_hint(
        "what you allow does not last",
        "others can write to the folder of approvals, or to what is in it",
    ))
}

/// What the check of a record needs, and whether it has it.
fn wanted(args: &TrustArgs, root: &Utf8Path, store: &TrustStore) -> anyhow::Result<Grant> {
    let input = load(root)?;
    let reading = crate::read(&input.sources, &input.given);
    let record = record(&reading, &args.id)?.clone();
    let digest = check_digest(&record).ok_or_else(|| {
        let message = format!("`{}` has no check", record.id);
        UsageError::with_hint(message, "only what would run needs trust")
    })?;
    let subject = args.dir.canonicalize_utf8().map_err(|_| {
        let message = format!("there is no folder `{}`", args.dir);
        UsageError::with_hint(message, "--dir takes the folder that is examined")
    })?;
    let capabilities = capabilities(&record);
    let is_allowed = store.allows(&digest, &capabilities, &subject);
    Ok(Grant { record, digest, capabilities, subject, is_allowed })
}

/// A record that cannot be read would lose its approval, so all have to be readable.
fn prune(format: Format, root: &Utf8Path, store: &TrustStore, quiet: bool) -> anyhow::Result<Exit> {
    let input = load(root)?;
    let reading = crate::read(&input.sources, &input.given);
    if has_errors(&reading.found) {
        return Err(UsageError::with_hint(
            "some records cannot be read, so what they need is not known",
            "`faultbook lint` shows what is wrong with them",
        ));
    }
    let needed: BTreeSet<String> = reading.book.records.values().filter_map(check_digest).collect();
    let gone = store.prune(&needed).context("could not take back what is not needed")?;
    let sightings = Sightings::below(&data_home()?);
    let n_forgotten = sightings.prune(&needed).context("could not forget what was seen broken")?;
    tell(&gone, format);
    if !quiet && format == Format::Human {
        let approvals = report::plural(gone.len(), "approval");
        let seen = match n_forgotten {
            0 => String::new(),
            n => format!(", {} forgotten", report::plural(n, "sighting")),
        };
        report::talk(&format!("{approvals} taken back{seen}"));
    }
    Ok(Exit::Clean)
}

fn print(grant: &Grant, format: Format) {
    match format {
        Format::Human => report::grant(grant),
        Format::Json => report::json(&report::grant_json(grant)),
    }
}

fn tell(approvals: &[Approval], format: Format) {
    match format {
        Format::Human => report::approvals(approvals),
        Format::Json => report::json(&report::approvals_json(approvals)),
    }
}
