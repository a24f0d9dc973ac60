//! What others have to do after something was done to a terminal.

use alloc::vec::Vec;

use bitflags::bitflags;

/// A signal for a process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The Linux signal number.
    pub number: u32,
    /// The process group.
    pub group: u32,
}

bitflags! {
    /// Who should try again, and what was lost.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Wake: u8 {
        /// Waiting readers: there is input, or it ended.
        const READERS = 1;
        /// Waiting writers: output goes on, or can never go on.
        const WRITERS = 2;
        /// The byte found no room and was dropped.
        const LOST = 4;
    }
}

/// The consequences of an operation outside the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Happening {
    /// Signals to send, in this order.
    pub signals: Vec<Signal>,
    /// Who should look again.
    pub wake: Wake,
}

impl Happening {
    /// Nothing but a wake.
    pub(crate) fn woken(wake: Wake) -> Happening {
        Happening {
            signals: Vec::new(),
            wake,
        }
    }

    /// Adds a signal to a group; group 0 is none.
    pub(crate) fn signal(&mut self, number: u32, group: u32) {
        if group != 0 {
            self.signals.push(Signal { number, group });
        }
    }
}
