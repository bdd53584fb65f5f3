//! A record's check as a POSIX script of its own, for whoever does not have this program.
//!
//! In: a record. Out: text for `sh`, which prints its plan and runs nothing unless it is told to.
//! What `sh` cannot express exactly becomes *unknown*, and the script then says CANNOT_TELL: it never guesses.
//! Not here: the steps of the long form (`export_long.rs`).

use super::ere::ere;
use super::export_long::{Body, body};
use super::trust::check_digest;
use crate::model::{Check, ExitMatcher, Expectation, Record, StepKind, TextOp, Verifier};
use crate::text::{SIGN, visible};
use sha2::{Digest, Sha256};

/// The script of a record's check. `None` where it has none, or one of which no script could ever tell anything.
///
/// It says PRESENT, ABSENT or CANNOT_TELL and ends with 1, 0 or 77. With `--self-test`, where a short check has a
/// `setup`, it ends with 0 if the state that `setup` makes is PRESENT, and with 6 if not. With `--repair`, that of the
/// long form says NOT_FIXED, FIXED, MASKED or INCOMPLETE and ends with 1, 0 or 4; a broken check is ERROR and 3.
pub fn script(record: &Record) -> Option<String> {
    if let Some(verifier) = &record.verify {
        return long(record, verifier);
    }
    let check = record.check.as_ref()?;
    let digest = check_digest(record)?;
    let texts = [check.run.as_str(), check.setup.as_deref().unwrap_or_default(), &record.title];
    if texts.iter().any(|text| text.contains('\0')) {
        return None;
    }
    let plan = plan(record, check);
    let end = delimiter(&digest, &[&plan, texts[0], texts[1]]);
    let mut text = head(record, &digest);
    text.push_str(&format!("plan() {{\n{}}}\n", here("cat", &plan, &end)));
    text.push_str(&modes(check));
    text.push_str(PREPARE);
    text.push_str(&here("cat >\"$work/run\"", &check.run, &end));
    if let Some(setup) = &check.setup {
        text.push_str(&here("cat >\"$work/setup\"", setup, &end));
    }
    let seconds = check.timeout.as_millis().div_ceil(1000).max(1);
    text.push_str(&PERFORM.replace("SECONDS_EACH", &seconds.to_string()));
    text.push_str(FUNCTIONS);
    text.push_str(&format!("broken={}\nfixed={}\n", judged(&check.broken), judged(&check.fixed)));
    text.push_str(VERDICT);
    Some(text)
}

fn long(record: &Record, verifier: &Verifier) -> Option<String> {
    let body = body(verifier)?;
    let digest = check_digest(record)?;
    let plan = long_plan(record, verifier, &body);
    let end = delimiter(&digest, &[&plan]);
    let home = if verifier.sandbox.real_home { "$HOME" } else { "$k_work/home" };
    let mut text = head(record, &digest);
    text.push_str(&format!("plan() {{\n{}}}\n", here("cat", &plan, &end)));
    text.push_str("case ${1-} in\n--run|--repair) ;;\n*) plan; exit 0 ;;\nesac\n");
    text.push_str(include_str!("long_head.sh"));
    text.push_str(&format!("k_home={home}\n"));
    text.push_str(&body.requirements);
    text.push_str(&body.facts);
    text.push_str(include_str!("long_tail.sh"));
    (!text.contains('\0')).then_some(text)
}

fn long_plan(record: &Record, verifier: &Verifier, body: &Body) -> String {
    let mut plan = format!("{}: {}\n", record.id, record.title.replace('\n', " "));
    plan.push_str(
        "--run, or --repair after a repair, looks at the present folder as you, without a sandbox:\n",
    );
    for step in &verifier.steps {
        let what = match &step.kind {
            StepKind::Command(command) => {
                let args: Vec<String> = command.args.iter().map(|arg| quoted(&arg.0)).collect();
                format!("runs {} {}", command.program, args.join(" "))
            }
            StepKind::Shell(shell) => format!("runs this script\n{}", shell.script.trim_end()),
            StepKind::Version(version) => format!("asks {} for its version", version.tool),
            StepKind::File(file) => format!("reads {}", file.path.0),
            StepKind::Files(files) => format!("reads {}", files.globs.join(", ")),
            other => other.name().to_owned(),
        };
        let what = match body.left_out.iter().find(|(id, _)| *id == step.id) {
            Some((_, why)) => format!("stays unknown: {why}"),
            None => what,
        };
        plan.push_str(&format!("    {}: {}\n", step.id, what.replace('\n', "\n        ")));
    }
    shown(&plan)
}

/// A stranger's text on a terminal.
pub fn shown(text: &str) -> String {
    visible(text).replace('\r', &SIGN.to_string())
}

fn head(record: &Record, digest: &str) -> String {
    format!(
        "#!/bin/sh\n# faultbook: the check of `{}`, as a script of its own\n# digest: {digest}\n\
         # Without --run it prints what it would run, and runs nothing.\nset -u\n",
        record.id
    )
}

/// What people read before they run it: a stranger's control characters are made visible.
fn plan(record: &Record, check: &Check) -> String {
    let mut plan = format!("{}: {}\n", record.id, record.title.replace('\n', " "));
    plan.push_str("--run runs this script in the present folder, as you, without a sandbox:\n");
    check.run.lines().for_each(|line| plan.push_str(&format!("    {line}\n")));
    if let Some(setup) = &check.setup {
        plan.push_str(
            "--self-test first runs this one in an empty temporary folder, then the other there:\n",
        );
        setup.lines().for_each(|line| plan.push_str(&format!("    {line}\n")));
    }
    shown(&plan)
}

/// A line that no text here has, and that nobody can have written on purpose: it depends on all of them.
fn delimiter(digest: &str, texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    hash.update(digest);
    texts.iter().for_each(|text| hash.update(text));
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("END_{hex}")
}

fn here(command: &str, text: &str, end: &str) -> String {
    let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{command} <<'{end}'\n{text}{newline}{end}\n")
}

fn modes(check: &Check) -> String {
    let tested = if check.setup.is_some() { "--run|--self-test" } else { "--run" };
    format!("case ${{1-}} in\n{tested}) ;;\n*) plan; exit 0 ;;\nesac\n")
}

const PREPARE: &str = r#"umask 077
work=$(mktemp -d "${TMPDIR:-/tmp}/faultbook.XXXXXX") || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
"#;

const PERFORM: &str = r#"if timeout -k 1 5 true 2>/dev/null; then limited() { timeout -k 1 SECONDS_EACH "$@"; }
elif timeout 5 true 2>/dev/null; then limited() { timeout SECONDS_EACH "$@"; }
else limited() { "$@"; }
fi
cannot_tell() {
  printf 'CANNOT_TELL: %s\n' "$1"
  if [ "$1" != '' ] && [ "$mode" = --self-test ]; then exit 6; fi
  exit 77
}
perform() {
  ( cd "$folder" && ulimit -f 131072 && limited env LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC TERM=dumb NO_COLOR=1 \
    GIT_TERMINAL_PROMPT=0 sh -eu "$work/$1" ) >"$work/out" 2>&1 </dev/null
  status=$?
  case $status in 124|125|137) cannot_tell "\`$1\` did not end in time, or was ended" ;; esac
}
mode=$1
folder=.
if [ "$mode" = --self-test ]; then
  folder=$work/state
  mkdir "$folder"
  perform setup
  [ "$status" -eq 0 ] || cannot_tell "\`setup\` ended with exit $status"
fi
perform run
LC_ALL=C
export LC_ALL
[ "$(wc -c <"$work/out")" -le 65536 ] || cannot_tell 'it printed too much for a script to look at'
[ "$(wc -c <"$work/out")" -eq "$(tr -d '\000' <"$work/out" | wc -c)" ] || cannot_tell 'it printed NUL bytes'
out=$(cat "$work/out"; printf x)
out=${out%x}
"#;

/// Three-valued: `t`, `f` and `u`. A status above 128 may be a signal's, which a shell cannot tell from an exit.
const FUNCTIONS: &str = r#"k_not() { case $1 in t) echo f ;; f) echo t ;; *) echo u ;; esac; }
k_all() { r=t; for x do case $x in f) r=f; break ;; u) r=u ;; esac; done; echo $r; }
k_exit() { if [ "$status" -gt 128 ]; then echo u; elif [ "$status" -eq "$1" ]; then echo t; else echo f; fi; }
k_has() { case $out in *"$1"*) echo t ;; *) echo f ;; esac; }
k_is() {
  blank=$(printf ' \t\r\n\013\014x')
  blank=${blank%x}
  t=${out#"${out%%[!$blank]*}"}
  t=${t%"${t##*[!$blank]}"}
  if [ "$t" = "$1" ]; then echo t; return; fi
  case $t in [!' '-'~']*|*[!' '-'~']) echo u ;; *) echo f ;; esac
}
k_grep() {
  if [ "$1" = ascii ] && [ "$(tr -d '\001-\177' <"$work/out" | wc -c)" -ne 0 ]; then echo u; return; fi
  grep -q $3 -E -e "$2" "$work/out"
  case $? in 0) echo t ;; 1) echo f ;; *) echo u ;; esac
}
"#;

const VERDICT: &str = r#"case $broken$fixed in
tf) verdict=PRESENT; code=1 ;;
ft) verdict=ABSENT; code=0 ;;
*) verdict=CANNOT_TELL; code=77 ;;
esac
printf '%s\n' "$verdict"
if [ "$mode" = --self-test ]; then
  [ "$verdict" = PRESENT ] || exit 6
  exit 0
fi
exit "$code"
"#;

fn judged(expectation: &Expectation) -> String {
    let exit = expectation.exit.map(|matcher| match matcher {
        ExitMatcher::Equals(code) => format!("\"$(k_exit {code})\""),
        ExitMatcher::NotEquals(code) => format!("\"$(k_not \"$(k_exit {code})\")\""),
    });
    let ops = expectation.output.iter().flat_map(|matcher| &matcher.0).map(op);
    let all: Vec<String> = exit.into_iter().chain(ops).collect();
    format!("$(k_all {})", all.join(" "))
}

fn op(op: &TextOp) -> String {
    match op {
        TextOp::Contains(part) if !part.contains('\0') => format!("\"$(k_has {})\"", quoted(part)),
        TextOp::NotContains(part) if !part.contains('\0') => {
            format!("\"$(k_not \"$(k_has {})\")\"", quoted(part))
        }
        TextOp::Equals(whole) if !whole.contains('\0') => format!("\"$(k_is {})\"", quoted(whole.trim())),
        TextOp::Matches(regex) => ere(regex.as_str()).map_or_else(
            || "u".to_owned(),
            |ere| {
                let text = if ere.needs_ascii { "ascii" } else { "any" };
                let fold = if ere.folds_case { "-i" } else { "''" };
                format!("\"$(k_grep {text} {} {fold})\"", quoted(&ere.text))
            },
        ),
        TextOp::Contains(_) | TextOp::NotContains(_) | TextOp::Equals(_) => "u".to_owned(),
    }
}

/// One word of `sh`, whatever is in it.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
