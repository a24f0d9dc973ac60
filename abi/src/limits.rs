//! The limits of the system, each in one place.

/// Slots for services.
pub const SLOTS: usize = 40;
/// Processes of programs, on a machine with at least 512 MiB; fewer with less memory
/// (see [`processes`]).
pub const PROCESSES: usize = 8192;
/// Requests that can be under way at once.
pub const REQUESTS: usize = 16384;
/// Descriptors of a process, from 0 on, whose calls can be routed ([`crate::Call::Route`]).
pub const ROUTED_DESCRIPTORS: usize = 8;
/// Descriptors of a process, the hard limit of RLIMIT_NOFILE.
pub const DESCRIPTORS: usize = 4096;
/// Bytes of arguments and environment of `execve` (Linux: ARG_MAX).
pub const ARGUMENT_BYTES: usize = 131_072;
/// Bytes of a path with its terminating zero (Linux: PATH_MAX).
pub const PATH_BYTES: usize = 4096;
/// Bytes of one name in a path (Linux: NAME_MAX).
pub const NAME_BYTES: usize = 255;
/// Symbolic links followed in one look-up (Linux: MAXSYMLINKS).
pub const SYMLINKS: usize = 40;
/// Bytes of the kernel's log that `dmesg` can show.
pub const LOG_BYTES: usize = 65_536;
/// Crashes in a row with the same request current after which the request is ended with an error.
pub const POISON_CRASHES: u32 = 2;
/// Requests that a service ends between two crashes for them to be in a row, at most: one that waits for
/// long is current now and then when something else makes its server crash.
pub const POISON_SERVED: u64 = 32;
/// Questions asked in the name of one request within [`QUESTIONS_TIME`], after which its server is
/// taken to go round for ever. A call about all descriptors of a process may ask four times of each.
pub const QUESTIONS: usize = 4 * DESCRIPTORS;
/// Nanoseconds.
pub const QUESTIONS_TIME: u64 = 60_000_000_000;
/// Ticks of 10 ms that a service may run, for more than half of the time, without ending a request or
/// handing one on, before it is taken to go round for ever.
pub const FRUITLESS_TICKS: u32 = 300;
/// Pages one kernel call maps, unmaps, copies or clones at most.
pub const PAGES_PER_CALL: u64 = 1024;
/// Bytes one lease copy moves at most.
pub const COPY_BYTES: u64 = 1 << 20;

/// How many processes a machine with `frames` page frames of memory gets.
#[must_use]
pub const fn processes(frames: usize) -> usize {
    let by_memory = frames / 16;
    if by_memory > PROCESSES {
        PROCESSES
    } else {
        by_memory
    }
}
