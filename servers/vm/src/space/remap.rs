//! mremap.

use super::Space;
use crate::action::{Action, Actions};
use crate::range::{Range, page_up};
use crate::region::{Backing, Marks, Region};
use abi::Errno;
use abi::call::Protection;
use minicbor::{Decode, Encode};
use shape::Shape;

/// A change of a mapping's size or place that a program wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remap {
    /// Where it is.
    pub address: u64,
    /// Its bytes.
    pub old_length: u64,
    /// The bytes it is to have.
    pub new_length: u64,
    /// Whether it may be moved (`MREMAP_MAYMOVE`).
    pub may_move: bool,
    /// Where it must be moved to (`MREMAP_FIXED`).
    pub fixed: Option<u64>,
    /// Whether an empty mapping stays behind (`MREMAP_DONTUNMAP`).
    pub stays: bool,
}

/// How a mapping is moved: the new one is there; its pages have to be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Move {
    /// The first address of what is moved.
    #[n(0)]
    pub from: u64,
    /// Where it goes.
    #[n(1)]
    pub to: u64,
    /// Bytes to copy, whole pages.
    #[n(2)]
    pub length: u64,
    /// The bytes of the new mapping.
    #[n(3)]
    pub new_length: u64,
    /// What its pages are mapped with, in the end.
    #[n(4)]
    pub rights: u64,
    /// Whether there may be pages to copy.
    #[n(5)]
    pub copies: bool,
    /// Whether an empty mapping stays behind.
    #[n(6)]
    pub stays: bool,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Remapped {
    /// It is where it was.
    #[n(0)]
    InPlace,
    /// It has to be moved.
    #[n(1)]
    Moves(#[n(0)] Move),
}

impl Space {
    /// Changes a mapping in place, or makes room for it elsewhere.
    ///
    /// # Errors
    /// As mremap(2).
    pub fn remap(&mut self, wanted: &Remap, actions: &mut Actions) -> Result<Remapped, Errno> {
        let old = Range::of(wanted.address, wanted.old_length).map_err(|_| Errno::INVAL)?;
        let new_length = page_up(wanted.new_length).filter(|length| *length > 0);
        let new_length = new_length.ok_or(Errno::INVAL)?;
        if wanted.stays && new_length != old.length() {
            return Err(Errno::INVAL);
        }
        let region = self.whole(old)?;
        if wanted.stays || wanted.fixed.is_some() {
            return self.make_room(&region, old, new_length, wanted, actions);
        }
        if new_length <= old.length() {
            if let Some(rest) = Range::between(old.start() + new_length, old.end()) {
                self.unmap(rest, actions)?;
            }
            return Ok(Remapped::InPlace);
        }
        if self.extend(&region, old, new_length) {
            return Ok(Remapped::InPlace);
        }
        if !wanted.may_move {
            return Err(Errno::NOMEM);
        }
        self.make_room(&region, old, new_length, wanted, actions)
    }

    /// The region that holds all of a range.
    fn whole(&self, range: Range) -> Result<Region, Errno> {
        let region = self.regions.find(range.start()).ok_or(Errno::FAULT)?;
        match region.part(range) {
            Some(part) if part.range() == Some(range) => Ok(part),
            _ => Err(Errno::FAULT),
        }
    }

    fn extend(&mut self, region: &Region, old: Range, new_length: u64) -> bool {
        let end = old.start().checked_add(new_length);
        let added = end.and_then(|end| Range::between(old.end(), end));
        let Some(added) = added.filter(|added| self.is_clear(*added)) else {
            return false;
        };
        if matches!(region.backing, Backing::Shared | Backing::Kernel) {
            return false;
        }
        let mut more = region.moved(added);
        if let Backing::File(part) = &mut more.backing {
            part.offset = part.offset.saturating_add(old.length());
        }
        self.regions.insert(more).is_ok()
    }

    fn make_room(
        &mut self,
        region: &Region,
        old: Range,
        new_length: u64,
        wanted: &Remap,
        actions: &mut Actions,
    ) -> Result<Remapped, Errno> {
        // The kernel has no way to give pages that stay shared another address.
        if matches!(region.backing, Backing::Shared | Backing::Kernel) {
            return Err(Errno::NOMEM);
        }
        let target = match wanted.fixed {
            Some(address) => Range::of(address, new_length).map_err(|_| Errno::INVAL)?,
            None => self.free_range(new_length)?,
        };
        if target.common(old).is_some() {
            return Err(Errno::INVAL);
        }
        self.unmap(target, actions)?;
        self.regions.insert(region.moved(target))?;
        let shared_file = matches!(region.backing, Backing::File(part) if part.shared);
        let copies = region.marks.has(Marks::TOUCHED) && !shared_file;
        if copies && region.protection() == Protection(0) {
            // What nobody may read has to be read once more.
            self.protect(old, Protection::READ, actions)?;
        }
        Ok(Remapped::Moves(Move {
            from: old.start(),
            to: target.start(),
            length: old.length().min(new_length),
            new_length,
            rights: region.page_rights(),
            copies,
            stays: wanted.stays,
        }))
    }

    /// The pages have been copied: what was moved goes.
    ///
    /// # Errors
    /// `NOMEM` when what is left would be too many regions.
    pub fn finish_move(
        &mut self,
        moved: &Move,
        old_length: u64,
        actions: &mut Actions,
    ) -> Result<(), Errno> {
        if let Ok(new) = Range::of(moved.to, moved.length) {
            actions.push(Action::protect(new, moved.rights));
        }
        let old = Range::of(moved.from, old_length)?;
        if moved.stays {
            actions.push(Action::unmap(old));
            return self.restore(old, moved);
        }
        self.unmap(old, actions)
    }

    /// The pages could not be copied: the new mapping goes again.
    ///
    /// # Errors
    /// `NOMEM` when what is left would be too many regions.
    pub fn undo_move(
        &mut self,
        moved: &Move,
        old_length: u64,
        actions: &mut Actions,
    ) -> Result<(), Errno> {
        let old = Range::of(moved.from, old_length)?;
        actions.push(Action::protect(old, moved.rights));
        self.restore(old, moved)?;
        self.unmap(Range::of(moved.to, moved.new_length)?, actions)
    }

    /// Gives what stays behind its rights again.
    fn restore(&mut self, old: Range, moved: &Move) -> Result<(), Errno> {
        self.regions.change(old, |region| {
            region.set_protection(Protection(moved.rights))
        })
    }
}

impl Move {
    /// What is to be done before the copy: pages at the new place.
    #[must_use]
    pub fn preparation(&self) -> Actions {
        let read_write = Protection::READ.0 | Protection::WRITE.0;
        let new = Range::of(self.to, self.length).ok();
        let new = new.filter(|_| self.copies);
        new.map(|new| Action::map(new, read_write))
            .into_iter()
            .collect()
    }
}
