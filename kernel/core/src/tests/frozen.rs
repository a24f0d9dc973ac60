//! vm while it is replaced: what is asked of it waits, and is served in order by whoever is vm then.

use abi::message::{PROTOCOL_KERNEL, kernel_kind};
use abi::slot::{Phase, Refusal};
use abi::{Call, CallError, Errno, Event, EventKind, Pid, RequestId};

use super::{PM, PROGRAM_DATA, PROTOCOL, READ_WRITE, VFS, VM, World, own};
use crate::host::Touched;
use crate::program::ProgramState;

const MEMBERS: u64 = 1 << VM.0;

/// How the replacement of vm ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Commit,
    RollBack,
}

impl World {
    /// vm stops, and its State is about to be exported.
    fn freeze(&mut self) {
        self.load(MEMBERS, 2);
        self.replace(MEMBERS, 0).unwrap();
        assert!(self.receive(VM).is_none());
        assert_eq!(self.status(VM).current, Phase::Frozen as u32);
    }

    /// Nothing has reached vm since it has stopped, and nothing can.
    fn serves_nothing(&mut self, served: u64) {
        assert!(self.receive(VM).is_none());
        let status = self.status(VM);
        assert_eq!(
            (status.current, status.served),
            (Phase::Frozen as u32, served)
        );
        self.host.check().unwrap();
    }

    fn end(&mut self, end: End) {
        let old = self.id(VM);
        if end == End::RollBack {
            let candidate = self.host.candidate(VM).unwrap();
            self.host.export(candidate, 1, b"state").unwrap();
            self.host.start(candidate).unwrap();
            self.host.ready(candidate, Refusal::Other).unwrap();
        }
        self.prepare();
        assert_eq!(self.id(VM) == old, end == End::RollBack);
    }

    /// The next request that vm gets, behind what it is notified of.
    fn next(&mut self) -> Event {
        let event = self.receive(VM).unwrap();
        if event.kind == EventKind::Notify as u32 {
            return self.request(VM);
        }
        assert_eq!(event.kind, EventKind::Request as u32);
        event
    }

    /// A program touches a page that is not there.
    fn faults(&mut self, pid: Pid, page: u64) {
        let touched = self.host.program_write(pid, address(page), b"x");
        assert_eq!(touched, Ok(Touched::Faulted));
        assert!(self.waits_for(pid).is_some());
    }

    fn waits_for(&mut self, pid: Pid) -> Option<RequestId> {
        match self.host.program(pid) {
            Ok(ProgramState::Waits(request)) => Some(request),
            _ => None,
        }
    }

    /// vm makes the page of a fault and lets the program go on, which can use it.
    fn serve_fault(&mut self, pid: Pid, event: &Event) {
        let page = event.message.words[0];
        let arguments = [pid.0.into(), page, 1, READ_WRITE];
        self.call(VM, Call::MapAnonymous, &arguments).unwrap();
        self.reply(VM, event.id, 0).unwrap();
        let touched = self.host.program_write(pid, page, b"x");
        assert_eq!(touched, Ok(Touched::Done));
    }
}

/// The first byte of a page of a program.
const fn address(page: u64) -> u64 {
    PROGRAM_DATA + page * abi::layout::PAGE_SIZE
}

fn is_fault_at(event: &Event, page: u64) -> bool {
    event.message.protocol == PROTOCOL_KERNEL
        && event.message.kind == kernel_kind::PAGE_FAULT
        && event.message.words[0] == address(page)
}

/// S6, S10: a frozen vm receives no fault, no page to fetch for a copy and no question; its counter
/// of requests stands still. Afterwards all are served, in order, by the new vm or by the old one.
#[test]
fn a_frozen_vm_receives_nothing_and_serves_all_in_order_afterwards() {
    for end in [End::Commit, End::RollBack] {
        let mut world = World::new();
        let [first, second, third] = [1, 2, 3].map(|pid| world.spawn(pid));
        let copying = world.program_request(third);
        world.freeze();
        let served = world.status(VM).served;
        world.faults(first, 1);
        world.submit(PM, VM, own(0)).unwrap();
        let vfs = world.id(VFS);
        let copy = world.host.lease_write(vfs, copying.id, 0, address(3), b"x");
        assert_eq!(copy, Err(CallError::Absent));
        world.faults(second, 2);
        world.serves_nothing(served);
        let candidate = world.host.candidate(VM).unwrap();
        assert_eq!(world.host.predecessor(candidate), Some(world.id(VM)));
        world.end(end);
        assert_eq!(world.status(VM).served, served);
        let events = [(); 4].map(|()| world.next());
        assert!(is_fault_at(&events[0], 1), "{end:?}");
        assert_eq!(events[1].message.protocol, PROTOCOL, "{end:?}");
        assert!(is_fault_at(&events[2], 3), "{end:?}");
        assert!(is_fault_at(&events[3], 2), "{end:?}");
        assert!(world.receive(VM).is_none());
        world.serve_fault(first, &events[0]);
        world.reply(VM, events[1].id, 0).unwrap();
        let arguments = [third.0.into(), address(3), 1, READ_WRITE];
        world.call(VM, Call::MapAnonymous, &arguments).unwrap();
        world.reply(VM, events[2].id, 0).unwrap();
        world.serve_fault(second, &events[3]);
        assert_eq!(world.request(VFS).id, copying.id);
        let copy = world.host.lease_write(vfs, copying.id, 0, address(3), b"x");
        assert_eq!(copy, Ok(1));
        world.reply(VFS, copying.id, 1).unwrap();
        assert_eq!(world.status(VM).served, served + 4);
        world.host.check().unwrap();
    }
}

/// S10: a process that is killed while its request waits at a frozen vm leaves no trace of it, and the
/// next process in its place is not answered in its stead. Others that wait go on.
#[test]
fn a_process_killed_while_it_waits_for_a_frozen_vm_leaves_no_trace() {
    for end in [End::Commit, End::RollBack] {
        let mut world = World::new();
        let requests = world.host.requests();
        let [killed, other] = [1, 2].map(|pid| world.spawn(pid));
        world.call(VM, Call::SpaceCreate, &[3]).unwrap();
        world.freeze();
        world.faults(killed, 1);
        world.faults(other, 2);
        world.call(PM, Call::ProcessDestroy, &[1]).unwrap();
        assert!(world.host.program(killed).is_err());
        assert_eq!(world.host.requests(), requests + 1);
        let next = Pid(3);
        world.call(PM, Call::ProcessCreate, &[3, 0, 3, 0]).unwrap();
        world.call(PM, Call::ProcessRun, &[3, 1]).unwrap();
        let state = world.host.program(next);
        world.end(end);
        let event = world.next();
        assert!(is_fault_at(&event, 2), "{end:?}");
        assert!(world.receive(VM).is_none(), "{end:?}");
        world.serve_fault(other, &event);
        assert_eq!(world.host.program(next), state);
        assert_eq!(world.host.requests(), requests);
        world.host.check().unwrap();
    }
}

/// S10: of two processes that wait at a frozen vm, the one goes on whose request is answered, in
/// whichever order; each with its own result.
#[test]
fn the_right_one_of_two_that_wait_for_a_frozen_vm_goes_on() {
    for order in [[0, 1], [1, 0]] {
        let mut world = World::new();
        let pids = [1, 2].map(|pid| world.spawn(pid));
        world.freeze();
        world.faults(pids[0], 1);
        world.faults(pids[1], 2);
        let waits = pids.map(|pid| world.waits_for(pid).unwrap());
        world.end(End::Commit);
        let events = [(); 2].map(|()| world.next());
        assert_eq!([events[0].id, events[1].id], waits);
        let [first, second] = order;
        world.serve_fault(pids[first], &events[first]);
        assert_eq!(world.waits_for(pids[second]), Some(waits[second]));
        // It has no such page: pm is to kill it, and it alone.
        let refusal = Errno::FAULT.result();
        world.reply(VM, events[second].id, refusal).unwrap();
        let asked = world.request(PM);
        assert_eq!(asked.caller.pid, pids[second]);
        assert_eq!(asked.message.words[2], address(second as u64 + 1));
        let touched = world
            .host
            .program_write(pids[first], address(first as u64 + 1), b"y");
        assert_eq!(touched, Ok(Touched::Done));
        world.host.check().unwrap();
    }
}
