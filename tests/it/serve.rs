//! The preview as programs see it: what is served, what tabs hear, and what happens to files meanwhile.

use crate::preview::{Preview, until};
use crate::support::{CLEAN, Scratch, book, golden_book, json, walk};
use serde_json::{Value, json};
use std::io::Write;
use std::net::{TcpListener, TcpStream};

/// A record with this title.
fn titled(title: &str) -> String {
    CLEAN.replace("It breaks", title)
}

fn two() -> Scratch {
    book(&[("content/one.yaml", &titled("One")), ("content/two.yaml", &titled("Two"))])
}

/// Every file of a build is what the preview shows at its address, once the script of the preview is taken out.
#[test]
fn what_is_served_is_what_is_built() {
    let book = Scratch::copy_of(&golden_book());
    book.write("content/named.yaml", format!("{CLEAN}aliases: [old-name]\nalerts: [DiskFull]\n"));
    let output = book.run(&["build", "--drafts"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let preview = Preview::of(&book);
    assert!(preview.url.ends_with("/small"));
    let site = book.path().join("book");
    let files = walk(&site);
    assert!(files.len() > 70);
    for file in files {
        let path = format!("/small/{}", file.strip_prefix(&site).unwrap());
        let built = std::fs::read(&file).unwrap();
        let reply = preview.get(path.strip_suffix("index.html").unwrap_or(&path));
        if reply.status == 301 {
            assert_eq!(reply.header("location"), Some("/small/f/named/"), "at {path}");
            assert!(String::from_utf8_lossy(&built).contains("f/named/"), "at {path}");
            continue;
        }
        assert_eq!(reply.status, 200, "at {path}");
        let served = reply.text();
        let shown = match served.split_once("<script src=\"/__livereload.js?") {
            Some((before, rest)) => {
                format!("{before}{}", rest.split_once("</script>").unwrap().1).into_bytes()
            }
            None => reply.body,
        };
        assert!(shown == built, "{path} is served otherwise than it is built");
        assert_eq!(path.ends_with(".html"), served.contains("/__livereload.js?"), "at {path}");
    }
}

/// Paths lead where they lead on a host that reads `_redirects` and `_headers`, and nowhere else.
#[test]
fn paths_and_headers_are_those_of_production() {
    let book = two();
    book.write("book.toml", "[output.html]\nsite-url = \"https://books.example/deep/faults/\"\n");
    book.write("content/one.yaml", format!("{}aliases: [former]\n", titled("One")));
    let preview = Preview::of(&book);
    assert!(preview.url.ends_with("/deep/faults"));
    let status = |path: &str| {
        let reply = preview.get(path);
        (reply.status, reply.header("location").unwrap_or_default().to_owned())
    };
    let gone = (404, String::new());
    assert_eq!(status("/"), (301, "/deep/faults/".to_owned()));
    assert_eq!(status("/deep/faults"), (301, "/deep/faults/".to_owned()));
    assert_eq!(status("/deep/faults/f/one"), (301, "/deep/faults/f/one/".to_owned()));
    assert_eq!(status("/deep/faults/f/former/"), (301, "/deep/faults/f/one/".to_owned()));
    assert_eq!(status("/deep/faults/f/%6fne/"), (200, String::new()));
    assert_eq!(status("/f/one/"), gone);
    assert_eq!(status("/deep/faults/f/../book.toml"), gone);
    assert_eq!(status("/deep/faults/%2e%2e/%2e%2e/book.toml"), gone);
    assert_eq!(status("/deep/faults/..%2fbook.toml"), gone);
    assert_eq!(status("/deep/faults/%ff/"), (400, String::new()));
    let page = preview.get("/deep/faults/f/one/");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'; script-src 'self'"), "{policy}");
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let head = preview.ask(&format!("HEAD /deep/faults/f/one/ HTTP/1.1\r\nHost: {}\r\n", preview.address));
    assert_eq!((head.status, head.body.len()), (200, 0));
    let post = preview.ask(&format!("POST / HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n", preview.address));
    assert_eq!(post.status, 405);
}

#[test]
fn whoever_prefers_markdown_gets_the_twin() {
    let book = two();
    let preview = Preview::of(&book);
    let kind = |path: &str, accept: &str| {
        let reply = preview.accepting(path, accept);
        assert_eq!(reply.status, 200);
        reply.header("content-type").unwrap().split(';').next().unwrap().to_owned()
    };
    let (markdown, html) = ("text/markdown", "text/html");
    assert_eq!(kind("/f/one/", "text/markdown"), markdown);
    assert_eq!(kind("/f/one/", "text/markdown, text/html;q=0.9, */*;q=0.1"), markdown);
    assert_eq!(kind("/f/one/", "text/html, TEXT/Markdown; q=0.8"), html);
    assert_eq!(kind("/f/one/", "text/markdown;q=0, */*"), html);
    assert_eq!(kind("/f/one/", "*/*"), html);
    assert_eq!(kind("/f/one/", "text/html,application/xhtml+xml,*/*;q=0.8"), html);
    // A page without a twin is shown as it is.
    assert_eq!(kind("/", "text/markdown"), html);
}

/// Create, edit, delete, rename: every list is right at once, and only the tab that shows another page hears of it.
#[test]
fn tabs_hear_of_their_own_page_alone() {
    let book = two();
    let preview = Preview::of(&book);
    let mut one = preview.tab("/f/one/");
    let mut two = preview.tab("/f/two/");
    let mut home = preview.tab("/");
    let mut gone = preview.tab("/f/three/");
    let reload = |path: &str| json!({"type": "reload", "urls": [path]});
    book.write("content/one.yaml", format!("{}why: Because.\n", titled("One")));
    assert_eq!(one.next(), reload("/f/one/"));
    book.write("content/three.yaml", titled("Three"));
    assert_eq!(gone.next(), reload("/f/three/"));
    assert_eq!(home.next(), reload("/"));
    assert!(preview.get("/api/v1/records.json").text().contains("\"three\""));
    assert!(preview.get("/browse/product/thing/").text().contains("Three"));
    std::fs::rename(book.path().join("content/two.yaml"), book.path().join("content/four.yaml")).unwrap();
    assert_eq!(two.next(), reload("/f/two/"));
    preview.shows("/f/four/", "Two");
    assert_eq!(preview.get("/f/two/").status, 404);
    std::fs::remove_file(book.path().join("content/four.yaml")).unwrap();
    until("the page is gone", || (preview.get("/f/four/").status == 404).then_some(()));
    assert!(!preview.get("/browse/product/thing/").text().contains("four"));
}

/// What is broken stays as it was, the tab hears what the terminal says, and recovery needs no restart.
#[test]
fn the_last_good_site_stays_while_a_record_is_broken() {
    let book = two();
    let preview = Preview::of(&book);
    let mut tab = preview.tab("/f/one/");
    book.write("content/one.yaml", titled("One").replace("product:", "prodcut:"));
    let message = tab.next();
    assert_eq!(message["type"], "error");
    let text = message["text"].as_str().unwrap().to_owned();
    assert!(text.contains("did you mean `product`?") && text.contains("content/one.yaml:2:1"), "{text}");
    until("the terminal says the same", || preview.said().contains(&text).then_some(()));
    assert!(preview.get("/f/one/").text().contains("One"));
    book.write("content/one.yaml", titled("Mended"));
    assert_eq!(tab.next(), json!({"type": "reload", "urls": ["/f/one/"]}));
    assert_eq!(tab.next(), json!({"type": "mended", "urls": []}));
    preview.shows("/f/one/", "Mended");
    until("it says so", || preview.said().contains("nothing is wrong any more").then_some(()));
}

/// A book that is broken from the start is shown without what is broken, and follows changes all the same.
#[test]
fn a_book_that_was_never_whole_is_shown_in_part() {
    let book = two();
    book.write("content/broken.yaml", "title: [");
    let preview = Preview::of(&book);
    assert!(preview.said().contains("content/broken.yaml"));
    assert_eq!(preview.tab("/f/one/").next()["type"], "error");
    book.write("content/one.yaml", titled("Uno"));
    preview.shows("/f/one/", "Uno");
    book.write("content/broken.yaml", titled("Whole"));
    preview.shows("/f/broken/", "Whole");
}

#[test]
fn looks_change_in_place() {
    let book = two();
    book.write("theme/site.css", "body { color: red }\n");
    for hash_files in [true, false] {
        book.write("book.toml", format!("[output.html]\nhash-files = {hash_files}\n"));
        let preview = Preview::of(&book);
        let mut tab = preview.tab("/f/one/");
        book.write("theme/site.css", format!("body {{ color: blue }} /* {hash_files} */\n"));
        let message = tab.next();
        assert_eq!(message["type"], "css");
        let url = message["urls"][0].as_str().unwrap();
        assert!(preview.get(url).text().contains("blue"), "{url}");
        book.write("theme/page.js", format!("// {hash_files}\n"));
        assert_eq!(tab.next(), json!({"type": "reload", "urls": ["/f/one/"]}));
    }
}

/// A template that asks for what is not there keeps the site; links that lead nowhere are found while the site is shown.
#[test]
fn templates_are_tried_out_and_links_are_looked_at_afterwards() {
    let book = two();
    let preview = Preview::of(&book);
    let mut tab = preview.tab("/f/one/");
    let extended = |text: &str| {
        format!("{{% extends \"default/404.html\" %}}{{% block content %}}{text}{{% endblock %}}")
    };
    book.write("templates/404.html", extended("{{ nothing.of.this }}"));
    let message = tab.next();
    assert_eq!(message["type"], "error", "{message}");
    assert!(message["text"].as_str().unwrap().contains("404.html"), "{message}");
    book.write("templates/404.html", "{% if %}");
    assert_eq!(tab.next()["type"], "error");
    book.write("templates/404.html", extended("<a href=\"/nowhere/\">x</a>"));
    assert_eq!(tab.next()["type"], "mended");
    let message = tab.next();
    assert!(message["text"].as_str().unwrap().contains("links to `/nowhere/`"), "{message}");
    assert!(preview.get("/f/nope/").text().contains("/nowhere/"));
    std::fs::remove_dir_all(book.path().join("templates")).unwrap();
    assert_eq!(tab.next()["type"], "mended");
}

/// Search finds what is shown, as the terminal and production do.
#[test]
fn search_is_that_of_the_terminal_and_as_new_as_the_pages() {
    let book = two();
    let preview = Preview::of(&book);
    let search = |query: &str| -> Value { serde_json::from_slice(&preview.get(query).body).unwrap() };
    assert_eq!(search("/api/search?q=zebra")["hits"], json!([]));
    let mut tab = preview.tab("/search/");
    until("the index of the first state is there", || {
        (preview.get("/search/current.json").status == 200).then_some(())
    });
    book.write("content/one.yaml", titled("A zebra in the way"));
    preview.shows("/f/one/", "zebra");
    let found = search("/api/search?q=zebra+way");
    assert_eq!(found["hits"][0]["id"], "one");
    assert_eq!(found, json(&book, &["search", "--drafts", "-f", "json", "zebra", "way"]));
    assert_eq!(search("/api/search?q=breaks&n=1")["hits"].as_array().unwrap().len(), 1);
    assert_eq!(search("/api/search?q=breaks&facet=product%3Dother")["hits"], json!([]));
    assert_eq!(preview.get("/api/search?q=breaks&n=0").status, 400);
    assert_eq!(tab.next(), json!({"type": "reload", "urls": ["/search/"]}));
    let output = book.run(&["build", "--drafts"]);
    assert!(output.status.success());
    let current = book.path().join("book/search/current.json");
    assert_eq!(preview.get("/search/current.json").body, std::fs::read(current).unwrap());
}

/// How editors and git save: by renaming over, by moving away first, folders that go and come back, everything at once.
#[test]
fn every_way_of_saving_is_seen() {
    let book = two();
    let preview = Preview::of(&book);
    let at = |path: &str| book.path().join(path);
    book.write("content/one.yaml___jb_tmp___", titled("Renamed over"));
    std::fs::rename(at("content/one.yaml___jb_tmp___"), at("content/one.yaml")).unwrap();
    preview.shows("/f/one/", "Renamed over");
    book.write("content/.one.yaml.swp", "\0\0");
    book.write("content/4913", "");
    std::fs::remove_file(at("content/4913")).unwrap();
    std::fs::rename(at("content/one.yaml"), at("content/one.yaml~")).unwrap();
    book.write("content/one.yaml", titled("Moved away first"));
    std::fs::remove_file(at("content/one.yaml~")).unwrap();
    preview.shows("/f/one/", "Moved away first");
    std::fs::rename(at("content"), at("elsewhere")).unwrap();
    until("all is gone", || (preview.get("/f/one/").status == 404).then_some(()));
    std::fs::rename(at("elsewhere"), at("content")).unwrap();
    preview.shows("/f/one/", "Moved away first");
    book.write("content/one.yaml", titled("In the folder that came back"));
    preview.shows("/f/one/", "In the folder that came back");
    for nth in 0..300 {
        book.write(&format!("content/deep/{}/many-{nth}.yaml", nth % 7), titled(&format!("Of many {nth}")));
    }
    preview.shows("/f/many-299/", "Of many 299");
    let n_records = || preview.get("/api/v1/records.json").text().matches("\"id\"").count();
    until("all are there", || (n_records() == 302).then_some(()));
    std::fs::remove_dir_all(at("content/deep")).unwrap();
    until("they are gone", || (preview.get("/f/many-7/").status == 404).then_some(()));
    book.write("content/deep/many-7.yaml", titled("Again"));
    preview.shows("/f/many-7/", "Again");
    book.write("content/pictured/record.yaml", titled("With a picture"));
    preview.shows("/f/pictured/", "With a picture");
    let mut tab = preview.tab("/f/pictured/");
    book.write("content/pictured/a.png", b"\x89PNG\r\n\x1a\n");
    assert_eq!(tab.next(), json!({"type": "reload", "urls": ["/f/pictured/"]}));
    assert_eq!(preview.get("/f/pictured/a.png").body, b"\x89PNG\r\n\x1a\n");
}

/// Where the system does not tell of changes, a clock does.
#[test]
fn polling_sees_changes_too() {
    let book = two();
    let preview = Preview::start(book.path(), &["--port", "0", "--poll", "1"]);
    book.write("content/one.yaml", titled("Polled"));
    preview.shows("/f/one/", "Polled");
}

#[test]
fn tabs_follow_what_is_saved_where_that_is_wanted() {
    let book = two();
    let preview = Preview::start(book.path(), &["--port", "0", "--follow"]);
    let mut tab = preview.tab("/f/two/");
    book.write("content/one.yaml", titled("Followed"));
    assert_eq!(tab.next(), json!({"type": "follow", "urls": ["/f/one/"]}));
}

/// Whoever says not what it shows hears of the pages that were given out.
#[test]
fn a_listener_without_a_page_hears_of_those_given_out() {
    let book = two();
    let preview = Preview::of(&book);
    preview.get("/f/one/");
    let mut listener = preview.listener("");
    assert_eq!(listener.next()["type"], "hello");
    book.write("content/one.yaml", titled("Uno"));
    assert_eq!(listener.next(), json!({"type": "reload", "urls": ["/f/one/"]}));
}

/// Edits that come faster than anybody can look leave the right site, and nothing behind.
#[test]
fn many_edits_leave_the_last_one_and_nothing_else() {
    let book = two();
    let preview = Preview::of(&book);
    let n_threads = || std::fs::read_dir(format!("/proc/{}/task", preview.pid())).unwrap().count();
    preview.shows("/f/one/", "One");
    let before = n_threads();
    for nth in 0..300 {
        book.write("content/one.yaml", titled(&format!("Edit number {nth}.")));
        if nth % 3 == 0 {
            preview.get("/f/one/");
        }
    }
    preview.shows("/f/one/", "Edit number 299.");
    preview.shows("/browse/product/thing/", "Edit number 299.");
    until("the threads of all former states are gone", || (n_threads() <= before + 4).then_some(()));
}

/// Two hundred tabs, and some that open a connection and neither ask nor listen.
#[test]
fn many_tabs_are_served_and_slow_ones_hold_up_nobody() {
    let book = two();
    for nth in 0..100 {
        book.write(&format!("content/r-{nth}.yaml"), titled(&format!("Record {nth}")));
    }
    let preview = Preview::of(&book);
    let mut slow: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(&preview.address).unwrap()).collect();
    slow.iter_mut().take(10).for_each(|stream| stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap());
    let mut tabs: Vec<_> = (0..200).map(|nth| preview.tab(&format!("/f/r-{}/", nth % 100))).collect();
    book.write("content/r-42.yaml", titled("Another title"));
    for nth in [42, 142] {
        assert_eq!(tabs[nth].next(), json!({"type": "reload", "urls": ["/f/r-42/"]}));
    }
    // The next thing that all others hear is this, so they heard nothing of the edit.
    book.write("content/r-42.yaml", "title: [");
    for tab in &mut tabs {
        assert_eq!(tab.next()["type"], "error");
    }
}

#[test]
fn it_ends_when_it_is_told_to_and_says_where_another_one_is() {
    let book = two();
    let mut first = Preview::of(&book);
    let second = Preview::of(&book);
    assert!(
        second.said().contains(&format!("a preview already, at http://{}/", first.address)),
        "{}",
        second.said()
    );
    let _tab = first.tab("/f/one/");
    assert_eq!(first.end("INT").code(), Some(0));
    let mut third = Preview::of(&book);
    assert_eq!(third.end("TERM").code(), Some(0));
    assert!(!third.said().contains("already"), "{}", third.said());
}

/// The default port moves on and says so.
#[test]
fn a_busy_default_port_moves_on() {
    let _taken = TcpListener::bind("127.0.0.1:3000");
    let book = two();
    let preview = Preview::start(book.path(), &[]);
    assert!(preview.said().contains("port 3000 is busy"), "{}", preview.said());
    assert_ne!(preview.address, "127.0.0.1:3000");
}

/// Names that others can make lead here are refused, wherever it listens.
#[test]
fn a_name_of_somebody_else_is_refused() {
    let book = two();
    for hostname in ["127.0.0.1", "0.0.0.0"] {
        let preview = Preview::start(book.path(), &["--port", "0", "--hostname", hostname]);
        let port = preview.address.rsplit(':').next().unwrap().to_owned();
        let mut here = preview;
        here.address = format!("127.0.0.1:{port}");
        let status = |host: &str, more: &str| {
            here.ask(&format!("GET /f/one/ HTTP/1.1\r\nHost: {host}\r\n{more}")).status
        };
        assert_eq!(status(&format!("127.0.0.1:{port}"), ""), 200);
        assert_eq!(status(&format!("LOCALHOST:{port}"), ""), 200);
        assert_eq!(
            status(&format!("localhost:{port}"), &format!("Origin: http://localhost:{port}\r\n")),
            200
        );
        assert_eq!(status("127.0.0.1", ""), 403);
        assert_eq!(status(&format!("evil.example:{port}"), ""), 403);
        assert_eq!(status(&format!("localhost.evil.example:{port}"), ""), 403);
        assert_eq!(status(&format!("localhost:{port}"), "Origin: http://evil.example\r\n"), 403);
        assert_eq!(status(&format!("localhost:{port}"), "Origin: null\r\n"), 403);
    }
}
