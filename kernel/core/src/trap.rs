//! Crashes at a chosen place: a service is ended at the n-th of its points, or when it has run for
//! so long. This is how every step of a service can be the one that it dies at.

use abi::slot::{Failure, Fault};
use abi::{Call, Endpoint, Time};

use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::slot::Trap;
use crate::thread::{Kind, State, ThreadIndex};

/// The kernel call that a service was ended at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Its number.
    pub(crate) call: u64,
    /// Whether it was not carried out.
    pub(crate) before: bool,
}

impl<M: Machine> Kernel<M> {
    /// Arranges a crash of a slot; `count` as [`Fault::AtPoint`] and [`Fault::AfterTime`] say.
    pub(crate) fn set_trap(&mut self, slot: Endpoint, fault: Fault, count: u64) {
        let record = self.slot_mut(slot);
        record.fault = None;
        record.trap = Trap::NONE;
        match fault {
            Fault::AtPoint => record.trap.point = record.points.saturating_add(count),
            Fault::AfterTime => record.trap.time = record.run_time.saturating_add(count),
            _ => record.fault = Some(fault),
        }
        if fault == Fault::AfterTime {
            self.schedule.trapped = Some(slot);
        }
    }

    /// A thread of a slot passes a point. Whether it is ended there.
    pub(crate) fn pass_point(
        &mut self,
        slot: Endpoint,
        thread: ThreadIndex,
        call: u64,
        before: bool,
    ) -> bool {
        let record = self.slot_mut(slot);
        record.points += 1;
        if record.points != record.trap.point {
            return false;
        }
        record.trap = Trap::NONE;
        self.ended_at = Some(Ended { call, before });
        self.thread_failed(thread, Failure::Killed, 0);
        self.ended_at = None;
        true
    }

    /// The point after a kernel call, unless the call has ended its thread, or is the one whose
    /// event is still to come.
    pub(crate) fn pass_point_after(&mut self, slot: Endpoint, thread: ThreadIndex, number: u64) {
        let record = &self.threads[thread as usize];
        let gone = matches!(record.kind, Kind::Free) || record.state == State::Stopped;
        if !gone && number != Call::Receive as u64 {
            self.pass_point(slot, thread, number, false);
        }
    }

    /// When the thread on the processor is to be ended for having run long enough.
    pub(crate) fn trap_time(&self, now: Time) -> Option<Time> {
        let slot = self.schedule.trapped?;
        let thread = self.schedule.running?;
        (self.slot_of(thread) == Some(slot)).then(|| {
            let record = self.slot(slot);
            now.after(record.trap.time.saturating_sub(record.run_time))
        })
    }

    /// Ends the thread on the processor if it has run long enough.
    pub(crate) fn check_trap(&mut self) {
        let (Some(slot), Some(thread)) = (self.schedule.trapped, self.schedule.running) else {
            return;
        };
        let record = self.slot(slot);
        if self.slot_of(thread) == Some(slot) && record.run_time >= record.trap.time {
            self.clear_trap(slot);
            self.thread_failed(thread, Failure::Killed, 0);
        }
    }

    /// Nothing is arranged for a slot any more.
    pub(crate) fn clear_trap(&mut self, slot: Endpoint) {
        self.slot_mut(slot).trap = Trap::NONE;
        if self.schedule.trapped == Some(slot) {
            self.schedule.trapped = None;
        }
    }

    /// The slot of a service's thread.
    fn slot_of(&self, thread: ThreadIndex) -> Option<Endpoint> {
        match self.threads[thread as usize].kind {
            Kind::Instance(index) | Kind::Exporter(index) => {
                self.instances.get(index).map(|found| found.slot)
            }
            Kind::Program | Kind::Free => None,
        }
    }
}
