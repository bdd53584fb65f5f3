//! Whole steps at stated sizes: `cargo bench`. Records are made here, the same at every run.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on should say where")]

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use faultbook::model::Prose;
use faultbook::render::{Html, Setting};
use faultbook::search::{self, Index, Query};
use faultbook::text::{Source, Sources};
use faultbook::verify::{End, Host, Launcher, Scratch};
use faultbook::{Choice, Given, Input};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn main() {
    divan::main();
}

const WORDS: [&str; 24] = [
    "lock",
    "cache",
    "socket",
    "timeout",
    "queue",
    "broker",
    "certificate",
    "token",
    "module",
    "linker",
    "header",
    "session",
    "thread",
    "pointer",
    "registry",
    "archive",
    "stream",
    "proxy",
    "kernel",
    "driver",
    "parser",
    "buffer",
    "schema",
    "cluster",
];

/// A book of `n` records of some 1.5 kB, each with three blocks of code.
fn sources(n: usize) -> Sources {
    let word = |seed: usize| WORDS[seed * 7919 % WORDS.len()];
    let record = |nth: usize| {
        let (one, two, three) = (word(nth), word(nth / 3 + 1), word(nth / 7 + 2));
        let text = format!(
            "title: \"{one}: {two} {three} (E{nth:05})\"\nproduct: {one}\ncategory: {two}\ntags: [{two}, {three}]\n\
             symptom: |\n  The {one} stops while the {two} is open, although the {three} was closed.\n\n  ```console\n  \
             $ {one} --{two} {nth}\n  error[E{nth:05}]: {two} {three} refused after {nth} ms\n  ```\nroot_cause: The \
             {two} keeps its {three}, and the {one} waits for both.\nwhy: |\n  Each {one} has a {two}. **Nobody** gives \
             it back.\n\n  ```rust\n  fn {one}(limit: u32) -> Result<(), Error> {{\n      let {two} = open(\"{three}\")?; \
             // {nth}\n      {two}.wait(limit)\n  }}\n  ```\nfix:\n  - text: Close the {two} first.\n    run: {one} --close \
             {two} && {one} --retry {nth}\nwrong_fixes:\n  - text: Raise the limit of the {three}\n    why: It only takes \
             longer to fail.\nkeywords: [{one} {two} refused, E{nth:05}]\nsources: [\"https://example.org/{one}/{nth}\"]\n"
        );
        Source::from_bytes(format!("content/{two}/{one}-{nth}.yaml").into(), text.into_bytes())
    };
    Sources::new((0..n).map(record).collect())
}

fn input(n: usize) -> Input {
    Input { sources: sources(n), templates: Vec::new(), theme: Vec::new(), given: Given::default() }
}

#[divan::bench(args = [1_000], sample_count = 20)]
fn read_and_lint(bencher: Bencher, n: usize) {
    let sources = sources(n);
    bencher.counter(ItemsCount::new(n)).bench(|| faultbook::read(&sources, &Given::default()));
}

#[divan::bench(args = [1_000, 10_000], sample_count = 3)]
fn build(bencher: Bencher, n: usize) {
    let input = input(n);
    let nowhere = |_| Ok(());
    bencher.counter(ItemsCount::new(n)).bench(|| {
        let reading = faultbook::read(&input.sources, &input.given);
        faultbook::build(reading, &input, Choice::default(), &nowhere).unwrap()
    });
}

#[divan::bench(args = [10_000], sample_count = 5)]
fn index(bencher: Bencher, n: usize) {
    let documents = search::documents(&faultbook::read(&sources(n), &Given::default()).book);
    bencher.counter(ItemsCount::new(n)).bench(|| Index::in_memory(&documents).unwrap());
}

#[divan::bench(args = [10_000])]
fn query(bencher: Bencher, n: usize) {
    let documents = search::documents(&faultbook::read(&sources(n), &Given::default()).book);
    let index = Index::in_memory(&documents).unwrap();
    let query = Query { text: "socket timeout refused after".to_owned(), limit: 10, facets: Vec::new() };
    bencher.bench(|| search::search(&index, &query).unwrap());
}

#[divan::bench(args = ["rust", "sh", "yaml", "console"])]
fn highlight(bencher: Bencher, lang: &str) {
    let code =
        "$ make -j2 \"all\" # everything\nfn main() { let x = 42; }\nkey: [\"value\", 3]\n".repeat(500);
    let prose = Prose::new(&format!("```{lang}\n{code}```"));
    bencher.counter(BytesCount::new(code.len())).bench(|| Html::of(&prose, Setting::plain("")));
}

/// One process that does nothing: bare, and in the sandbox. The difference is what confinement costs.
#[divan::bench(args = [false, true])]
fn spawn(bencher: Bencher, confined: bool) {
    let host = Host::here(Launcher::new(Path::new(env!("CARGO_BIN_EXE_faultbook"))));
    let scratch = Scratch::new(&host.launcher).unwrap();
    let args = vec!["-c".to_owned(), ":".to_owned()];
    let job = scratch.job(Path::new("/bin/sh"), args.clone(), Duration::from_secs(10), &host);
    bencher.bench_local(|| match confined {
        true => assert_eq!(host.launcher.run(&job).unwrap().end, End::Exit(0)),
        false => assert!(Command::new("/bin/sh").args(&args).output().unwrap().status.success()),
    });
}
