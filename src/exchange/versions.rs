//! Version requirements → ranges from a first version to a first one that is no longer meant.
//!
//! A range that ends just after a pre-release has no such end, and is not expressed.

use crate::parse::{Node, map_node, text_node};
use semver::{Comparator, Op, Prerelease, Version, VersionReq};

/// Versions from a first one, or from the very first, to one before which they end, if they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    from: Option<Version>,
    to: Option<Version>,
}

impl Range {
    /// The versions that a requirement such as `>= 1.2, < 2` or `^0.9.2` allows.
    pub fn of(requirement: &str) -> Option<Range> {
        let requirement = VersionReq::parse(requirement).ok()?;
        let mut range = Range { from: None, to: None };
        for comparator in &requirement.comparators {
            let other = Range::of_comparator(comparator)?;
            range.from = range.from.max(other.from);
            range.to = match (range.to, other.to) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        Some(range)
    }

    fn of_comparator(comparator: &Comparator) -> Option<Range> {
        let first = Some(first(comparator));
        Some(match comparator.op {
            Op::Greater => Range { from: Some(after(comparator)?), to: None },
            Op::GreaterEq => Range { from: first, to: None },
            Op::Less => Range { from: None, to: first },
            Op::LessEq => Range { from: None, to: Some(after(comparator)?) },
            Op::Exact | Op::Wildcard => Range { from: first, to: Some(after(comparator)?) },
            Op::Tilde => Range { from: first, to: Some(after_tilde(comparator)) },
            Op::Caret => Range { from: first, to: Some(after_caret(comparator)) },
            _ => return None,
        })
    }

    /// The same range, not known to end.
    pub fn without_end(self) -> Range {
        Range { to: None, ..self }
    }

    fn is_empty(&self) -> bool {
        matches!((&self.from, &self.to), (Some(from), Some(to)) if from >= to)
    }

    /// An item of `applies_to`.
    pub fn applies_to(&self, component: &str) -> Node {
        let mut entries = vec![("component", text_node(component))];
        entries.extend(self.from.iter().map(|from| ("introduced", text_node(&from.to_string()))));
        entries.extend(self.to.iter().map(|to| ("fixed", text_node(&to.to_string()))));
        map_node(entries)
    }
}

/// The versions that none of these ranges holds, in order.
pub fn outside(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by(|one, other| one.from.cmp(&other.from));
    let mut outside = Vec::new();
    let mut at = None;
    for range in ranges {
        let gap = Range { from: at.clone(), to: range.from.clone() };
        // Nothing comes before the very first version.
        if range.from > at {
            outside.push(gap);
        }
        match range.to {
            None => return outside,
            to => at = at.max(to),
        }
    }
    outside.push(Range { from: at, to: None });
    outside
}

fn first(comparator: &Comparator) -> Version {
    Version {
        pre: comparator.pre.clone(),
        ..Version::new(comparator.major, comparator.minor.unwrap_or(0), comparator.patch.unwrap_or(0))
    }
}

/// The first release after all that a comparator names, as `0.4.0` after `0.3`.
fn after(comparator: &Comparator) -> Option<Version> {
    match (comparator.minor, comparator.patch) {
        _ if comparator.pre != Prerelease::EMPTY => None,
        (None, _) => Some(Version::new(comparator.major.checked_add(1)?, 0, 0)),
        (Some(minor), None) => Some(Version::new(comparator.major, minor.checked_add(1)?, 0)),
        (Some(minor), Some(patch)) => Some(Version::new(comparator.major, minor, patch.checked_add(1)?)),
    }
}

fn after_tilde(comparator: &Comparator) -> Version {
    match comparator.minor {
        Some(minor) => Version::new(comparator.major, minor.saturating_add(1), 0),
        None => Version::new(comparator.major.saturating_add(1), 0, 0),
    }
}

fn after_caret(comparator: &Comparator) -> Version {
    match (comparator.major, comparator.minor, comparator.patch) {
        (0, Some(0), Some(patch)) => Version::new(0, 0, patch.saturating_add(1)),
        (0, Some(minor), _) => Version::new(0, minor.saturating_add(1), 0),
        (major, _, _) => Version::new(major.saturating_add(1), 0, 0),
    }
}
