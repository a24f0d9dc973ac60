//! Gets the emulator when it is not there.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use super::line::PROGRAM;
use crate::{Error, project};

const PACKAGE: &str = "qemu-system-x86";
/// What the user can do.
pub(super) const REMEDY: &str = "install it with `apt-get install --no-install-recommends qemu-system-x86` (as root), \
     or your system's package of QEMU for x86-64";

/// Makes sure that the emulator is there: says so and installs it when the user is root and the
/// host a Debian, else tells the command.
///
/// # Errors
/// That it is missing.
pub fn ensure() -> Result<(), Error> {
    if is_there(PROGRAM) {
        return Ok(());
    }
    if rustix::process::geteuid().is_root() && is_there("apt-get") {
        project::say("Installing", &format!("{PACKAGE} (QEMU) by apt-get"));
        let arguments = ["-q", "-y", "install", "--no-install-recommends", PACKAGE];
        if apt(&arguments) || (apt(&["-q", "update"]) && apt(&arguments)) {
            return Ok(());
        }
    }
    Err(Error::Missing {
        program: PROGRAM.to_owned(),
        remedy: REMEDY.to_owned(),
    })
}

fn is_there(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| is_file(&folder.join(program)))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|data| data.is_file())
}

fn apt(arguments: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    // What apt says is progress: it goes to stderr.
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    command.status().is_ok_and(|status| status.success())
}
