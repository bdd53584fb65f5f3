//! Control characters and bidirectional overrides make a text read differently than it is: a command that
//! a reader copies must be the command that a reader sees.
//!
//! Bad: a title with U+202E in it. Better: the same title without.

use crate::diag::{Code, Diagnostic};
use crate::lint::{Context, MAX_FINDINGS};
use crate::parse::ParsedRecord;

pub fn check(ctx: &Context, record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    for hidden in record.invisible.iter().take(MAX_FINDINGS) {
        let message =
            format!("the character U+{:04X} stands in this text and cannot be seen", u32::from(hidden.value));
        let place = ctx.place_of(&hidden.value.to_string(), hidden.span);
        found
            .push(Diagnostic::error(Code::InvisibleCharacter, place, message).hint("the text is typed anew"));
    }
}
