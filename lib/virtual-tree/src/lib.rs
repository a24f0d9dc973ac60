//! File systems whose files are made on demand: a tree of virtual files.
//!
//! A node is a small value that tells what it is ([`Node`]); nothing is stored for it. The file
//! system finds names and makes contents as it likes (asking others, if it must); this crate has
//! what is the same for all of them: walking a path, listing a directory in pieces, reading a
//! content in pieces.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod content;
mod listing;
mod walk;

pub use content::part;
pub use listing::{Entry, Listing, Name};
pub use walk::{Node, Step, Stop, Walk};

/// What kind of file a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file with a content.
    File,
    /// A symbolic link.
    Link,
}

impl Kind {
    /// The type bits of `st_mode`.
    #[must_use]
    pub const fn mode(self) -> u32 {
        match self {
            Kind::Directory => 0o040_000,
            Kind::File => 0o100_000,
            Kind::Link => 0o120_000,
        }
    }
}
