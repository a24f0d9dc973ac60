//! Growth of a stack.

use super::{GUARD, Space};
use crate::range::page_down;
use crate::region::{Marks, Role};
use abi::Errno;
use abi::call::Protection;
use abi::layout::{PAGE_SIZE, USER_BOTTOM};

/// A stack grows by so many bytes at once, where it may.
const STEP: u64 = 16 * PAGE_SIZE;

impl Space {
    /// Lowers the start of the region above `address` so that the address lies in it.
    ///
    /// # Errors
    /// `FAULT` when that region does not grow, or not so far.
    pub fn grow_stack(&mut self, address: u64) -> Result<(), Errno> {
        let region = *self.regions.above(address).ok_or(Errno::FAULT)?;
        if !region.marks.has(Marks::GROWS) {
            return Err(Errno::FAULT);
        }
        let limit = match region.role {
            Role::Stack => self.limits.stack,
            _ => u64::MAX,
        };
        let lowest = region
            .end()
            .saturating_sub(limit)
            .max(self.floor_of_stack(address));
        let page = page_down(address);
        if page < lowest {
            return Err(Errno::FAULT);
        }
        let start = (page & !(STEP - 1)).max(page_up_to(lowest)).min(page);
        self.regions
            .grow_down(region.start(), start)
            .map_err(|_| Errno::FAULT)
    }

    /// The lowest address a stack that holds `address` may start at: the guard stays free, unless
    /// what is below is itself a guard.
    fn floor_of_stack(&self, address: u64) -> u64 {
        match self.regions.below(address) {
            Some(below) if below.protection() == Protection(0) => below.end(),
            Some(below) => below.end().saturating_add(GUARD),
            None => USER_BOTTOM,
        }
    }
}

fn page_up_to(address: u64) -> u64 {
    crate::range::page_up(address).unwrap_or(address)
}
