//! What a stranger's check may try on the machine of whoever runs it. Each attempt is made twice: without the
//! sandbox, where it must succeed, or the test would prove nothing; and inside it, where it must not.

use crate::support::here;
use camino::Utf8Path;
use faultbook::verify::{Caps, Done, End, Job, Scratch as Inside};
use std::io::Write as _;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What lies outside: a secret, a file to destroy, and somebody who listens.
struct World {
    folder: tempfile::TempDir,
    tcp: TcpListener,
    udp: UdpSocket,
    _unix: (UnixListener, UnixDatagram),
    /// Somebody else's process.
    other: Child,
}

impl Drop for World {
    fn drop(&mut self) {
        self.other.kill().unwrap();
        self.other.wait().unwrap();
    }
}

impl World {
    fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "the secret\n").unwrap();
        std::fs::write(folder.path().join("victim"), "untouched\n").unwrap();
        World {
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            _unix: (
                UnixListener::bind(folder.path().join("socket")).unwrap(),
                UnixDatagram::bind(folder.path().join("datagrams")).unwrap(),
            ),
            other: Command::new("sleep").arg("86400").spawn().unwrap(),
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
            ("OTHER", self.other.id().to_string()),
            ("CLONE", if cfg!(target_arch = "x86_64") { "56" } else { "220" }.to_owned()),
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
    ("limit another process", "prlimit --pid $OTHER --nofile=9:9; echo did it"),
    ("slow another process", "renice -n 5 -p $OTHER; echo did it"),
    ("keep another process off the disk", "ionice -c 3 -p $OTHER; echo did it"),
    ("move another process to one processor", "taskset -pc 0 $OTHER; echo did it"),
    ("schedule another process", "chrt --batch -p 0 $OTHER; echo did it"),
    ("make a queue that outlives it", "id=$(ipcmk -Q | tr -dc 0-9); ipcrm -q $id; echo did it"),
    ("make shared memory that outlives it", "id=$(ipcmk -M 99 | tr -dc 0-9); ipcrm -m $id; echo did it"),
    ("make semaphores that outlive it", "id=$(ipcmk -S 1 | tr -dc 0-9); ipcrm -s $id; echo did it"),
    (
        "make a queue with a name",
        "python3 -c \"import ctypes, os, sys; c = ctypes.CDLL(None); \
         q = c.mq_open(b'/faultbook-$OTHER', os.O_CREAT | os.O_RDWR, 0o600, None); c.mq_unlink(b'/faultbook-$OTHER'); \
         sys.exit(q < 0)\"; echo did it",
    ),
    (
        "send from a pair of sockets to a name",
        "python3 -c \"import socket; a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); \
         a.sendto(b'secret', '$OUT/datagrams')\"; echo did it",
    ),
    ("open a terminal", "python3 -c \"import os; os.open('/dev/ptmx', os.O_RDWR)\"; echo did it"),
    (
        "mark a file outside",
        "python3 -c \"import os; os.setxattr('$OUT/victim', 'user.mark', b'1')\"; echo did it",
    ),
    (
        "clone into a namespace",
        "python3 -c \"import ctypes, os, sys; r = ctypes.CDLL(None).syscall($CLONE, 0x10000011, 0, 0, 0, 0); \
         r or os._exit(0); sys.exit(r < 0)\"; echo did it",
    ),
    (
        "clone3 into a namespace",
        "python3 -c \"import ctypes, os, sys; a = (ctypes.c_uint64 * 8)(0x10000000, 0, 0, 0, 17); \
         r = ctypes.CDLL(None).syscall(435, ctypes.byref(a), 64); r or os._exit(0); sys.exit(r < 0)\"; echo did it",
    ),
    (
        "learn who opens a file",
        "python3 -c \"import ctypes, sys; c = ctypes.CDLL(None); \
         sys.exit(c.inotify_add_watch(c.inotify_init1(0), b'$OUT', 0x20) < 0)\"; echo did it",
    ),
    (
        "learn who opens a file in an older way",
        "python3 -c \"import ctypes, os, sys; c = ctypes.CDLL(None); n = {'x86_64': 253, 'aarch64': 26}[os.uname().machine]; \
         sys.exit(c.syscall(n, 0) < 0)\"; echo did it",
    ),
    (
        "learn who opens a file in the oldest way",
        "python3 -c \"import fcntl, os; fcntl.fcntl(os.open('.', os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_ACCESS)\"; echo did it",
    ),
    (
        "make whoever opens a file wait",
        "touch own; python3 -c \"import fcntl, os; fcntl.fcntl(os.open('own', os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)\"; \
         echo did it",
    ),
    (
        "have open files that its process does not show",
        "python3 -c \"import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(436, 100, 100, 2) != 0)\"; echo did it",
    ),
    (
        "have many files on their way between two sockets",
        "python3 -c \"import socket\nfor n in range(3): a, b = p = socket.socketpair(); socket.send_fds(a, [b'x'], 250 * [0]); \
         globals()[str(n)] = p\"; echo did it",
    ),
    ("take room that no file shows", "touch file; fallocate -n -l 50000000 file; echo did it"),
    (
        // Where the kernel does not have that numbering, the answer is 38, and not 1.
        "call by the other numbering",
        "python3 -c \"import ctypes, sys; c = ctypes.CDLL(None, use_errno=True); r = c.syscall(0x40000000 + 39); \
         sys.exit(r < 0 and ctypes.get_errno() == 1)\"; echo did it",
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

/// Processes that are gone before anybody can name them: each has started the next one, in a session of its own.
#[test]
fn what_never_stands_still_is_ended() {
    let script = "python3 -c \"import os\nfor n in range(8):\n if os.fork() == 0: break\nwhile True:\n if os.fork(): os._exit(0)\n \
                  os.setsid()\" 86420 & sleep 0.5";
    let done = confined(script);
    assert_eq!(alive("86420"), 0, "{done:?}");
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
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..3_000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: did not come about");
}

pub fn job(script: &str, timeout: Duration, caps: Caps) -> (Inside, Job) {
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
    let little = || Caps { scratch: 8 << 20, ..Caps::default() };
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
            little(),
            End::TooMuchScratch,
        ),
        (
            "filling files that have no name",
            "exec python3 -c \"import tempfile, time\nf = []\nwhile True:\n f.append(tempfile.TemporaryFile(dir='.')); \
             f[-1].write(bytes(1000000)); f[-1].flush()\"",
            long,
            little(),
            End::TooMuchScratch,
        ),
        (
            "filling files that have no name, and are not even open",
            "exec python3 -c \"import mmap, tempfile\nm = []\nwhile True:\n f = tempfile.TemporaryFile(dir='.'); \
             f.write(bytes(1000000)); f.flush(); m.append(mmap.mmap(f.fileno(), 1000000)); f.close()\"",
            long,
            little(),
            End::TooMuchScratch,
        ),
        (
            "filling memory that has the look of a file",
            "exec python3 -c \"import os\nf = []\nwhile True:\n f.append(os.memfd_create('x')); \
             os.write(f[-1], bytes(1000000))\"",
            long,
            little(),
            End::TooMuchScratch,
        ),
        (
            "sharing memory without end",
            "exec python3 -c \"import mmap, time\nm = []\nwhile True:\n m.append(mmap.mmap(-1, 1000000)); \
             m[-1].write(bytes(1000000)); time.sleep(0.001)\"",
            long,
            little(),
            End::TooMuchScratch,
        ),
        (
            "making names",
            "exec python3 -c \"import itertools\nfor n in itertools.count(): open(str(n), 'w')\"",
            long,
            little(),
            End::TooMuchScratch,
        ),
        (
            "writing where no path leads",
            "exec python3 -c \"import os\nfor n in range(100): os.mkdir(60 * 'd'); os.chdir(60 * 'd')\n\
             while True: pass\"",
            long,
            little(),
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

/// Where a record has services, its programs may call their ports, and no other in any way.
#[test]
fn ports_that_are_allowed_open_no_others() {
    let world = World::new();
    let allowed = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = allowed.local_addr().unwrap().port();
    let call = format!(
        "python3 -c \"import socket; socket.create_connection(('127.0.0.1', {own}), 5)\"; echo called; "
    );
    let attempts = [
        (
            "call another",
            "python3 -c \"import socket; socket.create_connection(('127.0.0.1', $TCP), 5)\"; echo did it",
        ),
        (
            "send with the first packet",
            "python3 -c \"import socket; socket.socket().sendto(b'x', 0x20000000, ('127.0.0.1', $TCP))\"; echo did it",
        ),
        ("listen without a name", "python3 -c \"import socket; socket.socket().listen()\"; echo did it"),
        (
            "speak another protocol over a stream",
            "python3 -c \"import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)\"; echo did it",
        ),
    ];
    for (name, script) in attempts {
        let script = world.script(&format!("{call}{script}"));
        let said = unconfined(&script);
        assert!(said.contains("did it"), "{name}: without the sandbox it must succeed, and says {said}");
        let (_inside, mut job) = job(&script, Duration::from_secs(20), Caps::default());
        job.policy.ports = vec![own];
        let done = here().launcher.run(&job).unwrap();
        assert!(done.stdout.contains("called"), "{name}: {}", done.stdout);
        assert!(!done.stdout.contains("did it"), "{name}: {}", done.stdout);
    }
}

/// A record whose check runs a script, in a book of its own.
fn book_with(folder: &Path, setup: &str, run: &str) {
    std::fs::create_dir_all(folder.join("content")).unwrap();
    std::fs::write(folder.join("book.toml"), "").unwrap();
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let record = format!(
        "title: It tries\nproduct: thing\nsymptom: It tries.\nstatus: open\ncheck:\n  setup: {}\n  run: {}\n  \
         broken: {{output: did it}}\n  fixed: {{exit: 99}}\n",
        quoted(setup),
        quoted(run)
    );
    std::fs::write(folder.join("content/it-tries.yaml"), record).unwrap();
}

/// A file that whoever started us left open is not handed on.
#[test]
fn files_that_were_left_open_are_closed() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let run = "grep -q secret <&7 && echo did it";
    book_with(folder.path(), "true", run);
    let shell = |command: &str| {
        let script = format!("exec 7< '{}'; {command}", world.folder.path().join("secret").display());
        let output = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    assert!(shell(run).contains("did it"));
    let said = shell(&format!("'{}' verify --self-test", env!("CARGO_BIN_EXE_faultbook")));
    assert!(said.contains("CANNOT_TELL  broken state") && !said.contains("did it"), "{said}");
}

/// No folder stays when faultbook is ended from outside, whichever way.
#[test]
fn a_scratch_folder_goes_when_we_are_ended() {
    for (signal, mark) in [("INT", "86411"), ("TERM", "86412"), ("HUP", "86413"), ("KILL", "86414")] {
        let world = tempfile::tempdir().unwrap();
        let (book, tmp) = (world.path().join("book"), world.path().join("tmp"));
        std::fs::create_dir(&tmp).unwrap();
        book_with(&book, &format!("touch there; exec sleep {mark}"), "true");
        let mut run = Command::new(env!("CARGO_BIN_EXE_faultbook"))
            .args(["verify", "--self-test"])
            .env("TMPDIR", &tmp)
            .current_dir(&book)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("it hangs", || alive(mark) > 0 || run.try_wait().unwrap().is_some());
        assert_eq!(std::fs::read_dir(&tmp).unwrap().count(), 1, "{signal}");
        let killed = Command::new("kill").args(["-s", signal, &run.id().to_string()]).status().unwrap();
        assert!(killed.success() && !run.wait().unwrap().success(), "{signal}");
        wait_until("the folder went", || std::fs::read_dir(&tmp).unwrap().count() == 0);
        wait_until("everything ended", || alive(mark) == 0);
    }
}

/// A shell of `try` has our terminal, is in our group, and may be deaf to what a terminal says when it goes.
#[test]
fn nothing_outlives_a_killed_faultbook_at_a_terminal() {
    let world = tempfile::tempdir().unwrap();
    let (book, tmp) = (world.path().join("book"), world.path().join("tmp"));
    std::fs::create_dir(&tmp).unwrap();
    book_with(&book, "true", "echo did it");
    let binary = env!("CARGO_BIN_EXE_faultbook");
    let mut session = Command::new("script")
        .args(["-qec", &format!("echo $$ > pid; exec {binary} try it-tries"), "/dev/null"])
        .current_dir(&book)
        .env("TMPDIR", &tmp)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut typing = session.stdin.take().unwrap();
    typing.write_all(b"trap '' TERM HUP INT; exec sleep 86416\n").unwrap();
    wait_until("it sleeps", || alive("sleep\0\u{38}6416") > 0);
    let pid = std::fs::read_to_string(book.join("pid")).unwrap();
    assert!(Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
    wait_until("everything ended", || alive("86416") == 0);
    wait_until("everything went", || std::fs::read_dir(&tmp).unwrap().count() == 0);
    drop(typing);
    session.wait().unwrap();
}

/// Neither a path nor a stack is deep enough for this.
#[test]
fn a_scratch_folder_goes_however_deep_it_is() {
    let inside = Inside::new(&here().launcher).unwrap();
    let root = inside.home().parent().unwrap().to_owned();
    let deep = "import os\nfor n in range(30000): os.mkdir('d'); os.chdir('d')\nopen('end', 'w')";
    let made = Command::new("python3").args(["-c", deep]).current_dir(inside.work()).status().unwrap();
    assert!(made.success() && root.join("work/d/d/d").is_dir());
    drop(inside);
    assert!(!root.exists());
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
