//! What a program printed, as somebody hands it over: a file, a pipe, or what is pasted at a terminal.

use super::{UsageError, report};
use crate::disk;
use camino::Utf8Path;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Read as _};

/// Output that is not read yet.
#[derive(Clone, Copy, Debug)]
pub struct Pasted<'p> {
    /// Its file; `-` for a pipe or a terminal.
    pub file: &'p Utf8Path,
    /// The verb or the option that takes it.
    pub taker: &'static str,
}

/// So much is read from a pipe at once.
const AT_ONCE: usize = 1 << 20;

impl Pasted<'_> {
    /// Opens it, and says what to do where somebody sits at the other end.
    pub fn open(self) -> anyhow::Result<Box<dyn BufRead>> {
        if self.file == "-" {
            if io::stdin().is_terminal() {
                report::talk("paste what the program printed, then press Ctrl-D");
            }
            return Ok(Box::new(BufReader::with_capacity(AT_ONCE, io::stdin())));
        }
        let reader = disk::open(self.file).map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            self.unreadable(&cause.unwrap_or_else(|| error.to_string()))
        })?;
        Ok(Box::new(reader))
    }

    /// Its first bytes, `most` at most.
    pub fn beginning(self, reader: &mut dyn BufRead, most: u64) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = reader.take(most).read_to_end(&mut bytes);
        read.map_err(|error| self.unreadable(&error.to_string()))?;
        Ok(bytes)
    }

    /// That it could not be read.
    pub fn unreadable(self, why: &str) -> anyhow::Error {
        UsageError::with_hint(
            format!("could not read `{}`: {why}", self.file),
            format!(
                "`{}` takes a file with the output of a program, or `-` for what stands before a pipe",
                self.taker
            ),
        )
    }
}
