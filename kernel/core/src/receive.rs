//! Receive: a service acknowledges its last event and gets the next.

use abi::crash::RecentRequest;
use abi::event::{MAX_LEASES, notification};
use abi::lease::LeaseInformation;
use abi::limits::SLOTS;
use abi::{Call, Endpoint, Event, EventKind, RequestId, Time};

use crate::instance::InstanceIndex;
use crate::kernel::Kernel;
use crate::list::{Chain, List};
use crate::machine::Machine;
use crate::request::{Request, RequestIndex, RequestState};
use crate::ring::Record;
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
        let event = self.take_event(slot);
        if let Some(thread) = self.current_thread(slot) {
            let state = if event.is_some() {
                State::Running
            } else {
                State::Receiving
            };
            self.block(thread, state);
        }
        event
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

    /// The next event of a slot. It stays unacknowledged until [`Kernel::acknowledge`].
    pub(crate) fn take_event(&mut self, slot: Endpoint) -> Option<Event> {
        let now = self.machine.now();
        let requests = &mut self.requests.items;
        let record = &mut self.slots.items[slot.index() % SLOTS];
        let mut event = Event {
            now,
            from: Endpoint(0),
            ..Event::default()
        };
        if let Some(index) = record.completions.pop_front(requests, Chain::Place) {
            record.unacknowledged = Unacknowledged::Completion(index);
            self.fill_completion(&mut event, index);
        } else if let Some(index) = record.cancels.pop_front(requests, Chain::Cancel) {
            event.kind = EventKind::Cancel as u32;
            requests[index as usize].cancel_told = false;
            event.id = requests[index as usize].id;
            record.unacknowledged = Unacknowledged::Cancel(event.id);
        } else if record.timer <= now {
            event.kind = EventKind::Timer as u32;
            record.unacknowledged = Unacknowledged::Timer(record.timer);
            record.timer = Time::NEVER;
        } else if record.notifications != 0 {
            event.kind = EventKind::Notify as u32;
            event.bits = core::mem::take(&mut record.notifications);
            record.unacknowledged = Unacknowledged::Notify;
        } else {
            let index = record.queue.pop_front(requests, Chain::Place)?;
            self.deliver(&mut event, slot, index);
        }
        Some(event)
    }

    fn fill_completion(&self, event: &mut Event, index: RequestIndex) {
        let request = &self.requests.items[index as usize];
        event.kind = EventKind::Completion as u32;
        event.reply = request.reply;
        if let crate::request::Origin::Submission(_, tag) = request.origin {
            event.tag = tag;
        }
    }

    fn deliver(&mut self, event: &mut Event, slot: Endpoint, index: RequestIndex) {
        let order = self.requests.next_delivery();
        let record = &mut self.slots.items[slot.index() % SLOTS];
        record
            .delivered
            .push_back(&mut self.requests.items, Chain::Place, index);
        let request = &mut self.requests.items[index as usize];
        event.again = u32::from(request.known);
        request.state = RequestState::Delivered;
        request.begun = true;
        if !request.known {
            request.known = true;
            request.order = order;
        }
        record.unacknowledged = Unacknowledged::Request(request.id);
        event.kind = EventKind::Request as u32;
        event.fault = record.fault.take().map_or(0, |fault| fault as u32);
        fill_request(event, request);
        let id = request.id;
        let recent = RecentRequest {
            id,
            pid: request.caller.pid.0,
            protocol: request.message.protocol,
            from: request.from.0,
            kind: request.message.kind,
            again: event.again,
        };
        self.crashes.given(slot, recent);
        if event.again == 1 && !self.rules.hold(Rule::Cancellations) {
            event.cancelled = 0;
        }
        self.record(Record::Delivered(id, slot));
    }

    /// Puts a request back into its slot's queue: in front, behind those delivered before it.
    pub(crate) fn requeue(&mut self, index: RequestIndex) {
        let requests = &mut self.requests.items;
        requests[index as usize].state = RequestState::Queued;
        let (slot, order) = (requests[index as usize].at, requests[index as usize].order);
        let queue = &mut self.slots.items[slot.index() % SLOTS].queue;
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

    /// Finishes the `receive` of a thread that is about to run: writes the event to its page.
    /// `None` when there is nothing after all, and the thread waits.
    pub(crate) fn complete_receive(
        &mut self,
        thread: ThreadIndex,
        index: InstanceIndex,
    ) -> Option<()> {
        let instance = self.instances.get(index)?;
        let (slot, memory) = (instance.slot, instance.memory);
        if self.slot(slot).current != Some(index) || self.stop_at_receive(slot) {
            return None;
        }
        let Some(event) = self.take_event(slot) else {
            self.block(thread, State::Receiving);
            return None;
        };
        let frame = self.memory.event_frame(memory);
        self.machine.event_page(frame).event = event;
        self.threads[thread as usize].registers.rax = 0;
        (!self.pass_point(slot, thread, Call::Receive as u64, false)).then_some(())
    }

    /// All the notification bits that can ever be raised at a slot.
    pub(crate) fn possible_bits(&self, slot: Endpoint) -> u64 {
        let mut bits = 0;
        for (index, other) in self.slots.items.iter().enumerate() {
            if other.declared && other.declaration.notifies >> slot.0 & 1 == 1 {
                bits |= 1 << index;
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

/// The fields of an event that come from a request.
fn fill_request(event: &mut Event, request: &Request) {
    event.id = request.id;
    event.stamp = request.stamp;
    event.caller = request.caller;
    event.from = request.from;
    event.cancelled = u16::from(request.cancelled);
    event.message = request.message;
    for index in 0..MAX_LEASES {
        let lease = &request.leases[index];
        event.leases[index] = LeaseInformation {
            access: u64::from(lease.access),
            length: lease.length,
        };
    }
}
