//! Cancellation, and the death of callers.

use abi::{Call, EventKind};

use super::{FS, PM, VFS, World, child, own};
use crate::program::ProgramState;

#[test]
fn an_interrupted_call_is_cancelled_once_and_answered_by_its_server() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    for _ in 0..2 {
        world.call(PM, Call::ProcessInterrupt, &[1, 1]).unwrap();
    }
    let cancel = world.receive(VFS).unwrap();
    assert_eq!(cancel.kind, EventKind::Cancel as u32);
    assert_eq!(cancel.id, event.id);
    assert!(world.receive(VFS).is_none());
    assert!(matches!(
        world.host.program(pid),
        Ok(ProgramState::Waits(_))
    ));
    world.reply(VFS, event.id, 3).unwrap();
    // Before it runs, pm is asked.
    assert!(matches!(
        world.host.program(pid),
        Ok(ProgramState::Waits(_))
    ));
    let asked = world.request(PM);
    assert_eq!(asked.message.words[..3], [0, 0, 3]);
    world.reply(PM, asked.id, 0).unwrap();
    assert_eq!(world.host.program(pid), Ok(ProgramState::Runs(3)));
}

#[test]
fn a_request_that_is_queued_is_delivered_cancelled() {
    let mut world = World::new();
    let pid = world.spawn(1);
    world.program_call(pid);
    world.call(PM, Call::ProcessInterrupt, &[1, 1]).unwrap();
    let event = world.request(VFS);
    assert_eq!((event.cancelled, event.again), (1, 0));
    assert!(world.receive(VFS).is_none());
}

#[test]
fn a_cancellation_is_told_again_to_the_next_instance() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    world.call(PM, Call::ProcessInterrupt, &[1, 1]).unwrap();
    world.update(1 << VFS.0);
    // The new one hears of what could have been notified, and of the request as it is now.
    assert_eq!(world.receive(VFS).unwrap().kind, EventKind::Notify as u32);
    let again = world.request(VFS);
    assert_eq!((again.id, again.cancelled, again.again), (event.id, 1, 1));
    assert!(world.receive(VFS).is_none());
}

#[test]
fn only_the_children_of_one_parent_are_cancelled() {
    let mut world = World::new();
    let (first, second) = (world.spawn(1), world.spawn(2));
    let (a, b) = (world.program_request(first), world.program_request(second));
    world.submit(VFS, FS, child(a.id, 0)).unwrap();
    world.submit(VFS, FS, child(b.id, 0)).unwrap();
    world.submit(VFS, FS, own(0)).unwrap();
    let asked = [world.request(FS), world.request(FS), world.request(FS)];
    world.call(VFS, Call::CancelChildren, &[a.id.0]).unwrap();
    let cancel = world.receive(FS).unwrap();
    assert_eq!(
        (cancel.kind, cancel.id),
        (EventKind::Cancel as u32, asked[0].id)
    );
    assert!(world.receive(FS).is_none());
    let vfs = world.busy(VFS);
    world.host.cancel_submission(vfs, own(0)).unwrap();
    assert_eq!(world.receive(FS).unwrap().id, asked[2].id);
    let none = world.host.cancel_submission(vfs, own(9));
    assert_eq!(none, Err(abi::CallError::NoRequest));
}

#[test]
fn the_call_of_a_process_that_ends_vanishes_before_its_delivery() {
    let mut world = World::new();
    let pid = world.spawn(1);
    world.program_call(pid);
    world.call(PM, Call::ProcessDestroy, &[1]).unwrap();
    world.host.check().unwrap();
    assert!(world.receive(VFS).is_none());
    assert!(world.host.program(pid).is_err());
}

#[test]
fn the_call_of_a_process_that_ends_is_cancelled_after_its_delivery() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    world.call(PM, Call::ProcessDestroy, &[1]).unwrap();
    let cancel = world.receive(VFS).unwrap();
    assert_eq!(
        (cancel.kind, cancel.id),
        (EventKind::Cancel as u32, event.id)
    );
    assert_eq!(world.call(VFS, Call::IsLive, &[event.id.0]), Ok(1));
    // Another process gets the record; the reply is not for it.
    let next = world.spawn(2);
    let rax = world.host.program(next);
    world.reply(VFS, event.id, 5).unwrap();
    assert_eq!(world.host.program(next), rax);
    assert_eq!(world.call(VFS, Call::IsLive, &[event.id.0]), Ok(0));
    world.host.check().unwrap();
}

#[test]
fn a_forwarded_request_does_not_vanish_because_somebody_has_begun_it() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    world.forward(VFS, event.id, FS, &[]).unwrap();
    world.call(PM, Call::ProcessDestroy, &[1]).unwrap();
    let delivered = world.request(FS);
    assert_eq!((delivered.id, delivered.cancelled), (event.id, 1));
    world.reply(FS, event.id, 0).unwrap();
    world.host.check().unwrap();
}
