//! What strangers and bad luck do to a book: hostile records, kills, full disks, broken templates.
//!
//! Each ends with a clear finding or a harmless page. Limits of time and memory are the kernel's, so that nothing here
//! depends on how fast a machine is.

use crate::support::{Scratch, faultbook, golden_book, transcript, walk};
use camino::{Utf8Path, Utf8PathBuf};
use faultbook::diag::{Code, Level};
use faultbook::parse::shape::{Field, Kind, RECORD, Shape};
use faultbook::parse::{self, Form, Node, list_node, map_node, text_node};
use faultbook::render::Page;
use faultbook::text::{Source, Sources};
use faultbook::{Choice, Given, Input};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const RECORD_TEXT: &str = "title: It breaks\nproduct: thing\ntags: [TAG]\nsymptom: It stops.\nroot_cause: A cause.\nfix: Mend it.\nwrong_fixes: [Wait]\nkeywords: [it breaks]\nsources: [seen]\nrelated: {see_also: [LINK]}\n";

fn record(tag: &str, link: &str) -> String {
    RECORD_TEXT.replace("TAG", tag).replace("LINK", link)
}

fn plain_book() -> Scratch {
    let book = Scratch::empty();
    book.write("book.toml", "");
    book.write("content/one.yaml", record("a", "two"));
    book.write("content/two.yaml", record("b", "one"));
    book
}

/// Runs the binary with limits that only a hang or a flood reaches.
fn limited(book: &Scratch, limits: &str, args: &str) -> Output {
    let script = format!("{limits}; exec \"$0\" {args}");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_faultbook")]).current_dir(book.path());
    command.env("NO_COLOR", "1").env("SOURCE_DATE_EPOCH", "1798675200").output().unwrap()
}

fn site(book: &Scratch) -> BTreeMap<Utf8PathBuf, Vec<u8>> {
    let folder = book.path().join("book");
    if !folder.is_dir() {
        return BTreeMap::new();
    }
    let file =
        |path: Utf8PathBuf| (path.strip_prefix(&folder).unwrap().to_owned(), std::fs::read(path).unwrap());
    walk(&folder).into_iter().map(file).collect()
}

/// A build that is killed at 200 moments leaves, each time, every page whole and with links that lead somewhere; and
/// the next build completes it.
#[test]
fn a_build_that_is_killed_at_any_moment_leaves_a_site_that_works() {
    let book = Scratch::empty();
    book.write("book.toml", "");
    let state = |nth: usize| {
        let is_even = nth.is_multiple_of(2);
        // Two books take turns: records that link each other come and go, tags come and go, links change.
        for n in 0..40 {
            let path = format!("content/record-{n}.yaml");
            let next = format!("record-{}", (n + 4) % 40);
            if n % 4 == 3 && is_even {
                let _ = std::fs::remove_file(book.path().join(&path));
            } else {
                let link = if is_even { "record-0" } else { &next };
                book.write(&path, record(&format!("tag-{}", (n + nth % 2) % 7), link));
            }
        }
    };
    state(0);
    let began = Instant::now();
    assert_eq!(book.run(&["build"]).status.code(), Some(0));
    let usual = began.elapsed();
    let mut random: u32 = 1;
    let mut n_killed = 0;
    let mut nth = 0;
    while n_killed < 200 {
        nth += 1;
        assert!(nth < 1_000, "only {n_killed} builds of {nth} were killed in time");
        state(nth);
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let moment = usual.mul_f64(f64::from(random >> 8) / f64::from(1 << 24) * 1.2);
        n_killed += usize::from(killed_after(&book, moment));
        let problems = problems(&book.path().join("book"));
        assert_eq!(problems, Vec::<String>::new(), "after kill {nth}, {moment:?} into the build");
    }
    assert_eq!(book.run(&["build"]).status.code(), Some(0));
    let fresh = book.path().join("fresh");
    assert_eq!(book.run(&["build", "-d", fresh.as_str()]).status.code(), Some(0));
    let found: BTreeMap<Utf8PathBuf, Vec<u8>> = site(&book);
    let wanted: BTreeSet<Utf8PathBuf> =
        walk(&fresh).into_iter().map(|path| path.strip_prefix(&fresh).unwrap().to_owned()).collect();
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), wanted);
    for (path, body) in found {
        assert!(std::fs::read(fresh.join(&path)).unwrap() == body, "{path} differs from a fresh build");
    }
}

fn killed_after(book: &Scratch, moment: Duration) -> bool {
    let mut build = faultbook(book.path(), &["build"]).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while began.elapsed() < moment && build.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    build.kill().unwrap();
    !build.wait().unwrap().success()
}

/// What is wrong with the pages of a site.
fn problems(site: &Utf8Path) -> Vec<String> {
    let mut problems = Vec::new();
    let pages = walk(site).into_iter().filter(|path| path.extension() == Some("html"));
    let mut open: Vec<String> =
        pages.map(|path| path.strip_prefix(site).unwrap().as_str().to_owned()).collect();
    assert!(open.iter().any(|path| path == "index.html"));
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(path) = open.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let Ok(body) = std::fs::read(site.join(&path)) else {
            problems.push(format!("{path} is not there"));
            continue;
        };
        if !path.ends_with(".html") {
            continue;
        }
        let html = String::from_utf8(body).unwrap_or_default();
        if !html.trim_end().ends_with("</html>") {
            problems.push(format!("{path} is not whole"));
        }
        for attribute in [" href=\"", " src=\""] {
            for link in html.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                if !link.starts_with("http") && !link.starts_with('#') {
                    open.push(resolve(&path, link));
                }
            }
        }
    }
    problems
}

fn resolve(from: &str, link: &str) -> String {
    let (from, link) = link.strip_prefix('/').map_or((from, link), |link| ("", link));
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split(['#', '?']).next().unwrap().split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path }
}

#[test]
fn two_builds_in_two_places_are_equal_to_the_byte() {
    let build = || {
        let book = Scratch::copy_of(&golden_book());
        assert_eq!(book.run(&["build", "-q"]).status.code(), Some(0));
        site(&book)
    };
    let (one, other) = (build(), build());
    assert!(one.len() > 40);
    assert!(one == other);
}

#[test]
fn a_build_of_nothing_new_writes_nothing() {
    let book = plain_book();
    book.run(&["build"]);
    let output = book.run(&["build"]);
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("nothing changed"),
        "{}",
        transcript(&output)
    );
    // A page that somebody edited by hand is not what was built any more.
    book.write("book/f/one/index.html", "<p>mine</p>");
    let output = book.run(&["build"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("(1 new or changed"), "{}", transcript(&output));
}

#[test]
fn foreign_files_stay() {
    let book = plain_book();
    book.write("book/CNAME", "example.org");
    book.write("book/f/one/notes.txt", "mine");
    book.run(&["build"]);
    std::fs::remove_file(book.path().join("content/one.yaml")).unwrap();
    book.write("content/two.yaml", record("b", "two"));
    assert_eq!(book.run(&["build"]).status.code(), Some(0));
    let site = site(&book);
    assert_eq!(site[Utf8Path::new("CNAME")], b"example.org");
    assert_eq!(site[Utf8Path::new("f/one/notes.txt")], b"mine");
    assert!(!site.contains_key(Utf8Path::new("f/one/index.html")));
    // A file of somebody's own in the place of one of ours is told, and nothing else changes either.
    book.write("content/one.yaml", record("a", "two"));
    book.write("book/f/one/index.html", "mine");
    let output = book.run(&["build"]);
    assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("book/f/one/index.html"),
        "{}",
        transcript(&output)
    );
    assert_eq!(std::fs::read(book.path().join("book/f/one/index.html")).unwrap(), b"mine");
    assert!(!book.path().join("book/f/one/index.md").exists());
}

#[test]
fn a_published_address_cannot_vanish() {
    let book = plain_book();
    assert_eq!(book.run(&["build", "-q", "--publish"]).status.code(), Some(0));
    let ledger = std::fs::read_to_string(book.path().join("urls.txt")).unwrap();
    assert_eq!(ledger, "/f/one/\n/f/two/\n");
    std::fs::rename(book.path().join("content/one.yaml"), book.path().join("content/new.yaml")).unwrap();
    book.write("content/two.yaml", record("b", "new"));
    insta::assert_snapshot!(transcript(&book.run(&["build", "-q"])), @"
    exit: 1
    --- stdout

    --- stderr
    error[lost-url]: the published address `/f/one/` would vanish
     --> urls.txt:1:1
      |
    1 | /f/one/
      | ^^^^^^^
      |
      = hint: `aliases` of a record or `[output.html.redirect]` lead it on; `status: withdrawn` keeps the page

    nothing was published: 1 error
    ");
    assert!(book.path().join("book/f/one/index.html").exists(), "what was published stays");
    book.write("content/new.yaml", record("a", "two") + "aliases: [one]\n");
    assert_eq!(book.run(&["build", "-q", "--publish"]).status.code(), Some(0));
    let moved = std::fs::read_to_string(book.path().join("book/f/one/index.html")).unwrap();
    assert!(moved.contains("url=../../f/new/"), "{moved}");
    let ledger = std::fs::read_to_string(book.path().join("urls.txt")).unwrap();
    assert_eq!(ledger, "/f/new/\n/f/one/\n/f/two/\n");
}

/// A file that cannot grow stands for a full disk: both fail in the middle of a write.
#[test]
fn a_full_disk_leaves_the_old_site_as_it_was() {
    let book = plain_book();
    book.run(&["build"]);
    let before = site(&book);
    book.write("content/one.yaml", record("c", "two").replace("It stops.", "It stops at once."));
    let output = limited(&book, "trap '' XFSZ; ulimit -f 1", "build");
    assert_eq!(output.status.code(), Some(3), "{}", transcript(&output));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("could not build the site") && said.contains("File too large"), "{said}");
    assert!(site(&book) == before);
    assert_eq!(book.run(&["build"]).status.code(), Some(0));
    assert!(site(&book) != before);
}

#[test]
fn a_site_that_cannot_be_written_is_a_failure_with_its_place() {
    let book = plain_book();
    book.write("book", "a file");
    let output = book.run(&["build"]);
    assert_eq!(output.status.code(), Some(3), "{}", transcript(&output));
    assert_eq!(std::fs::read_to_string(book.path().join("book")).unwrap(), "a file");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let book = plain_book();
    let elsewhere = Scratch::empty();
    elsewhere.write("one/index.html", "theirs");
    book.write("book/readme.txt", "so that the folder is there");
    std::os::unix::fs::symlink(elsewhere.path(), book.path().join("book/f")).unwrap();
    let output = book.run(&["build"]);
    assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
    assert_eq!(std::fs::read_to_string(elsewhere.path().join("one/index.html")).unwrap(), "theirs");
    assert_eq!(walk(elsewhere.path()).len(), 1);
}

#[test]
fn the_site_is_not_written_over_the_book() {
    let book = plain_book();
    for folder in [".", "content", "..", "content/x"] {
        let output = book.run(&["build", "-d", folder]);
        assert_eq!(output.status.code(), Some(2), "{folder}: {}", transcript(&output));
    }
    assert_eq!(walk(book.path()).iter().filter(|path| path.extension() == Some("html")).count(), 0);
}

#[test]
fn a_broken_template_leaves_the_old_site_and_names_its_place() {
    let book = plain_book();
    book.run(&["build"]);
    let before = site(&book);
    let extends = "{% extends \"default/record.html\" %}\n";
    book.write(
        "templates/record.html",
        format!("{extends}{{% block quick_fix %}}{{{{ view.titel }}}}{{% endblock %}}"),
    );
    let output = book.run(&["build"]);
    assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("record.html:2:") && said.contains("titel"), "{said}");
    assert!(site(&book) == before);
    book.write("templates/record.html", "{% block x %}");
    assert_eq!(book.run(&["build"]).status.code(), Some(2));
    assert!(site(&book) == before);
}

/// What a file holds, and a rule that must find something in it; nothing where it must simply be read.
fn hostile_files() -> Vec<(&'static str, Vec<u8>, Option<Code>)> {
    let whole = |change: &dyn Fn(String) -> String| change(record("a", "two")).into_bytes();
    let symptom = |text: &str| {
        let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
        whole(&|record| {
            record.replace("symptom: It stops.\n", &format!("symptom: |\n  It stops.\n\n{indented}"))
        })
    };
    let field = |line: &str| whole(&|record| record + line + "\n");
    let mut files = vec![
        ("billion-laughs", b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n".to_vec(), Some(Code::YamlFeature)),
        ("brackets", "[".repeat(100_000).into_bytes(), Some(Code::Syntax)),
        ("braces", "{".repeat(100_000).into_bytes(), Some(Code::Syntax)),
        ("dashes", "- ".repeat(20_000).into_bytes(), Some(Code::TooDeep)),
        (
            "deep-map",
            (0..500).map(|n| format!("{}k:\n", " ".repeat(n))).collect::<String>().into_bytes(),
            Some(Code::TooDeep),
        ),
        ("fifty-megabytes", vec![b'x'; 50 << 20], Some(Code::TooLarge)),
        ("not-utf8", b"title: \xff\xfe\n".to_vec(), Some(Code::NotUtf8)),
        ("nul-bytes", b"title: a\0b\n".to_vec(), Some(Code::Syntax)),
        ("escaped-nul", field("contract: \"a\\0b\""), Some(Code::InvisibleCharacter)),
        (
            "many-items",
            whole(&|record| record.replace("[a]", &format!("[{}]", "t, ".repeat(10_000)))),
            Some(Code::LostKeyword),
        ),
        ("too-many-items", format!("tags: [{}]\n", "t, ".repeat(30_000)).into_bytes(), Some(Code::TooLarge)),
        ("duplicate-keys", field("title: Another"), Some(Code::DuplicateKey)),
        ("tabs", b"title: x\n\tproduct: y\n".to_vec(), Some(Code::Syntax)),
        ("crlf", whole(&|record| record.replace('\n', "\r\n")), None),
        ("byte-order-mark", whole(&|record| format!("\u{feff}{record}")), None),
        ("bidi", whole(&|record| record.replace("Mend it", "rm \u{202e}x")), Some(Code::InvisibleCharacter)),
        ("bidi-escaped", field("contract: \"a\\u202eb\""), Some(Code::InvisibleCharacter)),
        ("bidi-in-x", field("x: {a: {b: [\"\\u2066\"]}}"), Some(Code::InvisibleCharacter)),
        ("tag", field("contract: !!python/object:os.system ls"), Some(Code::YamlFeature)),
        ("empty", Vec::new(), Some(Code::EmptyValue)),
        ("only-comments", b"# nothing\n# here\n".to_vec(), Some(Code::EmptyValue)),
        ("a-list", b"- a\n- b\n".to_vec(), Some(Code::WrongType)),
        ("a-number", b"42\n".to_vec(), Some(Code::WrongType)),
        ("two-documents", b"title: x\n---\ntitle: y\n".to_vec(), Some(Code::Syntax)),
        ("emoji-title", whole(&|record| record.replace("It breaks", "\u{1F4A5}\u{200D}")), None),
    ];
    let fields = [
        ("alias-path", "aliases: [\"../../etc/passwd\"]", Code::BadId),
        ("alias-dot", "aliases: [..]", Code::BadId),
        ("alert-path", "alerts: [\"../../x\"]", Code::WrongType),
        ("alert-dots", "alerts: [..]", Code::WrongType),
        ("id-path", "id: ../x", Code::IdMismatch),
        ("regex-bomb", "signatures: [{regex: \"(a{1000}){1000}\"}]", Code::BadRegex),
        ("regex-alone", "signatures: [{regex: \"a(\"}]", Code::BadRegex),
    ];
    files.extend(fields.map(|(name, line, code)| (name, field(line), Some(code))));
    let source = whole(&|record| record.replace("[seen]", "[{url: \"javascript:alert(1)\"}]"));
    files.push(("javascript-source", source, Some(Code::UnsafeLink)));
    let table = format!("|{}\n|{}\n|{}", "a|".repeat(20_000), "-|".repeat(20_000), "b|".repeat(20_000));
    let symptoms = [
        (
            "javascript-link",
            "[a](javascript:alert(1)) [b](JaVaScRiPt&#58;alert(1))".to_owned(),
            Some(Code::UnsafeLink),
        ),
        ("javascript-address", "<javascript:alert(1)>".to_owned(), Some(Code::UnsafeLink)),
        ("data-image", "![a](data:image/svg+xml;base64,AAAA)".to_owned(), Some(Code::MissingImage)),
        ("image-path", "![a](../../../etc/passwd)".to_owned(), Some(Code::MissingImage)),
        ("reference-link", "[a]\n\n[a]: vbscript:x".to_owned(), Some(Code::UnsafeLink)),
        ("wikilink", "[[javascript:alert(1)]]".to_owned(), None),
        ("heading-attributes", "# T {#i .c onclick=alert(1)}".to_owned(), None),
        ("raw-html", "<script>alert(1)</script>".to_owned(), Some(Code::RawHtml)),
        ("backticks", "`".repeat(500_000), None),
        ("open-links", "[a](".repeat(100_000), None),
        ("quotes", "> ".repeat(50_000), None),
        ("wide-table", table, None),
        ("emphasis", "*a **b ".repeat(60_000), None),
        ("html-openers", "<a <!-- <![CDATA[ ".repeat(20_000), None),
        ("fence-never-closed", "```console\n$ x".to_owned(), None),
        ("one-long-line", "x".repeat(900_000), None),
    ];
    files.extend(symptoms.into_iter().map(|(name, text, code)| (name, symptom(&text), code)));
    files
}

#[test]
fn every_hostile_file_is_read_in_bounded_time_and_memory() {
    let book = Scratch::empty();
    book.write("book.toml", "");
    book.write("content/two.yaml", record("a", "two"));
    let files = hostile_files();
    for (name, body, _) in &files {
        book.write(&format!("content/{name}.yaml"), body);
        // The same as a Markdown record, which is parsed by other code.
        book.write(&format!("content/md-{name}.md"), [b"---\n", body.as_slice(), b"\n---\n"].concat());
    }
    let output = limited(&book, "ulimit -t 60 -v 4000000", "lint -f json");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap();
    let found: BTreeSet<(String, String)> =
        findings.iter().map(|finding| (text(finding, "path"), text(finding, "rule"))).collect();
    for (name, _, code) in &files {
        let path = format!("content/{name}.yaml");
        let rules: Vec<&str> =
            found.iter().filter(|(file, _)| *file == path).map(|(_, rule)| rule.as_str()).collect();
        match code {
            Some(code) => assert!(rules.contains(&code.name()), "{name}: {rules:?}, not `{}`", code.name()),
            // All of these records have the same keyword, and cannot all be found first by it.
            None => assert!(rules.iter().all(|rule| *rule == "lost-keyword"), "{name}: {rules:?}"),
        }
    }
}

/// Whatever of them passes becomes pages that cannot act.
#[test]
fn what_passes_of_the_hostile_files_becomes_harmless_pages() {
    let mut files = vec![Source::from_bytes("content/two.yaml".into(), record("a", "two").into_bytes())];
    for (name, body, _) in hostile_files().into_iter().filter(|(_, body, _)| body.len() < 1 << 20) {
        files.push(Source::from_bytes(format!("content/{name}.yaml").into(), body));
    }
    let pages = build(Sources::new(files));
    assert!(pages.iter().any(|page| page.path == "f/wikilink/index.html"));
    harmless(&pages);
}

#[cfg(unix)]
#[test]
fn links_and_special_files_in_the_content_are_passed_over() {
    let book = plain_book();
    let outside = Scratch::empty();
    outside.write("secret.yaml", record("a", "two"));
    let link = |to: &Utf8Path, name: &str| {
        std::os::unix::fs::symlink(to, book.path().join("content").join(name)).unwrap();
    };
    link(&outside.path().join("secret.yaml"), "stolen.yaml");
    link(outside.path(), "folder");
    link(&book.path().join("content"), "loop");
    std::fs::create_dir(book.path().join("content/own")).unwrap();
    link(&outside.path().join("secret.yaml"), "own/record.yaml");
    let status = Command::new("mkfifo").arg(book.path().join("content/pipe.yaml")).status().unwrap();
    assert!(status.success());
    let output = limited(&book, "ulimit -t 30", "build");
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let records: Vec<_> = site(&book).into_keys().filter(|path| path.starts_with("f")).collect();
    let ours = |path: &Utf8PathBuf| path.starts_with("f/one") || path.starts_with("f/two");
    assert!(records.iter().all(ours), "{records:?}");
}

/// Markup that would act wherever it is not escaped.
const PAYLOAD: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)></title></textarea><svg onload=alert(1)>`{{ 7*7 }}{% raw %}";

/// A map in which every field that takes a text has the payload.
fn overfull(shape: &'static Shape) -> Node {
    let entry = |field: &'static Field| {
        let value = match (shape.name, field.key) {
            // A record has one verifier, and `check` is filled.
            ("a record", "verify") => return None,
            ("a record", "id" | "quick_fix" | "aliases") | ("a signature", "regex") => return None,
            ("an `exit`", "equals") | ("an `output`", "matches") => return None,
            ("an affected component", "introduced" | "fixed") => return None,
            ("a check", "timeout") => text_node("5s"),
            ("a record", "alerts") => list_node(vec![text_node("DiskFull")]),
            ("a status", "state") => text_node("deprecated"),
            ("a silenced rule", "rule") => text_node("long-title"),
            _ => filled(field.kind),
        };
        Some((field.key, value))
    };
    map_node(shape.fields.iter().filter_map(entry).collect())
}

fn filled(kind: Kind) -> Node {
    match kind {
        Kind::Line | Kind::Prose | Kind::Script => text_node(PAYLOAD),
        Kind::Day => text_node("2026-11-24"),
        Kind::Flag => text_node("false"),
        Kind::Count => text_node("3"),
        Kind::Id => text_node("two"),
        Kind::Url => text_node("https://example.org/?\"><script>alert(1)</script>"),
        Kind::Word(words) => text_node(words()[0]),
        Kind::List(of) => list_node(vec![filled(*of), filled(*of)]),
        Kind::Map(shape) => overfull(shape),
        Kind::Table(_) | Kind::Any => map_node(vec![("key", text_node(PAYLOAD))]),
        // Only a verifier's long form has these.
        _ => unreachable!("no shape beside `verify` has such a kind"),
    }
}

#[test]
fn script_in_every_field_stays_text_on_every_page() {
    let text = parse::write(&overfull(&RECORD), Form::Yaml);
    let quoted = PAYLOAD.replace('\'', "''");
    let guide = format!("---\ntitle: '{quoted}'\n---\n\n# {PAYLOAD}\n\n{PAYLOAD}\n");
    let value = serde_json::Value::from(PAYLOAD).to_string();
    let book = format!(
        "[book]\ntitle = {value}\ndescription = {value}\nauthors = [{value}]\n[output.html]\n\
         site-url = 'https://example.org/x/'\n[facets.tag]\nlabel = {value}\n[extra]\nx = {value}\n"
    );
    let sources = Sources::new(vec![
        Source::from_bytes("content/overfull.yaml".into(), text.clone().into_bytes()),
        Source::from_bytes("content/two.yaml".into(), record("a", "overfull").into_bytes()),
        Source::from_bytes("content/verified.yaml".into(), verified(&quoted).into_bytes()),
        Source::from_bytes("content/pages/guide.md".into(), guide.into_bytes()),
        Source::from_bytes("book.toml".into(), book.into_bytes()),
    ]);
    let reading = faultbook::read(&sources, &Given::default());
    let errors: Vec<_> = reading.found.iter().filter(|found| found.level == Level::Error).collect();
    assert!(errors.is_empty(), "{errors:#?} in {text}");
    let pages = build(sources);
    let shown = pages.iter().filter(|page| String::from_utf8_lossy(&page.body).contains("alert(1)")).count();
    assert!(shown > 15, "the payload is on {shown} pages only");
    harmless(&pages);
}

/// A record whose verifier has a text, to be put between single quotes, wherever one may stand.
fn verified(text: &str) -> String {
    let verifier = "verify:
  spec: 1
  title: 'TEXT'
  proves: 'TEXT'
  limits: 'TEXT'
  inputs: {log: {type: path, default: 'TEXT', help: 'TEXT'}}
  requires: {tools: {git: '*'}}
  sandbox: {cwd: copy, network: loopback}
  services: {host: {routes: [{path: '.', reply: {status: 200, headers: {a: 'TEXT'}, body: 'TEXT'}}]}}
  steps:
    - id: there
      command: {argv: [git, 'TEXT'], env: {A: 'TEXT'}, stdin: 'TEXT', files: {a: 'TEXT'}}
      expect: {stdout: {contains: ['TEXT'], starts_with: 'TEXT'}}
      refute: {stdout: 'TEXT'}
      note: 'TEXT'
    - {id: said, shell: {script: 'TEXT'}, expect: {exit: 1}, refute: {exit: 0}}
    - {id: asked, manual: {instruction: 'TEXT', choices: ['TEXT']}, expect: {answer: 'TEXT'}}
  present: {any: [there, said, asked]}
  repair: {masked_by: [{wrong_fix: wait, when: said}]}
  fixtures:
    broken:
      expect: present
      files: {a: 'TEXT'}
      home: {a: 'TEXT'}
      env: {A: 'TEXT', B: {fake_jwt: {a: 'TEXT'}}}
      replace: [{path: a, find: 'TEXT', with: 'TEXT'}]
      stubs: {commands: {git: {replies: [{args: ['TEXT'], stdout: 'TEXT', stderr: 'TEXT'}]}}}
      prepare: [[git, 'TEXT']]
    fixed: {base: broken, expect: fixed}
    wrong_fixes: {wait: {untestable: 'TEXT'}}
";
    format!("{}{}", record("a", "two"), verifier.replace("TEXT", text))
}

fn build(sources: Sources) -> Vec<Page> {
    let input = Input { sources, templates: Vec::new(), theme: Vec::new(), given: Given::default() };
    faultbook::build_in_memory(&input, Choice { drafts: true, ..Choice::default() }).unwrap().1
}

/// Every tag of every page is one of ours: no script but from our own files, no handler, no link that acts.
fn harmless(pages: &[Page]) {
    for page in pages.iter().filter(|page| page.path.ends_with(".html") || page.path.ends_with(".xml")) {
        let html = String::from_utf8_lossy(&page.body);
        let mut rest = html.as_ref();
        while let Some(at) = rest.find('<') {
            let tag = &rest[at + 1..];
            let end =
                tag_end(tag).unwrap_or_else(|| panic!("{}: a tag without an end: {tag:.80}", page.path));
            if let Some(problem) = problem(&tag[..end]) {
                panic!("{}: {problem} in <{}>", page.path, &tag[..end]);
            }
            rest = &tag[end + 1..];
            if tag.starts_with("script type=\"application/ld+json\"") {
                let json = rest.split("</script>").next().unwrap();
                assert!(!json.contains('<'), "{}: {json}", page.path);
            }
        }
    }
}

fn tag_end(tag: &str) -> Option<usize> {
    let mut quoted = false;
    let ends = |(_, c): &(usize, char)| {
        quoted ^= *c == '"';
        *c == '>' && !quoted
    };
    tag.char_indices().find(ends).map(|(at, _)| at)
}

fn problem(tag: &str) -> Option<String> {
    let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default();
    if ["iframe", "object", "embed", "base", "style", "foreignObject"].contains(&name) {
        return Some(format!("the element {name}"));
    }
    if name == "script" && !tag.starts_with('/') {
        let ours = tag.contains(" src=\"") && tag.contains("assets/")
            || tag == "script type=\"application/ld+json\"";
        return (!ours).then(|| "a script".to_owned());
    }
    for attribute in tag.split(' ').skip(1) {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim_matches('"').to_lowercase();
        if key.to_lowercase().starts_with("on") && attribute.contains("=\"") || key == "style" {
            return Some(format!("the attribute {key}"));
        }
        let acts = ["javascript:", "data:", "vbscript:"].iter().any(|scheme| value.starts_with(scheme));
        if ["href", "src", "action", "content"].contains(&key) && acts {
            return Some(format!("the address {value}"));
        }
    }
    None
}

#[test]
fn the_check_of_pages_can_fail() {
    for bad in [
        "<script>x</script>",
        "<p onclick=\"x\">",
        "<a href=\"javascript:x\">",
        "<iframe src=\"x\">",
        "<p style=\"x\">",
    ] {
        let page = Page { path: "x.html".to_owned(), body: bad.as_bytes().to_vec() };
        assert!(std::panic::catch_unwind(|| harmless(&[page])).is_err(), "{bad}");
    }
}

/// An SVG is a document of its own: what could act in it keeps it out of the site.
#[test]
fn pictures_that_could_act_are_refused() {
    let book = Scratch::empty();
    book.write("book.toml", "");
    let svg =
        |inner: &str| format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\">{inner}</svg>");
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 32]].concat();
    let prefixed = "<s:script xmlns:s=\"http://www.w3.org/2000/svg\">alert(1)</s:script>";
    let animated = "<a><set attributeName=\"href\" to=\"javascript:alert(1)\"/></a>";
    let bad = [
        ("script.svg", svg("<script>alert(1)</script>")),
        ("prefixed.svg", svg(prefixed)),
        ("handler.svg", svg("<rect onload=\"alert(1)\"/>")),
        ("entity.svg", format!("<!DOCTYPE svg [<!ENTITY x \"y\">]>{}", svg("&x;"))),
        ("link.svg", svg("<a href=\"javascript:alert(1)\"><rect/></a>")),
        ("escaped.svg", svg("<a href=\"&#106;avascript:alert(1)\"><rect/></a>")),
        ("foreign.svg", svg("<foreignObject/>")),
        ("animated.svg", svg(animated)),
        ("sheet.svg", format!("<?xml-stylesheet href=\"x\"?>{}", svg(""))),
        ("encoded.svg", format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{}", svg(""))),
        ("loads.svg", svg("<image href=\"https://evil.example/x.png\"/>")),
        (
            "frames.svg",
            svg(
                "<h:frameset xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:frame src=\"javascript:alert(1)\"/></h:frameset>",
            ),
        ),
        ("form.svg", svg("<form action=\"javascript:alert(1)\"><button>x</button></form>")),
        ("mask.svg", svg("<rect mask=\"&#117;rl(http://evil.example/m.svg#a)\"/>")),
        ("escape.svg", svg("<rect fill=\"u\\72l(http://evil.example/)\"/>")),
        ("meta.svg", svg("<meta http-equiv=\"refresh\" content=\"0\"/>")),
        (
            "wide.svg",
            svg("<script>alert(1)</script>").bytes().map(|byte| format!("{}\0", char::from(byte))).collect(),
        ),
        ("html.png", "<html><script>alert(1)</script>".to_owned()),
        ("large.png", "x".repeat((1 << 20) + 1)),
    ];
    for (name, body) in &bad {
        book.write("content/it/record.yaml", record("a", "it"));
        book.write(&format!("content/it/{name}"), body);
        let output = book.run(&["lint", "-f", "json"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("unsafe-image") && said.contains(name), "{name}: {said}");
        std::fs::remove_file(book.path().join(format!("content/it/{name}"))).unwrap();
    }
    book.write(
        "content/it/plain.svg",
        svg("<defs><g id=\"a\"/></defs><use href=\"#a\"/><rect width=\"1\"/>"),
    );
    book.write("content/it/shot.png", png);
    let shown = record("a", "it").replace("It stops.", "\"![a <b>](plain.svg) ![](shot.png)\"");
    book.write("content/it/record.yaml", shown);
    let output = book.run(&["build", "-q"]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let page = std::fs::read_to_string(book.path().join("book/f/it/index.html")).unwrap();
    assert!(page.contains("<img src=\"../../f/it/plain.svg\" alt=\"a &lt;b&gt;\""), "{page}");
    assert!(book.path().join("book/f/it/shot.png").exists());
}

/// A file name that makes a folder one record may not make what else lies there disappear.
#[test]
fn no_file_hides_others() {
    let book = plain_book();
    book.write("content/web/three.yaml", record("c", "one"));
    book.write("content/pages/guide.md", "---\ntitle: A guide\n---\n\nText.\n");
    for folder in ["content", "content/web", "content/pages"] {
        book.write(&format!("{folder}/record.yaml"), record("d", "one"));
    }
    let output = book.run(&["list", "-f", "ids"]);
    let ids = String::from_utf8_lossy(&output.stdout).into_owned();
    for id in ["one", "two", "three", "content", "web"] {
        assert!(ids.lines().any(|line| line == id), "{id} is not among {ids}");
    }
    assert_eq!(book.run(&["build", "-q"]).status.code(), Some(0));
    assert!(book.path().join("book/guide/guide/index.html").exists());
}

/// What costs much per item is bounded, or costs little: none of these reaches the limits.
#[test]
fn floods_of_one_thing_are_bounded() {
    let book = plain_book();
    let many = |n: usize, item: &dyn Fn(usize) -> String| (0..n).map(item).collect::<String>();
    let regexes = many(6_000, &|n| format!("  - regex: 'a{n}\\w{{30}}'\n"));
    book.write("content/regexes.yaml", record("a", "one") + "signatures:\n" + regexes.as_str());
    let links = many(30_000, &|n| format!("[a](zzz{n}) "));
    book.write("content/links.yaml", record("a", "one").replace("It stops.", &format!("\"{links}\"")));
    let ids = many(15_000, &|n| format!("n{n}, "));
    book.write("content/ids.yaml", record("a", "one").replace("[one]", &format!("[{ids}]")));
    let keys = many(10_000, &|n| format!("key{n}: x\n"));
    book.write("content/keys.yaml", record("a", "one") + keys.as_str());
    let output = limited(&book, "ulimit -t 60 -v 4000000", "lint -f json");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["findings"].as_array().unwrap().len() <= 400);
    let book = plain_book();
    let headings = "# a\n\n".repeat(100_000);
    book.write("content/pages/guide.md", format!("---\ntitle: A guide\n---\n\n{headings}"));
    let tags = many(4_000, &|n| {
        (0..12).map(|bit| if n >> bit & 1 == 1 { 'A' } else { 'a' }).collect::<String>() + ", "
    });
    book.write("content/tags.yaml", record(&tags, "one"));
    let output = limited(&book, "ulimit -t 120 -v 4000000", "build -q");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What protects readers from an author is not the author's to silence.
#[test]
fn a_record_cannot_allow_itself_what_deceives_its_readers() {
    let book = plain_book();
    let hidden = record("a", "two").replace("fix: Mend it.", "fix: \"rm \\u202e x\"");
    book.write("content/one.yaml", hidden + "allow: [{rule: invisible-character, reason: mine}]\n");
    assert_eq!(book.run(&["lint", "-q"]).status.code(), Some(1));
    book.write("book.toml", "[lint]\ninvisible-character = 'off'\n");
    assert_eq!(book.run(&["lint", "-q"]).status.code(), Some(0));
    // A rule of style is.
    let long = record("a", "two").replace("It breaks", &"It breaks ".repeat(12));
    book.write("content/one.yaml", &long);
    assert_eq!(book.run(&["lint", "-q", "--strict"]).status.code(), Some(1));
    book.write("content/one.yaml", long + "allow: [{rule: long-title, reason: the message is this long}]\n");
    assert_eq!(book.run(&["lint", "-q", "--strict"]).status.code(), Some(0));
}

#[test]
fn a_ledger_that_cannot_be_read_is_an_error() {
    let book = plain_book();
    assert_eq!(book.run(&["build", "-q", "--publish"]).status.code(), Some(0));
    book.write("urls.txt", b"/f/one/\n/\xff/\n");
    let output = book.run(&["build", "-q", "--publish"]);
    assert_eq!(output.status.code(), Some(1), "{}", transcript(&output));
    assert_eq!(std::fs::read(book.path().join("urls.txt")).unwrap(), b"/f/one/\n/\xff/\n");
    #[cfg(unix)]
    {
        std::fs::remove_file(book.path().join("urls.txt")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", book.path().join("urls.txt")).unwrap();
        let output = book.run(&["build", "-q"]);
        assert_eq!(output.status.code(), Some(3), "{}", transcript(&output));
    }
}

/// A cache folder that somebody made a link is neither filled nor cleaned.
#[cfg(unix)]
#[test]
fn nothing_is_done_behind_a_cache_that_is_a_link() {
    let book = plain_book();
    let elsewhere = Scratch::empty();
    elsewhere.write("index/precious/file", "mine");
    std::os::unix::fs::symlink(elsewhere.path(), book.path().join(".faultbook")).unwrap();
    assert_eq!(book.run(&["build", "-q"]).status.code(), Some(2));
    assert_eq!(book.run(&["clean", "-q"]).status.code(), Some(2));
    assert_eq!(book.run(&["search", "breaks"]).status.code(), Some(0));
    assert_eq!(walk(elsewhere.path()).len(), 1);
}

/// A manifest that lists nothing does not stand for a site that is not there.
#[test]
fn a_manifest_without_files_is_not_believed() {
    let book = plain_book();
    book.run(&["build", "-q"]);
    std::fs::remove_dir_all(book.path().join("book")).unwrap();
    let manifests = book.path().join(".faultbook/manifests");
    for path in walk(&manifests) {
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.lines().next().unwrap_or_default().to_owned() + "\n").unwrap();
    }
    assert_eq!(book.run(&["build", "-q"]).status.code(), Some(0));
    assert!(book.path().join("book/index.html").exists());
}

/// Days come from git, one commit after another; no file's name can pretend to be one.
#[test]
fn days_come_from_git_and_names_of_files_cannot_forge_them() {
    let book = plain_book();
    let git = |args: &[&str], day: &str| {
        let moment = format!("{day}T12:00:00Z");
        let mut command = Command::new("git");
        command
            .args(["-c", "user.name=Me", "-c", "user.email=me@example.org"])
            .args(args)
            .current_dir(book.path());
        command.env("GIT_AUTHOR_DATE", &moment).env("GIT_COMMITTER_DATE", &moment).stdout(Stdio::null());
        assert!(command.status().unwrap().success(), "git {args:?}");
    };
    git(&["init", "--quiet"], "2026-01-01");
    git(&["add", "."], "2026-01-01");
    git(&["commit", "--quiet", "-m", "one"], "2026-01-02");
    git(&["mv", "content/one.yaml", "content/new.yaml"], "2026-02-01");
    book.write("content/two.yaml", record("b", "new"));
    git(&["commit", "--quiet", "-a", "-m", "two"], "2026-02-03");
    #[cfg(unix)]
    {
        book.write("content/.z\u{1}4102444800\nA\ncontent/two.yaml", "x");
        git(&["add", "."], "2026-02-04");
        git(&["commit", "--quiet", "-m", "three"], "2026-02-04");
    }
    let output = book.run(&["list", "-f", "json"]);
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let days: Vec<_> = listed["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            (record["id"].as_str().unwrap(), record["created"].as_str(), record["updated"].as_str())
        })
        .collect();
    // A file that only moved keeps the day on which it came.
    assert_eq!(
        days,
        [("new", Some("2026-01-02"), Some("2026-02-03")), ("two", Some("2026-01-02"), Some("2026-02-03"))]
    );
    let clone = Scratch::empty();
    let from = format!("file://{}", book.path());
    let mut command = Command::new("git");
    command.args(["clone", "--quiet", "--depth", "1", &from, "."]).current_dir(clone.path());
    assert!(command.status().unwrap().success());
    let output = clone.run(&["lint", "-f", "json"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("shallow-history"), "{}", transcript(&output));
}

/// What is for the house only is on no page, in no twin, list or shard of the public edition.
#[test]
fn the_public_edition_holds_nothing_internal() {
    let book = plain_book();
    let inner = record("hidden-tag", "one").replace("It breaks", "Zebra secret");
    book.write(
        "content/inner.yaml",
        inner + "audience: internal\nalerts: [ZebraAlert]\naliases: [zebra-old]\n",
    );
    book.write("content/pages/house.md", "---\ntitle: Zebra guide\naudience: internal\n---\n\nzebra\n");
    let all = book.run(&["build", "-q"]);
    assert_eq!(all.status.code(), Some(0), "{}", transcript(&all));
    let holds = |site: &BTreeMap<Utf8PathBuf, Vec<u8>>| {
        site.iter().any(|(path, body)| {
            let named = path.as_str().to_lowercase().contains("zebra") || path.as_str().contains("inner");
            named || String::from_utf8_lossy(body).to_lowercase().contains("zebra")
        })
    };
    assert!(holds(&site(&book)), "the whole edition has it");
    assert_eq!(book.run(&["build", "-q", "--audience", "public"]).status.code(), Some(0));
    let public = site(&book);
    assert!(public.contains_key(Utf8Path::new("f/one/index.html")));
    assert!(!holds(&public));
    // A book that says that it is for everybody is built so without being told.
    book.run(&["build", "-q"]);
    assert!(holds(&site(&book)));
    book.write("book.toml", "[book]\naudience = 'public'\n");
    assert_eq!(book.run(&["build", "-q"]).status.code(), Some(0));
    assert!(!holds(&site(&book)));
}
