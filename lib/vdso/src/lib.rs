//! vdso: the shared object mapped into every program, whose clock calls need no system call.
//!
//! ```text
//! AT_SYSINFO_EHDR - 4096   the clock page, written by the kernel, read only here
//! AT_SYSINFO_EHDR          the image: this package's binary, byte for byte, read and execute
//! ```
//!
//! This library is the arithmetic, tested on the host; `main.rs` is the exported functions. The
//! object is the *binary* target `vdso`, linked with `-shared` by `build.rs`: a cdylib brings an
//! export list of its own, which no linker combines with the version `LINUX_2.6` that C
//! libraries look for. It is built by
//!
//! ```text
//! RUSTFLAGS="-Crelocation-model=pic -Cforce-unwind-tables=no" \
//! cargo build -p vdso --bin vdso --features image --profile system \
//!     --target x86_64-unknown-linux-gnu
//! ```
//!
//! and lies in `target/x86_64-unknown-linux-gnu/system/vdso`. The flags of services
//! (`-Ctarget-feature=-sse,...,+soft-float`) may be there as well. A library without them
//! (`cargo test`) holds only the arithmetic.
//!
//! What glibc (`elf/setup-vdso.h`, `dl-vdso.h`) and musl (`src/internal/vdso.c`) need: a `PT_LOAD`,
//! a `PT_DYNAMIC` with `DT_STRTAB`, `DT_SYMTAB`, `DT_VERSYM`, `DT_VERDEF`, and `DT_GNU_HASH` (glibc)
//! or `DT_HASH` (musl); addresses in it are relative to the image. They relocate nothing.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod clock;
pub mod page;
