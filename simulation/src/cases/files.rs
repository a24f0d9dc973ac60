//! A file is made, written, read and removed.

use super::words::{at, path};
use crate::case::Case;
use crate::program::{Script, Value};
use linux_raw_sys::general as nr;

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let file = Value::Variable(0);
    let script = path(Script::new(), 0, "/tmp/file")
        .open_file("create", 0, nr::O_CREAT | nr::O_EXCL | nr::O_RDWR, 0)
        .write_out("write", file, 1, b"some bytes of a file")
        .check("seek", nr::__NR_lseek, &[file, 5.into(), 0.into()])
        .read_in("read", file, 2, 64)
        .write_out("append", file, 1, b", and more")
        .check("seek", nr::__NR_lseek, &[file, 0.into(), 0.into()])
        .read_in("read", file, 2, 64)
        .close_file("close", file)
        .check("unlink", nr::__NR_unlink, &[at(0).into()])
        .open_file("open", 0, nr::O_RDONLY, 0);
    Case::new("files", script, Vec::new())
}
