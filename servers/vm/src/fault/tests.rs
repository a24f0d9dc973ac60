//! Each kind of fault in a space with one region of each kind.

use super::{Decision, Fault, Touch, decide};
use crate::range::Range;
use crate::region::{Backing, FilePart, Marks, Region, Role};
use crate::space::{Layout, Space};
use abi::Errno;
use abi::call::Protection;
use abi::layout::PAGE_SIZE;
use protocol::payload::ExecutePlan;

const ZERO: u64 = 0x100_0000;
const SHARED: u64 = 0x200_0000;
const FILE: u64 = 0x300_0000;
const NOTHING: u64 = 0x400_0000;
const GROWING: u64 = 0x500_0000;
const PAGES: u64 = 40;

fn part() -> FilePart {
    FilePart {
        file: 9,
        offset: 0x8000,
        // 20 whole pages and 10 bytes.
        limit: 0x8000 + 20 * PAGE_SIZE + 10,
        shared: false,
    }
}

fn space() -> Space {
    let plan = ExecutePlan {
        regions: Vec::new(),
        heap: 0x10_0000,
        stack_top: 0x7000_0000_0000,
        stack_limit: 1 << 20,
        stack: Vec::new(),
        vdso: 0x7100_0000_0000,
    };
    let layout = Layout {
        file: 0,
        vdso_pages: 3,
        random: 0,
    };
    let mut space = Space::planned(&plan, &layout).unwrap();
    let mut add = |start, rights, backing, marks| {
        let range = Range::of(start, PAGES * PAGE_SIZE).unwrap();
        let region = Region::new(range, Protection(rights), backing, Role::Mapping);
        space.regions.insert(region.marked(marks)).unwrap();
    };
    add(ZERO, 3, Backing::Zero, Marks::default());
    add(SHARED, 3, Backing::Shared, Marks::default());
    add(FILE, 5, Backing::File(part()), Marks::default());
    add(NOTHING, 0, Backing::Zero, Marks::default());
    add(GROWING, 3, Backing::Zero, Marks::GROWS);
    space
}

fn fault(address: u64, touch: Touch) -> Fault {
    Fault {
        address,
        length: 1,
        touch,
        present: false,
    }
}

fn pages(decision: Decision) -> (u64, u64) {
    match decision {
        Decision::Zero(p) | Decision::Own(p) | Decision::Protect(p) | Decision::File(p, _) => {
            (p.start, p.count)
        }
        other => panic!("{other:?} brings no pages"),
    }
}

#[test]
fn what_is_not_mapped_or_not_allowed_is_refused() {
    let space = space();
    let refused = |address, touch| match decide(&space, &fault(address, touch)) {
        Decision::Refuse(errno) => errno,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(ZERO - 1, Touch::Read), Errno::FAULT);
    assert_eq!(refused(ZERO + PAGES * PAGE_SIZE, Touch::Read), Errno::FAULT);
    assert_eq!(refused(0, Touch::Write), Errno::FAULT);
    assert_eq!(refused(u64::MAX, Touch::Write), Errno::FAULT);
    assert_eq!(refused(ZERO, Touch::Execute), Errno::ACCES);
    assert_eq!(refused(FILE, Touch::Write), Errno::ACCES);
    for touch in [Touch::Read, Touch::Write, Touch::Execute] {
        assert_eq!(refused(NOTHING, touch), Errno::ACCES);
    }
    assert_eq!(refused(0x7100_0000_0000, Touch::Write), Errno::ACCES);
}

#[test]
fn zeroes_come_some_at_once() {
    let space = space();
    let zero = |address| pages(decide(&space, &fault(address, Touch::Read)));
    assert_eq!(zero(ZERO + 5), (ZERO, 16));
    assert_eq!(zero(ZERO + 14 * PAGE_SIZE), (ZERO + 14 * PAGE_SIZE, 2));
    assert_eq!(zero(ZERO + 39 * PAGE_SIZE), (ZERO + 39 * PAGE_SIZE, 1));
    assert_eq!(
        zero(GROWING + 20 * PAGE_SIZE),
        (GROWING + 16 * PAGE_SIZE, 5)
    );
    let shared = decide(&space, &fault(SHARED, Touch::Write));
    assert!(matches!(shared, Decision::Zero(p) if p.rights == 3 | Protection::SHARED.0));
}

#[test]
fn a_copy_gets_all_it_wants_in_one_region() {
    let space = space();
    let wants = |address, length, present| Fault {
        length,
        present,
        ..fault(address, Touch::Write)
    };
    let many = wants(ZERO + 10, 30 * PAGE_SIZE, false);
    assert_eq!(pages(decide(&space, &many)), (ZERO, 31));
    let beyond = wants(ZERO + 30 * PAGE_SIZE, u64::MAX, true);
    assert_eq!(pages(decide(&space, &beyond)), (ZERO + 30 * PAGE_SIZE, 10));
    let one = wants(ZERO + 10, 1, true);
    assert_eq!(decide(&space, &one), Decision::Own(pages_of(ZERO, 1, 3)));
}

fn pages_of(start: u64, count: u64, rights: u64) -> super::Pages {
    super::Pages {
        start,
        count,
        rights,
    }
}

#[test]
fn a_page_that_is_there_and_allowed_is_protected_again() {
    let fault = Fault {
        present: true,
        ..fault(FILE + PAGE_SIZE, Touch::Execute)
    };
    let expected = Decision::Protect(pages_of(FILE + PAGE_SIZE, 1, 5));
    assert_eq!(decide(&space(), &fault), expected);
}

#[test]
fn pages_of_a_file_come_from_its_server_as_far_as_they_are_whole() {
    let space = space();
    let at = |page: u64| decide(&space, &fault(FILE + page * PAGE_SIZE, Touch::Read));
    let here = |page: u64| FilePart {
        offset: 0x8000 + page * PAGE_SIZE,
        ..part()
    };
    // With those around them.
    assert_eq!(at(1), Decision::File(pages_of(FILE, 20, 5), here(0)));
    assert_eq!(at(18), Decision::File(pages_of(FILE, 20, 5), here(0)));
    let start = FILE + 20 * PAGE_SIZE;
    assert_eq!(
        at(20),
        Decision::Partial(pages_of(start, 1, 5), here(20), 10)
    );
    let start = FILE + 21 * PAGE_SIZE;
    assert_eq!(at(21), Decision::Zero(pages_of(start, 1, 5)));
}

#[test]
fn a_touch_below_a_growing_region_grows_it() {
    let below = fault(GROWING - 5 * PAGE_SIZE, Touch::Write);
    assert_eq!(decide(&space(), &below), Decision::Grow);
}
