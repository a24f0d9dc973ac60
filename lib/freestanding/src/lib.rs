//! What compiled code expects of a C library and an unwinder, for binaries that have neither.
//!
//! Memory functions use no SSE register, so they suit the kernel and the services. Without the
//! feature `image` nothing is exported, so that a host binary keeps its own library's functions.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod bytes;
#[cfg(feature = "image")]
mod symbols;
