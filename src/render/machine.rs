//! Files for programs: feeds, maps, the API, and what hosts read; and the pages that lead former addresses on.

use super::Page;
use super::pages::Site;
use super::templates::TemplateError;
use super::view::retired;
use crate::model::{Audience, Record, without_nothing};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// How many records the feed has.
const N_FEED: usize = 30;

#[derive(Serialize)]
struct SitemapView {
    urls: Vec<SitemapEntry>,
}

#[derive(Serialize)]
struct SitemapEntry {
    url: String,
    date: Option<String>,
}

#[derive(Serialize)]
struct FeedView {
    url: String,
    updated: String,
    entries: Vec<FeedEntry>,
}

#[derive(Serialize)]
struct FeedEntry {
    url: String,
    title: String,
    summary: String,
    updated: String,
}

#[derive(Serialize)]
struct LlmsView {
    guides: Vec<LlmsEntry>,
    records: Vec<LlmsEntry>,
}

#[derive(Serialize)]
struct LlmsEntry {
    url: String,
    title: String,
    summary: String,
}

#[derive(Serialize)]
struct RedirectView {
    /// Where it leads: relative to the site's root, or a web address.
    to: String,
    is_web: bool,
}

impl Site<'_> {
    /// What no person reads.
    pub(super) fn machine_file(&self, path: &str) -> Result<Option<Page>, TemplateError> {
        let cname = |host: &String| Page { path: path.to_owned(), body: format!("{host}\n").into_bytes() };
        Ok(match path {
            "api/v1/records.json" => Some(self.records_json()),
            "llms.txt" => Some(self.llms()?),
            "robots.txt" => Some(self.robots()),
            "_headers" => Some(self.headers()),
            "_redirects" => Some(self.redirects_file()),
            "sitemap.xml" => self.sitemap()?,
            "atom.xml" => self.feed()?,
            "opensearch.xml" => self.open_search()?,
            "CNAME" => self.settings().cname.as_ref().map(cname),
            _ => None,
        })
    }

    /// `/api/v1/records.json`: every record with what a list shows of it.
    fn records_json(&self) -> Page {
        let record = |record: &Record| {
            without_nothing(json!({
                "id": record.id.as_str(),
                "url": self.url(&format!("f/{}/", record.id)),
                "title": record.title,
                "summary": record.summary,
                "product": record.product,
                "category": record.category,
                "ecosystem": record.ecosystem,
                "tags": record.tags,
                "check": self.proof(record).state.name(),
                "updated": record.changed().map(|date| date.to_string()),
            }))
        };
        let mut body = "{\"schema\":\"records/1\",\"records\":[\n".to_owned();
        for (nth, one) in self.records_by_id().enumerate() {
            body.push_str(if nth == 0 { "" } else { ",\n" });
            body.push_str(&record(one).to_string());
        }
        body.push_str("\n]}\n");
        Page { path: "api/v1/records.json".to_owned(), body: body.into_bytes() }
    }

    fn llms(&self) -> Result<Page, TemplateError> {
        let guides = self.contents.book.guides.iter().map(|guide| LlmsEntry {
            url: self.url(&format!("guide/{}/", guide.id)),
            title: guide.title.clone(),
            summary: guide.summary.clone(),
        });
        let records = self.records_by_id().map(|record| LlmsEntry {
            url: self.url(&format!("f/{}/index.md", record.id)),
            title: match retired(record) {
                Some(word) => format!("{} ({word})", record.title),
                None => record.title.clone(),
            },
            summary: record.summary.clone(),
        });
        self.page("llms.txt", "llms.txt", LlmsView { guides: guides.collect(), records: records.collect() })
    }

    /// Search engines pass over an internal book.
    fn robots(&self) -> Page {
        let mut body = match self.settings().audience {
            Some(Audience::Internal) => "User-agent: *\nDisallow: /\n".to_owned(),
            _ => "User-agent: *\nAllow: /\n".to_owned(),
        };
        if let Some(url) = &self.settings().site_url {
            body.push_str(&format!("Sitemap: {}\n", url.join("sitemap.xml")));
        }
        Page { path: "robots.txt".to_owned(), body: body.into_bytes() }
    }

    /// For hosts that read it: the policy of every page, and what may be cached for ever.
    fn headers(&self) -> Page {
        let root = self.root_path();
        let noindex = match self.settings().audience {
            Some(Audience::Internal) => "  X-Robots-Tag: noindex\n",
            _ => "",
        };
        let for_ever = "  Cache-Control: public, max-age=31536000, immutable\n";
        let assets =
            if self.settings().hash_files { format!("{root}assets/*\n{for_ever}") } else { String::new() };
        let body = format!(
            "{root}*\n  Content-Security-Policy: {}\n  X-Content-Type-Options: nosniff\n  \
             Referrer-Policy: no-referrer\n  X-Frame-Options: DENY\n{noindex}{assets}{root}search/current.json\n  \
             Cache-Control: no-cache\n",
            super::CONTENT_SECURITY_POLICY
        );
        Page { path: "_headers".to_owned(), body: body.into_bytes() }
    }

    /// Former addresses, relative to the site's root, and where they lead now.
    fn former(&self) -> BTreeMap<String, String> {
        let mut former: BTreeMap<String, String> = BTreeMap::new();
        for record in self.records_by_id() {
            former.extend(
                record.aliases.iter().map(|alias| (format!("f/{alias}/"), format!("f/{}/", record.id))),
            );
        }
        former.extend(self.settings().redirects.clone());
        former
    }

    /// For hosts that read it.
    fn redirects_file(&self) -> Page {
        let root = self.root_path();
        let line = |(from, to): (String, String)| {
            let to = if to.contains("://") { to } else { format!("{root}{to}") };
            format!("{root}{from} {to} 301\n")
        };
        let body: String = self.former().into_iter().map(line).collect();
        Page { path: "_redirects".to_owned(), body: body.into_bytes() }
    }

    /// A page at every former address that leads on, for hosts that know no redirects.
    pub(super) fn redirects(&self) -> Result<Vec<Page>, TemplateError> {
        self.former().into_iter().map(|(from, to)| self.leads_on(&page_at(&from), to)).collect()
    }

    /// The same for one path.
    pub(super) fn redirect(&self, path: &str) -> Result<Option<Page>, TemplateError> {
        let former = self.former().into_iter().find(|(from, _)| page_at(from) == path);
        former.map(|(_, to)| self.leads_on(path, to)).transpose()
    }

    fn leads_on(&self, path: &str, to: String) -> Result<Page, TemplateError> {
        let is_web = to.contains("://");
        self.page(path, "redirect.html", RedirectView { to, is_web })
    }

    /// A sitemap needs whole addresses; without `site-url` there is none.
    fn sitemap(&self) -> Result<Option<Page>, TemplateError> {
        let Some(site_url) = &self.settings().site_url else { return Ok(None) };
        let entry = |path: &str, date: Option<String>| SitemapEntry { url: site_url.join(path), date };
        let mut urls: Vec<SitemapEntry> = ["", "browse/", "contribute/", "keywords/", "status/"]
            .iter()
            .map(|path| entry(path, None))
            .collect();
        for shelf in &self.shelves {
            urls.extend(shelf.values.iter().map(|value| entry(&value.path(shelf.facet), None)));
        }
        urls.extend(
            self.contents.book.guides.iter().map(|guide| entry(&format!("guide/{}/", guide.id), None)),
        );
        urls.extend(self.records_by_id().map(|record| {
            entry(&format!("f/{}/", record.id), record.changed().map(|date| date.to_string()))
        }));
        self.page("sitemap.xml", "sitemap.xml", SitemapView { urls }).map(Some)
    }

    /// A feed needs whole addresses as well, and days.
    fn feed(&self) -> Result<Option<Page>, TemplateError> {
        let Some(site_url) = &self.settings().site_url else { return Ok(None) };
        let mut dated: Vec<_> =
            self.records_by_id().filter_map(|record| Some((record.changed()?, record))).collect();
        dated.sort_by_key(|(day, _)| std::cmp::Reverse(*day));
        let Some(newest) = dated.first().map(|(day, _)| *day) else { return Ok(None) };
        let moment = |day| format!("{day}T00:00:00Z");
        let entries = dated.iter().take(N_FEED).map(|(day, record)| FeedEntry {
            url: site_url.join(&format!("f/{}/", record.id)),
            title: record.title.clone(),
            summary: record.summary.clone(),
            updated: moment(*day),
        });
        let view = FeedView {
            url: site_url.as_str().to_owned(),
            updated: moment(newest),
            entries: entries.collect(),
        };
        self.page("atom.xml", "atom.xml", view).map(Some)
    }

    /// Lets a browser search this book from its address bar; that needs a whole address too.
    fn open_search(&self) -> Result<Option<Page>, TemplateError> {
        let Some(url) = self.settings().site_url.as_ref().filter(|_| self.settings().search) else {
            return Ok(None);
        };
        self.page("opensearch.xml", "opensearch.xml", json!({"search": url.join("search/")})).map(Some)
    }
}

/// The file at a former address.
fn page_at(from: &str) -> String {
    match from.rsplit('/').next() {
        Some(name) if name.contains('.') => from.to_owned(),
        _ => format!("{}/index.html", from.trim_end_matches('/')),
    }
}
