//! The short form, where a folder is examined: `run` is one step in a copy of it.
//!
//! In: a `Check`. Out: the `Verifier` that it stands for. Not here: its self-test (`run.rs`).

use crate::model::{
    Check, Condition, ExitMatcher, Expectation, Fact, Interpreter, Matcher, Op, Pattern, Probes, Repair,
    Requires, Sandbox, ShellStep, StepKind, TextOp, Verifier, VerifierStep, WorkingFolder,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// The long form of a check that examines a folder.
pub fn verifier(check: &Check) -> Verifier {
    let step = VerifierStep {
        id: "run".to_owned(),
        kind: StepKind::Shell(ShellStep {
            script: check.run.clone(),
            interpreter: Interpreter::Sh,
            env: BTreeMap::new(),
            cwd: None,
        }),
        expect: probes(&check.broken),
        refute: Some(probes(&check.fixed)),
        when: None,
        capture: BTreeMap::new(),
        timeout: check.timeout,
        on_timeout: Fact::Unknown,
        retries: None,
        note: None,
    };
    Verifier {
        title: None,
        proves: "What the record prints as its check.".to_owned(),
        limits: "What that script does not look at.".to_owned(),
        inputs: BTreeMap::new(),
        requires: Requires::default(),
        sandbox: Sandbox { cwd: WorkingFolder::CopyWithGit, runs_subject_code: true, ..Sandbox::default() },
        services: BTreeMap::new(),
        timeout: check.timeout * 2,
        steps: vec![step],
        present: Condition::Step("run".to_owned()),
        absent: None,
        repair: Repair::default(),
        fixtures: BTreeMap::new(),
        wrong_fixes: BTreeMap::new(),
        check_tree: Value::Null,
        full_tree: Value::Null,
    }
}

fn probes(expectation: &Expectation) -> Probes {
    let exit = expectation.exit.map(|exit| match exit {
        ExitMatcher::Equals(code) => Op::Equals(code.into()),
        ExitMatcher::NotEquals(code) => Op::NotEquals(code.into()),
    });
    let output: Vec<Op> = expectation.output.iter().flat_map(|matcher| &matcher.0).map(text).collect();
    let exit = exit.map(|op| ("exit".to_owned(), Matcher(vec![op])));
    let output = (!output.is_empty()).then(|| ("output".to_owned(), Matcher(output)));
    exit.into_iter().chain(output).collect()
}

/// As expressions, since texts of the long form may be templates, and those of the short form are not.
fn text(op: &TextOp) -> Op {
    match op {
        TextOp::Contains(part) => Op::Matches(Pattern::literal(part)),
        TextOp::NotContains(part) => Op::NotMatches(Pattern::literal(part)),
        TextOp::Equals(whole) => Op::Matches(Pattern::whole(whole)),
        TextOp::Matches(regex) => Op::Matches(regex.clone()),
    }
}
