//! More is written than a pipe holds: the writer waits with a part of it written.

use super::words::at;
use crate::case::{Case, exit};
use crate::player::RESULT;
use crate::program::{DATA, Script, Value};
use linux_raw_sys::general as nr;

/// Bytes of one write; two are more than a pipe holds (64 KiB).
const WRITTEN: u64 = 0xc000;
/// Bytes of one read.
const READ: u64 = 0x4000;
/// Where the bytes are read to: behind what is noted.
const TO: u64 = DATA + 0x4000;

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let (reader, writer, process) = (Value::Number(0), Value::Number(1), Value::Variable(0));
    let write = |script: Script| {
        script.check(
            "write",
            nr::__NR_write,
            &[writer, DATA.into(), WRITTEN.into()],
        )
    };
    let writes = Script::new().close_file("child closes", reader);
    let writes = write(write(writes)).append(exit(0));
    let mut script = Script::new()
        .check("pipe", nr::__NR_pipe2, &[at(0).into(), 0.into()])
        .store(at(0x20), *b"a mark that shows where in the flood one is")
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, writes)
        .set(0, RESULT)
        .close_file("close", writer)
        .wait_for_note("write")
        .wait_for_call(process);
    for _ in 0..=2 * WRITTEN / READ {
        script = script
            .check("read", nr::__NR_read, &[reader, TO.into(), READ.into()])
            .note_bytes("read", TO + 0x2000, 16);
    }
    let script = script
        .close_file("close", reader)
        .wait_for("wait", process, 2);
    Case::new("floods", script, Vec::new())
}
