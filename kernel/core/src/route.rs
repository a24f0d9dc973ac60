//! Routes: calls of programs on a descriptor that go straight to the service that has the object behind
//! it. Whoever owns such a call states what it would hand the request on with; the kernel does the same
//! for the calls that follow. It knows neither what a descriptor is nor what the message says.

use abi::event::Outgoing;
use abi::layout::USER_TOP;
use abi::limits::ROUTED_DESCRIPTORS;
use abi::word::index;
use abi::{CallError, Endpoint, Message, Pid};

use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::request::{Lease, Origin, Owner};
use crate::thread::ThreadIndex;

/// Routes of a descriptor: one call that reads, one that writes.
const WAYS: usize = 2;

/// What a call on a descriptor becomes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    /// The first word of the message; the second is the length of the memory that is lent.
    first: u64,
    /// The service; `NONE` when there is no route.
    to: Endpoint,
    /// The service that would have handed it on.
    from: Endpoint,
    /// The number of the call.
    number: u16,
    protocol: u16,
    version: u16,
    /// The bits of `Access` with which the memory is lent.
    access: u16,
    kind: u32,
    /// Bytes that are lent at most.
    most: u32,
    /// The generation of who stated it: another instance states it anew.
    generation: u32,
}

impl Route {
    const NONE: Route = Route {
        first: 0,
        to: Endpoint::NONE,
        from: Endpoint::NONE,
        number: 0,
        protocol: 0,
        version: 0,
        access: 0,
        kind: 0,
        most: 0,
        generation: 0,
    };

    fn message(&self, length: u64) -> Message {
        Message {
            protocol: self.protocol,
            version: self.version,
            kind: self.kind,
            words: [self.first, length, 0, 0, 0, 0, 0],
        }
    }
}

/// The routes of a process, by descriptor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Routes([[Route; WAYS]; ROUTED_DESCRIPTORS]);

impl Routes {
    pub(crate) const NONE: Routes = Routes([[Route::NONE; WAYS]; ROUTED_DESCRIPTORS]);

    fn find(&self, descriptor: u64, number: u64) -> Option<&Route> {
        let ways = self.0.get(index(descriptor))?;
        ways.iter()
            .find(|way| u64::from(way.number) == number && way.to != Endpoint::NONE)
    }
}

/// A route that is stated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stated {
    pub(crate) pid: Pid,
    pub(crate) descriptor: u64,
    pub(crate) number: u16,
    pub(crate) to: Endpoint,
    pub(crate) most: u32,
}

impl<M: Machine> Kernel<M> {
    /// States what a call on a descriptor becomes. A level; descriptors beyond those that can be routed
    /// are passed over.
    ///
    /// # Errors
    /// `NoProcess`; `NotPermitted` when the call is not this slot's, or the message is none that it may
    /// send there; `BadLease` for an access that is none.
    pub(crate) fn state_route(
        &mut self,
        slot: Endpoint,
        stated: Stated,
        outgoing: &Outgoing,
    ) -> Result<(), CallError> {
        let process = self.processes.find(stated.pid)?;
        if !self.slots.owns(slot, stated.number.into()) {
            return Err(CallError::NotPermitted);
        }
        let Message {
            protocol,
            version,
            kind,
            words: [first, ..],
        } = outgoing.message;
        self.check_protocol(slot, stated.to, &outgoing.message)?;
        let access = match outgoing.leases[0].access {
            access @ 1..=2 => access,
            _ => return Err(CallError::BadLease),
        };
        let generation = self.slot(slot).generation;
        let routes = &mut self.processes.routes[process as usize].0;
        if let Some(ways) = routes.get_mut(index(stated.descriptor)) {
            ways[access as usize - 1] = Route {
                first,
                to: stated.to,
                from: slot,
                number: stated.number,
                protocol,
                version,
                access: access.to_le_bytes()[0].into(),
                kind,
                most: stated.most,
                generation,
            };
        }
        Ok(())
    }

    /// Forgets the routes of `count` descriptors.
    ///
    /// # Errors
    /// `NoProcess`.
    pub(crate) fn forget_routes(
        &mut self,
        pid: Pid,
        descriptor: u64,
        count: u64,
    ) -> Result<(), CallError> {
        let process = self.processes.find(pid)?;
        let routes = &mut self.processes.routes[process as usize].0;
        let from = index(descriptor).min(ROUTED_DESCRIPTORS);
        let end = from.saturating_add(index(count)).min(ROUTED_DESCRIPTORS);
        routes[from..end].fill([Route::NONE; WAYS]);
        Ok(())
    }

    /// Sends a call where its route leads, if it has one. Whether it was sent: one whose memory is none
    /// goes to the owner of the call, who says so, and so does one whose owner has a new instance.
    pub(crate) fn follow_route(
        &mut self,
        thread: ThreadIndex,
        number: u64,
        [descriptor, address, length, ..]: [u64; 6],
    ) -> bool {
        let routes = &self.processes.routes[thread as usize];
        let Some(route) = routes.find(descriptor, number).copied() else {
            return false;
        };
        let length = length.min(route.most.into());
        let is_old = self.slot(route.from).generation != route.generation;
        if is_old || address.checked_add(length).is_none_or(|end| end > USER_TOP) {
            return false;
        }
        let message = route.message(length);
        let Some(index) = self.make_for(thread, Origin::Call(thread), message) else {
            return false;
        };
        let request = &mut self.requests.items[index as usize];
        request.from = route.from;
        request.leases[0] = Lease {
            owner: Owner::Space(request.caller.space),
            address,
            length,
            access: route.access.into(),
            root: request.id,
        };
        self.wait_for(thread, index, route.to);
        true
    }
}
