//! Address spaces of programs, at vm; asked by pm.
//!
//! After a crash: fork, execve and reading `/proc/PID/maps` answer what the question was ended with
//! (`EFAULT` after two crashes, `EIO` when vm is down); sizes in `/proc` are then 0. What an exit frees
//! is no error of any program's; pm asks [`Destroy`] once more.

use crate::{Handle, answer, protocol};
use abi::{Endpoint, SpaceId};

answer! {
    /// The answer to [`Execute`] and [`Clone`].
    pub struct Space {
        /// The new address space.
        pub space: SpaceId,
    }
}

answer! {
    /// The answer to [`Inspect`], in bytes.
    pub struct Sizes {
        /// All regions.
        pub total: u64,
        /// Pages that are there.
        pub resident: u64,
        /// Executable regions.
        pub text: u64,
        /// Writable private regions.
        pub data: u64,
        /// The stack.
        pub stack: u64,
        /// The most that all regions ever were.
        pub peak: u64,
    }
}

protocol! {
    number 6, version 1;

    /// Makes the address space of a program about to run. Lease 0 is a CBOR
    /// [`crate::payload::ExecutePlan`]: regions and the initial stack's bytes.
    /// The file stays open as `handle` at `server` while pages of it may be wanted; vm closes it.
    Execute = 1 { server: Endpoint, handle: Handle } -> Space;
    /// Copies an address space on write.
    Clone = 2 { parent: SpaceId } -> Space;
    /// Frees an address space.
    Destroy = 3 { space: SpaceId } -> ();
    /// Sizes of an address space, for proc.
    Inspect = 4 { space: SpaceId } -> Sizes, repeatable;
    /// Sets the limits pm enforces through vm: RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK in bytes.
    SetLimits = 5 { space: SpaceId, total: u64, data: u64, stack: u64 } -> ();
    /// Writes the text of /proc/PID/maps into lease 0, from byte `offset` of it.
    Regions = 6 { space: SpaceId, offset: u64 } -> u64, repeatable;
    /// The space of the process to be ended because vm could not find a promised page: the one
    /// whose end frees most, the same one until its space is destroyed; or space 0 when there is
    /// memory again. Either way the one that faulted tries again then.
    Victim = 7 {} -> Space, repeatable;
}
