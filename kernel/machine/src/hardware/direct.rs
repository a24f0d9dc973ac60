//! All physical memory as the kernel sees it: the direct map.
#![expect(unsafe_code, reason = "physical memory is reached by address")]

use abi::word::index;
use kernel::paging::DIRECT;
use kernel::start::{Physical, Range};
use kernel_core::machine::Frame;

/// Bytes of a frame.
const PAGE: usize = 4096;

/// The address of a physical address in the direct map.
pub(crate) fn pointer(physical: u64) -> *mut u8 {
    core::ptr::with_exposed_provenance_mut(index(DIRECT + physical))
}

/// A word of a frame.
pub(crate) fn word(frame: Frame, index: usize) -> *mut u64 {
    frame_pointer(frame, 8 * (index % 512)).cast()
}

/// A place in a frame; `offset` is below the frame's size.
pub(crate) fn frame_pointer(frame: Frame, offset: usize) -> *mut u8 {
    pointer(u64::from(frame.0) * PAGE as u64 + offset as u64)
}

/// Bytes of a frame, to read. What programs write there meanwhile cannot be: there is one
/// processor, and it is in the kernel.
pub(crate) fn bytes<'a>(frame: Frame, offset: usize, length: usize) -> &'a [u8] {
    assert!(offset + length <= PAGE, "a range within a frame");
    // SAFETY: the frame exists (the kernel's table has it) and is mapped; the range is within it;
    // the callers keep the slice only while they copy from it.
    unsafe { core::slice::from_raw_parts(frame_pointer(frame, offset), length) }
}

/// Bytes of a frame, to write.
pub(crate) fn bytes_mut<'a>(frame: Frame, offset: usize, length: usize) -> &'a mut [u8] {
    assert!(offset + length <= PAGE, "a range within a frame");
    // SAFETY: as for `bytes`; frames that the kernel writes through here hold no Rust objects of
    // its own.
    unsafe { core::slice::from_raw_parts_mut(frame_pointer(frame, offset), length) }
}

/// The boot archive, which nobody ever writes.
pub(crate) fn archive(range: Range) -> &'static [u8] {
    let length = usize::try_from(range.bytes()).unwrap_or(0);
    // SAFETY: the loader put the archive there; its frames are reserved for ever and mapped read
    // only wherever else.
    unsafe { core::slice::from_raw_parts(pointer(range.first), length) }
}

/// Physical memory before the kernel has tables.
pub(crate) struct Early;

impl Physical for Early {
    fn word(&self, address: u64) -> u64 {
        // SAFETY: the early tables map the first 4 GiB, where the loader's structures lie.
        unsafe { pointer(address).cast::<u64>().read_unaligned() }
    }
}
