//! Operations on a whole space.

use super::{Advice, GUARD, Layout, Limits, Mapping, Placement, Remap, Remapped, Space};
use crate::action::{Action, Actions};
use crate::random;
use crate::range::Range;
use crate::region::{Backing, Marks, Role};
use abi::Errno;
use abi::call::Protection;
use abi::layout::{PAGE_SIZE, USER_BOTTOM, USER_TOP};
use protocol::payload::{ExecutePlan, PlannedRegion};

const TOP: u64 = 0x7000_0000_0000;

fn plan() -> ExecutePlan {
    ExecutePlan {
        regions: vec![PlannedRegion {
            address: 0x40_0000,
            length: 3 * PAGE_SIZE,
            protection: 3,
            file_bytes: 10,
            file_offset: 0,
        }],
        heap: 0x40_3000,
        stack_top: TOP,
        stack_limit: 1 << 20,
        stack: vec![1; 100],
        vdso: TOP + (1 << 30),
    }
}

fn layout(random: u64) -> Layout {
    Layout {
        file: 1,
        vdso_pages: 3,
        random,
    }
}

fn space() -> Space {
    Space::planned(&plan(), &layout(0)).unwrap()
}

fn wanted(placement: Placement, pages: u64) -> Mapping {
    Mapping {
        placement,
        length: pages * PAGE_SIZE,
        protection: Protection(3),
        backing: Backing::Zero,
        marks: Marks::default(),
        populate: false,
    }
}

fn map(space: &mut Space, placement: Placement, pages: u64) -> Result<u64, Errno> {
    space.map(&wanted(placement, pages), &mut Actions::new())
}

fn range(start: u64, pages: u64) -> Range {
    Range::of(start, pages * PAGE_SIZE).unwrap()
}

#[test]
fn a_plan_becomes_regions() {
    let space = space();
    let file = space.regions.find(0x40_0000).unwrap();
    assert_eq!((file.pages(), file.file()), (1, Some(1)));
    let zero = space.regions.find(0x40_1000).unwrap();
    assert_eq!((zero.pages(), zero.backing), (2, Backing::Zero));
    let stack = space.regions.find(TOP - 1).unwrap();
    assert!(stack.role == Role::Stack && stack.marks.has(Marks::GROWS));
    assert_eq!(
        space.regions.find(TOP + (1 << 30)).unwrap().role,
        Role::Clock
    );
    assert_eq!(space.heap_end(), 0x40_3000);
}

#[test]
fn a_plan_that_makes_no_sense_is_refused() {
    let refuse = |spoil: fn(&mut ExecutePlan)| {
        let mut plan = plan();
        spoil(&mut plan);
        Space::planned(&plan, &layout(7)).unwrap_err()
    };
    assert_eq!(refuse(|p| p.regions[0].address = 0), Errno::NOEXEC);
    assert_eq!(refuse(|p| p.regions[0].length = u64::MAX), Errno::NOEXEC);
    assert_eq!(refuse(|p| p.regions[0].file_bytes = 1 << 40), Errno::NOEXEC);
    assert_eq!(refuse(|p| p.regions[0].file_offset = 1), Errno::NOEXEC);
    assert_eq!(refuse(|p| p.regions[0].protection = 8), Errno::NOEXEC);
    assert_eq!(
        refuse(|p| p.regions.push(p.regions[0].clone())),
        Errno::NOEXEC
    );
    assert_eq!(refuse(|p| p.stack_top = 0), Errno::NOEXEC);
    assert_eq!(refuse(|p| p.stack_top = u64::MAX), Errno::NOEXEC);
    assert_eq!(refuse(|p| p.heap = u64::MAX), Errno::NOEXEC);
    assert_eq!(refuse(|p| p.vdso = 0x40_0000), Errno::NOEXEC);
    assert_eq!(refuse(|p| p.stack = vec![0; 2 << 20]), Errno::TOOBIG);
}

#[test]
fn spaces_are_laid_out_at_random_but_usable() {
    let mut seed = 5;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let random = random::next(&mut seed);
        let mut space = Space::planned(&plan(), &layout(random)).unwrap();
        let mapped = map(&mut space, Placement::Near(0), 1).unwrap();
        assert!(mapped < TOP - (128 << 20) && mapped > TOP - (1 << 37));
        let heap = space.heap_end();
        assert!((0x40_3000..0x40_3000 + (32 << 20)).contains(&heap));
        seen.insert((mapped, heap));
    }
    assert!(seen.len() > 190);
}

#[test]
fn mappings_are_placed_as_asked() {
    let mut space = space();
    let at = map(&mut space, Placement::Near(0), 4).unwrap();
    assert_eq!(
        map(&mut space, Placement::Near(0), 4),
        Ok(at - 4 * PAGE_SIZE)
    );
    assert_eq!(
        map(&mut space, Placement::Near(0x100_0123), 1),
        Ok(0x100_0000)
    );
    // What is taken is not given again.
    assert_ne!(
        map(&mut space, Placement::Near(0x100_0000), 1),
        Ok(0x100_0000)
    );
    assert_eq!(map(&mut space, Placement::AtFree(at), 1), Err(Errno::EXIST));
    assert_eq!(map(&mut space, Placement::At(at + 1), 1), Err(Errno::INVAL));
    assert_eq!(map(&mut space, Placement::At(0), 1), Err(Errno::PERM));
    assert_eq!(
        map(&mut space, Placement::At(USER_TOP), 1),
        Err(Errno::NOMEM)
    );
    let mut actions = Actions::new();
    let over = wanted(Placement::At(at + PAGE_SIZE), 2);
    space.map(&over, &mut actions).unwrap();
    assert_eq!(actions, [Action::unmap(range(at + PAGE_SIZE, 2))]);
    let huge = (USER_TOP - USER_BOTTOM) / PAGE_SIZE;
    assert_eq!(map(&mut space, Placement::Near(0), huge), Err(Errno::NOMEM));
    assert_eq!(
        map(&mut space, Placement::Near(0), u64::MAX >> 12),
        Err(Errno::NOMEM)
    );
}

#[test]
fn shared_pages_come_at_once() {
    let mut space = space();
    let mut actions = Actions::new();
    let shared = Mapping {
        backing: Backing::Shared,
        ..wanted(Placement::Near(0), 2)
    };
    let at = space.map(&shared, &mut actions).unwrap();
    assert_eq!(actions, [Action::map(range(at, 2), 3 | 8)]);
    assert_eq!(space.for_child().regions, space.regions);
}

#[test]
fn what_was_never_accessible_needs_no_kernel_call() {
    let mut space = space();
    let mut actions = Actions::new();
    let nothing = Mapping {
        protection: Protection(0),
        ..wanted(Placement::Near(0), 1 << 20)
    };
    let at = space.map(&nothing, &mut actions).unwrap();
    space
        .protect(range(at, 1), Protection(3), &mut actions)
        .unwrap();
    assert_eq!(actions, []);
    assert_eq!(space.sizes().promised, 19 * PAGE_SIZE + PAGE_SIZE);
    space.unmap(range(at, 1 << 20), &mut actions).unwrap();
    assert_eq!(actions, [Action::unmap(range(at, 1))]);
}

#[test]
fn the_heap_moves_within_its_bounds() {
    let mut space = space();
    let start = space.heap_end();
    let mut actions = Actions::new();
    let mut brk = |space: &mut Space, end| space.set_heap_end(end, &mut actions);
    assert_eq!(brk(&mut space, 0), Ok(start));
    assert_eq!(brk(&mut space, start - 1), Ok(start));
    assert_eq!(brk(&mut space, start + 1), Ok(start + 1));
    assert_eq!(brk(&mut space, start + 5000), Ok(start + 5000));
    assert!(space.regions.cover(range(start, 2)));
    assert_eq!(brk(&mut space, start + 10), Ok(start + 10));
    assert!(!space.regions.cover(range(start, 2)));
    assert_eq!(brk(&mut space, u64::MAX), Err(Errno::NOMEM));
    assert_eq!(brk(&mut space, TOP), Err(Errno::NOMEM));
    assert_eq!(space.heap_end(), start + 10);
    // A page stays free behind it.
    map(&mut space, Placement::At(start + 4 * PAGE_SIZE), 1).unwrap();
    assert_eq!(brk(&mut space, start + 4 * PAGE_SIZE), Err(Errno::NOMEM));
    assert_eq!(
        brk(&mut space, start + 3 * PAGE_SIZE),
        Ok(start + 3 * PAGE_SIZE)
    );
    assert_eq!(brk(&mut space, start), Ok(start));
    assert!(space.regions.is_free(range(start, 3)));
}

#[test]
fn limits_hold_for_growth_alone() {
    let mut space = space();
    let before = space.sizes();
    space.limits = Limits {
        total: before.total + PAGE_SIZE,
        data: u64::MAX,
        stack: 0,
    };
    assert_eq!(space.check_growth(&before), Ok(()));
    map(&mut space, Placement::Near(0), 1).unwrap();
    assert_eq!(space.check_growth(&before), Ok(()));
    let at = map(&mut space, Placement::Near(0), 1).unwrap();
    assert_eq!(space.check_growth(&before), Err(Errno::NOMEM));
    space.limits.total = 0;
    let before = space.sizes();
    space.unmap(range(at, 1), &mut Actions::new()).unwrap();
    assert_eq!(space.check_growth(&before), Ok(()));
    let before = space.sizes();
    space.limits = Limits {
        total: u64::MAX,
        data: before.data,
        stack: 0,
    };
    map(&mut space, Placement::Near(0), 1).unwrap();
    assert_eq!(space.check_growth(&before), Err(Errno::NOMEM));
}

#[test]
fn the_stack_grows_to_its_limit_and_keeps_its_guard() {
    let mut space = space();
    let low = TOP - (1 << 20);
    assert_eq!(space.grow_stack(low - 1), Err(Errno::FAULT));
    space.grow_stack(TOP - 40 * PAGE_SIZE).unwrap();
    let start = space.regions.find(TOP - 1).unwrap().start();
    assert_eq!(start, TOP - 48 * PAGE_SIZE, "some pages at once");
    space.limits.stack = u64::MAX;
    map(&mut space, Placement::At(low - 300 * PAGE_SIZE), 1).unwrap();
    let guard_end = low - 299 * PAGE_SIZE + GUARD;
    assert_eq!(space.grow_stack(guard_end - 1), Err(Errno::FAULT));
    space.grow_stack(guard_end).unwrap();
    assert_eq!(space.regions.find(TOP - 1).unwrap().start(), guard_end);
    let near = map(&mut space, Placement::Near(guard_end - 10 * PAGE_SIZE), 1);
    assert!(near.unwrap() < guard_end - GUARD);
    // Nothing grows but stacks.
    assert_eq!(space.grow_stack(low - 301 * PAGE_SIZE), Err(Errno::FAULT));
}

#[test]
fn protection_needs_all_of_the_range() {
    let mut space = space();
    let at = map(&mut space, Placement::Near(0), 4).unwrap();
    let mut actions = Actions::new();
    let hole = range(at - PAGE_SIZE, 2);
    assert_eq!(
        space.protect(hole, Protection(1), &mut actions),
        Err(Errno::NOMEM)
    );
    space
        .protect(range(at + PAGE_SIZE, 1), Protection(1), &mut actions)
        .unwrap();
    assert_eq!(actions, [Action::protect(range(at + PAGE_SIZE, 1), 1)]);
    assert_eq!(space.regions.find(at).unwrap().pages(), 1);
    space
        .protect(range(at, 4), Protection(3), &mut actions)
        .unwrap();
    assert_eq!(space.regions.find(at).unwrap().pages(), 4);
    let vdso = range(TOP + (1 << 30), 1);
    assert_eq!(
        space.protect(vdso, Protection(3), &mut actions),
        Err(Errno::ACCES)
    );
}

#[test]
fn advice_changes_what_a_child_gets() {
    let mut space = space();
    let at = map(&mut space, Placement::Near(0), 4).unwrap();
    let mut actions = Actions::new();
    let mut advise = |space: &mut Space, page, advice| {
        space.advise(range(at + page * PAGE_SIZE, 1), advice, &mut actions)
    };
    advise(&mut space, 0, Advice::Inherited(false)).unwrap();
    advise(&mut space, 1, Advice::Wiped(true)).unwrap();
    advise(&mut space, 2, Advice::Drop).unwrap();
    assert_eq!(advise(&mut space, 4, Advice::Hint), Err(Errno::NOMEM));
    assert_eq!(actions, [Action::unmap(range(at + 2 * PAGE_SIZE, 1))]);
    let child = space.for_child();
    assert!(child.regions.find(at).is_none());
    assert!(!child.regions.find(at + PAGE_SIZE).unwrap().is_cloned());
    assert!(child.regions.find(at + 2 * PAGE_SIZE).unwrap().is_cloned());
}

#[test]
fn a_lock_keeps_pages_from_being_dropped() {
    let mut space = space();
    let at = map(&mut space, Placement::Near(0), 1).unwrap();
    let mut actions = Actions::new();
    space.lock(range(at, 1), &mut actions).unwrap();
    assert_eq!(actions, [Action::map(range(at, 1), 3)]);
    assert_eq!(
        space.advise(range(at, 1), Advice::Drop, &mut actions),
        Err(Errno::INVAL)
    );
    space.unlock(range(at, 1)).unwrap();
    assert_eq!(
        space.advise(range(at, 1), Advice::Drop, &mut actions),
        Ok(())
    );
}

fn remap(address: u64, old: u64, new: u64) -> Remap {
    Remap {
        address,
        old_length: old * PAGE_SIZE,
        new_length: new * PAGE_SIZE,
        may_move: true,
        fixed: None,
        stays: false,
    }
}

#[test]
fn a_mapping_grows_in_place_when_it_can() {
    let mut space = space();
    let at = map(&mut space, Placement::At(0x200_0000), 2).unwrap();
    let mut actions = Actions::new();
    let mut go = |space: &mut Space, wanted: &Remap| space.remap(wanted, &mut actions);
    assert_eq!(go(&mut space, &remap(at, 2, 5)), Ok(Remapped::InPlace));
    assert!(space.regions.cover(range(at, 5)));
    assert_eq!(go(&mut space, &remap(at, 5, 1)), Ok(Remapped::InPlace));
    assert!(space.regions.is_free(range(at + PAGE_SIZE, 4)));
    assert_eq!(go(&mut space, &remap(at, 2, 5)), Err(Errno::FAULT));
    assert_eq!(
        go(&mut space, &remap(at + PAGE_SIZE, 1, 5)),
        Err(Errno::FAULT)
    );
    assert_eq!(go(&mut space, &remap(at, 1, 0)), Err(Errno::INVAL));
    let overlapping = Remap {
        fixed: Some(at),
        ..remap(at, 1, 2)
    };
    assert_eq!(go(&mut space, &overlapping), Err(Errno::INVAL));
    map(&mut space, Placement::At(at + PAGE_SIZE), 1).unwrap();
    space
        .protect(range(at, 1), Protection(1), &mut Actions::new())
        .unwrap();
    let Ok(Remapped::Moves(moved)) = space.remap(&remap(at, 1, 3), &mut Actions::new()) else {
        panic!("it has to move");
    };
    assert_eq!(
        (moved.from, moved.length, moved.new_length),
        (at, PAGE_SIZE, 3 * PAGE_SIZE)
    );
    let mut undone = space.clone();
    undone
        .undo_move(&moved, PAGE_SIZE, &mut Actions::new())
        .unwrap();
    assert!(undone.regions.is_free(range(moved.to, 3)));
    space
        .finish_move(&moved, PAGE_SIZE, &mut Actions::new())
        .unwrap();
    assert!(space.regions.is_free(range(at, 1)) && space.regions.cover(range(moved.to, 3)));
}

#[test]
fn pages_that_are_shared_go_with_their_region_whatever_their_rights() {
    let mut space = space();
    let mut actions = Actions::new();
    let shared = Mapping {
        backing: Backing::Shared,
        protection: Protection(0),
        ..wanted(Placement::Near(0), 2)
    };
    let at = space.map(&shared, &mut actions).unwrap();
    let range = range(at, 2);
    let rights = Protection::SHARED.0;
    assert_eq!(actions, [Action::map(range, rights)]);
    actions.clear();
    space.unmap(range, &mut actions).unwrap();
    assert_eq!(actions, [Action::unmap(range)]);
}
