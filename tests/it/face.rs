//! The face of a site in a real browser, served as in production: nobody is shut out, nothing moves, nothing leaks.

use crate::browser::{in_browser, resize, script, serve_files, shows};
use crate::support::{CLEAN, Scratch, project, walk};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// Every page kind: its name, and its path in [`site`].
pub const KINDS: &[(&str, &str)] = &[
    ("home", ""),
    ("browse", "browse/"),
    ("facet", "browse/category/build/"),
    ("facet-turned", "browse/tag/many/2/"),
    ("record-short", "f/crlf-shebang/"),
    ("record-related", "f/python-venv-moved-bad-interpreter/"),
    ("record-long", "f/npm-org-2fa-publish/"),
    ("record-full", "f/everything-at-once/"),
    ("alert", "alert/EverythingAtOnce/"),
    ("guides", "guide/"),
    ("guide", "guide/first-record/"),
    ("keywords", "keywords/"),
    ("keywords-letter", "keywords/e/"),
    ("status", "status/"),
    ("contribute", "contribute/"),
    ("search", "search/?q=publish+token"),
    ("search-empty", "search/?q=zzzzzz"),
    ("search-blank", "search/"),
    ("not-found", "404.html"),
    ("home-of-nothing", "../../empty/"),
    ("browse-of-nothing", "../../empty/browse/"),
    ("status-of-nothing", "../../empty/status/"),
    ("keywords-of-nothing", "../../empty/keywords/"),
];

/// Our own book, with a record that has everything, and with enough of the same that pages are turned; below a path of
/// its host. Beside it a book without any record.
pub fn site() -> Scratch {
    let book = Scratch::empty();
    let own = walk(&project().join("content"))
        .into_iter()
        .map(|path| path.strip_prefix(project()).unwrap().to_owned());
    for name in own.chain(["book.toml", "results.jsonl"].map(Into::into)) {
        book.write(name.as_str(), std::fs::read(project().join(&name)).unwrap());
    }
    book.write("content/full/everything-at-once/record.yaml", include_str!("full-record.yaml"));
    book.write("content/full/everything-at-once/late.png", include_bytes!("late.png"));
    for nth in 0..60 {
        let words =
            ["every", "only", "nearly", "not", "perhaps"].map(|word| format!("{word} the {nth}th time"));
        let text = CLEAN.replace("It breaks", &format!("It breaks for the {nth}th time"));
        let text = text.replace("it breaks", &words.join(", "));
        book.write(&format!("content/many/many-{nth}.yaml"), format!("{text}tags: [many]\n"));
    }
    let site = Scratch::empty();
    let empty = Scratch::empty();
    empty.write("book.toml", "[book]\ntitle = 'Nothing yet'\n");
    empty.write("content/pages/.keep", "");
    let mut headers = String::new();
    for (book, path) in [(&book, "deep/below"), (&empty, "empty")] {
        let (url, folder) = (format!("https://host.example/{path}/"), site.path().join(path));
        let output = book.run(&["build", "--site-url", &url, "--dest-dir", folder.as_str()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        headers.push_str(&std::fs::read_to_string(folder.join("_headers")).unwrap());
    }
    // A host reads it at its own root.
    site.write("_headers", headers);
    site
}

/// What a page did that none may do, since it was opened.
const WATCH: &str = "
    window.seen = { refused: [], moved: [] };
    document.addEventListener('securitypolicyviolation', (event) => seen.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (!entry.hadRecentInput) seen.moved.push(...entry.sources.map(({ node }) => `${entry.value.toFixed(4)} ${node?.nodeName} ${node?.id ?? ''} ${node?.className ?? ''}`));
      }
    }).observe({ type: 'layout-shift', buffered: true });";

/// Waits for images, for the hits of a search, and for two frames after.
const SETTLED: &str = "
    const done = arguments[0];
    const images = [...document.images].map((image) => {
      image.scrollIntoView();
      image.loading = 'eager';
      return image.complete || new Promise((loaded) => { image.onload = image.onerror = loaded; });
    });
    const hits = () => new Promise((found) => {
      const look = () => !document.getElementById('hits') || !new URL(location).searchParams.get('q') || document.getElementById('count').textContent
        ? found() : setTimeout(look, 10);
      look();
    });
    const frames = () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    Promise.all(images).then(hits).then(frames).then(frames).then(() => done());";

async fn watch(browser: &WebDriver) -> WebDriverResult<()> {
    browser.cdp().send_raw("Page.addScriptToEvaluateOnNewDocument", json!({"source": WATCH})).await?;
    Ok(())
}

async fn visit(browser: &WebDriver, url: &str) -> WebDriverResult<()> {
    browser.goto(url).await?;
    script(browser, SETTLED, Vec::new()).await?;
    Ok(())
}

async fn prefer(browser: &WebDriver, theme: &str) -> WebDriverResult<()> {
    let features = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
    browser.cdp().send_raw("Emulation.setEmulatedMedia", features).await?;
    Ok(())
}

/// Every page kind at three widths in both themes, as pictures in `target/screenshots/`; no page is wider than its window.
#[test]
fn every_page_kind_fits_its_window() {
    let folder = project().join("target/screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    let site = site();
    let (_server, url) = serve_files(site.path());
    in_browser(async |browser: WebDriver| {
        for (theme, width) in
            [("light", 360), ("light", 768), ("light", 1280), ("dark", 360), ("dark", 768), ("dark", 1280)]
        {
            prefer(&browser, theme).await?;
            for (name, path) in KINDS {
                resize(&browser, width, 800).await?;
                visit(&browser, &format!("{url}/deep/below/{path}")).await?;
                let size = "const { scrollWidth, scrollHeight } = document.documentElement; arguments[0]([scrollWidth, scrollHeight])";
                let size = script(&browser, size, Vec::new()).await?;
                assert_eq!(size[0], json!(width), "{name} at {width} px is too wide");
                resize(&browser, width, size[1].as_u64().unwrap()).await?;
                let picture = browser.screenshot_as_png().await?;
                std::fs::write(folder.join(format!("{name}-{width}-{theme}.png")), picture).unwrap();
            }
        }
        Ok(())
    });
}

/// WCAG 2.2 AA and best practice, by axe, on every page kind, in both themes, in a small and a large window.
#[test]
fn axe_finds_nothing_on_any_page_kind() {
    let axe = project().join("tests/axe/node_modules/axe-core/axe.min.js");
    let axe =
        std::fs::read_to_string(&axe).unwrap_or_else(|_| panic!("{axe} is missing: .ci/install brings it"));
    let site = site();
    let (_server, url) = serve_files(site.path());
    let run = "
        const done = arguments[0];
        for (const details of document.querySelectorAll('details')) details.open = true;
        axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(
          ({ violations, passes }) => done({ n_passed: passes.length, found: violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`)) }),
          (error) => done(String(error)));";
    in_browser(async |browser: WebDriver| {
        let mut found: Vec<String> = Vec::new();
        for (theme, width) in [("light", 320), ("light", 1280), ("dark", 320), ("dark", 1280)] {
            prefer(&browser, theme).await?;
            resize(&browser, width, 800).await?;
            for (name, path) in KINDS {
                visit(&browser, &format!("{url}/deep/below/{path}")).await?;
                browser.execute(&axe, Vec::new()).await?;
                let said = script(&browser, run, Vec::new()).await?;
                assert!(said["n_passed"].as_u64() > Some(15), "{name}: {said}");
                let texts = said["found"].as_array().unwrap().iter();
                found.extend(texts.map(|text| format!("{name} {theme} {width}: {}", text.as_str().unwrap())));
            }
        }
        assert!(found.is_empty(), "{found:#?}");
        Ok(())
    });
}

/// The policy of production holds and refuses nothing, every request goes to the site itself, and nothing on a page
/// moves while it is loaded, although images come late.
#[test]
fn pages_stay_at_home_and_stay_put() {
    let site = site();
    let (_server, url) = serve_files(site.path());
    in_browser(async |browser: WebDriver| {
        watch(&browser).await?;
        let mut bad: Vec<String> = Vec::new();
        let mut n_images = 0;
        for width in [320, 360, 1280] {
            resize(&browser, width, 800).await?;
            for (name, path) in KINDS {
                visit(&browser, &format!("{url}/deep/below/{path}")).await?;
                let seen = script(&browser, "arguments[0](seen)", Vec::new()).await?;
                if seen != json!({"refused": [], "moved": []}) {
                    bad.push(format!("{name} at {width}: {seen}"));
                }
                let images = script(&browser, "arguments[0](document.images.length)", Vec::new()).await?;
                n_images += images.as_u64().unwrap();
            }
        }
        assert_eq!(bad, Vec::<String>::new());
        assert_eq!(n_images, 3);
        let sent = requests(&browser).await?;
        assert!(sent.len() > 100);
        let elsewhere: Vec<&String> = sent.iter().filter(|address| !address.starts_with(&url)).collect();
        assert_eq!(elsewhere, Vec::<&String>::new());
        Ok(())
    });
}

/// What the test above looks for would be seen: the host and the page itself both refuse what the policy forbids.
#[test]
fn what_the_policy_forbids_is_refused_and_reported() {
    let site = site();
    let (_server, url) = serve_files(site.path());
    let misbehave = "
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        document.body.append(script);
        const image = new Image();
        image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw=';
        image.onerror = () => setTimeout(() => arguments[0]([window.ran ?? false, seen.refused]), 50);";
    in_browser(async |browser: WebDriver| {
        watch(&browser).await?;
        visit(&browser, &format!("{url}/deep/below/")).await?;
        let found = script(&browser, misbehave, Vec::new()).await?;
        let refused = ["script-src-elem inline", "script-src-elem inline", "img-src data", "img-src data"];
        assert_eq!(found, json!([false, refused]));
        let said = browser.get_log("browser").await?;
        assert_eq!(said.iter().filter(|entry| entry.level == "SEVERE").count(), 4);
        Ok(())
    });
}

/// The address of every request that pages sent since this was last asked.
async fn requests(browser: &WebDriver) -> WebDriverResult<Vec<String>> {
    let log = browser.get_log("performance").await?;
    let sent = log.into_iter().filter_map(|entry| {
        let event: Value = serde_json::from_str(&entry.message).ok()?;
        let message = &event["message"];
        let is_sent = message["method"] == "Network.requestWillBeSent";
        let address = message["params"]["request"]["url"].as_str()?;
        let counts = ["http", "ws"].iter().any(|scheme| address.starts_with(scheme));
        (is_sent && counts).then(|| address.to_owned())
    });
    Ok(sent.collect())
}

/// A page that nobody has been to before: at most five requests, and the repair is seen at once on a telephone.
#[test]
fn a_record_is_there_at_once() {
    let site = site();
    let (_server, url) = serve_files(site.path());
    in_browser(async |browser: WebDriver| {
        resize(&browser, 360, 640).await?;
        requests(&browser).await?;
        visit(&browser, &format!("{url}/deep/below/f/git-push-fetch-first/")).await?;
        let cold = requests(&browser).await?;
        assert!((3..=5).contains(&cold.len()), "{cold:#?}");
        let mut ends: Vec<(u64, String)> = Vec::new();
        let mut sizes: Vec<u64> = Vec::new();
        for id in ids() {
            visit(&browser, &format!("{url}/deep/below/f/{id}/")).await?;
            // The first command or, where a repair begins with words, those.
            let seen = script(
                &browser,
                "
                const first = document.querySelector('.fix .cmd, .fix .steps li > div, .fix > p:not(.cause)');
                arguments[0]([Math.ceil(first.getBoundingClientRect().bottom), document.querySelectorAll('*').length])",
                Vec::new(),
            )
            .await?;
            ends.push((seen[0].as_u64().unwrap(), id));
            sizes.push(seen[1].as_u64().unwrap());
        }
        ends.sort_unstable();
        sizes.sort_unstable();
        assert!(ends.len() >= 38);
        assert!(ends[ends.len() / 2].0 <= 640, "{ends:?}");
        assert!(sizes[sizes.len() / 2] <= 600, "{sizes:?}");
        Ok(())
    });
}

/// The ids of our own records.
fn ids() -> Vec<String> {
    let output = crate::support::faultbook(project(), &["list", "-f", "ids"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Tab reaches everything that acts, each with a visible mark of where one is; the first is the way past the head.
#[test]
fn the_keyboard_reaches_everything() {
    let site = site();
    let (_server, url) = serve_files(site.path());
    let listen = "
        for (const details of document.querySelectorAll('details')) details.open = true;
        document.body.tabIndex = -1;
        document.body.focus();
        document.body.removeAttribute('tabindex');
        scrollTo(0, 0);
        window.wanted = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex=\"0\"]')]
          .filter((element) => element.checkVisibility({ visibilityProperty: true }));
        window.met = new Set();
        window.dim = [];
        addEventListener('focusin', ({ target }) => {
          met.add(target);
          const { outlineStyle, outlineWidth } = getComputedStyle(target);
          const { width, height, bottom, top } = target.getBoundingClientRect();
          if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2 || width < 4 || height < 4 || bottom < 0 || top > innerHeight) dim.push(target.outerHTML.slice(0, 120));
        });
        arguments[0](wanted.length);";
    in_browser(async |browser: WebDriver| {
        resize(&browser, 1280, 800).await?;
        for (name, path) in KINDS {
            visit(&browser, &format!("{url}/deep/below/{path}")).await?;
            let n_wanted = script(&browser, listen, Vec::new()).await?.as_u64().unwrap();
            assert!(n_wanted >= 6, "{name}");
            press(&browser, "Tab", 9).await?;
            let first =
                script(&browser, "arguments[0](document.activeElement.className)", Vec::new()).await?;
            assert_eq!(first, json!("skip"), "{name}");
            for _ in 0..n_wanted + 2 {
                press(&browser, "Tab", 9).await?;
            }
            let left = script(&browser, "
                arguments[0]([wanted.filter((element) => !met.has(element)).map((element) => element.outerHTML.slice(0, 120)), dim])", Vec::new()).await?;
            assert_eq!(left, json!([[], []]), "{name}");
        }
        visit(&browser, &format!("{url}/deep/below/f/crlf-shebang/")).await?;
        press(&browser, "Tab", 9).await?;
        press(&browser, "Enter", 13).await?;
        let at = script(&browser, "arguments[0](document.activeElement.id)", Vec::new()).await?;
        assert_eq!(at, json!("main"));
        Ok(())
    });
}

async fn press(browser: &WebDriver, key: &str, code: u8) -> WebDriverResult<()> {
    let text = if key == "Enter" { "\r" } else { "" };
    for kind in ["keyDown", "keyUp"] {
        let event =
            json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
        browser.cdp().send_raw("Input.dispatchKeyEvent", event).await?;
    }
    Ok(())
}

/// Whoever has no scripts reads everything, finds records by keyword and by kind, and meets no button that does nothing.
#[test]
fn without_scripts_nothing_is_lost_but_comfort() {
    let site = site();
    let (_server, url) = serve_files(site.path());
    in_browser(async |browser: WebDriver| {
        browser.cdp().send_raw("Emulation.setScriptExecutionDisabled", json!({"value": true})).await?;
        for (name, path) in KINDS {
            browser.goto(format!("{url}/deep/below/{path}")).await?;
            assert!(!browser.find(By::Tag("h1")).await?.text().await?.is_empty(), "{name}");
            for button in browser.find_all(By::Css("button:not([type=submit])")).await? {
                assert!(!button.is_displayed().await?, "{name}: {}", button.outer_html().await?);
            }
        }
        browser.goto(format!("{url}/deep/below/search/?q=lock")).await?;
        shows(&browser, "noscript", "Searching here needs a script").await?;
        browser.find(By::Css("noscript a[href$='keywords/']")).await?.click().await?;
        browser.find(By::Css("a[href$='keywords/t/']")).await?.click().await?;
        browser
            .find(By::LinkText("cp: cannot create regular file 'server': Text file busy"))
            .await?
            .click()
            .await?;
        shows(&browser, "h1", "Text file busy").await?;
        let details = browser.find(By::Css("details")).await?;
        details.find(By::Tag("summary")).await?.click().await?;
        shows(&browser, "details", "To ask it about a folder of yours").await?;
        browser.find(By::LinkText("Browse")).await?.click().await?;
        browser.find(By::PartialLinkText("line endings")).await?.click().await?;
        browser.find(By::PartialLinkText("/usr/bin/env")).await?.click().await?;
        shows(&browser, ".fix", "sed -i").await?;
        Ok(())
    });
}

/// The theme follows the system until somebody chooses, and a choice holds on every page kind; every copy button copies
/// what stands beside it.
#[test]
fn a_chosen_theme_holds_everywhere_and_every_copy_button_copies() {
    let site = site();
    let (_server, url) = serve_files(site.path());
    let colour = "arguments[0](getComputedStyle(document.body).backgroundColor)";
    in_browser(async |browser: WebDriver| {
        prefer(&browser, "dark").await?;
        visit(&browser, &format!("{url}/deep/below/")).await?;
        let dark = script(&browser, colour, Vec::new()).await?;
        browser.find(By::Id("theme")).await?.click().await?;
        let light = script(&browser, colour, Vec::new()).await?;
        assert_ne!(dark, light);
        for (name, path) in KINDS {
            visit(&browser, &format!("{url}/deep/below/{path}")).await?;
            assert_eq!(script(&browser, colour, Vec::new()).await?, light, "{name}");
        }
        let allowed = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
        browser.cdp().send_raw("Browser.grantPermissions", allowed).await?;
        visit(&browser, &format!("{url}/deep/below/f/everything-at-once/")).await?;
        browser.find(By::Tag("summary")).await?.click().await?;
        let buttons = browser.find_all(By::Css("[data-copy]")).await?;
        assert_eq!(buttons.len(), 4);
        for button in buttons {
            let beside = button.find(By::XPath("preceding-sibling::pre")).await?.text().await?;
            button.click().await?;
            shows(&browser, "#said", "").await?;
            let copied = "setTimeout(() => navigator.clipboard.readText().then(arguments[0]), 50)";
            assert_eq!(script(&browser, copied, Vec::new()).await?, json!(beside));
        }
        Ok(())
    });
}

/// The median record of our book and its longest fit on two sheets of A4.
#[test]
fn a_printed_record_has_at_most_two_pages() {
    let site = site();
    let mut records: Vec<(usize, String)> = ids()
        .into_iter()
        .map(|id| {
            (std::fs::read(site.path().join(format!("deep/below/f/{id}/index.html"))).unwrap().len(), id)
        })
        .collect();
    records.sort_unstable();
    let (_server, url) = serve_files(site.path());
    let page = regex::Regex::new(r"/Type\s*/Page\b").unwrap();
    in_browser(async |browser: WebDriver| {
        let mut n_pages = Vec::new();
        for (size, id) in [&records[records.len() / 2], &records[records.len() - 1]] {
            visit(&browser, &format!("{url}/deep/below/f/{id}/")).await?;
            let printed =
                browser.cdp().send_raw("Page.printToPDF", json!({"preferCSSPageSize": true})).await?;
            let pdf = data_encoding::BASE64.decode(printed["data"].as_str().unwrap().as_bytes()).unwrap();
            let text = String::from_utf8_lossy(&pdf);
            assert!(text.contains("/MediaBox [0 0 59"), "{id} is not printed on A4");
            n_pages.push((page.find_iter(&text).count(), id, size));
        }
        assert!(n_pages.iter().all(|(n, ..)| (1..=2).contains(n)), "{n_pages:?}");
        Ok(())
    });
}
