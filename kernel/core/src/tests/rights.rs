//! What a service may not do.

use abi::declaration::Declaration;
use abi::message::PROTOCOL_KERNEL;
use abi::slot::Refusal;
use abi::{Call, CallError, Endpoint, Message};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::{DRIVER, FS, PM, PROTOCOL, RS, VFS, World, message, own};
use crate::host::Ports;

/// A service that may make no declared call and speak to nobody.
fn powerless(world: &mut World) {
    let declaration = Declaration {
        calls: 0,
        protocols: [0; abi::limits::SLOTS],
        notifies: 0,
        ..super::declarations()[FS.index()]
    };
    let rs = world.busy(RS);
    world
        .host
        .call_given(rs, Call::SlotDeclare, &[], &declaration)
        .unwrap();
}

#[test]
fn every_declared_call_needs_its_right() {
    let mut world = World::new();
    powerless(&mut world);
    let generation = world.status(FS).generation;
    for (call, _) in Call::ALL {
        if *call as u64 >= Call::FIRST_DECLARED {
            let refused = world.call(FS, *call, &[1, 1, 1, 1, 1, 1]);
            assert_eq!(refused, Err(CallError::NotPermitted), "{call:?}");
        }
    }
    let status = world.status(FS);
    assert_eq!((status.crashes, status.generation), (0, generation));
    assert_eq!(world.call(FS, Call::Clock, &[]), Ok(0));
}

#[test]
fn a_service_speaks_only_the_protocols_it_is_declared_to_speak_to_another() {
    let mut world = World::new();
    let vfs = world.busy(VFS);
    let kernel = Message {
        protocol: PROTOCOL_KERNEL,
        ..message(1)
    };
    let unknown = Message {
        protocol: 64,
        ..message(1)
    };
    let host = &mut world.host;
    let submit = host.submit(vfs, FS, own(0), &kernel, &[]);
    assert_eq!(submit, Err(CallError::NotPermitted));
    let submit = host.submit(vfs, FS, own(0), &unknown, &[]);
    assert_eq!(submit, Err(CallError::BadArgument));
    let submit = host.submit(vfs, Endpoint(30), own(0), &message(1), &[]);
    assert_eq!(submit, Err(CallError::NoSlot));
    let submit = host.submit(vfs, Endpoint::NONE, own(0), &message(1), &[]);
    assert_eq!(submit, Err(CallError::NoSlot));
    let mut declaration = super::declarations()[FS.index()];
    declaration.protocols = [0; abi::limits::SLOTS];
    declaration.protocols[PM.index()] = 1 << PROTOCOL;
    let rs = world.busy(RS);
    world
        .host
        .call_given(rs, Call::SlotDeclare, &[], &declaration)
        .unwrap();
    assert_eq!(world.submit(FS, PM, own(0)), Ok(()));
    assert_eq!(world.submit(FS, VFS, own(1)), Err(CallError::NotPermitted));
}

#[test]
fn a_service_notifies_only_whom_it_is_declared_to_notify() {
    let mut world = World::new();
    assert_eq!(world.call(DRIVER, Call::Notify, &[VFS.0.into()]), Ok(0));
    let other = world.call(DRIVER, Call::Notify, &[FS.0.into()]);
    assert_eq!(other, Err(CallError::NotPermitted));
    for nobody in [30, 40, u64::MAX, 1 << 16] {
        let nowhere = world.call(PM, Call::Notify, &[nobody]);
        assert_eq!(nowhere, Err(CallError::NoSlot));
    }
    assert!(world.receive(FS).is_none());
}

#[derive(Clone, Default)]
struct Recorder(Rc<RefCell<Vec<(u16, usize, u32)>>>);

impl Ports for Recorder {
    fn read(&mut self, port: u16, width: usize) -> u32 {
        self.0.borrow_mut().push((port, width, 0));
        0x0102_0341
    }

    fn write(&mut self, port: u16, width: usize, value: u32) {
        self.0.borrow_mut().push((port, width, value));
    }
}

#[test]
fn a_driver_uses_only_its_ports() {
    let mut world = World::new();
    let seen = Recorder::default();
    world.host.kernel.machine.ports = Box::new(seen.clone());
    for (port, width, expected) in [
        (0x60, 1, Ok(0x0102_0341)),
        (0x60, 4, Ok(0x0102_0341)),
        (0x63, 1, Ok(0x0102_0341)),
        (0x63, 2, Err(CallError::NotPermitted)),
        (0x5f, 1, Err(CallError::NotPermitted)),
        (0x64, 1, Err(CallError::NotPermitted)),
        (0x1_0060, 1, Err(CallError::NotPermitted)),
        (u64::MAX, 1, Err(CallError::BadArgument)),
        (0x60, 3, Err(CallError::BadArgument)),
        (0x60, 0, Err(CallError::BadArgument)),
    ] {
        assert_eq!(world.call(DRIVER, Call::PortRead, &[port, width]), expected);
    }
    let driver = world.id(DRIVER);
    let host = &mut world.host;
    host.call_bytes(driver, Call::PortWrite, &[0x61], b"ab")
        .unwrap();
    let mut bytes = [0; 2];
    host.call_buffer(driver, Call::PortReadBytes, &[0x62], &mut bytes)
        .unwrap();
    assert_eq!(bytes, [0x41; 2]);
    let refused = host.call_bytes(driver, Call::PortWrite, &[0x64], b"ab");
    assert_eq!(refused, Err(CallError::NotPermitted));
    let long = host.call_bytes(driver, Call::PortWrite, &[0x61], &[0; 4097]);
    assert_eq!(long, Err(CallError::BadArgument));
    let ports = [
        (0x60, 1, 0),
        (0x60, 4, 0),
        (0x63, 1, 0),
        (0x61, 1, 0x61),
        (0x61, 1, 0x62),
    ];
    assert_eq!(seen.0.borrow()[..5], ports);
    assert_eq!(seen.0.borrow()[5..], [(0x62, 1, 0); 2]);
    for number in [0, 2, 4, u64::MAX] {
        let refused = world.call(DRIVER, Call::InterruptEnable, &[number]);
        assert_eq!(refused, Err(CallError::NotPermitted));
    }
}

#[test]
fn a_candidate_can_do_nothing_that_others_see() {
    let mut world = World::new();
    world.load(1 << VFS.0, 1);
    let early = world.host.candidate(VFS).unwrap();
    assert_eq!(
        world.host.call(early, Call::Clock, &[]),
        Err(CallError::BadState)
    );
    world.replace(1 << VFS.0, 1 << VFS.0).unwrap();
    let id = world.host.candidate(VFS).unwrap();
    let allowed = [
        Call::Grow,
        Call::Clock,
        Call::Log,
        Call::StartInformation,
        Call::Ready,
        Call::Abort,
        Call::Receive,
    ];
    for (call, _) in Call::ALL {
        if !allowed.contains(call) {
            let refused = world.host.call(id, *call, &[0; 6]);
            assert_eq!(refused, Err(CallError::NotPermitted), "{call:?}");
        }
    }
    assert!(world.receive_as(id).is_none());
    assert!(world.host.call(id, Call::Grow, &[8192]).is_ok());
    world.prepare();
}

#[test]
fn a_current_instance_cannot_speak_for_its_candidate() {
    let mut world = World::new();
    world.load(1 << VFS.0, 1);
    for call in [Call::Ready, Call::InboxGrow, Call::ExportDone] {
        let refused = world.call(VFS, call, &[1, 1]);
        assert_eq!(refused, Err(CallError::NotPermitted));
    }
    world.replace(1 << VFS.0, 0).unwrap();
    world.receive(VFS);
    let id = world.host.candidate(VFS).unwrap();
    // Before its start it cannot be ready.
    assert_eq!(
        world.host.ready(id, Refusal::None),
        Err(CallError::BadState)
    );
    world.prepare();
}

#[test]
fn declarations_out_of_range_are_refused() {
    let mut world = World::new();
    let good = super::declarations()[FS.index()];
    let rs = world.busy(RS);
    for bad in [
        Declaration { slot: 40, ..good },
        Declaration {
            slot: u16::MAX,
            ..good
        },
        Declaration {
            priority: 16,
            ..good
        },
    ] {
        let refused = world.host.call_given(rs, Call::SlotDeclare, &[], &bad);
        assert_eq!(refused, Err(CallError::BadArgument));
    }
    let nowhere = world.host.call(rs, Call::SlotDeclare, &[0x10]);
    assert_eq!(nowhere, Err(CallError::BadArgument));
    let fault = world.call(RS, Call::SlotFault, &[VFS.0.into(), 9, 1]);
    assert_eq!(fault, Err(CallError::BadArgument));
    let replace = world.call(RS, Call::Replace, &[1, 0, u64::MAX, u64::MAX, 2]);
    assert_eq!(replace, Err(CallError::BadArgument));
    assert_eq!(
        world.call(RS, Call::PowerOff, &[3]),
        Err(CallError::BadArgument)
    );
}

#[test]
fn no_arguments_make_the_kernel_fail() {
    let mut world = World::new();
    let mut random = 1u64;
    let mut pick = || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let values = [
            0,
            1,
            2,
            3,
            12,
            0x40_0000,
            0x40_1000,
            1 << 39,
            1 << 40,
            1 << 47,
            u64::MAX,
        ];
        match random >> 60 {
            0 => random,
            1 => random >> 32,
            2 => u64::MAX - (random >> 50),
            _ => values[usize::try_from(random >> 33).unwrap() % values.len()],
        }
    };
    let pid = world.spawn(1);
    world.map(pid, 3);
    world.program_request(pid);
    for round in 0..5_000 {
        let (call, _) = Call::ALL[usize::try_from(pick()).unwrap_or(0) % Call::ALL.len()];
        // What these do would end the test, or take the rights to go on.
        if matches!(call, Call::Abort | Call::PowerOff | Call::SlotDeclare) {
            continue;
        }
        let arguments = [pick(), pick(), pick(), pick(), pick(), pick()];
        let slot = [RS, PM, super::VM, VFS][usize::try_from(pick() % 4).unwrap()];
        if world.host.current(slot).is_some() {
            // Any answer will do.
            let _ = world.call(slot, call, &arguments);
        }
        if round % 64 == 0 {
            world.host.check().unwrap();
            world.prepare();
        }
    }
}
