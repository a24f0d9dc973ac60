//! Kernel calls of an instance that is a value of the host.

use abi::event::Outgoing;
use abi::lease::LeaseDescriptor;
use abi::message::REPLY_WORDS;
use abi::{Call, CallError, Endpoint, Message, Reply, RequestId, Tag};

use super::{Host, InstanceId};
use crate::memory::Place;
use crate::memory::plain::Plain;
use crate::thread::{State, ThreadIndex};

/// Bytes of heap asked for at a time, at least.
const STEP: u64 = 64 * 1024;

impl Host {
    /// Makes a kernel call whose arguments are numbers. Not for `Receive`.
    ///
    /// # Errors
    /// What the kernel answers; `BadState` when the instance does not run.
    pub fn call(
        &mut self,
        id: InstanceId,
        call: Call,
        arguments: &[u64],
    ) -> Result<u64, CallError> {
        let thread = self.thread(id)?;
        self.call_of(thread, call, arguments)
    }

    /// The same for any thread of a service that runs.
    pub(super) fn call_of(
        &mut self,
        thread: ThreadIndex,
        call: Call,
        arguments: &[u64],
    ) -> Result<u64, CallError> {
        if call == Call::Receive || !self.runs(thread) {
            return Err(CallError::BadState);
        }
        let mut all = [0; 6];
        for (place, argument) in all.iter_mut().zip(arguments) {
            *place = *argument;
        }
        // A call that does not return leaves this as it is.
        self.kernel.threads[thread as usize].registers.rax = 0;
        self.kernel.kernel_call(thread, call as u64, all);
        let register = self.kernel.threads[thread as usize].registers.rax;
        CallError::from_register(register.cast_signed())
    }

    fn runs(&self, thread: ThreadIndex) -> bool {
        matches!(self.state(thread), State::Ready | State::Running)
    }

    /// Whether an instance could make a kernel call now.
    #[must_use]
    pub fn is_running(&self, id: InstanceId) -> bool {
        self.thread(id).is_ok_and(|thread| self.runs(thread))
    }

    fn thread(&self, id: InstanceId) -> Result<ThreadIndex, CallError> {
        self.instance(id).ok_or(CallError::BadState)?;
        Ok(self.kernel.instances.thread(id.index))
    }

    fn place(&self, id: InstanceId, address: u64) -> Result<Place, CallError> {
        self.instance(id).ok_or(CallError::BadState)?;
        self.kernel.instance_place(id.index, address)
    }

    /// Reads memory of an instance, as it could itself.
    ///
    /// # Errors
    /// `BadAddress` where the real instance would crash; `BadState` when it is no more.
    pub fn read_memory(
        &self,
        id: InstanceId,
        address: u64,
        bytes: &mut [u8],
    ) -> Result<(), CallError> {
        let place = self.place(id, address)?;
        self.kernel
            .memory
            .read(&self.kernel.machine, place, bytes)
            .map_err(|_| CallError::BadAddress)
    }

    /// Writes memory of an instance, as it could itself.
    ///
    /// # Errors
    /// `BadAddress` where the real instance would crash; `BadState` when it is no more.
    pub fn write_memory(
        &mut self,
        id: InstanceId,
        address: u64,
        bytes: &[u8],
    ) -> Result<(), CallError> {
        let place = self.place(id, address)?;
        self.kernel
            .memory
            .write(&mut self.kernel.machine, place, bytes)
            .map_err(|_| CallError::BadAddress)
    }

    /// Puts bytes into memory of an instance, to be lent or passed to a call; answers the address.
    /// They stay until [`Host::take_back`], or go with the instance.
    ///
    /// # Errors
    /// `NoMemory`; `BadState`.
    pub fn lend(&mut self, id: InstanceId, bytes: &[u8]) -> Result<u64, CallError> {
        let length = bytes.len() as u64;
        self.heaps
            .retain(|other, _| other.index != id.index || other.number == id.number);
        let address = match self.heaps.entry(id).or_default().take(length) {
            Some(address) => address,
            None => self.grow(id, length)?,
        };
        self.write_memory(id, address, bytes)?;
        Ok(address)
    }

    fn grow(&mut self, id: InstanceId, length: u64) -> Result<u64, CallError> {
        let heap = self.heaps.entry(id).or_default();
        let size = heap.wanted(length).next_multiple_of(STEP);
        let base = self.call(id, Call::Grow, &[size])?;
        let heap = self.heaps.entry(id).or_default();
        heap.grown(base, size);
        heap.take(length).ok_or(CallError::NoMemory)
    }

    /// Reads bytes that were lent: what others have made of them.
    ///
    /// # Errors
    /// `BadState` when the instance is no more.
    pub fn lent(&self, id: InstanceId, address: u64, bytes: &mut [u8]) -> Result<(), CallError> {
        self.read_memory(id, address, bytes)
    }

    /// Frees memory that [`Host::lend`] has taken for `length` bytes.
    pub fn take_back(&mut self, id: InstanceId, address: u64, length: u64) {
        if let Some(heap) = self.heaps.get_mut(&id) {
            heap.give(address, length);
        }
    }

    /// Makes a call of which the last two arguments are the address and the length of bytes that
    /// the kernel reads: `Log`, `PortWrite`, `InstanceCreate`.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn call_bytes(
        &mut self,
        id: InstanceId,
        call: Call,
        first: &[u64],
        bytes: &[u8],
    ) -> Result<u64, CallError> {
        self.with_buffer(id, bytes, |host, address| {
            let arguments = behind(first, &[address, bytes.len() as u64]);
            host.call(id, call, &arguments)
        })
    }

    /// Makes a call of which the last two arguments are the address and the length of bytes that
    /// the kernel writes: `LogRead`, `PortReadBytes`.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn call_buffer(
        &mut self,
        id: InstanceId,
        call: Call,
        first: &[u64],
        bytes: &mut [u8],
    ) -> Result<u64, CallError> {
        let length = bytes.len() as u64;
        let before = bytes.to_vec();
        self.with_buffer(id, &before, |host, address| {
            let arguments = behind(first, &[address, length]);
            let result = host.call(id, call, &arguments)?;
            host.lent(id, address, bytes)?;
            Ok(result)
        })
    }

    /// Makes a call of which the last argument is the address of a structure that the kernel reads:
    /// `SlotDeclare`, `RegistersWrite`, `ProcessIdentity`.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn call_given<T: Plain>(
        &mut self,
        id: InstanceId,
        call: Call,
        first: &[u64],
        value: &T,
    ) -> Result<u64, CallError> {
        let mut bytes = alloc::vec![0; T::SIZE];
        value.store(&mut bytes);
        self.with_buffer(id, &bytes, |host, address| {
            host.call(id, call, &behind(first, &[address]))
        })
    }

    /// Makes a call of which the last argument is the address of a structure that the kernel
    /// writes: `SlotStatus`, `RegistersRead`, `MemoryStatistics` and the like.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn call_filled<T: Plain>(
        &mut self,
        id: InstanceId,
        call: Call,
        first: &[u64],
    ) -> Result<T, CallError> {
        let mut bytes = alloc::vec![0; T::SIZE];
        let before = bytes.clone();
        self.with_buffer(id, &before, |host, address| {
            host.call(id, call, &behind(first, &[address]))?;
            host.lent(id, address, &mut bytes)
        })?;
        Ok(T::load(&bytes))
    }

    fn with_buffer<R>(
        &mut self,
        id: InstanceId,
        bytes: &[u8],
        call: impl FnOnce(&mut Host, u64) -> Result<R, CallError>,
    ) -> Result<R, CallError> {
        let address = self.lend(id, bytes)?;
        let result = call(self, address);
        self.take_back(id, address, bytes.len() as u64);
        result
    }

    fn outgoing(&mut self, id: InstanceId) -> Result<&mut Outgoing, CallError> {
        let frame = self.instance(id).ok_or(CallError::BadState)?.event;
        Ok(&mut crate::machine::Machine::event_page(&mut self.kernel.machine, frame).outgoing)
    }

    /// The words that some calls answer in the event page.
    pub(super) fn reply_words(&mut self, id: InstanceId) -> Result<[u64; REPLY_WORDS], CallError> {
        self.outgoing(id).map(|outgoing| outgoing.reply.words)
    }

    fn set_message(
        &mut self,
        id: InstanceId,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        let outgoing = self.outgoing(id)?;
        outgoing.message = *message;
        outgoing.leases = Default::default();
        for (place, lease) in outgoing.leases.iter_mut().zip(leases) {
            *place = *lease;
        }
        Ok(())
    }

    /// `Call::Submit`. Own memory in `leases` is memory of the instance: see [`Host::lend`].
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn submit(
        &mut self,
        id: InstanceId,
        to: Endpoint,
        tag: Tag,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        self.set_message(id, message, leases)?;
        self.outgoing(id)?.tag = tag;
        self.call(id, Call::Submit, &[to.0.into()]).map(drop)
    }

    /// `Call::Reply`.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn reply(
        &mut self,
        id: InstanceId,
        request: RequestId,
        reply: &Reply,
    ) -> Result<(), CallError> {
        self.outgoing(id)?.reply = *reply;
        self.call(id, Call::Reply, &[request.0]).map(drop)
    }

    /// `Call::Forward`.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn forward(
        &mut self,
        id: InstanceId,
        request: RequestId,
        to: Endpoint,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        self.set_message(id, message, leases)?;
        self.call(id, Call::Forward, &[request.0, to.0.into()])
            .map(drop)
    }

    /// `Call::Route`, to a service.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn route(
        &mut self,
        id: InstanceId,
        arguments: &[u64],
        message: &Message,
        lease: LeaseDescriptor,
    ) -> Result<(), CallError> {
        self.set_message(id, message, &[lease])?;
        self.call(id, Call::Route, arguments).map(drop)
    }

    /// `Call::CancelSubmission`.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn cancel_submission(&mut self, id: InstanceId, tag: Tag) -> Result<(), CallError> {
        self.outgoing(id)?.tag = tag;
        self.call(id, Call::CancelSubmission, &[]).map(drop)
    }

    /// `Call::LeaseRead`, all of `bytes`.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn lease_read(
        &mut self,
        id: InstanceId,
        request: RequestId,
        lease: u64,
        offset: u64,
        bytes: &mut [u8],
    ) -> Result<u64, CallError> {
        let first = [request.0, lease, offset];
        self.call_buffer(id, Call::LeaseRead, &first, bytes)
    }

    /// `Call::LeaseWrite`, all of `bytes`.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn lease_write(
        &mut self,
        id: InstanceId,
        request: RequestId,
        lease: u64,
        offset: u64,
        bytes: &[u8],
    ) -> Result<u64, CallError> {
        let first = [request.0, lease, offset];
        self.call_bytes(id, Call::LeaseWrite, &first, bytes)
    }

    /// `Call::LogRead`: bytes read, the position of the first of them, and that of the log's end.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn log_read(
        &mut self,
        id: InstanceId,
        position: u64,
        bytes: &mut [u8],
    ) -> Result<(u64, u64, u64), CallError> {
        let length = self.call_buffer(id, Call::LogRead, &[position], bytes)?;
        let [start, end, ..] = self.reply_words(id)?;
        Ok((length, start, end))
    }
}

/// Arguments behind others, at most six in all.
fn behind(first: &[u64], last: &[u64]) -> [u64; 6] {
    let mut all = [0; 6];
    for (place, argument) in all.iter_mut().zip(first.iter().chain(last)) {
        *place = *argument;
    }
    all
}
