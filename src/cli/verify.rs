//! `faultbook verify`: is a failure here, and is it really repaired?
//!
//! In: records, and a folder to examine. Out: outcomes in any format, an exit code.
//! Not here: what may run (`examine.rs`), whether checks can be trusted to tell (`selftest.rs`).

use super::args::{ExitStyle, ReportFormat, VerifyArgs};
use super::examine::{Asked, Examiner, Terms, verifier};
use super::{Exit, UsageError, cassette, consent, exit_of, load, record, report, selftest};
use crate::model::{ManualStep, Record, SiteUrl, Verdict};
use crate::verify::{Host, Launcher, Mode, Outcome, script};
use crate::{Reading, disk};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal as _, Read as _, Write as _};

/// Runs checks, or their self-tests.
pub fn run(args: &VerifyArgs, root: &Utf8Path, quiet: bool, offline: bool) -> anyhow::Result<Exit> {
    if args.record && !args.plan {
        cassette::run(args, root)?;
    }
    let input = load(root)?;
    let reading = crate::read(&input.sources, &input.given);
    if crate::diag::has_errors(&reading.found) {
        report::talk("records with errors are left out; `faultbook lint` shows them");
    }
    let records = chosen(args, root, &reading)?;
    if let Some(export) = &args.export {
        return print_scripts(&records, *export);
    }
    if args.self_test {
        return selftest::run(args, &records, root, &reading, quiet);
    }
    examine(args, &records, &reading, offline)
}

/// The records that are meant: those that are named, or every one with a check.
pub fn chosen<'r>(
    args: &VerifyArgs,
    root: &Utf8Path,
    reading: &'r Reading,
) -> anyhow::Result<Vec<&'r Record>> {
    let has_check = |record: &&Record| record.check.is_some() || record.verify.is_some();
    let has_tag = |record: &&Record| args.tag.as_ref().is_none_or(|tag| record.tags.contains(tag));
    let changed = args.changed_since.as_ref().map(|commit| {
        disk::changed_since(root, commit).ok_or_else(|| {
            let hint = "--changed-since takes a commit of the repository that the book lies in";
            UsageError::with_hint(format!("git knows no commit `{commit}` here"), hint)
        })
    });
    let changed = changed.transpose()?;
    let has_changed = |record: &&Record| {
        let own = record.path.parent().filter(|_| record.path.file_stem() == Some("record"));
        let is_of = |path: &Utf8PathBuf| *path == record.path || own.is_some_and(|own| path.starts_with(own));
        changed.as_ref().is_none_or(|changed| changed.iter().any(is_of))
    };
    if args.ids.is_empty() {
        if !(args.all || args.self_test || args.tag.is_some() || changed.is_some()) {
            let hint = "ids name them; `--all` means every record with a check";
            return Err(UsageError::with_hint("no record is named", hint));
        }
        return Ok(reading
            .book
            .records
            .values()
            .filter(has_check)
            .filter(has_tag)
            .filter(has_changed)
            .collect());
    }
    let one = |id: &String| {
        let found = record(reading, id)?;
        let hint = "a check is written as `check` or `verify`";
        let none = || UsageError::with_hint(format!("`{}` has no check", found.id), hint);
        Some(found).filter(has_check).ok_or_else(none)
    };
    args.ids.iter().map(one).collect()
}

/// The one language that checks are written out in.
fn print_scripts(records: &[&Record], _: super::args::ExportTo) -> anyhow::Result<Exit> {
    let [record] = records else {
        return Err(UsageError::with_hint("`--export` takes one record", "name it by its id"));
    };
    let script = script(record).ok_or_else(|| {
        let hint = "only what sh can do by itself becomes a script";
        UsageError::with_hint(format!("the check of `{}` is none for sh", record.id), hint)
    })?;
    report::file(script.trim_end());
    Ok(Exit::Clean)
}

fn examine(args: &VerifyArgs, records: &[&Record], reading: &Reading, offline: bool) -> anyhow::Result<Exit> {
    let subject = args.dir.canonicalize_utf8().map_err(|_| {
        UsageError::with_hint(format!("there is no folder `{}`", args.dir), "--dir takes a folder")
    })?;
    let host = Host::here(Launcher::of_this_process());
    if args.plan {
        let plans: Vec<_> =
            records.iter().filter_map(|record| Some((*record, verifier(record, offline)?))).collect();
        report::check_plans(&plans, &host, args.format);
        return Ok(Exit::Clean);
    }
    let (inputs, _kept) = inputs(args)?;
    let before = before(args)?;
    let question = |step: &ManualStep| ask(step);
    let can_answer = !args.no_input && std::io::stdin().is_terminal();
    let asked = Asked {
        mode: if args.repair { Mode::Repair } else { Mode::Detect },
        inputs: &inputs,
        before: &before,
        question: if can_answer { Some(&question) } else { None },
    };
    let examiner = Examiner::new(terms(args, offline), &subject, &host)?;
    let mut outcomes = Vec::new();
    for record in records {
        outcomes.extend(examiner.examine(record, &asked)?);
    }
    write(args, &outcomes, reading.book.settings.site_url.as_ref(), true)?;
    if outcomes.len() > 1 && args.format == ReportFormat::Human {
        report::verdicts(&outcomes);
    }
    Ok(exit_of(&outcomes, args.fail_on.as_deref(), args.exit_style.unwrap_or(ExitStyle::Usual)))
}

/// Somebody is asked only about records that were named: nobody reads the plans of a sweep over a whole book.
fn terms(args: &VerifyArgs, offline: bool) -> Terms<'_> {
    let may_ask = !args.ids.is_empty()
        && !args.no_input
        && args.log.as_deref() != Some("-".into())
        && consent::is_possible();
    Terms { trust: &args.trust, allow: &args.allow, require_sandbox: &args.require_sandbox, may_ask, offline }
}

/// What is handed in: `--input`, and the log. The second value keeps a log from standard input as a file.
fn inputs(args: &VerifyArgs) -> anyhow::Result<(BTreeMap<String, String>, Option<tempfile::NamedTempFile>)> {
    let mut inputs = BTreeMap::new();
    for written in &args.input {
        let (name, value) = written.split_once('=').ok_or_else(|| {
            UsageError::with_hint(format!("`{written}` is no input"), "it is written `name=value`")
        })?;
        inputs.insert(name.to_owned(), value.to_owned());
    }
    let Some(log) = &args.log else { return Ok((inputs, None)) };
    if log != "-" {
        let path = log.canonicalize_utf8().map_err(|_| {
            UsageError::with_hint(format!("there is no file `{log}`"), "--log takes a file, or `-`")
        })?;
        inputs.insert("log".to_owned(), path.into_string());
        return Ok((inputs, None));
    }
    const MAX_BYTES: u64 = 8 << 20;
    let mut text = Vec::new();
    std::io::stdin().take(MAX_BYTES).read_to_end(&mut text).context("could not read standard input")?;
    let mut file = tempfile::NamedTempFile::new().context("could not keep the log")?;
    file.write_all(&text).context("could not keep the log")?;
    inputs.insert("log".to_owned(), file.path().to_string_lossy().into_owned());
    Ok((inputs, Some(file)))
}

/// What an earlier report saw broken: record and digest.
fn before(args: &VerifyArgs) -> anyhow::Result<BTreeSet<(String, String)>> {
    let Some(path) = &args.before else { return Ok(BTreeSet::new()) };
    let unreadable = |_| {
        let hint = "--before takes what `verify -f json` printed";
        UsageError::with_hint(format!("`{path}` is no report"), hint)
    };
    const MAX_BYTES: u64 = 64 << 20;
    let files = disk::bounded(path, &[], MAX_BYTES).context("could not read the earlier report")?;
    let bytes = files.into_iter().find_map(|(_, bytes)| bytes).unwrap_or_default();
    let report: serde_json::Value = serde_json::from_slice(&bytes).map_err(unreadable)?;
    let records = report["records"].as_array().into_iter().flatten();
    let seen = records.filter(|record| record["verdict"] == Verdict::Present.name());
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    Ok(seen.map(|record| (text(&record["id"]), text(&record["digest"]))).collect())
}

/// Puts a question to whoever sits at the terminal.
fn ask(step: &ManualStep) -> Option<String> {
    report::talk(&format!(
        "{}\n  {}",
        report::shown(&step.instruction),
        report::shown(&step.choices.join(" / "))
    ));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty())
}

/// Prints outcomes, and writes them to the files that are asked for, each in the format of its ending.
pub fn write(
    args: &VerifyArgs,
    outcomes: &[Outcome],
    site_url: Option<&SiteUrl>,
    print: bool,
) -> anyhow::Result<()> {
    let started = super::now();
    let context = report::RunContext {
        tool_version: env!("CARGO_PKG_VERSION"),
        os: std::env::consts::OS,
        arch: std::env::consts::ARCH,
        started: started.as_deref(),
        site_url,
        subject: args.dir.as_str(),
        hide_passes: args.format == ReportFormat::Sarif || args.format == ReportFormat::Github,
    };
    for path in &args.out {
        let format = format_of(path)?;
        let text = report::outcomes(format, outcomes, &context);
        disk::write(path, format!("{text}\n").as_bytes()).context("could not write the report")?;
    }
    let text = report::outcomes(args.format, outcomes, &context);
    if print && !text.is_empty() {
        report::data(&text);
    }
    Ok(())
}

fn format_of(path: &Utf8PathBuf) -> anyhow::Result<ReportFormat> {
    Ok(match path.extension() {
        Some("json") => ReportFormat::Json,
        Some("jsonl") => ReportFormat::Jsonl,
        Some("xml") => ReportFormat::Junit,
        Some("tap") => ReportFormat::Tap,
        Some("sarif") => ReportFormat::Sarif,
        Some("md") => ReportFormat::Md,
        Some("txt") => ReportFormat::Human,
        _ => {
            let hint = "its ending says the format: json, jsonl, xml (JUnit), tap, sarif, md or txt";
            return Err(UsageError::with_hint(format!("`{path}` has no known ending"), hint));
        }
    })
}
