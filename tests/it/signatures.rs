//! `/api/v1/signatures.json`: an error is looked up with that file and the twins, and nothing of ours.

use crate::support::{Scratch, book, project, read, walk};
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use std::collections::BTreeSet;

/// What the file says, and nothing else is known here.
struct Lookup {
    records: Vec<Known>,
    place: Regex,
}

struct Known {
    id: String,
    codes: Vec<String>,
    templates: Vec<Regex>,
    literals: Vec<(String, Vec<String>)>,
    regexes: Vec<(Regex, Vec<String>)>,
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

impl Lookup {
    fn of(site: &Scratch, folder: &str) -> Lookup {
        let file: Value =
            serde_json::from_str(&read(site, &format!("{folder}/api/v1/signatures.json"))).unwrap();
        assert_eq!(file["schema"], "signatures/1");
        let slots = texts(&file["slots"]);
        let known = |record: &Value| {
            let signatures = || record["signatures"].as_array().into_iter().flatten();
            let with = |key: &'static str| {
                signatures().filter_map(move |signature| {
                    Some((signature[key].as_str()?.to_owned(), texts(&signature["not_this"])))
                })
            };
            Known {
                id: record["id"].as_str().unwrap().to_owned(),
                codes: texts(&record["codes"]),
                templates: texts(&record["templates"]).iter().map(|text| pattern(text, &slots)).collect(),
                literals: with("literal").collect(),
                regexes: with("regex").map(|(text, not)| (Regex::new(&text).unwrap(), not)).collect(),
            }
        };
        Lookup {
            records: file["records"].as_array().unwrap().iter().map(known).collect(),
            place: Regex::new(r"(\.[a-z]+)(:\d+){1,2}").unwrap(),
        }
    }

    /// The ids that a line of a log leads to.
    fn ids(&self, line: &str) -> BTreeSet<String> {
        let words: Vec<&str> = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        let without_places = self.place.replace_all(line, "$1");
        let is_free = |not: &[String]| !not.iter().any(|text| line.contains(text));
        let fits = |known: &&Known| {
            known.codes.iter().any(|code| words.contains(&code.as_str()))
                || known.templates.iter().any(|template| template.is_match(&without_places))
                || known.literals.iter().any(|(text, not)| line.contains(text) && is_free(not))
                || known.regexes.iter().any(|(regex, not)| regex.is_match(line) && is_free(not))
        };
        self.records.iter().filter(fits).map(|known| known.id.clone()).collect()
    }
}

fn pattern(template: &str, slots: &[String]) -> Regex {
    let mut pattern = regex::escape(template);
    for slot in slots {
        pattern = pattern.replace(&regex::escape(slot), ".*?");
    }
    RegexBuilder::new(&pattern.replace(' ', r"\s+")).case_insensitive(true).build().unwrap()
}

/// What each of our records was seen to print leads to it, and its twin has the fix.
#[test]
fn an_error_is_looked_up_with_the_file_and_the_twins_alone() {
    let out = Scratch::empty();
    let target = out.path().join("site");
    let output =
        crate::support::faultbook(project(), &["build", "-q", "-d", target.as_str()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let lookup = Lookup::of(&out, "site");
    let (mut n_logs, mut n_told) = (0, 0);
    for log in walk(&project().join("content")).iter().filter(|path| path.ends_with("observed/broken.txt")) {
        let id = log.ancestors().nth(2).unwrap().file_name().unwrap();
        let log = std::fs::read_to_string(log).unwrap();
        let of_lines = || log.lines().map(|line| lookup.ids(line));
        n_logs += 1;
        n_told += usize::from(of_lines().any(|ids| ids.len() == 1 && ids.contains(id)));
        let wrong: Vec<BTreeSet<String>> =
            of_lines().filter(|ids| ids.len() == 1 && !ids.contains(id)).collect();
        assert_eq!(wrong, Vec::<BTreeSet<String>>::new(), "{id}");
        let twin: Value = serde_json::from_str(&read(&out, &format!("site/f/{id}/index.json"))).unwrap();
        assert!(twin["quick_fix"]["fix"].is_array(), "{id}");
    }
    assert!(n_logs > 20 && n_told * 10 >= n_logs * 9, "{n_told} of {n_logs}");
    assert!(read(&out, "site/llms.txt").contains("api/v1/signatures.json"));
    let innocent = ["all is well", "Compiling serde v1.0.200", "warning: unused variable", "error: aborting"];
    for line in innocent {
        assert_eq!(lookup.ids(line), BTreeSet::new(), "{line}");
    }
}

const HANDLE: &str = r#"title: the widget has no handle
product: widget
symptom: |
  ```text
  error[W0412]: widget `left` has no handle in /srv/app/left.wdg:12:4 at 08:30:00
  warning: odd
  ```
root_cause: A handle was never attached.
fix: Attach one.
wrong_fixes: [Wait]
keywords: [widget has no handle]
sources: [seen]
signatures: [{regex: 'handle \d+ fell', not_this: [fell asleep]}, {literal: everywhere, weak: true}]
"#;

#[test]
fn the_file_reads_like_this() {
    let hostile = "title: '</script><img src=x onerror=alert(1)> {{ 7 }} W0999'\nproduct: thing\nsymptom: |\n  ```text\n  \
         error: </script> \"}]} ends the <!-- list\n  ```\nroot_cause: A cause.\nfix: Mend it.\nwrong_fixes: [Wait]\n\
         keywords: [none]\nsources: [seen]\n";
    let book = book(&[
        ("content/hostile.yaml", hostile),
        ("content/no-handle/record.yaml", HANDLE),
        (
            "content/no-handle/observed/broken.txt",
            "panic: token ghp_a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2 is invalid\n",
        ),
    ]);
    assert_eq!(book.run(&["build", "-q"]).status.code(), Some(0));
    let text = read(&book, "book/api/v1/signatures.json");
    insta::assert_snapshot!(text, @r#"
    {"schema":"signatures/1","how":"Each line below is one record. A code stands in a line of the log as a word. A template is a part of a line, in lower case, with one blank between words, a slot for any text where runs differ, and no place (`:12:5`) behind the name of a file. A signature is in a line as it is, where nothing of `not_this` is. What several records have tells none of them. `url` leads to the fix.","slots":["<time>","<hash>","<number>","<path>","<q>","<scratch>","<tools>","[secret]"],"records":[
    {"id":"hostile","url":"/f/hostile/","title":"</script><img src=x onerror=alert(1)> {{ 7 }} W0999","codes":["W0999"],"templates":["</script> \"}]} ends the <!-- list","</script><img src=x onerror=alert(1)> {{ 7 }} w0999"]},
    {"id":"no-handle","url":"/f/no-handle/","title":"the widget has no handle","codes":["W0412"],"templates":["the widget has no handle","token [secret] is invalid","widget <q> has no handle in <path> at <time>"],"signatures":[{"regex":"handle \\d+ fell","not_this":["fell asleep"]}],"observed":["panic: token [secret] is invalid"]}
    ]}
    "#);
    let lookup = Lookup::of(&book, "book");
    let ids = |line| lookup.ids(line).into_iter().collect::<Vec<_>>();
    assert_eq!(
        ids("app: ERROR: Widget 'right'  has no handle in /x/y/right.wdg:3:9 at 09:00:01"),
        ["no-handle"]
    );
    assert_eq!(ids("the handle 12 fell"), ["no-handle"]);
    assert_eq!(ids("the handle 12 fell asleep"), [""; 0]);
    assert_eq!(ids("it is everywhere"), [""; 0]);
    assert_eq!(ids("see W0999"), ["hostile"]);
}

#[test]
fn a_public_site_says_nothing_of_internal_records_and_none_of_drafts() {
    let book = book(&[
        ("content/inner.yaml", &format!("{HANDLE}audience: internal\n")),
        (
            "content/open.yaml",
            &HANDLE
                .replace("W0412", "W0413")
                .replace("no handle", "no knob")
                .replace("\\d+ fell", "\\d+ rose"),
        ),
        (
            "content/draft.yaml",
            "title: half of W0414\nproduct: widget\nsymptom: It stops.\nfix: Mend it.\nstatus: draft\n",
        ),
    ]);
    let built = book.run(&["build", "-q", "--audience", "public"]);
    assert_eq!(built.status.code(), Some(0), "{}", crate::support::transcript(&built));
    let text = read(&book, "book/api/v1/signatures.json");
    assert!(
        text.contains("\"open\"")
            && !text.contains("inner")
            && !text.contains("W0412")
            && !text.contains("W0414")
    );
    assert_eq!(book.run(&["build", "-q", "--drafts"]).status.code(), Some(0));
    let text = read(&book, "book/api/v1/signatures.json");
    assert!(text.contains("\"inner\"") && text.contains("W0414"));
}
