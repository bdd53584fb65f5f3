//! What templates see of a check in its long form: its facts and its conditions, in words.

use crate::model::{Condition, StepKind, Verifier};
use serde::Serialize;

/// The long form of a check.
#[derive(Serialize)]
pub struct LongView {
    /// What it proves.
    pub proves: String,
    /// What it cannot show.
    pub limits: String,
    /// The facts, in the order in which they are observed.
    pub steps: Vec<StepView>,
    /// When the failure is there.
    pub present: String,
    /// When it is not.
    pub absent: String,
    /// Wrong fixes that would hide it, by their ids, and when.
    pub masked_by: Vec<(String, String)>,
    /// What a repair has to bring besides.
    pub require: Vec<String>,
    /// Programs that it needs.
    pub tools: Vec<String>,
}

/// One fact.
#[derive(Serialize)]
pub struct StepView {
    /// Its name in the conditions.
    pub id: String,
    /// How it is observed.
    pub kind: &'static str,
    /// At what.
    pub at: String,
}

impl LongView {
    pub fn of(verifier: &Verifier) -> LongView {
        let step = |step: &crate::model::VerifierStep| StepView {
            id: step.id.clone(),
            kind: step.kind.name(),
            at: at(&step.kind),
        };
        let tool = |(name, wanted): (&String, &crate::model::ToolRequirement)| match &wanted.range {
            Some(range) if range != "*" => format!("{name} {range}"),
            _ => name.clone(),
        };
        LongView {
            proves: verifier.proves.clone(),
            limits: verifier.limits.clone(),
            steps: verifier.steps.iter().map(step).collect(),
            present: words(&verifier.present),
            absent: match &verifier.absent {
                Some(absent) => words(absent),
                None => format!("not {}", inner(&verifier.present)),
            },
            masked_by: verifier
                .repair
                .masked_by
                .iter()
                .map(|guard| (guard.wrong_fix.clone(), words(&guard.when)))
                .collect(),
            require: verifier.repair.require.iter().map(words).collect(),
            tools: verifier.requires.tools.iter().map(tool).collect(),
        }
    }
}

/// What a step looks at, on one line or several.
fn at(kind: &StepKind) -> String {
    match kind {
        StepKind::Command(step) => {
            let words = step.args.iter().map(|word| word.0.as_str());
            std::iter::once(step.program.as_str()).chain(words).collect::<Vec<_>>().join(" ")
        }
        StepKind::Shell(step) => step.script.clone(),
        StepKind::Http(step) => format!("{} {}", step.method, step.url.0),
        StepKind::File(step) => step.path.0.clone(),
        StepKind::Files(step) => step.globs.join(", "),
        StepKind::Env(name) | StepKind::Jwt(name) | StepKind::Token(name) => name.clone(),
        StepKind::Tcp(step) => format!("{}:{}", step.host, step.port.0),
        StepKind::Version(step) => step.tool.clone(),
        StepKind::Requests(step) => step.service.clone(),
        StepKind::Value(value) => value.0.clone(),
        StepKind::Manual(step) => step.instruction.clone(),
    }
}

/// A condition in words.
fn words(condition: &Condition) -> String {
    let joined = |several: &[Condition], by: &str| several.iter().map(inner).collect::<Vec<_>>().join(by);
    match condition {
        Condition::Step(id) => id.clone(),
        Condition::Not(one) => format!("not {}", inner(one)),
        Condition::All(several) => joined(several, " and "),
        Condition::Any(several) => joined(several, " or "),
        Condition::FirstOf(several) => format!("the first that was asked of {}", joined(several, ", ")),
    }
}

/// A condition as a part of another.
fn inner(condition: &Condition) -> String {
    match condition {
        Condition::Step(_) | Condition::Not(_) => words(condition),
        _ => format!("({})", words(condition)),
    }
}
