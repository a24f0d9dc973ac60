//! Programs on a pretended kernel, with pm itself and pretended neighbours. The neighbours count
//! what they have given out, so that nothing is left behind unseen.

use super::kernel::{Crash, Origin, Pretend, Request, Submission, write_own};
use crate::ProcessManager;
use abi::event::EventKind;
use abi::lease::LeaseInformation;
use abi::message::{PROTOCOL_KERNEL, kernel_kind};
use abi::{Caller, Endpoint, Errno, Event, Message, Pid, Reply, RequestId, SpaceId, Time};
use protocol::endpoint::{PM, RAMFS, SCHED, TTY, VFS, VM};
use protocol::payload::ExecutePlan;
use protocol::{Answer, Handle, Question};
use protocol::{descriptors, memory, object, scheduling, terminal};
use service::instance::Instance;
use service::{Start, State};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

/// A file that can be executed.
#[derive(Clone)]
pub(super) struct Executable {
    pub(super) path: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) mode: u32,
}

pub(super) struct Machine {
    pub(super) kernel: Rc<Pretend>,
    instance: Instance<ProcessManager>,
    generation: u32,
    /// The event that has not been acknowledged.
    current: Option<Event>,
    last: u64,
    /// pm is replaced after every event.
    pub(super) replaces: bool,
    pub(super) files: Vec<Executable>,
    pub(super) open: BTreeMap<u32, usize>,
    pub(super) spaces: BTreeSet<u32>,
    pub(super) plans: BTreeMap<u32, ExecutePlan>,
    pub(super) tables: BTreeSet<u32>,
    pub(super) scheduled: BTreeSet<u32>,
    pub(super) ended_sessions: Vec<u32>,
    pub(super) terminal: Vec<(u32, u32)>,
    /// vfs refuses to copy tables.
    pub(super) refuses_tables: bool,
    /// The space whose end vm wants, or 0.
    pub(super) victim: u32,
    /// Entries in the journal of an instance that does nothing.
    idle: usize,
    next_space: u32,
    next_handle: u32,
}

fn start(generation: u32) -> Start {
    Start {
        seed: [1, 2, 3],
        slot: PM,
        generation,
    }
}

/// An event that is told again.
fn again(event: Event) -> Event {
    Event { again: 1, ..event }
}

impl Machine {
    pub(super) fn new() -> Machine {
        let kernel = Rc::new(Pretend::default());
        kernel.most.set(usize::MAX);
        kernel.timer.set(u64::MAX);
        let mut machine = Machine {
            instance: Instance::fresh(kernel.clone(), start(1)),
            kernel,
            generation: 1,
            current: None,
            last: 0,
            replaces: false,
            files: Vec::new(),
            open: BTreeMap::new(),
            spaces: BTreeSet::new(),
            plans: BTreeMap::new(),
            tables: BTreeSet::new(),
            scheduled: BTreeSet::new(),
            ended_sessions: Vec::new(),
            terminal: Vec::new(),
            refuses_tables: false,
            victim: 0,
            idle: 0,
            next_space: 0,
            next_handle: 0,
        };
        machine.instance.take_over(Time(0));
        machine.idle = machine.instance.pending().0;
        machine
    }

    /// Everything that was given out: address spaces, tables, open files, schedules.
    pub(super) fn given(&self) -> [usize; 5] {
        let programs = self.kernel.programs.borrow().len();
        [
            self.spaces.len(),
            self.tables.len(),
            self.open.len(),
            self.scheduled.len(),
            programs,
        ]
    }

    pub(super) fn inspect<R>(&self, look: impl FnOnce(&crate::State) -> R) -> R {
        self.instance.inspect(look)
    }

    /// Entries in the journal, of requests that have ended if none is under way.
    pub(super) fn journal(&self) -> usize {
        self.instance.pending().0 - self.idle
    }

    /// Replaces the instance by one that imports its State, and delivers everything again.
    pub(super) fn replace(&mut self) {
        let mut bytes = Vec::new();
        self.instance.export(&mut bytes).unwrap();
        self.generation += 1;
        let version = crate::State::VERSION;
        let kernel = self.kernel.clone();
        self.instance = Instance::import(kernel, start(self.generation), version, &bytes).unwrap();
        let generation = self.generation;
        let mut submissions = self.kernel.submissions.borrow_mut();
        submissions.retain(|known| [0, generation].contains(&known.tag.generation));
        drop(submissions);
        self.kernel.cancelled.borrow_mut().clear();
        let now = Time(self.kernel.now.get());
        self.guard(|machine| machine.instance.take_over(now));
        let requests = self.kernel.requests.borrow();
        let live = requests.values().filter(|request| request.reply.is_none());
        let withdrawn = self.kernel.withdrawn.borrow().clone();
        let mut events: Vec<Event> = live.map(|request| again(request.event)).collect();
        drop(requests);
        events.retain(|event| !withdrawn.contains(&event.id));
        if let Some(current) = self.current.take()
            && current.kind != EventKind::Request as u32
        {
            events.push(current);
        }
        events.push(Event {
            kind: EventKind::Notify as u32,
            bits: 1 << TTY.0 | 1 << VM.0,
            ..Event::default()
        });
        for event in events {
            self.turn(event);
        }
    }

    fn guard(&mut self, run: impl FnOnce(&mut Machine)) {
        let result = catch_unwind(AssertUnwindSafe(|| run(&mut *self)));
        if let Err(panic) = result {
            if !panic.is::<Crash>() {
                resume_unwind(panic);
            }
            self.replace();
        }
    }

    fn turn(&mut self, event: Event) {
        let event = Event {
            now: Time(self.kernel.now.get()),
            ..event
        };
        self.current = Some(event);
        self.guard(|machine| machine.instance.turn(&event));
        self.current = None;
    }

    fn deliver(&mut self, event: Event) {
        self.turn(event);
        // A new instance asks tty and vm: to replace it for their answers would never end.
        let is_background =
            event.kind == EventKind::Completion as u32 && event.tag.parent == RequestId::NONE;
        if self.replaces && !is_background {
            self.replace();
        }
    }

    fn make(&mut self, origin: Origin, caller: Caller, message: Message) -> RequestId {
        self.last += 1;
        let id = RequestId(self.last << 16);
        let mut event = Event {
            kind: EventKind::Request as u32,
            id,
            caller,
            from: if origin == Origin::Service {
                RAMFS
            } else {
                Endpoint::NONE
            },
            stamp: Time(self.kernel.now.get()),
            message,
            ..Event::default()
        };
        event.leases[0] = LeaseInformation {
            access: 3,
            length: abi::layout::USER_TOP,
        };
        let request = Request {
            event,
            origin,
            reply: None,
            written: Vec::new(),
        };
        self.kernel.requests.borrow_mut().insert(id, request);
        if let Origin::Call(pid) | Origin::Report(pid) = origin {
            let mut programs = self.kernel.programs.borrow_mut();
            programs.get_mut(&pid).unwrap().waits = Some(id);
        }
        self.deliver(event);
        id
    }

    /// A service asks pm, and hears the answer at once.
    pub(super) fn ask<Q: Question>(&mut self, question: Q) -> (Result<Q::Answer, Errno>, Vec<u8>) {
        let id = self.make(Origin::Service, Caller::default(), question.message());
        self.settle();
        let mut requests = self.kernel.requests.borrow_mut();
        let request = requests.remove(&id).unwrap();
        let reply = request.reply.expect("pm answers services");
        (protocol::answer::read(&reply), request.written)
    }

    /// A program makes a call, and everything goes on as far as it can.
    pub(super) fn begin(&mut self, pid: u32, number: u32, arguments: &[u64]) {
        let caller = {
            let mut programs = self.kernel.programs.borrow_mut();
            let program = programs.get_mut(&pid).expect("the program is there");
            assert!(
                program.runs && program.waits.is_none(),
                "program {pid} does not run"
            );
            program.thread.call_number = number.into();
            program.thread.registers.rip += 2;
            program.identity
        };
        let mut words = [0; 7];
        words[..arguments.len()].copy_from_slice(arguments);
        let message = Message {
            kind: number,
            words,
            ..Message::default()
        };
        self.make(Origin::Call(pid), caller, message);
        self.settle();
    }

    /// A program makes a call that ends.
    pub(super) fn call(&mut self, pid: u32, number: u32, arguments: &[u64]) -> i64 {
        self.begin(pid, number, arguments);
        self.result(pid).expect("the call ends")
    }

    /// What is in a program's rax, if it runs.
    pub(super) fn result(&self, pid: u32) -> Option<i64> {
        let programs = self.kernel.programs.borrow();
        let program = programs.get(&pid)?;
        let runs = program.runs && program.waits.is_none();
        runs.then_some(program.thread.registers.rax.cast_signed())
    }

    /// A program suffers an exception.
    pub(super) fn exception(&mut self, pid: u32, words: [u64; 4]) {
        self.report(pid, kernel_kind::EXCEPTION, words);
        self.settle();
    }

    fn report(&mut self, pid: u32, kind: u32, given: [u64; 4]) {
        let mut words = [0; 7];
        words[..4].copy_from_slice(&given);
        let message = Message {
            protocol: PROTOCOL_KERNEL,
            version: 0,
            kind,
            words,
        };
        let caller = self.kernel.programs.borrow()[&pid].identity;
        self.make(Origin::Report(pid), caller, message);
    }

    /// A server's reply to a program carried a signal.
    pub(super) fn carry(&mut self, pid: u32, signal: u32, group: bool) {
        let mut programs = self.kernel.programs.borrow_mut();
        programs.get_mut(&pid).unwrap().carried = (signal, group.into());
        drop(programs);
        self.settle();
    }

    /// tty or vm raises its bit.
    pub(super) fn notify(&mut self, by: Endpoint) {
        self.deliver(Event {
            kind: EventKind::Notify as u32,
            bits: 1 << by.0,
            ..Event::default()
        });
        self.settle();
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, nanoseconds: u64) {
        let end = self.kernel.now.get() + nanoseconds;
        while self.kernel.timer.get() <= end {
            self.kernel
                .now
                .set(self.kernel.timer.get().max(self.kernel.now.get()));
            self.kernel.timer.set(u64::MAX);
            self.deliver(Event {
                kind: EventKind::Timer as u32,
                ..Event::default()
            });
            self.settle();
        }
        self.kernel.now.set(end);
    }

    /// Runs everything that can go on.
    pub(super) fn settle(&mut self) {
        for _ in 0..10_000 {
            if !self.play() {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    fn play(&mut self) -> bool {
        let next = self
            .kernel
            .submissions
            .borrow()
            .iter()
            .position(|known| !known.is_answered);
        if let Some(index) = next {
            self.complete(index);
            return true;
        }
        let cancelled = self.kernel.cancelled.borrow_mut().pop();
        if let Some(id) = cancelled {
            if self.is_pending(id) {
                self.deliver(Event {
                    kind: EventKind::Cancel as u32,
                    id,
                    ..Event::default()
                });
            }
            return true;
        }
        let withdrawn = self.kernel.withdrawn.borrow_mut().pop();
        if let Some(id) = withdrawn {
            let event = again(self.kernel.requests.borrow()[&id].event);
            self.deliver(event);
            return true;
        }
        let programs = self.kernel.programs.borrow();
        let due = programs.iter().find(|(_, program)| {
            let is_asked = program.interrupted || program.carried.0 != 0;
            program.runs && program.waits.is_none() && is_asked
        });
        let due = due.map(|(pid, _)| *pid);
        drop(programs);
        if let Some(pid) = due {
            self.interrupted(pid);
        }
        due.is_some()
    }

    fn is_pending(&self, id: RequestId) -> bool {
        self.kernel
            .requests
            .borrow()
            .get(&id)
            .is_some_and(|request| request.reply.is_none())
    }

    fn interrupted(&mut self, pid: u32) {
        let mut programs = self.kernel.programs.borrow_mut();
        let program = programs.get_mut(&pid).unwrap();
        program.interrupted = false;
        let (signal, group) = std::mem::take(&mut program.carried);
        let result = program.thread.registers.rax;
        drop(programs);
        self.report(
            pid,
            kernel_kind::INTERRUPTED,
            [signal.into(), group.into(), result, 0],
        );
    }

    fn complete(&mut self, index: usize) {
        let submission = self.kernel.submissions.borrow()[index].clone();
        self.kernel.submissions.borrow_mut()[index].is_answered = true;
        let reply = self.serve(&submission);
        let tag = submission.tag;
        self.deliver(Event {
            kind: EventKind::Completion as u32,
            tag,
            reply,
            ..Event::default()
        });
        self.kernel
            .submissions
            .borrow_mut()
            .retain(|known| known.tag != tag);
    }

    fn serve(&mut self, submission: &Submission) -> Reply {
        let answer = match submission.to {
            VFS => self.vfs(submission),
            RAMFS => self.ramfs(submission),
            VM => self.vm(submission),
            SCHED => self.sched(&submission.message),
            TTY => self.tty(&submission.message),
            _ => Err(Errno::NOSYS),
        };
        answer.unwrap_or_else(|errno| Reply::value(errno.result()))
    }

    fn vfs(&mut self, submission: &Submission) -> Result<Reply, Errno> {
        use descriptors::Request;
        match Request::decode(&submission.message).unwrap() {
            Request::First(question) => assert!(self.tables.insert(question.process.0)),
            Request::Clone(_) if self.refuses_tables => return Err(Errno::NOMEM),
            Request::Clone(question) => {
                assert!(self.tables.contains(&question.parent.0));
                assert!(self.tables.insert(question.child.0), "copied once");
            }
            Request::Destroy(question) => {
                self.tables.remove(&question.process.0);
            }
            Request::OpenExecutable(_) => {
                let path = &submission.lent;
                let file = self
                    .files
                    .iter()
                    .position(|file| file.path.as_bytes() == path.as_slice());
                let file = file.ok_or(Errno::NOENT)?;
                self.next_handle += 1;
                self.open.insert(self.next_handle, file);
                let executable = descriptors::Executable {
                    server: RAMFS,
                    handle: Handle(self.next_handle),
                    mode: self.files[file].mode,
                    user: 0,
                    group: 0,
                    length: self.files[file].bytes.len() as u64,
                };
                return Ok(executable.to_reply());
            }
            _ => {}
        }
        Ok(Reply::value(0))
    }

    fn ramfs(&mut self, submission: &Submission) -> Result<Reply, Errno> {
        match object::Request::decode(&submission.message).unwrap() {
            object::Request::Close(question) => {
                self.open.remove(&question.handle.0).ok_or(Errno::BADF)?;
                Ok(Reply::value(0))
            }
            object::Request::ReadAt(question) => {
                let file = *self.open.get(&question.handle.0).ok_or(Errno::BADF)?;
                let bytes = &self.files[file].bytes;
                let from = usize::try_from(question.offset).unwrap().min(bytes.len());
                let count = usize::try_from(question.count)
                    .unwrap()
                    .min(bytes.len() - from);
                write_own(&submission.leases[0], &bytes[from..from + count]);
                Ok(Reply::value(i64::try_from(count).unwrap()))
            }
            _ => Err(Errno::NOSYS),
        }
    }

    fn vm(&mut self, submission: &Submission) -> Result<Reply, Errno> {
        match memory::Request::decode(&submission.message).unwrap() {
            memory::Request::Execute(question) => {
                // The file is vm's, and closed with the space.
                self.open.remove(&question.handle.0).ok_or(Errno::BADF)?;

                let plan: ExecutePlan = minicbor::decode(&submission.lent).unwrap();
                let space = self.new_space();
                let at = plan.stack_top - plan.stack.len() as u64;
                self.kernel.poke(space, at, &plan.stack);
                self.plans.insert(space, plan);
                Ok(memory::Space {
                    space: SpaceId(space),
                }
                .to_reply())
            }
            memory::Request::Clone(question) => {
                let space = self.new_space();
                let memory = self.kernel.memory.borrow().clone();
                for ((from, at), byte) in memory {
                    if from == question.parent.0 {
                        self.kernel.poke(space, at, &[byte]);
                    }
                }
                Ok(memory::Space {
                    space: SpaceId(space),
                }
                .to_reply())
            }
            memory::Request::Destroy(question) => {
                let programs = self.kernel.programs.borrow();
                let is_used = programs
                    .values()
                    .any(|p| p.identity.space == question.space);
                assert!(!is_used, "a program runs in {:?}", question.space);
                assert!(self.spaces.remove(&question.space.0), "destroyed once");
                Ok(Reply::value(0))
            }
            memory::Request::Victim(_) => {
                // The same one until it has ended.
                let is_there = self.spaces.contains(&self.victim);
                let space = SpaceId(if is_there { self.victim } else { 0 });
                Ok(memory::Space { space }.to_reply())
            }
            _ => Ok(Reply::value(0)),
        }
    }

    fn new_space(&mut self) -> u32 {
        self.next_space += 1;
        self.spaces.insert(self.next_space);
        self.next_space
    }

    fn sched(&mut self, message: &Message) -> Result<Reply, Errno> {
        match scheduling::Request::decode(message).unwrap() {
            scheduling::Request::Start(question) => {
                self.scheduled.insert(question.process.0);
            }
            scheduling::Request::Stop(question) => {
                self.scheduled.remove(&question.process.0);
            }
            scheduling::Request::GetNice(_) => return Ok(Reply::value(25)),
            scheduling::Request::SetNice(_) => {}
        }
        Ok(Reply::value(0))
    }

    fn tty(&mut self, message: &Message) -> Result<Reply, Errno> {
        match terminal::Request::decode(message).unwrap() {
            terminal::Request::Signal(question) => {
                let index = usize::try_from(question.number).unwrap() - 1;
                let (process_group, signal) = *self.terminal.get(index).ok_or(Errno::NOENT)?;
                Ok(terminal::Wanted {
                    signal,
                    process_group,
                }
                .to_reply())
            }
            terminal::Request::LeaderEnded(question) => {
                self.ended_sessions.push(question.session);
                Ok(Reply::value(0))
            }
            terminal::Request::OfSession(_) => Err(Errno::NOENT),
        }
    }

    /// The space that a program runs in.
    pub(super) fn space(&self, pid: u32) -> u32 {
        self.kernel.programs.borrow()[&pid].identity.space.0
    }

    pub(super) fn write(&mut self, pid: u32, address: u64, bytes: &[u8]) {
        self.kernel.poke(self.space(pid), address, bytes);
    }

    pub(super) fn read<const LENGTH: usize>(&self, pid: u32, address: u64) -> [u8; LENGTH] {
        self.kernel
            .peek(self.space(pid), address, LENGTH)
            .try_into()
            .unwrap()
    }

    /// Who a process is, as the kernel stamps it.
    pub(super) fn identity(&self, pid: u32) -> Caller {
        self.kernel.programs.borrow()[&pid].identity
    }

    pub(super) fn exists(&self, pid: u32) -> bool {
        self.kernel.programs.borrow().contains_key(&Pid(pid).0)
    }
}
