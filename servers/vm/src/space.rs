//! A program's address space: its regions, its heap, its limits. Plain data, shared by both
//! versions of the State; every change is a method that returns an error or what is to be done to
//! the pages.

mod advise;
mod grow;
mod heap;
mod lock;
mod map;
mod plan;
mod protect;
mod remap;
mod unmap;

pub use advise::Advice;
pub use map::{Mapping, Placement};
pub use plan::{Layout, guarded_start};
pub use remap::{Move, Remap, Remapped};

use crate::range::Range;
use crate::region::{Backing, Marks, Region, Role};
use crate::regions::Regions;
use abi::Errno;
use abi::call::Protection;
use abi::layout::{PAGE_SIZE, USER_BOTTOM, USER_TOP};
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use shape::Shape;

/// Bytes that stay free below a region that grows (Linux: `stack_guard_gap`, 256 pages).
pub const GUARD: u64 = 256 * PAGE_SIZE;
/// Bytes that a space may have in regions with rights: what a fork or an end of the space may have
/// to go through, 4 MiB at a time.
pub const TOUCHED_BYTES: u64 = 64 << 30;

/// Limits of a process, in bytes; all ones is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Limits {
    /// `RLIMIT_AS`.
    #[n(0)]
    pub total: u64,
    /// `RLIMIT_DATA`.
    #[n(1)]
    pub data: u64,
    /// `RLIMIT_STACK`.
    #[n(2)]
    pub stack: u64,
}

/// Sizes of a space, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// All regions.
    pub total: u64,
    /// Executable regions.
    pub text: u64,
    /// Writable regions of its own, without the stack.
    pub data: u64,
    /// The stack.
    pub stack: u64,
    /// Regions that may have pages.
    pub touched: u64,
    /// Pages it has been promised, in bytes.
    pub promised: u64,
}

/// A program's address space.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Space {
    /// The regions.
    #[n(0)]
    pub regions: Regions,
    /// Where the heap starts.
    #[n(1)]
    heap_start: u64,
    /// Where it ends, to the byte (brk).
    #[n(2)]
    heap_end: u64,
    /// Mappings are placed below this address.
    #[n(3)]
    ceiling: u64,
    /// The limits.
    #[n(4)]
    pub limits: Limits,
}

impl Space {
    /// The sizes of what is mapped.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        let mut sizes = Sizes::default();
        for region in self.regions.iter() {
            let bytes = region.pages() * PAGE_SIZE;
            let own = !matches!(region.backing, Backing::Shared | Backing::Kernel);
            sizes.total += bytes;
            if region.role == Role::Stack {
                sizes.stack += bytes;
            } else if own && region.protection().allows(Protection::WRITE) {
                sizes.data += bytes;
            } else if region.protection().allows(Protection::EXECUTE) {
                sizes.text += bytes;
            }
            if region.marks.has(Marks::TOUCHED) {
                sizes.touched += bytes;
            }
            if region.is_promised() {
                sizes.promised += bytes;
            }
        }
        sizes
    }

    /// Whether a change from `before` to this space keeps within the limits of the process.
    ///
    /// # Errors
    /// `NOMEM`.
    pub fn check_growth(&self, before: &Sizes) -> Result<(), Errno> {
        let now = self.sizes();
        let exceeds = |now: u64, before: u64, limit: u64| now > before && now > limit;
        let too_large = exceeds(now.total, before.total, self.limits.total)
            || exceeds(now.data, before.data, self.limits.data)
            || exceeds(now.touched, before.touched, TOUCHED_BYTES);
        if too_large { Err(Errno::NOMEM) } else { Ok(()) }
    }

    /// A free range for a mapping: the highest one below the ceiling, else the lowest above it.
    fn free_range(&self, length: u64) -> Result<Range, Errno> {
        let below = self
            .regions
            .gap_below(length, USER_BOTTOM, self.ceiling, GUARD);
        below
            .or_else(|| {
                self.regions
                    .gap_above(length, self.ceiling, USER_TOP, GUARD)
            })
            .ok_or(Errno::NOMEM)
    }

    /// Whether a range is free, also of the guard of a region above it that grows.
    fn is_clear(&self, range: Range) -> bool {
        let reach = range.end().saturating_add(GUARD).min(USER_TOP);
        let mut near = Range::between(range.end(), reach).into_iter();
        self.regions.is_free(range)
            && !near.any(|near| {
                let mut above = self.regions.within(near);
                above.any(|region| region.marks.has(Marks::GROWS))
            })
    }

    /// The parts of regions in a range that they cover.
    fn covering(&self, range: Range) -> Result<Vec<Region>, Errno> {
        if self.regions.cover(range) {
            Ok(self.regions.within(range).collect())
        } else {
            Err(Errno::NOMEM)
        }
    }

    /// What a child gets.
    #[must_use]
    pub fn for_child(&self) -> Space {
        let inherited = self.regions.iter().copied();
        let inherited = inherited.filter(|region| !region.marks.has(Marks::NOT_INHERITED));
        // Locks are not inherited (mlock(2)).
        let unlocked = inherited.map(|mut region| {
            region.marks = region.marks.without(Marks::LOCKED);
            region
        });
        Space {
            regions: unlocked.collect(),
            ..self.clone()
        }
    }

    /// Drops what makes no sense after an import; returns how much.
    pub fn check(&mut self) -> usize {
        self.regions.check()
    }
}

#[cfg(test)]
mod tests;
