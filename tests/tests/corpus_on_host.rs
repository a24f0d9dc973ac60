//! The corpus on the host: large enough, sound, and deterministic.

use evernix::install::Program;
use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};
use tests::corpus::{
    Batch, GROUPS, Outcome, Snippet, calls_on_host, compare, folder, host_busybox, load,
    run_on_host,
};

const STRACE: Program = Program {
    name: "strace",
    package: "strace",
};
/// How long a snippet may take, at most.
const LIMIT: Duration = Duration::from_secs(30);

/// A processor kept busy, until dropped or for five minutes.
struct Load(Child);

impl Load {
    fn start() -> Self {
        let mut command = Command::new("nice");
        command.args(["-n", "19", "timeout", "300", "sha256sum", "/dev/zero"]);
        Self(command.stdout(Stdio::null()).spawn().expect("nice starts"))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // `timeout` passes a TERM on, but not a KILL; it has ended already in the worst case.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// Whether a snippet did not do what it was written for: nothing printed and a command not found,
/// or ended by the batch's time limit.
fn is_trivial(outcome: &Outcome) -> bool {
    (outcome.stdout.is_empty() && outcome.status == 127) || outcome.status == 137
}

fn run(snippets: &[Snippet]) -> tests::corpus::Outcomes {
    let batch = Batch {
        snippets,
        limit: LIMIT,
    };
    let busybox = host_busybox().expect("busybox");
    run_on_host(&busybox, &batch).expect("a run of the batch")
}

#[test]
fn every_group_is_large_enough() {
    let snippets = load(&folder()).unwrap();
    assert!(snippets.len() >= 150, "only {} snippets", snippets.len());
    for group in GROUPS {
        let count = snippets.iter().filter(|one| one.group == group).count();
        assert!(count >= 12, "{group} has only {count} snippets");
    }
}

/// The calls that busybox's shell and tools make in typical scripts, from their start to their end.
const CALLS: &str = "access arch_prctl brk chmod chown clock_nanosleep clone close dup2 dup3 execve \
    exit_group fcntl getcwd getdents64 getegid geteuid getgid getgroups getpid getppid getrandom \
    getuid ioctl kill lseek mkdir mmap mount mprotect munmap newfstatat openat pipe2 prctl \
    prlimit64 read readlink rename rmdir rseq rt_sigaction rt_sigreturn sendfile set_robust_list \
    set_tid_address statfs symlink sync sysinfo syslog umask umount2 uname unlink utimensat vfork \
    wait4 write";

/// Of the calls that the first programs make, writev alone is not here: the C library that
/// busybox is linked with never makes it (`counter` in `tests/programs` does).
#[test]
fn every_call_of_a_shell_and_its_tools_is_used() {
    STRACE.ensure().expect("strace");
    let snippets = load(&folder()).unwrap();
    let batch = Batch {
        snippets: &snippets,
        limit: LIMIT,
    };
    let busybox = host_busybox().expect("busybox");
    let made = calls_on_host(&busybox, &batch).expect("a run of the batch");
    let missing = CALLS.split(' ').filter(|call| !made.contains(*call));
    let missing: Vec<&str> = missing.collect();
    assert!(missing.is_empty(), "no snippet makes {missing:?}");
}

#[test]
fn two_runs_are_identical() {
    let snippets = load(&folder()).unwrap();
    let quiet = run(&snippets);
    let mut wrong = String::new();
    for (path, outcome) in &quiet {
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        let missing = stderr.lines().any(|line| line.ends_with(": not found"));
        if is_trivial(outcome) || missing != path.contains("not-found") {
            wrong += &format!("{path}: status {}, {stderr}", outcome.status);
        }
    }
    assert!(
        wrong.is_empty(),
        "a command is missing or cut short:\n{wrong}"
    );
    let loads = [Load::start(), Load::start()];
    let loaded = run(&snippets);
    drop(loads);
    let reports = compare(&snippets, &quiet, &loaded);
    assert!(reports.is_empty(), "{}", reports.concat());
}
