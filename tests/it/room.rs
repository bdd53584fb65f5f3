//! What a check may fill, as a whole: memory and room that no limit of one process and no folder shows.

use crate::hostile::{job, wait_until};
use crate::support::here;
use faultbook::verify::{Caps, End};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// Six processes, each of which fills a part and says so to the first.
const SHARED_OUT: &str = "import os, signal\nr, w = os.pipe()\nfor n in range(6):\n if os.fork() == 0:\n  \
                          m = bytearray(b'x') * (32 << 20); os.write(w, b'.'); signal.pause()\n\
                          n = 0\nwhile n < 6: n += len(os.read(r, 6))\nprint('did it', flush=True)\n";

/// None of them has more than one may have.
#[test]
fn memory_is_limited_in_all() {
    let each = Caps { memory: 128 << 20, ..Caps::default() };
    let run = |caps: Caps, then: &str| {
        let (_inside, job) = job(&format!("exec python3 -c \"{SHARED_OUT}{then}\""), LONG, caps);
        here().launcher.run(&job).unwrap()
    };
    let unlimited = Caps { memory_in_all: u64::MAX, ..each.clone() };
    let done = run(unlimited, "");
    assert_eq!((done.end, done.stdout.as_str()), (End::Exit(0), "did it\n"));
    let done = run(Caps { memory_in_all: 128 << 20, ..each }, "signal.pause()");
    assert_eq!(done.end, End::TooMuchMemory, "{}", done.stdout);
}

/// What processes share is there once.
#[test]
fn memory_that_is_shared_counts_once() {
    let caps = Caps { memory_in_all: 256 << 20, ..Caps::default() };
    let script = "import os, time\nm = bytearray(b'x') * (64 << 20)\nfor n in range(6):\n if os.fork() == 0: \
                  time.sleep(0.5); os._exit(0)\nfor n in range(6): os.wait()\nprint('did it')\n";
    let (_inside, job) = job(&format!("exec python3 -c \"{script}\""), LONG, caps);
    let done = here().launcher.run(&job).unwrap();
    assert_eq!((done.end, done.stdout.as_str()), (End::Exit(0), "did it\n"));
}

/// A pair of sockets holds what nobody has read, and no process has it.
#[test]
fn what_is_on_its_way_counts_as_memory() {
    let script = |then: &str| {
        format!(
            "exec python3 -c \"import signal, socket\np = [socket.socketpair() for n in range(100)]\n\
             [s.setblocking(False) or s.send(bytes(100000)) for pair in p for s in pair]\nprint('did it', flush=True)\n{then}\""
        )
    };
    let (_inside, unlimited) = job(&script(""), LONG, Caps { memory_in_all: u64::MAX, ..Caps::default() });
    assert_eq!(here().launcher.run(&unlimited).unwrap().stdout, "did it\n");
    let (_inside, limited) =
        job(&script("signal.pause()"), LONG, Caps { memory_in_all: 64 << 20, ..Caps::default() });
    assert_eq!(here().launcher.run(&limited).unwrap().end, End::TooMuchMemory);
}

/// Files that nobody has open, since they are on their way from one end of a pair of sockets to the other, and files of
/// a process whose first thread has ended.
#[test]
fn room_is_counted_wherever_it_hides() {
    let table = [
        (
            "on its way",
            "import os, signal, socket\na, b = socket.socketpair()\ntry:\n while True:\n  f = os.memfd_create('x'); \
             os.write(f, bytes(4000000)); socket.send_fds(a, [b'x'], [f]); os.close(f)\nexcept OSError: signal.pause()",
        ),
        (
            "behind a thread that ended",
            "import ctypes, os, tempfile, threading\ndef fill():\n f = []\n while True: f.append(tempfile.TemporaryFile(dir='.')); \
             f[-1].write(bytes(100000)); f[-1].flush()\nthreading.Thread(target=fill).start()\n\
             ctypes.CDLL(None).syscall({'x86_64': 60, 'aarch64': 93}[os.uname().machine], 0)",
        ),
    ];
    for (name, script) in table {
        let (_inside, job) =
            job(&format!("exec python3 -c \"{script}\""), LONG, Caps { scratch: 8 << 20, ..Caps::default() });
        assert_eq!(here().launcher.run(&job).unwrap().end, End::TooMuchScratch, "{name}");
    }
}

/// A book whose one record runs a script, run by somebody who is not root: for root there are no closed folders.
fn as_nobody(setup: &str) -> String {
    let world = tempfile::tempdir().unwrap();
    let open = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    let (tmp, book) = (world.path().join("tmp"), world.path().join("book"));
    std::fs::create_dir_all(&tmp).unwrap();
    std::fs::create_dir_all(book.join("content")).unwrap();
    let record = format!(
        "title: It fills\nproduct: thing\nsymptom: It fills.\nstatus: open\ncheck:\n  setup: |\n    {}\n  run: echo filled\n  \
         broken: {{output: filled}}\n  fixed: {{exit: 3}}\n",
        setup.replace('\n', "\n    ")
    );
    std::fs::write(book.join("content/it-fills.yaml"), record).unwrap();
    std::fs::write(book.join("book.toml"), "").unwrap();
    let binary = world.path().join("faultbook");
    std::fs::copy(env!("CARGO_BIN_EXE_faultbook"), &binary).unwrap();
    [world.path(), &tmp, &book].into_iter().for_each(open);
    let mut command = match here().is_root {
        true => Command::new("setpriv"),
        false => Command::new(&binary),
    };
    if here().is_root {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary);
    }
    command.args(["verify", "--self-test"]).current_dir(&book).env("TMPDIR", &tmp);
    String::from_utf8_lossy(&command.output().unwrap().stderr).into_owned()
}

/// Sixty megabytes each, and far more together than all of its folders may hold.
const FILL: &str = "n=0; while [ $n -lt 20 ]; do n=$((n + 1)); fallocate -l 60000000 d/f$n; done; sleep 1";

#[test]
fn a_folder_that_cannot_be_listed_hides_nothing() {
    let said = as_nobody(&format!("mkdir d\nchmod 300 d\n{FILL}"));
    assert!(said.contains("`setup` filled its folder"), "{said}");
}

/// What the kernel keeps from us, because it may not be read, is counted all the same.
#[test]
fn a_process_that_cannot_be_looked_at_hides_nothing() {
    let hide = "cp $(readlink -f $(command -v python3)) p && chmod 111 p";
    let fill = "import os, signal\nf = [os.open('.', os.O_TMPFILE | os.O_RDWR) for n in range(20)]\n[os.posix_fallocate(fd, 0, 60000000) \
                for fd in f]\nsignal.pause()";
    let said = as_nobody(&format!("{hide}\nexec ./p -c \"{fill}\""));
    assert!(said.contains("`setup` filled its folder"), "{said}");
}

/// A program that still runs exchanges folders for links while they are removed: nothing behind a link is touched.
#[test]
fn a_removal_follows_no_link_however_it_came_there() {
    let outside = tempfile::tempdir().unwrap();
    let victim = outside.path().join("victim");
    std::fs::create_dir(&victim).unwrap();
    std::fs::write(victim.join("file"), "untouched").unwrap();
    std::fs::set_permissions(&victim, std::fs::Permissions::from_mode(0o755)).unwrap();
    let launcher = here().launcher;
    for _ in 0..20 {
        let folder = launcher.folder().unwrap();
        let root = folder.path().to_owned();
        let pairs: Vec<_> =
            (0..50).map(|n| (root.join(format!("folder{n}")), root.join(format!("link{n}")))).collect();
        for (folder, link) in &pairs {
            std::fs::create_dir_all(folder.join("inner")).unwrap();
            symlink(&victim, link).unwrap();
        }
        let (is_over, n_exchanged) = (AtomicBool::new(false), std::sync::atomic::AtomicUsize::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    for (folder, link) in &pairs {
                        let done = renameat_with(CWD, folder, CWD, link, RenameFlags::EXCHANGE);
                        n_exchanged.fetch_add(usize::from(done.is_ok()), Ordering::Relaxed);
                    }
                }
            });
            wait_until("they are exchanged", || n_exchanged.load(Ordering::Relaxed) > 100);
            drop(folder);
            is_over.store(true, Ordering::Relaxed);
        });
        assert_eq!(std::fs::read_to_string(victim.join("file")).unwrap(), "untouched");
        assert_eq!(victim.metadata().unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(std::fs::read_dir(&victim).unwrap().count(), 1);
    }
}
