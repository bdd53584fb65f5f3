//! `faultbook`: argv in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(faultbook::cli::run() as u8)
}
