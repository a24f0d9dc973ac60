//! Services that misbehave on purpose: only tests put them into a system.
//!
//! ```text
//! trespass    takes hello's place, goes on greeting, and does what is written to /dev/hello
//! crime       ways of dying that a service has
//! kernel      kernel calls with whatever arguments
//! broken      replacements of hello that never get as far as serving
//! ```
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

pub mod broken;
mod crime;
mod kernel;
pub mod trespass;
