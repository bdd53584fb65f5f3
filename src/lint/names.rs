//! The names that records of a book have, and who depends on which of them.
//!
//! What is found in a record depends on its own text and on names elsewhere: whether an id is there, whether somebody
//! else claims it. A context notes what was asked for, so that a preview looks at a record again only where that changed.

use crate::model::{AlertName, RecordId};
use crate::parse::ParsedRecord;
use std::collections::{BTreeMap, BTreeSet};

/// How many files claim each name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// As their name or as an alias.
    pub(super) ids: BTreeMap<RecordId, usize>,
    /// As their name, so that links may lead to them.
    pub(super) files: BTreeMap<RecordId, usize>,
    pub(super) alerts: BTreeMap<AlertName, usize>,
}

/// The names that one record claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    id: Option<RecordId>,
    aliases: Vec<RecordId>,
    alerts: Vec<AlertName>,
}

/// Names that were asked for, or that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Ids of records.
    pub ids: BTreeSet<RecordId>,
    /// Names of alerts.
    pub alerts: BTreeSet<AlertName>,
    /// Whether all of them were looked at, for the nearest.
    pub every_name: bool,
}

impl Claims {
    /// What a record claims.
    pub fn of(record: &ParsedRecord) -> Claims {
        Claims {
            id: record.id.clone(),
            aliases: record.aliases.iter().map(|alias| alias.value.clone()).collect(),
            alerts: record.alerts.iter().map(|alert| alert.value.clone()).collect(),
        }
    }

    /// Notes every name here.
    pub fn note(&self, names: &mut Asked) {
        names.ids.extend(self.id.iter().chain(&self.aliases).cloned());
        names.alerts.extend(self.alerts.iter().cloned());
    }
}

impl Names {
    /// Counts the claims of one more record.
    pub fn add(&mut self, claims: &Claims) {
        for id in claims.id.iter().chain(&claims.aliases) {
            *self.ids.entry(id.clone()).or_default() += 1;
        }
        if let Some(id) = &claims.id {
            *self.files.entry(id.clone()).or_default() += 1;
        }
        for alert in &claims.alerts {
            *self.alerts.entry(alert.clone()).or_default() += 1;
        }
    }

    /// Takes the claims of a record back.
    pub fn remove(&mut self, claims: &Claims) {
        claims.id.iter().chain(&claims.aliases).for_each(|id| less(&mut self.ids, id));
        claims.id.iter().for_each(|id| less(&mut self.files, id));
        claims.alerts.iter().for_each(|alert| less(&mut self.alerts, alert));
    }
}

fn less<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) {
    if let Some(n_claims) = counts.get_mut(key) {
        *n_claims -= 1;
        if *n_claims == 0 {
            counts.remove(key);
        }
    }
}

impl Asked {
    /// Whether what was found by these names may be different now that others changed.
    pub fn depends_on(&self, changed: &Asked) -> bool {
        self.every_name && !changed.ids.is_empty()
            || !self.ids.is_disjoint(&changed.ids)
            || !self.alerts.is_disjoint(&changed.alerts)
    }
}
