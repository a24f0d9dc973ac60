//! The kernel's own page tables: text is executed, constants are read, data is neither executed nor
//! reached by two rights, the page below the stack is missing, and user memory is empty.
#![expect(
    unsafe_code,
    reason = "page tables are memory, and the linker says where the kernel is"
)]

use kernel::paging::{
    DIRECT, KERNEL_BASE, LARGE_PAGE, Use, index, large_page, page, table, table_of,
};
use kernel::start::Range;
use kernel_core::machine::Frame;

use super::{direct, heap};

/// The page of the local APIC's registers (Intel SDM volume 3, section 10.4.1).
pub(crate) const LOCAL_APIC: u64 = 0xfee0_0000;
const PAGE: u64 = 4096;

unsafe extern "C" {
    static kernel_start: u8;
    static kernel_text_end: u8;
    static kernel_rodata_end: u8;
    static kernel_guard: u8;
    static kernel_end: u8;
}

/// The kernel's place in physical memory.
pub(crate) fn image() -> Range {
    Range {
        first: &raw const kernel_start as u64 - KERNEL_BASE,
        end: &raw const kernel_end as u64 - KERNEL_BASE,
    }
}

/// What a page of the kernel is used for; `None` for the guard page.
fn purpose(physical: u64) -> Option<Use> {
    let address = KERNEL_BASE + physical;
    if address < &raw const kernel_text_end as u64 {
        Some(Use::Text)
    } else if address < &raw const kernel_rodata_end as u64 {
        Some(Use::Constants)
    } else if address == &raw const kernel_guard as u64 {
        None
    } else {
        Some(Use::Data)
    }
}

/// Builds the tables for memory up to `end`; answers the physical address of the top.
pub(crate) fn build(end: u64) -> u64 {
    let root = heap::page();
    let image = image();
    let mut at = image.first;
    while at < image.end {
        if let Some(what) = purpose(at) {
            set(root, KERNEL_BASE + at, 0, page(at, what));
        }
        at += PAGE;
    }
    let mut large = 0;
    while large < end {
        let chunk = Range {
            first: large,
            end: large + LARGE_PAGE,
        };
        if chunk.first < image.end && image.first < chunk.end {
            map_around(root, chunk, image);
        } else if !(chunk.first..chunk.end).contains(&LOCAL_APIC) {
            set(root, DIRECT + large, 1, large_page(large));
        }
        large += LARGE_PAGE;
    }
    set(root, DIRECT + LOCAL_APIC, 0, page(LOCAL_APIC, Use::Device));
    root
}

/// Maps a chunk of the direct map that the kernel lies in: never with more rights than there.
fn map_around(root: u64, chunk: Range, image: Range) {
    let mut at = chunk.first;
    while at < chunk.end {
        let inside = (image.first..image.end).contains(&at);
        let what = if inside { purpose(at) } else { Some(Use::Data) };
        match what {
            Some(Use::Text | Use::Constants) => {
                set(root, DIRECT + at, 0, page(at, Use::Constants));
            }
            Some(other) => set(root, DIRECT + at, 0, page(at, other)),
            None => {}
        }
        at += PAGE;
    }
}

/// Writes the entry for an address at a level, making the tables above it.
fn set(root: u64, address: u64, level: u32, entry: u64) {
    let mut at = root;
    for above in (level + 1..4).rev() {
        let slot = direct::word(frame(at), index(address, above));
        // SAFETY: tables are pages of the heap, which the early tables map.
        let found = unsafe { slot.read() };
        at = table_of(found).unwrap_or_else(|| {
            let made = heap::page();
            // SAFETY: as above.
            unsafe { slot.write(table(made)) };
            made
        });
    }
    // SAFETY: as above.
    unsafe { direct::word(frame(at), index(address, level)).write(entry) };
}

fn frame(physical: u64) -> Frame {
    Frame(u32::try_from(physical / PAGE).unwrap_or(0))
}
