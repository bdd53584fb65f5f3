//! Laws over generated input. A found counterexample becomes a case file.

use faultbook::model::{Prose, RecordId};
use faultbook::render::Html;
use faultbook::search::{self, Index, Query};
use faultbook::text::{Source, Sources};
use proptest::prelude::*;

/// Pieces of which hostile records are made.
fn fragment() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "![a](data:text/html,x)",
        "<javascript:alert(1)>",
        "[[javascript:alert(1)]]",
        "# T {#i .c onclick=alert(1)}",
        "```html\n</code></pre>\n```",
        "[a]: javascript:x\n[a]",
        "&#x6A;avascript:",
        "\u{202E}",
        "\u{0}",
        "|a|b|\n|:-|-:|\n|1|2|",
        "- x\n  - y",
        "> q",
        "\"",
        "'",
        "&amp;",
        "<!-- -->",
        "<![CDATA[",
        "<?x?>",
        "<a href=\"javascript:x\">",
        "\\<b\\>",
        "<b\n>",
        "\n\n",
        "\n",
        "  ",
        "---",
        "title: ",
        "key: [",
    ]);
    prop_oneof![3 => nasty.prop_map(str::to_owned), 2 => "\\PC{0,12}", 1 => "[ -~]{0,12}"]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(fragment(), 0..12).prop_map(|fragments| fragments.concat())
}

fn sources(name: &str, text: &str) -> Sources {
    Sources::new(vec![Source::from_bytes(format!("content/{name}").into(), text.as_bytes().to_vec())])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_and_every_finding_lies_in_it(text in text(), name in prop::sample::select(vec!["a.yaml", "a.md"])) {
        let sources = sources(name, &text);
        for diagnostic in faultbook::read(&sources).found {
            let source = sources.get(diagnostic.span.file);
            prop_assert!(source.text.get(diagnostic.span.range()).is_some(), "{diagnostic:?}");
        }
    }

    #[test]
    fn a_record_around_any_text_is_read_and_every_finding_lies_in_it(text in text()) {
        let record = format!("---\ntitle: It\nproduct: x\n---\n\n## Symptom\n\n{text}\n\n## Quick fix\n\n{text}\n\n## Common wrong fixes\n\n{text}\n");
        let sources = sources("a.md", &record);
        for diagnostic in faultbook::read(&sources).found {
            prop_assert!(sources.get(diagnostic.span.file).text.get(diagnostic.span.range()).is_some(), "{diagnostic:?}");
        }
    }

    #[test]
    fn html_of_any_prose_has_only_harmless_tags(text in text()) {
        let html = Html::of(&Prose::new(&text), "../../");
        if let Some(bad) = harmful(html.as_str()) {
            prop_assert!(false, "`{bad}` in {}", html.as_str());
        }
    }

    #[test]
    fn any_query_ranks_records_of_the_book(text in text()) {
        let (index, ids) = small_index();
        let hits = search::search(index, &Query { text, limit: 100, facets: Vec::new() }).unwrap();
        prop_assert!(hits.iter().all(|hit| ids.contains(&hit.summary.id)));
        prop_assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
    }

    #[test]
    fn a_slug_is_an_id(text in "\\PC{0,200}") {
        if let Some(id) = RecordId::slug(&text) {
            prop_assert_eq!(RecordId::parse(id.as_str()), Some(id));
        }
    }
}

fn small_index() -> &'static (Index, Vec<String>) {
    static INDEX: std::sync::OnceLock<(Index, Vec<String>)> = std::sync::OnceLock::new();
    INDEX.get_or_init(|| {
        let input = faultbook::load(&crate::support::golden_book()).unwrap();
        let documents = search::documents(&faultbook::read(&input.sources).book);
        let ids = documents.iter().map(|document| document.summary.id.clone()).collect();
        (Index::in_memory(&documents).unwrap(), ids)
    })
}

/// The first tag, attribute or address that may not come out of Markdown. Text is escaped, so every `<` is a tag.
fn harmful(html: &str) -> Option<String> {
    const TAGS: &[&str] = &[
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    for tag in html.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else { return Some(tag.to_owned()) };
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if !TAGS.contains(&name) {
            return Some(tag.to_owned());
        }
        let mut rest = tag.trim_start_matches('/')[name.len()..].trim().trim_end_matches('/').trim();
        while !rest.is_empty() {
            let Some((attribute, after)) = rest.split_once("=\"") else { return Some(tag.to_owned()) };
            let Some((value, after)) = after.split_once('"') else { return Some(tag.to_owned()) };
            let allowed = match attribute.trim() {
                "href" => {
                    value.is_empty()
                        || ["https://", "http://", "mailto:", "../../f/"]
                            .iter()
                            .any(|start| value.to_lowercase().starts_with(start))
                }
                "class" => value.starts_with("language-"),
                "title" | "start" => true,
                _ => false,
            };
            if !allowed {
                return Some(tag.to_owned());
            }
            rest = after.trim();
        }
    }
    None
}

#[test]
fn the_law_about_html_can_fail() {
    for bad in ["<script>", "<p onclick=\"x\">", "<a href=\"javascript:x\">", "<p"] {
        assert!(harmful(bad).is_some(), "{bad}");
    }
}
