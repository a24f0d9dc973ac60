//! Gets programs of the host when they are not there.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Error, project};

/// A program that has to be installed.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its name in the PATH.
    pub name: &'static str,
    /// Debian's package of it.
    pub package: &'static str,
}

impl Program {
    /// Makes sure that it is there: says so and installs it when the user is root and the host a
    /// Debian, else tells the command.
    ///
    /// # Errors
    /// That it is missing.
    pub fn ensure(self) -> Result<(), Error> {
        if is_there(self.name) {
            return Ok(());
        }
        if rustix::process::geteuid().is_root() && is_there("apt-get") {
            project::say("Installing", &format!("{} by apt-get", self.package));
            let arguments = [
                "-q",
                "-y",
                "install",
                "--no-install-recommends",
                self.package,
            ];
            if apt(&arguments) || update() && apt(&arguments) {
                return Ok(());
            }
        }
        Err(self.missing())
    }

    /// That it is missing, and what the user can do.
    #[must_use]
    pub fn missing(self) -> Error {
        let Program { name, package } = self;
        Error::Missing {
            program: name.to_owned(),
            remedy: format!(
                "install it with `apt-get install --no-install-recommends {package}` (as root), \
                 or your system's package of it"
            ),
        }
    }
}

/// Has apt fetch the lists of packages, which a fresh system has none of; whether it could.
pub(crate) fn update() -> bool {
    rustix::process::geteuid().is_root() && apt(&["-q", "update"])
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
    // Somebody else may be installing something at the moment.
    command
        .args(["-o", "DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    // What apt says is progress: it goes to stderr.
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    command.status().is_ok_and(|status| status.success())
}
