//! `faultbook guard`.

use super::args::{Args, Format};
use super::{Exit, UsageError, export, library, report};
use crate::disk;
use crate::guard::{Guard, Pattern};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use std::io::Read as _;

/// `guard`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HOOKS)]
pub struct GuardArgs {
    /// The command with its arguments, behind `--`; a single text is a whole command line. `-` reads JSON from standard
    /// input: an object with `command`, or with `tool_input` that has one; a text, or a list of words
    #[arg(value_name = "COMMAND", required = true)]
    pub command: Vec<String>,
    /// Take the patterns that `export guard` wrote to this file, instead of reading a book
    #[arg(long, value_name = "FILE")]
    pub patterns: Option<Utf8PathBuf>,
    /// How to write what was found
    #[arg(short, long, value_enum, default_value = "human")]
    pub format: Format,
}

/// How others call it.
const HOOKS: &str = "\
It runs nothing. 0: no known wrong fix; 1: stopped; anything else: it could not tell, and nobody
should be stopped for that.

For bash, in ~/.bashrc (`extdebug` lets the trap stop a command):
  shopt -s extdebug
  faultbook_guard() {
    faultbook guard --patterns ~/guard.json -- \"$BASH_COMMAND\"
    [ $? -ne 1 ]
  }
  trap faultbook_guard DEBUG

For zsh, in ~/.zshrc (Enter is asked, since preexec cannot stop anything):
  faultbook-accept() {
    faultbook guard --patterns ~/guard.json -- \"$BUFFER\"
    [ $? -eq 1 ] || zle .accept-line
  }
  zle -N accept-line faultbook-accept

For a coding agent whose hook gets the tool's call as JSON, and stops the call with 2:
  faultbook guard --patterns guard.json -; [ $? -ne 1 ] || exit 2

`faultbook export guard -o guard.json` writes the patterns. Commands are compared word by word,
as a shell splits them; `sudo`, `env` and assignments are passed over where the record does not have them.";

/// The largest list of patterns that is read.
const MAX_PATTERNS: u64 = 64 << 20;
/// The longest call of a tool that is read.
const MAX_CALL: u64 = 1 << 20;

/// Says whether a command is a known wrong fix.
pub fn run(args: &GuardArgs, all: &Args) -> anyhow::Result<Exit> {
    let asked = match args.command.as_slice() {
        [dash] if dash == "-" => from_hook()?,
        words => Some(words.to_vec()),
    };
    let guard = match &args.patterns {
        Some(path) => from_file(path)?,
        None => from_library(all)?,
    };
    let found = asked.as_deref().and_then(|asked| judge(&guard, asked));
    match (args.format, found) {
        (Format::Json, found) => report::json(&report::stopped_json(found)),
        (Format::Human, Some(pattern)) => report::stopped(pattern),
        (Format::Human, None) => {}
    }
    Ok(if found.is_some() { Exit::Findings } else { Exit::Clean })
}

/// One text is a line that no shell has read yet.
fn judge<'g>(guard: &'g Guard, asked: &[String]) -> Option<&'g Pattern> {
    match asked {
        [line] => guard.judge(line),
        words => guard.judge_words(words),
    }
}

/// The command of a tool's call; `None` where the call runs none.
fn from_hook() -> anyhow::Result<Option<Vec<String>>> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MAX_CALL).read_to_string(&mut text);
    let hint = "an object with `command`, or with `tool_input` that has one";
    let no_call = || UsageError::with_hint("standard input holds no call of a tool", hint);
    read.map_err(|_| no_call())?;
    let call: Value = serde_json::from_str(&text).map_err(|_| no_call())?;
    let call = call.as_object().ok_or_else(no_call)?;
    let command = match (call.get("command"), call.get("tool_input")) {
        (Some(command), _) => command,
        (None, Some(Value::Object(input))) => match input.get("command") {
            Some(command) => command,
            None => return Ok(None),
        },
        _ => return Err(no_call()),
    };
    match command {
        Value::String(line) => Ok(Some(vec![line.clone()])),
        Value::Array(words) => {
            let words: Option<Vec<String>> =
                words.iter().map(|word| word.as_str().map(str::to_owned)).collect();
            words.map(Some).ok_or_else(no_call)
        }
        _ => Err(no_call()),
    }
}

fn from_file(path: &Utf8Path) -> anyhow::Result<Guard> {
    let hint = "`faultbook export guard -o FILE` writes one";
    let wrong = |why: &str| UsageError::with_hint(format!("`{path}` is no file of patterns: {why}"), hint);
    let read = disk::bounded(path, &[], MAX_PATTERNS).map_err(|error| wrong(&error.to_string()))?;
    let body =
        read.into_iter().next().and_then(|(_, body)| body).ok_or_else(|| wrong("it cannot be read"))?;
    let guard: Guard = serde_json::from_slice(&body).map_err(|error| wrong(&error.to_string()))?;
    match guard.schema == Guard::SCHEMA {
        true => Ok(guard),
        false => Err(wrong("its schema is another one")),
    }
}

fn from_library(all: &Args) -> anyhow::Result<Guard> {
    let library = library::find(all)?;
    let mut reading = library.read().context("could not read the records")?;
    reading.book = reading.book.without_drafts();
    Ok(Guard::of(&reading.book, &|record| export::page(&reading, record)).0)
}
