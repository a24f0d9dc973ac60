//! Signals to oneself.
#![expect(unsafe_code, reason = "handlers of signals")]

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::meter::Meter;

const TIMES: u64 = 4_000;

/// Handlers that have run.
static CAUGHT: AtomicU64 = AtomicU64::new(0);

extern "C" fn note(_: libc::c_int) {
    CAUGHT.fetch_add(1, Ordering::Relaxed);
}

fn catch() -> io::Result<()> {
    let handler: extern "C" fn(libc::c_int) = note;
    // SAFETY: the handler does nothing but add to a counter.
    let before = unsafe { libc::signal(libc::SIGUSR1, handler as libc::sighandler_t) };
    if before == libc::SIG_ERR {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

pub(crate) fn install(meter: &mut Meter) -> io::Result<()> {
    meter.times(TIMES, catch)
}

/// From `kill` to the return from the handler.
pub(crate) fn deliver(meter: &mut Meter) -> io::Result<()> {
    catch()?;
    let this = rustix::process::getpid();
    let before = CAUGHT.load(Ordering::Relaxed);
    let mut sent = 0;
    meter.times(TIMES, || {
        sent += 1;
        rustix::process::kill_process(this, rustix::process::Signal::USR1)?;
        Ok(())
    })?;
    match CAUGHT.load(Ordering::Relaxed) - before {
        caught if caught == sent => Ok(()),
        caught => Err(io::Error::other(format!("{caught} of {sent} signals came"))),
    }
}
