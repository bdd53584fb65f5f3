//! How well records are found, for people and for programs.

use super::{data, plural, shown, talk};
use serde_json::json;
use std::collections::BTreeMap;

/// What came of an evaluation.
#[derive(Debug, Default)]
pub struct EvalReport {
    /// By kind of query, and by variant where the queries have one.
    pub groups: BTreeMap<String, EvalGroup>,
    /// Queries that no record answers.
    pub n_negatives: usize,
    /// Those that were answered all the same.
    pub n_answered: usize,
    /// Keywords that do not hold their rank.
    pub lost: Vec<LostKeyword>,
}

/// Queries of one kind.
#[derive(Debug, Default)]
pub struct EvalGroup {
    n: usize,
    n_first: usize,
    n_among_five: usize,
    reciprocal: f64,
}

/// A keyword that does not hold its rank.
#[derive(Debug)]
pub struct LostKeyword {
    /// The record.
    pub id: String,
    /// The keyword.
    pub query: String,
    /// The rank it has.
    pub rank: Option<usize>,
    /// The rank that it must have.
    pub top: u32,
    /// Whether it must not find the record within that rank.
    pub absent: bool,
}

impl EvalGroup {
    /// Counts a query whose record came out at this rank, from 1.
    pub fn add(&mut self, rank: Option<usize>) {
        self.n += 1;
        self.n_first += usize::from(rank == Some(1));
        self.n_among_five += usize::from(rank.is_some_and(|rank| rank <= 5));
        self.reciprocal +=
            rank.and_then(|rank| u32::try_from(rank).ok()).map_or(0.0, |rank| 1.0 / f64::from(rank));
    }

    fn share(&self, n: f64) -> f64 {
        let all = f64::from(u32::try_from(self.n.max(1)).unwrap_or(u32::MAX));
        (n / all * 10_000.0).round() / 10_000.0
    }

    fn shares(&self) -> [f64; 3] {
        let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        [self.share(number(self.n_first)), self.share(number(self.n_among_five)), self.share(self.reciprocal)]
    }
}

impl EvalReport {
    /// Prints it for people.
    pub fn human(&self) {
        let width = self.groups.keys().map(String::len).max().unwrap_or(0).max("group".len());
        data(&format!("{:<width$}  {:>5}  {:>6}  {:>6}  {:>5}", "group", "n", "first", "five", "mrr"));
        for (name, group) in &self.groups {
            let [r1, r5, mrr] = group.shares();
            let (name, r1, r5) = (shown(name), r1 * 100.0, r5 * 100.0);
            data(&format!("{name:<width$}  {:>5}  {r1:>5.1}%  {r5:>5.1}%  {mrr:>5.3}", group.n));
        }
        if self.n_negatives > 0 {
            data(&format!("answered although nothing fits: {} of {}", self.n_answered, self.n_negatives));
        }
        for lost in &self.lost {
            let rank = lost.rank.map_or("not found".to_owned(), |rank| format!("rank {rank}"));
            let must = if lost.absent { "must not be within" } else { "must be within" };
            data(&format!("{}: `{}` {rank}, {must} {}", lost.id, shown(&lost.query), lost.top));
        }
        match self.groups.get("keywords") {
            Some(group) if self.lost.is_empty() => {
                talk(&format!("{}, each with the rank that was promised", plural(group.n, "keyword")));
            }
            Some(_) => {
                talk(&format!("{} without the rank that was promised", plural(self.lost.len(), "keyword")));
            }
            None => {
                let asked = ["search", "log"].into_iter().filter_map(|kind| self.groups.get(kind));
                let (n, n_first) = asked.fold((0, 0), |sum, group| (sum.0 + group.n, sum.1 + group.n_first));
                talk(&format!("the right record came first {n_first} of {n} times"));
            }
        }
    }

    /// `eval/1`. Keys are relied on; they are only added to.
    pub fn json(&self) -> String {
        let group = |(name, group): (&String, &EvalGroup)| {
            let [r1, r5, mrr] = group.shares();
            (name.clone(), json!({"n": group.n, "r1": r1, "r5": r5, "mrr": mrr}))
        };
        let groups: serde_json::Map<String, serde_json::Value> = self.groups.iter().map(group).collect();
        let lost = |lost: &LostKeyword| json!({"id": lost.id, "query": lost.query, "rank": lost.rank, "top": lost.top, "absent": lost.absent});
        let document = json!({
            "schema": "eval/1",
            "groups": groups,
            "false_positives": {"n": self.n_negatives, "answered": self.n_answered},
            "lost": self.lost.iter().map(lost).collect::<Vec<_>>(),
        });
        format!("{document:#}")
    }
}
