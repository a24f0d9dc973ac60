//! A program whose page tables are looked into from outside, whenever it stands still for that.
#![expect(
    unsafe_code,
    reason = "mappings of its own, fork, and a loop that only a debugger ends"
)]

use std::fs::{self, File};
use std::io::{self, BufRead};
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::ptr;

/// What the register r15 holds while the program stands still.
pub const STANDS_STILL: u64 = 0x4576_6572_6e69_7821;

/// Bytes of a page.
const PAGE: usize = 4096;
/// Pages of the mapping that is written.
const PAGES: usize = 8;
/// The pages that are written: one again and again, two that a child has as well, one that is read
/// only afterwards. The others are never touched.
const WRITTEN: usize = 4;

/// What must be found at an address.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Mark {
    address: u64,
    value: u64,
    /// Whether the processor must allow a write there (1) or not (0).
    writable: u64,
}

/// Runs the commands that standard input has, a line each, and stands still after each of them.
///
/// # Errors
/// A command that fails, or memory that is not to be had.
pub fn run() -> io::Result<()> {
    let memory = map(PAGES, libc::PROT_READ | libc::PROT_WRITE, None)?;
    let _closed = map(2, libc::PROT_NONE, None)?;
    let file = File::open("/proc/self/exe")?;
    let text = map(1, libc::PROT_READ, Some(&file))?;
    for page in 0..WRITTEN {
        put(memory, page, page as u64);
    }
    let companion = child(|| {
        loop {
            // SAFETY: `pause` has no arguments.
            unsafe { libc::pause() };
        }
    })?;
    protect(memory, WRITTEN - 1)?;
    for (line, round) in io::stdin().lock().lines().zip(1000..) {
        command(&line?)?;
        // What it writes is its own.
        let writer = child(|| put(memory, 1, round))?;
        wait(writer)?;
        put(memory, 0, round);
        stand_still(memory, text, round)?;
    }
    // SAFETY: a child of this program.
    unsafe { libc::kill(companion, libc::SIGKILL) };
    wait(companion)
}

/// Stands still until a debugger has looked at this program.
fn stand_still(memory: *mut u64, text: *mut u64, round: u64) -> io::Result<()> {
    let mark = |page: usize, value, writable| Mark {
        address: memory.wrapping_byte_add(page * PAGE) as u64,
        value,
        writable,
    };
    let marks = [
        mark(0, round, 1),
        mark(1, 1, 0),
        mark(2, 2, 0),
        mark(3, 3, 0),
        Mark {
            address: text as u64,
            value: get(text),
            writable: 0,
        },
    ];
    let maps = fs::read("/proc/self/maps")?;
    // SAFETY: the loop reads no memory and ends when rax is changed from outside.
    unsafe {
        core::arch::asm!(
            "2:",
            "pause",
            "test rax, rax",
            "jz 2b",
            inout("rax") 0_u64 => _,
            in("r15") STANDS_STILL,
            in("rdi") maps.as_ptr(),
            in("rsi") maps.len(),
            in("rdx") marks.as_ptr(),
            in("rcx") marks.len(),
        );
    }
    Ok(())
}

fn command(line: &str) -> io::Result<()> {
    let status = Command::new("/bin/sh")
        .args(["-c", line])
        .stdin(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{line}: {status}")))
    }
}

fn map(pages: usize, access: i32, file: Option<&File>) -> io::Result<*mut u64> {
    let (kind, descriptor) = match file {
        Some(file) => (libc::MAP_PRIVATE, file.as_raw_fd()),
        None => (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1),
    };
    // SAFETY: a new mapping, whose address the system chooses.
    let at = unsafe { libc::mmap(ptr::null_mut(), pages * PAGE, access, kind, descriptor, 0) };
    if at == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    Ok(at.cast())
}

fn protect(memory: *mut u64, page: usize) -> io::Result<()> {
    let at = memory.wrapping_byte_add(page * PAGE);
    // SAFETY: a page of the mapping that is written, to which no reference exists.
    match unsafe { libc::mprotect(at.cast(), PAGE, libc::PROT_READ) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn put(memory: *mut u64, page: usize, value: u64) {
    // SAFETY: one of the first pages of the mapping that is written.
    unsafe { memory.byte_add(page * PAGE).write_volatile(value) };
}

fn get(memory: *mut u64) -> u64 {
    // SAFETY: the start of a mapping that can be read.
    unsafe { memory.read_volatile() }
}

/// Starts a child that does something and ends.
fn child(work: impl FnOnce()) -> io::Result<i32> {
    // SAFETY: this program has one thread.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            work();
            // SAFETY: ends this process, and nothing else is to be done in it.
            unsafe { libc::_exit(0) }
        }
        pid => Ok(pid),
    }
}

fn wait(pid: i32) -> io::Result<()> {
    // SAFETY: no status is written.
    match unsafe { libc::waitpid(pid, ptr::null_mut(), 0) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
