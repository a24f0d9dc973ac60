//! Faults put into running services from outside, and what comes of them (docs/fault-injection.md).
//!
//! ```text
//! packet, stub      the emulator's debugger stub: packets, and a client of it
//! layout, mutation  an instruction's parts, and what a fault makes of it
//! disassembly       instructions as people read them
//! text, trace       a service's instructions, and which of them run
//! tables            the machine's page tables
//! ```

mod disassembly;
mod layout;
mod mutation;
mod packet;
mod random;
mod stub;
mod tables;
mod text;
mod trace;
