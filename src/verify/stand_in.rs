//! Programs that are not there for real, as scripts: what somebody who works in a state calls instead of them.
//!
//! In: recorded replies. Out: a folder of scripts for `sh`, to stand first on `PATH`. Not here: runs, which need no
//! scripts to read a reply (`tools.rs`).

use super::export::quoted;
use super::tools::Replies;
use crate::model::CommandReply;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path};

/// How a stand-in ends that has no reply for its arguments.
const NO_REPLY: u8 = 97;

/// Writes one script for each program into a new folder.
///
/// A program that is not installed gets a script too, which says what a shell says of a missing one: whatever the
/// machine has under that name is out of sight.
pub fn write(folder: &Path, replies: &Replies) -> io::Result<()> {
    std::fs::create_dir(folder)?;
    for (name, replies) in replies {
        let mut parts = Path::new(name).components();
        // A record cannot name a path here; were it to, nothing is written elsewhere.
        let (Some(Component::Normal(_)), None) = (parts.next(), parts.next()) else { continue };
        let path = folder.join(name);
        std::fs::write(&path, script(name, replies.as_deref()))?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

fn script(name: &str, replies: Option<&[CommandReply]>) -> String {
    let name = quoted(name);
    let Some(replies) = replies else {
        return format!("#!/bin/sh\nprintf '%s: not found\\n' {name} >&2\nexit 127\n");
    };
    let answers: String = replies.iter().map(answer).collect();
    format!(
        "#!/bin/sh\n{answers}printf '%s: no reply is recorded for these arguments\\n' {name} >&2\nexit {NO_REPLY}\n"
    )
}

fn answer(reply: &CommandReply) -> String {
    let is_same = |(nth, arg): (usize, &String)| format!(" && [ \"${{{nth}}}\" = {} ]", quoted(arg));
    let arguments: String = (1..).zip(&reply.args).map(is_same).collect();
    let CommandReply { args, exit, stdout, stderr } = reply;
    format!(
        "if [ $# -eq {} ]{arguments}; then\n  printf %s {}\n  printf %s {} >&2\n  exit {exit}\nfi\n",
        args.len(),
        quoted(stdout),
        quoted(stderr),
    )
}
