//! The machine's page tables, read from outside (Intel SDM volume 3, section 4.5).

use abi::layout::{PAGE_SIZE, TOP_LEVEL_SPAN};

/// Bits of an entry that name a frame.
pub const FRAME: u64 = 0x000f_ffff_ffff_f000;
const PRESENT: u64 = 1;
const NO_EXECUTE: u64 = 1 << 63;
/// Entries of a table.
const ENTRIES: usize = 512;
const TABLE_BYTES: usize = ENTRIES * 8;

/// A page that is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// Its virtual address.
    pub address: u64,
    /// The physical address of its entry.
    pub entry_at: u64,
    /// Its entry.
    pub entry: u64,
}

impl Mapped {
    /// The physical address of the page.
    pub fn frame(self) -> u64 {
        self.entry & FRAME
    }

    /// Whether instructions may be fetched from it.
    pub fn is_executable(self) -> bool {
        self.entry & NO_EXECUTE == 0
    }
}

/// The pages that a top-level table (at this physical address) maps below one of its entries, in
/// ascending order, as long as `more` wants them. `read` reads physical memory.
///
/// # Errors
/// Those of `read`.
pub fn walk<E>(
    root: u64,
    area: u64,
    read: &mut impl FnMut(u64, &mut [u8]) -> Result<(), E>,
    more: &mut impl FnMut(Mapped) -> bool,
) -> Result<(), E> {
    let entry_at = (root & FRAME) + area / TOP_LEVEL_SPAN * 8;
    let mut bytes = [0; 8];
    read(entry_at, &mut bytes)?;
    let entry = u64::from_le_bytes(bytes);
    if entry & PRESENT != 0 {
        walk_table(entry & FRAME, area, TOP_LEVEL_SPAN / 512, read, more)?;
    }
    Ok(())
}

/// Walks a table whose entries each cover `span` bytes; answers whether more is wanted.
fn walk_table<E>(
    table: u64,
    start: u64,
    span: u64,
    read: &mut impl FnMut(u64, &mut [u8]) -> Result<(), E>,
    more: &mut impl FnMut(Mapped) -> bool,
) -> Result<bool, E> {
    let mut bytes = vec![0; TABLE_BYTES];
    read(table, &mut bytes)?;
    let (words, _) = bytes.as_chunks::<8>();
    for (index, word) in (0u64..).zip(words) {
        let entry = u64::from_le_bytes(*word);
        if entry & PRESENT == 0 {
            continue;
        }
        let address = start + index * span;
        let wanted = if span == PAGE_SIZE {
            more(Mapped {
                address,
                entry_at: table + index * 8,
                entry,
            })
        } else {
            walk_table(entry & FRAME, address, span / 512, read, more)?
        };
        if !wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::layout::SERVICE_IMAGE;
    use std::convert::Infallible;

    #[test]
    fn pages_are_found_in_order() {
        // A table in each of the first frames: the root, then three levels.
        let mut memory = vec![0u8; 5 * TABLE_BYTES];
        let mut set = |at: usize, entry: u64| {
            memory[at..at + 8].copy_from_slice(&entry.to_le_bytes());
        };
        set(8, 0x1000 | PRESENT);
        set(0x1000 + 3 * 8, 0x2000 | PRESENT);
        set(0x2000 + 2 * 8, 0x3000 | PRESENT);
        set(0x3000 + 5 * 8, 0x0077_7000 | PRESENT);
        set(0x3000 + 6 * 8, 0x0088_8000 | PRESENT | NO_EXECUTE);
        let mut read = |at: u64, bytes: &mut [u8]| {
            let at = usize::try_from(at).unwrap();
            bytes.copy_from_slice(&memory[at..at + bytes.len()]);
            Ok::<(), Infallible>(())
        };
        let mut found = Vec::new();
        let mut take = |mapped| {
            found.push(mapped);
            true
        };
        walk(0, SERVICE_IMAGE, &mut read, &mut take).unwrap();
        walk(0, 5 * SERVICE_IMAGE, &mut read, &mut take).unwrap();
        let base = SERVICE_IMAGE + (3 << 30) + (2 << 21) + (5 << 12);
        let addresses: Vec<u64> = found.iter().map(|page| page.address).collect();
        assert_eq!(addresses, [base, base + 0x1000]);
        assert_eq!((found[0].entry_at, found[0].frame()), (0x3028, 0x77_7000));
        assert!(found[0].is_executable() && !found[1].is_executable());
        let mut first = 0;
        walk(0, SERVICE_IMAGE, &mut read, &mut |_| {
            first += 1;
            false
        })
        .unwrap();
        assert_eq!(first, 1);
    }
}
