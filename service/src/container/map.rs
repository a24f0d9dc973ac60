//! An ordered map that is whole at every instruction.

mod slots;

use self::slots::{Place, Slots};
use super::settle;
use crate::epoch;
use crate::simulated::{self, Rule};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::RangeBounds;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Slots to be freed for which room is kept when a closure is over.
const KEPT: usize = 16;

/// An ordered map whose changes in the open closure can be taken back.
///
/// A value that is changed gets a new slot; the old one stays until the closure is over. Each slot says
/// in which closure its value came and went, so that a closure that a crash cuts short, at whatever
/// instruction, is as if it had never begun: what came in it is passed over, and what went in it is there.
/// The tree of the keys only says where the slots are. A crash may leave it torn; then nothing is read
/// from it.
///
/// It travels as `[entries, log]`. The log is empty; versions before wrote old values of the closure that
/// was cut short into it, the youngest first.
#[derive(Clone, Debug)]
pub struct Map<K, V> {
    tree: BTreeMap<K, Place>,
    slots: Slots<K, V>,
    /// The closure that changed something last.
    epoch: u64,
    /// The slots of what went in it.
    gone: Vec<Place>,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Map {
            tree: BTreeMap::new(),
            slots: Slots::default(),
            epoch: 0,
            gone: Vec::new(),
        }
    }
}

impl<K: Ord + Clone, V: Clone> Map<K, V> {
    /// Something changes: what went in closures before is gone for good.
    fn begin(&mut self) {
        if self.epoch == epoch::open() {
            return;
        }
        for place in self.gone.drain(..) {
            self.slots.free(place);
        }
        self.gone.shrink_to(KEPT);
        self.epoch = epoch::open();
        epoch::changed();
        // The tree is in order until then.
        settle();
    }

    /// A slot's value has gone.
    fn retire(&mut self, place: Place) {
        if self.slots.retire(place, self.epoch) {
            self.gone.push(place);
        }
        simulated::changing();
    }

    /// Puts a value in and returns the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.begin();
        let place = self.slots.put(key.clone(), value, self.epoch);
        simulated::changing();
        let old = self.tree.insert(key, place)?;
        let value = self.slots.value(old).cloned();
        self.retire(old);
        value
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let old = *self.tree.get(key)?;
        let value = self.slots.value(old).cloned();
        self.drop_entry(key);
        value
    }

    /// Takes a value out that nobody needs. Whether there was one.
    pub fn drop_entry(&mut self, key: &K) -> bool {
        if !self.tree.contains_key(key) {
            return false;
        }
        self.begin();
        simulated::changing();
        if let Some(old) = self.tree.remove(key) {
            self.retire(old);
        }
        true
    }

    /// Changes a value in place; `None` when there is none.
    pub fn update<R>(&mut self, key: &K, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        let old = *self.tree.get(key)?;
        self.begin();
        if self.slots.came_in(old, self.epoch) {
            simulated::changing();
            return self.slots.value_mut(old).map(change);
        }
        let mut value = self.slots.value(old)?.clone();
        let result = change(&mut value);
        let place = self.slots.put(key.clone(), value, self.epoch);
        simulated::changing();
        if let Some(at) = self.tree.get_mut(key) {
            *at = place;
        }
        self.retire(old);
        Some(result)
    }

    /// Keeps the entries for which `keep` holds.
    pub fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        let gone: Vec<K> = self
            .iter()
            .filter(|(k, v)| !keep(k, v))
            .map(|(k, _)| k.clone())
            .collect();
        for key in gone {
            self.drop_entry(&key);
        }
    }

    /// The entries, for conversions between versions.
    pub fn into_entries(mut self) -> impl Iterator<Item = (K, V)> {
        let tree = core::mem::take(&mut self.tree);
        tree.into_values()
            .filter_map(move |place| self.slots.take(place))
    }
}

impl<K: Ord, V> Map<K, V> {
    /// Makes a tree of keys, at once when they come in order, for much less than one by one.
    fn new(keys: Vec<(K, Place)>, slots: Slots<K, V>) -> Self {
        Map {
            tree: keys.into_iter().collect(),
            slots,
            ..Map::default()
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.slots.value(*self.tree.get(key)?)
    }

    /// Whether there is a value.
    pub fn contains(&self, key: &K) -> bool {
        self.tree.contains_key(key)
    }

    /// All entries, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.tree
            .values()
            .filter_map(|place| self.slots.entry(*place))
    }

    /// The entries within a range of keys, in order.
    pub fn range(&self, range: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        let range = self.tree.range(range);
        range.filter_map(|(_, place)| self.slots.entry(*place))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.tree.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tree.is_empty()
    }

    /// Before anything is served: a key has the value that it had before.
    fn take_back(&mut self, key: K, value: Option<V>)
    where
        K: Clone,
    {
        if let Some(place) = self.tree.remove(&key) {
            self.slots.free(place);
        }
        if let Some(value) = value {
            let place = self.slots.put(key.clone(), value, 0);
            self.tree.insert(key, place);
        }
    }

    /// Whether the open closure has changed something: a crash cuts it short.
    fn is_cut_short(&self) -> bool {
        self.epoch != 0 && self.epoch == epoch::open() && simulated::holds(Rule::Undo)
    }
}

impl<K: Ord + Clone, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut slots = Slots::default();
        let keys = entries.into_iter().map(|(key, value)| {
            let place = slots.put(key.clone(), value, 0);
            (key, place)
        });
        let keys = keys.collect();
        Map::new(keys, slots)
    }
}

impl<C, K: Encode<C> + Ord, V: Encode<C>> Encode<C> for Map<K, V> {
    fn encode<W: encode::Write>(
        &self,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        encoder.array(2)?;
        if self.is_cut_short() {
            encoder.map(self.slots.before(self.epoch).count() as u64)?;
            for (key, value) in self.slots.before(self.epoch) {
                key.encode(encoder, context)?;
                value.encode(encoder, context)?;
            }
        } else {
            encoder.map(self.len() as u64)?;
            for (key, value) in self.iter() {
                key.encode(encoder, context)?;
                value.encode(encoder, context)?;
            }
        }
        encoder.array(0)?;
        Ok(())
    }
}

impl<'b, C, K: Decode<'b, C> + Ord + Clone, V: Decode<'b, C>> Decode<'b, C> for Map<K, V> {
    fn decode(decoder: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        expect_array(decoder, 2)?;
        let entries = decoder
            .map()?
            .ok_or_else(|| decode::Error::message("endless map"))?;
        // Each has a byte at least, which bounds what a wrong number can ask for.
        let left = decoder.input().len() - decoder.position();
        let room = left.min(usize::try_from(entries).unwrap_or(left));
        let mut keys = Vec::with_capacity(room);
        let mut slots = Slots::with_room(room);
        for _ in 0..entries {
            let key = K::decode(decoder, context)?;
            let place = slots.put(key.clone(), V::decode(decoder, context)?, 0);
            keys.push((key, place));
        }
        let mut map = Map::new(keys, slots);
        let log = decoder
            .array()?
            .ok_or_else(|| decode::Error::message("endless log"))?;
        for _ in 0..log {
            expect_array(decoder, 2)?;
            let key = K::decode(decoder, context)?;
            map.take_back(key, Option::decode(decoder, context)?);
        }
        Ok(map)
    }

    /// A map that a State has got since it was exported has nothing in it.
    fn nil() -> Option<Self> {
        Some(Map::default())
    }
}

fn expect_array(decoder: &mut Decoder<'_>, length: u64) -> Result<(), decode::Error> {
    match decoder.array()? {
        Some(found) if found == length => Ok(()),
        _ => Err(decode::Error::message("not the array that was expected")),
    }
}

#[cfg(test)]
mod tests;
