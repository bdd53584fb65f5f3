//! A title of more than 90 characters is cut in every list and search result.
//!
//! Bad: the whole stack trace. Better: the line of it that a person would search for.

use crate::diag::{Code, Diagnostic};
use crate::parse::ParsedRecord;

/// What fits on two lines of a phone.
const MAX_CHARS: usize = 90;

pub fn check(record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    let Some(title) = record.title.as_ref() else { return };
    let n_chars = title.value.chars().count();
    if n_chars > MAX_CHARS {
        let message = format!("this title has {n_chars} characters");
        found
            .push(Diagnostic::warning(Code::LongTitle, title.span, message).hint(format!(
                "a title has at most {MAX_CHARS} characters; the rest belongs to the symptom"
            )));
    }
}
