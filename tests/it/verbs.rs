//! Verbs that show, list, make, rename and format records: the real binary on small books.

use crate::support::{Scratch, transcript};

const CLEAN: &str = "title: It breaks\nproduct: thing\nsymptom: It stops.\nroot_cause: A cause.\nfix: Mend it.\nwrong_fixes: [Wait]\nkeywords: [it breaks]\nsources: [seen]\n";

fn book(files: &[(&str, &str)]) -> Scratch {
    let book = Scratch::empty();
    book.write("book.toml", "");
    files.iter().for_each(|(path, text)| book.write(path, text));
    book
}

fn read(book: &Scratch, path: &str) -> String {
    std::fs::read_to_string(book.path().join(path)).unwrap()
}

const UNTIDY: &str = "# seen twice\nproduct:   thing\ntitle: It breaks\nfix: [ {text: Mend it.} ]\nsymptom: It stops.\nroot_cause: A cause.\nwrong_fixes: [Wait]\nkeywords: it breaks\nsources: [seen]\n";

#[test]
fn fmt_writes_one_order_and_style_and_keeps_comments() {
    let book = book(&[("content/untidy.yaml", UNTIDY), ("content/clean.yaml", CLEAN)]);
    insta::assert_snapshot!(transcript(&book.run(&["fmt", "--check"])), @"
    exit: 1
    --- stdout
    content/clean.yaml
    content/untidy.yaml
    --- stderr
    2 records: 2 would change
    ");
    assert_eq!(read(&book, "content/untidy.yaml"), UNTIDY);
    insta::assert_snapshot!(transcript(&book.run(&["fmt"])), @"
    exit: 0
    --- stdout
    content/clean.yaml
    content/untidy.yaml
    --- stderr
    2 records: 2 changed
    ");
    insta::assert_snapshot!(read(&book, "content/untidy.yaml"), @"
    # seen twice
    title: It breaks
    product: thing
    symptom: It stops.
    root_cause: A cause.
    fix: [Mend it.]
    wrong_fixes: [Wait]
    keywords: [it breaks]
    sources: [seen]
    ");
    insta::assert_snapshot!(transcript(&book.run(&["fmt", "--check"])), @"
    exit: 0
    --- stdout

    --- stderr
    2 records: 0 would change
    ");
}

#[test]
fn fmt_shows_errors_and_leaves_the_file() {
    let wrong = UNTIDY.replace("sources", "sorces");
    let book = book(&[("content/untidy.yaml", UNTIDY), ("content/wrong.yaml", &wrong)]);
    insta::assert_snapshot!(transcript(&book.run(&["fmt"])), @"
    exit: 1
    --- stdout
    content/untidy.yaml
    --- stderr
    error[unknown-key]: a record has no key `sorces`
     --> content/wrong.yaml:9:1
      |
    9 | sorces: [seen]
      | ^^^^^^
      |
      = hint: did you mean `sources`?

    2 records: 1 changed, 1 left as they are
    ");
    assert_eq!(read(&book, "content/wrong.yaml"), wrong);
}

#[test]
fn fmt_keeps_to_the_paths_and_away_from_guides() {
    let guide = "---\ntitle:   A guide\n---\n\nWords.\n";
    let book = book(&[
        ("content/one/one.yaml", UNTIDY),
        ("content/two/two.yaml", UNTIDY),
        ("content/pages/guide.md", guide),
    ]);
    assert_eq!(book.run(&["fmt", "content/one", "content/pages"]).status.code(), Some(0));
    assert_ne!(read(&book, "content/one/one.yaml"), UNTIDY);
    assert_eq!(read(&book, "content/two/two.yaml"), UNTIDY);
    assert_eq!(read(&book, "content/pages/guide.md"), guide);
}

#[test]
fn fmt_refuses_to_take_the_place_of_another_file() {
    let book = book(&[("content/one.yaml", CLEAN), ("content/one.md", "---\ntitle: Another\n---\n")]);
    let output = book.run(&["fmt", "--to", "md"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(read(&book, "content/one.yaml"), CLEAN);
}
