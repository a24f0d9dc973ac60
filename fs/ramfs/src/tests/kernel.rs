//! The kernel as the tests pretend it: leases, kept pages, and pages lent to programs.

use abi::call::{MachineStatistics, MemoryStatistics, ProcessUsage};
use abi::declaration::Declaration;
use abi::lease::LeaseDescriptor;
use abi::process::ThreadState;
use abi::slot::{SlotStatus, TransactionStatus};
use abi::{Call, CallError, Caller, Endpoint, Message, Pid, Reply, RequestId, Tag, Time};
use service::System;
use service::system::{Answered, LogPart};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

type Done = Result<(), CallError>;
/// The memory behind each lease of a request.
type Leases = Vec<Vec<u8>>;
const PAGE: usize = 4096;

/// What unwinds an instance that is to crash.
pub(crate) struct Crash;

/// The kernel.
#[derive(Default)]
pub(crate) struct Kernel {
    /// The leases of each live request.
    pub(crate) live: RefCell<BTreeMap<RequestId, Leases>>,
    pub(crate) replies: RefCell<BTreeMap<RequestId, (Reply, Leases)>>,
    /// What `ReplyPages` mapped, from which page of the lease on: copies, since nobody writes here.
    pub(crate) lent: RefCell<(u64, Vec<u8>)>,
    pub(crate) kept: RefCell<BTreeMap<u64, Vec<u8>>>,
    /// Kept pages there may be.
    pub(crate) quota: Cell<usize>,
    pub(crate) archive: Cell<&'static [u8]>,
    /// Copies that find memory absent.
    pub(crate) absent: Cell<u32>,
    pub(crate) withdrawn: RefCell<Vec<RequestId>>,
    pub(crate) asked: RefCell<Vec<Tag>>,
    pub(crate) now: Cell<u64>,
    pub(crate) crash_in: Cell<Option<u32>>,
}

impl Kernel {
    fn may_crash(&self) {
        match self.crash_in.get() {
            Some(0) => {
                self.crash_in.set(None);
                std::panic::resume_unwind(Box::new(Crash));
            }
            left => self.crash_in.set(left.map(|calls| calls - 1)),
        }
    }

    fn copy(
        &self,
        request: RequestId,
        (lease, offset, length): (u64, u64, usize),
        copy: impl FnOnce(&mut [u8]),
    ) -> Done {
        self.may_crash();
        assert!(length as u64 <= abi::limits::COPY_BYTES);
        if self.absent.get() > 0 {
            self.absent.set(self.absent.get() - 1);
            self.withdrawn.borrow_mut().push(request);
            return Err(CallError::Absent);
        }
        let mut live = self.live.borrow_mut();
        let leases = live.get_mut(&request).ok_or(CallError::NoRequest)?;
        let memory = leases.get_mut(lease as usize).ok_or(CallError::BadLease)?;
        let start = offset as usize;
        let part = memory.get_mut(start..start + length);
        copy(part.ok_or(CallError::BadLease)?);
        self.may_crash();
        Ok(())
    }

    fn keep(&self, call: Call, first: u64, count: u64) -> Done {
        assert!(count <= abi::limits::PAGES_PER_CALL);
        let mut kept = self.kept.borrow_mut();
        for page in first..first + count {
            if call == Call::KeepUnmap {
                kept.remove(&page);
            } else if !kept.contains_key(&page) {
                if kept.len() >= self.quota.get() {
                    return Err(CallError::NoMemory);
                }
                kept.insert(page, vec![0; PAGE]);
            }
        }
        Ok(())
    }

    fn kept_bytes(&self, offset: u64, bytes: &mut [u8]) {
        let kept = self.kept.borrow();
        for (at, byte) in (offset..).zip(bytes) {
            *byte = kept[&(at / PAGE as u64)][at as usize % PAGE];
        }
    }

    fn end_fault(&self, request: RequestId, first: u64, bytes: Vec<u8>) -> Done {
        let leases = self.live.borrow_mut().remove(&request);
        let leases = leases.ok_or(CallError::NoRequest)?;
        self.lent.replace((first, bytes));
        let reply = (Reply::value(0), leases);
        self.replies.borrow_mut().insert(request, reply);
        Ok(())
    }
}

impl System for Kernel {
    fn submit(&self, _: Endpoint, tag: Tag, _: &Message, _: &[LeaseDescriptor]) -> Done {
        self.asked.borrow_mut().push(tag);
        Ok(())
    }
    fn reply(&self, request: RequestId, reply: &Reply) -> Done {
        self.may_crash();
        let leases = self.live.borrow_mut().remove(&request);
        let leases = leases.ok_or(CallError::NoRequest)?;
        self.replies.borrow_mut().insert(request, (*reply, leases));
        Ok(())
    }
    fn forward(&self, _: RequestId, _: Endpoint, _: &Message, _: &[LeaseDescriptor]) -> Done {
        Err(CallError::NotPermitted)
    }
    fn cancel_children(&self, _: RequestId) {}
    fn cancel_submission(&self, _: Tag) {}
    fn is_live(&self, request: RequestId) -> bool {
        self.live.borrow().contains_key(&request)
    }
    fn lease_read(&self, request: RequestId, lease: u64, offset: u64, bytes: &mut [u8]) -> Done {
        let range = (lease, offset, bytes.len());
        self.copy(request, range, |part| bytes.copy_from_slice(part))
    }
    fn lease_write(&self, request: RequestId, lease: u64, offset: u64, bytes: &[u8]) -> Done {
        let range = (lease, offset, bytes.len());
        self.copy(request, range, |part| part.copy_from_slice(bytes))
    }
    fn set_timer(&self, _: Time) {}
    fn clock(&self) -> Time {
        Time(self.now.get())
    }
    fn notify(&self, _: Endpoint) -> Done {
        Ok(())
    }
    fn log(&self, line: &[u8]) {
        println!("{}", String::from_utf8_lossy(line));
    }
    fn call(&self, call: Call, arguments: &[u64]) -> Result<u64, CallError> {
        match call {
            Call::RealTime => Ok(1_000_000),
            Call::KeepMap | Call::KeepUnmap => {
                self.may_crash();
                self.keep(call, arguments[0], arguments[1])?;
                self.may_crash();
                Ok(0)
            }
            _ => Err(CallError::NotPermitted),
        }
    }
    fn kept_read(&self, offset: u64, bytes: &mut [u8]) {
        self.kept_bytes(offset, bytes);
    }
    fn kept_write(&self, offset: u64, bytes: &[u8]) {
        let mut kept = self.kept.borrow_mut();
        for (at, byte) in (offset..).zip(bytes) {
            let page = kept.get_mut(&(at / PAGE as u64)).expect("an unmapped page");
            page[at as usize % PAGE] = *byte;
        }
    }
    fn lease_to_kept(&self, request: RequestId, lease: u64, from: u64, to: u64, n: u64) -> Done {
        let mut bytes = vec![0; n as usize];
        self.lease_read(request, lease, from, &mut bytes)?;
        self.kept_write(to, &bytes);
        self.may_crash();
        Ok(())
    }
    fn kept_to_lease(&self, request: RequestId, lease: u64, to: u64, from: u64, n: u64) -> Done {
        let mut bytes = vec![0; n as usize];
        self.kept_bytes(from, &mut bytes);
        self.lease_write(request, lease, to, &bytes)
    }
    fn archive(&self) -> &'static [u8] {
        self.archive.get()
    }
    fn reply_kept_pages(&self, request: RequestId, page: u64, answered: Answered) -> Done {
        self.may_crash();
        let mut bytes = vec![0; answered.pages as usize * PAGE];
        self.kept_bytes(page * PAGE as u64, &mut bytes);
        self.end_fault(request, answered.first, bytes)
    }
    fn reply_archive_pages(&self, request: RequestId, offset: u64, answered: Answered) -> Done {
        self.may_crash();
        assert!(offset.is_multiple_of(PAGE as u64));
        let start = offset as usize;
        let end = start + answered.pages as usize * PAGE;
        let bytes = self.archive.get()[start..end].to_vec();
        self.end_fault(request, answered.first, bytes)
    }
    fn port_write(&self, _: u16, _: &[u8]) -> Done {
        Err(CallError::NotPermitted)
    }
    fn port_read_bytes(&self, _: u16, _: &mut [u8]) -> Done {
        Err(CallError::NotPermitted)
    }
    fn registers_read(&self, _: Pid) -> Result<ThreadState, CallError> {
        Err(CallError::NotPermitted)
    }
    fn registers_write(&self, _: Pid, _: &ThreadState) -> Done {
        Err(CallError::NotPermitted)
    }
    fn process_identity(&self, _: Pid, _: &Caller) -> Done {
        Err(CallError::NotPermitted)
    }
    fn process_usage(&self, _: Pid) -> Result<ProcessUsage, CallError> {
        Err(CallError::NotPermitted)
    }
    fn memory_statistics(&self) -> MemoryStatistics {
        MemoryStatistics::default()
    }
    fn machine_statistics(&self) -> MachineStatistics {
        MachineStatistics::default()
    }
    fn log_read(&self, _: u64, _: &mut [u8]) -> Result<LogPart, CallError> {
        Err(CallError::NotPermitted)
    }
    fn slot_declare(&self, _: &Declaration) -> Done {
        Err(CallError::NotPermitted)
    }
    fn slot_status(&self, _: Endpoint) -> Result<SlotStatus, CallError> {
        Err(CallError::NotPermitted)
    }
    fn transaction_status(&self) -> TransactionStatus {
        TransactionStatus::default()
    }
    fn instance_create_from(&self, _: Endpoint, _: &[u8]) -> Done {
        Err(CallError::NotPermitted)
    }
}
