//! A `related` entry that names no record; readers who follow it reach a 404.
//!
//! Bad: `see_also: [stale-lok]`. Better: `see_also: [stale-lock]`.

use crate::diag::{Code, Diagnostic};
use crate::lint::{Context, MAX_FINDINGS};
use crate::model::RecordId;
use crate::parse::ParsedRecord;
use crate::text::Spanned;

pub fn check(ctx: &Context, record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    let confused = record.confused_with.iter().filter_map(|confusion| confusion.value.id.as_ref());
    let links = [&record.leads_to, &record.caused_by, &record.see_also, &record.supersedes];
    let all = confused.chain(links.into_iter().flatten()).chain(&record.see_instead);
    for link in all.filter(|link| !ctx.has(&link.value)).take(MAX_FINDINGS) {
        found.push(finding(ctx, link));
    }
}

fn finding(ctx: &Context, link: &Spanned<RecordId>) -> Diagnostic {
    let message = format!("no record is called `{}`", link.value);
    let hint = match ctx.nearest_record(link.value.as_str()) {
        Some(name) => format!("the nearest name is `{name}`"),
        None => "a link names the file of a record, without its ending".to_owned(),
    };
    Diagnostic::error(Code::UnknownRecord, link.span, message).hint(hint)
}
