//! The templates: built in under `default/`, replaced by a book's file of the same name.
//!
//! A user's template may extend `default/record.html` and change one block; built-ins extend `base.html`
//! without a prefix, so that a replaced shell changes every page. Templates have no files, no environment
//! and no network; text of records is never a template.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

/// The built-in templates: name and content.
const BUILT_IN: &[(&str, &str)] = &[
    ("404.html", include_str!("../../templates/404.html")),
    ("alert.html", include_str!("../../templates/alert.html")),
    ("atom.xml", include_str!("../../templates/atom.xml")),
    ("base.html", include_str!("../../templates/base.html")),
    ("browse.html", include_str!("../../templates/browse.html")),
    ("components.html", include_str!("../../templates/components.html")),
    ("contribute.html", include_str!("../../templates/contribute.html")),
    ("facet.html", include_str!("../../templates/facet.html")),
    ("guide.html", include_str!("../../templates/guide.html")),
    ("guides.html", include_str!("../../templates/guides.html")),
    ("home.html", include_str!("../../templates/home.html")),
    ("keywords.html", include_str!("../../templates/keywords.html")),
    ("llms.txt", include_str!("../../templates/llms.txt")),
    ("opensearch.xml", include_str!("../../templates/opensearch.xml")),
    ("record.html", include_str!("../../templates/record.html")),
    ("record.md", include_str!("../../templates/record.md")),
    ("redirect.html", include_str!("../../templates/redirect.html")),
    ("search.html", include_str!("../../templates/search.html")),
    ("sitemap.xml", include_str!("../../templates/sitemap.xml")),
    ("status.html", include_str!("../../templates/status.html")),
];

/// A set of templates that all parse.
#[derive(Clone, Debug)]
pub struct Templates {
    tera: Tera,
}

/// A template is wrong; the message has its file, line and column.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

impl Templates {
    /// The built-in templates: name and content.
    pub fn built_in() -> &'static [(&'static str, &'static str)] {
        BUILT_IN
    }

    /// Lays a book's own templates (by name) over the built-in ones.
    pub fn new(own: &[(String, String)]) -> Result<Templates, TemplateError> {
        let mut tera = Tera::new();
        tera.set_fallback_prefixes(["default/"]).map_err(|error| TemplateError(error.to_string()))?;
        tera.register_filter("urlquery", |text: &str, _: Kwargs, _: &State| {
            utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
        });
        let built_in = BUILT_IN.iter().map(|(name, text)| (format!("default/{name}"), (*text).to_owned()));
        // One call, so that a template may extend another that comes later.
        tera.add_raw_templates(built_in.chain(own.iter().cloned()))
            .map_err(|error| TemplateError(error.to_string()))?;
        Ok(Templates { tera })
    }

    /// Makes a value known to every page under a name; it is converted once.
    pub fn set_global(&mut self, name: &'static str, value: &impl Serialize) {
        self.tera.global_context().insert(name, value);
    }

    /// Renders one template with one view.
    pub fn render(&self, name: &str, view: &impl Serialize) -> Result<String, TemplateError> {
        let [text] = self.render_each([name], view)?;
        Ok(text)
    }

    /// Renders several templates with the same view, which is converted once.
    pub fn render_each<const N: usize>(
        &self,
        names: [&str; N],
        view: &impl Serialize,
    ) -> Result<[String; N], TemplateError> {
        let failed = |error: tera::Error| TemplateError(error.to_string());
        let context = Context::from_serialize(view).map_err(failed)?;
        let mut texts = [const { String::new() }; N];
        for (text, name) in texts.iter_mut().zip(names) {
            *text = self.tera.render(name, &context).map_err(failed)?;
        }
        Ok(texts)
    }
}
