//! The site in a real browser: Chromium and its driver, from the distribution's packages.
//!
//! `make test` installs them where it may. Without them these tests fail; nothing here is skipped.

use crate::preview::Preview;
use crate::queries::{Dice, generated, query};
use crate::support::{Scratch, faultbook, golden_book, project};
use camino::Utf8Path;
use faultbook::{Given, search};
use serde_json::{Value, json};
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use thirtyfour::prelude::*;

/// How long a page may take to show what it must.
pub const PATIENCE: Duration = Duration::from_secs(10);
pub const INTERVAL: Duration = Duration::from_millis(20);

/// A process that ends with the test.
pub struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a process and waits for the line that names its port.
fn start(mut command: Command, before_port: &str) -> (Process, u16) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let silent = child.stderr.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let port = lines.find_map(|line| {
        let rest = &line[line.find(before_port)? + before_port.len()..];
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    });
    // A pipe that nobody reads would block its writer one day.
    std::thread::spawn(move || lines.for_each(drop));
    std::thread::spawn(move || BufReader::new(silent).lines().for_each(drop));
    (Process(child), port.unwrap_or_else(|| panic!("it did not say `{before_port}` and a port")))
}

fn serve(book: &Utf8Path) -> (Preview, String) {
    let preview = Preview::start(book, &["--port", "0"]);
    let url = preview.url.clone();
    (preview, url)
}

/// Runs a test with a browser of its own, and fails it if the browser's console had an error.
pub fn in_browser<F: Future<Output = WebDriverResult<()>>>(test: impl FnOnce(WebDriver) -> F) {
    let mut driver = Command::new("chromedriver");
    driver.arg("--port=0");
    let (_process, port) = start(driver, "successfully on port ");
    let profile = Scratch::empty();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut caps = DesiredCapabilities::chrome();
        for arg in [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--hide-scrollbars",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
        ] {
            caps.add_arg(arg).unwrap();
        }
        caps.add_arg(&format!("--user-data-dir={}", profile.path())).unwrap();
        caps.set("goog:loggingPrefs", json!({"browser": "ALL", "performance": "ALL"})).unwrap();
        let browser = WebDriver::new(&format!("http://127.0.0.1:{port}"), caps).await.unwrap();
        let result = test(browser.clone()).await;
        let log = browser.get_log("browser").await;
        browser.quit().await.unwrap();
        result.unwrap();
        let errors: Vec<String> = log
            .unwrap()
            .into_iter()
            .filter(|entry| entry.level == "SEVERE")
            .map(|entry| entry.message)
            .collect();
        assert!(errors.is_empty(), "the console says: {errors:#?}");
    });
}

/// Runs a script in the page, which hands its result to its last argument.
pub async fn script(browser: &WebDriver, script: &str, args: Vec<Value>) -> WebDriverResult<Value> {
    Ok(browser.execute_async(script, args).await?.json().clone())
}

/// Waits until an element has a text.
pub async fn shows(browser: &WebDriver, css: &str, text: &str) -> WebDriverResult<WebElement> {
    let text = text.to_owned();
    let matches = move |element: WebElement| {
        let text = text.clone();
        async move { Ok(element.text().await.is_ok_and(|shown| shown.contains(&text))) }
    };
    browser.query(By::Css(css)).wait(PATIENCE, INTERVAL).with_filter(matches).first().await
}

/// What is typed in the browser and in the terminal must come back as the same records, order and scores.
#[test]
fn browser_and_terminal_rank_alike() {
    let book = Scratch::copy_of(&golden_book());
    let queries = [
        "could not get lock",
        "lock",
        "loc",
        "lokc",
        "exit code 139",
        "segmentation fault",
        "thing",
        "the",
        "C++",
        "lost update",
        "error: could not get lock /var/lib/thing.lock",
        "two writers, one of them",
        "setOutput",
        "--if-version",
        "<script>",
        "thing-lock",
        "zzzz",
        "ünïcödé",
        "time goes backw",
        "touch thing.lock",
        "writers loses",
        "139",
        "of them",
    ];
    std::fs::remove_dir_all(book.path().join("theme")).unwrap();
    let (_server, url) = serve(book.path());
    in_browser(async |browser: WebDriver| {
        browser.goto(format!("{url}/search/")).await?;
        for query in queries {
            let ranked = script(&browser, "
                const [query, done] = arguments;
                const ranker = performance.getEntriesByType('resource').map((entry) => entry.name).find((name) => /ranker\\./.test(name));
                import(ranker).then((module) => module.open(new URL('../', location.href).href))
                  .then((ranker) => ranker.search(query, { limit: 100 }))
                  .then(({ hits }) => done(hits.map((hit) => [hit.id, hit.score])))
                  .catch((error) => done(String(error)));", vec![json!(query)]).await?;
            let output = book.run(&["search", "--drafts", "--format", "json", "-n", "100", "--", query]);
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            let hits = report["hits"].as_array().unwrap().iter().map(|hit| json!([hit["id"], hit["score"]]));
            assert_eq!(ranked, Value::Array(hits.collect()), "for `{query}`");
        }
        Ok(())
    });
}

/// The analyser in the browser gives the tokens that `tests/golden/analyser.json` holds Rust's to.
#[test]
fn the_browser_splits_texts_as_the_vectors_say() {
    let book = Scratch::copy_of(&golden_book());
    std::fs::remove_dir_all(book.path().join("theme")).unwrap();
    let (_server, url) = serve(book.path());
    let vectors: Value =
        serde_json::from_str(&std::fs::read_to_string(project().join("tests/golden/analyser.json")).unwrap())
            .unwrap();
    in_browser(async |browser: WebDriver| {
        browser.goto(format!("{url}/search/")).await?;
        let tokens = script(&browser, "
            const [vectors, done] = arguments;
            const ranker = performance.getEntriesByType('resource').map((entry) => entry.name).find((name) => /ranker\\./.test(name));
            import(ranker).then(({ analyse, STOP_WORDS }) => done({
              tokens: vectors.map(({ text }) => ({ text, tokens: analyse(text).map((token) => token.text) })),
              stop: [...STOP_WORDS],
            })).catch((error) => done(String(error)));", vec![vectors.clone()]).await?;
        assert_eq!(tokens["tokens"], vectors);
        assert_eq!(tokens["stop"], json!(faultbook::search::STOP_WORDS));
        Ok(())
    });
}

#[test]
fn the_search_page_shows_hits_while_typing_and_keeps_the_query_in_its_address() {
    let book = Scratch::copy_of(&golden_book());
    std::fs::remove_dir_all(book.path().join("theme")).unwrap();
    let (_server, url) = serve(book.path());
    in_browser(async |browser: WebDriver| {
        browser.goto(format!("{url}/search/?q=last+writer")).await?;
        shows(&browser, "#hits li:first-child a", "Two writers").await?;
        let query = browser.find(By::Id("query")).await?;
        query.clear().await?;
        query.send_keys("could not get lo").await?;
        let first = shows(&browser, "#hits li:first-child a", "could not get lock").await?;
        assert!(browser.current_url().await?.as_str().ends_with("?q=could+not+get+lo"));
        assert_eq!(first.find(By::Css("mark")).await?.text().await?, "could");
        first.click().await?;
        shows(&browser, "h1", "could not get lock").await?;
        Ok(())
    });
}

/// Generated records, so that there are several files of each kind: a sample of the queries of `parity`.
#[test]
fn a_real_browser_ranks_a_large_book_like_the_terminal() {
    let book = faultbook::read(&generated(1_200), &Given::default()).book;
    let documents = search::documents(&book);
    let index = search::Index::in_memory(&documents).unwrap();
    let mut dice = Dice::new(4);
    let queries: Vec<search::Query> = (0..160).map(|nth| query(&documents, nth, &mut dice)).collect();
    let site = Scratch::empty();
    for file in search::export(&index, &documents).unwrap() {
        site.write(&file.path, file.body);
    }
    for name in ["ranker.js", "ranker-rest.js"] {
        site.write(name, std::fs::read(project().join("theme").join(name)).unwrap());
    }
    site.write("index.html", "<!doctype html><title>Search</title><link rel=icon href=data:,>");
    let (_server, url) = serve_files(site.path());
    let asked: Vec<Value> =
        queries.iter().map(|query| json!({"text": query.text, "facets": query.facets})).collect();
    in_browser(async |browser: WebDriver| {
        browser.goto(format!("{url}/")).await?;
        let found = script(
            &browser,
            "
            const [queries, done] = arguments;
            (async () => {
              const { open } = await import(new URL('ranker.js', location.href));
              const ranker = await open(location.href);
              const found = [];
              for (const { text, facets } of queries) {
                const { hits } = await ranker.search(text, { facets });
                found.push(hits.map(({ id, score }) => [id, score]));
              }
              return found;
            })().then(done, (error) => done(String(error)));",
            vec![Value::Array(asked)],
        )
        .await?;
        for (nth, query) in queries.iter().enumerate() {
            let hits = search::search(&index, query).unwrap();
            let ours: Value = hits.iter().map(|hit| json!([hit.summary.id, hit.score])).collect();
            assert_eq!(found[nth], ours, "for {query:?}");
        }
        Ok(())
    });
}

/// A host that knows nothing but files, and `_headers` among them.
pub fn serve_files(folder: &Utf8Path) -> (Process, String) {
    let mut node = Command::new("node");
    node.args([project().join("tests/it/host.mjs").as_str(), folder.as_str()]);
    let (process, port) = start(node, "port ");
    (process, format!("http://127.0.0.1:{port}"))
}

/// Facets, keys, the back button and the empty state, from a sub-path of a host that knows nothing but files.
#[test]
fn the_search_page_is_used_by_keys_and_keeps_its_state_in_the_address() {
    let book = Scratch::copy_of(&golden_book());
    std::fs::remove_dir_all(book.path().join("theme")).unwrap();
    let host = Scratch::empty();
    let output = book.run(&["build", "--drafts", "--dest-dir", host.path().join("deep/below").as_str()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (_server, url) = serve_files(host.path());
    let active = "arguments[0](document.activeElement.id || document.activeElement.textContent)";
    in_browser(async |browser: WebDriver| {
        browser.goto(format!("{url}/deep/below/search/")).await?;
        let query = browser.find(By::Id("query")).await?;
        query.send_keys("thi").await?;
        shows(&browser, "#count", "records").await?;
        query.send_keys(Key::Down + Key::Down).await?;
        let first = script(&browser, active, Vec::new()).await?;
        assert_ne!(first, json!("query"));
        let hit = browser.active_element().await?;
        hit.send_keys(Key::Down + "").await?;
        assert_ne!(script(&browser, active, Vec::new()).await?, first);
        browser.active_element().await?.send_keys(Key::Escape + "").await?;
        assert_eq!(script(&browser, active, Vec::new()).await?, json!("query"));

        script(
            &browser,
            "
            const select = document.querySelector('select[name=product]');
            select.value = 'C';
            select.dispatchEvent(new Event('change'));
            arguments[0]()",
            Vec::new(),
        )
        .await?;
        shows(&browser, "#others", "Search in everything").await?;
        assert!(browser.current_url().await?.as_str().ends_with("/search/?q=thi&product=C"));
        browser.back().await?;
        shows(&browser, "#count", "records").await?;
        assert!(browser.current_url().await?.as_str().ends_with("/search/?q=thi"));

        browser.goto(format!("{url}/deep/below/search/?q=qqqqq+wwwww&product=C")).await?;
        shows(&browser, "#draft", r#"title: "qqqqq wwwww""#).await?;
        browser.goto(format!("{url}/deep/below/")).await?;
        browser.find(By::Tag("body")).await?.send_keys("/").await?;
        assert_eq!(script(&browser, active, Vec::new()).await?, json!("paste"));
        Ok(())
    });
}

#[test]
fn the_theme_switch_is_kept_and_the_copy_button_copies() {
    let (_server, url) = serve(project());
    in_browser(async |browser: WebDriver| {
        browser.goto(format!("{url}/f/crlf-shebang/")).await?;
        let colour = "done = arguments[0]; done(getComputedStyle(document.body).backgroundColor)";
        let before = script(&browser, colour, Vec::new()).await?;
        browser.find(By::Id("theme")).await?.click().await?;
        let after = script(&browser, colour, Vec::new()).await?;
        assert_ne!(before, after);
        browser.refresh().await?;
        assert_eq!(script(&browser, colour, Vec::new()).await?, after);
        browser
            .cdp()
            .send_raw(
                "Browser.grantPermissions",
                json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}),
            )
            .await?;
        browser.find(By::Css(".fix [data-copy]")).await?.click().await?;
        shows(&browser, ".fix [data-copy]", "Copied").await?;
        let copied =
            script(&browser, "navigator.clipboard.readText().then(arguments[0])", Vec::new()).await?;
        assert_eq!(copied, json!(r"sed -i 's/\r$//' run.sh"));
        Ok(())
    });
}

/// No page of our own book is wider than a small window, whatever stands in its code and tables.
#[test]
fn no_record_scrolls_sideways() {
    let (_server, url) = serve(project());
    let list = faultbook(project(), &["list", "-f", "ids"]).output().unwrap();
    let ids = String::from_utf8(list.stdout).unwrap();
    assert!(ids.lines().count() >= 12);
    in_browser(async |browser: WebDriver| {
        let mut wide = Vec::new();
        for width in [320, 360] {
            resize(&browser, width, 800).await?;
            let pages = ids.lines().map(|id| format!("f/{id}/"));
            for page in pages.chain(
                ["", "browse/", "keywords/", "status/", "contribute/", "guide/first-record/"]
                    .map(str::to_owned),
            ) {
                browser.goto(format!("{url}/{page}")).await?;
                let found =
                    script(&browser, "arguments[0](document.documentElement.scrollWidth)", Vec::new())
                        .await?;
                if found != json!(width) {
                    wide.push(format!("{page} is {found} px wide at {width}"));
                }
            }
        }
        assert_eq!(wide, Vec::<String>::new());
        Ok(())
    });
}

pub async fn resize(browser: &WebDriver, width: u64, height: u64) -> WebDriverResult<()> {
    let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
    browser.cdp().send_raw("Emulation.setDeviceMetricsOverride", size).await?;
    Ok(())
}
