//! An ordered map.

use crate::epoch;
use crate::simulated::{self, Rule};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::RangeBounds;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Entries of the log for which room is kept when a closure is over.
const KEPT_LOG: usize = 16;

/// An ordered map whose changes in the open closure can be taken back.
///
/// It travels as `[entries, log]`; reading it applies the log, the youngest change first.
#[derive(Clone, Debug)]
pub struct Map<K, V> {
    now: BTreeMap<K, V>,
    log: Vec<(K, Option<V>)>,
    epoch: u64,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Map {
            now: BTreeMap::new(),
            log: Vec::new(),
            epoch: 0,
        }
    }
}

impl<K: Ord + Clone, V: Clone> Map<K, V> {
    fn record(&mut self, key: &K) {
        if self.epoch != epoch::open() {
            self.log.clear();
            self.log.shrink_to(KEPT_LOG);
            self.epoch = epoch::open();
        }
        // The first value in a closure is the one that is taken back to.
        if self.log.last().is_some_and(|(last, _)| last == key) {
            return;
        }
        self.log.push((key.clone(), self.now.get(key).cloned()));
        simulated::changing();
    }

    /// Puts a value in and returns the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.record(&key);
        self.now.insert(key, value)
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        if !self.now.contains_key(key) {
            return None;
        }
        self.record(key);
        self.now.remove(key)
    }

    /// Changes a value in place; `None` when there is none.
    pub fn update<R>(&mut self, key: &K, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        if !self.now.contains_key(key) {
            return None;
        }
        self.record(key);
        self.now.get_mut(key).map(change)
    }

    /// Keeps the entries for which `keep` holds.
    pub fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        let gone: Vec<K> = self
            .now
            .iter()
            .filter(|(k, v)| !keep(k, v))
            .map(|(k, _)| k.clone())
            .collect();
        for key in gone {
            self.remove(&key);
        }
    }

    /// The entries, for conversions between versions.
    pub fn into_entries(self) -> impl Iterator<Item = (K, V)> {
        self.now.into_iter()
    }
}

impl<K: Ord, V> Map<K, V> {
    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.now.get(key)
    }

    /// Whether there is a value.
    pub fn contains(&self, key: &K) -> bool {
        self.now.contains_key(key)
    }

    /// All entries, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.now.iter()
    }

    /// The entries within a range of keys, in order.
    pub fn range(&self, range: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.now.range(range)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.now.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.now.is_empty()
    }
}

impl<K: Ord + Clone, V: Clone> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Map {
            now: entries.into_iter().collect(),
            log: Vec::new(),
            epoch: 0,
        }
    }
}

impl<C, K: Encode<C>, V: Encode<C>> Encode<C> for Map<K, V> {
    fn encode<W: encode::Write>(
        &self,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        encoder.array(2)?.map(self.now.len() as u64)?;
        for (key, value) in &self.now {
            key.encode(encoder, context)?;
            value.encode(encoder, context)?;
        }
        let cut_short =
            self.epoch != 0 && self.epoch == epoch::open() && simulated::holds(Rule::Undo);
        let log: &[_] = if cut_short { &self.log } else { &[] };
        encoder.array(log.len() as u64)?;
        for (key, value) in log.iter().rev() {
            encoder.array(2)?;
            key.encode(encoder, context)?;
            value.encode(encoder, context)?;
        }
        Ok(())
    }
}

impl<'b, C, K: Decode<'b, C> + Ord, V: Decode<'b, C>> Decode<'b, C> for Map<K, V> {
    fn decode(decoder: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        expect_array(decoder, 2)?;
        let entries = decoder
            .map()?
            .ok_or_else(|| decode::Error::message("endless map"))?;
        // They come in order, of which a tree is made at once for much less than one by one. Each has
        // a byte at least, which bounds what a wrong number can ask for.
        let left = decoder.input().len() - decoder.position();
        let mut now = Vec::with_capacity(left.min(usize::try_from(entries).unwrap_or(left)));
        for _ in 0..entries {
            now.push((K::decode(decoder, context)?, V::decode(decoder, context)?));
        }
        let mut now: BTreeMap<K, V> = now.into_iter().collect();
        let log = decoder
            .array()?
            .ok_or_else(|| decode::Error::message("endless log"))?;
        for _ in 0..log {
            expect_array(decoder, 2)?;
            let key = K::decode(decoder, context)?;
            match Option::<V>::decode(decoder, context)? {
                Some(value) => now.insert(key, value),
                None => now.remove(&key),
            };
        }
        Ok(Map {
            now,
            log: Vec::new(),
            epoch: 0,
        })
    }

    /// A map that a State has got since it was exported has nothing in it.
    fn nil() -> Option<Self> {
        Some(Map {
            now: BTreeMap::new(),
            log: Vec::new(),
            epoch: 0,
        })
    }
}

fn expect_array(decoder: &mut Decoder<'_>, length: u64) -> Result<(), decode::Error> {
    match decoder.array()? {
        Some(found) if found == length => Ok(()),
        _ => Err(decode::Error::message("not the array that was expected")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minicbor::{decode as read, to_vec};

    fn reload(map: &Map<u32, u32>) -> Vec<(u32, u32)> {
        let bytes = to_vec(map).unwrap();
        read::<Map<u32, u32>>(&bytes)
            .unwrap()
            .into_entries()
            .collect()
    }

    #[test]
    fn a_value_changed_again_and_again_is_logged_once() {
        let mut map = Map::from_iter([(1, 10), (2, 20)]);
        epoch::begin();
        for value in 0..100 {
            map.insert(1, value);
        }
        assert_eq!(map.log.len(), 1);
        map.remove(&1);
        map.insert(2, 21);
        map.insert(1, 7);
        assert_eq!(reload(&map), [(1, 10), (2, 20)]);
        epoch::end();
        assert_eq!(reload(&map), [(1, 7), (2, 21)]);
    }

    #[test]
    fn the_log_of_a_large_closure_is_given_back() {
        let mut map: Map<u32, u32> = Map::default();
        epoch::begin();
        for key in 0..1000 {
            map.insert(key, 0);
        }
        epoch::end();
        epoch::begin();
        map.insert(0, 1);
        epoch::end();
        assert!(map.log.capacity() <= KEPT_LOG, "{}", map.log.capacity());
    }

    #[test]
    fn a_closure_cut_short_is_taken_back() {
        let mut map = Map::from_iter([(1, 10), (2, 20)]);
        epoch::begin();
        map.insert(1, 11);
        map.insert(1, 12);
        map.remove(&2);
        map.insert(3, 30);
        map.update(&3, |v| *v = 31);
        assert_eq!(reload(&map), [(1, 10), (2, 20)]);
        epoch::end();
        assert_eq!(reload(&map), [(1, 12), (3, 31)]);
        epoch::begin();
        map.remove(&1);
        assert_eq!(reload(&map), [(1, 12), (3, 31)]);
        epoch::end();
    }

    #[test]
    fn removing_what_is_not_there_changes_nothing() {
        let mut map: Map<u32, u32> = Map::default();
        epoch::begin();
        assert_eq!(map.remove(&5), None);
        assert_eq!(map.update(&5, |_| ()), None);
        assert!(map.log.is_empty());
        epoch::end();
    }
}
