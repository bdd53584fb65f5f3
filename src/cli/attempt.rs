//! `faultbook try` and `faultbook repro`: a failure that is really there, to be repaired or to be looked at.

use super::args::{ReproArgs, TryArgs};
use super::{Exit, UsageError, load, record, report};
use crate::model::{Check, Record, Verdict};
use crate::verify::{
    Attempt, AttemptError, COMMANDS_FILE, Caps, Claims, End, HISTORY_FILE, Host, Job, Judgement, Launcher,
    Plan,
};
use anyhow::Context;
use camino::Utf8Path;
use serde_json::json;
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Instant;

/// Lets somebody repair a failure, and says whether it is repaired.
pub fn run(args: &TryArgs, root: &Utf8Path) -> anyhow::Result<Exit> {
    let reading = reading(root)?;
    let record = record(&reading, &args.id)?;
    let plan = plan(record)?;
    if args.agent.is_none() && !std::io::stdin().is_terminal() {
        let hint = "`--agent CMD` lets a program do the repair";
        return Err(UsageError::with_hint("a shell needs a terminal, and there is none", hint));
    }
    let host = Host::here(Launcher::of_this_process());
    if let Some(why) = unconfined(&host.launcher.claims) {
        report::talk(&why);
        return Ok(Exit::Refused);
    }
    let attempt = begin(&plan, &args.state, None, &host)?;
    let began = Instant::now();
    let end = match &args.agent {
        Some(command) => let_agent(&attempt, record, command, &host)?,
        None => let_person(&attempt, record, &host)?,
    };
    let took = began.elapsed();
    let judgement = attempt.judge().context("could not look at what is there now")?;
    match &args.agent {
        Some(_) => report::data(&format!(
            "{:#}",
            json!({
                "schema": "try/1",
                "id": record.id.as_str(),
                "state": args.state,
                "verdict": judgement.verdict.name(),
                "wrong_fix": judgement.wrong_fix.as_ref().map(|(nth, id)| json!({"nth": nth, "id": id})),
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
    let plan = plan(record)?;
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
    begin(&plan, &args.state, Some(args.to.as_std_path()), &host)?;
    report::data(&format!("`{}` of {} is in `{}`", args.state, record.id, args.to));
    report::talk(&format!("the check, to be run there:\n{}", report::indented(&plan.check.run)));
    Ok(Exit::Clean)
}

fn reading(root: &Utf8Path) -> anyhow::Result<crate::Reading> {
    let input = load(root)?;
    Ok(crate::read(&input.sources, &input.given))
}

fn plan(record: &Record) -> anyhow::Result<Plan> {
    Plan::of(record).ok_or_else(|| {
        let hint = "it needs a `check` with a `setup`";
        UsageError::with_hint(format!("`{}` cannot be brought about", record.id), hint)
    })
}

fn begin<'p>(
    plan: &'p Plan,
    state: &str,
    folder: Option<&Path>,
    host: &'p Host,
) -> anyhow::Result<Attempt<'p>> {
    Attempt::begin(plan, state, folder, host).map_err(|error| match error {
        AttemptError::UnknownState { .. } => {
            let message = error.to_string();
            let (message, hint) = message.split_once("; ").unwrap_or((&message, ""));
            UsageError::with_hint(message, hint)
        }
        error => anyhow::Error::new(error).context(format!("could not bring `{}` about", plan.id)),
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
    let mut job = job(attempt, shell, args.into_iter().map(str::to_owned).collect(), host);
    let history = attempt.scratch().home().join(HISTORY_FILE);
    for (name, value) in [
        ("TERM", std::env::var("TERM").unwrap_or_else(|_| "dumb".to_owned())),
        ("PS1", format!("({}) \\W $ ", record.id)),
        ("HISTFILE", history.to_string_lossy().into_owned()),
        ("PROMPT_COMMAND", "history -a".to_owned()),
    ] {
        job.env.insert(name.to_owned(), value);
    }
    host.launcher.run_here(&job).context("could not start a shell")
}

fn let_agent(attempt: &Attempt, record: &Record, command: &str, host: &Host) -> anyhow::Result<End> {
    let args = ["-c", command].map(str::to_owned).to_vec();
    let mut job = job(attempt, Path::new("/bin/sh"), args, host);
    let commands = attempt.scratch().home().join(COMMANDS_FILE);
    job.env.insert("FAULTBOOK_COMMANDS".to_owned(), commands.to_string_lossy().into_owned());
    job.env.insert("FAULTBOOK_ID".to_owned(), record.id.to_string());
    job.env.insert("FAULTBOOK_TITLE".to_owned(), record.title.clone());
    job.env.insert("FAULTBOOK_SYMPTOM".to_owned(), record.symptom.markdown().to_owned());
    Ok(host.launcher.run(&job).context("could not start the agent")?.end)
}

/// A program that works in the state for as long as a check may at most.
fn job(attempt: &Attempt, program: &Path, args: Vec<String>, host: &Host) -> Job {
    let mut job = attempt.scratch().job(program, args, Check::MAX_TIMEOUT, host);
    job.policy.caps = Caps { cpu: Check::MAX_TIMEOUT.as_secs(), output: u64::MAX, ..Caps::default() };
    job
}

fn exit(judgement: &Judgement) -> Exit {
    match judgement.verdict {
        Verdict::Fixed => Exit::Clean,
        Verdict::NotFixed => Exit::Findings,
        Verdict::Masked | Verdict::Incomplete => Exit::NotRepaired,
        _ => Exit::CannotTell,
    }
}
