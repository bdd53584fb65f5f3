//! Laws over generated input. A found counterexample becomes a case file.

use faultbook::Given;
use faultbook::diag::Level;
use faultbook::model::{Extension, Prose, Record, RecordId};
use faultbook::parse::{self, Form, Node, list_node, map_node, text_node};
use faultbook::render::{Html, Setting};
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
        for diagnostic in faultbook::read(&sources, &Given::default()).found {
            let source = sources.get(diagnostic.span.file);
            prop_assert!(source.text.get(diagnostic.span.range()).is_some(), "{diagnostic:?}");
        }
    }

    #[test]
    fn a_record_around_any_text_is_read_and_every_finding_lies_in_it(text in text()) {
        let record = format!("---\ntitle: It\nproduct: x\n---\n\n## Symptom\n\n{text}\n\n## Quick fix\n\n{text}\n\n## Common wrong fixes\n\n{text}\n");
        let sources = sources("a.md", &record);
        for diagnostic in faultbook::read(&sources, &Given::default()).found {
            prop_assert!(sources.get(diagnostic.span.file).text.get(diagnostic.span.range()).is_some(), "{diagnostic:?}");
        }
    }

    #[test]
    fn html_of_any_prose_has_only_harmless_tags(text in text()) {
        let html = Html::of(&Prose::new(&text), Setting::plain("../../"));
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
        let input = faultbook::load(&crate::support::golden_book(), &Given::default()).unwrap();
        let documents = search::documents(&faultbook::read(&input.sources, &Given::default()).book);
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
        "span",
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
                "class" => value.len() == 1,
                "tabindex" => value == "0",
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

/// Texts of which fields are made: what YAML and Markdown take for something else.
fn field_text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "a: b",
        "- x",
        "# no comment",
        "x # y",
        "'quoted'",
        "\"q\"",
        "back\\slash",
        "true",
        "1.0",
        "2026-11-24",
        "~",
        "[a",
        "{b}",
        "a, b",
        "&a",
        "*b",
        "!tag",
        "| x",
        "> x",
        "%",
        "@",
        "`code`",
        "### heading",
        "## Symptom",
        "Why: because",
        "1. one",
        "```sh\nls\n```",
        "```\nx\n",
        "line\n\nline",
        "  indented",
        "trailing  ",
        "tab\tin",
        "ünï",
        "\u{202E}",
        "\u{a0}",
        "---",
        "...",
        "Undo: x",
        "Risk: y",
        "<b>",
        "a\n  b",
        "a\n\n  - b",
        "?",
        "a:",
        ":a",
        "=",
        "null",
        "0x1f",
        "1e3",
        "12:30",
        "key:\n  - v",
    ]);
    prop::collection::vec(
        prop_oneof![3 => odd.prop_map(str::to_owned), 2 => "[a-z]{1,9}( [a-z]{1,9}){0,20}"],
        1..4,
    )
    .prop_map(|parts| parts.join(" "))
    .prop_filter("a text says something", |text| !text.trim().is_empty())
}

fn line_text() -> impl Strategy<Value = String> {
    field_text().prop_map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[derive(Clone, Debug)]
struct Made {
    title: String,
    symptom: String,
    why: String,
    cause: Option<String>,
    steps: Vec<[Option<String>; 4]>,
    wrong: Vec<(String, Option<String>, Option<String>)>,
    keywords: Vec<String>,
    extension: String,
}

fn made() -> impl Strategy<Value = Made> {
    let opt = || prop::option::of(field_text());
    let step =
        (field_text(), opt(), opt(), opt()).prop_map(|(text, run, undo, risk)| [Some(text), run, undo, risk]);
    let texts = (line_text(), field_text(), field_text(), opt());
    let lists = (
        prop::collection::vec(step, 1..4),
        prop::collection::vec((field_text(), opt(), opt()), 0..3),
        prop::collection::vec(line_text(), 1..4),
        field_text(),
    );
    (texts, lists).prop_map(|((title, symptom, why, cause), (steps, wrong, keywords, extension))| Made {
        title,
        symptom,
        why,
        cause,
        steps,
        wrong,
        keywords,
        extension,
    })
}

fn tree_of(made: &Made) -> Node {
    let some = |key: &'static str, text: &Option<String>| text.as_ref().map(|text| (key, text_node(text)));
    let step = |step: &[Option<String>; 4]| {
        let keys = ["text", "run", "undo", "risk"];
        map_node(keys.into_iter().zip(step).filter_map(|(key, text)| some(key, text)).collect())
    };
    let wrong = |(text, run, why): &(String, Option<String>, Option<String>)| {
        let entries = [Some(("text", text_node(text))), some("run", run), some("why", why)];
        map_node(entries.into_iter().flatten().collect())
    };
    let mut entries = vec![
        ("title", text_node(&made.title)),
        ("product", text_node("x")),
        ("symptom", text_node(&made.symptom)),
        ("why", text_node(&made.why)),
        ("fix", list_node(made.steps.iter().map(step).collect())),
        ("keywords", list_node(made.keywords.iter().map(|text| text_node(text)).collect())),
        ("x", map_node(vec![("key", text_node(&made.extension))])),
    ];
    if !made.wrong.is_empty() {
        entries.push(("wrong_fixes", list_node(made.wrong.iter().map(wrong).collect())));
    }
    if let Some(cause) = &made.cause {
        entries.push(("quick_fix", map_node(vec![("cause", text_node(cause))])));
    }
    map_node(entries)
}

/// The record of a text, whatever rules say of it.
fn reread(text: &str, form: Form) -> Result<(Node, Record), TestCaseError> {
    let name = format!("content/a.{}", form.ending());
    let sources = Sources::single(name.as_str().into(), text);
    let rules = ["invisible-character", "unsafe-link", "raw-html", "missing-image", "unknown-record"];
    let off = rules.map(|rule| (vec!["lint".to_owned(), rule.to_owned()], "off".to_owned()));
    let reading = faultbook::read(&sources, &Given { overrides: off.to_vec(), today: None });
    let errors = reading.found.iter().filter(|found| found.level == Level::Error).collect::<Vec<_>>();
    prop_assert!(errors.is_empty(), "{errors:?} in\n{text}");
    let (file, source) = sources.iter().next().unwrap();
    let tree = parse::tree(file, source).map_err(|found| TestCaseError::fail(format!("{found:?}")))?;
    let record = reading.book.records.values().next().cloned();
    let record = record.ok_or_else(|| TestCaseError::fail(format!("no record in\n{text}")))?;
    Ok((tree, Record { path: "a".into(), ..record }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_record_survives_both_forms(made in made()) {
        let yaml = parse::write(&tree_of(&made), Form::Yaml);
        let (tree, record) = reread(&yaml, Form::Yaml)?;
        let trimmed = |text: &String| text.trim().to_owned();
        prop_assert_eq!(&record.title, &trimmed(&made.title));
        prop_assert_eq!(record.symptom.markdown(), made.symptom.trim());
        prop_assert_eq!(record.why.as_ref().map(|why| why.markdown().to_owned()), Some(trimmed(&made.why)));
        prop_assert_eq!(record.quick_fix.cause.as_ref().map(|cause| cause.markdown().to_owned()), made.cause.as_ref().map(trimmed));
        prop_assert_eq!(&record.extensions["key"], &Extension::Text(made.extension.clone()));
        prop_assert_eq!(record.keywords.len(), made.keywords.len());
        let prose = |prose: &Option<Prose>| prose.as_ref().map(|prose| prose.markdown().to_owned());
        for (step, wanted) in record.fix.iter().zip(&made.steps) {
            let found = [prose(&step.text), step.run.clone(), step.undo.clone(), prose(&step.risk)];
            prop_assert_eq!(found, wanted.clone().map(|text| text.as_ref().map(trimmed)));
        }
        for (fix, (text, run, why)) in record.wrong_fixes.iter().zip(&made.wrong) {
            let wanted = [Some(trimmed(text)), run.as_ref().map(trimmed), why.as_ref().map(trimmed)];
            prop_assert_eq!([prose(&fix.text), fix.run.clone(), prose(&fix.why)], wanted);
        }
        prop_assert_eq!(parse::write(&tree, Form::Yaml), yaml.clone());
        let markdown = parse::write(&tree, Form::Markdown);
        let (tree, of_markdown) = reread(&markdown, Form::Markdown)?;
        prop_assert_eq!(&of_markdown, &record, "by way of\n{}", markdown);
        prop_assert_eq!(parse::write(&tree, Form::Yaml), yaml);
    }
}

/// The same for every record of our own: no way of writing it loses anything.
#[test]
fn our_own_records_survive_both_forms() {
    let input = faultbook::load(crate::support::project(), &Given::default()).unwrap();
    let mut n_sections = 0;
    for (file, source) in input
        .sources
        .iter()
        .filter(|(_, source)| source.path.starts_with("content") && !source.path.starts_with("content/pages"))
    {
        let Ok(tree) = parse::tree(file, source) else { panic!("{} does not parse", source.path) };
        let yaml = parse::write(&tree, Form::Yaml);
        let (tree, record) = reread(&yaml, Form::Yaml).unwrap();
        let markdown = parse::write(&tree, Form::Markdown);
        n_sections += markdown.matches("\n## ").count();
        let (tree, of_markdown) = reread(&markdown, Form::Markdown).unwrap();
        assert_eq!(record, of_markdown, "{}", source.path);
        assert_eq!(parse::write(&tree, Form::Yaml), yaml, "{}", source.path);
    }
    assert!(n_sections > 40, "only {n_sections} sections were written");
}
