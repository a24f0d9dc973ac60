//! Signals: a call that is interrupted, a handler and its return, a process that is killed.

use super::words::at;
use crate::case::{Case, exit};
use crate::player::RESULT;
use crate::program::{Script, Value};
use linux_raw_sys::general as nr;

const SIGUSR1: u64 = 10;
const SIGTERM: u64 = 15;
const SA_RESTORER: u64 = 0x0400_0000;
/// Bytes of a set of signals.
const SET_BYTES: u64 = 8;
/// Places of the handler and of what it returns to.
const HANDLER: usize = 1;
const RESTORER: usize = 3;

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let (reader, child) = (Value::Number(0), Value::Variable(0));
    let waits = Script::new()
        .read_in("interrupted", reader, 2, 64)
        .read_in("killed", reader, 2, 64)
        .append(exit(0));
    let script = Script::new()
        .skip(3)
        .note("the handler runs", 1.into())
        .return_from()
        .call(nr::__NR_rt_sigreturn, &[])
        .store_word(at(0), Value::Place(HANDLER))
        .store_word(at(0) + 8, SA_RESTORER.into())
        .store_word(at(0) + 16, Value::Place(RESTORER))
        .store_word(at(0) + 24, 0.into())
        .check(
            "action",
            nr::__NR_rt_sigaction,
            &[SIGUSR1.into(), at(0).into(), 0.into(), SET_BYTES.into()],
        )
        .check("pipe", nr::__NR_pipe2, &[at(1).into(), 0.into()])
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, waits)
        .set(0, RESULT)
        .wait_for_call(child)
        .check("interrupt", nr::__NR_kill, &[child, SIGUSR1.into()])
        .wait_for_note("interrupted")
        .wait_for_call(child)
        .check("kill", nr::__NR_kill, &[child, SIGTERM.into()])
        .wait_for("wait", child, 3)
        .check("to oneself", nr::__NR_kill, &[1.into(), SIGUSR1.into()]);
    Case::new("signals", script, Vec::new())
}
