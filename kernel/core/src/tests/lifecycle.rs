//! A request from its making to its end.

use abi::layout::USER_TOP;
use abi::message::PROTOCOL_LINUX;
use abi::{CallError, Caller, Endpoint, Errno, EventKind, Pid, SpaceId, Time};

use super::{CALL, FS, PM, PROTOCOL, VFS, World, child, own};
use crate::program::ProgramState;

#[test]
fn a_programs_call_is_answered_once() {
    let mut world = World::new();
    let pid = world.spawn(9);
    world.host.advance(Time(500));
    world
        .host
        .program_call(pid, CALL, [1, 2, 3, 4, 5, 6])
        .unwrap();
    world.host.advance(Time(800));
    let event = world.request(VFS);
    assert_eq!(event.message.protocol, PROTOCOL_LINUX);
    assert_eq!(event.message.words, [1, 2, 3, 4, 5, 6, 0]);
    assert_eq!((event.stamp, event.now), (Time(500), Time(800)));
    assert_eq!((event.from, event.again), (Endpoint::NONE, 0));
    let caller = Caller {
        pid,
        space: SpaceId(9),
        ..Caller::default()
    };
    assert_eq!(event.caller, caller);
    assert_eq!(
        (event.leases[0].access, event.leases[0].length),
        (3, USER_TOP)
    );
    assert_eq!(event.leases[1].access, 0);
    assert_eq!(world.host.program(pid), Ok(ProgramState::Waits(event.id)));
    assert_eq!(world.reply(FS, event.id, 1), Err(CallError::NoRequest));
    assert_eq!(world.reply(VFS, event.id, 42), Ok(()));
    assert_eq!(world.reply(VFS, event.id, 43), Err(CallError::NoRequest));
    assert_eq!(world.host.program(pid), Ok(ProgramState::Runs(42)));
    assert_eq!(world.status(VFS).served, 1);
}

#[test]
fn a_call_without_an_owner_answers_enosys_and_is_logged_once() {
    let mut world = World::new();
    let pid = world.spawn(1);
    for number in [CALL + 1, CALL + 1, 5000, u64::MAX] {
        world.host.program_call(pid, number, [0; 6]).unwrap();
        let answer = Errno::NOSYS.result().cast_unsigned();
        assert_eq!(world.host.program(pid), Ok(ProgramState::Runs(answer)));
    }
    let log = core::str::from_utf8(&world.host.kernel.machine.log).unwrap();
    assert_eq!(log.matches("is not implemented").count(), 2);
}

#[test]
fn a_submission_is_heard_by_its_slot_with_its_tag() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let parent = world.program_request(pid);
    let tag = child(parent.id, 3);
    world.submit(VFS, FS, tag).unwrap();
    let event = world.request(FS);
    assert_eq!((event.caller, event.from), (parent.caller, VFS));
    assert_eq!((event.message.protocol, event.message.kind), (PROTOCOL, 3));
    world.reply(FS, event.id, -5).unwrap();
    let completion = world.receive(VFS).unwrap();
    assert_eq!(completion.kind, EventKind::Completion as u32);
    assert_eq!((completion.tag, completion.reply.result), (tag, -5));
    world.drain();
    assert_eq!(world.status(VFS).submitted, 0);
}

#[test]
fn a_tag_is_taken_until_its_completion_is_acknowledged() {
    let mut world = World::new();
    for _ in 0..2 {
        world.submit(VFS, FS, own(1)).unwrap();
    }
    let event = world.request(FS);
    assert_eq!(world.receive(FS).map(|event| event.kind), None);
    world.reply(FS, event.id, 1).unwrap();
    world.submit(VFS, FS, own(1)).unwrap();
    assert!(world.receive(VFS).is_some());
    // Not acknowledged yet.
    world.submit(VFS, FS, own(1)).unwrap();
    assert!(world.receive(FS).is_none());
    assert!(world.receive(VFS).is_none());
    world.submit(VFS, FS, own(1)).unwrap();
    assert!(world.receive(FS).is_some());
}

#[test]
fn tags_are_the_slots_own() {
    let mut world = World::new();
    world.submit(VFS, FS, own(1)).unwrap();
    world.submit(PM, FS, own(1)).unwrap();
    let first = world.request(FS);
    let second = world.request(FS);
    assert_eq!((first.from, second.from), (VFS, PM));
    world.reply(FS, second.id, 2).unwrap();
    assert_eq!(world.receive(PM).unwrap().reply.result, 2);
    assert!(world.receive(VFS).is_none());
}

#[test]
fn a_parent_must_be_held_and_a_generation_ones_own() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let parent = world.program_request(pid);
    let stolen = world.submit(PM, FS, child(parent.id, 0));
    assert_eq!(stolen, Err(CallError::NoRequest));
    let mut tag = own(0);
    tag.generation = 7;
    assert_eq!(world.submit(VFS, FS, tag), Err(CallError::BadArgument));
    tag.generation = 1;
    assert_eq!(world.submit(VFS, FS, tag), Ok(()));
}

#[test]
fn requests_are_delivered_in_the_order_in_which_they_were_made() {
    let mut world = World::new();
    let pids: [Pid; 5] = [5, 3, 4, 1, 2].map(|pid| world.spawn(pid));
    pids.iter().for_each(|pid| world.program_call(*pid));
    for pid in pids {
        assert_eq!(world.request(VFS).caller.pid, pid);
    }
}

#[test]
fn events_come_in_the_order_of_the_architecture() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let held = world.program_request(pid);
    world.submit(VFS, FS, own(1)).unwrap();
    let asked = world.request(FS);
    world.receive(VFS);
    world.call(VFS, abi::Call::SetTimer, &[1]).unwrap();
    world.receive(VFS);
    let other = world.spawn(2);
    world.program_call(other);
    world.call(PM, abi::Call::Notify, &[VFS.0.into()]).unwrap();
    world.host.advance(Time(5));
    world
        .call(PM, abi::Call::ProcessInterrupt, &[1, 1])
        .unwrap();
    world.reply(FS, asked.id, 0).unwrap();
    let kinds: alloc::vec::Vec<u32> = core::iter::from_fn(|| world.receive(VFS))
        .map(|event| event.kind)
        .collect();
    let expected = [
        EventKind::Completion,
        EventKind::Cancel,
        EventKind::Timer,
        EventKind::Notify,
        EventKind::Request,
    ];
    assert_eq!(kinds, expected.map(|kind| kind as u32));
    assert_eq!(world.reply(VFS, held.id, 0), Ok(()));
}

#[test]
fn a_forwarded_request_keeps_its_caller_and_is_answered_by_the_last() {
    let mut world = World::new();
    let pid = world.spawn(1);
    world.host.advance(Time(70));
    let event = world.program_request(pid);
    world.host.advance(Time(90));
    world.forward(VFS, event.id, FS, &[]).unwrap();
    assert_eq!(world.reply(VFS, event.id, 0), Err(CallError::NoRequest));
    let forwarded = world.request(FS);
    assert_eq!((forwarded.id, forwarded.from), (event.id, VFS));
    assert_eq!(
        (forwarded.caller, forwarded.stamp),
        (event.caller, Time(70))
    );
    assert_eq!((forwarded.message.kind, forwarded.again), (77, 0));
    assert_eq!(forwarded.leases[0].access, 0);
    world.reply(FS, event.id, 11).unwrap();
    assert_eq!(world.host.program(pid), Ok(ProgramState::Runs(11)));
}

#[test]
fn a_submission_can_be_forwarded_too() {
    let mut world = World::new();
    world.submit(PM, VFS, own(4)).unwrap();
    let event = world.request(VFS);
    world.forward(VFS, event.id, FS, &[]).unwrap();
    let event = world.request(FS);
    world.reply(FS, event.id, 6).unwrap();
    assert!(world.receive(VFS).is_none());
    let completion = world.receive(PM).unwrap();
    assert_eq!((completion.tag, completion.reply.result), (own(4), 6));
}

#[test]
fn a_forward_that_is_refused_changes_nothing() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    let nowhere = world.forward(VFS, event.id, Endpoint(30), &[]);
    assert_eq!(nowhere, Err(CallError::NoSlot));
    let lease = abi::LeaseDescriptor {
        source: 9,
        ..Default::default()
    };
    let refused = world.forward(VFS, event.id, FS, &[lease]);
    assert_eq!(refused, Err(CallError::BadLease));
    assert_eq!(world.reply(VFS, event.id, 1), Ok(()));
}
