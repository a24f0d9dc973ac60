//! Freed memory that is kept for the next piece of its size: most of what a request takes is given back
//! when it ends, and taken again for the next one.
#![expect(unsafe_code, reason = "an allocator in front of another one")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;

/// Sizes of small pieces are multiples of this, in bytes.
const STEP: usize = 32;
/// The largest small piece.
const SMALL: usize = 2048;
/// Sizes of larger ones, most of them handlers, are multiples of this.
const LARGE_STEP: usize = 1024;
/// The largest piece that is kept.
const LARGE: usize = 16 * 1024;
/// Shelves of small pieces, and of all.
const SMALL_SHELVES: usize = SMALL / STEP;
const SHELVES: usize = SMALL_SHELVES + (LARGE - SMALL) / LARGE_STEP;
/// Shelves of the smallest pieces, of which a request has several of one size, and gives them back at once.
const SMALLEST_SHELVES: usize = 512 / STEP;
/// What pieces are aligned to.
const ALIGNMENT: usize = 16;

/// A freed piece: it is larger than that.
struct Piece {
    next: *mut Piece,
}

/// The freed pieces of one size.
#[derive(Clone, Copy)]
struct Shelf {
    first: *mut Piece,
    count: u32,
}

/// An allocator that keeps freed pieces before it gives them back to the one under it. For one thread.
pub struct Shelves<A> {
    under: A,
    shelves: UnsafeCell<[Shelf; SHELVES]>,
}

// SAFETY: a service is one thread without signal handlers, and the thread that exports its State runs in
// a read-only view and never allocates.
unsafe impl<A: Sync> Sync for Shelves<A> {}

impl<A> Shelves<A> {
    /// Empty shelves.
    pub(crate) const fn before(under: A) -> Self {
        let empty = Shelf {
            first: ptr::null_mut(),
            count: 0,
        };
        Shelves {
            under,
            shelves: UnsafeCell::new([empty; SHELVES]),
        }
    }
}

/// Which shelf a piece lies on, if it is kept at all.
const fn place(layout: Layout) -> Option<usize> {
    match layout.size() {
        _ if layout.align() > ALIGNMENT => None,
        0 => None,
        size @ ..=SMALL => Some((size - 1) / STEP),
        size @ ..=LARGE => Some(SMALL_SHELVES + (size - SMALL - 1) / LARGE_STEP),
        _ => None,
    }
}

/// Pieces of one size that are kept.
const fn kept(at: usize) -> u32 {
    if at < SMALLEST_SHELVES { 8 } else { 3 }
}

/// What is asked of the allocator under the shelves.
fn whole(at: usize) -> Layout {
    let size = match at.checked_sub(SMALL_SHELVES) {
        None => (at + 1) * STEP,
        Some(large) => SMALL + (large + 1) * LARGE_STEP,
    };
    // SAFETY: the alignment is a power of two, and the size, at most `LARGE`, a multiple of it.
    unsafe { Layout::from_size_align_unchecked(size, ALIGNMENT) }
}

// SAFETY: a piece on a shelf has come from the allocator under it with the shelf's layout, which holds
// every layout of that shelf; it is on the shelf once, and taken from there when it is handed out.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Shelves<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(at) = place(layout) else {
            // SAFETY: as the caller promises.
            return unsafe { self.under.alloc(layout) };
        };
        // SAFETY: one thread, and nothing below comes back here.
        let shelf = unsafe { &mut (*self.shelves.get())[at] };
        if shelf.first.is_null() {
            // SAFETY: the layout has a size.
            return unsafe { self.under.alloc(whole(at)) };
        }
        let piece = shelf.first;
        // SAFETY: a piece on a shelf is nobody else's, and was written when it came there.
        shelf.first = unsafe { (*piece).next };
        shelf.count -= 1;
        piece.cast()
    }

    unsafe fn dealloc(&self, freed: *mut u8, layout: Layout) {
        let Some(at) = place(layout) else {
            // SAFETY: as the caller promises.
            return unsafe { self.under.dealloc(freed, layout) };
        };
        // SAFETY: as for `alloc`.
        let shelf = unsafe { &mut (*self.shelves.get())[at] };
        if shelf.count == kept(at) {
            // SAFETY: it has come from there with this layout.
            return unsafe { self.under.dealloc(freed, whole(at)) };
        }
        let piece: *mut Piece = freed.cast();
        // SAFETY: it is free, large enough, and aligned.
        unsafe { piece.write(Piece { next: shelf.first }) };
        shelf.first = piece;
        shelf.count += 1;
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size is none that overflows.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (place(layout), place(wanted)) {
            // SAFETY: as the caller promises.
            (None, None) => return unsafe { self.under.realloc(old, layout, size) },
            (Some(before), Some(after)) if before == after => return old,
            _ => {}
        }
        // SAFETY: the new piece is another one, both are as long as what is copied, and the old one goes.
        unsafe {
            let new = self.alloc(wanted);
            if !new.is_null() {
                ptr::copy_nonoverlapping(old, new, layout.size().min(size));
                self.dealloc(old, layout);
            }
            new
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::System;
    use std::vec::Vec;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    #[test]
    fn sizes_share_shelves() {
        assert_eq!(place(layout(1)), Some(0));
        assert_eq!(place(layout(32)), Some(0));
        assert_eq!(place(layout(33)), Some(1));
        assert_eq!(place(layout(2048)), Some(63));
        assert_eq!(place(layout(2049)), Some(64));
        assert_eq!(place(layout(16 * 1024)), Some(SHELVES - 1));
        assert_eq!(place(layout(16 * 1024 + 1)), None);
        assert_eq!(place(layout(0)), None);
        assert_eq!(place(Layout::from_size_align(64, 32).unwrap()), None);
    }

    #[test]
    fn a_shelf_has_room_for_all_its_sizes() {
        let mut before = 0;
        for size in 1..=LARGE {
            let at = place(layout(size)).unwrap();
            assert!(
                whole(at).size() >= size && (at == before || at == before + 1),
                "{size}"
            );
            assert!(at == 0 || whole(at - 1).size() < size, "{size}");
            before = at;
        }
    }

    #[test]
    fn a_freed_piece_is_the_next_of_its_size() {
        let heap = Shelves::before(System);
        // SAFETY: each piece is freed once, with its layout.
        unsafe {
            let pieces: Vec<*mut u8> = (0..10).map(|_| heap.alloc(layout(100))).collect();
            for piece in &pieces {
                heap.dealloc(*piece, layout(100));
            }
            // As many as are kept, the last one first; those after went to the allocator under it.
            assert_eq!(heap.alloc(layout(128)), pieces[7]);
            assert_eq!(heap.alloc(layout(97)), pieces[6]);
            assert_ne!(heap.alloc(layout(60)), pieces[5]);
            assert_eq!(heap.alloc(layout(100)), pieces[5]);
        }
    }

    #[test]
    fn of_small_pieces_more_are_kept() {
        assert_eq!(kept(place(layout(512)).unwrap()), 8);
        assert_eq!(kept(place(layout(513)).unwrap()), 3);
    }

    #[test]
    fn content_stays_when_the_size_changes() {
        let heap = Shelves::before(System);
        // SAFETY: within the pieces, each with its layout.
        unsafe {
            let mut piece = heap.alloc(layout(40));
            piece.write_bytes(7, 40);
            let mut before = 40;
            for size in [60, 64, 65, 3000, 20000, 5000, 50, 10] {
                piece = heap.realloc(piece, layout(before), size);
                let bytes = core::slice::from_raw_parts(piece, before.min(size).min(40));
                assert!(bytes.iter().all(|byte| *byte == 7), "{before} to {size}");
                piece.write_bytes(7, size.min(40));
                before = size;
            }
            heap.dealloc(piece, layout(before));
        }
    }
}
