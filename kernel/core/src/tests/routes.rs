//! Calls on a descriptor that go straight to the service behind it.

use abi::layout::USER_TOP;
use abi::lease::Access;
use abi::message::PROTOCOL_LINUX;
use abi::{CallError, Endpoint, LeaseDescriptor, Message, Pid};

use super::{CALL, FS, PM, PROGRAM_DATA, PROTOCOL, VFS, World};

/// A descriptor.
const DESCRIPTOR: u64 = 3;
/// What the file system calls what is behind it.
const HANDLE: u64 = 77;
/// Bytes that are lent at most.
const MOST: u64 = 4096;

fn message() -> Message {
    Message {
        protocol: PROTOCOL,
        version: 2,
        kind: 6,
        words: [HANDLE, 9, 9, 0, 0, 0, 0],
    }
}

impl World {
    fn state_route(&mut self, slot: Endpoint, pid: Pid, number: u64) -> Result<(), CallError> {
        let id = self.busy(slot);
        let arguments = [pid.0.into(), DESCRIPTOR, number, FS.0.into(), MOST];
        let lease = LeaseDescriptor {
            access: Access::Write as u32,
            ..LeaseDescriptor::default()
        };
        self.host.route(id, &arguments, &message(), lease)
    }

    /// A program that reads, and whose reads are routed.
    fn routed(&mut self) -> Pid {
        let pid = self.spawn(1);
        self.state_route(VFS, pid, CALL).unwrap();
        pid
    }

    /// Who gets the call of a program.
    fn reader(&mut self, pid: Pid, descriptor: u64, address: u64) -> Endpoint {
        let arguments = [descriptor, address, 10, 0, 0, 0];
        self.host.program_call(pid, CALL, arguments).unwrap();
        let found = [VFS, FS].into_iter().find_map(|slot| {
            let event = self
                .receive(slot)
                .filter(|event| event.message.kind != 0 || slot == VFS)?;
            self.reply(slot, event.id, 0).unwrap();
            Some(slot)
        });
        self.host.check().unwrap();
        found.unwrap()
    }
}

#[test]
fn a_routed_call_is_what_its_owner_would_hand_on() {
    let mut world = World::new();
    let pid = world.routed();
    let arguments = [DESCRIPTOR, PROGRAM_DATA, MOST + 1, 0, 0, 0];
    world.host.program_call(pid, CALL, arguments).unwrap();
    let event = world.request(FS);
    assert_eq!((event.from, event.caller.pid), (VFS, pid));
    let expected = Message {
        words: [HANDLE, MOST, 0, 0, 0, 0, 0],
        ..message()
    };
    assert_eq!(event.message, expected);
    let [first, second, ..] = event.leases;
    assert_eq!((first.access, first.length), (Access::Write as u64, MOST));
    assert_eq!(second.access, 0);
    world.reply(FS, event.id, 5).unwrap();
    assert_eq!(world.host.program(pid), Ok(crate::ProgramState::Runs(5)));
    assert!(world.receive(VFS).is_none());
}

#[test]
fn what_has_no_route_goes_to_the_owner_of_the_call() {
    let mut world = World::new();
    let pid = world.routed();
    let other = world.spawn(2);
    assert_eq!(world.reader(pid, DESCRIPTOR, PROGRAM_DATA), FS);
    assert_eq!(world.reader(pid, DESCRIPTOR + 1, PROGRAM_DATA), VFS);
    assert_eq!(world.reader(pid, u64::MAX, PROGRAM_DATA), VFS);
    assert_eq!(world.reader(other, DESCRIPTOR, PROGRAM_DATA), VFS);
    // It says that the memory is none.
    assert_eq!(world.reader(pid, DESCRIPTOR, USER_TOP - 9), VFS);
    assert_eq!(world.reader(pid, DESCRIPTOR, u64::MAX), VFS);
}

#[test]
fn a_route_ends_when_it_is_forgotten_and_with_who_stated_it() {
    let mut world = World::new();
    let pid = world.routed();
    let forget = |first, count| [pid.0.into(), first, 0, u64::MAX, count];
    world
        .call(VFS, abi::Call::Route, &forget(0, DESCRIPTOR))
        .unwrap();
    assert_eq!(world.reader(pid, DESCRIPTOR, PROGRAM_DATA), FS);
    world
        .call(VFS, abi::Call::Route, &forget(0, u64::MAX))
        .unwrap();
    assert_eq!(world.reader(pid, DESCRIPTOR, PROGRAM_DATA), VFS);
    world.state_route(VFS, pid, CALL).unwrap();
    world.update(1 << VFS.0);
    world.drain();
    assert_eq!(world.reader(pid, DESCRIPTOR, PROGRAM_DATA), VFS);
}

#[test]
fn a_child_has_the_routes_of_its_parent_and_a_process_of_the_same_number_none() {
    let mut world = World::new();
    let pid = world.routed();
    let child = Pid(2);
    world.call(super::VM, abi::Call::SpaceCreate, &[2]).unwrap();
    let arguments = [child.0.into(), pid.0.into(), 2, 0];
    world
        .call(PM, abi::Call::ProcessCreate, &arguments)
        .unwrap();
    world.call(PM, abi::Call::ProcessRun, &[2, 1]).unwrap();
    assert_eq!(world.reader(child, DESCRIPTOR, PROGRAM_DATA), FS);
    world.call(PM, abi::Call::ProcessDestroy, &[2]).unwrap();
    let again = world.spawn(2);
    assert_eq!(again, child);
    assert_eq!(world.reader(again, DESCRIPTOR, PROGRAM_DATA), VFS);
}

#[test]
fn only_the_owner_of_a_call_states_its_routes() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let refused = Err(CallError::NotPermitted);
    assert_eq!(world.state_route(FS, pid, CALL), refused);
    assert_eq!(world.state_route(VFS, pid, CALL + 1), refused);
    assert_eq!(
        world.state_route(VFS, Pid(99), CALL),
        Err(CallError::NoProcess)
    );
    let id = world.busy(VFS);
    let arguments = [pid.0.into(), DESCRIPTOR, CALL, FS.0.into(), MOST];
    let lease = LeaseDescriptor::default();
    let stated = world.host.route(id, &arguments, &message(), lease);
    assert_eq!(stated, Err(CallError::BadLease));
    let linux = Message {
        protocol: PROTOCOL_LINUX + 1,
        ..message()
    };
    let lease = LeaseDescriptor { access: 1, ..lease };
    let stated = world.host.route(id, &arguments, &linux, lease);
    assert_eq!(stated, refused);
    // A descriptor that cannot be routed is passed over.
    let arguments = [pid.0.into(), 1 << 40, CALL, FS.0.into(), MOST];
    assert_eq!(world.host.route(id, &arguments, &message(), lease), Ok(()));
    assert_eq!(world.reader(pid, DESCRIPTOR, PROGRAM_DATA), VFS);
}
