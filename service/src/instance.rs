//! A running instance of a service: the body of its main loop.

use crate::journal::{Item, Key};
use crate::outcome::{End, Ending, Outcome, Refused};
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

/// A handler that waits.
struct Task {
    run: Rc<Run>,
    future: Handler,
    /// What it waits for.
    waits: Waits,
}

/// What a handler waits for, as the tables of the instance have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Waits {
    /// The key under which it stands in `waiting`.
    key: Option<u64>,
    /// The time under which it stands in `deadlines`.
    deadline: Option<Time>,
    /// Whether it is for a request, and waits for no answer.
    is_idle: bool,
}

/// The answer to a request, to be given with the next `receive`.
pub type Answered = (RequestId, Reply);

/// The instance of a service that holds State `S::State`.
pub struct Instance<S: Service> {
    shared: Rc<Shared<S::State>>,
    /// Those that wait, in order of delivery.
    tasks: BTreeMap<u64, Task>,
    by_request: BTreeMap<RequestId, u64>,
    /// Those on the service's own behalf.
    background: BTreeSet<u64>,
    /// Keys and the tasks that wait for them.
    waiting: BTreeSet<(u64, u64)>,
    /// Deadlines and the tasks that have them.
    deadlines: BTreeSet<(Time, u64)>,
    /// How many tasks wait for no answer.
    idle: u64,
    /// The last answer of this turn.
    answer: Option<Answered>,
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
            background: BTreeSet::new(),
            waiting: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            idle: 0,
            answer: None,
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
            waiting: self.idle,
        }
    }

    /// Called once, after the commit: drops what the journal holds of requests that ended while
    /// nobody acknowledged it, and lets the service attach itself to the world.
    pub fn take_over(&mut self, now: Time) {
        self.shared.now.set(now);
        self.shared.with(|_, journal| journal.keep_answer());
        self.sweep();
        self.start_background(S::attach);
        self.work();
    }

    /// Handles one event, and makes the kernel calls that this needs.
    pub fn turn(&mut self, event: &Event) {
        if let Some((id, reply)) = self.turn_to_answer(event) {
            self.send(id, &reply);
        }
    }

    /// Handles one event. The answer is to be given with the `receive` that follows: that saves a
    /// kernel call.
    pub fn turn_to_answer(&mut self, event: &Event) -> Option<Answered> {
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
        self.answer.take()
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
        if let Some(reply) = self.answered_before(event) {
            return self.reply_and_forget(event.id, reply);
        }
        let run = Run::of_event(event);
        match introspection::Request::decode(&event.message) {
            Some(introspection::Request::Show(_)) => self.start(run, introspect::show),
            None => self.start(run, S::handle),
        }
    }

    /// The answer that another instance could not give any more, or not for certain.
    fn answered_before(&self, event: &Event) -> Option<Reply> {
        if event.again == 0 || !simulated::holds(Rule::Done) {
            return None;
        }
        self.shared.store.borrow().journal.answer(event.id)
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
            self.ready.extend(&self.background);
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
    }

    /// Starts a run of `notified` when there are bits that none has been told of, and none is in
    /// progress. Whether it was started.
    fn tell_bits(&mut self) -> bool {
        if self.bits == 0 || self.notified.is_some() {
            return false;
        }
        let bits = core::mem::take(&mut self.bits);
        // Its number, because it may have ended before this returns.
        self.notified = Some(self.next + 1);
        self.start_background(|cx| S::notified(cx, bits));
        true
    }

    fn wake(&mut self, key: u64) {
        let waiters = self.waiting.range((key, 0)..=(key, u64::MAX));
        self.ready.extend(waiters.map(|(_, task)| *task));
    }

    fn timed_out(&mut self, now: Time) {
        self.timer = Time::NEVER;
        let due = self.deadlines.range(..=(now, u64::MAX));
        self.ready.extend(due.map(|(_, task)| *task));
    }

    fn start_background(&mut self, make: impl FnOnce(Cx<S>) -> Handler) {
        self.start(Run::background(self.next + 1, self.shared.now.get()), make);
    }

    /// Runs a handler as far as it comes. Most come to their end.
    fn start(&mut self, run: Run, make: impl FnOnce(Cx<S>) -> Handler) {
        let run = Rc::new(run);
        let mut future = make(Cx {
            run: run.clone(),
            shared: self.shared.clone(),
        });
        self.next += 1;
        self.send_answer();
        match poll(&mut future) {
            Poll::Ready(outcome) => self.came_to(self.next, &run, outcome),
            Poll::Pending => self.keep(self.next, run, future),
        }
    }

    /// Keeps a handler that waits.
    fn keep(&mut self, id: u64, run: Rc<Run>, future: Handler) {
        if run.is_background() {
            self.background.insert(id);
        } else {
            self.by_request.insert(run.id, id);
        }
        let task = Task {
            run,
            future,
            waits: Waits::default(),
        };
        self.tasks.insert(id, task);
        self.register(id);
    }

    /// Runs handlers until none of them can go on. Those that wait for the kernel's levels see them before
    /// `notified` does.
    fn work(&mut self) {
        self.run_ready();
        while self.tell_bits() {
            self.run_ready();
        }
        let first = self.deadlines.first().map_or(Time::NEVER, |first| first.0);
        if first != self.timer {
            self.timer = first;
            self.shared.system.set_timer(first);
        }
    }

    fn run_ready(&mut self) {
        self.wake_all();
        while let Some(id) = self.ready.pop_front() {
            self.advance(id);
            self.wake_all();
        }
    }

    /// Makes those ready that wait for what handlers have woken.
    fn wake_all(&mut self) {
        for key in self.shared.woken.take() {
            self.wake(key);
        }
    }

    fn advance(&mut self, id: u64) {
        self.send_answer();
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        match poll(&mut task.future) {
            Poll::Pending => self.register(id),
            Poll::Ready(outcome) => {
                if let Some(run) = self.remove_task(id) {
                    self.came_to(id, &run, outcome);
                }
            }
        }
    }

    /// A handler has come to its end.
    fn came_to(&mut self, id: u64, run: &Run, outcome: Outcome) {
        if run.is_background() {
            self.background_ended(id, run);
        } else {
            self.ended(run, outcome);
        }
    }

    fn ended(&mut self, run: &Run, outcome: Outcome) {
        match outcome {
            Ok(End(Ending::Replied(reply))) => self.reply(run, reply),
            Ok(End(Ending::Forwarded)) => self.forget(run),
            Err(Refused::Withdrawn) => {}
            Err(refused) => {
                let reply = refused.to_reply().unwrap_or_default();
                if run.is_journalled() {
                    self.shared
                        .with(|_, journal| journal.set_answer(run.id, reply));
                }
                self.reply(run, reply);
            }
        }
    }

    fn background_ended(&mut self, id: u64, run: &Run) {
        self.forget(run);
        if self.notified == Some(id) {
            self.notified = None;
            self.notified(0);
        }
    }

    fn forget(&self, run: &Run) {
        if run.is_journalled() {
            self.shared.forget(run.id);
        }
    }

    /// Enters a task, which waits, under what it waits for, and under nothing else.
    fn register(&mut self, id: u64) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        assert!(task.run.is_waiting(), "a handler waits for nothing");
        let waits = Waits {
            key: task.run.waits_for.get(),
            deadline: task.run.deadline.get(),
            is_idle: !task.run.is_background() && !task.run.is_asking(),
        };
        let before = core::mem::replace(&mut task.waits, waits);
        if before == waits {
            return;
        }
        self.leave(id, before);
        self.waiting.extend(waits.key.map(|key| (key, id)));
        self.deadlines.extend(waits.deadline.map(|at| (at, id)));
        self.idle += u64::from(waits.is_idle);
    }

    /// Takes a task out of what it waited for.
    fn leave(&mut self, id: u64, waits: Waits) {
        if let Some(key) = waits.key {
            self.waiting.remove(&(key, id));
        }
        if let Some(deadline) = waits.deadline {
            self.deadlines.remove(&(deadline, id));
        }
        self.idle -= u64::from(waits.is_idle);
    }

    fn remove_task(&mut self, id: u64) -> Option<Rc<Run>> {
        let task = self.tasks.remove(&id)?;
        self.leave(id, task.waits);
        if task.run.is_background() {
            self.background.remove(&id);
        } else {
            self.by_request.remove(&task.run.id);
        }
        Some(task.run)
    }

    /// Ends a request: with the `receive` that follows the turn, unless the journal holds something
    /// that is to be forgotten then.
    fn reply(&mut self, run: &Run, reply: Reply) {
        if run.is_journalled() {
            self.reply_and_forget(run.id, reply);
        } else {
            self.answer = Some((run.id, reply));
        }
    }

    fn reply_and_forget(&self, id: RequestId, reply: Reply) {
        self.send(id, &reply);
        self.shared.forget(id);
    }

    /// Gives the answer of a handler before another one decides on its own: the journal keeps one.
    fn send_answer(&mut self) {
        if let Some((id, reply)) = self.answer.take() {
            self.send(id, &reply);
        }
    }

    fn send(&self, id: RequestId, reply: &Reply) {
        if self.shared.system.reply(id, reply).is_err() {
            self.shared
                .system
                .log(b"a reply was refused: the request is not ours");
        }
    }
}

/// Lets a handler go on.
fn poll(future: &mut Handler) -> Poll<Outcome> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}
