//! Updates of services, and of rs itself, while programs work; rs dies in the middle of them.

use super::words::{at, path};
use crate::case::{Case, exit};
use crate::player::RESULT;
use crate::program::{Script, Value};
use linux_raw_sys::general as nr;

/// The case: a reader that waits at a pipe while orders are carried out, and is served afterwards.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    Case::new("updates", workload(), Vec::new())
}

/// The same with two operators, so that rs may have an order while it carries out another one.
///
/// # Errors
/// See [`Case::new`].
pub fn ordered_by_two() -> Result<Case, String> {
    Case::ordered_by(2, "updates ordered by two", workload(), Vec::new())
}

fn workload() -> Script {
    let (reader, writer, process) = (Value::Variable(0), Value::Variable(1), Value::Variable(2));
    let child = Script::new()
        .close_file("child closes", writer)
        .read_in("read", reader, 2, 64)
        .append(exit(0));
    path(Script::new(), 3, "/tmp/file")
        .store_word(at(0), 0.into())
        .check("pipe", nr::__NR_pipe2, &[at(0).into(), 0.into()])
        .set(0, 0.into())
        .set(1, 1.into())
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, child)
        .set(2, RESULT)
        .open_file("create", 3, nr::O_CREAT | nr::O_RDWR, 3)
        .wait_for_answers()
        .write_out("write", writer, 1, b"after the update")
        .wait_for("wait", process, 4)
        .write_out("write a file", Value::Variable(3), 1, b"bytes")
        .check("unlink", nr::__NR_unlink, &[at(3).into()])
}
