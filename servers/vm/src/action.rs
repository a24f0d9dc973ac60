//! What is to be done to the pages of a space after its table has changed: a list of kernel calls,
//! each harmless when made again.

use crate::range::Range;
use abi::layout::PAGE_SIZE;
use abi::limits::PAGES_PER_CALL;
use abi::{Call, CallError, Errno, SpaceId};
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use service::System;
use shape::Shape;

/// A change of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Action {
    /// Pages go.
    #[n(0)]
    Unmap {
        /// The first address.
        #[n(0)]
        start: u64,
        /// The address behind the last one.
        #[n(1)]
        end: u64,
    },
    /// Pages that are there change their rights.
    #[n(1)]
    Protect {
        /// The first address.
        #[n(0)]
        start: u64,
        /// The address behind the last one.
        #[n(1)]
        end: u64,
        /// Bits of `Protection`.
        #[n(2)]
        rights: u64,
    },
    /// Zeroed pages come where none are.
    #[n(2)]
    Map {
        /// The first address.
        #[n(0)]
        start: u64,
        /// The address behind the last one.
        #[n(1)]
        end: u64,
        /// Bits of `Protection`.
        #[n(2)]
        rights: u64,
    },
}

/// Changes of pages, in order.
pub type Actions = Vec<Action>;

impl Action {
    /// Pages go.
    #[must_use]
    pub fn unmap(range: Range) -> Action {
        let (start, end) = (range.start(), range.end());
        Action::Unmap { start, end }
    }

    /// Pages change their rights.
    #[must_use]
    pub fn protect(range: Range, rights: u64) -> Action {
        let (start, end) = (range.start(), range.end());
        Action::Protect { start, end, rights }
    }

    /// Zeroed pages come.
    #[must_use]
    pub fn map(range: Range, rights: u64) -> Action {
        let (start, end) = (range.start(), range.end());
        Action::Map { start, end, rights }
    }
}

/// Splits pages into parts that one kernel call may be made for: address and number of pages. A part ends at a
/// multiple of what a call may be made for, so that page tables are not divided.
pub fn parts(start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> {
    let mut pages = end.saturating_sub(start) / PAGE_SIZE;
    let mut at = start;
    core::iter::from_fn(move || {
        let here = pages.min(PAGES_PER_CALL - at / PAGE_SIZE % PAGES_PER_CALL);
        let part = (at, here);
        pages -= here;
        at += here * PAGE_SIZE;
        (here > 0).then_some(part)
    })
}

/// Makes the kernel calls of a list. What was done before an error stays done.
///
/// # Errors
/// `NOMEM`; `INVAL` when the kernel does not know such pages.
pub fn apply(system: &dyn System, space: SpaceId, actions: &[Action]) -> Result<(), Errno> {
    let space = u64::from(space.0);
    actions.iter().try_for_each(|action| match *action {
        Action::Unmap { start, end } => parts(start, end).try_for_each(|(address, pages)| {
            done(system.call(Call::Unmap, &[space, address, pages])).map(drop)
        }),
        Action::Protect { start, end, rights } => {
            parts(start, end).try_for_each(|(address, pages)| {
                done(system.call(Call::Protect, &[space, address, pages, rights])).map(drop)
            })
        }
        Action::Map { start, end, rights } => parts(start, end)
            .try_for_each(|(address, pages)| map_pages(system, space, address, pages, rights)),
    })
}

/// Maps zeroed pages where none are, at most `PAGES_PER_CALL`.
///
/// # Errors
/// `NOMEM` when not all are there; `INVAL` when the kernel does not know such pages.
pub fn map_pages(
    system: &dyn System,
    space: u64,
    address: u64,
    pages: u64,
    rights: u64,
) -> Result<(), Errno> {
    match done(system.call(Call::MapAnonymous, &[space, address, pages, rights]))? {
        Some(there) if there < pages => Err(Errno::NOMEM),
        _ => Ok(()),
    }
}

/// The result of a call about pages; none when its space is gone, and nothing has to be done to it.
///
/// # Errors
/// `NOMEM`, or `INVAL` for what the kernel does not know.
pub fn done(result: Result<u64, CallError>) -> Result<Option<u64>, Errno> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(CallError::NoSpace) => Ok(None),
        Err(CallError::NoMemory) => Err(Errno::NOMEM),
        Err(_) => Err(Errno::INVAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fit_a_call_and_cover_everything() {
        let start = 0x10_0000;
        let all: Vec<_> = parts(start, start + 2500 * PAGE_SIZE).collect();
        let calls = [(0, 768), (768, 1024), (1792, 708)];
        assert_eq!(all, calls.map(|(at, n)| (start + at * PAGE_SIZE, n)));
        assert_eq!(parts(start, start).count(), 0);
    }
}
