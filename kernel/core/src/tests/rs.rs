//! rs crashes: the kernel brings it back by itself.

use abi::slot::{Failure, Phase, Refusal};
use abi::{Call, EventKind};

use super::{FS, PM, RS, VFS, World, own};
use crate::host::Turn;
use crate::machine::PowerOff;

impl World {
    /// The candidate that the kernel starts by itself; whether it gets a State.
    fn successor(&mut self) -> (crate::host::InstanceId, bool) {
        let id = self.host.candidate(RS).unwrap();
        let turns = self.host.turns();
        (id, turns.contains(&Turn::Export(id)))
    }

    fn crash_rs(&mut self) {
        let rs = self.id(RS);
        self.host.crash(rs, Failure::Panic);
    }
}

#[test]
fn it_starts_first_and_fresh() {
    let mut world = World::boot();
    let id = world.host.candidate(RS).unwrap();
    assert_eq!(world.host.turns(), [Turn::Start(id)]);
    let start = world.host.start(id).unwrap();
    assert_eq!((start.bytes, start.generation, start.slot), (0, 1, RS));
    world.prepare();
    assert_eq!(world.id(RS), id);
}

#[test]
fn its_standby_takes_over_with_its_state_and_requests() {
    let mut world = World::new();
    world.load(1, 1);
    let standby = world.host.candidate(RS).unwrap();
    world.submit(PM, RS, own(0)).unwrap();
    let asked = world.request(RS);
    world.crash_rs();
    assert_eq!(world.successor(), (standby, true));
    world.prepare();
    assert_eq!(world.id(RS), standby);
    assert_eq!(world.receive(RS).unwrap().kind, EventKind::Notify as u32);
    assert_eq!(world.request(RS).id, asked.id);
    assert_eq!(world.host.kernel.machine.ended, None);
    // What was known of transactions is about those of rs.
    assert_eq!(world.host.kernel.transaction_status().outcome, 1);
}

#[test]
fn it_comes_from_the_archive_without_a_standby() {
    let mut world = World::new();
    world.crash_rs();
    assert!(world.successor().1);
    world.prepare();
    assert_eq!(world.status(RS).current, Phase::Running as u32);
}

#[test]
fn it_starts_fresh_when_its_state_does_not_let_it_start() {
    let mut world = World::new();
    world.crash_rs();
    for attempt in 1..=2 {
        let (id, exports) = world.successor();
        assert!(exports, "attempt {attempt}");
        world.host.crash_export(id, Failure::BadMemoryAccess);
    }
    let (id, exports) = world.successor();
    assert!(!exports);
    assert_eq!(world.host.start(id).unwrap().bytes, 0);
    world.prepare();
    assert_eq!(world.host.kernel.machine.ended, None);
}

#[test]
fn the_machine_ends_when_nothing_helps() {
    let mut world = World::new();
    world.crash_rs();
    for _ in 0..4 {
        assert_eq!(world.host.kernel.machine.ended, None);
        let (id, exports) = world.successor();
        if exports {
            world.host.crash_export(id, Failure::Panic);
        } else {
            world.host.crash(id, Failure::Panic);
        }
    }
    assert_eq!(world.host.kernel.machine.ended, Some(PowerOff::Failure));
}

#[test]
fn a_crash_in_a_transaction_of_others_waits_for_its_end() {
    let mut world = World::new();
    let members = 1 << VFS.0 | 1 << FS.0;
    world.load(members, 2);
    world.replace(members, 0).unwrap();
    let old = world.id(VFS);
    world.crash_rs();
    assert_eq!(world.host.candidate(RS), None);
    world.prepare();
    assert_ne!(world.id(VFS), old);
    assert_eq!(world.status(RS).current, Phase::Running as u32);
}

#[test]
fn a_crash_of_rs_while_it_is_replaced_is_recovered_from() {
    let mut world = World::new();
    world.load(1, 2);
    world.replace(1, 0).unwrap();
    // It has not yet come back to `receive` from its call.
    world.crash_rs();
    assert_eq!(world.host.kernel.transaction_status().outcome, 2);
    world.prepare();
    let status = world.status(RS);
    assert_eq!((status.current, status.version), (Phase::Running as u32, 1));
}

#[test]
fn rs_replaces_itself() {
    let mut world = World::new();
    world.load(1, 1);
    world.load(1, 2);
    world.replace(1, 0).unwrap();
    assert!(world.receive(RS).is_none());
    let id = world.host.candidate(RS).unwrap();
    world.host.export(id, 1, b"state").unwrap();
    world.host.ready(id, Refusal::None).unwrap();
    world.host.take_over(id);
    assert_eq!(world.status(RS).version, 2);
    assert_eq!(world.call(RS, Call::PowerOff, &[1]), Ok(0));
    assert_eq!(world.host.kernel.machine.ended, Some(PowerOff::Restart));
}
