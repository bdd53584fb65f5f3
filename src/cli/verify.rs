//! `faultbook verify --self-test`.

use super::args::{Capability, Format, SandboxLayer, VerifyArgs};
use super::{Exit, UsageError, load, record, report, today};
use crate::model::{CellName, Layer};
use crate::verify::{
    CellOutcome, Claims, FalsePositive, Host, Launcher, Level, Mutants, Plan, RecordResult, Results,
    mistaken, self_test, weaken,
};
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
    let host = Host::here(Launcher::of_this_process());
    if let Some(missing) = unenforced(&host.launcher.claims, args) {
        report::talk(&format!("refused: {missing}; nothing ran"));
        return Ok(Exit::Refused);
    }
    let shows = args.format == Format::Human && !quiet;
    let n_jobs = args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let tested = test_all(&plans, &host, n_jobs, &mut |tested| {
        if shows {
            report::cells(&tested.plan.id, &tested.cells);
            if args.mutants {
                report::survivors(&tested.mutants);
            }
        }
    })?;
    let crossed = if args.cross { Some(cross_all(&plans, &host, n_jobs)?) } else { None };
    if let Some(path) = &args.record_results {
        record_results(&tested, crossed.as_ref(), &host.launcher.claims, reading.results, path)?;
    }
    summarise(&tested, crossed.as_ref(), &host.launcher.claims, args);
    let failed = tested.iter().flat_map(|tested| &tested.cells).any(CellOutcome::is_failure);
    let mistaken = crossed.is_some_and(|crossed| !crossed.found.is_empty());
    Ok(if failed || mistaken { Exit::SelfTest } else { Exit::Clean })
}

/// Each check in the broken state of every other record.
struct Crossed {
    tried: usize,
    found: Vec<FalsePositive>,
}

fn cross_all(plans: &[Plan], host: &Host, n_jobs: usize) -> anyhow::Result<Crossed> {
    let mut crossed = Crossed { tried: 0, found: Vec::new() };
    in_order(
        plans,
        n_jobs,
        |plan| mistaken(plan, plans, host),
        |plan, result| {
            let (tried, found) = result.with_context(|| format!("could not bring `{}` about", plan.id))?;
            crossed.tried += tried;
            crossed.found.extend(found);
            Ok(())
        },
    )?;
    crossed.found.sort();
    Ok(crossed)
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

/// What the self-test of one record came to.
struct Tested<'p> {
    plan: &'p Plan,
    cells: Vec<CellOutcome>,
    mutants: Mutants,
}

/// Tests every plan, several at a time; `on` is told of each in the order of the plans.
fn test_all<'p>(
    plans: &'p [Plan],
    host: &Host,
    n_jobs: usize,
    on: &mut dyn FnMut(&Tested),
) -> anyhow::Result<Vec<Tested<'p>>> {
    let mut tested = Vec::new();
    in_order(
        plans,
        n_jobs,
        |plan| self_test(plan, host),
        |plan, states| {
            let states = states.with_context(|| format!("could not test `{}`", plan.id))?;
            let cells = states.iter().map(|state| state.outcome(&plan.check)).collect();
            let one = Tested { plan, cells, mutants: weaken(&plan.check, &states) };
            on(&one);
            tested.push(one);
            Ok(())
        },
    )?;
    Ok(tested)
}

/// Works on several items at a time, and hands on what came of each in the order of the items.
fn in_order<'i, I: Sync, T: Send>(
    items: &'i [I],
    n_jobs: usize,
    work: impl Fn(&'i I) -> T + Sync,
    mut on: impl FnMut(&'i I, T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, done) = mpsc::channel();
    let mut early = BTreeMap::new();
    let mut n_done = 0;
    std::thread::scope(|scope| {
        for _ in 0..n_jobs.clamp(1, items.len().max(1)) {
            let (next, sender, work) = (&next, sender.clone(), &work);
            scope.spawn(move || {
                while let nth = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(item) = items.get(nth)
                {
                    // Where nobody listens any more, an item before this one has failed.
                    if sender.send((nth, work(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (nth, result) in done {
            early.insert(nth, result);
            while let Some(result) = early.remove(&n_done) {
                on(&items[n_done], result)?;
                n_done += 1;
            }
        }
        Ok(())
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
    tested: &[Tested],
    crossed: Option<&Crossed>,
    claims: &Claims,
    mut results: Results,
    path: &Utf8Path,
) -> anyhow::Result<()> {
    let date = today()?;
    for Tested { plan, cells, mutants } in tested {
        let of_record = |crossed: &Crossed| crossed.found.iter().filter(|found| found.id == plan.id).count();
        let states = cells.iter().filter(|cell| !matches!(cell.name, CellName::State(_)));
        results.add(RecordResult {
            id: plan.id.clone(),
            digest: plan.digest.clone(),
            date,
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cells: states.filter_map(|cell| Some((cell.name.clone(), cell.verdict?))).collect(),
            level: cells.iter().map(|cell| cell.level).max().unwrap_or(Level::Real).name().to_owned(),
            sandbox: claims.summary().to_owned(),
            mutants: Some((mutants.killed, mutants.total)),
            false_positives: crossed.map(of_record),
        });
    }
    disk::replace(path, results.to_text().as_bytes()).context("could not record the results")
}

fn summarise(tested: &[Tested], crossed: Option<&Crossed>, claims: &Claims, args: &VerifyArgs) {
    match args.format {
        Format::Human => report::data(&summary(tested, crossed, args.mutants)),
        Format::Json => {
            let cell = |cell: &CellOutcome| {
                json!({
                    "state": cell.name.to_string(),
                    "verdict": cell.verdict.map(|verdict| verdict.name()),
                    "as_expected": cell.verdict.map(|_| !cell.is_failure()),
                    "level": cell.level.name(),
                    "reason": cell.reason,
                    "ms": u64::try_from(cell.took.as_millis()).unwrap_or(u64::MAX),
                })
            };
            let record = |Tested { plan, cells, mutants }: &Tested| {
                json!({
                    "id": plan.id.as_str(),
                    "digest": plan.digest,
                    "mode": "self-test",
                                    "cells": cells.iter().map(cell).collect::<Vec<_>>(),
                    "mutants": {"killed": mutants.killed, "total": mutants.total, "survivors": mutants.survivors},
                                    "sandbox": report::sandbox(claims),
                })
            };
            let records: Vec<_> = tested.iter().map(record).collect();
            let cross = crossed.map(|crossed| {
                let pair = |pair: &FalsePositive| json!({"id": pair.id.as_str(), "state_of": pair.state_of.as_str()});
                json!({"tried": crossed.tried, "false_positives": crossed.found.iter().map(pair).collect::<Vec<_>>()})
            });
            report::data(&format!("{:#}", json!({"schema": "verify/1", "records": records, "cross": cross})));
        }
    }
}

fn summary(tested: &[Tested], crossed: Option<&Crossed>, with_mutants: bool) -> String {
    let cells: Vec<&CellOutcome> = tested.iter().flat_map(|tested| &tested.cells).collect();
    let executed = cells.iter().filter(|cell| cell.verdict.is_some()).count();
    let failed = cells.iter().filter(|cell| cell.is_failure()).count();
    let mut text = format!(
        "{}, {} executed, {} not executed, {failed} not as expected",
        report::plural(tested.len(), "record"),
        report::plural(executed, "state"),
        cells.len() - executed,
    );
    if with_mutants {
        let killed: usize = tested.iter().map(|tested| tested.mutants.killed).sum();
        let total: usize = tested.iter().map(|tested| tested.mutants.total).sum();
        text.push_str(&format!("\n{killed} of {} killed", report::plural(total, "mutant")));
    }
    if let Some(crossed) = crossed {
        let wrong = crossed.found.len();
        text.push_str(&format!(
            "\n{} of other records tried, {wrong} called their own",
            report::plural(crossed.tried, "state")
        ));
        for pair in &crossed.found {
            text.push_str(&format!("\n  {} says PRESENT in the broken state of {}", pair.id, pair.state_of));
        }
    }
    text
}
