//! The kernel: from the loader to rs's first instruction, and the traps from then on.
#![no_std]
#![no_main]

extern crate alloc;
extern crate freestanding as _;

mod boot;
mod entry;
mod hardware;
mod panic;
mod traps;
