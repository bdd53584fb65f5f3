//! Hits of a search, for people and for programs.

use super::{BOLD, DIM, GREEN, RESET, data, plural, shown, talk};
use crate::search::{Hit, Matched, Query};
use serde_json::json;

/// Prints hits, best first, and how many there are of how many.
pub fn hits(hits: &[Hit], n_documents: u32) {
    let hits_text: Vec<String> = hits.iter().map(hit).collect();
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

/// One hit: rank, title, why it matched, and the first line of the fix.
fn hit(hit: &Hit) -> String {
    let summary = &hit.summary;
    let title = hit.matched.iter().find(|matched| matched.field == "title");
    let title = title.map_or_else(|| shown(&summary.title), lit);
    let mut text = format!("{BOLD}{}. {title}{RESET}  {DIM}{}{RESET}\n", hit.rank, summary.id);
    for matched in hit.matched.iter().filter(|matched| matched.field != "title") {
        text.push_str(&format!("   {DIM}{}{RESET} {}\n", matched.field, lit(matched)));
    }
    if let Some(fix) = &summary.fix {
        text.push_str(&format!("   {GREEN}fix{RESET} {}\n", shown(fix)));
    }
    text
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

/// The text with its matched words lit.
fn lit(matched: &Matched) -> String {
    let mut text = String::new();
    let mut at = 0;
    for range in &matched.lit {
        text.push_str(&shown(&matched.text[at..range.start]));
        text.push_str(&format!("\x1b[1;33m{}\x1b[22;39m", shown(&matched.text[range.clone()])));
        at = range.end;
    }
    text + &shown(&matched.text[at..])
}
