//! Keeps git from running what an examined folder's own settings name: hooks, monitors, pagers, drivers, filters.
//!
//! A record asks what git says of a folder. Whoever made the folder may have named programs in its `.git/config`, and
//! git would run them. Settings that are handed in by the environment stand above all files; see git-config(1),
//! `GIT_CONFIG_COUNT`. Only words of a step's own `git -c` stand above those.
//!
//! In: the variables of a step, and which settings a folder has. Out: the variables that the step is run with.
//! Not here: running git (`commands.rs`).

use super::matcher::Unknown;
use std::collections::BTreeMap;

/// Whatever folder git is led to.
const ALWAYS: &[(&str, &str)] = &[
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.pager", "cat"),
    ("core.askPass", ""),
    ("core.editor", "false"),
    ("core.sshCommand", "ssh"),
    ("credential.helper", ""),
    ("gpg.program", "gpg"),
    ("gpg.ssh.program", "ssh-keygen"),
    ("gpg.ssh.defaultKeyCommand", ""),
    ("gpg.x509.program", "gpgsm"),
    ("protocol.ext.allow", "never"),
    ("sequence.editor", "false"),
];

/// Settings of the examined folder, by the first and the last part of their names. Where git has no word for "none",
/// it fails on an empty one, and the step shows nothing.
const NAMED: &[(&str, &[&str], &str)] = &[
    ("credential", &["helper"], ""),
    ("diff", &["command", "external", "textconv"], ""),
    ("filter", &["clean", "process", "smudge"], ""),
    ("filter", &["required"], "false"),
    ("merge", &["driver"], ""),
    ("remote", &["vcs"], ""),
    ("submodule", &["update"], "checkout"),
    ("trailer", &["cmd", "command"], ""),
];

/// Of these git takes the first that it meets, so that nothing stands above a file.
const FIRST_COUNTS: (&str, &[&str]) = ("remote", &["receivepack", "uploadpack"]);

/// Variables that do the same where there is no setting.
const VARIABLES: &[(&str, &str)] = &[
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_PAGER", "cat"),
    ("GIT_PROXY_COMMAND", ""),
    ("GIT_TERMINAL_PROMPT", "0"),
];

const COUNT: &str = "GIT_CONFIG_COUNT";

/// What asks git for the names of all settings, and where each comes from. It runs nothing.
pub const LIST: &[&str] = &["config", "--list", "--name-only", "--show-scope", "-z"];

/// The folder's own settings that name programs, and what they are to be instead; unknown where there is one that
/// cannot be anything else.
///
/// - `listed`: what [`LIST`] prints
pub fn overrides(listed: &str) -> Result<Vec<(String, String)>, Unknown> {
    let words: Vec<&str> = listed.split('\0').collect();
    let own = words.chunks_exact(2).filter(|pair| matches!(pair[0], "local" | "worktree"));
    let mut overrides = Vec::new();
    for name in own.map(|pair| pair[1]) {
        let (first, last) = (name.split('.').next(), name.rsplit('.').next());
        let is = |section: &str, lasts: &[&str]| {
            first == Some(section) && last.is_some_and(|last| lasts.contains(&last))
        };
        let value = NAMED.iter().find(|(section, lasts, _)| is(section, lasts));
        // A name that is not UTF-8 cannot be handed in again.
        let is_odd = value.is_some() && name.contains(char::REPLACEMENT_CHARACTER);
        if is_odd || is(FIRST_COUNTS.0, FIRST_COUNTS.1) {
            return Err(Unknown::new(format!("git-would-run: {name}")));
        }
        overrides.extend(value.map(|(_, _, value)| (name.to_owned(), (*value).to_owned())));
    }
    Ok(overrides)
}

/// Adds to the variables of a step what keeps git to itself. Settings that the step hands in stay, and ours follow.
///
/// - `inherited`: what the step is given besides
pub fn protect(
    env: &mut BTreeMap<String, String>,
    inherited: &BTreeMap<String, String>,
    named: &[(String, String)],
) {
    let handed_in = env.get(COUNT).or_else(|| inherited.get(COUNT));
    let mut n: usize = handed_in.and_then(|count| count.parse().ok()).unwrap_or_default();
    let always = ALWAYS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    for (name, value) in always.chain(named.iter().cloned()) {
        env.insert(format!("GIT_CONFIG_KEY_{n}"), name);
        env.insert(format!("GIT_CONFIG_VALUE_{n}"), value);
        n += 1;
    }
    env.insert(COUNT.to_owned(), n.to_string());
    for (name, value) in VARIABLES {
        env.entry((*name).to_owned()).or_insert_with(|| (*value).to_owned());
    }
}
