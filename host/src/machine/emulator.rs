//! The emulator's life: it never outlives the tool.
#![expect(
    unsafe_code,
    reason = "the wish to die with the parent is stated between fork and exec"
)]

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};

use abi::power;
use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use super::Line;
use super::line::QEMU;
use crate::Error;

/// An emulator to start.
pub struct Emulator<'a> {
    line: &'a Line,
    /// Descriptors that the line names; kept until it has started.
    descriptors: Vec<OwnedFd>,
    /// What it gets when the tool dies.
    last_signal: Signal,
}

/// How a machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In good order.
    Off,
    /// In good order, to be started again.
    Restart,
    /// The system gave up.
    Failure,
    /// The emulator ended for a reason of its own, with this status.
    Emulator(Option<i32>),
}

impl<'a> Emulator<'a> {
    /// An emulator with this line. The descriptors are those that the line names.
    #[must_use]
    pub fn new(line: &'a Line, descriptors: Vec<OwnedFd>) -> Emulator<'a> {
        Emulator {
            line,
            descriptors,
            last_signal: Signal::KILL,
        }
    }

    /// It uses the terminal: when the tool dies it shall leave it in order.
    #[must_use]
    pub fn on_terminal(mut self) -> Emulator<'a> {
        self.last_signal = Signal::TERM;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// That the emulator is not there, or cannot be started.
    pub fn start(self) -> Result<Running, Error> {
        let mut command = Command::new(QEMU.name);
        command.args(self.line.arguments());
        if self.last_signal == Signal::KILL {
            command.stdin(Stdio::null()).stdout(Stdio::null());
            // A Ctrl-C is for the tool: the emulator goes with it, without a word of its own.
            command.process_group(0);
        }
        let descriptors = self.descriptors.iter().map(AsRawFd::as_raw_fd);
        prepare_child(&mut command, descriptors.collect(), self.last_signal);
        let child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => QEMU.missing(),
            _ => Error::Start {
                program: QEMU.name.to_owned(),
                error,
            },
        })?;
        Ok(Running(child))
    }
}

/// In the child: keeps the descriptors over exec, and dies with the tool.
fn prepare_child(command: &mut Command, descriptors: Vec<RawFd>, last_signal: Signal) {
    let tool = rustix::process::getpid();
    let prepare = move || {
        for descriptor in &descriptors {
            // SAFETY: the descriptors belong to `Emulator::descriptors`, which lives until the child
            // has been started.
            let descriptor = unsafe { rustix::fd::BorrowedFd::borrow_raw(*descriptor) };
            rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::empty())?;
        }
        set_parent_process_death_signal(Some(last_signal))?;
        // The tool may have died before the wish was stated.
        if getppid() != Some(tool) {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    };
    // SAFETY: the closure makes system calls and nothing else; it allocates no memory and takes no
    // lock.
    unsafe { command.pre_exec(prepare) };
}

/// A running emulator; it is killed when this is dropped.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Waits for its end.
    ///
    /// # Errors
    /// Those of waiting.
    pub fn wait(&mut self) -> Result<End, Error> {
        self.0.wait().map(End::from_status).map_err(Error::Stream)
    }

    /// Its end, if it has ended.
    ///
    /// # Errors
    /// Those of waiting.
    pub fn poll(&mut self) -> Result<Option<End>, Error> {
        let status = self.0.try_wait().map_err(Error::Stream)?;
        Ok(status.map(End::from_status))
    }

    /// Ends it now.
    pub fn kill(&mut self) {
        // Either has the process ended already, or it ends by this.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

impl End {
    fn from_status(status: ExitStatus) -> End {
        let is = |value| status.code() == Some(power::exit_status(value));
        if is(power::EXIT_OFF) {
            End::Off
        } else if is(power::EXIT_RESTART) {
            End::Restart
        } else if is(power::EXIT_FAILURE) {
            End::Failure
        } else {
            End::Emulator(status.code())
        }
    }
}
