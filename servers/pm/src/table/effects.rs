//! What has to be done outside the State after a change of it.

use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use shape::Shape;

/// What follows from a change: kernel calls that are harmless when made again, and handlers that
/// wait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
#[must_use]
pub struct Effects {
    /// Processes to interrupt, with the number of the interrupt.
    #[n(0)]
    pub interrupts: Vec<(u32, u64)>,
    /// Keys of handlers that wait.
    #[n(1)]
    pub keys: Vec<u64>,
}

impl Effects {
    /// Both.
    pub fn and(mut self, other: Effects) -> Effects {
        self.interrupts.extend(other.interrupts);
        self.keys.extend(other.keys);
        self
    }

    pub(super) fn interrupt(&mut self, pid: u32, number: u64) {
        self.interrupts.push((pid, number));
    }

    pub(super) fn wake(&mut self, key: u64) {
        self.keys.push(key);
    }

    /// All but the interrupt of one process: the one whose thread is in pm to take signals.
    pub fn except(mut self, pid: u32) -> Effects {
        self.interrupts
            .retain(|(interrupted, _)| *interrupted != pid);
        self
    }
}

/// The keys that handlers wait with.
pub(crate) mod key {
    const KIND: u32 = 32;

    /// The process is let go on, or killed.
    #[must_use]
    pub(crate) fn stopped(pid: u32) -> u64 {
        u64::from(pid)
    }

    /// A child of the process has changed.
    #[must_use]
    pub(crate) fn children(pid: u32) -> u64 {
        1 << KIND | u64::from(pid)
    }

    /// The child has executed or ended, for which its parent waits.
    #[must_use]
    pub(crate) fn vfork(pid: u32) -> u64 {
        2 << KIND | u64::from(pid)
    }

    /// A timer was set.
    pub(crate) const TIMERS: u64 = 3 << KIND;

    /// A call that only a signal ends.
    #[must_use]
    pub(crate) fn asleep(pid: u32) -> u64 {
        4 << KIND | u64::from(pid)
    }

    /// The first process runs, or its start has failed.
    pub(crate) const INIT: u64 = 6 << KIND;

    /// A futex of a space was woken.
    #[must_use]
    pub(crate) fn futex(space: u32) -> u64 {
        5 << KIND | u64::from(space)
    }
}
