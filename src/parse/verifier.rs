//! The `verify` of a record: the long form of a verifier.
//!
//! In: the node behind the key. Out: a typed verifier whose names all stand for something, and findings. What is wrong
//! keeps the record out of the book; what could be better is handed on, so that a record may `allow` it.
//! Not here: steps, matchers, services and states (files of their own), what anything comes to (`verify`).

use super::fields::Fields;
use super::fixtures::{Fixtures, fixtures};
use super::json;
use super::matchers::{condition, conditions, range};
use super::scope::Scope;
use super::services::service;
use super::tree::{Entry, Node, Value};
use super::verifier_shape::{self as shape, Arch, Home, Os, Reach};
use super::verifier_steps::{is_program, step};
use crate::diag::{Code, Diagnostic, nearest};
use crate::model::{
    Condition, Guard, Input, InputKind, Layer, Limits, Network, Privileges, Repair, Requires, Sandbox,
    Service, StepKind, ToolRequirement, Verifier, VerifierStep, Words, WorkingFolder, WrongFix,
};
use crate::text::{Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};

/// What one verifier may take of a record.
const MAX_BYTES: usize = 64 << 10;
/// What one verifier may observe.
const MAX_STEPS: usize = 32;
/// How many wrong fixes that there are not are told: each is compared with all that there are.
const MAX_UNKNOWN: usize = 20;
const HINT: &str = "a verifier has `spec: 1`, `proves`, `limits`, `steps`, `present` and `fixtures`";

/// A verifier, and what is found out about it.
#[derive(Debug, Default)]
pub struct ParsedVerifier {
    /// The verifier, where nothing essential is missing.
    pub verifier: Option<Box<Verifier>>,
    /// What could be better.
    pub doubts: Vec<Diagnostic>,
    named: Vec<Named>,
}

/// A wrong fix that is named, and whether as a state.
#[derive(Debug)]
struct Named {
    id: Spanned<String>,
    is_cell: bool,
}

/// Reads the `verify` of a record that has these wrong fixes.
pub fn of_record(
    fields: &mut Fields,
    wrong_fixes: &[Spanned<WrongFix>],
    found: &mut Vec<Diagnostic>,
) -> ParsedVerifier {
    let Some(node) = fields.node("verify", found) else { return ParsedVerifier::default() };
    if fields.has("check") {
        let at = fields.place("verify").unwrap_or(node.span);
        found
            .push(Diagnostic::error(Code::StatedTwice, at, "this record has a `check` and a `verify`").hint(
                "`check` is the short form of a verifier, and `verify` the long one; a record has one",
            ));
    }
    let mut parsed = parse(node, found);
    compare(&mut parsed, wrong_fixes, found);
    parsed
}

fn parse(node: &Node, found: &mut Vec<Diagnostic>) -> ParsedVerifier {
    let n_bytes = node.span.range().len();
    if n_bytes > MAX_BYTES {
        let message = format!("this verifier has {n_bytes} bytes");
        let hint = format!("a verifier has at most {MAX_BYTES}; large files stand below fixtures/");
        found.push(Diagnostic::error(Code::TooLarge, node.span, message).hint(hint));
        return ParsedVerifier::default();
    }
    let n_before = found.len();
    let mut scope = Scope::new(found);
    let mut named = Vec::new();
    let verifier = verifier(node, &mut named, &mut scope);
    // Whatever is misspelt elsewhere may have meant them.
    if scope.found.len() == n_before {
        unused_steps(&mut scope);
    }
    ParsedVerifier { verifier: verifier.map(Box::new), doubts: scope.doubts, named }
}

fn verifier(node: &Node, named: &mut Vec<Named>, scope: &mut Scope) -> Option<Verifier> {
    let mut fields = Fields::open(node, &shape::VERIFIER, scope.found)?;
    let spec =
        fields.required("spec", HINT, scope.found).and_then(|node| scope.number(node, "`spec`", 1..=1));
    let title = fields.node("title", scope.found).and_then(|node| scope.words(node, "`title`"));
    let proves = fields.required("proves", HINT, scope.found).and_then(|node| scope.words(node, "`proves`"));
    let limits = fields.required("limits", HINT, scope.found).and_then(|node| scope.words(node, "`limits`"));
    let inputs = fields.node("inputs", scope.found).map(|node| inputs(node, scope)).unwrap_or_default();
    let requires = fields.node("requires", scope.found).and_then(|node| requires(node, scope));
    let sandbox_node = fields.node("sandbox", scope.found);
    scope.sandbox = sandbox_node.and_then(|node| sandbox(node, scope)).unwrap_or_default();
    let services = fields.node("services", scope.found).map(|node| services(node, scope)).unwrap_or_default();
    let timeout = fields.node("timeout", scope.found).and_then(|node| scope.duration(node, "`timeout`"));
    let steps =
        fields.required("steps", HINT, scope.found).map(|node| steps(node, scope)).unwrap_or_default();
    let present = fields.required("present", HINT, scope.found).and_then(|node| condition(node, scope));
    let absent = fields.node("absent", scope.found).map(|node| condition(node, scope));
    let repair = fields.node("repair", scope.found).and_then(|node| repair(node, named, scope));
    let fixtures_node = fields.node("fixtures", scope.found);
    let span = fields.span();
    let is_slip = |key: &String| nearest(key, ["fixtures"]).is_some();
    let written = fields.written().iter().any(is_slip);
    fields.finish(scope.found);
    let asks = steps.iter().any(|step| matches!(step.kind, StepKind::Http(_)));
    let Fixtures { states, wrong_fixes, named: cells, .. } = match fixtures_node {
        Some(node) => fixtures(node, asks, scope),
        None => {
            if !written {
                let hint = "a verifier is tested in the states `broken` and `fixed`";
                scope.error(Code::MissingFixture, span, "this verifier has no `fixtures`", hint);
            }
            Fixtures::default()
        }
    };
    named.extend(cells.into_iter().map(|id| Named { id, is_cell: true }));
    spec?;
    Some(Verifier {
        title,
        proves: proves?,
        limits: limits?,
        inputs,
        requires: requires.unwrap_or_default(),
        sandbox: scope.sandbox.clone(),
        services,
        timeout: timeout.unwrap_or(Verifier::DEFAULT_TIMEOUT),
        steps,
        present: present?,
        absent: absent.map_or(Some(None), |absent: Option<Condition>| absent.map(Some))?,
        repair: repair.unwrap_or_default(),
        fixtures: states,
        wrong_fixes,
        check_tree: tree(node, &["title", "proves", "limits", "fixtures"]),
        full_tree: tree(node, &[]),
    })
}

/// The written tree without some keys of its root.
fn tree(node: &Node, without: &[&str]) -> serde_json::Value {
    let Value::Map(entries) = &node.value else { return json::json(node) };
    json::map(entries.iter().filter(|entry| !without.contains(&entry.key.value.as_str())))
}

fn steps(node: &Node, scope: &mut Scope) -> Vec<VerifierStep> {
    let items = scope.some(node, "`steps`");
    if let Some(one_more) = items.get(MAX_STEPS) {
        let message = format!("there are {} steps", items.len());
        scope.error(Code::TooLarge, one_more.span, message, format!("a verifier has at most {MAX_STEPS}"));
    }
    items.iter().take(MAX_STEPS).filter_map(|item| step(item, scope)).collect()
}

/// Nothing waits for such a step, and a self-test could not tell whether it is right.
fn unused_steps(scope: &mut Scope) {
    let unused: Vec<(String, Span)> = scope
        .steps
        .iter()
        .filter(|(id, _)| !scope.used.contains(*id))
        .map(|(id, span)| (id.clone(), *span))
        .collect();
    for (id, span) in unused {
        let hint = "a condition names it, or another step uses what it captures";
        scope.doubt(Code::UnusedStep, span, format!("nothing depends on the step `{id}`"), hint);
    }
}

fn inputs(node: &Node, scope: &mut Scope) -> BTreeMap<String, Input> {
    let mut inputs = BTreeMap::new();
    for entry in scope.names(node, "`inputs`") {
        let name = scope.name(&entry.key, "an input");
        let input = input(entry, scope);
        if let Some((name, input)) = name.zip(input) {
            scope.inputs.insert(name.clone(), input.secret);
            inputs.insert(name, input);
        }
    }
    inputs
}

fn input(entry: &Entry, scope: &mut Scope) -> Option<Input> {
    let mut fields = Fields::open(&entry.node, &shape::INPUT, scope.found)?;
    let kind = fields.node("type", scope.found).map(|node| scope.word::<InputKind>(node, "`type`"));
    let env = fields.node("env", scope.found).and_then(|node| scope.fixed(node, "`env`"));
    let env = env.and_then(|name| scope.variable(&name));
    let secret = fields.node("secret", scope.found).and_then(|node| scope.flag(node, "`secret`"));
    let default = fields.node("default", scope.found).and_then(|node| scope.exact(node, "`default`"));
    let pattern_node = fields.node("pattern", scope.found);
    let pattern = pattern_node.and_then(|node| scope.pattern(node, "`pattern`"));
    let help = fields.node("help", scope.found).and_then(|node| scope.words(node, "`help`"));
    let (has_env, is_open) = (fields.has("env"), fields.has("default") || fields.has("pattern"));
    fields.finish(scope.found);
    let secret = secret.unwrap_or_default();
    if secret && (!has_env || is_open) {
        let message = format!("the secret input `{}` does not come by a variable alone", entry.key.value);
        let hint = "a secret has an `env`, and neither `default` nor `pattern`";
        scope.error(Code::SecretInArguments, entry.key.span, message, hint);
    }
    let kind = kind.unwrap_or(Some(InputKind::String))?;
    let default = default.filter(|default| fits(kind, default, scope));
    if let (Some(pattern), Some(default)) = (&pattern, &default)
        && !pattern.is_match(&default.value)
    {
        let message = format!("`{}` does not fit the pattern", default.value);
        scope.error(Code::WrongType, default.span, message, "a default is a value that could be handed in");
    }
    let default = default.map(|default| default.value);
    Some(Input { kind, env, secret, default, pattern, help })
}

fn fits(kind: InputKind, default: &Spanned<String>, scope: &mut Scope) -> bool {
    let fits = match kind {
        InputKind::String | InputKind::Path => true,
        InputKind::Int => default.value.parse::<i64>().is_ok(),
        InputKind::Bool => ["true", "false"].contains(&default.value.as_str()),
    };
    if !fits {
        let message = format!("`{}` is not of this input's `type`", default.value);
        scope.error(Code::WrongType, default.span, message, "a default is a value that could be handed in");
    }
    fits
}

fn requires(node: &Node, scope: &mut Scope) -> Option<Requires> {
    let mut fields = Fields::open(node, &shape::REQUIRES, scope.found)?;
    let os = fields.node("os", scope.found).map(|node| word_list::<Os>(node, "`os`", scope));
    let arch = fields.node("arch", scope.found).map(|node| word_list::<Arch>(node, "`arch`", scope));
    let tools = fields.node("tools", scope.found).map(|node| tools(node, scope)).unwrap_or_default();
    let inputs = fields.node("inputs", scope.found).map(|node| scope.texts(node, "`inputs`"));
    let files = fields.node("files", scope.found).map(|node| scope.paths(node, "`files`"));
    let privileges = fields.node("privileges", scope.found);
    let privileges = privileges.and_then(|node| scope.word::<Privileges>(node, "`privileges`"));
    fields.finish(scope.found);
    let inputs = inputs.unwrap_or_default();
    for input in
        inputs.iter().filter(|input| !scope.inputs.contains_key(&input.value)).cloned().collect::<Vec<_>>()
    {
        let names: Vec<String> = scope.inputs.keys().cloned().collect();
        scope.unknown(Code::UnknownValue, &input, "input", names.iter().map(String::as_str));
    }
    Some(Requires {
        os: os.unwrap_or_default().into_iter().map(|word| word.0.to_owned()).collect(),
        arch: arch.unwrap_or_default().into_iter().map(|word| word.0.to_owned()).collect(),
        tools,
        inputs: inputs.into_iter().map(|input| input.value).collect(),
        files: files.unwrap_or_default(),
        privileges,
    })
}

fn word_list<T: Words>(node: &Node, what: &str, scope: &mut Scope) -> Vec<T> {
    scope.some(node, what).iter().filter_map(|item| scope.word(item, &format!("an item of {what}"))).collect()
}

fn tools(node: &Node, scope: &mut Scope) -> BTreeMap<String, ToolRequirement> {
    let mut tools = BTreeMap::new();
    for entry in scope.names(node, "`tools`") {
        program_name(&entry.key, scope);
        // Whatever is wrong with its version: it is declared.
        scope.tools.insert(entry.key.value.clone());
        let tool = tool(&entry.node, scope);
        tools.extend(tool.map(|tool| (entry.key.value.clone(), tool)));
    }
    tools
}

fn program_name(name: &Spanned<String>, scope: &mut Scope) {
    if !is_program(&name.value) {
        let message = format!("`{}` is not the name of a program", name.value);
        scope.error(Code::WrongType, name.span, message, "a program stands by its name alone");
    }
}

fn tool(node: &Node, scope: &mut Scope) -> Option<ToolRequirement> {
    if !matches!(node.value, Value::Map(_)) {
        let range = Some(range(node, "a range of versions", scope)?);
        let (candidates, version_args) = (Vec::new(), Vec::new());
        return Some(ToolRequirement {
            range,
            candidates,
            version_args,
            version_regex: None,
            optional: false,
        });
    }
    let mut fields = Fields::open(node, &shape::TOOL, scope.found)?;
    let range = fields.node("range", scope.found).and_then(|node| range(node, "`range`", scope));
    let candidates = fields.node("candidates", scope.found).map(|node| scope.texts(node, "`candidates`"));
    let args = fields.node("version_args", scope.found).map(|node| scope.texts(node, "`version_args`"));
    let regex = fields.node("version_regex", scope.found);
    let version_regex = regex.and_then(|node| scope.pattern(node, "`version_regex`"));
    let optional = fields.node("optional", scope.found).and_then(|node| scope.flag(node, "`optional`"));
    fields.finish(scope.found);
    let candidates = candidates.unwrap_or_default();
    candidates.iter().for_each(|name| program_name(name, scope));
    Some(ToolRequirement {
        range,
        candidates: candidates.into_iter().map(|name| name.value).collect(),
        version_args: args.unwrap_or_default().into_iter().map(|arg| arg.value).collect(),
        version_regex,
        optional: optional.unwrap_or_default(),
    })
}

fn sandbox(node: &Node, scope: &mut Scope) -> Option<Sandbox> {
    let mut fields = Fields::open(node, &shape::SANDBOX, scope.found)?;
    let cwd = fields.node("cwd", scope.found).and_then(|node| scope.word::<WorkingFolder>(node, "`cwd`"));
    let home = fields.node("home", scope.found).and_then(|node| scope.word::<Home>(node, "`home`"));
    let network = fields.node("network", scope.found).and_then(|node| network(node, scope));
    let code = fields.node("runs_subject_code", scope.found);
    let code = code.and_then(|node| scope.flag(node, "`runs_subject_code`"));
    let must = fields.node("must_enforce", scope.found);
    let must = must.map(|node| word_list::<Layer>(node, "`must_enforce`", scope));
    let read = fields.node("read", scope.found).map(|node| readable(node, scope));
    let limits = fields.node("limits", scope.found).and_then(|node| limits(node, scope));
    fields.finish(scope.found);
    Some(Sandbox {
        cwd: cwd.unwrap_or_default(),
        real_home: home.is_some_and(|home| home.0 == "real"),
        network: network.unwrap_or_default(),
        runs_subject_code: code.unwrap_or_default(),
        must_enforce: must.unwrap_or_default(),
        read: read.unwrap_or_default(),
        limits: limits.unwrap_or_default(),
    })
}

fn network(node: &Node, scope: &mut Scope) -> Option<Network> {
    if !matches!(node.value, Value::List(_)) {
        let loopback = scope.word::<Reach>(node, "`network`")?.0 == "loopback";
        return Some(if loopback { Network::Loopback } else { Network::None });
    }
    let written = scope.some_texts(node, "`network`");
    let mut hosts = Vec::new();
    for host in written {
        let of_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        let fits = host.value.rsplit_once(':').is_some_and(|(name, port)| {
            !name.is_empty() && name.bytes().all(of_host) && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if !fits {
            let message = format!("`{}` is not a host with a port", host.value);
            scope.error(Code::WrongType, host.span, message, "it is written like `example.org:443`");
        }
        hosts.push(host.value);
    }
    Some(Network::Hosts(hosts))
}

/// Folders that may be read: not all of the disk, and nothing that leads elsewhere than it says.
fn readable(node: &Node, scope: &mut Scope) -> Vec<String> {
    let mut folders = Vec::new();
    for folder in scope.texts(node, "`read`") {
        let path = folder.value.as_str();
        if path.contains(['~', '\0'])
            || path.split('/').any(|part| part == "..")
            || path.trim_matches(['/', '.']).is_empty()
        {
            let message = format!("`{path}` is not one folder");
            scope.error(
                Code::PathEscapes,
                folder.span,
                message,
                "a folder is written out, without `~` and `..`",
            );
        }
        folders.push(folder.value);
    }
    folders
}

fn limits(node: &Node, scope: &mut Scope) -> Option<Limits> {
    let mut fields = Fields::open(node, &shape::LIMITS, scope.found)?;
    let mut limit = |key: &'static str, max: u64| {
        let node = fields.node(key, scope.found)?;
        scope.number(node, &format!("`{key}`"), 1..=max)
    };
    let limits = Limits {
        cpu: limit("cpu", 600),
        file_size: limit("file_size", 1 << 30),
        processes: limit("processes", 1024),
        memory: limit("memory", 16 << 30),
        output: limit("output", 1 << 20),
    };
    fields.finish(scope.found);
    Some(limits)
}

fn services(node: &Node, scope: &mut Scope) -> BTreeMap<String, Service> {
    let entries = scope.names(node, "`services`");
    // A reply may name any service.
    for entry in entries {
        scope.name(&entry.key, "a service");
        scope.services.insert(entry.key.value.clone());
    }
    if scope.sandbox.network != Network::Loopback && !entries.is_empty() {
        let message = "no program can reach these services";
        let hint = "services stand beside `sandbox: {network: loopback}`";
        scope.error(Code::MissingField, node.span, message, hint);
    }
    let read = |entry: &Entry| Some((entry.key.value.clone(), service(&entry.node, scope)?));
    entries.iter().filter_map(read).collect()
}

fn repair(node: &Node, named: &mut Vec<Named>, scope: &mut Scope) -> Option<Repair> {
    let mut fields = Fields::open(node, &shape::REPAIR, scope.found)?;
    let guards = fields.node("masked_by", scope.found).map(|node| scope.list(node, "`masked_by`"));
    let guards = guards.unwrap_or_default();
    let masked_by = guards.iter().filter_map(|item| guard(item, named, scope)).collect();
    let require = fields.node("require", scope.found);
    let require = require.and_then(|node| conditions(node, "`require`", scope));
    fields.finish(scope.found);
    Some(Repair { masked_by, require: require.unwrap_or_default() })
}

fn guard(node: &Node, named: &mut Vec<Named>, scope: &mut Scope) -> Option<Guard> {
    let hint = "a guard is written `{wrong_fix: its-id, when: a_step}`";
    let mut fields = Fields::open(node, &shape::GUARD, scope.found)?;
    let wrong_fix = fields.required("wrong_fix", hint, scope.found);
    let wrong_fix = wrong_fix.and_then(|node| scope.fixed(node, "`wrong_fix`"));
    let when = fields.required("when", hint, scope.found).and_then(|node| condition(node, scope));
    fields.finish(scope.found);
    named.extend(wrong_fix.clone().map(|id| Named { id, is_cell: false }));
    Some(Guard { wrong_fix: wrong_fix?.value, when: when? })
}

/// Compares the wrong fixes that a verifier names with those of the record.
fn compare(parsed: &mut ParsedVerifier, of_record: &[Spanned<WrongFix>], found: &mut Vec<Diagnostic>) {
    let ids: BTreeSet<&str> = of_record.iter().map(|fix| fix.value.id.as_str()).collect();
    let unknown = parsed.named.iter().filter(|named| !ids.contains(named.id.value.as_str()));
    for Named { id, .. } in unknown.take(MAX_UNKNOWN) {
        let hint = match nearest(&id.value, ids.iter().copied()) {
            Some(id) => format!("the nearest id is `{id}`"),
            None => {
                "a wrong fix of the record has an `id`, or one that is made of its first words".to_owned()
            }
        };
        let message = format!("the record has no wrong fix `{}`", id.value);
        found.push(Diagnostic::error(Code::UnknownWrongFix, id.span, message).hint(hint));
    }
    if parsed.verifier.is_none() {
        return;
    }
    let cells: BTreeSet<&str> =
        parsed.named.iter().filter(|named| named.is_cell).map(|named| named.id.value.as_str()).collect();
    for fix in of_record.iter().filter(|fix| !cells.contains(fix.value.id.as_str())) {
        let id = &fix.value.id;
        let message = format!("the verifier does not try the wrong fix `{id}`");
        let hint =
            format!("a state of `fixtures: {{wrong_fixes: {{{id}: …}}}}` tries it, or says why none can");
        parsed.doubts.push(Diagnostic::warning(Code::WrongFixWithoutCell, fix.span, message).hint(hint));
    }
}
