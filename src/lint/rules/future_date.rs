//! A day that has not come yet cannot be the day on which something was read, written or tried.
//!
//! Bad: `accessed: 2062-11-24`. Better: `accessed: 2026-11-24`. `review_by` may lie ahead.

use crate::diag::{Code, Diagnostic};
use crate::lint::Context;
use crate::parse::ParsedRecord;
use crate::text::Span;

pub fn check(ctx: &Context, record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    let Some(today) = ctx.today else { return };
    let at = Span::start_of(record.file);
    let of_record = [record.created, record.updated].into_iter().flatten().map(|day| (day, at));
    let read = record.sources.iter().filter_map(|source| Some((source.value.accessed?, source.span)));
    let typed = record.keywords.iter().filter_map(|keyword| Some((keyword.value.date?, keyword.span)));
    let run = record.validation_runs.iter().filter_map(|run| Some((run.value.date?, run.span)));
    for (day, span) in of_record.chain(read).chain(typed).chain(run).filter(|(day, _)| *day > today) {
        let place = ctx.place_of(&day.to_string(), span);
        let message = format!("{day} has not come yet");
        found.push(Diagnostic::error(Code::FutureDate, place, message).hint(format!("today is {today}")));
    }
}
