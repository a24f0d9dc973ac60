//! The machine seen from outside, through the emulator's debugger stub.
//!
//! ```text
//! packet    what the stub and its client say to each other
//! stub      a client of it
//! tables    the machine's page tables
//! ```

mod packet;
mod stub;
mod tables;

pub(crate) use packet::to_hex;
pub use stub::{Number, REGISTERS, Stub, StubError};
pub use tables::{FRAME, Mapped, walk};
