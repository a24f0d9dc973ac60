//! Processes, and what they say to each other.
#![expect(unsafe_code, reason = "fork")]

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};

use rustix::process::{Pid, WaitOptions, waitpid};

use crate::meter::Meter;

/// A program that does nothing, and is there in every system with busybox.
const NOTHING: &std::ffi::CStr = c"/bin/true";

/// Another process.
pub(crate) struct Child(Pid);

impl Child {
    /// A copy of this process that does some work and ends.
    pub(crate) fn fork(work: impl FnOnce() -> i32) -> io::Result<Child> {
        // SAFETY: this process has one thread, so its copy can do everything that it could.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            // SAFETY: it does not return, and what is buffered stays the parent's.
            0 => unsafe { libc::_exit(work()) },
            pid => Pid::from_raw(pid)
                .map(Child)
                .ok_or_else(|| io::Error::other("a child without a number")),
        }
    }

    /// Waits for its end.
    pub(crate) fn wait(self) -> io::Result<()> {
        let status = waitpid(Some(self.0), WaitOptions::empty())?;
        match status.and_then(|(_, status)| status.exit_status()) {
            Some(0) => Ok(()),
            other => Err(io::Error::other(format!("a child ended with {other:?}"))),
        }
    }
}

/// A byte into a pipe and out of it, by the same process: a round trip without its switches.
pub(crate) fn pipe_alone(meter: &mut Meter) -> io::Result<()> {
    let (mut reader, mut writer) = io::pipe()?;
    meter.times(4_000, || pass(&mut reader, &mut writer))
}

fn pass(reader: &mut PipeReader, writer: &mut PipeWriter) -> io::Result<()> {
    writer.write_all(&[1])?;
    reader.read_exact(&mut [0])
}

/// A byte to another process and back.
pub(crate) fn pipe_round_trip(meter: &mut Meter) -> io::Result<()> {
    let (mut there, mut to) = io::pipe()?;
    let (mut from, mut back) = io::pipe()?;
    let child = Child::fork(|| {
        let mut byte = [0];
        loop {
            let passed = there
                .read_exact(&mut byte)
                .and_then(|()| back.write_all(&byte));
            if passed.is_err() || byte == [0] {
                return i32::from(passed.is_err());
            }
        }
    })?;
    meter.times(4_000, || pass(&mut from, &mut to))?;
    to.write_all(&[0])?;
    from.read_exact(&mut [0])?;
    child.wait()
}

/// `sched_yield` while another process does the same.
pub(crate) fn yield_to_another(meter: &mut Meter) -> io::Result<()> {
    let (mut told, teller) = io::pipe()?;
    let (mut starts, mut started) = io::pipe()?;
    rustix::io::ioctl_fionbio(&told, true)?;
    let child = Child::fork(|| {
        if started.write_all(&[0]).is_err() {
            return 1;
        }
        loop {
            for _ in 0..1000 {
                rustix::thread::sched_yield();
            }
            if told.read(&mut [0]).is_ok() {
                return 0;
            }
        }
    })?;
    starts.read_exact(&mut [0])?;
    meter.times(10_000, || {
        rustix::thread::sched_yield();
        Ok(())
    })?;
    (&teller).write_all(&[0])?;
    child.wait()
}

pub(crate) fn fork_wait(meter: &mut Meter) -> io::Result<()> {
    meter.times(64, || Child::fork(|| 0)?.wait())
}

pub(crate) fn fork_exec_wait(meter: &mut Meter) -> io::Result<()> {
    let arguments = [NOTHING.as_ptr(), std::ptr::null()];
    let none = [std::ptr::null()];
    meter.times(64, || {
        let child = Child::fork(|| {
            // SAFETY: both arrays end with null, and live during the call, as the string does.
            unsafe { libc::execve(NOTHING.as_ptr(), arguments.as_ptr(), none.as_ptr()) };
            1
        })?;
        child.wait()
    })
}

/// Does something while so many other processes wait.
pub(crate) fn among_many(
    meter: &mut Meter,
    processes: u64,
    what: fn(&mut Meter) -> io::Result<()>,
) -> io::Result<()> {
    let (over, end) = io::pipe()?;
    let parents_end = end.as_raw_fd();
    let wait = || {
        // SAFETY: this process has no use for its copy of it.
        unsafe { libc::close(parents_end) };
        // It ends when the parent's is closed.
        i32::from((&over).read(&mut [0]).is_err())
    };
    let children: io::Result<Vec<Child>> = (0..processes).map(|_| Child::fork(wait)).collect();
    let children = children?;
    what(meter)?;
    drop(end);
    children.into_iter().try_for_each(Child::wait)
}

/// As the standard library starts programs: with a child that borrows its parent's memory.
pub(crate) fn vfork_exec_wait(meter: &mut Meter) -> io::Result<()> {
    meter.times(64, || run(Command::new("/bin/true")))
}

/// Runs a program whose output nobody needs.
pub(crate) fn run(mut command: Command) -> io::Result<()> {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?}: {status}")))
}
