//! An ordered map that is whole at every instruction.

use super::entries::{Entries, Place};
use crate::simulated;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::RangeBounds;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// An ordered map whose changes in the open closure can be taken back, as [`Entries`] can: they hold what
/// there is, and the tree of the keys says where.
#[derive(Clone, Debug)]
pub struct Map<K, V> {
    tree: BTreeMap<K, Place>,
    entries: Entries<K, V>,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Map {
            tree: BTreeMap::new(),
            entries: Entries::default(),
        }
    }
}

impl<K: Ord + Clone, V: Clone> Map<K, V> {
    /// Puts a value in and returns the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.entries.begin();
        let place = self.entries.put(key.clone(), value);
        let old = self.tree.insert(key, place)?;
        let value = self.entries.value(old).cloned();
        self.entries.retire(old);
        value
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let old = *self.tree.get(key)?;
        let value = self.entries.value(old).cloned();
        self.drop_entry(key);
        value
    }

    /// Takes a value out that nobody needs. Whether there was one.
    pub fn drop_entry(&mut self, key: &K) -> bool {
        if !self.tree.contains_key(key) {
            return false;
        }
        self.entries.begin();
        simulated::changing();
        if let Some(old) = self.tree.remove(key) {
            self.entries.retire(old);
        }
        true
    }

    /// Changes a value in place; `None` when there is none.
    pub fn update<R>(&mut self, key: &K, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        let old = *self.tree.get(key)?;
        self.entries.begin();
        if self.entries.came_now(old) {
            simulated::changing();
            return self.entries.value_mut(old).map(change);
        }
        let mut value = self.entries.value(old)?.clone();
        let result = change(&mut value);
        let place = self.entries.put(key.clone(), value);
        if let Some(at) = self.tree.get_mut(key) {
            *at = place;
        }
        self.entries.retire(old);
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
}

impl<K: Ord, V> Map<K, V> {
    /// The entries, for conversions between versions.
    pub fn into_entries(mut self) -> impl Iterator<Item = (K, V)> {
        let tree = core::mem::take(&mut self.tree);
        tree.into_values()
            .filter_map(move |place| self.entries.take(place))
    }

    /// Makes a tree of keys, at once when they come in order, for much less than one by one.
    fn new(keys: Vec<(K, Place)>, entries: Entries<K, V>) -> Self {
        Map {
            tree: keys.into_iter().collect(),
            entries,
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.value(*self.tree.get(key)?)
    }

    /// Whether there is a value.
    pub fn contains(&self, key: &K) -> bool {
        self.tree.contains_key(key)
    }

    /// All entries, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.tree
            .values()
            .filter_map(|place| self.entries.entry(*place))
    }

    /// The entries within a range of keys, in order.
    pub fn range(&self, range: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        let range = self.tree.range(range);
        range.filter_map(|(_, place)| self.entries.entry(*place))
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
            self.entries.free(place);
        }
        if let Some(value) = value {
            let place = self.entries.put_first(key.clone(), value);
            self.tree.insert(key, place);
        }
    }
}

impl<K: Ord + Clone, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut kept = Entries::default();
        let keys = entries.into_iter().map(|(key, value)| {
            let place = kept.put_first(key.clone(), value);
            (key, place)
        });
        let keys = keys.collect();
        Map::new(keys, kept)
    }
}

impl<C, K: Encode<C> + Ord, V: Encode<C>> Encode<C> for Map<K, V> {
    fn encode<W: encode::Write>(
        &self,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        self.entries.export(self.tree.values(), encoder, context)
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
        let mut kept = Entries::with_room(room);
        for _ in 0..entries {
            let key = K::decode(decoder, context)?;
            let place = kept.put_first(key.clone(), V::decode(decoder, context)?);
            keys.push((key, place));
        }
        let mut map = Map::new(keys, kept);
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
