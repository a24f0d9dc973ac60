//! The heap: talc over memory that the kernel's `Grow` extends.
#![expect(unsafe_code, reason = "an allocator's source of memory")]

use super::kernel_call::call;
use crate::shelves::Shelves;
use abi::Call;
use abi::layout::PAGE_SIZE;
use abi::limits::PAGES_PER_CALL;
use abi::word::index;
use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};
use talc::TalcCell;
use talc::base::Talc;
use talc::base::binning::{Binning, DefaultBinning};
use talc::cell::TalcSyncCell;
use talc::source::Source;

/// Bytes asked of the kernel at a time: a quarter of what there is, but so much at least. Each page
/// is zeroed, which a small service's update waits for.
const STEP: usize = 16 * 1024;
/// The most that is asked for beyond what is wanted at once.
const LARGEST_STEP: usize = 64 * 1024;

/// Bytes asked of the kernel in one call, at most.
const PIECE: u64 = PAGES_PER_CALL * PAGE_SIZE;

/// Whether the last memory that was asked for was refused.
static EXHAUSTED: AtomicBool = AtomicBool::new(false);

/// Whether a panic is one for want of memory.
pub(super) fn is_exhausted() -> bool {
    EXHAUSTED.load(Ordering::Relaxed)
}

/// Memory from the kernel.
#[derive(Debug)]
pub struct FromKernel {
    size: usize,
    end: Option<NonNull<u8>>,
}

/// The allocator of a service.
pub type Heap = Shelves<TalcSyncCell<FromKernel, DefaultBinning>>;

/// An empty heap.
#[must_use]
pub const fn empty() -> Heap {
    // SAFETY: a service is one thread without signal handlers; the thread that exports runs in a
    // read-only view and never allocates.
    let talc = unsafe { TalcSyncCell::new(TalcCell::new(FromKernel { size: 0, end: None })) };
    Shelves::before(talc)
}

/// Makes the heap as long as that, in pieces that the kernel maps in one call; where it starts. What
/// was mapped before a piece failed is there when it is asked for again.
fn grow(mut length: usize, wanted: usize) -> Result<u64, ()> {
    loop {
        length = wanted.min(length.saturating_add(index(PIECE)));
        let start = call(Call::Grow, [length as u64, 0, 0, 0, 0, 0]).map_err(|_| ())?;
        if length == wanted {
            return Ok(start);
        }
    }
}

// SAFETY: `acquire` hands over only memory that the kernel has just mapped for it, and allocates
// nothing itself.
unsafe impl Source for FromKernel {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let wanted = layout
            .size()
            .saturating_add(layout.align())
            .saturating_add(256);
        let step = (talc.source.size / 4).clamp(STEP, LARGEST_STEP);
        let size = talc
            .source
            .size
            .saturating_add(wanted.max(step))
            .next_multiple_of(4096);
        let grown = grow(talc.source.size, size);
        EXHAUSTED.store(grown.is_err(), Ordering::Relaxed);
        let start = grown?;
        let start: *mut u8 = core::ptr::with_exposed_provenance_mut(index(start));
        let new_end = start.wrapping_add(size);
        talc.source.end = match talc.source.end {
            // SAFETY: the heap's memory up to `new_end` is mapped and used by nobody else.
            Some(end) => Some(unsafe { talc.extend(end, new_end) }),
            // SAFETY: as above.
            None => unsafe { talc.claim(start, size) },
        };
        talc.source.size = size;
        talc.source.end.map(|_| ()).ok_or(())
    }
}
