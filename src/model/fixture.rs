//! The states in which a long-form verifier is tested.

use super::proof::Verdict;
use super::verifier::Template;
use serde_json::Value;
use std::collections::BTreeMap;

/// A state in which the verifier is tested.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fixture {
    /// The verdicts that it may come to.
    pub expect: Vec<Verdict>,
    /// The state that it changes.
    pub base: Option<String>,
    /// Files of the subject.
    pub files: BTreeMap<String, Template>,
    /// Files of the home.
    pub home: BTreeMap<String, Template>,
    /// A folder below `fixtures/` beside the record, whose files come first.
    pub from: Option<String>,
    /// Files that are taken away.
    pub delete: Vec<String>,
    /// Texts that are replaced in files; each must be there.
    pub replace: Vec<Replacement>,
    /// Modes by path, as octal digits.
    pub mode: BTreeMap<String, u32>,
    /// Variables.
    pub env: BTreeMap<String, FixtureValue>,
    /// Inputs; the text `${free_port}` is a port that nobody has.
    pub inputs: BTreeMap<String, Template>,
    /// Folders of the subject that stand first on PATH.
    pub path: Vec<String>,
    /// What is not there for real.
    pub stubs: Stubs,
    /// Programs that run in the subject first, in the sandbox.
    pub prepare: Vec<Vec<Template>>,
}

/// A text that is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The file.
    pub path: String,
    /// What must be in it.
    pub find: String,
    /// What comes in its place.
    pub with: String,
}

/// The value of a variable in a fixture.
#[derive(Clone, Debug, PartialEq)]
pub enum FixtureValue {
    /// Text; `${fake.NAME}` is made anew for each run.
    Text(Template),
    /// A token with these claims.
    FakeJwt(Value),
}

/// What is not there for real. Where `Some`, it stands instead of the base's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stubs {
    /// Programs: recorded replies, or `None` for "not installed".
    pub commands: Option<BTreeMap<String, Option<Vec<CommandReply>>>>,
    /// Answers to requests.
    pub http: Option<Vec<HttpReply>>,
    /// Inputs whose ports are taken.
    pub tcp: Option<Vec<String>>,
}

/// What a program said once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandReply {
    /// To exactly these arguments.
    pub args: Vec<String>,
    /// Its exit status.
    pub exit: i32,
    /// On standard output.
    pub stdout: String,
    /// On standard error.
    pub stderr: String,
}

/// What a server said once.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpReply {
    /// To this method; any where absent.
    pub method: Option<String>,
    /// To this address.
    pub url: String,
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: String,
}

/// A wrong fix as a state.
#[derive(Clone, Debug, PartialEq)]
pub enum WrongCell {
    /// On `broken` unless it says another base.
    State(Box<Fixture>),
    /// It cannot be made, and why.
    Untestable(String),
}
