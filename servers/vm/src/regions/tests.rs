//! The table against a map of single pages.

use super::Regions;
use crate::random;
use crate::range::Range;
use crate::region::{Backing, FilePart, Marks, Region, Role};
use abi::call::Protection;
use abi::layout::{PAGE_SIZE, USER_BOTTOM};
use std::collections::BTreeMap;

const PAGES: u64 = 48;

/// What a page is: rights, and for a page of a file its number and offset.
type Page = (u64, Option<(u32, u64)>, Marks);

fn address(page: u64) -> u64 {
    USER_BOTTOM + page * PAGE_SIZE
}

fn range(first: u64, pages: u64) -> Range {
    Range::between(address(first), address(first + pages)).unwrap()
}

fn region(at: Range, kind: u64, rights: u64) -> Region {
    let backing = match kind {
        0 => Backing::Zero,
        file => Backing::File(FilePart {
            file: abi::word::low_32(file),
            // Such that neighbouring mappings of one file often continue each other.
            offset: at.start(),
            limit: u64::MAX,
            shared: false,
        }),
    };
    Region::new(at, Protection(rights), backing, Role::Mapping)
}

#[derive(Default)]
struct Naive(BTreeMap<u64, Page>);

impl Naive {
    fn set(&mut self, at: Range, region: &Region) {
        let pages = (at.start()..at.end()).step_by(abi::word::index(PAGE_SIZE));
        for page in pages {
            let file = region.file().map(|file| (file, page));
            self.0
                .insert(page, (region.protection().0, file, region.marks));
        }
    }

    fn pages(&self, at: Range) -> impl Iterator<Item = (&u64, &Page)> {
        self.0.range(at.start()..at.end())
    }
}

fn flatten(regions: &Regions) -> BTreeMap<u64, Page> {
    let mut naive = Naive::default();
    for region in regions.iter() {
        let at = region.range().unwrap();
        naive.set(at, region);
        if let Backing::File(part) = region.backing {
            assert_eq!(part.offset, region.start());
        }
    }
    naive.0
}

fn assert_tidy(regions: &Regions) {
    for (left, right) in regions.iter().zip(regions.iter().skip(1)) {
        assert!(left.end() <= right.start());
        assert!(
            !left.is_continued_by(right),
            "{left:?} and {right:?} are one"
        );
    }
}

fn highest_gap(naive: &Naive, pages: u64, floor: u64, ceiling: u64) -> Option<u64> {
    (floor..=ceiling.saturating_sub(pages))
        .rev()
        .find(|first| naive.pages(range(*first, pages)).next().is_none())
}

fn lowest_gap(naive: &Naive, pages: u64, floor: u64, ceiling: u64) -> Option<u64> {
    (floor..=ceiling.saturating_sub(pages))
        .find(|first| naive.pages(range(*first, pages)).next().is_none())
}

#[test]
fn it_agrees_with_a_map_of_pages() {
    for seed in 0..200 {
        let mut seed = seed * 7919 + 1;
        let (mut regions, mut naive) = (Regions::default(), Naive::default());
        for _ in 0..120 {
            step(&mut seed, &mut regions, &mut naive);
            assert_eq!(flatten(&regions), naive.0);
            assert_tidy(&regions);
        }
    }
}

fn step(seed: &mut u64, regions: &mut Regions, naive: &mut Naive) {
    let mut draw = |below: u64| random::next(seed) % below;
    let first = draw(PAGES);
    let at = range(first, 1 + draw((PAGES - first).min(9)));
    let new = region(at, draw(3), [1, 3, 5][abi::word::index(draw(3))]);
    match draw(6) {
        0 | 1 => {
            let free = naive.pages(at).next().is_none();
            assert_eq!(regions.is_free(at), free);
            assert_eq!(regions.insert(new).is_ok(), free);
            if free {
                naive.set(at, &new);
            }
        }
        2 => {
            let removed = regions.remove(at).unwrap();
            let pages: u64 = removed.iter().map(Region::pages).sum();
            assert_eq!(pages, naive.pages(at).count() as u64);
            naive
                .0
                .retain(|page, _| *page < at.start() || *page >= at.end());
        }
        3 => {
            regions
                .change(at, |part| part.set_protection(new.protection()))
                .unwrap();
            for (_, page) in naive.0.range_mut(at.start()..at.end()) {
                page.0 = new.protection().0;
            }
        }
        4 => {
            let pages = naive.pages(at).count() as u64;
            assert_eq!(regions.cover(at), pages == at.pages());
            let probe = address(draw(PAGES));
            let found = regions.find(probe).map(|r| (r.protection().0, r.file()));
            let expected = naive.0.get(&probe).map(|p| (p.0, p.1.map(|f| f.0)));
            assert_eq!(found, expected);
        }
        _ => {
            let (pages, floor, ceiling) = (1 + draw(6), draw(10), 20 + draw(PAGES - 20));
            let (low, high) = (address(floor), address(ceiling));
            let found = regions.gap_below(pages * PAGE_SIZE, low, high, 0);
            let expected = highest_gap(naive, pages, floor, ceiling);
            assert_eq!(found.map(Range::start), expected.map(address));
            let found = regions.gap_above(pages * PAGE_SIZE, low, high, 0);
            let expected = lowest_gap(naive, pages, floor, ceiling);
            assert_eq!(found.map(Range::start), expected.map(address));
        }
    }
}

#[test]
fn a_growing_region_keeps_its_guard() {
    let mut regions = Regions::default();
    let stack = region(range(30, 5), 0, 3).marked(Marks::GROWS);
    regions.insert(stack).unwrap();
    let gap = |guard| regions.gap_below(PAGE_SIZE, USER_BOTTOM, address(35), guard * PAGE_SIZE);
    assert_eq!(gap(0), Some(range(29, 1)));
    assert_eq!(gap(4), Some(range(25, 1)));
    let gap = regions.gap_above(PAGE_SIZE, address(28), address(40), 4 * PAGE_SIZE);
    assert_eq!(gap, Some(range(35, 1)));
}

#[test]
fn growing_stops_at_what_is_below() {
    let mut regions = Regions::default();
    regions.insert(region(range(30, 5), 0, 3)).unwrap();
    regions.insert(region(range(10, 2), 0, 1)).unwrap();
    assert!(regions.grow_down(address(30), address(11)).is_err());
    regions.grow_down(address(30), address(20)).unwrap();
    assert!(regions.cover(range(20, 15)));
    assert_eq!(regions.below(address(20)).unwrap().end(), address(12));
    assert_eq!(regions.above(address(5)).unwrap().start(), address(10));
}

#[test]
fn nonsense_is_dropped_by_the_check() {
    let good = region(range(3, 1), 0, 3);
    let mut regions = Regions(vec![region(range(4, 2), 0, 3), good]);
    assert_eq!(regions.check(), 1);
    assert_eq!(regions.len(), 1);
}
