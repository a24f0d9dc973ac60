//! A key that interrupts: the console tells pm, which ends a process.

use super::words::path;
use crate::case::{Case, exit};
use crate::player::RESULT;
use crate::program::{Script, Value};
use linux_raw_sys::general as nr;
use linux_raw_sys::ioctl::TIOCSCTTY;

const TYPE: u32 = 1;
const INTERRUPT_KEY: &[u8] = b"\x03";

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let (file, child) = (Value::Variable(0), Value::Variable(1));
    // The child reads what nobody types.
    let reads = Script::new().read_in("read", file, 2, 64).append(exit(0));
    let script = path(Script::new(), 0, "/dev/console")
        .check("session", nr::__NR_setsid, &[])
        .open_file("open", 0, nr::O_RDWR, 0)
        .check(
            "control",
            nr::__NR_ioctl,
            &[file, u64::from(TIOCSCTTY).into(), 0.into()],
        )
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, reads)
        .set(1, RESULT)
        .wait_for_call(child)
        .open(TYPE)
        .wait_for("wait", child, 3)
        .close_file("close", file);
    let mut case = Case::new("keys", script, Vec::new())?;
    case.typed = vec![(TYPE, INTERRUPT_KEY)];
    case.typed_again = INTERRUPT_KEY;
    Ok(case)
}
