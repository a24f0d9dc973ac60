//! What the kernel decides: safe Rust, no machine, tested on the host.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod machine;
pub mod memory;
