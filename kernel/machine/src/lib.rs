//! How this machine does it. Here is what can be computed apart from the hardware, and tested on
//! the host: the start information, descriptors, page-table entries, clock arithmetic. `main.rs`
//! and `hardware/` do the rest.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod clock;
pub mod descriptor;
pub mod paging;
pub mod start;
