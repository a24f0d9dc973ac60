//! A running instance of a service: the body of its main loop.

use crate::journal::{Item, Key};
use crate::outcome::{Ending, Outcome, Refused};
use crate::run::{Run, Shared};
use crate::simulated::{self, Rule};
use crate::state::{Imported, Start, State, Store};
use crate::{Cx, System, epoch, introspect};
use abi::event::{EventKind, Holding};
use abi::slot::Refusal;
use abi::{Errno, Event, Reply, RequestId, Time};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::format;
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use protocol::introspection;

/// A handler in progress.
pub type Handler = Pin<Box<dyn Future<Output = Outcome>>>;

/// A service: its State, and what it does with a request.
pub trait Service: Sized + 'static {
    /// All that it knows.
    type State: State;

    /// Answers a request. A message that is not of the service's protocols is refused with
    /// [`refuse`].
    fn handle(cx: Cx<Self>) -> Handler;

    /// Runs when notification bits were raised; harmless when run for nothing, because every bit
    /// is raised once when an instance takes over. It runs on the service's own behalf: its
    /// questions must be harmless when asked again.
    fn notified(cx: Cx<Self>, bits: u64) -> Handler {
        let _ = bits;
        Box::pin(async move { cx.end(|_| ()) })
    }

    /// Runs once the instance serves: the first time that it may touch the world.
    fn attach(cx: Cx<Self>) -> Handler {
        Box::pin(async move { cx.end(|_| ()) })
    }
}

/// Refuses a message that is not understood.
pub fn refuse<S: Service>(cx: Cx<S>) -> Handler {
    Box::pin(async move { cx.end_with(|_| Err::<(), _>(Errno::NOSYS.into())) })
}

struct Task {
    run: Rc<Run>,
    future: Handler,
    /// The key under which it stands in `waiting`.
    registered: Option<u64>,
}

/// The instance of a service that holds State `S::State`.
pub struct Instance<S: Service> {
    shared: Rc<Shared<S::State>>,
    /// In order of delivery.
    tasks: BTreeMap<u64, Task>,
    by_request: BTreeMap<RequestId, u64>,
    /// Keys and the tasks that wait for them.
    waiting: BTreeSet<(u64, u64)>,
    ready: VecDeque<u64>,
    next: u64,
    swept: bool,
    timer: Time,
    /// Notification bits that no run of `notified` has been told of.
    bits: u64,
    /// The run of `notified` in progress.
    notified: Option<u64>,
    /// What the check of an import has dropped.
    dropped: usize,
}

/// The key that every notification wakes, for those who wait for the kernel's levels.
pub const NOTIFIED: u64 = u64::MAX;

impl<S: Service> Instance<S> {
    /// An instance that knows nothing yet.
    #[must_use]
    pub fn fresh(system: Rc<dyn System>, start: Start) -> Self {
        Self::of(system, start, Store::fresh(&start))
    }

    /// An instance that goes on from what another one of State version `version` has exported.
    ///
    /// # Errors
    /// Why the State cannot be used.
    pub fn import(
        system: Rc<dyn System>,
        start: Start,
        version: u32,
        bytes: &[u8],
    ) -> Result<Self, Refusal> {
        let Imported { store, dropped } = Store::import(version, bytes)?;
        if dropped > 0 {
            let name = protocol::endpoint::name(start.slot).unwrap_or("service");
            let line =
                format!("{name}: import dropped {dropped} entries that contradict themselves");
            system.log(line.as_bytes());
        }
        let mut instance = Self::of(system, start, store);
        instance.dropped = dropped;
        Ok(instance)
    }

    /// How much of what was imported contradicted itself, and was dropped.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    fn of(system: Rc<dyn System>, start: Start, store: Store<S::State>) -> Self {
        let shared = Shared {
            store: Rc::new(RefCell::new(store)),
            system,
            start,
            now: Cell::new(Time(0)),
            volatile: RefCell::default(),
            repeats: Cell::new(0),
            woken: RefCell::default(),
            questions: Rc::default(),
        };
        Instance {
            shared: Rc::new(shared),
            tasks: BTreeMap::new(),
            by_request: BTreeMap::new(),
            waiting: BTreeSet::new(),
            ready: VecDeque::new(),
            next: 0,
            swept: false,
            timer: Time::NEVER,
            bits: 0,
            notified: None,
            dropped: 0,
        }
    }

    /// Where the export of this instance finds its State.
    #[cfg(feature = "image")]
    pub(crate) fn store(&self) -> Rc<RefCell<Store<S::State>>> {
        self.shared.store.clone()
    }

    /// Writes State and journal as they were at the last closure that was not cut short.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn export<W: minicbor::encode::Write>(
        &self,
        writer: W,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let store = self.shared.store.borrow();
        epoch::reopen(store.open);
        let result = store.export(writer);
        epoch::reopen(0);
        result
    }

    /// Runs a closure over the State, for tests.
    pub fn inspect<R>(&self, look: impl FnOnce(&S::State) -> R) -> R {
        look(&self.shared.store.borrow().state)
    }

    /// How many entries the journal holds, and how many handlers are in progress, for tests.
    #[must_use]
    pub fn pending(&self) -> (usize, usize) {
        (self.shared.store.borrow().journal.len(), self.tasks.len())
    }

    /// What it has in hand, for `receive`.
    #[must_use]
    pub fn holding(&self) -> Holding {
        Holding {
            requests: self.by_request.len() as u64,
            questions: self.shared.questions.get(),
        }
    }

    /// Called once, after the commit: drops what the journal holds of requests that ended while
    /// nobody acknowledged it, and lets the service attach itself to the world.
    pub fn take_over(&mut self, now: Time) {
        self.shared.now.set(now);
        self.sweep();
        self.start_background(S::attach);
        self.work();
    }

    /// Handles one event.
    pub fn turn(&mut self, event: &Event) {
        self.shared.now.set(event.now);
        match event.kind {
            kind if kind == EventKind::Request as u32 => self.requested(event),
            kind if kind == EventKind::Completion as u32 => self.completed(event),
            kind if kind == EventKind::Cancel as u32 => self.cancelled(event.id),
            kind if kind == EventKind::Notify as u32 => self.notified(event.bits),
            kind if kind == EventKind::Timer as u32 => self.timed_out(event.now),
            _ => {}
        }
        self.work();
    }

    fn sweep(&mut self) {
        if core::mem::replace(&mut self.swept, true) || !simulated::holds(Rule::Sweep) {
            return;
        }
        let known = self.shared.store.borrow().journal.requests();
        for id in known {
            if !self.shared.system.is_live(id) {
                self.shared.forget(id);
            }
        }
    }

    fn requested(&mut self, event: &Event) {
        let done = match self.shared.store.borrow().journal.get(event.id, Key::Done) {
            Some(Item::Done(reply)) if simulated::holds(Rule::Done) => Some(Reply::from(*reply)),
            _ => None,
        };
        match done {
            Some(reply) => self.reply(event.id, &reply),
            None => {
                let run = Run::of_event(event);
                let task = match introspection::Request::decode(&event.message) {
                    Some(introspection::Request::Show(_)) => self.start(run, introspect::show),
                    None => self.start(run, S::handle),
                };
                self.by_request.insert(event.id, task);
            }
        }
    }

    fn completed(&mut self, event: &Event) {
        let (tag, reply) = (event.tag, event.reply);
        if tag.generation == 0 {
            self.shared.with(|_, journal| {
                if let Some(Item::Asked(label)) = journal.get(tag.parent, Key::Child(tag.index)) {
                    let answered = Item::Answered(*label, reply.into());
                    journal.put(tag.parent, Key::Child(tag.index), answered);
                }
            });
        } else {
            self.shared.volatile.borrow_mut().insert(tag, reply);
        }
        if tag.parent == RequestId::NONE {
            let background = self
                .tasks
                .iter()
                .filter(|(_, task)| task.run.is_background());
            self.ready.extend(background.map(|(id, _)| *id));
        } else if let Some(task) = self.by_request.get(&tag.parent) {
            self.ready.push_back(*task);
        } else {
            self.shared.volatile.borrow_mut().remove(&tag);
        }
    }

    fn cancelled(&mut self, id: RequestId) {
        if let Some(task) = self.by_request.get(&id) {
            self.tasks[task].run.cancelled.set(true);
            self.shared.system.cancel_children(id);
            self.ready.push_back(*task);
        }
    }

    fn notified(&mut self, bits: u64) {
        self.bits |= bits;
        self.wake(NOTIFIED);
        if self.bits != 0 && self.notified.is_none() {
            let bits = core::mem::take(&mut self.bits);
            self.notified = Some(self.start_background(|cx| S::notified(cx, bits)));
        }
    }

    fn wake(&mut self, key: u64) {
        let waiters = self.waiting.range((key, 0)..=(key, u64::MAX));
        self.ready.extend(waiters.map(|(_, task)| *task));
    }

    fn timed_out(&mut self, now: Time) {
        self.timer = Time::NEVER;
        let due = self
            .tasks
            .iter()
            .filter(|(_, t)| t.run.deadline.get().is_some_and(|d| d <= now));
        self.ready.extend(due.map(|(id, _)| *id));
    }

    fn start_background(&mut self, make: impl FnOnce(Cx<S>) -> Handler) -> u64 {
        self.start(Run::background(self.next + 1, self.shared.now.get()), make)
    }

    fn start(&mut self, run: Run, make: impl FnOnce(Cx<S>) -> Handler) -> u64 {
        let run = Rc::new(run);
        let future = make(Cx {
            run: run.clone(),
            shared: self.shared.clone(),
        });
        self.next += 1;
        self.tasks.insert(
            self.next,
            Task {
                run,
                future,
                registered: None,
            },
        );
        self.ready.push_back(self.next);
        self.next
    }

    /// Runs handlers until none of them can go on.
    fn work(&mut self) {
        while let Some(id) = self.ready.pop_front() {
            self.advance(id);
            for key in self.shared.woken.take() {
                self.wake(key);
            }
        }
        let deadlines = self
            .tasks
            .values()
            .filter_map(|task| task.run.deadline.get());
        let first = deadlines.min().unwrap_or(Time::NEVER);
        if first != self.timer {
            self.timer = first;
            self.shared.system.set_timer(first);
        }
    }

    fn advance(&mut self, id: u64) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        let mut context = Context::from_waker(Waker::noop());
        match task.future.as_mut().poll(&mut context) {
            Poll::Pending => {
                assert!(task.run.is_waiting(), "a handler waits for nothing");
                let waits_for = task.run.waits_for.get();
                if waits_for != task.registered {
                    self.register(id, waits_for);
                }
            }
            Poll::Ready(outcome) => {
                let run = task.run.clone();
                self.remove_task(id);
                if run.is_background() {
                    self.background_ended(id, &run);
                } else {
                    self.ended(&run, outcome);
                }
            }
        }
    }

    fn ended(&mut self, run: &Run, outcome: Outcome) {
        self.by_request.remove(&run.id);
        match outcome {
            Ok(end) => match end.0 {
                Ending::Replied(reply) => self.reply(run.id, &reply),
                Ending::Forwarded => self.shared.forget(run.id),
            },
            Err(Refused::Withdrawn) => {}
            Err(refused) => {
                let reply = refused.to_reply().unwrap_or_default();
                self.shared.with(|_, journal| {
                    run.settle(journal);
                    journal.put(run.id, Key::Done, Item::Done(reply.into()));
                });
                self.reply(run.id, &reply);
            }
        }
    }

    fn background_ended(&mut self, id: u64, run: &Run) {
        self.shared.forget(run.id);
        if self.notified == Some(id) {
            self.notified = None;
            self.notified(0);
        }
    }

    /// Enters a task under the key it waits for, and under no other.
    fn register(&mut self, id: u64, key: Option<u64>) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        if let Some(before) = core::mem::replace(&mut task.registered, key) {
            self.waiting.remove(&(before, id));
        }
        if let Some(key) = key {
            self.waiting.insert((key, id));
        }
    }

    fn remove_task(&mut self, id: u64) {
        let task = self.tasks.remove(&id);
        if let Some(key) = task.and_then(|task| task.registered) {
            self.waiting.remove(&(key, id));
        }
    }

    fn reply(&self, id: RequestId, reply: &Reply) {
        if self.shared.system.reply(id, reply).is_err() {
            self.shared
                .system
                .log(b"a reply was refused: the request is not ours");
        }
        self.shared.forget(id);
    }
}
