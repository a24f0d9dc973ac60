//! Starting programs.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use init::ENVIRONMENT;
use init::ending::start_failure;
use rustix::process::Pid;

use crate::machine::{self, Listener};

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

/// Starts a program. If it cannot be executed, the child says so and ends with the status of
/// [`start_failure`].
///
/// `Command::spawn` is not used because it asks for a socket pair, which needs a network server.
///
/// # Errors
/// Those of fork.
#[expect(unsafe_code, reason = "fork has no safe form")]
pub(crate) fn start(command: Command, terminal: Terminal) -> io::Result<Pid> {
    // SAFETY: there is one thread, so the child finds no lock held and no data half changed.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => become_program(command, terminal),
        _ => Pid::from_raw(pid).ok_or_else(|| io::ErrorKind::InvalidData.into()),
    }
}

/// The child: makes its session and becomes the program.
fn become_program(mut command: Command, terminal: Terminal) -> ! {
    let error = match make_session(terminal) {
        Ok(()) => command.env_clear().envs(ENVIRONMENT).exec(),
        Err(error) => error,
    };
    let name = command.get_program().to_string_lossy();
    let listener = if terminal == Terminal::None {
        Listener::Host
    } else {
        Listener::Console
    };
    machine::say(listener, &format!("init: {name}: {error}\n"));
    std::process::exit(i32::from(start_failure(&error)))
}

fn make_session(terminal: Terminal) -> io::Result<()> {
    if terminal != Terminal::Keep {
        rustix::process::setsid()?;
    }
    if terminal == Terminal::Control {
        rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
    }
    Ok(())
}
