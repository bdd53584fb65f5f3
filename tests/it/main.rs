//! The one test binary. Most tests are data: a case file, a golden site, a law over generated input.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod analyser;
mod attack;
mod attempt;
mod browser;
mod budgets;
mod cases;
mod cassette;

mod cli;
mod conformance;
mod consent;
mod diagnose;
mod elsewhere;
mod engine;
mod export;
mod face;
mod files;
mod folder;
mod golden;
mod hostile;
mod https;
mod import;
mod mcp;
mod mcp_client;
mod parity;
mod pictures;
mod props;
mod queries;
mod reports;
mod room;
mod schema;
mod scripts;
mod search;
mod selftest;
mod settings;
mod signatures;
mod states;
mod support;
mod theme;
mod tidy;
mod trust;
mod verbs;
mod verifier;
mod verify;
