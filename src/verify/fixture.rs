//! Where a run takes place: the folder that is examined, a home, programs, inputs, and what stands for the network.
//!
//! In: a fixture and those that it builds on, or a real folder. Out: a `Setting`, laid out in a scratch folder that
//! goes with it. Not here: steps and verdicts.

use super::cassette::Recorder;
use super::files;
use super::long::Around;
use super::matcher::Unknown;
use super::redact::Redactor;
use super::sandbox::End;
use super::service::listen;
use super::template::Scope;
use super::temporary::Temporary;
use super::tokens::Fakes;
use super::tools::{Call, Host, Programs, Used, Versions};
use crate::model::{
    CellName, Fixture, FixtureValue, HttpReply, Input, InputKind, Stubs, Template, Verifier, WrongCell,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// Folders of files below `fixtures/`, by their name, then by path.
pub type Folders = BTreeMap<String, BTreeMap<String, String>>;

/// A base may have a base; no farther than this.
const MAX_BASES: usize = 8;
/// Bytes of a file in which parts were replaced.
const MAX_TEXT: usize = 8 << 20;
/// What stands for a port that nobody has.
const FREE_PORT: &str = "${free_port}";

/// Where a run takes place.
#[derive(Debug)]
pub struct Setting<'r> {
    /// The folder that is examined.
    pub subject: PathBuf,
    /// The programs.
    pub programs: Programs<'r>,
    /// What is handed in, as text.
    pub inputs: BTreeMap<String, String>,
    /// Whether paths that are handed in may lead out of the subject.
    pub free_inputs: bool,
    /// The environment that `env` steps and inputs see.
    pub variables: BTreeMap<String, String>,
    /// In a fixture: what stands for servers.
    pub http: Option<Vec<HttpReply>>,
    /// In a fixture: the ports that were drawn for it; `tcp` steps call no others.
    pub ports: Option<Vec<u16>>,
    /// Made-up secrets.
    pub fakes: Fakes,
    /// Ports that are taken as long as this lives.
    pub listeners: Vec<TcpListener>,
    /// Removed when this is.
    pub scratch: Temporary,
}

/// Why a state could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmade {
    /// This machine lacks something.
    Here(String),
    /// The fixture is wrong.
    Fixture(String),
}

impl From<Unknown> for Unmade {
    fn from(unknown: Unknown) -> Unmade {
        let of_machine = ["missing-tool", "sandbox-unavailable", "no-copy", "no-scratch"];
        match of_machine.iter().any(|word| unknown.0.starts_with(word)) {
            true => Unmade::Here(unknown.0),
            false => Unmade::Fixture(unknown.0),
        }
    }
}

impl<'r> Setting<'r> {
    /// A real folder, on this machine as it is.
    pub fn real(
        verifier: &'r Verifier,
        subject: &Path,
        host: &'r Host,
        versions: &'r Versions,
    ) -> Result<Setting<'r>, Unknown> {
        let mut setting = Setting::empty(verifier, host, versions)?;
        setting.subject = subject.canonicalize().map_err(|_| Unknown::new("no-such-folder"))?;
        setting.programs.subject = setting.subject.clone();
        if verifier.sandbox.real_home
            && let Some(home) = &host.home
        {
            setting.programs.home = home.clone();
        }
        setting.free_inputs = true;
        setting.variables = host.variables.clone();
        setting.http = None;
        setting.ports = None;
        setting.programs.read = verifier.sandbox.read.iter().map(PathBuf::from).collect();
        Ok(setting)
    }

    fn empty(verifier: &'r Verifier, host: &'r Host, versions: &'r Versions) -> Result<Setting<'r>, Unknown> {
        let broken = |_: std::io::Error| Unknown::new("no-scratch");
        let scratch = host.launcher.folder().map_err(broken)?;
        // Where the folder for temporary files is itself a link, programs see where it leads.
        let folder = scratch.path().canonicalize().map_err(broken)?;
        for name in ["subject", "home", "tmp", "work"] {
            std::fs::create_dir(folder.join(name)).map_err(broken)?;
        }
        let programs = Programs {
            host,
            verifier,
            front: Vec::new(),
            replies: BTreeMap::new(),
            subject: folder.join("subject"),
            home: folder.join("home"),
            scratch: folder.clone(),
            variables: BTreeMap::new(),
            read: Vec::new(),
            ports: Vec::new(),
            used: Used::default(),
            versions,
            recorder: None,
        };
        Ok(Setting {
            subject: folder.join("subject"),
            programs,
            inputs: BTreeMap::new(),
            free_inputs: false,
            variables: BTreeMap::new(),
            http: Some(Vec::new()),
            ports: Some(Vec::new()),
            fakes: Fakes::default(),
            listeners: Vec::new(),
            scratch,
        })
    }

    /// What templates stand for here before any step has run, without inputs.
    pub fn scope(&self) -> Scope {
        Scope {
            subject: self.subject.clone(),
            scratch: self.programs.scratch.join("work"),
            home: self.programs.home.clone(),
            programs: self.programs.host.path.clone(),
            fakes: self.fakes.clone(),
            ..Scope::default()
        }
    }

    /// Lays a state of `verifier` out.
    pub fn lay(verifier: &'r Verifier, name: &CellName, around: Around<'r>) -> Result<Setting<'r>, Unmade> {
        let mut setting = Setting::empty(verifier, around.host, around.versions)?;
        setting.fill(verifier, name, around.folders)?;
        Ok(setting)
    }

    /// Lays a state of `verifier` out in `folder`, which is there, is empty, and stays.
    pub fn lay_at(
        folder: &Path,
        verifier: &'r Verifier,
        name: &CellName,
        around: Around<'r>,
    ) -> Result<Setting<'r>, Unmade> {
        let mut setting = Setting::empty(verifier, around.host, around.versions)?;
        setting.examine(folder.to_owned());
        setting.fill(verifier, name, around.folders)?;
        Ok(setting)
    }

    /// Lays a state out in which real programs run in the place of recorded replies.
    pub fn lay_to_record(
        verifier: &'r Verifier,
        name: &CellName,
        around: Around<'r>,
        recorder: &'r Recorder,
    ) -> Result<Setting<'r>, Unmade> {
        let mut setting = Setting::empty(verifier, around.host, around.versions)?;
        setting.programs.recorder = Some(recorder);
        setting.fill(verifier, name, around.folders)?;
        Ok(setting)
    }

    fn fill(&mut self, verifier: &Verifier, name: &CellName, folders: &Folders) -> Result<(), Unmade> {
        let chain = chain(verifier, name).map_err(Unmade::Fixture)?;
        let stubs = stubs(&chain);
        self.take_ports(&chain, &stubs)?;
        let mut scope = self.scope();
        scope.inputs = typed(&verifier.inputs, &self.inputs);
        let subject = self.subject.clone();
        let last_front = chain.iter().rev().find(|fixture| !fixture.path.is_empty());
        for folder in last_front.map(|fixture| &fixture.path).into_iter().flatten() {
            self.programs.front.push(subject.join(folder));
        }
        self.programs.replies = stubs.commands.unwrap_or_default();
        self.http = Some(stubs.http.unwrap_or_default());
        for (nth, fixture) in chain.iter().enumerate() {
            overlay(fixture, self, &scope, folders)?;
            let is_wrong_fix = matches!(name, CellName::WrongFix(_)) && nth + 1 == chain.len();
            self.prepare(fixture, &scope, is_wrong_fix)?;
        }
        for fixture in &chain {
            for (name, value) in &fixture.env {
                let value = match value {
                    FixtureValue::Text(text) => scope.text(&text.0)?,
                    FixtureValue::FakeJwt(claims) => scope.fakes.jwt(&scope.value(claims)?),
                };
                self.variables.insert(name.clone(), value);
            }
        }
        self.programs.variables = self.variables.clone();
        Ok(())
    }

    fn examine(&mut self, folder: PathBuf) {
        self.subject = folder.clone();
        self.programs.subject = folder;
    }

    /// Examines an empty folder in place of the one that was laid out, whose programs stay on `PATH`.
    pub fn leave_subject(&mut self) -> Result<(), Unknown> {
        let folder = self.programs.scratch.join("nothing");
        std::fs::create_dir(&folder).map_err(|_| Unknown::new("no-scratch"))?;
        self.examine(folder);
        Ok(())
    }

    fn take_ports(&mut self, chain: &[&Fixture], stubs: &Stubs) -> Result<(), Unmade> {
        let scope = self.scope();
        let written: BTreeMap<&String, &Template> =
            chain.iter().flat_map(|fixture| &fixture.inputs).collect();
        for (name, Template(text)) in written {
            let mut value = text.clone();
            if text == FREE_PORT {
                let (listener, port) = listen().map_err(|_| Unmade::Here("no-port".to_owned()))?;
                value = port.to_string();
                self.ports.get_or_insert_default().push(port);
                if stubs.tcp.as_ref().is_some_and(|taken| taken.contains(name)) {
                    self.listeners.push(listener);
                }
            }
            self.inputs.insert(name.clone(), scope.text(&value)?);
        }
        Ok(())
    }

    fn prepare(&self, fixture: &Fixture, scope: &Scope, may_fail: bool) -> Result<(), Unmade> {
        for argv in &fixture.prepare {
            let argv: Vec<String> = argv.iter().map(|arg| scope.text(&arg.0)).collect::<Result<_, _>>()?;
            let Some((program, args)) = argv.split_first() else { continue };
            let call = Call {
                args: args.to_vec(),
                cwd: self.subject.clone(),
                env: BTreeMap::new(),
                stdin: None,
                write: vec![self.subject.clone()],
                timeout: self.programs.verifier.timeout,
            };
            let done = self.programs.call_any(program, &call)?;
            match &done.end {
                End::Exit(0) => {}
                // What does not repair anything may well fail; that it was tried is enough.
                End::Exit(code) if may_fail && !matches!(*code, 126 | 127) => {}
                end => {
                    let output = done.output();
                    let said = output.lines().last().unwrap_or_default();
                    let reason = format!("`prepare`: {program} {end}: {said}");
                    let scratch = self.programs.scratch.to_string_lossy();
                    let reason = Redactor::default().clean(&reason).replace(&*scratch, "‹scratch›");
                    return Err(Unmade::Fixture(reason));
                }
            }
        }
        Ok(())
    }
}

fn overlay(fixture: &Fixture, setting: &Setting<'_>, scope: &Scope, folders: &Folders) -> Result<(), Unmade> {
    let subject = &setting.subject;
    if let Some(name) = &fixture.from {
        let files = folders.get(name).ok_or_else(|| Unmade::Fixture(format!("no folder `{name}`")))?;
        for (path, text) in files {
            files::write(subject, path, text)?;
        }
    }
    for path in &fixture.delete {
        files::remove(subject, path)?;
    }
    for (root, texts) in [(subject, &fixture.files), (&setting.programs.home, &fixture.home)] {
        for (path, text) in texts {
            files::write(root, path, &scope.file(&text.0)?)?;
        }
    }
    for replacement in &fixture.replace {
        let path = &replacement.path;
        let text = files::text(subject, path)?;
        let n_found = text.matches(&replacement.find).count();
        if n_found == 0 {
            return Err(Unmade::Fixture(format!("`replace`: `{}` is not in {path}", replacement.find)));
        }
        if text.len() + n_found * replacement.with.len() > MAX_TEXT {
            return Err(Unmade::Fixture(format!("`replace`: {path} becomes too large")));
        }
        files::write(subject, path, &text.replace(&replacement.find, &replacement.with))?;
    }
    for (path, mode) in &fixture.mode {
        files::set_mode(subject, path, *mode)?;
    }
    Ok(())
}

/// A state and what it builds on, the lowest first.
pub fn chain<'v>(verifier: &'v Verifier, name: &CellName) -> Result<Vec<&'v Fixture>, String> {
    let mut chain = Vec::new();
    let mut next = match name {
        CellName::WrongFix(id) => match verifier.wrong_fixes.get(id) {
            Some(WrongCell::State(fixture)) => {
                chain.push(&**fixture);
                Some(fixture.base.clone().unwrap_or_else(|| "broken".to_owned()))
            }
            _ => return Err(format!("no state for `{id}`")),
        },
        other => Some(other.to_string()),
    };
    while let Some(state) = next {
        let fixture = verifier.fixtures.get(&state).ok_or_else(|| format!("no state `{state}`"))?;
        if chain.len() > MAX_BASES {
            return Err("states build on one another without end".to_owned());
        }
        chain.push(fixture);
        next = fixture.base.clone();
    }
    chain.reverse();
    Ok(chain)
}

fn stubs(chain: &[&Fixture]) -> Stubs {
    let mut stubs = Stubs::default();
    for fixture in chain {
        let own = fixture.stubs.clone();
        stubs.commands = own.commands.or(stubs.commands);
        stubs.http = own.http.or(stubs.http);
        stubs.tcp = own.tcp.or(stubs.tcp);
    }
    stubs
}

/// Texts that are handed in as values of their kinds; those that are not of their kind are left out.
pub fn typed(inputs: &BTreeMap<String, Input>, given: &BTreeMap<String, String>) -> BTreeMap<String, Value> {
    let value = |(name, text): (&String, &String)| {
        let kind = inputs.get(name).map_or(InputKind::String, |input| input.kind);
        let value = match kind {
            InputKind::String | InputKind::Path => Value::from(text.clone()),
            InputKind::Int => text.trim().parse::<i64>().ok()?.into(),
            InputKind::Bool => text.trim().parse::<bool>().ok()?.into(),
        };
        Some((name.clone(), value))
    };
    given.iter().filter_map(value).collect()
}

/// Whether a wrong fix is its printed command: its `prepare` runs just that, and nothing is laid over the state.
pub fn is_executed(fixture: &Fixture, printed: &str) -> bool {
    let Fixture { files, home, from, delete, replace, mode, env, path, stubs, prepare, .. } = fixture;
    let lays_over = !(files.is_empty()
        && home.is_empty()
        && from.is_none()
        && delete.is_empty()
        && replace.is_empty()
        && mode.is_empty()
        && env.is_empty()
        && path.is_empty()
        && *stubs == Stubs::default());
    let argvs: Vec<Vec<&str>> =
        prepare.iter().map(|argv| argv.iter().map(|arg| arg.0.as_str()).collect()).collect();
    let as_script = match argvs.as_slice() {
        [argv] => matches!(argv[..], ["sh", "-c" | "-euc" | "-ec", script] | ["sh", "-eu", "-c", script]
            if script.trim() == printed.trim()),
        _ => false,
    };
    let lines: Option<Vec<Vec<String>>> =
        printed.lines().filter(|line| !line.trim().is_empty()).map(words).collect();
    let as_argv = lines.is_some_and(|lines| !lines.is_empty() && lines == argvs);
    !lays_over && (as_script || as_argv)
}

/// The words of a command that needs no shell but for its quotes; `None` of any other.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        end if end == c => break,
                        '$' | '`' | '\\' if c == '"' => return None,
                        other => word.push(other),
                    }
                }
            }
            c if "|&;<>()$`\\*?[]#~!{}".contains(c) => return None,
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}
