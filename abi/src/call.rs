//! Kernel calls of services: `syscall` with the number in rax, arguments in rdi, rsi, rdx, r10,
//! r8, r9; the result in rax (see [`crate::CallError::from_register`]).
//!
//! **Every call is harmless when made again**: what it makes is named by its caller, or numbered,
//! or a level. A handler run again after a crash may therefore make it again.

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// A kernel call. The right to make call n is bit n of `Declaration::calls`; those below
        /// [`Call::FIRST_DECLARED`] every service may make.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u64)]
        pub enum Call { $($(#[$doc])* $name = $number,)* }

        impl Call {
            /// Every call, with its name as `system/services.toml` spells it.
            pub const ALL: &[(Call, &'static str)] = &[$((Call::$name, stringify!($name)),)*];

            /// Decodes a call's number.
            #[must_use]
            pub const fn from_number(number: u64) -> Option<Call> {
                match number { $($number => Some(Call::$name),)* _ => None }
            }
        }
    };
}

calls! {
    /// Ends a request, if one is named, as `Reply` does; acknowledges the previous event and waits
    /// for the next, which is written to the event page. Arguments: (request id or 0), and then
    /// what the service has in hand ([`crate::event::Holding`]): requests, questions, waiting. One
    /// that has lost track of them is ended.
    Receive = 0,
    /// Asks a service: (endpoint). Tag, message and leases are in `outgoing`. Does nothing when
    /// the tag is live or its completion is not yet acknowledged.
    Submit = 1,
    /// Ends a request: (request id). The reply is in `outgoing`. A request not held: `NoRequest`.
    Reply = 2,
    /// Hands a request on: (request id, endpoint). Message and leases are in `outgoing`; the caller,
    /// the stamp and who hears the reply stay. For a `PAGE_FAULT`, leases may only be parts of
    /// lease 0 and the reply resumes the program.
    Forward = 3,
    /// Cancels the submissions of this slot whose tag has this parent: (request id).
    CancelChildren = 4,
    /// Cancels one submission; its tag is in `outgoing`.
    CancelSubmission = 5,
    /// Whether a request is live and this slot has to end it: (request id). Result 1 or 0.
    IsLive = 6,
    /// Copies from a lease: (request id, lease index, offset, local address, bytes). Result: bytes.
    LeaseRead = 7,
    /// Copies to a lease: (request id, lease index, offset, local address, bytes). Result: bytes.
    LeaseWrite = 8,
    /// Sets the slot's one timer: (deadline in ns, or all ones for none). A level.
    SetTimer = 9,
    /// The kernel's clock in ns.
    Clock = 10,
    /// Raises the caller's bit at a service: (endpoint).
    Notify = 11,
    /// Extends the heap: (bytes of heap wanted in all, rounded up to pages). A level. Result: the
    /// heap's address.
    Grow = 12,
    /// Adds a line to the kernel's log: (address, bytes at most 512).
    Log = 13,
    /// A candidate's report: (a `Refusal`, 0 when it is ready; the version of its State). Returns
    /// after the commit only.
    Ready = 14,
    /// The exporter's progress: (bytes of inbox wanted in all). A level. Result: the inbox's address.
    InboxGrow = 15,
    /// The exporter's end: (bytes written, State version).
    ExportDone = 16,
    /// What the instance was started for: result 0 fresh, else the bytes in the inbox;
    /// the event page's `outgoing.reply` gets words: State version, seed (3 random words),
    /// generation | slot << 32, and the bytes of the boot archive that are mapped.
    StartInformation = 17,
    /// Ends the instance as crashed: (0 by a panic, 1 because it got no memory).
    Abort = 18,

    /// Maps zeroed kept pages: (page index, pages). Pages already there stay as they are.
    KeepMap = 19,
    /// Frees kept pages: (page index, pages). Those lent to programs live until unmapped there.
    KeepUnmap = 20,
    /// Answers a page fault forwarded to this service with pages of its kept memory or of the
    /// archive: (request id, own address, pages, which page of the fault's lease gets the first).
    /// Mapped where no pages are, read only when the fault's `forward` said so, copied on write
    /// otherwise; then ends the request with 0.
    ReplyPages = 21,

    /// Reads a port: (port, bytes 1 2 or 4). Result: the value.
    PortRead = 22,
    /// Writes bytes to a port one after the other: (port, address, count).
    PortWrite = 23,
    /// Unmasks the k-th declared interrupt, which stays masked after each delivery: (k).
    InterruptEnable = 24,
    /// Reads a port repeatedly, one byte each: (port, address, count).
    PortReadBytes = 25,

    /// vm: makes an empty address space: (space).
    SpaceCreate = 26,
    /// vm: frees an address space and all pages in it: (space).
    SpaceDestroy = 27,
    /// vm: (space, address, pages, `Protection`): zeroed pages where none are. Result: pages done.
    MapAnonymous = 28,
    /// vm: (space, address, pages, `Protection`): changes the pages that are there. A page that others have
    /// as well stays read only until a store, which gets the program a copy of its own, without
    /// [`Protection::SHARED`].
    Protect = 29,
    /// vm: (space, address, pages).
    Unmap = 30,
    /// vm: (from space, to space, address, pages, 0 or 1): shares the pages that are there, in both read only
    /// until a store, which gets the program a copy of its own; with 1 they stay writable in both. A page table
    /// that is covered as a whole is shared itself.
    CloneRange = 31,
    /// vm: (space, address, `Protection`): makes the page writable, copying it if it is shared,
    /// without [`Protection::SHARED`].
    Unshare = 32,
    /// vm: copies from a lease into a space whose pages are mapped:
    /// (space, address, request id, lease index, offset, bytes).
    CopyIn = 33,
    /// vm: maps the clock page and the vDSO behind it: (space, address). Result: pages mapped.
    MapVdso = 34,
    /// Statistics of a space: (space). Result: resident pages.
    SpaceStatistics = 35,
    /// Statistics of memory: (address of a `MemoryStatistics`).
    MemoryStatistics = 36,

    /// pm: makes a stopped process: (pid, parent pid, space, stack pointer or 0 for the parent's).
    /// Registers are the parent's with rax 0. Parent 0: all zero.
    ProcessCreate = 37,
    /// pm: puts a process into a space at an entry: (pid, space, entry, stack pointer). All other
    /// registers become 0.
    ProcessExecute = 38,
    /// pm: ends a process: (pid). A request it is in is cancelled and nobody hears its reply.
    ProcessDestroy = 39,
    /// pm: signal number n of a process: (pid, n). Cancels the call it is in; when it would return
    /// to user mode, `INTERRUPTED` is asked first. A number already seen does nothing.
    ProcessInterrupt = 40,
    /// pm: (pid, 1 run or 0 stop). A level.
    ProcessRun = 41,
    /// pm: (pid, address of a `ThreadState`).
    RegistersRead = 42,
    /// pm: (pid, address of a `ThreadState`).
    RegistersWrite = 43,
    /// pm: (pid, address of a `Caller`): sets all but pid and space.
    ProcessIdentity = 44,
    /// (pid, address of a `ProcessUsage`).
    ProcessUsage = 45,
    /// sched: (pid, priority 16..=31, quantum in ns).
    ProcessSchedule = 46,

    /// rs: states a slot's declaration: (address of a `Declaration`). A level.
    SlotDeclare = 47,
    /// rs: makes a candidate: (slot, source 0 archive or 1 own memory, offset or address, bytes).
    InstanceCreate = 48,
    /// rs: drops a candidate: (slot).
    InstanceDestroy = 49,
    /// rs: replaces the instances of slots by their candidates, all or none: (slots, one bit each;
    /// of these the ones to start fresh; deadline in ns; number of the transaction, larger than
    /// the last; 1 to try it: when all are ready they are dropped and the old ones go on). Freezes,
    /// exports, imports and commits; `SLOT_CHANGED` tells of the end.
    Replace = 50,
    /// (slot, address of a `SlotStatus`).
    SlotStatus = 51,
    /// (address of a `TransactionStatus`).
    TransactionStatus = 52,
    /// rs: takes a slot down: (slot). Its instance ends, its requests end with `EIO`.
    SlotDown = 53,
    /// rs: makes a service crash: (slot, fault, number, n of `AtPoint` and `AfterTime`). Numbered; a
    /// later one takes the place of one that has not happened.
    SlotFault = 54,
    /// rs: ends the machine: (0 power off, 1 restart, 2 failure).
    PowerOff = 55,
    /// Reads the kernel's log: (position, address, bytes). Result: bytes; `outgoing.reply` words
    /// get the position of the first byte and of the end.
    LogRead = 56,
    /// clock: states the real time at monotonic time 0: (nanoseconds since 1970). A level.
    SetRealTime = 57,
    /// Real time at monotonic time 0. Result: nanoseconds since 1970.
    RealTime = 58,
    /// What the processor did since the start: (address of a `MachineStatistics`).
    MachineStatistics = 59,
    /// What is kept of a crash: (its number, address of a `crash::CrashRecord`). Result: the number
    /// of the last crash. `BadArgument` when that one is not kept; number 0 writes nothing.
    CrashRead = 60,
    /// rs: ends any one program and frees its memory. Result: 1, or 0 when there is none.
    ProgramEnd = 61,
    /// rs: result: the slots whose instance has crashed and has no successor yet, one bit each.
    SlotsCrashed = 62,
    /// The owner of a Linux call on a descriptor states what it becomes for a process: (pid,
    /// descriptor, the call's number, endpoint, bytes at most). The kernel then asks that service
    /// itself, as this one would by `Forward`: with the message in `outgoing`, whose second word
    /// becomes the length, the third argument; and with lease 0, the memory at the second argument,
    /// with the access of lease 0 in `outgoing`. A level. With all ones as the endpoint: forgets that
    /// of so many descriptors from this one on as the last argument says.
    Route = 63,
}

impl Call {
    /// The first call that needs a declared right.
    pub const FIRST_DECLARED: u64 = Call::KeepMap as u64;

    /// Whether a service declared with `calls` may make this one.
    #[must_use]
    pub const fn permitted(self, calls: u64) -> bool {
        (self as u64) < Self::FIRST_DECLARED || calls & (1 << self as u64) != 0
    }
}

/// What a page of a program may be used for; also the bits of mmap's `prot`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Protection(pub u64);

impl Protection {
    /// May be read.
    pub const READ: Protection = Protection(1);
    /// May be written.
    pub const WRITE: Protection = Protection(2);
    /// May be executed.
    pub const EXECUTE: Protection = Protection(4);
    /// A page that several spaces have stays the same page in all of them, also when it is
    /// writable: told by vm to the kernel, not by mmap's `prot`. Pages of services are never so.
    pub const SHARED: Protection = Protection(8);

    /// Whether all of `wanted` is allowed.
    #[must_use]
    pub const fn allows(self, wanted: Protection) -> bool {
        self.0 & wanted.0 == wanted.0
    }
}

/// The answer of `MemoryStatistics`, in pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct MemoryStatistics {
    /// All frames the kernel manages.
    pub total: u64,
    /// Free frames.
    pub free: u64,
    /// Of the free ones, kept back for services and page tables.
    pub reserved: u64,
    /// Frames of page tables.
    pub page_tables: u64,
    /// Frames of services.
    pub services: u64,
    /// Frames of programs.
    pub programs: u64,
    /// Frames of the boot archive.
    pub archive: u64,
}

/// The answer of `ProcessUsage`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ProcessUsage {
    /// Nanoseconds spent in user mode.
    pub user: u64,
    /// Nanoseconds spent by the kernel for it.
    pub system: u64,
    /// 0 ready or running, 1 waiting for a request, 2 stopped.
    pub state: u32,
    /// The service its request is at, when waiting.
    pub waiting_for: u32,
    /// The number of the call it waits in, or all ones.
    pub call_number: u64,
    /// Page faults.
    pub faults: u64,
}

/// The answer of `MachineStatistics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct MachineStatistics {
    /// Nanoseconds since the start.
    pub up: u64,
    /// Nanoseconds spent idle.
    pub idle: u64,
    /// Nanoseconds spent in programs.
    pub user: u64,
    /// Nanoseconds spent in services.
    pub services: u64,
    /// Nanoseconds spent in the kernel.
    pub kernel: u64,
    /// Context switches.
    pub switches: u64,
    /// Interrupts.
    pub interrupts: u64,
    /// Processes created.
    pub processes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_decode_to_their_calls() {
        for (call, _) in Call::ALL {
            assert_eq!(Call::from_number(*call as u64), Some(*call));
            assert!((*call as u64) < 64);
        }
        assert_eq!(Call::from_number(Call::ALL.len() as u64), None);
    }
}
