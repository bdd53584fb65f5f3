//! What a program and all that came of it hold: threads, memory and room.
//!
//! In: a policy, and what proc(5) tells. Out: the `End` that there is to be where it is more than the policy allows.
//! Not here: ending anything (`supervisor.rs`), limits of one process (`confine.rs`).

use super::sandbox::{End, Policy};
use rustix::process::Pid;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

/// What an entry of a folder takes, be it an empty file: bytes.
const BYTES_OF_A_NAME: u64 = 1024;
/// What one of a pair of sockets may hold that nobody has read yet, with the usual settings of the kernel: bytes.
const BYTES_OF_A_SOCKET: u64 = 416 << 10;

/// Looks at what came of a program, and knows how it was before.
pub struct Watch<'p> {
    policy: &'p Policy,
    at_first: Machine,
}

impl Watch<'_> {
    /// Begins before the program has done anything.
    pub fn begin(policy: &Policy) -> Watch<'_> {
        Watch { policy, at_first: Machine::now(policy) }
    }

    /// What the program has too much of. Room is looked at only where `with_room` says so: it takes longest.
    pub fn excess(&self, with_room: bool) -> Option<End> {
        let caps = &self.policy.caps;
        // Some multiply faster than anybody counts.
        let pids: Vec<String> = offspring().take(caps.processes as usize + 1).collect();
        if pids.iter().map(|pid| n_threads(pid)).sum::<u64>() > caps.processes {
            return Some(End::TooManyProcesses);
        }
        let processes: Vec<Process> = pids.iter().filter_map(|pid| Process::of(pid)).collect();
        if fills_memory(&processes, caps.memory_in_all) {
            return Some(End::TooMuchMemory);
        }
        (with_room && self.is_overfull(&processes)).then_some(End::TooMuchScratch)
    }

    /// Whether the program holds more room than it may.
    fn is_overfull(&self, processes: &[Process]) -> bool {
        let most = self.policy.caps.scratch;
        let mut bytes = hidden_bytes(processes);
        let mut is_blind = processes.iter().any(|process| process.is_closed || process.n_in_flight() > 0);
        for entry in self.policy.write.iter().flat_map(walkdir::WalkDir::new) {
            match entry {
                Ok(entry) => {
                    bytes += entry.metadata().map_or(0, |there| there.blocks() * 512) + BYTES_OF_A_NAME;
                }
                Err(error) => match error.io_error().map(io::Error::kind) {
                    // It goes deeper than a path can say.
                    Some(io::ErrorKind::InvalidFilename) => return true,
                    Some(io::ErrorKind::PermissionDenied) => is_blind = true,
                    // It is gone.
                    _ => {}
                },
            }
            if bytes > most {
                return true;
            }
        }
        // Behind what is closed to us, only the machine itself tells.
        is_blind && Machine::now(self.policy).taken_since(&self.at_first) > most
    }
}

/// How much of the machine is taken, by whomever.
struct Machine {
    free_on_disk: Option<u64>,
    shared_memory: u64,
}

impl Machine {
    fn now(policy: &Policy) -> Machine {
        let disk = policy.write.first().and_then(|folder| rustix::fs::statvfs(folder).ok());
        let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        Machine {
            free_on_disk: disk.map(|disk| disk.f_bavail * disk.f_frsize),
            shared_memory: bytes(&memory, &["Shmem"]),
        }
    }

    /// Bytes on the disk or in memory, whichever are more: where the disk is memory, both are the same ones.
    fn taken_since(&self, before: &Machine) -> u64 {
        let on_disk = || Some(before.free_on_disk?.saturating_sub(self.free_on_disk?));
        on_disk().unwrap_or_default().max(self.shared_memory.saturating_sub(before.shared_memory))
    }
}

/// One process that has not ended.
struct Process {
    /// Below `/proc`: the process, or a thread of it where the first one has ended.
    place: String,
    status: String,
    /// What it has open, by number. All its threads have the same, since no others can be made (`calls.rs`).
    open: BTreeMap<String, Metadata>,
    /// Whether it does not let us see what it has open.
    is_closed: bool,
}

impl Process {
    fn of(pid: &str) -> Option<Process> {
        let has_memory = |place: &str| {
            let status = std::fs::read_to_string(format!("{place}/status")).ok()?;
            status.contains("\nRssAnon:").then(|| (place.to_owned(), status))
        };
        let first = format!("/proc/{pid}");
        let of_others = || names(&format!("{first}/task")).into_iter().flatten();
        let (place, status) = has_memory(&first)
            .or_else(|| of_others().find_map(|thread| has_memory(&format!("{first}/task/{thread}"))))?;
        let numbers = names(&format!("{place}/fd"));
        let is_closed = numbers.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
        let look = |number: String| {
            let there = std::fs::metadata(format!("{place}/fd/{number}")).ok()?;
            Some((number, there))
        };
        let open = numbers.into_iter().flatten().filter_map(look).collect();
        Some(Process { place, status, open, is_closed })
    }

    /// Bytes of memory that it fills; those that it shares with others are counted for each of them.
    fn memory(&self) -> u64 {
        bytes(&self.status, &["RssAnon", "RssShmem", "VmSwap", "VmPTE"])
    }

    /// The same, with its part of what it shares. The kernel takes long to tell.
    fn share_of_memory(&self) -> u64 {
        match std::fs::read_to_string(format!("{}/smaps_rollup", self.place)) {
            Ok(text) if text.contains("Pss_Anon:") => {
                bytes(&text, &["Pss_Anon", "Pss_Shmem", "SwapPss"]) + bytes(&self.status, &["VmPTE"])
            }
            // It has ended meanwhile, and what it shared is the others' now.
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => 0,
            _ => self.memory(),
        }
    }

    fn sockets(&self) -> impl Iterator<Item = (&String, &Metadata)> {
        self.open.iter().filter(|(_, file)| file.file_type().is_socket())
    }

    /// How many open files are on their way to its sockets. While they are, nobody has them.
    fn n_in_flight(&self) -> u64 {
        let at = |(number, _): (&String, &Metadata)| {
            let text = std::fs::read_to_string(format!("{}/fdinfo/{number}", self.place)).ok()?;
            text.lines().find_map(|line| line.strip_prefix("scm_fds:")?.trim().parse::<u64>().ok())
        };
        self.sockets().filter_map(at).sum()
    }
}

fn fills_memory(processes: &[Process], most: u64) -> bool {
    let sockets: BTreeSet<u64> =
        processes.iter().flat_map(|process| process.sockets().map(|(_, socket)| socket.ino())).collect();
    let on_its_way = sockets.len() as u64 * BYTES_OF_A_SOCKET;
    let with = |memory: fn(&Process) -> u64| processes.iter().map(memory).sum::<u64>() + on_its_way > most;
    with(Process::memory) && with(Process::share_of_memory)
}

/// Bytes that processes hold where no folder shows them: in files that have no name any more, and in shared memory,
/// which no limit of the kernel counts.
fn hidden_bytes(processes: &[Process]) -> u64 {
    let mut held: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for process in processes {
        for file in process.open.values().filter(|file| file.nlink() == 0) {
            held.insert((file.dev(), file.ino()), file.blocks() * 512);
        }
        let maps = std::fs::read_to_string(format!("{}/maps", process.place)).unwrap_or_default();
        for (place, bytes) in maps.lines().filter_map(nameless) {
            held.entry(place).and_modify(|there| *there = bytes.max(*there)).or_insert(bytes);
        }
    }
    held.values().sum()
}

/// A line of proc_pid_maps(5) about a file without a name: its device and number, and how much of it is mapped.
fn nameless(line: &str) -> Option<((u64, u64), u64)> {
    let line = line.strip_suffix(" (deleted)")?;
    let mut words = line.split_whitespace();
    let (begin, end) = words.next()?.split_once('-')?;
    let (major, minor) = words.nth(2)?.split_once(':')?;
    let number = words.next()?.parse().ok()?;
    let hex = |text| u64::from_str_radix(text, 16).ok();
    let device = rustix::fs::makedev(hex(major)? as u32, hex(minor)? as u32);
    Some(((device, number), hex(end)?.saturating_sub(hex(begin)?)))
}

/// The sum of these lines of a file in which the kernel counts in kB.
fn bytes(text: &str, names: &[&str]) -> u64 {
    let kilobytes = |line: &str| {
        let (_, amount) = line.split_once(':').filter(|(name, _)| names.contains(name))?;
        amount.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
    };
    text.lines().filter_map(kilobytes).sum::<u64>() << 10
}

/// The program and all that came of it.
fn offspring() -> impl Iterator<Item = String> {
    let mut next = children("self");
    std::iter::from_fn(move || {
        let process = next.pop()?.as_raw_nonzero().to_string();
        next.extend(children(&process));
        Some(process)
    })
}

/// How many threads a process has; one that ended and was not asked for counts as one.
fn n_threads(pid: &str) -> u64 {
    names(&format!("/proc/{pid}/task")).map_or(0, |threads| threads.len() as u64)
}

/// The children of a process, or of `self`.
pub fn children(process: &str) -> Vec<Pid> {
    let tasks = names(&format!("/proc/{process}/task")).into_iter().flatten();
    let lists = tasks
        .filter_map(|task| std::fs::read_to_string(format!("/proc/{process}/task/{task}/children")).ok());
    let pids =
        |list: String| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>();
    lists.flat_map(pids).filter_map(Pid::from_raw).collect()
}

fn names(folder: &str) -> io::Result<Vec<String>> {
    let entries = std::fs::read_dir(folder)?.flatten();
    Ok(entries.filter_map(|entry| entry.file_name().into_string().ok()).collect())
}
