//! A program waits for several files, and goes on waiting: what services ask for it is not left
//! over when they are replaced.

use super::words::{at, path};
use crate::case::{Case, exit};
use crate::player::RESULT;
use crate::program::{Script, Value};
use linux_raw_sys::general as nr;

/// An entry of poll: a descriptor, and that there is something to read.
const READ_FIRST: u64 = 1 << 32;
const READ_SECOND: u64 = 1 << 32 | 2;
const NO_LIMIT: Value = Value::Number(u64::MAX);

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let (child, file) = (Value::Variable(0), Value::Variable(1));
    let poll = |script: Script, name| {
        script
            .store_word(at(0), READ_FIRST.into())
            .store_word(at(0) + 8, READ_SECOND.into())
            .check(name, nr::__NR_poll, &[at(0).into(), 2.into(), NO_LIMIT])
            .note_bytes(name, at(0), 16)
    };
    let waits = poll(Script::new(), "first poll").read_in("read", Value::Number(2), 2, 64);
    let waits = poll(waits, "second poll").append(exit(0));
    let script = path(Script::new(), 3, "/tmp/file")
        .check("pipe", nr::__NR_pipe2, &[at(1).into(), 0.into()])
        .check("pipe", nr::__NR_pipe2, &[at(1).into(), 0.into()])
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, waits)
        .set(0, RESULT)
        .wait_for_call(child)
        .write_out("write", Value::Number(3), 4, b"ready")
        .wait_for_note("first poll")
        .wait_for_note("read")
        .wait_for_call(child)
        .open_file("create", 3, nr::O_CREAT | nr::O_RDWR, 1)
        .write_out("write a file", file, 4, b"bytes")
        .close_file("close", file)
        .check("unlink", nr::__NR_unlink, &[at(3).into()]);
    Case::new("polls", script, Vec::new())
}
