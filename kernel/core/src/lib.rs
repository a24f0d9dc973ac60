//! What the kernel decides: safe Rust, no machine, tested on the host.
#![no_std]

pub mod machine;
