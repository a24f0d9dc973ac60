//! A program is executed.

use super::words::{at, path};
use crate::case::{Case, exit};
use crate::player::RESULT;
use crate::program::{Script, Value};
use linux_raw_sys::general as nr;

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let other = Script::new()
        .note("the other program runs", 1.into())
        .note_bytes("its data", at(0), 8)
        .check("its parent", nr::__NR_getppid, &[])
        .append(exit(3));
    let execute = [at(0).into(), at(2).into(), at(3).into()];
    let child = path(Script::new(), 1, "/bin/none")
        .check(
            "execute nothing",
            nr::__NR_execve,
            &[at(1).into(), at(2).into(), at(3).into()],
        )
        .check("execute", nr::__NR_execve, &execute)
        .append(exit(4));
    let script = path(Script::new(), 0, "/bin/1")
        .store_word(at(2), at(0).into())
        .store_word(at(3), 0.into())
        .call(nr::__NR_vfork, &[])
        .if_zero(RESULT, child)
        .set(0, RESULT)
        .wait_for("wait", Value::Variable(0), 4);
    Case::new("execute", script, vec![other])
}
