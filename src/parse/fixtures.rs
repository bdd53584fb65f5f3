//! The states in which a verifier is tested.
//!
//! In: the node behind `fixtures`. Out: typed states, whose bases exist; what a wrong fix may come to is settled here.
//! Not here: making a state real (`verify`).

use super::fields::Fields;
use super::matchers::check_value;
use super::scope::{Place, Scope};
use super::services::{claims, method, status};
use super::tree::{Node, Value};
use super::verifier_shape as shape;
use super::verifier_steps::is_program;
use crate::diag::Code;
use crate::model::{
    CommandReply, Fixture, FixtureValue, HttpReply, Replacement, Stubs, Template, Verdict, WrongCell,
};
use crate::text::{Span, Spanned};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The states and the wrong fixes of a verifier.
#[derive(Default)]
pub struct Fixtures {
    /// The states, by name.
    pub states: BTreeMap<String, Fixture>,
    /// The wrong fixes, by id.
    pub wrong_fixes: BTreeMap<String, WrongCell>,
    /// The ids of the wrong fixes, where they are written.
    pub named: Vec<Spanned<String>>,
    bases: Vec<(String, Spanned<String>)>,
    spans: BTreeMap<String, Span>,
}

const HINT: &str = "a verifier is tested in the states `broken` and `fixed`";
const REPAIRED: &[Verdict] = &[Verdict::Fixed];
const BROKEN: &[Verdict] = &[Verdict::Present];
const REFUTED: &[Verdict] = &[Verdict::Present, Verdict::Masked, Verdict::Incomplete];
const ANY: &[Verdict] =
    &[Verdict::Present, Verdict::Fixed, Verdict::Masked, Verdict::Incomplete, Verdict::CannotTell];

/// Reads `fixtures`; `asks` says whether a step asks servers on the network.
pub fn fixtures(node: &Node, asks: bool, scope: &mut Scope) -> Fixtures {
    let mut fixtures = Fixtures::default();
    for entry in scope.names(node, "`fixtures`") {
        if entry.key.value == "wrong_fixes" {
            wrong_fixes(&entry.node, &mut fixtures, scope);
            continue;
        }
        scope.name(&entry.key, "a state");
        fixtures.spans.insert(entry.key.value.clone(), entry.key.span);
        let may = match entry.key.value.as_str() {
            "broken" => BROKEN,
            "fixed" => REPAIRED,
            _ => ANY,
        };
        if let Some(state) = state(entry.key.value.clone(), &entry.node, may, &mut fixtures, scope) {
            fixtures.states.insert(entry.key.value.clone(), state);
        }
    }
    for name in ["broken", "fixed"].into_iter().filter(|name| !fixtures.spans.contains_key(*name)) {
        let message = format!("there is no state `{name}`");
        scope.error(Code::MissingFixture, node.span, message, HINT);
    }
    check_bases(&fixtures, scope);
    check_inputs(scope);
    if asks {
        check_answers(&fixtures, scope);
    }
    check_replies(&fixtures, scope);
    check_secret_shapes(node, scope);
    fixtures
}

fn wrong_fixes(node: &Node, fixtures: &mut Fixtures, scope: &mut Scope) {
    for entry in scope.names(node, "`wrong_fixes`") {
        fixtures.named.push(entry.key.clone());
        let untestable = matches!(&entry.node.value, Value::Map(entries)
            if entries.iter().any(|entry| entry.key.value == "untestable"));
        let cell = if untestable {
            self::untestable(&entry.node, scope).map(WrongCell::Untestable)
        } else {
            // No state can be called like this.
            let name = format!("wrong_fixes/{}", entry.key.value);
            state(name, &entry.node, REFUTED, fixtures, scope).map(Box::new).map(WrongCell::State)
        };
        fixtures.wrong_fixes.extend(cell.map(|cell| (entry.key.value.clone(), cell)));
    }
}

fn untestable(node: &Node, scope: &mut Scope) -> Option<String> {
    let mut fields = Fields::open(node, &shape::UNTESTABLE, scope.found)?;
    let reason = fields.required("untestable", "it is written `{untestable: the reason}`", scope.found);
    let reason = reason.and_then(|node| scope.words(node, "`untestable`"));
    fields.finish(scope.found);
    reason
}

fn state(
    name: String,
    node: &Node,
    may: &[Verdict],
    fixtures: &mut Fixtures,
    scope: &mut Scope,
) -> Option<Fixture> {
    let mut fields = Fields::open(node, &shape::STATE, scope.found)?;
    let expect = fields.required("expect", "a state has an `expect`, such as `present`", scope.found);
    let expect = expect.map(|node| expected(node, may, scope));
    let base = fields.node("base", scope.found).and_then(|node| scope.fixed(node, "`base`"));
    if let Some(base) = &base {
        fixtures.bases.push((name, base.clone()));
    }
    let files = fields.node("files", scope.found).map(|node| scope.files(node, "`files`", Place::Fixture));
    let home = fields.node("home", scope.found).map(|node| scope.files(node, "`home`", Place::Fixture));
    let from = fields.node("from", scope.found).and_then(|node| scope.fixed(node, "`from`"));
    let delete = fields.node("delete", scope.found).map(|node| scope.paths(node, "`delete`"));
    let replace = fields.node("replace", scope.found).map(|node| replacements(node, scope));
    let mode = fields.node("mode", scope.found).map(|node| modes(node, scope));
    let env = fields.node("env", scope.found).map(|node| env(node, scope));
    let inputs = fields.node("inputs", scope.found).map(|node| inputs(node, scope));
    let path = fields.node("path", scope.found).map(|node| scope.paths(node, "`path`"));
    let stubs = fields.node("stubs", scope.found).map(|node| stubs(node, scope));
    let prepare = fields.node("prepare", scope.found).map(|node| prepare(node, scope));
    fields.finish(scope.found);
    Some(Fixture {
        expect: expect.filter(|expect| !expect.is_empty())?,
        base: base.map(|base| base.value),
        files: files.unwrap_or_default(),
        home: home.unwrap_or_default(),
        from: from.and_then(|from| scope.path(&from)),
        delete: delete.unwrap_or_default(),
        replace: replace.unwrap_or_default(),
        mode: mode.unwrap_or_default(),
        env: env.unwrap_or_default(),
        inputs: inputs.unwrap_or_default(),
        path: path.unwrap_or_default(),
        stubs: stubs.map_or(Some(Stubs::default()), |stubs| stubs)?,
        prepare: prepare.unwrap_or_default(),
    })
}

/// The verdicts of a state, of those that it may come to.
fn expected(node: &Node, may: &[Verdict], scope: &mut Scope) -> Vec<Verdict> {
    let items = match &node.value {
        Value::List(_) => scope.some(node, "`expect`"),
        _ => std::slice::from_ref(node),
    };
    let mut verdicts = Vec::new();
    for item in items {
        let Some(verdict) = scope.word::<Verdict>(item, "`expect`") else { continue };
        if !may.contains(&verdict) {
            let message = format!("this state may not come to {}", verdict.name());
            let allowed: Vec<&str> = may.iter().map(|verdict| verdict.name()).collect();
            let hint = format!("it may come to {}", allowed.join(", "));
            scope.error(Code::UnknownValue, item.span, message, hint);
        }
        verdicts.push(verdict);
    }
    verdicts
}

/// Every base is a state, and none builds on itself.
fn check_bases(fixtures: &Fixtures, scope: &mut Scope) {
    let states: BTreeSet<&str> = fixtures.spans.keys().map(String::as_str).collect();
    for (_, base) in fixtures.bases.iter().filter(|(_, base)| !states.contains(base.value.as_str())) {
        scope.unknown(Code::UnknownValue, base, "state", states.iter().copied());
    }
    let base_of: BTreeMap<&str, &str> = fixtures
        .states
        .iter()
        .filter_map(|(name, state)| Some((name.as_str(), state.base.as_deref()?)))
        .collect();
    for (name, base) in &fixtures.bases {
        let mut at = Some(base.value.as_str());
        let mut n_steps = 0;
        while let Some(state) = at.filter(|state| *state != name && n_steps <= base_of.len()) {
            at = base_of.get(state).copied();
            n_steps += 1;
        }
        if at == Some(name) {
            let message = format!("the state `{name}` builds on itself");
            scope.error(
                Code::UnknownValue,
                base.span,
                message,
                "a base is a state that stands alone in the end",
            );
        }
    }
}

/// Every input that a state uses is declared, or given by some state.
fn check_inputs(scope: &mut Scope) {
    let names: BTreeSet<String> = scope.inputs.keys().chain(&scope.given).cloned().collect();
    for input in std::mem::take(&mut scope.asked).iter().filter(|input| !names.contains(&input.value)) {
        scope.unknown(Code::UnknownValue, input, "input", names.iter().map(String::as_str));
    }
}

/// A self-test reaches no network: whatever a step asks there, the states answer.
fn check_answers(fixtures: &Fixtures, scope: &mut Scope) {
    for name in ["broken", "fixed"] {
        let Some(span) = fixtures.spans.get(name) else { continue };
        let mut at = fixtures.states.get(name);
        let mut n_steps = 0;
        while let Some(state) = at.filter(|state| state.stubs.http.is_none() && n_steps < 32) {
            at = state.base.as_ref().and_then(|base| fixtures.states.get(base));
            n_steps += 1;
        }
        if at.is_none() && fixtures.states.contains_key(name) {
            let message = format!("a step asks the network, and `{name}` answers nothing");
            scope.doubt(
                Code::NetworkWithoutStub,
                *span,
                message,
                "the answers stand in `stubs: {http: […]}`",
            );
        }
    }
}

/// A check whose failure and repair are both told by recorded replies shows what its author wrote, not what tools do.
fn check_replies(fixtures: &Fixtures, scope: &mut Scope) {
    let is_recorded = |name: &str| {
        let mut at = fixtures.states.get(name);
        let mut n_steps = 0;
        while let Some(state) = at.filter(|state| state.stubs.commands.is_none() && n_steps < 32) {
            at = state.base.as_ref().and_then(|base| fixtures.states.get(base));
            n_steps += 1;
        }
        let commands = at.and_then(|state| state.stubs.commands.as_ref());
        commands.is_some_and(|commands| commands.values().any(Option::is_some))
    };
    let Some(span) = fixtures.spans.get("broken").filter(|_| is_recorded("broken") && is_recorded("fixed"))
    else {
        return;
    };
    let message = "recorded replies stand for a program in `broken` and in `fixed`";
    let hint = "a state without `stubs` runs the real one; where none can, `allow` says why";
    scope.doubt(Code::OnlyRecorded, *span, message, hint);
}

/// What scanners of repositories take for secrets.
static SECRET_SHAPES: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = [
        r"\bnpm_[A-Za-z0-9]{36}",
        r"\bgh[pousr]_[A-Za-z0-9]{36}",
        r"\bgithub_pat_[A-Za-z0-9_]{50}",
        r"\bpypi-AgE[A-Za-z0-9_-]{40}",
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"\bxox[abeoprs]-[A-Za-z0-9-]{20}",
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10}",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    ];
    Regex::new(&shapes.join("|")).expect("the shapes of secrets compile")
});

fn check_secret_shapes(node: &Node, scope: &mut Scope) {
    match &node.value {
        Value::Null => {}
        Value::Scalar(text) => {
            if SECRET_SHAPES.is_match(text) {
                let message = "secret scanners take a part of this text for a secret";
                let hint = "`${fake.npm_token}` and the like are made anew for each run";
                scope.doubt(Code::SecretShapedText, node.span, message, hint);
            }
        }
        Value::List(items) => items.iter().for_each(|item| check_secret_shapes(item, scope)),
        Value::Map(entries) => entries.iter().for_each(|entry| check_secret_shapes(&entry.node, scope)),
    }
}

fn replacements(node: &Node, scope: &mut Scope) -> Vec<Replacement> {
    scope.list(node, "`replace`").iter().filter_map(|item| replacement(item, scope)).collect()
}

fn replacement(node: &Node, scope: &mut Scope) -> Option<Replacement> {
    let hint = "a replacement is written `{path: file, find: old, with: new}`";
    let mut fields = Fields::open(node, &shape::REPLACEMENT, scope.found)?;
    let path = fields.required("path", hint, scope.found).and_then(|node| scope.fixed(node, "`path`"));
    let find = fields.required("find", hint, scope.found).and_then(|node| scope.exact(node, "`find`"));
    let with = fields.required("with", hint, scope.found).and_then(|node| scope.exact(node, "`with`"));
    fields.finish(scope.found);
    let path = path.and_then(|path| scope.path(&path));
    let find = find?;
    if find.value.is_empty() {
        scope.error(Code::EmptyValue, find.span, "`find` is empty", "it is a text that the file holds");
        return None;
    }
    Some(Replacement { path: path?, find: find.value, with: with?.value })
}

fn modes(node: &Node, scope: &mut Scope) -> BTreeMap<String, u32> {
    let mut modes = BTreeMap::new();
    for entry in scope.table(node, "`mode`") {
        let path = scope.path(&entry.key);
        let Some(written) = scope.exact(&entry.node, "a mode") else { continue };
        let digits = written.value.strip_prefix('0').unwrap_or(&written.value);
        let mode = u32::from_str_radix(digits, 8).ok().filter(|_| digits.len() == 3 && !digits.contains('+'));
        if mode.is_none() {
            let message = format!("`{}` is not the mode of a file", written.value);
            scope.error(Code::WrongType, written.span, message, "a mode is written \"644\" or \"755\"");
        }
        modes.extend(path.zip(mode));
    }
    modes
}

fn env(node: &Node, scope: &mut Scope) -> BTreeMap<String, FixtureValue> {
    let mut variables = BTreeMap::new();
    for entry in scope.table(node, "`env`") {
        let name = scope.variable(&entry.key);
        let value = fixture_value(&entry.node, scope);
        variables.extend(name.zip(value));
    }
    variables
}

fn fixture_value(node: &Node, scope: &mut Scope) -> Option<FixtureValue> {
    if !matches!(node.value, Value::Map(_)) {
        return scope.template(node, "a variable", Place::Fixture).map(FixtureValue::Text);
    }
    let mut fields = Fields::open(node, &shape::FAKE_JWT, scope.found)?;
    let claims = fields.required("fake_jwt", "it is written `{fake_jwt: {sub: someone}}`", scope.found);
    let claims = claims.and_then(|node| {
        check_value(node, Place::Fixture, scope);
        self::claims(node, scope)
    });
    fields.finish(scope.found);
    claims.map(FixtureValue::FakeJwt)
}

/// Values of inputs. Those that are secret come by their variables, as in a real run.
fn inputs(node: &Node, scope: &mut Scope) -> BTreeMap<String, Template> {
    let mut inputs = BTreeMap::new();
    for entry in scope.table(node, "`inputs`") {
        let name = scope.name(&entry.key, "an input");
        if scope.inputs.get(&entry.key.value) == Some(&true) {
            let message = format!("the input `{}` is secret", entry.key.value);
            let hint = "a secret comes by its variable: `env: {NAME: \"${fake.name}\"}`";
            scope.error(Code::SecretInArguments, entry.key.span, message, hint);
        }
        let value = scope.template(&entry.node, &format!("`{}`", entry.key.value), Place::Fixture);
        scope.given.extend(name.clone());
        inputs.extend(name.zip(value));
    }
    inputs
}

fn prepare(node: &Node, scope: &mut Scope) -> Vec<Vec<Template>> {
    let mut commands = Vec::new();
    for item in scope.list(node, "`prepare`") {
        let argv = scope.some(item, "a command of `prepare`");
        let argv: Vec<Template> = argv
            .iter()
            .filter_map(|arg| scope.template(arg, "an argument of `prepare`", Place::Fixture))
            .collect();
        commands.extend((!argv.is_empty()).then_some(argv));
    }
    commands
}

fn stubs(node: &Node, scope: &mut Scope) -> Option<Stubs> {
    let mut fields = Fields::open(node, &shape::STUBS, scope.found)?;
    let commands = fields.node("commands", scope.found).map(|node| command_stubs(node, scope));
    let http = fields.node("http", scope.found).map(|node| scope.list(node, "`http`"));
    let http = http.map(|items| items.iter().filter_map(|item| http_stub(item, scope)).collect());
    let tcp = fields.node("tcp", scope.found).map(|node| scope.list(node, "`tcp`"));
    let tcp = tcp.map(|items| items.iter().filter_map(|item| tcp_stub(item, scope)).collect());
    fields.finish(scope.found);
    Some(Stubs { commands, http, tcp })
}

fn command_stubs(node: &Node, scope: &mut Scope) -> BTreeMap<String, Option<Vec<CommandReply>>> {
    let mut commands = BTreeMap::new();
    for entry in scope.table(node, "`commands`") {
        let name = &entry.key.value;
        if !is_program(name) {
            let message = format!("`{name}` is not the name of a program");
            scope.error(Code::WrongType, entry.key.span, message, "a program stands by its name alone");
        }
        if entry.node.value == Value::Null {
            commands.insert(name.clone(), None);
            continue;
        }
        let Some(mut fields) = Fields::open(&entry.node, &shape::COMMAND_STUB, scope.found) else { continue };
        let hint = "a program that is not installed is written `name: null`";
        let replies = fields.required("replies", hint, scope.found);
        let replies = replies.map(|node| scope.list(node, "`replies`")).unwrap_or_default();
        fields.finish(scope.found);
        let replies = replies.iter().filter_map(|item| command_reply(item, scope)).collect();
        commands.insert(name.clone(), Some(replies));
    }
    commands
}

fn command_reply(node: &Node, scope: &mut Scope) -> Option<CommandReply> {
    let mut fields = Fields::open(node, &shape::COMMAND_REPLY, scope.found)?;
    let args = fields.required("args", "a reply is written `{args: [--version], stdout: …}`", scope.found);
    let args = args.map(|node| {
        let items = scope.list(node, "`args`");
        items.iter().filter_map(|item| Some(scope.exact(item, "an argument")?.value)).collect()
    });
    let exit = fields.node("exit", scope.found).map(|node| scope.number(node, "`exit`", 0..=255));
    let stdout = fields.node("stdout", scope.found).and_then(|node| scope.exact(node, "`stdout`"));
    let stderr = fields.node("stderr", scope.found).and_then(|node| scope.exact(node, "`stderr`"));
    fields.finish(scope.found);
    let text = |text: Option<Spanned<String>>| text.map(|text| text.value).unwrap_or_default();
    let exit = i32::try_from(exit.unwrap_or(Some(0))?).ok()?;
    Some(CommandReply { args: args?, exit, stdout: text(stdout), stderr: text(stderr) })
}

fn http_stub(node: &Node, scope: &mut Scope) -> Option<HttpReply> {
    let hint = "an answer is written `{url: https://…, status: 200, body: …}`";
    let mut fields = Fields::open(node, &shape::HTTP_STUB, scope.found)?;
    let method = fields.node("method", scope.found).map(|node| method(node, scope));
    let url = fields.required("url", hint, scope.found).and_then(|node| scope.fixed(node, "`url`"));
    let status = fields.required("status", hint, scope.found).and_then(|node| status(node, scope));
    let headers = fields.node("headers", scope.found).map(|node| scope.headers(node, Place::Fixture));
    let body = fields.node("body", scope.found).and_then(|node| scope.exact(node, "`body`"));
    fields.finish(scope.found);
    Some(HttpReply {
        method: method.map_or(Some(None), |method| method.map(Some))?,
        url: url?.value,
        status: status?,
        headers: headers.unwrap_or_default().into_iter().map(|(name, value)| (name, value.0)).collect(),
        body: body.map(|body| body.value).unwrap_or_default(),
    })
}

fn tcp_stub(node: &Node, scope: &mut Scope) -> Option<String> {
    let mut fields = Fields::open(node, &shape::TCP_STUB, scope.found)?;
    let input = fields.required("listen_input", "it is written `{listen_input: name}`", scope.found);
    let input = input.and_then(|node| scope.fixed(node, "`listen_input`"));
    fields.finish(scope.found);
    let input = input?;
    scope.asked.push(input.clone());
    scope.name(&input, "an input")
}
