//! Listing a directory in pieces, as getdents64 wants it.

use crate::Kind;
use alloc::vec::Vec;
use linux::file::{entry, mode};

/// A name in a table of names that are always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<D, N> {
    /// The directory it is in.
    pub directory: D,
    /// The name.
    pub name: &'static str,
    /// What it names.
    pub node: N,
}

impl<D: Copy + PartialEq, N: Copy> Name<D, N> {
    /// What a name in a directory names.
    #[must_use]
    pub fn find(table: &[Name<D, N>], directory: D, name: &[u8]) -> Option<N> {
        let mut named = Self::within(table, directory);
        named
            .find(|entry| entry.name.as_bytes() == name)
            .map(|entry| entry.node)
    }

    /// The names in a directory.
    pub fn within(table: &[Name<D, N>], directory: D) -> impl Iterator<Item = &Name<D, N>> {
        table
            .iter()
            .filter(move |entry| entry.directory == directory)
    }
}

/// A directory's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name.
    pub name: &'a [u8],
    /// The inode's number.
    pub number: u64,
    /// What it is.
    pub kind: Kind,
}

/// Entries that are being listed into a buffer. Positions grow from entry to entry, not always by
/// one; the listing goes on at the position of the first entry that did not fit.
#[derive(Debug)]
pub struct Listing {
    bytes: Vec<u8>,
    room: usize,
    from: u64,
    next: u64,
    full: bool,
}

impl Listing {
    /// Lists entries at or above the position `from` into `room` bytes.
    #[must_use]
    pub const fn new(from: u64, room: usize) -> Listing {
        Listing {
            bytes: Vec::new(),
            room,
            from,
            next: from,
            full: false,
        }
    }

    /// Adds the entry at a position, unless it has been listed before or does not fit. Says whether
    /// more may be added.
    pub fn add(&mut self, position: u64, listed: Entry<'_>) -> bool {
        if self.full || position < self.from {
            return !self.full;
        }
        let kind = mode::entry_type(listed.kind.mode());
        let about = (listed.number, position + 1, kind);
        if entry::push(&mut self.bytes, self.room, about, listed.name) {
            self.next = position + 1;
        } else {
            self.full = true;
        }
        !self.full
    }

    /// The position from which entries are wanted.
    #[must_use]
    pub fn wanted(&self) -> u64 {
        self.next
    }

    /// The entries as bytes and the position to go on at; `None` when there were entries but not
    /// even the first one fits (`EINVAL`).
    #[must_use]
    pub fn finish(self) -> Option<(Vec<u8>, u64)> {
        let cut = self.full && self.bytes.is_empty();
        (!cut).then_some((self.bytes, self.next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Name<u8, u32>] = &[
        Name {
            directory: 0,
            name: "a",
            node: 1,
        },
        Name {
            directory: 1,
            name: "a",
            node: 2,
        },
    ];

    #[test]
    fn a_name_is_found_in_its_directory() {
        assert_eq!(Name::find(TABLE, 0, b"a"), Some(1));
        assert_eq!(Name::find(TABLE, 1, b"a"), Some(2));
        assert_eq!(Name::find(TABLE, 2, b"a"), None);
        assert_eq!(Name::find(TABLE, 0, b"b"), None);
        assert_eq!(Name::within(TABLE, 1).count(), 1);
    }

    fn list(from: u64, room: usize) -> Option<(usize, u64)> {
        let mut listing = Listing::new(from, room);
        for (position, name) in [(0, b"x"), (1, b"y"), (7, b"z")] {
            let entry = Entry {
                name,
                number: position + 1,
                kind: Kind::File,
            };
            if !listing.add(position, entry) {
                break;
            }
        }
        listing
            .finish()
            .map(|(bytes, next)| (bytes.len() / 24, next))
    }

    #[test]
    fn a_listing_goes_on_where_it_stopped() {
        assert_eq!(list(0, 100), Some((3, 8)));
        assert_eq!(list(0, 50), Some((2, 2)));
        assert_eq!(list(2, 50), Some((1, 8)));
        assert_eq!(list(8, 50), Some((0, 8)));
        assert_eq!(list(0, 23), None);
    }
}
