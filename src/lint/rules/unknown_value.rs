//! A category outside the list in book.toml splits a shelf in two.
//!
//! Bad: `category: network` where the list says `networking`. Better: the listed word, or a longer list.

use crate::diag::{Code, Diagnostic, nearest};
use crate::lint::Context;
use crate::parse::ParsedRecord;

pub fn check(ctx: &Context, record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    let allowed = &ctx.settings.categories;
    let Some(category) = record.category.as_ref().filter(|_| !allowed.is_empty()) else { return };
    if !allowed.contains(&category.value) {
        let hint = match nearest(&category.value, allowed.iter().map(String::as_str)) {
            Some(name) => format!("the nearest category is `{name}`"),
            None => format!("book.toml lists {}", allowed.join(", ")),
        };
        let message = format!("book.toml lists no category `{}`", category.value);
        found.push(Diagnostic::error(Code::UnknownValue, category.span, message).hint(hint));
    }
}
