//! Transactions: commit, and what is left of them when any step fails.

use abi::event::notification;
use abi::layout::{SERVICE_INBOX, SERVICE_KEPT};
use abi::slot::{Failure, Phase, Refusal, TransactionStatus};
use abi::{Call, CallError, EventKind, Time};

use super::{FS, PM, RS, VFS, World, child, own};
use crate::host::{InstanceId, Turn};

const ONE: u64 = 1 << VFS.0;
const TWO: u64 = ONE | 1 << FS.0;

impl World {
    fn transaction(&mut self) -> TransactionStatus {
        let rs = self.busy(RS);
        self.host
            .call_filled(rs, Call::TransactionStatus, &[])
            .unwrap()
    }

    fn phases(&mut self, slot: abi::Endpoint) -> (Phase, Phase) {
        let status = self.status(slot);
        let phase = |word| Phase::from_word(word).unwrap();
        (phase(status.current), phase(status.candidate))
    }

    /// Starts to replace services, all of which are waiting for an event.
    fn begin(&mut self, members: u64) {
        self.load(members, 2);
        self.replace(members, 0).unwrap();
    }

    /// The candidate of a slot is exported for, up to its start.
    fn export(&mut self, slot: abi::Endpoint) -> InstanceId {
        let id = self.host.candidate(slot).unwrap();
        self.host.export(id, 9, b"state").unwrap();
        id
    }

    /// The services of two slots go on as they were: an event reaches each.
    fn serves(&mut self, slot: abi::Endpoint) {
        self.call(PM, Call::Notify, &[slot.0.into()]).unwrap();
        assert_eq!(self.receive(slot).unwrap().bits, 1 << PM.0);
        assert!(self.receive(slot).is_none());
    }

    /// A transaction of both was rolled back, and has left nothing.
    fn rolled_back(&mut self, member: abi::Endpoint, failure: Failure, free: u64) {
        let status = self.transaction();
        assert_eq!((status.outcome, status.member), (2, member.0.into()));
        assert_eq!(status.failure, failure as u32);
        assert_eq!(self.settled().free, free);
        for slot in [VFS, FS] {
            assert_eq!(self.phases(slot), (Phase::Running, Phase::Absent));
            self.serves(slot);
        }
        self.host.check().unwrap();
        let told = core::iter::from_fn(|| self.receive(RS));
        let bits = told.fold(0, |bits, event| bits | event.bits);
        assert_ne!(bits & notification::SLOT_CHANGED, 0);
    }
}

#[test]
fn a_state_passes_from_the_old_instance_to_the_new() {
    let mut world = World::new();
    let old = world.id(VFS);
    world.host.advance(Time(100));
    world.begin(ONE);
    assert_eq!(world.phases(VFS), (Phase::Frozen, Phase::Exporting));
    let new = world.host.candidate(VFS).unwrap();
    assert_eq!(world.host.predecessor(new), Some(old));
    assert_eq!(
        world.host.turns(),
        [Turn::Event(world.id(RS)), Turn::Export(new)]
    );
    let long: alloc::vec::Vec<u8> = (0..3_000_000u32).map(|at| at.to_le_bytes()[1]).collect();
    assert_eq!(world.host.export(new, 7, &long), Err(CallError::NoMemory));
    world.host.export(new, 7, &long[..500_000]).unwrap();
    let start = world.host.start(new).unwrap();
    assert_eq!((start.bytes, start.state_version), (500_000, 7));
    assert_eq!((start.generation, start.slot), (2, VFS));
    assert_eq!(start.archive, world.host.archive().len() as u64);
    assert!(world.host.inbox(new) == long[..500_000]);
    let stored = world.host.write_memory(new, SERVICE_INBOX, b"x");
    assert_eq!(stored, Err(CallError::BadAddress));
    assert_eq!(world.transaction().outcome, 0);
    world.host.advance(Time(300));
    world.host.ready(new, Refusal::None).unwrap();
    assert!(!world.host.exists(old));
    assert_eq!(world.id(VFS), new);
    let status = world.transaction();
    assert_eq!((status.number, status.outcome, status.members), (2, 1, ONE));
    assert_eq!((status.started, status.ended), (Time(100), Time(300)));
    let status = world.status(VFS);
    assert_eq!((status.generation, status.version), (2, 2));
    assert!(world.host.inbox(new).is_empty());
    assert!(world.host.turns().contains(&Turn::TakeOver(new)));
    world.host.take_over(new);
    world.drain();
    world.serves(VFS);
}

#[test]
fn a_busy_service_is_stopped_at_its_next_receive() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    world.begin(ONE);
    assert_eq!(world.phases(VFS), (Phase::Running, Phase::Loaded));
    world.reply(VFS, event.id, 4).unwrap();
    world.program_call(pid);
    assert!(world.receive(VFS).is_none());
    assert_eq!(world.phases(VFS), (Phase::Frozen, Phase::Exporting));
    let old = world.id(VFS);
    assert_eq!(
        world.host.call(old, Call::Clock, &[]),
        Err(CallError::BadState)
    );
    world.prepare();
    assert_eq!(world.receive(VFS).unwrap().kind, EventKind::Notify as u32);
    assert_eq!(world.request(VFS).again, 0);
}

#[test]
fn what_belongs_to_the_slot_stays_and_what_belongs_to_the_instance_goes() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let parent = world.program_request(pid);
    let vfs = world.id(VFS);
    let volatile = abi::Tag {
        generation: 1,
        ..child(parent.id, 1)
    };
    world.submit(VFS, FS, child(parent.id, 0)).unwrap();
    world.submit(VFS, FS, volatile).unwrap();
    world
        .submit(
            VFS,
            FS,
            abi::Tag {
                index: 2,
                ..volatile
            },
        )
        .unwrap();
    let (durable, heard) = (world.request(FS), world.request(FS));
    world.call(VFS, Call::SetTimer, &[5000]).unwrap();
    world.call(VFS, Call::KeepMap, &[3, 1]).unwrap();
    world
        .host
        .write_memory(vfs, SERVICE_KEPT + 3 * 4096, b"kept")
        .unwrap();
    world.update(ONE);
    // The second was cancelled, the third was not delivered yet and is gone.
    let cancel = world.receive(FS).unwrap();
    assert_eq!(
        (cancel.kind, cancel.id),
        (EventKind::Cancel as u32, heard.id)
    );
    assert!(world.receive(FS).is_none());
    world.reply(FS, heard.id, 1).unwrap();
    world.reply(FS, durable.id, 2).unwrap();
    let completion = world.receive(VFS).unwrap();
    assert_eq!(completion.kind, EventKind::Completion as u32);
    assert_eq!((completion.tag.index, completion.reply.result), (0, 2));
    let notified = world.receive(VFS).unwrap();
    assert_ne!(notified.bits & 1 << PM.0, 0);
    let again = world.request(VFS);
    assert_eq!((again.id, again.again), (parent.id, 1));
    let mut bytes = [0; 4];
    let new = world.id(VFS);
    world
        .host
        .read_memory(new, SERVICE_KEPT + 3 * 4096, &mut bytes)
        .unwrap();
    assert_eq!(&bytes, b"kept");
    assert!(world.receive(VFS).is_none());
    world.host.advance(Time(5000));
    assert_eq!(world.receive(VFS).unwrap().kind, EventKind::Timer as u32);
    let stale = abi::Tag {
        index: 8,
        ..volatile
    };
    assert_eq!(world.submit(VFS, FS, stale), Err(CallError::BadArgument));
}

#[test]
fn a_fresh_instance_gets_no_state_and_no_kept_pages() {
    let mut world = World::new();
    world.call(VFS, Call::KeepMap, &[0, 1]).unwrap();
    assert!(world.receive(VFS).is_none());
    world.load(ONE, 1);
    world.replace(ONE, ONE).unwrap();
    let new = world.host.candidate(VFS).unwrap();
    assert_eq!(world.host.start(new).unwrap().bytes, 0);
    world.prepare();
    let read = world.host.read_memory(new, SERVICE_KEPT, &mut [0]);
    assert_eq!(read, Err(CallError::BadAddress));
}

#[test]
fn several_services_are_replaced_in_one_step() {
    let mut world = World::new();
    let old = [world.id(VFS), world.id(FS)];
    world.begin(TWO);
    let (first, second) = (world.export(VFS), world.export(FS));
    world.host.ready(second, Refusal::None).unwrap();
    assert_eq!(world.phases(FS), (Phase::Frozen, Phase::Ready));
    assert_eq!([world.id(VFS), world.id(FS)], old);
    world.host.ready(first, Refusal::None).unwrap();
    assert_eq!([world.id(VFS), world.id(FS)], [first, second]);
    world.host.check().unwrap();
    let status = world.host.kernel.transaction_status();
    assert_eq!(status.state_bytes, 2 * "state".len() as u64);
}

#[test]
fn a_numbered_transaction_is_not_made_twice() {
    let mut world = World::new();
    let first = world.id(VFS);
    world.update(ONE);
    let arguments = [ONE, 0, u64::MAX, world.transactions];
    assert_eq!(world.call(RS, Call::Replace, &arguments), Ok(0));
    assert_eq!(world.phases(VFS), (Phase::Running, Phase::Absent));
    assert_ne!(world.id(VFS), first);
}

#[test]
fn a_transaction_that_cannot_be_is_refused_at_once() {
    let mut world = World::new();
    for (members, fresh, error) in [
        (0, 0, CallError::BadArgument),
        (ONE, 1 << FS.0, CallError::BadArgument),
        (1 << 40, 0, CallError::BadArgument),
        (1 << 30, 0, CallError::NoSlot),
        // No candidate.
        (ONE, 0, CallError::BadState),
    ] {
        assert_eq!(world.replace(members, fresh), Err(error));
    }
    world.begin(ONE);
    assert_eq!(world.replace(ONE, 0), Err(CallError::BadState));
    for call in [Call::InstanceDestroy, Call::SlotDown] {
        let refused = world.call(RS, call, &[VFS.0.into()]);
        assert_eq!(refused, Err(CallError::BadState));
    }
    let loading = world.call(RS, Call::InstanceCreate, &[VFS.0.into(), 0, 0, 0]);
    assert_eq!(loading, Err(CallError::BadState));
    world.prepare();
    // Nothing runs there, so there is nothing to export.
    world.call(RS, Call::SlotDown, &[VFS.0.into()]).unwrap();
    world.load(ONE, 1);
    assert_eq!(world.replace(ONE, 0), Err(CallError::BadState));
    assert_eq!(world.replace(ONE, ONE), Ok(0));
    world.prepare();
    world.drain();
    world.serves(VFS);
}

#[test]
fn the_exporter_crashes() {
    let mut world = World::new();
    let free = world.settled().free;
    world.begin(TWO);
    let other = world.export(FS);
    world.host.ready(other, Refusal::None).unwrap();
    let id = world.host.candidate(VFS).unwrap();
    world.host.crash_export(id, Failure::StackOverflow);
    world.rolled_back(VFS, Failure::StackOverflow, free);
}

#[test]
fn the_importer_crashes() {
    let mut world = World::new();
    let free = world.settled().free;
    world.begin(TWO);
    let id = world.export(FS);
    world.host.crash(id, Failure::BadMemoryAccess);
    world.rolled_back(FS, Failure::BadMemoryAccess, free);
}

#[test]
fn the_importer_panics() {
    let mut world = World::new();
    let free = world.settled().free;
    world.begin(TWO);
    let id = world.export(FS);
    world.host.call(id, Call::Abort, &[]).unwrap();
    world.rolled_back(FS, Failure::Panic, free);
}

#[test]
fn the_importer_refuses() {
    let mut world = World::new();
    let free = world.settled().free;
    world.begin(TWO);
    let (first, second) = (world.export(VFS), world.export(FS));
    world.host.ready(first, Refusal::None).unwrap();
    world.host.ready(second, Refusal::Inconsistent).unwrap();
    world.rolled_back(FS, Failure::Refused, free);
    let refusal = world.transaction().refusal;
    assert_eq!(refusal, Refusal::Inconsistent as u32);
}

#[test]
fn the_deadline_passes_at_each_step() {
    for steps in 0..3 {
        let mut world = World::new();
        let free = world.settled().free;
        world.begin(TWO);
        if steps > 0 {
            world.export(VFS);
        }
        if steps > 1 {
            let id = world.host.candidate(VFS).unwrap();
            world.host.ready(id, Refusal::None).unwrap();
        }
        let deadline = world.host.next_deadline().unwrap();
        world.host.advance(Time(deadline.0 - 1));
        assert_eq!(world.transaction().outcome, 0);
        world.host.advance(deadline);
        let late = if steps > 1 { FS } else { VFS };
        world.rolled_back(late, Failure::Deadline, free);
    }
}

#[test]
fn a_member_that_does_not_come_to_receive_is_waited_for_until_the_deadline() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    let free = world.settled().free;
    world.begin(TWO);
    let deadline = world.host.next_deadline().unwrap();
    world.host.advance(deadline);
    world.reply(VFS, event.id, 0).unwrap();
    world.rolled_back(VFS, Failure::Deadline, free);
}

#[test]
fn a_member_crashes_before_it_has_stopped() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    world.begin(TWO);
    let vfs = world.id(VFS);
    world.host.crash(vfs, Failure::Hang);
    let status = world.transaction();
    assert_eq!((status.outcome, status.failure), (2, Failure::Hang as u32));
    assert_eq!(world.phases(VFS), (Phase::Crashed, Phase::Absent));
    world.serves(FS);
    world.recover(ONE);
    world.receive(VFS);
    assert_eq!(world.request(VFS).id, event.id);
}

#[test]
fn a_rolled_back_transaction_loses_no_event() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let held = world.program_request(pid);
    world.begin(TWO);
    // At `receive` the event is acknowledged; what comes while it is frozen waits.
    assert!(world.receive(VFS).is_none());
    world.submit(PM, VFS, own(0)).unwrap();
    let id = world.export(FS);
    world.host.ready(id, Refusal::Undecodable).unwrap();
    assert_eq!(world.request(VFS).from, PM);
    assert_eq!(world.reply(VFS, held.id, 1), Ok(()));
    world.host.check().unwrap();
}

/// S6: out of memory while preparing: the transaction ends and the old instance is intact.
#[test]
fn without_memory_a_transaction_is_rolled_back() {
    let mut world = World::new();
    world.load(ONE, 2);
    // All that services could use is taken by one that grows.
    let mut declaration = super::declarations()[PM.index()];
    declaration.pages = 1 << 20;
    let rs = world.busy(RS);
    world
        .host
        .call_given(rs, Call::SlotDeclare, &[], &declaration)
        .unwrap();
    world.load(1 << PM.0, 2);
    world.replace(1 << PM.0, 0).unwrap();
    world.prepare();
    let mut bytes = 0;
    for step in [1 << 22, 1 << 15, 1 << 12] {
        while world.call(PM, Call::Grow, &[bytes + step]).is_ok() {
            bytes += step;
        }
    }
    assert!(bytes > 0);
    world.replace(ONE, 0).unwrap();
    assert_eq!(world.transaction().failure, Failure::NoMemory as u32);
    assert_eq!(world.phases(VFS), (Phase::Running, Phase::Absent));
}

#[test]
fn a_candidate_may_be_dropped_and_is_replaced_by_a_newer_one() {
    let mut world = World::new();
    world.load(ONE, 1);
    let first = world.host.candidate(VFS).unwrap();
    assert_eq!(world.status(VFS).candidate_version, 1);
    world.load(ONE, 2);
    assert!(!world.host.exists(first));
    assert_eq!(world.status(VFS).candidate_version, 2);
    let bad = world.call(RS, Call::InstanceCreate, &[VFS.0.into(), 0, 0, 4096]);
    assert_eq!(bad, Err(CallError::BadImage));
    assert_eq!(world.status(VFS).candidate_version, 2);
    for _ in 0..2 {
        world
            .call(RS, Call::InstanceDestroy, &[VFS.0.into()])
            .unwrap();
    }
    assert_eq!(world.phases(VFS), (Phase::Running, Phase::Absent));
}

#[test]
fn a_candidate_can_come_from_memory_of_rs() {
    let mut world = World::new();
    let image = crate::host::image("vfs", 77);
    let rs = world.busy(RS);
    world
        .host
        .call_bytes(rs, Call::InstanceCreate, &[VFS.0.into(), 1], &image)
        .unwrap();
    world.replace(ONE, 0).unwrap();
    world.prepare();
    assert_eq!(world.status(VFS).version, 77);
}
