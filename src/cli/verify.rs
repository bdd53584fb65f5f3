//! `faultbook verify --self-test`.

use super::args::{Capability, Format, VerifyArgs};
use super::{Exit, UsageError, load, record, report, today};
use crate::verify::{CellOutcome, Plan, RecordResult, Results, self_test};
use crate::{Reading, disk};
use anyhow::Context;
use camino::Utf8Path;
use serde_json::json;

/// Runs the self-tests of the named records, or of all.
pub fn run(args: &VerifyArgs, root: &Utf8Path, quiet: bool) -> anyhow::Result<Exit> {
    let input = load(root)?;
    let reading = crate::read(&input.sources, &input.given);
    if crate::diag::has_errors(&reading.found) {
        report::talk("records with errors are left out; `faultbook lint` shows them");
    }
    let plans = plans(&reading, &args.ids)?;
    if args.plan {
        return Ok(print_plans(&plans, args.format));
    }
    if !args.allow.contains(&Capability::Shell) {
        report::talk(
            "refused: these scripts would run as you, without a sandbox; nothing ran\n  \
             = hint: `--plan` prints them, `--allow shell` runs them",
        );
        return Ok(Exit::Refused);
    }
    let mut tested: Vec<(&Plan, Vec<CellOutcome>)> = Vec::new();
    for plan in &plans {
        let outcomes = self_test(plan, &mut |event| {
            if args.format == Format::Human && !quiet {
                report::event(&event);
            }
        })
        .with_context(|| format!("could not test `{}`", plan.id))?;
        tested.push((plan, outcomes));
    }
    if let Some(path) = &args.record_results {
        record_results(&tested, reading.results, path)?;
    }
    summarise(&tested, args.format);
    let failed = tested.iter().any(|(_, outcomes)| outcomes.iter().any(CellOutcome::is_failure));
    Ok(if failed { Exit::SelfTest } else { Exit::Clean })
}

fn plans(reading: &Reading, ids: &[String]) -> anyhow::Result<Vec<Plan>> {
    if ids.is_empty() {
        return Ok(reading.book.records.values().filter_map(Plan::of).collect());
    }
    let plan = |id: &String| {
        let record = record(reading, id)?;
        let hint = "a self-test needs a `check` with a `setup`";
        Plan::of(record)
            .ok_or_else(|| UsageError::with_hint(format!("`{id}` has nothing that could be tested"), hint))
    };
    ids.iter().map(plan).collect()
}

fn print_plans(plans: &[Plan], format: Format) -> Exit {
    match format {
        Format::Human => plans.iter().for_each(report::plan),
        Format::Json => {
            let plan = |plan: &Plan| {
                json!({
                    "id": plan.id.as_str(),
                    "digest": plan.digest,
                    "capabilities": ["shell"],
                    "setup": plan.setup,
                    "run": plan.check.run,
                    "cells": plan.cells.iter().map(|cell| json!({
                        "state": cell.name.to_string(),
                        "commands": cell.commands,
                    })).collect::<Vec<_>>(),
                })
            };
            let plans: Vec<_> = plans.iter().map(plan).collect();
            report::data(&format!("{:#}", json!({"schema": "plan/1", "records": plans})));
        }
    }
    Exit::Clean
}

fn record_results(
    tested: &[(&Plan, Vec<CellOutcome>)],
    mut results: Results,
    path: &Utf8Path,
) -> anyhow::Result<()> {
    let date = today()?;
    for (plan, outcomes) in tested {
        results.add(RecordResult {
            id: plan.id.clone(),
            digest: plan.digest.clone(),
            date,
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cells: outcomes.iter().filter_map(|cell| Some((cell.name.clone(), cell.verdict?))).collect(),
        });
    }
    disk::replace(path, results.to_text().as_bytes()).context("could not record the results")
}

fn summarise(tested: &[(&Plan, Vec<CellOutcome>)], format: Format) {
    let cells: Vec<&CellOutcome> = tested.iter().flat_map(|(_, outcomes)| outcomes).collect();
    let executed = cells.iter().filter(|cell| cell.verdict.is_some()).count();
    let failed = cells.iter().filter(|cell| cell.is_failure()).count();
    match format {
        Format::Human => report::data(&format!(
            "{}, {} executed, {} not executed, {failed} not as expected",
            report::plural(tested.len(), "record"),
            report::plural(executed, "state"),
            cells.len() - executed,
        )),
        Format::Json => {
            let cell = |cell: &CellOutcome| {
                json!({
                    "state": cell.name.to_string(),
                    "verdict": cell.verdict.map(|verdict| verdict.name()),
                    "as_expected": cell.verdict.map(|verdict| cell.name.accepts(verdict)),
                    "reason": cell.reason,
                    "ms": u64::try_from(cell.took.as_millis()).unwrap_or(u64::MAX),
                })
            };
            let record = |(plan, outcomes): &(&Plan, Vec<CellOutcome>)| {
                json!({
                    "id": plan.id.as_str(),
                    "digest": plan.digest,
                    "mode": "self-test",
                    "cells": outcomes.iter().map(cell).collect::<Vec<_>>(),
                    "sandbox": {"notes": ["not sandboxed"]},
                })
            };
            let records: Vec<_> = tested.iter().map(record).collect();
            report::data(&format!("{:#}", json!({"schema": "verify/1", "records": records})));
        }
    }
}
