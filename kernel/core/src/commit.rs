//! The swap of one slot's instances: from here on the new one is the service.

use abi::slot::Phase;
use abi::{Endpoint, Time};

use crate::holding::Fruitless;
use crate::kernel::Kernel;
use crate::list::{Chain, List};
use crate::machine::Machine;
use crate::request::{Origin, RequestState};
use crate::rule::Rule;
use crate::slot::Unacknowledged;
use crate::thread::State;

impl<M: Machine> Kernel<M> {
    /// Makes the candidate of a slot its current instance.
    pub(crate) fn swap(&mut self, slot: Endpoint, fresh: bool) {
        let bits = if self.rules.hold(Rule::Notifications) {
            self.possible_bits(slot)
        } else {
            0
        };
        let record = self.slot_mut(slot);
        let old = record.current.take();
        let Some(new) = record.candidate.take() else {
            record.current = old;
            return;
        };
        record.current = Some(new);
        record.generation += 1;
        record.down = false;
        record.freezing = false;
        record.failure = abi::slot::Failure::None;
        record.ticks = 0;
        record.fruitless = Fruitless::NONE;
        record.notifications |= bits;
        self.take_over_requests(slot);
        if self.rules.hold(Rule::Disown) {
            self.disown(slot, fresh);
        }
        if let Some(old) = old {
            if !fresh && self.rules.hold(Rule::Kept) {
                self.take_over_kept(old, new);
            }
            self.end_instance(old);
        }
        if let Some(instance) = self.instances.get_mut(new) {
            instance.phase = Phase::Running;
            if slot == Endpoint::RS {
                self.rs_image = instance.stored.or(self.rs_image);
            }
            let memory = instance.memory;
            // An inbox that could not be freed now goes with the instance.
            let _ = self.memory.drop_inbox(&mut self.machine, memory);
        }
        let thread = self.instances.thread(new);
        self.threads[thread as usize].registers.rax = 0;
        self.make_ready(thread, State::Ready);
    }

    fn take_over_kept(&mut self, old: u16, new: u16) {
        let handles = (self.instances.get(old), self.instances.get(new));
        if let (Some(old), Some(new)) = handles {
            let (from, to) = (old.memory, new.memory);
            // A candidate has no kept pages before its commit, so there is room for the area.
            let _ = self.memory.move_kept(&mut self.machine, from, to);
        }
    }

    /// Delivered requests go back to the head of the queue, in order; the event that was not
    /// acknowledged is delivered again.
    fn take_over_requests(&mut self, slot: Endpoint) {
        let requests = &mut self.requests.items;
        while let Some(index) = self.slots[slot].cancels.pop_front(requests, Chain::Cancel) {
            requests[index as usize].cancel_told = false;
        }
        while self.rules.hold(Rule::Requeue)
            && let Some(index) = self.slots[slot].delivered.last()
        {
            self.unplace(index);
            self.requeue(index);
        }
        match core::mem::take(&mut self.slots[slot].unacknowledged) {
            Unacknowledged::Completion(index) if !self.rules.hold(Rule::Completions) => {
                self.forget_submission(index);
            }
            Unacknowledged::Completion(index) => {
                let completions = &mut self.slots[slot].completions;
                completions.push_front(&mut self.requests.items, Chain::Place, index);
            }
            Unacknowledged::Timer(deadline) if self.slots[slot].timer == Time::NEVER => {
                self.slots[slot].timer = deadline;
                self.schedule.next_timer = self.schedule.next_timer.min(deadline);
            }
            _ => {}
        }
    }

    /// Submissions of an instance, rather than of the slot, are nobody's from now on; and so are all
    /// of them when the new one has no State that knows of them.
    fn disown(&mut self, slot: Endpoint, fresh: bool) {
        let mut at = self.slots[slot].submitted.first();
        while let Some(index) = at {
            at = List::after(&self.requests.items, Chain::Maker, index);
            let request = &self.requests.items[index as usize];
            let own = matches!(request.origin, Origin::Submission(_, tag) if tag.generation != 0);
            if own || fresh {
                self.abandon(slot, index);
            }
        }
    }

    /// Ends a slot's interest in one of its submissions, whose completion is not being handled.
    pub(crate) fn abandon(&mut self, slot: Endpoint, index: u16) {
        let ended = self.requests.items[index as usize].state == RequestState::Ended;
        if ended {
            let completions = &mut self.slots[slot].completions;
            completions.remove(&mut self.requests.items, Chain::Place, index);
            self.forget_submission(index);
        } else if self.leave_submissions(index).is_some() {
            self.orphan(index);
        }
    }
}
