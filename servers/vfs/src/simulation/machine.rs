//! The kernel as the tests pretend it.

use abi::call::{MachineStatistics, MemoryStatistics, ProcessUsage};
use abi::declaration::Declaration;
use abi::lease::{Access, LeaseDescriptor, LeaseSource};
use abi::process::ThreadState;
use abi::slot::{SlotStatus, TransactionStatus};
use abi::{Call, CallError, Caller, Endpoint, Message, Pid, Reply, RequestId, Tag, Time};
use service::System;
use service::system::LogPart;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

/// Bytes of a program's memory.
pub(super) const MEMORY_BYTES: usize = 1 << 18;
const PAGE: u64 = 4096;

/// What unwinds an instance that is to crash.
pub(super) struct Crash;

/// When the instance crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CrashAt {
    Never,
    Before(u64),
    After(u64),
}

/// Memory lent with a submission.
#[derive(Clone, Debug)]
pub(super) enum Resolved {
    Bytes(Vec<u8>),
    Own { address: u64, length: u64 },
    Program { address: u64, length: u64 },
}

/// A request of vfs to a neighbour, or one that it has handed on.
#[derive(Clone, Debug)]
pub(super) struct Submission {
    pub(super) to: Endpoint,
    /// Or the request that was handed on.
    pub(super) tag: Result<Tag, RequestId>,
    pub(super) message: Message,
    pub(super) leases: Vec<Resolved>,
    pub(super) cancelled: bool,
}

/// A request to vfs.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) message: Message,
    pub(super) caller: Caller,
    pub(super) stamp: Time,
    /// What a service has lent; a program lends its memory.
    pub(super) lent: Option<Vec<u8>>,
    pub(super) cancelled: bool,
    pub(super) delivered: bool,
}

/// The kernel.
#[derive(Default)]
pub(super) struct Machine {
    pub(super) submissions: RefCell<Vec<Submission>>,
    pub(super) requests: RefCell<BTreeMap<RequestId, Asked>>,
    pub(super) replies: RefCell<BTreeMap<RequestId, Reply>>,
    /// What the last request that was replied to had lent.
    pub(super) returned: RefCell<Vec<u8>>,
    pub(super) completions: RefCell<Vec<(Tag, Reply)>>,
    /// Requests taken back for absent memory.
    pub(super) withdrawn: RefCell<Vec<RequestId>>,
    pub(super) memory: RefCell<Vec<u8>>,
    pub(super) absent: RefCell<BTreeSet<u64>>,
    /// Whether the programs have died, so that none of their memory is there.
    pub(super) dead: Cell<bool>,
    pub(super) now: Cell<u64>,
    pub(super) timer: Cell<u64>,
    pub(super) calls: Cell<u64>,
    pub(super) crash: Cell<CrashState>,
}

/// When to crash, as it is kept in a cell.
#[derive(Clone, Copy)]
pub(super) struct CrashState(pub(super) CrashAt);

impl Default for CrashState {
    fn default() -> Self {
        CrashState(CrashAt::Never)
    }
}

impl Machine {
    /// Does something that counts as a kernel call and may crash before or after it.
    fn counted<R>(&self, call: impl FnOnce() -> R) -> R {
        let n = self.calls.get();
        self.calls.set(n + 1);
        if self.crash.get().0 == CrashAt::Before(n) {
            std::panic::resume_unwind(Box::new(Crash));
        }
        let result = call();
        if self.crash.get().0 == CrashAt::After(n) {
            std::panic::resume_unwind(Box::new(Crash));
        }
        result
    }

    fn resolve(&self, lease: &LeaseDescriptor) -> Resolved {
        if lease.source == LeaseSource::Own as u32 {
            if lease.access == Access::Read as u32 {
                return Resolved::Bytes(own_bytes(lease.address, lease.length));
            }
            return Resolved::Own {
                address: lease.address,
                length: lease.length,
            };
        }
        Resolved::Program {
            address: lease.address,
            length: lease.length,
        }
    }

    fn resolve_all(&self, leases: &[LeaseDescriptor]) -> Vec<Resolved> {
        leases.iter().map(|lease| self.resolve(lease)).collect()
    }

    /// The bytes behind a lease, for a neighbour.
    pub(super) fn read(&self, lease: &Resolved) -> Vec<u8> {
        match lease {
            Resolved::Bytes(bytes) => bytes.clone(),
            Resolved::Own { address, length } => own_bytes(*address, *length),
            Resolved::Program { address, length } => {
                let range = *address as usize..(*address + *length) as usize;
                self.memory.borrow()[range].to_vec()
            }
        }
    }

    /// Writes behind a lease, for a neighbour.
    pub(super) fn write(&self, lease: &Resolved, bytes: &[u8]) {
        match lease {
            Resolved::Bytes(_) => panic!("a lease to read is written"),
            Resolved::Own { address, length } => {
                assert!(bytes.len() as u64 <= *length);
                own_memory().write_all_at(bytes, *address).unwrap();
            }
            Resolved::Program { address, length } => {
                assert!(bytes.len() as u64 <= *length);
                let start = *address as usize;
                self.memory.borrow_mut()[start..start + bytes.len()].copy_from_slice(bytes);
            }
        }
    }

    /// Checks a copy of a request's lease, and takes the request back when memory is absent.
    fn touch(&self, request: RequestId, offset: u64, length: usize) -> Result<(), CallError> {
        let requests = self.requests.borrow();
        let asked = requests.get(&request).ok_or(CallError::NoRequest)?;
        let end = offset + length as u64;
        if let Some(lent) = &asked.lent {
            let fits = end <= lent.len() as u64;
            return if fits {
                Ok(())
            } else {
                Err(CallError::BadLease)
            };
        }
        if end > MEMORY_BYTES as u64 || offset < PAGE || self.dead.get() {
            return Err(CallError::BadAddress);
        }
        let pages = offset / PAGE..=(end.max(offset + 1) - 1) / PAGE;
        let mut absent = self.absent.borrow_mut();
        let missing = pages.filter(|page| absent.remove(page)).count();
        if missing > 0 {
            self.withdrawn.borrow_mut().push(request);
            return Err(CallError::Absent);
        }
        Ok(())
    }
}

fn own_memory() -> std::fs::File {
    let memory = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/proc/self/mem");
    memory.unwrap()
}

fn own_bytes(address: u64, length: u64) -> Vec<u8> {
    let mut bytes = vec![0; length as usize];
    own_memory().read_exact_at(&mut bytes, address).unwrap();
    bytes
}

impl System for Machine {
    fn submit(
        &self,
        to: Endpoint,
        tag: Tag,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        self.counted(|| {
            let live = self.submissions.borrow().iter().any(|s| s.tag == Ok(tag));
            let completed = self.completions.borrow().iter().any(|(t, _)| *t == tag);
            if live || completed {
                return Ok(());
            }
            let requests = self.requests.borrow();
            let parent = requests.get(&tag.parent);
            self.submissions.borrow_mut().push(Submission {
                to,
                tag: Ok(tag),
                message: *message,
                leases: self.resolve_all(leases),
                cancelled: parent.is_some_and(|p| p.cancelled),
            });
            Ok(())
        })
    }

    fn reply(&self, request: RequestId, reply: &Reply) -> Result<(), CallError> {
        self.counted(|| {
            let ended = self.requests.borrow_mut().remove(&request);
            let ended = ended.ok_or(CallError::NoRequest)?;
            self.returned.replace(ended.lent.unwrap_or_default());
            self.replies.borrow_mut().insert(request, *reply);
            Ok(())
        })
    }

    fn forward(
        &self,
        request: RequestId,
        to: Endpoint,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        self.counted(|| {
            let ended = self.requests.borrow_mut().remove(&request);
            let asked = ended.ok_or(CallError::NoRequest)?;
            self.submissions.borrow_mut().push(Submission {
                to,
                tag: Err(request),
                message: *message,
                leases: self.resolve_all(leases),
                cancelled: asked.cancelled,
            });
            Ok(())
        })
    }

    fn cancel_children(&self, parent: RequestId) {
        for submission in self.submissions.borrow_mut().iter_mut() {
            if submission.tag.is_ok_and(|tag| tag.parent == parent) {
                submission.cancelled = true;
            }
        }
    }

    fn cancel_submission(&self, tag: Tag) {
        for submission in self.submissions.borrow_mut().iter_mut() {
            submission.cancelled |= submission.tag == Ok(tag);
        }
    }

    fn is_live(&self, request: RequestId) -> bool {
        self.requests.borrow().contains_key(&request)
    }

    fn lease_read(
        &self,
        request: RequestId,
        _index: u64,
        offset: u64,
        bytes: &mut [u8],
    ) -> Result<(), CallError> {
        self.counted(|| {
            self.touch(request, offset, bytes.len())?;
            let start = offset as usize;
            let requests = self.requests.borrow();
            let memory = self.memory.borrow();
            let all = requests[&request].lent.as_ref().unwrap_or(&memory);
            bytes.copy_from_slice(&all[start..start + bytes.len()]);
            Ok(())
        })
    }

    fn lease_write(
        &self,
        request: RequestId,
        _index: u64,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), CallError> {
        self.counted(|| {
            self.touch(request, offset, bytes.len())?;
            let start = offset as usize;
            let mut requests = self.requests.borrow_mut();
            let mut memory = self.memory.borrow_mut();
            let all = requests.get_mut(&request).unwrap().lent.as_mut();
            all.unwrap_or(&mut memory)[start..start + bytes.len()].copy_from_slice(bytes);
            Ok(())
        })
    }

    fn set_timer(&self, deadline: Time) {
        self.timer.set(deadline.0);
    }

    fn clock(&self) -> Time {
        Time(self.now.get())
    }

    fn notify(&self, _: Endpoint) -> Result<(), CallError> {
        Ok(())
    }

    fn log(&self, line: &[u8]) {
        println!("{}", String::from_utf8_lossy(line));
    }

    fn call(&self, _: Call, _: &[u64]) -> Result<u64, CallError> {
        Err(CallError::NotPermitted)
    }

    fn kept_read(&self, _: u64, _: &mut [u8]) {}

    fn kept_write(&self, _: u64, _: &[u8]) {}

    fn lease_to_kept(&self, _: RequestId, _: u64, _: u64, _: u64, _: u64) -> Result<(), CallError> {
        Err(CallError::NotPermitted)
    }

    fn kept_to_lease(&self, _: RequestId, _: u64, _: u64, _: u64, _: u64) -> Result<(), CallError> {
        Err(CallError::NotPermitted)
    }

    fn archive(&self) -> &'static [u8] {
        &[]
    }

    fn port_write(&self, _: u16, _: &[u8]) -> Result<(), CallError> {
        Err(CallError::NotPermitted)
    }

    fn port_read_bytes(&self, _: u16, _: &mut [u8]) -> Result<(), CallError> {
        Err(CallError::NotPermitted)
    }

    fn registers_read(&self, _: Pid) -> Result<ThreadState, CallError> {
        Err(CallError::NotPermitted)
    }

    fn registers_write(&self, _: Pid, _: &ThreadState) -> Result<(), CallError> {
        Err(CallError::NotPermitted)
    }

    fn process_identity(&self, _: Pid, _: &Caller) -> Result<(), CallError> {
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

    fn slot_declare(&self, _: &Declaration) -> Result<(), CallError> {
        Err(CallError::NotPermitted)
    }

    fn slot_status(&self, _: Endpoint) -> Result<SlotStatus, CallError> {
        Err(CallError::NotPermitted)
    }

    fn transaction_status(&self) -> TransactionStatus {
        TransactionStatus::default()
    }

    fn instance_create_from(&self, _: Endpoint, _: &[u8]) -> Result<(), CallError> {
        Err(CallError::NotPermitted)
    }
}
