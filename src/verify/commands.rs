//! The steps that run programs: where they start, what they are given, and what they said.

use super::files;
use super::git;
use super::matcher::Unknown;
use super::observe::World;
use super::sandbox::{Caps, Done, End};
use super::temporary::Temporary;
use super::tools::Call;
use crate::model::{CommandStep, Interpreter, ShellStep, Template, WorkingFolder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How git ends where it gives up; not so where it does not know our words.
const GIT_FATAL: i32 = 128;
/// For git to list settings.
const GIT_TIME: Duration = Duration::from_secs(10);

/// Runs a declared program.
pub fn command(world: &World<'_>, step: &CommandStep, timeout: Duration) -> Result<Value, Unknown> {
    let folder = Folder::of(world)?;
    if !step.files.is_empty() && folder.own.is_none() {
        return Err(Unknown::new("no-copy"));
    }
    for (path, text) in &step.files {
        files::write(&folder.path, path, &world.scope.text(&text.0)?)?;
    }
    let mut env = passed(world, &step.env_pass);
    env.extend(expanded(world, &step.env)?);
    protect(world, &folder, &mut env)?;
    let stdin = step.stdin.as_ref().map(|text| stdin(world, text)).transpose()?;
    let call = Call {
        args: step.args.iter().map(|arg| world.scope.text(&arg.0)).collect::<Result<_, _>>()?,
        cwd: folder.below(step.cwd.as_deref())?,
        env,
        stdin: stdin.as_ref().map(|folder| folder.path().join("stdin")),
        write: folder.own.iter().map(|own| own.path().to_path_buf()).collect(),
        timeout,
    };
    said(world.programs.call(&step.program, &call)?)
}

/// Runs a script. What it may use arrives in its variables.
pub fn shell(world: &World<'_>, step: &ShellStep, timeout: Duration) -> Result<Value, Unknown> {
    let folder = Folder::of(world)?;
    let (program, options): (&str, &[&str]) = match step.interpreter {
        Interpreter::Sh => ("sh", &["-eu", "-c"]),
        Interpreter::Bash => ("bash", &["-eu", "-c"]),
        Interpreter::Pwsh => ("pwsh", &["-NoProfile", "-NonInteractive", "-Command"]),
    };
    let args = options.iter().copied().chain([step.script.as_str()]);
    let mut env = expanded(world, &step.env)?;
    protect(world, &folder, &mut env)?;
    let call = Call {
        args: args.map(str::to_owned).collect(),
        cwd: folder.below(step.cwd.as_deref())?,
        env,
        stdin: None,
        write: folder.own.iter().map(|own| own.path().to_path_buf()).collect(),
        timeout,
    };
    said(world.programs.call_any(program, &call)?)
}

/// Where a program starts, and the copy that goes when the step is over.
struct Folder {
    path: PathBuf,
    own: Option<Temporary>,
}

impl Folder {
    fn of(world: &World<'_>) -> Result<Folder, Unknown> {
        let fresh = |name: &str| {
            let folder = Temporary::inside(&world.programs.scratch, name);
            folder.map_err(|_| Unknown::new("no-copy"))
        };
        Ok(match world.verifier.sandbox.cwd {
            WorkingFolder::Subject => Folder { path: world.scope.subject.clone(), own: None },
            cwd @ (WorkingFolder::Copy | WorkingFolder::CopyWithGit) => {
                let own = fresh("copy-")?;
                let path = own.path().join("subject");
                files::copy(&world.scope.subject, &path)?;
                if cwd == WorkingFolder::CopyWithGit {
                    files::copy_repository(&world.scope.subject, &path)?;
                }
                Folder { path, own: Some(own) }
            }
            WorkingFolder::Scratch => {
                let own = fresh("empty-")?;
                Folder { path: own.path().to_path_buf(), own: Some(own) }
            }
        })
    }

    fn below(&self, folder: Option<&str>) -> Result<PathBuf, Unknown> {
        match folder {
            Some(folder) => files::confined(&self.path, folder)?
                .ok_or_else(|| Unknown::new(format!("missing-file: {folder}"))),
            None => Ok(self.path.clone()),
        }
    }
}

fn passed(world: &World<'_>, names: &[String]) -> BTreeMap<String, String> {
    let value = |name: &String| Some((name.clone(), world.variables.get(name)?.clone()));
    names.iter().filter_map(value).collect()
}

fn expanded(
    world: &World<'_>,
    env: &BTreeMap<String, Template>,
) -> Result<BTreeMap<String, String>, Unknown> {
    env.iter().map(|(name, value)| Ok((name.clone(), world.scope.text(&value.0)?))).collect()
}

/// Keeps git from running programs that the folder names, unless a check may run the folder's code. What is asked of a
/// fixture is asked in the same way, or its states would show something else than folders do.
fn protect(world: &World<'_>, folder: &Folder, env: &mut BTreeMap<String, String>) -> Result<(), Unknown> {
    if world.verifier.sandbox.runs_subject_code {
        return Ok(());
    }
    let named = world.named_in_git.get_or_init(|| named_in_git(world, folder)).clone()?;
    git::protect(env, &world.programs.variables, &named);
    Ok(())
}

/// What the settings of a real folder name; a fixture was made by the record.
fn named_in_git(world: &World<'_>, folder: &Folder) -> Result<Vec<(String, String)>, Unknown> {
    let is_repository = [".git", "HEAD"].iter().any(|name| folder.path.join(name).exists());
    if world.http.is_some() || !is_repository {
        return Ok(Vec::new());
    }
    let call = Call {
        args: git::LIST.iter().map(|&word| word.to_owned()).collect(),
        cwd: folder.path.clone(),
        env: BTreeMap::new(),
        stdin: None,
        write: Vec::new(),
        timeout: GIT_TIME,
    };
    let done = match world.programs.call_any("git", &call) {
        Err(Unknown(reason)) if reason.starts_with("missing-tool") => return Ok(Vec::new()),
        done => done?,
    };
    match done.end {
        End::Exit(0) if done.stdout.len() < Caps::default().kept => git::overrides(&done.stdout),
        // What git cannot read settings of is no repository to it.
        End::Exit(GIT_FATAL) => Ok(Vec::new()),
        _ => Err(Unknown::new("git-settings")),
    }
}

fn stdin(world: &World<'_>, text: &Template) -> Result<Temporary, Unknown> {
    let folder = Temporary::inside(&world.programs.scratch, "stdin-");
    let folder = folder.map_err(|_| Unknown::new("no-copy"))?;
    files::write(folder.path(), "stdin", &world.scope.text(&text.0)?)?;
    Ok(folder)
}

/// What a program said, as probes.
fn said(done: Done) -> Result<Value, Unknown> {
    let mut seen = json!({
        "lines": done.stdout.lines().collect::<Vec<&str>>(),
        "duration": done.took.as_secs_f64(),
    });
    match done.end {
        End::Exit(code) => seen["exit"] = code.into(),
        End::Signal(signal) => seen["signal"] = signal.into(),
        End::TimedOut => return Err(Unknown::new("timeout")),
        End::TooMuchOutput => return Err(Unknown::new("output-cap")),
        End::TooMuchScratch => return Err(Unknown::new("scratch-cap")),
        End::TooManyProcesses => return Err(Unknown::new("process-cap")),
        End::TooMuchMemory => return Err(Unknown::new("memory-cap")),
        End::NotStarted(_) => return Err(Unknown::new("not-started")),
    }
    if let Ok(document) = serde_json::from_str::<Value>(&done.stdout) {
        seen["json"] = document;
    }
    seen["output"] = done.output().into();
    seen["stdout"] = done.stdout.into();
    seen["stderr"] = done.stderr.into();
    Ok(seen)
}
