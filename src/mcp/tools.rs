//! The tools: what each takes, and which answer it gives.

use super::{State, Unanswered, answer};
use crate::diag::nearest;
use crate::diagnose::diagnose;
use crate::library::has_facet;
use crate::model::{Facet, Record, RecordId};
use crate::output::Log;
use crate::search::{self, Query};
use rmcp::model::{Tool, ToolAnnotations};
use serde_json::{Value, json};

/// How many records an answer lists at most.
const MOST: u64 = 100;
/// How many hits a search gives unless asked: each costs the reader.
const USUAL_HITS: u64 = 5;
const USUAL_LISTED: u64 = 50;
/// How many records a diagnosis names unless asked.
const USUAL_CANDIDATES: u64 = 3;
/// A longer paste is mostly what went well.
const MAX_TEXT_BYTES: usize = 256 << 10;

/// Every tool, in the order in which they are of use.
pub fn all() -> Vec<Tool> {
    let facets = json!({
        "type": "array", "items": {"type": "string"}, "maxItems": 8,
        "description": "only records that have all of these, each written key=value, such as product=npm",
    });
    let n = |usual: u64| json!({"type": "integer", "minimum": 1, "maximum": MOST, "default": usual});
    let id = json!({"type": "string", "description": "the id of a record, as search gives it"});
    vec![
        tool(
            "search",
            "Find failure records by words, an error code or a line of an error. Each hit has its fix first, then \
             what does not help.",
            json!({"query": {"type": "string"}, "facets": facets, "n": n(USUAL_HITS)}),
            &["query"],
        ),
        tool(
            "diagnose",
            "Which record explains what a program printed, or that none does: give the lines around the error. The best \
             candidate has its fix, then what does not help; `distinguish` tells candidates apart.",
            json!({
                "text": {"type": "string", "maxLength": MAX_TEXT_BYTES},
                "n": n(USUAL_CANDIDATES),
            }),
            &["text"],
        ),
        tool(
            "get_record",
            "One record: its fix, what not to do and why, its cause, and what it is confused with. `detail: full` adds \
             the symptom, the mechanism, other fixes and sources.",
            json!({"id": id, "detail": {"enum": ["brief", "full"], "default": "brief"}}),
            &["id"],
        ),
        tool(
            "list",
            "Ids and titles of records, by id. `after` goes on behind an id.",
            json!({"facets": facets, "after": {"type": "string"}, "n": n(USUAL_LISTED)}),
            &[],
        ),
        tool(
            "verifier_plan",
            "What the executable check of a record would run and what it expects, without running it.",
            json!({"id": id}),
            &["id"],
        ),
    ]
}

fn tool(name: &'static str, description: &'static str, properties: Value, required: &[&str]) -> Tool {
    let schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    let Value::Object(schema) = schema else { unreachable!("it was written as an object") };
    let annotations = ToolAnnotations::new().read_only(true).open_world(false);
    Tool::new(name, description, std::sync::Arc::new(schema)).with_annotations(annotations)
}

/// Answers one call.
pub fn call(state: &State, tool: &str, arguments: &Value) -> Result<Value, Unanswered> {
    let ask = Ask { arguments };
    match tool {
        "search" => find(state, &ask),
        "diagnose" => explain(state, &ask),
        "get_record" => {
            let record = record(state, ask.text("id")?)?;
            let full = match arguments.get("detail").and_then(Value::as_str) {
                None | Some("brief") => false,
                Some("full") => true,
                Some(_) => return Err(Unanswered::Asked("`detail` is `brief` or `full`".to_owned())),
            };
            Ok(answer::record(record, &state.reading.results.proof(record), full))
        }
        "list" => list(state, &ask),
        _ => {
            let record = record(state, ask.text("id")?)?;
            let none = if state.is_site {
                "a built site does not tell what a check runs; its script is verify.sh beside the page"
            } else {
                "the record has no check"
            };
            answer::plan(record).ok_or_else(|| Unanswered::Asked(none.to_owned()))
        }
    }
}

fn find(state: &State, ask: &Ask) -> Result<Value, Unanswered> {
    let facets = ask.facets()?;
    let limit = ask.number("n", USUAL_HITS)?;
    let query = Query { text: ask.text("query")?.to_owned(), limit, facets };
    let records = &state.reading.book.records;
    let hit = |hit: &search::Hit| {
        let id = RecordId::parse(&hit.summary.id);
        answer::hit(hit, id.and_then(|id| records.get(&id)))
    };
    let hits: Vec<Value> = search::search(&state.index, &query)?.iter().map(hit).collect();
    Ok(json!({"hits": hits, "of": state.index.n_docs()}))
}

fn explain(state: &State, ask: &Ask) -> Result<Value, Unanswered> {
    let n = ask.number("n", USUAL_CANDIDATES)?;
    let text = ask.text("text")?;
    if text.len() > MAX_TEXT_BYTES {
        let most = MAX_TEXT_BYTES >> 10;
        return Err(Unanswered::Asked(format!(
            "`text` is longer than {most} KiB; what a log ends with will do"
        )));
    }
    let corpus = state.corpus()?;
    let mut diagnosis = diagnose(corpus, &Log::of(text), n);
    diagnosis.keep_what_is_worth_a_look();
    let record_of = |id: &str| state.reading.book.records.get(&RecordId::parse(id)?);
    Ok(answer::diagnosis(&diagnosis, corpus, record_of))
}

fn list(state: &State, ask: &Ask) -> Result<Value, Unanswered> {
    let facets = ask.facets()?;
    let n = ask.number("n", USUAL_LISTED)?;
    let after = ask.arguments.get("after").and_then(Value::as_str).unwrap_or_default();
    let all = || {
        let records = state.reading.book.records.values();
        records.filter(|record| facets.iter().all(|facet| has_facet(record, facet)))
    };
    let page: Vec<&Record> = all().filter(|record| record.id.as_str() > after).take(n).collect();
    let rows: Vec<Value> =
        page.iter().map(|record| json!({"id": record.id.as_str(), "title": record.title})).collect();
    let last = page.last().map(|record| record.id.as_str());
    let more = last.is_some_and(|last| all().any(|record| record.id.as_str() > last));
    Ok(json!({"records": rows, "of": all().count(), "more": more}))
}

/// The record of an id, or of a former one.
fn record<'s>(state: &'s State, id: &str) -> Result<&'s Record, Unanswered> {
    let records = &state.reading.book.records;
    let former = |id: &RecordId| records.values().find(|record| record.aliases.contains(id));
    let found = RecordId::parse(id).and_then(|id| records.get(&id).or_else(|| former(&id)));
    found.ok_or_else(|| {
        let near = nearest(id, records.keys().map(RecordId::as_str));
        let hint = near.map(|name| format!("; the nearest is `{name}`")).unwrap_or_default();
        Unanswered::Asked(format!("no record has this id{hint}"))
    })
}

/// The arguments of one call.
struct Ask<'a> {
    arguments: &'a Value,
}

impl Ask<'_> {
    fn text(&self, key: &str) -> Result<&str, Unanswered> {
        let text = self.arguments.get(key).and_then(Value::as_str);
        text.ok_or_else(|| Unanswered::Asked(format!("`{key}` is needed, as a text")))
    }

    fn number(&self, key: &str, usual: u64) -> Result<usize, Unanswered> {
        let number = match self.arguments.get(key) {
            None => Some(usual),
            Some(value) => value.as_u64().filter(|number| (1..=MOST).contains(number)),
        };
        let number = number.and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| Unanswered::Asked(format!("`{key}` is a number from 1 to {MOST}")))
    }

    fn facets(&self) -> Result<Vec<String>, Unanswered> {
        let Some(value) = self.arguments.get("facets") else { return Ok(Vec::new()) };
        let keys: Vec<&str> = Facet::ALL.iter().map(|facet| facet.key()).collect();
        let facet = |value: &Value| {
            let facet = value.as_str()?;
            keys.contains(&facet.split_once('=')?.0).then(|| facet.to_owned())
        };
        let facets = value.as_array().and_then(|values| values.iter().map(facet).collect());
        facets.ok_or_else(|| {
            let keys = keys.join(", ");
            Unanswered::Asked(format!("`facets` is a list of key=value, with a key of {keys}"))
        })
    }
}
