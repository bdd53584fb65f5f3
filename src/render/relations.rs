//! How records are related, seen from both sides, and a map of them that stays small whatever a book holds.
//!
//! Everything here is counted in whole numbers and ordered by id, so that a map is the same on every machine.

use crate::model::{Book, RecordId};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// How many records the map shows.
const N_SHOWN: usize = 40;
/// How many ties the map draws and its table lists.
const N_DRAWN: usize = 120;
/// The height of a row of the map, in units of its picture.
const ROW: usize = 28;
/// What is left free above a group.
const GAP: usize = 12;
/// Where the records of the map stand, from its left edge.
const DOT: usize = 100;

/// What a record is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tie {
    /// The other brings it about.
    CausedBy,
    /// It brings the other about.
    LeadsTo,
    /// One is taken for the other.
    LooksAlike,
    /// It is read instead of the other.
    Replaces,
    /// The other is read instead of it.
    ReplacedBy,
    /// Worth reading as well.
    SeeAlso,
}

impl Tie {
    /// What stands above the others on a record's page.
    pub fn label(self) -> &'static str {
        match self {
            Tie::CausedBy => "Caused by",
            Tie::LeadsTo => "Leads to",
            Tie::LooksAlike => "Looks alike",
            Tie::Replaces => "Replaces",
            Tie::ReplacedBy => "Replaced by",
            Tie::SeeAlso => "See also",
        }
    }

    /// A class of the style sheet: before, after, or beside the record.
    pub fn side(self) -> &'static str {
        match self {
            Tie::CausedBy | Tie::Replaces => "before",
            Tie::LeadsTo | Tie::ReplacedBy => "after",
            Tie::LooksAlike | Tie::SeeAlso => "beside",
        }
    }

    fn back(self) -> Tie {
        match self {
            Tie::CausedBy => Tie::LeadsTo,
            Tie::LeadsTo => Tie::CausedBy,
            Tie::Replaces => Tie::ReplacedBy,
            Tie::ReplacedBy => Tie::Replaces,
            Tie::LooksAlike | Tie::SeeAlso => self,
        }
    }

    /// Which of several ties between two records says most: the lowest. Both directions of one are alike.
    fn rank(self) -> Tie {
        self.min(self.back())
    }

    fn has_direction(self) -> bool {
        self != self.back()
    }

    /// Each pair has two ties, one from each side; the map draws one of them.
    fn is_drawn(self, from: usize, to: usize) -> bool {
        matches!(self, Tie::LeadsTo | Tie::Replaces) || !self.has_direction() && from < to
    }

    /// In the middle of a sentence, and as a class of the style sheet.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Tie::CausedBy => ("is caused by", "causes"),
            Tie::LeadsTo => ("leads to", "causes"),
            Tie::LooksAlike => ("looks like", "alike"),
            Tie::Replaces => ("replaces", "causes"),
            Tie::ReplacedBy => ("is replaced by", "causes"),
            Tie::SeeAlso => ("see also", "also"),
        }
    }
}

/// The ties of every record that has one, from both sides.
pub struct Relations<'b> {
    ties: BTreeMap<&'b RecordId, BTreeMap<&'b RecordId, Tie>>,
}

impl<'b> Relations<'b> {
    /// What the records of a book say of each other; of several ties between two records, the most telling.
    pub fn of(book: &'b Book) -> Relations<'b> {
        let mut relations = Relations { ties: BTreeMap::new() };
        for record in book.records.values() {
            let related = &record.related;
            let alike = related.confused_with.iter().filter_map(|other| other.id.as_ref());
            let all = [
                (Tie::LeadsTo, related.leads_to.iter().collect::<Vec<_>>()),
                (Tie::CausedBy, related.caused_by.iter().collect()),
                (Tie::LooksAlike, alike.collect()),
                (Tie::Replaces, related.supersedes.iter().collect()),
                (Tie::SeeAlso, related.see_also.iter().collect()),
            ];
            for (tie, others) in all {
                for other in others.into_iter().filter(|other| **other != record.id) {
                    if let Some((other, _)) = book.records.get_key_value(other) {
                        relations.add(&record.id, tie, other);
                        relations.add(other, tie.back(), &record.id);
                    }
                }
            }
        }
        relations
    }

    fn add(&mut self, one: &'b RecordId, tie: Tie, other: &'b RecordId) {
        let known = self.ties.entry(one).or_default().entry(other).or_insert(tie);
        if tie.rank() < known.rank() {
            *known = tie;
        }
    }

    /// The neighbours of a record by what they are to it; both in order.
    pub fn around(&self, id: &RecordId) -> BTreeMap<Tie, Vec<&'b RecordId>> {
        let mut groups: BTreeMap<Tie, Vec<&RecordId>> = BTreeMap::new();
        for (other, tie) in self.ties.get(id).into_iter().flatten() {
            groups.entry(*tie).or_default().push(other);
        }
        groups
    }

    /// The records that are most connected, and how. `title` gives a record's title.
    pub fn map(&self, title: impl Fn(&RecordId) -> String) -> MapView {
        let groups = self.order(&self.most_connected());
        let tops: BTreeSet<&RecordId> = groups.iter().filter_map(|group| group.first().copied()).collect();
        let shown: Vec<&RecordId> = groups.into_iter().flatten().collect();
        let nth: BTreeMap<&RecordId, usize> = shown.iter().copied().zip(0..).collect();
        let mut drawn: Vec<(usize, Tie, usize)> = Vec::new();
        for (one, from) in &nth {
            for (other, tie) in &self.ties[one] {
                if let Some(to) = nth.get(other)
                    && tie.is_drawn(*from, *to)
                {
                    drawn.push((*from, *tie, *to));
                }
            }
        }
        drawn.sort_unstable();
        let n_ties = self.ties.values().map(BTreeMap::len).sum::<usize>() / 2;
        drawn.truncate(N_DRAWN);
        let mut rows: Vec<RowView> = Vec::new();
        let mut y = ROW / 2;
        for id in shown {
            let is_top = tops.contains(id) && !rows.is_empty();
            y += if is_top { GAP } else { 0 };
            rows.push(RowView { id: id.to_string(), title: title(id), is_top, y });
            y += ROW;
        }
        MapView {
            height: y - ROW / 2,
            n_records: self.ties.len(),
            n_ties,
            n_drawn: drawn.len(),
            arcs: drawn.iter().map(|tie| ArcView::of(*tie, &rows)).collect(),
            rows,
        }
    }

    /// Grows from the record with the most ties to the neighbours that have most of them.
    fn most_connected(&self) -> BTreeSet<&'b RecordId> {
        let mut shown = BTreeSet::new();
        let weigh = |id: &'b RecordId| (self.ties[id].len(), Reverse(id));
        let mut seeds: Vec<&RecordId> = self.ties.keys().copied().collect();
        seeds.sort_by_key(|id| Reverse(weigh(id)));
        for seed in seeds {
            let mut next = BinaryHeap::from([weigh(seed)]);
            while let Some((_, Reverse(id))) = next.pop() {
                if shown.len() == N_SHOWN {
                    return shown;
                }
                if shown.insert(id) {
                    let others = self.ties[id].keys().copied();
                    next.extend(others.filter(|other| !shown.contains(other)).map(weigh));
                }
            }
        }
        shown
    }

    /// Those that belong together one below the other, causes before what they cause; the largest group first.
    fn order(&self, shown: &BTreeSet<&'b RecordId>) -> Vec<Vec<&'b RecordId>> {
        let inside = |id: &RecordId| {
            let ties = self.ties[id].iter().filter(|(other, _)| shown.contains(*other));
            ties.map(|(other, tie)| (*other, *tie)).collect::<Vec<_>>()
        };
        let ties: BTreeMap<&RecordId, Vec<(&RecordId, Tie)>> =
            shown.iter().map(|id| (*id, inside(id))).collect();
        let n_causes = |id: &RecordId| ties[id].iter().filter(|(_, tie)| tie.side() == "before").count();
        let mut starts: Vec<&RecordId> = shown.iter().copied().collect();
        starts.sort_by_key(|id| (n_causes(id), Reverse(ties[id].len()), *id));
        let mut seen = BTreeSet::new();
        let mut groups: Vec<Vec<&RecordId>> = Vec::new();
        for start in starts {
            let mut group = Vec::new();
            let mut open = vec![start];
            while let Some(id) = open.pop() {
                if seen.insert(id) {
                    group.push(id);
                    let mut next: Vec<&RecordId> = ties[id].iter().map(|(other, _)| *other).collect();
                    // What has few ties comes first, so that it stands beside what it is tied to.
                    next.sort_by_key(|other| Reverse((ties[other].len(), *other)));
                    open.extend(next);
                }
            }
            if !group.is_empty() {
                groups.push(group);
            }
        }
        groups.sort_by_key(|group| (Reverse(group.len()), group[0]));
        groups
    }
}

/// The map of related failures: a row for each record, and arcs between rows.
#[derive(Serialize)]
pub struct MapView {
    /// The height of the picture, in its own units; it is 108 wide.
    pub height: usize,
    /// How many records of the book are related to another.
    pub n_records: usize,
    /// How many ties there are between them.
    pub n_ties: usize,
    /// How many of them are drawn.
    pub n_drawn: usize,
    /// The records that are shown, from top to bottom.
    pub rows: Vec<RowView>,
    /// The ties that are shown.
    pub arcs: Vec<ArcView>,
}

/// A record on the map.
#[derive(Serialize)]
pub struct RowView {
    /// The id.
    pub id: String,
    /// The title.
    pub title: String,
    /// Whether a group begins here, below another.
    pub is_top: bool,
    /// Where its dot is.
    pub y: usize,
}

/// A tie on the map.
#[derive(Serialize)]
pub struct ArcView {
    /// A class of the style sheet: `causes`, `alike` or `also`.
    pub kind: &'static str,
    /// The line, as data of a path.
    pub path: String,
    /// The head of the arrow, as data of a path, where the tie has a direction.
    pub head: Option<String>,
    /// The record that it begins at.
    pub from: (String, String),
    /// What is said of the two, in the middle of a sentence.
    pub words: &'static str,
    /// The record that it leads to.
    pub to: (String, String),
}

impl ArcView {
    fn of((from, tie, to): (usize, Tie, usize), rows: &[RowView]) -> ArcView {
        let (start, end) = (rows[from].y, rows[to].y);
        // The further apart, the wider; the widest still fits.
        let turn = DOT - (18 + 9 * from.abs_diff(to)).min(DOT);
        let record = |nth: usize| (rows[nth].id.clone(), rows[nth].title.clone());
        let (words, kind) = tie.words();
        ArcView {
            kind,
            path: format!("M{DOT} {start}C{turn} {start} {turn} {end} {DOT} {end}"),
            head: tie.has_direction().then(|| format!("M{} {}l7 4-7 4z", DOT - 11, end - 4)),
            from: record(from),
            words,
            to: record(to),
        }
    }
}
