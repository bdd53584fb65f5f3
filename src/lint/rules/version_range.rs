//! A component that was mended before it broke; readers cannot tell whether they are affected.
//!
//! Bad: `{component: npm, introduced: 11.0, fixed: 10.2}`. Better: `{component: npm, introduced: 10.2, fixed: 11.0}`.

use crate::diag::{Code, Diagnostic};
use crate::parse::ParsedRecord;

pub fn check(record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    for affected in &record.applies_to {
        let (Some(introduced), Some(fixed)) = (&affected.value.introduced, &affected.value.fixed) else {
            continue;
        };
        let wrong = match introduced.is_before(fixed) {
            Some(true) => continue,
            Some(false) => "is not before",
            None => "cannot be compared with",
        };
        let message = format!("`introduced` ({introduced}) {wrong} `fixed` ({fixed})");
        found.push(
            Diagnostic::error(Code::VersionRange, affected.span, message)
                .hint("both are versions or both are days, and the failure comes before its end"),
        );
    }
}
