//! Markdown → HTML that cannot do anything.
//!
//! There is no sanitiser after this step because there is nothing to sanitise: raw HTML never enters the
//! output (it is shown as text), a link or image leads only where [`LinkTarget`] and the book's own files allow,
//! heading attributes are not part of our Markdown, and everything else is escaped by pulldown-cmark or by
//! [`highlight`]. The strict content security policy of every page is the second wall.

use super::facets::Slugs;
use super::highlight::highlight;
use crate::model::{LinkTarget, Prose, RecordId};
use crate::text::Image;
use pulldown_cmark::{Alignment, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Parser, Tag, TagEnd};
use serde::Serialize;

/// HTML that may stand in a page as it is. Only this file makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Html(String);

/// Where a prose stands, and what it may show.
#[derive(Clone, Copy)]
pub struct Setting<'s> {
    /// The relative path from the page to the site's root, such as `../../`.
    pub root: &'s str,
    /// The record that the prose belongs to, for its images.
    pub record: Option<&'s RecordId>,
    /// The files beside that record.
    pub images: &'s [&'s Image],
    /// Whether headings begin at `h2` and can be linked to, as on a page of prose.
    pub is_guide: bool,
}

impl<'s> Setting<'s> {
    /// Prose without images, below a heading of its page.
    pub fn plain(root: &'s str) -> Setting<'s> {
        Setting { root, record: None, images: &[], is_guide: false }
    }
}

impl Html {
    /// Renders prose.
    pub fn of(prose: &Prose, setting: Setting) -> Html {
        let mut out = String::with_capacity(prose.markdown().len() * 2);
        let events = Parser::new_ext(prose.markdown(), Prose::OPTIONS);
        pulldown_cmark::html::push_html(&mut out, Harmless { events, setting, slugs: Slugs::default() });
        out.truncate(out.trim_end().len());
        Html(out)
    }

    /// Renders prose that stands on one line: a single paragraph loses its `<p>`.
    pub fn inline(prose: &Prose, setting: Setting) -> Html {
        let Html(html) = Html::of(prose, setting);
        let inner = html.strip_prefix("<p>").and_then(|rest| rest.strip_suffix("</p>"));
        match inner.filter(|inner| !inner.contains("<p>")) {
            Some(inner) => Html(inner.to_owned()),
            None => Html(html),
        }
    }

    /// Marks up a script.
    pub fn script(script: &str) -> Html {
        Html::code("sh", script)
    }

    /// Marks up code.
    pub fn code(lang: &str, code: &str) -> Html {
        let mut html = String::with_capacity(code.len() * 2);
        highlight(lang, code, &mut html);
        Html(html)
    }

    /// JSON that may stand in a script element: nothing in it can end the element.
    pub fn json(value: &serde_json::Value) -> Html {
        Html(value.to_string().replace('<', "\\u003c"))
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The events of a parser without those that could act.
struct Harmless<'p, 's> {
    events: Parser<'p>,
    setting: Setting<'s>,
    /// Ids that headings of this prose have.
    slugs: Slugs,
}

impl<'p> Iterator for Harmless<'p, '_> {
    type Item = Event<'p>;

    fn next(&mut self) -> Option<Event<'p>> {
        Some(match self.events.next()? {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            // An HTML block is a paragraph of text here.
            Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
            // An address of mail between angle brackets; the renderer puts `mailto:` before it.
            event @ Event::Start(Tag::Link { link_type: LinkType::Email, .. }) => event,
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                Event::Start(Tag::Link { link_type, dest_url: self.href(&dest_url), title, id })
            }
            Event::Start(Tag::Image { dest_url, .. }) => self.image(&dest_url),
            Event::Start(Tag::CodeBlock(kind)) => self.code(&kind),
            Event::Start(Tag::Heading { level, .. }) => self.heading(level),
            // Alignment would be a style attribute, which the content security policy refuses.
            Event::Start(Tag::Table(columns)) => {
                Event::Start(Tag::Table(vec![Alignment::None; columns.len()]))
            }
            other => other,
        })
    }
}

impl<'p> Harmless<'p, '_> {
    fn href(&self, destination: &str) -> CowStr<'p> {
        match LinkTarget::of(destination) {
            Some(LinkTarget::Web(url) | LinkTarget::Mail(url)) => url.into(),
            Some(LinkTarget::Record(id)) => format!("{}f/{id}/", self.setting.root).into(),
            None => "".into(),
        }
    }

    /// An image that lies beside the record, with its size, so that nothing moves when it arrives; otherwise the
    /// text that stands for it.
    fn image(&mut self, name: &str) -> Event<'p> {
        let mut text = String::new();
        let mut depth = 0_usize;
        for event in self.events.by_ref() {
            match event {
                Event::Start(_) => depth += 1,
                Event::End(_) if depth == 0 => break,
                Event::End(_) => depth -= 1,
                Event::Text(part) | Event::Code(part) | Event::Html(part) | Event::InlineHtml(part) => {
                    text.push_str(&part);
                }
                Event::SoftBreak | Event::HardBreak => text.push(' '),
                _ => {}
            }
        }
        let image = self.setting.images.iter().find(|image| image.name == name);
        let (Some(image), Some(record)) = (image, self.setting.record) else {
            return Event::Text(text.into());
        };
        let size = imagesize::blob_size(image.body.as_deref().unwrap_or_default()).ok();
        let size = size.map(|size| format!(" width=\"{}\" height=\"{}\"", size.width, size.height));
        let mut html = format!("<img src=\"{}f/{record}/{name}\" alt=\"", self.setting.root);
        escape(&text, &mut html);
        html.push_str(&format!("\"{} loading=\"lazy\">", size.unwrap_or_default()));
        Event::InlineHtml(html.into())
    }

    fn code(&mut self, kind: &CodeBlockKind) -> Event<'p> {
        let lang = match kind {
            CodeBlockKind::Fenced(info) => info.split([' ', ',']).next().unwrap_or_default().to_lowercase(),
            CodeBlockKind::Indented => String::new(),
        };
        let mut code = String::new();
        for event in self.events.by_ref() {
            match event {
                Event::Text(text) => code.push_str(&text),
                Event::End(TagEnd::CodeBlock) => break,
                _ => {}
            }
        }
        let mut html = "<pre tabindex=\"0\"><code>".to_owned();
        highlight(&lang, &code, &mut html);
        html.push_str("</code></pre>\n");
        Event::Html(html.into())
    }

    /// The page has its own `h1`, and a record's page its own `h2`s.
    fn heading(&mut self, level: HeadingLevel) -> Event<'p> {
        let name = match (level, self.setting.is_guide) {
            (HeadingLevel::H1 | HeadingLevel::H2, true) => "h2",
            (HeadingLevel::H1 | HeadingLevel::H2 | HeadingLevel::H3, _) => "h3",
            (HeadingLevel::H4, _) => "h4",
            (HeadingLevel::H5 | HeadingLevel::H6, _) => "h5",
        };
        let mut inner: Vec<Event> = Vec::new();
        let mut words = String::new();
        while let Some(event) = Iterator::next(self) {
            match event {
                Event::End(TagEnd::Heading(_)) => break,
                Event::Text(ref text) | Event::Code(ref text) => words.push_str(text),
                _ => {}
            }
            inner.push(event);
        }
        let id = if self.setting.is_guide {
            format!(" id=\"{}\"", self.slugs.unique(&words, "section"))
        } else {
            String::new()
        };
        let mut html = format!("<{name}{id}>");
        pulldown_cmark::html::push_html(&mut html, inner.into_iter());
        html.push_str(&format!("</{name}>\n"));
        Event::Html(html.into())
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}
