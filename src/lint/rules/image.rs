//! An image that is not there leaves a hole; one that is too large keeps readers waiting; an SVG is a document of
//! its own, which must not be able to do anything when somebody opens it.
//!
//! Bad: `![the dialog](dialog.bmp)`, an SVG with a script. Better: a PNG, JPEG, WebP or plain SVG of at most 1 MiB in
//! the record's own folder.

use crate::diag::{Code, Diagnostic};
use crate::lint::{Context, MAX_FINDINGS, svg};
use crate::model::Prose;
use crate::parse::ParsedRecord;
use crate::text::{Image, Span};
use pulldown_cmark::{Event, Parser, Tag};

pub fn check(ctx: &Context, record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    let images = &ctx.source.images;
    for image in images.iter().filter(|image| !is_safe(image)).take(MAX_FINDINGS) {
        let (message, hint) = match image.body {
            None => ("is larger than 1 MiB", "a smaller picture serves readers better"),
            Some(_) => (
                "is not a plain picture",
                "an SVG has shapes, text and gradients only: no scripts, styles, other elements or addresses",
            ),
        };
        let message = format!("the image `{}` {message}", image.name);
        found.push(Diagnostic::error(Code::UnsafeImage, Span::start_of(record.file), message).hint(hint));
    }
    for (prose, span) in record.proses().into_iter().filter(|(prose, _)| prose.markdown().contains("![")) {
        for (event, range) in Parser::new_ext(prose.markdown(), Prose::OPTIONS).into_offset_iter() {
            let Event::Start(Tag::Image { dest_url, .. }) = event else { continue };
            if !images.iter().any(|image| image.name == *dest_url) {
                let place = ctx.place_of(&prose.markdown()[range], span);
                let message = format!("no image `{dest_url}` lies beside this record");
                let hint =
                    "images lie in the record's own folder, as `<id>/record.md` and `<id>/picture.png`";
                found.push(Diagnostic::error(Code::MissingImage, place, message).hint(hint));
            }
        }
    }
}

/// Whether an image may be copied to the site: what its name says it is, small enough, and unable to act.
pub fn is_safe(image: &Image) -> bool {
    let Some(body) = &image.body else { return false };
    let ending = image.name.rsplit('.').next().unwrap_or_default();
    match ending {
        "png" => body.starts_with(b"\x89PNG\r\n\x1a\n"),
        "jpg" | "jpeg" => body.starts_with(b"\xff\xd8\xff"),
        "webp" => body.starts_with(b"RIFF") && body.get(8..12) == Some(b"WEBP"),
        "svg" => svg::is_plain(body),
        _ => false,
    }
}
