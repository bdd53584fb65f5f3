//! A value outside the list in book.toml splits a shelf in two.
//!
//! Bad: `category: network` where the list says `networking`. Better: the listed word, or a longer list.

use crate::diag::{Code, Diagnostic, nearest};
use crate::lint::Context;
use crate::model::Facet;
use crate::parse::ParsedRecord;
use crate::text::Spanned;

pub fn check(ctx: &Context, record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    for facet in Facet::ALL {
        let allowed = ctx.settings.allowed(*facet);
        let written: Vec<&Spanned<String>> = match facet {
            Facet::Category => record.category.iter().collect(),
            Facet::Product => record.product.iter().collect(),
            Facet::Ecosystem => record.ecosystem.iter().collect(),
            Facet::Tag => record.tags.iter().collect(),
        };
        for value in
            written.into_iter().filter(|value| !allowed.is_empty() && !allowed.contains(&value.value))
        {
            let key = facet.key();
            let hint = match nearest(&value.value, allowed.iter().map(String::as_str)) {
                Some(name) => format!("the nearest {key} is `{name}`"),
                None => format!("book.toml lists {}", allowed.join(", ")),
            };
            let message = format!("book.toml lists no {key} `{}`", value.value);
            found.push(Diagnostic::error(Code::UnknownValue, value.span, message).hint(hint));
        }
    }
}
