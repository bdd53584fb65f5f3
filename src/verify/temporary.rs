//! Temporary folders for programs of records. They go, whatever the programs leave in them and however we end.
//!
//! A process of this very binary is told of each folder. When the line to it closes, it removes what is left: after a
//! signal to us as well, which nothing in our own process could do.

use rustix::fs::{Mode, OFlags};
use rustix::process::setsid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::AsRawFd as _;
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

/// Removes a folder and all that is in it. Whatever may be a folder is first moved up to where its path is short: however
/// deep it lies, neither a path nor our stack grows with it. It is looked at only there, out of reach of a program that
/// still runs and could exchange it for a link.
fn remove(root: &Path) -> io::Result<()> {
    if !root.try_exists()? {
        return Ok(());
    }
    let own = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(root, own.clone())?;
    let pit = tempfile::Builder::new().prefix(".going-").tempdir_in(root)?.keep();
    let mut open = vec![root.to_owned()];
    let mut n_moved: u64 = 0;
    let mut failed = None;
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| failed = Some(error));
        for entry in entries.into_iter().flatten().flatten() {
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if path == pit || (!is_folder && std::fs::remove_file(&path).is_ok()) {
                continue;
            }
            let moved = pit.join(n_moved.to_string());
            n_moved += 1;
            match take(&path, &moved, &own) {
                Ok(true) => open.push(moved),
                Ok(false) => {}
                Err(error) => failed = Some(error),
            }
        }
        // What is left of one folder keeps none of the others.
        if folder != root
            && let Err(error) = std::fs::remove_dir(&folder)
        {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)?;
    std::fs::remove_dir(&pit)?;
    std::fs::remove_dir(root)
}

/// Moves one thing to a place of ours; removes it there, or opens it where it is a folder, which is told.
fn take(path: &Path, moved: &Path, own: &std::fs::Permissions) -> io::Result<bool> {
    if let Err(error) = std::fs::rename(path, moved) {
        // Without its own rights a folder cannot be moved. Those of what a link leads to are not touched.
        if !path.symlink_metadata()?.is_dir() {
            return Err(error);
        }
        let folder =
            rustix::fs::open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::DIRECTORY, Mode::empty())?;
        std::fs::set_permissions(format!("/proc/self/fd/{}", folder.as_raw_fd()), own.clone())?;
        std::fs::rename(path, moved)?;
    }
    if moved.symlink_metadata()?.is_dir() {
        std::fs::set_permissions(moved, own.clone())?;
        return Ok(true);
    }
    std::fs::remove_file(moved).map(|()| false)
}
