//! Programs that misuse the system: they get an error or a signal, and nobody else notices.

use std::collections::BTreeMap;
use std::time::Duration;
use tests::inside::Inside;
use tests::probe::{on_host, overlay, results};
use tests::services::assert_undisturbed;

/// Groups of misuse that Linux answers in the same way.
const GROUPS: [&str; 5] = [
    "wild",
    "descriptors",
    "lengths",
    "instructions",
    "executables",
];

/// Where Evernix answers otherwise: call and argument (or the start of a name), what is found, and
/// what Linux answers. None lets anything through that Linux refuses, but for what has no effect.
const OTHERWISE: &[(&str, &[&str], &[&str])] = &[
    // Copies that end within the memory given: nothing is transferred, where Linux tells how much was.
    ("read 1", &["EFAULT"], &["ok"]),
    ("write 1", &["EFAULT"], &["ok"]),
    ("pread64 1", &["EFAULT"], &["ok"]),
    ("pwrite64 1", &["EFAULT"], &["ok"]),
    ("write 2", &["EFAULT"], &["ok"]),
    ("pwrite64 2", &["EFAULT"], &["ok"]),
    ("getrandom", &["EFAULT"], &["ok"]),
    ("syslog 1", &["EFAULT"], &["ok"]),
    // Only as much memory is looked at as there is to transfer.
    ("read 2", &["ok"], &["EFAULT"]),
    ("pread64 2", &["ok"], &["EFAULT"]),
    ("readahead 2", &["ok"], &["EINVAL"]),
    // The order of checks.
    ("execve", &["EFAULT"], &["EACCES"]),
    ("readlink", &["EFAULT"], &["EINVAL"]),
    ("getgroups 1", &["EFAULT"], &["ok"]),
    ("timer_settime 2", &["EFAULT"], &["EINVAL"]),
    ("waitid 2", &["ECHILD"], &["EFAULT"]),
    ("mremap 0", &["EINVAL"], &["EFAULT"]),
    ("mmap 0", &["EINVAL"], &["ENOMEM", "EINTR"]),
    ("connect", &["ENOTSOCK"], &["EFAULT", "EINVAL"]),
    ("sendto", &["ENOTSOCK"], &["EFAULT"]),
    ("recvfrom", &["ENOTSOCK"], &["EFAULT"]),
    // Waking looks at no memory.
    ("futex 0", &["ok"], &["EFAULT", "EINVAL"]),
    // Counts with more than 32 bits, of which Linux takes the low ones.
    ("readv 2", &["EINVAL"], &["ok"]),
    ("writev 2", &["EINVAL"], &["ok"]),
    ("preadv", &["EINVAL"], &["ok"]),
    ("pwritev", &["EINVAL"], &["ok"]),
    ("sched_getaffinity 1", &["ok"], &["EINVAL"]),
    // More than the limit on descriptors, which the host may have set higher.
    ("poll 1", &["EINVAL"], &["ok"]),
    ("ppoll 1", &["EINVAL"], &["ok"]),
    // A structure of a later version, though all that it adds is 0.
    ("openat2 3", &["E2BIG"], &["ok"]),
    // A path relative to a descriptor goes by way of /proc.
    ("execveat 0", &["ENOENT"], &["EBADF"]),
    // There are no extended attributes.
    ("setxattr", &["EOPNOTSUPP"], &["ERANGE", "EFAULT"]),
    ("getxattr", &["EOPNOTSUPP"], &["ERANGE", "EFAULT"]),
    ("fgetxattr", &["EOPNOTSUPP", "EBADF"], &["ERANGE", "EFAULT"]),
    ("fsetxattr", &["EOPNOTSUPP", "EBADF"], &["ERANGE", "EFAULT"]),
    (
        "fremovexattr",
        &["EOPNOTSUPP", "EBADF"],
        &["ERANGE", "EFAULT"],
    ),
    ("lsetxattr", &["EOPNOTSUPP"], &["ERANGE", "EFAULT"]),
    ("lgetxattr", &["EOPNOTSUPP"], &["ERANGE", "EFAULT"]),
    ("removexattr", &["EOPNOTSUPP"], &["ERANGE", "EFAULT"]),
    ("lremovexattr", &["EOPNOTSUPP"], &["ERANGE", "EFAULT"]),
    ("listxattr", &["EOPNOTSUPP"], &["ok", "EFAULT"]),
    ("llistxattr", &["EOPNOTSUPP"], &["ok", "EFAULT"]),
    ("flistxattr", &["EOPNOTSUPP"], &["ok"]),
    // Page 0 cannot be mapped, and the machine has less memory than the host.
    ("mmap 0 null", &["EPERM"], &["ok"]),
    ("mremap 2", &["ENOMEM"], &["ok", "EINVAL"]),
    ("mprotect 1", &["ENOMEM"], &["EACCES"]),
    ("madvise 1", &["ENOMEM"], &["EINVAL"]),
    ("msync 1", &["ENOMEM"], &["ok"]),
    // Nothing is ever swapped out: locking is success where there is a mapping.
    ("mlock", &["ok", "ENOMEM"], &["ENOMEM", "EINVAL", "ok"]),
    ("munlock", &["ENOMEM"], &["EINVAL", "ok"]),
];

/// The same for files that look like programs: they are refused while the old program is still
/// there to be told, where Linux kills the new one or ignores what is wrong.
const REFUSED_EARLIER: [&str; 2] = ["ENOEXEC", "ENOMEM"];

fn is_allowed(group: &str, name: &str, found: &str, expected: &str) -> bool {
    if group == "executables" {
        // The code is behind the bytes that come from this file.
        let cleared = name == "file-bytes-1" && found == "signal-11";
        return cleared || name != "sound" && REFUSED_EARLIER.contains(&found);
    }
    OTHERWISE.iter().any(|(start, ours, theirs)| {
        name.starts_with(start) && ours.contains(&found) && theirs.contains(&expected)
    })
}

/// Shows every misuse with another result than on Linux.
fn compare(
    group: &str,
    linux: &BTreeMap<String, String>,
    here: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, expected) in linux {
        let found = here.get(name).map_or("nothing", String::as_str);
        if found != expected && !is_allowed(group, name, found, expected) {
            differences.push(format!("{group}: {name}: {found} instead of {expected}"));
        }
    }
    differences
}

/// S16: a program that gives a bad address gets `EFAULT`, or the signal that Linux sends (group `wild`);
/// every call and every argument that is an address. No service notices.
#[test]
fn wrong_arguments_are_answered_as_linux_answers_them() {
    let overlay = overlay();
    let script = GROUPS.map(|group| format!("echo '@ {group}'; probe {group} </dev/null\n"));
    let script = script.concat() + "echo '@ end'; service status";
    let done = Inside::shell(&script).overlay(overlay.path()).run();
    assert_eq!(done.status(), 0, "{}", done.report());
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let mut differences = Vec::new();
    for part in text.split("@ ").skip(1) {
        let (group, content) = part.split_once('\n').expect("a group");
        if GROUPS.contains(&group) {
            differences.extend(compare(group, &results(&on_host(group)), &results(content)));
        }
    }
    assert_undisturbed(&text, &[]);
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

#[test]
fn calls_of_every_number_are_answered() {
    let overlay = overlay();
    let script = "probe machine; echo '@ numbers'; probe numbers; echo '@ again'; probe numbers;
                  echo '@ end'; service status";
    let done = Inside::shell(script).overlay(overlay.path()).run();
    assert_eq!(done.status(), 0, "{}", done.report());
    let text = String::from_utf8_lossy(&done.stdout);
    assert_undisturbed(&text, &[]);
    let parts: Vec<&str> = text.split("@ ").collect();
    let [machine, numbers, again, _] = parts.as_slice() else {
        panic!("{}", done.report());
    };
    for (what, result) in results(machine) {
        // Null is no time to set.
        let allowed = MACHINE_RESULTS.contains(&result.as_str()) || what == "settimeofday 0 null";
        assert!(allowed, "{what}: {result}");
    }
    let first = results(numbers.trim_start_matches("numbers\n"));
    let second = results(again.trim_start_matches("again\n"));
    assert_eq!(first.len(), 1022, "{}", done.report());
    for number in (0..1024).filter(|number| first.contains_key(&number.to_string())) {
        let result = first[&number.to_string()].as_str();
        let unowned = number != 500 && (number > 462 || (335..424).contains(&number));
        assert!(!unowned || result == "ENOSYS", "{number}: {result}");
        let line = format!("call {number} is not implemented");
        // Those from 511 on count as one.
        let logged = done.logs.kernel.matches(&line).count();
        assert!(
            logged <= 1 && (!unowned || number >= 511 || logged == 1),
            "{number} was logged {logged} times"
        );
        if result == "ENOSYS" {
            assert_eq!(second[&number.to_string()], "ENOSYS", "{number}");
        }
    }
}

/// What calls that change the machine are answered with when an address leads nowhere.
const MACHINE_RESULTS: [&str; 5] = ["EFAULT", "ENOENT", "EINVAL", "ENAMETOOLONG", "ENODEV"];

/// Kibibytes of memory that may be in use after a misuse and were not before: caches and logs.
const SLACK_KIB: i64 = 1024;

/// What takes all there is, and what may come of it.
const EXHAUSTION: [(&str, &[&str]); 6] = [
    ("touch", &["signal-9", "ENOMEM"]),
    ("touch-many", &["signal-9", "ENOMEM"]),
    ("fill /tmp/full", &["ENOSPC"]),
    ("pipes", &["EMFILE", "ENFILE", "ENOMEM"]),
    ("arguments", &["E2BIG"]),
    ("fork-bomb", &["EAGAIN", "ENOMEM"]),
];

/// What services keep for programs, and what may stop a program that wants ever more of it; `ok` is
/// a program that had as much as it wanted.
const HOARDS: [(&str, &[&str]); 9] = [
    ("hoard maps", &["ok", "ENOMEM"]),
    ("hoard locks", &["ok", "ENOLCK"]),
    ("hoard signals", &["EAGAIN", "ok"]),
    ("hoard timers", &["EAGAIN"]),
    ("hoard devices", &["EMFILE", "ENFILE"]),
    ("hoard processes-files", &["EMFILE", "ENFILE"]),
    ("hoard opened-files", &["EMFILE", "ENFILE"]),
    ("crowd files", &["ENOSPC"]),
    ("crowd links", &["ENOSPC"]),
];

#[test]
fn what_is_used_up_is_missed_by_the_one_who_used_it_alone() {
    exhaust(&EXHAUSTION, Memory::ComesBack);
}

#[test]
fn what_services_keep_for_programs_has_an_end() {
    exhaust(&HOARDS, Memory::IsKept);
}

#[test]
fn a_signal_beyond_the_limit_is_refused() {
    let overlay = overlay();
    let done = Inside::shell("probe hoard signals")
        .overlay(overlay.path())
        .run();
    assert_eq!(done.output(), "signals: EAGAIN\n");
}

/// What becomes of the memory that a misuse has taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    /// All is free again, but for what services have grown by the first time.
    ComesBack,
    /// Services keep the heaps that they have grown.
    IsKept,
}

/// Takes all there is of something in a small machine.
fn exhaust(cases: &[(&str, &[&str])], memory: Memory) {
    let overlay = overlay();
    let mut script = String::from(
        "free() { while read name kib unit; do case $name in MemFree:) echo \"free $kib\";; esac; \
         done </proc/meminfo; }\n\
         mkfifo /tmp/clock; exec 3<>/tmp/clock\n",
    );
    for (what, _) in cases {
        if memory == Memory::ComesBack {
            script.push_str(&format!("probe {what} >/dev/null; "));
        }
        // The shell goes on meanwhile, without making processes.
        script.push_str(&format!(
            "echo '@ {what}'; free\n\
             probe {what} & read -t 1 x <&3\n\
             echo during >/tmp/file; read x </tmp/file; echo $x\n\
             wait $!\n\
             sh -c 'echo after | cat'; free\n"
        ));
    }
    script.push_str("echo '@ end'; service status");
    let done = Inside::shell(&script)
        .overlay(overlay.path())
        .memory("64M")
        .within(Duration::from_secs(240))
        .run();
    assert_eq!(done.status(), 0, "{}", done.report());
    let text = String::from_utf8_lossy(&done.stdout);
    assert_undisturbed(&text, &[]);
    for (what, allowed) in cases {
        let part = text
            .split("@ ")
            .find(|part| part.starts_with(&format!("{what}\n")));
        let part = part.unwrap_or_else(|| panic!("{what}: {}", done.report()));
        let lines: Vec<&str> = part.lines().skip(1).collect();
        assert!(
            lines.contains(&"during") && lines.contains(&"after"),
            "{part}"
        );
        let name = what
            .trim_start_matches("hoard ")
            .trim_start_matches("crowd ");
        let name = name.split(' ').next().unwrap_or(name);
        let result = lines
            .iter()
            .find_map(|line| line.strip_prefix(&format!("{name}: ")));
        let result = result.unwrap_or_else(|| panic!("{what} said nothing: {part}"));
        assert!(
            result.split(' ').all(|one| allowed.contains(&one)),
            "{part}"
        );
        let free = lines.iter().filter_map(|line| line.strip_prefix("free "));
        let free: Vec<i64> = free.filter_map(|kib| kib.parse().ok()).collect();
        assert!(
            matches!(free.as_slice(), [before, after] if memory == Memory::IsKept || before - after < SLACK_KIB),
            "{part}"
        );
    }
}
