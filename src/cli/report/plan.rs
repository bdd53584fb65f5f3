//! What would run, for people and as JSON: printed before anything does.

use super::super::args::ReportFormat;
use super::{BOLD, DIM, RESET, data, indented, shown};
use crate::model::{CellName, Network, Record, StepKind, Verifier, WorkingFolder};
use crate::verify::{Form, Host, Plan, SelfTest, capabilities, check_digest, state_names};
use serde_json::{Value, json};

/// The plans of self-tests.
pub fn self_test_plans(tests: &[SelfTest], format: ReportFormat) {
    match format {
        ReportFormat::Human => tests.iter().for_each(|test| data(&self_test(test))),
        _ => {
            let records: Vec<Value> = tests.iter().map(self_test_json).collect();
            super::json(&format!("{:#}", json!({"schema": "plan/1", "records": records})));
        }
    }
}

fn self_test(test: &SelfTest) -> String {
    let head = format!("{BOLD}{}{RESET}  {DIM}{}{RESET}\n", test.id, test.digest);
    match &test.form {
        Form::Short(plan) => format!("{head}  capabilities: shell\n{}", scripts(plan)),
        Form::Long { verifier, .. } => {
            let states: Vec<String> = state_names(verifier).iter().map(CellName::to_string).collect();
            let prepared = prepared(verifier);
            format!("{head}{}  states    {}\n{prepared}", steps(verifier, None), shown(&states.join(", ")))
        }
    }
}

fn scripts(plan: &Plan) -> String {
    let script = |name: &str, script: &str| format!("  {name}\n{}", indented(&indented(script)));
    let mut text = script("setup, before every state", &plan.setup);
    for cell in &plan.cells {
        match &cell.commands {
            Some(commands) if !commands.is_empty() => {
                text.push_str(&script(&super::verify::state(&cell.name), &commands.join("\n")));
            }
            Some(_) => {}
            None => text.push_str(&script(
                &super::verify::state(&cell.name),
                "(not executed: a step has no command)",
            )),
        }
    }
    text + &script("run, after every state", &plan.check.run)
}

/// What states run before they are looked at.
fn prepared(verifier: &Verifier) -> String {
    let of = |name: &str, argv: &[crate::model::Template]| {
        let words: Vec<&str> = argv.iter().map(|word| word.0.as_str()).collect();
        format!("  prepare   {}  {DIM}{}{RESET}\n", shown(&words.join(" ")), shown(name))
    };
    let states =
        verifier.fixtures.iter().flat_map(|(name, state)| state.prepare.iter().map(move |it| of(name, it)));
    states.collect()
}

fn self_test_json(test: &SelfTest) -> Value {
    let mut value = json!({"id": test.id.as_str(), "digest": test.digest});
    match &test.form {
        Form::Short(plan) => {
            let cell = |cell: &crate::verify::PlannedCell| json!({"state": cell.name.to_string(), "commands": cell.commands});
            value["capabilities"] = json!(["shell"]);
            value["setup"] = json!(plan.setup);
            value["run"] = json!(plan.check.run);
            value["cells"] = plan.cells.iter().map(cell).collect();
        }
        Form::Long { verifier, .. } => value["verify"] = verifier.full_tree.clone(),
    }
    value
}

/// The plans of checks that examine a folder.
pub fn check_plans(checks: &[(&Record, Verifier)], host: &Host, format: ReportFormat) {
    match format {
        ReportFormat::Human => {
            for (record, verifier) in checks {
                let words: Vec<&str> = capabilities(record).into_iter().map(|one| one.name()).collect();
                data(&format!(
                    "{BOLD}{}{RESET}  {DIM}{}{RESET}\n  capabilities: {}\n{}",
                    record.id,
                    check_digest(record).unwrap_or_default(),
                    words.join(", "),
                    steps(verifier, Some(host)),
                ));
            }
        }
        _ => {
            let plan = |(record, verifier): &(&Record, Verifier)| {
                let words: Vec<&str> = capabilities(record).into_iter().map(|one| one.name()).collect();
                json!({
                    "id": record.id.as_str(),
                    "digest": check_digest(record),
                    "capabilities": words,
                    "steps": verifier.steps.iter().map(|step| json!({
                        "id": step.id,
                        "kind": step.kind.name(),
                        "does": does(&step.kind),
                        "timeout_ms": u64::try_from(step.timeout.as_millis()).unwrap_or(u64::MAX),
                    })).collect::<Vec<_>>(),
                    "sandbox": super::sandbox(&host.launcher.claims),
                })
            };
            let records: Vec<Value> = checks.iter().map(plan).collect();
            super::json(&format!("{:#}", json!({"schema": "plan/1", "records": records})));
        }
    }
}

fn steps(verifier: &Verifier, host: Option<&Host>) -> String {
    let mut text = String::new();
    for step in &verifier.steps {
        let ms = step.timeout.as_millis();
        text.push_str(&format!(
            "  {:<9} {}  {DIM}{ms} ms{RESET}\n",
            step.kind.name(),
            does(&step.kind).replace('\n', "\n            ")
        ));
    }
    let sandbox = &verifier.sandbox;
    let network = match &sandbox.network {
        Network::None => "none".to_owned(),
        Network::Loopback => "ports of its own services on this machine".to_owned(),
        Network::Hosts(hosts) => format!("{}, by requests of ours alone", hosts.join(", ")),
    };
    let of_programs = match verifier.services.is_empty() {
        true => "",
        false => {
            "; for programs the ports of its services, whatever the host: the kernel does not look at that"
        }
    };
    let place = match sandbox.cwd {
        WorkingFolder::Subject => "in the folder, which they cannot change",
        WorkingFolder::Copy | WorkingFolder::CopyWithGit => "in a copy of the folder",
        WorkingFolder::Scratch => "in an empty folder",
    };
    text.push_str(&format!("  programs  {place}\n  network   {}{of_programs}\n", shown(&network)));
    if let Some(host) = host {
        let claims = &host.launcher.claims;
        text.push_str(&format!(
            "  sandbox   write {}, read {}, network {}\n",
            claims.fs_write, claims.fs_read, claims.network
        ));
    }
    text
}

/// A step in words, with what it would run.
fn does(kind: &StepKind) -> String {
    let text = match kind {
        StepKind::Command(step) => {
            let words = step.args.iter().map(|word| word.0.as_str());
            std::iter::once(step.program.as_str()).chain(words).collect::<Vec<_>>().join(" ")
        }
        StepKind::Shell(step) => step.script.clone(),
        StepKind::Http(step) => format!("{} {}", step.method, step.url.0),
        StepKind::File(step) => step.path.0.clone(),
        StepKind::Files(step) => step.globs.join(", "),
        StepKind::Env(name) => name.clone(),
        StepKind::Tcp(step) => {
            format!("{} {}:{}", if step.bind { "take" } else { "call" }, step.host, step.port.0)
        }
        StepKind::Version(step) => step.tool.clone(),
        StepKind::Jwt(name) | StepKind::Token(name) => name.clone(),
        StepKind::Requests(step) => format!("what {} was asked", step.service),
        StepKind::Value(value) => value.0.clone(),
        StepKind::Manual(step) => step.instruction.clone(),
    };
    text.trim_end().lines().map(shown).collect::<Vec<_>>().join("\n")
}
