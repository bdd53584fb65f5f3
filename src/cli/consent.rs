//! The question whether a check may run, where somebody sits at a terminal.
//!
//! In: a check as it was read. Out: yes or no; a yes is kept as `trust allow` keeps it. What was shown is what runs: a
//! file of the book that changes meanwhile is not read again.

use super::report::{self, Grant};
use super::trust::grant_for_good;
use crate::model::Verifier;
use crate::verify::{Host, TrustStore};
use rustix::termios::{QueueSelector, tcflush};
use std::io::{IsTerminal as _, stderr, stdin};

/// Whether there is a terminal to read a plan on and to answer from.
pub fn is_possible() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Shows what would run, and asks. Anything but a plain yes is a no.
///
/// Not asked where the plan is longer than people read: that would hide its lines as well as a colour could.
pub fn ask(grant: &Grant, verifier: &Verifier, host: &Host, store: &TrustStore) -> anyhow::Result<bool> {
    let (plan, n_lines) = report::consent(grant, verifier, host);
    if n_lines > report::MAX_LINES {
        report::talk(&format!("its plan has {n_lines} lines, too many to be asked about"));
        return Ok(false);
    }
    // What was typed before the question was there is no answer to it.
    let _ = tcflush(stdin(), QueueSelector::IFlush);
    report::talk(&format!(
        "{plan}\nallow these {} to run as you ({}), now and later, while the digest is\n{}? [y/N]",
        report::plural(n_lines, "line"),
        report::needs(grant),
        grant.digest
    ));
    let mut answer = String::new();
    // An answer that cannot be read is none.
    let read = stdin().read_line(&mut answer).unwrap_or_default();
    let consents = read > 0 && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
    if consents {
        grant_for_good(grant, store)?;
    }
    Ok(consents)
}
