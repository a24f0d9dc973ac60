//! Whether a service still knows what it has in hand. Each time it asks for an event it says how
//! much it holds; a request or an answer that it has lost track of would otherwise be waited for
//! without an end. And whether what it does comes to anything: a driver that handles the same interrupt
//! again and again asks for events all the time.

use abi::event::Holding;
use abi::limits::{FRUITLESS_TICKS, QUESTIONS, QUESTIONS_TIME};
use abi::slot::Failure;
use abi::{Endpoint, RequestId, Time};

use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::schedule::TICK;
use crate::slot::Unacknowledged;

/// Questions asked in the name of a request, lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Questions {
    count: usize,
    since: Time,
}

impl Questions {
    /// Counts one more; whether that is too many in too short a time.
    fn count(&mut self, now: Time) -> bool {
        if now.since(self.since) > QUESTIONS_TIME {
            *self = Questions {
                count: 0,
                since: now,
            };
        }
        self.count += 1;
        self.count > QUESTIONS
    }
}

/// Ticks that a service was seen running and came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fruitless {
    ticks: u32,
    since: Time,
}

impl Fruitless {
    pub(crate) const NONE: Fruitless = Fruitless {
        ticks: 0,
        since: Time(0),
    };

    /// Counts one more; whether that is too many, and more than half of the time.
    pub(crate) fn count(&mut self, now: Time) -> bool {
        if now.since(self.since) > 2 * TICK * u64::from(FRUITLESS_TICKS) {
            *self = Fruitless {
                ticks: 0,
                since: now,
            };
        }
        self.ticks += 1;
        self.ticks >= FRUITLESS_TICKS
    }
}

impl<M: Machine> Kernel<M> {
    /// Ends the current instance of a slot when it does not hold what it should. Whether it does.
    pub(crate) fn check_holding(&mut self, slot: Endpoint, holding: Holding) -> bool {
        let record = self.slot(slot);
        let acknowledges = matches!(record.unacknowledged, Unacknowledged::Completion(_));
        let asked = record.submitted.len() - u32::from(acknowledges);
        let (requests, questions) = (record.delivered.len(), u64::from(asked));
        let sound = holding.requests == u64::from(requests)
            && holding.questions <= questions
            && holding.requests <= holding.questions.saturating_add(holding.waiting);
        if !sound {
            let Holding {
                requests: held,
                questions: asked,
                waiting,
            } = holding;
            self.log(format_args!(
                "kernel: slot {} holds {held} requests, of which {waiting} wait for no answer, and \
                 waits for {asked} answers; it has been given {requests} and asked for {questions}",
                slot.0
            ));
            self.crash(slot, Failure::LostTrack);
        }
        sound
    }

    /// Counts a question against the request in whose name it is asked, and ends the current
    /// instance of a slot that asks without an end. Whether it may ask.
    pub(crate) fn may_ask(&mut self, slot: Endpoint, parent: RequestId) -> bool {
        let now = self.moment();
        let Ok(index) = self.held(slot, parent) else {
            return true;
        };
        let runaway = self.requests.items[index as usize].questions.count(now);
        if runaway {
            self.log(format_args!(
                "kernel: slot {} asks without an end for request {:x}",
                slot.0, parent.0
            ));
            self.crash(slot, Failure::Runaway);
        }
        !runaway
    }
}
