//! The address spaces of programs: what vm's kernel calls do to pages.
//!
//! Page tables are the record of pages; which of them several spaces have is the business of `sharing`.

use abi::call::Protection;
use abi::layout::PAGE_SIZE;
use abi::{CallError, SpaceId};
use alloc::boxed::Box;
use alloc::vec;

use super::Memory;
use super::copy::{Missing, Place, TransferFault, transfer};
use super::entry::{Chunk, Entry, UserPages, index};
use super::frames::{Purpose, State};
use super::sharing::read_only;
use super::tree::{Tree, new_root};
use crate::machine::{Frame, Machine};

/// The index of a space's record: finding the space by it needs no search. Good until the space is
/// destroyed, which the kernel refuses while the space is [held](Memory::hold_space).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceHandle(u32);

#[derive(Clone, Copy, Debug)]
struct Space {
    id: SpaceId,
    root: Frame,
    resident: u64,
    holders: u32,
    /// The next in the same bucket, or the next free record.
    next: u32,
}

const NOBODY: u32 = u32::MAX;
const UNUSED: Space = Space {
    id: SpaceId::NONE,
    root: Frame(0),
    resident: 0,
    holders: 0,
    next: NOBODY,
};

/// All spaces, found by id through buckets of linked records.
pub(super) struct Spaces {
    records: Box<[Space]>,
    buckets: Box<[u32]>,
    free: u32,
}

impl Spaces {
    pub(super) fn new(capacity: usize) -> Spaces {
        let mut records = vec![UNUSED; capacity].into_boxed_slice();
        for (record, next) in records.iter_mut().zip(1..) {
            record.next = next;
        }
        if let Some(last) = records.last_mut() {
            last.next = NOBODY;
        }
        let buckets = vec![NOBODY; capacity.next_power_of_two()].into_boxed_slice();
        Spaces {
            records,
            buckets,
            free: 0,
        }
    }

    fn bucket(&self, id: SpaceId) -> usize {
        id.0 as usize & (self.buckets.len() - 1)
    }

    fn find(&self, id: SpaceId) -> Option<SpaceHandle> {
        let mut number = self.buckets[self.bucket(id)];
        while number != NOBODY {
            let space = &self.records[number as usize];
            if space.id == id {
                return Some(SpaceHandle(number));
            }
            number = space.next;
        }
        None
    }

    fn insert(&mut self, id: SpaceId, root: Frame) {
        let (number, bucket) = (self.free, self.bucket(id));
        let record = &mut self.records[number as usize];
        self.free = record.next;
        *record = Space {
            id,
            root,
            next: self.buckets[bucket],
            ..UNUSED
        };
        self.buckets[bucket] = number;
    }

    fn remove(&mut self, handle: SpaceHandle) {
        let Space { id, next, .. } = self.records[handle.0 as usize];
        let bucket = self.bucket(id);
        let mut number = self.buckets[bucket];
        if number == handle.0 {
            self.buckets[bucket] = next;
        }
        while number != NOBODY {
            let record = &mut self.records[number as usize];
            number = record.next;
            if record.next == handle.0 {
                record.next = next;
            }
        }
        self.records[handle.0 as usize] = Space {
            next: self.free,
            ..UNUSED
        };
        self.free = handle.0;
    }
}

impl Memory {
    /// Finds a space.
    ///
    /// # Errors
    /// `NoSpace`.
    pub fn space(&self, id: SpaceId) -> Result<SpaceHandle, CallError> {
        self.spaces.find(id).ok_or(CallError::NoSpace)
    }

    /// Any space, if there is one.
    pub(crate) fn any_space(&self) -> Option<SpaceId> {
        let all = self.spaces.records.iter().map(|space| space.id);
        all.into_iter().find(|id| *id != SpaceId::NONE)
    }

    /// The top-level page table of a space.
    #[must_use]
    pub fn space_root(&self, space: SpaceHandle) -> Frame {
        self.spaces.records[space.0 as usize].root
    }

    /// Pages that are there.
    #[must_use]
    pub fn resident_pages(&self, space: SpaceHandle) -> u64 {
        self.spaces.records[space.0 as usize].resident
    }

    pub(super) fn resident_mut(&mut self, space: SpaceHandle) -> &mut u64 {
        &mut self.spaces.records[space.0 as usize].resident
    }

    /// A thread runs in the space, which cannot be destroyed before [`Memory::release_space`].
    pub fn hold_space(&mut self, space: SpaceHandle) {
        self.spaces.records[space.0 as usize].holders += 1;
    }

    /// A thread has left the space.
    pub fn release_space(&mut self, space: SpaceHandle) {
        self.spaces.records[space.0 as usize].holders -= 1;
    }

    /// Makes an empty space. One of this name that is there stays as it is.
    ///
    /// # Errors
    /// `BadArgument` for the id that names none; `NoMemory`.
    pub fn create_space<M: Machine>(
        &mut self,
        machine: &mut M,
        id: SpaceId,
    ) -> Result<(), CallError> {
        if id == SpaceId::NONE {
            return Err(CallError::BadArgument);
        }
        if self.spaces.find(id).is_some() {
            return Ok(());
        }
        if self.spaces.free == NOBODY {
            return Err(CallError::NoMemory);
        }
        self.reclaim_some(machine);
        let root = new_root(&mut self.frames, machine, Purpose::Program)?;
        self.spaces.insert(id, root);
        Ok(())
    }

    /// Frees a space; one that is not there is gone already. Its pages go piece by piece, in
    /// [`Memory::reclaim`].
    ///
    /// # Errors
    /// `BadState` while a thread runs in it.
    pub fn destroy_space<M: Machine>(
        &mut self,
        machine: &mut M,
        id: SpaceId,
    ) -> Result<(), CallError> {
        let Some(handle) = self.spaces.find(id) else {
            return Ok(());
        };
        let space = self.spaces.records[handle.0 as usize];
        if space.holders > 0 {
            return Err(CallError::BadState);
        }
        self.spaces.remove(handle);
        self.bury(machine, space.root, Purpose::Program);
        self.reclaim(machine);
        Ok(())
    }

    /// Maps zeroed pages where none are; answers how many pages, from the first on, are there now.
    ///
    /// # Errors
    /// `NoMemory` if not even the first is.
    pub fn map_anonymous<M: Machine>(
        &mut self,
        machine: &mut M,
        space: SpaceHandle,
        range: UserPages,
        protection: Protection,
    ) -> Result<u64, CallError> {
        self.reclaim_some(machine);
        let (mut there, mut added) = (0, 0);
        let mut tree = self.space_tree(machine, space);
        let ended = range
            .chunks()
            .try_for_each(|chunk| populate(&mut tree, chunk, protection, &mut there, &mut added));
        *self.resident_mut(space) += added;
        match ended {
            Err(error) if there == 0 => Err(error),
            _ => Ok(there),
        }
    }

    /// Changes what the pages that are there may be used for.
    ///
    /// # Errors
    /// `NoMemory` if a table that others have as well cannot be copied, which does not happen: the memory
    /// for that is kept.
    pub fn protect<M: Machine>(
        &mut self,
        machine: &mut M,
        space: SpaceHandle,
        range: UserPages,
        protection: Protection,
    ) -> Result<(), CallError> {
        let mut tree = self.space_tree(machine, space);
        let ended = range.chunks().try_for_each(|chunk| {
            tree.for_present(chunk, |tree, table, at, old| {
                let new = Entry::page(old.frame(), protection);
                let new = match tree.frames.is_writable_in_place(old.frame(), protection) {
                    true => new,
                    false => read_only(new, protection),
                };
                tree.set(table, at, new);
            })
        });
        self.flush(machine, space, range);
        ended
    }

    /// Takes pages out of a space.
    ///
    /// # Errors
    /// As [`Memory::protect`].
    pub fn unmap<M: Machine>(
        &mut self,
        machine: &mut M,
        space: SpaceHandle,
        range: UserPages,
    ) -> Result<(), CallError> {
        let mut removed = 0;
        let mut tree = self.space_tree(machine, space);
        let ended = range
            .chunks()
            .try_for_each(|chunk| remove(&mut tree, chunk, &mut removed));
        *self.resident_mut(space) -= removed;
        self.flush(machine, space, range);
        ended
    }

    /// Copies user memory into pages of a space that nobody else has, whatever their protection.
    ///
    /// # Errors
    /// The first address that is missing on either side.
    pub fn copy_in<M: Machine>(
        &mut self,
        machine: &mut M,
        from: Place,
        space: SpaceHandle,
        address: u64,
        length: u64,
    ) -> Result<(), TransferFault> {
        let to = Place {
            root: self.space_root(space),
            address,
        };
        let frames = &self.frames;
        let limit = abi::layout::USER_TOP;
        if address >= limit || limit - address < length {
            return Err(TransferFault::Target(Missing {
                address,
                present: false,
            }));
        }
        transfer(machine, from, to, length, |machine, address| {
            let page = find_page(machine, to.root, address);
            page.filter(|page| !page.is_tabled && frames.is_private(page.frame))
                .map(|page| page.frame)
                .ok_or(Missing {
                    address,
                    present: page.is_some(),
                })
        })
    }

    /// Maps frames of pages that are not this space's own, where none are, never writable.
    pub(super) fn map_frame<M: Machine>(
        &mut self,
        machine: &mut M,
        space: SpaceHandle,
        address: u64,
        frame: Frame,
        protection: Protection,
    ) -> Result<(), CallError> {
        let tree = &mut self.space_tree(machine, space);
        let table = tree.make_table(address)?;
        if !tree.entry(table, index(address, 0)).is_present() {
            let entry = read_only(Entry::page(frame, protection), protection);
            tree.set(table, index(address, 0), entry);
            tree.frames.share(frame);
            *self.resident_mut(space) += 1;
        }
        Ok(())
    }

    pub(super) fn space_tree<'a, M: Machine>(
        &'a mut self,
        machine: &'a mut M,
        space: SpaceHandle,
    ) -> Tree<'a, M> {
        let root = self.space_root(space);
        Tree {
            frames: &mut self.frames,
            machine,
            root,
            purpose: Purpose::Program,
        }
    }

    /// Forgets translations of a range that has been changed.
    pub(super) fn flush<M: Machine>(&self, machine: &mut M, space: SpaceHandle, range: UserPages) {
        // Above this, the processor fills its cache again more cheaply than it drops pages.
        const SINGLY: u64 = 16;
        let root = self.space_root(space);
        if range.pages() > SINGLY {
            machine.flush_all(root);
            return;
        }
        for page in 0..range.pages() {
            machine.flush_page(root, range.address() + page * PAGE_SIZE);
        }
    }
}

impl<M: Machine> Tree<'_, M> {
    /// Hands every present page of a chunk to `change`, with its table and index.
    fn for_present(
        &mut self,
        chunk: Chunk,
        mut change: impl FnMut(&mut Self, Frame, usize, Entry),
    ) -> Result<(), CallError> {
        let Some(mut table) = self.table(chunk.address) else {
            return Ok(());
        };
        let mut is_own = false;
        for (at, address) in chunk.entries() {
            if !self.entry(table, at).is_present() {
                continue;
            }
            if !is_own {
                table = self.own_table(address)?.unwrap_or(table);
                is_own = true;
            }
            let entry = self.entry(table, at);
            change(self, table, at, entry);
        }
        Ok(())
    }
}

/// Takes the pages of a chunk out of a tree, and counts them.
fn remove<M: Machine>(
    tree: &mut Tree<'_, M>,
    chunk: Chunk,
    removed: &mut u64,
) -> Result<(), CallError> {
    if chunk.is_whole_table()
        && let Some(pages) = tree.leave_table(chunk.address)
    {
        *removed += pages;
    } else {
        tree.for_present(chunk, |tree, table, at, old| {
            tree.set(table, at, Entry::EMPTY);
            tree.frames.unshare(old.frame());
            *removed += 1;
        })?;
    }
    tree.prune(chunk.address);
    Ok(())
}

/// A page of a program.
#[derive(Clone, Copy)]
struct FoundPage {
    frame: Frame,
    /// Others have it by a table that is shared.
    is_tabled: bool,
}

fn find_page<M: Machine>(machine: &M, root: Frame, address: u64) -> Option<FoundPage> {
    let mut page = FoundPage {
        frame: root,
        is_tabled: false,
    };
    for level in (0..=super::entry::TOP_LEVEL).rev() {
        let entry = Entry(machine.word(page.frame, index(address, level)));
        if !entry.is_present() {
            return None;
        }
        page = FoundPage {
            frame: entry.frame(),
            is_tabled: page.is_tabled || (level > 0 && !entry.is_writable()),
        };
    }
    Some(page)
}

fn populate<M: Machine>(
    tree: &mut Tree<'_, M>,
    chunk: Chunk,
    protection: Protection,
    there: &mut u64,
    added: &mut u64,
) -> Result<(), CallError> {
    let table = tree.make_table(chunk.address)?;
    for (at, address) in chunk.entries() {
        if !tree.entry(table, at).is_present() {
            let frame = tree
                .frames
                .allocate(Purpose::Program, State::Program { mappings: 1 });
            let Ok(frame) = frame else {
                tree.prune(address);
                return Err(CallError::NoMemory);
            };
            tree.machine.zero(frame);
            tree.set(table, at, Entry::page(frame, protection));
            *added += 1;
        }
        *there += 1;
    }
    Ok(())
}
