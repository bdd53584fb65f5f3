//! What several kinds of tests need: the project's folder, a scratch copy of a book, the binary.

use camino::{Utf8Path, Utf8PathBuf};
use faultbook::verify::{Host, Launcher};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The folder of the project.
pub fn project() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The small book that tests build.
pub fn golden_book() -> Utf8PathBuf {
    project().join("tests/golden/book")
}

/// A book in a folder of its own, gone when it is dropped.
pub struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// An empty folder.
    pub fn empty() -> Scratch {
        Scratch { folder: tempfile::tempdir().unwrap() }
    }

    /// A copy of a folder.
    pub fn copy_of(from: &Utf8Path) -> Scratch {
        let scratch = Scratch::empty();
        for entry in walk(from) {
            let target = scratch.path().join(entry.strip_prefix(from).unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(&entry, target).unwrap();
        }
        scratch
    }

    /// Where it is.
    pub fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).unwrap()
    }

    /// Writes a file, with its folders.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs the binary here.
    pub fn run(&self, args: &[&str]) -> Output {
        faultbook(self.path(), args).output().unwrap()
    }
}

/// The binary, about to run in a folder. What it keeps of its user lies with what tests leave.
pub fn faultbook(folder: &Utf8Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faultbook"));
    command.args(args).current_dir(folder).env("NO_COLOR", "1").env("SOURCE_DATE_EPOCH", "1798675200");
    command.env("XDG_DATA_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/data"));
    command.env("XDG_CONFIG_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/config"));
    command.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"));
    command
}

/// Every file below a folder, sorted.
pub fn walk(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir_utf8().unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path().to_owned());
            } else {
                files.push(entry.path().to_owned());
            }
        }
    }
    files.sort();
    files
}

/// Exit code, stdout and stderr in one text, for snapshots; times and sizes are left out.
pub fn transcript(output: &Output) -> String {
    let status = output.status.code().map_or("signal".to_owned(), |code| code.to_string());
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    format!("exit: {status}\n--- stdout\n{}\n--- stderr\n{}", stdout.trim_end(), stderr.trim_end())
}

/// A record without a finding.
pub const CLEAN: &str = "title: It breaks\nproduct: thing\nsymptom: It stops.\nroot_cause: A cause.\nfix: Mend it.\nwrong_fixes: [Wait]\nkeywords: [it breaks]\nsources: [seen]\n";

/// A book of these files, with an empty `book.toml`.
pub fn book(files: &[(&str, &str)]) -> Scratch {
    let book = Scratch::empty();
    book.write("book.toml", "");
    files.iter().for_each(|(path, text)| book.write(path, text));
    book
}

/// The text of a file of the book.
pub fn read(book: &Scratch, path: &str) -> String {
    std::fs::read_to_string(book.path().join(path)).unwrap()
}

/// What a command prints, read as JSON.
pub fn json(book: &Scratch, args: &[&str]) -> serde_json::Value {
    serde_json::from_slice(&book.run(args).stdout).unwrap()
}

/// This machine, with the binary under test to confine programs.
pub fn here() -> Host {
    Host::here(Launcher::new(std::path::Path::new(env!("CARGO_BIN_EXE_faultbook"))))
}
