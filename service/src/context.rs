//! What a handler does with its request, the State, and other services.

use crate::journal::{Item, Journal, Key, Label};
use crate::outcome::{End, Ending, Refused};
use crate::run::{Run, Seen, Shared, next_child};
use crate::simulated::{self, Rule};
use crate::{Service, System, Wake};
use abi::lease::{Access, LeaseDescriptor, LeaseInformation, LeaseSource};
use abi::{CallError, Caller, Endpoint, Errno, Message, Reply, RequestId, Tag, Time};
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::Poll;
use minicbor::bytes::{ByteSlice, ByteVec};
use minicbor::{Decode, Encode};
use protocol::{Answer, Question};

/// A value that the journal can keep.
pub trait Durable: Encode<()> + for<'b> Decode<'b, ()> {}
impl<T: Encode<()> + for<'b> Decode<'b, ()>> Durable for T {}

/// Memory lent with a question.
#[derive(Clone, Copy, Debug)]
pub enum Lend<'a> {
    /// Bytes of this service, to be read.
    Bytes(&'a [u8]),
    /// A part of a lease of the request in hand.
    Part {
        /// Which lease.
        index: u64,
        /// Where the part starts in it; for a program's lease 0 its address.
        offset: u64,
        /// Bytes.
        length: u64,
        /// What the borrower may do.
        access: Access,
    },
}

impl Lend<'_> {
    fn describe(&self, system: &dyn System, request: RequestId) -> LeaseDescriptor {
        match *self {
            Lend::Bytes(bytes) => LeaseDescriptor {
                source: LeaseSource::Own as u32,
                access: Access::Read as u32,
                address: system.lend(bytes),
                length: bytes.len() as u64,
                ..LeaseDescriptor::default()
            },
            Lend::Part {
                index,
                offset,
                length,
                access,
            } => LeaseDescriptor {
                source: LeaseSource::Lent as u32,
                access: access as u32,
                request,
                index,
                address: offset,
                length,
            },
        }
    }
}

/// What [`Cx::first_of`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The question with this index was answered.
    Answered(usize, Reply),
    /// The deadline passed.
    Deadline,
    /// The caller no longer wants to wait.
    Cancelled,
}

/// A handler's access to its request, the State, and other services.
pub struct Cx<S: Service> {
    pub(crate) run: Rc<Run>,
    pub(crate) shared: Rc<Shared<S::State>>,
}

impl<S: Service> Clone for Cx<S> {
    fn clone(&self) -> Self {
        Cx {
            run: self.run.clone(),
            shared: self.shared.clone(),
        }
    }
}

/// The request.
impl<S: Service> Cx<S> {
    /// On whose behalf the request is made.
    #[must_use]
    pub fn caller(&self) -> Caller {
        self.run.caller
    }

    /// The service that asks; `Endpoint::NONE` for a program.
    #[must_use]
    pub fn from(&self) -> Endpoint {
        self.run.from
    }

    /// The request's identity.
    #[must_use]
    pub fn request(&self) -> RequestId {
        self.run.id
    }

    /// What is asked.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.run.message
    }

    /// When the caller made the request: the same however often the handler runs.
    #[must_use]
    pub fn stamp(&self) -> Time {
        self.run.stamp
    }

    /// The kernel's clock. Not for decisions: those take [`Cx::stamp`].
    #[must_use]
    pub fn now(&self) -> Time {
        self.shared.now.get()
    }

    /// What is lent with the request under an index.
    #[must_use]
    pub fn lease(&self, index: usize) -> LeaseInformation {
        self.run.leases.get(index).copied().unwrap_or_default()
    }

    /// The service's slot.
    #[must_use]
    pub fn slot(&self) -> Endpoint {
        self.shared.start.slot
    }

    /// The kernel, for calls that neither change the world nor decide anything (`clock`, `log`,
    /// lease copies within a closure).
    #[must_use]
    pub fn system(&self) -> &dyn System {
        &*self.shared.system
    }

    /// Adds a line to the log.
    pub fn log(&self, line: &str) {
        self.shared.system.log(line.as_bytes());
    }

    /// Copies from a lease of the request.
    ///
    /// # Errors
    /// `Withdrawn` when the caller's memory has to be fetched first, `FAULT` when it is not there.
    pub fn read_lease(&self, index: u64, offset: u64, bytes: &mut [u8]) -> Result<(), Refused> {
        let result = self
            .shared
            .system
            .lease_read(self.run.id, index, offset, bytes);
        self.checked(result)
    }

    /// Copies `length` bytes from a lease of the request.
    ///
    /// # Errors
    /// As [`Cx::read_lease`].
    pub fn lease_bytes(&self, index: u64, offset: u64, length: usize) -> Result<Vec<u8>, Refused> {
        let mut bytes = vec![0; length];
        self.read_lease(index, offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Copies to a lease of the request. Done again, it writes the same bytes again.
    ///
    /// # Errors
    /// As [`Cx::read_lease`].
    pub fn write_lease(&self, index: u64, offset: u64, bytes: &[u8]) -> Result<(), Refused> {
        let result = self
            .shared
            .system
            .lease_write(self.run.id, index, offset, bytes);
        self.checked(result)
    }

    /// Turns the result of a lease copy into a refusal and notes a withdrawal.
    ///
    /// # Errors
    /// As [`Cx::read_lease`].
    pub fn checked<T>(&self, result: Result<T, CallError>) -> Result<T, Refused> {
        if matches!(result, Err(CallError::Absent)) {
            self.run.withdrawn.set(true);
        }
        result.map_err(Refused::from)
    }
}

/// Observations: they change nothing, and are journalled with the next effect.
impl<S: Service> Cx<S> {
    /// Observes the State.
    pub fn look<T: Durable>(&self, label: &'static str, look: impl FnOnce(&S::State) -> T) -> T {
        let label = Label::of(label);
        let nth = self.run.nth(label, false);
        let kept = self.kept(Key::Step(label, nth));
        if let Some(value) = kept {
            return value;
        }
        let value = look(&self.shared.store.borrow().state);
        self.run.observed(Seen::Value(label, nth, encode(&value)));
        value
    }

    /// Asks a question that changes nothing and may be asked again.
    ///
    /// # Errors
    /// What the server refused it with.
    pub async fn repeat<Q: Question>(
        &self,
        label: &'static str,
        to: Endpoint,
        question: Q,
        lend: &[Lend<'_>],
    ) -> Result<Q::Answer, Refused> {
        let label = Label::of(label);
        let nth = self.run.nth(label, true);
        if let Some(Item::Answered(_, reply)) = self.find_child(label, nth).map(|found| found.1) {
            return read_answer(&reply.into());
        }
        let leases = self.describe(lend);
        let reply = self.ask_volatile(to, &question.message(), &leases).await;
        self.run.observed(Seen::Reply(label, reply));
        read_answer(&reply)
    }

    /// Asks a question that changes nothing and whose answer comes with bytes: a buffer of
    /// `capacity` bytes is lent as the lease after those in `lend`.
    ///
    /// # Errors
    /// What the server refused it with.
    pub async fn repeat_reading<Q: Question>(
        &self,
        label: &'static str,
        to: Endpoint,
        question: Q,
        lend: &[Lend<'_>],
        capacity: usize,
    ) -> Result<(Q::Answer, Vec<u8>), Refused> {
        let label = Label::of(label);
        let nth = self.run.nth(label, true);
        let bytes_key = Key::Bytes(label, nth);
        if let Some(Item::Answered(_, reply)) = self.find_child(label, nth).map(|found| found.1) {
            let bytes: Option<ByteVec> = self.kept(bytes_key);
            let bytes = bytes.map(Vec::from).unwrap_or_default();
            return read_answer::<Q::Answer>(&reply.into()).map(|answer| (answer, bytes));
        }
        let mut buffer = vec![0_u8; capacity];
        let mut leases = self.describe(lend);
        let lent = Lend::Bytes(&buffer).describe(&*self.shared.system, self.run.id);
        leases.push(LeaseDescriptor {
            access: Access::Write as u32,
            ..lent
        });
        let reply = self.ask_volatile(to, &question.message(), &leases).await;
        self.shared.system.read_lent(lent.address, &mut buffer);
        // The kernel has written the buffer behind the compiler's back.
        let bytes = core::hint::black_box(buffer);
        self.run.observed(Seen::Reply(label, reply));
        self.run.observed(Seen::Bytes(
            label,
            nth,
            encode::<&ByteSlice>(&bytes.as_slice().into()),
        ));
        read_answer::<Q::Answer>(&reply).map(|answer| (answer, bytes))
    }

    /// Asks several questions that change nothing, and waits for the first answer, a deadline, or
    /// the caller's change of mind. The others are cancelled.
    pub async fn first_of(
        &self,
        label: &'static str,
        questions: &[(Endpoint, Message)],
        deadline: Time,
    ) -> First {
        let label = Label::of(label);
        let nth = self.run.nth(label, false);
        if let Some(kept) = self.kept::<(u64, crate::journal::KeptReply)>(Key::Step(label, nth)) {
            return first_from_words(kept.0, kept.1.into());
        }
        let tags: Vec<Tag> = questions
            .iter()
            .map(|(to, message)| self.submit_volatile(*to, message, &[]))
            .collect();
        let first = poll_fn(|_| {
            let volatile = self.shared.volatile.borrow();
            let answered = tags.iter().position(|tag| volatile.contains_key(tag));
            if let Some(index) = answered {
                return Poll::Ready(First::Answered(index, volatile[&tags[index]]));
            }
            if self.run.cancelled.get() {
                return Poll::Ready(First::Cancelled);
            }
            if deadline <= self.shared.now.get() {
                return Poll::Ready(First::Deadline);
            }
            self.run
                .deadline
                .set((deadline != Time::NEVER).then_some(deadline));
            Poll::Pending
        })
        .await;
        self.run.deadline.set(None);
        for tag in tags {
            if self.shared.volatile.borrow_mut().remove(&tag).is_none() {
                self.shared.system.cancel_submission(tag);
            }
        }
        let kept = first_to_words(first);
        self.run.observed(Seen::Value(label, nth, encode(&kept)));
        first
    }

    fn describe(&self, lend: &[Lend<'_>]) -> Vec<LeaseDescriptor> {
        let system = &*self.shared.system;
        lend.iter()
            .map(|l| l.describe(system, self.run.id))
            .collect()
    }

    async fn ask_volatile(
        &self,
        to: Endpoint,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Reply {
        let tag = self.submit_volatile(to, message, leases);
        poll_fn(|_| {
            let reply = self.shared.volatile.borrow_mut().remove(&tag);
            reply.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    fn submit_volatile(&self, to: Endpoint, message: &Message, leases: &[LeaseDescriptor]) -> Tag {
        let n = self.shared.repeats.get() + 1;
        self.shared.repeats.set(n);
        let generation = self.shared.start.generation.max(1);
        let tag = Tag {
            parent: self.run.parent(),
            index: n,
            generation,
        };
        if let Err(error) = self.shared.system.submit(to, tag, message, leases) {
            self.shared
                .volatile
                .borrow_mut()
                .insert(tag, refusal_of(error));
        }
        tag
    }
}

/// Effects.
impl<S: Service> Cx<S> {
    /// Changes the State once; a handler run again gets the same value.
    pub fn step<T: Durable>(
        &self,
        label: &'static str,
        change: impl FnOnce(&mut S::State) -> T,
    ) -> T {
        let label = Label::of(label);
        let key = Key::Step(label, self.run.nth(label, false));
        if let Some(value) = self.kept(key) {
            return value;
        }
        self.effect(|state, journal, id| {
            let value = change(state);
            journal.put(id, key, Item::Kept(encode(&value)));
            value
        })
    }

    /// Changes the State once `condition` says so, and goes on. It is tried as that of
    /// [`Cx::end_when`] is.
    pub async fn step_when<T: Durable>(
        &self,
        label: &'static str,
        key: u64,
        mut condition: impl FnMut(&mut S::State, &mut Wake) -> Poll<T>,
    ) -> T {
        let label = Label::of(label);
        let step = Key::Step(label, self.run.nth(label, false));
        if let Some(value) = self.kept(step) {
            return value;
        }
        let value = poll_fn(|_| {
            let now = self.shared.now.get();
            self.effect(|state, journal, id| {
                let mut wake = self.run.wake(0, now);
                let result = condition(state, &mut wake);
                self.run.waits(key, wake.deadline);
                result.map(|value| {
                    journal.put(id, step, Item::Kept(encode(&value)));
                    value
                })
            })
        })
        .await;
        self.run.waits_no_more();
        value
    }

    /// Asks another service once; a handler run again gets the same answer, or goes on waiting.
    /// On the service's own behalf there is no request that keeps the answer beyond a crash: it is
    /// then asked as a [`Cx::repeat`]ed question.
    ///
    /// # Errors
    /// What the server refused it with.
    pub async fn ask<Q: Question>(
        &self,
        label: &'static str,
        to: Endpoint,
        question: Q,
        lend: &[Lend<'_>],
    ) -> Result<Q::Answer, Refused> {
        if self.run.is_background() {
            return self.repeat(label, to, question, lend).await;
        }
        let label = Label::of(label);
        let nth = self.run.nth(label, true);
        let (index, item) = self.find_child(label, nth).unwrap_or_else(|| {
            self.effect(|_, journal, id| {
                let index = next_child(journal, id);
                journal.put(id, Key::Child(index), Item::Asked(label));
                (index, Item::Asked(label))
            })
        });
        if let Item::Answered(_, reply) = item {
            return read_answer(&reply.into());
        }
        let id = self.run.id;
        let tag = Tag {
            parent: id,
            index,
            generation: 0,
        };
        let leases = self.describe(lend);
        if let Err(error) = self
            .shared
            .system
            .submit(to, tag, &question.message(), &leases)
        {
            let refused = refusal_of(error);
            self.effect(|_, journal, id| {
                journal.put(id, Key::Child(index), Item::Answered(label, refused.into()));
            });
        }
        let reply = poll_fn(|_| {
            let store = self.shared.store.borrow();
            match store.journal.get(id, Key::Child(index)) {
                Some(Item::Answered(_, reply)) => Poll::Ready(Reply::from(*reply)),
                _ => Poll::Pending,
            }
        })
        .await;
        read_answer(&reply)
    }

    /// Makes kernel calls that change the world, once; a handler run again gets the same value,
    /// or makes them again (which is harmless: see `abi::Call`).
    pub fn kernel<T: Durable>(
        &self,
        label: &'static str,
        calls: impl FnOnce(&dyn System) -> T,
    ) -> T {
        let label = Label::of(label);
        let nth = self.run.nth(label, false);
        if let Some(value) = self.kept(Key::Step(label, nth)) {
            return value;
        }
        self.effect(|_, _, _| ());
        let value = calls(&*self.shared.system);
        self.run.observed(Seen::Value(label, nth, encode(&value)));
        value
    }

    /// Lets the requests waiting with this key try again.
    pub fn wake(&self, key: u64) {
        self.shared.woken.borrow_mut().push(key);
    }

    /// Ends the request: the last change and the answer are one.
    ///
    /// # Errors
    /// Never; `Ok` so that it can be a handler's last expression.
    pub fn end<A: Answer>(&self, change: impl FnOnce(&mut S::State) -> A) -> crate::Outcome {
        self.end_with(|state| Ok(change(state)))
    }

    /// Ends the request with an answer or a refusal that the change of the State decides.
    ///
    /// # Errors
    /// A refusal by `change`, which then must have changed nothing when it is `Withdrawn`.
    pub fn end_with<A: Answer>(
        &self,
        change: impl FnOnce(&mut S::State) -> Result<A, Refused>,
    ) -> crate::Outcome {
        self.effect(|state, journal, id| finish(journal, id, change(state)))
    }

    /// Ends the request once `condition` says so. It is tried at once and again whenever `key` is
    /// woken, the request is cancelled, or the deadline it gave to [`Wake::passed`] has come.
    ///
    /// # Errors
    /// A refusal by `condition`.
    pub async fn end_when<A: Answer>(
        &self,
        key: u64,
        mut condition: impl FnMut(&mut S::State, &mut Wake) -> Poll<Result<A, Refused>>,
    ) -> crate::Outcome {
        let outcome = poll_fn(|_| {
            let now = self.shared.now.get();
            self.effect(|state, journal, id| {
                let mark = match journal.get(id, Key::Mark) {
                    Some(Item::Mark(mark)) if simulated::holds(Rule::Mark) => *mark,
                    _ => 0,
                };
                let mut wake = self.run.wake(mark, now);
                let result = condition(state, &mut wake);
                if wake.mark != mark {
                    journal.put(id, Key::Mark, Item::Mark(wake.mark));
                }
                self.run.waits(key, wake.deadline);
                result.map(|result| finish(journal, id, result))
            })
        })
        .await;
        self.run.waits_no_more();
        outcome
    }

    /// Hands the request on to another service, which then answers the caller.
    ///
    /// # Errors
    /// Why the kernel refused it.
    pub fn forward<Q: Question>(
        &self,
        to: Endpoint,
        question: &Q,
        lend: &[Lend<'_>],
    ) -> crate::Outcome {
        self.effect(|_, _, _| ());
        let leases = self.describe(lend);
        self.shared
            .system
            .forward(self.run.id, to, &question.message(), &leases)?;
        Ok(End(Ending::Forwarded))
    }

    /// Ends a page fault with pages, by one of the `reply_..._pages` calls.
    ///
    /// # Errors
    /// Why the kernel refused it.
    pub fn end_with_pages(
        &self,
        give: impl FnOnce(&dyn System, RequestId) -> Result<(), CallError>,
    ) -> crate::Outcome {
        self.effect(|_, _, _| ());
        give(&*self.shared.system, self.run.id)?;
        Ok(End(Ending::Forwarded))
    }

    fn effect<R>(&self, effect: impl FnOnce(&mut S::State, &mut Journal, RequestId) -> R) -> R {
        let id = self.run.id;
        self.shared.with(|state, journal| {
            self.run.settle(journal);
            effect(state, journal, id)
        })
    }

    fn kept<T: Durable>(&self, key: Key) -> Option<T> {
        let store = self.shared.store.borrow();
        match store.journal.get(self.run.id, key) {
            Some(Item::Kept(bytes)) if simulated::holds(Rule::Steps) => {
                minicbor::decode(bytes).ok()
            }
            _ => None,
        }
    }

    fn find_child(&self, label: Label, nth: u32) -> Option<(u32, Item)> {
        if !simulated::holds(Rule::Answers) {
            return None;
        }
        let store = self.shared.store.borrow();
        let mut same = store
            .journal
            .children(self.run.id)
            .filter(|(_, item)| match item {
                Item::Asked(of) | Item::Answered(of, _) => *of == label,
                _ => false,
            });
        same.nth(nth as usize)
            .map(|(index, item)| (index, item.clone()))
    }
}

fn finish<A: Answer>(
    journal: &mut Journal,
    id: RequestId,
    result: Result<A, Refused>,
) -> crate::Outcome {
    let reply = match result {
        Ok(answer) => answer.to_reply(),
        Err(refused) => refused.to_reply().ok_or(refused)?,
    };
    journal.put(id, Key::Done, Item::Done(reply.into()));
    Ok(End(Ending::Replied(reply)))
}

/// A question that the kernel refused, as if its server had.
fn refusal_of(error: CallError) -> Reply {
    Reply::value(Refused::from(error).errno().unwrap_or(Errno::IO).result())
}

fn read_answer<A: Answer>(reply: &Reply) -> Result<A, Refused> {
    if let Some(refused) = Refused::from_reply(reply) {
        return Err(refused);
    }
    A::from_reply(reply).ok_or(Refused::from(Errno::PROTO))
}

fn encode<T: Encode<()> + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    match minicbor::encode(value, &mut bytes) {
        Ok(()) => bytes,
        Err(error) => match error.into_write() {
            Some(never) => match never {},
            None => Vec::new(),
        },
    }
}

const CANCELLED: u64 = u64::MAX;
const DEADLINE: u64 = u64::MAX - 1;

fn first_to_words(first: First) -> (u64, crate::journal::KeptReply) {
    match first {
        First::Answered(index, reply) => (index as u64, reply.into()),
        First::Deadline => (DEADLINE, Reply::default().into()),
        First::Cancelled => (CANCELLED, Reply::default().into()),
    }
}

fn first_from_words(word: u64, reply: Reply) -> First {
    match word {
        CANCELLED => First::Cancelled,
        DEADLINE => First::Deadline,
        index => First::Answered(usize::try_from(index).unwrap_or(usize::MAX), reply),
    }
}
