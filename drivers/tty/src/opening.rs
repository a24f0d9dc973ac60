//! The device files of the terminal, and their opening.

use crate::{Context, State, TerminalDriver};
use abi::Errno;
use linux::file::device::{self, ALTERNATE_TERMINALS, TERMINALS};
use linux_raw_sys::general::O_NOCTTY;
use minicbor::{Decode, Encode};
use protocol::device::{Open, Opened};
use service::Outcome;
use service::objects::{Device, numbers};
use shape::Shape;
use terminal::{Claim, Claimant};

/// The minor number of the first serial line.
const SERIAL: u32 = 64;
/// The number of the terminal itself.
pub(crate) const NUMBER: u64 = device::pack(TERMINALS, SERIAL);

/// A device file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(index_only)]
pub(crate) enum Node {
    /// /dev/ttyS0.
    #[n(0)]
    Line,
    /// /dev/console: never becomes a controlling terminal by being opened.
    #[n(1)]
    Console,
    /// /dev/tty: the controlling terminal of whoever opens it.
    #[n(2)]
    Controlling,
}

impl Node {
    /// The file with these numbers (Documentation/admin-guide/devices.txt).
    pub(crate) const fn of_numbers(major: u32, minor: u32) -> Option<Node> {
        match (major, minor) {
            (TERMINALS, SERIAL) => Some(Node::Line),
            (ALTERNATE_TERMINALS, 0) => Some(Node::Controlling),
            (ALTERNATE_TERMINALS, 1) => Some(Node::Console),
            _ => None,
        }
    }
}

/// What an open file description refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Opening {
    /// By which file it was opened.
    #[n(0)]
    pub(crate) node: Node,
    /// How often the line had been hung up before. Once it is again, this opening is dead.
    #[n(1)]
    pub(crate) hang_ups: u32,
}

impl Opening {
    /// An opening of a line that was never hung up.
    pub(crate) const fn first(node: Node) -> Opening {
        Opening { node, hang_ups: 0 }
    }
}

/// Opens the terminal.
pub(crate) async fn open(cx: Context, question: Open) -> Outcome {
    let (major, minor) = numbers(question.device);
    let found = TerminalDriver::device(major, minor).ok_or(Errno::NXIO)?;
    let (caller, server) = (cx.caller(), cx.slot());
    cx.end_with(|state| {
        let terminal = state.terminal();
        if found.node == Node::Controlling && !terminal.controls(caller.session) {
            return Err(Errno::NXIO.into());
        }
        if terminal.exclusive() && caller.user != 0 {
            return Err(Errno::BUSY.into());
        }
        if terminal.hung_up() {
            state.with(|terminal, _| terminal.reopen());
        }
        if found.node == Node::Line && question.flags & O_NOCTTY == 0 {
            // Who cannot have it as controlling terminal has it as a terminal.
            let claim = state.with(|terminal, _| terminal.claim(&claimant(&caller)));
            let _: Result<(), Errno> = claim;
        }
        let opening = Opening {
            hang_ups: state.hang_ups(),
            ..found
        };
        let handle = state.descriptions_mut().open(opening, question.flags);
        Ok(Opened { server, handle })
    })
}

/// A process that wants the terminal as its controlling terminal. There is only this terminal, so a
/// session that does not have it has none.
pub(crate) fn claimant(caller: &abi::Caller) -> Claimant {
    Claimant {
        pid: caller.pid.0,
        group: caller.process_group,
        session: caller.session,
        claim: Claim::Needed,
    }
}

/// An opening is gone; with the last one goes what only openers care for.
pub(crate) fn closed(state: &mut State) {
    if state.descriptions().iter().next().is_none() {
        state.with(|terminal, _| terminal.reopen());
    }
}
