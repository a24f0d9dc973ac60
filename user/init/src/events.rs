//! Signals as a stream of events: the handler writes the signal's number into a pipe, so none is
//! lost between looking for one and waiting for it.
#![expect(unsafe_code, reason = "installs signal handlers")]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rustix::pipe::{PipeFlags, pipe_with};

/// The pipe's end that the handler writes to.
static WRITE_END: AtomicI32 = AtomicI32::new(-1);

/// The signals that are heard.
const HEARD: [i32; 4] = [libc::SIGCHLD, libc::SIGUSR1, libc::SIGUSR2, libc::SIGTERM];

/// The signals that arrived.
pub(crate) struct Events {
    read_end: OwnedFd,
    /// Kept open for the handler.
    _write_end: OwnedFd,
}

impl Events {
    /// Starts to hear signals.
    ///
    /// # Errors
    /// When there can be no pipe or no handler.
    pub(crate) fn open() -> io::Result<Events> {
        let (read_end, write_end) = pipe_with(PipeFlags::CLOEXEC)?;
        // A full pipe must not stop the handler: what is lost then is a copy of what is in it.
        rustix::fs::fcntl_setfl(&write_end, rustix::fs::OFlags::NONBLOCK)?;
        WRITE_END.store(write_end.as_raw_fd(), Ordering::Relaxed);
        for signal in HEARD {
            let handler: extern "C" fn(i32) = on_signal;
            install(signal, handler as libc::sighandler_t)?;
        }
        // A host that no longer listens is an error of `write`, not the end of process 1.
        install(libc::SIGPIPE, libc::SIG_IGN)?;
        Ok(Events {
            read_end,
            _write_end: write_end,
        })
    }

    /// Waits for the next signal.
    pub(crate) fn next(&self) -> u8 {
        let mut signal = [0];
        loop {
            match rustix::io::read(&self.read_end, &mut signal) {
                Ok(1) => return signal[0],
                Err(rustix::io::Errno::INTR) => {}
                // Without the pipe, children are looked for from time to time.
                _ => {
                    std::thread::sleep(Duration::from_millis(100));
                    return 0;
                }
            }
        }
    }
}

/// Sets the action of a signal, with system calls restarted.
fn install(signal: i32, handler: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: all-zero is a valid `sigaction`: no flags and an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = libc::SA_RESTART | libc::SA_NOCLDSTOP;
    // SAFETY: the action is complete; the handler makes one system call and touches an atomic.
    let result = unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

extern "C" fn on_signal(signal: i32) {
    let byte = u8::try_from(signal).unwrap_or(0);
    // SAFETY: `write` may be called in a handler (signal-safety(7)), the byte lives through it,
    // and errno is given back as it was.
    unsafe {
        let errno = *libc::__errno_location();
        libc::write(
            WRITE_END.load(Ordering::Relaxed),
            (&raw const byte).cast(),
            1,
        );
        *libc::__errno_location() = errno;
    }
}
