//! Every table has an end, and reaching it is an answer.

use abi::limits::COPY_BYTES;
use abi::{Call, CallError, Errno, Pid};

use super::{FS, PM, RS, VFS, VM, World, own};
use crate::program::ProgramState;

#[test]
fn a_service_has_as_many_submissions_as_it_declares() {
    let mut world = World::new();
    for index in 0..8 {
        assert_eq!(world.submit(VFS, FS, own(index)), Ok(()));
    }
    assert_eq!(world.submit(VFS, FS, own(8)), Err(CallError::TooMany));
    assert_eq!(world.submit(VFS, FS, own(7)), Ok(()));
    let event = world.request(FS);
    world.reply(FS, event.id, 0).unwrap();
    assert_eq!(world.submit(VFS, FS, own(8)), Err(CallError::TooMany));
    world.receive(VFS).unwrap();
    world.receive(VFS);
    assert_eq!(world.submit(VFS, FS, own(8)), Ok(()));
    world.host.check().unwrap();
}

#[test]
fn the_table_of_processes_is_full_and_can_be_used_again() {
    let mut world = World::new();
    let limit = 64;
    for pid in 1..=limit {
        world.spawn(pid);
    }
    world.call(VM, Call::SpaceCreate, &[99]).unwrap();
    let full = world.call(PM, Call::ProcessCreate, &[99, 0, 99, 0]);
    assert_eq!(full, Err(CallError::NoMemory));
    for pid in (1..=limit).step_by(3) {
        world.call(PM, Call::ProcessDestroy, &[pid.into()]).unwrap();
        world.call(VM, Call::SpaceDestroy, &[pid.into()]).unwrap();
    }
    for pid in (101..=100 + limit).step_by(3) {
        let pid = world.spawn(pid);
        world.program_request(pid);
    }
    world.host.check().unwrap();
}

#[test]
fn programs_leave_requests_for_services() {
    let mut world = World::new();
    let setup = crate::host::Setup {
        limits: crate::Limits {
            processes: 64,
            requests: 40,
            records: 256,
        },
        ..crate::host::Setup::default()
    };
    let archive = world.host.archive().to_vec();
    // The same world with fewer records for requests.
    world = World {
        host: crate::host::Host::boot(setup, archive).unwrap(),
        transactions: 0,
    };
    world.prepare();
    for declaration in &super::declarations()[1..] {
        let rs = world.busy(RS);
        world
            .host
            .call_given(rs, Call::SlotDeclare, &[], declaration)
            .unwrap();
    }
    world.load(0b11_1110, 1);
    world.replace(0b11_1110, 0b11_1110).unwrap();
    world.prepare();
    world.drain();
    let mut refused = 0;
    for pid in 1..=40 {
        let pid = world.spawn(pid);
        world.program_call(pid);
        let answer = Errno::NOMEM.result().cast_unsigned();
        refused += u32::from(world.host.program(pid) == Ok(ProgramState::Runs(answer)));
    }
    assert_eq!(refused, 5);
    for index in 0..5 {
        assert_eq!(world.submit(PM, FS, own(index)), Ok(()));
    }
    assert_eq!(world.submit(PM, FS, own(5)), Err(CallError::TooMany));
    world.host.check().unwrap();
    while let Some(event) = world.receive(VFS) {
        world.reply(VFS, event.id, 0).unwrap();
    }
    assert_eq!(world.submit(PM, FS, own(5)), Ok(()));
    assert_eq!(world.host.program(Pid(1)), Ok(ProgramState::Runs(0)));
}

#[test]
fn an_instance_has_as_many_pages_as_it_declares() {
    let mut world = World::new();
    let before = world.status(FS).pages;
    let room = 256 - before;
    assert_eq!(world.call(FS, Call::KeepMap, &[0, 10]), Ok(0));
    assert_eq!(world.status(FS).pages, before + 10);
    let heap = world.call(FS, Call::Grow, &[(room - 10) * 4096]).unwrap();
    assert_eq!(world.call(FS, Call::Grow, &[1]), Ok(heap));
    let more = world.call(FS, Call::Grow, &[(room - 9) * 4096]);
    assert_eq!(more, Err(CallError::NoMemory));
    assert_eq!(world.call(FS, Call::KeepMap, &[0, 10]), Ok(0));
    let kept = world.call(FS, Call::KeepMap, &[9, 2]);
    assert_eq!(kept, Err(CallError::NoMemory));
    assert_eq!(world.call(FS, Call::KeepUnmap, &[0, 5]), Ok(0));
    assert_eq!(world.call(FS, Call::KeepMap, &[100, 5]), Ok(0));
    assert_eq!(world.status(FS).pages, 256);
}

#[test]
fn a_copy_moves_so_much_and_no_more() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    let long = COPY_BYTES + 5;
    let arguments = [event.id.0, 0, 0x40_0000, 0x1000, long];
    // Nothing is there: what is asked for is as long as one copy.
    let copy = world.call(VFS, Call::LeaseRead, &arguments);
    assert_eq!(copy, Err(CallError::Absent));
    assert_eq!(world.request(VM).message.words[1], COPY_BYTES);
}

#[test]
fn the_log_is_read_in_pieces_and_loses_its_beginning() {
    let mut world = World::new();
    let fs = world.busy(FS);
    for _ in 0..2000 {
        world
            .host
            .call_bytes(fs, Call::Log, &[], b"a line of the log, not a short one")
            .unwrap();
    }
    let mut bytes = [0; 4000];
    let (length, start, end) = world.host.log_read(fs, 0, &mut bytes).unwrap();
    assert_eq!((length, end - start), (4000, abi::limits::LOG_BYTES as u64));
    let (length, start, _) = world.host.log_read(fs, end - 5, &mut bytes).unwrap();
    assert_eq!((length, start), (5, end - 5));
    assert_eq!(&bytes[..5], b" one\n");
    let past = world.host.log_read(fs, u64::MAX, &mut bytes);
    assert_eq!(past, Ok((0, end, end)));
    let bad = world.call(FS, Call::Log, &[0x10, 5]);
    assert_eq!(bad, Err(CallError::BadArgument));
}
