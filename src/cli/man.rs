//! `faultbook man`.

use super::args::{Args, ManArgs};
use super::{Exit, report};
use crate::disk;
use anyhow::Context;
use clap::{Command, CommandFactory};
use clap_mangen::Man;

/// Prints the manual page, or writes it and one for each verb to a folder.
pub fn run(args: &ManArgs) -> anyhow::Result<Exit> {
    let mut command = Args::command();
    command.build();
    let Some(folder) = &args.dest_dir else {
        report::data(String::from_utf8_lossy(&page(command)?).trim_end());
        return Ok(Exit::Clean);
    };
    for command in with_verbs(command) {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
        let path = folder.join(format!("{name}.1"));
        disk::write(&path, &page(command)?).context("could not write the manual")?;
        report::data(path.as_str());
    }
    Ok(Exit::Clean)
}

/// A command, its verbs, and theirs.
fn with_verbs(command: Command) -> Vec<Command> {
    let verbs: Vec<Command> = command.get_subcommands().cloned().collect();
    std::iter::once(command).chain(verbs.into_iter().flat_map(with_verbs)).collect()
}

fn page(command: Command) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page).context("could not write a page of the manual")?;
    Ok(page)
}
