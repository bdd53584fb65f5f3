//! The long form of a check as a POSIX script: what `sh` can tell exactly is told, all else is unknown and says why.
//!
//! In: a verifier. Out: text for `sh` that observes its steps, or nothing where no verdict could ever come of it. Every
//! fact is `t`, `f`, `u` (unknown) or `s` (passed over); names of ours begin with `k_`, and what a record says stands in
//! single quotes.

use super::export::{quoted, shown};
use super::flat::{LINE_END, RETURN, flat};
use super::globs::Glob;
use crate::model::{
    CommandStep, Condition, Fact, FileStep, FilesStep, Interpreter, Matcher, Op, Pattern, Privileges, Probes,
    Root, ShellStep, StepKind, Template, ToolRequirement, Verifier, VerifierStep, VersionStep, WorkingFolder,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// What a script is made of.
pub struct Body {
    /// What is asked before anything is observed.
    pub requirements: String,
    /// The steps, then the conditions.
    pub facts: String,
    /// The steps that stay unknown, each with the reason.
    pub left_out: Vec<(String, String)>,
}

/// Why something is not for `sh`.
type NotForSh = String;
type Written = Result<String, NotForSh>;

/// The body of a script. `None` where it could only ever say CANNOT_TELL.
pub fn body(verifier: &Verifier) -> Option<Body> {
    let given = |name: &String| verifier.inputs.get(name).is_some_and(|input| input.default.is_some());
    let takes_from_env = verifier.inputs.values().any(|input| input.env.is_some());
    if takes_from_env || !verifier.requires.inputs.iter().all(given) || !verifier.services.is_empty() {
        return None;
    }
    let requirements = requirements(verifier).ok()?;
    let (mut facts, mut left_out) = (String::new(), Vec::new());
    for step in &verifier.steps {
        let written = observed(verifier, step).unwrap_or_else(|why| {
            let text = format!("s_{}=u w_{}={}\n", step.id, step.id, quoted(&shown(&why)));
            left_out.push((step.id.clone(), why));
            text
        });
        facts.push_str(&only_when(step, &written));
    }
    let is_told = |id: &str| !left_out.iter().any(|(other, _)| other == id);
    let present = possible(&verifier.present, &is_told);
    let absent = match &verifier.absent {
        Some(condition) => possible(condition, &is_told).0,
        None => present.1,
    };
    if !present.0 && !absent {
        return None;
    }
    facts.push_str(&format!("k_present={}\n", condition(&verifier.present)));
    let absent = verifier.absent.as_ref().map_or("$(k_not \"$k_present\")".to_owned(), condition);
    facts.push_str(&format!("k_absent={absent}\n"));
    facts.push_str(&repair(verifier));
    facts.push_str(&notes(verifier));
    Some(Body { requirements, facts, left_out })
}

/// Whether a condition can come out true, and whether false, where some steps stay unknown.
fn possible(condition: &Condition, is_told: &dyn Fn(&str) -> bool) -> (bool, bool) {
    let all = |several: &[Condition]| {
        let each: Vec<(bool, bool)> = several.iter().map(|one| possible(one, is_told)).collect();
        (each.iter().all(|it| it.0), each.iter().any(|it| it.1), each.iter().any(|it| it.0))
    };
    match condition {
        Condition::Step(id) => (is_told(id), is_told(id)),
        Condition::Not(one) => {
            let (yes, no) = possible(one, is_told);
            (no, yes)
        }
        Condition::All(several) => (all(several).0, all(several).1),
        Condition::Any(several) => {
            let every_no = several.iter().all(|one| possible(one, is_told).1);
            (all(several).2, every_no)
        }
        Condition::FirstOf(several) => (all(several).2, all(several).1),
    }
}

fn condition(it: &Condition) -> String {
    let list = |name: &str, several: &[Condition]| {
        let parts: Vec<String> = several.iter().map(|one| format!("\"{}\"", condition(one))).collect();
        format!("$({name} {})", parts.join(" "))
    };
    match it {
        Condition::Step(id) => format!("$s_{id}"),
        Condition::Not(one) => format!("$(k_not \"{}\")", condition(one)),
        Condition::All(several) => list("k_all", several),
        Condition::Any(several) => list("k_any", several),
        Condition::FirstOf(several) => {
            let part = |one: &Condition| {
                let facts: String = steps_of(one).iter().map(|id| format!("$s_{id}")).collect();
                format!("\"{facts}\" \"{}\"", condition(one))
            };
            format!("$(k_first {})", several.iter().map(part).collect::<Vec<_>>().join(" "))
        }
    }
}

fn steps_of(condition: &Condition) -> Vec<&str> {
    match condition {
        Condition::Step(id) => vec![id],
        Condition::Not(one) => steps_of(one),
        Condition::All(several) | Condition::Any(several) | Condition::FirstOf(several) => {
            several.iter().flat_map(steps_of).collect()
        }
    }
}

/// Says of each step that is not known why, and of each that is ambiguous that the check is broken.
fn notes(verifier: &Verifier) -> String {
    let note = |step: &VerifierStep| format!("k_note {id} \"$s_{id}\" \"$w_{id}\"\n", id = step.id);
    format!("k_notes() {{\n{}}}\n", verifier.steps.iter().map(note).collect::<String>())
}

fn repair(verifier: &Verifier) -> String {
    let mut text = "k_masked() {\n:\n".to_owned();
    for guard in &verifier.repair.masked_by {
        text.push_str(&format!("k_guard \"{}\" {}\n", condition(&guard.when), quoted(&guard.wrong_fix)));
    }
    text.push_str("}\nk_required() {\n:\n");
    for one in &verifier.repair.require {
        let name = super::judge::written(one);
        text.push_str(&format!("k_require \"{}\" {}\n", condition(one), quoted(&name)));
    }
    text + "}\n"
}

fn only_when(step: &VerifierStep, written: &str) -> String {
    let Some(when) = &step.when else { return written.to_owned() };
    let id = &step.id;
    format!("if [ \"{}\" = t ]; then\n{written}else s_{id}=s w_{id}=skipped\nfi\n", condition(when))
}

// Requirements.

fn requirements(verifier: &Verifier) -> Written {
    let requires = &verifier.requires;
    let mut text = String::new();
    let one_of = |words: &[String], known: &[(&str, &str)]| {
        let names: Vec<&str> = known
            .iter()
            .filter(|(word, _)| words.iter().any(|it| it == word))
            .map(|(_, name)| *name)
            .collect();
        if names.is_empty() { "-".to_owned() } else { names.join("|") }
    };
    if !requires.os.is_empty() {
        let names = one_of(&requires.os, &[("linux", "Linux"), ("macos", "Darwin"), ("freebsd", "FreeBSD")]);
        text.push_str(&format!(
            "case $(uname -s) in {names}) ;; *) k_cannot_tell \"os: $(uname -s)\" ;; esac\n"
        ));
    }
    if !requires.arch.is_empty() {
        let names = one_of(&requires.arch, &[("x86_64", "x86_64|amd64"), ("aarch64", "aarch64|arm64")]);
        text.push_str(&format!(
            "case $(uname -m) in {names}) ;; *) k_cannot_tell \"arch: $(uname -m)\" ;; esac\n"
        ));
    }
    match requires.privileges {
        Some(Privileges::Root) => {
            text.push_str("[ \"$(id -u)\" -eq 0 ] || k_cannot_tell 'privileges: not root'\n");
        }
        Some(Privileges::User) => {
            text.push_str("[ \"$(id -u)\" -ne 0 ] || k_cannot_tell 'privileges: root'\n");
        }
        None => {}
    }
    for path in &requires.files {
        let (path, missing) =
            (quoted(&dashed(plain(path)?)), quoted(&shown(&format!("missing-file: {path}"))));
        text.push_str(&format!(
            "k_place {path}\n[ \"$k_there\" != u ] || k_cannot_tell outside-root\n[ \"$k_there\" = t ] || k_cannot_tell {missing}\n"
        ));
    }
    for (name, tool) in &requires.tools {
        if !tool.optional {
            let called = quoted(&shown(&format!("missing-tool: {name}, or another version")));
            text.push_str(&format!(
                "{}[ -n \"$k_program\" ] || k_cannot_tell {called}\n",
                chosen(name, tool)?
            ));
        }
    }
    Ok(text)
}

/// Finds a program: its path is in `k_program`, which is empty where there is none.
fn chosen(name: &str, tool: &ToolRequirement) -> Written {
    let names: Vec<&str> = match tool.candidates.is_empty() {
        true => vec![name],
        false => tool.candidates.iter().map(String::as_str).collect(),
    };
    if names.iter().any(|name| name.is_empty() || name.contains(['/', '\0'])) {
        return Err("the name of a program leads elsewhere".to_owned());
    }
    let range = tool.range.as_deref().filter(|range| *range != "*");
    if range.is_some() && (tool.optional || names.len() > 1) {
        return Err("which of several programs is meant depends on their versions".to_owned());
    }
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let mut text = format!("k_find {}\n", names.join(" "));
    if let Some(range) = range {
        if tool.version_regex.is_some() {
            return Err("an expression finds the version of a program".to_owned());
        }
        text.push_str(&asked(&tool.version_args)?);
        text.push_str(&format!(
            "[ \"$(k_in_range \"$k_work/text\" {})\" = t ] || k_program=\n",
            ranges(range)?
        ));
    }
    Ok(text)
}

/// Asks `k_program` for its version: it is in `k_version`, which is empty where it does not tell it.
fn asked(args: &[String]) -> Written {
    let args = if args.is_empty() { vec!["--version".to_owned()] } else { args.to_vec() };
    Ok(format!("k_ask {}\n", words(args.iter().map(String::as_str))?))
}

/// `>=1.2,<2` as words: only what compares the same way without knowing all of semver.
fn ranges(range: &str) -> Written {
    let one = |part: &str| {
        let part = part.trim();
        let (op, version) =
            part.strip_prefix(">=").map(|it| (">=", it)).or_else(|| Some(("<", part.strip_prefix('<')?)))?;
        let numbers: Vec<&str> = version.trim().split('.').collect();
        let is_number =
            |it: &&str| !it.is_empty() && it.len() < 9 && it.bytes().all(|byte| byte.is_ascii_digit());
        let is_plain = numbers.len() <= 3 && numbers.iter().all(is_number);
        is_plain.then(|| {
            format!(
                "'{op}' {} {} {}",
                numbers[0],
                numbers.get(1).unwrap_or(&"0"),
                numbers.get(2).unwrap_or(&"0")
            )
        })
    };
    let parts: Option<Vec<String>> = range.split(',').map(one).collect();
    Ok(parts.ok_or("a range of versions is more than `>=` and `<`")?.join(" "))
}

// Steps.

fn observed(verifier: &Verifier, step: &VerifierStep) -> Written {
    if step.retries.is_some() || step.on_timeout != Fact::Unknown {
        return Err("it depends on time".to_owned());
    }
    let what = match &step.kind {
        StepKind::File(file) => return file_step(verifier, step, file),
        StepKind::Files(files) => return files_step(verifier, step, files),
        StepKind::Env(name) => env(name)?,
        StepKind::Command(command) => run_command(verifier, step, command)?,
        StepKind::Shell(shell) => run_shell(verifier, step, shell)?,
        StepKind::Version(version) => version_step(verifier, version)?,
        other => return Err(format!("`{}` is not for sh", other.name())),
    };
    let decided = decided(step, &value_probe)?;
    Ok(format!(
        "k_why=\n{what}if [ -n \"$k_why\" ]; then s_{id}=u w_{id}=$k_why\nelse\n{decided}fi\n",
        id = step.id
    ))
}

/// From `expect` and `refute` to a fact.
fn decided(step: &VerifierStep, probe: &dyn Fn(&str, &Matcher) -> Written) -> Written {
    let id = &step.id;
    let expect = all_of(&step.expect, probe)?;
    let refute = match &step.refute {
        Some(refute) => format!("k_decide \"{expect}\" \"{}\"\n", all_of(refute, probe)?),
        None => format!("k_it=\"{expect}\"\nk_decide \"$k_it\" \"$(k_not \"$k_it\")\"\n"),
    };
    Ok(format!("{refute}s_{id}=$k_fact w_{id}=$k_why\n"))
}

fn all_of(probes: &Probes, probe: &dyn Fn(&str, &Matcher) -> Written) -> Written {
    let parts: Vec<String> =
        probes.iter().map(|(name, matcher)| probe(name, matcher)).collect::<Result<_, _>>()?;
    Ok(format!("$(k_all {})", in_quotes(&parts)))
}

fn in_quotes(parts: &[String]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| format!("\"{part}\"")).collect();
    parts.join(" ")
}

/// A path that stays below its root, whatever is there.
fn plain(path: &str) -> Result<&str, NotForSh> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    let holds = !path.is_empty() && Path::new(path).components().all(is_plain) && !path.contains('\0');
    if holds { Ok(path) } else { Err("its path leads elsewhere".to_owned()) }
}

fn literal(template: &Template) -> Result<&str, NotForSh> {
    match template.0.contains("${") || template.0.contains('\0') {
        true => Err("a value has to be put in".to_owned()),
        false => Ok(&template.0),
    }
}

fn words<'w>(words: impl Iterator<Item = &'w str>) -> Written {
    let word = |word: &str| match word.contains('\0') {
        true => Err("an argument holds NUL".to_owned()),
        false => Ok(quoted(word)),
    };
    Ok(words.map(word).collect::<Result<Vec<String>, NotForSh>>()?.join(" "))
}

fn rooted(verifier: &Verifier, root: Root) -> Result<&'static str, NotForSh> {
    match root {
        Root::Subject => Ok("cd \"$k_subject\""),
        Root::Home if verifier.sandbox.real_home => Ok("cd \"$HOME\""),
        Root::Home | Root::Scratch | Root::Input => {
            Err("it reads a folder that only a run lays out".to_owned())
        }
    }
}

fn file_step(verifier: &Verifier, step: &VerifierStep, file: &FileStep) -> Written {
    let path = plain(literal(&file.path)?)?;
    let root = rooted(verifier, file.root)?;
    let asks_existence =
        step.expect.contains_key("exists") || step.refute.iter().any(|refute| refute.contains_key("exists"));
    let missing = match asks_existence {
        true => String::new(),
        false => {
            format!("[ \"$k_there\" != f ] || k_why={}\n", quoted(&shown(&format!("missing-file: {path}"))))
        }
    };
    let probe = |name: &str, matcher: &Matcher| file_probe(name, matcher);
    let decided = decided(step, &probe)?;
    Ok(format!(
        "k_why=\n{root} || k_why=unreadable\nk_place {}\n{missing}[ \"$k_there\" != t ] || k_load\n\
         if [ -n \"$k_why\" ] || [ \"$k_there\" = u ]; then s_{id}=u w_{id}=${{k_why:-a link, or outside of the folder}}\nelse\n{decided}fi\ncd \"$k_subject\"\n",
        quoted(&dashed(path)),
        id = step.id,
    ))
}

/// No option of a program begins so.
fn dashed(path: &str) -> String {
    format!("./{path}")
}

fn files_step(verifier: &Verifier, step: &VerifierStep, files: &FilesStep) -> Written {
    let root = rooted(verifier, files.root)?;
    let paths = |globs: &[String]| {
        let each: Option<Vec<String>> = globs.iter().map(|glob| Glob::ere(glob)).collect();
        each.map(|each| quoted(&each.join("|")))
            .ok_or_else(|| "a pattern of paths is not for grep".to_owned())
    };
    let (wanted, exclude) = (paths(&files.globs)?, paths(&files.exclude)?);
    let none = match files.allow_none {
        true => "",
        false => "[ \"$k_n\" -ne 0 ] || k_why=no-file-matched\n",
    };
    let mut functions = String::new();
    let n = std::cell::Cell::new(0);
    let told = std::cell::RefCell::new(&mut functions);
    let probe = |name: &str, matcher: &Matcher| -> Written {
        let how = match name {
            "count" => return number(matcher, "$k_n"),
            "any" | "all" | "none" => name,
            _ => return Err(format!("`{name}` of files is not for sh")),
        };
        n.set(n.get() + 1);
        let each = format!("each_{}_{}", step.id, n.get());
        told.borrow_mut().push_str(&format!("{each}() {{ printf '%s\\n' \"{}\"; }}\n", item(matcher)?));
        Ok(format!("$(k_files {how} {each})"))
    };
    let decided = decided(step, &probe)?;
    Ok(format!(
        "{functions}k_why=\n{root} || k_why=unreadable\nk_list {wanted} {exclude}\n{none}\
         if [ -n \"$k_why\" ]; then s_{id}=u w_{id}=$k_why\nelse\n{decided}fi\ncd \"$k_subject\"\n",
        id = step.id,
    ))
}

/// What must hold of one of several files.
fn item(matcher: &Matcher) -> Written {
    let op = |op: &Op| match op {
        Op::Probes(probes) => all_of(probes, &|name, matcher| file_probe(name, matcher)),
        Op::Not(inner) => Ok(format!("$(k_not \"{}\")", item(inner)?)),
        Op::AllOf(several) => several_of("k_all", several, &item),
        Op::AnyOf(several) => several_of("k_any", several, &item),
        _ => Err("a matcher of files is not for sh".to_owned()),
    };
    let parts: Vec<String> = matcher.0.iter().map(op).collect::<Result<_, _>>()?;
    Ok(format!("$(k_all {})", in_quotes(&parts)))
}

fn several_of(how: &str, several: &[Matcher], one: &dyn Fn(&Matcher) -> Written) -> Written {
    let parts: Vec<String> = several.iter().map(one).collect::<Result<_, _>>()?;
    Ok(format!("$({how} {})", in_quotes(&parts)))
}

fn file_probe(name: &str, matcher: &Matcher) -> Written {
    let holds = match name {
        "exists" => return boolean(matcher, "$k_there"),
        "executable" => boolean(matcher, "$k_x")?,
        "text" => text(matcher, "$k_work/text")?,
        "first_line" => text(matcher, "$k_work/first")?,
        _ => return Err(format!("`{name}` of a file is not for sh")),
    };
    // Nothing but `exists: false` holds of what is not there; folders have no text.
    let missing = if absent(matcher)? { "t" } else { "f" };
    let has = if name == "executable" { "$k_there" } else { "$k_is_file" };
    Ok(format!("$(if [ \"{has}\" = t ]; then printf '%s\\n' \"{holds}\"; else echo {missing}; fi)"))
}

fn absent(matcher: &Matcher) -> Result<bool, NotForSh> {
    let of = |op: &Op| match op {
        Op::Exists(wanted) => Ok(!wanted),
        Op::Not(inner) if inner.0.iter().all(|op| matches!(op, Op::Exists(_))) => absent(inner).map(|it| !it),
        Op::AllOf(several) => {
            several.iter().map(absent).collect::<Result<Vec<_>, _>>().map(|all| all.iter().all(|it| *it))
        }
        Op::AnyOf(several) => {
            several.iter().map(absent).collect::<Result<Vec<_>, _>>().map(|all| all.iter().any(|it| *it))
        }
        _ => Ok(false),
    };
    Ok(matcher.0.iter().map(of).collect::<Result<Vec<_>, NotForSh>>()?.iter().all(|it| *it))
}

fn env(name: &str) -> Written {
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    // A shell sets these by itself, and the script sets the others.
    const OURS: &[&str] = &["PWD", "OLDPWD", "SHLVL", "_", "LC_ALL"];
    if !is_name || OURS.contains(&name) || ["k_", "s_", "w_"].iter().any(|ours| name.starts_with(ours)) {
        return Err("a shell does not tell this variable apart from its own".to_owned());
    }
    Ok(format!("k_env {name}\n"))
}

fn version_step(verifier: &Verifier, step: &VersionStep) -> Written {
    let tool = verifier.requires.tools.get(&step.tool).ok_or("it is not declared")?;
    if step.regex.is_some() || tool.version_regex.is_some() {
        return Err("an expression finds the version".to_owned());
    }
    let args = if step.args.is_empty() { &tool.version_args } else { &step.args };
    Ok(format!("{}{}", chosen(&step.tool, tool)?, asked(args)?))
}

fn run_command(verifier: &Verifier, step: &VerifierStep, command: &CommandStep) -> Written {
    let tool = verifier.requires.tools.get(&command.program).ok_or("it is not declared")?;
    if !command.files.is_empty()
        || command.stdin.is_some()
        || !command.env_pass.is_empty()
        || command.cwd.is_some()
    {
        return Err("what it is given is not for sh".to_owned());
    }
    let args: Vec<&str> = command.args.iter().map(literal).collect::<Result<_, _>>()?;
    let found = chosen(&command.program, tool)?;
    let missing = quoted(&shown(&format!("missing-tool: {}", command.program)));
    let run = call(verifier, step, &command.env, &words(args.into_iter())?)?;
    Ok(format!(
        "{found}if [ -z \"$k_program\" ]; then k_why={missing}\nelse\n{run}case $k_exit in 126|127) k_why=not-started ;; esac\nfi\n"
    ))
}

fn run_shell(verifier: &Verifier, step: &VerifierStep, shell: &ShellStep) -> Written {
    if shell.interpreter != Interpreter::Sh || shell.cwd.is_some() {
        return Err("it is no script for sh, or starts in another folder".to_owned());
    }
    let args = words(["-eu", "-c", shell.script.as_str()].into_iter())?;
    Ok(format!(
        "k_find sh\n[ -n \"$k_program\" ] || k_program=/bin/sh\n{}",
        call(verifier, step, &shell.env, &args)?
    ))
}

fn call(verifier: &Verifier, step: &VerifierStep, env: &BTreeMap<String, Template>, args: &str) -> Written {
    let folder = match verifier.sandbox.cwd {
        WorkingFolder::Subject => "\"$k_subject\"",
        WorkingFolder::Scratch => "\"$k_empty\"",
        WorkingFolder::Copy | WorkingFolder::CopyWithGit => {
            return Err("it runs in a copy of the folder, which a script does not make".to_owned());
        }
    };
    let mut set = Vec::new();
    for (name, value) in env {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err("a variable has no name that env takes".to_owned());
        }
        // What no record may lead elsewhere is set after these.
        set.push(quoted(&format!("{name}={}", literal(value)?)));
    }
    let seconds = step.timeout.as_millis().div_ceil(1000).max(1);
    let set = set.join(" ");
    Ok(format!(
        "k_call {seconds} {folder} {set} \"PATH=$PATH\" \"HOME=$k_home\" \"TMPDIR=$k_work/tmp\" \"$k_program\" {args}\n"
    ))
}

// Values.

/// The probes of programs and of the environment.
fn value_probe(name: &str, matcher: &Matcher) -> Written {
    match name {
        "exit" => number(matcher, "$k_exit"),
        "stdout" => text(matcher, "$k_work/stdout"),
        "stderr" => text(matcher, "$k_work/stderr"),
        "output" => text(matcher, "$k_work/output"),
        "set" => boolean(matcher, "$k_set"),
        "found" => boolean(matcher, "$k_found"),
        "value" => missing_unless("$k_set", text(matcher, "$k_work/text")?, absent(matcher)?),
        "version" => missing_unless("$k_found", text(matcher, "$k_work/text")?, absent(matcher)?),
        _ => Err(format!("`{name}` is not for sh")),
    }
}

fn missing_unless(has: &str, holds: String, missing: bool) -> Written {
    let missing = if missing { "t" } else { "f" };
    Ok(format!("$(if [ \"{has}\" = t ]; then printf '%s\\n' \"{holds}\"; else echo {missing}; fi)"))
}

fn ops(matcher: &Matcher, op: &dyn Fn(&Op) -> Written) -> Written {
    let one = |it: &Op| match it {
        Op::Not(inner) => Ok(format!("$(k_not \"{}\")", ops(inner, op)?)),
        Op::AllOf(several) => several_of("k_all", several, &|matcher| ops(matcher, op)),
        Op::AnyOf(several) => several_of("k_any", several, &|matcher| ops(matcher, op)),
        Op::Exists(wanted) => Ok(fact(*wanted)),
        it => op(it),
    };
    let parts: Vec<String> = matcher.0.iter().map(one).collect::<Result<_, _>>()?;
    Ok(format!("$(k_all {})", in_quotes(&parts)))
}

fn fact(holds: bool) -> String {
    if holds { "t".to_owned() } else { "f".to_owned() }
}

fn not(holds: String) -> String {
    format!("$(k_not \"{holds}\")")
}

fn boolean(matcher: &Matcher, value: &str) -> Written {
    let is = |wanted: &Value| match wanted {
        Value::Bool(true) => Ok(value.to_owned()),
        Value::Bool(false) => Ok(not(value.to_owned())),
        _ => Err("it is compared with what is no truth".to_owned()),
    };
    ops(matcher, &|op| match op {
        Op::Equals(wanted) => is(wanted),
        Op::NotEquals(wanted) => is(wanted).map(not),
        _ => Err("a comparison is not for sh".to_owned()),
    })
}

fn number(matcher: &Matcher, value: &str) -> Written {
    let test = |how: &str, wanted: &Value| match wanted.as_i64() {
        Some(number) => Ok(format!("$(k_number \"{value}\" {how} {number})")),
        None => Err("it is compared with what is no whole number".to_owned()),
    };
    let any = |several: &[Value]| -> Written {
        let each: Vec<String> = several.iter().map(|it| test("-eq", it)).collect::<Result<_, _>>()?;
        Ok(format!("$(k_any {})", in_quotes(&each)))
    };
    ops(matcher, &|op| match op {
        Op::Equals(wanted) => test("-eq", wanted),
        Op::NotEquals(wanted) => test("-ne", wanted),
        Op::Lt(wanted) => test("-lt", wanted),
        Op::Le(wanted) => test("-le", wanted),
        Op::Gt(wanted) => test("-gt", wanted),
        Op::Ge(wanted) => test("-ge", wanted),
        Op::In(several) => any(several),
        Op::NotIn(several) => any(several).map(not),
        _ => Err("a comparison is not for sh".to_owned()),
    })
}

/// `file` holds the text, and beside it, with the ending `.flat`, the same without line ends.
fn text(matcher: &Matcher, file: &str) -> Written {
    let part = |how: &str, value: &str| match value.contains("${") || value.contains(['\0', '\u{FFFD}']) {
        true => Err("a value has to be put in".to_owned()),
        false => Ok(format!("$(k_text \"{file}\" {how} {})", quoted(value))),
    };
    let parts = |how: &str, several: &[Value], join: &str| -> Written {
        let one = |value: &Value| match value.as_str() {
            Some(text) => part(how, text),
            None => Err("a text is compared with what is none".to_owned()),
        };
        let each: Vec<String> = several.iter().map(one).collect::<Result<_, _>>()?;
        Ok(format!("$({join} {})", in_quotes(&each)))
    };
    ops(matcher, &|op| match op {
        Op::Equals(wanted) => parts("is", std::slice::from_ref(wanted), "k_all"),
        Op::NotEquals(wanted) => parts("is", std::slice::from_ref(wanted), "k_all").map(not),
        Op::In(several) => parts("is", several, "k_any"),
        Op::NotIn(several) => parts("is", several, "k_any").map(not),
        Op::Contains(several) => parts("has", several, "k_all"),
        Op::ContainsAny(several) => parts("has", several, "k_any"),
        Op::NotContains(several) => parts("has", several, "k_any").map(not),
        Op::StartsWith(start) => part("begins", &start.0),
        Op::EndsWith(end) => part("ends", &end.0),
        Op::Matches(pattern) => finds(pattern, file),
        Op::NotMatches(pattern) => finds(pattern, file).map(not),
        Op::Semver(range) => Ok(format!("$(k_in_range \"{file}\" {})", ranges(range)?)),
        _ => Err("a comparison is not for sh".to_owned()),
    })
}

fn finds(pattern: &Pattern, file: &str) -> Written {
    let flat = flat(pattern.as_str()).ok_or("an expression is not for grep")?;
    let text = quoted(&flat.text);
    let text = text.replace(LINE_END, "'\"$k_end\"'").replace(RETURN, "'\"$k_return\"'");
    let fold = if flat.folds_case { "-i" } else { "-E" };
    let among = if flat.needs_ascii { "ascii" } else { "any" };
    Ok(format!("$(k_finds \"{file}\" {among} {fold} {text})"))
}
