//! Processes: making, replacing and ending them, their signals, exceptions and faults.

use abi::call::ProcessUsage;
use abi::layout::USER_TOP;
use abi::message::{PROTOCOL_KERNEL, kernel_kind};
use abi::process::{FloatingPoint, Registers, ThreadState};
use abi::{Call, CallError, Caller, Errno, Event, Pid, Reply, SpaceId, Time};

use super::{FS, PM, PROGRAM_DATA, READ_WRITE, RS, VFS, VM, World};
use crate::host::Touched;
use crate::program::ProgramState;

impl World {
    fn state(&mut self, pid: Pid) -> ThreadState {
        let pm = self.busy(PM);
        self.host
            .call_filled(pm, Call::RegistersRead, &[pid.0.into()])
            .unwrap()
    }

    fn set_state(&mut self, pid: Pid, state: &ThreadState) -> Result<u64, CallError> {
        let pm = self.busy(PM);
        self.host
            .call_given(pm, Call::RegistersWrite, &[pid.0.into()], state)
    }

    /// What pm is asked about a process.
    fn asked(&mut self, kind: u32) -> Event {
        let event = self.request(PM);
        assert_eq!(event.message.protocol, PROTOCOL_KERNEL);
        assert_eq!(event.message.kind, kind);
        event
    }

    fn runs(&mut self, pid: Pid, result: i64) {
        let state = self.host.program(pid);
        assert_eq!(state, Ok(ProgramState::Runs(result.cast_unsigned())));
    }

    fn waits(&mut self, pid: Pid) {
        assert!(matches!(self.host.program(pid), Ok(ProgramState::Waits(_))));
    }
}

#[test]
fn a_child_is_its_parent_but_for_its_result_stack_and_name() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let identity = Caller {
        pid: Pid(99),
        space: SpaceId(99),
        user: 1000,
        group: 100,
        process_group: 7,
        session: 6,
    };
    let pm = world.busy(PM);
    world
        .host
        .call_given(pm, Call::ProcessIdentity, &[1], &identity)
        .unwrap();
    *world.host.registers(pid).unwrap() = Registers {
        rbx: 5,
        rip: 0x40_0000,
        rsp: 0x50_0000,
        fs_base: 77,
        ..Registers::default()
    };
    let event = world.program_request(pid);
    let expected = Caller {
        pid,
        space: SpaceId(1),
        ..identity
    };
    assert_eq!(event.caller, expected);
    world.call(VM, Call::SpaceCreate, &[2]).unwrap();
    for _ in 0..2 {
        world
            .call(PM, Call::ProcessCreate, &[2, 1, 2, 0x60_0000])
            .unwrap();
    }
    let (parent, child) = (world.state(pid), world.state(Pid(2)));
    let expected = Registers {
        rax: 0,
        rsp: 0x60_0000,
        ..parent.registers
    };
    assert_eq!(child.registers, expected);
    // It is stopped until pm lets it run.
    assert_eq!(world.host.program(Pid(2)), Ok(ProgramState::Stopped));
    world.call(PM, Call::ProcessRun, &[2, 1]).unwrap();
    world.runs(Pid(2), 0);
    world.program_call(Pid(2));
    let of_child = world.request(VFS).caller;
    let expected = Caller {
        pid: Pid(2),
        space: SpaceId(2),
        ..identity
    };
    assert_eq!(of_child, expected);
    world.reply(VFS, event.id, 2).unwrap();
    world.runs(pid, 2);
}

#[test]
fn a_process_that_cannot_be_is_refused() {
    let mut world = World::new();
    world.spawn(1);
    for (arguments, error) in [
        ([0, 0, 1, 0], CallError::BadArgument),
        ([1 << 32, 0, 1, 0], CallError::BadArgument),
        ([2, 0, 1, USER_TOP], CallError::BadArgument),
        ([2, 9, 1, 0], CallError::NoProcess),
        ([2, 0, 9, 0], CallError::NoSpace),
    ] {
        assert_eq!(world.call(PM, Call::ProcessCreate, &arguments), Err(error));
    }
    for call in [
        Call::ProcessRun,
        Call::ProcessInterrupt,
        Call::ProcessExecute,
    ] {
        assert_eq!(
            world.call(PM, call, &[9, 1, 1, 1]),
            Err(CallError::NoProcess)
        );
    }
    for arguments in [[1, 15, 1], [1, 32, 1], [1, 20, 0], [1, 20, u64::MAX]] {
        let refused = world.call(PM, Call::ProcessSchedule, &arguments);
        assert_eq!(refused, Err(CallError::BadArgument));
    }
    assert_eq!(world.call(PM, Call::ProcessSchedule, &[1, 31, 1000]), Ok(0));
}

#[test]
fn exec_puts_a_process_into_another_space() {
    let mut world = World::new();
    let pid = world.spawn(1);
    world.map(pid, 1);
    world.host.registers(pid).unwrap().rbx = 8;
    let event = world.program_request(pid);
    world.call(VM, Call::SpaceCreate, &[2]).unwrap();
    let bad = world.call(PM, Call::ProcessExecute, &[1, 2, USER_TOP, 0]);
    assert_eq!(bad, Err(CallError::BadArgument));
    for _ in 0..2 {
        world
            .call(PM, Call::ProcessExecute, &[1, 2, 0x40_1000, 0x7000])
            .unwrap();
    }
    let busy = world.call(VM, Call::SpaceDestroy, &[2]);
    assert_eq!(busy, Err(CallError::BadState));
    assert_eq!(world.call(VM, Call::SpaceDestroy, &[1]), Ok(0));
    world.reply(VFS, event.id, 0).unwrap();
    world.runs(pid, 0);
    let registers = world.state(pid).registers;
    assert_eq!(
        (registers.rip, registers.rsp, registers.rbx),
        (0x40_1000, 0x7000, 0)
    );
    assert_eq!(world.program_request(pid).caller.space, SpaceId(2));
}

#[test]
fn a_process_ends_with_what_it_waits_for() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let busy = world.call(VM, Call::SpaceDestroy, &[1]);
    assert_eq!(busy, Err(CallError::BadState));
    for _ in 0..2 {
        world.call(PM, Call::ProcessDestroy, &[1]).unwrap();
    }
    assert_eq!(world.host.program(pid), Err(CallError::NoProcess));
    assert_eq!(world.call(VM, Call::SpaceDestroy, &[1]), Ok(0));
    assert_eq!(world.host.pids().count(), 0);
}

#[test]
fn stopping_is_a_level() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    for _ in 0..2 {
        world.call(PM, Call::ProcessRun, &[1, 0]).unwrap();
    }
    world.reply(VFS, event.id, 5).unwrap();
    assert_eq!(world.host.program(pid), Ok(ProgramState::Stopped));
    let usage: ProcessUsage = {
        let pm = world.busy(PM);
        world
            .host
            .call_filled(pm, Call::ProcessUsage, &[1])
            .unwrap()
    };
    assert_eq!(usage.state, 2);
    for _ in 0..2 {
        world.call(PM, Call::ProcessRun, &[1, 1]).unwrap();
    }
    world.runs(pid, 5);
}

#[test]
fn usage_tells_what_a_process_waits_for() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    world.forward(VFS, event.id, FS, &[]).unwrap();
    let pm = world.busy(PM);
    let usage: ProcessUsage = world
        .host
        .call_filled(pm, Call::ProcessUsage, &[1])
        .unwrap();
    assert_eq!((usage.state, usage.waiting_for), (1, FS.0.into()));
    assert_eq!(usage.call_number, super::CALL);
}

#[test]
fn a_signal_asks_pm_before_the_program_goes_on() {
    let mut world = World::new();
    let pid = world.spawn(1);
    world.runs(pid, 0);
    world.call(PM, Call::ProcessInterrupt, &[1, 4]).unwrap();
    world.waits(pid);
    let event = world.asked(kernel_kind::INTERRUPTED);
    assert_eq!(event.caller.pid, pid);
    let mut state = world.state(pid);
    assert_eq!(state.call_number, -1);
    state.registers.rip = 0x1234;
    state.registers.rflags = u64::MAX;
    state.floating_point = FloatingPoint([0xff; 512]);
    world.set_state(pid, &state).unwrap();
    // Numbered: those already seen do nothing.
    for number in [4, 3] {
        world
            .call(PM, Call::ProcessInterrupt, &[1, number])
            .unwrap();
    }
    world.reply(PM, event.id, 0).unwrap();
    world.runs(pid, 0);
    let state = world.state(pid);
    assert_eq!(state.registers.rip, 0x1234);
    // No input and output, no virtual interrupts, and interrupts stay on (SDM volume 1, 3.4.3).
    assert_eq!(state.registers.rflags, 0x24_0fd7);
    // Bits of MXCSR that do not exist (SDM volume 1, 10.2.3.2).
    assert_eq!(state.floating_point.0[24..28], [0xbf, 0xff, 0, 0]);
}

#[test]
fn registers_outside_of_user_memory_are_refused() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let good = world.state(pid);
    let addresses: [fn(&mut Registers) -> &mut u64; 4] = [
        |registers| &mut registers.rip,
        |registers| &mut registers.rsp,
        |registers| &mut registers.fs_base,
        |registers| &mut registers.gs_base,
    ];
    for address in addresses {
        let mut bad = good;
        *address(&mut bad.registers) = 0xffff_8000_0000_0000;
        assert_eq!(world.set_state(pid, &bad), Err(CallError::BadArgument));
    }
    assert_eq!(world.state(pid).registers, good.registers);
}

#[test]
fn a_program_never_sees_that_its_call_is_to_start_again() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    world.reply(VFS, event.id, Errno::RESTART.result()).unwrap();
    world.waits(pid);
    let event = world.asked(kernel_kind::INTERRUPTED);
    let result = event.message.words[2].cast_signed();
    assert_eq!(result, Errno::RESTART.result());
    let mut state = world.state(pid);
    assert_eq!(state.call_number, super::CALL.cast_signed());
    state.registers.rax = 17;
    world.set_state(pid, &state).unwrap();
    world.reply(PM, event.id, 0).unwrap();
    world.runs(pid, 17);
}

#[test]
fn a_signal_of_a_reply_reaches_pm() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let event = world.program_request(pid);
    let reply = Reply {
        signal: 13,
        signal_group: 1,
        ..Reply::value(-32)
    };
    let vfs = world.id(VFS);
    world.host.reply(vfs, event.id, &reply).unwrap();
    world.waits(pid);
    let event = world.asked(kernel_kind::INTERRUPTED);
    assert_eq!(event.message.words[..3], [13, 1, (-32i64).cast_unsigned()]);
    world.reply(PM, event.id, 0).unwrap();
    world.runs(pid, -32);
}

#[test]
fn an_exception_asks_pm() {
    let mut world = World::new();
    let pid = world.spawn(1);
    world.host.program_exception(pid, 6).unwrap();
    world.waits(pid);
    let event = world.asked(kernel_kind::EXCEPTION);
    assert_eq!(event.message.words[..4], [6, 0, 0, 0]);
    world.reply(PM, event.id, 0).unwrap();
    world.runs(pid, 0);
    world.host.program_exception(pid, 0).unwrap();
    let event = world.asked(kernel_kind::EXCEPTION);
    world.reply(PM, event.id, -1).unwrap();
    // Nobody can answer for it.
    assert_eq!(world.host.program(pid), Ok(ProgramState::Stopped));
    world.call(PM, Call::ProcessDestroy, &[1]).unwrap();
    world.host.check().unwrap();
}

#[test]
fn a_page_fault_asks_vm_and_then_pm() {
    let mut world = World::new();
    let pid = world.spawn(1);
    let touched = world.host.program_write(pid, PROGRAM_DATA + 9, b"x");
    assert_eq!(touched, Ok(Touched::Faulted));
    world.waits(pid);
    let event = world.request(VM);
    assert_eq!(event.message.words[..4], [PROGRAM_DATA + 9, 1, 2, 0]);
    world
        .call(VM, Call::MapAnonymous, &[1, PROGRAM_DATA, 1, READ_WRITE])
        .unwrap();
    world.reply(VM, event.id, 0).unwrap();
    world.runs(pid, 0);
    let touched = world.host.program_write(pid, PROGRAM_DATA + 9, b"x");
    assert_eq!(touched, Ok(Touched::Done));
    world.host.program_read(pid, 0x9000_0000, &mut [0]).unwrap();
    let event = world.request(VM);
    world.reply(VM, event.id, Errno::FAULT.result()).unwrap();
    let event = world.asked(kernel_kind::EXCEPTION);
    let words = [14, 4, 0x9000_0000, Errno::FAULT.0.into()];
    assert_eq!(event.message.words[..4], words);
    world.reply(PM, event.id, 0).unwrap();
    world.runs(pid, 0);
    // Addresses that no program has are not vm's business.
    world.host.program_read(pid, USER_TOP, &mut [0]).unwrap();
    assert!(world.receive(VM).is_none());
    let event = world.asked(kernel_kind::EXCEPTION);
    assert_eq!(event.message.words[2], USER_TOP);
    let pm = world.id(PM);
    let usage: ProcessUsage = world
        .host
        .call_filled(pm, Call::ProcessUsage, &[1])
        .unwrap();
    assert_eq!(usage.faults, 3);
}

#[test]
fn fork_shares_pages_until_they_are_written() {
    let mut world = World::new();
    let parent = world.spawn(1);
    world.map(parent, 2);
    world
        .host
        .program_write(parent, PROGRAM_DATA, b"shared")
        .unwrap();
    let child = world.spawn(2);
    world
        .call(VM, Call::CloneRange, &[1, 2, PROGRAM_DATA, 2])
        .unwrap();
    let mut bytes = [0; 6];
    let read = world.host.program_read(child, PROGRAM_DATA, &mut bytes);
    assert_eq!((read, &bytes), (Ok(Touched::Done), b"shared"));
    for pid in [child, parent] {
        let store = world.host.program_write(pid, PROGRAM_DATA, b"S");
        assert_eq!(store, Ok(Touched::Faulted));
        // The kernel has copied the page, or given it to the one that is left with it.
        assert!(world.receive(VM).is_none());
        let store = world
            .host
            .program_write(pid, PROGRAM_DATA, &[pid.0.to_le_bytes()[0]]);
        assert_eq!(store, Ok(Touched::Done));
    }
    world
        .host
        .program_read(parent, PROGRAM_DATA, &mut bytes)
        .unwrap();
    assert_eq!(&bytes, b"\x01hared");
    assert_eq!(world.call(VM, Call::SpaceStatistics, &[2]), Ok(2));
    world.call(VM, Call::Unmap, &[2, PROGRAM_DATA, 2]).unwrap();
    assert_eq!(world.call(VM, Call::SpaceStatistics, &[2]), Ok(0));
    assert_eq!(
        world.call(VM, Call::SpaceStatistics, &[3]),
        Err(CallError::NoSpace)
    );
}

#[test]
fn the_time_of_day_is_stated_and_told() {
    let mut world = World::new();
    world.host.advance(Time(30));
    assert_eq!(world.call(PM, Call::RealTime, &[]), Ok(0));
    world.call(PM, Call::SetRealTime, &[1_700_000_000]).unwrap();
    assert_eq!(world.call(PM, Call::RealTime, &[]), Ok(1_700_000_000));
    assert_eq!(world.call(PM, Call::Clock, &[]), Ok(30));
    world.call(VM, Call::SpaceCreate, &[1]).unwrap();
    assert_eq!(world.call(VM, Call::MapVdso, &[1, PROGRAM_DATA]), Ok(2));
}

#[test]
fn rs_ends_all_programs_whatever_they_do() {
    let mut world = World::new();
    let free = world.settled().free;
    let pids = [1, 2, 3].map(|pid| world.spawn(pid));
    for pid in pids {
        world.map(pid, 3);
    }
    // One waits for an answer, one has just been asked about, one runs; and a space is nobody's.
    world.program_request(pids[0]);
    world.program_call(pids[1]);
    world.call(VM, Call::SpaceCreate, &[9]).unwrap();
    let ended = core::iter::repeat_with(|| world.call(RS, Call::ProgramEnd, &[]))
        .take_while(|result| *result == Ok(1));
    assert_eq!(ended.count(), 3 + 4);
    assert!(world.host.program(pids[0]).is_err());
    world.host.check().unwrap();
    assert_eq!(world.settled().free, free);
}
