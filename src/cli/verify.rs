//! `faultbook verify --self-test`.

use super::args::{Capability, Format, SandboxLayer, VerifyArgs};
use super::{Exit, UsageError, load, record, report, today};
use crate::model::Layer;
use crate::verify::{CellOutcome, Claims, Launcher, Level, Plan, RecordResult, Results, self_test};
use crate::{Reading, disk};
use anyhow::Context;
use camino::Utf8Path;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

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
    let launcher = Launcher::of_this_process();
    if let Some(missing) = unenforced(&launcher.claims, args) {
        report::talk(&format!("refused: {missing}; nothing ran"));
        return Ok(Exit::Refused);
    }
    let shows = args.format == Format::Human && !quiet;
    let tested = test_all(&plans, &launcher, args.jobs, &mut |plan, cells| {
        if shows {
            report::cells(&plan.id, cells);
        }
    })?;
    if let Some(path) = &args.record_results {
        record_results(&tested, &launcher.claims, reading.results, path)?;
    }
    summarise(&tested, &launcher.claims, args.format);
    let failed = tested.iter().any(|(_, outcomes)| outcomes.iter().any(CellOutcome::is_failure));
    Ok(if failed { Exit::SelfTest } else { Exit::Clean })
}

/// What is not enforced although it must be: what `--require-sandbox` names, and by default what keeps a stranger's
/// scripts from files and network.
fn unenforced(claims: &Claims, args: &VerifyArgs) -> Option<String> {
    let layer = |name: &SandboxLayer| match name {
        SandboxLayer::Fs => vec![Layer::FsWrite, Layer::FsRead],
        SandboxLayer::Net => vec![Layer::Network],
    };
    let required: Vec<Layer> = args.require_sandbox.iter().flat_map(layer).collect();
    let lacks = |layers: &[Layer]| layers.iter().any(|layer| !claims.enforces(*layer));
    let told = format!("files: {}, {}; network: {}", claims.fs_write, claims.fs_read, claims.network);
    if lacks(&required) {
        return Some(format!("the sandbox that is required is not there ({told})"));
    }
    let usual = [Layer::FsWrite, Layer::FsRead, Layer::Network];
    (lacks(&usual) && !args.allow.contains(&Capability::Shell)).then(|| {
        format!(
            "this machine does not confine scripts ({told})\n  \
             = hint: `--plan` prints them, `--allow shell` runs them all the same"
        )
    })
}

/// Tests every plan, several at a time; `on` is told of each in the order of the plans.
fn test_all<'p>(
    plans: &'p [Plan],
    launcher: &Launcher,
    n_jobs: Option<usize>,
    on: &mut dyn FnMut(&Plan, &[CellOutcome]),
) -> anyhow::Result<Vec<(&'p Plan, Vec<CellOutcome>)>> {
    let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let (sender, outcomes) = mpsc::channel();
    let mut early = BTreeMap::new();
    let mut tested = Vec::new();
    std::thread::scope(|scope| {
        for _ in 0..n_jobs.unwrap_or(n_cores).clamp(1, plans.len().max(1)) {
            let (next, sender) = (&next, sender.clone());
            scope.spawn(move || {
                while let Some((nth, plan)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|nth| Some((nth, plans.get(nth)?)))
                {
                    // Where nobody listens any more, a plan before this one has failed.
                    if sender.send((nth, self_test(plan, launcher))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (nth, outcome) in &outcomes {
            early.insert(nth, outcome);
            while let Some(outcome) = early.remove(&tested.len()) {
                let plan = &plans[tested.len()];
                let cells = outcome.with_context(|| format!("could not test `{}`", plan.id))?;
                on(plan, &cells);
                tested.push((plan, cells));
            }
        }
        Ok(tested)
    })
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
    claims: &Claims,
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
            level: outcomes.iter().map(|cell| cell.level).max().unwrap_or(Level::Real).name().to_owned(),
            sandbox: claims.summary().to_owned(),
        });
    }
    disk::replace(path, results.to_text().as_bytes()).context("could not record the results")
}

fn summarise(tested: &[(&Plan, Vec<CellOutcome>)], claims: &Claims, format: Format) {
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
                    "sandbox": report::sandbox(claims),
                })
            };
            let records: Vec<_> = tested.iter().map(record).collect();
            report::data(&format!("{:#}", json!({"schema": "verify/1", "records": records})));
        }
    }
}
