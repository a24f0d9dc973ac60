//! Cancellation: a level on a request. Its server still ends it.

use abi::trace::Record;
use abi::{CallError, Endpoint, RequestId, Tag};

use crate::kernel::Kernel;
use crate::list::{Chain, List};
use crate::machine::Machine;
use crate::request::{Origin, RequestIndex, RequestState};

impl<M: Machine> Kernel<M> {
    /// Cancels the submissions of `slot` whose tag has this parent.
    ///
    /// # Errors
    /// `NoSlot`.
    pub fn cancel_children(&mut self, slot: Endpoint, parent: RequestId) -> Result<(), CallError> {
        self.slots.declared(slot)?;
        let mut at = self.requests.children(slot, parent);
        while let Some(index) = at {
            at = List::after(&self.requests.items, Chain::Bucket, index);
            match self.requests.items[index as usize].origin {
                Origin::Submission(from, tag) if from == slot && tag.parent == parent => {
                    self.cancel(index);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Cancels one submission of `slot`; one that has ended stays so.
    ///
    /// # Errors
    /// `NoSlot`; `NoRequest` when no submission has this tag.
    pub fn cancel_submission(&mut self, slot: Endpoint, tag: Tag) -> Result<(), CallError> {
        self.slots.declared(slot)?;
        let index = self
            .requests
            .tagged(slot, tag)
            .ok_or(CallError::NoRequest)?;
        self.cancel(index);
        Ok(())
    }

    /// Raises the level on a request.
    pub(crate) fn cancel(&mut self, index: RequestIndex) {
        let request = &mut self.requests.items[index as usize];
        if request.cancelled || request.state == RequestState::Ended {
            return;
        }
        request.cancelled = true;
        let (id, at, state) = (request.id, request.at, request.state);
        self.record(Record::Cancelled(id));
        if state == RequestState::Delivered {
            self.requests.items[index as usize].cancel_told = true;
            let cancels = &mut self.slots[at].cancels;
            cancels.push_back(&mut self.requests.items, Chain::Cancel, index);
            self.wake(at);
        }
    }

    /// The one who made a request is gone: one that was never delivered vanishes, any other is
    /// cancelled, and nobody hears its reply.
    pub(crate) fn orphan(&mut self, index: RequestIndex) {
        self.requests.items[index as usize].origin = Origin::Nobody;
        let request = &self.requests.items[index as usize];
        if request.begun {
            self.cancel(index);
        } else {
            self.unplace(index);
            self.take_back_leases(index);
            self.requests.release(index);
        }
    }
}
