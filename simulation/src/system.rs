//! The kernel as an instance of a service sees it: that of the pretend machine.

use crate::former::former;
use crate::probe::{Kind, Probe};
use abi::call::{MachineStatistics, MemoryStatistics, ProcessUsage};
use abi::crash::CrashRecord;
use abi::declaration::Declaration;
use abi::layout::SERVICE_KEPT;
use abi::lease::{LeaseDescriptor, LeaseSource};
use abi::process::ThreadState;
use abi::slot::{SlotStatus, TransactionStatus};
use abi::word::index;
use abi::{Call, CallError, Caller, Endpoint, Message, Pid, Reply, RequestId, Tag, Time};
use kernel_core::host::{Host, InstanceId};
use service::System;
use service::system::{LogPart, Route};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Bytes of a line of the log at most.
const LINE_BYTES: usize = 512;

/// A buffer in the pretend memory of an instance.
type Buffer = (u64, u64);

/// The kernel for one instance. Every call is a point before and a point after it.
pub struct Kernel {
    host: Rc<RefCell<Host>>,
    probe: Rc<Probe>,
    id: InstanceId,
    archive: &'static [u8],
    /// The service speaks the former versions of its protocols.
    speaks_former: bool,
    /// Buffers lent with a question, until it is answered.
    lent: RefCell<BTreeMap<Tag, Vec<Buffer>>>,
}

impl Kernel {
    /// The kernel for this instance, which sees `archive` of the boot archive.
    #[must_use]
    pub fn new(
        host: Rc<RefCell<Host>>,
        probe: Rc<Probe>,
        id: InstanceId,
        archive: &'static [u8],
        speaks_former: bool,
    ) -> Kernel {
        Kernel {
            host,
            probe,
            id,
            archive,
            speaks_former,
            lent: RefCell::default(),
        }
    }

    /// Frees the buffers that were lent with a question.
    pub fn answered(&self, tag: Tag) {
        for (address, length) in self.lent.borrow_mut().remove(&tag).unwrap_or_default() {
            self.host.borrow_mut().take_back(self.id, address, length);
        }
    }

    fn spoken(&self, message: &Message) -> Message {
        if self.speaks_former {
            former(message)
        } else {
            *message
        }
    }

    fn call<R>(&self, call: impl FnOnce(&mut Host, InstanceId) -> R) -> R {
        self.probe.point(Kind::Call);
        let result = call(&mut self.host.borrow_mut(), self.id);
        self.probe.point(Kind::Call);
        result
    }
}

/// Where the real instance would be killed for a bad access, the simulated one panics.
fn must<T>(access: Result<T, CallError>) -> T {
    match access {
        Ok(value) => value,
        Err(error) => panic!("a bad access to its own memory: {error:?}"),
    }
}

impl System for Kernel {
    fn lend(&self, bytes: &[u8]) -> u64 {
        must(self.host.borrow_mut().lend(self.id, bytes))
    }

    fn read_lent(&self, address: u64, bytes: &mut [u8]) {
        must(self.host.borrow().lent(self.id, address, bytes));
    }

    fn submit(
        &self,
        to: Endpoint,
        tag: Tag,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        let own = leases
            .iter()
            .filter(|lease| lease.source == LeaseSource::Own as u32)
            .map(|lease| (lease.address, lease.length));
        self.lent.borrow_mut().entry(tag).or_default().extend(own);
        let message = self.spoken(message);
        self.call(|host, id| host.submit(id, to, tag, &message, leases))
    }

    fn reply(&self, request: RequestId, reply: &Reply) -> Result<(), CallError> {
        self.call(|host, id| host.reply(id, request, reply))
    }

    fn forward(
        &self,
        request: RequestId,
        to: Endpoint,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        let message = self.spoken(message);
        self.call(|host, id| host.forward(id, request, to, &message, leases))
    }

    fn route(&self, route: &Route) -> Result<(), CallError> {
        let lease = LeaseDescriptor {
            access: route.access as u32,
            ..LeaseDescriptor::default()
        };
        let message = self.spoken(&route.message);
        self.call(|host, id| host.route(id, &route.arguments(), &message, lease))
    }

    fn cancel_children(&self, parent: RequestId) {
        // A parent without children is success; nothing else can be refused.
        let _ = System::call(self, Call::CancelChildren, &[parent.0]);
    }

    fn cancel_submission(&self, tag: Tag) {
        // A tag that is not live is success; nothing else can be refused.
        let _ = self.call(|host, id| host.cancel_submission(id, tag));
    }

    fn is_live(&self, request: RequestId) -> bool {
        System::call(self, Call::IsLive, &[request.0]) == Ok(1)
    }

    fn lease_read(
        &self,
        request: RequestId,
        lease: u64,
        offset: u64,
        bytes: &mut [u8],
    ) -> Result<(), CallError> {
        self.call(|host, id| host.lease_read(id, request, lease, offset, bytes))
            .map(drop)
    }

    fn lease_write(
        &self,
        request: RequestId,
        lease: u64,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), CallError> {
        self.call(|host, id| host.lease_write(id, request, lease, offset, bytes))
            .map(drop)
    }

    fn set_timer(&self, deadline: Time) {
        // Every deadline is good.
        let _ = System::call(self, Call::SetTimer, &[deadline.0]);
    }

    fn clock(&self) -> Time {
        Time(System::call(self, Call::Clock, &[]).unwrap_or_default())
    }

    fn notify(&self, to: Endpoint) -> Result<(), CallError> {
        System::call(self, Call::Notify, &[to.0.into()]).map(drop)
    }

    fn log(&self, line: &[u8]) {
        let line = &line[..line.len().min(LINE_BYTES)];
        // A line that cannot be logged is lost; there is nobody to tell.
        let _ = self.call(|host, id| host.call_bytes(id, Call::Log, &[], line));
    }

    fn call(&self, call: Call, arguments: &[u64]) -> Result<u64, CallError> {
        self.call(|host, id| host.call(id, call, arguments))
    }

    fn kept_read(&self, offset: u64, bytes: &mut [u8]) {
        must(
            self.host
                .borrow()
                .read_memory(self.id, SERVICE_KEPT + offset, bytes),
        );
    }

    fn kept_write(&self, offset: u64, bytes: &[u8]) {
        self.probe.point(Kind::Call);
        must(
            self.host
                .borrow_mut()
                .write_memory(self.id, SERVICE_KEPT + offset, bytes),
        );
        self.probe.point(Kind::Call);
    }

    fn lease_to_kept(
        &self,
        request: RequestId,
        lease: u64,
        offset: u64,
        kept_offset: u64,
        length: u64,
    ) -> Result<(), CallError> {
        let at = SERVICE_KEPT + kept_offset;
        let arguments = [request.0, lease, offset, at, length];
        System::call(self, Call::LeaseRead, &arguments).map(drop)
    }

    fn kept_to_lease(
        &self,
        request: RequestId,
        lease: u64,
        offset: u64,
        kept_offset: u64,
        length: u64,
    ) -> Result<(), CallError> {
        let at = SERVICE_KEPT + kept_offset;
        let arguments = [request.0, lease, offset, at, length];
        System::call(self, Call::LeaseWrite, &arguments).map(drop)
    }

    fn archive(&self) -> &'static [u8] {
        self.archive
    }

    fn port_write(&self, port: u16, bytes: &[u8]) -> Result<(), CallError> {
        self.call(|host, id| host.call_bytes(id, Call::PortWrite, &[port.into()], bytes))
            .map(drop)
    }

    fn port_read_bytes(&self, port: u16, bytes: &mut [u8]) -> Result<(), CallError> {
        self.call(|host, id| host.call_buffer(id, Call::PortReadBytes, &[port.into()], bytes))
            .map(drop)
    }

    fn registers_read(&self, process: Pid) -> Result<ThreadState, CallError> {
        let first = [process.0.into()];
        self.call(|host, id| host.call_filled(id, Call::RegistersRead, &first))
    }

    fn registers_write(&self, process: Pid, state: &ThreadState) -> Result<(), CallError> {
        let first = [process.0.into()];
        self.call(|host, id| host.call_given(id, Call::RegistersWrite, &first, state))
            .map(drop)
    }

    fn process_identity(&self, process: Pid, identity: &Caller) -> Result<(), CallError> {
        let first = [process.0.into()];
        self.call(|host, id| host.call_given(id, Call::ProcessIdentity, &first, identity))
            .map(drop)
    }

    fn process_usage(&self, process: Pid) -> Result<ProcessUsage, CallError> {
        let first = [process.0.into()];
        self.call(|host, id| host.call_filled(id, Call::ProcessUsage, &first))
    }

    fn memory_statistics(&self) -> MemoryStatistics {
        self.call(|host, id| host.call_filled(id, Call::MemoryStatistics, &[]))
            .unwrap_or_default()
    }

    fn machine_statistics(&self) -> MachineStatistics {
        self.call(|host, id| host.call_filled(id, Call::MachineStatistics, &[]))
            .unwrap_or_default()
    }

    fn log_read(&self, position: u64, bytes: &mut [u8]) -> Result<LogPart, CallError> {
        let (length, start, end) = self.call(|host, id| host.log_read(id, position, bytes))?;
        Ok(LogPart {
            length: index(length),
            start,
            end,
        })
    }

    fn slot_declare(&self, declaration: &Declaration) -> Result<(), CallError> {
        self.call(|host, id| host.call_given(id, Call::SlotDeclare, &[], declaration))
            .map(drop)
    }

    fn slot_status(&self, slot: Endpoint) -> Result<SlotStatus, CallError> {
        let first = [slot.0.into()];
        self.call(|host, id| host.call_filled(id, Call::SlotStatus, &first))
    }

    fn transaction_status(&self) -> TransactionStatus {
        self.call(|host, id| host.call_filled(id, Call::TransactionStatus, &[]))
            .unwrap_or_default()
    }

    fn crash_read(&self, number: u64) -> (u64, Option<CrashRecord>) {
        let last = self.call(|host, id| host.call(id, Call::CrashRead, &[]));
        let kept = self.call(|host, id| host.call_filled(id, Call::CrashRead, &[number.max(1)]));
        (last.unwrap_or(0), kept.ok())
    }

    fn instance_create_from(&self, slot: Endpoint, image: &[u8]) -> Result<(), CallError> {
        let first = [slot.0.into(), 1];
        self.call(|host, id| host.call_bytes(id, Call::InstanceCreate, &first, image))
            .map(drop)
    }
}
