//! `faultbook completions`.

use super::args::{Args, CompletionsArgs};
use super::{Exit, report};
use clap::CommandFactory;
use clap_complete::{Shell, generate};

/// Prints the script that a shell reads to know our verbs and flags, and ids where the shell can ask for them.
pub fn run(args: &CompletionsArgs) -> Exit {
    let mut script = Vec::new();
    generate(args.shell, &mut Args::command(), "faultbook", &mut script);
    let script = String::from_utf8_lossy(&script);
    report::data(&format!("{}{}", script.trim_end(), ids(args.shell)));
    Exit::Clean
}

/// What a shell does where an id may stand: it asks the book at hand. clap knows no values that change.
fn ids(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("completions.bash"),
        Shell::Fish => include_str!("completions.fish"),
        Shell::Zsh => include_str!("completions.zsh"),
        _ => "",
    }
}
