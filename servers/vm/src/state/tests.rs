//! Both versions of the State, and the way from one to the other.

use super::{Object, Shortage, Tables, version_1, version_2};
use crate::range::Range;
use crate::space::{Limits, Mapping, Placement};
use crate::{action::Actions, region::Backing, region::FilePart, region::Marks};
use abi::call::Protection;
use abi::layout::PAGE_SIZE;
use abi::{Endpoint, Errno, SpaceId};
use protocol::Handle;
use protocol::payload::ExecutePlan;
use service::State;

const PLENTY: u64 = 1 << 20;
const FIRST: SpaceId = SpaceId(1);
const FILE: Object = Object {
    server: Endpoint(3),
    handle: Handle(8),
};

fn plan() -> ExecutePlan {
    ExecutePlan {
        regions: Vec::new(),
        heap: 0x40_0000,
        stack_top: 0x7000_0000_0000,
        stack_limit: 1 << 20,
        stack: Vec::new(),
        vdso: 0x7100_0000_0000,
    }
}

fn filled<S: State + Tables>() -> S {
    let mut state = S::fresh(&service::Start::default());
    let space = state.new_space();
    assert_eq!(space, FIRST);
    let unused = state.execute(space, PLENTY, &plan(), FILE, 3).unwrap();
    assert_eq!(unused.closed, [FILE], "no region needs the file");
    let at = map_file(&mut state, 2).unwrap();
    assert_eq!(map_file(&mut state, 1).unwrap(), at - PAGE_SIZE);
    state
}

fn map_file<S: Tables>(state: &mut S, pages: u64) -> Result<u64, Errno> {
    let known = state.number_of(FILE).is_some();
    let changed = state.change_with_file(FIRST, PLENTY, FILE, |space, actions, file| {
        let part = FilePart {
            file,
            offset: 0,
            limit: u64::MAX,
            shared: false,
        };
        let mapping = Mapping {
            placement: Placement::Near(0),
            length: pages * PAGE_SIZE,
            protection: Protection(3),
            backing: Backing::File(part),
            marks: Marks::default(),
            populate: false,
        };
        space.map(&mapping, actions)
    })?;
    assert_eq!(!changed.closed.is_empty(), known, "one reference is enough");
    Ok(changed.value)
}

fn assert_filled<S: Tables>(state: &mut S) {
    let sizes = state.space(FIRST).unwrap().sizes();
    assert_eq!(state.promised(), sizes.promised / PAGE_SIZE);
    assert_eq!(state.peak(FIRST), sizes.total);
    assert_eq!(state.file(state.number_of(FILE).unwrap()), Some((FILE, 1)));
    let child = state.new_space();
    assert_eq!(child, SpaceId(2));
    state.clone_space(FIRST, child, PLENTY).unwrap();
    assert_eq!(state.promised(), 2 * sizes.promised / PAGE_SIZE);
    assert_eq!(state.remove_space(FIRST), []);
    assert_eq!(state.remove_space(child), [FILE]);
    assert_eq!(state.remove_space(child), []);
    assert_eq!((state.promised(), state.number_of(FILE)), (0, None));
}

#[test]
fn each_version_keeps_count() {
    assert_filled(&mut filled::<version_1::State>());
    assert_filled(&mut filled::<version_2::State>());
}

#[test]
fn everything_survives_an_update_and_a_downgrade() {
    let mut old = filled::<version_1::State>();
    let limits = Limits {
        total: 1 << 40,
        data: 5,
        stack: 6,
    };
    old.set_limits(FIRST, limits).unwrap();
    old.set_shortage(Shortage::Felt);
    let (space, random) = (old.space(FIRST).cloned(), old.random());
    let mut new = version_2::State::from(old);
    assert_eq!(new.space(FIRST).cloned(), space);
    assert_eq!(new.name_victim(&[(FIRST, 7)]), FIRST);
    assert_eq!(new.check(), 0);
    let mut old = version_1::State::from(new);
    assert_eq!(old.shortage(), Shortage::Victim(FIRST));
    assert_eq!(old.space(FIRST).unwrap().limits, limits);
    assert_eq!(old.check(), 0);
    assert_ne!(old.random(), random);
    old.set_limits(
        FIRST,
        Limits {
            data: u64::MAX,
            ..limits
        },
    )
    .unwrap();
    assert_filled(&mut version_2::State::from(old));
}

#[test]
fn a_refused_change_changes_nothing() {
    let mut state = filled::<super::State>();
    let space = state.space(FIRST).cloned();
    let promised = state.promised();
    let mapping = Mapping {
        placement: Placement::Near(0),
        length: 10 * PAGE_SIZE,
        protection: Protection(3),
        backing: Backing::Zero,
        marks: Marks::default(),
        populate: false,
    };
    let map = |s: &mut crate::space::Space, a: &mut Actions| s.map(&mapping, a);
    let refused = state.change(FIRST, promised + 9, map);
    assert_eq!(refused.unwrap_err(), Errno::NOMEM);
    assert_eq!(
        (state.space(FIRST).cloned(), state.promised()),
        (space, promised)
    );
    assert_eq!(
        state.change(SpaceId(9), PLENTY, map).unwrap_err(),
        Errno::SRCH
    );
    assert!(state.change(FIRST, promised + 10, map).is_ok());
    let child = state.new_space();
    let refused = state.clone_space(FIRST, child, promised + 20);
    assert_eq!(refused, Err(Errno::NOMEM));
}

#[test]
fn the_second_version_remembers_the_peak() {
    let mut state = filled::<version_2::State>();
    let peak = state.peak(FIRST);
    let all = Range::between(0x40_0000, 0x6fff_0000_0000).unwrap();
    let changed = state.change(FIRST, PLENTY, |s, a| s.unmap(all, a)).unwrap();
    assert_eq!(changed.closed, [FILE]);
    assert_eq!(state.peak(FIRST), peak);
    let old = version_1::State::from(state);
    assert!(old.peak(FIRST) < peak);
}

#[test]
fn a_victim_is_named_once_and_until_it_has_ended() {
    let mut state = filled::<super::State>();
    let child = state.new_space();
    state.clone_space(FIRST, child, PLENTY).unwrap();
    assert_eq!(state.name_victim(&[(FIRST, 1)]), SpaceId::NONE);
    state.set_shortage(Shortage::Felt);
    assert_eq!(
        state.name_victim(&[(FIRST, 1), (child, 5), (SpaceId(99), 9)]),
        child
    );
    assert_eq!(state.name_victim(&[(FIRST, 9)]), child);
    state.remove_space(child);
    assert_eq!(state.shortage(), Shortage::None);
}

#[test]
fn regions_of_no_file_are_dropped_alone() {
    let mut state = filled::<version_2::State>();
    assert_eq!(state.check(), 0);
    let regions = |state: &version_2::State| state.space(FIRST).unwrap().regions.len();
    let before = regions(&state);
    state.shown.remove(&FILE);
    state.set_shortage(Shortage::Victim(SpaceId(99)));
    // The other table's entry, the space that is to be ended, what had been promised to the two
    // regions, and these.
    assert_eq!((state.check(), state.check()), (5, 0));
    assert_eq!(regions(&state), before - 2);
    assert_eq!(state.shortage(), Shortage::None);
    let mut old = version_1::State::from(filled::<version_2::State>());
    old.files.remove(&old.number_of(FILE).unwrap());
    // The regions and what had been promised to them.
    assert_eq!((old.check(), old.check()), (3, 0));
}
