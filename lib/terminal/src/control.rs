//! The `ioctl` requests of a terminal, decoded.

use abi::Errno;
use linux_raw_sys::{general, ioctl};

use crate::{TERMIOS_BYTES, TERMIOS2_BYTES, WindowSize};

/// Which structure holds the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `struct termios`.
    Termios,
    /// `struct termios2`, with speeds as numbers.
    Termios2,
}

/// When new settings take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At once.
    Now,
    /// When all output was sent.
    Drained,
    /// When all output was sent; input that was not read is forgotten.
    DrainedAndFlushed,
}

/// Which direction is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// What was received and not read.
    Input,
    /// What was written and not sent.
    Output,
    /// Both.
    Both,
}

/// What `tcflow` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowAction {
    /// Stops output.
    StopOutput,
    /// Resumes it.
    ResumeOutput,
    /// Sends the STOP character, so that the other end stops.
    SendStop,
    /// Sends the START character.
    SendStart,
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// `TCGETS`, `TCGETS2`.
    GetSettings(Form),
    /// `TCSETS`, `TCSETSW`, `TCSETSF` and those of termios2.
    SetSettings(Form, When),
    /// `TIOCGWINSZ`.
    GetWindowSize,
    /// `TIOCSWINSZ`.
    SetWindowSize,
    /// `TIOCGPGRP`.
    GetForeground,
    /// `TIOCSPGRP`.
    SetForeground,
    /// `TIOCGSID`.
    GetSession,
    /// `TIOCSCTTY`; with 1 the privileged take it from another session.
    Claim {
        /// The argument was 1.
        seize: bool,
    },
    /// `TIOCNOTTY`.
    Disown,
    /// `TCFLSH`.
    Flush(Queue),
    /// `TCXONC`.
    Flow(FlowAction),
    /// `TCSBRK` with an argument but 0: waits until all output was sent.
    Drain,
    /// `TCSBRK` with 0 and `TCSBRKP`: waits likewise, then sends a break of this length.
    Break {
        /// The length.
        milliseconds: u64,
    },
    /// `TIOCSBRK` and `TIOCCBRK`: turns the break condition on or off.
    BreakCondition {
        /// On.
        on: bool,
    },
    /// `FIONREAD`.
    InputCount,
    /// `TIOCOUTQ`.
    OutputCount,
    /// `TIOCEXCL`, `TIOCNXCL`.
    SetExclusive {
        /// No further opens.
        exclusive: bool,
    },
    /// `TIOCGEXCL`.
    GetExclusive,
    /// `TIOCGETD`.
    GetDiscipline,
    /// `TIOCSETD`.
    SetDiscipline,
}

/// What the argument of a request points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// Nothing.
    None,
    /// Bytes that the request reads from the program.
    FromProgram(usize),
    /// Bytes that the answer is written to.
    ToProgram(usize),
}

/// Bytes of an `int`.
const INT: usize = 4;
/// The length of the break of `tcsendbreak(fd, 0)` on Linux.
const BREAK_MILLISECONDS: u64 = 250;

impl Control {
    /// Decodes the number of a request and its argument.
    ///
    /// # Errors
    /// `NOTTY`: no such request for a terminal; `INVAL`: an argument that the request lacks.
    pub fn decode(number: u32, argument: u64) -> Result<Control, Errno> {
        if let Some(control) = Control::fixed(number) {
            return Ok(control);
        }
        match number {
            ioctl::TCFLSH => queue(argument).map(Control::Flush),
            ioctl::TCXONC => flow(argument).map(Control::Flow),
            ioctl::TIOCSCTTY => Ok(Control::Claim {
                seize: argument == 1,
            }),
            ioctl::TCSBRK if argument != 0 => Ok(Control::Drain),
            ioctl::TCSBRKP if argument != 0 => Ok(Control::Break {
                milliseconds: argument.saturating_mul(100),
            }),
            ioctl::TCSBRK | ioctl::TCSBRKP => Ok(Control::Break {
                milliseconds: BREAK_MILLISECONDS,
            }),
            _ => Err(Errno::NOTTY),
        }
    }

    /// The requests whose argument is a pointer or unused.
    fn fixed(number: u32) -> Option<Control> {
        FIXED
            .iter()
            .find(|(known, _)| *known == number)
            .map(|(_, control)| *control)
    }

    /// What the argument points to.
    #[must_use]
    pub fn transfer(self) -> Transfer {
        match self {
            Control::GetSettings(Form::Termios) => Transfer::ToProgram(TERMIOS_BYTES),
            Control::GetSettings(Form::Termios2) => Transfer::ToProgram(TERMIOS2_BYTES),
            Control::SetSettings(Form::Termios, _) => Transfer::FromProgram(TERMIOS_BYTES),
            Control::SetSettings(Form::Termios2, _) => Transfer::FromProgram(TERMIOS2_BYTES),
            Control::GetWindowSize => Transfer::ToProgram(WindowSize::BYTES),
            Control::SetWindowSize => Transfer::FromProgram(WindowSize::BYTES),
            Control::SetForeground | Control::SetDiscipline => Transfer::FromProgram(INT),
            Control::GetForeground
            | Control::GetSession
            | Control::InputCount
            | Control::OutputCount
            | Control::GetExclusive
            | Control::GetDiscipline => Transfer::ToProgram(INT),
            _ => Transfer::None,
        }
    }

    /// Whether a caller in the background is stopped first ([`crate::Terminal::may_control`]).
    #[must_use]
    pub fn changes(self) -> bool {
        matches!(
            self,
            Control::SetSettings(..)
                | Control::SetForeground
                | Control::SetDiscipline
                | Control::Flush(_)
                | Control::Flow(_)
                | Control::Drain
                | Control::Break { .. }
                | Control::BreakCondition { .. }
        )
    }

    /// Whether all output must have been sent before the request is applied.
    #[must_use]
    pub fn waits_for_output(self) -> bool {
        match self {
            Control::SetSettings(_, when) => when != When::Now,
            Control::Drain | Control::Break { .. } => true,
            _ => false,
        }
    }
}

const FIXED: [(u32, Control); 23] = [
    (ioctl::TCGETS, Control::GetSettings(Form::Termios)),
    (ioctl::TCGETS2, Control::GetSettings(Form::Termios2)),
    (ioctl::TIOCGWINSZ, Control::GetWindowSize),
    (ioctl::TIOCSWINSZ, Control::SetWindowSize),
    (ioctl::TIOCGPGRP, Control::GetForeground),
    (ioctl::TIOCSPGRP, Control::SetForeground),
    (ioctl::TIOCGSID, Control::GetSession),
    (ioctl::TIOCNOTTY, Control::Disown),
    (ioctl::FIONREAD, Control::InputCount),
    (ioctl::TIOCOUTQ, Control::OutputCount),
    (ioctl::TIOCEXCL, Control::SetExclusive { exclusive: true }),
    (ioctl::TIOCNXCL, Control::SetExclusive { exclusive: false }),
    (ioctl::TIOCGEXCL, Control::GetExclusive),
    (ioctl::TIOCGETD, Control::GetDiscipline),
    (ioctl::TIOCSETD, Control::SetDiscipline),
    (ioctl::TIOCSBRK, Control::BreakCondition { on: true }),
    (ioctl::TIOCCBRK, Control::BreakCondition { on: false }),
    (
        ioctl::TCSETS,
        Control::SetSettings(Form::Termios, When::Now),
    ),
    (
        ioctl::TCSETSW,
        Control::SetSettings(Form::Termios, When::Drained),
    ),
    (
        ioctl::TCSETSF,
        Control::SetSettings(Form::Termios, When::DrainedAndFlushed),
    ),
    (
        ioctl::TCSETS2,
        Control::SetSettings(Form::Termios2, When::Now),
    ),
    (
        ioctl::TCSETSW2,
        Control::SetSettings(Form::Termios2, When::Drained),
    ),
    (
        ioctl::TCSETSF2,
        Control::SetSettings(Form::Termios2, When::DrainedAndFlushed),
    ),
];

fn queue(argument: u64) -> Result<Queue, Errno> {
    match u32::try_from(argument) {
        Ok(general::TCIFLUSH) => Ok(Queue::Input),
        Ok(general::TCOFLUSH) => Ok(Queue::Output),
        Ok(general::TCIOFLUSH) => Ok(Queue::Both),
        _ => Err(Errno::INVAL),
    }
}

fn flow(argument: u64) -> Result<FlowAction, Errno> {
    match u32::try_from(argument) {
        Ok(general::TCOOFF) => Ok(FlowAction::StopOutput),
        Ok(general::TCOON) => Ok(FlowAction::ResumeOutput),
        Ok(general::TCIOFF) => Ok(FlowAction::SendStop),
        Ok(general::TCION) => Ok(FlowAction::SendStart),
        _ => Err(Errno::INVAL),
    }
}
