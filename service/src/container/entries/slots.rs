//! Where the entries of a container are: in slots that never move, each with the closures in which its entry
//! came and went.

use crate::container::settle;
use abi::word::index;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Slots of the first chunk, unless more are wanted at once; the second has twice as many, and so on.
const FIRST: u32 = 8;
/// Chunks at most: more slots than memory has room for.
const CHUNKS: u32 = 24;
/// Instead of a closure's number: the slot has no entry.
const FREE: u64 = u64::MAX;

/// Which slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::container) struct Place {
    chunk: u32,
    at: u32,
}

#[derive(Clone, Debug)]
struct Slot<K, V> {
    /// The closure in which the entry came; 0 before all of them.
    came: u64,
    /// The closure in which it went; 0 when it is there.
    went: u64,
    entry: Option<(K, V)>,
}

/// Slots made at once.
type Chunk<K, V> = Box<[Slot<K, V>]>;

/// The slots. An entry is written before its `came` says that it is there, and taken out after that says
/// that it is not: what a crash leaves is whole.
#[derive(Clone, Debug)]
pub(super) struct Slots<K, V> {
    /// None before the first entry, then room for all: empty containers are small, and States are made on small
    /// stacks.
    chunks: Box<[Chunk<K, V>]>,
    /// Chunks that are there.
    made: u32,
    /// The first slot of the last chunk that was never used.
    unused: u32,
    /// Slots of the last chunk.
    room: u32,
    /// Those that have no entry.
    free: Vec<Place>,
}

impl<K, V> Default for Slots<K, V> {
    fn default() -> Self {
        Slots {
            chunks: Box::default(),
            made: 0,
            unused: 0,
            room: 0,
            free: Vec::new(),
        }
    }
}

impl<K, V> Slots<K, V> {
    /// Makes room for so many entries in one chunk.
    pub(super) fn with_room(entries: usize) -> Self {
        let mut slots = Slots::default();
        let room = u32::try_from(entries).unwrap_or(0);
        if room > FIRST {
            slots.add_chunk(room);
        }
        slots
    }

    fn slot(&self, place: Place) -> &Slot<K, V> {
        &self.chunks[index(place.chunk.into())][index(place.at.into())]
    }

    fn slot_mut(&mut self, place: Place) -> &mut Slot<K, V> {
        &mut self.chunks[index(place.chunk.into())][index(place.at.into())]
    }

    /// The entry in a slot.
    pub(super) fn entry(&self, place: Place) -> Option<(&K, &V)> {
        let entry = self.slot(place).entry.as_ref();
        entry.map(|(key, value)| (key, value))
    }

    /// The value in a slot.
    pub(super) fn value(&self, place: Place) -> Option<&V> {
        self.entry(place).map(|(_, value)| value)
    }

    /// The value in a slot, to be changed in place: of an entry that came in the open closure.
    pub(super) fn value_mut(&mut self, place: Place) -> Option<&mut V> {
        let entry = self.slot_mut(place).entry.as_mut();
        entry.map(|(_, value)| value)
    }

    /// Takes the entry of a slot that nothing is exported of any more.
    pub(super) fn take(&mut self, place: Place) -> Option<(K, V)> {
        self.slot_mut(place).entry.take()
    }

    /// Whether the entry of a slot came in a closure.
    pub(super) fn came_in(&self, place: Place, closure: u64) -> bool {
        self.slot(place).came == closure
    }

    /// Puts an entry, which comes in a closure, into a slot.
    pub(super) fn put(&mut self, key: K, value: V, closure: u64) -> Place {
        let place = self.free.pop().unwrap_or_else(|| self.new_place());
        let slot = self.slot_mut(place);
        slot.went = 0;
        slot.entry = Some((key, value));
        settle();
        slot.came = closure;
        place
    }

    fn new_place(&mut self) -> Place {
        if self.unused == self.room {
            self.add_chunk(FIRST << self.made);
        }
        let place = Place {
            chunk: self.made - 1,
            at: self.unused,
        };
        self.unused += 1;
        place
    }

    #[cold]
    fn add_chunk(&mut self, room: u32) {
        if self.made == 0 {
            let none = core::iter::repeat_with(Box::default);
            self.chunks = none.take(index(CHUNKS.into())).collect();
        }
        let empty = core::iter::repeat_with(|| Slot {
            came: FREE,
            went: 0,
            entry: None,
        });
        self.chunks[index(self.made.into())] = empty.take(index(room.into())).collect();
        settle();
        self.made += 1;
        self.unused = 0;
        self.room = room;
    }

    /// The entry of a slot goes in a closure. Whether the slot is to be freed when that is over; if not, it
    /// is free now: had the closure been cut short, the entry would not have been there before.
    pub(super) fn retire(&mut self, place: Place, closure: u64) -> bool {
        if self.came_in(place, closure) {
            self.free(place);
            return false;
        }
        self.slot_mut(place).went = closure;
        true
    }

    /// Frees a slot.
    pub(super) fn free(&mut self, place: Place) {
        let slot = self.slot_mut(place);
        slot.came = FREE;
        settle();
        slot.entry = None;
        self.free.push(place);
    }

    /// Slots there are, for tests.
    #[cfg(test)]
    pub(super) fn made(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len()).sum()
    }

    /// The entries that were there before a closure.
    pub(super) fn before(&self, closure: u64) -> impl Iterator<Item = &(K, V)> {
        let slots = self.chunks[..index(self.made.into())].iter().flatten();
        let there = slots.filter(move |slot| {
            slot.came != FREE && slot.came != closure && (slot.went == 0 || slot.went == closure)
        });
        there.filter_map(|slot| slot.entry.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_lie_in_chunks_one_after_the_other() {
        let mut slots = Slots::with_room(20);
        let places = (0..1000)
            .map(|nth| slots.put(nth, (), 0))
            .collect::<Vec<_>>();
        let rooms = slots.chunks.iter().map(|chunk| chunk.len());
        assert_eq!(
            rooms.take(8).collect::<Vec<_>>(),
            [20, 16, 32, 64, 128, 256, 512, 0]
        );
        for (nth, place) in places.into_iter().enumerate() {
            assert_eq!(slots.entry(place).map(|(key, ())| *key), Some(nth));
        }
    }

    #[test]
    fn what_came_and_went_is_there_before() {
        let mut slots = Slots::default();
        let old = slots.put(1, "old", 0);
        let gone = slots.put(2, "gone", 3);
        assert!(slots.retire(gone, 5));
        assert!(slots.retire(old, 7));
        let new = slots.put(1, "new", 7);
        let before = |slots: &Slots<i32, &'static str>, closure| {
            let entries = slots.before(closure).map(|(_, value)| *value);
            entries.collect::<Vec<_>>()
        };
        assert_eq!(before(&slots, 7), ["old"]);
        assert_eq!(before(&slots, 8), ["new"]);
        assert!(!slots.retire(new, 7));
        assert_eq!(before(&slots, 7), ["old"]);
        slots.free(gone);
        assert_eq!(slots.put(3, "again", 8), gone);
        assert_eq!(before(&slots, 9), ["again"]);
    }
}
