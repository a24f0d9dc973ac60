//! The console: what is printed, what is typed.

use super::words::path;
use crate::case::Case;
use crate::program::{Script, Value};
use linux_raw_sys::general as nr;

const TYPE_FIRST: u32 = 1;
const TYPE_SECOND: u32 = 2;

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let file = Value::Variable(0);
    let script = path(Script::new(), 0, "/dev/console")
        .open_file("open", 0, nr::O_RDWR, 0)
        .write_out("write", file, 1, b"a question\n")
        .open(TYPE_FIRST)
        .read_in("read", file, 2, 64)
        .write_out(
            "write",
            file,
            1,
            b"a long line that is longer than a FIFO\n",
        )
        .open(TYPE_SECOND)
        .read_in("read", file, 2, 4)
        .read_in("read", file, 2, 64)
        .close_file("close", file);
    let mut case = Case::new("console", script, Vec::new())?;
    case.typed = vec![(TYPE_FIRST, b"yes\n"), (TYPE_SECOND, b"no, never\n")];
    Ok(case)
}
