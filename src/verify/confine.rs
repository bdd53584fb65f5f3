//! Confines a process, which then becomes a program of a record.
//!
//! Layers, in the order in which they are put on: session, death with the supervisor, limits, capabilities, Landlock,
//! seccomp (`calls.rs`). A layer that fails stops the program from starting. Source of the rules: landlock(7),
//! seccomp(2), and what each left open when it was tried alone: Landlock lets UDP and path-name sockets pass, so no
//! socket is made at all.

use super::calls;
use super::sandbox::{Caps, Claims, Job, Policy};
use super::supervisor::{NOT_STARTED, n_threads, standard_input};
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, NetPort, PathBeneath, PathFd,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::io::Errno;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit, setsid, test_kill_process,
};
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The argument that makes this binary confine itself and become a program.
pub const CONFINE: &str = "__confine";

/// Restricts this process and becomes the program. Comes back only where that failed.
pub fn confine(file: Option<&Path>) -> io::Result<ExitCode> {
    let (job, report) = match file {
        Some(file) => {
            let text = std::fs::read_to_string(file)?;
            // Nobody may be left to remove it later.
            std::fs::remove_file(file)?;
            (serde_json::from_str::<Job>(&text)?, None)
        }
        None => {
            let report = standard_input()?;
            let mut line = String::new();
            BufReader::new(&report).read_line(&mut line)?;
            (serde_json::from_str(&line)?, Some(report))
        }
    };
    let error = become_program(&job, report.is_some());
    match report {
        Some(mut report) => report.write_all(error.as_bytes())?,
        None => io::stderr().write_all(format!("could not start: {error}\n").as_bytes())?,
    }
    Ok(ExitCode::from(NOT_STARTED))
}

/// Keeps the signals of this process, and of all that comes of it, among themselves; whether it really does so is tried
/// on `other`, a process outside that could be signalled before.
pub fn keep_signals_in(other: Pid) -> bool {
    let restrict = || -> Result<RestrictionStatus, Box<dyn std::error::Error>> {
        let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        // A domain that says nothing of it forbids moving a file to another folder.
        let anywhere = PathBeneath::new(PathFd::new("/")?, AccessFs::Refer);
        let ruleset = ruleset.handle_access(AccessFs::Refer)?.scope(Scope::Signal)?.create()?;
        Ok(ruleset.add_rule(anywhere)?.restrict_self()?)
    };
    let is_kept = restrict().is_ok_and(|status| status.ruleset == RulesetStatus::FullyEnforced);
    is_kept && test_kill_process(other) == Err(Errno::PERM)
}

/// Why it did not become the program.
fn become_program(job: &Job, detached: bool) -> String {
    let try_to = || -> Result<(), String> {
        let because = |what: &'static str| move |error: Errno| format!("{what}: {}", io::Error::from(error));
        if detached {
            setsid().map_err(because("session"))?;
            let input = job.stdin.as_deref().unwrap_or(Path::new("/dev/null"));
            let input = File::open(input).map_err(|error| format!("standard input: {error}"))?;
            rustix::stdio::dup2_stdin(&input).map_err(because("standard input"))?;
        }
        set_parent_process_death_signal(Some(Signal::KILL)).map_err(because("death signal"))?;
        limit(&job.policy.caps).map_err(because("limits"))?;
        drop_capabilities().map_err(because("capabilities"))?;
        landlock(&job.policy).map_err(|error| format!("landlock: {error}"))?;
        calls::restrict(!job.policy.ports.is_empty()).map_err(|error| format!("seccomp: {error}"))
    };
    if let Err(error) = try_to() {
        return error;
    }
    let mut command = Command::new(&job.program);
    command.args(&job.args).current_dir(&job.cwd).env_clear().envs(&job.env);
    command.exec().to_string()
}

fn limit(caps: &Caps) -> Result<(), Errno> {
    let mut limits = vec![
        (Resource::Cpu, caps.cpu),
        (Resource::Fsize, caps.file_size),
        (Resource::Nofile, caps.open_files),
        (Resource::Core, 0),
        // Not the address space: programs reserve much more of it than they use.
        (Resource::Data, caps.memory),
    ];
    if !rustix::process::geteuid().is_root() {
        let now = n_threads().unwrap_or_default();
        limits.push((Resource::Nproc, now + caps.processes));
    }
    limits.into_iter().try_for_each(|(resource, most)| {
        let hard = rustix::process::getrlimit(resource).maximum;
        let most = hard.map_or(most, |hard| most.min(hard));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
    })
}

/// Of root's powers, those over files stay, as far as Landlock lets it have them.
fn drop_capabilities() -> Result<(), Errno> {
    let kept =
        CapabilitySet::CHOWN | CapabilitySet::DAC_OVERRIDE | CapabilitySet::FOWNER | CapabilitySet::FSETID;
    let now = capabilities(None)?;
    let sets = CapabilitySets {
        effective: now.effective & kept,
        permitted: now.permitted & kept,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets)
}

/// What every program may read and run: the system, and nobody's home.
const SYSTEM: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc",
    "/opt",
    "/proc",
    "/sys",
    "/nix/store",
    "/gnu/store",
];
/// Devices that programs use. Not the whole folder: for root, a disk is a file like any other.
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
/// And those of a program that works in our terminal.
const TERMINALS: &[&str] = &["/dev/tty", "/dev/pts", "/dev/ptmx"];

fn landlock(policy: &Policy) -> Result<RestrictionStatus, Box<dyn std::error::Error>> {
    let read = AccessFs::from_read(ABI::V5);
    let all = AccessFs::from_all(ABI::V5);
    let mut ruleset = Ruleset::default()
        .handle_access(all)?
        .handle_access(AccessNet::from_all(ABI::V4))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?;
    let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
    let rules = [(paths(SYSTEM), read), (policy.read.clone(), read), (policy.write.clone(), all)];
    for (paths, access) in rules {
        for path in paths {
            // What is not there cannot be read either.
            let Ok(fd) = PathFd::new(&path) else { continue };
            let access = if path.is_dir() { access } else { access & AccessFs::from_file(ABI::V5) };
            ruleset = ruleset.add_rule(PathBeneath::new(fd, access))?;
        }
    }
    let terminals = if policy.terminal { TERMINALS } else { &[] };
    for device in DEVICES.iter().chain(terminals) {
        let Ok(fd) = PathFd::new(device) else { continue };
        let access = read | AccessFs::WriteFile | AccessFs::IoctlDev;
        let access = if Path::new(device).is_dir() { access } else { access & AccessFs::from_file(ABI::V5) };
        ruleset = ruleset.add_rule(PathBeneath::new(fd, access))?;
    }
    for port in &policy.ports {
        ruleset = ruleset.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    Ok(ruleset.restrict_self()?)
}

/// What holds on this machine, tried out on a thread that ends at once.
pub fn claims(is_root: bool) -> Claims {
    let tried = std::thread::spawn(|| {
        let policy = Policy::default();
        (landlock(&policy).ok(), calls::restrict(false).is_ok())
    });
    let (landlock, seccomp) = tried.join().unwrap_or((None, false));
    let abi = landlock.map_or(0, |status| match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as i32,
        _ => 0,
    });
    let not = |what: &str| format!("NOT enforced: {what}");
    let mut notes = vec![
        "modes, owners and times of files outside can be changed by whoever may change them: the kernel has no \
         rule for these"
            .to_owned(),
    ];
    if is_root {
        notes.push("as root, the kernel limits no number of processes; the supervisor does".to_owned());
    }
    Claims {
        fs_write: match abi {
            0 => not("the check can write what you can write"),
            1 | 2 => "partly: truncating a file by its path is not covered".to_owned(),
            _ => format!("enforced:landlock-abi{abi}"),
        },
        fs_read: match abi {
            0 => not("the check can read what you can read"),
            _ => format!("enforced:landlock-abi{abi}"),
        },
        network: if seccomp { "enforced:seccomp".to_owned() } else { not("the check can use the network") },
        signals: if abi >= 6 { format!("enforced:landlock-abi{abi}") } else { "not confined".to_owned() },
        limits: "cpu,fsize,nofile,core,data,memory,processes,output,scratch".to_owned(),
        kill: "group+subreaper".to_owned(),
        notes,
    }
}
