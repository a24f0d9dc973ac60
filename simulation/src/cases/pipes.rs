//! Pipes: readers that wait, ends that are closed, a signal.

use super::words::at;
use crate::case::{Case, exit};
use crate::player::RESULT;
use crate::program::{Script, Value};
use linux_raw_sys::general as nr;

const SIGPIPE: u64 = 13;
const IGNORE: u64 = 1;
/// Bytes of a set of signals.
const SET_BYTES: u64 = 8;

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let (reader, writer, process) = (Value::Variable(0), Value::Variable(1), Value::Variable(2));
    let child = Script::new()
        .close_file("child closes", writer)
        .read_in("first read", reader, 2, 64)
        .read_in("second read", reader, 2, 64)
        .read_in("read at the end", reader, 2, 64)
        .append(exit(0));
    // struct sigaction of the kernel: handler, flags, restorer, mask.
    let script = Script::new()
        .store_word(at(4), IGNORE.into())
        .store(at(4) + 8, [0; 24])
        .check(
            "ignore",
            nr::__NR_rt_sigaction,
            &[SIGPIPE.into(), at(4).into(), 0.into(), SET_BYTES.into()],
        )
        .store_word(at(0), 0.into())
        .check("pipe", nr::__NR_pipe2, &[at(0).into(), 0.into()])
        .note_bytes("ends", at(0), 8)
        .set(0, 0.into())
        .set(1, 1.into())
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, child)
        .set(2, RESULT)
        .write_out("first write", writer, 1, b"hello")
        .wait_for_note("first read")
        .write_out("second write", writer, 1, b", world")
        .close_file("close", writer)
        .wait_for("wait", process, 3)
        .check("pipe", nr::__NR_pipe2, &[at(0).into(), 0.into()])
        .note_bytes("ends", at(0), 8)
        .close_file("close", Value::Number(1))
        .write_out("nobody reads", Value::Number(2), 1, b"lost")
        .close_file("close", Value::Number(2))
        .close_file("close", reader);
    Case::new("pipes", script, Vec::new())
}
