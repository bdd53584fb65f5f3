//! Which calls of the kernel a program of a record may not make: those that no check needs, and with which it could
//! leave its confinement, reach others, or change the machine.
//!
//! Source of the numbers: the kernel's tables for x86_64 and for the architectures that share the generic one.
//! Not here: files and ports, which Landlock looks at (`confine.rs`).

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};
use std::collections::BTreeMap;

/// A call: its name, and its number on x86_64 and on aarch64, where there is one.
type Call = (&'static str, i64, i64);
/// No such call there.
const NONE: i64 = -1;

/// What an argument is, for a call to be refused; arguments count from 0, and of each the lower half is looked at.
#[derive(Clone, Copy)]
enum When {
    Is(u8, u64),
    IsNot(u8, u64),
    /// All of these bits are set.
    Has(u8, u64),
    /// None of these bits is set.
    Lacks(u8, u64),
}
use When::{Has, Is, IsNot, Lacks};

const EPERM: u32 = 1;
const ENOSYS: u32 = 38;
const EOPNOTSUPP: u32 = 95;

const AF_UNIX: u64 = 1;
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
const SOCK_STREAM: u64 = 1;
const IPPROTO_TCP: u64 = 6;
/// Connects while it sends, past the rule that looks at ports.
const MSG_FASTOPEN: u64 = 0x2000_0000;
/// Types into the terminal that a shell of `try` shares with us, as if the reader did.
const TIOCSTI: u64 = 0x5412;
/// Does so by way of the console's selection.
const TIOCLINUX: u64 = 0x541c;
const CLONE_FILES: u64 = 0x0000_0400;
const CLONE_THREAD: u64 = 0x0001_0000;
const CLOSE_RANGE_UNSHARE: u64 = 2;
const F_SETLEASE: u64 = 1024;
const F_NOTIFY: u64 = 1026;
const PRIO_PROCESS: u64 = 0;
const IOPRIO_WHO_PROCESS: u64 = 1;

/// Refused, whatever the arguments.
const REFUSED: &[Call] = &[
    ("acct", 163, 89),
    ("add_key", 248, 217),
    ("adjtimex", 159, 171),
    ("bpf", 321, 280),
    ("chroot", 161, 51),
    ("clock_adjtime", 305, 266),
    ("clock_settime", 227, 112),
    ("delete_module", 176, 106),
    ("finit_module", 313, 273),
    ("fsconfig", 431, 431),
    ("fsmount", 432, 432),
    ("fsopen", 430, 430),
    ("fspick", 433, 433),
    ("init_module", 175, 105),
    ("io_uring_enter", 426, 426),
    ("io_uring_register", 427, 427),
    ("io_uring_setup", 425, 425),
    ("ioperm", 173, NONE),
    ("iopl", 172, NONE),
    ("kcmp", 312, 272),
    ("kexec_file_load", 320, 294),
    ("kexec_load", 246, 104),
    ("keyctl", 250, 219),
    // A socket that listens without a name gets a port that nobody allowed.
    ("listen", 50, 201),
    ("mount", 165, 40),
    ("mount_setattr", 442, 442),
    ("move_mount", 429, 429),
    ("mq_getsetattr", 245, 185),
    ("mq_notify", 244, 184),
    ("mq_open", 240, 180),
    ("mq_timedreceive", 243, 183),
    ("mq_timedsend", 242, 182),
    ("mq_unlink", 241, 181),
    ("msgctl", 71, 187),
    ("msgget", 68, 186),
    ("msgrcv", 70, 188),
    ("msgsnd", 69, 189),
    ("open_by_handle_at", 304, 265),
    ("open_tree", 428, 428),
    ("open_tree_attr", 467, 467),
    ("perf_event_open", 298, 241),
    ("pidfd_getfd", 438, 438),
    ("pivot_root", 155, 41),
    ("process_madvise", 440, 440),
    ("process_vm_readv", 310, 270),
    ("process_vm_writev", 311, 271),
    ("ptrace", 101, 117),
    ("quotactl", 179, 60),
    ("quotactl_fd", 443, 443),
    ("reboot", 169, 142),
    ("request_key", 249, 218),
    ("semctl", 66, 191),
    ("semget", 64, 190),
    ("semop", 65, 193),
    ("semtimedop", 220, 192),
    ("setdomainname", 171, 162),
    ("sethostname", 170, 161),
    ("setns", 308, 268),
    ("settimeofday", 164, 170),
    ("shmat", 30, 196),
    ("shmctl", 31, 195),
    ("shmdt", 67, 197),
    ("shmget", 29, 194),
    ("swapoff", 168, 225),
    ("swapon", 167, 224),
    ("syslog", 103, 116),
    ("umount2", 166, 39),
    ("unshare", 272, 97),
    ("userfaultfd", 323, 282),
];

/// Refused where one of these rows holds as a whole.
const REFUSED_WHEN: &[(Call, &[&[When]])] = &[
    // A new namespace of any kind; one rule for each bit. And a thread with open files of its own, which nobody would count.
    (
        ("clone", 56, 220),
        &[
            &[Has(0, CLONE_THREAD), Lacks(0, CLONE_FILES)],
            &[Has(0, 0x0002_0000)],
            &[Has(0, 0x0200_0000)],
            &[Has(0, 0x0400_0000)],
            &[Has(0, 0x0800_0000)],
            &[Has(0, 0x1000_0000)],
            &[Has(0, 0x2000_0000)],
            &[Has(0, 0x4000_0000)],
        ],
    ),
    (("close_range", 436, 436), &[&[Has(2, CLOSE_RANGE_UNSHARE)]]),
    // Notes who opens what, and makes whoever opens it wait.
    (("fcntl", 72, 25), &[&[Is(1, F_NOTIFY)], &[Is(1, F_SETLEASE)]]),
    (("ioctl", 16, 29), &[&[Is(1, TIOCSTI)], &[Is(1, TIOCLINUX)]]),
    // Of others, Landlock keeps signals away, and none of what follows.
    (("ioprio_set", 251, 30), &[&[IsNot(0, IOPRIO_WHO_PROCESS)], &[IsNot(1, 0)]]),
    (("prlimit64", 302, 261), &[&[IsNot(0, 0)]]),
    (("sched_setaffinity", 203, 122), &[&[IsNot(0, 0)]]),
    (("sched_setattr", 314, 274), &[&[IsNot(0, 0)]]),
    (("sched_setparam", 142, 118), &[&[IsNot(0, 0)]]),
    (("sched_setscheduler", 144, 119), &[&[IsNot(0, 0)]]),
    (("setpriority", 141, 140), &[&[IsNot(0, PRIO_PROCESS)], &[IsNot(1, 0)]]),
    (("sendmmsg", 307, 269), &[&[Has(3, MSG_FASTOPEN)]]),
    (("sendmsg", 46, 211), &[&[Has(2, MSG_FASTOPEN)]]),
    (("sendto", 44, 206), &[&[Has(3, MSG_FASTOPEN)]]),
    // A pair of datagram or raw sockets can also send to a name. Streams and sequences of packets cannot.
    (("socketpair", 53, 199), &[&[IsNot(0, AF_UNIX)], &[Has(1, 0b0010)]]),
];

/// A socket can be of TCP alone: Landlock looks at the ports of no other.
const ALL_BUT_TCP: &[&[When]] = &[
    &[IsNot(0, AF_INET), IsNot(0, AF_INET6)],
    // Any type that has another bit than that of a stream.
    &[Has(1, 0b0010)],
    &[Has(1, 0b0100)],
    &[Has(1, 0b1000)],
    &[Lacks(1, SOCK_STREAM)],
    &[IsNot(2, 0), IsNot(2, IPPROTO_TCP)],
];

/// Answered as by a kernel that does not have them: programs that know them have another way. The arguments of `clone3`
/// cannot be looked at; the others tell who opens files that may not be read.
const UNKNOWN: &[Call] = &[
    ("clone3", 435, 435),
    ("fanotify_init", 300, 262),
    ("inotify_init", 253, NONE),
    ("inotify_init1", 294, 26),
];

/// Answered as by a file system that does not have them: Landlock has no rule for attributes of files outside.
const UNSUPPORTED: &[Call] = &[
    ("fremovexattr", 199, 16),
    ("fsetxattr", 190, 7),
    ("lremovexattr", 198, 15),
    ("lsetxattr", 189, 6),
    ("removexattr", 197, 14),
    ("removexattrat", 466, 466),
    ("setxattr", 188, 5),
    ("setxattrat", 463, 463),
];

/// Room that is taken from a disk and is not in any file's size.
const UNSUPPORTED_WHEN: &[(Call, &[&[When]])] = &[(("fallocate", 285, 47), &[&[IsNot(1, 0)]])];

#[cfg(target_arch = "x86_64")]
const ARCH: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCH: TargetArch = TargetArch::aarch64;

/// An x86_64 kernel may accept calls of another numbering, which begins here. None of it is needed.
const X32: u32 = 0x4000_0000;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Restricts this thread, and what it becomes.
///
/// - `may_call`: whether there are ports that it may call. Otherwise no socket is made at all but pairs.
pub fn restrict(may_call: bool) -> Result<(), Box<dyn std::error::Error>> {
    let mut refused = rules(REFUSED, REFUSED_WHEN)?;
    let socket = (("socket", 41, 198), if may_call { ALL_BUT_TCP } else { &[] });
    refused.extend(rules(&[], &[socket])?);
    if ARCH == TargetArch::x86_64 {
        seccompiler::apply_filter(&no_calls_from(X32))?;
    }
    let filters = [
        (refused, EPERM),
        (rules(UNSUPPORTED, UNSUPPORTED_WHEN)?, EOPNOTSUPP),
        (rules(UNKNOWN, &[])?, ENOSYS),
    ];
    for (rules, errno) in filters {
        let answer = SeccompAction::Errno(errno);
        let filter: BpfProgram = SeccompFilter::new(rules, SeccompAction::Allow, answer, ARCH)?.try_into()?;
        seccompiler::apply_filter(&filter)?;
    }
    Ok(())
}

/// Refuses whole numberings at once: one rule for each number of them would take the kernel milliseconds to look through
/// before each program. Source of the instructions: `linux/filter.h`, `linux/seccomp.h`.
fn no_calls_from(first: u32) -> BpfProgram {
    const LOAD_CALL: u16 = 0x20;
    const SKIP_ONE_IF_LESS: u16 = 0x35;
    const ANSWER: u16 = 0x06;
    const ALLOW: u32 = 0x7fff_0000;
    const ERRNO: u32 = 0x0005_0000;
    [(LOAD_CALL, 0, 0), (SKIP_ONE_IF_LESS, 1, first), (ANSWER, 0, ERRNO | EPERM), (ANSWER, 0, ALLOW)]
        .map(|(code, jf, k)| sock_filter { code, jt: 0, jf, k })
        .to_vec()
}

fn rules(always: &[Call], when: &[(Call, &[&[When]])]) -> Result<Rules, BackendError> {
    let mut rules: Rules = always.iter().map(|call| (number(*call), Vec::new())).collect();
    for (call, rows) in when {
        let row = |row: &&[When]| SeccompRule::new(row.iter().map(condition).collect::<Result<_, _>>()?);
        rules.insert(number(*call), rows.iter().map(row).collect::<Result<_, _>>()?);
    }
    rules.remove(&NONE);
    Ok(rules)
}

fn number((_, x86_64, aarch64): Call) -> i64 {
    if ARCH == TargetArch::x86_64 { x86_64 } else { aarch64 }
}

fn condition(when: &When) -> Result<SeccompCondition, BackendError> {
    let (argument, op, value) = match *when {
        Is(argument, value) => (argument, SeccompCmpOp::Eq, value),
        IsNot(argument, value) => (argument, SeccompCmpOp::Ne, value),
        Has(argument, bits) => (argument, SeccompCmpOp::MaskedEq(bits), bits),
        Lacks(argument, bits) => (argument, SeccompCmpOp::MaskedEq(bits), 0),
    };
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, value)
}
