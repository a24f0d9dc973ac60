//! The entries of a container, whole at every instruction.

mod slots;

use self::slots::Slots;
use super::settle;
use crate::epoch;
use crate::simulated::{self, Rule};
use alloc::vec::Vec;
use minicbor::{Encode, Encoder, encode};

pub(super) use self::slots::Place;

/// Slots to be freed for which room is kept when a closure is over.
const KEPT: usize = 16;

/// Entries whose changes in the open closure can be taken back.
///
/// A value that is changed gets a new slot; the old one stays until the closure is over. Each slot says
/// in which closure its value came and went, so that a closure that a crash cuts short, at whatever
/// instruction, is as if it had never begun: what came in it is passed over, and what went in it is there.
/// What a container has besides only says where the slots are. A crash may leave that torn; then nothing is
/// read from it.
///
/// They travel as `[entries, log]`. The log is empty; versions before wrote old values of the closure that
/// was cut short into it, the youngest first.
#[derive(Clone, Debug)]
pub(super) struct Entries<K, V> {
    slots: Slots<K, V>,
    /// The closure that changed something last.
    epoch: u64,
    /// The slots of what went in it.
    gone: Vec<Place>,
}

impl<K, V> Default for Entries<K, V> {
    fn default() -> Self {
        Entries {
            slots: Slots::default(),
            epoch: 0,
            gone: Vec::new(),
        }
    }
}

impl<K, V> Entries<K, V> {
    /// With room for so many.
    pub(super) fn with_room(entries: usize) -> Self {
        Entries {
            slots: Slots::with_room(entries),
            ..Entries::default()
        }
    }

    /// Something changes: what went in closures before is gone for good.
    pub(super) fn begin(&mut self) {
        if self.epoch == epoch::open() {
            return;
        }
        for place in self.gone.drain(..) {
            self.slots.free(place);
        }
        self.gone.shrink_to(KEPT);
        self.epoch = epoch::open();
        epoch::changed();
        // What says where the slots are is in order until then.
        settle();
    }

    /// Puts an entry, which comes in the open closure.
    pub(super) fn put(&mut self, key: K, value: V) -> Place {
        let place = self.slots.put(key, value, self.epoch);
        simulated::changing();
        place
    }

    /// Puts an entry before anything is served.
    pub(super) fn put_first(&mut self, key: K, value: V) -> Place {
        self.slots.put(key, value, 0)
    }

    /// A slot's entry goes.
    pub(super) fn retire(&mut self, place: Place) {
        if self.slots.retire(place, self.epoch) {
            self.gone.push(place);
        }
        simulated::changing();
    }

    /// Whether an entry came in the open closure, in which [`begin`](Entries::begin) was called.
    pub(super) fn came_now(&self, place: Place) -> bool {
        self.slots.came_in(place, self.epoch)
    }

    /// The entry in a slot.
    pub(super) fn entry(&self, place: Place) -> Option<(&K, &V)> {
        self.slots.entry(place)
    }

    /// The value in a slot.
    pub(super) fn value(&self, place: Place) -> Option<&V> {
        self.slots.value(place)
    }

    /// The value in a slot, to be changed in place: of an entry that came in the open closure.
    pub(super) fn value_mut(&mut self, place: Place) -> Option<&mut V> {
        self.slots.value_mut(place)
    }

    /// Takes an entry out that nothing is exported of any more.
    pub(super) fn take(&mut self, place: Place) -> Option<(K, V)> {
        self.slots.take(place)
    }

    /// Frees a slot before anything is served.
    pub(super) fn free(&mut self, place: Place) {
        self.slots.free(place);
    }

    /// Slots there are, for tests.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.slots.made()
    }

    /// Slots to be freed, and room for them, for tests.
    #[cfg(test)]
    pub(super) fn gone(&self) -> (usize, usize) {
        (self.gone.len(), self.gone.capacity())
    }

    /// Whether the open closure has changed something: a crash cuts it short.
    fn is_cut_short(&self) -> bool {
        self.epoch != 0 && self.epoch == epoch::open() && simulated::holds(Rule::Undo)
    }

    /// Writes the entries: those at `places`, or, if a crash has cut a closure short, those that were there
    /// before it.
    pub(super) fn export<'a, C, W: encode::Write>(
        &self,
        places: impl Iterator<Item = &'a Place> + Clone,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>>
    where
        K: Encode<C>,
        V: Encode<C>,
    {
        encoder.array(2)?;
        if self.is_cut_short() {
            let before = || {
                self.slots
                    .before(self.epoch)
                    .map(|(key, value)| (key, value))
            };
            write(before().count(), before(), encoder, context)?;
        } else {
            let there = places.clone().filter_map(|place| self.entry(*place));
            write(places.count(), there, encoder, context)?;
        }
        encoder.array(0)?;
        Ok(())
    }
}

fn write<'a, C, K: Encode<C> + 'a, V: Encode<C> + 'a, W: encode::Write>(
    count: usize,
    entries: impl Iterator<Item = (&'a K, &'a V)>,
    encoder: &mut Encoder<W>,
    context: &mut C,
) -> Result<(), encode::Error<W::Error>> {
    encoder.map(count as u64)?;
    for (key, value) in entries {
        key.encode(encoder, context)?;
        value.encode(encoder, context)?;
    }
    Ok(())
}
