//! brk.

use super::Space;
use crate::action::Actions;
use crate::range::{Range, page_up};
use crate::region::{Backing, Region, Role};
use abi::Errno;
use abi::call::Protection;
use abi::layout::PAGE_SIZE;

/// What brk wants.
enum HeapChange {
    /// Nothing: tell where the heap ends.
    None,
    /// Its end moves down.
    Shrink(u64),
    /// Its end moves up.
    Grow(u64),
}

impl Space {
    /// Where the heap ends.
    #[must_use]
    pub fn heap_end(&self) -> u64 {
        self.heap_end
    }

    /// What moving the heap's end to `end` means.
    fn heap_change(&self, end: u64) -> HeapChange {
        if end < self.heap_start || end == self.heap_end {
            HeapChange::None
        } else if end < self.heap_end {
            HeapChange::Shrink(end)
        } else {
            HeapChange::Grow(end)
        }
    }

    /// Moves the end of the heap; answers where it is.
    ///
    /// # Errors
    /// `NOMEM` when it cannot be moved.
    pub fn set_heap_end(&mut self, end: u64, actions: &mut Actions) -> Result<u64, Errno> {
        let pages_end = page_up(self.heap_end).ok_or(Errno::NOMEM)?;
        match self.heap_change(end) {
            HeapChange::None => return Ok(self.heap_end),
            HeapChange::Shrink(end) => {
                let first = page_up(end).ok_or(Errno::NOMEM)?;
                if let Some(range) = Range::between(first, pages_end) {
                    self.unmap(range, actions)?;
                }
            }
            HeapChange::Grow(end) => self.extend_heap(pages_end, end)?,
        }
        self.heap_end = end;
        Ok(end)
    }

    fn extend_heap(&mut self, from: u64, end: u64) -> Result<(), Errno> {
        let to = page_up(end).ok_or(Errno::NOMEM)?;
        if to == from {
            return Ok(());
        }
        let range = Range::between(from, to).ok_or(Errno::NOMEM)?;
        // A page stays free behind the heap, as on Linux.
        let with_guard = Range::between(from, to + PAGE_SIZE).ok_or(Errno::NOMEM)?;
        if !self.is_clear(with_guard) {
            return Err(Errno::NOMEM);
        }
        let protection = Protection(Protection::READ.0 | Protection::WRITE.0);
        let region = Region::new(range, protection, Backing::Zero, Role::Heap);
        self.regions.insert(region).map_err(|_| Errno::NOMEM)
    }
}
