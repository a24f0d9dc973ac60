//! Every other service: /proc, the small devices, random numbers, the clock, sleep.

use super::words::{at, path};
use crate::case::Case;
use crate::program::{Script, Value};
use linux_raw_sys::general as nr;

/// Nanoseconds slept.
const SLEEP: u64 = 10_000_000;

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let file = Value::Variable(0);
    let mut script = Script::new();
    for name in ["/dev/zero", "/dev/hello", "/proc/1/comm", "/proc/mounts"] {
        script = path(script, 0, name)
            .open_file("open", 0, nr::O_RDONLY, 0)
            .read_in("read", file, 2, 12)
            .read_in("read", file, 2, 12)
            .close_file("close", file);
    }
    let script = path(script, 0, "/dev/full")
        .open_file("open", 0, nr::O_WRONLY, 0)
        .write_out("full", file, 1, b"bytes")
        .close_file("close", file)
        .store_word(at(3), 0.into())
        .store_word(at(3) + 8, SLEEP.into())
        .check("sleep", nr::__NR_nanosleep, &[at(3).into(), 0.into()])
        .check(
            "random",
            nr::__NR_getrandom,
            &[at(4).into(), 16.into(), 0.into()],
        );
    let script = path(script, 0, "/dev/null")
        .open_file("open", 0, nr::O_RDWR, 0)
        .write_out("write", file, 1, b"gone")
        .read_in("read", file, 2, 12)
        .close_file("close", file)
        .check("sync", nr::__NR_sync, &[]);
    let mut case = Case::new("devices", script, Vec::new())?;
    // Its numbers start anew with every instance.
    case.unlike = vec![protocol::endpoint::RANDOM];
    Ok(case)
}
