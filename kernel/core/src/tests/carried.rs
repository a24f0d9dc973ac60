//! Which pages of a service its successor gets, and what is left of those that are not carried.

use abi::layout::{PAGE_SIZE, SERVICE_KEPT, TOP_LEVEL_SPAN};
use abi::limits::PAGES_PER_CALL;
use abi::slot::{Phase, Refusal};
use abi::{Call, CallError};

use super::{VFS, World};
use crate::host::InstanceId;

const MEMBERS: u64 = 1 << VFS.0;
/// Pages that a service can keep at most.
const LIMIT: u64 = TOP_LEVEL_SPAN / PAGE_SIZE;

impl World {
    fn keep(&mut self, first: u64, pages: u64) -> Result<u64, CallError> {
        self.call(VFS, Call::KeepMap, &[first, pages])
    }

    /// The mark in a kept page, if it is there.
    fn mark(&self, id: InstanceId, page: u64) -> Option<u8> {
        let mut byte = [0];
        let address = SERVICE_KEPT + page * PAGE_SIZE;
        let read = self.host.read_memory(id, address, &mut byte);
        read.ok().map(|()| byte[0])
    }

    fn set_mark(&mut self, page: u64, mark: u8) {
        let id = self.id(VFS);
        let address = SERVICE_KEPT + page * PAGE_SIZE;
        self.host.write_memory(id, address, &[mark]).unwrap();
    }

    /// An update that its new instance refuses.
    fn update_in_vain(&mut self) {
        self.load(MEMBERS, 2);
        self.replace(MEMBERS, 0).unwrap();
        assert!(self.receive(VFS).is_none());
        let candidate = self.host.candidate(VFS).unwrap();
        self.host.export(candidate, 1, b"state").unwrap();
        self.host.start(candidate).unwrap();
        self.host.ready(candidate, Refusal::Other).unwrap();
        self.prepare();
        assert_eq!(self.status(VFS).current, Phase::Running as u32);
    }

    /// Every page of the stack, and new memory, can be read and written.
    fn is_writable(&mut self) {
        let id = self.busy(VFS);
        let kernel = &self.host.kernel;
        let current = kernel.slot(VFS).current.unwrap();
        let memory = kernel.instances.get(current).unwrap().memory;
        let layout = kernel.memory.instance_layout(memory);
        for page in 1..=abi::layout::SERVICE_STACK_SIZE / PAGE_SIZE {
            let address = layout.stack_top - page * PAGE_SIZE;
            self.host.write_memory(id, address, b"stack").unwrap();
        }
        let below = layout.stack_top - abi::layout::SERVICE_STACK_SIZE - 1;
        let guard = self.host.write_memory(id, below, b"x");
        assert_eq!(guard, Err(CallError::BadAddress));
        let place = self.host.lend(id, b"heap").unwrap();
        let mut bytes = [0; 4];
        self.host.lent(id, place, &mut bytes).unwrap();
        assert_eq!(&bytes, b"heap");
        self.host.take_back(id, place, 4);
    }
}

/// S12: empty, single and edge ranges of memory to carry: nothing outside is mapped, and the successor
/// has these pages, with what was in them, and no others. A rollback leaves them where they were.
#[test]
fn ranges_are_carried_to_their_edges_and_no_further() {
    let mut world = World::new();
    for (first, pages) in [(0, 0), (7, 0), (LIMIT - 1, 0)] {
        world.keep(first, pages).unwrap();
        assert_eq!(world.mark(world.id(VFS), first), None, "{first}");
    }
    for (first, pages) in [
        (LIMIT, 0),
        (LIMIT, 1),
        (LIMIT - 1, 2),
        (0, PAGES_PER_CALL + 1),
        (u64::MAX, 1),
        (1, u64::MAX),
    ] {
        let refused = world.keep(first, pages);
        assert_eq!(refused, Err(CallError::BadArgument), "{first} {pages}");
    }
    // The first page, one alone, two that touch, the last one.
    for (first, pages) in [(0, 1), (3, 1), (5, 1), (6, 1), (LIMIT - 1, 1)] {
        world.keep(first, pages).unwrap();
    }
    let there = [0, 3, 5, 6, LIMIT - 1];
    for (mark, page) in (1..).zip(there) {
        world.set_mark(page, mark);
    }
    let absent = [1, 2, 4, 7, LIMIT - 2];
    for round in 0..4 {
        let old = world.id(VFS);
        if round % 2 == 0 {
            world.update_in_vain();
            assert_eq!(world.id(VFS), old);
        } else {
            world.update(MEMBERS);
            assert!(!world.host.exists(old));
        }
        let id = world.id(VFS);
        for (mark, page) in (1..).zip(there) {
            assert_eq!(world.mark(id, page), Some(mark), "{round} {page}");
        }
        for page in absent {
            assert_eq!(world.mark(id, page), None, "{round} {page}");
        }
        world.drain();
        world.host.check().unwrap();
    }
}

/// S12: a service that keeps nothing is updated and rolled back again and again: its stack and new
/// memory can be written afterwards, the guard below the stack is there, and no page is left over.
#[test]
fn a_service_without_kept_memory_is_whole_after_updates_and_rollbacks() {
    let mut world = World::new();
    world.is_writable();
    // The first of each kind makes what stays.
    world.update(MEMBERS);
    world.is_writable();
    world.update_in_vain();
    world.is_writable();
    world.drain();
    let free = world.settled().free;
    for _ in 0..5 {
        world.update_in_vain();
        world.is_writable();
        world.drain();
        assert_eq!(world.settled().free, free);
        world.update(MEMBERS);
        world.is_writable();
        world.drain();
        assert_eq!(world.settled().free, free);
    }
    world.host.check().unwrap();
}
