//! Outcomes of checks as JUnit XML: a suite per tag, a test per record or per state of a self-test.
//!
//! A record stands in the suite of its first tag only, so that the sums are true.

use super::outcome::{Came, Case, cases};
use crate::verify::Outcome;
use std::collections::BTreeMap;
use std::time::Duration;

/// One document.
pub fn report(outcomes: &[Outcome]) -> String {
    let mut suites: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
    for outcome in outcomes {
        let tag = outcome.tags.first().map_or("untagged", String::as_str);
        suites.entry(tag).or_default().extend(cases(outcome));
    }
    let all: Vec<&Case> = suites.values().flatten().collect();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"faultbook\" {}>\n",
        sums(&all)
    );
    for (tag, cases) in &suites {
        let sums = sums(&cases.iter().collect::<Vec<_>>());
        text.push_str(&format!("  <testsuite name=\"{}\" {sums}>\n", xml(tag)));
        cases.iter().for_each(|case| text.push_str(&test(case)));
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>"
}

fn sums(cases: &[&Case]) -> String {
    let count = |which: fn(Came) -> bool| cases.iter().filter(|case| which(case.came)).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"",
        cases.len(),
        count(|came| matches!(came, Came::Failed(_))),
        count(|came| came == Came::Broken),
        count(|came| came == Came::Skipped),
        seconds(cases.iter().map(|case| case.took).sum()),
    )
}

fn test(case: &Case) -> String {
    let id = case.outcome.id.as_str();
    let (class, name) = case.state.as_deref().map_or(("faultbook", id), |state| (id, state));
    let head =
        format!("    <testcase classname=\"{class}\" name=\"{}\" time=\"{}\"", xml(name), seconds(case.took));
    let message = xml(&if case.came == Came::Skipped { case.why() } else { case.message() });
    let title = xml(&case.outcome.title);
    match case.came {
        Came::Passed => format!("{head}/>\n"),
        Came::Skipped => format!("{head}><skipped message=\"{message}\"/></testcase>\n"),
        Came::Failed(kind) => format!(
            "{head}><failure type=\"{kind}\" message=\"{message}\">{title}{}</failure></testcase>\n",
            xml(&places(case))
        ),
        Came::Broken => {
            format!("{head}><error type=\"error\" message=\"{message}\">{title}</error></testcase>\n")
        }
    }
}

fn places(case: &Case) -> String {
    let place = |evidence: &crate::verify::Evidence| match evidence.line {
        Some(line) => format!(" · {}:{line}", evidence.path),
        None => format!(" · {}", evidence.path),
    };
    super::outcome::places(case.outcome).map(place).collect()
}

fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

/// Text for content and attributes. XML 1.0 has no way to write most control characters; they are left out.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}
