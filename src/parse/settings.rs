//! `book.toml` → [`Settings`]. mdBook's keys keep their names and meaning where they exist.

use super::fields::Fields;
use super::record::extensions;
use super::shape::{self, Shape};
use super::toml;
use super::tree::{Entry, Node, Value};
use crate::diag::{Code, Diagnostic, nearest};
use crate::model::{ColourScheme, Facet, FacetSettings, RuleLevel, Settings, SiteUrl, Words};
use crate::text::{FileId, Spanned};
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

/// The newest `format` that this program reads.
const FORMAT: &str = "1";
/// A year: documentation of most tools changes within one.
const STALE_AFTER: u32 = 365;

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            title: "Failure records".to_owned(),
            description: String::new(),
            authors: Vec::new(),
            language: "en".to_owned(),
            audience: None,
            src: "content".into(),
            build_dir: "book".into(),
            site_url: None,
            edit_url_template: None,
            repository: None,
            additional_css: Vec::new(),
            default_theme: ColourScheme::Auto,
            hash_files: true,
            cname: None,
            search: true,
            redirects: BTreeMap::new(),
            facets: BTreeMap::new(),
            stale_after: STALE_AFTER,
            rules: BTreeMap::new(),
            extra: BTreeMap::new(),
        }
    }
}

/// A value that stands above `book.toml`: the names of its tables and its key, and the text.
///
/// `FAULTBOOK_OUTPUT__HTML__SITE_URL=x` is `["output", "html", "site-url"]` and `x`.
pub type Override = (Vec<String>, String);

/// Reads `book.toml`; what it does not say has its default.
pub fn parse(file: FileId, text: &str, overrides: &[Override], found: &mut Vec<Diagnostic>) -> Settings {
    let mut root = toml::parse(file, text, found);
    for (path, value) in overrides {
        set_above(&mut root, path, value);
    }
    let mut settings = Settings::default();
    let Some(mut tables) = Fields::open(&root, &shape::BOOK_TOML, found) else { return settings };
    if let Some(mut fields) = table(&mut tables, "book", &shape::BOOK, found) {
        book(&mut fields, &mut settings, found);
        fields.finish(found);
    }
    if let Some(mut fields) = table(&mut tables, "build", &shape::BUILD, found) {
        set_folder(&mut settings.build_dir, fields.text("build-dir", found), found);
        fields.finish(found);
    }
    if let Some(mut outputs) = table(&mut tables, "output", &shape::OUTPUTS, found) {
        if let Some(mut fields) = table(&mut outputs, "html", &shape::HTML, found) {
            html(&mut fields, &mut settings, found);
            fields.finish(found);
        }
        outputs.finish(found);
    }
    if let Some(mut fields) = table(&mut tables, "facets", &shape::FACETS, found) {
        facets(&mut fields, &mut settings, found);
        fields.finish(found);
    }
    if let Some(mut fields) = table(&mut tables, "check", &shape::CHECKING, found) {
        if let Some(days) = fields.text("stale-after", found).and_then(|written| days(&written, found)) {
            settings.stale_after = days;
        }
        fields.finish(found);
    }
    settings.rules = tables.node("lint", found).map(|node| rules(node, found)).unwrap_or_default();
    settings.extra = tables.node("extra", found).map(|node| extensions(node, found)).unwrap_or_default();
    tables.finish(found);
    settings
}

/// What a person sets for all books.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserSettings {
    /// The book, or the built site, to use outside of any.
    pub book: Option<String>,
}

/// Reads the settings of a person, and what is wrong with them.
pub fn of_user(text: &str) -> (UserSettings, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let root = toml::parse(FileId(0), text, &mut found);
    let mut settings = UserSettings::default();
    if let Some(mut fields) = Fields::open(&root, &shape::USER, &mut found) {
        settings.book = fields.text("book", &mut found).map(|written| written.value);
        fields.finish(&mut found);
    }
    (settings, found)
}

/// Puts a value to its place, making the tables on the way.
fn set_above(node: &mut Node, path: &[String], value: &str) {
    let span = node.span;
    let [key, rest @ ..] = path else {
        node.value = Value::Scalar(value.to_owned());
        return;
    };
    if !matches!(node.value, Value::Map(_)) {
        node.value = Value::Map(Vec::new());
    }
    let Value::Map(entries) = &mut node.value else { return };
    let at = entries.iter().position(|entry| entry.key.value == *key).unwrap_or_else(|| {
        let key = Spanned::new(key.clone(), span);
        entries.push(Entry { key, node: Node::new(span, Value::Map(Vec::new())) });
        entries.len() - 1
    });
    set_above(&mut entries[at].node, rest, value);
}

fn table<'n>(
    fields: &mut Fields<'n>,
    key: &'static str,
    shape: &'static Shape,
    found: &mut Vec<Diagnostic>,
) -> Option<Fields<'n>> {
    fields.node(key, found).and_then(|node| Fields::open(node, shape, found))
}

fn book(fields: &mut Fields, settings: &mut Settings, found: &mut Vec<Diagnostic>) {
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
    settings.authors = fields.texts("authors", found).into_iter().map(|text| text.value).collect();
    set(&mut settings.language, fields.text("language", found));
    set_folder(&mut settings.src, fields.text("src", found), found);
    if let Some(audience) = fields.word("audience", found) {
        settings.audience = Some(audience.value);
    }
}

fn html(fields: &mut Fields, settings: &mut Settings, found: &mut Vec<Diagnostic>) {
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
    settings.edit_url_template =
        fields.text("edit-url-template", found).and_then(|text| web_address(text, found));
    settings.repository = fields.text("git-repository-url", found).and_then(|text| web_address(text, found));
    settings.additional_css =
        fields.texts("additional-css", found).into_iter().map(|text| text.value).collect();
    if let Some(theme) = fields.word("default-theme", found) {
        settings.default_theme = theme.value;
    }
    if fields.has("hash-files") {
        settings.hash_files = fields.flag("hash-files", found);
    } else {
        fields.flag("hash-files", found);
    }
    settings.cname = fields.text("cname", found).map(|text| text.value);
    if let Some(mut search) = table(fields, "search", &shape::HTML_SEARCH, found) {
        settings.search = !search.has("enable") | search.flag("enable", found);
        search.finish(found);
    }
    settings.redirects =
        fields.node("redirect", found).map(|node| redirects(node, found)).unwrap_or_default();
}

fn redirects(node: &Node, found: &mut Vec<Diagnostic>) -> BTreeMap<String, String> {
    let mut redirects = BTreeMap::new();
    for (entry, to) in texts_of_table(node, found) {
        let from = entry.key.value.trim_start_matches('/').to_owned();
        let inside = |path: &str| {
            let clean =
                |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '?' | '#' | ':');
            path.chars().all(clean) && !path.split('/').any(|part| part == ".." || part == ".")
        };
        let target = to.trim_start_matches('/').to_owned();
        let is_web = to.starts_with("https://") || to.starts_with("http://");
        let target_path = target.split('#').next().unwrap_or_default();
        if from.is_empty() || !inside(&from) || !(is_web || inside(target_path)) {
            let message = format!("`{}` cannot lead to `{to}`", entry.key.value);
            found.push(
                Diagnostic::error(Code::BadRedirect, entry.node.span, message)
                    .hint("a redirect leads from a path of this site to another, or to https://…"),
            );
            continue;
        }
        redirects.insert(from, if is_web { to.to_owned() } else { target });
    }
    redirects
}

fn rules(node: &Node, found: &mut Vec<Diagnostic>) -> BTreeMap<Code, RuleLevel> {
    let mut rules = BTreeMap::new();
    for (entry, word) in texts_of_table(node, found) {
        let name = &entry.key.value;
        let level = RuleLevel::WORDS.iter().find(|(known, _)| *known == word).map(|(_, level)| *level);
        match (Code::parse(name), level) {
            (Some(code), Some(level)) => drop(rules.insert(code, level)),
            (None, _) => {
                let hint = match nearest(name, Code::ALL.iter().map(|code| code.name())) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => "the rule's name stands in the brackets of its finding".to_owned(),
                };
                let message = format!("no rule is called `{name}`");
                found.push(Diagnostic::error(Code::UnknownKey, entry.key.span, message).hint(hint));
            }
            (Some(_), None) => found.push(
                Diagnostic::error(Code::UnknownValue, entry.node.span, format!("a rule cannot be `{word}`"))
                    .hint("a rule is off, warn or error"),
            ),
        }
    }
    rules
}

/// The entries of a table whose values are all texts.
fn texts_of_table<'n>(node: &'n Node, found: &mut Vec<Diagnostic>) -> Vec<(&'n Entry, &'n str)> {
    let mut texts = Vec::new();
    let Value::Map(entries) = &node.value else {
        let message = format!("this is a table, and not {}", node.kind());
        found.push(
            Diagnostic::error(Code::WrongType, node.span, message).hint("it has lines of `key = value`"),
        );
        return texts;
    };
    for entry in entries {
        match &entry.node.value {
            Value::Scalar(text) => texts.push((entry, text.as_str())),
            _ => found.push(
                Diagnostic::error(Code::WrongType, entry.node.span, "a text is wanted here")
                    .hint("it is written `key = \"value\"`"),
            ),
        }
    }
    texts
}

fn facets(fields: &mut Fields, settings: &mut Settings, found: &mut Vec<Diagnostic>) {
    for facet in Facet::ALL {
        if let Some(mut one) = table(fields, facet.key(), &shape::FACET, found) {
            let label = one.text("label", found).map(|text| text.value);
            let values = one.texts("values", found).into_iter().map(|text| text.value).collect();
            settings.facets.insert(*facet, FacetSettings { label, values });
            one.finish(found);
        }
    }
}

fn days(written: &Spanned<String>, found: &mut Vec<Diagnostic>) -> Option<u32> {
    let days = written.value.strip_suffix('d').and_then(|number| number.parse().ok());
    if days.is_none() {
        let message = format!("`{}` is not a number of days", written.value);
        found.push(Diagnostic::error(Code::WrongType, written.span, message).hint("it is written like 365d"));
    }
    days
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
