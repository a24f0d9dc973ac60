//! Makes as many as there can be of what services keep in memory, in many processes at once.
#![expect(unsafe_code, reason = "fork, mmap, locks, signals and timers")]

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::IntoRawFd;
use std::os::unix::fs::symlink;
use std::time::Duration;

/// Processes that hoard at the same time.
const HOARDERS: usize = 6;
/// Things that one process makes at most.
const MOST: u64 = 2_000;
/// Time that each set of hoarders is left alone.
const LOOK: Duration = Duration::from_millis(200);
const PAGE: usize = 4096;

/// Makes the n-th thing; the errno when there can be no more.
type Make = fn(u64) -> i32;

/// What can be hoarded, by name.
const KINDS: [(&str, Make); 7] = [
    ("maps", map),
    ("locks", lock),
    ("signals", queue_signal),
    ("timers", make_timer),
    ("devices", |_| open("/dev/null")),
    ("processes-files", |_| open("/proc/self/stat")),
    ("opened-files", |_| open("/etc/hostname")),
];

/// Hoards one kind; says what stopped the hoarders, and whether it was known.
///
/// # Errors
/// When there cannot be a pipe.
pub(crate) fn hoard(kind: &str) -> io::Result<bool> {
    let Some((_, make)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        return Ok(false);
    };
    let mut stopped = Vec::new();
    let mut hoarders = Vec::new();
    for _ in 0..HOARDERS {
        let (mut told, sender) = io::pipe()?;
        // SAFETY: this process has one thread.
        match unsafe { libc::fork() } {
            -1 => break,
            0 => make_all(*make, sender),
            hoarder => hoarders.push(hoarder),
        }
        drop(sender);
        let mut failure = [0];
        // One that was killed tells nothing.
        if told.read_exact(&mut failure).is_err() {
            stopped.push("killed".to_owned());
        } else {
            stopped.push(probe::errno::name(failure[0].into()));
        }
    }
    std::thread::sleep(LOOK);
    for hoarder in hoarders {
        // SAFETY: a child of this process, which has not been waited for.
        unsafe {
            libc::kill(hoarder, libc::SIGKILL);
            libc::waitpid(hoarder, std::ptr::null_mut(), 0);
        }
    }
    stopped.sort();
    stopped.dedup();
    println!("{kind}: {}", stopped.join(" "));
    Ok(true)
}

fn make_all(make: Make, mut sender: io::PipeWriter) -> ! {
    // Whoever ends this process's parent means this one too.
    // SAFETY: about this process alone.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let failure = (0..MOST).map(make).find(|errno| *errno != 0);
    let failure = u8::try_from(failure.unwrap_or(0)).unwrap_or(u8::MAX);
    // The parent kills this process in any case.
    let _ = sender.write_all(&[failure]);
    loop {
        std::thread::sleep(Duration::from_secs(60));
    }
}

fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(-1)
}

/// Neighbours differ in protection, so that each is a range of its own.
fn map(number: u64) -> i32 {
    const FIRST: usize = 0x10_0000_0000;
    let at = FIRST + PAGE * usize::try_from(number).unwrap_or(0);
    let protection = if number.is_multiple_of(2) {
        libc::PROT_READ
    } else {
        libc::PROT_NONE
    };
    // SAFETY: a range far from all that this process has.
    let mapped = unsafe {
        libc::mmap(
            std::ptr::with_exposed_provenance_mut(at),
            PAGE,
            protection,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
            -1,
            0,
        )
    };
    if mapped == libc::MAP_FAILED {
        errno()
    } else {
        0
    }
}

/// Every other byte, so that no two locks become one.
fn lock(number: u64) -> i32 {
    const NAME: &str = "/tmp/locked";
    // The descriptor of the first call is the one that all use.
    static FILE: std::sync::OnceLock<i32> = std::sync::OnceLock::new();
    let file = *FILE.get_or_init(|| File::create(NAME).map_or(-1, IntoRawFd::into_raw_fd));
    let lock = libc::flock {
        l_type: i16::try_from(libc::F_WRLCK).unwrap_or(1),
        l_whence: 0,
        // Each process locks its own bytes.
        l_start: i64::try_from(2 * number).unwrap_or(0) + i64::from(std::process::id()) * 100_000,
        l_len: 1,
        l_pid: 0,
    };
    // SAFETY: the structure lives during the call.
    if unsafe { libc::fcntl(file, libc::F_SETLK, &raw const lock) } == -1 {
        return errno();
    }
    0
}

fn queue_signal(_: u64) -> i32 {
    let signal = libc::SIGRTMIN();
    // SAFETY: the set lives during the calls; the signal is for this process, and blocked.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, signal);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
        let value = libc::sigval {
            sival_ptr: std::ptr::null_mut(),
        };
        if libc::sigqueue(libc::getpid(), signal, value) == -1 {
            return errno();
        }
    }
    0
}

fn make_timer(_: u64) -> i32 {
    let mut timer = std::ptr::null_mut();
    // SAFETY: room for the timer's number; no event is the default one.
    let made =
        unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, std::ptr::null_mut(), &raw mut timer) };
    if made == -1 { errno() } else { 0 }
}

fn open(path: &str) -> i32 {
    match File::open(path) {
        Ok(file) => {
            // It stays open.
            let _ = file.into_raw_fd();
            0
        }
        Err(error) => error.raw_os_error().unwrap_or(-1),
    }
}

/// Makes empty files, or long symbolic links, until there is no room; removes them.
///
/// # Errors
/// When the folder cannot be made or removed.
pub(crate) fn crowd(kind: &str) -> io::Result<()> {
    const TARGET_BYTES: usize = 4000;
    let folder = format!("/tmp/{kind}");
    fs::create_dir(&folder)?;
    let target = CString::new(vec![b't'; TARGET_BYTES])?;
    let target = target.to_string_lossy();
    let mut number = 0;
    let failure = loop {
        let name = format!("{folder}/{number:0200}");
        let made = if kind == "files" {
            File::create(&name).map(drop)
        } else {
            symlink(&*target, &name)
        };
        match made {
            Ok(()) => number += 1,
            Err(error) => break error,
        }
    };
    for number in 0..number {
        fs::remove_file(format!("{folder}/{number:0200}"))?;
    }
    fs::remove_dir(&folder)?;
    let name = probe::errno::name(failure.raw_os_error().unwrap_or(-1));
    eprintln!("{number} {kind}");
    println!("{kind}: {name}");
    Ok(())
}
