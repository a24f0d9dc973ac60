//! Entries in groups that come and go as a whole.

use super::Map;
use super::entries::{Entries, Place};
use crate::simulated;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Entries by a group and a key within it, whose changes in the open closure can be taken back, as
/// [`Entries`] can. Most groups have few entries; they are looked through, the last first, and dropped at
/// once. Within a group they are in the order in which their keys came, or, if they were read, of the keys. It
/// travels as a map would by group and key.
#[derive(Clone, Debug)]
pub(crate) struct Groups<K, V> {
    places: BTreeMap<u64, Vec<(K, Place)>>,
    entries: Entries<(u64, K), V>,
}

impl<K, V> Default for Groups<K, V> {
    fn default() -> Self {
        Groups {
            places: BTreeMap::new(),
            entries: Entries::default(),
        }
    }
}

impl<K: PartialEq + Copy, V> Groups<K, V> {
    /// Puts a value in, instead of the one that the key had.
    pub(crate) fn put(&mut self, group: u64, key: K, value: V) {
        self.entries.begin();
        let place = self.entries.put((group, key), value);
        let places = self.places.entry(group).or_default();
        match places.iter_mut().rev().find(|(of, _)| *of == key) {
            Some((_, at)) => {
                let old = core::mem::replace(at, place);
                self.entries.retire(old);
            }
            None => places.push((key, place)),
        }
    }

    /// Drops all of a group.
    pub(crate) fn drop_group(&mut self, group: u64) {
        if !self.places.contains_key(&group) {
            return;
        }
        self.entries.begin();
        simulated::changing();
        for (_, place) in self.places.remove(&group).unwrap_or_default() {
            self.entries.retire(place);
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, group: u64, key: K) -> Option<&V> {
        let mut places = self.places.get(&group)?.iter().rev();
        let (_, place) = places.find(|(of, _)| *of == key)?;
        self.entries.value(*place)
    }

    /// The entries of a group.
    pub(crate) fn group(&self, group: u64) -> impl DoubleEndedIterator<Item = (K, &V)> {
        let places = self.places.get(&group).map_or(&[][..], |places| places);
        places
            .iter()
            .filter_map(|(key, place)| Some((*key, self.entries.value(*place)?)))
    }

    /// The groups.
    pub(crate) fn groups(&self) -> impl Iterator<Item = u64> {
        self.places.keys().copied()
    }

    /// All entries.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&(u64, K), &V)> {
        self.all().filter_map(|place| self.entries.entry(*place))
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.all().count()
    }

    fn all(&self) -> impl Iterator<Item = &Place> + Clone {
        self.places.values().flatten().map(|(_, place)| place)
    }

    /// The entries, for tests.
    #[cfg(test)]
    pub(super) fn into_entries(mut self) -> impl Iterator<Item = ((u64, K), V)> {
        let places = core::mem::take(&mut self.places);
        let all = places.into_values().flatten();
        all.filter_map(move |(_, place)| self.entries.take(place))
    }
}

impl<K: PartialEq + Copy, V> FromIterator<((u64, K), V)> for Groups<K, V> {
    fn from_iter<I: IntoIterator<Item = ((u64, K), V)>>(entries: I) -> Self {
        let mut groups = Groups::default();
        for ((group, key), value) in entries {
            let place = groups.entries.put_first((group, key), value);
            groups.places.entry(group).or_default().push((key, place));
        }
        groups
    }
}

impl<C, K: Encode<C> + PartialEq + Copy, V: Encode<C>> Encode<C> for Groups<K, V> {
    fn encode<W: encode::Write>(
        &self,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        self.entries.export(self.all(), encoder, context)
    }
}

impl<'b, C, K: Decode<'b, C> + Ord + Copy, V: Decode<'b, C>> Decode<'b, C> for Groups<K, V> {
    fn decode(decoder: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        // What a crash cut short is written in the order of its slots, which is any: a map sorts it.
        let map = Map::<(u64, K), V>::decode(decoder, context)?;
        Ok(map.into_entries().collect())
    }

    fn nil() -> Option<Self> {
        Some(Groups::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch;
    use minicbor::{decode as read, to_vec};
    use std::vec;

    fn reload(groups: &Groups<u32, u32>) -> Vec<((u64, u32), u32)> {
        let bytes = to_vec(groups).unwrap();
        let groups: Groups<u32, u32> = read(&bytes).unwrap();
        groups.into_entries().collect()
    }

    fn some() -> Groups<u32, u32> {
        Groups::from_iter([((1, 5), 10), ((1, 6), 11), ((2, 5), 20)])
    }

    #[test]
    fn a_group_goes_as_a_whole() {
        let mut groups = some();
        epoch::begin();
        groups.put(1, 6, 12);
        groups.put(1, 4, 13);
        epoch::end();
        assert_eq!(groups.get(1, 6), Some(&12));
        let first: Vec<_> = groups.group(1).map(|(key, value)| (key, *value)).collect();
        assert_eq!(first, [(5, 10), (6, 12), (4, 13)]);
        epoch::begin();
        groups.drop_group(1);
        groups.drop_group(7);
        epoch::end();
        assert_eq!(groups.groups().collect::<Vec<_>>(), vec![2]);
        assert_eq!((groups.len(), groups.get(1, 6)), (1, None));
        assert_eq!(reload(&groups), [((2, 5), 20)]);
    }

    #[test]
    fn a_closure_cut_short_is_taken_back() {
        let mut groups = some();
        epoch::begin();
        groups.put(2, 5, 21);
        groups.put(3, 1, 30);
        groups.drop_group(1);
        let before = [((1, 5), 10), ((1, 6), 11), ((2, 5), 20)];
        assert_eq!(reload(&groups), before);
        epoch::end();
        assert_eq!(reload(&groups), [((2, 5), 21), ((3, 1), 30)]);
    }

    #[test]
    fn entries_that_are_read_are_in_the_order_of_their_keys() {
        let mut groups: Groups<u32, u32> = Groups::default();
        for (group, keys) in [(1, [0, 1]), (2, [0, 1])] {
            epoch::begin();
            groups.drop_group(1);
            epoch::end();
            epoch::begin();
            keys.into_iter().for_each(|key| groups.put(group, key, key));
            epoch::end();
        }
        // Freed slots are taken again, the last first.
        epoch::begin();
        groups.put(3, 0, 0);
        let read: Groups<u32, u32> = read(&to_vec(&groups).unwrap()).unwrap();
        epoch::end();
        let keys: Vec<u32> = read.group(2).map(|(key, _)| key).collect();
        assert_eq!(keys, [0, 1]);
    }

    #[test]
    fn a_group_that_comes_and_goes_leaves_no_more_slots() {
        let mut groups: Groups<u32, u32> = Groups::default();
        for group in 0..1000 {
            for key in 0..3 {
                epoch::begin();
                groups.put(group, key, 1);
                epoch::end();
            }
            epoch::begin();
            groups.drop_group(group);
            epoch::end();
        }
        assert_eq!(groups.len(), 0);
        assert!(groups.entries.slots() <= 8, "{}", groups.entries.slots());
    }

    #[test]
    fn what_a_map_has_written_is_read() {
        let map = Map::from_iter([((4_u64, 1_u32), 2_u32), ((4, 3), 5)]);
        let groups: Groups<u32, u32> = read(&to_vec(&map).unwrap()).unwrap();
        assert_eq!(groups.group(4).count(), 2);
        assert_eq!(to_vec(&groups).unwrap(), to_vec(&map).unwrap());
    }
}
