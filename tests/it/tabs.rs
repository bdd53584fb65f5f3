//! Open tabs of a real browser while their book changes.

use crate::browser::{INTERVAL, PATIENCE, in_browser, script, shows};
use crate::preview::Preview;
use crate::support::{CLEAN, Scratch, golden_book, project};
use serde_json::json;
use thirtyfour::prelude::*;

/// A copy of the small book with the built-in theme.
fn small_book() -> Scratch {
    let book = Scratch::copy_of(&golden_book());
    std::fs::remove_dir_all(book.path().join("theme")).unwrap();
    book
}

/// Marks the page that is shown, to know later whether it was loaded anew.
async fn mark(browser: &WebDriver) -> WebDriverResult<()> {
    script(browser, "window.marked = true; arguments[0]()", Vec::new()).await.map(drop)
}

async fn is_marked(browser: &WebDriver) -> WebDriverResult<bool> {
    Ok(script(browser, "arguments[0](window.marked === true)", Vec::new()).await? == json!(true))
}

/// A saved record shows in the open tab; a broken one leaves the page and says what is wrong; a mended one takes that
/// away. A record that is deleted, made and renamed shows as what is there.
#[test]
fn an_open_page_follows_its_record() {
    let book = small_book();
    let preview = Preview::of(&book);
    let path = "content/c/plain-c.yaml";
    let at = |path: &str| book.path().join(path);
    let record = std::fs::read_to_string(at(path)).unwrap();
    in_browser(async |browser: WebDriver| {
        browser.goto(format!("{}/f/plain-c/", preview.url)).await?;
        shows(&browser, "h1", "Segmentation fault").await?;
        book.write(path, record.replace("title: Segmentation fault", "title: Bus error"));
        shows(&browser, "h1", "Bus error").await?;
        book.write(path, record.replace("product:", "prodcut:"));
        let overlay = shows(&browser, "#faultbook-trouble", "did you mean `product`?").await?;
        assert!(overlay.text().await?.contains("content/c/plain-c.yaml:2:1"));
        shows(&browser, "h1", "Bus error").await?;
        book.write(path, &record);
        shows(&browser, "h1", "Segmentation fault").await?;
        browser.query(By::Id("faultbook-trouble")).wait(PATIENCE, INTERVAL).wait_until_gone().await?;
        std::fs::rename(at(path), at("content/c/renamed.yaml")).unwrap();
        shows(&browser, "h1", "no such page").await?;
        browser.goto(format!("{}/f/renamed/", preview.url)).await?;
        shows(&browser, "h1", "Segmentation fault").await?;
        std::fs::remove_file(at("content/c/renamed.yaml")).unwrap();
        shows(&browser, "h1", "no such page").await?;
        book.write("content/c/renamed.yaml", CLEAN);
        shows(&browser, "h1", "It breaks").await?;
        nothing_but(&browser, "404").await
    });
}

/// The console was told of nothing else, and of that because it was meant.
async fn nothing_but(browser: &WebDriver, meant: &str) -> WebDriverResult<()> {
    let log = browser.get_log("browser").await?;
    let others: Vec<String> =
        log.into_iter().map(|entry| entry.message).filter(|message| !message.contains(meant)).collect();
    assert_eq!(others, Vec::<String>::new());
    Ok(())
}

/// Only the tab that shows a changed page loads it anew, and stays where its reader was.
#[test]
fn other_tabs_stay_as_they_are_and_the_place_is_kept() {
    let book = small_book();
    let preview = Preview::of(&book);
    let long = |title: &str| {
        format!("{}why: |\n{}", CLEAN.replace("It breaks", title), "  A paragraph.\n\n".repeat(150))
    };
    book.write("content/long.yaml", long("First"));
    preview.shows("/small/f/long/", "First");
    in_browser(async |browser: WebDriver| {
        browser.goto(format!("{}/f/lost-update/", preview.url)).await?;
        mark(&browser).await?;
        let other = browser.window().await?;
        browser.new_tab().await.map(drop)?;
        let tabs = browser.windows().await?;
        browser.switch_to_window(tabs[1].clone()).await?;
        browser.goto(format!("{}/f/long/", preview.url)).await?;
        mark(&browser).await?;
        script(&browser, "scrollTo({ top: 1500, behavior: 'instant' }); arguments[0]()", Vec::new()).await?;
        book.write("content/long.yaml", long("Second"));
        shows(&browser, "h1", "Second").await?;
        assert!(!is_marked(&browser).await?);
        let place =
            script(&browser, "requestAnimationFrame(() => arguments[0](scrollY))", Vec::new()).await?;
        assert_eq!(place, json!(1500));
        browser.switch_to_window(other).await?;
        assert!(is_marked(&browser).await?, "the other tab was loaded anew");
        Ok(())
    });
}

/// Looks change without loading the page, and a preview that was started anew is found again.
#[test]
fn looks_change_in_place_and_a_new_server_is_found_again() {
    let book = small_book();
    let mut preview = Preview::of(&book);
    let port = preview.address.rsplit(':').next().unwrap().to_owned();
    let built_in = std::fs::read_to_string(project().join("theme/site.css")).unwrap();
    let path = "content/c/plain-c.yaml";
    let record = std::fs::read_to_string(book.path().join(path)).unwrap();
    in_browser(async |browser: WebDriver| {
        browser.goto(format!("{}/f/plain-c/", preview.url)).await?;
        mark(&browser).await?;
        book.write("theme/site.css", format!("{built_in}\nh1::after {{ content: \"restyled\" }}\n"));
        let styled = "
            const done = arguments[0];
            const is_restyled = () => getComputedStyle(document.querySelector('h1'), '::after').content.includes('restyled')
              && document.querySelectorAll('link[rel=stylesheet]').length === 1;
            const look = () => is_restyled() ? done(true) : setTimeout(look, 20);
            look();";
        assert_eq!(script(&browser, styled, Vec::new()).await?, json!(true));
        assert!(is_marked(&browser).await?, "the page was loaded anew");
        preview.end("TERM");
        book.write(path, record.replace("title: Segmentation fault", "title: Bus error"));
        preview = Preview::start(book.path(), &["--port", &port]);
        shows(&browser, "h1", "Bus error").await?;
        nothing_but(&browser, "WebSocket connection").await
    });
}
