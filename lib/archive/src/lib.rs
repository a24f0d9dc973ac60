//! The boot archive: named files in page-aligned pieces, read in place.
//!
//! ```text
//! 0        magic, number of entries (u64), all little endian
//! 16       the entries, by path in ascending order of bytes, 64 bytes each
//! then     the paths, one behind the other
//! then     the data of each entry, from a multiple of the page size
//! ```
//! An entry: offset and length of its path, offset and length of its data, time of last change in
//! seconds (u64 each), mode, user, group, kind (u32 each), 8 bytes of zero. Paths have no slash at
//! either end. The data of a symbolic link is its target; of a device its number (u64).
#![no_std]

#[cfg(feature = "build")]
extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(feature = "build")]
mod build;
mod read;

#[cfg(feature = "build")]
pub use build::{BuildError, Builder, NewEntry};
pub use read::{Archive, ArchiveError, Entry, Kind};

/// The first bytes of an archive.
pub const MAGIC: [u8; 8] = *b"EVARCH\0\x01";
/// Data starts at multiples of this.
pub const PAGE: usize = 4096;

/// Bytes before the entries.
const HEADER: usize = 16;
/// Bytes of an entry.
const RECORD: usize = 64;
