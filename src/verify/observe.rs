//! One step: what it sees, and which fact that shows.
//!
//! In: a `World` and a step. Out: true, false or unknown, where it was seen, and what is to be kept. Nothing here
//! decides a verdict (`judge.rs`) or starts a process (`sandbox.rs`).

use super::commands;
use super::files::{self, Documents, LoadedFile, Reading};
use super::judge::{AMBIGUOUS, Facts, SKIPPED};
use super::matcher::{Known, Matching, Unknown, all, any};
use super::network::{self, Ask, Terms};
use super::outcome::{Evidence, StepOutcome};
use super::query::Query;
use super::service::{self, Replica};
use super::template::{Scope, alone, in_text};
use super::tls::ROOTS_VARIABLE;
use super::tokens;
use super::tools::{Programs, Version};
use crate::model::{
    Capture, Fact, FileStep, FilesStep, HttpReply, HttpStep, InputKind, ManualStep, Matcher, Network, Op,
    Probes, Root, StepKind, TcpStep, Template, Verifier, VerifierStep,
};
use serde_json::{Value, json};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Puts a question to a person; `None` where there is no answer.
pub type Question<'r> = dyn Fn(&ManualStep) -> Option<String> + 'r;

/// Everything that the steps of one run see.
pub struct World<'r> {
    /// Whose steps they are.
    pub verifier: &'r Verifier,
    /// What templates stand for; steps add captures.
    pub scope: Scope,
    /// The programs.
    pub programs: Programs<'r>,
    /// Replicas that are running.
    pub services: BTreeMap<String, Replica>,
    /// What `env` steps see.
    pub variables: BTreeMap<String, String>,
    /// In a fixture: what stands for servers.
    pub http: Option<Vec<HttpReply>>,
    /// In a fixture: the ports that `tcp` steps may call.
    pub ports: Option<Vec<u16>>,
    /// What steps of ours may ask. In a fixture no other machine, whatever the verifier says.
    pub network: Network,
    /// Readers of documents.
    pub documents: Documents,
    /// Somebody to ask.
    pub question: Option<&'r Question<'r>>,
    /// Inputs whose paths may lead out of the subject: those that whoever runs this has handed in.
    pub free_inputs: BTreeSet<String>,
    /// Settings of git in the examined folder that name programs, and what stands for them; asked once.
    pub named_in_git: OnceCell<Result<Vec<(String, String)>, Unknown>>,
    /// What programs and scripts printed, by step.
    pub printed: RefCell<BTreeMap<String, String>>,
    /// What is taken out of every text that leaves: secrets by name.
    pub hidden: BTreeMap<String, String>,
    /// Until then.
    pub deadline: Instant,
    /// Seconds since 1970, for tokens that expire.
    pub now: u64,
}

/// Of all files of one step together.
const MAX_READ: usize = 256 << 20;
/// Of one step.
const MAX_EVIDENCE: usize = 20;

/// What a step sees.
enum Seen {
    Values(Value),
    File { shown: String, file: Option<LoadedFile> },
    Files { root: PathBuf, before: &'static str, paths: Vec<String> },
    Requests(Vec<Value>),
}

/// What came out of one try.
struct Tried {
    fact: Fact,
    reason: Option<String>,
    evidence: Vec<Evidence>,
    captures: BTreeMap<String, Value>,
}

impl Tried {
    fn unknown(reason: impl Into<String>) -> Tried {
        Tried {
            fact: Fact::Unknown,
            reason: Some(reason.into()),
            evidence: Vec::new(),
            captures: BTreeMap::new(),
        }
    }
}

/// Observes a step, as often as it says, and keeps what it captures. `earlier` are the steps before it.
pub fn observe(world: &mut World<'_>, step: &VerifierStep, earlier: &[StepOutcome]) -> StepOutcome {
    let began = Instant::now();
    let wanted = match &step.when {
        Some(condition) => Facts::of(earlier).hold(condition) == Ok(true),
        None => true,
    };
    let tried = if wanted { tries(world, step) } else { Tried::unknown(SKIPPED) };
    for (name, value) in tried.captures {
        if step.capture.get(&name).is_some_and(|capture| capture.secret) {
            world.hidden.insert(name.clone(), in_text(&value));
        }
        world.scope.captures.insert(name, value);
    }
    StepOutcome {
        id: step.id.clone(),
        fact: tried.fact,
        reason: tried.reason,
        evidence: tried.evidence,
        took: began.elapsed(),
    }
}

fn tries(world: &World<'_>, step: &VerifierStep) -> Tried {
    let mut tried = once(world, step);
    let Some(retries) = step.retries else { return tried };
    let mut n_same = 1;
    for _ in 0..retries.times {
        let enough = match retries.until_true {
            true => tried.fact == Fact::True,
            false => tried.fact != Fact::Unknown,
        };
        if enough && n_same >= retries.stable || Instant::now() + retries.delay >= world.deadline {
            break;
        }
        std::thread::sleep(retries.delay);
        let next = once(world, step);
        n_same = if next.fact == tried.fact { n_same + 1 } else { 1 };
        tried = next;
    }
    if n_same < retries.stable { Tried::unknown("flaky") } else { tried }
}

fn once(world: &World<'_>, step: &VerifierStep) -> Tried {
    let deadline = world.deadline.min(Instant::now() + step.timeout);
    if Instant::now() >= world.deadline {
        return Tried::unknown("timeout");
    }
    let sight = Sight {
        world,
        step,
        deadline,
        matching: Matching::new(&world.scope),
        evidence: RefCell::default(),
        n_read: RefCell::new(0),
    };
    match sight.see().map(|seen| sight.decide(&seen)) {
        Ok(tried) => tried,
        Err(Unknown(reason)) if reason == "timeout" && step.on_timeout != Fact::Unknown => {
            Tried { fact: step.on_timeout, ..Tried::unknown(reason) }
        }
        Err(Unknown(reason)) => Tried::unknown(reason),
    }
}

/// One try of one step.
struct Sight<'w, 'r> {
    world: &'w World<'r>,
    step: &'w VerifierStep,
    deadline: Instant,
    matching: Matching<'w>,
    evidence: RefCell<Vec<Evidence>>,
    n_read: RefCell<usize>,
}

impl Sight<'_, '_> {
    fn see(&self) -> Result<Seen, Unknown> {
        let world = self.world;
        let secret = |name: &String| world.scope.secrets.get(name).ok_or_else(|| Unknown::new("not-set"));
        Ok(match &self.step.kind {
            StepKind::Command(command) => self.said(commands::command(world, command, self.left())?),
            StepKind::Shell(shell) => self.said(commands::shell(world, shell, self.left())?),
            StepKind::Http(http) => Seen::Values(self.http(http)?),
            StepKind::File(file) => self.file(file)?,
            StepKind::Files(files) => self.files(files)?,
            StepKind::Env(name) => Seen::Values(match world.variables.get(name) {
                Some(value) => json!({"set": true, "value": value}),
                None => json!({"set": false}),
            }),
            StepKind::Tcp(tcp) => Seen::Values(self.tcp(tcp)?),
            StepKind::Version(version) => {
                let found = world.programs.version(&version.tool, &version.args, version.regex.as_ref())?;
                Seen::Values(match found {
                    Version::Found(version) => json!({"found": true, "version": version}),
                    Version::NotFound => json!({"found": false}),
                })
            }
            StepKind::Jwt(name) => Seen::Values(tokens::observe_jwt(secret(name)?, world.now)?),
            StepKind::Token(name) => {
                let token = secret(name)?.trim();
                Seen::Values(json!({"class": tokens::class(token), "length": token.chars().count()}))
            }
            StepKind::Requests(requests) => {
                let replica = world.services.get(&requests.service);
                let replica = replica.ok_or_else(|| Unknown::new("no-service"))?;
                Seen::Requests(replica.requests(requests.method.as_deref(), requests.path.as_ref())?)
            }
            StepKind::Value(Template(text)) => {
                Seen::Values(json!({"value": world.scope.value(&Value::String(text.clone()))?}))
            }
            StepKind::Manual(manual) => {
                let answer = world.question.and_then(|question| question(manual));
                Seen::Values(json!({"answer": answer.ok_or_else(|| Unknown::new("manual"))?}))
            }
        })
    }

    fn said(&self, said: Value) -> Seen {
        let words = said["output"].as_str().unwrap_or_default().to_owned();
        self.world.printed.borrow_mut().insert(self.step.id.clone(), words);
        Seen::Values(said)
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn asks(&self, probe: &str) -> bool {
        self.step.expect.contains_key(probe)
            || self.step.refute.as_ref().is_some_and(|refute| refute.contains_key(probe))
    }

    fn http(&self, http: &HttpStep) -> Result<Value, Unknown> {
        let scope = &self.world.scope;
        let mut headers = BTreeMap::new();
        for (name, value) in &http.headers {
            headers.insert(name.clone(), scope.text(&value.0)?);
        }
        let ask = Ask {
            method: http.method.clone(),
            url: scope.text(&http.url.0)?,
            headers,
            body: http.body.as_ref().map_or(Ok(String::new()), |body| scope.text(&body.0))?,
            follow: http.follow,
        };
        match &self.world.http {
            Some(replies) => {
                let answer = network::recorded(replies, &ask)?;
                self.world.programs.used.recorded.set(true);
                Ok(answer)
            }
            None => {
                let world = self.world;
                let terms = Terms {
                    network: &world.network,
                    deadline: self.deadline,
                    roots: world.variables.get(ROOTS_VARIABLE).map(Path::new),
                    now: world.now,
                };
                network::request(terms, &ask)
            }
        }
    }

    fn tcp(&self, tcp: &TcpStep) -> Result<Value, Unknown> {
        let port = in_text(&self.world.scope.value(&Value::String(tcp.port.0.clone()))?);
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(|| Unknown::new("bad-port"))?;
        if self.world.ports.as_ref().is_some_and(|own| !own.contains(&port)) {
            return Err(Unknown::new("network-denied"));
        }
        let network = &self.world.network;
        match tcp.bind {
            true => network::take(network, &tcp.host, port),
            false => network::call(network, &tcp.host, port, self.asks("banner"), self.deadline),
        }
    }

    fn file(&self, step: &FileStep) -> Result<Seen, Unknown> {
        let scope = &self.world.scope;
        let path = scope.text(&step.path.0)?;
        let kind = |name: &str| self.world.verifier.inputs.get(name).map(|input| input.kind);
        let input = alone(&step.path.0).and_then(|name| name.strip_prefix("input."));
        let is_path = step.root == Root::Input || input.and_then(kind) == Some(InputKind::Path);
        let is_handed_in = input.is_some_and(|name| self.world.free_inputs.contains(name));
        let (place, shown) = if is_path && is_handed_in {
            let place = scope.subject.join(&path).canonicalize().ok();
            (place, step.path.0.replace(['$', '{', '}'], ""))
        } else {
            let (root, before) = self.root(step.root);
            (files::confined(&root, &path)?, format!("{before}{path}"))
        };
        let reading = self.reading(step.document, step.query.as_deref());
        let file = place.map(|place| files::load(&place, &reading)).transpose()?;
        if file.is_none() && !self.asks("exists") {
            return Err(Unknown::new(format!("missing-file: {shown}")));
        }
        Ok(Seen::File { shown, file })
    }

    fn files(&self, step: &FilesStep) -> Result<Seen, Unknown> {
        let (root, before) = self.root(step.root);
        let paths = files::walk(&root, &step.globs, &step.exclude)?;
        if paths.is_empty() && !step.allow_none {
            return Err(Unknown::new("no-file-matched"));
        }
        Ok(Seen::Files { root, before, paths })
    }

    fn root(&self, root: Root) -> (PathBuf, &'static str) {
        let scope = &self.world.scope;
        match root {
            Root::Subject | Root::Input => (scope.subject.clone(), ""),
            Root::Home => (scope.home.clone(), "~/"),
            Root::Scratch => (scope.scratch.clone(), "scratch/"),
        }
    }

    fn reading<'q>(&self, document: Option<crate::model::Document>, query: Option<&'q str>) -> Reading<'q> {
        Reading { documents: self.world.documents, document, query }
    }

    fn decide(&self, seen: &Seen) -> Tried {
        let expect = self.hold(seen, &self.step.expect);
        let evidence = self.evidence.take();
        let refute = self.step.refute.as_ref().map(|refute| self.hold(seen, refute));
        match (expect, refute) {
            (Ok(true), Some(Ok(true))) => Tried::unknown(AMBIGUOUS),
            (Ok(true), _) => {
                Tried { fact: Fact::True, reason: None, evidence, captures: self.captures(seen) }
            }
            (_, Some(Ok(true))) | (Ok(false), None) => {
                Tried { fact: Fact::False, reason: None, ..Tried::unknown("") }
            }
            (Err(unknown), _) | (_, Some(Err(unknown))) => Tried::unknown(unknown.0),
            (Ok(false), Some(Ok(false))) => Tried::unknown("unrecognised"),
        }
    }

    fn hold(&self, seen: &Seen, probes: &Probes) -> Known {
        match seen {
            Seen::Values(value) => self.matching.probes(probes, &|name| Ok(service::probe(value, name))),
            Seen::File { shown, file } => {
                let holds = match file {
                    Some(file) => self.matching.probes(probes, &file.look()),
                    None => self.matching.probes(probes, &|name| {
                        Ok((name == "exists").then_some(std::borrow::Cow::Owned(Value::Bool(false))))
                    }),
                };
                if let (Some(file), Ok(true)) = (file, &holds) {
                    self.note(shown.clone(), probes, file);
                }
                holds
            }
            Seen::Files { root, before, paths } => {
                all(probes.iter().map(|(name, matcher)| match name.as_str() {
                    "count" => self.matching.matches(matcher, Some(&paths.len().into())),
                    "paths" => self.matching.matches(matcher, Some(&paths.clone().into())),
                    _ => {
                        let facts = paths.iter().map(|path| self.one_file(root, before, path, matcher));
                        quantified(name, facts.collect())
                    }
                }))
            }
            Seen::Requests(requests) => all(probes.iter().map(|(name, matcher)| match name.as_str() {
                "count" => self.matching.matches(matcher, Some(&requests.len().into())),
                _ => {
                    let one = |request: &Value| {
                        self.matching.item(matcher, &|name| Ok(service::probe(request, name)))
                    };
                    quantified(name, requests.iter().map(one).collect())
                }
            })),
        }
    }

    fn one_file(&self, root: &Path, before: &str, path: &str, matcher: &Matcher) -> Known {
        if Instant::now() >= self.deadline {
            return Err(Unknown::new("timeout"));
        }
        let (document, query) = match &self.step.kind {
            StepKind::Files(files) => (files.document, files.query.as_deref()),
            _ => (None, None),
        };
        // A link to nothing, or a file that went away meanwhile, is no file.
        let Some(place) = files::confined(root, path)? else { return Ok(false) };
        let file = files::load(&place, &self.reading(document, query))?;
        *self.n_read.borrow_mut() += file.n_bytes();
        if *self.n_read.borrow() > MAX_READ {
            return Err(Unknown::new("too-much-to-read"));
        }
        let holds = self.matching.item(matcher, &file.look());
        if holds == Ok(true) {
            for op in &matcher.0 {
                if let Op::Probes(probes) = op {
                    self.note(format!("{before}{path}"), probes, &file);
                }
            }
        }
        holds
    }

    fn note(&self, path: String, probes: &Probes, file: &LoadedFile) {
        let mut evidence = self.evidence.borrow_mut();
        if evidence.len() < MAX_EVIDENCE {
            let line = match (probes.get("text"), probes.get("first_line")) {
                (Some(matcher), _) => self.matching.line(matcher, file.text()),
                (None, first) => first.map(|_| 1),
            };
            evidence.push(Evidence { path, line });
        }
    }

    fn captures(&self, seen: &Seen) -> BTreeMap<String, Value> {
        let captured = |(name, capture): (&String, &Capture)| {
            Some((name.clone(), captured(&self.probe(seen, &capture.from)?, capture)?))
        };
        self.step.capture.iter().filter_map(captured).collect()
    }

    fn probe(&self, seen: &Seen, name: &str) -> Option<Value> {
        match seen {
            Seen::Values(value) => service::probe(value, name).map(std::borrow::Cow::into_owned),
            Seen::File { file, .. } => {
                file.as_ref()?.probe(name).ok().flatten().map(std::borrow::Cow::into_owned)
            }
            Seen::Files { paths, .. } => match name {
                "count" => Some(paths.len().into()),
                "paths" => Some(paths.clone().into()),
                _ => None,
            },
            Seen::Requests(requests) => (name == "count").then(|| requests.len().into()),
        }
    }
}

fn captured(value: &Value, capture: &Capture) -> Option<Value> {
    let value = match &capture.query {
        Some(query) => (*Query::parse(query).ok()?.find(value).first()?).clone(),
        None => value.clone(),
    };
    match &capture.regex {
        Some(regex) => regex.find(&in_text(&value)).map(|found| Value::String(found.to_owned())),
        None => Some(value),
    }
}

/// `each` and `all` of nothing are false.
fn quantified(name: &str, facts: Vec<Known>) -> Known {
    let n_items = facts.len();
    match name {
        "any" | "some" => any(facts),
        "none" => any(facts).map(|it| !it),
        "all" | "each" => all(facts).map(|it| it && n_items > 0),
        _ => Ok(false),
    }
}
