//! The page that shows the book's health: checks by state, facts that are due, records by category.

use super::Page;
use super::check_view::{Badge, proof_badge};
use super::pages::Site;
use super::templates::TemplateError;
use super::view::CardView;
use crate::model::{Date, Facet, ProofState, Record};
use serde::Serialize;
use std::collections::BTreeMap;

/// How many records a list of the page names.
const N_LISTED: usize = 50;

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
    categories: Vec<CategoryView>,
}

/// How many records are in a state.
#[derive(Serialize)]
struct StateView {
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

/// The records of a category, by the state of their checks.
#[derive(Serialize)]
struct CategoryView {
    name: String,
    n_records: usize,
    n_tested: usize,
    /// The widths of the bar and of its tested part, in percent of the longest bar.
    width: usize,
    tested_width: usize,
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
                .map(|state| StateView { badge: proof_badge(state), n_records: of_state(state).count() })
                .collect(),
            failing: cards(ProofState::Failing),
            outdated: cards(ProofState::Outdated),
            n_overdue: overdue.len(),
            overdue: overdue.into_iter().take(N_LISTED).collect(),
            n_stale: stale.len(),
            stale: stale.into_iter().take(N_LISTED).collect(),
            stale_after: self.settings().stale_after,
            categories: self.categories(),
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

    fn categories(&self) -> Vec<CategoryView> {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for record in self.records_by_id() {
            for name in Facet::Category.values(record) {
                let (n_records, n_tested) = counts.entry(name).or_default();
                *n_records += 1;
                *n_tested += usize::from(self.proof(record).state == ProofState::Tested);
            }
        }
        let most = counts.values().map(|(n_records, _)| *n_records).max().unwrap_or(1);
        let view = |(name, (n_records, n_tested)): (&str, (usize, usize))| CategoryView {
            name: name.to_owned(),
            n_records,
            n_tested,
            width: (n_records * 100).div_ceil(most),
            tested_width: (n_tested * 100).div_ceil(most),
        };
        counts.into_iter().map(view).collect()
    }
}

/// The day on which the source was read that was read longest ago.
fn oldest_reading(record: &Record) -> Option<Date> {
    record.sources.iter().filter_map(|source| source.accessed).min()
}
