//! A terminal as a value: line discipline, settings, job control.
//!
//! ```text
//!  line --receive--> signals, flow control --> edited line --> completed input --read--> program
//!                          |                        | echo
//!  line <----- Sink <-- pending echo <--------------+
//!                 ^---- output processing <--------------------------------------write-- program
//! ```
//!
//! Nothing here does I/O, waits or knows the time: bytes for the line go into a [`Sink`], what
//! somebody else must do is returned as a [`Happening`], and who may do what is answered from what
//! the caller says about itself. The behaviour is that of the default line discipline of Linux
//! (termios(3), `ioctl_tty(2)`, POSIX chapter 11), which the tests compare with the real one.
//! Deliberately absent: `EXTPROC`, delays of output (`NLDLY` and the like), breaks and parity
//! errors from the line.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod classify;
mod control;
mod control_apply;
mod echo;
mod edit;
mod happening;
mod input;
mod job;
mod output;
mod poll;
mod read;
mod receive;
mod settings;
mod sink;
mod speed;
mod terminal;
mod window;

pub use control::{Control, FlowAction, Form, Queue, Transfer, When};
pub use control_apply::{Answer, Situation};
pub use happening::{Happening, Signal, Wake};
pub use job::{Access, Caller, Claim, Claimant, Ownership, SignalFate};
pub use output::Flow;
pub use poll::Readiness;
pub use read::{Clock, Patience, ReadOutcome, ReadRequest};
pub use settings::{
    CHARACTERS, ControlFlags, InputFlags, LocalFlags, OutputFlags, Settings, Special,
    TERMIOS_BYTES, TERMIOS2_BYTES,
};
pub use sink::Sink;
pub use terminal::Terminal;
pub use window::WindowSize;

/// Bytes of input a terminal holds: completed input, the line being edited and marks of ends.
pub const CAPACITY: usize = 4096;
