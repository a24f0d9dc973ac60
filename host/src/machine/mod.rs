//! The machine: QEMU, how it is called, and whether the host can run the guest itself.

mod acceleration;
mod emulator;
mod line;
mod memory;

pub use acceleration::{Acceleration, choose};
pub use emulator::{Emulator, End, Running};
pub use line::{Console, Debug, Hardware, Line, QEMU};
pub use memory::Memory;
