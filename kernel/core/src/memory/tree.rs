//! One tree of page tables: finding, making and dropping its tables and entries.
//!
//! Tables count their entries in their frame's record, so an empty one is freed at once.
//!
//! Spaces may share a leaf table: the entries that point to it do not allow stores then, and it is copied for
//! the one that changes something in it. Frames for the copies are kept free: one for each of them but one.

use abi::CallError;
use abi::call::Protection;

use super::entry::{ENTRIES, Entry, PAGE_BYTES, TOP_LEVEL, index};
use super::frames::{FrameTable, Purpose, State, Used};
use crate::machine::{Frame, Machine};

/// Top-level entries of user memory; the rest is the kernel's.
pub(super) const USER_ENTRIES: usize = ENTRIES / 2;

/// A tree under its root, with all it needs to change.
pub(super) struct Tree<'a, M> {
    pub(super) frames: &'a mut FrameTable,
    pub(super) machine: &'a mut M,
    pub(super) root: Frame,
    pub(super) purpose: Purpose,
}

/// Makes an empty tree.
pub(super) fn new_root<M: Machine>(
    frames: &mut FrameTable,
    machine: &mut M,
    purpose: Purpose,
) -> Result<Frame, CallError> {
    let root = frames.allocate(purpose, State::TABLE)?;
    machine.zero(root);
    machine.prepare_root(root);
    Ok(root)
}

impl<M: Machine> Tree<'_, M> {
    /// The entry at `index` of a table.
    pub(super) fn entry(&self, table: Frame, index: usize) -> Entry {
        Entry(self.machine.word(table, index))
    }

    /// The leaf table that covers `address`. Other spaces may have it as well.
    pub(super) fn table(&self, address: u64) -> Option<Frame> {
        let directory = self.directory(address)?;
        let entry = self.entry(directory, index(address, 1));
        entry.is_present().then(|| entry.frame())
    }

    /// The table that points to the leaf table that covers `address`.
    pub(super) fn directory(&self, address: u64) -> Option<Frame> {
        let mut table = self.root;
        for level in (2..=TOP_LEVEL).rev() {
            let entry = self.entry(table, index(address, level));
            if !entry.is_present() {
                return None;
            }
            table = entry.frame();
        }
        Some(table)
    }

    /// The leaf table that covers `address`, to be changed: one that spaces share is copied.
    pub(super) fn own_table(&mut self, address: u64) -> Result<Option<Frame>, CallError> {
        let Some(directory) = self.directory(address) else {
            return Ok(None);
        };
        let entry = self.entry(directory, index(address, 1));
        if !entry.is_present() {
            return Ok(None);
        }
        self.owned(directory, address, entry).map(Some)
    }

    /// The leaf table that an entry of a directory points to, to be changed.
    pub(super) fn owned(
        &mut self,
        directory: Frame,
        address: u64,
        entry: Entry,
    ) -> Result<Frame, CallError> {
        let table = entry.frame();
        if entry.is_writable() {
            return Ok(table);
        }
        let own = match self.frames.take_owed(table)? {
            Some(own) => self.copy_table(table, own),
            None => table,
        };
        let entry = Entry::table(own);
        self.machine.set_word(directory, index(address, 1), entry.0);
        // The processor may remember the way to the table, which another space may free.
        self.machine.flush_page(self.root, address);
        Ok(own)
    }

    /// Copies a shared table: its pages are shared now, until somebody writes.
    fn copy_table(&mut self, table: Frame, own: Frame) -> Frame {
        self.machine.zero(own);
        let Used { count, first } = self.frames.used(table);
        let (mut left, mut at) = (count, usize::from(first));
        while left > 0 && at < ENTRIES {
            let entry = self.entry(table, at).until_written();
            if entry.is_present() {
                self.share_page([table, own], at, entry);
                left -= 1;
            }
            at += 1;
        }
        own
    }

    /// The entry of the page at `address`, if it is there.
    pub(super) fn page(&self, address: u64) -> Option<Entry> {
        let table = self.table(address)?;
        Some(self.entry(table, index(address, 0))).filter(|entry| entry.is_present())
    }

    /// The leaf table that covers `address`, to be changed, made if need be. An empty one that stays so has
    /// to be [pruned](Tree::prune).
    pub(super) fn make_table(&mut self, address: u64) -> Result<Frame, CallError> {
        let directory = self.make_directory(address)?;
        let at = index(address, 1);
        let entry = self.entry(directory, at);
        if entry.is_present() {
            self.owned(directory, address, entry)
        } else {
            self.make_lower(directory, at, address)
        }
    }

    /// The table that points to the leaf table that covers `address`, made if need be, as
    /// [`Tree::make_table`].
    pub(super) fn make_directory(&mut self, address: u64) -> Result<Frame, CallError> {
        let mut table = self.root;
        for level in (2..=TOP_LEVEL).rev() {
            let at = index(address, level);
            let entry = self.entry(table, at);
            table = if entry.is_present() {
                entry.frame()
            } else {
                self.make_lower(table, at, address)?
            };
        }
        Ok(table)
    }

    /// Makes an empty table where none is, on the way to `address`.
    fn make_lower(&mut self, table: Frame, at: usize, address: u64) -> Result<Frame, CallError> {
        let Ok(lower) = self.frames.allocate(self.purpose, State::TABLE) else {
            self.prune(address);
            return Err(CallError::NoMemory);
        };
        self.machine.zero(lower);
        self.set(table, at, Entry::table(lower));
        Ok(lower)
    }

    /// Has both tables map a page, which the first of them has. The second one's count is left to the caller.
    pub(super) fn share_page(&mut self, tables: [Frame; 2], at: usize, entry: Entry) {
        for table in tables {
            self.machine.set_word(table, at, entry.0);
        }
        self.frames.share(entry.frame());
    }

    /// Writes an entry and keeps the table's count of used ones.
    pub(super) fn set(&mut self, table: Frame, index: usize, entry: Entry) {
        let before = self.entry(table, index).is_present();
        self.machine.set_word(table, index, entry.0);
        match (before, entry.is_present()) {
            (false, true) => self.frames.add_used(table, 1, index),
            (true, false) => self.frames.remove_used(table),
            _ => {}
        }
    }

    /// Maps a page where none is.
    pub(super) fn map(&mut self, address: u64, entry: Entry) -> Result<(), CallError> {
        let table = self.make_table(address)?;
        self.set(table, index(address, 0), entry);
        Ok(())
    }

    /// Maps frames that follow each other from `address` on, where no pages are.
    pub(super) fn map_run(
        &mut self,
        address: u64,
        first: Frame,
        pages: u64,
        protection: Protection,
    ) -> Result<(), CallError> {
        let mut table = None;
        for (frame, at) in (first.0..)
            .zip((address..).step_by(PAGE_BYTES))
            .take(abi::word::index(pages))
        {
            let here = match table {
                Some(table) if index(at, 0) != 0 => table,
                _ => self.make_table(at)?,
            };
            table = Some(here);
            self.set(here, index(at, 0), Entry::page(Frame(frame), protection));
        }
        Ok(())
    }

    /// Frees the tables on the way to `address` that are empty.
    pub(super) fn prune(&mut self, address: u64) {
        let mut path = [self.root; TOP_LEVEL as usize + 1];
        let mut depth = 0;
        for level in (1..=TOP_LEVEL).rev() {
            let entry = self.entry(path[depth], index(address, level));
            if !entry.is_present() {
                break;
            }
            depth += 1;
            path[depth] = entry.frame();
        }
        for depth in (1..=depth).rev() {
            if self.frames.used(path[depth]).count != 0 {
                return;
            }
            let level = TOP_LEVEL + 1 - u32::try_from(depth).unwrap_or(1);
            self.set(path[depth - 1], index(address, level), Entry::EMPTY);
            self.frames.free(path[depth]);
        }
    }

    /// Lets the leaf table that covers `address` go if other spaces have it as well; answers how many pages
    /// it has.
    pub(super) fn leave_table(&mut self, address: u64) -> Option<u64> {
        let directory = self.directory(address)?;
        let at = index(address, 1);
        let entry = self.entry(directory, at);
        if !entry.is_present() || !self.frames.leave_table(entry.frame()) {
            return None;
        }
        self.set(directory, at, Entry::EMPTY);
        Some(self.frames.used(entry.frame()).count.into())
    }

    /// Takes pages and tables out of the user half, handing each page to `release`, until `limit`
    /// pages are gone or none is left; answers how many more it might have taken.
    pub(super) fn drain(
        &mut self,
        limit: u64,
        release: impl Fn(&mut FrameTable, Frame) + Copy,
    ) -> Result<u64, Unfinished> {
        let mut left = limit;
        for at in 0..USER_ENTRIES {
            let entry = self.entry(self.root, at);
            if entry.is_present() {
                left = self.drain_table(entry.frame(), TOP_LEVEL - 1, left, release)?;
                self.machine.set_word(self.root, at, 0);
                self.frames.free(entry.frame());
            }
        }
        Ok(left)
    }

    /// Hands all pages of a leaf table, which is freed with its entries, to `release`.
    fn release_all(
        &mut self,
        table: Frame,
        Used { count, first }: Used,
        release: impl Fn(&mut FrameTable, Frame),
    ) {
        let (mut used, mut at) = (count, usize::from(first));
        while used > 0 && at < ENTRIES {
            let entry = self.entry(table, at);
            if entry.is_present() {
                release(self.frames, entry.frame());
                used -= 1;
            }
            at += 1;
        }
    }

    fn drain_table(
        &mut self,
        table: Frame,
        level: u32,
        mut left: u64,
        release: impl Fn(&mut FrameTable, Frame) + Copy,
    ) -> Result<u64, Unfinished> {
        let there = self.frames.used(table);
        if level == 0
            && let Some(rest) = left.checked_sub(there.count.into())
        {
            self.release_all(table, there, release);
            return Ok(rest);
        }
        let (mut used, mut at) = (there.count, usize::from(there.first));
        while used > 0 && at < ENTRIES {
            let entry = self.entry(table, at);
            if entry.is_present() {
                if level == 0 {
                    left = left.checked_sub(1).ok_or(Unfinished)?;
                    release(self.frames, entry.frame());
                } else if self.frames.is_shared_table(entry.frame()) {
                    left = left.checked_sub(1).ok_or(Unfinished)?;
                    self.frames.leave_table(entry.frame());
                } else {
                    left = self.drain_table(entry.frame(), level - 1, left, release)?;
                    self.frames.free(entry.frame());
                }
                self.set(table, at, Entry::EMPTY);
                used -= 1;
            }
            at += 1;
        }
        Ok(left)
    }
}

/// A tree has more pages than could be freed in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfinished;
