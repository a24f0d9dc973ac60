//! Takes all there is of something, says what ended it, and gives everything back.
#![expect(unsafe_code, reason = "fork, mmap, pipes")]

use crate::child::{describe, end, run_for_ever, wait};
use std::ffi::{CString, c_char};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::FromRawFd;
use std::time::Duration;

/// How long the processes of a fork bomb are left alone.
const BOMB_TIME: Duration = Duration::from_secs(2);
const PAGE: usize = 4096;
/// Bytes that are mapped at a time.
const PIECE: usize = 1 << 20;
/// Processes that take memory at the same time.
const TAKERS: usize = 8;
/// Bytes of one argument that is too long.
const LONG: usize = 1 << 20;

fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(-1)
}

/// Every process makes others until there can be no more.
///
/// # Errors
/// When not even the first can be made.
pub(crate) fn fork_bomb() -> io::Result<()> {
    let (mut failures, sender) = io::pipe()?;
    // SAFETY: this process has one thread.
    let leader = unsafe { libc::fork() };
    match leader {
        -1 => return Err(io::Error::last_os_error()),
        0 => bomb(&sender),
        _ => drop(sender),
    }
    let mut first = [0];
    failures.read_exact(&mut first)?;
    std::thread::sleep(BOMB_TIME);
    // What is being made while the others are killed is killed the next time.
    // SAFETY: a signal to a group that exists to be killed.
    while unsafe { libc::kill(-leader, libc::SIGKILL) } == 0 {
        std::thread::sleep(Duration::from_millis(10));
        // SAFETY: only the leader is a child of this process.
        unsafe { libc::waitpid(leader, std::ptr::null_mut(), libc::WNOHANG) };
    }
    println!("fork-bomb: {}", probe::errno::name(i32::from(first[0])));
    Ok(())
}

fn bomb(mut sender: &io::PipeWriter) -> ! {
    // SAFETY: about this process alone.
    unsafe { libc::setpgid(0, 0) };
    // SAFETY: as above; each copy goes on in this loop.
    while unsafe { libc::fork() } != -1 {}
    let failure = u8::try_from(errno()).unwrap_or(u8::MAX);
    // Only the first is read.
    let _ = sender.write_all(&[failure]);
    loop {
        std::thread::sleep(BOMB_TIME);
    }
}

/// Takes memory and writes to it until there is none.
pub(crate) fn touch() {
    println!("touch: {}", describe(&run_for_ever(take_memory)));
}

/// The same in several processes at once; a line with what ended each.
///
/// # Errors
/// When a process cannot be made.
pub(crate) fn touch_many() -> io::Result<()> {
    let mut children = Vec::new();
    for _ in 0..TAKERS {
        // SAFETY: this process has one thread.
        match unsafe { libc::fork() } {
            -1 => return Err(io::Error::last_os_error()),
            0 => end(take_memory()),
            child => children.push(child),
        }
    }
    let ends = children.into_iter().map(|child| describe(&Ok(wait(child))));
    println!("touch-many: {}", ends.collect::<Vec<_>>().join(" "));
    Ok(())
}

fn take_memory() -> i32 {
    loop {
        // SAFETY: a new mapping at a place that the system chooses.
        let at = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                PIECE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if at == libc::MAP_FAILED {
            return errno();
        }
        for page in (0..PIECE).step_by(PAGE) {
            // SAFETY: within the new mapping.
            unsafe { at.cast::<u8>().add(page).write_volatile(1) };
        }
    }
}

/// Writes to a file until there is no room, then removes it.
///
/// # Errors
/// When the file cannot be made or removed.
pub(crate) fn fill(path: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    let block = [b'f'; 64 * 1024];
    let failure = loop {
        if let Err(error) = file.write_all(&block) {
            break error;
        }
    };
    drop(file);
    fs::remove_file(path)?;
    println!(
        "fill: {}",
        probe::errno::name(failure.raw_os_error().unwrap_or(-1))
    );
    Ok(())
}

/// Makes pipes and fills them until there can be no more.
pub(crate) fn pipes() {
    let block = [b'p'; PAGE];
    let mut kept = Vec::new();
    let failure = loop {
        let mut ends = [0; 2];
        // SAFETY: room for two descriptors.
        if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_NONBLOCK) } == -1 {
            break errno();
        }
        // SAFETY: the descriptors are new and nobody else's.
        let [reader, mut writer] = ends.map(|end| unsafe { File::from_raw_fd(end) });
        let full = loop {
            if let Err(error) = writer.write_all(&block) {
                break error;
            }
        };
        kept.push((reader, writer));
        if full.kind() != io::ErrorKind::WouldBlock {
            break full.raw_os_error().unwrap_or(-1);
        }
    };
    drop(kept);
    println!("pipes: {}", probe::errno::name(failure));
}

/// Executes with one argument that is too long, and with too many.
///
/// # Errors
/// When the arguments cannot be made.
pub(crate) fn arguments() -> io::Result<()> {
    let long = CString::new(vec![b'a'; LONG])?;
    let short = CString::new(vec![b'a'; 100])?;
    let one = refused(&[long.as_ptr(), std::ptr::null()]);
    let mut many = vec![short.as_ptr(); 100_000];
    many.push(std::ptr::null());
    let many = refused(&many);
    println!(
        "arguments: {} {}",
        probe::errno::name(one),
        probe::errno::name(many)
    );
    Ok(())
}

fn refused(arguments: &[*const c_char]) -> i32 {
    let none = [std::ptr::null()];
    // SAFETY: the arrays end with null and live during the call, as the strings do.
    unsafe {
        libc::execve(
            c"/proc/self/exe".as_ptr(),
            arguments.as_ptr(),
            none.as_ptr(),
        )
    };
    errno()
}
