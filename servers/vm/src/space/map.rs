//! Placing a new mapping.

use super::Space;
use crate::action::{Action, Actions};
use crate::range::{Range, page_down, page_up};
use crate::region::{Backing, Marks, Region, Role};
use abi::Errno;
use abi::call::Protection;
use abi::layout::USER_BOTTOM;

/// Where a mapping goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Anywhere, near the hint if it is not 0.
    Near(u64),
    /// There, in place of what is there (`MAP_FIXED`).
    At(u64),
    /// There, if nothing is there (`MAP_FIXED_NOREPLACE`).
    AtFree(u64),
}

/// A mapping that a program wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Where.
    pub placement: Placement,
    /// Bytes, rounded up to pages.
    pub length: u64,
    /// What it may be used for.
    pub protection: Protection,
    /// Where its content comes from.
    pub backing: Backing,
    /// Its properties.
    pub marks: Marks,
    /// Whether its pages are to be there at once.
    pub populate: bool,
}

impl Space {
    /// Adds a mapping; answers its address.
    ///
    /// # Errors
    /// As mmap(2).
    pub fn map(&mut self, wanted: &Mapping, actions: &mut Actions) -> Result<u64, Errno> {
        if wanted.length == 0 {
            return Err(Errno::INVAL);
        }
        let length = page_up(wanted.length).ok_or(Errno::NOMEM)?;
        let range = self.place(wanted.placement, length)?;
        if matches!(wanted.placement, Placement::At(_)) {
            self.unmap(range, actions)?;
        }
        // Pages that are shared are there from the start, so that every child finds the same ones.
        let shared = wanted.backing == Backing::Shared;
        let mut region = Region::new(range, wanted.protection, wanted.backing, Role::Mapping);
        if shared {
            region = region.marked(Marks::TOUCHED);
        }
        self.regions.insert(region.marked(wanted.marks))?;
        let usable = wanted.populate && wanted.protection != Protection(0);
        if shared || usable && wanted.backing == Backing::Zero {
            actions.push(Action::map(range, region.page_rights()));
        }
        Ok(range.start())
    }

    fn place(&self, placement: Placement, length: u64) -> Result<Range, Errno> {
        match placement {
            Placement::Near(hint) => {
                // A hint is no more than that: any address will do (mmap(2)).
                let hinted = Range::of(page_down(hint), length).ok();
                let hinted = hinted.filter(|range| hint != 0 && self.is_clear(*range));
                hinted.map_or_else(|| self.free_range(length), Ok)
            }
            Placement::At(address) | Placement::AtFree(address) => {
                let range = Range::of(address, length);
                if range.is_err() && address < USER_BOTTOM && address == page_down(address) {
                    // Linux: vm.mmap_min_addr.
                    return Err(Errno::PERM);
                }
                let range = range?;
                let taken =
                    matches!(placement, Placement::AtFree(_)) && !self.regions.is_free(range);
                if taken { Err(Errno::EXIST) } else { Ok(range) }
            }
        }
    }
}
