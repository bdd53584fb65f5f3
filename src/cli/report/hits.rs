//! Hits of a search, for people and for programs.

use super::{BOLD, DIM, GREEN, RESET, data, plural, shown, talk, width};
use crate::search::{Hit, Matched, Query};
use serde_json::json;

/// Prints hits, best first, and how many there are of how many.
pub fn hits(hits: &[Hit], n_documents: u32) {
    let width = width::line();
    let hits_text: Vec<String> = hits.iter().map(|one| hit(one, width)).collect();
    data(&hits_text.join("\n"));
    let found = plural(hits.len(), "hit");
    talk(&format!("{DIM}{found} among {n_documents}; `faultbook show ID` has the whole record{RESET}"));
}

/// Says that nothing was found, and what can be done about it.
pub fn no_hit(query: &Query, near: &[String]) {
    talk("no record matches these words");
    if !query.facets.is_empty() {
        talk("  = hint: without --facet there may be some");
    }
    if !near.is_empty() {
        let words: Vec<String> = near.iter().map(|word| format!("`{}`", shown(word))).collect();
        talk(&format!("  = hint: records have the words {}", words.join(", ")));
    }
    talk("  = hint: fewer words, or the one line of the error without names and numbers, find more");
    talk("  = hint: once you know the answer, `faultbook new ID` begins its record");
}

/// One hit: rank, title, why it matched, and the first line of the fix. On a terminal each reason has one line; a fix stays
/// whole, since half a command is another one.
fn hit(hit: &Hit, width: Option<usize>) -> String {
    let summary = &hit.summary;
    let title = hit.matched.iter().find(|matched| matched.field == "title");
    let title = title.map_or_else(|| Lit::plain(&summary.title), Lit::of);
    let rank = format!("{}. ", hit.rank);
    let lines = title.lines(width.map(|width| width.saturating_sub(rank.len())));
    let last = lines.last().map_or(0, |line| rank.len() + line.0.len());
    let id_fits = width.is_none_or(|width| last + 2 + summary.id.len() <= width);
    let lines: Vec<String> = lines.iter().map(Lit::painted).collect();
    let title = lines.join(&format!("\n{}", " ".repeat(rank.len())));
    let gap = if id_fits { "  ".to_owned() } else { format!("\n{}", " ".repeat(rank.len())) };
    let mut text = format!("{BOLD}{rank}{title}{RESET}{gap}{DIM}{}{RESET}\n", summary.id);
    let indent = " ".repeat(rank.len());
    for matched in hit.matched.iter().filter(|matched| matched.field != "title") {
        let used = indent.len() + matched.field.len() + 1;
        let words = Lit::of(matched).excerpt(width.map(|width| width.saturating_sub(used)));
        text.push_str(&format!("{indent}{DIM}{}{RESET} {}\n", matched.field, words.painted()));
    }
    if let Some(fix) = &summary.fix {
        text.push_str(&format!("{indent}{GREEN}fix{RESET} {}\n", shown(fix)));
    }
    text
}

/// Characters of a line, and whether each is lit.
#[derive(Clone)]
struct Lit(Vec<(char, bool)>);

impl Lit {
    fn of(matched: &Matched) -> Lit {
        let is_lit = |at: usize| matched.lit.iter().any(|range| range.contains(&at));
        let one = |(at, c): (usize, char)| {
            (shown(c.encode_utf8(&mut [0; 4])).chars().next().unwrap_or(c), is_lit(at))
        };
        Lit(matched.text.char_indices().map(one).collect())
    }

    fn plain(text: &str) -> Lit {
        Lit(shown(text).chars().map(|c| (c, false)).collect())
    }

    /// Broken into lines where words part; a longer word stays whole, so that it can be copied.
    fn lines(&self, width: Option<usize>) -> Vec<Lit> {
        let Some(width) = width else { return vec![self.clone()] };
        let mut lines = vec![Lit(Vec::new())];
        for word in self.0.split_inclusive(|(c, _)| *c == ' ') {
            let n_seen = word.iter().rposition(|(c, _)| *c != ' ').map_or(0, |at| at + 1);
            if let Some(line) = lines.last_mut() {
                if line.0.is_empty() || line.0.len() + n_seen <= width {
                    line.0.extend_from_slice(word);
                } else {
                    lines.push(Lit(word.to_vec()));
                }
            }
        }
        for line in &mut lines {
            while line.0.pop_if(|(c, _)| *c == ' ').is_some() {}
        }
        lines
    }

    /// So much of it as fits on one line, from a little before what is lit first.
    fn excerpt(self, width: Option<usize>) -> Lit {
        const ELLIPSIS: (char, bool) = ('…', false);
        let Some(width) = width.filter(|width| self.0.len() > *width) else { return self };
        let first = self.0.iter().position(|(_, lit)| *lit).unwrap_or(0);
        let last = self.0.iter().rposition(|(_, lit)| *lit).map_or(0, |at| at + 1);
        // What is lit at the beginning is best read from there.
        let from =
            if last < width { 0 } else { first.saturating_sub(width / 3).min(self.0.len() + 1 - width) };
        let begins = |at: &usize| *at == 0 || self.0[*at - 1].0 == ' ';
        let from = if from == 0 { 0 } else { (from + 1..=first).find(begins).unwrap_or(from + 1) };
        let before = if from > 0 { Some(ELLIPSIS) } else { None };
        let room = width - usize::from(before.is_some());
        let is_cut = self.0.len() - from > room;
        let to = if is_cut { from + room.saturating_sub(1) } else { self.0.len() };
        let after = if is_cut { Some(ELLIPSIS) } else { None };
        Lit(before.into_iter().chain(self.0[from..to].iter().copied()).chain(after).collect())
    }

    fn painted(&self) -> String {
        let mut text = String::new();
        for same in self.0.chunk_by(|one, other| one.1 == other.1) {
            let part: String = same.iter().map(|(c, _)| c).collect();
            let lit = same.first().is_some_and(|(_, lit)| *lit);
            text.push_str(&if lit { format!("\x1b[1;33m{part}\x1b[22;39m") } else { part });
        }
        text
    }
}

/// Hits as one document, `search/1`. Keys are relied on; they are only added to.
pub fn hits_json(hits: &[Hit]) -> String {
    let hit = |hit: &Hit| {
        let summary = &hit.summary;
        json!({
            "rank": hit.rank,
            "id": summary.id,
            "title": summary.title,
            "url": format!("/{}", summary.path()),
            "score": hit.score,
            "matched": hit.matched.iter().map(|matched| json!({
                "field": matched.field,
                "text": matched.text,
            })).collect::<Vec<_>>(),
            "summary": summary.summary,
            "product": summary.product,
            "category": summary.category,
        })
    };
    format!("{:#}", json!({"schema": "search/1", "hits": hits.iter().map(hit).collect::<Vec<_>>()}))
}
