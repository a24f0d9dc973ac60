//! Processes are made and end.

use super::words::at;
use crate::case::{Case, exit};
use crate::player::RESULT;
use crate::program::{Script, Value};
use crate::registry::SERVICES;
use abi::Endpoint;
use linux_raw_sys::general as nr;
use protocol::endpoint;

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    // Parent and child have the same page until one of them writes.
    let child = Script::new()
        .note_bytes("child sees", at(0), 6)
        .store(at(0), *b"child's")
        .append(exit(7));
    let script = Script::new()
        .store(at(0), *b"shared")
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, child)
        .set(0, RESULT)
        .wait_for("wait", Value::Variable(0), 1)
        .note_bytes("parent sees", at(0), 6)
        .check(
            "wait for nobody",
            nr::__NR_wait4,
            &[Value::Variable(0), 0.into(), 0.into(), 0.into()],
        );
    let mut case = Case::new("processes", script, Vec::new())?;
    // pm knows what became of children and who has heard of it; vm counts spaces.
    let others = |slot: &Endpoint| ![endpoint::PM, endpoint::VM].contains(slot);
    case.forgetful = SERVICES.iter().copied().filter(others).collect();
    Ok(case)
}
