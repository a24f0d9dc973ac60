//! The allocator of the boot: it only hands out, and ends when the tables are made. After that an
//! allocation is a defect.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicU64, Ordering};

use kernel::paging::DIRECT;
use kernel::start::Range;

use super::direct;

/// Hands out physical memory `next..end` by its addresses in the direct map.
struct Heap {
    next: AtomicU64,
    end: AtomicU64,
}

#[global_allocator]
static HEAP: Heap = Heap {
    next: AtomicU64::new(0),
    end: AtomicU64::new(0),
};

/// Gives the allocator its memory.
pub(crate) fn open(range: Range) {
    HEAP.next.store(range.first, Ordering::Relaxed);
    HEAP.end.store(range.end, Ordering::Relaxed);
}

/// Ends all allocation; answers what is left.
pub(crate) fn close() -> Range {
    let first = HEAP.next.load(Ordering::Relaxed);
    let end = HEAP.end.swap(0, Ordering::Relaxed);
    Range { first, end }
}

/// A zeroed page for a table; its physical address.
pub(crate) fn page() -> u64 {
    let first = HEAP.next.load(Ordering::Relaxed).next_multiple_of(4096);
    assert!(
        first + 4096 <= HEAP.end.load(Ordering::Relaxed),
        "memory for page tables"
    );
    HEAP.next.store(first + 4096, Ordering::Relaxed);
    // SAFETY: the page is the heap's, mapped by the early tables, and nobody else has it.
    unsafe { direct::pointer(first).write_bytes(0, 4096) };
    first
}

// SAFETY: memory is handed out once and never taken back, aligned as asked, within the heap.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let first = self.next.load(Ordering::Relaxed) + DIRECT;
        let start = first.next_multiple_of(layout.align() as u64) - DIRECT;
        let end = start + layout.size() as u64;
        if end > self.end.load(Ordering::Relaxed) {
            return core::ptr::null_mut();
        }
        self.next.store(end, Ordering::Relaxed);
        direct::pointer(start)
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
