//! vfs, the virtual file system: paths, mounts, descriptor tables.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod state;
mod tables;

pub use state::State;
