//! Reply, and every other way in which a request ends.

use abi::trace::Record;
use abi::{CallError, Endpoint, Errno, Reply, RequestId, Tag};

use crate::kernel::Kernel;
use crate::list::Chain;
use crate::machine::Machine;
use crate::process::Carried;
use crate::request::{Origin, Report, RequestIndex, RequestState};
use crate::slot::Unacknowledged;
use crate::thread::{State, ThreadIndex};

impl<M: Machine> Kernel<M> {
    /// Ends a request that `slot` holds.
    ///
    /// # Errors
    /// `NoRequest` when it does not hold it.
    pub fn reply(&mut self, slot: Endpoint, id: RequestId, reply: Reply) -> Result<(), CallError> {
        let Ok(index) = self.held(slot, id) else {
            self.log(format_args!(
                "kernel: slot {} replied to {:x}, not its own",
                slot.0, id.0
            ));
            return Err(CallError::NoRequest);
        };
        self.slot_mut(slot).serve();
        self.finish(index, reply);
        Ok(())
    }

    /// Ends a request, wherever it is, and tells who made it.
    pub(crate) fn finish(&mut self, index: RequestIndex, reply: Reply) {
        self.unplace(index);
        self.take_back_leases(index);
        let request = &mut self.requests.items[index as usize];
        request.state = RequestState::Ended;
        let (id, origin) = (request.id, request.origin);
        self.record(Record::Ended(id, reply.result));
        if let Origin::Submission(slot, _) = origin {
            self.requests.items[index as usize].reply = reply;
            let completions = &mut self.slots[slot].completions;
            completions.push_back(&mut self.requests.items, Chain::Place, index);
            return self.wake(slot);
        }
        if let Origin::Copy { thread, .. } = origin {
            let copies = &mut self.processes.items[thread as usize].copies;
            copies.remove(&mut self.requests.items, Chain::Maker, index);
        }
        self.requests.release(index);
        match origin {
            Origin::Nobody | Origin::Submission(..) => {}
            Origin::Call(thread) => self.finish_call(thread, reply),
            Origin::Report(thread, report) => self.finish_report(thread, report, reply),
            Origin::Fault {
                thread,
                error_code,
                address,
            } => {
                self.finish_fault(thread, error_code, address, reply);
            }
            Origin::Copy { held, .. } => self.finish_copy(held, reply.result),
        }
    }

    /// Takes a request out of the lists of the slot it is at.
    pub(crate) fn unplace(&mut self, index: RequestIndex) {
        let requests = &mut self.requests.items;
        let request = requests[index as usize];
        let slot = &mut self.slots[request.at];
        match request.state {
            RequestState::Queued => slot.queue.remove(requests, Chain::Place, index),
            RequestState::Delivered => slot.delivered.remove(requests, Chain::Place, index),
            RequestState::Held => slot.held.remove(requests, Chain::Place, index),
            RequestState::Free | RequestState::Ended => {}
        }
        if request.cancel_told {
            slot.cancels.remove(requests, Chain::Cancel, index);
            requests[index as usize].cancel_told = false;
        }
        if slot.unacknowledged == Unacknowledged::Cancel(request.id) {
            slot.unacknowledged = Unacknowledged::None;
        }
    }

    fn finish_call(&mut self, thread: ThreadIndex, reply: Reply) {
        self.threads[thread as usize].registers.rax = reply.result.cast_unsigned();
        let process = &mut self.processes.items[thread as usize];
        process.carried = Carried {
            signal: reply.signal,
            group: reply.signal_group,
        };
        if reply.result == Errno::RESTART.result() {
            // Only pm knows whether the call starts again; a program must never see this.
            process.interrupted = true;
        }
        self.make_ready(thread, State::Ready);
    }

    fn finish_report(&mut self, thread: ThreadIndex, report: Report, reply: Reply) {
        if report == Report::Exception && reply.result != 0 {
            self.halt(thread);
        } else {
            self.make_ready(thread, State::Ready);
        }
    }

    fn finish_fault(&mut self, thread: ThreadIndex, error_code: u64, address: u64, reply: Reply) {
        match Errno::check(reply.result) {
            Ok(_) => self.make_ready(thread, State::Ready),
            Err(errno) => self.report_exception(thread, [14, error_code, address, errno.0.into()]),
        }
    }

    /// Forgets a submission of which nobody is to hear any more; its record is in no list of
    /// places.
    pub(crate) fn forget_submission(&mut self, index: RequestIndex) {
        if self.leave_submissions(index).is_some() {
            self.requests.release(index);
        }
    }

    /// Takes a submission out of its slot's lists; nobody hears its reply from now on.
    pub(crate) fn leave_submissions(&mut self, index: RequestIndex) -> Option<(Endpoint, Tag)> {
        let Origin::Submission(slot, tag) = self.requests.items[index as usize].origin else {
            return None;
        };
        self.requests.leave(slot, tag, index);
        let submitted = &mut self.slots[slot].submitted;
        submitted.remove(&mut self.requests.items, Chain::Maker, index);
        self.requests.items[index as usize].origin = Origin::Nobody;
        Some((slot, tag))
    }
}
