//! A kernel for tests: programs with registers and memory, requests, submissions. It can break off
//! at any kernel call, as a crash does, and say that a page is absent.

use abi::call::{MachineStatistics, MemoryStatistics, ProcessUsage};
use abi::declaration::Declaration;
use abi::lease::{Access, LeaseDescriptor, LeaseSource};
use abi::process::{FloatingPoint, Registers, ThreadState};
use abi::slot::{SlotStatus, TransactionStatus};
use abi::word::low_32;
use abi::{Call, CallError, Caller, Endpoint, Event, Message, Pid, Reply, RequestId, Tag, Time};
use service::System;
use service::system::LogPart;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Below this nothing is mapped; above it everything is, zeroed.
pub(super) const BOTTOM: u64 = 0x1_0000;

/// A program's process.
#[derive(Clone)]
pub(super) struct Program {
    pub(super) thread: ThreadState,
    pub(super) identity: Caller,
    pub(super) runs: bool,
    pub(super) interrupts: u64,
    pub(super) interrupted: bool,
    pub(super) carried: (u32, u32),
    pub(super) waits: Option<RequestId>,
    pub(super) used: u64,
}

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Call(u32),
    Report(u32),
    Service,
    Nobody,
}

/// A request to pm.
pub(super) struct Request {
    pub(super) event: Event,
    pub(super) origin: Origin,
    pub(super) reply: Option<Reply>,
    pub(super) written: Vec<u8>,
}

/// A request of pm.
#[derive(Clone)]
pub(super) struct Submission {
    pub(super) to: Endpoint,
    pub(super) tag: Tag,
    pub(super) message: Message,
    pub(super) leases: Vec<LeaseDescriptor>,
    /// What is lent to be read: the kernel keeps that memory as long as the request lives, even if
    /// the instance does not.
    pub(super) lent: Vec<u8>,
    pub(super) is_answered: bool,
}

/// The panic of a crash that was asked for.
pub(super) struct Crash;

#[derive(Default)]
pub(super) struct Pretend {
    pub(super) programs: RefCell<BTreeMap<u32, Program>>,
    pub(super) memory: RefCell<BTreeMap<(u32, u64), u8>>,
    /// Pages that the next copy misses: space and page.
    pub(super) absent: RefCell<BTreeSet<(u32, u64)>>,
    pub(super) requests: RefCell<BTreeMap<RequestId, Request>>,
    pub(super) submissions: RefCell<Vec<Submission>>,
    /// Requests to be told of their cancellation, and to be delivered again.
    pub(super) cancelled: RefCell<Vec<RequestId>>,
    pub(super) withdrawn: RefCell<Vec<RequestId>>,
    pub(super) now: Cell<u64>,
    pub(super) timer: Cell<u64>,
    pub(super) off: Cell<Option<u64>>,
    /// Processes there may be.
    pub(super) most: Cell<usize>,
    /// Calls until the crash.
    pub(super) crash_in: Cell<Option<u32>>,
}

/// Bytes of pm's own memory, as the kernel copies them.
fn own_bytes(lease: &LeaseDescriptor) -> Vec<u8> {
    assert_eq!(lease.source, LeaseSource::Own as u32);
    let mut bytes = vec![0; usize::try_from(lease.length).unwrap()];
    let memory = File::open("/proc/self/mem").unwrap();
    memory.read_exact_at(&mut bytes, lease.address).unwrap();
    bytes
}

/// Writes to pm's own memory, as the kernel does.
pub(super) fn write_own(lease: &LeaseDescriptor, bytes: &[u8]) {
    assert!(lease.access & 2 != 0 && bytes.len() as u64 <= lease.length);
    let memory = File::options().write(true).open("/proc/self/mem").unwrap();
    memory.write_all_at(bytes, lease.address).unwrap();
}

impl Pretend {
    fn may_crash(&self) {
        match self.crash_in.get() {
            Some(0) => {
                self.crash_in.set(None);
                std::panic::resume_unwind(Box::new(Crash));
            }
            left => self.crash_in.set(left.map(|calls| calls - 1)),
        }
    }

    pub(super) fn peek(&self, space: u32, address: u64, length: usize) -> Vec<u8> {
        let memory = self.memory.borrow();
        let byte = |at| memory.get(&(space, at)).copied().unwrap_or(0);
        (address..).take(length).map(byte).collect()
    }

    pub(super) fn poke(&self, space: u32, address: u64, bytes: &[u8]) {
        let mut memory = self.memory.borrow_mut();
        for (at, byte) in (address..).zip(bytes) {
            memory.insert((space, at), *byte);
        }
    }

    /// The space a copy goes to, if all its pages are there.
    fn reach(&self, request: RequestId, at: u64, length: usize) -> Result<Option<u32>, CallError> {
        let requests = self.requests.borrow();
        let found = requests.get(&request).ok_or(CallError::NoRequest)?;
        if found.origin == Origin::Service {
            return Ok(None);
        }
        let space = found.event.caller.space.0;
        let gone = found.origin == Origin::Nobody;
        if gone || at < BOTTOM || length as u64 > abi::layout::USER_TOP - at {
            return Err(CallError::BadAddress);
        }
        let mut absent = self.absent.borrow_mut();
        for page in at / 4096..=(at + length.max(1) as u64 - 1) / 4096 {
            if absent.remove(&(space, page)) {
                self.withdrawn.borrow_mut().push(request);
                return Err(CallError::Absent);
            }
        }
        Ok(Some(space))
    }

    fn create(&self, a: &[u64]) -> Result<u64, CallError> {
        let (pid, parent, space) = (low_32(a[0]), low_32(a[1]), low_32(a[2]));
        let mut programs = self.programs.borrow_mut();
        if programs.contains_key(&pid) {
            return Ok(0);
        }
        if programs.len() >= self.most.get() {
            return Err(CallError::NoMemory);
        }
        let mut thread = ThreadState {
            registers: Registers::default(),
            call_number: -1,
            reserved: 0,
            floating_point: FloatingPoint([0; 512]),
        };
        let mut identity = Caller::default();
        if parent != 0 {
            let parent = programs.get(&parent).ok_or(CallError::NoProcess)?;
            thread.registers = Registers {
                rax: 0,
                ..parent.thread.registers
            };
            identity = parent.identity;
        }
        if a[3] != 0 {
            thread.registers.rsp = a[3];
        }
        identity.pid = Pid(pid);
        identity.space.0 = space;
        let program = Program {
            thread,
            identity,
            runs: false,
            interrupts: 0,
            interrupted: false,
            carried: (0, 0),
            waits: None,
            used: 0,
        };
        programs.insert(pid, program);
        Ok(0)
    }

    fn destroy(&self, pid: u32) -> Result<u64, CallError> {
        let gone = self.programs.borrow_mut().remove(&pid);
        if let Some(request) = gone.and_then(|program| program.waits)
            && let Some(found) = self.requests.borrow_mut().get_mut(&request)
        {
            found.origin = Origin::Nobody;
            found.event.cancelled = 1;
            self.cancelled.borrow_mut().push(request);
        }
        Ok(0)
    }

    fn interrupt(&self, pid: u32, number: u64) -> Result<u64, CallError> {
        let mut programs = self.programs.borrow_mut();
        let program = programs.get_mut(&pid).ok_or(CallError::NoProcess)?;
        if number <= program.interrupts {
            return Ok(0);
        }
        program.interrupts = number;
        program.interrupted = true;
        let mut requests = self.requests.borrow_mut();
        if let Some(request) = program.waits
            && let Some(found) = requests.get_mut(&request)
            && matches!(found.origin, Origin::Call(_))
            && found.event.cancelled == 0
        {
            found.event.cancelled = 1;
            self.cancelled.borrow_mut().push(request);
        }
        Ok(0)
    }

    fn program<R>(&self, pid: u64, change: impl FnOnce(&mut Program) -> R) -> Result<R, CallError> {
        let mut programs = self.programs.borrow_mut();
        programs
            .get_mut(&low_32(pid))
            .map(change)
            .ok_or(CallError::NoProcess)
    }
}

impl System for Pretend {
    fn submit(
        &self,
        to: Endpoint,
        tag: Tag,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        self.may_crash();
        let mut submissions = self.submissions.borrow_mut();
        if submissions.iter().all(|known| known.tag != tag) {
            let readable = leases
                .iter()
                .find(|lease| lease.access == Access::Read as u32);
            submissions.push(Submission {
                to,
                tag,
                message: *message,
                leases: leases.to_vec(),
                lent: readable.map(own_bytes).unwrap_or_default(),
                is_answered: false,
            });
        }
        Ok(())
    }

    fn reply(&self, request: RequestId, reply: &Reply) -> Result<(), CallError> {
        self.may_crash();
        let mut requests = self.requests.borrow_mut();
        let found = requests
            .get_mut(&request)
            .filter(|found| found.reply.is_none());
        let found = found.ok_or(CallError::NoRequest)?;
        found.reply = Some(*reply);
        let (Origin::Call(pid) | Origin::Report(pid)) = found.origin else {
            return Ok(());
        };
        let is_call = matches!(found.origin, Origin::Call(_));
        self.program(pid.into(), |program| {
            program.waits = None;
            if is_call {
                program.thread.registers.rax = reply.result.cast_unsigned();
                program.carried = (reply.signal, reply.signal_group);
                program.interrupted |= reply.result == abi::Errno::RESTART.result();
            }
        })
    }

    fn forward(
        &self,
        _: RequestId,
        _: Endpoint,
        _: &Message,
        _: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        Err(CallError::UnknownCall)
    }

    fn cancel_children(&self, _: RequestId) {}
    fn cancel_submission(&self, _: Tag) {}

    fn is_live(&self, request: RequestId) -> bool {
        self.requests
            .borrow()
            .get(&request)
            .is_some_and(|found| found.reply.is_none())
    }

    fn lease_read(
        &self,
        request: RequestId,
        index: u64,
        offset: u64,
        bytes: &mut [u8],
    ) -> Result<(), CallError> {
        self.may_crash();
        assert_eq!(index, 0);
        let space = self
            .reach(request, offset, bytes.len())?
            .ok_or(CallError::BadLease)?;
        bytes.copy_from_slice(&self.peek(space, offset, bytes.len()));
        Ok(())
    }

    fn lease_write(
        &self,
        request: RequestId,
        index: u64,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), CallError> {
        self.may_crash();
        assert_eq!(index, 0);
        match self.reach(request, offset, bytes.len())? {
            Some(space) => self.poke(space, offset, bytes),
            None => {
                let mut requests = self.requests.borrow_mut();
                let found = requests.get_mut(&request).ok_or(CallError::NoRequest)?;
                found.written = bytes.to_vec();
            }
        }
        Ok(())
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

    fn log(&self, _: &[u8]) {}

    fn call(&self, call: Call, a: &[u64]) -> Result<u64, CallError> {
        self.may_crash();
        match call {
            Call::ProcessCreate => self.create(a),
            Call::ProcessDestroy => self.destroy(low_32(a[0])),
            Call::ProcessInterrupt => self.interrupt(low_32(a[0]), a[1]),
            Call::ProcessRun => self.program(a[0], |program| {
                program.runs = a[1] != 0;
                0
            }),
            Call::ProcessExecute => self.program(a[0], |program| {
                program.identity.space.0 = low_32(a[1]);
                program.thread.registers = Registers {
                    rip: a[2],
                    rsp: a[3],
                    ..Registers::default()
                };
                0
            }),
            Call::PowerOff => {
                self.off.set(Some(a[0]));
                Ok(0)
            }
            Call::RealTime => Ok(1_000_000_000_000),
            Call::SetRealTime => Ok(0),
            _ => Err(CallError::UnknownCall),
        }
    }

    fn kept_read(&self, _: u64, _: &mut [u8]) {}
    fn kept_write(&self, _: u64, _: &[u8]) {}
    fn lease_to_kept(&self, _: RequestId, _: u64, _: u64, _: u64, _: u64) -> Unused {
        Err(CallError::UnknownCall)
    }
    fn kept_to_lease(&self, _: RequestId, _: u64, _: u64, _: u64, _: u64) -> Unused {
        Err(CallError::UnknownCall)
    }
    fn archive(&self) -> &'static [u8] {
        &[]
    }
    fn port_write(&self, _: u16, _: &[u8]) -> Unused {
        Err(CallError::UnknownCall)
    }
    fn port_read_bytes(&self, _: u16, _: &mut [u8]) -> Unused {
        Err(CallError::UnknownCall)
    }

    fn registers_read(&self, process: Pid) -> Result<ThreadState, CallError> {
        self.may_crash();
        self.program(process.0.into(), |program| program.thread)
    }

    fn registers_write(&self, process: Pid, state: &ThreadState) -> Unused {
        self.may_crash();
        self.program(process.0.into(), |program| program.thread = *state)
    }

    fn process_identity(&self, process: Pid, identity: &Caller) -> Unused {
        self.may_crash();
        self.program(process.0.into(), |program| {
            let Caller { pid, space, .. } = program.identity;
            program.identity = Caller {
                pid,
                space,
                ..*identity
            };
        })
    }

    fn process_usage(&self, process: Pid) -> Result<ProcessUsage, CallError> {
        self.program(process.0.into(), |program| ProcessUsage {
            user: program.used,
            ..ProcessUsage::default()
        })
    }

    fn memory_statistics(&self) -> MemoryStatistics {
        MemoryStatistics {
            total: 100,
            free: 40,
            ..MemoryStatistics::default()
        }
    }
    fn machine_statistics(&self) -> MachineStatistics {
        MachineStatistics::default()
    }
    fn log_read(&self, position: u64, bytes: &mut [u8]) -> Result<LogPart, CallError> {
        let log = b"one\ntwo\n";
        let from = usize::try_from(position).unwrap().min(log.len());
        let length = bytes.len().min(log.len() - from);
        bytes[..length].copy_from_slice(&log[from..from + length]);
        Ok(LogPart {
            length,
            start: from as u64,
            end: log.len() as u64,
        })
    }
    fn slot_declare(&self, _: &Declaration) -> Unused {
        Err(CallError::UnknownCall)
    }
    fn slot_status(&self, _: Endpoint) -> Result<SlotStatus, CallError> {
        Err(CallError::UnknownCall)
    }
    fn transaction_status(&self) -> TransactionStatus {
        TransactionStatus::default()
    }
    fn instance_create_from(&self, _: Endpoint, _: &[u8]) -> Unused {
        Err(CallError::UnknownCall)
    }
}

type Unused = Result<(), CallError>;
