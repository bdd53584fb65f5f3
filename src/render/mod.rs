//! A book → pages: HTML for people, Markdown and JSON for agents and programs, and the files they need.
//!
//! In: `&Book`, what is known of its checks, templates and theme. Out: `Vec<Page>`, the same bytes on any
//! machine. Tera lives only here.
//! Not here: search shards (`search`), writing files (`disk`), deciding what a check proves (`verify`).

mod assets;
mod bars;
mod check_view;
mod facets;
mod highlight;
mod html;
mod json;
mod languages;
mod links;
mod lists;
mod long_view;
mod machine;
mod pages;
mod relations;
mod status;
mod templates;
mod view;

pub use assets::Theme;
pub use html::{Html, Setting};
pub use links::{DeadLink, Links, SiteLinks};
pub use pages::{Contents, Site, promised};
pub use templates::{TemplateError, Templates};

/// One file of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Relative to the output folder, with `/` between the parts; never absolute, never with `..`.
    pub path: String,
    /// What stands in it.
    pub body: Vec<u8>,
}

/// What pages may load and do: only what this site itself serves, and no script that stands in a page.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'";
