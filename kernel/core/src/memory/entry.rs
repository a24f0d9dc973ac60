//! Page-table entries (Intel SDM volume 3, section 4.5) and ranges of user pages.

use abi::CallError;
use abi::call::Protection;
use abi::layout::{PAGE_SIZE, USER_BOTTOM, USER_TOP};
use abi::limits::PAGES_PER_CALL;

use crate::machine::Frame;

/// Bytes of a page, where a buffer's length is meant.
#[expect(clippy::cast_possible_truncation, reason = "a page is small")]
pub(super) const PAGE_BYTES: usize = PAGE_SIZE as usize;
/// Entries of a page table.
pub(super) const ENTRIES: usize = 512;
/// The level of the top of the tree; leaf tables have level 0.
pub(super) const TOP_LEVEL: u32 = 3;

/// An entry of a page table of any level. A page without any right (`PROT_NONE`) is present, but
/// the kernel's alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry(pub(super) u64);

impl Entry {
    pub(super) const EMPTY: Entry = Entry(0);
    const PRESENT: u64 = 1;
    const WRITE: u64 = 1 << 1;
    const USER: u64 = 1 << 2;
    /// The program may store, and gets a page of its own when it does. A bit that is the system's.
    const UNTIL_WRITTEN: u64 = 1 << 9;
    const NO_EXECUTE: u64 = 1 << 63;
    const FRAME: u64 = 0x000f_ffff_ffff_f000;

    /// Points to a lower table; the rights are the leaves' business.
    pub(super) const fn table(frame: Frame) -> Entry {
        Entry(((frame.0 as u64) << 12) | Self::PRESENT | Self::WRITE | Self::USER)
    }

    /// Maps a page.
    pub(super) const fn page(frame: Frame, protection: Protection) -> Entry {
        let mut bits = ((frame.0 as u64) << 12) | Self::PRESENT;
        if protection.0 & 7 != 0 {
            bits |= Self::USER;
        }
        if protection.allows(Protection::WRITE) {
            bits |= Self::WRITE;
        }
        if !protection.allows(Protection::EXECUTE) {
            bits |= Self::NO_EXECUTE;
        }
        Entry(bits)
    }

    pub(super) const fn is_present(self) -> bool {
        self.0 & Self::PRESENT != 0
    }

    pub(super) const fn is_user(self) -> bool {
        self.0 & (Self::PRESENT | Self::USER) == Self::PRESENT | Self::USER
    }

    pub(super) const fn is_writable(self) -> bool {
        self.0 & Self::WRITE != 0
    }

    pub(super) const fn without_write(self) -> Entry {
        Entry(self.0 & !Self::WRITE)
    }

    /// Read only until the program, if it may, stores into the page.
    pub(super) const fn until_written(self) -> Entry {
        if self.is_writable() {
            Entry(self.without_write().0 | Self::UNTIL_WRITTEN)
        } else {
            self
        }
    }

    /// Whether a store gets the program a page of its own.
    pub(super) const fn is_until_written(self) -> bool {
        self.0 & Self::UNTIL_WRITTEN != 0
    }

    /// Whether the program may store, though it may have to get a page of its own first.
    pub(super) const fn may_be_stored_to(self) -> bool {
        self.is_user() && self.0 & (Self::WRITE | Self::UNTIL_WRITTEN) != 0
    }

    /// The same for a frame that the program has alone: it may store into it.
    pub(super) const fn written(self, own: Frame) -> Entry {
        let rights = self.0 & !(Self::FRAME | Self::UNTIL_WRITTEN);
        Entry(rights | Self::WRITE | (own.0 as u64) << 12)
    }

    /// The frame pointed to.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "frames have 32-bit numbers"
    )]
    pub(super) const fn frame(self) -> Frame {
        Frame(((self.0 & Self::FRAME) >> 12) as u32)
    }
}

/// The index of `address` in a table of `level`.
pub(super) const fn index(address: u64, level: u32) -> usize {
    ((address >> (12 + 9 * level)) & 511) as usize
}

/// Pages of user memory: aligned, within bounds, few enough for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserPages {
    address: u64,
    pages: u64,
}

impl UserPages {
    /// Checks a range.
    ///
    /// # Errors
    /// `BadArgument` if it is not aligned, not user memory, or has more than `PAGES_PER_CALL` pages.
    pub fn new(address: u64, pages: u64) -> Result<UserPages, CallError> {
        let valid = address.is_multiple_of(PAGE_SIZE)
            && pages <= PAGES_PER_CALL
            && (USER_BOTTOM..=USER_TOP).contains(&address)
            && (USER_TOP - address) / PAGE_SIZE >= pages;
        if valid {
            Ok(UserPages { address, pages })
        } else {
            Err(CallError::BadArgument)
        }
    }

    /// The first page.
    #[must_use]
    pub fn address(self) -> u64 {
        self.address
    }

    /// How many pages.
    #[must_use]
    pub fn pages(self) -> u64 {
        self.pages
    }

    /// The parts that lie in one leaf table each.
    pub(super) fn chunks(self) -> Chunks {
        Chunks {
            address: self.address,
            pages: self.pages,
        }
    }
}

/// Pages in one leaf table: from the entry of `address` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) address: u64,
    pub(super) pages: usize,
}

impl Chunk {
    /// Whether it is all that its table covers.
    pub(super) const fn is_whole_table(self) -> bool {
        self.pages == ENTRIES
    }

    /// The entries' indexes with the addresses of their pages.
    pub(super) fn entries(self) -> impl Iterator<Item = (usize, u64)> {
        let first = index(self.address, 0);
        (0..self.pages).map(move |i| (first + i, self.address + i as u64 * PAGE_SIZE))
    }
}

/// See [`UserPages::chunks`].
pub(super) struct Chunks {
    address: u64,
    pages: u64,
}

impl Iterator for Chunks {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let here = (ENTRIES - index(self.address, 0)).min(usize::try_from(self.pages).ok()?);
        if here == 0 {
            return None;
        }
        let chunk = Chunk {
            address: self.address,
            pages: here,
        };
        self.pages -= here as u64;
        self.address += here as u64 * PAGE_SIZE;
        Some(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn ranges_outside_user_memory_are_refused() {
        for (address, pages) in [
            (0, 1),
            (USER_TOP, 1),
            (USER_BOTTOM + 1, 1),
            (u64::MAX - 4095, 1),
            (USER_BOTTOM, 1025),
        ] {
            assert_eq!(UserPages::new(address, pages), Err(CallError::BadArgument));
        }
        assert!(UserPages::new(USER_TOP - PAGE_SIZE, 1).is_ok());
    }

    #[test]
    fn chunks_end_at_the_border_of_a_table() {
        let range = UserPages::new(0x20_0000 - 2 * PAGE_SIZE, 600).unwrap();
        let pages: Vec<usize> = range.chunks().map(|c| c.pages).collect();
        assert_eq!(pages, [2, 512, 86]);
    }

    #[test]
    fn only_what_may_be_written_is_copied_when_it_is() {
        let writable = Entry::page(Frame(7), Protection(3));
        let shared = writable.until_written();
        assert!(!shared.is_writable() && shared.is_until_written());
        assert_eq!(shared.until_written(), shared);
        assert_eq!(
            shared.written(Frame(9)),
            Entry::page(Frame(9), Protection(3))
        );
        let constant = Entry::page(Frame(7), Protection(1));
        assert_eq!(constant.until_written(), constant);
        assert!(!constant.is_until_written());
    }

    #[test]
    fn a_page_without_rights_is_present_but_not_the_users() {
        let entry = Entry::page(Frame(7), Protection(0));
        assert!(entry.is_present() && !entry.is_user());
        assert_eq!(entry.frame(), Frame(7));
    }
}
