//! The ways to browse: facets, their values, and the URL part of each value.

use crate::model::{Book, Facet, Record, RecordId};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A facet with its values; each value has at least one record.
pub struct Shelf<'b> {
    /// The facet.
    pub facet: Facet,
    /// The values, sorted.
    pub values: Vec<ShelfValue<'b>>,
}

/// One value of a facet and its records, by id.
pub struct ShelfValue<'b> {
    /// As written.
    pub name: &'b str,
    /// The part of the URL; unique in its facet.
    pub slug: String,
    /// The records.
    pub records: Vec<&'b Record>,
}

impl ShelfValue<'_> {
    /// The page of the value, relative to the site's root.
    pub fn path(&self, facet: Facet) -> String {
        format!("browse/{}/{}/", facet.key(), self.slug)
    }
}

impl<'b> ShelfValue<'b> {
    /// The records, sorted by title.
    pub fn by_title(&self) -> Vec<&'b Record> {
        let mut records = self.records.clone();
        records.sort_by(|one, other| (&one.title, &one.id).cmp(&(&other.title, &other.id)));
        records
    }
}

/// All facets that any record has a value of.
pub fn shelves(book: &Book) -> Vec<Shelf<'_>> {
    Facet::ALL.iter().map(|facet| shelf(book, *facet)).filter(|shelf| !shelf.values.is_empty()).collect()
}

fn shelf(book: &Book, facet: Facet) -> Shelf<'_> {
    let mut by_name: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in book.records.values() {
        for name in facet.values(record) {
            by_name.entry(name).or_default().push(record);
        }
    }
    let mut slugs = Slugs::default();
    let values = by_name.into_iter().map(|(name, records)| ShelfValue {
        name,
        slug: slugs.unique(name, "value"),
        records,
    });
    Shelf { facet, values: values.collect() }
}

/// Parts of URLs that are unique among each other.
#[derive(Default)]
pub struct Slugs {
    taken: HashSet<String>,
    /// The number to try next for a slug that is taken; counting from 2 each time would be quadratic.
    next: HashMap<String, usize>,
}

impl Slugs {
    /// `C` and `C++` would share `c`; the later one becomes `c-2`. A text without any ASCII letter is `nameless`.
    pub fn unique(&mut self, text: &str, nameless: &str) -> String {
        let base = RecordId::slug(text).map_or_else(|| nameless.to_owned(), |slug| slug.as_str().to_owned());
        let mut slug = base.clone();
        while !self.taken.insert(slug.clone()) {
            let nth = self.next.entry(base.clone()).or_insert(1);
            *nth += 1;
            slug = format!("{base}-{nth}");
        }
        slug
    }
}
