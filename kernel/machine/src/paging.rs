//! The kernel's own mappings: entries (Intel SDM volume 3, section 4.5) and which page gets which.

/// Where all physical memory is mapped.
pub const DIRECT: u64 = 0xffff_8000_0000_0000;
/// Where the kernel is linked: its physical address above this.
pub const KERNEL_BASE: u64 = 0xffff_ffff_8000_0000;
/// The first top-level entry of the kernel's half.
pub const KERNEL_HALF: usize = 256;
/// Bytes of a large page.
pub const LARGE_PAGE: u64 = 2 << 20;

const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
const UNCACHED: u64 = 1 << 4 | 1 << 3;
const LARGE: u64 = 1 << 7;
const GLOBAL: u64 = 1 << 8;
const NO_EXECUTE: u64 = 1 << 63;

/// What a page of the kernel is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Executed.
    Text,
    /// Only read.
    Constants,
    /// Read and written.
    Data,
    /// Device registers.
    Device,
}

/// An entry for a page.
#[must_use]
pub const fn page(physical: u64, what: Use) -> u64 {
    let rights = match what {
        Use::Text => 0,
        Use::Constants => NO_EXECUTE,
        Use::Data => WRITABLE | NO_EXECUTE,
        Use::Device => WRITABLE | NO_EXECUTE | UNCACHED,
    };
    physical | PRESENT | GLOBAL | rights
}

/// An entry for a large page of data.
#[must_use]
pub const fn large_page(physical: u64) -> u64 {
    page(physical, Use::Data) | LARGE
}

/// An entry for a table; the pages' own entries say what may be done.
#[must_use]
pub const fn table(physical: u64) -> u64 {
    physical | PRESENT | WRITABLE
}

/// The table that an entry points to, if it does.
#[must_use]
pub const fn table_of(entry: u64) -> Option<u64> {
    if entry & PRESENT == 0 {
        None
    } else {
        Some(entry & 0x000f_ffff_ffff_f000)
    }
}

/// The index of an address in a table of a level, 3 being the top.
#[must_use]
pub const fn index(address: u64, level: u32) -> usize {
    (address >> (12 + 9 * level) & 511) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_both_writable_and_executable() {
        for what in [Use::Text, Use::Constants, Use::Data, Use::Device] {
            let entry = page(0x1000, what);
            assert!(entry & WRITABLE == 0 || entry & NO_EXECUTE != 0, "{what:?}");
        }
        assert_eq!(table_of(table(0x5000)), Some(0x5000));
        assert_eq!(table_of(0x5000), None);
    }

    #[test]
    fn the_kernel_lies_in_the_last_entries() {
        assert_eq!(index(DIRECT, 3), KERNEL_HALF);
        assert_eq!((index(KERNEL_BASE, 3), index(KERNEL_BASE, 2)), (511, 510));
        assert_eq!(index(KERNEL_BASE + LARGE_PAGE, 1), 1);
    }
}
