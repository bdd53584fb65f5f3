//! A record as search sees it.

use crate::model::{Book, Facet, Guide, Prose, Record, RecordId, Step};
use crate::output::{mine, without_slots};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The texts that are searched, with their weights: readers paste error text, so output outranks titles.
pub const FIELDS: [(&str, f32); 8] = [
    ("title", 4.0),
    ("signature", 5.0),
    ("keywords", 3.0),
    ("symptom", 2.0),
    ("cause", 1.5),
    ("fix", 1.0),
    ("body", 0.7),
    ("meta", 2.0),
];

/// What of a record, or of a page of prose, is searched, and what a hit shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What a hit shows.
    pub summary: Summary,
    /// The searched texts, in the order of [`FIELDS`].
    pub texts: [String; FIELDS.len()],
    /// `key=value` of every facet value.
    pub facets: Vec<String>,
}

/// What a hit shows, as it is stored in the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The record; of a page of prose, `guide/` and its name.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its first sentence.
    pub summary: String,
    /// What fails.
    pub product: String,
    /// The kind of failure.
    pub category: Option<String>,
    /// The queries by which it must be found.
    pub keywords: Vec<String>,
    /// The first step of the repair.
    pub fix: Option<String>,
}

/// Every record and page of prose of a book as a document, in the order in which they are numbered in the index: by
/// product, category and id, so that neighbours in the index are neighbours in meaning; pages of prose come last.
pub fn documents(book: &Book) -> Vec<Document> {
    let mut records: Vec<&Record> = book.records.values().collect();
    let key = |record: &&Record| -> (String, Option<String>, RecordId) {
        (record.product.clone(), record.category.clone(), record.id.clone())
    };
    records.sort_by_cached_key(key);
    let mut documents: Vec<Document> = records.into_par_iter().map(Document::of).collect();
    documents.extend(book.guides.iter().map(Document::of_guide));
    documents
}

impl Summary {
    /// The page, relative to the site's root.
    pub fn path(&self) -> String {
        if self.id.contains('/') { format!("{}/", self.id) } else { format!("f/{}/", self.id) }
    }
}

impl Document {
    fn of_guide(guide: &Guide) -> Document {
        let body: Vec<String> = guide.body.blocks().into_iter().map(|block| block.text).collect();
        let mut texts = [const { String::new() }; FIELDS.len()];
        for (name, text) in
            [("title", guide.title.clone()), ("symptom", guide.body.plain()), ("body", body.join("\n"))]
        {
            if let Some(nth) = FIELDS.iter().position(|(field, _)| *field == name) {
                texts[nth] = text;
            }
        }
        Document {
            texts,
            facets: Vec::new(),
            summary: Summary {
                id: format!("guide/{}", guide.id),
                title: guide.title.clone(),
                summary: guide.summary.clone(),
                product: "Guide".to_owned(),
                category: None,
                keywords: Vec::new(),
                fix: None,
            },
        }
    }

    fn of(record: &Record) -> Document {
        let plain = |prose: &Option<Prose>| prose.as_ref().map(Prose::plain).unwrap_or_default();
        let blocks = |prose: &Prose| prose.blocks().into_iter().map(|block| block.text).collect::<Vec<_>>();
        let all_blocks = record.symptom.blocks();
        let verbatim = all_blocks.iter().filter(|block| block.is_verbatim()).map(|block| block.text.as_str());
        let seen = mine(record.observed.iter().map(String::as_str));
        let seen = seen.iter().map(|line| without_slots(&line.normal));
        let printed: Vec<String> = verbatim.map(str::to_owned).chain(seen).collect();
        let mut body: Vec<String> = record.why.iter().chain(&record.root_cause).flat_map(blocks).collect();
        for wrong in &record.wrong_fixes {
            body.extend([plain(&wrong.text), wrong.run.clone().unwrap_or_default(), plain(&wrong.why)]);
        }
        let mut fix: Vec<String> = record.fix.iter().map(step).collect();
        for other in &record.other_fixes {
            fix.push(other.title.clone());
            fix.extend(other.steps.iter().map(step));
        }
        let facets: Vec<String> = Facet::ALL
            .iter()
            .flat_map(|facet| {
                facet.values(record).into_iter().map(|value| format!("{}={value}", facet.key()))
            })
            .collect();
        // One that must not find the record is not searched either.
        let keywords = record.keywords.iter().filter(|keyword| !keyword.absent);
        let keywords: Vec<String> = keywords.map(|keyword| keyword.query.clone()).collect();
        let meta = Facet::ALL.iter().flat_map(|facet| facet.values(record)).chain([record.id.as_str()]);
        Document {
            texts: [
                record.title.clone(),
                printed.join("\n"),
                keywords.join("\n"),
                format!("{}\n{}", record.summary, record.symptom.plain()),
                format!("{}\n{}", plain(&record.root_cause), plain(&record.why)),
                fix.join("\n"),
                body.join("\n"),
                meta.collect::<Vec<_>>().join("\n"),
            ],
            facets,
            summary: Summary {
                id: record.id.to_string(),
                title: record.title.clone(),
                summary: record.summary.clone(),
                product: record.product.clone(),
                category: record.category.clone(),
                keywords,
                fix: record.fix.first().map(first_line),
            },
        }
    }
}

fn step(step: &Step) -> String {
    let text = step.text.as_ref().map(|text| format!("{}\n{}", text.plain(), code(text))).unwrap_or_default();
    format!("{text}\n{}", step.run.as_deref().unwrap_or_default())
}

fn code(prose: &Prose) -> String {
    prose.blocks().into_iter().map(|block| block.text).collect()
}

fn first_line(step: &Step) -> String {
    let text = || step.text.as_ref().map(Prose::first_sentence).unwrap_or_default();
    step.run.as_ref().and_then(|run| run.lines().next()).map_or_else(text, str::to_owned)
}
