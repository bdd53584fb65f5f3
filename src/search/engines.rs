//! Documents for search engines that are not ours, for books that one machine cannot search.
//!
//! In: documents. Out: files that Elasticsearch, OpenSearch and Quickwit take as they are, and how to hand them over.
//! The analysers are as near to ours (`analyser.rs`) as what these engines have built in; each README says where they
//! differ. Not here: talking to an engine.

use super::{Document, FIELDS, STOP_WORDS};
use serde_json::{Map, Value, json};

/// The index, in all of them.
pub const INDEX: &str = "faultbook";

/// A file of an export: its name, and what stands in it.
pub type EngineFile = (&'static str, String);

/// The documents as the bulk API of Elasticsearch and OpenSearch takes them: what to do, and with what, by turns.
pub fn bulk(documents: &[Document], url: &dyn Fn(&str) -> String) -> String {
    let pair = |document: &Document| {
        let action = json!({"index": {"_id": document.summary.id}});
        format!("{action}\n{}\n", Value::Object(fields(document, url)))
    };
    documents.iter().map(pair).collect()
}

/// The index for [`bulk`], and how both are handed over.
pub fn bulk_files() -> [EngineFile; 2] {
    [("index.json", format!("{:#}\n", bulk_index())), ("README.md", bulk_readme())]
}

/// The documents for Quickwit, one a line.
pub fn quickwit(documents: &[Document], url: &dyn Fn(&str) -> String) -> String {
    documents.iter().map(|document| format!("{}\n", Value::Object(fields(document, url)))).collect()
}

/// The index for [`quickwit`], and how both are handed over.
pub fn quickwit_files() -> [EngineFile; 2] {
    [("index.yaml", quickwit_index()), ("README.md", quickwit_readme())]
}

/// What is shown and not searched.
const SHOWN: [&str; 5] = ["url", "summary", "first_fix", "product", "category"];

/// A document by the names of its fields; what is empty is left out.
fn fields(document: &Document, url: &dyn Fn(&str) -> String) -> Map<String, Value> {
    let summary = &document.summary;
    let shown = [
        url(&summary.path()),
        summary.summary.clone(),
        summary.fix.clone().unwrap_or_default(),
        summary.product.clone(),
        summary.category.clone().unwrap_or_default(),
    ];
    let mut fields = Map::from_iter([("id".to_owned(), summary.id.as_str().into())]);
    let searched = FIELDS.iter().map(|(name, _)| *name).zip(&document.texts);
    for (name, text) in SHOWN.into_iter().zip(&shown).chain(searched) {
        if !text.trim().is_empty() {
            fields.insert(name.to_owned(), text.trim().into());
        }
    }
    if !document.facets.is_empty() {
        fields.insert("facets".to_owned(), document.facets.clone().into());
    }
    fields
}

/// `title^4`, as queries weigh fields.
fn weighed() -> Vec<String> {
    FIELDS.iter().map(|(name, weight)| format!("{name}^{weight}")).collect()
}

fn bulk_index() -> Value {
    let text = json!({"type": "text", "analyzer": "failure", "search_analyzer": "failure_query"});
    let kept = json!({"type": "keyword", "index": false, "doc_values": false});
    let mut properties = Map::from_iter([("id".to_owned(), json!({"type": "keyword"}))]);
    properties.extend(SHOWN.iter().map(|name| ((*name).to_owned(), kept.clone())));
    properties.extend(FIELDS.iter().map(|(name, _)| ((*name).to_owned(), text.clone())));
    properties.insert("facets".to_owned(), json!({"type": "keyword"}));
    let filters = |last| ["parts", "lowercase", "hashes", "short_enough", "endings", last];
    let chars = ["apostrophes", "capitals"];
    json!({
        "settings": {"analysis": {
            "char_filter": {
                "apostrophes": {
                    "type": "pattern_replace",
                    "pattern": "(?<=[\\p{L}\\p{N}])['\u{2019}](?=[\\p{L}\\p{N}])",
                    "replacement": ""
                },
                "capitals": {
                    "type": "pattern_replace",
                    "pattern": "(?<=\\p{Lu})(?=\\p{Lu}\\p{Ll}{2})",
                    "replacement": "-"
                }
            },
            "tokenizer": {"runs": {"type": "pattern", "pattern": "[^\\p{L}\\p{N}\\-.:/@#+$%\\\\=&~*_]+"}},
            "filter": {
                "parts": {
                    "type": "word_delimiter_graph",
                    "generate_word_parts": true,
                    "generate_number_parts": true,
                    "catenate_all": true,
                    "split_on_case_change": true,
                    "split_on_numerics": false,
                    "stem_english_possessive": false
                },
                "hashes": {
                    "type": "pattern_replace",
                    "pattern": "^(?=.*[0-9])[0-9a-f]{16,}$",
                    "replacement": ""
                },
                "short_enough": {"type": "length", "min": 1, "max": 64},
                "endings": {"type": "stemmer", "language": "light_english"},
                "common": {"type": "stop", "stopwords": STOP_WORDS}
            },
            "analyzer": {
                "failure": {
                    "type": "custom",
                    "char_filter": chars,
                    "tokenizer": "runs",
                    "filter": filters("flatten_graph")
                },
                "failure_query": {
                    "type": "custom",
                    "char_filter": chars,
                    "tokenizer": "runs",
                    "filter": filters("common")
                }
            }
        }},
        "mappings": {"dynamic": "strict", "properties": properties}
    })
}

fn bulk_readme() -> String {
    let query = json!({
        "query": {"bool": {
            "must": {"multi_match": {"query": "bash no such file", "type": "most_fields", "fields": weighed()}},
            "filter": []
        }},
        "_source": ["id", "url", "title", "summary", "first_fix"]
    });
    format!(
        "# Records for Elasticsearch or OpenSearch

- `index.json`: settings and mapping of an index
- `documents.ndjson`: a line that says what to do, and a line with the document, by turns

Make the index, and fill it:

```sh
curl --fail-with-body -X PUT localhost:9200/{INDEX} -H 'Content-Type: application/json' --data-binary @index.json
curl --fail-with-body -X POST 'localhost:9200/{INDEX}/_bulk?refresh=true' -H 'Content-Type: application/x-ndjson' \\
  --data-binary @documents.ndjson
```

An answer with `\"errors\":true` names what was refused. A server takes 100 MB in one request unless it is set up
otherwise; `split -l 2000 documents.ndjson part-` makes smaller ones, with an even number of lines each.

A record that is gone from the book stays in the index. Whoever replaces the whole index makes a new one beside it, and lets
an alias lead there.

Search, with the weights that faultbook uses; `\"filter\": [{{\"term\": {{\"facets\": \"product=npm\"}}}}]` keeps to a facet:

```sh
curl -X POST localhost:9200/{INDEX}/_search -H 'Content-Type: application/json' --data-binary @- <<'JSON'
{query}
JSON
```

The analyser differs from that of faultbook: a word and the number after it are no term of their own, nor is a flag with its
dashes; all parts of a name are joined without `_`; endings are those of `light_english`; a path of many parts is joined too.
"
    )
}

fn quickwit_index() -> String {
    let mut yaml =
        format!("version: 0.7\nindex_id: {INDEX}\ndoc_mapping:\n  mode: strict\n  field_mappings:\n");
    let mut field = |name: &str, kind: &str, more: &str| {
        yaml.push_str(&format!("    - name: {name}\n      type: {kind}\n{more}"));
    };
    field("id", "text", "      tokenizer: raw\n      fast: true\n");
    for name in SHOWN {
        field(name, "text", "      indexed: false\n");
    }
    for (name, _) in FIELDS {
        field(name, "text", "      tokenizer: en_stem\n      record: freq\n      fieldnorms: true\n");
    }
    field("facets", "array<text>", "      tokenizer: raw\n      fast: true\n");
    let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    yaml.push_str(&format!("search_settings:\n  default_search_fields: [{}]\n", names.join(", ")));
    yaml
}

/// A weight with the digits that it was written with.
fn tenths(weight: f32) -> f64 {
    (f64::from(weight) * 10.0).round() / 10.0
}

fn quickwit_readme() -> String {
    let of_field = |(name, weight): &(&str, f32)| json!({"match": {*name: {"query": "no such file", "boost": tenths(*weight)}}});
    let query = json!({
        "query": {"bool": {"should": FIELDS.iter().map(of_field).collect::<Vec<_>>()}},
        "size": 10
    });
    format!(
        "# Records for Quickwit

- `index.yaml`: the index
- `documents.ndjson`: a document a line

Make the index, and fill it:

```sh
quickwit index create --index-config index.yaml
quickwit index ingest --index {INDEX} --input-path documents.ndjson --wait
```

Or over HTTP, where a server runs:

```sh
curl --fail-with-body -X POST localhost:7280/api/v1/indexes -H 'Content-Type: application/yaml' \\
  --data-binary @index.yaml
curl --fail-with-body -X POST 'localhost:7280/api/v1/{INDEX}/ingest?commit=force' --data-binary @documents.ndjson
```

A server takes 10 MB in one request; `split -C 9M documents.ndjson part-` makes smaller ones. A document that is handed over
twice is there twice: `quickwit index clear --index {INDEX}` comes before the next time.

Search; the second way has the weights that faultbook uses:

```sh
curl 'localhost:7280/api/v1/{INDEX}/search?query=no+such+file&sort_by=_score'
curl -X POST localhost:7280/api/v1/_elastic/{INDEX}/_search -H 'Content-Type: application/json' --data-binary @- <<'JSON'
{query}
JSON
```

`facets:\"product=npm\"` in a query keeps to a facet.

The tokenizer, `en_stem`, differs from that of faultbook: `setOutput` is one word, the parts of `set_output` are terms but
not the name as a whole, endings are Porter's, and a word and the number after it are no term of their own.
"
    )
}
