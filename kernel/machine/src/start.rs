//! What the loader tells: the start information of PVH (Xen `xen/include/public/arch-x86/hvm/
//! start_info.h`), and which memory is whose.

use kernel_core::memory::FrameRange;

/// Ranges of usable memory that are kept; a machine has fewer.
pub const RANGES: usize = 32;
/// The first word of the start information.
const MAGIC: u32 = 0x336e_c578;
/// The kind of a range of memory that may be used.
const RAM: u32 = 1;
/// Bytes of an entry of the memory map.
const MAP_ENTRY: u64 = 24;
const PAGE: u64 = 4096;

/// Reads physical memory: the machine's, or a test's.
pub trait Physical {
    /// The 64-bit word at an address.
    fn word(&self, address: u64) -> u64;

    /// The 32-bit word at an address.
    fn half(&self, address: u64) -> u32 {
        let word = self.word(address & !7);
        let [a, b, c, d, e, f, g, h] = word.to_le_bytes();
        if address & 4 == 0 {
            u32::from_le_bytes([a, b, c, d])
        } else {
            u32::from_le_bytes([e, f, g, h])
        }
    }
}

/// A range of physical memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The first byte.
    pub first: u64,
    /// The byte behind the last.
    pub end: u64,
}

impl Range {
    /// The whole frames in it.
    #[must_use]
    pub fn frames(self) -> FrameRange {
        let frame = |byte: u64| u32::try_from(byte / PAGE).unwrap_or(u32::MAX);
        FrameRange {
            first: frame(self.first.next_multiple_of(PAGE)),
            end: frame(self.end),
        }
    }

    /// Bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.end - self.first
    }
}

/// Why the machine cannot be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The loader is not one that speaks PVH.
    NoStartInformation,
    /// No boot archive was loaded.
    NoArchive,
    /// The boot archive does not start at a page.
    Unaligned,
}

/// Bytes of the loader's words that are looked at.
const WORDS_BYTES: u64 = 1024;
/// What comes before a number of records.
const RECORDS: &[u8] = b"records=";
/// Records at most: the ring has to leave memory for all else.
const MOST_RECORDS: usize = 1 << 22;

/// The number behind `records=` in the words at an address, which end with a zero.
fn records(memory: &impl Physical, address: u64) -> usize {
    if address == 0 {
        return 0;
    }
    let byte = |at: u64| memory.half(at & !3).to_le_bytes()[(at & 3) as usize];
    let mut matched = 0;
    let mut number: Option<usize> = None;
    for at in address..address + WORDS_BYTES {
        let byte = byte(at);
        match (number, byte) {
            (_, 0) => break,
            (Some(so_far), b'0'..=b'9') => {
                let digit = usize::from(byte - b'0');
                number = Some(so_far.saturating_mul(10).saturating_add(digit));
            }
            (Some(_), _) => break,
            (None, _) if RECORDS[matched] == byte => matched += 1,
            (None, _) => matched = usize::from(RECORDS[0] == byte),
        }
        if matched == RECORDS.len() && number.is_none() {
            number = Some(0);
        }
    }
    number.unwrap_or(0).min(MOST_RECORDS)
}

/// Memory as the loader describes it.
#[derive(Clone, Copy, Debug)]
pub struct StartInformation {
    /// The boot archive.
    pub archive: Range,
    /// How many records of what the kernel does are wanted: `records=N` among the words that the
    /// loader was given; else 0.
    pub records: usize,
    ram: [Range; RANGES],
    count: usize,
}

impl StartInformation {
    /// Reads what the loader left at `address`.
    ///
    /// # Errors
    /// What is missing.
    pub fn read(memory: &impl Physical, address: u64) -> Result<StartInformation, StartError> {
        if memory.half(address) != MAGIC || memory.half(address + 4) < 1 {
            return Err(StartError::NoStartInformation);
        }
        if memory.half(address + 12) == 0 {
            return Err(StartError::NoArchive);
        }
        let module = memory.word(address + 16);
        let first = memory.word(module);
        let archive = Range {
            first,
            end: first.saturating_add(memory.word(module + 8)),
        };
        if !first.is_multiple_of(PAGE) {
            return Err(StartError::Unaligned);
        }
        let mut information = StartInformation {
            archive,
            records: records(memory, memory.word(address + 24)),
            ram: [Range::default(); RANGES],
            count: 0,
        };
        let map = memory.word(address + 40);
        for entry in 0..u64::from(memory.half(address + 48)) {
            let at = map + entry * MAP_ENTRY;
            let first = memory.word(at);
            if memory.half(at + 16) == RAM {
                let end = first.saturating_add(memory.word(at + 8));
                information.add(Range {
                    first: first.next_multiple_of(PAGE),
                    end: end & !(PAGE - 1),
                });
            }
        }
        Ok(information)
    }

    fn add(&mut self, range: Range) {
        if range.first < range.end && self.count < RANGES {
            self.ram[self.count] = range;
            self.count += 1;
        }
    }

    /// Takes a range out of the usable memory.
    pub fn reserve(&mut self, taken: Range) {
        let old = self.ram;
        let count = core::mem::take(&mut self.count);
        for range in &old[..count] {
            let below = Range {
                first: range.first,
                end: range.end.min(taken.first & !(PAGE - 1)),
            };
            let above = Range {
                first: range.first.max(taken.end.next_multiple_of(PAGE)),
                end: range.end,
            };
            if taken.end <= range.first || taken.first >= range.end {
                self.add(*range);
            } else {
                self.add(below);
                self.add(above);
            }
        }
    }

    /// Usable memory.
    #[must_use]
    pub fn ram(&self) -> &[Range] {
        &self.ram[..self.count]
    }

    /// Bytes of usable memory.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.ram().iter().map(|range| range.bytes()).sum()
    }

    /// The end of all memory.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.ram()
            .iter()
            .map(|range| range.end)
            .max()
            .unwrap_or(0)
            .max(self.archive.end)
    }

    /// The largest usable range that ends below `limit`.
    #[must_use]
    pub fn largest(&self, limit: u64) -> Range {
        let below = self.ram().iter().filter(|range| range.end <= limit);
        below
            .copied()
            .max_by_key(|range| range.bytes())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Default)]
    struct Pretend(BTreeMap<u64, u32>);

    impl Pretend {
        fn put(&mut self, address: u64, halves: &[u32]) {
            for (at, half) in (0..).zip(halves) {
                self.0.insert(address + 4 * at, *half);
            }
        }
    }

    impl Physical for Pretend {
        fn word(&self, address: u64) -> u64 {
            let half = |at| u64::from(self.0.get(&at).copied().unwrap_or(0));
            half(address) | half(address + 4) << 32
        }
    }

    fn machine() -> Pretend {
        let mut memory = Pretend::default();
        memory.put(
            0x500,
            &[MAGIC, 1, 0, 1, 0x600, 0, 0, 0, 0, 0, 0x700, 0, 3, 0],
        );
        memory.put(0x600, &[0x70_0000, 0, 0x2000, 0]);
        memory.put(0x700, &[0, 0, 0x9_fc00, 0, RAM, 0]);
        memory.put(0x718, &[0x10_0000, 0, 0xf0_0000, 0, RAM, 0]);
        memory.put(0x730, &[0xfffc_0000, 0, 0x4_0000, 0, 2, 0]);
        memory
    }

    #[test]
    fn memory_and_archive_are_found() {
        let information = StartInformation::read(&machine(), 0x500).expect("start information");
        assert_eq!(
            information.archive,
            Range {
                first: 0x70_0000,
                end: 0x70_2000
            }
        );
        let ram = [
            Range {
                first: 0,
                end: 0x9_f000,
            },
            Range {
                first: 0x10_0000,
                end: 0x100_0000,
            },
        ];
        assert_eq!(information.ram(), ram);
        assert_eq!(information.end(), 0x100_0000);
        assert_eq!(information.bytes(), 0xf9_f000);
        assert_eq!(information.largest(u64::MAX), ram[1]);
        assert_eq!(
            ram[1].frames(),
            FrameRange {
                first: 0x100,
                end: 0x1000
            }
        );
    }

    #[test]
    fn what_is_taken_splits_a_range() {
        let mut information = StartInformation::read(&machine(), 0x500).expect("start information");
        information.reserve(Range { first: 0, end: 1 });
        information.reserve(Range {
            first: 0x20_0100,
            end: 0x30_0100,
        });
        information.reserve(information.archive);
        let ram = [
            Range {
                first: 0x1000,
                end: 0x9_f000,
            },
            Range {
                first: 0x10_0000,
                end: 0x20_0000,
            },
            Range {
                first: 0x30_1000,
                end: 0x70_0000,
            },
            Range {
                first: 0x70_2000,
                end: 0x100_0000,
            },
        ];
        assert_eq!(information.ram(), ram);
    }

    #[test]
    fn another_loader_is_refused() {
        let mut memory = machine();
        memory.put(0x50c, &[0]);
        assert_eq!(
            StartInformation::read(&memory, 0x500).err(),
            Some(StartError::NoArchive)
        );
        memory.put(0x500, &[0]);
        assert_eq!(
            StartInformation::read(&memory, 0x500).err(),
            Some(StartError::NoStartInformation)
        );
    }
}
