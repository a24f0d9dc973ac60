//! Leases: who may copy what from and to whose memory, and for how long.

use abi::layout::{PAGE_SIZE, SERVICE_ARCHIVE, SERVICE_KEPT};
use abi::message::{PROTOCOL_KERNEL, kernel_kind};
use abi::{Access, Call, CallError, Errno, Event, LeaseDescriptor, LeaseSource, Pid, RequestId};

use super::{FS, PM, PROGRAM_DATA, READ_WRITE, VFS, VM, World, child, own};
use crate::host::Touched;
use crate::program::ProgramState;

/// A part of lease 0 of a request.
fn part(request: RequestId, address: u64, length: u64, access: Access) -> LeaseDescriptor {
    LeaseDescriptor {
        source: LeaseSource::Lent as u32,
        access: access as u32,
        request,
        index: 0,
        address,
        length,
    }
}

fn memory(address: u64, length: u64, access: Access) -> LeaseDescriptor {
    LeaseDescriptor {
        source: LeaseSource::Own as u32,
        access: access as u32,
        address,
        length,
        ..LeaseDescriptor::default()
    }
}

/// A program with two pages, in a call that the file server has received.
fn reading() -> (World, Pid, Event) {
    let mut world = World::new();
    let pid = world.spawn(1);
    world.map(pid, 2);
    let event = world.program_request(pid);
    (world, pid, event)
}

/// The first event of vm, a fault; its words.
fn fault(world: &mut World) -> (RequestId, [u64; 7]) {
    let event = world.request(VM);
    assert_eq!(event.message.protocol, PROTOCOL_KERNEL);
    assert_eq!(event.message.kind, kernel_kind::PAGE_FAULT);
    (event.id, event.message.words)
}

#[test]
fn a_server_copies_from_and_to_its_caller() {
    let (mut world, pid, event) = reading();
    let vfs = world.id(VFS);
    let at = PROGRAM_DATA + PAGE_SIZE - 3;
    let host = &mut world.host;
    assert_eq!(host.lease_write(vfs, event.id, 0, at, b"across"), Ok(6));
    let mut bytes = [0; 6];
    assert_eq!(host.lease_read(vfs, event.id, 0, at, &mut bytes), Ok(6));
    assert_eq!(&bytes, b"across");
    host.reply(vfs, event.id, &abi::Reply::value(0)).unwrap();
    let mut bytes = [0; 4];
    let read = host.program_read(pid, at + 2, &mut bytes);
    assert_eq!((read, &bytes), (Ok(Touched::Done), b"ross"));
    // The lease has ended with the request.
    let late = host.lease_read(vfs, event.id, 0, at, &mut bytes);
    assert_eq!(late, Err(CallError::NoRequest));
}

#[test]
fn a_lease_is_only_its_holders() {
    let (mut world, _, event) = reading();
    let fs = world.busy(FS);
    let stolen = world.host.lease_write(fs, event.id, 0, PROGRAM_DATA, b"x");
    assert_eq!(stolen, Err(CallError::NoRequest));
    let vfs = world.id(VFS);
    for lease in [1, 4, u64::MAX] {
        let none = world
            .host
            .lease_write(vfs, event.id, lease, PROGRAM_DATA, b"x");
        assert_eq!(none, Err(CallError::BadLease));
    }
    let beyond = world.host.lease_write(vfs, event.id, 0, u64::MAX, b"xy");
    assert_eq!(beyond, Err(CallError::BadLease));
}

#[test]
fn a_part_is_lent_on_with_no_more_than_its_holder_has() {
    let (mut world, _, event) = reading();
    let lease = part(event.id, PROGRAM_DATA + 8, 8, Access::Read);
    let vfs = world.id(VFS);
    world
        .host
        .lease_write(vfs, event.id, 0, PROGRAM_DATA + 8, b"abcdefgh")
        .unwrap();
    world
        .submit_leases(VFS, FS, child(event.id, 0), &[lease])
        .unwrap();
    let asked = world.request(FS);
    assert_eq!((asked.leases[0].access, asked.leases[0].length), (1, 8));
    let fs = world.id(FS);
    let mut bytes = [0; 3];
    assert_eq!(world.host.lease_read(fs, asked.id, 0, 5, &mut bytes), Ok(3));
    assert_eq!(&bytes, b"fgh");
    let beyond = world.host.lease_read(fs, asked.id, 0, 6, &mut bytes);
    assert_eq!(beyond, Err(CallError::BadLease));
    let written = world.host.lease_write(fs, asked.id, 0, 0, b"x");
    assert_eq!(written, Err(CallError::BadLease));
    let mut tag = child(asked.id, 0);
    for wider in [
        part(asked.id, 0, 8, Access::Both),
        part(asked.id, 1, 8, Access::Read),
        part(asked.id, u64::MAX, 8, Access::Read),
        LeaseDescriptor {
            index: 1,
            ..part(asked.id, 0, 1, Access::Read)
        },
        LeaseDescriptor {
            access: 0,
            ..part(asked.id, 0, 1, Access::Read)
        },
        LeaseDescriptor {
            access: 4,
            ..part(asked.id, 0, 1, Access::Read)
        },
    ] {
        let lent = world.submit_leases(FS, VFS, tag, &[wider]);
        assert_eq!(lent, Err(CallError::BadLease));
    }
    let foreign = part(event.id, 0, 1, Access::Read);
    let lent = world.submit_leases(FS, VFS, tag, &[foreign]);
    assert_eq!(lent, Err(CallError::NoRequest));
    tag.index = 1;
    let narrower = part(asked.id, 4, 2, Access::Read);
    world.submit_leases(FS, VFS, tag, &[narrower]).unwrap();
    let last = world.request(VFS);
    let mut bytes = [0; 2];
    world
        .host
        .lease_read(vfs, last.id, 0, 0, &mut bytes)
        .unwrap();
    assert_eq!(&bytes, b"ef");
}

#[test]
fn a_part_is_good_as_long_as_the_request_it_comes_from() {
    let (mut world, _, event) = reading();
    let lease = part(event.id, PROGRAM_DATA, 8, Access::Both);
    world
        .submit_leases(VFS, FS, child(event.id, 0), &[lease])
        .unwrap();
    let asked = world.request(FS);
    world.reply(VFS, event.id, 0).unwrap();
    let fs = world.id(FS);
    let late = world.host.lease_write(fs, asked.id, 0, 0, b"x");
    assert_eq!(late, Err(CallError::BadLease));
    world.reply(FS, asked.id, 0).unwrap();
}

#[test]
fn memory_of_an_instance_outlives_it_while_it_is_lent() {
    let mut world = World::new();
    let old = world.busy(VFS);
    let address = world.host.lend(old, b"lent out").unwrap();
    let lease = memory(address, 8, Access::Both);
    world.submit_leases(VFS, FS, own(0), &[lease]).unwrap();
    let asked = world.request(FS);
    let used = world.settled().services;
    world.update(1 << VFS.0);
    assert!(!world.host.exists(old));
    assert!(world.settled().services > used);
    let fs = world.id(FS);
    let mut bytes = [0; 8];
    world
        .host
        .lease_read(fs, asked.id, 0, 0, &mut bytes)
        .unwrap();
    assert_eq!(&bytes, b"lent out");
    world.host.lease_write(fs, asked.id, 0, 0, b"L").unwrap();
    world.reply(FS, asked.id, 0).unwrap();
    world.host.check().unwrap();
    assert!(world.settled().services <= used);
}

/// S16: a service's buffer that is not mapped is `BadAddress`, whoever copies.
#[test]
fn memory_that_nobody_has_cannot_be_copied() {
    let mut world = World::new();
    let lease = memory(0x1234_5678, 8, Access::Both);
    world.submit_leases(VFS, FS, own(0), &[lease]).unwrap();
    let outside = memory(u64::MAX - 4, 8, Access::Both);
    let refused = world.submit_leases(VFS, FS, own(1), &[outside]);
    assert_eq!(refused, Err(CallError::BadLease));
    let asked = world.request(FS);
    let fs = world.id(FS);
    let copy = world.host.lease_write(fs, asked.id, 0, 0, b"x");
    assert_eq!(copy, Err(CallError::BadAddress));
    let nowhere = world.call(FS, Call::LeaseRead, &[asked.id.0, 0, 0, 0x10, 1]);
    assert_eq!(nowhere, Err(CallError::BadAddress));
}

#[test]
fn absent_memory_of_a_program_is_fetched_and_the_request_delivered_again() {
    let (mut world, pid, event) = reading();
    let vfs = world.id(VFS);
    let at = PROGRAM_DATA + 2 * PAGE_SIZE - 2;
    let copy = world.host.lease_write(vfs, event.id, 0, at, b"absent");
    assert_eq!(copy, Err(CallError::Absent));
    assert_eq!(world.reply(VFS, event.id, 0), Err(CallError::NoRequest));
    assert_eq!(world.call(VFS, Call::IsLive, &[event.id.0]), Ok(1));
    assert!(world.receive(VFS).is_none());
    let (fault, words) = fault(&mut world);
    assert_eq!(words, [at + 2, 4, Access::Write as u64, 0, 0, 0, 0]);
    let page = PROGRAM_DATA + 2 * PAGE_SIZE;
    world
        .call(VM, Call::MapAnonymous, &[1, page, 1, READ_WRITE])
        .unwrap();
    world.reply(VM, fault, 0).unwrap();
    let again = world.request(VFS);
    assert_eq!(
        (again.id, again.again, again.stamp),
        (event.id, 1, event.stamp)
    );
    assert_eq!(
        world.host.lease_write(vfs, event.id, 0, at, b"absent"),
        Ok(6)
    );
    world.reply(VFS, event.id, 6).unwrap();
    assert_eq!(world.host.program(pid), Ok(ProgramState::Runs(6)));
    world.host.check().unwrap();
}

#[test]
fn the_last_server_of_a_chain_fetches_for_the_program() {
    let (mut world, pid, event) = reading();
    let start = PROGRAM_DATA + 4 * PAGE_SIZE;
    let lease = part(event.id, start, 3 * PAGE_SIZE, Access::Read);
    world
        .submit_leases(VFS, FS, child(event.id, 0), &[lease])
        .unwrap();
    let asked = world.request(FS);
    let fs = world.id(FS);
    let copy = world.host.lease_read(fs, asked.id, 0, PAGE_SIZE, &mut [0]);
    assert_eq!(copy, Err(CallError::Absent));
    let (fault, words) = fault(&mut world);
    // The whole rest of what is lent.
    assert_eq!(words[..3], [start + PAGE_SIZE, 2 * PAGE_SIZE, 1]);
    assert_eq!(world.host.program(pid), Ok(ProgramState::Waits(event.id)));
    world.reply(VM, fault, Errno::NOMEM.result()).unwrap();
    assert_eq!(world.request(FS).id, asked.id);
    let copy = world.host.lease_read(fs, asked.id, 0, PAGE_SIZE, &mut [0]);
    assert_eq!(copy, Err(CallError::BadAddress));
    world.reply(FS, asked.id, Errno::FAULT.result()).unwrap();
}

#[test]
fn a_page_that_never_comes_is_the_callers_fault_in_the_end() {
    let (mut world, _, event) = reading();
    let vfs = world.id(VFS);
    let at = PROGRAM_DATA + 8 * PAGE_SIZE;
    for _ in 0..3 {
        let copy = world.host.lease_read(vfs, event.id, 0, at, &mut [0]);
        assert_eq!(copy, Err(CallError::Absent));
        let (fault, _) = fault(&mut world);
        world.reply(VM, fault, 0).unwrap();
        assert_eq!(world.request(VFS).id, event.id);
    }
    let copy = world.host.lease_read(vfs, event.id, 0, at, &mut [0]);
    assert_eq!(copy, Err(CallError::BadAddress));
}

#[test]
fn a_process_may_end_while_memory_is_fetched_for_it() {
    let (mut world, _, event) = reading();
    let vfs = world.id(VFS);
    let at = PROGRAM_DATA + 8 * PAGE_SIZE;
    world
        .host
        .lease_read(vfs, event.id, 0, at, &mut [0])
        .unwrap_err();
    let (asked, _) = fault(&mut world);
    world.call(PM, Call::ProcessDestroy, &[1]).unwrap();
    world.host.check().unwrap();
    let again = world.request(VFS);
    assert_eq!((again.id, again.cancelled), (event.id, 1));
    let copy = world.host.lease_read(vfs, event.id, 0, at, &mut [0]);
    assert_eq!(copy, Err(CallError::BadAddress));
    world.reply(VFS, event.id, 0).unwrap();
    // vm hears that nobody waits, and ends it all the same.
    assert_eq!(world.receive(VM).unwrap().id, asked);
    world.reply(VM, asked, 0).unwrap();
    world.host.check().unwrap();
}

#[test]
fn the_request_of_a_crashed_server_waits_until_its_memory_is_there() {
    let (mut world, _, event) = reading();
    let vfs = world.id(VFS);
    let at = PROGRAM_DATA + 8 * PAGE_SIZE;
    world
        .host
        .lease_read(vfs, event.id, 0, at, &mut [0])
        .unwrap_err();
    let (asked, _) = fault(&mut world);
    world.host.crash(vfs, abi::slot::Failure::Panic);
    world.recover(1 << VFS.0);
    world.receive(VFS);
    assert!(world.receive(VFS).is_none());
    world.reply(VM, asked, 0).unwrap();
    assert_eq!(world.request(VFS).id, event.id);
}

#[test]
fn vm_copies_into_a_space_that_is_read_only_there() {
    let (mut world, _, _) = reading();
    world.call(VM, Call::SpaceCreate, &[50]).unwrap();
    world
        .call(VM, Call::MapAnonymous, &[50, PROGRAM_DATA, 1, 1])
        .unwrap();
    let pm = world.busy(PM);
    let address = world.host.lend(pm, b"new program").unwrap();
    let lease = memory(address, 11, Access::Read);
    world.submit_leases(PM, VM, own(0), &[lease]).unwrap();
    let asked = world.request(VM);
    let arguments = [50, PROGRAM_DATA + 5, asked.id.0, 0, 4, 7];
    assert_eq!(world.call(VM, Call::CopyIn, &arguments), Ok(7));
    world.reply(VM, asked.id, 0).unwrap();
    world
        .call(PM, Call::ProcessExecute, &[1, 50, 0x1_0000, 0x2_0000])
        .unwrap();
    let space = world.host.kernel.memory.space(abi::SpaceId(50)).unwrap();
    let place = crate::memory::Place {
        root: world.host.kernel.memory.space_root(space),
        address: PROGRAM_DATA + 5,
    };
    let mut bytes = [0; 7];
    world
        .host
        .kernel
        .memory
        .read(&world.host.kernel.machine, place, &mut bytes)
        .unwrap();
    assert_eq!(&bytes, b"program");
}

#[test]
fn a_fault_is_forwarded_and_answered_with_kept_pages() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let fs = world.busy(FS);
    world.call(FS, Call::KeepMap, &[7, 2]).unwrap();
    world
        .host
        .write_memory(fs, SERVICE_KEPT + 7 * PAGE_SIZE, b"of the file")
        .unwrap();
    let touched = world.host.program_read(pid, PROGRAM_DATA + 3, &mut [0]);
    assert_eq!(touched, Ok(Touched::Faulted));
    let (asked, _) = fault(&mut world);
    let wider = part(asked, PROGRAM_DATA, PAGE_SIZE, Access::Read);
    let foreign = memory(PROGRAM_DATA, PAGE_SIZE, Access::Read);
    assert_eq!(
        world.forward(VM, asked, FS, &[foreign]),
        Err(CallError::BadLease)
    );
    let executable = LeaseDescriptor { access: 5, ..wider };
    world.forward(VM, asked, FS, &[executable]).unwrap();
    let event = world.request(FS);
    assert_eq!((event.id, event.leases[0].access), (asked, 5));
    let kept = SERVICE_KEPT + 7 * PAGE_SIZE;
    let reply = |world: &mut World, address, pages| {
        world.call(FS, Call::ReplyPages, &[asked.0, address, pages])
    };
    assert_eq!(reply(&mut world, kept, 2), Err(CallError::BadLease));
    let beyond = world.call(FS, Call::ReplyPages, &[asked.0, kept, 1, 1]);
    assert_eq!(beyond, Err(CallError::BadLease));
    let beyond = world.call(FS, Call::ReplyPages, &[asked.0, kept, 1, u64::MAX]);
    assert_eq!(beyond, Err(CallError::BadLease));
    assert_eq!(reply(&mut world, kept + 1, 1), Err(CallError::BadArgument));
    assert_eq!(
        reply(&mut world, kept + 2 * PAGE_SIZE, 1),
        Err(CallError::BadAddress)
    );
    assert_eq!(reply(&mut world, kept, 1), Ok(0));
    let mut bytes = [0; 8];
    let read = world.host.program_read(pid, PROGRAM_DATA + 3, &mut bytes);
    assert_eq!((read, &bytes), (Ok(Touched::Done), b"the file"));
    // Read only, and there: a store asks vm.
    let store = world.host.program_write(pid, PROGRAM_DATA, b"x");
    assert_eq!(store, Ok(Touched::Faulted));
    let (asked, words) = fault(&mut world);
    assert_eq!(words[..4], [PROGRAM_DATA, 1, 2, 1]);
    world.reply(VM, asked, 0).unwrap();
}

#[test]
fn a_fault_is_answered_with_some_of_the_pages_that_were_asked_for() {
    let mut world = World::new();
    let pid = world.spawn(1);
    world.busy(FS);
    let touched = world
        .host
        .program_read(pid, PROGRAM_DATA + PAGE_SIZE, &mut [0]);
    assert_eq!(touched, Ok(Touched::Faulted));
    let (asked, _) = fault(&mut world);
    let lease = part(asked, PROGRAM_DATA, 3 * PAGE_SIZE, Access::Read);
    world.forward(VM, asked, FS, &[lease]).unwrap();
    assert_eq!(world.request(FS).id, asked);
    let arguments = [asked.0, SERVICE_ARCHIVE, 1, 1];
    world.call(FS, Call::ReplyPages, &arguments).unwrap();
    let mut bytes = [0; 4];
    let mut read = |page| {
        let address = PROGRAM_DATA + page * PAGE_SIZE;
        world.host.program_read(pid, address, &mut bytes)
    };
    assert_eq!(read(1), Ok(Touched::Done));
    assert_eq!(read(2), Ok(Touched::Faulted));
    assert_eq!(bytes, world.host.archive()[..4]);
}

#[test]
fn pages_of_the_archive_answer_a_fault_and_no_other_request() {
    let mut world = World::new();
    let pid = world.spawn(1);
    world
        .host
        .program_read(pid, PROGRAM_DATA, &mut [0])
        .unwrap();
    let (asked, _) = fault(&mut world);
    let lease = part(asked, PROGRAM_DATA, PAGE_SIZE, Access::Read);
    world.forward(VM, asked, FS, &[lease]).unwrap();
    assert_eq!(world.request(FS).id, asked);
    world
        .call(FS, Call::ReplyPages, &[asked.0, SERVICE_ARCHIVE, 1])
        .unwrap();
    let mut bytes = [0; 4];
    world
        .host
        .program_read(pid, PROGRAM_DATA, &mut bytes)
        .unwrap();
    assert_eq!(bytes, world.host.archive()[..4]);
    let event = world.program_request(pid);
    let arguments = [event.id.0, SERVICE_ARCHIVE, 1];
    let refused = world.call(VFS, Call::ReplyPages, &arguments);
    assert_eq!(refused, Err(CallError::BadState));
}
