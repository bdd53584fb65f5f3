//! `faultbook verify --self-test`: can a check tell its failure from a repair, and from what only looks like one?

use super::args::{ReportFormat, VerifyArgs, Wanted};
use super::{Exit, exit_of, harvest, report, today, verify};
use crate::model::{CellName, Layer, Record, RecordId, Verdict};
use crate::verify::{
    Around, CellOutcome, Claims, FalsePositive, Folders, Form, Host, Launcher, Level, Mode, Mutants, Outcome,
    RecordResult, Results, SelfTest, Tested, Versions,
};
use crate::{Reading, disk};
use anyhow::Context;
use camino::Utf8Path;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// Tests the checks of the named records, or of all.
pub fn run(
    args: &VerifyArgs,
    records: &[&Record],
    root: &Utf8Path,
    reading: &Reading,
    quiet: bool,
) -> anyhow::Result<Exit> {
    let tests: Vec<SelfTest> = records.iter().filter_map(|record| SelfTest::of(record)).collect();
    if let (true, [record]) = (tests.is_empty(), records) {
        let hint = "a self-test needs a `check` with a `setup`, or a `verify`";
        return Err(super::UsageError::with_hint(
            format!("`{}` has nothing that could be tested", record.id),
            hint,
        ));
    }
    if args.plan {
        report::self_test_plans(&tests, args.format);
        return Ok(Exit::Clean);
    }
    let host = Host::here(Launcher::of_this_process());
    if let Some(missing) = unenforced(&host.launcher.claims, args) {
        report::talk(&format!("refused: {missing}; nothing ran"));
        return Ok(Exit::Refused);
    }
    let shows = args.format == ReportFormat::Human && !quiet;
    let n_jobs = args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let folders: BTreeMap<_, Folders> = records
        .iter()
        .map(|record| Ok((record.id.clone(), disk::fixtures(root, &record.path)?)))
        .collect::<Result<_, disk::DiskError>>()
        .context("could not read the fixtures")?;
    let work = |test: &SelfTest| {
        let versions = Versions::default();
        let around = Around {
            host: &host,
            versions: &versions,
            documents: crate::documents(),
            folders: &folders[&test.id],
        };
        test.run(around, args.mutants || args.record_results.is_some())
    };
    let mut tested = Vec::new();
    in_order(&tests, n_jobs, work, |test, result| {
        let one = result.with_context(|| format!("could not test `{}`", test.id))?;
        let one = if args.level == Wanted::Real { one.without_models() } else { one };
        if shows {
            report::cells(&test.id, &one.cells);
            if args.mutants {
                report::survivors(&one.mutants);
            }
        }
        tested.push((test, one));
        Ok(())
    })?;
    let crossed = if args.cross { Some(cross_all(&tests, &folders, &host, n_jobs)?) } else { None };
    let claims = &host.launcher.claims;
    if let Some(path) = &args.record_results {
        record_results(&tested, crossed.as_ref(), claims, reading.results.clone(), path)?;
    }
    let outcomes: Vec<Outcome> =
        tested.iter().map(|(test, tested)| outcome(test, tested, claims, args)).collect();
    verify::write(
        args,
        &outcomes,
        reading.book.settings.site_url.as_ref(),
        args.format != ReportFormat::Human,
    )?;
    if args.harvest {
        let place = harvest::Place { root, src: &reading.book.settings.src };
        harvest::run(&tests, records, place, &host, n_jobs)?;
    }
    if args.format == ReportFormat::Human {
        report::data(&summary(&tested, crossed.as_ref(), args.mutants));
    }
    let mistaken = crossed.is_some_and(|crossed| !crossed.found.is_empty());
    let exit = exit_of(&outcomes, args.fail_on.as_deref(), super::ExitStyle::Usual);
    Ok(if mistaken { Exit::SelfTest } else { exit })
}

/// What is not enforced although it must be: what `--require-sandbox` names, and by default what keeps a stranger's
/// scripts from files and network.
pub fn unenforced(claims: &Claims, args: &VerifyArgs) -> Option<String> {
    let required: Vec<Layer> = args.require_sandbox.iter().flat_map(|layer| layer.layers()).collect();
    let lacks = |layers: &[Layer]| layers.iter().any(|layer| !claims.enforces(*layer));
    let told = format!("files: {}, {}; network: {}", claims.fs_write, claims.fs_read, claims.network);
    if lacks(&required) {
        return Some(format!("the sandbox that is required is not there ({told})"));
    }
    let usual = [Layer::FsWrite, Layer::FsRead, Layer::Network];
    let allowed = args.allow.contains(&super::args::Allowed::Shell);
    (lacks(&usual) && !allowed).then(|| {
        format!(
            "this machine does not confine scripts ({told})\n  \
             = hint: `--plan` prints them, `--allow shell` runs them all the same"
        )
    })
}

/// Works on several items at a time, and hands on what came of each in the order of the items.
pub fn in_order<'i, I: Sync, T: Send>(
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

/// Each check in the states of every other record.
struct Crossed {
    tried: usize,
    found: Vec<FalsePositive>,
}

fn cross_all(
    tests: &[SelfTest],
    folders: &BTreeMap<RecordId, Folders>,
    host: &Host,
    n_jobs: usize,
) -> anyhow::Result<Crossed> {
    let mut crossed = Crossed { tried: 0, found: Vec::new() };
    let work = |test: &SelfTest| {
        let versions = Versions::default();
        let folders = &folders[&test.id];
        let around = Around { host, versions: &versions, documents: crate::documents(), folders };
        test.cross(tests, around)
    };
    in_order(tests, n_jobs, work, |test, result| {
        let (tried, found) = result.with_context(|| format!("could not bring `{}` about", test.id))?;
        crossed.tried += tried;
        crossed.found.extend(found);
        Ok(())
    })?;
    crossed.found.sort();
    Ok(crossed)
}

fn record_results(
    tested: &[(&SelfTest, Tested)],
    crossed: Option<&Crossed>,
    claims: &Claims,
    mut results: Results,
    path: &Utf8Path,
) -> anyhow::Result<()> {
    let date = today()?;
    for (test, Tested { cells, mutants, .. }) in tested {
        let of_record = |crossed: &Crossed| crossed.found.iter().filter(|found| found.id == test.id).count();
        // What the tool adds to the states of a record is no state that a page could show.
        let own = |name: &CellName| !name.to_string().starts_with("auto/");
        results.add(RecordResult {
            id: test.id.clone(),
            digest: test.digest.clone(),
            date,
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cells: cells
                .iter()
                .filter(|cell| own(&cell.name))
                .filter_map(|cell| Some((cell.name.clone(), cell.verdict?)))
                .collect(),
            level: level(test, cells).name().to_owned(),
            sandbox: claims.summary().to_owned(),
            mutants: Some((mutants.killed, mutants.total)),
            survivors: mutants.survivors.clone(),
            false_positives: crossed.map(of_record),
        });
    }
    disk::replace(path, results.to_text().as_bytes()).context("could not record the results")
}

/// The least real thing that took part. The short form runs real programs or nothing.
fn level(test: &SelfTest, cells: &[CellOutcome]) -> Level {
    match test.form {
        Form::Short(_) => Level::Real,
        Form::Long { .. } => cells
            .iter()
            .filter(|cell| cell.verdict.is_some())
            .map(|cell| cell.level)
            .max()
            .unwrap_or(Level::Static),
    }
}

fn outcome(test: &SelfTest, tested: &Tested, claims: &Claims, args: &VerifyArgs) -> Outcome {
    let failed = tested.cells.iter().any(CellOutcome::is_failure);
    let n_passed_over = tested.n_passed_over;
    let verdict = match (failed, n_passed_over) {
        (true, _) => Verdict::Error,
        (false, 0) => Verdict::Fixed,
        (false, _) => Verdict::CannotTell,
    };
    let passed_over = || format!("modelled: {}", report::plural(n_passed_over, "state"));
    Outcome {
        id: test.id.clone(),
        title: test.title.clone(),
        tags: test.tags.clone(),
        digest: test.digest.clone(),
        mode: Mode::SelfTest,
        verdict,
        reason: (n_passed_over > 0).then(passed_over),
        witnessed: false,
        steps: Vec::new(),
        cells: tested.cells.clone(),
        mutants: args.mutants.then(|| tested.mutants.clone()),
        tools: BTreeMap::new(),
        claims: claims.clone(),
        took: tested.cells.iter().map(|cell| cell.took).sum::<Duration>(),
    }
}

fn summary(tested: &[(&SelfTest, Tested)], crossed: Option<&Crossed>, with_mutants: bool) -> String {
    let cells: Vec<&CellOutcome> = tested.iter().flat_map(|(_, tested)| &tested.cells).collect();
    let of_level = |level: Level| cells.iter().filter(|it| it.verdict.is_some() && it.level == level).count();
    let failed = cells.iter().filter(|cell| cell.is_failure()).count();
    let mut text = format!(
        "{}, {} executed",
        report::plural(tested.len(), "record"),
        report::plural(of_level(Level::Real), "state"),
    );
    // What no program ran for is never counted with what one ran for.
    for (level, words) in [(Level::Static, "from files alone"), (Level::Recorded, "modelled")] {
        match of_level(level) {
            0 => {}
            n => text.push_str(&format!(", {n} {words}")),
        }
    }
    let left_out = cells.iter().filter(|cell| cell.verdict.is_none()).count();
    text.push_str(&format!(", {left_out} not executed, {failed} not as expected"));
    if with_mutants {
        let sum =
            |count: fn(&Mutants) -> usize| tested.iter().map(|(_, it)| count(&it.mutants)).sum::<usize>();
        let total = sum(|mutants| mutants.total);
        text.push_str(&format!(
            "\n{} of {} killed",
            sum(|mutants| mutants.killed),
            report::plural(total, "mutant")
        ));
    }
    if let Some(crossed) = crossed {
        let wrong = crossed.found.len();
        text.push_str(&format!(
            "\n{} tried in the states of other records, {wrong} saw their own failure there",
            report::plural(crossed.tried, "check"),
        ));
        for pair in &crossed.found {
            text.push_str(&format!("\n  {} says PRESENT in the states of {}", pair.id, pair.state_of));
        }
    }
    text
}
