//! Pages and tables that several spaces have.
//!
//! A page that several spaces map is read only in all of them; its frame's map count decides whether a store
//! copies it or just makes it writable. Where the program may store, its entry says so, and the kernel does that
//! by itself (`copy_on_write`). Tables that a child got whole are shared in the same way.

use abi::CallError;
use abi::call::Protection;
use abi::layout::PAGE_SIZE;

use super::Memory;
use super::entry::{Chunk, ENTRIES, Entry, PAGE_BYTES, UserPages, index};
use super::frames::{Purpose, State};
use super::space::SpaceHandle;
use super::tree::Tree;
use crate::machine::{Frame, Machine};

/// How two spaces share pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Read only in both: a store copies the page.
    UntilWritten,
    /// As they are: each sees what the other one stores.
    Lasting,
}

impl Memory {
    /// Shares the pages that are there in `from` with `to`. Pages that `to` has already stay.
    ///
    /// # Errors
    /// `NoMemory`; some pages may be shared then, and the call may be made again.
    pub fn clone_range<M: Machine>(
        &mut self,
        machine: &mut M,
        from: SpaceHandle,
        to: SpaceHandle,
        range: UserPages,
        sharing: Sharing,
    ) -> Result<(), CallError> {
        if from == to {
            return Err(CallError::BadArgument);
        }
        self.reclaim_some(machine);
        let source = self.space_root(from);
        let mut added = 0;
        let mut tree = self.space_tree(machine, to);
        let ended = range
            .chunks()
            .try_for_each(|chunk| share(&mut tree, source, chunk, sharing, &mut added));
        *self.resident_mut(to) += added;
        self.flush(machine, from, range);
        ended
    }

    /// Gives the space a page of its own at `address`, with this protection: the one that is
    /// there, or a copy if others have it too.
    ///
    /// # Errors
    /// `BadAddress` if there is none; `NoMemory`.
    pub fn unshare<M: Machine>(
        &mut self,
        machine: &mut M,
        space: SpaceHandle,
        page: UserPages,
        protection: Protection,
    ) -> Result<(), CallError> {
        self.reclaim_some(machine);
        let address = page.address();
        let tree = &mut self.space_tree(machine, space);
        let table = tree.own_table(address)?.ok_or(CallError::BadAddress)?;
        let old = tree.entry(table, index(address, 0));
        if !old.is_present() {
            return Err(CallError::BadAddress);
        }
        let mut frame = old.frame();
        if !tree.frames.is_writable_in_place(frame, protection) {
            frame = tree.copy_page(frame)?;
        }
        tree.set(table, index(address, 0), Entry::page(frame, protection));
        self.flush(machine, space, page);
        Ok(())
    }

    /// Gives a space pages of its own, from the one of `address` up to `end`, as long as the program may
    /// store into them and they are read only because others have them, or had them. Whether the first one is
    /// its own now; if not, the memory manager is to decide.
    pub fn copy_on_write<M: Machine>(
        &mut self,
        machine: &mut M,
        space: SpaceHandle,
        address: u64,
        end: u64,
    ) -> bool {
        self.reclaim_some(machine);
        let mut tree = self.space_tree(machine, space);
        let mut page = address & !(PAGE_SIZE - 1);
        while page < end && tree.own_page(page) == Ok(true) {
            page += PAGE_SIZE;
        }
        page > address
    }
}

impl<M: Machine> Tree<'_, M> {
    /// Has a program that may store into a page, and has it not alone, get its own. Whether it can store now.
    fn own_page(&mut self, address: u64) -> Result<bool, CallError> {
        let Some(directory) = self.directory(address) else {
            return Ok(false);
        };
        let (way, at) = (self.entry(directory, index(address, 1)), index(address, 0));
        if !way.is_present() {
            return Ok(false);
        }
        let mut table = way.frame();
        let mut old = self.entry(table, at);
        if !old.may_be_stored_to() {
            return Ok(false);
        }
        if !way.is_writable() {
            table = self.owned(directory, address, way)?;
            old = self.entry(table, at);
        }
        if old.is_until_written() {
            let mut frame = old.frame();
            if !self.frames.is_private(frame) {
                frame = self.copy_page(frame)?;
            }
            self.set(table, at, old.written(frame));
        }
        self.machine.flush_page(self.root, address);
        Ok(true)
    }

    /// Copies a page and lets it go.
    fn copy_page(&mut self, frame: Frame) -> Result<Frame, CallError> {
        let state = State::Program { mappings: 1 };
        let own = self.frames.allocate(Purpose::Program, state)?;
        self.machine.transfer(frame, 0, own, 0, PAGE_BYTES);
        self.frames.unshare(frame);
        Ok(own)
    }
}

/// The entry of a page that others have as well, and that is not written in place.
pub(super) fn read_only(page: Entry, protection: Protection) -> Entry {
    if protection.allows(Protection::SHARED) {
        page.without_write()
    } else {
        page.until_written()
    }
}

/// Shares the pages of a chunk of another tree, and counts them.
fn share<M: Machine>(
    tree: &mut Tree<'_, M>,
    source: Frame,
    chunk: Chunk,
    sharing: Sharing,
    added: &mut u64,
) -> Result<(), CallError> {
    let to = core::mem::replace(&mut tree.root, source);
    let directory = tree.directory(chunk.address);
    let from = match sharing {
        Sharing::UntilWritten => Ok(tree.table(chunk.address)),
        // What stays shared must not be copied later.
        Sharing::Lasting => tree.own_table(chunk.address),
    };
    tree.root = to;
    let (Some(directory), Some(from)) = (directory, from?) else {
        return Ok(());
    };
    let is_whole = chunk.is_whole_table() && sharing == Sharing::UntilWritten;
    if is_whole && share_table(tree, directory, chunk.address, added)? {
        return Ok(());
    }
    share_pages(tree, from, chunk, sharing, added)
}

/// Shares a leaf table of another tree, which a directory of that tree points to. Whether it could: not if
/// there is another table already.
fn share_table<M: Machine>(
    tree: &mut Tree<'_, M>,
    from: Frame,
    address: u64,
    added: &mut u64,
) -> Result<bool, CallError> {
    let at = index(address, 1);
    let shared = tree.entry(from, at).without_write();
    let to = tree.make_directory(address)?;
    let there = tree.entry(to, at);
    if there.is_present() {
        return Ok(there.frame() == shared.frame());
    }
    if let Err(error) = tree.frames.share_table(shared.frame()) {
        tree.prune(address);
        return Err(error);
    }
    tree.machine.set_word(from, at, shared.0);
    tree.set(to, at, shared);
    *added += u64::from(tree.frames.used(shared.frame()).count);
    Ok(true)
}

/// The entries of the other tree lose the right to write, also in a table that is shared: whoever has it
/// cannot write there anyway.
fn share_pages<M: Machine>(
    tree: &mut Tree<'_, M>,
    from: Frame,
    chunk: Chunk,
    sharing: Sharing,
    added: &mut u64,
) -> Result<(), CallError> {
    let there = tree.frames.used(from);
    let mut unseen = there.count;
    let mut to = None;
    let (mut shared, mut first) = (0, ENTRIES);
    let start = index(chunk.address, 0);
    for at in start.max(there.first.into())..start + chunk.pages {
        if unseen == 0 {
            break;
        }
        let old = tree.entry(from, at);
        if !old.is_present() {
            continue;
        }
        unseen -= 1;
        let table = match to {
            Some(table) => table,
            None => *to.insert(tree.make_table(chunk.address)?),
        };
        if tree.entry(table, at).is_present() {
            continue;
        }
        let new = match sharing {
            Sharing::UntilWritten => old.until_written(),
            Sharing::Lasting => old,
        };
        tree.share_page([from, table], at, new);
        (shared, first) = (shared + 1, first.min(at));
    }
    if let Some(table) = to {
        tree.frames.add_used(table, shared, first);
    }
    *added += u64::from(shared);
    Ok(())
}
