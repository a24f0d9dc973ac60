//! What is kept of a crash: enough to understand it without having been there.

use crate::RequestId;
use crate::Time;
use crate::process::Registers;

/// Return addresses kept of a stack.
pub const STACK_DEPTH: usize = 16;
/// Requests kept: the last ones that the service was given.
pub const RECENT_REQUESTS: usize = 8;
/// Crashes kept, of all services.
pub const CRASHES: usize = 32;

/// A request that a service was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct RecentRequest {
    /// Its name.
    pub id: RequestId,
    /// The process it was made for; 0 when it is for none.
    pub pid: u32,
    /// The protocol's number.
    pub protocol: u16,
    /// The service that asked, or [`crate::Endpoint::NONE`] for a program itself.
    pub from: u16,
    /// The message's number within the protocol.
    pub kind: u32,
    /// 1 when it had been given to an instance before.
    pub again: u32,
}

/// A crash of a service (`Call::CrashRead`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct CrashRecord {
    /// Counts the crashes of all services; the first is 1.
    pub number: u64,
    /// When.
    pub time: Time,
    /// Whose.
    pub slot: u32,
    /// Why: a [`crate::slot::Failure`].
    pub failure: u32,
    /// The version of its image.
    pub version: u32,
    /// Which instance of the slot it was.
    pub generation: u32,
    /// The instruction of a bad access is in `registers`; this is the address it went to.
    pub address: u64,
    /// Where the image was loaded.
    pub base: u64,
    /// The kernel call it was in when it was ended at one, else all ones.
    pub call: u64,
    /// 1 when it was ended before that call was carried out, 0 when after.
    pub before: u32,
    /// What it was busy with: an [`crate::EventKind`], of which a request is the first of `recent`;
    /// 0 when it had nothing in hand.
    pub event: u32,
    /// Its registers.
    pub registers: Registers,
    /// The return addresses on its stack, the innermost first; 0 behind the last. Whatever on the
    /// stack follows a call instruction is taken for one, so that stale ones may be among them.
    pub stack: [u64; STACK_DEPTH],
    /// The request in hand, then the ones before it, the newest first; those without a name are
    /// none.
    pub recent: [RecentRequest; RECENT_REQUESTS],
}
