//! Scheduling policy, at sched; asked by pm.

use crate::protocol;
use abi::Pid;

protocol! {
    number 8, version 1;

    /// A process starts, with its parent's niceness.
    Start = 1 { process: Pid, parent: Pid } -> ();
    /// A process has ended.
    Stop = 2 { process: Pid } -> ();
    /// Sets the niceness (-20..=19 plus 20).
    SetNice = 3 { process: Pid, nice: u32 } -> ();
    /// The niceness plus 20.
    GetNice = 4 { process: Pid } -> u64;
}
