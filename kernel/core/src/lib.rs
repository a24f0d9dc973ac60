//! What the kernel decides: safe Rust, no machine, tested on the host.
//!
//! One value, [`kernel::Kernel`], over a [`machine::Machine`]. The machine layer makes it once at
//! boot, loads rs (`Kernel::start`), and enters it at each trap with the running thread's registers
//! saved: [`kernel::Kernel::system_call`], `exception`, `interrupt`, `alarm`. Each entry answers
//! with what the processor does [`schedule::Next`].
//!
//! On the host, `host` (feature `host`) is a machine of ordinary memory, on which services and
//! programs are values of whoever drives it.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod calls;
mod cancel;
mod commit;
mod crash;
mod crash_record;
mod forward;
mod holding;
#[cfg(any(test, feature = "host"))]
pub mod host;
mod ids;
mod instance;
pub mod kernel;
mod lease;
mod list;
pub mod log;
pub mod machine;
pub mod memory;
mod notify;
mod process;
mod program;
mod receive;
mod replace;
mod reply;
mod request;
pub mod ring;
mod route;
mod rule;
pub mod schedule;
mod slot;
mod start;
mod submit;
mod supervise;
mod table;
#[cfg(test)]
mod tests;
pub mod thread;
mod trap;

pub use kernel::{Kernel, Limits};
pub use lease::{LeaseName, Local};
pub use program::ProgramState;
pub use rule::Rule;
pub use schedule::Next;
pub use start::StartError;
