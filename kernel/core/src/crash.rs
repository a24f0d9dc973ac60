//! Crashes: what becomes of an instance that failed, and of the request it failed at.

use abi::event::notification;
use abi::limits::{POISON_CRASHES, POISON_SERVED};
use abi::slot::{Failure, Phase, Refusal};
use abi::trace::Record;
use abi::{Endpoint, Errno, Reply, RequestId};

use crate::instance::InstanceIndex;
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::request::{Origin, RequestState};
use crate::rule::Rule;
use crate::slot::Unacknowledged;
use crate::thread::{Kind, State, Thread, ThreadIndex};

impl<M: Machine> Kernel<M> {
    /// Ends the current instance of a slot as crashed. Its memory is kept for the export, its
    /// requests stay with the slot.
    pub fn crash(&mut self, slot: Endpoint, failure: Failure) {
        let instruction = self
            .current_thread(slot)
            .map_or(0, |thread| self.threads[thread as usize].registers.rip);
        self.crash_at(slot, failure, instruction, 0);
    }

    /// The same, with the instruction and the address that it crashed at.
    pub(crate) fn crash_at(
        &mut self,
        slot: Endpoint,
        failure: Failure,
        instruction: u64,
        address: u64,
    ) {
        let Some(index) = self.slot(slot).current else {
            return;
        };
        match self.instances.get_mut(index) {
            Some(instance) if instance.phase != Phase::Crashed => instance.phase = Phase::Crashed,
            _ => return,
        }
        self.block(self.instances.thread(index), State::Stopped);
        let record = self.slot_mut(slot);
        record.crashes += 1;
        record.failure = failure;
        record.crash_instruction = instruction;
        record.crash_address = address;
        record.fault = None;
        record.freezing = false;
        record.ticks = 0;
        self.clear_trap(slot);
        self.keep_crash(slot, index, self.instances.thread(index));
        self.log_crash(slot, index, failure);
        self.record(Record::Crashed(slot, failure as u32));
        self.poison(slot);
        self.raise(Endpoint::RS, notification::SLOT_CHANGED);
        if self.is_member(slot) {
            self.roll_back(slot, failure, Refusal::None);
        }
        self.recover_rs();
    }

    fn log_crash(&mut self, slot: Endpoint, index: InstanceIndex, failure: Failure) {
        let record = self.slot(slot);
        let (name, instruction, address) = (
            record.name(),
            record.crash_instruction,
            record.crash_address,
        );
        let base = self.instances.get(index).map_or(0, |instance| {
            self.memory.instance_layout(instance.memory).base
        });
        self.log(format_args!(
            "kernel: {name} crashed: {failure:?} at {instruction:#x} (base {base:#x}), \
             address {address:#x}"
        ));
    }

    /// The request that was current at a crash pays for it: at the second one in a row it is ended.
    fn poison(&mut self, slot: Endpoint) {
        let id = match self.slot(slot).unacknowledged {
            Unacknowledged::Request(id) | Unacknowledged::Cancel(id) => id,
            Unacknowledged::Completion(index) => match self.requests.items[index as usize].origin {
                Origin::Submission(_, tag) => tag.parent,
                _ => RequestId::NONE,
            },
            _ => RequestId::NONE,
        };
        let Ok(index) = self.held(slot, id) else {
            return;
        };
        let served = self.slot(slot).served;
        let request = &mut self.requests.items[index as usize];
        if served.saturating_sub(request.crashed_after) > POISON_SERVED {
            request.crashes = 0;
        }
        request.crashes += 1;
        request.crashed_after = served;
        if request.crashes >= POISON_CRASHES && self.rules.hold(Rule::Poison) {
            debug_assert_eq!(request.state, RequestState::Delivered);
            self.log(format_args!(
                "kernel: request {:x} is ended: it crashes its server",
                id.0
            ));
            self.finish(index, Reply::value(Errno::FAULT.result()));
        }
    }

    /// A thread of a service cannot go on: a current instance crashes, a candidate or an exporter
    /// ends its transaction.
    pub(crate) fn thread_failed(&mut self, thread: ThreadIndex, failure: Failure, address: u64) {
        let (Kind::Instance(index) | Kind::Exporter(index)) = self.threads[thread as usize].kind
        else {
            return;
        };
        let Some(instance) = self.instances.get(index) else {
            return;
        };
        let (slot, number) = (instance.slot, instance.number);
        let instruction = self.threads[thread as usize].registers.rip;
        if self.slot(slot).current == Some(index) {
            return self.crash_at(slot, failure, instruction, address);
        }
        self.block(thread, State::Stopped);
        self.log(format_args!(
            "kernel: slot {}: candidate {number} or the export for it failed: {failure:?} at \
             {instruction:#x}, address {address:#x}",
            slot.0
        ));
        self.roll_back(slot, failure, Refusal::None);
    }

    /// Ends an instance: its threads at once, its memory when nothing of it is lent.
    pub(crate) fn end_instance(&mut self, index: InstanceIndex) {
        for thread in [self.instances.thread(index), self.instances.exporter(index)] {
            self.block(thread, State::Stopped);
            self.threads[thread as usize] = Thread::default();
        }
        self.end_view(index);
        if let Some(instance) = self.instances.get_mut(index) {
            instance.ended = true;
            if instance.lent == 0 {
                self.free_instance(index);
            }
        }
    }

    /// Destroys the view that is exported for an instance.
    pub(crate) fn end_view(&mut self, index: InstanceIndex) {
        let view = self
            .instances
            .get_mut(index)
            .and_then(|instance| instance.view.take());
        if let Some(view) = view {
            self.memory.destroy_view(&mut self.machine, view);
        }
        let thread = self.instances.exporter(index);
        self.block(thread, State::Stopped);
        self.threads[thread as usize] = Thread::default();
    }

    fn free_instance(&mut self, index: InstanceIndex) {
        if let Some(instance) = self.instances.items[index as usize].take() {
            self.memory
                .destroy_instance(&mut self.machine, instance.memory);
        }
    }

    /// One lease of an instance's memory has ended.
    pub(crate) fn end_loan(&mut self, owner: InstanceIndex) {
        let Some(instance) = self.instances.get_mut(owner) else {
            return;
        };
        instance.lent = instance.lent.saturating_sub(1);
        if instance.ended && instance.lent == 0 {
            self.free_instance(owner);
        }
    }
}
