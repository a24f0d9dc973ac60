//! The Linux binary interface as pure functions: ELF files, initial stacks, signal frames, structures.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod calls;
pub mod file;
pub mod process;
