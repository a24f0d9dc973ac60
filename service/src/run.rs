//! One run of a handler, and what all runs of an instance share.

use crate::journal::{Item, Journal, Key, Label};
use crate::simulated::{self, Rule};
use crate::state::{Start, State, Store};
use crate::system::System;
use crate::{epoch, wake};
use abi::lease::LeaseInformation;
use abi::{Caller, Endpoint, Message, Reply, RequestId, Tag, Time};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use minicbor::Encode;

/// Set in the name of a run that is not of a request.
const BACKGROUND: u64 = 1 << 63;

/// An observation that the next effect will journal. Most runs end without one.
pub(crate) enum Seen {
    Reply(Label, Reply),
    Value(Label, u32, Box<dyn Keep>),
    Bytes(Label, u32, Vec<u8>),
}

/// A value that can be written into the journal.
pub(crate) trait Keep {
    /// As the journal keeps it.
    fn kept(&self) -> Vec<u8>;
}

impl<T: Encode<()>> Keep for T {
    fn kept(&self) -> Vec<u8> {
        encode(self)
    }
}

/// Bytes of most values and less: they do not grow while they are written. What is left over stays, because a
/// value is soon dropped, and making it smaller would copy it.
const ROOM: usize = 128;

/// A value as the journal keeps it.
pub(crate) fn encode<T: Encode<()> + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ROOM);
    match minicbor::encode(value, &mut bytes) {
        Ok(()) => bytes,
        Err(error) => match error.into_write() {
            Some(never) => match never {},
            None => Vec::new(),
        },
    }
}

/// How often a label was used, for questions or for values.
struct Uses {
    of: (Label, bool),
    count: u32,
}

/// One run of a handler.
pub(crate) struct Run {
    pub(crate) id: RequestId,
    pub(crate) caller: Caller,
    pub(crate) from: Endpoint,
    pub(crate) stamp: Time,
    pub(crate) message: Message,
    pub(crate) leases: [LeaseInformation; abi::event::MAX_LEASES],
    pub(crate) cancelled: Cell<bool>,
    pub(crate) withdrawn: Cell<bool>,
    pub(crate) deadline: Cell<Option<Time>>,
    /// The key this run waits for, when it waits for a change of the State.
    pub(crate) waits_for: Cell<Option<u64>>,
    /// How often it waits at the moment, other than for a change of the State.
    awaiting: Cell<u32>,
    /// Questions whose answers it waits for.
    questions: Cell<u64>,
    /// Whether the journal may hold something of it.
    journalled: Cell<bool>,
    used: RefCell<Vec<Uses>>,
    seen: RefCell<Vec<Seen>>,
}

impl Run {
    pub(crate) fn of_event(event: &abi::Event) -> Run {
        Run {
            id: event.id,
            caller: event.caller,
            from: event.from,
            stamp: event.stamp,
            message: event.message,
            leases: event.leases,
            cancelled: Cell::new(event.cancelled != 0),
            journalled: Cell::new(event.again != 0),
            ..Run::background(0, event.now)
        }
    }

    /// The `number`-th run on the service's own behalf. Its journal entries stand under a name that
    /// is no request's, so the next instance drops them.
    pub(crate) fn background(number: u64, now: Time) -> Run {
        Run {
            id: RequestId(BACKGROUND | number),
            caller: Caller::default(),
            from: Endpoint::NONE,
            stamp: now,
            message: Message::default(),
            leases: Default::default(),
            cancelled: Cell::new(false),
            withdrawn: Cell::new(false),
            deadline: Cell::new(None),
            waits_for: Cell::new(None),
            awaiting: Cell::new(0),
            questions: Cell::new(0),
            journalled: Cell::new(false),
            used: RefCell::default(),
            seen: RefCell::default(),
        }
    }

    /// Whether it is on the service's own behalf.
    pub(crate) fn is_background(&self) -> bool {
        self.id.0 & BACKGROUND != 0
    }

    /// The request that its questions are asked for.
    pub(crate) fn parent(&self) -> RequestId {
        if self.is_background() {
            RequestId::NONE
        } else {
            self.id
        }
    }

    /// Numbers the uses of a label, questions and values apart.
    pub(crate) fn nth(&self, label: Label, question: bool) -> u32 {
        let mut used = self.used.borrow_mut();
        let uses = match used.iter().position(|uses| uses.of == (label, question)) {
            Some(at) => &mut used[at],
            None => {
                let of = (label, question);
                used.push_mut(Uses { of, count: 0 })
            }
        };
        let before = uses.count;
        if simulated::holds(Rule::Uses) {
            uses.count += 1;
        }
        before
    }

    pub(crate) fn observed(&self, seen: Seen) {
        self.seen.borrow_mut().push(seen);
    }

    /// Whether the journal may hold something of this run. What it does not, need not be looked for.
    pub(crate) fn is_journalled(&self) -> bool {
        self.journalled.get()
    }

    /// Puts something of this run into the journal.
    pub(crate) fn put(&self, journal: &mut Journal, key: Key, item: Item) {
        self.journalled.set(true);
        journal.put(self.id, key, item);
    }

    /// Moves the observations so far into the journal.
    pub(crate) fn settle(&self, journal: &mut Journal) {
        let seen = self.seen.take();
        if !simulated::holds(Rule::Observations) {
            return;
        }
        for seen in seen {
            match seen {
                Seen::Reply(label, reply) => {
                    let n = journal.next_child(self.id);
                    self.put(journal, Key::Child(n), Item::Answered(label, reply.into()));
                }
                Seen::Value(label, nth, value) => {
                    self.put(journal, Key::Step(label, nth), Item::Kept(value.kept()));
                }
                Seen::Bytes(label, nth, bytes) => {
                    self.put(journal, Key::Bytes(label, nth), Item::Kept(bytes));
                }
            }
        }
    }

    /// Whether anything can let it go on.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waits_for.get().is_some() || self.awaiting.get() > 0
    }

    /// Whether it waits for answers.
    pub(crate) fn is_asking(&self) -> bool {
        self.questions.get() > 0
    }

    /// Notes what a waiting run is tried again for.
    pub(crate) fn waits(&self, key: u64, deadline: Option<Time>) {
        self.waits_for.set(Some(key));
        self.deadline.set(deadline);
    }

    /// The run goes on.
    pub(crate) fn waits_no_more(&self) {
        self.waits_for.set(None);
        self.deadline.set(None);
    }

    pub(crate) fn wake(&self, mark: u64, now: Time) -> wake::Wake {
        wake::Wake {
            mark,
            cancelled: self.cancelled.get(),
            now,
            deadline: None,
        }
    }
}

/// What all runs of an instance share.
pub(crate) struct Shared<S> {
    pub(crate) store: Rc<RefCell<Store<S>>>,
    pub(crate) system: Rc<dyn System>,
    pub(crate) start: Start,
    pub(crate) now: Cell<Time>,
    /// Answers to questions of this instance alone.
    pub(crate) volatile: RefCell<BTreeMap<Tag, Reply>>,
    pub(crate) repeats: Cell<u32>,
    /// Keys woken since the executor last looked.
    pub(crate) woken: RefCell<Vec<u64>>,
    /// Questions whose answers are waited for.
    pub(crate) questions: Rc<Cell<u64>>,
}

/// A run waits for answers as long as this lives.
pub(crate) struct Awaiting {
    run: Rc<Run>,
    all: Rc<Cell<u64>>,
    questions: u64,
}

impl Awaiting {
    pub(crate) fn new<S>(run: &Rc<Run>, shared: &Shared<S>, questions: u64) -> Awaiting {
        run.awaiting.set(run.awaiting.get() + 1);
        run.questions.set(run.questions.get() + questions);
        let all = shared.questions.clone();
        all.set(all.get() + questions);
        Awaiting {
            run: run.clone(),
            all,
            questions,
        }
    }
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        self.run.awaiting.set(self.run.awaiting.get() - 1);
        self.run
            .questions
            .set(self.run.questions.get() - self.questions);
        self.all.set(self.all.get() - self.questions);
    }
}

impl<S: State> Shared<S> {
    /// Runs a closure over State and journal: all of it, or, after a crash, nothing.
    pub(crate) fn with<R>(&self, closure: impl FnOnce(&mut S, &mut Journal) -> R) -> R {
        let store = &mut *self.store.borrow_mut();
        store.open = epoch::begin();
        let result = closure(&mut store.state, &mut store.journal);
        simulated::changing();
        store.open = 0;
        epoch::end();
        result
    }

    pub(crate) fn forget(&self, id: RequestId) {
        self.with(|_, journal| journal.forget(id));
    }
}
