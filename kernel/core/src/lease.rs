//! Copies from and to lent memory. A copy never waits: a page of a program that is not there is
//! asked of vm in the program's name, and the request that needed it is delivered again.

use abi::call::Protection;
use abi::layout::PAGE_SIZE;
use abi::limits::COPY_BYTES;
use abi::message::{PROTOCOL_KERNEL, kernel_kind};
use abi::trace::Record;
use abi::{Access, CallError, Endpoint, Message, Reply, RequestId};

use crate::instance::InstanceIndex;
use crate::kernel::Kernel;
use crate::list::Chain;
use crate::machine::{Frame, Machine};
use crate::memory::{Missing, Place, SpaceHandle, TransferFault, UserPages};
use crate::request::{Lease, Miss, Origin, Owner, RequestIndex, RequestState};
use crate::slot::Unacknowledged;
use crate::submit::ACCESS_EXECUTE;
use crate::thread::ThreadIndex;

/// How often in a row a copy may miss the same page before the caller pays.
const MISSES: u32 = 3;

/// A lease as a service names it: of a request that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseName {
    /// The request.
    pub request: RequestId,
    /// Which of its leases.
    pub index: u64,
    /// Where in the lease the copy starts.
    pub offset: u64,
}

/// The service's side of a copy.
#[derive(Debug)]
pub enum Local<'a> {
    /// To its memory.
    To(Place, u64),
    /// From its memory.
    From(Place, u64),
    /// To a buffer of the host's.
    Read(&'a mut [u8]),
    /// From a buffer of the host's.
    Write(&'a [u8]),
    /// To pages of a program's space, whatever their protection (`CopyIn`).
    Space(SpaceHandle, u64, u64),
}

impl Local<'_> {
    fn length(&self) -> u64 {
        match self {
            Local::To(_, length) | Local::From(_, length) | Local::Space(_, _, length) => *length,
            Local::Read(bytes) => bytes.len() as u64,
            Local::Write(bytes) => bytes.len() as u64,
        }
    }

    fn access(&self) -> Access {
        match self {
            Local::From(..) | Local::Write(_) => Access::Write,
            _ => Access::Read,
        }
    }
}

impl<M: Machine> Kernel<M> {
    /// Copies between a lease of a request that `slot` holds and the service's side; answers how
    /// many bytes, at most `COPY_BYTES`.
    ///
    /// # Errors
    /// `NoRequest`; `BadLease`; `Absent` (the request has been taken back); `BadAddress`.
    pub fn lease_copy(
        &mut self,
        slot: Endpoint,
        name: LeaseName,
        mut local: Local<'_>,
    ) -> Result<u64, CallError> {
        let index = self.held(slot, name.request)?;
        let lease = self.lease_of(index, name.index)?;
        let length = local.length().min(COPY_BYTES);
        let access = local.access();
        let end = name.offset.checked_add(length).ok_or(CallError::BadLease)?;
        if end > lease.length || lease.access & access as u32 == 0 {
            return Err(CallError::BadLease);
        }
        if !self.requests.lives(lease.root) {
            return Err(CallError::BadLease);
        }
        let root = self.owner_root(lease.owner)?;
        let address = lease
            .address
            .checked_add(name.offset)
            .ok_or(CallError::BadLease)?;
        let end = address + length;
        loop {
            match self.copy(Place { root, address }, &mut local, length) {
                Ok(()) => return Ok(length),
                Err(Side::Local) => return Err(CallError::BadAddress),
                Err(Side::Owner(missing)) => {
                    let is_store = access == Access::Write && missing.present;
                    if !is_store || !self.own_pages(lease.owner, missing.address, end) {
                        return Err(self.missed(index, &lease, missing, end, access));
                    }
                }
            }
        }
    }

    /// Gives a program, whose memory this is, pages of its own where that is all that a store needs. Whether
    /// the first one is: then a copy comes further than before.
    fn own_pages(&mut self, owner: Owner, address: u64, end: u64) -> bool {
        let Owner::Space(space) = owner else {
            return false;
        };
        let machine = &mut self.machine;
        let space = self.memory.space(space);
        space.is_ok_and(|space| self.memory.copy_on_write(machine, space, address, end))
    }

    fn copy(&mut self, owner: Place, local: &mut Local<'_>, length: u64) -> Result<(), Side> {
        let machine = &mut self.machine;
        let bytes = usize::try_from(length).unwrap_or(usize::MAX);
        match local {
            Local::To(place, _) => self
                .memory
                .transfer(machine, owner, *place, length)
                .map_err(|fault| match fault {
                    TransferFault::Source(missing) => Side::Owner(missing),
                    TransferFault::Target(_) => Side::Local,
                }),
            Local::From(place, _) => self
                .memory
                .transfer(machine, *place, owner, length)
                .map_err(|fault| match fault {
                    TransferFault::Target(missing) => Side::Owner(missing),
                    TransferFault::Source(_) => Side::Local,
                }),
            Local::Space(space, address, _) => self
                .memory
                .copy_in(machine, owner, *space, *address, length)
                .map_err(|fault| match fault {
                    TransferFault::Source(missing) => Side::Owner(missing),
                    TransferFault::Target(_) => Side::Local,
                }),
            Local::Read(buffer) => self
                .memory
                .read(machine, owner, &mut buffer[..bytes])
                .map_err(Side::Owner),
            Local::Write(buffer) => self
                .memory
                .write(machine, owner, &buffer[..bytes])
                .map_err(Side::Owner),
        }
    }

    /// A lease of a request.
    pub(crate) fn lease_of(&self, index: RequestIndex, lease: u64) -> Result<Lease, CallError> {
        let leases = &self.requests.items[index as usize].leases;
        let position = usize::try_from(lease).map_err(|_| CallError::BadLease)?;
        match leases.get(position) {
            Some(lease) if lease.owner != Owner::None => Ok(*lease),
            _ => Err(CallError::BadLease),
        }
    }

    fn owner_root(&self, owner: Owner) -> Result<Frame, CallError> {
        match owner {
            Owner::None => Err(CallError::BadLease),
            Owner::Space(id) => {
                let space = self.memory.space(id).map_err(|_| CallError::BadAddress)?;
                Ok(self.memory.space_root(space))
            }
            Owner::Instance(index) => {
                let instance = self.instances.get(index).ok_or(CallError::BadAddress)?;
                Ok(instance.root)
            }
        }
    }

    /// A copy missed a page. Asks vm for it and takes the request back, unless that is hopeless.
    fn missed(
        &mut self,
        index: RequestIndex,
        lease: &Lease,
        missing: Missing,
        copy_end: u64,
        access: Access,
    ) -> CallError {
        let Some(thread) = self.thread_behind(lease) else {
            return CallError::BadAddress;
        };
        let page = missing.address & !(PAGE_SIZE - 1);
        let miss = &mut self.requests.items[index as usize].miss;
        if miss.page == page && miss.count > 0 {
            if miss.refused || miss.count >= MISSES {
                *miss = Miss::default();
                return CallError::BadAddress;
            }
            miss.count += 1;
        } else {
            *miss = Miss {
                page,
                count: 1,
                refused: false,
            };
        }
        // The whole of user memory is no range that anybody means to use.
        let whole = lease.address == 0 && lease.length >= abi::layout::USER_TOP;
        let end = if whole {
            copy_end
        } else {
            lease.address.saturating_add(lease.length)
        };
        let length = end.saturating_sub(missing.address).clamp(1, COPY_BYTES);
        let words = [
            missing.address,
            length,
            access as u64,
            u64::from(missing.present),
            0,
            0,
            0,
        ];
        match self.ask_for_pages(index, thread, words) {
            Some(()) => CallError::Absent,
            None => CallError::NoMemory,
        }
    }

    /// The thread whose call or fault lent this memory: it pays for it.
    fn thread_behind(&self, lease: &Lease) -> Option<ThreadIndex> {
        if !matches!(lease.owner, Owner::Space(_)) {
            return None;
        }
        let root = self.requests.find(lease.root)?;
        match self.requests.items[root as usize].origin {
            Origin::Call(thread)
            | Origin::Report(thread, _)
            | Origin::Fault { thread, .. }
            | Origin::Copy { thread, .. } => Some(thread),
            Origin::Nobody | Origin::Submission(..) => None,
        }
    }

    fn ask_for_pages(
        &mut self,
        index: RequestIndex,
        thread: ThreadIndex,
        words: [u64; 7],
    ) -> Option<()> {
        let manager = self.slots.memory_manager;
        self.slots.declared(manager).ok()?;
        let held = self.requests.items[index as usize].id;
        let message = Message {
            protocol: PROTOCOL_KERNEL,
            version: 0,
            kind: kernel_kind::PAGE_FAULT,
            words,
        };
        let asked = self.make_for(thread, Origin::Copy { thread, held }, message)?;
        let copies = &mut self.processes.items[thread as usize].copies;
        copies.push_back(&mut self.requests.items, Chain::Maker, asked);
        self.unplace(index);
        let request = &mut self.requests.items[index as usize];
        request.state = RequestState::Held;
        let slot = &mut self.slots[request.at];
        slot.held
            .push_back(&mut self.requests.items, Chain::Place, index);
        if slot.unacknowledged == Unacknowledged::Request(held) {
            slot.unacknowledged = Unacknowledged::None;
        }
        self.record(Record::Held(held, words[0]));
        self.queue_new(asked, manager);
        Some(())
    }

    /// vm has answered: the request that missed is delivered again.
    pub(crate) fn finish_copy(&mut self, held: RequestId, result: i64) {
        let Some(index) = self.requests.find(held) else {
            return;
        };
        if self.requests.items[index as usize].state != RequestState::Held {
            return;
        }
        self.requests.items[index as usize].miss.refused = result < 0;
        self.unplace(index);
        self.requeue(index);
    }

    /// Answers a forwarded page fault with pages of the service's kept memory or of the archive.
    ///
    /// # Errors
    /// `NoRequest`; `BadState` when it is no page fault; `BadLease` for more pages than the lease
    /// that says where they go; `BadArgument`, `BadAddress`, `NoMemory`, `NoSpace`.
    pub fn call_reply_pages(
        &mut self,
        slot: Endpoint,
        arguments: [u64; 6],
    ) -> Result<(), CallError> {
        let [id, own_address, pages, first, ..] = arguments;
        let id = RequestId(id);
        let index = self.held(slot, id)?;
        let origin = self.requests.items[index as usize].origin;
        let orphaned = origin == Origin::Nobody;
        if !orphaned && !matches!(origin, Origin::Fault { .. } | Origin::Copy { .. }) {
            return Err(CallError::BadState);
        }
        let lease = self.lease_of(index, 0)?;
        let Owner::Space(space) = lease.owner else {
            return Err(CallError::BadLease);
        };
        let start = lease.address & !(PAGE_SIZE - 1);
        let room = (lease.address - start)
            .saturating_add(lease.length)
            .div_ceil(PAGE_SIZE);
        if first.checked_add(pages).is_none_or(|end| end > room) {
            return Err(CallError::BadLease);
        }
        if !orphaned {
            let range = UserPages::new(start + first * PAGE_SIZE, pages)?;
            let space = self.memory.space(space)?;
            let own = self.current(slot).ok_or(CallError::NoSlot)?;
            let from = self.instance_place(own, own_address)?;
            let machine = &mut self.machine;
            self.memory
                .reply_pages(machine, from, space, range, protection(lease.access))?;
        }
        self.slot_mut(slot).serve();
        self.finish(index, Reply::value(0));
        Ok(())
    }

    /// An address in an instance's memory.
    pub(crate) fn instance_place(
        &self,
        index: InstanceIndex,
        address: u64,
    ) -> Result<Place, CallError> {
        let instance = self.instances.get(index).ok_or(CallError::NoSlot)?;
        Ok(Place {
            root: instance.root,
            address,
        })
    }
}

/// Whose memory was missing in a copy.
enum Side {
    Local,
    Owner(Missing),
}

fn protection(access: u32) -> Protection {
    let mut bits = Protection::READ.0;
    if access & Access::Write as u32 != 0 {
        bits |= Protection::WRITE.0;
    }
    if access & ACCESS_EXECUTE != 0 {
        bits |= Protection::EXECUTE.0;
    }
    Protection(bits)
}
