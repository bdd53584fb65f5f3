//! Every page of the site, from one book.

use super::assets::Theme;
use super::facets::{self, Shelf};
use super::html::{Html, Setting};
use super::relations::Relations;
use super::templates::{TemplateError, Templates};
use super::view::{CardView, GuideView, RecordView, Surroundings};
use super::{Page, json};
use crate::diag::Code;
use crate::model::{
    Audience, Book, ColourScheme, Date, Guide, Proof, Record, RecordId, Settings, SiteUrl, without_nothing,
};
use crate::text::Image;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a site is made from, beside templates and theme.
pub struct Contents<'b> {
    /// The records and guides.
    pub book: &'b Book,
    /// What is known of every record's check.
    pub proofs: &'b BTreeMap<RecordId, Arc<Proof>>,
    /// The images of records that have some.
    pub images: &'b BTreeMap<&'b RecordId, Vec<&'b Image>>,
    /// Checks as scripts of their own, of records whose check can be one.
    pub scripts: &'b BTreeMap<RecordId, Arc<str>>,
    /// The day that ages are counted from.
    pub as_of: Option<Date>,
    /// A record to copy from.
    pub sample: &'b str,
}

/// How many records are one part of a site.
const N_PER_PART: usize = 64;
/// The paths of what there is one of, where a site has it at all.
const SINGLES: &[&str] = &[
    "index.html",
    "browse/index.html",
    "status/index.html",
    "contribute/index.html",
    "404.html",
    "search/index.html",
    "api/v1/records.json",
    "llms.txt",
    "robots.txt",
    "_headers",
    "_redirects",
    "sitemap.xml",
    "atom.xml",
    "opensearch.xml",
    "CNAME",
];

/// The address of a page whose address is a promise: records, guides, alerts, and what leads to them.
pub fn promised(path: &str) -> Option<String> {
    let kept = ["f/", "guide/", "alert/"].iter().any(|start| path.starts_with(start));
    let address = path.strip_suffix("index.html").filter(|_| kept)?;
    Some(format!("/{address}"))
}

/// A site that is made part by part, so that nobody has to hold all of it at once.
pub struct Site<'b> {
    pub(super) contents: Contents<'b>,
    templates: Templates,
    assets: Vec<Page>,
    pub(super) shelves: Vec<Shelf<'b>>,
    records: Vec<&'b Record>,
    pub(super) relations: Relations<'b>,
    facet_paths: BTreeMap<(&'static str, String), String>,
}

/// What a template sees, besides `site`.
#[derive(Serialize)]
struct Shell<V> {
    page: PageView,
    view: V,
}

#[derive(Serialize)]
struct SiteView<'s> {
    title: &'s str,
    description: &'s str,
    language: &'s str,
    authors: &'s [String],
    n_records: usize,
    internal: bool,
    has_search: bool,
    has_guides: bool,
    has_feed: bool,
    repository: Option<&'s str>,
    /// `light`, `dark`, or nothing for what the reader's system prefers.
    theme: Option<&'static str>,
    /// Theme files, plain name to path.
    assets: &'s BTreeMap<String, String>,
    /// Paths of further style sheets.
    css: Vec<&'s str>,
    extra: serde_json::Value,
}

#[derive(Serialize)]
struct PageView {
    /// Relative path to the site's root, such as `../../`, or `./` at the root itself.
    root: String,
    /// The page's address, where the site's is known.
    canonical: Option<String>,
}

impl<'s> SiteView<'s> {
    fn of(book: &'s Book, assets: &'s BTreeMap<String, String>) -> SiteView<'s> {
        let settings = &book.settings;
        let css = settings.additional_css.iter().filter_map(|name| assets.get(name)).map(String::as_str);
        SiteView {
            title: &settings.title,
            description: &settings.description,
            language: &settings.language,
            authors: &settings.authors,
            n_records: book.records.len(),
            internal: settings.audience == Some(Audience::Internal),
            has_search: settings.search,
            has_guides: !book.guides.is_empty(),
            has_feed: settings.site_url.is_some()
                && book.records.values().any(|record| record.changed().is_some()),
            repository: settings.repository.as_deref(),
            theme: match settings.default_theme {
                ColourScheme::Auto => None,
                ColourScheme::Light => Some("light"),
                ColourScheme::Dark => Some("dark"),
            },
            assets,
            css: css.collect(),
            extra: json::extensions(&settings.extra),
        }
    }
}

impl<'b> Site<'b> {
    /// Lays everything out; nothing is rendered yet.
    pub fn new(contents: Contents<'b>, mut templates: Templates, theme: &Theme) -> Site<'b> {
        let (assets, paths) = theme.pages();
        let book = contents.book;
        templates.set_global("site", &SiteView::of(book, &paths));
        let shelves = facets::shelves(book);
        let values = shelves.iter().flat_map(|shelf| shelf.values.iter().map(move |value| (shelf, value)));
        let facet_paths = values
            .map(|(shelf, value)| ((shelf.facet.key(), value.name.to_owned()), value.path(shelf.facet)))
            .collect();
        let records = book.records.values().collect();
        let relations = Relations::of(book);
        Site { contents, templates, assets, shelves, records, relations, facet_paths }
    }

    /// How many parts there are.
    pub fn n_parts(&self) -> usize {
        2 + self.shelves.len() + self.records.len().div_ceil(N_PER_PART)
    }

    /// The pages of one part: the few of which there is one each, the keywords, a facet, or some records.
    pub fn part(&self, nth: usize) -> Result<Vec<Page>, TemplateError> {
        match nth {
            0 => self.singles(),
            1 => self.keywords(None),
            nth if nth < 2 + self.shelves.len() => self.shelf_pages(&self.shelves[nth - 2]),
            nth => {
                let start = (nth - 2 - self.shelves.len()) * N_PER_PART;
                let end = (start + N_PER_PART).min(self.records.len());
                let mut pages = Vec::new();
                for record in &self.records[start..end] {
                    pages.extend(self.record(record)?);
                }
                Ok(pages)
            }
        }
    }

    fn singles(&self) -> Result<Vec<Page>, TemplateError> {
        let mut pages = self.assets.clone();
        for path in SINGLES {
            pages.extend(self.single(path)?);
        }
        pages.extend(self.alerts(None)?);
        pages.extend(self.guides()?);
        pages.extend(self.redirects()?);
        Ok(pages)
    }

    /// A page or file of which there is at most one.
    fn single(&self, path: &str) -> Result<Option<Page>, TemplateError> {
        Ok(match path {
            "index.html" => Some(self.home()?),
            "browse/index.html" => Some(self.browse()?),
            "status/index.html" => Some(self.status()?),
            "contribute/index.html" => Some(self.contribute()?),
            "404.html" => Some(self.not_found()?),
            "search/index.html" if self.settings().search => Some(self.search()?),
            path => self.machine_file(path)?,
        })
    }

    /// The one file at a path, the same as among those of its part; it costs little more than making that one.
    pub fn file(&self, path: &str) -> Result<Option<Page>, TemplateError> {
        let with_path = |pages: Vec<Page>| pages.into_iter().find(|page| page.path == path);
        if let Some(page) = self.single(path)? {
            return Ok(Some(page));
        }
        let (folder, rest) = path.split_once('/').unwrap_or_default();
        let of_record = |name: &str| RecordId::parse(name).and_then(|id| self.contents.book.records.get(&id));
        let page = match folder {
            "assets" => self.assets.iter().find(|page| page.path == path).cloned(),
            "browse" => self.shelf_page(rest)?,
            "keywords" => with_path(self.keywords(Some(path))?),
            "guide" => with_path(self.guides()?),
            "alert" => with_path(self.alerts(Some(path))?),
            "f" => match of_record(rest.split('/').next().unwrap_or_default()) {
                Some(record) => with_path(self.record(record)?),
                None => None,
            },
            "api" => match rest.strip_prefix("v1/records/").and_then(|name| name.strip_suffix(".json")) {
                Some(name) => {
                    of_record(name).map(|record| self.record(record)).transpose()?.and_then(with_path)
                }
                None => None,
            },
            _ => None,
        };
        match page {
            Some(page) => Ok(Some(page)),
            None => self.redirect(path),
        }
    }

    pub(super) fn settings(&self) -> &'b Settings {
        &self.contents.book.settings
    }

    pub(super) fn records_by_id(&self) -> impl Iterator<Item = &'b Record> {
        self.records.iter().copied()
    }

    /// What is known of a record's check.
    pub(super) fn proof(&self, record: &Record) -> &'b Proof {
        &self.contents.proofs[&record.id]
    }

    pub(super) fn card(&self, record: &Record) -> CardView {
        CardView::of(record, self.proof(record))
    }

    fn around(&self) -> Surroundings<'_> {
        Surroundings {
            scripts: self.contents.scripts,
            relations: &self.relations,
            records: &self.contents.book.records,
            facet_paths: &self.facet_paths,
            edit_url_template: self.settings().edit_url_template.as_deref(),
            repository: self.settings().repository.as_deref(),
        }
    }

    /// A record's page, its twins, and its images.
    pub fn record(&self, record: &Record) -> Result<Vec<Page>, TemplateError> {
        let proof = self.proof(record);
        let folder = format!("f/{}/", record.id);
        let images = self.images(record);
        let setting = Setting { record: Some(&record.id), images, ..Setting::plain("../../") };
        let view = RecordView::of(record, proof, setting, &self.around(), self.json_ld(record));
        let path = format!("{folder}index.html");
        let has_script = self.contents.scripts.contains_key(&record.id);
        let [html, markdown] =
            self.templates.render_each(["record.html", "record.md"], &self.shell(&path, &view))?;
        let twin = json::record(record, proof, has_script, &self.url(&folder)).into_bytes();
        let mut pages = vec![
            Page { path, body: html.into_bytes() },
            Page { path: format!("{folder}index.md"), body: tidy_markdown(&markdown).into_bytes() },
            Page { path: format!("api/v1/records/{}.json", record.id), body: twin.clone() },
            Page { path: format!("{folder}index.json"), body: twin },
        ];
        pages.extend(
            self.contents
                .scripts
                .get(&record.id)
                .map(|script| Page { path: format!("{folder}verify.sh"), body: script.as_bytes().to_vec() }),
        );
        pages.extend(images.iter().filter_map(|image| {
            Some(Page { path: format!("{folder}{}", image.name), body: image.body.clone()? })
        }));
        Ok(pages)
    }

    fn images(&self, record: &Record) -> &[&'b Image] {
        self.contents.images.get(&record.id).map_or(&[], Vec::as_slice)
    }

    /// What search engines read of a record.
    fn json_ld(&self, record: &Record) -> Html {
        let url = |path: &str| self.settings().site_url.as_ref().map(|url| url.join(path));
        let address = url(&format!("f/{}/", record.id));
        let day = |date: Option<Date>| date.map(|date| date.to_string());
        Html::json(&without_nothing(json!([
            {
                "@context": "https://schema.org",
                "@type": "TechArticle",
                "headline": record.title,
                "description": record.summary,
                "url": address,
                "datePublished": day(record.created),
                "dateModified": day(record.changed()),
                "inLanguage": self.settings().language,
            },
            {
                "@context": "https://schema.org",
                "@type": "BreadcrumbList",
                "itemListElement": [
                    {"@type": "ListItem", "position": 1, "name": self.settings().title, "item": url("")},
                    {"@type": "ListItem", "position": 2, "name": "Browse", "item": url("browse/")},
                    {"@type": "ListItem", "position": 3, "name": record.title, "item": address},
                ],
            },
        ])))
    }

    /// One page for every alert, for those whom it woke. With `wanted`, the page at that path alone.
    fn alerts(&self, wanted: Option<&str>) -> Result<Vec<Page>, TemplateError> {
        let mut pages = Vec::new();
        for record in self.records_by_id() {
            for alert in &record.alerts {
                let path = format!("alert/{}/index.html", alert.as_str());
                if wanted.is_some_and(|wanted| wanted != path) {
                    continue;
                }
                let setting = Setting {
                    record: Some(&record.id),
                    images: self.images(record),
                    ..Setting::plain("../../")
                };
                let view = AlertView {
                    name: alert.as_str(),
                    record: RecordView::of(
                        record,
                        self.proof(record),
                        setting,
                        &self.around(),
                        self.json_ld(record),
                    ),
                };
                pages.push(self.page(&path, "alert.html", view)?);
            }
        }
        Ok(pages)
    }

    fn guides(&self) -> Result<Vec<Page>, TemplateError> {
        let guides = &self.contents.book.guides;
        if guides.is_empty() {
            return Ok(Vec::new());
        }
        let entry = |guide: &'b Guide| GuideEntry {
            path: format!("guide/{}/", guide.id),
            title: &guide.title,
            summary: &guide.summary,
        };
        let entries: Vec<GuideEntry> = guides.iter().map(entry).collect();
        let mut pages = vec![self.page("guide/index.html", "guides.html", &entries)?];
        for guide in guides {
            let edit_url = self
                .settings()
                .edit_url_template
                .as_ref()
                .map(|template| template.replace("{path}", guide.path.as_str()));
            let view = GuidePage { guide: GuideView::of(guide, "../../", edit_url), others: &entries };
            pages.push(self.page(&format!("guide/{}/index.html", guide.id), "guide.html", view)?);
        }
        Ok(pages)
    }

    fn contribute(&self) -> Result<Page, TemplateError> {
        let rule = |code: &Code| RuleView { name: code.name(), about: code.about().trim() };
        let view = ContributeView {
            sample: Html::code("yaml", self.contents.sample),
            rules: Code::ALL.iter().map(rule).collect(),
        };
        self.page("contribute/index.html", "contribute.html", view)
    }

    /// A host serves this page at any depth, so its links start at the site's own root.
    fn not_found(&self) -> Result<Page, TemplateError> {
        let page = PageView { root: self.root_path().to_owned(), canonical: None };
        let shell = Shell { page, view: () };
        let body = self.templates.render("404.html", &shell)?;
        Ok(Page { path: "404.html".to_owned(), body: body.into_bytes() })
    }

    /// The path of the site on its host, such as `/` or `/faults/`.
    pub(super) fn root_path(&self) -> &'b str {
        self.settings().site_url.as_ref().map_or("/", SiteUrl::path)
    }

    pub(super) fn page(
        &self,
        path: &str,
        template: &str,
        view: impl Serialize,
    ) -> Result<Page, TemplateError> {
        let body = self.templates.render(template, &self.shell(path, view))?;
        Ok(Page { path: path.to_owned(), body: body.into_bytes() })
    }

    fn shell<V>(&self, path: &str, view: V) -> Shell<V> {
        let root = match path.matches('/').count() {
            0 => "./".to_owned(),
            depth => "../".repeat(depth),
        };
        let address = path.strip_suffix("index.html").unwrap_or(path);
        let canonical = self.settings().site_url.as_ref().map(|url| url.join(address));
        Shell { page: PageView { root, canonical }, view }
    }

    /// The address of a path: absolute where the site's is known.
    pub(super) fn url(&self, path: &str) -> String {
        self.settings().site_url.as_ref().map_or_else(|| format!("/{path}"), |url| url.join(path))
    }
}

#[derive(Serialize)]
struct AlertView<'s> {
    name: &'s str,
    record: RecordView,
}

#[derive(Serialize)]
struct GuideEntry<'s> {
    path: String,
    title: &'s str,
    summary: &'s str,
}

#[derive(Serialize)]
struct GuidePage<'s> {
    guide: GuideView,
    others: &'s [GuideEntry<'s>],
}

#[derive(Serialize)]
struct ContributeView {
    sample: Html,
    rules: Vec<RuleView>,
}

#[derive(Serialize)]
struct RuleView {
    name: &'static str,
    about: &'static str,
}

/// Optional parts of a template leave blank lines behind; readers who pay by the token get one. What stands
/// between fences was printed by a program, and stays as it is.
fn tidy_markdown(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
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
