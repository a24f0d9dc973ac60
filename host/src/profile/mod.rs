//! Which functions the instructions of a whole run belong to.
//!
//! ```text
//! listing     what the emulator tells while it runs: blocks of code, and which of them it runs
//! code        whose code lies where: the kernel's functions, and those of each instance
//! table       functions by how many instructions they took
//! ```
//!
//! The emulator counts, not the machine: nothing in the system is changed, and each instruction counts.
//! A block that an exception or an interrupt cuts short counts as a whole.

mod code;
mod listing;
mod table;

pub use code::Code;
pub use listing::Listing;
pub use table::table;
