//! What is to be done about a page fault: a function of the region table and nothing else.

use crate::range::{Range, page_down};
use crate::region::{Backing, FilePart, Marks, Region};
use crate::space::Space;
use abi::Errno;
use abi::call::Protection;
use abi::layout::PAGE_SIZE;
use abi::limits::COPY_BYTES;
use minicbor::{Decode, Encode};
use shape::Shape;

/// Bytes of zeroed pages that come with the one a program touched, at most, itself included: those in
/// the same multiple of so many.
const ZEROES: u64 = 16 * PAGE_SIZE;
/// The same of a file's pages. They are there already, and mapping one takes far less than a fault.
const FILE: u64 = 64 * PAGE_SIZE;

/// What a program does with its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// It reads.
    Read,
    /// It writes.
    Write,
    /// It fetches an instruction.
    Execute,
}

/// A page fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The address.
    pub address: u64,
    /// Bytes from there on that are wanted: 1 of a program's instruction.
    pub length: u64,
    /// What for.
    pub touch: Touch,
    /// Whether there is a page, which does not allow it.
    pub present: bool,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Decision {
    /// Zeroed pages come where none are.
    #[n(0)]
    Zero(#[n(0)] Pages),
    /// The pages that are there become the program's own.
    #[n(1)]
    Own(#[n(0)] Pages),
    /// The page is there; its rights are told to the kernel once more.
    #[n(2)]
    Protect(#[n(0)] Pages),
    /// The file's server answers with its pages.
    #[n(3)]
    File(#[n(0)] Pages, #[n(1)] FilePart),
    /// A page that the file fills only in part: so many bytes of it.
    #[n(4)]
    Partial(#[n(0)] Pages, #[n(1)] FilePart, #[n(2)] u64),
    /// A stack has to grow first.
    #[n(5)]
    Grow,
    /// The program may not do that.
    #[n(6)]
    Refuse(#[n(0)] Errno),
}

/// Pages, and what they are mapped with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Pages {
    /// The first address.
    #[n(0)]
    pub start: u64,
    /// How many.
    #[n(1)]
    pub count: u64,
    /// Bits of `Protection`.
    #[n(2)]
    pub rights: u64,
}

/// Decides about a fault.
#[must_use]
pub fn decide(space: &Space, fault: &Fault) -> Decision {
    let Some(region) = space.regions.find(fault.address) else {
        let above = space.regions.above(fault.address);
        return match above {
            Some(region) if region.marks.has(Marks::GROWS) => Decision::Grow,
            _ => Decision::Refuse(Errno::FAULT),
        };
    };
    if !allows(region.protection(), fault.touch) {
        return Decision::Refuse(Errno::ACCES);
    }
    if fault.present {
        return decide_present(region, fault);
    }
    match region.backing {
        Backing::Zero | Backing::Shared => Decision::Zero(zero_pages(region, fault)),
        Backing::File(part) => file_pages(region, part, fault),
        Backing::Kernel => Decision::Refuse(Errno::FAULT),
    }
}

/// A page that may be written or executed may be read: the processor knows no other.
fn allows(protection: Protection, touch: Touch) -> bool {
    match touch {
        Touch::Read => protection != Protection(0),
        Touch::Write => protection.allows(Protection::WRITE),
        Touch::Execute => protection.allows(Protection::EXECUTE),
    }
}

fn decide_present(region: &Region, fault: &Fault) -> Decision {
    let pages = Pages {
        start: page_down(fault.address),
        count: wanted_pages(region, fault),
        rights: region.page_rights(),
    };
    match fault.touch {
        Touch::Write => Decision::Own(pages),
        Touch::Read | Touch::Execute => Decision::Protect(pages),
    }
}

/// How many pages from the fault's on are wanted, up to the end of the region.
fn wanted_pages(region: &Region, fault: &Fault) -> u64 {
    let page = page_down(fault.address);
    let length = fault.length.clamp(1, COPY_BYTES);
    let end = fault.address.saturating_add(length).min(region.end());
    end.saturating_sub(page).div_ceil(PAGE_SIZE).max(1)
}

/// From the last multiple of so many pages on.
fn window_start(region: &Region, page: u64, window: u64) -> u64 {
    (page & !(window - 1)).max(region.start())
}

/// The pages of the fault and those behind it that are likely to be touched next: up to the next
/// multiple of so many pages.
fn pages_ahead(region: &Region, fault: &Fault, window: u64) -> u64 {
    let page = page_down(fault.address);
    let end = (page & !(window - 1))
        .saturating_add(window)
        .min(region.end());
    let ahead = end.saturating_sub(page) / PAGE_SIZE;
    ahead.max(wanted_pages(region, fault))
}

fn zero_pages(region: &Region, fault: &Fault) -> Pages {
    let page = page_down(fault.address);
    let mut start = page;
    let mut count = pages_ahead(region, fault, ZEROES);
    if region.marks.has(Marks::GROWS) {
        // What grows down is touched downwards.
        start = window_start(region, page, ZEROES);
        count = (page - start) / PAGE_SIZE + wanted_pages(region, fault);
    }
    Pages {
        start,
        count,
        rights: region.page_rights(),
    }
}

/// Code is touched forwards and backwards: what lies before the page in its window comes with it.
fn file_pages(region: &Region, part: FilePart, fault: &Fault) -> Decision {
    let page = page_down(fault.address);
    let from = |start: u64| {
        let offset = part.offset.saturating_add(start - region.start());
        let here = FilePart { offset, ..part };
        (here, part.limit.saturating_sub(offset))
    };
    let pages = |start, count| Pages {
        start,
        count,
        rights: region.page_rights(),
    };
    let (here, bytes) = from(page);
    if bytes == 0 {
        return Decision::Zero(pages(page, 1));
    }
    if bytes < PAGE_SIZE {
        return Decision::Partial(pages(page, 1), here, bytes);
    }
    let start = window_start(region, page, FILE);
    let (here, bytes) = from(start);
    let count = (page - start) / PAGE_SIZE + pages_ahead(region, fault, FILE);
    Decision::File(pages(start, count.min(bytes / PAGE_SIZE)), here)
}

impl Pages {
    /// The same as a range.
    #[must_use]
    pub fn range(&self) -> Option<Range> {
        let length = self.count.checked_mul(PAGE_SIZE)?;
        Range::between(self.start, self.start.checked_add(length)?)
    }
}

#[cfg(test)]
mod tests;
