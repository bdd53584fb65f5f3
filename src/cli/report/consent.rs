//! What somebody at a terminal reads before a check may run: all of what it would run, and nothing that looks like us.
//!
//! In: what the check needs, and the folder. Out: text. Every line of a record stands behind a mark of ours and ends
//! before the terminal's edge, so that no text of a record begins a line; what shows nothing is written out. A program's
//! arguments are JSON texts: where one ends and the next begins cannot be forged.

use super::trust::Grant;
use super::{BOLD, DIM, RESET, shown, width};
use crate::model::{
    Input, Interpreter, Network, StepKind, Template, ToolRequirement, Verifier, VerifierStep,
};
use crate::verify::{Capability, Host};
use serde_json::json;
use std::collections::BTreeMap;

/// So many lines of a record's are still read by whoever is asked.
pub const MAX_LINES: usize = 300;
/// Before each line of a record, and before what does not fit on it.
const MARKS: [&str; 2] = ["  | ", "  ~ "];

/// Draws the plan. The second value is how many lines of it are the record's.
pub fn consent(grant: &Grant, verifier: &Verifier, host: &Host) -> (String, usize) {
    let lines: Vec<String> =
        given(verifier).into_iter().chain(verifier.steps.iter().flat_map(lines_of)).collect();
    let width = width::talk();
    let drawn: Vec<String> = lines.iter().flat_map(|line| folded(line, width)).collect();
    let claims = &host.launcher.claims;
    let text = format!(
        "{BOLD}{}{RESET}  {DIM}{}{RESET}\n{}\n  what it would run, in {}:\n{}\n  needs     {}\n  sandbox   write {}, read {}, network {}",
        grant.record.id,
        grant.digest,
        folded(&grant.record.title, width).join("\n"),
        shown(grant.subject.as_str()),
        drawn.join("\n"),
        needs(grant),
        claims.fs_write,
        claims.fs_read,
        claims.network
    );
    (text, drawn.len())
}

/// What a check needs, and for which folder where that counts.
pub fn needs(grant: &Grant) -> String {
    let words: Vec<&str> = grant.capabilities.iter().map(|one| one.name()).collect();
    let place = match grant.capabilities.contains(&Capability::SubjectCode) {
        true => format!(", in {} alone", shown(grant.subject.as_str())),
        false => String::new(),
    };
    words.join(", ") + &place
}

/// What is around the steps: inputs, programs whose version is asked for, hosts, and folders that may be read.
fn given(verifier: &Verifier) -> Vec<String> {
    let input = |(name, input): (&String, &Input)| {
        let from = input.env.as_ref().map(|env| format!(" from ${env}")).unwrap_or_default();
        let default = input.default.as_ref().map(|text| format!(" else {}", json!(text))).unwrap_or_default();
        format!("input {name}{}{from}{default}", if input.secret { ", a secret," } else { "" })
    };
    let tool = |(name, tool): (&String, &ToolRequirement)| {
        let called = if tool.candidates.is_empty() { name.clone() } else { tool.candidates.join(" or ") };
        format!("version of {called} {}", json!(tool.version_args))
    };
    let mut lines: Vec<String> = verifier.inputs.iter().map(input).collect();
    lines.extend(verifier.requires.tools.iter().map(tool));
    if let Network::Hosts(hosts) = &verifier.sandbox.network {
        lines.extend(hosts.iter().map(|host| format!("reaches {host}")));
    }
    lines.extend(verifier.sandbox.read.iter().map(|path| format!("reads {path}")));
    lines
}

fn lines_of(step: &VerifierStep) -> Vec<String> {
    let mut lines = match &step.kind {
        StepKind::Command(command) => {
            let args: Vec<&String> = command.args.iter().map(|arg| &arg.0).collect();
            let mut lines = vec![format!("{}: command {} {}", step.id, command.program, json!(args))];
            lines.extend(command.cwd.iter().map(|cwd| format!("  in {cwd}")));
            lines.extend(texts("  with ", &command.env));
            lines.extend(command.env_pass.iter().map(|name| format!("  with your ${name}")));
            lines.extend(command.stdin.iter().map(|text| format!("  reads {}", json!(text.0))));
            lines.extend(texts("  beside the file ", &command.files));
            lines
        }
        StepKind::Shell(shell) => {
            let mut lines = vec![format!("{}: script for {}", step.id, interpreter(shell.interpreter))];
            lines.extend(shell.cwd.iter().map(|cwd| format!("  in {cwd}")));
            lines.extend(texts("  with ", &shell.env));
            lines.extend(shell.script.trim_end().lines().map(|line| format!("  > {line}")));
            lines
        }
        StepKind::Http(http) => {
            let mut lines = vec![format!("{}: http {} {}", step.id, http.method, http.url.0)];
            lines.extend(texts("  with ", &http.headers));
            lines.extend(http.body.iter().map(|body| format!("  sends {}", json!(body.0))));
            lines
        }
        StepKind::Tcp(tcp) => {
            let what = if tcp.bind { "takes the port" } else { "calls" };
            vec![format!("{}: {what} {}:{}", step.id, tcp.host, tcp.port.0)]
        }
        StepKind::Version(version) => {
            vec![format!("{}: version of {} {}", step.id, version.tool, json!(version.args))]
        }
        StepKind::File(file) => vec![format!("{}: file {}", step.id, file.path.0)],
        StepKind::Files(files) => vec![format!("{}: files {}", step.id, files.globs.join(", "))],
        StepKind::Env(name) | StepKind::Jwt(name) | StepKind::Token(name) => {
            vec![format!("{}: {} {name}", step.id, step.kind.name())]
        }
        StepKind::Requests(_) | StepKind::Value(_) | StepKind::Manual(_) => Vec::new(),
    };
    if let (Some(retries), Some(line)) = (step.retries, lines.first_mut()) {
        line.push_str(&format!(", up to {} times", retries.times + 1));
    }
    lines
}

fn interpreter(interpreter: Interpreter) -> &'static str {
    match interpreter {
        Interpreter::Sh => "sh",
        Interpreter::Bash => "bash",
        Interpreter::Pwsh => "pwsh",
    }
}

fn texts(before: &str, texts: &BTreeMap<String, Template>) -> Vec<String> {
    texts.iter().map(|(name, text)| format!("{before}{name} = {}", json!(text.0))).collect()
}

/// A line of a record as lines of a terminal.
fn folded(line: &str, width: usize) -> Vec<String> {
    let room = width.saturating_sub(MARKS[0].len() + 1).max(20);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for part in line.chars().map(visible) {
        // What is not ASCII may be two columns wide.
        let columns = if part.is_ascii() { part.len() } else { 2 };
        if used + columns > room {
            lines.push(String::new());
            used = 0;
        }
        used += columns;
        if let Some(last) = lines.last_mut() {
            last.push_str(&part);
        }
    }
    let mark = |(nth, line)| format!("{}{line}", MARKS[usize::from(nth > 0)]);
    lines.into_iter().enumerate().map(mark).collect()
}

/// A character, or its number where it shows nothing, looks like a space, or changes what stands beside it.
fn visible(c: char) -> String {
    let hides = matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}');
    match c {
        '\t' => "    ".to_owned(),
        c if c.is_control() || hides || (c.is_whitespace() && c != ' ') => c.escape_unicode().to_string(),
        c => c.to_string(),
    }
}
