//! Notifications, timers, interrupts.

use abi::event::notification;
use abi::{Call, EventKind, Time};

use super::{DRIVER, FS, PM, VFS, World};

#[test]
fn bits_add_up_until_they_are_received() {
    let mut world = World::new();
    for from in [PM, FS, PM] {
        world.call(from, Call::Notify, &[VFS.0.into()]).unwrap();
    }
    let event = world.receive(VFS).unwrap();
    assert_eq!(event.kind, EventKind::Notify as u32);
    assert_eq!(event.bits, 1 << PM.0 | 1 << FS.0);
    world.call(FS, Call::Notify, &[VFS.0.into()]).unwrap();
    assert_eq!(world.receive(VFS).unwrap().bits, 1 << FS.0);
    assert!(world.receive(VFS).is_none());
}

#[test]
fn a_timer_expires_once_at_its_time() {
    let mut world = World::new();
    for (slot, deadline) in [(VFS, 900), (VFS, 500), (PM, 300)] {
        world.call(slot, Call::SetTimer, &[deadline]).unwrap();
        world.receive(slot);
    }
    assert_eq!(world.host.next_deadline(), Some(Time(300)));
    world.host.advance(Time(499));
    assert!(world.receive(VFS).is_none());
    assert_eq!(world.receive(PM).unwrap().kind, EventKind::Timer as u32);
    assert_eq!(world.host.next_deadline(), Some(Time(500)));
    world.host.advance(Time(500));
    let event = world.receive(VFS).unwrap();
    assert_eq!(
        (event.kind, event.now),
        (EventKind::Timer as u32, Time(500))
    );
    world.host.advance(Time(5000));
    assert!(world.receive(VFS).is_none());
    assert_eq!(world.host.next_deadline(), None);
}

#[test]
fn a_timer_taken_back_does_not_expire() {
    let mut world = World::new();
    world.call(VFS, Call::SetTimer, &[500]).unwrap();
    world.call(VFS, Call::SetTimer, &[u64::MAX]).unwrap();
    world.host.advance(Time(1000));
    assert!(world.receive(VFS).is_none());
}

#[test]
fn an_interrupt_comes_once_for_each_time_it_is_enabled() {
    let mut world = World::new();
    assert!(!world.host.interrupt(12));
    world.call(DRIVER, Call::InterruptEnable, &[1]).unwrap();
    assert!(world.host.interrupt(12));
    assert!(!world.host.interrupt(12));
    let event = world.receive(DRIVER).unwrap();
    assert_eq!(event.bits, 1 << (notification::INTERRUPTS + 1));
    assert!(world.receive(DRIVER).is_none());
}
