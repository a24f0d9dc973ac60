//! The kernel as a service sees it. In the image these are kernel calls; on the host, those of the
//! simulated machine. Their meaning is that of the `abi::Call` of the same name.

use abi::call::{MachineStatistics, MemoryStatistics, ProcessUsage};
use abi::crash::CrashRecord;
use abi::declaration::Declaration;
use abi::layout::{PAGE_SIZE, SERVICE_ARCHIVE, SERVICE_KEPT};
use abi::lease::{Access, LeaseDescriptor};
use abi::process::ThreadState;
use abi::slot::{SlotStatus, TransactionStatus};
use abi::{Call, CallError, Caller, Endpoint, Message, Pid, Reply, RequestId, Tag, Time};

/// Kernel calls. Every one is harmless when made again.
#[expect(
    missing_docs,
    reason = "each is documented as the abi::Call of its name"
)]
#[expect(
    clippy::missing_errors_doc,
    reason = "the error is why the kernel refused"
)]
pub trait System {
    /// The address under which the kernel finds bytes of this service, to be lent.
    fn lend(&self, bytes: &[u8]) -> u64 {
        bytes.as_ptr().expose_provenance() as u64
    }
    /// Reads bytes that were lent to be written. Nothing in the image, where the kernel has written
    /// them in place; a simulated kernel has memory of its own.
    fn read_lent(&self, address: u64, bytes: &mut [u8]) {
        let _ = (address, bytes);
    }
    fn submit(
        &self,
        to: Endpoint,
        tag: Tag,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError>;
    fn reply(&self, request: RequestId, reply: &Reply) -> Result<(), CallError>;
    fn forward(
        &self,
        request: RequestId,
        to: Endpoint,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError>;
    /// What a Linux call on a descriptor becomes: the message that `Forward` would send there, and the
    /// access with which the memory is lent. Nothing is lost where it is not done.
    fn route(&self, route: &Route) -> Result<(), CallError> {
        let _ = route;
        Ok(())
    }
    /// Forgets what calls on `count` descriptors from this one on become.
    fn forget_routes(&self, process: Pid, descriptor: u32, count: u64) -> Result<(), CallError> {
        let arguments = [u64::from(process.0), descriptor.into(), 0, u64::MAX, count];
        self.call(Call::Route, &arguments).map(drop)
    }
    fn cancel_children(&self, parent: RequestId);
    fn cancel_submission(&self, tag: Tag);
    fn is_live(&self, request: RequestId) -> bool;
    fn lease_read(
        &self,
        request: RequestId,
        index: u64,
        offset: u64,
        bytes: &mut [u8],
    ) -> Result<(), CallError>;
    fn lease_write(
        &self,
        request: RequestId,
        index: u64,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), CallError>;
    fn set_timer(&self, deadline: Time);
    fn clock(&self) -> Time;
    fn notify(&self, to: Endpoint) -> Result<(), CallError>;
    fn log(&self, line: &[u8]);

    /// A declared call whose arguments are all numbers.
    fn call(&self, call: Call, arguments: &[u64]) -> Result<u64, CallError>;

    fn kept_read(&self, offset: u64, bytes: &mut [u8]);
    fn kept_write(&self, offset: u64, bytes: &[u8]);
    fn lease_to_kept(
        &self,
        request: RequestId,
        index: u64,
        offset: u64,
        kept_offset: u64,
        length: u64,
    ) -> Result<(), CallError>;
    fn kept_to_lease(
        &self,
        request: RequestId,
        index: u64,
        offset: u64,
        kept_offset: u64,
        length: u64,
    ) -> Result<(), CallError>;
    /// The boot archive, for services that declare it; else empty.
    fn archive(&self) -> &'static [u8];
    /// Answers a page fault with kept pages, from this one on.
    fn reply_kept_pages(
        &self,
        request: RequestId,
        page: u64,
        answered: Answered,
    ) -> Result<(), CallError> {
        let Answered { first, pages } = answered;
        let at = SERVICE_KEPT + page * PAGE_SIZE;
        self.call(Call::ReplyPages, &[request.0, at, pages, first])
            .map(drop)
    }
    /// Answers a page fault with pages of the boot archive, from this offset on.
    fn reply_archive_pages(
        &self,
        request: RequestId,
        offset: u64,
        answered: Answered,
    ) -> Result<(), CallError> {
        let Answered { first, pages } = answered;
        let at = SERVICE_ARCHIVE + offset;
        self.call(Call::ReplyPages, &[request.0, at, pages, first])
            .map(drop)
    }

    fn port_write(&self, port: u16, bytes: &[u8]) -> Result<(), CallError>;
    fn port_read_bytes(&self, port: u16, bytes: &mut [u8]) -> Result<(), CallError>;

    fn registers_read(&self, process: Pid) -> Result<ThreadState, CallError>;
    fn registers_write(&self, process: Pid, state: &ThreadState) -> Result<(), CallError>;
    fn process_identity(&self, process: Pid, identity: &Caller) -> Result<(), CallError>;
    fn process_usage(&self, process: Pid) -> Result<ProcessUsage, CallError>;
    fn memory_statistics(&self) -> MemoryStatistics;
    fn machine_statistics(&self) -> MachineStatistics;
    fn log_read(&self, position: u64, bytes: &mut [u8]) -> Result<LogPart, CallError>;

    fn slot_declare(&self, declaration: &Declaration) -> Result<(), CallError>;
    fn slot_status(&self, slot: Endpoint) -> Result<SlotStatus, CallError>;
    fn transaction_status(&self) -> TransactionStatus;
    /// The number of the last crash, and what is kept of the one with this number. A kernel that is
    /// pretended has none.
    fn crash_read(&self, number: u64) -> (u64, Option<CrashRecord>) {
        let _ = number;
        (0, None)
    }
    /// Makes a candidate from an image in the service's own memory.
    fn instance_create_from(&self, slot: Endpoint, image: &[u8]) -> Result<(), CallError>;
}

/// What a Linux call on a descriptor becomes (see `abi::Call::Route`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The process.
    pub process: Pid,
    /// The descriptor.
    pub descriptor: u32,
    /// The number of the call.
    pub number: u32,
    /// Who is asked.
    pub to: Endpoint,
    /// What: the second word becomes the length of the memory.
    pub message: Message,
    /// What may be done with the memory.
    pub access: Access,
    /// Bytes of it at most.
    pub most: u64,
}

impl Route {
    /// The arguments of the call.
    #[must_use]
    pub fn arguments(&self) -> [u64; 5] {
        [
            self.process.0.into(),
            self.descriptor.into(),
            self.number.into(),
            self.to.0.into(),
            self.most,
        ]
    }
}

/// Which of the pages that a page fault asks for are its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The first.
    pub first: u64,
    /// How many.
    pub pages: u64,
}

/// What `LogRead` found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogPart {
    /// Bytes read.
    pub length: usize,
    /// The position of the first of them.
    pub start: u64,
    /// The position after the last byte of the log.
    pub end: u64,
}
