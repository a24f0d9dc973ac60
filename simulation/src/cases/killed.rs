//! Two programs that fault all the time, of which one is killed meanwhile.

use super::words::at;
use crate::case::{Case, exit};
use crate::player::RESULT;
use crate::program::{Script, Value};
use abi::Pid;
use abi::layout::PAGE_SIZE;
use linux_raw_sys::general as nr;

/// The one that is killed. Init has made an operator before.
pub const KILLED: Pid = Pid(3);
/// Where both have memory that is not there yet, and how many pages.
const PAGES: u64 = 0x7000_0000;
const COUNT: u64 = 12;

/// Touches all pages, one after the other.
fn touch() -> Script {
    (0..COUNT).fold(Script::new(), |script, page| {
        script.store(PAGES + page * PAGE_SIZE, *b"touched")
    })
}

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let (killed, other) = (Value::Variable(0), Value::Variable(1));
    let protection = u64::from(nr::PROT_READ | nr::PROT_WRITE);
    let flags = u64::from(nr::MAP_PRIVATE | nr::MAP_ANONYMOUS | nr::MAP_FIXED);
    let memory = [
        PAGES.into(),
        (COUNT * PAGE_SIZE).into(),
        protection.into(),
        flags.into(),
        u64::MAX.into(),
        0.into(),
    ];
    // It makes no calls: what it waits for is a page.
    let touches = touch().again();
    let ends = touch()
        .note_bytes("the last page", PAGES + (COUNT - 1) * PAGE_SIZE, 7)
        .append(exit(0));
    let script = Script::new()
        .check("map", nr::__NR_mmap, &memory)
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, touches)
        .set(0, RESULT)
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, ends)
        .set(1, RESULT)
        .check("kill", nr::__NR_kill, &[killed, 9.into()])
        .wait_for("wait for the killed", killed, 1)
        .wait_for("wait for the other", other, 2)
        .store_word(at(3), killed)
        .note_bytes("its number", at(3), 8);
    Case::new("killed", script, Vec::new())
}
