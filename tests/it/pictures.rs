//! The pictures of the status page and of records: what they show of small, large and hostile books.

use crate::support::CLEAN;
use faultbook::Given;
use faultbook::model::{Book, CellName, Date, Proof, ProofState, Verdict};
use faultbook::render::{Contents, Page, Site, Templates, Theme};
use faultbook::text::{Source, Sources};
use std::collections::{BTreeMap, BTreeSet};

/// A book with these records: id, title and what stands behind the fields of all.
fn book(records: impl Iterator<Item = (String, String, String)>) -> Book {
    let source = |(id, title, more): (String, String, String)| {
        let title = serde_json::to_string(&title).unwrap();
        let text = format!("{}{more}", CLEAN.replace("title: It breaks", &format!("title: {title}")));
        Source::from_bytes(format!("content/{id}.yaml").into(), text.into_bytes())
    };
    faultbook::read(&Sources::new(records.map(source).collect()), &Given::default()).book
}

/// The pages of which a site has one each, and the page of one record. `proof`: what is known of the nth record's check.
fn pages(book: &Book, as_of: &str, id: &str, proof: impl Fn(usize) -> Proof) -> BTreeMap<String, String> {
    let proofs = (0..)
        .zip(book.records.keys())
        .map(|(nth, id)| (id.clone(), std::sync::Arc::new(proof(nth))))
        .collect();
    let contents = Contents {
        book,
        proofs: &proofs,
        images: &BTreeMap::new(),
        scripts: &BTreeMap::new(),
        as_of: Date::parse(as_of),
        sample: "",
    };
    let site = Site::new(contents, Templates::new(&[]).unwrap(), &Theme::new(&[], false));
    let of_record = book.records.values().filter(|record| record.id.as_str() == id);
    let of_record = of_record.flat_map(|record| site.record(record).unwrap()).collect::<Vec<_>>();
    let all = site.part(0).unwrap().into_iter().chain(of_record);
    all.map(|Page { path, body }| (path, String::from_utf8(body).unwrap())).collect()
}

fn status(book: &Book) -> String {
    pages(book, "2026-11-25", "", |_| Proof::without_run(ProofState::Never))
        .remove("status/index.html")
        .unwrap()
}

/// The values of an attribute in a text.
fn values<'t>(text: &'t str, attribute: &str) -> Vec<&'t str> {
    let start = format!(" {attribute}=\"");
    text.split(&start).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

fn map(page: &str) -> &str {
    let start = page.find("<div class=\"map\">").expect("there is a map");
    &page[start..page[start..].find("</details>").unwrap() + start]
}

/// The rows of the table below the map.
fn ties(page: &str) -> Vec<String> {
    let plain = regex::Regex::new("<[^>]*>").unwrap();
    let rows = map(page).split("<tr><td>").skip(1).map(|row| row.replace("</td><td>", " | "));
    rows.map(|row| plain.replace_all(&row, "").into_owned()).collect()
}

fn chain(n: usize, title: impl Fn(usize) -> String) -> Book {
    book((0..n).map(|nth| {
        let mut related = vec![format!("r{}", (nth + 1) % n), format!("r{}", nth * 7919 % n)];
        related.retain(|other| *other != format!("r{nth}"));
        // Few records are named by many.
        related.push(format!("r{}", nth % 5));
        (format!("r{nth}"), title(nth), format!("related: {{see_also: [{}]}}\n", related.join(", ")))
    }))
}

#[test]
fn a_book_without_ties_says_so_and_a_small_one_shows_all() {
    let page = status(&book(std::iter::empty()));
    assert!(page.contains("No record names another yet"), "{page}");
    let page = status(&book([("a".to_owned(), "A".to_owned(), String::new())].into_iter()));
    assert!(page.contains("No record names another yet"));
    let of = |id: &str, more: &str| (id.to_owned(), id.to_uppercase(), more.to_owned());
    let small = book(
        [
            of("cause", "related: {leads_to: [effect]}\n"),
            of("effect", "related: {caused_by: [cause], see_also: [cause, twin]}\n"),
            of("twin", "related: {confused_with: [{id: effect, tell: it differs}], see_also: [effect]}\n"),
            of("new", "related: {supersedes: [old]}\n"),
            of("old", ""),
            of("alone", ""),
            of("hen", "related: {leads_to: [egg]}\n"),
            of("egg", "related: {leads_to: [hen]}\n"),
        ]
        .into_iter(),
    );
    let page = status(&small);
    assert_eq!(
        ties(&page),
        [
            "CAUSE | leads to | EFFECT",
            "EFFECT | looks like | TWIN",
            "EGG | leads to | HEN",
            "NEW | replaces | OLD"
        ],
    );
    assert!(page.contains("7 records are related to another, by 4 ties."));
    assert_eq!(values(map(&page), "class").iter().filter(|class| **class == "head causes").count(), 3);
}

/// A record's page names those that name it.
#[test]
fn a_record_shows_its_neighbours_from_both_sides() {
    let of = |id: &str, more: &str| (id.to_owned(), id.to_uppercase(), more.to_owned());
    let others = (0..20).map(|nth| of(&format!("o{nth:02}"), "related: {caused_by: [hub]}\n"));
    let book = book(
        others
            .chain([of("hub", "related: {see_also: [o01]}\n"), of("new", "related: {supersedes: [hub]}\n")]),
    );
    let pages = pages(&book, "2026-11-25", "hub", |_| Proof::without_run(ProofState::Never));
    let page = &pages["f/hub/index.html"];
    let near = &page[page.find("<div class=\"near\">").unwrap()..page.find("</main>").unwrap()];
    assert_eq!(values(near, "class"), ["near", "after", "after"]);
    assert!(near.contains("<h3>Leads to</h3>") && near.contains("<h3>Replaced by</h3>"), "{near}");
    assert!(near.contains("<li>and 8 more</li>"));
    assert_eq!(values(near, "href").len(), 13);
}

#[test]
fn a_large_book_shows_its_most_connected_part_and_says_so() {
    let hostile = [
        "</svg><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "שלום {{ 7 * 7 }} {% raw %}",
        "W",
    ];
    let title = |nth: usize| match hostile.get(nth) {
        Some(&"W") => "W".repeat(120),
        Some(title) => (*title).to_owned(),
        None => format!("Record {nth}"),
    };
    for n in [38, 1_000, 10_000] {
        let page = status(&chain(n, title));
        let picture = map(&page);
        let heights = values(picture, "cy").into_iter().map(|y| y.parse::<usize>().unwrap());
        let rows: Vec<usize> = heights.collect();
        assert_eq!(rows.len(), n.min(40));
        let view = values(picture, "viewBox")[0].split(' ').collect::<Vec<_>>();
        assert!(rows.iter().all(|y| *y < view[3].parse().unwrap()), "{rows:?} {view:?}");
        let paths = values(picture, "d");
        assert!((rows.len() - 1..=120).contains(&paths.len()), "{n}: {}", paths.len());
        let numbers = |path: &str| {
            path.split(|c: char| !c.is_ascii_digit() && c != '.').map(str::to_owned).collect::<Vec<_>>()
        };
        let drawn = paths.iter().flat_map(|path| numbers(path)).filter(|number| !number.is_empty());
        assert!(drawn.map(|number| number.parse::<usize>().unwrap()).all(|number| number <= 40 * 28 + 12));
        assert_eq!(ties(&page).len(), paths.len());
        assert_eq!(page.contains("The 40 most connected are shown"), n > 40, "{n}");
        assert!(
            page.contains("&lt;&#x2F;svg&gt;&lt;script&gt;") || page.contains("&lt;/svg&gt;&lt;script&gt;"),
            "{n}"
        );
        assert!(!page.contains("<script>") && !page.contains("<img") && !page.contains("style="));
        assert!(page.len() < 120_000, "{n}: {}", page.len());
    }
}

/// One record that names all others, and all that name it: the worst that a map can meet.
#[test]
fn everything_tied_to_everything_stays_small() {
    let all = (0..300).map(|nth| format!("r{nth}")).collect::<Vec<_>>().join(", ");
    let one =
        |nth: usize| (format!("r{nth}"), format!("R{nth}"), format!("related: {{leads_to: [{all}]}}\n"));
    let page = status(&book((0..300).map(one)));
    assert_eq!(ties(&page).len(), 120);
    assert!(page.contains("300 records are related to another, by 44850 ties. The 40 most connected are shown, with 120 of the ties."));
}

#[test]
fn bars_count_what_they_show() {
    let of = |nth: usize| {
        let category = ["few", "many", "many", "many"][nth % 4];
        let review = ["2026-11-24", "2026-12-01", "2027-09-09"].get(nth % 5);
        let review = review.map(|day| format!("review_by: {day}\n")).unwrap_or_default();
        (format!("r{nth}"), format!("R{nth}"), format!("category: {category}\n{review}"))
    };
    let book = book((0..20).map(of));
    let days = ["2026-11-20", "2026-09-20", "2026-01-20", "2024-11-20"];
    let day = |nth: usize| {
        let date = days.get(nth % 5).and_then(|day| Date::parse(day));
        let state = if date.is_some() { ProofState::Tested } else { ProofState::Never };
        Proof { date, ..Proof::without_run(state) }
    };
    let page = pages(&book, "2026-11-25", "", day).remove("status/index.html").unwrap();
    let plain = regex::Regex::new("<[^>]*>").unwrap();
    let rows = page.split("<tr><th scope=\"row\">").skip(1).map(|row| {
        let row = row.split("</tr>").next().unwrap().replace("</td><td>", " | ").replace("</th><td>", " | ");
        plain.replace_all(&row, "").split_whitespace().collect::<Vec<_>>().join(" ")
    });
    insta::assert_snapshot!(rows.collect::<Vec<_>>().join("\n"), @"
    few | 5 | 3 | 2
    many | 15 | 13 | 2
    in the last 30 days | 4
    31 to 90 days ago | 4
    91 to 365 days ago | 4
    longer ago | 4
    never | 4
    overdue | 4
    in 30 days | 4
    in 31 to 90 days | 0
    later | 4
    no day is named | 8
    ");
    let widths: BTreeSet<&str> =
        values(&page, "width").into_iter().filter(|width| width.parse::<usize>().is_ok()).collect();
    assert!(widths.iter().all(|width| (1..=1016).contains(&width.parse::<usize>().unwrap())), "{widths:?}");
}

/// The further to the right a mark, the better it came out; what came out otherwise than it must is told.
#[test]
fn a_matrix_shows_how_far_each_fix_came() {
    let fixes =
        "wrong_fixes: [{id: wait, text: Wait for it}, {id: hide, run: hide it}, {id: twice, run: twice}]\n";
    let check = "check: {setup: touch a, run: test ! -e a, broken: {exit: 1}, fixed: {exit: 0}}\n";
    let text = CLEAN.replace("wrong_fixes: [Wait]\n", fixes) + check;
    let book =
        faultbook::read(&Sources::single("content/it-breaks.yaml".into(), &text), &Given::default()).book;
    let wrong = |id: &str| CellName::WrongFix(id.to_owned());
    let cells = [
        (CellName::Broken, Verdict::Present),
        (CellName::Fixed, Verdict::CannotTell),
        (wrong("hide"), Verdict::Masked),
        (wrong("twice"), Verdict::Fixed),
        (wrong("wait"), Verdict::Present),
    ];
    let proof =
        |_| Proof { cells: cells.clone().into(), executed: true, ..Proof::without_run(ProofState::Failing) };
    let page = pages(&book, "2026-11-25", "it-breaks", proof).remove("f/it-breaks/index.html").unwrap();
    let table = &page[page.find("<table class=\"matrix\">").unwrap()..];
    let table = &table[..table.find("</table>").unwrap()];
    let plain = regex::Regex::new("<[^>]*>").unwrap();
    let rows = table.split("<tr><td>").skip(1).map(|row| {
        let mark = values(row, "cx").first().copied().unwrap_or("-");
        format!("{mark} {}", plain.replace_all(&row.replace("</td><td>", " | "), ""))
    });
    insta::assert_snapshot!(rows.collect::<Vec<_>>().join("\n"), @"
    6 broken state |  ✗ failure present
    - after the fix |  ? cannot tell not as it must be
    6 after wrong fix: Wait for it |  ✗ still broken
    28 after wrong fix hide it |  ◐ masked, not fixed
    50 after wrong fix twice |  ✓ fixed not as it must be
    ");
}
