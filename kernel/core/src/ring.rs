//! What the kernel did last: typed records for whoever reads a crash, or the whole run.

use alloc::boxed::Box;
use core::fmt;

use abi::Time;
use abi::trace::{MAGIC, RECORD_WORDS, Record};

/// Records kept where nobody asks for more.
pub const RECORDS: usize = 256;

/// A record's time and words.
type Words = [u64; RECORD_WORDS];

/// The last records, as `abi::trace` has them in memory.
pub struct Ring {
    /// One for what is before the first, then as many as a power of two.
    words: Box<[Words]>,
    count: usize,
}

impl Ring {
    /// An empty ring with room for so many records at least.
    pub(crate) fn new(room: usize) -> Ring {
        let room = room.max(RECORDS).next_power_of_two();
        let mut words = alloc::vec![[0; RECORD_WORDS]; room + 1].into_boxed_slice();
        words[0] = [MAGIC, 0, room as u64, 0];
        Ring { words, count: 0 }
    }

    /// How many there is room for.
    #[must_use]
    pub fn room(&self) -> usize {
        self.words.len() - 1
    }

    /// Where it begins.
    #[must_use]
    pub fn start(&self) -> *const u64 {
        self.words.as_ptr().cast()
    }

    fn place(&self, index: usize) -> usize {
        1 + (index & (self.room() - 1))
    }

    /// Adds a record.
    pub(crate) fn add(&mut self, now: Time, record: Record) {
        let [first, second, third] = record.pack();
        let place = self.place(self.count);
        self.words[place] = [now.0, first, second, third];
        self.count += 1;
        self.words[0][1] = self.count as u64;
    }

    /// The records, the oldest first.
    pub fn records(&self) -> impl Iterator<Item = (Time, Record)> + '_ {
        let oldest = self.count.saturating_sub(self.room());
        (oldest..self.count).map(|index| {
            let [time, first, second, third] = self.words[self.place(index)];
            (Time(time), Record::unpack([first, second, third]))
        })
    }
}

impl fmt::Display for Ring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (time, record) in self.records() {
            writeln!(formatter, "{:>14} {record:x?}", time.0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_in_order() {
        let mut ring = Ring::new(0);
        for time in 0..300 {
            ring.add(Time(time), Record::Committed(time));
        }
        let kept: std::vec::Vec<_> = ring.records().collect();
        assert_eq!(kept.len(), RECORDS);
        assert_eq!(kept[0], (Time(44), Record::Committed(44)));
        assert_eq!(kept[255], (Time(299), Record::Committed(299)));
        assert!(std::format!("{ring}").contains("Committed"));
        assert_eq!(ring.words[0], [MAGIC, 300, 256, 0]);
    }
}
