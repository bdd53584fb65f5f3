//! Answers from outside of any book: which book or built site is asked, and that a site says what its book does.

use crate::support::{CLEAN, Scratch, book, faultbook, json, project, read, transcript, walk};
use faultbook::Given;
use faultbook::diagnose::{Candidate, Corpus, Diagnosis, diagnose, known};
use faultbook::library::Library;
use faultbook::output::Log;
use std::process::Output;

/// A folder that holds a site which was built from a book, and nothing of that book.
fn site_of(book: &Scratch, args: &[&str]) -> Scratch {
    let built = book.run(&[&["build", "-q", "-d", "site"], args].concat());
    assert_eq!(built.status.code(), Some(0), "{}", transcript(&built));
    let elsewhere = Scratch::empty();
    std::fs::rename(book.path().join("site"), elsewhere.path().join("site")).unwrap();
    elsewhere
}

/// One record about elephants or whatever it is.
fn about(what: &str) -> String {
    CLEAN.replace("It breaks", &format!("'fatal: the {what} has left the building'"))
}

/// What explains a log, with all that is said of it, by a book or a site as it was opened. Scores are left out: a site
/// does not tell its pages of prose, which count among the documents of a book.
fn explained(corpus: &Corpus, log: &str) -> String {
    let mut diagnosis = diagnose(corpus, &Log::of(log), 5);
    diagnosis.keep_what_is_worth_a_look();
    let Diagnosis { verdict, candidates } = diagnosis;
    let told = |candidate: Candidate| {
        let known = &corpus.records[candidate.record];
        format!(
            "{} {} {:?} {:?}\n",
            known.id,
            known.path,
            known.confused_with,
            Candidate { record: 0, score: 0.0, ..candidate }
        )
    };
    format!("{verdict:?}\n{}", candidates.into_iter().map(told).collect::<String>())
}

#[test]
fn a_site_explains_a_log_as_its_book_does() {
    let out = Scratch::empty();
    let site = out.path().join("site");
    let built = faultbook(project(), &["build", "-q", "-d", site.as_str()]).output().unwrap();
    assert_eq!(built.status.code(), Some(0), "{}", transcript(&built));
    let [of_book, of_site] = [project(), &site].map(|root| {
        let library = Library::open(root, None, Given::default()).unwrap();
        assert_eq!(library.is_site(), root == site);
        let (reading, index) = library.records(false).unwrap();
        Corpus::new(&index, known(&reading.book)).unwrap()
    });
    let mut n_told = 0;
    for log in walk(&project().join("content")).iter().filter(|path| path.ends_with("observed/broken.txt")) {
        let log = std::fs::read_to_string(log).unwrap();
        assert_eq!(explained(&of_site, &log), explained(&of_book, &log));
        n_told += 1;
    }
    assert!(n_told > 20);
}

#[test]
fn the_page_of_a_record_is_named_as_it_can_be_reached() {
    let log = "fatal: the elephant has left the building\n";
    let book = book(&[("content/one.yaml", &about("elephant")), ("a.log", log)]);
    let elsewhere = site_of(&book, &[]);
    elsewhere.write("a.log", log);
    let more = |output: Output| {
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().find_map(|line| line.trim().strip_prefix("more")).unwrap().trim().to_owned()
    };
    assert_eq!(more(book.run(&["diagnose", "a.log"])), "faultbook show one");
    let page = more(elsewhere.run(&["--book", "site", "diagnose", "a.log"]));
    assert_eq!(page, "site/f/one/index.html");
    assert!(elsewhere.path().join(page).is_file());
    let place = book.path().as_str();
    assert_eq!(
        more(elsewhere.run(&["--book", place, "diagnose", "a.log"])),
        format!("faultbook --book {place} show one")
    );
    let published = site_of(&book, &["--site-url", "https://books.example/faults/"]);
    published.write("a.log", log);
    let page = more(published.run(&["--book", "site", "diagnose", "a.log"]));
    assert_eq!(page, "https://books.example/faults/f/one/");
}

#[test]
fn a_record_is_shown_from_a_site_with_the_very_twins() {
    let book = book(&[("content/one.yaml", &about("elephant"))]);
    let elsewhere = site_of(&book, &[]);
    for format in ["md", "json", "human"] {
        let of_site = elsewhere.run(&["--book", "site", "show", "one", "-f", format]);
        assert_eq!(transcript(&of_site), transcript(&book.run(&["show", "one", "-f", format])));
    }
    assert_eq!(elsewhere.run(&["--book", "site", "show", "../one"]).status.code(), Some(2));
}

/// What is known of checks, and when records changed, as the book says it.
#[test]
fn a_site_is_listed_as_its_book_is() {
    let book = Scratch::copy_of(&crate::support::golden_book());
    let elsewhere = site_of(&book, &[]);
    let of_site = elsewhere.run(&["--book", "site", "list", "-f", "json"]);
    assert_eq!(transcript(&of_site), transcript(&book.run(&["list", "-f", "json"])));
    assert!(String::from_utf8(of_site.stdout).unwrap().contains("\"check\": \"tested\""));
    let shown = transcript(&elsewhere.run(&["--book", "site", "show", "stale-lock"]));
    assert!(shown.contains("✓ tested 20"), "{shown}");
    insta::assert_snapshot!(transcript(&elsewhere.run(&["--book", "site", "lint"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: this verb needs a book, and `site` is a built site
      = hint: `diagnose`, `search`, `show`, `list` and `mcp` answer from a site as well
    ");
}

/// `--book`, then the environment, then the user's own settings.
#[test]
fn the_nearest_name_of_a_book_counts() {
    let books: Vec<Scratch> =
        ["flag", "variable", "setting"].map(|what| book(&[("content/one.yaml", &about(what))])).into();
    let home = Scratch::empty();
    home.write(".config/faultbook/config.toml", format!("book = '{}'\n", books[2].path()));
    home.write("here/a.log", "fatal: the setting has left the building\n");
    let title = |args: &[&str], variable: Option<&str>| {
        let args = [args, &["show", "one", "-f", "json"]].concat();
        let mut command = faultbook(&home.path().join("here"), &args);
        command.env_remove("XDG_CONFIG_HOME").env("HOME", home.path());
        if let Some(variable) = variable {
            command.env("FAULTBOOK_BOOK", variable);
        }
        let output = command.output().unwrap();
        let twin: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        match twin["title"].as_str() {
            Some(title) => title.split(' ').nth(2).unwrap().to_owned(),
            None => transcript(&output).replace(home.path().as_str(), "HOME"),
        }
    };
    let [flag, variable] = [books[0].path().as_str(), books[1].path().as_str()];
    assert_eq!(title(&["--book", flag], Some(variable)), "flag");
    assert_eq!(title(&[], Some(variable)), "variable");
    assert_eq!(title(&[], None), "setting");
    home.write("other.toml", format!("book = '{variable}'\n"));
    assert_eq!(title(&["--config", "../other.toml"], None), "variable");
    std::fs::rename(books[2].path().join("content"), home.path().join("content")).unwrap();
    home.write(".config/faultbook/config.toml", "book = '../../mine'\n");
    home.write("mine/book.toml", "");
    std::fs::rename(home.path().join("content"), home.path().join("mine/content")).unwrap();
    assert_eq!(title(&[], None), "setting");
    home.write(".config/faultbook/config.toml", "book = '~/mine'\n");
    assert_eq!(title(&[], None), "setting");
    home.write(".config/faultbook/config.toml", "# mine\nbok = '~/mine'\n");
    insta::assert_snapshot!(title(&[], None), @"
    exit: 2
    --- stdout

    --- stderr
    error: HOME/.config/faultbook/config.toml:2: config.toml has no key `bok`
      = hint: did you mean `book`?
    ");
    home.write(".config/faultbook/config.toml", "book = '~/none'\n");
    insta::assert_snapshot!(title(&[], None), @"
    exit: 2
    --- stdout

    --- stderr
    error: there is neither a book nor a built site in `HOME/none`
      = hint: `book` in `HOME/.config/faultbook/config.toml` takes the folder of a book, or of a site that was built from one
    ");
    assert!(title(&["--config", "none.toml"], None).contains("No such file"));
}

/// A folder of documentation may have a `book.toml` of its own, and then answers would come from nowhere.
#[test]
fn a_named_book_that_is_passed_over_is_said_to_be() {
    let here = book(&[("content/one.yaml", &about("elephant")), ("docs/a.md", "")]);
    let other = book(&[("content/one.yaml", &about("giraffe"))]);
    let said = |args: &[&str]| transcript(&here.run(&[args, &["list", "-f", "ids"]].concat()));
    assert!(said(&["--book", other.path().as_str()]).contains("`--book` is passed over"));
    assert!(said(&["-C", "docs", "--book", other.path().as_str()]).contains("is in the book of `/"));
    let quiet = "exit: 0\n--- stdout\none\n--- stderr\n";
    assert_eq!(said(&["--book", "."]), quiet);
    assert_eq!(said(&["-q", "--book", other.path().as_str()]), quiet);
}

#[test]
fn a_site_on_the_web_is_not_asked_and_that_is_said_at_once() {
    insta::assert_snapshot!(transcript(&Scratch::empty().run(&["--book", "https://books.example/small/", "diagnose"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: `https://books.example/small/` is an address, and no site is fetched
      = hint: a site is read from its folder; one on the web has to be copied here first, or its book checked out
    ");
}

/// What is observed changes which log is recognised, so a changed list is read again.
#[test]
fn a_site_that_is_built_again_is_read_again() {
    let book = book(&[
        ("content/one/record.yaml", &about("elephant")),
        ("a.log", "panic: spindle 7 left its bearing\n"),
    ]);
    let out = Scratch::empty();
    let target = out.path().join("site");
    let verdict = || json(&out, &["--book", "site", "diagnose", "-f", "json", "a.log"])["verdict"].clone();
    let build = || assert_eq!(book.run(&["build", "-q", "-d", target.as_str()]).status.code(), Some(0));
    out.write("a.log", read(&book, "a.log"));
    build();
    assert_eq!(verdict(), "none");
    book.write("content/one/observed/broken.txt", "panic: spindle 7 left its bearing\n");
    build();
    assert_eq!(verdict(), "match");
}
