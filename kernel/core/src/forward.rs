//! Forward: a service hands a request on and forgets it.

use abi::event::Outgoing;
use abi::{CallError, Endpoint, RequestId};

use crate::holding::Fruitless;
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::request::{Miss, Origin, Owner};
use crate::submit::ACCESS_EXECUTE;

impl<M: Machine> Kernel<M> {
    /// Hands a request that `slot` holds on to `to`, with a new message and leases. Caller, stamp
    /// and who hears the reply stay.
    ///
    /// # Errors
    /// `NoRequest`, `NoSlot`, `NotPermitted`, `BadLease`. The request stays where it is then.
    pub fn forward(
        &mut self,
        slot: Endpoint,
        id: RequestId,
        to: Endpoint,
        outgoing: &Outgoing,
    ) -> Result<(), CallError> {
        let index = self.held(slot, id)?;
        self.check_protocol(slot, to, &outgoing.message)?;
        let fault = matches!(
            self.requests.items[index as usize].origin,
            Origin::Fault { .. } | Origin::Copy { .. }
        );
        let mut descriptors = outgoing.leases;
        let mut execute = [0; abi::event::MAX_LEASES];
        if fault {
            // What the page is to be mapped with; the lease itself never allows a fetch.
            for (bits, descriptor) in execute.iter_mut().zip(&mut descriptors) {
                *bits = descriptor.access & ACCESS_EXECUTE;
                descriptor.access &= !ACCESS_EXECUTE;
            }
        }
        let mut leases = self.resolve(slot, &descriptors)?;
        for (lease, bits) in leases.iter_mut().zip(execute) {
            if fault && lease.owner != Owner::None && lease.root != id {
                return Err(CallError::BadLease);
            }
            lease.access |= bits;
        }
        self.slot_mut(slot).fruitless = Fruitless::NONE;
        self.unplace(index);
        self.take_back_leases(index);
        let request = &mut self.requests.items[index as usize];
        request.from = slot;
        request.message = outgoing.message;
        request.known = false;
        request.crashes = 0;
        request.miss = Miss::default();
        self.lend(index, leases);
        self.queue(index, to);
        Ok(())
    }
}
