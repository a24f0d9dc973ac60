//! A small table from numbers chosen elsewhere to indices, of fixed size.

use alloc::boxed::Box;

const EMPTY: (u32, u16) = (0, u16::MAX);

/// Open addressing with linear probing; a removal closes the gap, so there are no tombstones.
pub(crate) struct Ids {
    places: Box<[(u32, u16)]>,
}

impl Ids {
    /// A table for up to `count` numbers.
    pub(crate) fn new(count: usize) -> Ids {
        let size = (count.max(1) * 2).next_power_of_two();
        Ids {
            places: alloc::vec![EMPTY; size].into_boxed_slice(),
        }
    }

    fn start(&self, number: u32) -> usize {
        // Fibonacci hashing: the multiplier is 2^32 divided by the golden ratio.
        let mixed = number.wrapping_mul(0x9e37_79b9);
        (mixed >> 8) as usize & (self.places.len() - 1)
    }

    fn next(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }

    fn place(&self, number: u32) -> Option<usize> {
        let mut place = self.start(number);
        while self.places[place] != EMPTY {
            if self.places[place].0 == number {
                return Some(place);
            }
            place = self.next(place);
        }
        None
    }

    /// The index of a number.
    pub(crate) fn find(&self, number: u32) -> Option<u16> {
        self.place(number).map(|place| self.places[place].1)
    }

    /// Enters a number that is not there. The caller enters no more than the table is for.
    pub(crate) fn insert(&mut self, number: u32, index: u16) {
        let mut place = self.start(number);
        while self.places[place] != EMPTY {
            place = self.next(place);
        }
        self.places[place] = (number, index);
    }

    /// Removes a number.
    pub(crate) fn remove(&mut self, number: u32) {
        let Some(mut gap) = self.place(number) else {
            return;
        };
        let mask = self.places.len() - 1;
        let mut place = self.next(gap);
        while self.places[place] != EMPTY {
            let start = self.start(self.places[place].0);
            // The entry may move to the gap unless its own start lies between gap and place.
            if place.wrapping_sub(start) & mask >= place.wrapping_sub(gap) & mask {
                self.places[gap] = self.places[place];
                gap = place;
            }
            place = self.next(place);
        }
        self.places[gap] = EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn agrees_with_a_map() {
        let mut ids = Ids::new(64);
        let mut model = BTreeMap::new();
        let mut random = 1u32;
        for _ in 0..20_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = (random >> 16) % 200;
            if model.remove(&number).is_some() {
                ids.remove(number);
            } else if model.len() < 64 {
                let index = abi::word::low_16((random >> 8).into()) & 0x7fff;
                model.insert(number, index);
                ids.insert(number, index);
            }
            let probe = (random >> 4) % 200;
            assert_eq!(ids.find(probe), model.get(&probe).copied());
        }
    }
}
