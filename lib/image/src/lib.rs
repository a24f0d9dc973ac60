//! Service images: made from linked ELF files, checked before they are loaded.
//!
//! The form is [`abi::image`]'s. `service.ld` beside this crate's sources is the linker script of
//! the ELF files from which images are made.
#![no_std]

#[cfg(feature = "build")]
extern crate alloc;
#[cfg(any(test, feature = "build"))]
extern crate std;

#[cfg(feature = "build")]
mod build;
mod header;
mod read;

#[cfg(feature = "build")]
pub use build::{BuildError, build};
pub use read::{Image, ImageError};
