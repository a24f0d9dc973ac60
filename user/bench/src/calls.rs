//! Calls that end at once.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::meter::Meter;

const TIMES: u64 = 10_000;

pub(crate) fn getppid(meter: &mut Meter) -> io::Result<()> {
    meter.times(TIMES, || {
        black_box(rustix::process::getppid());
        Ok(())
    })
}

pub(crate) fn clock_gettime(meter: &mut Meter) -> io::Result<()> {
    meter.times(TIMES, || {
        black_box(Instant::now());
        Ok(())
    })
}

pub(crate) fn read_byte(meter: &mut Meter) -> io::Result<()> {
    let mut zero = File::open("/dev/zero")?;
    let mut byte = [1];
    meter.times(TIMES, || zero.read_exact(&mut byte))
}

pub(crate) fn write_byte(meter: &mut Meter) -> io::Result<()> {
    let mut null = File::options().write(true).open("/dev/null")?;
    meter.times(TIMES, || null.write_all(&[0]))
}

/// A file two folders below the root, as most are.
const FILE: &str = "/etc/passwd";

pub(crate) fn open_close(meter: &mut Meter) -> io::Result<()> {
    meter.times(TIMES, || File::open(FILE).map(drop))
}

pub(crate) fn stat(meter: &mut Meter) -> io::Result<()> {
    meter.times(TIMES, || {
        black_box(rustix::fs::stat(FILE)?);
        Ok(())
    })
}

/// Ten pipes, of which the last can be read.
pub(crate) fn poll_10(meter: &mut Meter) -> io::Result<()> {
    let pipes: Vec<_> = (0..10).map(|_| io::pipe()).collect::<Result<_, _>>()?;
    if let Some((_, last)) = pipes.last() {
        (&*last).write_all(&[0])?;
    }
    let at_once = Timespec::default();
    meter.times(TIMES, || {
        let mut list: Vec<PollFd<'_>> = Vec::with_capacity(pipes.len());
        list.extend(
            pipes
                .iter()
                .map(|(reader, _)| PollFd::new(reader, PollFlags::IN)),
        );
        match poll(&mut list, Some(&at_once))? {
            1 => Ok(()),
            other => Err(io::Error::other(format!("{other} of 10 can be read"))),
        }
    })
}
