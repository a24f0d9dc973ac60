use super::*;
use crate::epoch;
use minicbor::{decode as read, to_vec};

fn reload(map: &Map<u32, u32>) -> Vec<(u32, u32)> {
    let bytes = to_vec(map).unwrap();
    read::<Map<u32, u32>>(&bytes)
        .unwrap()
        .into_entries()
        .collect()
}

#[test]
fn a_value_changed_again_and_again_is_kept_once() {
    let mut map = Map::from_iter([(1, 10), (2, 20)]);
    epoch::begin();
    for value in 0..100 {
        map.insert(1, value);
    }
    assert_eq!(map.entries.gone().0, 1);
    map.remove(&1);
    map.insert(2, 21);
    map.insert(1, 7);
    assert_eq!(reload(&map), [(1, 10), (2, 20)]);
    epoch::end();
    assert_eq!(reload(&map), [(1, 7), (2, 21)]);
}

#[test]
fn what_a_large_closure_leaves_is_given_back() {
    let mut map: Map<u32, u32> = (0..1000).map(|key| (key, key)).collect();
    epoch::begin();
    map.retain(|_, _| false);
    epoch::end();
    epoch::begin();
    map.insert(0, 1);
    epoch::end();
    assert!(map.entries.gone().1 <= 16, "{:?}", map.entries.gone());
    assert_eq!(reload(&map), [(0, 1)]);
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
    assert_eq!(map.entries.gone().0, 0);
    epoch::end();
}

#[test]
fn a_log_of_a_version_before_is_taken_back() {
    let bytes = to_vec((
        [(1, 11)].iter().copied().collect::<BTreeMap<u32, u32>>(),
        ((1, Some(10)), (3, None::<u32>)),
    ))
    .unwrap();
    let map: Map<u32, u32> = read(&bytes).unwrap();
    assert_eq!(map.into_entries().collect::<Vec<_>>(), [(1, 10)]);
}
