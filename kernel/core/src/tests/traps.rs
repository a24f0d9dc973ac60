//! Crashes at chosen places, what is kept of them, and transactions that are only tried.

use abi::crash::CrashRecord;
use abi::slot::{Failure, Fault, Phase, TransactionStatus};
use abi::{Call, CallError, EventKind, Time};

use super::{FS, PM, RS, VFS, World};

const ONE: u64 = 1 << VFS.0;

impl World {
    fn arrange(&mut self, fault: Fault, number: u64, count: u64) {
        let arguments = [VFS.0.into(), fault as u64, number, count];
        self.call(RS, Call::SlotFault, &arguments).unwrap();
    }

    fn crash_record(&mut self, number: u64) -> Result<CrashRecord, CallError> {
        let rs = self.busy(RS);
        self.host.call_filled(rs, Call::CrashRead, &[number])
    }
}

#[test]
fn a_service_ends_before_or_after_the_chosen_call() {
    for (count, call, before) in [
        (1, Call::Clock, 1),
        (2, Call::Clock, 0),
        (3, Call::SetTimer, 1),
        (4, Call::SetTimer, 0),
    ] {
        let mut world = World::new();
        let pid = world.spawn(7);
        let event = world.program_request(pid);
        let passed = world.status(VFS).points;
        world.arrange(Fault::AtPoint, 1, count);
        let id = world.busy(VFS);
        // What the call answers an instance that is no more, nobody sees.
        let _ = world.host.call(id, Call::Clock, &[]);
        let _ = world.host.call(id, Call::SetTimer, &[5]);
        let status = world.status(VFS);
        assert_eq!(status.current, Phase::Crashed as u32, "point {count}");
        assert_eq!(status.points, passed + count);
        let kept = world.crash_record(1).unwrap();
        assert_eq!((kept.call, kept.before), (call as u64, before));
        assert_eq!((kept.slot, kept.number), (VFS.0.into(), 1));
        assert_eq!(kept.failure, Failure::Killed as u32);
        assert_eq!(kept.event, EventKind::Request as u32);
        assert_eq!((kept.recent[0].id, kept.recent[0].pid), (event.id, 7));
        assert_eq!(world.crash_record(2), Err(CallError::BadArgument));
        // It is over: the next instance passes the point.
        world.recover(ONE);
        world.receive(VFS);
        world.call(VFS, Call::Clock, &[]).unwrap();
        assert_eq!(world.status(VFS).current, Phase::Running as u32);
    }
}

#[test]
fn a_later_fault_takes_the_place_of_one_that_has_not_happened() {
    let mut world = World::new();
    world.arrange(Fault::AtPoint, 1, 1);
    world.arrange(Fault::AtPoint, 1, 1);
    world.arrange(Fault::AtPoint, 2, 1000);
    for _ in 0..10 {
        world.call(VFS, Call::Clock, &[]).unwrap();
    }
    world.arrange(Fault::Hang, 3, 0);
    let pid = world.spawn(1);
    assert_eq!(world.program_request(pid).fault, Fault::Hang as u32);
}

#[test]
fn a_candidate_passes_points_of_its_slot() {
    let mut world = World::new();
    world.load(ONE, 2);
    // The export's call before and after, and the one that ends it before: then the candidate's.
    world.arrange(Fault::AtPoint, 1, 4);
    world.replace(ONE, 0).unwrap();
    let candidate = world.host.candidate(VFS).unwrap();
    world.host.export(candidate, 9, b"state").unwrap();
    let _ = world.host.call(candidate, Call::StartInformation, &[]);
    let status = world.status(VFS);
    assert_eq!(status.current, Phase::Running as u32);
    assert_eq!(status.candidate, Phase::Absent as u32);
}

#[test]
fn what_is_only_tried_changes_nothing() {
    let mut world = World::new();
    world.load(ONE, 2);
    let generation = world.status(VFS).generation;
    let arguments = [ONE, 0, Time::NEVER.0, u64::MAX, 1];
    world.call(RS, Call::Replace, &arguments).unwrap();
    let candidate = world.host.candidate(VFS).unwrap();
    world.host.export(candidate, 9, b"state").unwrap();
    world.host.call(candidate, Call::Ready, &[0, 4]).unwrap();
    let rs = world.busy(RS);
    let tried: TransactionStatus = world
        .host
        .call_filled(rs, Call::TransactionStatus, &[])
        .unwrap();
    assert_eq!((tried.outcome, tried.state_bytes), (3, 5));
    let status = world.status(VFS);
    assert_eq!(
        (status.current, status.generation),
        (Phase::Running as u32, generation)
    );
    assert_eq!(
        (status.candidate, status.version),
        (Phase::Absent as u32, 1)
    );
    assert_eq!(
        (status.state_version, status.own_version, status.state_bytes),
        (9, 4, 5)
    );
    for slot in [VFS, FS] {
        world.call(PM, Call::Notify, &[slot.0.into()]).unwrap();
        assert_eq!(world.receive(slot).unwrap().bits, 1 << PM.0);
    }
    world.host.check().unwrap();
}
