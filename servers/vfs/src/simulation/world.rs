//! Programs and pm, as the tests pretend them, and what runs them all.

use super::machine::{Asked, CrashAt, CrashState, MEMORY_BYTES};
use super::{Crash, Machine, Neighbours};
use crate::VirtualFileSystem;
use crate::state::State;
use abi::event::EventKind;
use abi::lease::{Access, LeaseInformation};
use abi::{Caller, Errno, Event, Message, Pid, RequestId, Time};
use protocol::{Question, answer};
use service::instance::Instance;
use service::{Start, State as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// vfs, its neighbours, and the programs' memory.
pub(super) struct World {
    pub(super) machine: Rc<Machine>,
    pub(super) neighbours: Neighbours,
    vfs: Instance<VirtualFileSystem>,
    /// Instances that crashed, kept as the kernel keeps lent memory.
    graveyard: Vec<Instance<VirtualFileSystem>>,
    queue: Vec<(RequestId, bool)>,
    cancels: Vec<RequestId>,
    next_id: u64,
    generation: u32,
    bump: u64,
    /// Whether a crash is an update to the other version and back.
    pub(super) convert: bool,
    /// Whether the programs die when vfs crashes.
    pub(super) deadly: bool,
    pub(super) user: u32,
}

impl World {
    /// A system with a root, in which process 1 runs.
    pub(super) fn new() -> World {
        let mut world = World::before_first();
        let first = protocol::descriptors::First { process: Pid(1) };
        world.ask(first, Vec::new()).unwrap();
        world
    }

    pub(super) fn before_first() -> World {
        let machine = Rc::new(Machine::default());
        machine.memory.replace(vec![0; MEMORY_BYTES]);
        machine.now.set(1000);
        let vfs = Instance::fresh(machine.clone(), Start::default());
        World {
            machine,
            neighbours: Neighbours::new(),
            vfs,
            graveyard: Vec::new(),
            queue: Vec::new(),
            cancels: Vec::new(),
            next_id: 1,
            generation: 1,
            bump: 0x1_0000,
            convert: false,
            deadly: false,
            user: 0,
        }
    }

    /// Crashes vfs at a kernel call, counted from now.
    pub(super) fn crash(&mut self, at: CrashAt) {
        self.machine.calls.set(0);
        self.machine.crash.set(CrashState(at));
    }

    pub(super) fn inspect<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        self.vfs.inspect(look)
    }

    pub(super) fn pending(&self) -> (usize, usize) {
        self.vfs.pending()
    }

    /// Puts bytes into the programs' memory.
    pub(super) fn put(&mut self, bytes: &[u8]) -> u64 {
        let address = self.bump;
        self.bump += (bytes.len() as u64 + 16).next_multiple_of(16);
        let start = address as usize;
        self.machine.memory.borrow_mut()[start..start + bytes.len()].copy_from_slice(bytes);
        address
    }

    pub(super) fn text(&mut self, text: &str) -> u64 {
        let bytes = [text.as_bytes(), &[0]].concat();
        self.put(&bytes)
    }

    pub(super) fn memory(&self, address: u64, length: usize) -> Vec<u8> {
        let start = address as usize;
        self.machine.memory.borrow()[start..start + length].to_vec()
    }

    /// Makes a call of a program and waits for its result.
    pub(super) fn call(&mut self, process: u32, number: u32, arguments: &[u64]) -> i64 {
        let id = self.start(process, number, arguments);
        self.run();
        self.result(id).expect("the call waits")
    }

    /// Makes a call of a program.
    pub(super) fn start(&mut self, process: u32, number: u32, arguments: &[u64]) -> RequestId {
        let mut message = Message {
            kind: number,
            ..Message::default()
        };
        message.words[..arguments.len()].copy_from_slice(arguments);
        let caller = Caller {
            pid: Pid(process),
            user: self.user,
            group: self.user,
            ..Caller::default()
        };
        self.request(message, caller, None)
    }

    /// Asks vfs as a service does.
    pub(super) fn ask<Q: Question>(
        &mut self,
        question: Q,
        lent: Vec<u8>,
    ) -> Result<Q::Answer, Errno> {
        let id = self.request(question.message(), Caller::default(), Some(lent));
        self.run();
        let reply = self.machine.replies.borrow_mut().remove(&id);
        answer::read(&reply.expect("the question waits"))
    }

    /// Asks vfs as a service does, and returns what it wrote to the lease.
    pub(super) fn ask_reading<Q: Question>(&mut self, question: Q) -> (u64, Vec<u8>) {
        let id = self.request(question.message(), Caller::default(), Some(vec![0; 512]));
        self.run();
        let reply = self.machine.replies.borrow_mut().remove(&id).unwrap();
        let length = reply.result.try_into().unwrap_or(u64::MAX);
        (length, self.machine.returned.take())
    }

    fn request(&mut self, message: Message, caller: Caller, lent: Option<Vec<u8>>) -> RequestId {
        let id = RequestId(self.next_id);
        self.next_id += 1;
        let asked = Asked {
            message,
            caller,
            stamp: Time(self.machine.now.get()),
            lent,
            cancelled: false,
            delivered: false,
        };
        self.machine.requests.borrow_mut().insert(id, asked);
        self.queue.push((id, false));
        id
    }

    pub(super) fn result(&self, id: RequestId) -> Option<i64> {
        let replies = self.machine.replies.borrow();
        replies.get(&id).map(|reply| reply.result)
    }

    /// A signal or the death of the caller.
    pub(super) fn cancel(&mut self, id: RequestId) {
        if let Some(asked) = self.machine.requests.borrow_mut().get_mut(&id) {
            asked.cancelled = true;
            self.cancels.push(id);
        }
        for submission in self.machine.submissions.borrow_mut().iter_mut() {
            submission.cancelled |= submission.tag == Err(id);
        }
        self.run();
    }

    /// Cancels what the programs ask; nobody hears the replies.
    fn kill_programs(&mut self) {
        self.machine.dead.set(true);
        for asked in self.machine.requests.borrow_mut().values_mut() {
            asked.cancelled |= asked.lent.is_none();
        }
        for submission in self.machine.submissions.borrow_mut().iter_mut() {
            submission.cancelled = true;
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, nanoseconds: u64) {
        self.machine.now.set(self.machine.now.get() + nanoseconds);
        if self.machine.timer.get() <= self.machine.now.get() {
            self.deliver(&self.event(EventKind::Timer));
        }
        self.run();
    }

    pub(super) fn run(&mut self) {
        while self.step() {}
    }

    fn event(&self, kind: EventKind) -> Event {
        Event {
            kind: kind as u32,
            now: Time(self.machine.now.get()),
            ..Event::default()
        }
    }

    /// One event or one answer; whether there was any.
    pub(super) fn step(&mut self) -> bool {
        let taken_back = self.machine.withdrawn.take();
        for id in taken_back.into_iter().rev() {
            self.queue.insert(0, (id, true));
        }
        let completion = self.machine.completions.borrow().first().copied();
        if let Some((tag, reply)) = completion {
            let mut event = self.event(EventKind::Completion);
            (event.tag, event.reply) = (tag, reply);
            if self.deliver(&event) {
                let mut completions = self.machine.completions.borrow_mut();
                completions.retain(|(other, _)| *other != tag);
            }
            return true;
        }
        if let Some(id) = self.cancels.pop() {
            let mut event = self.event(EventKind::Cancel);
            event.id = id;
            self.deliver(&event);
            return true;
        }
        if !self.queue.is_empty() {
            let (id, again) = self.queue.remove(0);
            self.deliver_request(id, again);
            return true;
        }
        self.neighbours.answer_one(&self.machine)
    }

    fn deliver_request(&mut self, id: RequestId, again: bool) {
        let mut event = self.event(EventKind::Request);
        {
            let mut requests = self.machine.requests.borrow_mut();
            let Some(asked) = requests.get_mut(&id) else {
                return;
            };
            asked.delivered = true;
            event.id = id;
            event.message = asked.message;
            event.caller = asked.caller;
            event.stamp = asked.stamp;
            event.cancelled = u16::from(asked.cancelled);
            event.again = u32::from(again);
            let length = asked.lent.as_ref().map(|lent| lent.len() as u64);
            event.leases[0] = LeaseInformation {
                access: Access::Both as u64,
                length: length.unwrap_or(abi::layout::USER_TOP),
            };
        }
        self.deliver(&event);
    }

    /// Hands an event to vfs; `false` when it crashed, so that nothing is acknowledged.
    fn deliver(&mut self, event: &Event) -> bool {
        let turned = catch_unwind(AssertUnwindSafe(|| self.vfs.turn(event)));
        let Err(cause) = turned else {
            return true;
        };
        if !cause.is::<Crash>() {
            std::panic::resume_unwind(cause);
        }
        self.machine.crash.set(CrashState(CrashAt::Never));
        if self.deadly {
            self.kill_programs();
        }
        self.replace();
        false
    }

    /// Replaces the instance by one that goes on from its State.
    fn replace(&mut self) {
        let mut bytes = Vec::new();
        self.vfs.export(&mut bytes).unwrap();
        let version = if self.convert {
            bytes = converted(&bytes);
            State::OTHER_VERSION
        } else {
            State::VERSION
        };
        self.generation += 1;
        let start = Start {
            generation: self.generation,
            ..Start::default()
        };
        let next = Instance::import(self.machine.clone(), start, version, &bytes);
        let next = next.unwrap_or_else(|refusal| panic!("{refusal:?}"));
        self.graveyard.push(std::mem::replace(&mut self.vfs, next));
        // Questions of the old instance alone are disowned; its requests are delivered again.
        let of_slot = |tag: &Result<abi::Tag, RequestId>| tag.map_or(true, |t| t.generation == 0);
        self.machine
            .submissions
            .borrow_mut()
            .retain(|s| of_slot(&s.tag));
        self.machine
            .completions
            .borrow_mut()
            .retain(|(tag, _)| of_slot(&Ok(*tag)));
        let taken_back = self.machine.withdrawn.take();
        let requests = self.machine.requests.borrow();
        let waiting: Vec<RequestId> = self.queue.iter().map(|(id, _)| *id).collect();
        let delivered = requests.iter().filter(|(id, asked)| {
            asked.delivered && !waiting.contains(id) && !taken_back.contains(id)
        });
        let again: Vec<_> = delivered.map(|(id, _)| (*id, true)).collect();
        drop(requests);
        self.queue.splice(..0, again);
        self.queue
            .splice(..0, taken_back.into_iter().map(|id| (id, true)));
        self.vfs.take_over(Time(self.machine.now.get()));
    }
}

/// What an instance of the other version would have exported.
fn converted(bytes: &[u8]) -> Vec<u8> {
    let mut decoder = minicbor::Decoder::new(bytes);
    assert_eq!(decoder.array().unwrap(), Some(2));
    let state: State = decoder.decode().unwrap();
    let journal = &bytes[decoder.position()..];
    let other = <State as service::State>::Other::from(state);
    let mut out = vec![0x82];
    minicbor::encode(&other, &mut out).unwrap();
    out.extend_from_slice(journal);
    out
}
