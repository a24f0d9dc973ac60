//! The kernel: from the loader to rs's first instruction, and the traps from then on.
//!
//! The binary is built for the stock host target, by the host tool (`host/src/build/compile.rs`),
//! with these code generation flags:
//!
//! - `relocation-model=static`, `code-model=kernel`: it lies in the highest 2 GiB, where `kernel.ld`
//!   puts it;
//! - `no-redzone=yes`: an interrupt uses the stack at once;
//! - `target-feature=-sse,-sse2,-mmx,+soft-float`: floating-point registers are the programs';
//! - `force-unwind-tables=no`, and a profile with `panic = "abort"` and fat link-time optimization,
//!   so that nothing asks for unwinding.
//!
//! The link arguments are in `build.rs`. QEMU starts it by `-kernel`, with the boot archive as
//! `-initrd`.
#![no_std]
#![no_main]

extern crate alloc;
extern crate freestanding as _;

mod boot;
mod entry;
mod hardware;
mod panic;
mod traps;
