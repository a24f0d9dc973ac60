//! Contents too large for words, lent as CBOR.

use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use shape::Shape;

/// A range of a new address space.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct PlannedRegion {
    /// The first address, page aligned.
    #[n(0)]
    pub address: u64,
    /// Bytes, a multiple of the page size.
    #[n(1)]
    pub length: u64,
    /// Bits of `abi::call::Protection`.
    #[n(2)]
    pub protection: u64,
    /// Bytes that come from the file; the rest is zero.
    #[n(3)]
    pub file_bytes: u64,
    /// Where they start in the file, page aligned.
    #[n(4)]
    pub file_offset: u64,
}

/// What a new address space holds: the payload of `memory::Execute`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct ExecutePlan {
    /// The program's segments, in order of address.
    #[n(0)]
    pub regions: Vec<PlannedRegion>,
    /// The first address after the program's data, where the heap (brk) may start.
    #[n(1)]
    pub heap: u64,
    /// The top of the stack.
    #[n(2)]
    pub stack_top: u64,
    /// How far the stack may grow, in bytes (RLIMIT_STACK).
    #[n(3)]
    pub stack_limit: u64,
    /// What lies at the top of the stack; it ends at `stack_top`.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub stack: Vec<u8>,
    /// Where the clock page and the vDSO behind it go.
    #[n(5)]
    pub vdso: u64,
}

/// What proc shows of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct ProcessInformation {
    /// The command's name (at most 15 bytes).
    #[cbor(n(0), with = "minicbor::bytes")]
    pub name: Vec<u8>,
    /// The arguments, each ended by a zero.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub arguments: Vec<u8>,
    /// R, S, D, T or Z.
    #[n(2)]
    pub state: u8,
    /// The parent.
    #[n(3)]
    pub parent: u32,
    /// The process group.
    #[n(4)]
    pub process_group: u32,
    /// The session.
    #[n(5)]
    pub session: u32,
    /// Real, effective, saved and file-system user.
    #[n(6)]
    pub users: [u32; 4],
    /// Real, effective, saved and file-system group.
    #[n(7)]
    pub groups: [u32; 4],
    /// Niceness plus 20.
    #[n(8)]
    pub nice: u32,
    /// Nanoseconds in user mode and in the system, own and of waited-for children.
    #[n(9)]
    pub times: [u64; 4],
    /// When it started, ns since boot.
    #[n(10)]
    pub started: u64,
    /// Its address space, 0 for a zombie.
    #[n(11)]
    pub space: u32,
    /// Signals: pending, blocked, ignored, caught.
    #[n(12)]
    pub signals: [u64; 4],
    /// Page faults.
    #[n(13)]
    pub faults: u64,
    /// The number of the system call it waits in, or all ones.
    #[n(14)]
    pub call_number: u64,
    /// Supplementary groups.
    #[n(15)]
    pub supplementary: Vec<u32>,
    /// umask is vfs's; this is the exit signal of the process.
    #[n(16)]
    pub exit_signal: u32,
    /// Start of the program's arguments, environment and stack in its memory.
    #[n(17)]
    pub stack_start: u64,
}
