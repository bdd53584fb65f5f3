//! The terminal's search: an index that is never stale and survives what happens to it, and answers that help.

use crate::support::{CLEAN, Scratch, book, faultbook, golden_book, json, transcript, walk};
use camino::Utf8PathBuf;
use std::process::{Command, Output, Stdio};

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn ids(book: &Scratch, args: &[&str]) -> String {
    stdout(&book.run(&[&["search", "-f", "ids"], args].concat()))
}

fn named(title: &str) -> String {
    CLEAN.replace("It breaks", title)
}

fn index_files(book: &Scratch) -> Vec<Utf8PathBuf> {
    walk(&book.path().join(".faultbook/index"))
}

#[test]
fn every_kind_of_change_shows_in_the_next_answer() {
    let book = book(&[("content/one.yaml", CLEAN)]);
    assert_eq!(ids(&book, &["breaks"]), "one\n");
    book.write("content/two.yaml", named("Elephants"));
    assert_eq!(ids(&book, &["elephants"]), "two\n");
    // The same length, and the time of before.
    let path = book.path().join("content/two.yaml");
    let before = std::fs::metadata(&path).unwrap().modified().unwrap();
    book.write("content/two.yaml", named("Crocodile"));
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
    assert_eq!(ids(&book, &["crocodile"]), "two\n");
    assert_eq!(ids(&book, &["elephants"]), "");
    std::fs::rename(&path, book.path().join("content/three.yaml")).unwrap();
    assert_eq!(ids(&book, &["crocodile"]), "three\n");
    std::fs::remove_file(book.path().join("content/three.yaml")).unwrap();
    assert_eq!(ids(&book, &["crocodile"]), "");
    book.write("elsewhere/four.yaml", named("Giraffes"));
    book.write("book.toml", "[book]\nsrc = 'elsewhere'\n");
    assert_eq!(ids(&book, &["giraffes"]), "four\n");
    assert_eq!(ids(&book, &["breaks"]), "four\n");
}

#[test]
fn a_search_that_does_not_look_answers_from_the_last_index() {
    let book = book(&[("content/one.yaml", CLEAN)]);
    assert_eq!(ids(&book, &["--no-refresh", "breaks"]), "one\n", "there is none yet, so it looks");
    book.write("content/one.yaml", named("Elephants"));
    assert_eq!(ids(&book, &["--no-refresh", "elephants"]), "");
    assert_eq!(ids(&book, &["elephants"]), "one\n");
    assert_eq!(ids(&book, &["--no-refresh", "elephants"]), "one\n");
}

#[test]
fn drafts_have_an_index_of_their_own() {
    let draft = "title: Elephants\nproduct: thing\nsymptom: They stand still.\nfix: Mend it.\n";
    let book = book(&[("content/one.yaml", CLEAN), ("content/two.yaml", draft)]);
    for _ in 0..2 {
        assert_eq!(ids(&book, &["elephants"]), "");
        assert_eq!(ids(&book, &["--drafts", "elephants"]), "two\n");
    }
}

/// Whatever is done to one file of the cache, the answer is the same, and only `-v` speaks of it.
#[test]
fn no_file_of_the_index_can_be_damaged_so_that_an_answer_changes() {
    let book = Scratch::copy_of(&golden_book());
    let args = ["search", "-v", "-f", "json", "could not get lock"];
    let wanted = stdout(&book.run(&args));
    assert!(wanted.contains("stale-lock"));
    book.run(&args);
    let n_files = index_files(&book).len();
    assert!(n_files > 5);
    let damages: [fn(Vec<u8>) -> Vec<u8>; 4] = [
        |bytes| bytes[..bytes.len() / 2].to_vec(),
        |_| Vec::new(),
        |bytes| bytes.iter().map(|byte| !byte).collect(),
        |mut bytes| {
            let middle = bytes.len() / 2;
            bytes.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 1);
            bytes
        },
    ];
    let mut n_told = 0;
    for nth in 0..n_files {
        for damage in damages {
            let Some(file) = index_files(&book).into_iter().nth(nth) else { continue };
            std::fs::write(&file, damage(std::fs::read(&file).unwrap())).unwrap();
            let quiet = book.run(&["search", "--no-refresh", "-f", "json", "could not get lock"]);
            assert_eq!(stdout(&quiet), wanted, "{file}");
            assert_eq!(quiet.stderr, b"", "{file}");
            let Some(file) = index_files(&book).into_iter().nth(nth) else { continue };
            std::fs::write(&file, damage(std::fs::read(&file).unwrap())).unwrap();
            let output = book.run(&args);
            assert_eq!(stdout(&output), wanted, "{file}");
            n_told += usize::from(String::from_utf8_lossy(&output.stderr).contains("the index was damaged"));
        }
    }
    assert!(n_told >= n_files, "{n_told} of {n_files}");
}

#[test]
fn a_file_of_the_index_may_be_gone_or_be_a_folder() {
    let book = Scratch::copy_of(&golden_book());
    let wanted = ids(&book, &["lock"]);
    for nth in 0..index_files(&book).len() {
        let Some(file) = index_files(&book).into_iter().nth(nth) else { continue };
        std::fs::remove_file(&file).unwrap();
        assert_eq!(ids(&book, &["lock"]), wanted, "{file}");
        if std::fs::remove_file(&file).is_ok() {
            std::fs::create_dir(&file).unwrap();
            assert_eq!(ids(&book, &["lock"]), wanted, "{file}");
        }
    }
}

#[test]
fn a_place_that_cannot_be_written_is_no_obstacle() {
    let book = book(&[("content/one.yaml", CLEAN), (".faultbook", "a file where a folder should be")]);
    let output = book.run(&["search", "-v", "-f", "ids", "breaks"]);
    assert_eq!(stdout(&output), "one\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("could not be kept"));
    book.write("content/one.yaml", named("Elephants"));
    assert_eq!(ids(&book, &["elephants"]), "one\n");
}

/// Where a file cannot grow, as on a full disk, nothing unfinished stays, and the next search has its index.
#[test]
fn a_full_disk_is_no_obstacle() {
    let book = Scratch::copy_of(&golden_book());
    for blocks in ["0", "1", "2"] {
        let script =
            format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" search -v -f ids 'could not get lock'");
        let program = env!("CARGO_BIN_EXE_faultbook");
        let output =
            Command::new("sh").args(["-c", &script, program]).current_dir(book.path()).output().unwrap();
        assert_eq!(stdout(&output).lines().next(), Some("stale-lock"));
        assert!(String::from_utf8_lossy(&output.stderr).contains("could not be kept"));
        let left = index_files(&book);
        assert!(left.iter().all(|path| path.file_name() == Some("lock")), "{left:?}");
    }
    let next = book.run(&["search", "-v", "-f", "ids", "could not get lock"]);
    assert!(String::from_utf8_lossy(&next.stderr).contains("built anew"));
}

#[test]
fn the_cache_keeps_to_its_place_and_stays_small() {
    let book = book(&[("content/one.yaml", CLEAN)]);
    for nth in 0..12 {
        book.write("content/one.yaml", named(&format!("Elephant {nth}")));
        assert_eq!(ids(&book, &[&format!("\"elephant {nth}\"")]), "one\n");
    }
    book.write(".faultbook/index/.new-left-by-somebody/meta.json", "{");
    book.write("content/one.yaml", named("Crocodile"));
    assert_eq!(ids(&book, &["crocodile"]), "one\n");
    let names: Vec<String> = book
        .path()
        .join(".faultbook/index")
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_owned())
        .collect();
    assert!(names.iter().filter(|name| name.len() == 32).count() <= 8, "{names:?}");
    assert!(!names.iter().any(|name| name.starts_with(".new-")), "{names:?}");
}

/// Eight searches at once, while records change and searches are killed at any moment: each answer is right.
#[test]
fn searches_at_once_agree_whatever_becomes_of_one_of_them() {
    let book = book(&[("content/one.yaml", CLEAN)]);
    for nth in 0..40 {
        book.write(&format!("content/filler-{nth}.yaml"), named(&format!("Filler number {nth}")));
    }
    for round in 0..6 {
        let word = ["alder", "birch", "cedar", "dogwood", "elder", "fir"][round];
        book.write("content/moving.yaml", named(&format!("The tree called {word}")));
        let search = |query: &str| {
            let mut command = faultbook(book.path(), &["search", "-f", "ids", query]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let searches: Vec<_> = (0..8).map(|_| search(&format!("{word} "))).collect();
        let mut victim = search(&format!("{word} "));
        std::thread::yield_now();
        victim.kill().unwrap();
        victim.wait().unwrap();
        book.write(&format!("content/more-{round}.yaml"), named(&format!("Shrub number {round}")));
        for search in searches {
            let output = search.wait_with_output().unwrap();
            assert_eq!(stdout(&output), "moving\n", "{}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!(ids(&book, &[&format!("{word} ")]), "moving\n");
        assert_eq!(ids(&book, &["shrub "]).lines().count(), round + 1);
    }
}

#[test]
fn a_built_site_answers_as_its_book_does() {
    let book = Scratch::copy_of(&golden_book());
    assert_eq!(book.run(&["build", "-q", "-d", "site"]).status.code(), Some(0));
    let elsewhere = Scratch::empty();
    std::fs::rename(book.path().join("site"), elsewhere.path().join("site")).unwrap();
    for query in ["could not get lock", "two writers", "thing lock stale", "wait", "the"] {
        let of_site = ids(&elsewhere, &["--book", "site", query]);
        assert_eq!(of_site, ids(&book, &[query]), "{query}");
    }
    let in_it = faultbook(&elsewhere.path().join("site/f"), &["search", "-f", "ids", "could not get lock"]);
    assert_eq!(stdout(&{ in_it }.output().unwrap()).lines().next(), Some("stale-lock"));
    let files = walk(elsewhere.path());
    assert!(!files.iter().any(|file| file.as_str().contains(".faultbook")), "a site is not written to");
    let path = "site/api/v1/records/stale-lock.json";
    let twin = std::fs::read_to_string(elsewhere.path().join(path)).unwrap();
    elsewhere.write(path, twin.replace("could not get lock", "elephants"));
    assert_eq!(ids(&elsewhere, &["--book", "site", "elephants"]), "stale-lock\n");
}

#[test]
fn what_is_neither_a_book_nor_a_site_is_named_with_a_remedy() {
    let empty = Scratch::empty();
    insta::assert_snapshot!(transcript(&empty.run(&["search", "--book", "nothing", "x"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: there is neither a book nor a built site in `nothing`
      = hint: --book takes the folder of a book, or of a site that was built from one
    ");
    let output = empty.run(&["search", "--book", "https://books.example/", "x"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("copied here first"));
}

#[test]
fn a_facet_that_no_record_has_is_answered_with_those_they_have() {
    let book = Scratch::copy_of(&golden_book());
    insta::assert_snapshot!(transcript(&book.run(&["search", "--facet", "product=thong", "lock"])), @"
    exit: 2
    --- stdout

    --- stderr
    error: no record has `product=thong`
      = hint: the nearest is `product=thing`
    ");
    let output = book.run(&["search", "--facet", "category=elephants", "lock"]);
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stderr).trim_end(), @"
    error: no record has `category=elephants`
      = hint: a category is one of <img src=x onerror=alert(1)>, locking, memory
    ");
}

#[test]
fn hits_are_lit_where_colour_is_wanted() {
    let book = Scratch::copy_of(&golden_book());
    let output = stdout(&book.run(&["search", "--color", "always", "could not get lock"]));
    assert!(output.contains("\u{1b}[1;33mlock\u{1b}[22;39m"), "{output:?}");
    assert!(!stdout(&book.run(&["search", "could not get lock"])).contains('\u{1b}'));
}

/// A log begins with what went well; its rare words are not those that name the failure.
#[test]
fn of_a_pasted_log_the_lines_that_name_the_failure_count() {
    let step = |nth: usize| named(&format!("Step{nth} loaded module{nth} from shelf{nth}"));
    let book = book(&[("content/lock.yaml", &named("could not get lock on the spool"))]);
    (0..12).for_each(|nth| book.write(&format!("content/step-{nth}.yaml"), step(nth)));
    let quiet: String =
        (0..12).map(|nth| format!("INFO step{nth} loaded module{nth} from shelf{nth}\n")).collect();
    assert_eq!(ids(&book, &["-n1", &format!("{quiet}Could not get lock\nbye")]), "lock\n");
    // Few lines may all be meant, and without such a line nothing is left out.
    assert_eq!(ids(&book, &["-n1", "step3 loaded module3 from shelf3\ncould not\n"]), "step-3\n");
    assert_eq!(ids(&book, &["-n1", &quiet]).lines().count(), 1);
}

/// On a terminal each reason is one line, cut around what is lit; a program gets whole lines.
#[test]
fn hits_keep_to_the_width_of_a_terminal() {
    let long =
        "Nobody expects that the elephants of the second circus, which came by train, stop the turntable";
    let record = named(&format!("{long} at night")).replace("It stops.", &format!("{long}. It stops."));
    let book = book(&[("content/one.yaml", &record)]);
    let of_width = |columns: Option<&str>| {
        let mut command = faultbook(book.path(), &["search", "turntable train"]);
        columns.map(|columns| command.env("COLUMNS", columns));
        stdout(&command.output().unwrap())
    };
    for columns in [24, 40, 60, 80] {
        let text = of_width(Some(&columns.to_string()));
        assert!(text.lines().all(|line| line.chars().count() <= columns), "{columns}: {text}");
        assert!(text.contains("train"), "{text}");
    }
    insta::assert_snapshot!(of_width(Some("60")).trim_end(), @"
    1. Nobody expects that the elephants of the second circus,
       which came by train, stop the turntable at night  one
       summary …which came by train, stop the turntable.
       fix Mend it.
    ");
    assert!(of_width(None).contains(&format!("1. {long} at night  one\n")));
}

/// Text of a record moves no cursor and hides nothing, whatever is lit in it.
#[test]
fn a_hostile_record_is_shown_as_text() {
    let hostile = "title: \"evil \\e[2J\\e]0;owned\\a \\u202E title\"\nproduct: thing\nsymptom: \"It \\e[31m stops.\"\n\
         root_cause: A cause.\nfix: {run: \"rm \\e[8m x\"}\nwrong_fixes: [Wait]\nkeywords: [\"evil \\e[1A\"]\nsources: [seen]\n";
    let book = book(&[("content/one.yaml", hostile), ("book.toml", "[lint]\ninvisible-character = 'off'\n")]);
    let output = book.run(&["search", "evil"]);
    let text = stdout(&output);
    assert!(text.contains("evil"), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    assert_eq!(json(&book, &["search", "-f", "json", "evil"])["hits"][0]["id"], "one");
}
