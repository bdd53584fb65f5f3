//! `faultbook theme`: taking built-in files over, seeing what drifts, and trying templates on hard records.

use crate::support::{CLEAN, Scratch, golden_book, project, transcript};
use faultbook::parse::shape::{Kind, RECORD, Shape};
use faultbook::parse::{self, Node, Value};
use faultbook::render::Theme;
use faultbook::text::{FileId, Source};
use std::collections::BTreeSet;

fn book() -> Scratch {
    let book = Scratch::empty();
    book.write("book.toml", "[facets.category]\nvalues = ['locking', 'network']\n");
    book.write("content/it-breaks.yaml", CLEAN);
    book
}

#[test]
fn theme_list_says_what_is_the_books_own() {
    let book = book();
    assert_eq!(book.run(&["theme", "eject", "home.html"]).status.code(), Some(0));
    book.write("theme/site.css", "body { color: red }\n");
    book.write("templates/own.html", "ours");
    let list = String::from_utf8(book.run(&["theme", "list"]).stdout).unwrap();
    let own: Vec<&str> = list.lines().filter(|line| !line.ends_with("  built in")).collect();
    insta::assert_snapshot!(own.join("\n"), @"
    templates/home.html        the book's own, the same as the built-in one
    theme/site.css             the book's own
    templates/own.html         the book's own, beside the built-in ones
    ");
    assert_eq!(
        list.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(),
        ["templates/404.html", "built", "in"]
    );
}

#[test]
fn theme_eject_copies_one_file_and_overwrites_none() {
    let book = book();
    insta::assert_snapshot!(transcript(&book.run(&["theme", "eject", "theme/site.css"])), @"
    exit: 0
    --- stdout
    theme/site.css
    --- stderr
    ");
    let built_in = std::fs::read_to_string(project().join("theme/site.css")).unwrap();
    assert_eq!(std::fs::read_to_string(book.path().join("theme/site.css")).unwrap(), built_in);
    insta::assert_snapshot!(transcript(&book.run(&["theme", "eject", "site.css"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: the book has a `theme/site.css` already
      = hint: `faultbook theme diff` shows how it differs from the built-in one
    ");
    insta::assert_snapshot!(transcript(&book.run(&["theme", "eject", "recrd.html"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: no built-in file is called `recrd.html`
      = hint: the nearest name is `record.html`
    ");
}

/// Comments and indentation of built-in scripts stay with the sources; that is right while each comment has its lines to
/// itself, and no text goes on over lines.
#[test]
fn a_site_has_built_in_scripts_without_comments() {
    let (as_served, _) = Theme::new(&[], false).pages();
    let mut n_scripts = 0;
    for (name, source) in Theme::built_in().iter().filter(|(name, _)| name.ends_with(".js")) {
        n_scripts += 1;
        for line in source.lines() {
            assert_eq!(line.replace("\\`", "").matches('`').count() % 2, 0, "{name}: {line}");
            let comment = line.trim_start();
            let is_whole =
                !comment.starts_with("/*") || (comment.starts_with("/**") && comment.ends_with("*/"));
            assert!(is_whole && !comment.starts_with('*'), "{name}: {line}");
        }
        let served = as_served.iter().find(|page| page.path == format!("assets/{name}")).unwrap();
        let served = String::from_utf8(served.body.clone()).unwrap();
        assert!(!served.contains("/**") && !served.contains("\n//") && !served.contains("\n "), "{served}");
        assert!(source.lines().map(str::trim).filter(|line| served.contains(line)).count() > 20, "{name}");
    }
    assert_eq!(n_scripts, 5);
}

/// One that a book took over and left as it is stays ours; one that it changed is served to the letter.
#[test]
fn a_script_that_a_book_changed_is_served_as_it_is() {
    let book = book();
    assert_eq!(book.run(&["theme", "eject", "theme/page.js"]).status.code(), Some(0));
    assert_eq!(book.run(&["build", "-q"]).status.code(), Some(0));
    let served = |book: &Scratch| {
        let is_it =
            |path: &camino::Utf8PathBuf| path.file_name().is_some_and(|name| name.starts_with("page."));
        let path = crate::support::walk(&book.path().join("book/assets")).into_iter().find(is_it).unwrap();
        std::fs::read_to_string(path).unwrap()
    };
    assert!(!served(&book).contains("\n//"));
    let own = "// Ours.\n  console.log(`two\n  lines`);\n";
    book.write("theme/page.js", own);
    assert_eq!(book.run(&["build", "-q"]).status.code(), Some(0));
    assert_eq!(served(&book), own);
}

#[test]
fn theme_diff_shows_what_the_book_changed() {
    let book = book();
    insta::assert_snapshot!(transcript(&book.run(&["theme", "diff"])), @"
    exit: 0
    --- stdout

    --- stderr
    ");
    for name in ["redirect.html", "llms.txt"] {
        assert_eq!(book.run(&["theme", "eject", name]).status.code(), Some(0));
    }
    let text = std::fs::read_to_string(book.path().join("templates/llms.txt")).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[0] = "# Ours";
    lines.insert(5, "One more.");
    book.write("templates/llms.txt", lines.join("\n"));
    // It has a block of its own, and follows the built-in one for the rest.
    book.write("templates/home.html", "{% extends \"default/home.html\" %}");
    insta::assert_snapshot!(transcript(&book.run(&["theme", "diff"])), @"
    exit: 1
    --- stdout
    --- built-in templates/llms.txt
    +++ templates/llms.txt
    @@ -1,8 +1,9 @@
    -# {{ site.title }}
    +# Ours
     {% if site.description %}
     > {{ site.description }}
     {% endif %}
     Each record is one failure: quick fix, what not to try, symptom, cause, how to verify. A link below leads to a record as Markdown; `index.json` beside it has the same facts for programs, and `api/v1/records.json` lists all records. To look up an error message, search `api/v1/signatures.json`: a line per record with its codes and the templates of its messages.
    +One more.
     {% if view.guides %}
     ## Guides
    --- stderr
    ");
}

#[test]
fn theme_doctor_is_content_with_what_is_built_in() {
    insta::assert_snapshot!(transcript(&book().run(&["theme", "doctor"])).replace(|c: char| c.is_ascii_digit(), "N"), @"
    exit: N
    --- stdout
    NN files, no findings
    --- stderr
    ");
    let golden = Scratch::copy_of(&golden_book());
    let output = golden.run(&["theme", "doctor"]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
}

#[test]
fn theme_doctor_finds_what_fails_only_for_some_records() {
    let book = book();
    let block = |text: &str| {
        format!("{{% extends \"default/record.html\" %}}{{% block foot %}}{text}{{% endblock %}}")
    };
    // Every record of this book has a step; not every record has.
    book.write("templates/record.html", block("{{ view.fix.steps[0].text.markdown }}"));
    assert_eq!(book.run(&["build", "-q"]).status.code(), Some(0));
    insta::assert_snapshot!(transcript(&book.run(&["theme", "doctor"])), @r#"
    exit: 1
    --- stdout

    --- stderr
    error: could not build the site
      because: use the templates
      because: error: Field `text` is not defined
       --> record.html:1:55
        |
      1 | {% extends "default/record.html" %}{% block foot %}{{ view.fix.steps[0].text.markdown }}{% endblock %}
        |                                                       ^^^^^^^^^^^^^^^^
    "#);
    book.write("templates/record.html", block("<a href=\"nowhere/\">here</a>"));
    let output = book.run(&["theme", "doctor"]);
    assert_eq!(output.status.code(), Some(1));
    let text = transcript(&output);
    assert!(text.contains("the page `f/faultbook-doctor-full/index.html` links to `nowhere/`"), "{text}");
}

/// A new field is tried from the day on which it comes.
#[test]
fn the_overfull_record_has_every_key_of_every_shape() {
    let text = std::fs::read(project().join("src/cli/doctor_full.yaml")).unwrap();
    let source = Source::from_bytes("content/faultbook-doctor-full.yaml".into(), text);
    let tree = parse::tree(FileId(0), &source).unwrap();
    let mut written = BTreeSet::new();
    collect(&tree, Kind::Map(&RECORD), &mut written);
    let mut missing = Vec::new();
    every(&RECORD, &mut |shape, key| {
        let is_written = written.contains(&(shape.name, key));
        if !is_written {
            missing.push(format!("{}: {key}", shape.name));
        }
        is_written
    });
    // Of two that exclude each other, the other one stands there.
    insta::assert_snapshot!(missing.join("\n"), @"a record: verify");
}

fn collect(node: &Node, kind: Kind, written: &mut BTreeSet<(&'static str, &'static str)>) {
    match (kind, &node.value) {
        (Kind::List(of), Value::List(items)) => items.iter().for_each(|item| collect(item, *of, written)),
        (Kind::List(of), _) => collect(node, *of, written),
        (Kind::Map(shape), Value::Map(entries)) => {
            for entry in entries {
                let field = shape.field(&entry.key.value).unwrap();
                written.insert((shape.name, field.key));
                collect(&entry.node, field.kind, written);
            }
        }
        (Kind::Map(shape), Value::Scalar(_)) => drop(written.insert((shape.name, shape.text_is.unwrap()))),
        _ => {}
    }
}

/// Every key, and those of what stands behind it where `visit` says so.
fn every(shape: &'static Shape, visit: &mut impl FnMut(&'static Shape, &'static str) -> bool) {
    for field in shape.fields {
        if !visit(shape, field.key) {
            continue;
        }
        let mut kind = field.kind;
        while let Kind::List(of) = kind {
            kind = *of;
        }
        if let Kind::Map(inner) = kind {
            every(inner, visit);
        }
    }
}
