//! What a handler does with its request, the State, and other services.

mod effect;
mod observation;

use crate::journal::{Item, Journal, Key, Label};
use crate::outcome::{End, Ending, Refused};
use crate::run::{Awaiting, Run, Shared, encode};
use crate::simulated::{self, Rule};
use crate::{Service, System, epoch};
use abi::lease::{Access, LeaseDescriptor, LeaseInformation, LeaseSource};
use abi::{CallError, Caller, Endpoint, Errno, Message, Reply, RequestId, Time};
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
pub use observation::First;
use protocol::Answer;

/// A value that the journal can keep.
pub trait Durable: Encode<()> + for<'b> Decode<'b, ()> {}
impl<T: Encode<()> + for<'b> Decode<'b, ()>> Durable for T {}

/// A value that a run remembers until it is known whether the journal has to.
pub trait Observable: Durable + Clone + 'static {}
impl<T: Durable + Clone + 'static> Observable for T {}

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

/// What observations and effects have in common.
impl<S: Service> Cx<S> {
    fn effect<R>(&self, effect: impl FnOnce(&mut S::State, &mut Journal) -> R) -> R {
        self.shared.with(|state, journal| {
            self.run.settle(journal);
            effect(state, journal)
        })
    }

    /// The answer to the request, in the closure that decides it. Nobody has seen anything of a run
    /// that has changed nothing and journalled nothing: should the answer not get away, another run
    /// may find another one.
    fn finish<A: Answer>(
        &self,
        journal: &mut Journal,
        result: Result<A, Refused>,
    ) -> crate::Outcome {
        let reply = match result {
            Ok(answer) => answer.to_reply(),
            Err(refused) => refused.to_reply().ok_or(refused)?,
        };
        let is_needed = epoch::has_changed() || self.run.is_journalled();
        if is_needed && !self.run.is_background() {
            journal.set_answer(self.run.id, reply);
        }
        Ok(End(Ending::Replied(reply)))
    }

    /// The run waits for answers to so many questions.
    fn awaiting(&self, questions: usize) -> Awaiting {
        Awaiting::new(&self.run, &self.shared, questions as u64)
    }

    fn kept<T: Durable>(&self, key: Key) -> Option<T> {
        if !self.run.is_journalled() {
            return None;
        }
        let store = self.shared.store.borrow();
        match store.journal.get(self.run.id, key) {
            Some(Item::Kept(bytes)) if simulated::holds(Rule::Steps) => {
                minicbor::decode(bytes).ok()
            }
            _ => None,
        }
    }

    fn find_child(&self, label: Label, nth: u32) -> Option<(u32, Item)> {
        if !self.run.is_journalled() || !simulated::holds(Rule::Answers) {
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

    fn describe(&self, lend: &[Lend<'_>]) -> Vec<LeaseDescriptor> {
        let system = &*self.shared.system;
        lend.iter()
            .map(|l| l.describe(system, self.run.id))
            .collect()
    }
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
