//! Observations: they change nothing, and are journalled with the next effect.

use super::{Cx, Lend, Observable, encode, read_answer, refusal_of};
use crate::Service;
use crate::journal::{Item, KeptReply, Key, Label};
use crate::outcome::Refused;
use crate::run::Seen;
use abi::lease::{Access, LeaseDescriptor};
use abi::{Endpoint, Message, Reply, Tag, Time};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::Poll;
use minicbor::bytes::{ByteSlice, ByteVec};
use protocol::{Question, Repeatable};

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

impl<S: Service> Cx<S> {
    /// Observes the State.
    pub fn look<T: Observable>(&self, label: &'static str, look: impl FnOnce(&S::State) -> T) -> T {
        let label = Label::of(label);
        let nth = self.run.nth(label, false);
        let kept = self.kept(Key::Step(label, nth));
        if let Some(value) = kept {
            return value;
        }
        let value = look(&self.shared.store.borrow().state);
        let kept = Box::new(value.clone());
        self.run.observed(Seen::Value(label, nth, kept));
        value
    }

    /// Asks a question that changes nothing and may be asked again.
    ///
    /// # Errors
    /// What the server refused it with.
    pub async fn repeat<Q: Repeatable>(
        &self,
        label: &'static str,
        to: Endpoint,
        question: Q,
        lend: &[Lend<'_>],
    ) -> Result<Q::Answer, Refused> {
        self.ask_again(label, to, question, lend).await
    }

    /// Asks a question again whenever the handler runs again before its answer is journalled.
    pub(super) async fn ask_again<Q: Question>(
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
    pub async fn repeat_reading<Q: Repeatable>(
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
        if let Some(kept) = self.kept::<(u64, KeptReply)>(Key::Step(label, nth)) {
            return first_from_words(kept.0, kept.1.into());
        }
        let tags: Vec<Tag> = questions
            .iter()
            .map(|(to, message)| self.submit_volatile(*to, message, &[]))
            .collect();
        let awaiting = self.awaiting(tags.len());
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
        drop(awaiting);
        self.run.deadline.set(None);
        for tag in tags {
            if self.shared.volatile.borrow_mut().remove(&tag).is_none() {
                self.shared.system.cancel_submission(tag);
            }
        }
        let kept = first_to_words(first);
        self.run.observed(Seen::Value(label, nth, Box::new(kept)));
        first
    }

    async fn ask_volatile(
        &self,
        to: Endpoint,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Reply {
        let tag = self.submit_volatile(to, message, leases);
        self.answer_to(tag).await
    }

    /// Waits for the answer to a question that has been asked.
    async fn answer_to(&self, tag: Tag) -> Reply {
        let _awaiting = self.awaiting(1);
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

const CANCELLED: u64 = u64::MAX;
const DEADLINE: u64 = u64::MAX - 1;

fn first_to_words(first: First) -> (u64, KeptReply) {
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
