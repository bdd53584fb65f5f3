//! The page that shows the book's health: checks by state and age, facts that are due, records by category, and how
//! failures are related.

use super::Page;
use super::bars::BarsView;
use super::check_view::{Badge, proof_badge};
use super::pages::Site;
use super::relations::MapView;
use super::templates::TemplateError;
use super::view::CardView;
use crate::model::{Date, ProofState, Record};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many records a list of the page names.
const N_LISTED: usize = 50;
/// How many categories the page shows; of more, those with most records.
const N_CATEGORIES: usize = 40;

#[derive(Serialize)]
struct StatusView {
    as_of: Option<String>,
    states: Vec<StateView>,
    failing: Vec<CardView>,
    outdated: Vec<CardView>,
    overdue: Vec<DueView>,
    n_overdue: usize,
    stale: Vec<DueView>,
    n_stale: usize,
    stale_after: u32,
    categories: BarsView,
    /// How long ago checks were run; nothing where there is none, or no day to count from.
    ages: Option<BarsView>,
    /// When records should be read again; nothing where none names a day.
    reviews: Option<BarsView>,
    map: MapView,
}

/// How many records are in a state.
#[derive(Serialize)]
struct StateView {
    /// A class of the style sheet.
    name: &'static str,
    badge: Badge,
    n_records: usize,
}

/// A record that somebody should look at, and since when.
#[derive(Serialize)]
struct DueView {
    id: String,
    title: String,
    day: String,
}

const STATES: [ProofState; 5] = [
    ProofState::Tested,
    ProofState::Failing,
    ProofState::Outdated,
    ProofState::Never,
    ProofState::Untestable,
];

impl Site<'_> {
    pub(super) fn status(&self) -> Result<Page, TemplateError> {
        let of_state =
            |state: ProofState| self.records_by_id().filter(move |record| self.proof(record).state == state);
        let cards = |state| of_state(state).take(N_LISTED).map(|record| self.card(record)).collect();
        let overdue = self.due(|record| record.review_by, 0);
        let stale = self.due(oldest_reading, i64::from(self.settings().stale_after));
        let view = StatusView {
            as_of: self.contents.as_of.map(|day| day.to_string()),
            states: STATES
                .into_iter()
                .map(|state| StateView {
                    name: state.name(),
                    badge: proof_badge(state),
                    n_records: of_state(state).count(),
                })
                .collect(),
            failing: cards(ProofState::Failing),
            outdated: cards(ProofState::Outdated),
            n_overdue: overdue.len(),
            overdue: overdue.into_iter().take(N_LISTED).collect(),
            n_stale: stale.len(),
            stale: stale.into_iter().take(N_LISTED).collect(),
            stale_after: self.settings().stale_after,
            categories: self.categories(),
            ages: self.contents.as_of.and_then(|as_of| self.ages(as_of)),
            reviews: self.contents.as_of.and_then(|as_of| self.reviews(as_of)),
            map: self.relations.map(|id| self.contents.book.records[id].title.clone()),
        };
        self.page("status/index.html", "status.html", view)
    }

    /// Records of which a day lies more than `days` back, the longest first.
    fn due(&self, day: fn(&Record) -> Option<Date>, days: i64) -> Vec<DueView> {
        let Some(as_of) = self.contents.as_of else { return Vec::new() };
        let dated = self.records_by_id().filter_map(|record| Some((day(record)?, record)));
        let mut due: Vec<_> = dated.filter(|(day, _)| day.days_until(as_of) > days).collect();
        due.sort_by_key(|(day, record)| (*day, &record.id));
        let view = |(day, record): (Date, &Record)| DueView {
            id: record.id.to_string(),
            title: record.title.clone(),
            day: day.to_string(),
        };
        due.into_iter().map(view).collect()
    }

    fn categories(&self) -> BarsView {
        let mut counts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for record in self.records_by_id() {
            let state = self.proof(record).state;
            let name = record.category.as_deref().unwrap_or("no category");
            let counts = counts.entry(name).or_insert_with(|| vec![0; STATES.len()]);
            STATES.iter().zip(counts).filter(|(of, _)| **of == state).for_each(|(_, count)| *count += 1);
        }
        let mut rows: Vec<_> = counts.into_iter().map(|(name, counts)| (name.to_owned(), counts)).collect();
        let n_more = rows.len().saturating_sub(N_CATEGORIES);
        if n_more > 0 {
            rows.sort_by_key(|(_, counts)| Reverse(counts.iter().sum::<usize>()));
            rows.truncate(N_CATEGORIES);
        }
        let columns = STATES.map(|state| (state.name(), proof_badge(state).label));
        BarsView::new("Category", &columns, rows, n_more)
    }

    fn ages(&self, as_of: Date) -> Option<BarsView> {
        let proofs = self.records_by_id().map(|record| self.proof(record));
        let testable = proofs.filter(|proof| proof.state != ProofState::Untestable);
        let ages: Vec<_> = testable.map(|proof| proof.date.map(|day| day.days_until(as_of))).collect();
        let rows = tally(&AGES, ("never", "never"), ages.iter().copied());
        (!ages.is_empty()).then(|| BarsView::single("Last run", "Checks", rows))
    }

    fn reviews(&self, as_of: Date) -> Option<BarsView> {
        let days = |record: &Record| record.review_by.map(|day| as_of.days_until(day));
        let rows = tally(&REVIEWS, ("no day is named", "never"), self.records_by_id().map(days));
        let is_any = self.records_by_id().any(|record| record.review_by.is_some());
        is_any.then(|| BarsView::single("To be read again", "Records", rows))
    }
}

/// Days, each span with the most of them that belong to it, and a class of the style sheet.
type Spans = [(&'static str, i64, &'static str); 4];

const AGES: Spans = [
    ("in the last 30 days", 30, "tested"),
    ("31 to 90 days ago", 90, "tested"),
    ("91 to 365 days ago", 365, "tested"),
    ("longer ago", i64::MAX, "outdated"),
];

const REVIEWS: Spans = [
    ("overdue", -1, "failing"),
    ("in 30 days", 30, "outdated"),
    ("in 31 to 90 days", 90, "tested"),
    ("later", i64::MAX, "tested"),
];

/// How many days fall into each span, and how many are not known.
fn tally(
    spans: &Spans,
    unknown: (&'static str, &'static str),
    all: impl Iterator<Item = Option<i64>>,
) -> Vec<(&'static str, &'static str, usize)> {
    let mut rows: Vec<_> = spans.iter().map(|(name, _, class)| (*name, *class, 0)).collect();
    rows.push((unknown.0, unknown.1, 0));
    for days in all {
        let within = days.and_then(|days| spans.iter().position(|(_, most, _)| days <= *most));
        rows[within.unwrap_or(spans.len())].2 += 1;
    }
    rows
}

/// The day on which the source was read that was read longest ago.
fn oldest_reading(record: &Record) -> Option<Date> {
    record.sources.iter().filter_map(|source| source.accessed).min()
}
