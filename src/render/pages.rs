//! Every page of the site, from one book.

use super::assets::Theme;
use super::facets::{self, Shelf};
use super::templates::{TemplateError, Templates};
use super::view::{CardView, RecordView, Surroundings};
use super::{Page, json};
use crate::model::{Book, Facet, Proof, ProofState, Record, RecordId};
use serde::Serialize;
use std::collections::BTreeMap;

/// Renders the whole site. `proofs` has an entry for every record.
pub fn pages(
    book: &Book,
    proofs: &BTreeMap<RecordId, Proof>,
    templates: &Templates,
    theme: &Theme,
) -> Result<Vec<Page>, TemplateError> {
    let (mut pages, assets) = theme.pages();
    let site = Site { book, proofs, templates, assets, shelves: facets::shelves(book) };
    pages.push(site.home()?);
    pages.push(site.browse()?);
    pages.extend(site.facets()?);
    pages.extend(site.records()?);
    pages.push(site.page("search/index.html", "search.html", ())?);
    pages.push(site.not_found()?);
    pages.extend(site.sitemap()?);
    Ok(pages)
}

struct Site<'b> {
    book: &'b Book,
    proofs: &'b BTreeMap<RecordId, Proof>,
    templates: &'b Templates,
    assets: BTreeMap<String, String>,
    shelves: Vec<Shelf<'b>>,
}

/// What every template sees.
#[derive(Serialize)]
struct Shell<'s, V> {
    site: SiteView<'s>,
    page: PageView<'s>,
    view: V,
}

#[derive(Serialize)]
struct SiteView<'s> {
    title: &'s str,
    description: &'s str,
    language: &'s str,
    n_records: usize,
}

#[derive(Serialize)]
struct PageView<'s> {
    /// Relative path to the site's root, such as `../../`, or `./` at the root itself.
    root: String,
    /// The page's address, where the site's is known.
    canonical: Option<String>,
    /// Theme files, plain name to path.
    assets: &'s BTreeMap<String, String>,
}

#[derive(Serialize)]
struct ShelfView<'s> {
    label: &'static str,
    values: Vec<ValueView<'s>>,
}

#[derive(Serialize)]
struct ValueView<'s> {
    name: &'s str,
    path: String,
    n_records: usize,
}

#[derive(Serialize)]
struct HomeView<'s> {
    shelves: Vec<ShelfView<'s>>,
    latest: Vec<CardView>,
    n_tested: usize,
    failing: Vec<CardView>,
}

#[derive(Serialize)]
struct FacetView<'s> {
    label: &'static str,
    name: &'s str,
    cards: Vec<CardView>,
}

#[derive(Serialize)]
struct SitemapView {
    urls: Vec<SitemapEntry>,
}

#[derive(Serialize)]
struct SitemapEntry {
    url: String,
    date: Option<String>,
}

/// How many records the home page lists as lately changed.
const N_LATEST: usize = 8;

impl<'b> Site<'b> {
    fn home(&self) -> Result<Page, TemplateError> {
        let state = |record: &Record| self.proofs.get(&record.id).map(|proof| proof.state);
        let mut latest: Vec<&Record> = self.book.records.values().collect();
        latest
            .sort_by_key(|record| (std::cmp::Reverse(record.updated.or(record.created)), record.id.clone()));
        let failing = latest.iter().filter(|record| state(record) == Some(ProofState::Failing));
        let view = HomeView {
            shelves: self.shelves.iter().map(|shelf| self.shelf(shelf)).collect(),
            failing: failing.map(|record| self.card(record)).collect(),
            n_tested: latest.iter().filter(|record| state(record) == Some(ProofState::Tested)).count(),
            latest: latest.iter().take(N_LATEST).map(|record| self.card(record)).collect(),
        };
        self.page("index.html", "home.html", view)
    }

    fn browse(&self) -> Result<Page, TemplateError> {
        let shelves: Vec<ShelfView> = self.shelves.iter().map(|shelf| self.shelf(shelf)).collect();
        self.page("browse/index.html", "browse.html", shelves)
    }

    fn facets(&self) -> Result<Vec<Page>, TemplateError> {
        let mut pages = Vec::new();
        for shelf in &self.shelves {
            for value in &shelf.values {
                let cards = value.records.iter().map(|record| self.card(record)).collect();
                let view = FacetView { label: label(shelf), name: value.name, cards };
                pages.push(self.page(
                    &format!("{}index.html", path(shelf, &value.slug)),
                    "facet.html",
                    view,
                )?);
            }
        }
        Ok(pages)
    }

    fn records(&self) -> Result<Vec<Page>, TemplateError> {
        let titles: BTreeMap<String, String> =
            self.book.records.values().map(|record| (record.id.to_string(), record.title.clone())).collect();
        let facet_paths = self
            .shelves
            .iter()
            .flat_map(|shelf| shelf.values.iter().map(move |value| (shelf, value)))
            .map(|(shelf, value)| ((shelf.facet.key(), value.name.to_owned()), path(shelf, &value.slug)))
            .collect();
        let around = Surroundings {
            root: "../../",
            titles: &titles,
            facet_paths: &facet_paths,
            edit_url_template: self.book.settings.edit_url_template.as_deref(),
        };
        let mut pages = Vec::new();
        for record in self.book.records.values() {
            let proof = &self.proofs[&record.id];
            let folder = format!("f/{}/", record.id);
            let view = RecordView::of(record, proof, &around);
            let html = self.page(&format!("{folder}index.html"), "record.html", &view)?;
            pages.push(html);
            let markdown = self.render(&format!("{folder}index.html"), "record.md", &view)?;
            pages.push(Page {
                path: format!("{folder}index.md"),
                body: tidy_markdown(&markdown).into_bytes(),
            });
            let json = json::record(record, proof, &self.url(&folder));
            pages.push(Page { path: format!("{folder}index.json"), body: json.into_bytes() });
        }
        Ok(pages)
    }

    /// A host serves this page at any depth, so its links start at the site's own root.
    fn not_found(&self) -> Result<Page, TemplateError> {
        let root = self.book.settings.site_url.as_ref().map_or("/", |url| {
            let after_host = url.as_str().splitn(4, '/').nth(3).map(str::len).unwrap_or_default();
            &url.as_str()[url.as_str().len() - after_host - 1..]
        });
        let shell = self.shell(root.to_owned(), None, ());
        let body = self.templates.render("404.html", &shell)?;
        Ok(Page { path: "404.html".to_owned(), body: body.into_bytes() })
    }

    /// A sitemap needs whole addresses; without `site-url` there is none.
    fn sitemap(&self) -> Result<Option<Page>, TemplateError> {
        let Some(site_url) = &self.book.settings.site_url else { return Ok(None) };
        let entry = |path: String, date: Option<String>| SitemapEntry { url: site_url.join(&path), date };
        let mut urls = vec![entry(String::new(), None), entry("browse/".to_owned(), None)];
        for shelf in &self.shelves {
            urls.extend(shelf.values.iter().map(|value| entry(path(shelf, &value.slug), None)));
        }
        urls.extend(self.book.records.values().map(|record| {
            let date = record.updated.or(record.created).map(|date| date.to_string());
            entry(format!("f/{}/", record.id), date)
        }));
        self.page("sitemap.xml", "sitemap.xml", SitemapView { urls }).map(Some)
    }

    fn page(&self, path: &str, template: &str, view: impl Serialize) -> Result<Page, TemplateError> {
        Ok(Page { path: path.to_owned(), body: self.render(path, template, view)?.into_bytes() })
    }

    fn render(&self, path: &str, template: &str, view: impl Serialize) -> Result<String, TemplateError> {
        let root = match path.matches('/').count() {
            0 => "./".to_owned(),
            depth => "../".repeat(depth),
        };
        let address = path.strip_suffix("index.html").unwrap_or(path);
        let canonical = self.book.settings.site_url.as_ref().map(|url| url.join(address));
        self.templates.render(template, &self.shell(root, canonical, view))
    }

    fn shell<V>(&self, root: String, canonical: Option<String>, view: V) -> Shell<'_, V> {
        let settings = &self.book.settings;
        Shell {
            site: SiteView {
                title: &settings.title,
                description: &settings.description,
                language: &settings.language,
                n_records: self.book.records.len(),
            },
            page: PageView { root, canonical, assets: &self.assets },
            view,
        }
    }

    fn url(&self, path: &str) -> String {
        self.book.settings.site_url.as_ref().map_or_else(|| format!("/{path}"), |url| url.join(path))
    }

    fn card(&self, record: &Record) -> CardView {
        CardView::of(record, &self.proofs[&record.id])
    }

    fn shelf(&self, shelf: &Shelf<'b>) -> ShelfView<'b> {
        let values = shelf.values.iter().map(|value| ValueView {
            name: value.name,
            path: path(shelf, &value.slug),
            n_records: value.records.len(),
        });
        ShelfView { label: label(shelf), values: values.collect() }
    }
}

fn path(shelf: &Shelf, slug: &str) -> String {
    format!("browse/{}/{slug}/", shelf.facet.key())
}

fn label(shelf: &Shelf) -> &'static str {
    match shelf.facet {
        Facet::Category => "Category",
        Facet::Product => "Product",
        Facet::Ecosystem => "Ecosystem",
        Facet::Tag => "Tag",
    }
}

/// Optional parts of a template leave blank lines behind; readers who pay by the token get one. What stands
/// between fences was printed by a program, and stays as it is.
fn tidy_markdown(text: &str) -> String {
    let mut tidy = String::new();
    let mut in_fence = false;
    for line in text.trim().lines() {
        in_fence ^= line.trim_start().starts_with("```");
        let line = if in_fence { line } else { line.trim_end() };
        if in_fence || !(line.is_empty() && tidy.ends_with("\n\n")) {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy
}
