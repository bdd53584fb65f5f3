//! What review would otherwise have to remember: which room may use which, and what no file may hold.

use crate::support::{project, walk};
use camino::Utf8PathBuf;
use std::collections::BTreeSet;
use std::process::Command;

/// The table of ARCHITECTURE.md: a room, and the rooms that it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("diag", &["text"]),
    ("disk", &["text"]),
    ("model", &["text", "diag"]),
    ("parse", &["text", "diag", "model"]),
    ("exchange", &["text", "diag", "model", "parse"]),
    ("render", &["text", "diag", "model"]),
    ("output", &["model"]),
    ("search", &["text", "diag", "model", "output"]),
    ("diagnose", &["text", "diag", "model", "output", "search"]),
    ("verify", &["text", "diag", "model"]),
    ("guard", &["model"]),
    ("lint", &["text", "diag", "parse", "model", "search", "verify"]),
    ("library", &["text", "diag", "model", "parse", "search", "disk"]),
    ("mcp", &["text", "diag", "model", "output", "search", "diagnose", "verify", "disk", "library"]),
    ("serve", &["text", "diag", "model", "parse", "lint", "render", "search", "diagnose", "verify", "disk"]),
    (
        "cli",
        &[
            "text", "diag", "model", "parse", "lint", "exchange", "render", "output", "search", "diagnose",
            "verify", "guard", "disk", "serve", "library", "mcp",
        ],
    ),
];

/// Functions and types of `lib.rs` itself, for the shell.
const OF_LIB: &[&str] = &[
    "Built",
    "Choice",
    "build_in_memory",
    "inspect",
    "documents",
    "Finished",
    "Given",
    "Input",
    "LEDGER_FILE",
    "RESULTS_FILE",
    "Reading",
    "Twins",
    "build",
    "load",
    "read",
    "twins",
];

fn sources() -> Vec<(Utf8PathBuf, String)> {
    let files = walk(&project().join("src")).into_iter().filter(|path| path.extension() == Some("rs"));
    files.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

fn room(path: &Utf8PathBuf) -> String {
    let inside = path.strip_prefix(project().join("src")).unwrap();
    inside.components().next().unwrap().as_str().trim_end_matches(".rs").to_owned()
}

#[test]
fn arrows_point_one_way() {
    let mut n_arrows = 0;
    for (path, text) in sources() {
        let room = room(&path);
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == room) else {
            assert!(["lib", "main"].contains(&room.as_str()), "{path}: no room is called `{room}`");
            continue;
        };
        for target in targets(&text) {
            n_arrows += 1;
            let shell = ["cli", "library", "mcp", "serve"].contains(&room.as_str())
                && OF_LIB.contains(&target.as_str());
            assert!(
                target == room || shell || allowed.contains(&target.as_str()),
                "{path}: {room} may not use {target}"
            );
        }
    }
    assert!(n_arrows > 50);
}

/// What stands after `crate::`, one by one where braces follow.
fn targets(text: &str) -> BTreeSet<String> {
    let word = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned();
    let mut targets = BTreeSet::new();
    for after in text.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(group) => {
                targets.extend(group.split('}').next().unwrap().split(',').map(|name| word(name.trim())))
            }
            None => drop(targets.insert(word(after))),
        }
    }
    targets
}

/// The fences of ARCHITECTURE.md: which crate or module is used in which rooms only.
#[test]
fn each_crate_stays_in_its_room() {
    let fences: &[(&str, &[&str])] = &[
        ("tera::", &["render"]),
        ("tantivy::", &["search"]),
        ("axum::", &["serve"]),
        ("rmcp::", &["mcp"]),
        ("notify::", &["serve"]),
        ("granit_parser::", &["parse/yaml.rs"]),
        ("toml::de", &["parse/toml.rs"]),
        ("clap::", &["cli"]),
        ("annotate_snippets::", &["cli/report"]),
        ("landlock::", &["verify/confine.rs"]),
        ("seccompiler::", &["verify/calls.rs"]),
        ("close_fds::", &["verify/supervisor.rs"]),
        ("rustls::", &["verify/tls.rs"]),
        ("anyhow::", &["cli"]),
        (
            "std::process",
            &[
                "verify/sandbox.rs",
                "verify/supervisor.rs",
                "verify/confine.rs",
                "verify/temporary.rs",
                "disk/git.rs",
                "cli/open.rs",
                "main.rs",
            ],
        ),
        ("std::fs", &["disk/", "search/store.rs", "verify/", "serve/watch.rs"]),
    ];
    for (path, text) in sources() {
        let inside = path.strip_prefix(project().join("src")).unwrap().to_string();
        for (name, rooms) in fences {
            assert!(
                !text.contains(name) || rooms.iter().any(|room| inside.starts_with(room)),
                "{inside} uses {name}"
            );
        }
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_readable() {
    for (path, text) in sources() {
        assert!(text.starts_with("//!"), "{path} does not begin with what it is for");
        assert!(text.lines().count() <= 700, "{path} has more than 700 lines");
    }
}

/// A template or theme file that is not in the table of built-ins would be missing from the binary.
#[test]
fn every_template_and_theme_file_is_built_in() {
    for (folder, table) in [("templates", "src/render/templates.rs"), ("theme", "src/render/assets.rs")] {
        let table = std::fs::read_to_string(project().join(table)).unwrap();
        for path in walk(&project().join(folder)) {
            let name = path.strip_prefix(project().join(folder)).unwrap();
            assert!(table.contains(&format!("\"{name}\", include_str!")), "{folder}/{name} is not built in");
        }
    }
}

#[test]
fn the_map_names_every_room() {
    let map = std::fs::read_to_string(project().join("ARCHITECTURE.md")).unwrap();
    for (room, _) in ALLOWED {
        assert!(map.contains(&format!("`{room}`")), "ARCHITECTURE.md does not name `{room}`");
    }
}

/// Every dependency costs a newcomer's first build; a new one needs this number raised, and a reason.
#[test]
fn the_lock_file_keeps_its_budget() {
    let lock = std::fs::read_to_string(project().join("Cargo.lock")).unwrap();
    let n_packages = lock.matches("[[package]]").count();
    assert!(n_packages <= BUDGET, "{n_packages} packages, {BUDGET} allowed");
}

/// Packages with development, and with other systems.
const BUDGET: usize = 380;

#[test]
fn no_file_names_a_registry_or_a_machine() {
    // Put together here, so that this file does not hold them.
    let hosts = [
        ["registry.npm", "js.org"],
        ["static.crates", ".io"],
        ["index.crates", ".io"],
        ["files.python", "hosted.org"],
        ["deb.deb", "ian.org"],
    ];
    let mut forbidden: Vec<String> = hosts.iter().map(|parts| parts.concat()).collect();
    forbidden.extend(["/ho", "/wo"].iter().zip(["me/", "rk/"]).map(|(one, other)| format!("{one}{other}")));
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(project()).output().unwrap();
    let names: Vec<String> =
        String::from_utf8(listed.stdout).unwrap().split_terminator('\0').map(str::to_owned).collect();
    assert!(names.len() > 50);
    for name in names.iter().filter(|name| *name != "Cargo.lock") {
        // A file that is listed and gone is being removed right now.
        let Ok(bytes) = std::fs::read(project().join(name)) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for word in &forbidden {
            assert!(!text.contains(word.as_str()), "{name} holds `{word}`");
        }
    }
}
