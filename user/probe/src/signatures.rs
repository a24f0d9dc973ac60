//! What the arguments of the system calls mean, and values with which each call is harmless.

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A number that is left as it is.
    Value(u64),
    /// A descriptor of an open file of 4096 bytes.
    File,
    /// A descriptor of an open directory.
    Directory,
    /// The path of a file.
    Path,
    /// A path where nothing is.
    Missing,
    /// An address that is read: of zeroes.
    In,
    /// An address that is written.
    Out,
    /// The address of one `struct iovec` of 8 bytes.
    Vector,
    /// Pages that the call is about.
    Range,
    /// Bytes, or elements, behind an address.
    Size(u64),
}

impl Argument {
    /// Whether it is an address.
    #[must_use]
    pub const fn is_pointer(self) -> bool {
        use Argument::{In, Missing, Out, Path, Range, Vector};
        matches!(self, Path | Missing | In | Out | Vector | Range)
    }

    /// Whether it is a descriptor.
    #[must_use]
    pub const fn is_descriptor(self) -> bool {
        matches!(self, File | Directory)
    }
}

use Argument::{Directory, File, In, Missing, Out, Path, Range, Size, Value, Vector};

/// A call's name and arguments.
pub type Signature = (&'static str, &'static [Argument]);

/// Pages of memory that calls about ranges get.
const PAGE: u64 = 4096;
/// `MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS`.
const FIXED: u64 = 0x32;
/// `CLONE_PARENT_SETTID | SIGCHLD`.
const TELL_PARENT: u64 = 0x0010_0011;
/// `CLONE_CHILD_SETTID | SIGCHLD`.
const TELL_CHILD: u64 = 0x0100_0011;
/// `ARCH_GET_FS`.
const GET_FS: u64 = 0x1003;
/// `control::CALL`.
const EVERNIX_CONTROL: u32 = 500;
/// `TIOCGWINSZ`.
const WINDOW: u64 = 0x5413;

/// The calls about descriptors and files.
pub const FILES: &[Signature] = &[
    ("read", &[File, Out, Size(64)]),
    ("write", &[File, In, Size(64)]),
    ("readv", &[File, Vector, Size(1)]),
    ("writev", &[File, Vector, Size(1)]),
    ("pread64", &[File, Out, Size(64), Value(0)]),
    ("pwrite64", &[File, In, Size(64), Value(0)]),
    ("preadv", &[File, Vector, Size(1), Value(0), Value(0)]),
    ("pwritev", &[File, Vector, Size(1), Value(0), Value(0)]),
    (
        "preadv2",
        &[File, Vector, Size(1), Value(0), Value(0), Value(0)],
    ),
    (
        "pwritev2",
        &[File, Vector, Size(1), Value(0), Value(0), Value(0)],
    ),
    ("open", &[Path, Value(0), Value(0)]),
    ("openat", &[Directory, Path, Value(0), Value(0)]),
    ("openat2", &[Directory, Path, In, Size(24)]),
    ("creat", &[Missing, Value(0o600)]),
    ("close", &[File]),
    ("lseek", &[File, Value(0), Value(0)]),
    ("dup", &[File]),
    ("dup2", &[File, Value(100)]),
    ("dup3", &[File, Value(100), Value(0)]),
    // F_GETFD, F_GETLK.
    ("fcntl", &[File, Value(1), Value(0)]),
    ("fcntl", &[File, Value(5), In]),
    ("ioctl", &[File, Value(WINDOW), Out]),
    // LOCK_UN.
    ("flock", &[File, Value(8)]),
    ("fsync", &[File]),
    ("fdatasync", &[File]),
    ("syncfs", &[File]),
    ("sync_file_range", &[File, Value(0), Value(0), Value(0)]),
    ("fadvise64", &[File, Value(0), Value(0), Value(0)]),
    ("readahead", &[File, Value(0), Size(64)]),
    ("fallocate", &[File, Value(0), Value(0), Value(64)]),
    ("truncate", &[Path, Value(4096)]),
    ("ftruncate", &[File, Value(4096)]),
    ("sendfile", &[File, File, In, Value(8)]),
    ("copy_file_range", &[File, In, File, In, Size(8), Value(0)]),
    ("pipe", &[Out]),
    ("pipe2", &[Out, Value(0)]),
    ("poll", &[In, Size(1), Value(0)]),
    ("ppoll", &[In, Size(1), In, In, Value(8)]),
    ("select", &[Size(8), In, In, In, In]),
    ("pselect6", &[Size(8), In, In, In, In, In]),
    ("getdents", &[Directory, Out, Size(4096)]),
    ("getdents64", &[Directory, Out, Size(4096)]),
];

/// The calls about paths.
pub const PATHS: &[Signature] = &[
    ("stat", &[Path, Out]),
    ("lstat", &[Path, Out]),
    ("fstat", &[File, Out]),
    ("newfstatat", &[Directory, Path, Out, Value(0)]),
    ("statx", &[Directory, Path, Value(0), Value(0xfff), Out]),
    ("statfs", &[Path, Out]),
    ("fstatfs", &[File, Out]),
    ("access", &[Path, Value(0)]),
    ("faccessat", &[Directory, Path, Value(0)]),
    ("faccessat2", &[Directory, Path, Value(0), Value(0)]),
    ("chdir", &[Path]),
    ("fchdir", &[Directory]),
    ("chroot", &[Path]),
    ("getcwd", &[Out, Size(4096)]),
    ("mkdir", &[Missing, Value(0o700)]),
    ("mkdirat", &[Directory, Missing, Value(0o700)]),
    ("rmdir", &[Missing]),
    ("link", &[Path, Missing]),
    ("linkat", &[Directory, Path, Directory, Missing, Value(0)]),
    ("unlink", &[Missing]),
    ("unlinkat", &[Directory, Missing, Value(0)]),
    ("symlink", &[Path, Missing]),
    ("symlinkat", &[Path, Directory, Missing]),
    ("readlink", &[Path, Out, Size(64)]),
    ("readlinkat", &[Directory, Path, Out, Size(64)]),
    ("rename", &[Missing, Missing]),
    ("renameat", &[Directory, Missing, Directory, Missing]),
    (
        "renameat2",
        &[Directory, Missing, Directory, Missing, Value(0)],
    ),
    ("mknod", &[Missing, Value(0o10_600), Value(0)]),
    ("mknodat", &[Directory, Missing, Value(0o10_600), Value(0)]),
    ("chmod", &[Path, Value(0o600)]),
    ("fchmod", &[File, Value(0o600)]),
    ("fchmodat", &[Directory, Path, Value(0o600)]),
    ("fchmodat2", &[Directory, Path, Value(0o600), Value(0)]),
    ("chown", &[Path, Value(0), Value(0)]),
    ("fchown", &[File, Value(0), Value(0)]),
    ("lchown", &[Path, Value(0), Value(0)]),
    ("fchownat", &[Directory, Path, Value(0), Value(0), Value(0)]),
    ("utime", &[Path, In]),
    ("utimes", &[Path, In]),
    ("utimensat", &[Directory, Path, In, Value(0)]),
    ("futimesat", &[Directory, Path, In]),
    ("execve", &[Path, In, In]),
    ("execveat", &[Directory, Path, In, In, Value(0)]),
];

/// The calls about processes, signals and time.
pub const PROCESSES: &[Signature] = &[
    (
        "clone",
        &[Value(TELL_PARENT), Value(0), Out, Value(0), Value(0)],
    ),
    (
        "clone",
        &[Value(TELL_CHILD), Value(0), Value(0), Out, Value(0)],
    ),
    ("clone3", &[In, Size(64)]),
    ("wait4", &[Value(u64::MAX), Out, Value(1), Out]),
    ("waitid", &[Value(0), Value(0), Out, Value(5), Out]),
    ("set_tid_address", &[Out]),
    ("set_robust_list", &[In, Size(24)]),
    ("arch_prctl", &[Value(GET_FS), Out]),
    // PR_SET_NAME, PR_GET_NAME.
    ("prctl", &[Value(15), In, Value(0), Value(0), Value(0)]),
    ("prctl", &[Value(16), Out, Value(0), Value(0), Value(0)]),
    ("rt_sigaction", &[Value(10), In, Out, Size(8)]),
    ("rt_sigprocmask", &[Value(0), In, Out, Size(8)]),
    ("rt_sigpending", &[Out, Size(8)]),
    ("rt_sigtimedwait", &[In, Out, In, Size(8)]),
    ("rt_sigqueueinfo", &[Value(0), Value(10), In]),
    ("rt_tgsigqueueinfo", &[Value(0), Value(0), Value(10), In]),
    // Of seven bytes, so that a mask that is there is refused and nobody waits.
    ("rt_sigsuspend", &[In, Value(7)]),
    ("sigaltstack", &[In, Out]),
    ("time", &[Out]),
    ("gettimeofday", &[Out, Out]),
    ("clock_gettime", &[Value(0), Out]),
    ("clock_getres", &[Value(0), Out]),
    ("clock_nanosleep", &[Value(0), Value(0), In, Out]),
    ("nanosleep", &[In, Out]),
    ("getitimer", &[Value(1), Out]),
    ("setitimer", &[Value(1), In, Out]),
    ("timer_create", &[Value(0), In, Out]),
    ("timer_settime", &[Value(0), Value(0), In, Out]),
    ("timer_gettime", &[Value(0), Out]),
    ("times", &[Out]),
    ("getrusage", &[Value(0), Out]),
    ("getresuid", &[Out, Out, Out]),
    ("getresgid", &[Out, Out, Out]),
    ("getgroups", &[Size(64), Out]),
    ("setgroups", &[Size(1), In]),
    ("capget", &[Out, Out]),
    ("capset", &[In, In]),
    ("getrlimit", &[Value(7), Out]),
    ("setrlimit", &[Value(7), In]),
    ("prlimit64", &[Value(0), Value(7), In, Out]),
    ("uname", &[Out]),
    ("sysinfo", &[Out]),
    // SYSLOG_ACTION_READ_ALL.
    ("syslog", &[Value(3), Out, Size(64)]),
    ("getcpu", &[Out, Out, Value(0)]),
    // FUTEX_WAIT for a value that is not there, FUTEX_WAKE.
    ("futex", &[In, Value(0), Value(1), In, Value(0), Value(0)]),
    (
        "futex",
        &[In, Value(1), Value(1), Value(0), Value(0), Value(0)],
    ),
    ("sched_getaffinity", &[Value(0), Size(128), Out]),
    ("sched_setaffinity", &[Value(0), Size(128), In]),
    ("getrandom", &[Out, Size(64), Value(0)]),
];

/// The calls about memory.
pub const MEMORY: &[Signature] = &[
    (
        "mmap",
        &[
            Range,
            Value(PAGE),
            Value(3),
            Value(FIXED),
            Value(u64::MAX),
            Value(0),
        ],
    ),
    // MAP_PRIVATE of a file.
    (
        "mmap",
        &[Value(0), Size(PAGE), Value(1), Value(2), File, Value(0)],
    ),
    ("munmap", &[Range, Value(PAGE)]),
    ("mprotect", &[Range, Size(PAGE), Value(3)]),
    (
        "mremap",
        &[Range, Value(PAGE), Size(2 * PAGE), Value(1), Value(0)],
    ),
    ("madvise", &[Range, Size(PAGE), Value(0)]),
    ("msync", &[Range, Size(PAGE), Value(4)]),
    ("mincore", &[Range, Size(PAGE), Out]),
    ("mlock", &[Range, Size(PAGE)]),
    ("mlock2", &[Range, Size(PAGE), Value(0)]),
    ("munlock", &[Range, Size(PAGE)]),
    ("brk", &[Range]),
];

/// The calls about sockets and extended attributes, which Evernix answers as Linux does where
/// there are none.
pub const ABSENT: &[Signature] = &[
    ("bind", &[File, In, Size(16)]),
    ("listen", &[File, Value(1)]),
    ("accept", &[File, Value(0), Value(0)]),
    ("accept4", &[File, Value(0), Value(0), Value(0)]),
    ("connect", &[File, In, Size(16)]),
    ("getsockname", &[File, Out, In]),
    ("getpeername", &[File, Out, In]),
    ("getsockopt", &[File, Value(1), Value(3), Out, In]),
    ("setsockopt", &[File, Value(1), Value(2), In, Size(4)]),
    (
        "sendto",
        &[File, In, Size(16), Value(0), Value(0), Value(0)],
    ),
    ("sendmsg", &[File, In, Value(0)]),
    (
        "recvfrom",
        &[File, Out, Size(16), Value(0), Value(0), Value(0)],
    ),
    ("recvmsg", &[File, In, Value(0)]),
    ("shutdown", &[File, Value(0)]),
    ("setxattr", &[Path, In, In, Size(1), Value(0)]),
    ("lsetxattr", &[Path, In, In, Size(1), Value(0)]),
    ("getxattr", &[Path, In, Out, Size(1)]),
    ("lgetxattr", &[Path, In, Out, Size(1)]),
    ("listxattr", &[Path, Out, Size(1)]),
    ("llistxattr", &[Path, Out, Size(1)]),
    ("removexattr", &[Path, In]),
    ("lremovexattr", &[Path, In]),
    ("fgetxattr", &[File, In, Out, Size(1)]),
    ("fsetxattr", &[File, In, In, Size(1), Value(0)]),
    ("flistxattr", &[File, Out, Size(1)]),
    ("fremovexattr", &[File, In]),
];

/// The calls that change the machine, which nobody wants to lose who only asks for an oracle.
pub const MACHINE: &[Signature] = &[
    ("mount", &[In, Missing, In, Value(0), In]),
    ("umount2", &[Missing, Value(0)]),
    ("settimeofday", &[In, Value(0)]),
    ("clock_settime", &[Value(0), In]),
    ("sethostname", &[In, Size(4)]),
    ("setdomainname", &[In, Size(4)]),
    (
        "evernix_control",
        &[In, Size(8), Out, Size(64), In, Size(8)],
    ),
];

/// The number of a call.
#[must_use]
pub fn number(name: &str) -> Option<u32> {
    if name == "evernix_control" {
        return Some(EVERNIX_CONTROL);
    }
    linux::calls::number(name)
}

/// The calls that harm nobody.
pub fn harmless() -> impl Iterator<Item = &'static Signature> {
    [FILES, PATHS, PROCESSES, MEMORY, ABSENT]
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The calls that are answered and take no pointer; and one whose pair of sockets is refused
    /// before anybody looks where it should go.
    const WITHOUT_POINTERS: &str = "alarm close_range exit exit_group fork getegid geteuid getgid \
        getpgid getpgrp getpid getppid getpriority getsid gettid getuid kill mlockall munlockall \
        pause personality reboot rt_sigreturn sched_get_priority_max sched_get_priority_min \
        sched_getscheduler sched_yield setfsgid setfsuid setgid setpgid setpriority setregid \
        setresgid setresuid setreuid setsid setuid socket socketpair sync tgkill timer_delete \
        timer_getoverrun tkill umask vfork";

    #[test]
    fn every_call_that_is_answered_is_here() {
        let declarations = include_str!("../../../system/services.toml");
        let lists = declarations.split("linux_calls = [").skip(1);
        let named = lists
            .filter_map(|rest| rest.split_once(']'))
            .flat_map(|(list, _)| list.split('"').skip(1).step_by(2));
        let mut counted = 0;
        for name in named {
            counted += 1;
            let has_signature = harmless().chain(MACHINE).any(|(known, _)| *known == name);
            let has_no_pointer = WITHOUT_POINTERS.split(' ').any(|known| known == name);
            assert!(has_signature != has_no_pointer, "{name}");
        }
        assert!(counted > 200, "only {counted} calls");
    }

    #[test]
    fn every_call_exists_and_has_at_most_six_arguments() {
        for (name, arguments) in harmless().chain(MACHINE) {
            assert!(number(name).is_some(), "{name}");
            assert!((1..=6).contains(&arguments.len()), "{name}");
        }
    }
}
