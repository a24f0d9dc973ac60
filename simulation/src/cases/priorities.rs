//! Processes say how urgent they are.

use crate::case::{Case, exit};
use crate::player::RESULT;
use crate::program::{Script, Value};
use linux_raw_sys::general as nr;

/// What getpriority and setpriority mean by a process.
const PROCESS: Value = Value::Number(nr::PRIO_PROCESS as u64);

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let set = |script: Script, name, nice: i64| {
        let nice = Value::Number(nice.cast_unsigned());
        script
            .check(name, nr::__NR_setpriority, &[PROCESS, 0.into(), nice])
            .check(name, nr::__NR_getpriority, &[PROCESS, 0.into()])
    };
    let child = set(Script::new(), "child, less urgent", 19).append(exit(3));
    let script = set(Script::new(), "more urgent", -5)
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, child)
        .set(0, RESULT)
        .wait_for("wait", Value::Variable(0), 1);
    let script = set(script, "beyond the end", 1000);
    Case::new("priorities", script, Vec::new())
}
