//! Readers wait in turn: who asked first is served first.

use super::words::at;
use crate::case::{Case, exit};
use crate::player::RESULT;
use crate::program::{Script, Value};
use linux_raw_sys::general as nr;

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let (reader, writer) = (Value::Number(0), Value::Number(1));
    let (first, second) = (Value::Variable(0), Value::Variable(1));
    let reads = |name| Script::new().read_in(name, reader, 1, 4).append(exit(0));
    let script = Script::new()
        .check("pipe", nr::__NR_pipe2, &[at(0).into(), 0.into()])
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, reads("first read"))
        .set(0, RESULT)
        .wait_for_call(first)
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, reads("second read"))
        .set(1, RESULT)
        .wait_for_call(second)
        .write_out("write", writer, 2, b"one two ")
        .wait_for("wait", first, 3)
        .wait_for("wait", second, 3)
        .close_file("close", reader)
        .close_file("close", writer);
    Case::new("turns", script, Vec::new())
}
