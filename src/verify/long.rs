//! Runs the long form: one verifier over one folder.
//!
//! In: a `Verifier`, and what is around it. Out: what it came to, as data. Every text that leaves has its secrets taken
//! out first. Not here: the states that it is tested in (`states.rs`), and whether it may run at all (trust and capabilities are for whoever calls).

use super::files::{self, Documents};
use super::fixture::{Folders, Setting, typed};
use super::judge::{Judged, judge};
use super::matcher::Unknown;
use super::observe::{Question, World, observe};
use super::outcome::{Level, Mode, StepOutcome};
use super::redact::{MIN_BYTES, Redactor};
use super::service::{Replica, listen};
use super::template::Scope;
use super::tools::{Host, Versions};
use crate::model::{Privileges, Verdict, Verifier};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// What is around every run.
#[derive(Clone, Copy, Debug)]
pub struct Around<'r> {
    /// The machine.
    pub host: &'r Host,
    /// What programs said of their versions before.
    pub versions: &'r Versions,
    /// Readers of documents.
    pub documents: Documents,
    /// Files of fixtures that lie beside the record.
    pub folders: &'r Folders,
}

/// Characters of a version; what prints more prints something else.
const MAX_VERSION: usize = 60;

/// What running a verifier once came to.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, where that is not plain from the facts.
    pub reason: Option<String>,
    /// The facts, in the order in which they were observed.
    pub steps: Vec<StepOutcome>,
    /// Programs that were found, with their versions; empty where they do not tell it.
    pub tools: BTreeMap<String, String>,
    /// The least real thing that took part.
    pub level: Level,
    /// What programs and scripts of steps printed, by step, without secrets.
    pub printed: Vec<(String, String)>,
    /// How long it took.
    pub took: Duration,
}

/// Runs a verifier over a folder.
///
/// - `inputs`: by name, as text; those with an `env` may come from the environment instead
/// - `question`: puts a `manual` step to a person; without it, such a step is unknown
pub fn verify(
    verifier: &Verifier,
    subject: &Path,
    inputs: &BTreeMap<String, String>,
    mode: Mode,
    around: Around<'_>,
    question: Option<&Question<'_>>,
) -> Ran {
    match Setting::real(verifier, subject, around.host, around.versions) {
        Ok(mut setting) => {
            setting.inputs = inputs.clone();
            run(verifier, setting, mode, around, question)
        }
        Err(Unknown(reason)) => Ran::unmet(reason, BTreeMap::new(), Duration::ZERO),
    }
}

impl Ran {
    fn unmet(reason: String, tools: BTreeMap<String, String>, took: Duration) -> Ran {
        Ran {
            verdict: Verdict::CannotTell,
            reason: Some(reason),
            steps: Vec::new(),
            tools,
            level: Level::Static,
            printed: Vec::new(),
            took,
        }
    }
}

/// Runs a verifier in a setting, which goes with it.
pub(super) fn run<'r>(
    verifier: &'r Verifier,
    setting: Setting<'r>,
    mode: Mode,
    around: Around<'r>,
    question: Option<&'r Question<'r>>,
) -> Ran {
    let began = Instant::now();
    let paths = [setting.programs.scratch.clone(), setting.scratch.path().to_path_buf()];
    let mut tools = BTreeMap::new();
    let met = given(verifier, &setting)
        .and_then(|given| requirements(verifier, &setting, &given, &mut tools).map(|()| given))
        .and_then(|given| {
            services(verifier, &setting, &given).map(|(scope, services)| (given, scope, services))
        });
    let (given, scope, services) = match met {
        Ok(met) => met,
        Err(Unknown(reason)) => {
            let reason = cleaned(&reason, &Redactor::default(), &paths);
            return Ran::unmet(reason, tools, began.elapsed());
        }
    };
    // The folder and the ports of a fixture have to outlive its steps.
    let Setting { mut programs, inputs, variables, http, ports, free_inputs, listeners, scratch, .. } =
        setting;
    let free_inputs = inputs.into_keys().filter(|_| free_inputs).collect();
    programs.verifier = verifier;
    programs.ports = scope.services.values().copied().collect();
    // A self-test is offline by this and by the sandbox: programs reach the ports of our own replicas alone, requests
    // are answered by the fixture, and other connections of ours stay on this machine.
    let network = match &http {
        Some(_) => verifier.sandbox.network.of_this_machine(),
        None => verifier.sandbox.network.clone(),
    };
    let mut world = World {
        verifier,
        scope,
        programs,
        services,
        variables,
        http,
        ports,
        network,
        documents: around.documents,
        question,
        free_inputs,
        named_in_git: OnceCell::new(),
        printed: RefCell::default(),
        hidden: given.secrets,
        deadline: began + verifier.timeout,
        now: SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs()),
    };
    let mut steps = Vec::new();
    for step in &verifier.steps {
        let outcome = observe(&mut world, step, &steps);
        steps.push(outcome);
    }
    let redactor = Redactor::of(&world.hidden);
    if let Some(recorder) = world.programs.recorder {
        recorder.settle(&redactor, &world.programs);
    }
    let Judged { verdict, reason } = judge(verifier, &steps, mode);
    for step in &mut steps {
        step.reason = step.reason.as_deref().map(|reason| cleaned(reason, &redactor, &paths));
        for evidence in &mut step.evidence {
            evidence.path = cleaned(&evidence.path, &redactor, &paths);
        }
    }
    for version in tools.values_mut() {
        *version = cleaned(version, &redactor, &paths).chars().take(MAX_VERSION).collect();
    }
    let level = world.programs.used.level();
    let said = world.printed.take();
    let in_order = verifier.steps.iter().filter_map(|step| said.get_key_value(&step.id));
    let printed = in_order.map(|(step, words)| (step.clone(), cleaned(words, &redactor, &paths))).collect();
    drop((world, listeners, scratch));
    Ran {
        verdict,
        reason: reason.as_deref().map(|reason| cleaned(reason, &redactor, &paths)),
        steps,
        tools,
        level,
        printed,
        took: began.elapsed(),
    }
}

/// A text without secrets, and without paths of the scratch folder.
fn cleaned(text: &str, redactor: &Redactor, paths: &[PathBuf]) -> String {
    let without = |text: String, path: &PathBuf| text.replace(&*path.to_string_lossy(), "‹scratch›");
    paths.iter().fold(redactor.clean(text), without)
}

/// What was handed in.
struct Given {
    open: BTreeMap<String, String>,
    secrets: BTreeMap<String, String>,
}

fn given(verifier: &Verifier, setting: &Setting<'_>) -> Result<Given, Unknown> {
    let mut given = Given { open: BTreeMap::new(), secrets: BTreeMap::new() };
    for (name, input) in &verifier.inputs {
        let from_env = || setting.variables.get(input.env.as_ref()?).cloned();
        if input.secret {
            if let Some(secret) = from_env() {
                if secret.len() < MIN_BYTES {
                    return Err(Unknown::new(format!("secret-too-short: {name}")));
                }
                given.secrets.insert(name.clone(), secret);
            }
            continue;
        }
        let value = setting.inputs.get(name).cloned().or_else(from_env).or_else(|| input.default.clone());
        let Some(value) = value else { continue };
        if input.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(&value)) {
            return Err(Unknown::new(format!("bad-input: {name}")));
        }
        given.open.insert(name.clone(), value);
    }
    let typed = typed(&verifier.inputs, &given.open);
    match given.open.keys().find(|name| !typed.contains_key(*name)) {
        Some(name) => Err(Unknown::new(format!("bad-input: {name}"))),
        None => Ok(given),
    }
}

fn requirements(
    verifier: &Verifier,
    setting: &Setting<'_>,
    given: &Given,
    tools: &mut BTreeMap<String, String>,
) -> Result<(), Unknown> {
    let requires = &verifier.requires;
    let unmet = |what: String| Err(Unknown(what));
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    if !requires.os.is_empty() && !requires.os.iter().any(|it| it == os) {
        return unmet(format!("os: {os}"));
    }
    if !requires.arch.is_empty() && !requires.arch.iter().any(|it| it == arch) {
        return unmet(format!("arch: {arch}"));
    }
    match (requires.privileges, setting.programs.host.is_root) {
        (Some(Privileges::Root), false) => return unmet("privileges: not root".to_owned()),
        (Some(Privileges::User), true) => return unmet("privileges: root".to_owned()),
        _ => {}
    }
    let has = |name: &&String| given.open.contains_key(*name) || given.secrets.contains_key(*name);
    if let Some(name) = requires.inputs.iter().find(|name| !has(name)) {
        return unmet(format!("missing-input: {name}"));
    }
    for path in &requires.files {
        if files::confined(&setting.subject, path)?.is_none() {
            return unmet(format!("missing-file: {path}"));
        }
    }
    for (name, wanted) in &requires.tools {
        match setting.programs.require(name, wanted) {
            Ok(version) => drop(tools.insert(name.clone(), version)),
            Err(_) if wanted.optional => {}
            Err(unknown) => return Err(unknown),
        }
    }
    Ok(())
}

type Services = (Scope, BTreeMap<String, Replica>);

/// Starts the replicas: all ports are known before the first of them answers, since answers may name any.
fn services(verifier: &Verifier, setting: &Setting<'_>, given: &Given) -> Result<Services, Unknown> {
    let no_port = |_| Unknown::new("no-port");
    let mut scope = setting.scope();
    scope.inputs = typed(&verifier.inputs, &given.open);
    scope.secrets = given.secrets.clone();
    let mut listeners = Vec::new();
    for (name, service) in &verifier.services {
        let (listener, port) = listen().map_err(no_port)?;
        scope.services.insert(name.clone(), port);
        listeners.push((name.clone(), listener, service.clone()));
    }
    let mut replicas = BTreeMap::new();
    for (name, listener, service) in listeners {
        replicas.insert(name, Replica::start(listener, service, scope.clone()).map_err(no_port)?);
    }
    Ok((scope, replicas))
}
