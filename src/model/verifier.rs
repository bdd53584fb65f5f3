//! The long form of a verifier: facts that are observed, the conditions that they decide, and the states in which
//! the verifier itself is tested.
//!
//! A step is a fact, not a test: it is true, false or unknown. `parse/verifier.rs` has the grammar.

use super::Pattern;
use super::fixture::{Fixture, WrongCell};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// A record's `verify`.
#[derive(Clone, Debug, PartialEq)]
pub struct Verifier {
    /// What it is called on pages and in reports; the record's title otherwise.
    pub title: Option<String>,
    /// What it proves, in one sentence.
    pub proves: String,
    /// What it cannot show.
    pub limits: String,
    /// What whoever runs it hands in.
    pub inputs: BTreeMap<String, Input>,
    /// Without these nothing can be told.
    pub requires: Requires,
    /// What its programs may do.
    pub sandbox: Sandbox,
    /// Replicas of services, on this machine only.
    pub services: BTreeMap<String, Service>,
    /// How long the whole run may take.
    pub timeout: Duration,
    /// 1 to 32 facts, in the order in which they are observed; ids are unique.
    pub steps: Vec<VerifierStep>,
    /// When the failure is there.
    pub present: Condition,
    /// When it is not; the opposite of `present` where it is not written.
    pub absent: Option<Condition>,
    /// What must hold besides before a repair counts.
    pub repair: Repair,
    /// `broken`, `fixed` and others, by name.
    pub fixtures: BTreeMap<String, Fixture>,
    /// What each wrong fix comes to, by its id.
    pub wrong_fixes: BTreeMap<String, WrongCell>,
    /// The written tree without `title`, `proves`, `limits` and `fixtures`: what trust is given to.
    pub check_tree: Value,
    /// The whole written tree: what a self-test runs.
    pub full_tree: Value,
}

impl Verifier {
    /// What a run may take unless the record says otherwise.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
    /// What a step may take unless the record says otherwise.
    pub const DEFAULT_STEP_TIMEOUT: Duration = Duration::from_secs(10);
}

/// Text in which `${input.x}`, `${cap.x}` and the like stand for values; checked when it was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template(pub String);

/// A value of `inputs`.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// What kind of value.
    pub kind: InputKind,
    /// The variable of the environment that holds it.
    pub env: Option<String>,
    /// Never printed, never in an argument or an address. Has an `env`, and neither default nor pattern.
    pub secret: bool,
    /// Where nothing is handed in.
    pub default: Option<String>,
    /// What it must look like.
    pub pattern: Option<Pattern>,
    /// What it is, for people.
    pub help: Option<String>,
}

/// What kind of value an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Any text.
    String,
    /// A whole number.
    Int,
    /// A path below the subject.
    Path,
    /// `true` or `false`.
    Bool,
}

/// `requires`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requires {
    /// Names as Rust has them, such as `linux`; any where empty.
    pub os: Vec<String>,
    /// Names as Rust has them, such as `x86_64`; any where empty.
    pub arch: Vec<String>,
    /// Programs by the name that steps use. Steps may run no others.
    pub tools: BTreeMap<String, ToolRequirement>,
    /// Inputs that must be there.
    pub inputs: Vec<String>,
    /// Files of the subject that must be there.
    pub files: Vec<String>,
    /// Whether it must run as root, or must not.
    pub privileges: Option<Privileges>,
}

/// `privileges`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privileges {
    /// Anybody but root.
    User,
    /// Root.
    Root,
}

/// A program that a verifier needs.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolRequirement {
    /// A range of versions as `semver` has them; any where absent.
    pub range: Option<String>,
    /// Names under which it may be found, best first; its own name where empty.
    pub candidates: Vec<String>,
    /// What makes it print its version; `--version` where empty.
    pub version_args: Vec<String>,
    /// Finds the version in what it prints; its first group.
    pub version_regex: Option<Pattern>,
    /// Whether it may be missing.
    pub optional: bool,
}

/// `sandbox`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sandbox {
    /// Where programs start.
    pub cwd: WorkingFolder,
    /// Whether the real home may be read.
    pub real_home: bool,
    /// What may be reached.
    pub network: Network,
    /// Whether a program runs code of the subject, such as a build script.
    pub runs_subject_code: bool,
    /// Layers without which nothing runs.
    pub must_enforce: Vec<Layer>,
    /// Further folders that may be read.
    pub read: Vec<String>,
    /// Instead of the usual limits.
    pub limits: Limits,
}

/// Where programs start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WorkingFolder {
    /// In the folder that is examined, which they cannot write to.
    #[default]
    Subject,
    /// In a copy of it, which is theirs; a fresh one for each step.
    Copy,
    /// Such a copy, with the Git repository of the subject: where a script of the short form starts.
    CopyWithGit,
    /// In an empty folder.
    Scratch,
}

/// What may be reached over the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Nothing.
    #[default]
    None,
    /// This machine: the verifier's own services.
    Loopback,
    /// These, as `host:port`, and only by steps of ours, never by programs.
    Hosts(Vec<String>),
}

impl Network {
    /// What is left of it where no other machine may be asked.
    pub fn of_this_machine(&self) -> Network {
        let Network::Hosts(hosts) = self else { return self.clone() };
        let is_here = |listed: &&String| {
            listed.rsplit_once(':').is_some_and(|(host, _)| Network::is_this_machine(host))
        };
        let hosts: Vec<String> = hosts.iter().filter(is_here).cloned().collect();
        if hosts.is_empty() { Network::None } else { Network::Hosts(hosts) }
    }

    /// Whether a host is the machine that asks.
    pub fn is_this_machine(host: &str) -> bool {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

/// A layer of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Writing is confined to scratch.
    FsWrite,
    /// Reading is confined to the system, the toolchains, the subject and scratch.
    FsRead,
    /// The network is confined.
    Network,
}

/// Limits that a verifier states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Seconds of processor time.
    pub cpu: Option<u64>,
    /// Bytes of one file.
    pub file_size: Option<u64>,
    /// Processes.
    pub processes: Option<u64>,
    /// Bytes of memory of one process.
    pub memory: Option<u64>,
    /// Bytes of output per stream.
    pub output: Option<u64>,
}

/// A replica of a service: it answers from the record, and notes what it was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// The first that fits answers.
    pub routes: Vec<Route>,
    /// Where none fits; 404 unless said.
    pub default: Option<Reply>,
}

/// One route of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Any method where absent.
    pub method: Option<String>,
    /// On the path, without the query.
    pub path: Pattern,
    /// On the request, by names such as `header.authorization`.
    pub when: Probes,
    /// What it answers.
    pub reply: Reply,
}

/// What a service answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers by name.
    pub headers: BTreeMap<String, Template>,
    /// The body.
    pub body: ReplyBody,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyBody {
    /// None.
    Empty,
    /// Text.
    Text(Template),
    /// JSON whose texts are templates; `{fake_jwt: {…}}` stands for a token with these claims.
    Json(Value),
}

/// One fact.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifierStep {
    /// Its name in conditions: `[a-z][a-z0-9_]*`.
    pub id: String,
    /// How it is observed.
    pub kind: StepKind,
    /// What shows the fact; at least one.
    pub expect: Probes,
    /// What shows the opposite; where there is none, not `expect` does.
    pub refute: Option<Probes>,
    /// Observed only where this is true.
    pub when: Option<Condition>,
    /// Values to keep where the fact is true, by name.
    pub capture: BTreeMap<String, Capture>,
    /// How long it may take.
    pub timeout: Duration,
    /// What it means that it took longer.
    pub on_timeout: Fact,
    /// Whether it is tried again.
    pub retries: Option<Retries>,
    /// For people.
    pub note: Option<String>,
}

/// What is known of a fact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fact {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nothing is known.
    #[default]
    Unknown,
}

/// How often a step is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// 1 to 5 times more.
    pub times: u32,
    /// Between two tries.
    pub delay: Duration,
    /// Whether it must become true; otherwise it is enough that it is known.
    pub until_true: bool,
    /// How many times in a row the same must come out.
    pub stable: u32,
}

/// A value to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// The probe.
    pub from: String,
    /// A JSONPath into it.
    pub query: Option<String>,
    /// A regular expression with one group.
    pub regex: Option<Pattern>,
    /// Whether it is never printed.
    pub secret: bool,
}

/// How a fact is observed.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// A declared program, without a shell.
    Command(CommandStep),
    /// A script.
    Shell(ShellStep),
    /// A request over the network, made by us.
    Http(HttpStep),
    /// One file.
    File(FileStep),
    /// Several files.
    Files(FilesStep),
    /// A variable of the environment.
    Env(String),
    /// A TCP port.
    Tcp(TcpStep),
    /// The version of a program.
    Version(VersionStep),
    /// The claims of a JSON Web Token in a secret input. Its signature is never checked.
    Jwt(String),
    /// The class of a token in a secret input, by its shape alone.
    Token(String),
    /// What programs asked of a service.
    Requests(RequestsStep),
    /// A captured value.
    Value(Template),
    /// A question to a person.
    Manual(ManualStep),
}

impl StepKind {
    /// The key that the grammar has for it.
    pub fn name(&self) -> &'static str {
        match self {
            StepKind::Command(_) => "command",
            StepKind::Shell(_) => "shell",
            StepKind::Http(_) => "http",
            StepKind::File(_) => "file",
            StepKind::Files(_) => "files",
            StepKind::Env(_) => "env",
            StepKind::Tcp(_) => "tcp",
            StepKind::Version(_) => "version",
            StepKind::Jwt(_) => "jwt",
            StepKind::Token(_) => "token",
            StepKind::Requests(_) => "requests",
            StepKind::Value(_) => "value",
            StepKind::Manual(_) => "manual",
        }
    }
}

/// `command`. Probes: `exit signal stdout stderr output json lines duration`.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandStep {
    /// The program: a name, never a path and never a template.
    pub program: String,
    /// Its arguments.
    pub args: Vec<Template>,
    /// Where it starts, below the working folder.
    pub cwd: Option<String>,
    /// Further variables.
    pub env: BTreeMap<String, Template>,
    /// Variables of ours that it may see.
    pub env_pass: Vec<String>,
    /// What it reads on standard input.
    pub stdin: Option<Template>,
    /// Files that are written into its copy first.
    pub files: BTreeMap<String, Template>,
}

/// `shell`. Probes as `command`.
#[derive(Clone, Debug, PartialEq)]
pub struct ShellStep {
    /// The script. Values arrive as variables.
    pub script: String,
    /// `sh`, `bash` or `pwsh`.
    pub interpreter: Interpreter,
    /// Further variables.
    pub env: BTreeMap<String, Template>,
    /// Where it starts, below the working folder.
    pub cwd: Option<String>,
}

/// Who reads a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpreter {
    /// `sh -eu`.
    #[default]
    Sh,
    /// `bash -eu`.
    Bash,
    /// PowerShell.
    Pwsh,
}

/// `http`. Probes: `status header.<name> body json duration final_url tls_days_left`.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpStep {
    /// Such as `GET`.
    pub method: String,
    /// Scheme and host hold no template.
    pub url: Template,
    /// Headers by name.
    pub headers: BTreeMap<String, Template>,
    /// What is sent.
    pub body: Option<Template>,
    /// How many redirects are followed, 0 to 5.
    pub follow: u32,
}

/// Below what a path stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Root {
    /// The folder that is examined.
    #[default]
    Subject,
    /// The home, real or temporary.
    Home,
    /// The scratch folder.
    Scratch,
    /// Where an input of kind `path` leads.
    Input,
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
}

/// `file`. Probes: `exists type size mode executable text first_line eol sha256 value values doc`.
#[derive(Clone, Debug, PartialEq)]
pub struct FileStep {
    /// The path.
    pub path: Template,
    /// Below what.
    pub root: Root,
    /// How it is read.
    pub document: Option<Document>,
    /// A JSONPath into it, for `value` and `values`.
    pub query: Option<String>,
}

/// `files`. Probes: `count paths any all none`; the last three take probes of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FilesStep {
    /// At least one pattern.
    pub globs: Vec<String>,
    /// What is passed over.
    pub exclude: Vec<String>,
    /// Below what.
    pub root: Root,
    /// How they are read.
    pub document: Option<Document>,
    /// A JSONPath into each.
    pub query: Option<String>,
    /// Whether no file at all is an observation too.
    pub allow_none: bool,
}

/// `tcp`. Probes: `connected bind banner`.
#[derive(Clone, Debug, PartialEq)]
pub struct TcpStep {
    /// The host.
    pub host: String,
    /// The port.
    pub port: Template,
    /// Whether a port of ours is tried to be taken; otherwise somebody else's is called.
    pub bind: bool,
}

/// `version`. Probes: `found version`.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionStep {
    /// The program.
    pub tool: String,
    /// What makes it print its version; as `requires.tools` says where empty.
    pub args: Vec<String>,
    /// Finds it; the first number with dots otherwise.
    pub regex: Option<Pattern>,
}

/// `requests`. Probes: `count some each none`; the last three take `method path query.* header.* json.* bearer.class
/// bearer.claims.*`.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestsStep {
    /// The service.
    pub service: String,
    /// Only these.
    pub method: Option<String>,
    /// Only these.
    pub path: Option<Pattern>,
}

/// `manual`. Probe: `answer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManualStep {
    /// What the person is to look at.
    pub instruction: String,
    /// What they may answer.
    pub choices: Vec<String>,
}

/// A condition over facts, in three-valued logic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The fact of a step.
    Step(String),
    /// False if any is, else unknown if any is, else true.
    All(Vec<Condition>),
    /// True if any is, else unknown if any is, else false.
    Any(Vec<Condition>),
    /// The first whose steps were not passed over.
    FirstOf(Vec<Condition>),
    /// The opposite; of unknown it is unknown.
    Not(Box<Condition>),
}

/// What must hold of an observation: every one; by the name of the probe.
pub type Probes = BTreeMap<String, Matcher>;

/// What must hold of one probed value: every operation; at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher(pub Vec<Op>);

/// One operation on a value. Texts in arguments are templates; one that is a template alone keeps the value's kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The same value of the same kind.
    Equals(Value),
    /// Not that.
    NotEquals(Value),
    /// One of them.
    In(Vec<Value>),
    /// None of them.
    NotIn(Vec<Value>),
    /// All of them are part of the text, or items of the list.
    Contains(Vec<Value>),
    /// At least one is.
    ContainsAny(Vec<Value>),
    /// None is.
    NotContains(Vec<Value>),
    /// The expression finds something.
    Matches(Pattern),
    /// It finds nothing.
    NotMatches(Pattern),
    /// The text begins so.
    StartsWith(Template),
    /// The text ends so.
    EndsWith(Template),
    /// Less.
    Lt(Value),
    /// Less or equal.
    Le(Value),
    /// Greater.
    Gt(Value),
    /// Greater or equal.
    Ge(Value),
    /// A version in this range.
    Semver(String),
    /// Whether there is a value at all.
    Exists(bool),
    /// `string`, `number`, `bool`, `list`, `map` or `null`.
    Type(String),
    /// The length of the text, list or map.
    Length(Box<Matcher>),
    /// Every item, and there is one.
    Each(Box<Matcher>),
    /// Some item.
    Some(Box<Matcher>),
    /// No item.
    None(Box<Matcher>),
    /// It is not so.
    Not(Box<Matcher>),
    /// All of these.
    AllOf(Vec<Matcher>),
    /// One of these.
    AnyOf(Vec<Matcher>),
    /// Probes of each item: of the files behind `any`, `all` and `none`, of the requests behind `some`, `each` and
    /// `none`.
    Probes(Probes),
}

/// `repair`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repair {
    /// Wrong fixes that would explain that the symptom is gone.
    pub masked_by: Vec<Guard>,
    /// What must hold.
    pub require: Vec<Condition>,
}

/// A wrong fix and what shows that it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The id of the wrong fix.
    pub wrong_fix: String,
    /// When it is in force.
    pub when: Condition,
}
