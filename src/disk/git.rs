//! When files came and last changed, and which differ from a commit, as git knows it.
//!
//! One `git log` for all files. Without a repository, or without git, nothing is known, and that is no failure.

use super::trace;
use crate::text::History;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};
use std::process::{Command, Stdio};

/// What git knows of a book's files.
#[derive(Debug, Default)]
pub struct Histories {
    files: BTreeMap<Utf8PathBuf, History>,
    /// Whether the repository has only the end of its history.
    pub is_shallow: bool,
}

impl Histories {
    /// The history of a file, by its path relative to the book.
    pub fn of(&self, path: &Utf8Path) -> Option<History> {
        self.files.get(path).copied()
    }
}

/// The histories of the files below `src` and of those beside `book.toml`.
pub fn history(root: &Utf8Path, src: &Utf8Path) -> Histories {
    let absolute = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
    if !absolute.ancestors().any(|folder| folder.join(".git").exists()) {
        return Histories::default();
    }
    let is_shallow = git(root, &["rev-parse", "--is-shallow-repository"]).as_deref() == Some("true\n");
    // `-m` would list files of merges twice; a merge that changes nothing by itself says nothing.
    let args = [
        "log",
        "--format=%x01%ct",
        "--name-status",
        "--find-renames",
        "--relative",
        "--no-color",
        "-z",
        "--",
        src.as_str(),
    ];
    let log = git(root, &args).unwrap_or_default();
    Histories { files: read(&log), is_shallow }
}

/// What tells whether a new commit came: the files of the repository that every one changes, as far as they are there.
pub(super) fn head(root: &Utf8Path) -> Vec<Option<[u64; 6]>> {
    let absolute = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
    let Some(git) = absolute.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists()) else {
        return Vec::new();
    };
    // The repository of a further work tree lies elsewhere, and a file says where.
    let elsewhere = std::fs::read_to_string(&git).ok();
    let elsewhere = elsewhere.as_deref().and_then(|text| text.strip_prefix("gitdir: ")).map(str::trim_end);
    let folder = elsewhere.map_or_else(|| git.clone(), |path| git.with_file_name("").join(path));
    let names = ["HEAD", "logs/HEAD", "shallow"];
    names.iter().map(|name| folder.join(name).symlink_metadata().ok().map(|at| trace::signs(&at))).collect()
}

/// The files that differ from a commit, and those that git does not know yet, relative to the book; `None` where there
/// is no repository, or no such commit.
pub fn changed_since(root: &Utf8Path, commit: &str) -> Option<BTreeSet<Utf8PathBuf>> {
    let differ = ["diff", "--name-only", "--relative", "--no-color", "-z", "--end-of-options", commit, "--"];
    let unknown = ["ls-files", "--others", "--exclude-standard", "-z"];
    let lists = [git(root, &differ)?, git(root, &unknown)?];
    let paths = lists.iter().flat_map(|list| list.split('\0')).filter(|path| !path.is_empty());
    Some(paths.map(Utf8PathBuf::from).collect())
}

/// Which lines of a file a branch changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangedLines {
    /// All of them, as far as git says.
    All,
    /// These, from 1; none where lines only went away.
    Ranges(Vec<Range<usize>>),
}

impl ChangedLines {
    /// Whether one of these lines is among them.
    pub fn touch(&self, lines: &RangeInclusive<usize>) -> bool {
        match self {
            ChangedLines::All => true,
            ChangedLines::Ranges(ranges) => {
                ranges.iter().any(|range| range.start <= *lines.end() && *lines.start() < range.end)
            }
        }
    }
}

/// What a branch changed since it left another commit, the files that git does not know yet among it; `None` where there
/// is no repository, no such commit, or none that both come from.
pub fn changed_lines(root: &Utf8Path, commit: &str) -> Option<BTreeMap<Utf8PathBuf, ChangedLines>> {
    let name = format!("{commit}^{{commit}}");
    let commit = git(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name])?;
    let base = git(root, &["merge-base", commit.trim(), "HEAD"])?;
    let args = [
        "diff",
        "--unified=0",
        "--find-renames",
        "--relative",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        base.trim(),
        "--",
    ];
    let mut ranges = added(&git(root, &args)?);
    let of = |path: Utf8PathBuf| {
        let lines = ranges.remove(&path).map_or(ChangedLines::All, ChangedLines::Ranges);
        (path, lines)
    };
    Some(changed_since(root, base.trim())?.into_iter().map(of).collect())
}

/// The lines that a patch without context adds to each file. A file whose name git has to quote is not among them.
fn added(patch: &str) -> BTreeMap<Utf8PathBuf, Vec<Range<usize>>> {
    let mut files: BTreeMap<Utf8PathBuf, Vec<Range<usize>>> = BTreeMap::new();
    let mut path = None;
    // What stands in a hunk can look like anything; how many lines it has is said before.
    let mut n_inside = 0;
    for line in patch.split('\n') {
        if n_inside > 0 {
            n_inside -= usize::from(line.starts_with(['+', '-']));
        } else if let Some(name) = line.strip_prefix("+++ ") {
            path = name.strip_prefix("b/").map(|name| Utf8PathBuf::from(name.trim_end_matches('\t')));
        } else if let Some((gone, new)) = line.strip_prefix("@@ -").and_then(sides) {
            n_inside = gone.len() + new.len();
            if let Some(path) = &path {
                files.entry(path.clone()).or_default().push(new);
            }
        }
    }
    files
}

/// The lines of `1,2 +3,4 @@`, those that went and those that came.
fn sides(hunk: &str) -> Option<(Range<usize>, Range<usize>)> {
    let side = |text: &str| {
        let (start, n) = text.split_once(',').unwrap_or((text, "1"));
        let (start, n): (usize, usize) = (start.parse().ok()?, n.parse().ok()?);
        Some(start..start + n)
    };
    let (gone, rest) = hunk.split_once(" +")?;
    Some((side(gone)?, side(rest.split_once(" @@")?.0)?))
}

fn git(root: &Utf8Path, args: &[&str]) -> Option<String> {
    // Settings of a repository can name programs; none of them is asked for by these commands.
    let mut command = Command::new("git");
    command.args(["-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "--no-pager"]).args(args);
    command.current_dir(if root.as_str().is_empty() { Utf8Path::new(".") } else { root });
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads `git log -z`, newest commit first. A renamed file keeps the history of its former name.
///
/// Everything is one part after another, ended by NUL, which no path can hold: a commit's time behind U+0001, or a
/// status and its paths. What a path holds is never looked at.
fn read(log: &str) -> BTreeMap<Utf8PathBuf, History> {
    let mut files: BTreeMap<Utf8PathBuf, History> = BTreeMap::new();
    // Former name to the name of today.
    let mut now: BTreeMap<String, String> = BTreeMap::new();
    let mut seconds = None;
    let mut parts = log.split('\0');
    while let Some(part) = parts.next() {
        let part = part.trim_start_matches('\n');
        if let Some(time) = part.strip_prefix('\u{1}') {
            seconds = time.trim_end().parse::<i64>().ok();
            continue;
        }
        if part.is_empty() {
            continue;
        }
        let Some(first) = parts.next() else { break };
        let second = if part.starts_with(['R', 'C']) { parts.next() } else { None };
        let name = second.unwrap_or(first);
        let Some(seconds) = seconds else { continue };
        let today = now.get(name).cloned().unwrap_or_else(|| name.to_owned());
        let history =
            files.entry(Utf8PathBuf::from(&today)).or_insert(History { first: seconds, last: seconds });
        history.first = history.first.min(seconds);
        history.last = history.last.max(seconds);
        if part.starts_with('R') {
            now.insert(first.to_owned(), today);
        }
    }
    files
}
