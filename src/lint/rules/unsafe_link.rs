//! A link in prose that leads neither to the web, nor to mail, nor to a record of this book. It is shown without its
//! target.
//!
//! Bad: `[docs](javascript:alert(1))`, `[log](file:///tmp/log)`. Better: `[docs](https://…)`,
//! `[the other failure](stale-lock)`.

use crate::diag::{Code, Diagnostic};
use crate::lint::{Context, MAX_FINDINGS};
use crate::model::{LinkTarget, Prose, RecordId};
use crate::text::Span;
use pulldown_cmark::{Event, LinkType, Parser, Tag};

pub fn check(ctx: &Context, proses: &[(&Prose, Span)], found: &mut Vec<Diagnostic>) {
    let already = found.len();
    for (prose, span) in proses.iter().filter(|(prose, _)| prose.markdown().contains(['[', '<'])) {
        for (event, range) in Parser::new_ext(prose.markdown(), Prose::OPTIONS).into_offset_iter() {
            let Event::Start(Tag::Link { dest_url, link_type, .. }) = event else { continue };
            if found.len() - already == MAX_FINDINGS {
                return;
            }
            if link_type == LinkType::Email {
                continue;
            }
            let target = LinkTarget::of(&dest_url);
            let known = |id: &RecordId| ctx.has(id);
            if matches!(&target, Some(LinkTarget::Web(_) | LinkTarget::Mail(_)))
                || matches!(&target, Some(LinkTarget::Record(id)) if known(id))
            {
                continue;
            }
            let message = format!("the link to `{dest_url}` leads nowhere that a page may send its readers");
            found.push(
                Diagnostic::error(Code::UnsafeLink, ctx.place_of(&prose.markdown()[range], *span), message)
                    .hint("a link leads to https://…, to mailto:…, or names a record of this book"),
            );
        }
    }
}
