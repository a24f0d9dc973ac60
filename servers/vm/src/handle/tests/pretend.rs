//! A kernel for tests: spaces as maps of pages, and what was submitted, forwarded and replied. It
//! can break off at any kernel call, as a crash does.

use abi::call::Protection;
use abi::call::{MachineStatistics, MemoryStatistics, ProcessUsage};
use abi::declaration::Declaration;
use abi::layout::PAGE_SIZE;
use abi::lease::{LeaseDescriptor, LeaseSource};
use abi::process::ThreadState;
use abi::slot::{SlotStatus, TransactionStatus};
use abi::word::index;
use abi::{Call, CallError, Caller, Endpoint, Message, Pid, Reply, RequestId, Tag, Time};
use service::System;
use service::system::LogPart;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

const PAGE: usize = 4096;

/// A page's content, how often it is mapped, and whether it is a file server's.
pub(super) struct Frame {
    bytes: RefCell<[u8; PAGE]>,
    kept: bool,
}

impl Frame {
    pub(super) fn new(bytes: [u8; PAGE], kept: bool) -> Rc<Frame> {
        Rc::new(Frame {
            bytes: RefCell::new(bytes),
            kept,
        })
    }

    fn is_private(self: &Rc<Self>) -> bool {
        !self.kept && Rc::strong_count(self) == 1
    }
}

/// A mapped page.
pub(super) struct Page {
    frame: Rc<Frame>,
    rights: u64,
    writable: bool,
}

type Pages = BTreeMap<u64, Page>;

/// What a request lends as lease 0.
#[derive(Clone)]
pub(super) enum Lease {
    Space(u64),
    Bytes(Vec<u8>),
}

pub(super) struct Submission {
    pub(super) to: Endpoint,
    pub(super) tag: Tag,
    pub(super) message: Message,
    pub(super) leases: Vec<LeaseDescriptor>,
}

pub(super) struct Forwarded {
    pub(super) id: RequestId,
    pub(super) message: Message,
    pub(super) lease: LeaseDescriptor,
}

#[derive(Default)]
pub(super) struct Pretend {
    pub(super) spaces: RefCell<BTreeMap<u64, Pages>>,
    pub(super) live: RefCell<BTreeMap<RequestId, Lease>>,
    pub(super) submitted: RefCell<Vec<Submission>>,
    pub(super) forwarded: RefCell<Vec<Forwarded>>,
    pub(super) replies: RefCell<BTreeMap<RequestId, Reply>>,
    /// The address that a copy missed, and whether it was to be written.
    pub(super) missed: Cell<Option<(u64, u64)>>,
    /// What a reading server has written to the lease it was lent last.
    pub(super) written: RefCell<Vec<u8>>,
    /// Pages that programs may have.
    pub(super) limit: Cell<u64>,
    /// Calls until the crash.
    pub(super) crash_in: Cell<Option<u32>>,
}

/// The panic of a crash that was asked for.
pub(super) struct Crash;

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

    /// Pages of programs that are in use.
    pub(super) fn used(&self) -> u64 {
        let spaces = self.spaces.borrow();
        let frames = spaces.values().flat_map(BTreeMap::values);
        let mut own: Vec<_> = frames
            .filter(|page| !page.frame.kept)
            .map(|page| Rc::as_ptr(&page.frame))
            .collect();
        own.sort();
        own.dedup();
        own.len() as u64
    }

    fn has_room(&self) -> bool {
        self.used() < self.limit.get()
    }

    /// A program's access to a byte. The error says whether there is a page.
    pub(super) fn access(&self, space: u64, at: u64, write: Option<u8>) -> Result<u8, bool> {
        let spaces = self.spaces.borrow();
        let page = spaces.get(&space).and_then(|s| s.get(&(at / PAGE_SIZE)));
        let page = page.ok_or(false)?;
        let mut bytes = page.frame.bytes.borrow_mut();
        let byte = &mut bytes[index(at % PAGE_SIZE)];
        if page.rights & 7 == 0 || write.is_some() && !page.writable {
            return Err(true);
        }
        if let Some(value) = write {
            *byte = value;
        }
        Ok(*byte)
    }

    pub(super) fn lend(&self, space: u64, at: u64, frame: &Rc<Frame>, rights: u64) {
        let mut spaces = self.spaces.borrow_mut();
        let pages = spaces.get_mut(&space).unwrap();
        pages.entry(at / PAGE_SIZE).or_insert_with(|| Page {
            frame: frame.clone(),
            rights,
            writable: false,
        });
    }

    fn read_byte(&self, lease: &Lease, at: u64) -> Result<u8, CallError> {
        match lease {
            Lease::Bytes(bytes) => bytes.get(index(at)).copied().ok_or(CallError::BadLease),
            Lease::Space(space) => self.access(*space, at, None).map_err(|_| {
                self.missed.set(Some((at, 1)));
                CallError::Absent
            }),
        }
    }

    fn copy_in(&self, arguments: &[u64]) -> Result<u64, CallError> {
        let [space, to, request, _, from, length] = arguments[..] else {
            return Err(CallError::BadArgument);
        };
        let lease = self.live.borrow().get(&RequestId(request)).cloned();
        let lease = lease.ok_or(CallError::NoRequest)?;
        for at in 0..length {
            let byte = self.read_byte(&lease, from + at)?;
            let spaces = self.spaces.borrow();
            let pages = spaces.get(&space).ok_or(CallError::NoSpace)?;
            let page = pages.get(&((to + at) / PAGE_SIZE));
            let page = page.ok_or(CallError::BadAddress)?;
            page.frame.bytes.borrow_mut()[index((to + at) % PAGE_SIZE)] = byte;
        }
        Ok(length)
    }

    fn map(&self, space: u64, address: u64, count: u64, rights: u64) -> Result<u64, CallError> {
        let mut room = self.limit.get().saturating_sub(self.used());
        for done in 0..count {
            let number = address / PAGE_SIZE + done;
            let there = self.in_space(space, |pages| pages.contains_key(&number))?;
            if !there && room == 0 {
                return if done == 0 {
                    Err(CallError::NoMemory)
                } else {
                    Ok(done)
                };
            }
            room -= u64::from(!there);
            self.in_space(space, |pages| {
                pages.entry(number).or_insert_with(|| Page {
                    frame: Frame::new([0; PAGE], false),
                    rights: rights & 7,
                    writable: rights & 2 != 0,
                });
            })?;
        }
        Ok(count)
    }

    fn protect(&self, space: u64, address: u64, count: u64, rights: u64) -> Result<u64, CallError> {
        let first = address / PAGE_SIZE;
        self.in_space(space, |pages| {
            for (_, page) in pages.range_mut(first..first + count) {
                page.rights = rights & 7;
                let own = page.frame.is_private() || rights & Protection::SHARED.0 != 0;
                page.writable = rights & 2 != 0 && own;
            }
            0
        })
    }

    fn unshare(&self, space: u64, address: u64, rights: u64) -> Result<u64, CallError> {
        let room = self.has_room();
        self.in_space(space, |pages| {
            let page = pages.get_mut(&(address / PAGE_SIZE));
            let page = page.ok_or(CallError::BadAddress)?;
            if !page.frame.is_private() && rights & Protection::SHARED.0 == 0 {
                if !room {
                    return Err(CallError::NoMemory);
                }
                let bytes = *page.frame.bytes.borrow();
                page.frame = Frame::new(bytes, false);
            }
            (page.rights, page.writable) = (rights & 7, rights & 2 != 0);
            Ok(0)
        })?
    }

    fn clone_range(&self, arguments: &[u64]) -> Result<u64, CallError> {
        let [from, to, address, count, shared] = arguments[..] else {
            return Err(CallError::BadArgument);
        };
        let mut spaces = self.spaces.borrow_mut();
        let first = address / PAGE_SIZE;
        let source = spaces.get_mut(&from).ok_or(CallError::NoSpace)?;
        let mut copies = Pages::new();
        for (number, page) in source.range_mut(first..first + count) {
            page.writable &= shared != 0;
            let frame = page.frame.clone();
            copies.insert(*number, Page { frame, ..*page });
        }
        let target = spaces.get_mut(&to).ok_or(CallError::NoSpace)?;
        for (number, page) in copies {
            target.entry(number).or_insert(page);
        }
        Ok(0)
    }

    fn in_space<R>(&self, space: u64, act: impl FnOnce(&mut Pages) -> R) -> Result<R, CallError> {
        let mut spaces = self.spaces.borrow_mut();
        spaces.get_mut(&space).map(act).ok_or(CallError::NoSpace)
    }

    fn create(&self, space: u64) -> u64 {
        self.spaces.borrow_mut().entry(space).or_default();
        0
    }

    fn destroy(&self, space: u64) -> u64 {
        self.spaces.borrow_mut().remove(&space);
        0
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
        let mut submitted = self.submitted.borrow_mut();
        if submitted.iter().all(|known| known.tag != tag) {
            let (message, leases) = (*message, leases.to_vec());
            submitted.push(Submission {
                to,
                tag,
                message,
                leases,
            });
        }
        Ok(())
    }

    fn reply(&self, request: RequestId, reply: &Reply) -> Result<(), CallError> {
        self.may_crash();
        self.live.borrow_mut().remove(&request);
        self.replies.borrow_mut().insert(request, *reply);
        Ok(())
    }

    fn forward(
        &self,
        request: RequestId,
        _: Endpoint,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        self.may_crash();
        let (lease, message) = (leases[0], *message);
        assert_eq!(lease.source, LeaseSource::Lent as u32);
        self.forwarded.borrow_mut().push(Forwarded {
            id: request,
            message,
            lease,
        });
        Ok(())
    }

    fn cancel_children(&self, _: RequestId) {}
    fn cancel_submission(&self, _: Tag) {}

    fn is_live(&self, request: RequestId) -> bool {
        self.live.borrow().contains_key(&request)
    }

    fn lease_read(
        &self,
        request: RequestId,
        _: u64,
        offset: u64,
        bytes: &mut [u8],
    ) -> Result<(), CallError> {
        self.may_crash();
        let lease = self.live.borrow().get(&request).cloned();
        let lease = lease.ok_or(CallError::NoRequest)?;
        for (at, byte) in (offset..).zip(bytes) {
            *byte = self.read_byte(&lease, at)?;
        }
        Ok(())
    }

    fn lease_write(
        &self,
        request: RequestId,
        _: u64,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), CallError> {
        self.may_crash();
        let lease = self.live.borrow().get(&request).cloned();
        let Some(Lease::Space(space)) = lease else {
            *self.written.borrow_mut() = bytes.to_vec();
            return Ok(());
        };
        for (at, byte) in (offset..).zip(bytes) {
            if self.access(space, at, Some(*byte)).is_err() {
                self.missed.set(Some((at, 2)));
                return Err(CallError::Absent);
            }
        }
        Ok(())
    }

    fn set_timer(&self, _: Time) {}
    fn clock(&self) -> Time {
        Time(0)
    }
    fn notify(&self, _: Endpoint) -> Result<(), CallError> {
        Ok(())
    }
    fn log(&self, _: &[u8]) {}

    fn call(&self, call: Call, arguments: &[u64]) -> Result<u64, CallError> {
        self.may_crash();
        let a = arguments;
        match call {
            Call::SpaceCreate => Ok(self.create(a[0])),
            Call::SpaceDestroy => Ok(self.destroy(a[0])),
            Call::MapVdso => Ok(3),
            Call::MapAnonymous => self.map(a[0], a[1], a[2], a[3]),
            Call::Protect => self.protect(a[0], a[1], a[2], a[3]),
            Call::Unmap => self.in_space(a[0], |pages| {
                let first = a[1] / PAGE_SIZE;
                pages.retain(|number, _| *number < first || *number >= first + a[2]);
                0
            }),
            Call::Unshare => self.unshare(a[0], a[1], a[2]),
            Call::CloneRange => self.clone_range(a),
            Call::CopyIn => self.copy_in(a),
            Call::SpaceStatistics => self.in_space(a[0], |pages| pages.len() as u64),
            _ => Err(CallError::UnknownCall),
        }
    }

    fn memory_statistics(&self) -> MemoryStatistics {
        let programs = self.used();
        MemoryStatistics {
            free: self.limit.get().saturating_sub(programs),
            programs,
            ..MemoryStatistics::default()
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
    fn registers_read(&self, _: Pid) -> Result<ThreadState, CallError> {
        Err(CallError::UnknownCall)
    }
    fn registers_write(&self, _: Pid, _: &ThreadState) -> Unused {
        Err(CallError::UnknownCall)
    }
    fn process_identity(&self, _: Pid, _: &Caller) -> Unused {
        Err(CallError::UnknownCall)
    }
    fn process_usage(&self, _: Pid) -> Result<ProcessUsage, CallError> {
        Err(CallError::UnknownCall)
    }
    fn machine_statistics(&self) -> MachineStatistics {
        MachineStatistics::default()
    }
    fn log_read(&self, _: u64, _: &mut [u8]) -> Result<LogPart, CallError> {
        Err(CallError::UnknownCall)
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
