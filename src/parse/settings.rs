//! `book.toml` → [`Settings`]. mdBook's keys keep their names and meaning where they exist.

use super::fields::Fields;
use super::toml;
use super::tree::Node;
use crate::diag::{Code, Diagnostic};
use crate::model::{Settings, SiteUrl};
use crate::text::{FileId, Spanned};
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// The newest `format` that this program reads.
const FORMAT: &str = "1";

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            title: "Failure records".to_owned(),
            description: String::new(),
            language: "en".to_owned(),
            src: "content".into(),
            build_dir: "book".into(),
            site_url: None,
            edit_url_template: None,
            categories: Vec::new(),
        }
    }
}

/// Reads `book.toml`; what it does not say has its default.
pub fn parse(file: FileId, text: &str, found: &mut Vec<Diagnostic>) -> Settings {
    let root = toml::parse(file, text, found);
    let mut settings = Settings::default();
    let Some(mut tables) = Fields::open(&root, "book.toml", found) else { return settings };
    if let Some(node) = tables.node("book", found) {
        book(node, &mut settings, found);
    }
    if let Some(node) = tables.node("build", found) {
        build(node, &mut settings, found);
    }
    if let Some(node) = tables.node("output", found) {
        output(node, &mut settings, found);
    }
    if let Some(node) = tables.node("facets", found) {
        facets(node, &mut settings, found);
    }
    tables.finish(found);
    settings
}

fn book(node: &Node, settings: &mut Settings, found: &mut Vec<Diagnostic>) {
    let Some(mut fields) = Fields::open(node, "[book]", found) else { return };
    if let Some(format) = fields.text("format", found)
        && format.value != FORMAT
    {
        let message =
            format!("this book has format {}, and this faultbook reads format {FORMAT}", format.value);
        found.push(
            Diagnostic::error(Code::UnknownValue, format.span, message).hint("a newer faultbook reads it"),
        );
    }
    set(&mut settings.title, fields.text("title", found));
    set(&mut settings.description, fields.text("description", found));
    set(&mut settings.language, fields.text("language", found));
    set_folder(&mut settings.src, fields.text("src", found), found);
    fields.finish(found);
}

fn build(node: &Node, settings: &mut Settings, found: &mut Vec<Diagnostic>) {
    let Some(mut fields) = Fields::open(node, "[build]", found) else { return };
    set_folder(&mut settings.build_dir, fields.text("build-dir", found), found);
    fields.finish(found);
}

fn output(node: &Node, settings: &mut Settings, found: &mut Vec<Diagnostic>) {
    let Some(mut outputs) = Fields::open(node, "[output]", found) else { return };
    if let Some(html) = outputs.node("html", found)
        && let Some(mut fields) = Fields::open(html, "[output.html]", found)
    {
        if let Some(url) = fields.text("site-url", found) {
            settings.site_url = SiteUrl::parse(&url.value);
            if settings.site_url.is_none() {
                let message = format!("`{}` is not the address of a site", url.value);
                found.push(
                    Diagnostic::error(Code::WrongType, url.span, message)
                        .hint("an address begins with https:// and names a host"),
                );
            }
        }
        if let Some(template) = fields.text("edit-url-template", found) {
            settings.edit_url_template = web_address(template, found);
        }
        fields.finish(found);
    }
    outputs.finish(found);
}

fn facets(node: &Node, settings: &mut Settings, found: &mut Vec<Diagnostic>) {
    let Some(mut facets) = Fields::open(node, "[facets]", found) else { return };
    if let Some(category) = facets.node("category", found)
        && let Some(mut fields) = Fields::open(category, "facets.category", found)
    {
        settings.categories = fields.texts("values", found).into_iter().map(|text| text.value).collect();
        fields.finish(found);
    }
    facets.finish(found);
}

fn set(field: &mut String, written: Option<Spanned<String>>) {
    if let Some(written) = written {
        *field = written.value;
    }
}

/// A folder of the book; one that leaves the book is refused, since builds write and delete there.
fn set_folder(field: &mut Utf8PathBuf, written: Option<Spanned<String>>, found: &mut Vec<Diagnostic>) {
    let Some(written) = written else { return };
    let path = Utf8Path::new(&written.value);
    if path.components().all(|part| matches!(part, Utf8Component::Normal(_))) {
        *field = path.to_owned();
    } else {
        let message = format!("`{path}` is not a folder inside the book");
        found.push(
            Diagnostic::error(Code::UnknownValue, written.span, message)
                .hint("a folder is named relative to book.toml, without `..`"),
        );
    }
}

fn web_address(written: Spanned<String>, found: &mut Vec<Diagnostic>) -> Option<String> {
    if written.value.starts_with("https://") || written.value.starts_with("http://") {
        return Some(written.value);
    }
    let message = format!("`{}` is not a web address", written.value);
    found.push(
        Diagnostic::error(Code::UnsafeLink, written.span, message).hint("it begins with https:// or http://"),
    );
    None
}
