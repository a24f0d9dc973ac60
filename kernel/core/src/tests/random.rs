//! Services and programs that do anything, in any order, and crash: every request ends once.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use abi::layout::PAGE_SIZE;
use abi::message::PROTOCOL_KERNEL;
use abi::slot::{Failure, Phase, Refusal};
use abi::{Access, Call, CallError, Endpoint, Errno, Event, EventKind, LeaseDescriptor};
use abi::{LeaseSource, Pid, Reply, RequestId, Tag, Time};

use super::{ALL, CALL, DRIVER, FS, PM, PROGRAM_DATA, READ_WRITE, RS, VFS, VM, World};
use super::{child, declarations, message, own};
use crate::host::{InstanceId, Turn};
use crate::program::ProgramState;

/// What is known of the requests, by what was seen of them.
struct Chaos {
    world: World,
    random: u64,
    /// What each instance has been given and has to end.
    held: BTreeMap<InstanceId, Vec<Event>>,
    /// Where a request was delivered last.
    known: BTreeMap<RequestId, Endpoint>,
    /// Requests that were ended, and the answers.
    ended: BTreeMap<RequestId, i64>,
    /// The request behind each submission that has not been heard of.
    asked: BTreeMap<(Endpoint, Tag), Option<RequestId>>,
    /// The completion that each instance has not acknowledged.
    hearing: BTreeMap<Endpoint, Tag>,
    /// The call that each program is in.
    calls: BTreeMap<Pid, RequestId>,
    next_pid: u32,
    next_answer: i64,
    /// No more faults, no more questions: everything comes to its end.
    calm: bool,
    /// How often something was answered, crashed, committed, rolled back.
    seen: BTreeMap<&'static str, u32>,
}

impl Chaos {
    fn new(seed: u64) -> Chaos {
        let mut chaos = Chaos {
            world: World::new(),
            random: seed,
            held: BTreeMap::new(),
            known: BTreeMap::new(),
            ended: BTreeMap::new(),
            asked: BTreeMap::new(),
            hearing: BTreeMap::new(),
            calls: BTreeMap::new(),
            next_pid: 1,
            next_answer: 1,
            calm: false,
            seen: BTreeMap::new(),
        };
        for _ in 0..5 {
            chaos.spawn();
        }
        chaos.world.drain();
        chaos
    }

    fn pick(&mut self, below: usize) -> usize {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.random >> 33).unwrap() % below
    }

    /// One in so many times, unless everything is to come to its end.
    fn chance(&mut self, times: usize) -> bool {
        self.pick(times) == 0 && !self.calm
    }

    fn count(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    fn spawn(&mut self) {
        self.world.spawn(self.next_pid);
        self.next_pid += 1;
    }

    /// One thing happens. Whether there was one.
    fn step(&mut self) -> bool {
        if self.chance(300) {
            let later = self.world.host.now().after(self.random % 700_000_000);
            self.world.host.advance(later);
        }
        let turns = self.world.host.turns();
        let turns: Vec<Turn> = turns
            .into_iter()
            .filter(|turn| self.matters(turn))
            .collect();
        if turns.is_empty() {
            let deadline = self.world.host.next_deadline();
            if let Some(deadline) = deadline {
                self.world.host.advance(deadline);
            }
            return deadline.is_some() && self.calm;
        }
        let turn = turns[self.pick(turns.len())];
        match turn {
            Turn::Start(id) => self.begin(id),
            Turn::Export(id) if self.may_fail(id) && self.chance(12) => {
                self.world.host.crash_export(id, Failure::Panic);
            }
            Turn::Export(id) => self.world.host.export(id, 1, b"state").unwrap(),
            Turn::TakeOver(id) => {
                self.count("commits");
                self.world.host.take_over(id);
            }
            Turn::Event(id) => self.event(id),
            Turn::Program(pid) => self.program(pid),
        }
        self.world.host.check().unwrap();
        true
    }

    /// In the end, programs do nothing any more once they have their answers.
    fn matters(&self, turn: &Turn) -> bool {
        match turn {
            Turn::Program(pid) => !self.calm || self.calls.contains_key(pid),
            _ => true,
        }
    }

    /// rs is lost if it does not come to anything four times in a row.
    fn may_fail(&self, id: InstanceId) -> bool {
        id.slot != RS || self.world.host.kernel.rs_attempts < 2
    }

    fn begin(&mut self, id: InstanceId) {
        if !self.may_fail(id) {
            self.world.host.ready(id, Refusal::None).unwrap();
        } else if self.chance(12) {
            self.world.host.crash(id, Failure::BadMemoryAccess);
        } else if self.chance(12) {
            self.world.host.ready(id, Refusal::Other).unwrap();
        } else {
            self.world.host.ready(id, Refusal::None).unwrap();
        }
    }

    fn event(&mut self, id: InstanceId) {
        if let Some(tag) = self.hearing.remove(&id.slot) {
            // What this instance's predecessor did not acknowledge is heard again.
            self.asked.remove(&(id.slot, tag));
        }
        let Some(event) = self.world.receive_as(id) else {
            return;
        };
        let kind = event.kind;
        if kind == EventKind::Request as u32 {
            self.delivered(id, event);
        } else if kind == EventKind::Completion as u32 {
            self.completed(id, &event);
        } else if kind == EventKind::Cancel as u32 {
            let held = self.held.entry(id).or_default();
            assert!(held.iter().any(|other| other.id == event.id));
        }
        let mut acts = if self.calm { 1 } else { self.pick(4) };
        while acts > 0 && self.world.host.is_running(id) {
            self.act(id);
            acts -= 1;
        }
        if self.calm {
            self.answer_all(id);
        }
        if self.world.host.is_running(id) && id.slot == RS {
            self.supervise(id);
        }
        if self.may_fail(id) && self.chance(40) {
            self.crash(id);
        }
    }

    fn crash(&mut self, id: InstanceId) {
        self.count("crashes");
        self.hearing.remove(&id.slot);
        self.world.host.crash(id, Failure::Panic);
    }

    fn delivered(&mut self, id: InstanceId, event: Event) {
        let again = self.known.insert(event.id, id.slot) == Some(id.slot);
        assert_eq!(event.again == 1, again);
        assert!(
            !self.ended.contains_key(&event.id),
            "delivered after its end"
        );
        let held = self.held.entry(id).or_default();
        assert!(held.iter().all(|other| other.id != event.id));
        held.push(event);
        if event.message.protocol == super::PROTOCOL && event.message.kind != 77 {
            let asker = event.from;
            let found = self.asked.iter_mut().find(|((slot, tag), request)| {
                let index = u64::from(tag.index);
                *slot == asker && index == event.message.words[0] && request.is_none()
            });
            if let Some((_, request)) = found {
                *request = Some(event.id);
            }
        }
    }

    fn completed(&mut self, id: InstanceId, event: &Event) {
        let request = self.asked.get(&(id.slot, event.tag)).copied();
        let request = request.expect("a completion that nobody waits for");
        let result = event.reply.result;
        match request.and_then(|request| self.ended.get(&request)) {
            Some(answer) => assert_eq!(result, *answer),
            None => assert_eq!(result, Errno::FAULT.result(), "an answer of nobody's"),
        }
        self.hearing.insert(id.slot, event.tag);
    }

    /// A service does something with what it holds, or by itself.
    fn act(&mut self, id: InstanceId) {
        let held = self.held.get(&id).map_or(0, Vec::len);
        if held == 0 || self.chance(10) {
            return self.alone(id);
        }
        let at = self.pick(held);
        let event = self.held[&id][at];
        if event.message.protocol == PROTOCOL_KERNEL {
            return self.serve_kernel(id, at, &event);
        }
        match if self.calm { 0 } else { self.pick(6) } {
            0 | 1 => self.answer(id, at),
            2 => self.ask(id, Some(&event)),
            3 => self.copy(id, at, &event),
            4 => self.pass_on(id, at, &event),
            _ => {
                let arguments = [event.id.0];
                self.world
                    .host
                    .call(id, Call::CancelChildren, &arguments)
                    .unwrap();
            }
        }
    }

    fn alone(&mut self, id: InstanceId) {
        if self.calm || id.slot == DRIVER {
            return;
        }
        match self.pick(4) {
            0 => self.ask(id, None),
            1 => {
                let to = self.pick(ALL.len()) as u64;
                self.world.host.call(id, Call::Notify, &[to]).unwrap();
            }
            2 if id.slot == PM => self.processes(id),
            2 => {
                let deadline = self.world.host.now().after(self.random % 5_000_000);
                self.world
                    .host
                    .call(id, Call::SetTimer, &[deadline.0])
                    .unwrap();
            }
            _ => {}
        }
    }

    /// pm ends and interrupts processes; there are always some.
    fn processes(&mut self, id: InstanceId) {
        let pids: Vec<Pid> = self.world.host.pids().collect();
        let pid = pids[self.pick(pids.len())];
        if pids.len() > 3 && self.pick(3) == 0 {
            self.calls.remove(&pid);
            let arguments = [pid.0.into()];
            self.world
                .host
                .call(id, Call::ProcessDestroy, &arguments)
                .unwrap();
            // vm's part, which it would be asked for.
            self.world
                .host
                .kernel
                .memory
                .destroy_space(&mut self.world.host.kernel.machine, abi::SpaceId(pid.0))
                .unwrap();
            let arguments = [self.next_pid.into(), 0, self.next_pid.into(), 0];
            self.world
                .host
                .kernel
                .memory
                .create_space(
                    &mut self.world.host.kernel.machine,
                    abi::SpaceId(self.next_pid),
                )
                .unwrap();
            self.world
                .host
                .call(id, Call::ProcessCreate, &arguments)
                .unwrap();
            let arguments = [self.next_pid.into(), 1];
            self.world
                .host
                .call(id, Call::ProcessRun, &arguments)
                .unwrap();
            self.next_pid += 1;
        } else {
            let arguments = [pid.0.into(), self.random];
            self.world
                .host
                .call(id, Call::ProcessInterrupt, &arguments)
                .unwrap();
        }
    }

    fn answer(&mut self, id: InstanceId, at: usize) {
        let event = self.held.get_mut(&id).unwrap().remove(at);
        self.next_answer += 1;
        let answer = Reply::value(self.next_answer);
        self.world.host.reply(id, event.id, &answer).unwrap();
        assert_eq!(
            self.ended.insert(event.id, answer.result),
            None,
            "ended twice"
        );
        let twice = self.world.host.reply(id, event.id, &answer);
        assert_eq!(twice, Err(CallError::NoRequest));
        self.count("answers");
    }

    fn answer_all(&mut self, id: InstanceId) {
        while self.held.get(&id).is_some_and(|held| !held.is_empty()) {
            self.answer(id, 0);
        }
    }

    fn ask(&mut self, id: InstanceId, parent: Option<&Event>) {
        let to = [VFS, FS, PM, RS][self.pick(4)];
        let mut tag = parent.map_or(own(0), |event| child(event.id, 0));
        // The message is named by the index, so that the request is found again by it.
        tag.index = u32::try_from(self.random >> 40).unwrap() | 1 << 30;
        if self.chance(4) {
            tag.generation = self
                .world
                .host
                .kernel
                .slot_status(id.slot)
                .unwrap()
                .generation;
        }
        let lease = parent.filter(|event| event.leases[0].access == 3).map(part);
        let leases: Vec<LeaseDescriptor> = lease.into_iter().collect();
        let asked = self
            .world
            .host
            .submit(id, to, tag, &message(tag.index), &leases);
        match asked {
            Ok(()) => {
                self.asked.insert((id.slot, tag), None);
            }
            Err(error) => assert!(matches!(error, CallError::TooMany), "{error:?}"),
        }
    }

    fn copy(&mut self, id: InstanceId, at: usize, event: &Event) {
        if event.leases[0].access == 0 {
            return;
        }
        let whole = event.leases[0].length > 1 << 30;
        let offset = if whole { PROGRAM_DATA } else { 0 } + self.random % (4 * PAGE_SIZE);
        match self
            .world
            .host
            .lease_read(id, event.id, 0, offset, &mut [0; 8])
        {
            Err(CallError::Absent) => {
                self.count("fetched");
                self.held.get_mut(&id).unwrap().remove(at);
            }
            Ok(_) => self.count("copied"),
            Err(error) => assert!(matches!(error, CallError::BadLease | CallError::BadAddress)),
        }
    }

    fn pass_on(&mut self, id: InstanceId, at: usize, event: &Event) {
        let to = [VFS, FS][self.pick(2)];
        let lease = (event.leases[0].access == 3).then(|| part(event));
        let leases: Vec<LeaseDescriptor> = lease.into_iter().collect();
        self.world
            .host
            .forward(id, event.id, to, &message(77), &leases)
            .unwrap();
        self.known.remove(&event.id);
        self.held.get_mut(&id).unwrap().remove(at);
        self.count("forwarded");
    }

    /// A fault or a report: vm maps the page or refuses, pm lets the program go on.
    fn serve_kernel(&mut self, id: InstanceId, at: usize, event: &Event) {
        let mut answer = Reply::value(0);
        if id.slot == VM && self.chance(3) {
            answer = Reply::value(Errno::NOMEM.result());
        } else if id.slot == VM {
            let page = event.message.words[0] & !(PAGE_SIZE - 1);
            let arguments = [event.caller.space.0.into(), page, 1, READ_WRITE];
            let mapped = self.world.host.call(id, Call::MapAnonymous, &arguments);
            assert!(matches!(mapped, Ok(1) | Err(CallError::NoSpace)));
        }
        self.held.get_mut(&id).unwrap().remove(at);
        self.world.host.reply(id, event.id, &answer).unwrap();
        assert_eq!(self.ended.insert(event.id, answer.result), None);
    }

    /// rs brings back what crashed, and updates now and then.
    fn supervise(&mut self, rs: InstanceId) {
        let mut members = 0u64;
        let mut crashed = 0u64;
        for slot in &ALL[1..] {
            let status = self.world.host.kernel.slot_status(*slot).unwrap();
            let down = status.current == Phase::Crashed as u32;
            crashed |= u64::from(down) << slot.0;
            members |= u64::from(down || self.chance(20)) << slot.0;
        }
        if members == 0 || self.world.host.kernel.transaction.is_some() {
            return;
        }
        for slot in ALL.into_iter().filter(|slot| members >> slot.0 & 1 == 1) {
            let name = declarations()[slot.index()];
            let image = crate::host::image(core::str::from_utf8(name.name()).unwrap(), 1);
            let first = [slot.0.into(), 1];
            self.world
                .host
                .call_bytes(rs, Call::InstanceCreate, &first, &image)
                .unwrap();
        }
        let number = self.world.host.kernel.transaction_status().number + 1;
        let deadline = self.world.host.now().after(500_000_000);
        let fresh = if self.chance(10) { crashed } else { 0 };
        let arguments = [members, fresh, deadline.0, number];
        self.world.host.call(rs, Call::Replace, &arguments).unwrap();
    }

    fn program(&mut self, pid: Pid) {
        let Ok(ProgramState::Runs(result)) = self.world.host.program(pid) else {
            return;
        };
        if let Some(call) = self.calls.remove(&pid) {
            let expected = self.ended.get(&call).copied();
            let expected = expected.unwrap_or(Errno::FAULT.result());
            assert_eq!(result.cast_signed(), expected, "another's answer");
            self.count("calls");
        }
        if self.calm {
            return;
        }
        if self.pick(4) == 0 {
            let at = PROGRAM_DATA + self.random % (4 * PAGE_SIZE);
            self.world.host.program_read(pid, at, &mut [0]).unwrap();
            return;
        }
        self.world.host.program_call(pid, CALL, [0; 6]).unwrap();
        if let Ok(ProgramState::Waits(id)) = self.world.host.program(pid) {
            self.calls.insert(pid, id);
        }
    }

    /// Everything comes to its end, and nothing is left.
    fn settle(&mut self) {
        self.calm = true;
        // So that rs looks after what has crashed, and everybody looks at what it holds.
        for _ in 0..20 {
            for slot in ALL {
                self.world.host.kernel.raise(slot, 1);
            }
            for _ in 0..3000 {
                if !self.step() {
                    break;
                }
            }
        }
        let kernel = &self.world.host.kernel;
        let left: BTreeSet<_> = kernel
            .requests
            .items
            .iter()
            .filter(|request| request.id != RequestId::NONE)
            .map(|request| (request.id, request.at, request.state as u32))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(self.calls.is_empty(), "{:?}", self.calls);
        assert_eq!(kernel.machine.ended, None);
    }
}

/// Four pages of what a program lends, or of what has been lent of them.
fn part(event: &Event) -> LeaseDescriptor {
    let whole = event.leases[0].length > 1 << 30;
    LeaseDescriptor {
        source: LeaseSource::Lent as u32,
        access: Access::Both as u32,
        request: event.id,
        index: 0,
        address: if whole { PROGRAM_DATA } else { 0 },
        length: event.leases[0].length.min(4 * PAGE_SIZE),
    }
}

#[test]
fn every_request_ends_exactly_once_whatever_happens() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..16 {
        let mut chaos = Chaos::new(seed);
        for _ in 0..1500 {
            chaos.step();
        }
        chaos.settle();
        for (what, count) in chaos.seen {
            *seen.entry(what).or_default() += count;
        }
    }
    for what in [
        "answers",
        "calls",
        "commits",
        "crashes",
        "copied",
        "fetched",
        "forwarded",
    ] {
        assert!(seen.get(what).is_some_and(|count| *count > 100), "{seen:?}");
    }
}

#[test]
fn the_same_seed_does_the_same() {
    let log = |seed| {
        let mut chaos = Chaos::new(seed);
        for _ in 0..1000 {
            chaos.step();
        }
        let now: Time = chaos.world.host.now();
        (now, chaos.world.host.kernel.machine.log, chaos.seen)
    };
    assert!(log(5) == log(5));
    assert!(log(5) != log(6));
}
