//! A table whose rows are bars too: the same counts to look at and to read.

use serde::Serialize;

/// The length of the longest bar, in units of its picture.
const FULL: usize = 1000;

/// A table of counts.
#[derive(Serialize)]
pub struct BarsView {
    /// What a row is.
    pub head: &'static str,
    /// What is counted in all.
    pub of: &'static str,
    /// What is counted one by one: the class of its part of a bar, and the word above its column.
    pub columns: Vec<(&'static str, &'static str)>,
    /// The rows.
    pub rows: Vec<BarView>,
    /// How many rows are not shown.
    pub n_more: usize,
}

/// One row.
#[derive(Serialize)]
pub struct BarView {
    /// What it is about.
    pub name: String,
    /// All counts together.
    pub total: usize,
    /// One for each column.
    pub counts: Vec<usize>,
    /// The parts of the bar that are not empty: class, beginning and length.
    pub parts: Vec<(&'static str, usize, usize)>,
}

impl BarsView {
    /// A table of rows with one count for each column; a column in which nothing is counted is left out.
    pub fn new(
        head: &'static str,
        columns: &[(&'static str, &'static str)],
        rows: Vec<(String, Vec<usize>)>,
        n_more: usize,
    ) -> BarsView {
        let is_used = |nth: usize| rows.iter().any(|(_, counts)| counts[nth] > 0);
        let used: Vec<usize> = (0..columns.len()).filter(|nth| is_used(*nth)).collect();
        let most = rows.iter().map(|(_, counts)| counts.iter().sum()).max().unwrap_or(0).max(1);
        let columns: Vec<_> = used.iter().map(|nth| columns[*nth]).collect();
        let row = |(name, counts): (String, Vec<usize>)| {
            let counts: Vec<usize> = used.iter().map(|nth| counts[*nth]).collect();
            let classes = columns.iter().map(|(class, _)| *class);
            BarView { name, total: counts.iter().sum(), parts: parts(&counts, most, classes), counts }
        };
        let rows = rows.into_iter().map(row).collect();
        BarsView { head, of: "Records", columns, rows, n_more }
    }

    /// A table with one count in each row; every row has a class of its own.
    pub fn single(
        head: &'static str,
        column: &'static str,
        rows: Vec<(&'static str, &'static str, usize)>,
    ) -> BarsView {
        let most = rows.iter().map(|(_, _, count)| *count).max().unwrap_or(0).max(1);
        let row = |(name, class, count): (&'static str, &'static str, usize)| BarView {
            name: name.to_owned(),
            total: count,
            counts: Vec::new(),
            parts: parts(&[count], most, std::iter::once(class)),
        };
        BarsView {
            head,
            of: column,
            columns: Vec::new(),
            rows: rows.into_iter().map(row).collect(),
            n_more: 0,
        }
    }
}

/// Whatever is there at all has a length, so that one in ten thousand is seen.
fn parts(
    counts: &[usize],
    most: usize,
    classes: impl Iterator<Item = &'static str>,
) -> Vec<(&'static str, usize, usize)> {
    let mut start = 0;
    let mut parts = Vec::new();
    for (count, class) in counts.iter().zip(classes).filter(|(count, _)| **count > 0) {
        let length = (count * FULL / most).max(4);
        parts.push((class, start, length));
        start += length;
    }
    parts
}
