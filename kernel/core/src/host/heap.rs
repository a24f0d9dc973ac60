//! Where buffers lie in the pretend memory of an instance: first fit over its heap.

use alloc::vec::Vec;

/// The grain of buffers, in bytes.
const GRAIN: u64 = 64;

/// The free parts of one instance's heap.
#[derive(Clone, Debug, Default)]
pub(super) struct Heap {
    /// Start and length, in order of start, never adjacent.
    free: Vec<(u64, u64)>,
    /// Bytes of heap that the kernel has mapped.
    size: u64,
}

impl Heap {
    /// Takes a place for a buffer. `None` if the heap must grow first.
    pub(super) fn take(&mut self, length: u64) -> Option<u64> {
        let length = room(length);
        let found = self.free.iter().position(|(_, free)| *free >= length)?;
        let (start, free) = self.free[found];
        if free == length {
            self.free.remove(found);
        } else {
            self.free[found] = (start + length, free - length);
        }
        Some(start)
    }

    /// Gives a place back that was taken for a buffer of this length.
    pub(super) fn give(&mut self, start: u64, length: u64) {
        self.add(start, room(length));
    }

    /// Bytes that the heap has to have so that a buffer of this length fits in any case.
    pub(super) fn wanted(&self, length: u64) -> u64 {
        self.size + room(length)
    }

    /// The heap, which starts at `base`, now has `size` bytes.
    pub(super) fn grown(&mut self, base: u64, size: u64) {
        self.add(base + self.size, size - self.size);
        self.size = size;
    }

    fn add(&mut self, start: u64, length: u64) {
        let at = self.free.partition_point(|(other, _)| *other < start);
        self.free.insert(at, (start, length));
        if let Some((next, more)) = self.free.get(at + 1).copied()
            && start + length == next
        {
            self.free[at].1 += more;
            self.free.remove(at + 1);
        }
        if let Some(before) = at.checked_sub(1)
            && self.free[before].0 + self.free[before].1 == start
        {
            self.free[before].1 += self.free[at].1;
            self.free.remove(at);
        }
    }
}

fn room(length: u64) -> u64 {
    length.max(1).next_multiple_of(GRAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_never_overlap_and_come_back_whole() {
        let mut heap = Heap::default();
        assert_eq!(heap.take(1), None);
        heap.grown(0x1000, heap.wanted(1000));
        let places: Vec<u64> = (0..4).filter_map(|_| heap.take(200)).collect();
        assert_eq!(places, [0x1000, 0x1100, 0x1200, 0x1300]);
        heap.give(0x1100, 200);
        heap.give(0x1000, 200);
        heap.give(0x1300, 200);
        heap.give(0x1200, 200);
        assert_eq!(heap.take(1000), Some(0x1000));
        heap.grown(0x1000, 0x1000);
        assert_eq!(heap.take(0xc00), Some(0x1400));
    }
}
