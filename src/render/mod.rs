//! A book → pages: HTML for people, Markdown and JSON for agents and programs, and the files they need.
//!
//! In: `&Book`, what is known of its checks, templates and theme. Out: `Vec<Page>`, the same bytes on any
//! machine. Tera lives only here.
//! Not here: search shards (`search`), writing files (`disk`), deciding what a check proves (`verify`).

mod assets;
mod facets;
mod html;
mod json;
mod pages;
mod templates;
mod view;

pub use assets::Theme;
pub use html::Html;
pub use pages::pages;
pub use templates::{TemplateError, Templates};

/// One file of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Relative to the output folder, with `/` between the parts; never absolute, never with `..`.
    pub path: String,
    /// What stands in it.
    pub body: Vec<u8>,
}
