//! A canon of deadends.dev → a record.
//!
//! Rates, confidences, counts and days of verification are typed in there, not observed, and are not carried over.
//! A canon's workarounds are alternatives: the first becomes the fix, the others other fixes.

use super::draft::{Draft, Relation};
use super::{jsonl, prose};
use crate::model::Pattern;
use crate::parse::{Node, list_node, map_node, text_node};
use serde_json::Value;
use std::collections::BTreeMap;

const PUBLISHER: &str = "deadends.dev";
const LICENSE: &str = "CC-BY-4.0";
/// A signature with fewer plain characters than this does not tell a failure alone.
const MIN_LITERAL: usize = 12;
/// What a person would type; a longer description is not.
const MAX_QUERY: usize = 90;
/// Sentences that were filled in by a program, and tell nothing apart.
const EMPTY_TELLS: &[&str] =
    &["has a different failure mode despite similar symptoms", "with a different root cause than"];
/// Why rates and the like stay behind.
const CLAIMED: &str = "typed in there, not observed";

/// Reads one canon; otherwise the reason, as a sentence without a full stop.
pub fn read(source: &str, text: &str) -> Result<Draft, String> {
    let canon: Value =
        serde_json::from_str(text).map_err(|error| format!("its JSON cannot be read: {error}"))?;
    let id = text_at(&canon, "/id").ok_or("it has no `id`")?;
    let signature = text_at(&canon, "/error/signature").ok_or("it has no `error.signature`")?;
    let mut draft = Draft::new(id, source);
    let is_conduct = text_at(&canon, "/environment/runtime/name") == Some("ai-agent");
    draft.text("title", signature.lines().next().unwrap_or_default());
    draft.text("symptom", &symptom(signature, is_conduct));
    draft.text("root_cause", &prose::from_plain(text_at(&canon, "/verdict/summary").unwrap_or_default()));
    classify(&mut draft, &canon, is_conduct);
    draft.texts("keywords", [query(&canon, id, signature, is_conduct)]);
    sign(&mut draft, &canon, signature);
    repair(&mut draft, &canon);
    draft.put("wrong_fixes", list_node(items(&canon, "/dead_ends").map(wrong_fix).collect()));
    relate(&mut draft, &canon);
    draft.put("sources", sources(&canon));
    date(&mut draft, &canon);
    keep(&mut draft, &canon);
    tell_claims(&mut draft, &canon);
    draft.text("license", LICENSE);
    draft.texts("authors", [PUBLISHER]);
    Ok(draft)
}

fn text_at<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

fn items<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// A message stands as it is printed; what an agent says wrongly is told in words.
fn symptom(signature: &str, is_conduct: bool) -> String {
    match () {
        () if is_conduct => prose::from_plain(signature),
        () if signature.contains(['\n', '`']) => prose::fenced("text", signature),
        () => format!("`{signature}`"),
    }
}

fn classify(draft: &mut Draft, canon: &Value, is_conduct: bool) {
    let domain = text_at(canon, "/error/domain").unwrap_or_default();
    let runtime = text_at(canon, "/environment/runtime/name").filter(|name| !is_conduct && *name != "any");
    draft.text("product", runtime.unwrap_or(domain));
    draft.text("ecosystem", domain);
    draft.text("category", &text_at(canon, "/error/category").unwrap_or_default().replace('_', "-"));
    let os = text_at(canon, "/environment/os").filter(|os| *os != "any");
    draft.texts("tags", os.into_iter().chain(text_at(canon, "/environment/additional/country_name")));
}

/// The message, or as much of it as anybody would paste; for what an agent says wrongly, the words of the id.
fn query(canon: &Value, id: &str, signature: &str, is_conduct: bool) -> String {
    let line = signature.lines().next().unwrap_or_default();
    if !is_conduct {
        let short = prose::shortened(line, MAX_QUERY);
        return short.map_or_else(|| line.to_owned(), |short| short.trim_end_matches('…').to_owned());
    }
    let slug = id.split('/').nth(1).unwrap_or(id).replace('-', " ");
    let country = text_at(canon, "/environment/additional/country_name").unwrap_or_default();
    format!("{slug} {country}").trim().to_owned()
}

/// The regular expression, where Rust's dialect has it; the message is its example where it finds the message.
fn sign(draft: &mut Draft, canon: &Value, signature: &str) {
    let Some(written) = text_at(canon, "/error/regex") else { return };
    let without_case = format!("(?i){written}");
    let found = |regex: &str| {
        let pattern = Pattern::parse(regex)?;
        Ok::<_, String>(signature.lines().find(|line| pattern.is_match(line)))
    };
    let (regex, example) = match (found(written), found(&without_case)) {
        (Ok(Some(line)), _) => (written, Some(line)),
        (_, Ok(Some(line))) => {
            draft.lose("a regular expression that finds its message only in any case", "`(?i)` was added");
            (without_case.as_str(), Some(line))
        }
        (Ok(None), _) => {
            draft.lose("a regular expression that finds no line of its message", "it has no example");
            (written, None)
        }
        (Err(reason), _) => {
            draft.lose("a regular expression that Rust's dialect does not have", reason);
            return;
        }
    };
    let mut entries = vec![("regex", text_node(regex))];
    entries.extend(example.map(|line| ("example", text_node(line))));
    if fewest_literals(written) < MIN_LITERAL {
        entries.push(("weak", text_node("true")));
    }
    draft.put("signatures", list_node(vec![map_node(entries)]));
}

/// How many letters and digits the shortest alternative has; a guess that is never too high by much.
fn fewest_literals(regex: &str) -> usize {
    let literals = |part: &str| part.chars().filter(|c| c.is_alphanumeric()).count();
    regex.split('|').map(literals).min().unwrap_or(0)
}

fn repair(draft: &mut Draft, canon: &Value) {
    let mut workarounds: Vec<&Value> = items(canon, "/workarounds").collect();
    let is_open = text_at(canon, "/verdict/resolvable") == Some("false");
    if is_open {
        draft.text("status", "open");
    } else if !workarounds.is_empty() {
        let first = workarounds.remove(0);
        let step =
            [step(first), labelled("Condition", first, "condition"), labelled("Tradeoff", first, "tradeoff")];
        let step: Vec<String> = step.into_iter().flatten().collect();
        draft.text("fix", &step.join("\n\n"));
    }
    draft.put("other_fixes", list_node(workarounds.into_iter().map(other_fix).collect()));
}

fn labelled(label: &str, value: &Value, key: &str) -> Option<String> {
    let text = value.get(key)?.as_str()?.trim();
    (!text.is_empty()).then(|| format!("{label}: {}", prose::from_plain(text)))
}

/// What to do, and how, unless that says the same again.
fn step(workaround: &Value) -> Option<String> {
    let action = text_at(workaround, "/action")?;
    let how = text_at(workaround, "/how").filter(|how| !action.contains(how));
    let how = how.map(|how| if is_code(how) { prose::fenced("", how) } else { prose::from_plain(how) });
    Some([Some(prose::from_plain(action)), how].into_iter().flatten().collect::<Vec<_>>().join("\n\n"))
}

/// Whether a text is rather code than words. Nothing says that it is a command, so it is never a `run`.
fn is_code(text: &str) -> bool {
    const MARKS: &[&str] = &["{", "}", "=", ";", "()", " -", "&&", " | ", "::", "$", "# ", "//", "<", "/"];
    let n_words = text.split_whitespace().count();
    let chars: Vec<char> = text.chars().collect();
    let is_end = |at: &[char]| matches!(at, ['.' | ':', ' ', next] if next.is_uppercase());
    let is_told = text.starts_with(char::is_uppercase) && n_words > 4 || chars.windows(3).any(is_end);
    text.contains('\n') || !is_told && (n_words <= 4 || MARKS.iter().any(|mark| text.contains(mark)))
}

fn other_fix(workaround: &Value) -> Node {
    let action = text_at(workaround, "/action").unwrap_or_default();
    let title = prose::shortened(action, MAX_QUERY).unwrap_or_else(|| action.to_owned());
    let how = text_at(workaround, "/how").filter(|how| !action.contains(how));
    let text = match how {
        Some(how) if title == action && is_code(how) => prose::fenced("", how),
        Some(how) if title == action => prose::from_plain(how),
        _ => step(workaround).unwrap_or_default(),
    };
    let prose_at = |pointer| prose::from_plain(text_at(workaround, pointer).unwrap_or_default());
    map_node(vec![
        ("title", text_node(&title)),
        ("when", text_node(&prose_at("/condition"))),
        ("steps", list_node(vec![text_node(&text)])),
        ("tradeoff", text_node(&prose_at("/tradeoff"))),
    ])
}

fn wrong_fix(dead_end: &Value) -> Node {
    let prose_at = |pointer| prose::from_plain(text_at(dead_end, pointer).unwrap_or_default());
    let why = [
        Some(prose_at("/why_fails")),
        labelled("Condition", dead_end, "condition"),
        labelled("Tradeoff", dead_end, "tradeoff"),
    ];
    map_node(vec![
        ("text", text_node(&prose_at("/action"))),
        ("why", text_node(why.into_iter().flatten().collect::<Vec<_>>().join("\n\n").trim())),
        ("tempting", text_node(&prose_at("/common_misconception"))),
    ])
}

fn relate(draft: &mut Draft, canon: &Value) {
    for (list, kind) in [("leads_to", "leads_to"), ("preceded_by", "caused_by")] {
        for link in items(canon, &format!("/transition_graph/{list}")) {
            let Some(to) = text_at(link, "/error_id") else { continue };
            if let Some(condition) = text_at(link, "/condition") {
                draft.lose("the condition of a relation", format!("{kind} {to}: {condition}"));
            }
            draft.relate(Relation { kind, to: to.to_owned(), tell: None, title: None });
        }
    }
    for link in items(canon, "/transition_graph/frequently_confused_with") {
        let Some(to) = text_at(link, "/error_id") else { continue };
        let tell = text_at(link, "/distinction")
            .filter(|tell| !EMPTY_TELLS.iter().any(|empty| tell.contains(empty)));
        let kind = if tell.is_some() { "confused_with" } else { "see_also" };
        if tell.is_none() {
            draft
                .lose("a likeness without an observation that tells the two apart", format!("see_also {to}"));
        }
        draft.relate(Relation { kind, to: to.to_owned(), tell: tell.map(prose::from_plain), title: None });
    }
}

/// The canon itself, then what its parts cite, each once with the fields that it supports.
fn sources(canon: &Value) -> Node {
    let mut cited: Vec<(&str, Vec<&str>)> = Vec::new();
    let is_open = text_at(canon, "/verdict/resolvable") == Some("false");
    for (list, first, other) in
        [("/dead_ends", "wrong_fixes", "wrong_fixes"), ("/workarounds", "fix", "other_fixes")]
    {
        for (nth, part) in items(canon, list).enumerate() {
            let field = if nth == 0 && !is_open { first } else { other };
            for url in items(part, "/sources").filter_map(Value::as_str) {
                match cited.iter_mut().find(|(other, _)| *other == url) {
                    Some((_, fields)) if fields.contains(&field) => {}
                    Some((_, fields)) => fields.push(field),
                    None => cited.push((url, vec![field])),
                }
            }
        }
    }
    let own = text_at(canon, "/url")
        .map(|url| map_node(vec![("url", text_node(url)), ("publisher", text_node(PUBLISHER))]));
    let source = |(url, fields): (&str, Vec<&str>)| {
        let key = if is_web(url) { "url" } else { "title" };
        let supports = list_node(fields.into_iter().map(text_node).collect());
        map_node(vec![(key, text_node(url)), ("supports", supports)])
    };
    list_node(own.into_iter().chain(cited.into_iter().map(source)).collect())
}

fn is_web(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://")) && !url.contains(char::is_whitespace)
}

fn date(draft: &mut Draft, canon: &Value) {
    let created = text_at(canon, "/metadata/generation_date").unwrap_or_default();
    draft.text("created", created);
    let updated = text_at(canon, "/verdict/last_updated").filter(|updated| *updated > created);
    draft.text("updated", updated.unwrap_or_default());
}

/// What other programs may want: where it holds, and how it was made.
fn keep(draft: &mut Draft, canon: &Value) {
    if let Some(environment) = canon.get("environment").and_then(jsonl::node) {
        let versions = text_at(canon, "/environment/runtime/version_range");
        if let Some(versions) = versions.filter(|versions| !versions.ends_with("any")) {
            let reason = "versions of an environment, which do not say where the failure began or ended";
            draft.lose(reason, format!("{versions}, kept in `x`"));
        }
        draft.extra("environment", environment);
    }
    let kept: BTreeMap<&str, &str> = [
        ("generated_by", "/metadata/generated_by"),
        ("review_status", "/metadata/review_status"),
        ("resolvable", "/verdict/resolvable"),
        ("first_seen", "/error/first_seen"),
    ]
    .into();
    for (key, pointer) in kept {
        let text = text_node(text_at(canon, pointer).unwrap_or_default());
        draft.extra(key, Node { quoted: true, ..text });
    }
}

fn tell_claims(draft: &mut Draft, canon: &Value) {
    let mut claims: Vec<&str> = Vec::new();
    for (name, pointer) in [
        ("fix_success_rate", "/verdict/fix_success_rate"),
        ("confidence", "/verdict/confidence"),
        ("last_confirmed", "/error/last_confirmed"),
        ("last_verification", "/metadata/last_verification"),
        ("evidence_count", "/metadata/evidence_count"),
        ("page_views", "/metadata/page_views"),
        ("ai_agent_hits", "/metadata/ai_agent_hits"),
        ("human_hits", "/metadata/human_hits"),
    ] {
        claims.extend(canon.pointer(pointer).map(|_| name));
    }
    let any = |list: &str, key: &str| items(canon, list).any(|item| item.get(key).is_some());
    claims.extend(any("/dead_ends", "fail_rate").then_some("fail_rate"));
    claims.extend(any("/workarounds", "success_rate").then_some("success_rate"));
    let graph = ["leads_to", "preceded_by", "frequently_confused_with"];
    let has_odds = graph.iter().any(|list| any(&format!("/transition_graph/{list}"), "probability"));
    claims.extend(has_odds.then_some("probability"));
    if !claims.is_empty() {
        draft.lose(CLAIMED, claims.join(", "));
    }
    for link in items(canon, "/transition_graph/leads_to") {
        if let Some(delay) = text_at(link, "/typical_delay") {
            draft.lose("no field holds this key", format!("`typical_delay` ({delay})"));
        }
    }
}
