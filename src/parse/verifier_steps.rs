//! The steps of a verifier: what is observed, and what of it shows the fact.
//!
//! In: the items of `steps`. Out: typed steps, whose names are unique and whose programs are declared.
//! Not here: matchers (`matchers.rs`), what an observation comes to (`verify`).

use super::fields::Fields;
use super::matchers::{self, OF_FILE, OF_FILES, OF_LOG, condition, probes};
use super::scope::{Place, Scope};
use super::services::{method, named};
use super::tree::{Node, Value};
use super::verifier_shape::{self as shape, Known, PortProbe};
use crate::diag::{Code, nearest};
use crate::model::{
    Capture, CommandStep, Fact, FileStep, FilesStep, HttpStep, Interpreter, ManualStep, Network, Pattern,
    RequestsStep, Retries, ShellStep, StepKind, TcpStep, Template, Verifier, VerifierStep, VersionStep,
    WorkingFolder,
};
use crate::text::Spanned;
use std::collections::BTreeMap;

const KINDS: [&str; 13] = [
    "command", "shell", "http", "file", "files", "env", "tcp", "version", "jwt", "token", "requests",
    "value", "manual",
];
const OF_PROGRAM: &[&str] = &["exit", "signal", "stdout", "stderr", "output", "json", "lines", "duration"];
const OF_ANSWER: &[&str] = &["status", "header.*", "body", "json", "duration", "final_url", "tls_days_left"];
const HINT: &str = "a step has an `id`, one kind such as `command` or `file`, and an `expect`";

/// The probes of a kind of step.
fn probes_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "command" | "shell" => OF_PROGRAM,
        "http" => OF_ANSWER,
        "file" => OF_FILE,
        "files" => OF_FILES,
        "env" => &["set", "value"],
        "tcp" => &["connected", "bind", "banner"],
        "version" => &["found", "version"],
        "jwt" => &["header.*", "claims.*", "expired"],
        "token" => &["class", "length"],
        "requests" => OF_LOG,
        "value" => &["value"],
        _ => &["answer"],
    }
}

/// Reads a step. Its id is known from here on, whatever is wrong with the rest.
pub fn step(node: &Node, scope: &mut Scope) -> Option<VerifierStep> {
    let mut fields = Fields::open(node, &shape::FACT, scope.found)?;
    let id = fields.required("id", HINT, scope.found);
    let id = id.and_then(|node| scope.fixed(node, "`id`")).filter(|id| scope.name(id, "a step").is_some());
    let kinds: Vec<(&'static str, &Node)> =
        KINDS.iter().filter_map(|kind| Some((*kind, fields.node(kind, scope.found)?))).collect();
    let names = kinds.first().map_or(OF_PROGRAM, |(name, _)| probes_of(name));
    let kind = one_kind(&kinds, &fields, scope);
    let expect = fields.required("expect", HINT, scope.found);
    let expect = expect.and_then(|node| probes(node, "`expect`", names, scope));
    let refute_node = fields.node("refute", scope.found);
    let refute = refute_node.map(|node| probes(node, "`refute`", names, scope));
    let when = fields.node("when", scope.found).map(|node| condition(node, scope));
    let capture = fields.node("capture", scope.found);
    let capture = capture.map(|node| captures(node, names, scope)).unwrap_or_default();
    let timeout = fields.node("timeout", scope.found).and_then(|node| scope.duration(node, "`timeout`"));
    let on_timeout = fields.node("on_timeout", scope.found).and_then(|node| on_timeout(node, scope));
    let retries = fields.node("retries", scope.found).map(|node| retries(node, scope));
    let note = fields.node("note", scope.found).and_then(|node| scope.words(node, "`note`"));
    fields.finish(scope.found);
    let id = introduce(id?, &capture, scope)?;
    let step = VerifierStep {
        id: id.value.clone(),
        kind: kind?,
        expect: expect?,
        refute: refute.map_or(Some(None), |refute| refute.map(Some))?,
        when: when.map_or(Some(None), |when| when.map(Some))?,
        capture,
        timeout: timeout.unwrap_or(Verifier::DEFAULT_STEP_TIMEOUT),
        on_timeout: on_timeout.unwrap_or_default(),
        retries: retries.map_or(Some(None), |retries| retries.map(Some))?,
        note,
    };
    doubts(&step, &id, scope);
    Some(step)
}

fn one_kind(kinds: &[(&'static str, &Node)], fields: &Fields, scope: &mut Scope) -> Option<StepKind> {
    match kinds {
        // A kind without a value, or with a slip in it, has a finding of its own.
        [] if fields.written().iter().any(|key| nearest(key, KINDS).is_some()) => None,
        [] => {
            let message = "this step does not say how its fact is observed";
            scope.error(
                Code::MissingField,
                fields.span(),
                message,
                format!("the kinds are {}", KINDS.join(", ")),
            );
            None
        }
        [(name, node)] => kind(name, node, scope),
        [(first, _), (second, node), ..] => {
            let message = format!("this step is a `{first}` and a `{second}`");
            scope.error(Code::StatedTwice, node.span, message, "each observation is a step of its own");
            None
        }
    }
}

/// From here on the step and its captures can be named.
fn introduce(
    id: Spanned<String>,
    captures: &BTreeMap<String, Capture>,
    scope: &mut Scope,
) -> Option<Spanned<String>> {
    if scope.steps.contains_key(&id.value) {
        let message = format!("two steps are called `{}`", id.value);
        scope.error(Code::StatedTwice, id.span, message, "each step has a name of its own");
        return None;
    }
    scope.steps.insert(id.value.clone(), id.span);
    for (name, capture) in captures {
        scope.captures.insert(name.clone(), (id.value.clone(), capture.secret));
    }
    Some(id)
}

fn doubts(step: &VerifierStep, id: &Spanned<String>, scope: &mut Scope) {
    let runs = matches!(step.kind, StepKind::Command(_) | StepKind::Shell(_) | StepKind::Http(_));
    if runs && step.refute.is_none() {
        let message = format!("`{}` takes everything that it does not expect for the opposite", id.value);
        let hint = "`refute` says what shows the opposite; anything else is then unknown";
        scope.doubt(Code::StepWithoutRefute, id.span, message, hint);
    }
    if matches!(step.kind, StepKind::Shell(_)) && scope.sandbox.real_home {
        let message = format!("the script of `{}` may read the real home", id.value);
        scope.doubt(
            Code::HomeWithShell,
            id.span,
            message,
            "a `command` runs one program with known arguments",
        );
    }
    let of_locale = |name: &String| name == "LANG" || name == "LANGUAGE" || name.starts_with("LC_");
    let speaks = match &step.kind {
        StepKind::Command(command) => command.env.keys().chain(&command.env_pass).any(of_locale),
        StepKind::Shell(shell) => shell.env.keys().any(of_locale),
        _ => false,
    };
    if speaks {
        let message = format!("what `{}` prints depends on a language", id.value);
        scope.doubt(
            Code::LocaleDependent,
            id.span,
            message,
            "without such a variable it is `C.UTF-8` everywhere",
        );
    }
}

fn kind(name: &str, node: &Node, scope: &mut Scope) -> Option<StepKind> {
    Some(match name {
        "command" => StepKind::Command(command(node, scope)?),
        "shell" => StepKind::Shell(shell(node, scope)?),
        "http" => StepKind::Http(http(node, scope)?),
        "file" => StepKind::File(file(node, scope)?),
        "files" => StepKind::Files(files(node, scope)?),
        "env" => {
            let name = scope.fixed(node, "`env`")?;
            StepKind::Env(scope.variable(&name)?)
        }
        "tcp" => StepKind::Tcp(tcp(node, scope)?),
        "version" => StepKind::Version(version(node, scope)?),
        "jwt" => StepKind::Jwt(secret(node, scope)?),
        "token" => StepKind::Token(secret(node, scope)?),
        "requests" => StepKind::Requests(requests(node, scope)?),
        "value" => StepKind::Value(captured(node, scope)?),
        _ => StepKind::Manual(manual(node, scope)?),
    })
}

fn command(node: &Node, scope: &mut Scope) -> Option<CommandStep> {
    if matches!(node.value, Value::List(_)) {
        let (program, args) = argv(node, scope)?;
        let (env, files) = (BTreeMap::new(), BTreeMap::new());
        return Some(CommandStep { program, args, cwd: None, env, env_pass: Vec::new(), stdin: None, files });
    }
    let mut fields = Fields::open(node, &shape::COMMAND, scope.found)?;
    let hint = "a command is written `[git, status]`, or `{argv: [git, status]}` and more";
    let argv = fields.required("argv", hint, scope.found).and_then(|node| argv(node, scope));
    let cwd = fields.node("cwd", scope.found).and_then(|node| folder(node, scope));
    let env = fields.node("env", scope.found).map(|node| scope.variables(node, "`env`", Place::Value));
    let env_pass = fields.node("env_pass", scope.found).map(|node| scope.texts(node, "`env_pass`"));
    let env_pass = env_pass.unwrap_or_default();
    let env_pass = env_pass.iter().filter_map(|name| scope.variable(name)).collect();
    let stdin = fields.node("stdin", scope.found);
    let stdin = stdin.and_then(|node| scope.template(node, "`stdin`", Place::Value));
    let files = fields.node("files", scope.found).map(|node| copied_files(node, scope)).unwrap_or_default();
    fields.finish(scope.found);
    let (program, args) = argv?;
    Some(CommandStep { program, args, cwd, env: env.unwrap_or_default(), env_pass, stdin, files })
}

fn copied_files(node: &Node, scope: &mut Scope) -> BTreeMap<String, Template> {
    if scope.sandbox.cwd != WorkingFolder::Copy {
        let message = "these files have no copy of the subject to stand in";
        scope.error(
            Code::MissingField,
            node.span,
            message,
            "a command writes files where `sandbox: {cwd: copy}` is",
        );
    }
    scope.files(node, "`files`", Place::Value)
}

fn folder(node: &Node, scope: &mut Scope) -> Option<String> {
    let folder = scope.fixed(node, "`cwd`")?;
    scope.path(&folder)
}

/// A program and its arguments.
fn argv(node: &Node, scope: &mut Scope) -> Option<(String, Vec<Template>)> {
    let (first, rest) = scope.some(node, "`argv`").split_first()?;
    let program = program(first, scope);
    let args: Vec<Template> =
        rest.iter().filter_map(|arg| scope.template(arg, "an argument", Place::Argument)).collect();
    Some((program?, args))
}

/// A declared program, by a name alone.
fn program(node: &Node, scope: &mut Scope) -> Option<String> {
    let n_before = scope.found.len();
    let program = scope.fixed(node, "a program")?;
    if scope.found.len() > n_before {
        return None;
    }
    if !scope.tools.contains(&program.value) {
        if is_program(&program.value) {
            scope.undeclared(&program);
        } else {
            let message = format!("`{}` is not the name of a program", program.value);
            let hint = "a program stands by its name alone, and is declared in `requires`";
            scope.error(Code::ProgramNotDeclared, program.span, message, hint);
        }
        return None;
    }
    Some(program.value)
}

/// Whether a text can be the name of a program: no path, and no option.
pub fn is_program(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte))
}

fn shell(node: &Node, scope: &mut Scope) -> Option<ShellStep> {
    let mut fields = Fields::open(node, &shape::SHELL, scope.found)?;
    let script = fields.required("script", "it is written `{script: …}`", scope.found);
    let script = script.and_then(|node| {
        scope.words(node, "`script`")?;
        scope.template(node, "`script`", Place::Script)
    });
    let interpreter = fields.node("interpreter", scope.found);
    let who = interpreter.map(|node| scope.word::<Interpreter>(node, "`interpreter`"));
    if let (Some(Some(Interpreter::Pwsh)), Some(node)) = (&who, interpreter)
        && !scope.tools.contains("pwsh")
    {
        scope.undeclared(&Spanned::new("pwsh".to_owned(), node.span));
    }
    let env = fields.node("env", scope.found).map(|node| scope.variables(node, "`env`", Place::Value));
    let cwd = fields.node("cwd", scope.found).and_then(|node| folder(node, scope));
    fields.finish(scope.found);
    let interpreter = who.unwrap_or(Some(Interpreter::Sh))?;
    Some(ShellStep { script: script?.0, interpreter, env: env.unwrap_or_default(), cwd })
}

fn http(node: &Node, scope: &mut Scope) -> Option<HttpStep> {
    let mut fields = Fields::open(node, &shape::HTTP, scope.found)?;
    let method = fields.node("method", scope.found).map(|node| method(node, scope));
    let url = fields.required("url", "it is written `{url: https://…}`", scope.found);
    let url = url.and_then(|node| address(node, scope));
    let headers = fields.node("headers", scope.found).map(|node| scope.headers(node, Place::Value));
    let body = fields.node("body", scope.found);
    let body = body.and_then(|node| scope.template(node, "`body`", Place::Value));
    let follow = fields.node("follow", scope.found).map(|node| scope.number(node, "`follow`", 0..=5));
    fields.finish(scope.found);
    Some(HttpStep {
        method: method.unwrap_or_else(|| Some("GET".to_owned()))?,
        url: url?,
        headers: headers.unwrap_or_default(),
        body,
        follow: u32::try_from(follow.unwrap_or(Some(0))?).ok()?,
    })
}

/// An address whose scheme and host are written out.
fn address(node: &Node, scope: &mut Scope) -> Option<Template> {
    let url = scope.exact(node, "`url`")?;
    let host_end = |rest: &str| rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let rest = url.value.strip_prefix("https://").or_else(|| url.value.strip_prefix("http://"));
    let host = rest.map(|rest| &rest[..host_end(rest)]);
    if url.value.starts_with("${") || host.is_some_and(|host| host.contains("${")) {
        let message = "the host of this address is a template";
        let hint = "scheme and host are written out, so that a plan can list them";
        scope.error(Code::TemplateNotAllowed, url.span, message, hint);
        return None;
    }
    let is_host = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    };
    if !host.is_some_and(is_host) || url.value.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let message = format!("`{}` is not an address", url.value);
        scope.error(
            Code::WrongType,
            url.span,
            message,
            "an address begins with https:// or http:// and a host",
        );
        return None;
    }
    let usual = if url.value.starts_with("https:") { "443" } else { "80" };
    let (name, port) = match host?.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host?, usual),
    };
    check_reach(&Spanned::new(name.to_owned(), url.span), Some(port), scope);
    scope.template(node, "`url`", Place::Address)
}

/// A step that asks where the sandbox lets nothing through would never know anything.
fn check_reach(host: &Spanned<String>, port: Option<&str>, scope: &mut Scope) {
    let is_listed = |listed: &String| {
        listed.rsplit_once(':').is_some_and(|(name, of)| {
            name.eq_ignore_ascii_case(&host.value) && port.is_none_or(|port| port == of)
        })
    };
    let reached = match &scope.sandbox.network {
        Network::None => false,
        Network::Loopback => ["127.0.0.1", "localhost", "[::1]"].contains(&host.value.as_str()),
        Network::Hosts(hosts) => hosts.iter().any(is_listed),
    };
    if !reached {
        let place = port.map_or_else(|| host.value.clone(), |port| format!("{}:{port}", host.value));
        let message = format!("the sandbox lets nothing through to `{place}`");
        let hint =
            "`sandbox: {network: [\"host:port\"]}` lists what steps may ask; `loopback` is this machine";
        scope.error(Code::UnknownValue, host.span, message, hint);
    }
}

fn file(node: &Node, scope: &mut Scope) -> Option<FileStep> {
    if matches!(node.value, Value::Scalar(_)) {
        let path = file_path(node, scope)?;
        return Some(FileStep { path, root: Default::default(), document: None, query: None });
    }
    let mut fields = Fields::open(node, &shape::FILE, scope.found)?;
    let path = fields.required("path", "it is written `{path: …}`", scope.found);
    let path = path.and_then(|node| file_path(node, scope));
    let root = fields.node("root", scope.found).map(|node| scope.word(node, "`root`"));
    let document = fields.node("as", scope.found).map(|node| scope.word(node, "`as`"));
    let query = fields.node("query", scope.found).and_then(|node| scope.query(node));
    fields.finish(scope.found);
    Some(FileStep {
        path: path?,
        root: root.unwrap_or(Some(Default::default()))?,
        document: document.flatten(),
        query,
    })
}

/// A path that may be a template; its written part stays below its root.
fn file_path(node: &Node, scope: &mut Scope) -> Option<Template> {
    let path = scope.template(node, "`path`", Place::Value)?;
    scope.path(&Spanned::new(path.0.clone(), node.span))?;
    Some(path)
}

fn files(node: &Node, scope: &mut Scope) -> Option<FilesStep> {
    let mut fields = Fields::open(node, &shape::FILES, scope.found)?;
    let globs = fields.required("glob", "it is written `{glob: \"**/*.sh\"}`", scope.found);
    let globs = globs.map(|node| globs_of(node, "`glob`", scope)).unwrap_or_default();
    let exclude = fields.node("exclude", scope.found);
    let exclude = exclude.map(|node| globs_of(node, "`exclude`", scope)).unwrap_or_default();
    let root = fields.node("root", scope.found).map(|node| scope.word(node, "`root`"));
    let document = fields.node("as", scope.found).map(|node| scope.word(node, "`as`"));
    let query = fields.node("query", scope.found).and_then(|node| scope.query(node));
    let allow_none = fields.node("allow_none", scope.found).and_then(|node| scope.flag(node, "`allow_none`"));
    fields.finish(scope.found);
    let root = root.unwrap_or(Some(Default::default()))?;
    let allow_none = allow_none.unwrap_or_default();
    let document = document.flatten();
    (!globs.is_empty()).then_some(FilesStep { globs, exclude, root, document, query, allow_none })
}

fn globs_of(node: &Node, what: &str, scope: &mut Scope) -> Vec<String> {
    let globs = match node.value {
        Value::Scalar(_) => scope.fixed(node, what).into_iter().collect(),
        _ => scope.some_texts(node, what),
    };
    globs.iter().filter_map(|glob| scope.path(glob)).collect()
}

fn tcp(node: &Node, scope: &mut Scope) -> Option<TcpStep> {
    let hint = "it is written `{host: 127.0.0.1, port: 8080, probe: connect}`";
    let mut fields = Fields::open(node, &shape::TCP, scope.found)?;
    let host = fields.required("host", hint, scope.found).and_then(|node| scope.fixed(node, "`host`"));
    let port = fields.required("port", hint, scope.found).and_then(|node| port(node, scope));
    let probe = fields.required("probe", hint, scope.found);
    let probe = probe.and_then(|node| scope.word::<PortProbe>(node, "`probe`"));
    fields.finish(scope.found);
    let (host, port, bind) = (host?, port?, probe?.0 == "bind");
    if !bind && !host.value.contains("${") {
        let number = Some(port.0.as_str()).filter(|port| !port.starts_with("${"));
        check_reach(&host, number, scope);
    }
    Some(TcpStep { host: host.value, port, bind })
}

fn port(node: &Node, scope: &mut Scope) -> Option<Template> {
    let port = scope.template(node, "`port`", Place::Value)?;
    let is_number = port.0.parse::<u16>().is_ok_and(|port| port > 0);
    if !is_number && !port.0.starts_with("${") {
        let message = format!("`{}` is not the number of a port", port.0);
        scope.error(Code::WrongType, node.span, message, "it is a number from 1 to 65535, or a template");
        return None;
    }
    Some(port)
}

fn version(node: &Node, scope: &mut Scope) -> Option<VersionStep> {
    if matches!(node.value, Value::Scalar(_)) {
        return Some(VersionStep { tool: program(node, scope)?, args: Vec::new(), regex: None });
    }
    let mut fields = Fields::open(node, &shape::VERSION, scope.found)?;
    let tool = fields.required("tool", "it is written `{tool: git}`", scope.found);
    let tool = tool.and_then(|node| program(node, scope));
    let args = fields.node("args", scope.found).map(|node| scope.texts(node, "`args`")).unwrap_or_default();
    let regex = fields.node("regex", scope.found).map(|node| scope.pattern(node, "`regex`"));
    fields.finish(scope.found);
    let args = args.into_iter().map(|arg| arg.value).collect();
    Some(VersionStep { tool: tool?, args, regex: regex.map_or(Some(None), |regex| regex.map(Some))? })
}

/// The secret input in which a token stands.
fn secret(node: &Node, scope: &mut Scope) -> Option<String> {
    let mut fields = Fields::open(node, &shape::SECRET, scope.found)?;
    let secret = fields.required("secret", "it is written `{secret: name}`", scope.found);
    let secret = secret.and_then(|node| scope.fixed(node, "`secret`"));
    fields.finish(scope.found);
    let secret = secret?;
    if scope.inputs.get(&secret.value) != Some(&true) {
        let secrets = scope.inputs.iter().filter(|(_, secret)| **secret).map(|(name, _)| name.clone());
        let secrets: Vec<String> = secrets.collect();
        scope.unknown(Code::UnknownValue, &secret, "secret input", secrets.iter().map(String::as_str));
        return None;
    }
    Some(secret.value)
}

fn requests(node: &Node, scope: &mut Scope) -> Option<RequestsStep> {
    let mut fields = Fields::open(node, &shape::REQUESTS, scope.found)?;
    let service = fields.required("service", "it is written `{service: name}`", scope.found);
    let service = service.and_then(|node| named(node, scope));
    let method = fields.node("method", scope.found).map(|node| method(node, scope));
    let path = fields.node("path", scope.found).map(|node| scope.pattern(node, "`path`"));
    fields.finish(scope.found);
    Some(RequestsStep {
        service: service?,
        method: method.map_or(Some(None), |method| method.map(Some))?,
        path: path.map_or(Some(None), |path: Option<Pattern>| path.map(Some))?,
    })
}

fn captured(node: &Node, scope: &mut Scope) -> Option<Template> {
    let value = scope.template(node, "`value`", Place::Value)?;
    if !value.0.starts_with("${cap.") {
        let message = format!("`{}` is not a captured value", value.0);
        scope.error(Code::WrongType, node.span, message, "it is written `value: ${cap.name}`");
        return None;
    }
    Some(value)
}

fn manual(node: &Node, scope: &mut Scope) -> Option<ManualStep> {
    let hint = "it is written `{instruction: …, choices: [yes, no]}`";
    let mut fields = Fields::open(node, &shape::MANUAL, scope.found)?;
    let instruction = fields.required("instruction", hint, scope.found);
    let instruction = instruction.and_then(|node| scope.words(node, "`instruction`"));
    let choices = fields.required("choices", hint, scope.found);
    let choices = choices.map(|node| scope.some_texts(node, "`choices`"));
    fields.finish(scope.found);
    let choices = choices?.into_iter().map(|choice| choice.value).collect();
    Some(ManualStep { instruction: instruction?, choices })
}

fn captures(node: &Node, names: &[&str], scope: &mut Scope) -> BTreeMap<String, Capture> {
    let mut captures = BTreeMap::new();
    for entry in scope.table(node, "`capture`") {
        let name = scope.name(&entry.key, "a captured value");
        let capture = capture(&entry.node, names, scope);
        if scope.captures.contains_key(&entry.key.value) {
            let message = format!("another step captures `{}` already", entry.key.value);
            scope.error(Code::StatedTwice, entry.key.span, message, "each value has a name of its own");
        }
        captures.extend(name.zip(capture));
    }
    captures
}

fn capture(node: &Node, names: &[&str], scope: &mut Scope) -> Option<Capture> {
    let mut fields = Fields::open(node, &shape::CAPTURE, scope.found)?;
    let from = fields.required("from", "a capture is written `{from: stdout}`", scope.found);
    let from = from.and_then(|node| scope.fixed(node, "`from`"));
    let query = fields.node("query", scope.found).and_then(|node| scope.query(node));
    let regex = fields.node("regex", scope.found);
    let pattern = regex.map(|node| (node.span, scope.pattern(node, "`regex`")));
    let secret = fields.node("secret", scope.found).and_then(|node| scope.flag(node, "`secret`"));
    fields.finish(scope.found);
    let from = from?;
    if !matchers::has_probe(names, &from.value) {
        matchers::unknown_probe(&from, names, scope);
        return None;
    }
    let regex = match pattern {
        None => None,
        Some((span, regex)) => {
            let regex = regex?;
            if regex.n_groups() != 1 {
                let message = format!("this regular expression has {} groups", regex.n_groups());
                scope.error(
                    Code::BadRegex,
                    span,
                    message,
                    "one group holds what is captured; others are `(?:…)`",
                );
                return None;
            }
            Some(regex)
        }
    };
    Some(Capture { from: from.value, query, regex, secret: secret.unwrap_or_default() })
}

fn on_timeout(node: &Node, scope: &mut Scope) -> Option<Fact> {
    match truth(node) {
        Some(true) => Some(Fact::True),
        Some(false) => Some(Fact::False),
        None => scope.word(node, "`on_timeout`"),
    }
}

fn retries(node: &Node, scope: &mut Scope) -> Option<Retries> {
    let hint = "it is written `{times: 3, delay: 500ms, until: known}`";
    let mut fields = Fields::open(node, &shape::RETRIES, scope.found)?;
    let times = fields.required("times", hint, scope.found);
    let times = times.and_then(|node| scope.number(node, "`times`", 1..=5));
    let delay = fields.required("delay", hint, scope.found);
    let delay = delay.and_then(|node| scope.duration(node, "`delay`"));
    let until = fields.node("until", scope.found).map(|node| until_true(node, scope));
    let stable = fields.node("stable", scope.found).map(|node| scope.number(node, "`stable`", 1..=6));
    fields.finish(scope.found);
    Some(Retries {
        times: u32::try_from(times?).ok()?,
        delay: delay?,
        until_true: until.unwrap_or(Some(false))?,
        stable: u32::try_from(stable.unwrap_or(Some(1))?).ok()?,
    })
}

fn until_true(node: &Node, scope: &mut Scope) -> Option<bool> {
    if truth(node) == Some(true) {
        return Some(true);
    }
    scope.word::<Known>(node, "`until`").map(|_| false)
}

/// A truth value without quotes.
fn truth(node: &Node) -> Option<bool> {
    match &node.value {
        Value::Scalar(text) if !node.quoted => text.parse().ok(),
        _ => None,
    }
}
