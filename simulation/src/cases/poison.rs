//! A request that kills its server each time it is handled: it alone fails, and everybody else goes
//! on. It is in mid-chain: a program asks vfs, and vfs asks the file system.

use super::words::{at, path};
use crate::case::{Case, exit};
use crate::disturbance::{Disturbance, Poison};
use crate::player::{Noted, RESULT};
use crate::program::{Script, Value};
use abi::Errno;
use linux_raw_sys::general as nr;
use protocol::files::MakeDirectory;
use protocol::{Handle, Question, endpoint};

/// The name under which the program notes what becomes of its call.
pub const POISONED: &str = "poisoned";

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let (file, child) = (Value::Variable(0), Value::Variable(1));
    let folder = |script: Script, name, n: u64| {
        script.check(name, nr::__NR_mkdir, &[at(n).into(), 0o755.into()])
    };
    let other = path(Script::new(), 1, "/tmp/other")
        .open_file("other create", 1, nr::O_CREAT | nr::O_RDWR, 0)
        .write_out("other write", file, 2, b"meanwhile")
        .check("other seek", nr::__NR_lseek, &[file, 0.into(), 0.into()])
        .read_in("other read", file, 3, 64)
        .check("other unlink", nr::__NR_unlink, &[at(1).into()])
        .append(exit(0));
    let script = path(Script::new(), 0, "/tmp/folder")
        .call(nr::__NR_fork, &[])
        .if_zero(RESULT, other)
        .set(1, RESULT);
    let script = folder(script, POISONED, 0);
    // The same words, in another request.
    let script = folder(script, "again", 0)
        .check("remove", nr::__NR_rmdir, &[at(0).into()])
        .wait_for("wait", child, 4);
    Case::new("poison", script, Vec::new())
}

/// The first question to make a directory kills the file system.
#[must_use]
pub fn disturbance() -> Disturbance {
    let question = MakeDirectory {
        start: Handle(0),
        mode: 0,
    };
    let message = question.message();
    Disturbance {
        poison: Some(Poison {
            slot: endpoint::RAMFS,
            protocol: message.protocol,
            kind: message.kind,
        }),
        ..Disturbance::default()
    }
}

/// What the poisoned call comes to.
#[must_use]
pub fn expected() -> Vec<Noted> {
    vec![Noted::Number(Errno::FAULT.result())]
}
