//! The contents of the files, made of plain values (proc(5)).

pub mod process;
pub mod service;
pub mod system;

/// What `st_mtime` and clocks count in: nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;
/// Nanoseconds in a tick of `times` and /proc (`USER_HZ` is 100).
pub const TICK: u64 = SECOND / 100;
