//! Markdown → HTML that cannot do anything.
//!
//! There is no sanitiser after this step because there is nothing to sanitise: raw HTML never enters the
//! output (it is shown as text), a link or image leads only where [`LinkTarget`] allows, heading attributes
//! are not part of our Markdown, and everything else is escaped by pulldown-cmark. The strict content
//! security policy of every page is the second wall.

use crate::model::{LinkTarget, Prose};
use pulldown_cmark::{Alignment, CowStr, Event, HeadingLevel, Parser, Tag, TagEnd};
use serde::Serialize;

/// HTML that may stand in a page as it is. Only this file makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Html(String);

impl Html {
    /// Renders prose. `root` is the relative path from the page to the site's root, such as `../../`.
    pub fn of(prose: &Prose, root: &str) -> Html {
        let mut out = String::new();
        pulldown_cmark::html::push_html(&mut out, harmless(prose, root));
        Html(out.trim_end().to_owned())
    }

    /// Renders prose that stands on one line: a single paragraph loses its `<p>`.
    pub fn inline(prose: &Prose, root: &str) -> Html {
        let Html(html) = Html::of(prose, root);
        let inner = html.strip_prefix("<p>").and_then(|rest| rest.strip_suffix("</p>"));
        match inner.filter(|inner| !inner.contains("<p>")) {
            Some(inner) => Html(inner.to_owned()),
            None => Html(html),
        }
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn harmless<'p>(prose: &'p Prose, root: &str) -> impl Iterator<Item = Event<'p>> {
    Parser::new_ext(prose.markdown(), Prose::OPTIONS).filter_map(move |event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        // An HTML block is a paragraph of text here.
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Some(Event::Start(Tag::Link { link_type, dest_url: href(&dest_url, root), title, id }))
        }
        // A record's images are files beside it; until a page can carry them, the alternative text stands.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        // The page has its own h1 and h2.
        Event::Start(Tag::Heading { level, id, .. }) => Some(Event::Start(Tag::Heading {
            level: below_h2(level),
            id,
            classes: Vec::new(),
            attrs: Vec::new(),
        })),
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(below_h2(level)))),
        // Alignment would be a style attribute, which the content security policy refuses.
        Event::Start(Tag::Table(columns)) => {
            Some(Event::Start(Tag::Table(vec![Alignment::None; columns.len()])))
        }
        other => Some(other),
    })
}

fn href<'p>(destination: &str, root: &str) -> CowStr<'p> {
    match LinkTarget::of(destination) {
        Some(LinkTarget::Web(url) | LinkTarget::Mail(url)) => url.into(),
        Some(LinkTarget::Record(id)) => format!("{root}f/{id}/").into(),
        None => "".into(),
    }
}

fn below_h2(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 | HeadingLevel::H2 | HeadingLevel::H3 => HeadingLevel::H3,
        HeadingLevel::H4 => HeadingLevel::H4,
        HeadingLevel::H5 => HeadingLevel::H5,
        HeadingLevel::H6 => HeadingLevel::H6,
    }
}
