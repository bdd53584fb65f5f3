//! The ways to browse: facets, their values, and the URL part of each value.

use crate::model::{Book, Facet, Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};

/// A facet with its values; each value has at least one record.
pub struct Shelf<'b> {
    /// The facet.
    pub facet: Facet,
    /// The values, sorted.
    pub values: Vec<ShelfValue<'b>>,
}

/// One value of a facet and its records, sorted by title.
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
    let mut taken = BTreeSet::new();
    let values = by_name.into_iter().map(|(name, mut records)| {
        records.sort_by(|one, other| (&one.title, &one.id).cmp(&(&other.title, &other.id)));
        ShelfValue { name, slug: unique_slug(name, &mut taken), records }
    });
    Shelf { facet, values: values.collect() }
}

/// `C` and `C++` would share `c`; the later one becomes `c-2`. A value without any ASCII letter is `value`.
fn unique_slug(name: &str, taken: &mut BTreeSet<String>) -> String {
    let base = RecordId::slug(name).map_or_else(|| "value".to_owned(), |slug| slug.as_str().to_owned());
    let mut slug = base.clone();
    let mut nth = 2;
    while !taken.insert(slug.clone()) {
        slug = format!("{base}-{nth}");
        nth += 1;
    }
    slug
}
