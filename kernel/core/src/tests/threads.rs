//! The kernel as the machine layer uses it: entered at a trap, it says what runs next.

use abi::event::{EventPage, notification};
use abi::layout::{EXPORT_STACK, PAGE_SIZE, SERVICE_STACK_SIZE, USER_TOP};
use abi::limits::{FRUITLESS_TICKS, PAGES_PER_CALL};
use abi::slot::{Failure, Phase};
use abi::word::index;
use abi::{Call, CallError, Endpoint, Errno, EventKind, Pid, Reply, Time};

use super::{CALL, DRIVER, FS, PM, PROGRAM_DATA, READ_WRITE, RS, VFS, VM, Vec, World};
use crate::machine::Machine;
use crate::schedule::{Next, TICK};
use crate::thread::{Kind, ThreadIndex};

impl World {
    /// All services wait, and the processor is idle.
    fn quiet() -> World {
        let mut world = World::new();
        world.drain();
        assert_eq!(world.host.kernel.run(), Next::Idle);
        world
    }

    fn thread(&self, slot: Endpoint) -> ThreadIndex {
        self.host.kernel.current_thread(slot).unwrap()
    }

    fn program_thread(&self, pid: Pid) -> ThreadIndex {
        self.host.kernel.processes.find(pid).unwrap()
    }

    /// A process that runs when nothing else does.
    fn ready(&mut self, pid: u32) -> Pid {
        let pid = self.spawn(pid);
        self.drain();
        pid
    }

    /// The running thread executes `syscall`.
    fn trap(&mut self, number: u64, arguments: [u64; 6]) -> Next {
        let thread = self.host.kernel.schedule.running.unwrap();
        let registers = &mut self.host.kernel.thread_mut(thread).registers;
        registers.rax = number;
        registers.rdi = arguments[0];
        registers.rsi = arguments[1];
        registers.rdx = arguments[2];
        registers.r10 = arguments[3];
        registers.r8 = arguments[4];
        registers.r9 = arguments[5];
        self.host.kernel.system_call()
    }

    fn service_call(&mut self, call: Call, arguments: [u64; 6]) -> Next {
        self.trap(call as u64, arguments)
    }

    fn wait(&mut self) -> Next {
        self.service_call(Call::Receive, [0; 6])
    }

    fn page(&mut self, slot: Endpoint) -> &mut EventPage {
        let index = self.host.kernel.slot(slot).current.unwrap();
        let memory = self.host.kernel.instances.get(index).unwrap().memory;
        let frame = self.host.kernel.memory.event_frame(memory);
        self.host.kernel.machine.event_page(frame)
    }

    fn rax(&mut self, thread: ThreadIndex) -> u64 {
        self.host.kernel.thread_mut(thread).registers.rax
    }

    /// Time passes, and the clock's interrupt comes if it is due.
    fn pass(&mut self, nanoseconds: u64) -> Option<Next> {
        let machine = &mut self.host.kernel.machine;
        machine.now = machine.now.after(nanoseconds);
        let due = machine.alarm <= machine.now;
        if due {
            // It rings once.
            machine.alarm = Time::NEVER;
        }
        due.then(|| self.host.kernel.alarm())
    }
}

#[track_caller]
fn runs(next: Next, expected: ThreadIndex) {
    match next {
        Next::Run { thread, .. } => assert_eq!(thread, expected),
        Next::Idle => panic!("idle instead of thread {expected}"),
    }
}

#[test]
fn the_system_starts_with_rs() {
    let mut world = World::boot();
    let Next::Run { thread, root } = world.host.kernel.run() else {
        panic!("nothing runs");
    };
    let candidate = world.host.kernel.slot(RS).candidate.unwrap();
    let registers = world.host.kernel.thread_mut(thread).registers;
    assert_eq!(registers.rsp % 16, 8);
    assert_eq!(registers.rip % PAGE_SIZE, 0x10);
    assert_eq!(registers.rflags, 0x202);
    let memory = world.host.kernel.instances.get(candidate).unwrap().memory;
    assert_eq!(root, world.host.kernel.memory.instance_root(memory));
    let next = world.service_call(Call::StartInformation, [0; 6]);
    runs(next, thread);
    assert_eq!(world.rax(thread), 0);
    let next = world.service_call(Call::Ready, [0; 6]);
    runs(next, thread);
    assert_eq!(world.rax(thread), 0);
    let next = world.wait();
    runs(next, thread);
    let event = world.page(RS).event;
    assert_eq!(event.kind, EventKind::Notify as u32);
    assert_ne!(event.bits & notification::SLOT_CHANGED, 0);
    assert_eq!(world.wait(), Next::Idle);
}

#[test]
fn a_call_goes_to_its_server_and_back() {
    let mut world = World::quiet();
    let pid = world.ready(1);
    let program = world.program_thread(pid);
    let next = world.host.kernel.run();
    runs(next, program);
    let next = world.trap(CALL, [7; 6]);
    runs(next, world.thread(VFS));
    let event = world.page(VFS).event;
    assert_eq!(event.message.words[..6], [7; 6]);
    world.page(VFS).outgoing.reply = Reply::value(-4);
    let next = world.service_call(Call::Reply, [event.id.0, 0, 0, 0, 0, 0]);
    // The service is more urgent than the program.
    runs(next, world.thread(VFS));
    let thread = world.thread(VFS);
    assert_eq!(world.rax(thread), 0);
    let next = world.wait();
    runs(next, program);
    assert_eq!(world.rax(program).cast_signed(), -4);
}

#[test]
fn a_call_without_an_owner_comes_back_at_once() {
    let mut world = World::quiet();
    let pid = world.ready(1);
    let program = world.program_thread(pid);
    let next = world.host.kernel.run();
    runs(next, program);
    let next = world.trap(333, [0; 6]);
    runs(next, program);
    assert_eq!(world.rax(program).cast_signed(), Errno::NOSYS.result());
    let next = world.trap(u64::MAX, [0; 6]);
    runs(next, program);
}

#[test]
fn the_most_urgent_runs_first_and_the_one_it_preempted_goes_on() {
    let mut world = World::quiet();
    let pid = world.ready(1);
    world.host.kernel.machine.interrupt_enable(12);
    let next = world.host.kernel.run();
    runs(next, world.program_thread(pid));
    let next = world.host.kernel.interrupt(12);
    runs(next, world.thread(DRIVER));
    let bits = world.page(DRIVER).event.bits;
    assert_eq!(bits, 1 << (notification::INTERRUPTS + 1));
    // It goes on after a call, until something happens.
    let next = world.service_call(Call::Notify, [VFS.0.into(), 0, 0, 0, 0, 0]);
    runs(next, world.thread(DRIVER));
    let next = world.host.kernel.interrupt(13);
    runs(next, world.thread(VFS));
    let next = world.wait();
    runs(next, world.thread(DRIVER));
    let next = world.wait();
    runs(next, world.program_thread(pid));
    // A line that is nobody's.
    let next = world.host.kernel.interrupt(13);
    runs(next, world.program_thread(pid));
}

#[test]
fn programs_share_the_processor_by_time_slices() {
    let mut world = World::quiet();
    let (first, second) = (world.ready(1), world.ready(2));
    world
        .call(PM, Call::ProcessSchedule, &[2, 20, TICK])
        .unwrap();
    world.drain();
    let (first, second) = (world.program_thread(first), world.program_thread(second));
    let next = world.host.kernel.run();
    runs(next, first);
    let next = world.pass(TICK).unwrap();
    runs(next, first);
    let next = world.pass(TICK).unwrap();
    // sched is told that somebody has used up a slice.
    runs(next, world.thread(FS));
    assert_eq!(world.page(FS).event.bits, notification::QUANTUM);
    let next = world.wait();
    runs(next, second);
    let next = world.pass(TICK).unwrap();
    runs(next, world.thread(FS));
    let next = world.wait();
    runs(next, first);
    let statistics = world.host.kernel.machine_statistics();
    assert_eq!((statistics.user, statistics.up), (3 * TICK, 3 * TICK));
    assert_eq!(statistics.processes, 2);
}

#[test]
fn a_stopped_or_ended_program_does_not_run() {
    let mut world = World::quiet();
    let (first, second) = (world.ready(1), world.ready(2));
    let next = world.host.kernel.run();
    runs(next, world.program_thread(first));
    world.host.kernel.process_run(first, false).unwrap();
    let next = world.host.kernel.run();
    runs(next, world.program_thread(second));
    world.host.kernel.process_destroy(second);
    assert_eq!(world.host.kernel.run(), Next::Idle);
    world.host.kernel.process_run(first, true).unwrap();
    let next = world.host.kernel.run();
    runs(next, world.program_thread(first));
    world.host.check().unwrap();
}

#[test]
fn a_service_that_does_not_come_back_hangs() {
    let mut world = World::quiet();
    world.call(PM, Call::Notify, &[VFS.0.into()]).unwrap();
    while world.receive(PM).is_some() {}
    let next = world.host.kernel.run();
    runs(next, world.thread(VFS));
    for _ in 0..2 {
        let next = world.pass(TICK).unwrap();
        runs(next, world.thread(VFS));
    }
    // It comes back in time, and the count starts anew.
    assert_eq!(world.wait(), Next::Idle);
    world.call(PM, Call::Notify, &[VFS.0.into()]).unwrap();
    while world.receive(PM).is_some() {}
    let next = world.host.kernel.run();
    runs(next, world.thread(VFS));
    for _ in 0..2 {
        let next = world.pass(TICK).unwrap();
        runs(next, world.thread(VFS));
    }
    let next = world.pass(TICK).unwrap();
    runs(next, world.thread(RS));
    let status = world.host.kernel.slot_status(VFS).unwrap();
    assert_eq!(status.current, Phase::Crashed as u32);
    assert_eq!(status.failure, Failure::Hang as u32);
}

#[test]
fn a_service_that_ends_requests_does_not_hang() {
    let mut world = World::quiet();
    let requests: Vec<_> = (1..=4)
        .map(|number| {
            let pid = world.spawn(number);
            world.program_request(pid)
        })
        .collect();
    while world.receive(VFS).is_some() {}
    world.call(PM, Call::Notify, &[VFS.0.into()]).unwrap();
    while world.receive(PM).is_some() {}
    let next = world.host.kernel.run();
    runs(next, world.thread(VFS));
    for request in requests {
        for _ in 0..2 {
            let _ = world.pass(TICK);
        }
        assert_eq!(world.host.kernel.current_phase(VFS), Phase::Running);
        world.reply(VFS, request.id, 0).unwrap();
    }
    for _ in 0..3 {
        let _ = world.pass(TICK);
    }
    assert_eq!(world.host.kernel.current_phase(VFS), Phase::Crashed);
}

impl World {
    /// The file server runs for so many ticks, and comes back after each with nothing done.
    fn go_round(&mut self, ticks: u32) {
        for _ in 0..ticks {
            self.call(PM, Call::Notify, &[VFS.0.into()]).unwrap();
            while self.receive(PM).is_some() {}
            let _ = self.host.kernel.run();
            let _ = self.pass(TICK);
            if self.host.kernel.current_phase(VFS) == Phase::Running {
                let _ = self.wait();
            }
        }
    }
}

#[test]
fn a_service_that_goes_round_and_comes_to_nothing_hangs() {
    let mut world = World::quiet();
    world.go_round(FRUITLESS_TICKS - 1);
    assert_eq!(world.host.kernel.current_phase(VFS), Phase::Running);
    // A request that is ended is something.
    let pid = world.spawn(1);
    let request = world.program_request(pid);
    world.reply(VFS, request.id, 0).unwrap();
    while world.receive(VFS).is_some() {}
    // And who runs for less than half of the time does no harm.
    for _ in 0..4 {
        world.go_round(FRUITLESS_TICKS / 4);
        let later = u64::from(FRUITLESS_TICKS) * TICK;
        let _ = world.pass(later);
    }
    assert_eq!(world.host.kernel.current_phase(VFS), Phase::Running);
    world.go_round(2 * FRUITLESS_TICKS);
    assert_eq!(world.host.kernel.current_phase(VFS), Phase::Crashed);
    let status = world.host.kernel.slot_status(VFS).unwrap();
    assert_eq!(status.failure, Failure::Hang as u32);
}

#[test]
fn an_idle_processor_asks_for_no_ticks() {
    let mut world = World::quiet();
    assert_eq!(world.host.kernel.machine.alarm, Time::NEVER);
    world.call(VFS, Call::SetTimer, &[123_456]).unwrap();
    world.drain();
    assert_eq!(world.host.kernel.run(), Next::Idle);
    assert_eq!(world.host.kernel.machine.alarm, Time(123_456));
    assert_eq!(world.pass(1000), None);
    let next = world.pass(123_456).unwrap();
    runs(next, world.thread(VFS));
    assert_eq!(world.page(VFS).event.kind, EventKind::Timer as u32);
    assert_eq!(world.wait(), Next::Idle);
    assert_eq!(world.host.kernel.machine.alarm, Time::NEVER);
}

/// A service goes on after its call; what has to ring earlier than before is on the clock nevertheless.
#[test]
fn a_service_that_goes_on_has_its_timer_set() {
    let mut world = World::quiet();
    world.call(PM, Call::Notify, &[VFS.0.into()]).unwrap();
    while world.receive(PM).is_some() {}
    let next = world.host.kernel.run();
    runs(next, world.thread(VFS));
    let before = world.host.kernel.machine.alarm;
    let sooner = Time(before.0 - 1000);
    let next = world.service_call(Call::SetTimer, [sooner.0, 0, 0, 0, 0, 0]);
    runs(next, world.thread(VFS));
    assert_eq!(world.host.kernel.machine.alarm, sooner);
    let next = world.service_call(Call::Clock, [0; 6]);
    runs(next, world.thread(VFS));
    assert_eq!(world.host.kernel.machine.alarm, sooner);
}

/// The alarm comes a little before the timer, which becomes due while the kernel looks at it.
#[test]
fn a_timer_that_becomes_due_within_the_kernel_is_told() {
    for pace in 1..20 {
        let mut world = World::quiet();
        world.call(VFS, Call::SetTimer, &[100_000]).unwrap();
        world.drain();
        assert_eq!(world.host.kernel.run(), Next::Idle);
        world.host.kernel.machine.pace = pace;
        world.pass(99_990);
        let mut next = world.host.kernel.alarm();
        for _ in 0..20 {
            if next == Next::Idle {
                next = world.pass(1).unwrap_or(Next::Idle);
            }
        }
        runs(next, world.thread(VFS));
        assert_eq!(world.page(VFS).event.kind, EventKind::Timer as u32);
    }
}

/// An exception of the file server; how it is judged, and where.
fn judged(vector: u64, error_code: u64, address: impl Fn(&World) -> u64) -> Failure {
    let mut world = World::quiet();
    world.call(PM, Call::Notify, &[VFS.0.into()]).unwrap();
    while world.receive(PM).is_some() {}
    let next = world.host.kernel.run();
    let thread = world.thread(VFS);
    runs(next, thread);
    world.host.kernel.thread_mut(thread).registers.rip = 0x1234;
    let address = address(&world);
    let next = world.host.kernel.exception(vector, error_code, address);
    runs(next, world.thread(RS));
    let status = world.host.kernel.slot_status(VFS).unwrap();
    assert_eq!(status.current, Phase::Crashed as u32);
    assert_eq!(
        (status.crash_instruction, status.crash_address),
        (0x1234, address)
    );
    Failure::from_word(status.failure).unwrap()
}

#[test]
fn exceptions_of_services_are_told_apart() {
    let stack = |world: &World| {
        let index = world.host.kernel.slot(VFS).current.unwrap();
        let memory = world.host.kernel.instances.get(index).unwrap().memory;
        let layout = world.host.kernel.memory.instance_layout(memory);
        layout.stack_top - SERVICE_STACK_SIZE
    };
    assert_eq!(judged(14, 6, |_| 8), Failure::BadMemoryAccess);
    assert_eq!(judged(14, 0x14, |_| 8), Failure::WildBranch);
    assert_eq!(
        judged(14, 6, |world| stack(world) - 8),
        Failure::StackOverflow
    );
    let beyond = |world: &World| stack(world) - PAGE_SIZE - 8;
    assert_eq!(judged(14, 6, beyond), Failure::BadMemoryAccess);
    assert_eq!(judged(13, 0, |_| 0), Failure::BadMemoryAccess);
    assert_eq!(judged(6, 0, |_| 0), Failure::BadInstruction);
    assert_eq!(judged(0, 0, |_| 0), Failure::BadInstruction);
}

#[test]
fn an_exception_of_an_exporter_rolls_back() {
    let mut world = World::quiet();
    world.load(1 << VFS.0, 1);
    world.replace(1 << VFS.0, 0).unwrap();
    while world.receive(RS).is_some() {}
    let Next::Run { thread, root } = world.host.kernel.run() else {
        panic!("nothing runs");
    };
    let candidate = world.host.kernel.slot(VFS).candidate.unwrap();
    assert_eq!(
        world.host.kernel.thread_mut(thread).kind,
        Kind::Exporter(candidate)
    );
    let old = world.host.kernel.slot(VFS).current.unwrap();
    let memory = world.host.kernel.instances.get(old).unwrap().memory;
    assert_ne!(root, world.host.kernel.memory.instance_root(memory));
    // It may not even receive.
    let next = world.wait();
    runs(next, thread);
    let refused = CallError::from_register(world.rax(thread).cast_signed());
    assert_eq!(refused, Err(CallError::NotPermitted));
    let next = world.host.kernel.exception(14, 6, EXPORT_STACK + 9);
    runs(next, world.thread(RS));
    let status = world.host.kernel.transaction_status();
    assert_eq!(status.failure, Failure::StackOverflow as u32);
    assert_eq!(world.host.kernel.slot_status(VFS).unwrap().crashes, 0);
}

#[test]
fn an_exception_of_a_program_stops_it_until_pm_answers() {
    let mut world = World::quiet();
    let pid = world.ready(1);
    let next = world.host.kernel.run();
    runs(next, world.program_thread(pid));
    let next = world.host.kernel.exception(14, 2, PROGRAM_DATA);
    runs(next, world.thread(VM));
    let id = world.page(VM).event.id;
    world.page(VM).outgoing.reply = Reply::value(Errno::NOMEM.result());
    let next = world.service_call(Call::Receive, [id.0, 0, 0, 0, 0, 0]);
    runs(next, world.thread(PM));
    let words = world.page(PM).event.message.words;
    assert_eq!(words[..4], [14, 2, PROGRAM_DATA, Errno::NOMEM.0.into()]);
    // An address of the kernel's is none of vm's business.
    let mut world = World::quiet();
    let pid = world.ready(1);
    let next = world.host.kernel.run();
    runs(next, world.program_thread(pid));
    let next = world.host.kernel.exception(14, 4, USER_TOP);
    runs(next, world.thread(PM));
    // Nor is a page that is there, touched as only the system may.
    let mut world = World::quiet();
    let pid = world.ready(1);
    let next = world.host.kernel.run();
    runs(next, world.program_thread(pid));
    let next = world.host.kernel.exception(14, 1, PROGRAM_DATA);
    runs(next, world.thread(PM));
}

#[test]
fn an_unknown_call_and_an_unheld_request_are_errors() {
    let mut world = World::quiet();
    world.call(PM, Call::Notify, &[VFS.0.into()]).unwrap();
    while world.receive(PM).is_some() {}
    let next = world.host.kernel.run();
    let thread = world.thread(VFS);
    runs(next, thread);
    let unknown = (0..).find(|number| Call::from_number(*number).is_none());
    for (number, error) in [
        (unknown.unwrap(), CallError::UnknownCall),
        (u64::MAX, CallError::UnknownCall),
        (Call::Reply as u64, CallError::NoRequest),
        (Call::Submit as u64, CallError::NoSlot),
        (Call::SlotDeclare as u64, CallError::BadArgument),
    ] {
        let next = world.trap(number, [39, 0, 0, 0, 0, 0]);
        runs(next, thread);
        let result = CallError::from_register(world.rax(thread).cast_signed());
        assert_eq!(result, Err(error));
    }
}

/// A space of so many pages comes and goes.
fn pass_by(world: &mut World, pages: u64) {
    world.call(VM, Call::SpaceCreate, &[9]).unwrap();
    let starts = (0..pages).step_by(index(PAGES_PER_CALL));
    for start in starts {
        let count = PAGES_PER_CALL.min(pages - start);
        let arguments = [9, PROGRAM_DATA + start * PAGE_SIZE, count, READ_WRITE];
        world.call(VM, Call::MapAnonymous, &arguments).unwrap();
    }
    world.call(VM, Call::SpaceDestroy, &[9]).unwrap();
}

#[test]
fn what_has_ended_is_freed_while_nobody_runs() {
    let mut world = World::quiet();
    let free = world.settled().free;
    pass_by(&mut world, 5 * PAGES_PER_CALL / 2);
    assert_eq!(world.host.kernel.run(), Next::Idle);
    // With room for interrupts between the pieces.
    assert!(world.host.kernel.memory.statistics().free < free);
    while let Some(next) = world.pass(0) {
        assert_eq!(next, Next::Idle);
    }
    assert_eq!(world.host.kernel.memory.statistics().free, free);
    assert_eq!(world.pass(TICK), None);
}

#[test]
fn what_has_ended_is_freed_soon_while_others_run() {
    let mut world = World::quiet();
    world.ready(1);
    let free = world.settled().free;
    pass_by(&mut world, 5 * PAGES_PER_CALL / 2);
    let next = world.host.kernel.run();
    let program = world.program_thread(Pid(1));
    runs(next, program);
    assert!(world.host.kernel.memory.statistics().free < free);
    for _ in 0..2 {
        runs(world.pass(1_000_000).unwrap(), program);
    }
    assert_eq!(world.host.kernel.memory.statistics().free, free);
}

#[test]
fn floating_point_registers_are_each_programs_own() {
    let mut world = World::quiet();
    let (first, second) = (world.ready(1), world.ready(2));
    let next = world.host.kernel.run();
    runs(next, world.program_thread(first));
    // The first one computes; then a reader sees it, and the second starts with fresh registers.
    let mut area = abi::process::FloatingPoint([3; 512]);
    area.0[24..28].copy_from_slice(&[0x80, 0x1f, 0, 0]);
    world.host.kernel.machine.load_floating_point(&area);
    let state = world.host.kernel.registers_read(first).unwrap();
    assert_eq!(state.floating_point.0, area.0);
    world.host.kernel.process_run(first, false).unwrap();
    let next = world.host.kernel.run();
    runs(next, world.program_thread(second));
    let mut now = abi::process::FloatingPoint([0; 512]);
    world.host.kernel.machine.save_floating_point(&mut now);
    assert_eq!(now.0[..2], [0x7f, 0x03]);
    world.host.kernel.process_run(first, true).unwrap();
    world.host.kernel.process_run(second, false).unwrap();
    let next = world.host.kernel.run();
    runs(next, world.program_thread(first));
    world.host.kernel.machine.save_floating_point(&mut now);
    assert_eq!(now.0, area.0);
}
