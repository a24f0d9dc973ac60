//! Kept pages: an area of an instance that its successor takes over in place, and whose pages can
//! be lent to programs.

use abi::CallError;
use abi::call::Protection;
use abi::layout::{PAGE_SIZE, SERVICE_KEPT, TOP_LEVEL_SPAN};
use abi::limits::PAGES_PER_CALL;

use super::Memory;
use super::copy::Place;
use super::entry::{Entry, TOP_LEVEL, UserPages, index};
use super::frames::{Purpose, State};
use super::instance::{InstanceHandle, READ_WRITE};
use super::space::SpaceHandle;
use crate::machine::{Frame, Machine};

impl Memory {
    /// Maps zeroed kept pages from the page index `first` on, where none are.
    ///
    /// # Errors
    /// `BadArgument` for the range; `NoMemory`, some pages may be there then.
    pub fn keep_map<M: Machine>(
        &mut self,
        machine: &mut M,
        handle: InstanceHandle,
        first: u64,
        pages: u64,
    ) -> Result<(), CallError> {
        let address = kept_address(first, pages)?;
        self.reclaim_some(machine);
        let root = self.instance(handle)?.root;
        for page in 0..pages {
            let at = address + page * PAGE_SIZE;
            if self.service_tree(machine, root).page(at).is_some() {
                continue;
            }
            self.instance_mut(handle)?.charge(1)?;
            let mapped = self.map_kept(machine, root, at);
            let instance = self.instance_mut(handle)?;
            match mapped {
                Ok(()) => instance.kept += 1,
                Err(error) => {
                    instance.pages -= 1;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Frees kept pages that are there. Those lent to programs live on with them.
    ///
    /// # Errors
    /// `BadArgument` for the range.
    pub fn keep_unmap<M: Machine>(
        &mut self,
        machine: &mut M,
        handle: InstanceHandle,
        first: u64,
        pages: u64,
    ) -> Result<(), CallError> {
        let address = kept_address(first, pages)?;
        let root = self.instance(handle)?.root;
        for page in 0..pages {
            let at = address + page * PAGE_SIZE;
            if self.service_tree(machine, root).page(at).is_none() {
                continue;
            }
            self.unmap_own(machine, root, at, 1);
            machine.flush_page(root, at);
            let instance = self.instance_mut(handle)?;
            instance.kept -= 1;
            instance.pages -= 1;
        }
        Ok(())
    }

    /// Moves all kept pages to an instance that has none: one top-level entry. The quota is not
    /// asked, for a commit cannot fail.
    ///
    /// # Errors
    /// `BadState` if the other one has kept pages.
    pub fn move_kept<M: Machine>(
        &mut self,
        machine: &mut M,
        from: InstanceHandle,
        to: InstanceHandle,
    ) -> Result<(), CallError> {
        let (source, target) = (*self.instance(from)?, *self.instance(to)?);
        if target.kept > 0 || from == to {
            return Err(CallError::BadState);
        }
        self.move_area(machine, SERVICE_KEPT, source.root, target.root, |entry| {
            entry
        });
        let kept = source.kept;
        let giver = self.instance_mut(from)?;
        giver.kept = 0;
        giver.pages -= kept;
        let taker = self.instance_mut(to)?;
        taker.kept = kept;
        taker.pages += kept;
        Ok(())
    }

    /// Lends pages of an instance's kept memory, or of the boot archive, to a space: mapped from
    /// the range's first page on where none are, never writable (a store copies the page).
    ///
    /// # Errors
    /// `BadAddress` if one of the pages cannot be lent; `NoMemory`, some pages may be mapped then.
    pub fn reply_pages<M: Machine>(
        &mut self,
        machine: &mut M,
        from: Place,
        space: SpaceHandle,
        range: UserPages,
        protection: Protection,
    ) -> Result<(), CallError> {
        if !from.address.is_multiple_of(PAGE_SIZE) {
            return Err(CallError::BadArgument);
        }
        self.reclaim_some(machine);
        for page in 0..range.pages() {
            let address = from.address.saturating_add(page * PAGE_SIZE);
            let frame = self.lendable(
                machine,
                Place {
                    root: from.root,
                    address,
                },
            )?;
            let at = range.address() + page * PAGE_SIZE;
            self.map_frame(machine, space, at, frame, protection)?;
        }
        Ok(())
    }

    fn lendable<M: Machine>(&self, machine: &M, place: Place) -> Result<Frame, CallError> {
        let frame = self
            .frame_at(machine, place)
            .map_err(|_| CallError::BadAddress)?;
        match self.frames.state(frame) {
            State::Kept { .. } | State::Archive => Ok(frame),
            _ => Err(CallError::BadAddress),
        }
    }

    fn map_kept<M: Machine>(
        &mut self,
        machine: &mut M,
        root: Frame,
        address: u64,
    ) -> Result<(), CallError> {
        let frame = self
            .frames
            .allocate(Purpose::Service, State::Kept { mappings: 0 })?;
        machine.zero(frame);
        let entry = Entry::page(frame, READ_WRITE);
        let mapped = self.service_tree(machine, root).map(address, entry);
        if mapped.is_err() {
            self.frames.free(frame);
        }
        mapped
    }

    /// Moves an area from one tree to another by its top-level entry.
    pub(super) fn move_area<M: Machine>(
        &mut self,
        machine: &mut M,
        area: u64,
        from: Frame,
        to: Frame,
        change: fn(Entry) -> Entry,
    ) {
        let at = index(area, TOP_LEVEL);
        let mut tree = self.service_tree(machine, from);
        let entry = tree.entry(from, at);
        tree.set(from, at, Entry::EMPTY);
        tree.set(
            to,
            at,
            if entry.is_present() {
                change(entry)
            } else {
                entry
            },
        );
        machine.flush_all(from);
        machine.flush_all(to);
    }
}

/// The address of kept pages that lie within the area and are not too many for one call.
fn kept_address(first: u64, pages: u64) -> Result<u64, CallError> {
    let limit = TOP_LEVEL_SPAN / PAGE_SIZE;
    if pages > PAGES_PER_CALL || first >= limit || limit - first < pages {
        return Err(CallError::BadArgument);
    }
    Ok(SERVICE_KEPT + first * PAGE_SIZE)
}
