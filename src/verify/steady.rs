//! Takes out of a program's words what differs from one run or machine to the next, so that the same tools give the same
//! bytes.
//!
//! In: a text, without the path of its scratch folder already. Out: the same with `<time>`, `<port>` and the like.
//! Not here: secrets, which are taken out before (`redact.rs`).

use super::tools::Host;
use crate::text::is_invisible;
use regex::Regex;
use std::sync::LazyLock;

/// What is replaced in any text, in this order.
static VOLATILE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rules = [
        (r"\x1b\[[0-9;?]*[A-Za-z]", ""),
        // Folders of ours: where the text was made, and what a program called its own files there.
        (r"‹scratch›/(?:copy-\w+/)?subject\b", "<subject>"),
        (r"‹scratch›/home\b", "<home>"),
        (
            r"‹scratch›/tmp/(?:tmp[\w.+-]*|cc\w{6}(?:\.\w+)?|[\w-]+\.[A-Za-z0-9]{6,10})\b",
            "<scratch>/tmp/<name>",
        ),
        (r"‹scratch›/(?:work|empty-\w+)\b", "<scratch>"),
        (r"‹scratch›", "<scratch>"),
        // Heads of lines as klog and OpenSSL write them.
        (r"(?m)^([EFIW])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ ", "$1<time> <number> "),
        (r"(?m)^[0-9A-F]{12,16}:error:", "<number>:error:"),
        (r"\d{4}-\d\d-\d\dT\d\d_\d\d_\d\d_\d+Z", "<time>"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d)\b)?", "<time>"),
        (
            r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\d{1,2} )?[A-Z][a-z]{2} +(?:\d{1,2} +)?(?:\d{4} )?\d\d:\d\d:\d\d(?: [A-Z]{3,4})?(?: \d{4})?(?: [+-]\d{4})?",
            "<time>",
        ),
        (r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b", "<time>"),
        (r"\b\d+\.\d+ ?s\b|\b\d+ ?[mµn]s\b", "<time>"),
        (r"\bin \d+ ?s(?:ec(?:onds?)?)?\b", "in <time>"),
        (r"(127\.0\.0\.1|localhost|\[::1\]):\d+\b", "$1:<port>"),
        (r"(?i)\b(pid|process) \d+\b", "$1 <number>"),
        (r"\b0x[0-9a-fA-F]{6,}\b", "<address>"),
        // Names of commits whose place says so, even where all of it is digits.
        (r"\b[0-9a-f]{7,40}(\.{2,3})[0-9a-f]{7,40}\b", "<hash>$1<hash>"),
        (r"(?m)^(\[\S+ (?:\([^)]*\) )?)[0-9a-f]{7,40}\]", "$1<hash>]"),
        // Registries, wherever this machine's tools look for them.
        (
            r"(?i)\b(https?://)(?:[^/\s@]*@)?(?:registry|index|static|files|mirrors?|proxy)\.[\w.-]+(?::\d+)?",
            "$1<registry>",
        ),
        (r"(?i)\b(?:[a-z0-9-]+\.)*(?:crates\.io|pypi\.org|pythonhosted\.org|npmjs\.org)\b", "<registry>"),
    ];
    rules.iter().map(|(regex, name)| (compiled(regex), *name)).collect()
});

/// What looks like the name of a commit.
static HASH: LazyLock<Regex> = LazyLock::new(|| compiled(r"\b[0-9a-f]{7,64}\b"));

fn compiled(regex: &str) -> Regex {
    Regex::new(regex).expect("regular expressions of ours compile")
}

/// A text as another run on another machine would have it.
pub fn steady(text: &str, host: &Host) -> String {
    let mut text = text.replace("\r\n", "\n");
    for (regex, name) in VOLATILE.iter() {
        text = regex.replace_all(&text, *name).into_owned();
    }
    // What is read with `cat` must not act on a terminal.
    text.retain(|c| c != '\r' && !is_invisible(c));
    let has_both = |hash: &str| hash.contains(char::is_numeric) && hash.contains(char::is_alphabetic);
    let hash = |found: &regex::Captures<'_>| match &found[0] {
        word if has_both(word) => "<hash>".to_owned(),
        word => word.to_owned(),
    };
    let text = HASH.replace_all(&text, hash).into_owned();
    without_machine(text, host)
}

/// Whether two texts differ in nothing but what differs each time.
pub fn is_same(one: &str, other: &str) -> bool {
    let bare = |text: &str| {
        let text = VOLATILE
            .iter()
            .fold(text.to_owned(), |text, (regex, name)| regex.replace_all(&text, *name).into_owned());
        HASH.replace_all(&text, "<hash>").trim_end().to_owned()
    };
    bare(one) == bare(other)
}

/// A text without the home, the user and the name of this machine, and without the places that tools have on it.
fn without_machine(mut text: String, host: &Host) -> String {
    let tools = host.toolchains().into_values().map(|folder| (folder, "<tools>"));
    let home = host.home.iter().map(|home| (home.to_string_lossy().into_owned(), "~"));
    for (folder, name) in tools.chain(home).filter(|(folder, _)| folder.len() > 1) {
        // Not what only ends like it, such as a file `root` in a folder of the record's.
        let whole = compiled(&format!(r"(?m)(^|[^\w./-]){}(/|[^\w.-]|$)", regex::escape(&folder)));
        text = whole.replace_all(&text, format!("${{1}}{name}${{2}}")).into_owned();
    }
    // What everybody's machine has tells nothing of this one.
    const COMMON: [&str; 4] = ["root", "localhost", "user", "host"];
    let user = ["USER", "LOGNAME"].iter().find_map(|name| host.variables.get(*name).cloned());
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    for (word, name) in [(user, "<user>"), (machine, "<host>")] {
        let word = word.map(|word| word.trim().to_owned()).unwrap_or_default();
        if word.len() >= 3 && !COMMON.contains(&word.as_str()) {
            let whole = compiled(&format!(r"\b{}\b", regex::escape(&word)));
            text = whole.replace_all(&text, name).into_owned();
        }
    }
    text
}
