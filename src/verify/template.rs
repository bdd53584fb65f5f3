//! What `${…}` stands for during one run.
//!
//! In: a `Scope` and a text or value with templates. Out: the text, or the first name that has no value.
//! Not here: whether a template may stand where it stands (`parse`). What a value holds is never expanded again.

use super::matcher::Unknown;
use super::tokens::Fakes;
use super::tools::find_in;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Everything that templates of one run may name.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// `${input.x}`.
    pub inputs: BTreeMap<String, Value>,
    /// `${cap.x}`.
    pub captures: BTreeMap<String, Value>,
    /// `${secret.x}`.
    pub secrets: BTreeMap<String, String>,
    /// `${service.x.url}` and `${service.x.port}`: the port.
    pub services: BTreeMap<String, u16>,
    /// `${subject}`.
    pub subject: PathBuf,
    /// `${scratch}`.
    pub scratch: PathBuf,
    /// `${home}`.
    pub home: PathBuf,
    /// The machine's folders of programs: `${self.x}` is the path of `x` there, or else of `x3`.
    pub programs: Vec<PathBuf>,
    /// `${fake.x}`.
    pub fakes: Fakes,
    /// `${query.x}`: of the request that is answered.
    pub query: BTreeMap<String, Value>,
}

/// Bytes of a text in which templates were replaced.
const MAX_TEXT: usize = 8 << 20;
/// What a text of a fixture may name; anything else in it is meant for whoever reads the file.
const IN_FILES: &[&str] = &["fake.", "input.", "self."];
/// What a template may name.
const ANYWHERE: &[&str] =
    &["fake.", "input.", "self.", "cap.", "secret.", "service.", "query.", "subject", "scratch", "home"];

impl Scope {
    /// A text with its templates replaced.
    pub fn text(&self, text: &str) -> Result<String, Unknown> {
        self.replace(text, ANYWHERE)
    }

    /// The text of a file of a fixture: shell variables and the like stay as they are.
    pub fn file(&self, text: &str) -> Result<String, Unknown> {
        self.replace(text, IN_FILES)
    }

    /// A value with the templates of all its texts replaced; a text that is one template alone becomes a value of
    /// that template's kind.
    pub fn value(&self, value: &Value) -> Result<Value, Unknown> {
        Ok(match value {
            Value::String(text) => match alone(text) {
                Some(name) => self.lookup(name)?,
                None => Value::String(self.text(text)?),
            },
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(map) => match super::tokens::claims_of(map) {
                Some(claims) => Value::String(self.fakes.jwt(&self.value(claims)?)),
                None => {
                    let member = |(key, value): (&String, &Value)| Ok((key.clone(), self.value(value)?));
                    Value::Object(map.iter().map(member).collect::<Result<_, Unknown>>()?)
                }
            },
            other => other.clone(),
        })
    }

    fn replace(&self, text: &str, roots: &[&str]) -> Result<String, Unknown> {
        let mut whole = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            whole.push_str(&rest[..at]);
            let inside = &rest[at + 2..];
            if whole.len() > MAX_TEXT {
                return Err(Unknown::new("text-too-large"));
            }
            match inside.split_once('}').filter(|(name, _)| is_name(name, roots)) {
                Some((name, after)) => {
                    whole.push_str(&in_text(&self.lookup(name)?));
                    rest = after;
                }
                None => {
                    whole.push_str("${");
                    rest = inside;
                }
            }
        }
        whole.push_str(rest);
        Ok(whole)
    }

    fn lookup(&self, name: &str) -> Result<Value, Unknown> {
        let path = |path: &PathBuf| Some(Value::String(path.to_string_lossy().into_owned()));
        let found = match name.split_once('.') {
            None if name == "subject" => path(&self.subject),
            None if name == "scratch" => path(&self.scratch),
            None if name == "home" => path(&self.home),
            Some(("input", key)) => self.inputs.get(key).cloned(),
            Some(("cap", key)) => self.captures.get(key).cloned(),
            Some(("secret", key)) => self.secrets.get(key).cloned().map(Value::String),
            Some(("self", key)) => {
                let found = find_in(&self.programs, key);
                found.or_else(|| find_in(&self.programs, &format!("{key}3"))).as_ref().and_then(path)
            }
            Some(("fake", key)) => Some(Value::String(self.fakes.text(key))),
            Some(("query", key)) => self.query.get(key).cloned(),
            Some(("service", key)) => self.service(key),
            _ => None,
        };
        found.ok_or_else(|| Unknown::new(format!("no-value: {name}")))
    }

    fn service(&self, key: &str) -> Option<Value> {
        let (name, part) = key.rsplit_once('.')?;
        let port = *self.services.get(name)?;
        match part {
            "url" => Some(Value::String(format!("http://127.0.0.1:{port}/"))),
            "port" => Some(Value::from(port)),
            _ => None,
        }
    }
}

/// The name of the only template of a text that holds nothing else.
pub fn alone(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    is_name(name, ANYWHERE).then_some(name)
}

fn is_name(name: &str, roots: &[&str]) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let known = |root: &&str| {
        if root.ends_with('.') { name.len() > root.len() && name.starts_with(*root) } else { name == *root }
    };
    plain && roots.iter().any(known)
}

/// A value as it stands inside a longer text.
pub fn in_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
