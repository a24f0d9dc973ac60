//! Receive: a service acknowledges its last event and gets the next.

use abi::crash::RecentRequest;
use abi::event::notification;
use abi::lease::LeaseInformation;
use abi::slot::Fault;
use abi::trace::Record;
use abi::{Call, Endpoint, Event, EventKind, RequestId, Time};

use crate::instance::InstanceIndex;
use crate::kernel::Kernel;
use crate::list::{Chain, List};
use crate::machine::{Frame, Machine};
use crate::request::{Origin, Request, RequestIndex, RequestState, Requests};
use crate::rule::Rule;
use crate::slot::Unacknowledged;
use crate::thread::{State, ThreadIndex};

impl<M: Machine> Kernel<M> {
    /// What a service does all the time: acknowledges its event and takes the next. `None` when
    /// there is none, or when the service has just been stopped for a transaction.
    pub fn receive(&mut self, slot: Endpoint) -> Option<Event> {
        self.slots.declared(slot).ok()?;
        self.acknowledge(slot);
        if self.stop_at_receive(slot) {
            return None;
        }
        let taken = self.take_event(slot);
        if let Some(thread) = self.current_thread(slot) {
            let state = if taken.is_some() {
                State::Running
            } else {
                State::Receiving
            };
            self.block(thread, state);
        }
        let mut event = Event::default();
        self.requests.describe(&taken?, &mut event);
        Some(event)
    }

    /// Notes that a service has handled its event.
    pub fn acknowledge(&mut self, slot: Endpoint) {
        self.attached(slot);
        let record = self.slot_mut(slot);
        record.ticks = 0;
        let handled = core::mem::take(&mut record.unacknowledged);
        if let Unacknowledged::Completion(index) = handled {
            self.forget_submission(index);
        }
        if slot == Endpoint::RS && handled != Unacknowledged::None {
            self.rs_attempts = 0;
        }
    }

    /// Whether a slot has an event.
    pub(crate) fn has_event(&self, slot: Endpoint) -> bool {
        let record = self.slot(slot);
        !record.queue.is_empty()
            || !record.completions.is_empty()
            || !record.cancels.is_empty()
            || record.notifications != 0
            || record.timer <= self.moment()
    }

    /// The next event of a slot. It stays unacknowledged until [`Kernel::acknowledge`].
    fn take_event(&mut self, slot: Endpoint) -> Option<Taken> {
        let now = self.moment();
        let requests = &mut self.requests.items;
        let record = &mut self.slots[slot];
        let what = if let Some(index) = record.completions.pop_front(requests, Chain::Place) {
            record.unacknowledged = Unacknowledged::Completion(index);
            What::Completion(index)
        } else if let Some(index) = record.cancels.pop_front(requests, Chain::Cancel) {
            requests[index as usize].cancel_told = false;
            let id = requests[index as usize].id;
            record.unacknowledged = Unacknowledged::Cancel(id);
            What::Cancel(id)
        } else if record.timer <= now {
            record.unacknowledged = Unacknowledged::Timer(record.timer);
            record.timer = Time::NEVER;
            What::Timer
        } else if record.notifications != 0 {
            record.unacknowledged = Unacknowledged::Notify;
            What::Notify(core::mem::take(&mut record.notifications))
        } else {
            let index = record.queue.pop_front(requests, Chain::Place)?;
            self.deliver(slot, index)
        };
        Some(Taken { what, now })
    }

    fn deliver(&mut self, slot: Endpoint, index: RequestIndex) -> What {
        let order = self.requests.next_delivery();
        let record = &mut self.slots[slot];
        record
            .delivered
            .push_back(&mut self.requests.items, Chain::Place, index);
        let request = &mut self.requests.items[index as usize];
        let again = request.known;
        request.state = RequestState::Delivered;
        request.begun = true;
        if !again {
            request.known = true;
            request.order = order;
        }
        record.unacknowledged = Unacknowledged::Request(request.id);
        let fault = record.fault.take();
        let (id, recent) = (request.id, recent(request, again));
        self.crashes.given(slot, recent);
        self.record(Record::Delivered(id, slot));
        What::Request {
            index,
            again,
            fault,
            hides_cancel: again && !self.rules.hold(Rule::Cancellations),
        }
    }

    /// Puts a request back into its slot's queue: in front, behind those delivered before it.
    pub(crate) fn requeue(&mut self, index: RequestIndex) {
        let requests = &mut self.requests.items;
        requests[index as usize].state = RequestState::Queued;
        let (slot, order) = (requests[index as usize].at, requests[index as usize].order);
        let queue = &mut self.slots[slot].queue;
        let mut before = if self.rules.hold(Rule::Order) {
            queue.first()
        } else {
            None
        };
        while let Some(at) = before {
            let other = &requests[at as usize];
            if !other.known || other.order > order {
                break;
            }
            before = List::after(requests, Chain::Place, at);
        }
        queue.insert(requests, Chain::Place, index, before);
        self.wake(slot);
    }

    /// Gives a new request to a service that waits for one and can have it at once, as it does when
    /// a program has asked and nothing else is to be done. Whether it was given.
    pub(crate) fn give_directly(&mut self, index: RequestIndex, to: Endpoint) -> bool {
        let Some(instance) = self.slot(to).current.filter(|_| self.schedule.picks) else {
            return false;
        };
        let thread = self.instances.thread(instance);
        let page = self.instances.get(instance).map(|instance| instance.event);
        // One that waits is neither frozen nor down, and has no event before this one.
        let (State::Receiving, Some(page)) = (self.threads[thread as usize].state, page) else {
            return false;
        };
        let now = self.moment();
        let request = &mut self.requests.items[index as usize];
        request.stamp = now;
        request.at = to;
        let made = made(request);
        self.record(made);
        let what = self.deliver(to, index);
        self.tell(page, &Taken { what, now });
        self.threads[thread as usize].registers.rax = 0;
        self.make_ready(thread, State::Ready);
        self.pass_point(to, thread, Call::Receive as u64, false);
        true
    }

    /// Writes an event where an instance finds it.
    fn tell(&mut self, page: Frame, taken: &Taken) {
        let event = &mut self.machine.event_page(page).event;
        self.requests.describe(taken, event);
    }

    /// Finishes the `receive` of a thread that is about to run: writes the event to its page.
    /// `None` when there is nothing after all, and the thread waits.
    pub(crate) fn complete_receive(
        &mut self,
        thread: ThreadIndex,
        index: InstanceIndex,
    ) -> Option<()> {
        let instance = self.instances.get(index)?;
        let (slot, page) = (instance.slot, instance.event);
        if self.slot(slot).current != Some(index) || self.stop_at_receive(slot) {
            return None;
        }
        let Some(taken) = self.take_event(slot) else {
            self.block(thread, State::Receiving);
            return None;
        };
        self.tell(page, &taken);
        self.threads[thread as usize].registers.rax = 0;
        (!self.pass_point(slot, thread, Call::Receive as u64, false)).then_some(())
    }

    /// All the notification bits that can ever be raised at a slot.
    pub(crate) fn possible_bits(&self, slot: Endpoint) -> u64 {
        let mut bits = 0;
        for (endpoint, other) in self.slots.all() {
            if other.declared && other.declaration.notifies >> slot.0 & 1 == 1 {
                bits |= 1 << endpoint.0;
            }
        }
        let interrupts = self.slot(slot).declaration.interrupts;
        for (number, line) in interrupts.into_iter().enumerate() {
            if line != u16::MAX {
                bits |= 1 << (notification::INTERRUPTS as usize + number);
            }
        }
        let told = [
            (Endpoint::RS, notification::SLOT_CHANGED),
            (self.slots.memory_manager, notification::MEMORY_FREED),
            (self.slots.scheduler, notification::QUANTUM),
        ];
        for (endpoint, bit) in told {
            bits |= if endpoint == slot { bit } else { 0 };
        }
        bits
    }

    /// Whether a request is this slot's to end.
    #[must_use]
    pub fn is_live(&self, slot: Endpoint, id: RequestId) -> bool {
        self.requests.find(id).is_some_and(|index| {
            let request = &self.requests.items[index as usize];
            request.at == slot && request.state != RequestState::Ended
        })
    }
}

/// An event that has been taken, and is still to be told.
struct Taken {
    what: What,
    now: Time,
}

enum What {
    Completion(RequestIndex),
    Cancel(RequestId),
    Timer,
    Notify(u64),
    Request {
        index: RequestIndex,
        again: bool,
        fault: Option<Fault>,
        /// Only where a simulation leaves out a rule.
        hides_cancel: bool,
    },
}

impl Requests {
    /// Writes what an event's kind names.
    fn describe(&self, taken: &Taken, event: &mut Event) {
        event.now = taken.now;
        event.fault = 0;
        match taken.what {
            What::Completion(index) => {
                let request = &self.items[index as usize];
                event.kind = EventKind::Completion as u32;
                event.reply = request.reply;
                if let Origin::Submission(_, tag) = request.origin {
                    event.tag = tag;
                }
            }
            What::Cancel(id) => {
                event.kind = EventKind::Cancel as u32;
                event.id = id;
            }
            What::Timer => event.kind = EventKind::Timer as u32,
            What::Notify(bits) => {
                event.kind = EventKind::Notify as u32;
                event.bits = bits;
            }
            What::Request {
                index,
                again,
                fault,
                hides_cancel,
            } => {
                event.kind = EventKind::Request as u32;
                event.again = again.into();
                event.fault = fault.map_or(0, |fault| fault as u32);
                let request = &self.items[index as usize];
                describe_request(event, request);
                event.cancelled = u16::from(request.cancelled && !hides_cancel);
            }
        }
    }
}

/// That a request has been made.
pub(crate) fn made(request: &Request) -> Record {
    Record::Made {
        id: request.id,
        to: request.at,
        protocol: request.message.protocol,
        kind: request.message.kind,
        pid: request.caller.pid,
    }
}

/// What is kept of a request for the record of a crash.
fn recent(request: &Request, again: bool) -> RecentRequest {
    RecentRequest {
        id: request.id,
        pid: request.caller.pid.0,
        protocol: request.message.protocol,
        from: request.from.0,
        kind: request.message.kind,
        again: again.into(),
    }
}

/// The fields of an event that come from a request.
fn describe_request(event: &mut Event, request: &Request) {
    event.id = request.id;
    event.stamp = request.stamp;
    event.caller = request.caller;
    event.from = request.from;
    event.message = request.message;
    for (told, lease) in event.leases.iter_mut().zip(&request.leases) {
        *told = LeaseInformation {
            access: u64::from(lease.access),
            length: lease.length,
        };
    }
}
