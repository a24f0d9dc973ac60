//! Whether every service serves: each is asked for something whose answer is known.
#![expect(unsafe_code, reason = "calls that the standard library does not make")]

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::process::Command;

use control::ServiceName;

use crate::ask;

/// Asks each service for something.
///
/// # Errors
/// What was answered otherwise.
pub fn serve() -> Result<(), String> {
    processes()?;
    files()?;
    devices()?;
    terminal()?;
    priorities()?;
    let hello = ServiceName::new("hello").map_err(|_| "no name")?;
    // The new instance publishes its name at ds.
    ask::refresh(&hello).map_err(|error| format!("refresh: {error}"))?;
    Ok(())
}

/// pm, vm, vfs, ramfs and pfs: a program that says something through a pipe.
fn processes() -> Result<(), String> {
    let said = Command::new("/bin/echo").arg("something").output();
    let said = said.map_err(|error| format!("echo: {error}"))?;
    let right = said.status.success() && said.stdout == b"something\n";
    right.then_some(()).ok_or(format!("echo: {said:?}"))
}

/// vfs, ramfs and procfs.
fn files() -> Result<(), String> {
    let path = "/tmp/crasher-file";
    let result = fs::write(path, "content")
        .and_then(|()| fs::read_to_string(path))
        .and_then(|content| fs::remove_file(path).map(|()| content));
    match result {
        Ok(content) if content == "content" => {}
        other => return Err(format!("{path}: {other:?}")),
    }
    let uptime = fs::read_to_string("/proc/uptime").map_err(|error| format!("uptime: {error}"))?;
    let seconds: Option<f64> = uptime.split(' ').next().and_then(|word| word.parse().ok());
    seconds.map(drop).ok_or(format!("uptime: {uptime}"))
}

/// memory, random, hello, clock and host-link.
fn devices() -> Result<(), String> {
    let read = |path: &str| {
        let mut bytes = [1; 16];
        let length = File::open(path).and_then(|mut file| file.read(&mut bytes));
        length
            .map(|length| bytes[..length].to_vec())
            .map_err(|error| format!("{path}: {error}"))
    };
    if read("/dev/zero")? != [0; 16] {
        return Err("/dev/zero: not zero".into());
    }
    if read("/dev/urandom")?.len() != 16 {
        return Err("/dev/urandom: too few bytes".into());
    }
    if !read("/dev/hello")?.starts_with(b"hello, reader") {
        return Err("/dev/hello: something else".into());
    }
    let clock = Command::new("/sbin/hwclock").arg("-r").output();
    match clock {
        Ok(done) if done.status.success() => {}
        other => return Err(format!("hwclock: {other:?}")),
    }
    let output = File::options().write(true).open("/dev/host/stderr");
    output
        .map(drop)
        .map_err(|error| format!("/dev/host/stderr: {error}"))
}

/// tty.
fn terminal() -> Result<(), String> {
    let error = |error| format!("/dev/ttyS0: {error}");
    let file = File::open("/dev/ttyS0").map_err(error)?;
    // SAFETY: the descriptor is open, and the call has no other argument.
    if unsafe { libc::isatty(file.as_raw_fd()) } == 1 {
        Ok(())
    } else {
        Err("/dev/ttyS0: no terminal".into())
    }
}

/// sched.
fn priorities() -> Result<(), String> {
    // SAFETY: the call has no pointers.
    let done = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 0) };
    if done == 0 {
        Ok(())
    } else {
        Err(format!("setpriority: {}", std::io::Error::last_os_error()))
    }
}
