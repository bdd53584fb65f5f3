//! What a stranger's check may try on the machine of whoever runs it. Each attempt is made twice: without the
//! sandbox, where it must succeed, or the test would prove nothing; and inside it, where it must not.

use crate::support::here;
use camino::Utf8Path;
use faultbook::verify::{Caps, Done, End, Job, Scratch as Inside};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What lies outside: a secret, a file to destroy, and somebody who listens.
struct World {
    folder: tempfile::TempDir,
    tcp: TcpListener,
    udp: UdpSocket,
    _unix: UnixListener,
}

impl World {
    fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "the secret\n").unwrap();
        std::fs::write(folder.path().join("victim"), "untouched\n").unwrap();
        World {
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            _unix: UnixListener::bind(folder.path().join("socket")).unwrap(),
            folder,
        }
    }

    /// A script of the table, with the places of this world.
    fn script(&self, script: &str) -> String {
        let places = [
            ("OUT", self.folder.path().to_str().unwrap().to_owned()),
            ("TCP", self.tcp.local_addr().unwrap().port().to_string()),
            ("UDP", self.udp.local_addr().unwrap().port().to_string()),
            ("TEST", std::process::id().to_string()),
        ];
        let assigned: Vec<String> = places.iter().map(|(name, value)| format!("{name}='{value}'")).collect();
        format!("{}\n{script}", assigned.join("\n"))
    }

    fn victim(&self) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join("victim")).ok()
    }
}

fn unconfined(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("sh").args(["-eu", "-c", script]).current_dir(folder.path()).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn confined(script: &str) -> Done {
    Inside::new(&here().launcher).unwrap().script(script, Duration::from_secs(20), &here()).unwrap()
}

/// Each prints `did it` where it succeeds.
const ATTEMPTS: &[(&str, &str)] = &[
    ("make a file outside", "touch \"$OUT/new\"; echo did it"),
    ("overwrite a file", "echo gone > \"$OUT/victim\"; echo did it"),
    ("truncate a file", ": > \"$OUT/victim\"; echo did it"),
    ("truncate by path", "python3 -c \"import os; os.truncate('$OUT/victim', 0)\"; echo did it"),
    ("delete a file", "rm \"$OUT/victim\"; echo did it"),
    ("move a file away", "mv \"$OUT/victim\" mine; echo did it"),
    ("write through a link", "ln -s \"$OUT/victim\" here; echo gone > here; echo did it"),
    ("write through a hard link", "ln \"$OUT/victim\" here; echo gone > here; echo did it"),
    ("read a secret", "grep -q secret \"$OUT/secret\"; echo did it"),
    ("read a secret through a link", "ln -s \"$OUT/secret\" here; grep -q secret here; echo did it"),
    ("list a folder", "ls \"$OUT\" | grep -q victim; echo did it"),
    (
        "call a TCP port",
        "python3 -c \"import socket; socket.create_connection(('127.0.0.1', $TCP), 5)\"; echo did it",
    ),
    (
        "send a datagram",
        "python3 -c \"import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); \
         s.sendto(b'secret', ('127.0.0.1', $UDP))\"; echo did it",
    ),
    (
        "call a Unix socket",
        "python3 -c \"import socket; s = socket.socket(socket.AF_UNIX); s.connect('$OUT/socket')\"; echo did it",
    ),
    (
        "listen",
        "python3 -c \"import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\"; echo did it",
    ),
    (
        "read the environment of another process",
        "tr '\\0' '\\n' < /proc/$TEST/environ | grep -q =; echo did it",
    ),
    ("signal another process", "kill -0 $TEST; echo did it"),
    (
        "make an io_uring",
        "python3 -c \"import ctypes, sys; p = ctypes.create_string_buffer(256); \
         sys.exit(ctypes.CDLL(None).syscall(425, 4, p) < 0)\"; echo did it",
    ),
    (
        "trace a process",
        "python3 -c \"import ctypes, subprocess, sys; p = subprocess.Popen(['sleep', '1']); \
         r = ctypes.CDLL(None).ptrace(16, p.pid, 0, 0); p.kill(); sys.exit(r != 0)\"; echo did it",
    ),
    (
        // Without a terminal the call fails in another way than when it is refused: 25, not 1.
        "type into a terminal",
        "python3 -c \"import fcntl, sys\ntry: fcntl.ioctl(0, 0x5412, b'x')\nexcept OSError as e: sys.exit(e.errno == 1)\"; \
         echo did it",
    ),
    ("have its own namespaces", "unshare --user --map-root-user true; echo did it"),
    (
        "write a file of 100 MB",
        "head -c 100000000 /dev/zero > big; [ $(wc -c < big) = 100000000 ]; echo did it",
    ),
    (
        "hold 5 GiB of memory",
        "python3 -c \"import mmap; m = mmap.mmap(-1, 5 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\"; echo did it",
    ),
];

#[test]
fn what_a_check_tries_succeeds_without_the_sandbox_and_fails_in_it() {
    for (name, script) in ATTEMPTS {
        let world = World::new();
        let said = unconfined(&world.script(script));
        assert!(said.contains("did it"), "{name}: without the sandbox it must succeed, and says {said}");
        let world = World::new();
        let done = confined(&world.script(script));
        assert!(!done.stdout.contains("did it"), "{name}: succeeded in the sandbox: {}", done.stdout);
        assert_eq!(world.victim().as_deref(), Some("untouched\n"), "{name}");
    }
}

/// Processes whose command line holds these characters.
fn alive(mark: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(mark)).count()
}

/// Ways of leaving a process behind; the number is how long it would sleep, and its mark.
const DAEMONS: &[(&str, &str)] = &[
    ("in the background", "sleep 86401 & sleep 0.2"),
    ("in a session of its own", "setsid sleep 86402 & sleep 0.2"),
    (
        "forked twice",
        "python3 -c \"import os, time\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0: \
         os.execvp('sleep', ['sleep', '86403'])\n os._exit(0)\"; sleep 0.2",
    ),
    ("holding the output open, its parent gone", "(trap '' TERM HUP; exec sleep 86404) & exit 0"),
    ("in a session of its own, with a child", "setsid sh -c 'sleep 86405; true' & sleep 0.2"),
    ("after ending what started it", "setsid sleep 86406 & kill -9 $PPID; sleep 0.2"),
];

#[test]
fn nothing_is_left_running() {
    for (nth, (name, script)) in (1..).zip(DAEMONS) {
        let mark = format!("8640{nth}");
        // Without the sandbox: output to nowhere, or this waits for whatever holds it open. What ends its own parent
        // would end this test, so that one is only tried inside.
        if !script.contains("PPID") {
            let quiet = format!("exec > /dev/null 2>&1; {script}");
            unconfined(&quiet);
            assert!(alive(&mark) > 0, "{name}: without the sandbox it must live on");
            unconfined(&format!("pkill -9 -f 'sleep {mark}' || true"));
        }
        let done = confined(script);
        assert_eq!(alive(&mark), 0, "{name}: {done:?}");
    }
}

/// A supervisor whose parent is killed ends what it supervises.
#[test]
fn nothing_outlives_a_killed_faultbook() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    std::fs::create_dir(folder.join("content")).unwrap();
    std::fs::write(folder.join("book.toml"), "").unwrap();
    let record = "title: It hangs\nproduct: thing\nsymptom: It hangs.\nstatus: open\ncheck:\n  \
                  setup: setsid sleep 86409 & exec sleep 86409\n  run: 'true'\n  broken: {exit: 1}\n  fixed: {exit: 0}\n";
    std::fs::write(folder.join("content/it-hangs.yaml"), record).unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_faultbook"))
        .args(["verify", "--self-test"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("it hangs", || alive("sleep\0\u{38}6409") > 0 || run.try_wait().unwrap().is_some());
    assert!(run.try_wait().unwrap().is_none(), "it was to hang");
    run.kill().unwrap();
    run.wait().unwrap();
    wait_until("everything ended", || alive("86409") == 0);
}

/// Polls for a state that comes by itself, or fails after a time that only a hang reaches.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..3_000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: did not come about");
}

fn job(script: &str, timeout: Duration, caps: Caps) -> (Inside, Job) {
    let inside = Inside::new(&here().launcher).unwrap();
    let args = vec!["-eu".to_owned(), "-c".to_owned(), script.to_owned()];
    let mut job = inside.job(Path::new("/bin/sh"), args, timeout, &here());
    job.policy.caps = caps;
    (inside, job)
}

#[test]
fn what_does_not_end_is_ended() {
    let long = Duration::from_secs(60);
    let short = Duration::from_millis(600);
    let few = Caps { processes: 50, ..Caps::default() };
    let little = Caps { scratch: 8 << 20, ..Caps::default() };
    let table = [
        ("printing for ever", "yes", long, Caps::default(), End::TooMuchOutput),
        ("hanging", "sleep 86410", short, Caps::default(), End::TimedOut),
        (
            "hanging, deaf to signals",
            "trap '' TERM INT HUP; while :; do :; done",
            short,
            Caps::default(),
            End::TimedOut,
        ),
        (
            "filling its folder",
            "n=0; while :; do n=$((n + 1)); head -c 1000000 /dev/zero > f$n; done",
            long,
            little,
            End::TooMuchScratch,
        ),
        ("multiplying", "while :; do sleep 86410 & done", long, few, End::TooManyProcesses),
    ];
    for (name, script, timeout, caps, end) in table {
        let (_inside, job) = job(script, timeout, caps);
        assert_eq!(here().launcher.run(&job).unwrap().end, end, "{name}");
    }
    assert_eq!(alive("86410"), 0);
}

/// What a record sets for its program must not run in the processes that confine it.
#[test]
fn the_environment_of_a_program_is_not_that_of_its_supervisor() {
    let (_inside, mut job) = job("echo \"$MARK\"", Duration::from_secs(20), Caps::default());
    job.env.insert("MARK".to_owned(), "for the program alone".to_owned());
    job.env.insert("LD_AUDIT".to_owned(), "./evil.so".to_owned());
    let done = here().launcher.run(&job).unwrap();
    assert!(done.stdout.contains("for the program alone"), "{}", done.stdout);
    // The loader of each process that sees the variable complains: of the shell's alone.
    assert_eq!(done.stdout.matches("./evil.so").count(), 1, "{}", done.stdout);
}

/// The beginning and the end of long output are kept, and a program that is missing is told from one that fails.
#[test]
fn what_is_kept_of_a_program() {
    let kept = Caps { kept: 20, ..Caps::default() };
    let (_inside, long) = job("seq 1 1000", Duration::from_secs(20), kept);
    assert_eq!(
        here().launcher.run(&long).unwrap().stdout,
        "1\n2\n3\n4\n5\n\n[3873 bytes left out]\n\n999\n1000\n"
    );
    let (_inside, mut missing) = job("", Duration::from_secs(20), Caps::default());
    missing.program = "/usr/bin/no-such-program".into();
    assert!(matches!(here().launcher.run(&missing).unwrap().end, End::NotStarted(_)));
    let (_inside, failing) = job("exit 127", Duration::from_secs(20), Caps::default());
    assert_eq!(here().launcher.run(&failing).unwrap().end, End::Exit(127));
    let (_inside, mut apart) = job("echo out; echo err >&2", Duration::from_secs(20), Caps::default());
    apart.merged = false;
    let done = here().launcher.run(&apart).unwrap();
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("out\n", "err\n"));
}

#[test]
fn what_is_claimed_is_what_the_kernel_of_ci_enforces() {
    let claims = here().launcher.claims;
    assert_eq!(claims.summary(), "fs+net", "{claims:?}");
}

/// A script that takes its user's rights to a folder away leaves no scratch folder behind. For root there are no such
/// rights, so the test runs as nobody where it can.
#[test]
fn a_scratch_folder_goes_whatever_its_modes_are() {
    let world = tempfile::tempdir().unwrap();
    let open = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    let (tmp, book) = (world.path().join("tmp"), world.path().join("book"));
    std::fs::create_dir_all(&tmp).unwrap();
    std::fs::create_dir_all(book.join("content")).unwrap();
    let record = "title: It locks\nproduct: thing\nsymptom: It locks.\nstatus: open\ncheck:\n  setup: mkdir -p a/b && \
                  touch a/b/c && chmod 000 a/b a\n  run: echo locked\n  broken: {output: locked}\n  fixed: {exit: 3}\n";
    std::fs::write(book.join("content/it-locks.yaml"), record).unwrap();
    std::fs::write(book.join("book.toml"), "").unwrap();
    let binary = world.path().join("faultbook");
    std::fs::copy(env!("CARGO_BIN_EXE_faultbook"), &binary).unwrap();
    [world.path(), &tmp, &book].into_iter().for_each(open);
    let mut command = Command::new("setpriv");
    match here().is_root {
        true => command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary),
        false => {
            command = Command::new(&binary);
            &mut command
        }
    };
    let output =
        command.args(["verify", "--self-test"]).current_dir(&book).env("TMPDIR", &tmp).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("PRESENT      broken state"), "{said}");
    assert_eq!(std::fs::read_dir(&tmp).unwrap().count(), 0, "{said}");
}
