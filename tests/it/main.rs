//! The one test binary. Most tests are data: a case file, a golden site, a law over generated input.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod analyser;
mod browser;
mod cases;
mod cli;
mod golden;
mod import;
mod props;
mod support;
mod tidy;
