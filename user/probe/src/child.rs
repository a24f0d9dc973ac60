//! A child process for each misuse: what it does to itself stays with it.
#![expect(unsafe_code, reason = "fork, wait and raw system calls")]

use std::io;

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a status.
    Status(i32),
    /// By a signal.
    Signal(i32),
}

/// Seconds after which SIGALRM ends a child that waits for ever.
const PATIENCE_SECONDS: i64 = 3;

/// Runs `work` in a child and waits for it, not for long; its status is what `work` returns.
///
/// # Errors
/// When there cannot be another process.
pub(crate) fn run(work: impl FnOnce() -> i32) -> io::Result<End> {
    run_for_ever(|| {
        set_alarm();
        work()
    })
}

/// The same, however long it takes.
///
/// # Errors
/// When there cannot be another process.
pub(crate) fn run_for_ever(work: impl FnOnce() -> i32) -> io::Result<End> {
    // SAFETY: this process has one thread, so its copy can do everything that it could.
    let child = unsafe { libc::fork() };
    match child {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            forget_handlers();
            end(work())
        }
        _ => Ok(wait(child)),
    }
}

/// The standard library would tell of an overflow of the stack, and abort.
fn forget_handlers() {
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: the default action refers to no code of this program.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Ends this process at once, without flushing what is the parent's.
pub(crate) fn end(status: i32) -> ! {
    // SAFETY: it does not return.
    unsafe { libc::_exit(status) }
}

fn set_alarm() {
    let timer = libc::itimerval {
        it_interval: libc::timeval {
            tv_sec: 0,
            tv_usec: 0,
        },
        it_value: libc::timeval {
            tv_sec: PATIENCE_SECONDS,
            tv_usec: 0,
        },
    };
    // SAFETY: the structure lives during the call.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
}

/// Waits for a child.
pub(crate) fn wait(child: libc::pid_t) -> End {
    let mut status = 0;
    // SAFETY: the status lives during the call.
    while unsafe { libc::waitpid(child, &raw mut status, 0) } == -1 {
        if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return End::Status(-1);
        }
    }
    if libc::WIFSIGNALED(status) {
        End::Signal(libc::WTERMSIG(status))
    } else {
        End::Status(libc::WEXITSTATUS(status))
    }
}

/// Makes a system call and returns the errno, 0 when it succeeded.
pub(crate) fn attempt(number: u32, arguments: [u64; 6]) -> i32 {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: none that could be promised: the arguments are wrong on purpose. This process is a
    // child that exists to make this call and looks at nothing afterwards but its errno.
    let result = unsafe { libc::syscall(libc::c_long::from(number), a, b, c, d, e, f) };
    if result == -1 {
        io::Error::last_os_error().raw_os_error().unwrap_or(-1)
    } else {
        0
    }
}

/// What came of a child whose status is an errno.
pub(crate) fn describe(end: &io::Result<End>) -> String {
    match end {
        Ok(End::Status(status)) => probe::errno::name(*status),
        Ok(End::Signal(signal)) => format!("signal-{signal}"),
        Err(error) => format!("no-child({error})"),
    }
}
