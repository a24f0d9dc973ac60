//! Effects: each is journalled, with the observations before it, in its own closure.

use super::{Cx, Durable, Lend, Observable, encode, read_answer, refusal_of};
use crate::journal::{Item, Journal, Key, Label};
use crate::outcome::{End, Ending, Refused};
use crate::run::Seen;
use crate::simulated::{self, Rule};
use crate::{Service, System, Wake, epoch};
use abi::{CallError, Endpoint, Reply, RequestId, Tag};
use alloc::boxed::Box;
use core::future::poll_fn;
use core::task::Poll;
use protocol::{Answer, Question};

impl<S: Service> Cx<S> {
    /// Changes the State once; a handler run again gets the same value. A change that comes to
    /// nothing is an observation.
    pub fn step<T: Observable>(
        &self,
        label: &'static str,
        change: impl FnOnce(&mut S::State) -> T,
    ) -> T {
        let label = Label::of(label);
        let nth = self.run.nth(label, false);
        let key = Key::Step(label, nth);
        if let Some(value) = self.kept(key) {
            return value;
        }
        self.shared.with(|state, journal| {
            let value = change(state);
            if epoch::has_changed() {
                self.run.settle(journal);
                self.run.put(journal, key, Item::Kept(encode(&value)));
            } else {
                let kept = Box::new(value.clone());
                self.run.observed(Seen::Value(label, nth, kept));
            }
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
            self.effect(|state, journal| {
                let mut wake = self.run.wake(0, now);
                let result = condition(state, &mut wake);
                self.run.waits(key, wake.deadline);
                result.map(|value| {
                    self.run.put(journal, step, Item::Kept(encode(&value)));
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
            return self.ask_again(label, to, question, lend).await;
        }
        let label = Label::of(label);
        let nth = self.run.nth(label, true);
        let (index, item) = self.find_child(label, nth).unwrap_or_else(|| {
            self.effect(|_, journal| {
                let index = journal.next_child(self.run.id);
                self.run.put(journal, Key::Child(index), Item::Asked(label));
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
            self.effect(|_, journal| {
                let answered = Item::Answered(label, refused.into());
                self.run.put(journal, Key::Child(index), answered);
            });
        }
        let awaiting = self.awaiting(1);
        let reply = poll_fn(|_| {
            let store = self.shared.store.borrow();
            match store.journal.get(id, Key::Child(index)) {
                Some(Item::Answered(_, reply)) => Poll::Ready(Reply::from(*reply)),
                _ => Poll::Pending,
            }
        })
        .await;
        drop(awaiting);
        read_answer(&reply)
    }

    /// Makes kernel calls that change the world, once; a handler run again gets the same value,
    /// or makes them again (which is harmless: see `abi::Call`).
    pub fn kernel<T: Observable>(
        &self,
        label: &'static str,
        calls: impl FnOnce(&dyn System) -> T,
    ) -> T {
        let label = Label::of(label);
        let nth = self.run.nth(label, false);
        if let Some(value) = self.kept(Key::Step(label, nth)) {
            return value;
        }
        self.effect(|_, _| ());
        let value = calls(&*self.shared.system);
        let kept = Box::new(value.clone());
        self.run.observed(Seen::Value(label, nth, kept));
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
        self.shared
            .with(|state, journal| self.finish(journal, change(state)))
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
            self.shared.with(|state, journal| {
                let mark = self.mark(journal);
                let mut wake = self.run.wake(mark, now);
                let result = condition(state, &mut wake);
                if result.is_pending() || wake.mark != mark {
                    self.run.settle(journal);
                }
                if wake.mark != mark {
                    self.run.put(journal, Key::Mark, Item::Mark(wake.mark));
                }
                self.run.waits(key, wake.deadline);
                result.map(|result| self.finish(journal, result))
            })
        })
        .await;
        self.run.waits_no_more();
        outcome
    }

    /// How far a waiting request has come.
    fn mark(&self, journal: &Journal) -> u64 {
        if !self.run.is_journalled() || !simulated::holds(Rule::Mark) {
            return 0;
        }
        match journal.get(self.run.id, Key::Mark) {
            Some(Item::Mark(mark)) => *mark,
            _ => 0,
        }
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
        give(&*self.shared.system, self.run.id)?;
        Ok(End(Ending::Forwarded))
    }
}
