//! `faultbook`: argv in, exit code out.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Programs of records are started by this binary under another name; that is no business of the command line.
    faultbook::verify::helper().unwrap_or_else(|| ExitCode::from(faultbook::cli::run() as u8))
}
