//! Temporary folders for programs of records. They go, whatever the programs leave in them and however we end.
//!
//! A process of this very binary is told of each folder. When the line to it closes, it removes what is left: after a
//! signal to us as well, which nothing in our own process could do.

use rustix::process::setsid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The argument that makes this binary the process that removes what is left.
pub const REMOVE: &str = "__remove";
/// For programs that still write into a folder to be ended by their own supervisors.
const PATIENCE: Duration = Duration::from_secs(10);

/// A folder that goes when this value does.
#[derive(Debug)]
pub struct Temporary {
    path: PathBuf,
    remover: Option<Arc<Remover>>,
}

impl Temporary {
    /// A folder among the system's temporary ones, of which `remover` is told.
    pub fn new(remover: Arc<Remover>) -> io::Result<Temporary> {
        let path = tempfile::Builder::new().prefix("faultbook-").tempdir()?.keep();
        remover.tell(&Word::Made(path.clone()));
        Ok(Temporary { path, remover: Some(remover) })
    }

    /// A folder in another temporary one.
    pub fn inside(folder: &Path, prefix: &str) -> io::Result<Temporary> {
        let path = tempfile::Builder::new().prefix(prefix).tempdir_in(folder)?.keep();
        Ok(Temporary { path, remover: None })
    }

    /// Absolute where the system's folder for temporary files is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let gone = remove(&self.path);
        if let (Ok(()), Some(remover)) = (gone, &self.remover) {
            remover.tell(&Word::Gone(self.path.clone()));
        }
    }
}

/// What is said on the line, one JSON value on each line.
#[derive(Debug, Serialize, Deserialize)]
enum Word {
    Made(PathBuf),
    Gone(PathBuf),
}

/// The line to the process that removes what is left.
#[derive(Debug)]
pub struct Remover {
    line: Mutex<Option<ChildStdin>>,
    process: Mutex<Child>,
}

impl Remover {
    /// Starts the process; `binary` is faultbook itself.
    pub fn start(binary: &Path) -> io::Result<Remover> {
        let mut command = Command::new(binary);
        command.arg(REMOVE).env_clear().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn()?;
        Ok(Remover { line: Mutex::new(process.stdin.take()), process: Mutex::new(process) })
    }

    fn tell(&self, word: &Word) {
        let mut line = self.line.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let text = serde_json::to_string(word).unwrap_or_default();
        if let Some(line) = line.as_mut() {
            // Where that process is gone, folders still go in `drop`.
            let _ = writeln!(line, "{text}");
        }
    }
}

impl Drop for Remover {
    fn drop(&mut self) {
        let line = self.line.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        *line = None;
        let process = self.process.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        let _ = process.wait();
    }
}

/// Hears of folders until the line closes, and removes those that are still there.
pub fn remove_what_is_left() -> io::Result<ExitCode> {
    // What ends us must not end this.
    setsid()?;
    let mut left = BTreeSet::new();
    for line in BufReader::new(io::stdin()).lines() {
        match serde_json::from_str(&line?)? {
            Word::Made(path) => left.insert(path),
            Word::Gone(path) => left.remove(&path),
        };
    }
    let deadline = Instant::now() + PATIENCE;
    for folder in left {
        while remove(&folder).is_err() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Removes a folder and all that is in it. Each folder below is first moved up to where its path is short: however
/// deep they lie, neither a path nor our stack grows with them.
fn remove(root: &Path) -> io::Result<()> {
    if !root.try_exists()? {
        return Ok(());
    }
    let own = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(root, own.clone())?;
    // Its name is ours alone, and what bears it is not a folder of the program's.
    let pit = tempfile::Builder::new().prefix(".going-").tempdir_in(root)?.keep();
    let mut open = vec![root.to_owned()];
    let mut n_moved: u64 = 0;
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            if path == pit {
                continue;
            }
            if entry.file_type()?.is_dir() {
                // A script may have taken its user's rights to it away.
                std::fs::set_permissions(&path, own.clone())?;
                let moved = pit.join(n_moved.to_string());
                n_moved += 1;
                std::fs::rename(&path, &moved)?;
                open.push(moved);
            } else {
                std::fs::remove_file(&path)?;
            }
        }
        if folder != root {
            std::fs::remove_dir(&folder)?;
        }
    }
    std::fs::remove_dir(&pit)?;
    std::fs::remove_dir(root)
}
