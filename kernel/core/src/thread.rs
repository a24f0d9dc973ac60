//! Threads: saved registers plus a typed state.

use abi::RequestId;
use abi::process::Registers;

use crate::list::{Chain, Link, Linked};

/// The index of a thread in the kernel's table: first one for each process, then two for each
/// instance (its own, and the one that exports its predecessor for it).
pub type ThreadIndex = u16;

/// What a thread executes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: the record is free.
    #[default]
    Free,
    /// The program in the process of the same index.
    Program,
    /// The instance of that index.
    Instance(u16),
    /// The export of the predecessor of the instance of that index.
    Exporter(u16),
}

/// What a thread is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It has not been started, or has ended.
    #[default]
    Stopped,
    /// It would run; a stopped process's thread is in no queue.
    Ready,
    /// It would run, and hands itself the next event first (an instance's thread).
    ReadyToReceive,
    /// It is on the processor.
    Running,
    /// It waits for an event.
    Receiving,
    /// It was stopped at `receive` for a transaction.
    Frozen,
    /// It waits until its transaction commits.
    Committing,
    /// A program's thread waits for a request to end.
    Waiting(RequestId),
    /// A program's thread that nobody could answer for; pm may destroy its process.
    Halted,
}

/// A thread. The registers come first, so that the machine layer saves to the record's address.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Thread {
    /// The registers, saved while it is not on the processor.
    pub registers: Registers,
    /// What it executes.
    pub kind: Kind,
    /// What it is doing.
    pub state: State,
    /// 0 the most urgent, below [`crate::schedule::PRIORITIES`].
    pub(crate) priority: u8,
    /// Whether it is in the queue of its priority.
    pub(crate) queued: bool,
    /// The system call a program is in, or -1.
    pub(crate) call_number: i64,
    /// Nanoseconds left of its quantum.
    pub(crate) quantum_left: u64,
    pub(crate) link: Link,
}

impl Linked for Thread {
    fn link(&mut self, _: Chain) -> &mut Link {
        &mut self.link
    }

    fn neighbours(&self, _: Chain) -> Link {
        self.link
    }
}
