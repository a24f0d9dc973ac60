//! A pretended kernel with a serial port, for tests of drivers.
//!
//! A [`Machine`] runs one driver: it delivers requests of pretended programs, whose memory is a
//! vector of bytes, raises the chip's interrupts and lets time pass. It can have the driver crash at
//! any kernel call; a successor then takes over, if wanted through the other version of the State,
//! and hears again what was not done.

mod kernel;
mod machine;

pub use kernel::{Asked, Kernel};
pub use machine::{Machine, Program};
