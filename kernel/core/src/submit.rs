//! Submit: a service asks another one, under a tag of its own.

use abi::event::{MAX_LEASES, Outgoing};
use abi::message::{PROTOCOL_KERNEL, PROTOCOLS};
use abi::{Access, CallError, Caller, Endpoint, Errno, LeaseDescriptor, LeaseSource, Message};
use abi::{Reply, RequestId};

use crate::instance::InstanceIndex;
use crate::kernel::Kernel;
use crate::list::Chain;
use crate::machine::Machine;
use crate::receive::made;
use crate::request::{Lease, Origin, Owner, RequestIndex, RequestState};
use crate::rule::Rule;

/// The access bits of a page that may be executed; only in leases of forwarded page faults.
pub(crate) const ACCESS_EXECUTE: u32 = 4;

impl<M: Machine> Kernel<M> {
    /// Asks `to` in the name of the current instance of `slot`. A tag that is live, or whose
    /// completion is not acknowledged, does nothing.
    ///
    /// # Errors
    /// `NoSlot`; `NotPermitted` for a protocol that is not declared; `BadArgument` for a tag of
    /// another generation; `NoRequest` when the parent is not this slot's; `BadLease`; `TooMany`.
    pub fn submit(
        &mut self,
        slot: Endpoint,
        to: Endpoint,
        outgoing: &Outgoing,
    ) -> Result<(), CallError> {
        self.slots.declared(slot)?;
        self.check_protocol(slot, to, &outgoing.message)?;
        let tag = outgoing.tag;
        if tag.generation != 0 && tag.generation != self.slots[slot].generation {
            return Err(CallError::BadArgument);
        }
        if self.requests.tagged(slot, tag).is_some() && self.rules.hold(Rule::Tags) {
            return Ok(());
        }
        let caller = match tag.parent {
            RequestId::NONE => Caller::default(),
            parent => self.requests.items[self.held(slot, parent)? as usize].caller,
        };
        if self.slots[slot].submitted.len() >= self.slots[slot].declaration.submissions {
            return Err(CallError::TooMany);
        }
        let leases = self.resolve(slot, &outgoing.leases)?;
        let index = self.requests.make().ok_or(CallError::TooMany)?;
        let request = &mut self.requests.items[index as usize];
        request.origin = Origin::Submission(slot, tag);
        request.from = slot;
        request.caller = caller;
        request.message = outgoing.message;
        self.requests.enter(slot, tag, index);
        let submitted = &mut self.slots[slot].submitted;
        submitted.push_back(&mut self.requests.items, Chain::Maker, index);
        self.lend(index, leases);
        self.queue_new(index, to);
        Ok(())
    }

    /// Stamps a new request and puts it into the queue of `to`; a slot that is down ends it.
    pub(crate) fn queue_new(&mut self, index: RequestIndex, to: Endpoint) {
        let now = self.moment();
        let request = &mut self.requests.items[index as usize];
        request.stamp = now;
        self.queue(index, to);
    }

    /// Puts a request, which is in no list of places, at the end of the queue of `to`.
    pub(crate) fn queue(&mut self, index: RequestIndex, to: Endpoint) {
        let request = &mut self.requests.items[index as usize];
        request.at = to;
        request.state = RequestState::Queued;
        let made = made(request);
        let slot = &mut self.slots[to];
        slot.queue
            .push_back(&mut self.requests.items, Chain::Place, index);
        let down = slot.down || !slot.declared;
        self.record(made);
        if down {
            self.finish(index, Reply::value(Errno::IO.result()));
        } else {
            self.wake(to);
        }
    }

    /// Whether a service may speak a message's protocol to another one.
    pub(crate) fn check_protocol(
        &self,
        slot: Endpoint,
        to: Endpoint,
        message: &Message,
    ) -> Result<(), CallError> {
        self.slots.declared(to)?;
        if message.protocol >= PROTOCOLS {
            return Err(CallError::BadArgument);
        }
        let allowed = self.slot(slot).declaration.protocols[to.index()];
        if message.protocol == PROTOCOL_KERNEL || allowed >> message.protocol & 1 == 0 {
            return Err(CallError::NotPermitted);
        }
        Ok(())
    }

    /// A request that has been delivered to this slot and that it has to end.
    pub(crate) fn held(&self, slot: Endpoint, id: RequestId) -> Result<RequestIndex, CallError> {
        let index = self.requests.find(id).ok_or(CallError::NoRequest)?;
        let request = &self.requests.items[index as usize];
        let held = request.at == slot && request.state == RequestState::Delivered;
        if held {
            Ok(index)
        } else {
            Err(CallError::NoRequest)
        }
    }

    /// Resolves leases to their owners.
    pub(crate) fn resolve(
        &self,
        slot: Endpoint,
        descriptors: &[LeaseDescriptor; MAX_LEASES],
    ) -> Result<[Lease; MAX_LEASES], CallError> {
        let mut leases = [Lease::default(); MAX_LEASES];
        let instance = self.slot(slot).current;
        for (lease, descriptor) in leases.iter_mut().zip(descriptors) {
            if descriptor.source == LeaseSource::Own as u32 {
                *lease = lend_own(descriptor, instance)?;
            } else if descriptor.source == LeaseSource::Lent as u32 {
                *lease = self.lend_on(slot, descriptor)?;
            } else if descriptor.source != LeaseSource::None as u32 {
                return Err(CallError::BadLease);
            }
        }
        Ok(leases)
    }

    fn lend_on(&self, slot: Endpoint, wanted: &LeaseDescriptor) -> Result<Lease, CallError> {
        let index = self.held(slot, wanted.request)?;
        let position = usize::try_from(wanted.index).map_err(|_| CallError::BadLease)?;
        let lease = self.requests.items[index as usize]
            .leases
            .get(position)
            .ok_or(CallError::BadLease)?;
        let end = wanted
            .address
            .checked_add(wanted.length)
            .ok_or(CallError::BadLease)?;
        if lease.owner == Owner::None
            || end > lease.length
            || wanted.access == 0
            || wanted.access & !lease.access != 0
        {
            return Err(CallError::BadLease);
        }
        let address = lease
            .address
            .checked_add(wanted.address)
            .ok_or(CallError::BadLease)?;
        Ok(Lease {
            address,
            length: wanted.length,
            access: wanted.access,
            ..*lease
        })
    }

    /// Attaches leases to a request. Its own memory is lent for as long as the request lives.
    pub(crate) fn lend(&mut self, index: RequestIndex, leases: [Lease; MAX_LEASES]) {
        let id = self.requests.items[index as usize].id;
        self.requests.items[index as usize].leases = leases.map(|lease| {
            if lease.root == RequestId::NONE {
                Lease { root: id, ..lease }
            } else {
                lease
            }
        });
        for lease in leases {
            if let Owner::Instance(owner) = lease.owner
                && let Some(instance) = self.instances.get_mut(owner)
            {
                instance.lent += 1;
                self.requests.items[index as usize].lends = true;
            }
        }
    }

    /// Takes a request's leases away.
    pub(crate) fn take_back_leases(&mut self, index: RequestIndex) {
        let request = &mut self.requests.items[index as usize];
        if !core::mem::take(&mut request.lends) {
            return;
        }
        for at in 0..MAX_LEASES {
            let owner = &mut self.requests.items[index as usize].leases[at].owner;
            if let Owner::Instance(owner) = core::mem::take(owner) {
                self.end_loan(owner);
            }
        }
    }
}

fn lend_own(wanted: &LeaseDescriptor, instance: Option<InstanceIndex>) -> Result<Lease, CallError> {
    let owner = Owner::Instance(instance.ok_or(CallError::BadLease)?);
    let inside = wanted
        .address
        .checked_add(wanted.length)
        .is_some_and(|end| end <= abi::layout::USER_TOP);
    if !inside || wanted.access == 0 || wanted.access & !(Access::Both as u32) != 0 {
        return Err(CallError::BadLease);
    }
    Ok(Lease {
        owner,
        address: wanted.address,
        length: wanted.length,
        access: wanted.access,
        root: RequestId::NONE,
    })
}
