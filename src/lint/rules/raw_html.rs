//! HTML in prose is never passed on; it is shown as the text it is, which is seldom what was meant.
//!
//! Bad: `press <kbd>q</kbd>`. Better: `` press `q` ``.

use crate::diag::{Code, Diagnostic};
use crate::lint::Context;
use crate::model::Prose;
use crate::text::Span;
use pulldown_cmark::{Event, Parser};

pub fn check(ctx: &Context, proses: &[(&Prose, Span)], found: &mut Vec<Diagnostic>) {
    for (prose, span) in proses.iter().filter(|(prose, _)| prose.markdown().contains('<')) {
        let html = Parser::new_ext(prose.markdown(), Prose::OPTIONS).find_map(|event| match event {
            Event::Html(html) | Event::InlineHtml(html) => Some(html),
            _ => None,
        });
        if let Some(html) = html {
            let first: String = html.trim().lines().next().unwrap_or_default().chars().take(40).collect();
            let place = ctx.place_of(&first, *span);
            found.push(
                Diagnostic::warning(Code::RawHtml, place, format!("`{first}` is HTML, and is shown as text"))
                    .hint("code stands between backticks"),
            );
        }
    }
}
