//! `faultbook try` and `faultbook repro`: a failure that is really there, to be repaired or to be looked at.

use super::args::{ReproArgs, TryArgs};
use super::{Exit, UsageError, load, record, report};
use crate::disk;
use crate::model::{Record, Verdict};
use crate::verify::{
    Around, Attempt, AttemptError, COMMANDS_FILE, Claims, End, Folders, HISTORY_FILE, Host, Judgement,
    Launcher, SelfTest, Versions,
};
use anyhow::Context;
use camino::Utf8Path;
use rustix::process::getpgrp;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use serde_json::json;
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Instant;

/// Lets somebody repair a failure, and says whether it is repaired.
pub fn run(args: &TryArgs, root: &Utf8Path) -> anyhow::Result<Exit> {
    let reading = reading(root)?;
    let record = record(&reading, &args.id)?;
    let test = self_test(record)?;
    if args.agent.is_none() && !std::io::stdin().is_terminal() {
        let hint = "`--agent CMD` lets a program do the repair";
        return Err(UsageError::with_hint("a shell needs a terminal, and there is none", hint));
    }
    let host = Host::here(Launcher::of_this_process());
    if let Some(why) = unconfined(&host.launcher.claims) {
        report::talk(&why);
        return Ok(Exit::Refused);
    }
    let (versions, folders) = (Versions::default(), fixtures(root, record)?);
    let attempt = begin(&test, &args.state, None, around(&host, &versions, &folders))?;
    let began = Instant::now();
    let end = match &args.agent {
        Some(command) => let_agent(&attempt, record, command, &host)?,
        None => let_person(&attempt, record, &host)?,
    };
    let took = began.elapsed();
    let judgement = attempt.judge().context("could not look at what is there now")?;
    match &args.agent {
        Some(_) => report::json(&format!(
            "{:#}",
            json!({
                "schema": "try/1",
                "id": record.id.as_str(),
                "state": args.state,
                "verdict": judgement.verdict.name(),
                "wrong_fix": judgement.wrong_fix.as_ref().map(|id| json!({"nth": record.nth_wrong_fix(id), "id": id})),
                "reason": judgement.reason,
                "commands": judgement.commands,
                "agent": end.to_string(),
                "ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                "output": judgement.output,
                "sandbox": report::sandbox(&host.launcher.claims),
            })
        )),
        None => report::judgement(record, &judgement),
    }
    Ok(exit(&judgement))
}

/// Lays a state out in a folder.
pub fn repro(args: &ReproArgs, root: &Utf8Path) -> anyhow::Result<Exit> {
    let reading = reading(root)?;
    let record = record(&reading, &args.id)?;
    let test = self_test(record)?;
    let host = Host::here(Launcher::of_this_process());
    if let Some(why) = unconfined(&host.launcher.claims) {
        report::talk(&why);
        return Ok(Exit::Refused);
    }
    let is_taken = args.to.read_dir_utf8().is_ok_and(|mut entries| entries.next().is_some());
    if is_taken || args.to.is_file() {
        let hint = "`--to` takes a folder that is empty or not there yet";
        return Err(UsageError::with_hint(format!("something is in `{}` already", args.to), hint));
    }
    let (versions, folders) = (Versions::default(), fixtures(root, record)?);
    let around = around(&host, &versions, &folders);
    let attempt = begin(&test, &args.state, Some(args.to.as_std_path()), around)?;
    report::data(&format!("`{}` of {} is in `{}`", args.state, record.id, args.to));
    report::laid_out(record, &args.to, &attempt);
    Ok(Exit::Clean)
}

fn reading(root: &Utf8Path) -> anyhow::Result<crate::Reading> {
    let input = load(root)?;
    Ok(crate::read(&input.sources, &input.given))
}

fn self_test(record: &Record) -> anyhow::Result<SelfTest> {
    SelfTest::of(record).ok_or_else(|| {
        let hint = "it needs a `check` with a `setup`, or `verify`";
        UsageError::with_hint(format!("`{}` cannot be brought about", record.id), hint)
    })
}

fn fixtures(root: &Utf8Path, record: &Record) -> anyhow::Result<Folders> {
    disk::fixtures(root, &record.path).context("could not read the fixtures")
}

fn around<'r>(host: &'r Host, versions: &'r Versions, folders: &'r Folders) -> Around<'r> {
    Around { host, versions, documents: crate::documents(), folders }
}

fn begin<'r>(
    test: &'r SelfTest,
    state: &str,
    folder: Option<&Path>,
    around: Around<'r>,
) -> anyhow::Result<Attempt<'r>> {
    Attempt::begin(test, state, folder, around).map_err(|error| match error {
        AttemptError::UnknownState { name, known } => {
            let hint = format!("there are {}", known.join(", "));
            UsageError::with_hint(format!("no state is called `{name}`"), hint)
        }
        error => anyhow::Error::new(error).context(format!("could not bring `{}` about", test.id)),
    })
}

/// Why scripts of a record are not run here.
fn unconfined(claims: &Claims) -> Option<String> {
    (claims.summary() != "fs+net").then(|| {
        format!(
            "refused: this machine does not confine scripts (files: {}, {}; network: {}); nothing ran",
            claims.fs_write, claims.fs_read, claims.network
        )
    })
}

fn let_person(attempt: &Attempt, record: &Record, host: &Host) -> anyhow::Result<End> {
    report::broken_state(record);
    let bash = Path::new("/bin/bash");
    let (shell, args) = if bash.exists() {
        (bash, vec!["--norc", "--noprofile", "-i"])
    } else {
        (Path::new("/bin/sh"), vec!["-i"])
    };
    let mut job = attempt.job(shell, args.into_iter().map(str::to_owned).collect());
    let history = attempt.notes().join(HISTORY_FILE);
    for (name, value) in [
        ("TERM", std::env::var("TERM").unwrap_or_else(|_| "dumb".to_owned())),
        ("PS1", format!("({}) \\W $ ", record.id)),
        ("HISTFILE", history.to_string_lossy().into_owned()),
        ("PROMPT_COMMAND", "history -a".to_owned()),
    ] {
        job.env.insert(name.to_owned(), value);
    }
    let modes = tcgetattr(std::io::stdin()).ok();
    let end = host.launcher.run_here(&job).context("could not start a shell");
    modes.iter().for_each(put_back);
    end
}

/// Gives the terminal the modes that it had before a shell may have changed them.
fn put_back(modes: &Termios) {
    // Where a shell was killed, the terminal may not be ours yet; who sets its modes then is stopped.
    let is_ours = tcgetpgrp(std::io::stdin()).is_ok_and(|group| group == getpgrp());
    if is_ours {
        // Whoever works there can type `reset`; that the terminal is gone altogether is no failure of ours.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, modes);
    }
}

fn let_agent(attempt: &Attempt, record: &Record, command: &str, host: &Host) -> anyhow::Result<End> {
    let args = ["-c", command].map(str::to_owned).to_vec();
    let mut job = attempt.job(Path::new("/bin/sh"), args);
    let commands = attempt.notes().join(COMMANDS_FILE);
    job.env.insert("FAULTBOOK_COMMANDS".to_owned(), commands.to_string_lossy().into_owned());
    job.env.insert("FAULTBOOK_ID".to_owned(), record.id.to_string());
    job.env.insert("FAULTBOOK_TITLE".to_owned(), record.title.clone());
    job.env.insert("FAULTBOOK_SYMPTOM".to_owned(), record.symptom.markdown().to_owned());
    Ok(host.launcher.run(&job).context("could not start the agent")?.end)
}

fn exit(judgement: &Judgement) -> Exit {
    match judgement.verdict {
        Verdict::Fixed => Exit::Clean,
        Verdict::NotFixed => Exit::Findings,
        Verdict::Masked | Verdict::Incomplete => Exit::NotRepaired,
        _ => Exit::CannotTell,
    }
}
