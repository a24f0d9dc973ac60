//! A service's rights as the kernel enforces them, packed by the builder from
//! `system/services.toml` into the boot archive's `system/declarations` (an array of these).

use crate::image::NAME_BYTES;
use crate::limits::SLOTS;

/// Port ranges a service can declare.
pub const PORT_RANGES: usize = 4;
/// Interrupts a service can declare.
pub const INTERRUPTS: usize = 4;

/// Ports `first..first + count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct PortRange {
    /// The first port.
    pub first: u16,
    /// How many.
    pub count: u16,
}

/// What the kernel knows of a service: who it is, what it may do, how much it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Declaration {
    /// The name, padded with zeroes.
    pub name: [u8; NAME_BYTES],
    /// The slot.
    pub slot: u16,
    /// The priority, 0 the most urgent, below 16. Programs run at 16 and more.
    pub priority: u16,
    /// Requests it may have submitted at a time.
    pub submissions: u32,
    /// Pages of memory an instance may have, kept pages included.
    pub pages: u64,
    /// Ticks (10 ms each, seen while it runs) without `receive` after which it hangs.
    pub hang_ticks: u32,
    /// 1 when it gets the boot archive mapped.
    pub archive: u32,
    /// The kernel calls it may make: bit n for call number n.
    pub calls: u64,
    /// For each slot the protocols it may speak to it: bit n for protocol n.
    pub protocols: [u64; SLOTS],
    /// The slots it may notify, one bit each.
    pub notifies: u64,
    /// The I/O ports it may use.
    pub ports: [PortRange; PORT_RANGES],
    /// The interrupt lines it receives (as notification bits, in this order); 0xffff for none.
    pub interrupts: [u16; INTERRUPTS],
    /// The Linux calls it answers: bit n of word n/64 for call n, below 512.
    pub linux_calls: [u64; 8],
    /// 1 when it is the process manager, told of exceptions and interrupted programs.
    pub process_manager: u32,
    /// 1 when it is the memory manager, told of page faults.
    pub memory_manager: u32,
}
