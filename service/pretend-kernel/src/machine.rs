//! A driver and its programs.

use crate::kernel::{Asked, Crash, Kernel};
use abi::event::{Event, EventKind, notification};
use abi::lease::LeaseInformation;
use abi::{Caller, Endpoint, Pid, Reply, RequestId, Tag, Time};
use protocol::{Answer, Question, device, object};
use service::instance::Instance;
use service::{Service, Start, State};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

type Other<S> = <<S as Service>::State as State>::Other;

/// What asks: a process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Program {
    /// Its number.
    pub pid: u32,
    /// Its process group.
    pub group: u32,
    /// Its session.
    pub session: u32,
    /// Its user.
    pub user: u32,
}

/// A driver, its kernel and the requests it has to answer.
pub struct Machine<S: Service> {
    /// The kernel.
    pub kernel: Rc<Kernel>,
    /// Crashes so far.
    pub crashes: u32,
    /// Whether the State goes through the other version at each crash.
    pub detours: bool,
    instance: Option<Instance<S>>,
    requests: BTreeMap<RequestId, Event>,
    last: u64,
    peer: fn(&Asked) -> Reply,
}

impl<S: Service> Machine<S>
where
    Other<S>: From<S::State> + minicbor::Encode<()>,
{
    /// A machine with a serial port at `base`; `peer` plays everybody the driver asks.
    #[must_use]
    pub fn new(base: u16, peer: fn(&Asked) -> Reply) -> Machine<S> {
        let kernel = Rc::new(Kernel {
            base,
            ..Kernel::default()
        });
        kernel.timer.set(Time::NEVER);
        let instance = Instance::fresh(kernel.clone(), Start::default());
        let mut machine = Machine {
            kernel,
            crashes: 0,
            detours: false,
            instance: Some(instance),
            requests: BTreeMap::new(),
            last: 0,
            peer,
        };
        machine.turn(None);
        machine.settle();
        machine
    }

    /// Looks at the State.
    pub fn state<R>(&self, look: impl FnOnce(&S::State) -> R) -> Option<R> {
        self.instance
            .as_ref()
            .map(|instance| instance.inspect(look))
    }

    /// What the journal holds and what is in progress.
    #[must_use]
    pub fn pending(&self) -> (usize, usize) {
        self.instance.as_ref().map_or((0, 0), Instance::pending)
    }

    /// Has the driver crash at the kernel call after so many.
    pub fn crash_after(&self, calls: u32) {
        self.kernel.crash_in.set(Some(calls));
    }

    /// Whether a crash that was asked for is still to come; it is called off.
    #[must_use]
    pub fn call_off_crash(&self) -> bool {
        self.kernel.crash_in.take().is_some()
    }

    /// Replaces the driver as an update does.
    pub fn update(&mut self) {
        if let Some(old) = self.instance.take() {
            self.instance = Some(self.successor(&old));
        }
        for event in self.redelivered(None) {
            self.turn(event);
        }
        self.settle();
    }

    /// Starts the driver anew without its State, as after crashes in a row.
    pub fn lose_state(&mut self) {
        let start = Start {
            generation: 2,
            ..Start::default()
        };
        self.instance = Some(Instance::fresh(self.kernel.clone(), start));
        for event in self.redelivered(None) {
            self.turn(event);
        }
        self.settle();
    }

    fn turn(&mut self, event: Option<Event>) {
        let mut events = vec![event];
        while let Some(event) = events.first().copied() {
            let Some(mut instance) = self.instance.take() else {
                return;
            };
            let result = catch_unwind(AssertUnwindSafe(|| match &event {
                Some(event) => instance.turn(event),
                None => instance.take_over(self.kernel.now.get()),
            }));
            match result {
                Ok(()) => {
                    self.instance = Some(instance);
                    events.remove(0);
                }
                Err(panic) if panic.is::<Crash>() => {
                    self.crashes += 1;
                    self.instance = Some(self.successor(&instance));
                    // What was asked on behalf of the old instance is nobody's now.
                    self.kernel.asked.borrow_mut().clear();
                    events = self.redelivered(event);
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    }

    fn successor(&self, old: &Instance<S>) -> Instance<S> {
        let mut bytes = Vec::new();
        if old.export(&mut bytes).is_err() {
            unreachable!("a vector takes everything");
        }
        let mut version = S::State::VERSION;
        if self.detours {
            bytes = through_other_version::<S>(&bytes);
            version = S::State::OTHER_VERSION;
        }
        match Instance::import(self.kernel.clone(), Start::default(), version, &bytes) {
            Ok(instance) => instance,
            Err(refusal) => panic!("the State is refused: {refusal:?}"),
        }
    }

    /// What a successor sees: it takes over, all bits are raised, then the live requests come, then
    /// what was being told if it was not one of these.
    fn redelivered(&self, at: Option<Event>) -> Vec<Option<Event>> {
        let bits = Event {
            kind: EventKind::Notify as u32,
            bits: u64::MAX,
            now: self.kernel.now.get(),
            ..Event::default()
        };
        let live = self.kernel.live.borrow();
        let lives = self.requests.values().filter(|e| live.contains_key(&e.id));
        let again = at.filter(|event| event.kind == EventKind::Timer as u32);
        [None, Some(bits)]
            .into_iter()
            .chain(lives.map(|event| Some(Event { again: 1, ..*event })))
            .chain(again.map(Some))
            .collect()
    }

    /// A program asks; its memory is lent.
    pub fn start(
        &mut self,
        program: Program,
        question: &impl Question,
        memory: &[u8],
    ) -> RequestId {
        self.last += 1;
        let id = RequestId(self.last << 16);
        let now = self.kernel.now.get();
        let mut event = Event {
            kind: EventKind::Request as u32,
            now,
            id,
            stamp: now,
            caller: Caller {
                pid: Pid(program.pid),
                user: program.user,
                process_group: program.group,
                session: program.session,
                ..Caller::default()
            },
            from: Endpoint::NONE,
            message: question.message(),
            ..Event::default()
        };
        event.leases[0] = LeaseInformation {
            access: 3,
            length: memory.len() as u64,
        };
        self.kernel.live.borrow_mut().insert(id, memory.to_vec());
        self.requests.insert(id, event);
        self.turn(Some(event));
        self.settle();
        id
    }

    /// The reply to a request, with the lent memory, once there is one.
    pub fn reply(&mut self, id: RequestId) -> Option<(Reply, Vec<u8>)> {
        let reply = self.kernel.replies.borrow_mut().remove(&id)?;
        self.requests.remove(&id);
        Some(reply)
    }

    /// Asks and expects a reply at once.
    ///
    /// # Panics
    /// When there is none.
    pub fn ask(
        &mut self,
        program: Program,
        question: &impl Question,
        memory: &[u8],
    ) -> (Reply, Vec<u8>) {
        let id = self.start(program, question, memory);
        match self.reply(id) {
            Some(reply) => reply,
            None => panic!("no reply"),
        }
    }

    /// Opens a device.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn open(&mut self, program: Program, device: u64, flags: u32) -> protocol::Handle {
        let question = device::Open { device, flags };
        let (reply, _) = self.ask(program, &question, &[]);
        match device::Opened::from_reply(&reply) {
            Some(opened) if reply.result >= 0 => opened.handle,
            _ => panic!("cannot be opened: {reply:?}"),
        }
    }

    /// Writes bytes, and returns the result.
    pub fn write(&mut self, program: Program, handle: protocol::Handle, bytes: &[u8]) -> i64 {
        let count = bytes.len() as u64;
        let (reply, _) = self.ask(program, &object::Write { handle, count }, bytes);
        reply.result
    }

    /// The program of a request no longer wants to wait.
    pub fn cancel(&mut self, id: RequestId) {
        if let Some(event) = self.requests.get_mut(&id) {
            event.cancelled = 1;
        }
        self.turn(Some(Event {
            kind: EventKind::Cancel as u32,
            now: self.kernel.now.get(),
            id,
            ..Event::default()
        }));
        self.settle();
    }

    /// Lets time pass; the timer goes off when it is due.
    pub fn pass(&mut self, nanoseconds: u64) {
        let until = self.kernel.now.get().after(nanoseconds);
        while self.kernel.timer.get() <= until {
            let due = self.kernel.timer.replace(Time::NEVER);
            self.kernel.now.set(due.max(self.kernel.now.get()));
            self.turn(Some(Event {
                kind: EventKind::Timer as u32,
                now: self.kernel.now.get(),
                ..Event::default()
            }));
            self.settle();
        }
        self.kernel.now.set(until);
    }

    /// Bytes come over the line, a FIFO at a time.
    pub fn arrive(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(uart::FIFO_BYTES) {
            self.kernel.chip.arrive(piece);
            self.settle();
        }
    }

    /// The bytes in the transmit FIFO leave.
    pub fn drain(&mut self) {
        self.kernel.chip.drain();
        self.settle();
    }

    /// Delivers interrupts, answers and fetched memory until nothing is left to deliver.
    pub fn settle(&mut self) {
        for _ in 0..10_000 {
            let asked = self.kernel.asked.borrow_mut().pop();
            if let Some(asked) = asked {
                self.complete(asked.tag, (self.peer)(&asked));
            } else if let Some(id) = self.kernel.withdrawn.take() {
                if let Some(event) = self.requests.get(&id) {
                    let again = Event { again: 1, ..*event };
                    self.turn(Some(again));
                }
            } else if self.kernel.enabled.get() && self.kernel.chip.take_edges() > 0 {
                self.kernel.enabled.set(false);
                self.turn(Some(Event {
                    kind: EventKind::Notify as u32,
                    now: self.kernel.now.get(),
                    bits: 1 << notification::INTERRUPTS,
                    ..Event::default()
                }));
            } else {
                return;
            }
        }
        panic!("it never settles");
    }

    fn complete(&mut self, tag: Tag, reply: Reply) {
        self.turn(Some(Event {
            kind: EventKind::Completion as u32,
            now: self.kernel.now.get(),
            tag,
            reply,
            ..Event::default()
        }));
    }
}

/// An exported State, as the other version would have exported it.
fn through_other_version<S: Service>(bytes: &[u8]) -> Vec<u8>
where
    Other<S>: From<S::State> + minicbor::Encode<()>,
{
    let mut decoder = minicbor::Decoder::new(bytes);
    let state = decoder.array().and_then(|_| decoder.decode::<S::State>());
    let Ok(state) = state else {
        panic!("the State does not decode");
    };
    let journal = &bytes[decoder.position()..];
    let mut encoder = minicbor::Encoder::new(Vec::new());
    let written = encoder
        .array(2)
        .and_then(|encoder| encoder.encode(Other::<S>::from(state)));
    assert!(written.is_ok(), "the State does not encode");
    let mut converted = encoder.into_writer();
    converted.extend_from_slice(journal);
    converted
}
