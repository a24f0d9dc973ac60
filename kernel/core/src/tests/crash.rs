//! Crashes of services, and what happens to their requests.

use abi::limits::POISON_SERVED;
use abi::slot::{Failure, Fault, Phase};
use abi::{Call, CallError, Errno, EventKind, Time};

use super::{FS, PM, VFS, World, child, own};
use crate::program::ProgramState;

const ONE: u64 = 1 << VFS.0;

impl World {
    fn crash(&mut self, slot: abi::Endpoint, failure: Failure) {
        let id = self.id(slot);
        self.host.crash(id, failure);
        self.host.check().unwrap();
    }
}

#[test]
fn requests_come_back_in_the_order_of_their_first_delivery() {
    let mut world = World::new();
    let pids = [3, 1, 4, 2].map(|pid| world.spawn(pid));
    let events = pids.map(|pid| world.program_request(pid));
    let (early, late) = (world.spawn(8), world.spawn(9));
    world.program_call(early);
    world.reply(VFS, events[1].id, 0).unwrap();
    world.crash(VFS, Failure::Panic);
    world.program_call(late);
    for _ in 0..2 {
        // The second time, none has been delivered again before the crash but the first.
        world.recover(ONE);
        assert_eq!(world.receive(VFS).unwrap().kind, EventKind::Notify as u32);
        let again = world.request(VFS);
        assert_eq!((again.id, again.again), (events[0].id, 1));
        // Its first crash as the current one is the next.
        world.receive(VFS);
        world.crash(VFS, Failure::Panic);
    }
    world.recover(ONE);
    world.receive(VFS);
    let order: alloc::vec::Vec<_> = core::iter::from_fn(|| world.receive(VFS))
        .map(|event| (event.caller.pid, event.again))
        .collect();
    // The one that was current at two crashes has been ended.
    assert_eq!(order, [(pids[0], 1), (pids[3], 1), (early, 0), (late, 0)]);
    assert!(matches!(
        world.host.program(pids[2]),
        Ok(ProgramState::Runs(_))
    ));
}

#[test]
fn a_request_that_crashes_its_server_twice_is_ended() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    world.crash(VFS, Failure::BadInstruction);
    assert!(matches!(
        world.host.program(pid),
        Ok(ProgramState::Waits(_))
    ));
    world.recover(ONE);
    world.receive(VFS);
    assert_eq!(world.request(VFS).id, event.id);
    world.crash(VFS, Failure::BadInstruction);
    let answer = Errno::FAULT.result().cast_unsigned();
    assert_eq!(world.host.program(pid), Ok(ProgramState::Runs(answer)));
    world.recover(ONE);
    world.drain();
    assert_eq!(world.status(VFS).crashes, 2);
}

#[test]
fn a_request_that_is_there_when_other_things_crash_its_server_is_not_ended() {
    let mut world = World::new();
    let (pid, other) = (world.spawn(1), world.spawn(2));
    let waits = world.program_request(pid);
    let comes_back = |world: &mut World| {
        world.crash(VFS, Failure::BadInstruction);
        world.recover(ONE);
        world.receive(VFS);
        assert_eq!(world.request(VFS).id, waits.id);
    };
    for _ in 0..5 {
        // A crash while it is current, and one while it is not.
        comes_back(&mut world);
        for _ in 0..=POISON_SERVED {
            let event = world.program_request(other);
            world.reply(VFS, event.id, 0).unwrap();
        }
        assert!(world.receive(VFS).is_none());
        comes_back(&mut world);
    }
    assert!(matches!(
        world.host.program(pid),
        Ok(ProgramState::Waits(_))
    ));
}

#[test]
fn a_crash_at_a_completion_or_a_cancellation_counts_for_the_request_behind_it() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let parent = world.program_request(pid);
    world.submit(VFS, FS, child(parent.id, 0)).unwrap();
    let asked = world.request(FS);
    world.reply(FS, asked.id, 1).unwrap();
    let completion = world.receive(VFS).unwrap();
    assert_eq!(completion.kind, EventKind::Completion as u32);
    world.crash(VFS, Failure::Panic);
    world.recover(ONE);
    // It was not acknowledged.
    let again = world.receive(VFS).unwrap();
    assert_eq!((again.kind, again.tag), (completion.kind, completion.tag));
    world.receive(VFS);
    assert_eq!(world.request(VFS).id, parent.id);
    world.receive(VFS);
    world.call(PM, Call::ProcessInterrupt, &[1, 1]).unwrap();
    assert_eq!(world.receive(VFS).unwrap().kind, EventKind::Cancel as u32);
    world.crash(VFS, Failure::Panic);
    assert_eq!(world.call(PM, Call::IsLive, &[parent.id.0]), Ok(0));
    assert_eq!(world.status(VFS).delivered, 0);
}

#[test]
fn an_event_that_was_not_acknowledged_is_delivered_again() {
    let mut world = World::new();
    world.call(VFS, Call::SetTimer, &[100]).unwrap();
    assert!(world.receive(VFS).is_none());
    world.host.advance(Time(100));
    assert_eq!(world.receive(VFS).unwrap().kind, EventKind::Timer as u32);
    world.crash(VFS, Failure::Panic);
    world.recover(ONE);
    assert_eq!(world.receive(VFS).unwrap().kind, EventKind::Timer as u32);
    assert_eq!(world.receive(VFS).unwrap().kind, EventKind::Notify as u32);
    assert!(world.receive(VFS).is_none());
    world.crash(VFS, Failure::Panic);
    world.recover(ONE);
    assert_eq!(world.receive(VFS).unwrap().kind, EventKind::Notify as u32);
}

#[test]
fn a_timer_set_anew_is_not_put_back() {
    let mut world = World::new();
    world.call(VFS, Call::SetTimer, &[100]).unwrap();
    world.receive(VFS);
    world.host.advance(Time(100));
    world.receive(VFS);
    world.call(VFS, Call::SetTimer, &[900]).unwrap();
    world.crash(VFS, Failure::Panic);
    world.recover(ONE);
    world.receive(VFS);
    assert!(world.receive(VFS).is_none());
    world.host.advance(Time(900));
    assert_eq!(world.receive(VFS).unwrap().kind, EventKind::Timer as u32);
}

#[test]
fn requests_wait_while_a_service_is_crashed() {
    let mut world = World::new();
    world.crash(VFS, Failure::Hang);
    let status = world.status(VFS);
    assert_eq!(status.current, Phase::Crashed as u32);
    assert_eq!(status.failure, Failure::Hang as u32);
    let crashed = |world: &mut World| world.call(super::RS, Call::SlotsCrashed, &[]);
    assert_eq!(crashed(&mut world), Ok(1 << VFS.0));
    assert!(world.receive(VFS).is_none());
    let pid = world.spawn(1);
    world.program_call(pid);
    world.submit(PM, VFS, own(0)).unwrap();
    assert_eq!(world.status(VFS).queued, 2);
    world.recover(ONE);
    world.receive(VFS);
    assert_eq!(world.request(VFS).caller.pid, pid);
    assert_eq!(world.status(VFS).failure, 0);
    assert_eq!(crashed(&mut world), Ok(0));
}

#[test]
fn what_crashed_makes_no_calls() {
    let mut world = World::new();
    let vfs = world.busy(VFS);
    world.host.call(vfs, Call::Abort, &[]).unwrap();
    assert_eq!(world.status(VFS).failure, Failure::Panic as u32);
    let late = world.host.call(vfs, Call::Notify, &[FS.0.into()]);
    assert_eq!(late, Err(CallError::BadState));
    assert!(world.receive(FS).is_none());
    // A second crash is none.
    world.host.crash(vfs, Failure::Hang);
    assert_eq!(world.status(VFS).crashes, 1);
}

#[test]
fn the_requests_of_a_crashed_service_go_on_at_others() {
    let mut world = World::new();
    world.submit(VFS, FS, own(0)).unwrap();
    let asked = world.request(FS);
    world.crash(VFS, Failure::Panic);
    world.reply(FS, asked.id, 12).unwrap();
    world.recover(ONE);
    let completion = world.receive(VFS).unwrap();
    assert_eq!((completion.tag, completion.reply.result), (own(0), 12));
}

#[test]
fn a_completion_that_was_not_acknowledged_comes_before_those_behind_it() {
    let mut world = World::new();
    for index in 0..2 {
        world.submit(VFS, FS, own(index)).unwrap();
        let asked = world.request(FS);
        world.reply(FS, asked.id, 0).unwrap();
    }
    assert_eq!(world.receive(VFS).unwrap().tag, own(0));
    world.crash(VFS, Failure::Panic);
    world.recover(ONE);
    assert_eq!(world.receive(VFS).unwrap().tag, own(0));
    assert_eq!(world.receive(VFS).unwrap().tag, own(1));
}

#[test]
fn a_slot_that_is_taken_down_answers_eio() {
    let mut world = World::new();
    let pids = [1, 2, 3].map(|pid| world.spawn(pid));
    world.program_request(pids[0]);
    world.program_call(pids[1]);
    world.submit(VFS, FS, own(0)).unwrap();
    let asked = world.request(FS);
    world
        .call(super::RS, Call::SlotDown, &[VFS.0.into()])
        .unwrap();
    world.host.check().unwrap();
    world.program_call(pids[2]);
    let answer = Errno::IO.result().cast_unsigned();
    for pid in pids {
        assert_eq!(world.host.program(pid), Ok(ProgramState::Runs(answer)));
    }
    assert_eq!(world.receive(FS).unwrap().kind, EventKind::Cancel as u32);
    world.reply(FS, asked.id, 0).unwrap();
    world.host.check().unwrap();
    assert_eq!(world.status(VFS).current, Phase::Down as u32);
    let itself = world.call(super::RS, Call::SlotDown, &[0]);
    assert_eq!(itself, Err(CallError::BadState));
}

#[test]
fn a_fault_is_asked_for_once_and_comes_with_a_request() {
    let mut world = World::new();
    let arguments = [VFS.0.into(), Fault::Hang as u64, 1];
    for _ in 0..2 {
        world.call(super::RS, Call::SlotFault, &arguments).unwrap();
    }
    world.call(PM, Call::Notify, &[VFS.0.into()]).unwrap();
    assert_eq!(world.receive(VFS).unwrap().fault, 0);
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    assert_eq!(event.fault, Fault::Hang as u32);
    world.crash(VFS, Failure::Hang);
    world.recover(ONE);
    world.call(super::RS, Call::SlotFault, &arguments).unwrap();
    world.receive(VFS);
    assert_eq!(world.request(VFS).fault, 0);
}
