//! Starting programs.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use init::ENVIRONMENT;
use rustix::process::Pid;

/// What a program has to do with the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terminal {
    /// It stays in init's session.
    Keep,
    /// It leads a session of its own without a terminal.
    None,
    /// It leads a session of its own whose terminal is the console, its standard input.
    Control,
}

/// A login shell: its name starts with a hyphen.
pub(crate) fn login_shell() -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg0("-sh");
    command
}

/// The command of exec mode with the host's streams.
///
/// # Errors
/// `NotFound` when there is no command; those of opening the streams.
pub(crate) fn host_command(words: &[OsString]) -> io::Result<Command> {
    let Some((name, arguments)) = words.split_first() else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let writable = |path| File::options().write(true).open(path);
    let mut command = Command::new(name);
    command
        .args(arguments)
        .stdin(Stdio::from(File::open("/dev/host/stdin")?))
        .stdout(Stdio::from(writable("/dev/host/stdout")?))
        .stderr(Stdio::from(writable("/dev/host/stderr")?));
    Ok(command)
}

/// Starts a program.
///
/// # Errors
/// Those of fork, of making the session, and of exec.
#[expect(unsafe_code, reason = "the session is made between fork and exec")]
pub(crate) fn start(mut command: Command, terminal: Terminal) -> io::Result<Pid> {
    command.env_clear().envs(ENVIRONMENT);
    if terminal != Terminal::Keep {
        // SAFETY: the closure makes two system calls and touches no memory of the parent; there
        // is one thread, so no lock can be held by another.
        unsafe {
            command.pre_exec(move || make_session(terminal));
        }
    }
    let child = command.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn make_session(terminal: Terminal) -> io::Result<()> {
    rustix::process::setsid()?;
    if terminal == Terminal::Control {
        rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
    }
    Ok(())
}
