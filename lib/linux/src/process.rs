//! What makes a process: executables, stacks, signals, waiting, limits, times.
//!
//! Everything that a program hands over is hostile input: it is read here once, into checked types.

pub mod action;
pub mod auxiliary;
pub mod bytes;
pub mod clone;
pub mod executable;
pub mod frame;
pub mod information;
pub mod limit;
pub mod names;
pub mod script;
pub mod signal;
pub mod stack;
pub mod strings;
pub mod system_information;
pub mod time;
pub mod usage;
pub mod wait;
