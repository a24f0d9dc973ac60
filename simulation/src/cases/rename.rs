//! Files and folders change their names.

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
    let rename = |script: Script, name, from, to| {
        script.check(name, nr::__NR_rename, &[at(from).into(), at(to).into()])
    };
    let mut script = Script::new();
    for (n, name) in (0..).zip([
        "/tmp/a",
        "/tmp/b",
        "/tmp/folder",
        "/tmp/folder/c",
        "/tmp/moved",
    ]) {
        script = path(script, n, name);
    }
    script = script
        .open_file("create", 0, nr::O_CREAT | nr::O_RDWR, 0)
        .write_out("write", file, 8, b"one")
        .close_file("close", file)
        .open_file("create", 1, nr::O_CREAT | nr::O_RDWR, 0)
        .write_out("write", file, 8, b"other")
        .close_file("close", file)
        .check(
            "make a folder",
            nr::__NR_mkdir,
            &[at(2).into(), 0o755.into()],
        );
    script = rename(script, "over another", 0, 1);
    script = rename(script, "what is not there", 0, 3);
    script = rename(script, "into a folder", 1, 3);
    script = rename(script, "into itself", 2, 3);
    script = rename(script, "a folder", 2, 4);
    script = path(script, 3, "/tmp/moved/c")
        .open_file("open", 3, nr::O_RDONLY, 0)
        .read_in("read", file, 8, 64)
        .close_file("close", file)
        .check("unlink", nr::__NR_unlink, &[at(3).into()])
        .check("remove the folder", nr::__NR_rmdir, &[at(4).into()]);
    Case::new("rename", script, Vec::new())
}
