//! Programs that a verifier declares: where they are, which version, and what they say.
//!
//! In: this machine, and what a fixture puts in its place. Out: `Done`, from the sandbox or from a recorded reply.
//! Not here: what may be touched (`sandbox.rs`), what the output means (`observe.rs`).

use super::cassette::Recorder;
use super::matcher::{Unknown, in_range};
use super::outcome::Level;
use super::sandbox::{Caps, Done, End, Job, Launcher, Policy};
use crate::model::{CommandReply, Limits, Pattern, ToolRequirement, Verifier};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// This machine, as far as a verifier may know it.
#[derive(Clone, Debug)]
pub struct Host {
    /// What starts programs.
    pub launcher: Launcher,
    /// The absolute folders of `PATH`, in order.
    pub path: Vec<PathBuf>,
    /// The home of whoever runs this.
    pub home: Option<PathBuf>,
    /// The environment.
    pub variables: BTreeMap<String, String>,
    /// Whether whoever runs this is root.
    pub is_root: bool,
}

impl Host {
    /// The machine that this runs on.
    pub fn here(launcher: Launcher) -> Host {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let folders = variables.get("PATH").map_or("", String::as_str).split(':');
        Host {
            launcher,
            path: folders.filter(|folder| folder.starts_with('/')).map(PathBuf::from).collect(),
            home: variables.get("HOME").map(PathBuf::from),
            is_root: rustix::process::geteuid().is_root(),
            variables,
        }
    }

    /// What every program sees: nothing of ours but where tools are; then a record's variables.
    ///
    /// - `front`: folders that stand before `PATH`
    pub fn environment(
        &self,
        front: &[PathBuf],
        home: &Path,
        tmp: &Path,
        more: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let folders: Vec<String> = front.iter().chain(&self.path).map(|folder| text(folder)).collect();
        let mut env: BTreeMap<String, String> =
            FIXED.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        env.extend(self.toolchains());
        env.extend(more.clone());
        // Last, so that no record leads programs to its own files instead.
        env.insert("PATH".to_owned(), folders.join(":"));
        env.insert("HOME".to_owned(), text(home));
        env.insert("TMPDIR".to_owned(), text(tmp));
        env
    }

    /// Folders of tools that programs have to read.
    pub fn readable(&self) -> Vec<PathBuf> {
        let folders = self.path.iter().filter(|folder| folder.is_dir()).cloned();
        folders.chain(self.toolchains().into_values().map(PathBuf::from)).collect()
    }

    /// Where tools keep themselves, by the variable that says it.
    pub fn toolchains(&self) -> BTreeMap<String, String> {
        let place = |(name, below_home): &(&str, Option<&str>)| {
            let usual = || {
                let folder = self.home.as_ref()?.join((*below_home)?);
                folder.is_dir().then(|| folder.to_string_lossy().into_owned())
            };
            Some(((*name).to_owned(), self.variables.get(*name).cloned().or_else(usual)?))
        };
        TOOLCHAINS.iter().filter_map(place).collect()
    }
}

/// The first program of that name in these folders.
pub fn find_in(folders: &[PathBuf], name: &str) -> Option<PathBuf> {
    if name.is_empty() || name.contains('/') {
        return None;
    }
    let runs = |path: &PathBuf| {
        path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    folders.iter().map(|folder| folder.join(name)).find(runs)
}

/// Recorded replies by program; `None` where it is not installed.
pub type Replies = BTreeMap<String, Option<Vec<CommandReply>>>;

/// The programs of one run.
#[derive(Debug)]
pub struct Programs<'r> {
    /// The machine.
    pub host: &'r Host,
    /// What its requirements say.
    pub verifier: &'r Verifier,
    /// Folders that stand before the machine's `PATH`.
    pub front: Vec<PathBuf>,
    /// What stands for programs.
    pub replies: Replies,
    /// The folder that is examined.
    pub subject: PathBuf,
    /// Where programs may write: `home`, `tmp` and `work` below it.
    pub scratch: PathBuf,
    /// Their home.
    pub home: PathBuf,
    /// Variables of a fixture, for every program.
    pub variables: BTreeMap<String, String>,
    /// What they may read besides: in a real folder, what the check asks for and was allowed.
    pub read: Vec<PathBuf>,
    /// Ports of our own services.
    pub ports: Vec<u16>,
    /// What ran so far.
    pub used: Used,
    /// Versions that were found before, by path.
    pub versions: &'r Versions,
    /// Where replies are recorded anew.
    pub recorder: Option<&'r Recorder>,
}

/// What took part in a run.
#[derive(Debug, Default)]
pub struct Used {
    /// A program ran.
    pub program: Cell<bool>,
    /// A recorded reply stood for one, or for a server.
    pub recorded: Cell<bool>,
}

impl Used {
    /// The least real thing that took part.
    pub fn level(&self) -> Level {
        match (self.recorded.get(), self.program.get()) {
            (true, _) => Level::Recorded,
            (false, true) => Level::Real,
            (false, false) => Level::Static,
        }
    }
}

/// What programs of this machine print as their version: asked once, by path and arguments.
#[derive(Debug, Default)]
pub struct Versions(RefCell<BTreeMap<(PathBuf, Vec<String>), Done>>);

/// Where a program is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Program(PathBuf),
    /// The program of that name, which runs in the place of its replies.
    Heard(PathBuf, String),
    /// Replies under this name.
    Recorded(String),
}

/// A call of a declared program.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its arguments.
    pub args: Vec<String>,
    /// Where it starts.
    pub cwd: PathBuf,
    /// Further variables.
    pub env: BTreeMap<String, String>,
    /// A file that it reads on standard input.
    pub stdin: Option<PathBuf>,
    /// Where it may write beside its home and its folder for temporary files.
    pub write: Vec<PathBuf>,
    /// How long it may take.
    pub timeout: Duration,
}

/// What asking for a version came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// It is not there, or it does not end with 0.
    NotFound,
    /// It is there, and this is its version.
    Found(String),
}

/// For printing a version. Some programs start slowly.
const VERSION_TIME: Duration = Duration::from_secs(20);

impl Programs<'_> {
    /// The first of a tool's candidates that is there and in range; otherwise why not.
    pub fn require(&self, name: &str, wanted: &ToolRequirement) -> Result<String, Unknown> {
        let mut seen = None;
        for candidate in candidates(name, wanted) {
            let Some(place) = self.place(candidate) else { continue };
            let version = self.version_at(&place, &wanted.version_args, wanted.version_regex.as_ref());
            let version = match version {
                Ok(Version::Found(version)) => Some(version),
                _ => None,
            };
            let fits = match wanted.range.as_deref() {
                None | Some("*") => true,
                Some(range) => version.as_deref().is_some_and(|it| in_range(it, range) == Ok(true)),
            };
            if fits {
                return Ok(version.unwrap_or_default());
            }
            seen = seen.or(version);
        }
        let range = wanted.range.as_deref().unwrap_or("*");
        Err(Unknown::new(match seen {
            Some(version) => format!("tool-version: {name} {version} is not {range}"),
            None => format!("missing-tool: {name}"),
        }))
    }

    /// The version of a declared tool.
    pub fn version(&self, name: &str, args: &[String], regex: Option<&Pattern>) -> Result<Version, Unknown> {
        let wanted = self.declared(name)?;
        let args = if args.is_empty() { &wanted.version_args } else { args };
        match self.chosen(name, wanted) {
            Some(place) => self.version_at(&place, args, regex.or(wanted.version_regex.as_ref())),
            None => Ok(Version::NotFound),
        }
    }

    /// Runs a declared tool.
    pub fn call(&self, name: &str, call: &Call) -> Result<Done, Unknown> {
        let wanted = self.declared(name)?;
        let missing = || Unknown::new(format!("missing-tool: {name}"));
        let place = self.chosen(name, wanted).ok_or_else(missing)?;
        self.call_at(&place, call)
    }

    /// Runs any program of the fixture's or the machine's `PATH`, or at an absolute path: what prepares a fixture.
    pub fn call_any(&self, name: &str, call: &Call) -> Result<Done, Unknown> {
        let place = match Path::new(name).is_absolute() {
            true => Some(Place::Program(name.into())),
            false => self.place(name),
        };
        self.call_at(&place.ok_or_else(|| Unknown::new(format!("missing-tool: {name}")))?, call)
    }

    fn declared(&self, name: &str) -> Result<&ToolRequirement, Unknown> {
        let undeclared = || Unknown::new(format!("program-not-declared: {name}"));
        self.verifier.requires.tools.get(name).ok_or_else(undeclared)
    }

    fn chosen(&self, name: &str, wanted: &ToolRequirement) -> Option<Place> {
        let places: Vec<Place> =
            candidates(name, wanted).into_iter().filter_map(|it| self.place(it)).collect();
        let range = wanted.range.as_deref().filter(|range| *range != "*" && places.len() > 1);
        let fits = |place: &&Place| {
            let version = self.version_at(place, &wanted.version_args, wanted.version_regex.as_ref());
            match (version, range) {
                (_, None) => true,
                (Ok(Version::Found(version)), Some(range)) => in_range(&version, range) == Ok(true),
                _ => false,
            }
        };
        if range.is_none() {
            return places.into_iter().next();
        }
        places.iter().find(fits).or(places.first()).cloned()
    }

    fn place(&self, name: &str) -> Option<Place> {
        match (self.replies.get(name), self.recorder) {
            (Some(Some(_)), Some(recorder)) => match self.installed(name) {
                Some(path) => Some(Place::Heard(path, name.to_owned())),
                None => {
                    recorder.miss(name);
                    None
                }
            },
            (Some(Some(_)), None) => Some(Place::Recorded(name.to_owned())),
            (Some(None), _) => None,
            (None, _) => self.installed(name).map(Place::Program),
        }
    }

    fn installed(&self, name: &str) -> Option<PathBuf> {
        let machine = self.host.path.iter().filter(|folder| !folder.starts_with(&self.subject));
        let folders: Vec<PathBuf> = self.front.iter().chain(machine).cloned().collect();
        find_in(&folders, name)
    }

    fn version_at(
        &self,
        place: &Place,
        args: &[String],
        regex: Option<&Pattern>,
    ) -> Result<Version, Unknown> {
        let args = if args.is_empty() { vec!["--version".to_owned()] } else { args.to_vec() };
        let done = self.ask(place, args)?;
        if done.end != End::Exit(0) {
            // A launcher without a program behind it may well print versions that are not there.
            return Ok(Version::NotFound);
        }
        let found = match regex {
            Some(regex) => regex.find(&done.output()).map(str::to_owned),
            None => first_version(&done.output()),
        };
        found.map(Version::Found).ok_or_else(|| Unknown::new("no-version"))
    }

    fn ask(&self, place: &Place, args: Vec<String>) -> Result<Done, Unknown> {
        let call = Call {
            args: args.clone(),
            cwd: self.scratch.join("work"),
            env: BTreeMap::new(),
            stdin: None,
            write: Vec::new(),
            timeout: VERSION_TIME.min(self.verifier.timeout),
        };
        let of_machine = match place {
            Place::Program(path) if !path.starts_with(&self.scratch) => Some((path.clone(), args)),
            _ => None,
        };
        let Some(key) = of_machine.filter(|_| self.variables.is_empty()) else {
            return self.call_at(place, &call);
        };
        if let Some(done) = self.versions.0.borrow().get(&key) {
            return Ok(done.clone());
        }
        let done = self.call_at(place, &call)?;
        self.versions.0.borrow_mut().insert(key, done.clone());
        Ok(done)
    }

    fn call_at(&self, place: &Place, call: &Call) -> Result<Done, Unknown> {
        match place {
            Place::Recorded(name) => self.recorded(name, &call.args),
            Place::Program(program) => self.start(program, call),
            Place::Heard(program, name) => {
                let done = self.start(program, call)?;
                if let Some(recorder) = self.recorder {
                    recorder.hear(name, &call.args, &done);
                }
                Ok(done)
            }
        }
    }

    fn start(&self, program: &Path, call: &Call) -> Result<Done, Unknown> {
        self.used.program.set(true);
        self.host.launcher.run(&self.job(program, call)).map_err(|_| Unknown::new("sandbox-unavailable"))
    }

    /// A program of this machine, called as it would be in a run.
    pub fn job(&self, program: &Path, call: &Call) -> Job {
        Job {
            program: program.to_owned(),
            args: call.args.clone(),
            cwd: call.cwd.clone(),
            env: self.environment(&call.env),
            stdin: call.stdin.clone(),
            merged: false,
            policy: self.policy(program, &call.write),
            timeout: call.timeout,
        }
    }

    fn recorded(&self, name: &str, args: &[String]) -> Result<Done, Unknown> {
        self.used.recorded.set(true);
        let replies = self.replies.get(name).and_then(Option::as_ref);
        let reply =
            replies.and_then(|replies| replies.iter().find(|reply| self.filled_all(&reply.args) == args));
        let reply = reply.ok_or_else(|| Unknown::new("unrecorded-arguments"))?;
        Ok(Done {
            end: End::Exit(reply.exit),
            stdout: self.filled(&reply.stdout),
            stderr: self.filled(&reply.stderr),
            took: Duration::ZERO,
        })
    }

    fn filled_all(&self, args: &[String]) -> Vec<String> {
        args.iter().map(|arg| self.filled(arg)).collect()
    }

    /// A recorded text with the folders of this run in it.
    fn filled(&self, text: &str) -> String {
        let folders = [
            ("${subject}", self.subject.clone()),
            ("${home}", self.home.clone()),
            ("${scratch}", self.scratch.join("work")),
        ];
        let fill =
            |text: String, (name, folder): &(&str, PathBuf)| text.replace(name, &folder.to_string_lossy());
        folders.iter().fold(text.to_owned(), fill)
    }

    fn policy(&self, program: &Path, more: &[PathBuf]) -> Policy {
        let mut write = vec![self.scratch.join("tmp"), self.scratch.join("work")];
        if self.home.starts_with(&self.scratch) {
            write.push(self.home.clone());
        }
        write.extend_from_slice(more);
        let mut read = vec![self.subject.clone(), self.scratch.clone(), self.home.clone()];
        read.extend(self.host.readable());
        read.extend(prefix(program, self.host));
        read.extend(self.read.iter().cloned());
        read.sort();
        read.dedup();
        let caps = caps(&self.verifier.sandbox.limits);
        Policy { write, read, ports: self.ports.clone(), caps, ..Policy::default() }
    }

    fn environment(&self, more: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut variables = self.variables.clone();
        variables.extend(more.clone());
        let host = Host {
            path: self
                .host
                .path
                .iter()
                .filter(|folder| !folder.starts_with(&self.subject))
                .cloned()
                .collect(),
            ..self.host.clone()
        };
        host.environment(&self.front, &self.home, &self.scratch.join("tmp"), &variables)
    }
}

/// Of every program, whatever the machine has: one language, no colour, no questions, no network.
const FIXED: &[(&str, &str)] = &[
    ("LANG", "C.UTF-8"),
    ("LC_ALL", "C.UTF-8"),
    ("TZ", "UTC"),
    ("TERM", "dumb"),
    ("NO_COLOR", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("PIP_NO_INPUT", "1"),
    ("npm_config_offline", "true"),
    ("npm_config_update_notifier", "false"),
    ("CARGO_NET_OFFLINE", "true"),
];

/// Where tools keep themselves, and the folder below the real home where they do so unless they are told: without
/// these, a temporary `HOME` hides them. Not cargo's: credentials lie there.
const TOOLCHAINS: &[(&str, Option<&str>)] = &[
    ("RUSTUP_HOME", Some(".rustup")),
    ("PYENV_ROOT", Some(".pyenv")),
    ("NVM_DIR", Some(".nvm")),
    ("VOLTA_HOME", Some(".volta")),
    ("JAVA_HOME", None),
    ("GOROOT", None),
];

/// The folder of a program's installation, so that it finds its own files. Never the home, nor a folder in it: many
/// programs share such a one, and keep there what is nobody else's business.
///
/// Only of programs that stand on this machine's own `PATH`: where another path leads, a record could have laid out.
fn prefix(program: &Path, host: &Host) -> Option<PathBuf> {
    if !program.parent().is_some_and(|folder| host.path.iter().any(|own| own == folder)) {
        return None;
    }
    let real = program.canonicalize().ok()?;
    let folder = real.parent()?;
    let prefix = if folder.ends_with("bin") { folder.parent()? } else { folder };
    let is_shared =
        |home: &PathBuf| home.starts_with(prefix) || prefix.parent().is_some_and(|above| above == home);
    Some(if host.home.as_ref().is_some_and(is_shared) { real } else { prefix.to_path_buf() })
}

fn caps(limits: &Limits) -> Caps {
    let usual = Caps::default();
    Caps {
        cpu: limits.cpu.unwrap_or(usual.cpu),
        file_size: limits.file_size.unwrap_or(usual.file_size),
        processes: limits.processes.unwrap_or(usual.processes),
        memory: limits.memory.unwrap_or(usual.memory),
        // What one process may have, all of them together may have.
        memory_in_all: limits.memory.unwrap_or_default().max(usual.memory_in_all),
        output: limits.output.unwrap_or(usual.output),
        ..usual
    }
}

fn candidates<'c>(name: &'c str, wanted: &'c ToolRequirement) -> Vec<&'c str> {
    match wanted.candidates.is_empty() {
        true => vec![name],
        false => wanted.candidates.iter().map(String::as_str).collect(),
    }
}

/// The first number with dots, and what belongs to it, such as `-nightly`.
fn first_version(text: &str) -> Option<String> {
    let regex = Pattern::parse(r"\d+(?:\.\d+)+[0-9A-Za-z.+-]*").ok()?;
    regex.find(text).map(|found| found.trim_end_matches('.').to_owned())
}
