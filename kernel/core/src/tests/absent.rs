//! Buffers of programs that are not there yet, shared, or nowhere: what vm is asked, and how often.

use abi::call::Protection;
use abi::message::{PROTOCOL_KERNEL, kernel_kind};
use abi::{Call, CallError, Errno, Event};

use super::{PROGRAM_DATA, READ_WRITE, VFS, VM, World};
use crate::program::ProgramState;

/// Bytes that are copied to a program.
const BYTES: &[u8] = b"bytes";

impl World {
    /// The file server copies to the program that asks.
    fn copy_to(&mut self, event: &Event) -> Result<u64, CallError> {
        let vfs = self.id(VFS);
        self.host.lease_write(vfs, event.id, 0, PROGRAM_DATA, BYTES)
    }

    /// What vm is asked, once, for the first page of the program's data.
    fn asked_once(&mut self) -> Event {
        let event = self.request(VM);
        let message = &event.message;
        assert_eq!(message.protocol, PROTOCOL_KERNEL);
        assert_eq!(message.kind, kernel_kind::PAGE_FAULT);
        assert_eq!(message.words[0], PROGRAM_DATA);
        assert!(self.receive(VM).is_none());
        event
    }

    /// The call goes on, is answered, and nobody asked vm again. How many bytes were copied.
    fn succeeds(&mut self, pid: abi::Pid, event: &Event) {
        let again = self.request(VFS);
        assert_eq!(again.id, event.id);
        assert_eq!(self.copy_to(event), Ok(BYTES.len() as u64));
        self.reply(VFS, event.id, 5).unwrap();
        assert_eq!(self.host.program(pid), Ok(ProgramState::Runs(5)));
        assert!(self.receive(VM).is_none());
        let mut bytes = [0; BYTES.len()];
        self.host
            .program_read(pid, PROGRAM_DATA, &mut bytes)
            .unwrap();
        assert_eq!(bytes, BYTES);
        self.host.check().unwrap();
    }
}

/// S16: a call whose buffer is not populated yet succeeds, with exactly one request to vm.
#[test]
fn a_page_that_is_not_populated_is_asked_for_once() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    let served = world.status(VM).served;
    assert_eq!(world.copy_to(&event), Err(CallError::Absent));
    let asked = world.asked_once();
    world.map(pid, 1);
    world.reply(VM, asked.id, 0).unwrap();
    world.succeeds(pid, &event);
    assert_eq!(world.status(VM).served, served + 1);
}

/// S16: a call whose buffer is shared until it is written succeeds without vm, and the other process keeps
/// what it had.
#[test]
fn a_page_that_is_shared_is_copied_at_once() {
    let mut world = World::new();
    let parent = world.spawn(1);
    world.map(parent, 1);
    world
        .host
        .program_write(parent, PROGRAM_DATA, b"whose")
        .unwrap();
    let child = world.spawn(2);
    let clone = [1, 2, PROGRAM_DATA, 1];
    world.call(VM, Call::CloneRange, &clone).unwrap();
    let event = world.program_request(child);
    let served = world.status(VM).served;
    assert_eq!(world.copy_to(&event), Ok(BYTES.len() as u64));
    world.reply(VFS, event.id, 5).unwrap();
    assert_eq!(world.host.program(child), Ok(ProgramState::Runs(5)));
    assert_eq!(world.status(VM).served, served);
    let mut bytes = [0; 5];
    world
        .host
        .program_read(parent, PROGRAM_DATA, &mut bytes)
        .unwrap();
    assert_eq!(&bytes, b"whose");
    world
        .host
        .program_read(child, PROGRAM_DATA, &mut bytes)
        .unwrap();
    assert_eq!(bytes, BYTES);
}

/// S16: a call whose buffer has a page that is not its own and that the program may not write asks vm once.
#[test]
fn a_page_that_may_not_be_written_is_asked_for_once() {
    let mut world = World::new();
    let pid = world.spawn(1);
    world.map(pid, 1);
    let protect = [1, PROGRAM_DATA, 1, Protection::READ.0];
    world.call(VM, Call::Protect, &protect).unwrap();
    let event = world.program_request(pid);
    let served = world.status(VM).served;
    assert_eq!(world.copy_to(&event), Err(CallError::Absent));
    let asked = world.asked_once();
    // It is there, and may not be written.
    assert_eq!(asked.message.words[3], 1);
    let unshare = [1, PROGRAM_DATA, READ_WRITE];
    world.call(VM, Call::Unshare, &unshare).unwrap();
    world.reply(VM, asked.id, 0).unwrap();
    world.succeeds(pid, &event);
    assert_eq!(world.status(VM).served, served + 1);
}

/// S16: a call whose buffer is nowhere fails after one request to vm; the server and others go on.
#[test]
fn a_buffer_that_is_nowhere_harms_nobody_but_its_caller() {
    let mut world = World::new();
    let [wrong, other] = [1, 2].map(|pid| world.spawn(pid));
    world.map(other, 1);
    let event = world.program_request(wrong);
    assert_eq!(world.copy_to(&event), Err(CallError::Absent));
    let asked = world.asked_once();
    let refusal = Errno::FAULT.result();
    world.reply(VM, asked.id, refusal).unwrap();
    assert_eq!(world.request(VFS).id, event.id);
    assert_eq!(world.copy_to(&event), Err(CallError::BadAddress));
    world.reply(VFS, event.id, refusal).unwrap();
    let result = ProgramState::Runs(refusal.cast_unsigned());
    assert_eq!(world.host.program(wrong), Ok(result));
    assert!(world.receive(VM).is_none());
    let event = world.program_request(other);
    assert_eq!(world.copy_to(&event), Ok(BYTES.len() as u64));
    world.host.check().unwrap();
}
