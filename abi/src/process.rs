//! Names of programs' processes and address spaces, chosen by pm and vm.

/// The number of a process, chosen by pm. Never reused while a request that may name it lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "cbor",
    derive(minicbor::Encode, minicbor::Decode),
    cbor(transparent)
)]
#[repr(transparent)]
pub struct Pid(#[cfg_attr(feature = "cbor", n(0))] pub u32);

impl Pid {
    /// No process: the caller of what a service does on its own behalf.
    pub const NONE: Pid = Pid(0);
    /// The first process, `init`.
    pub const INIT: Pid = Pid(1);
}

/// The number of an address space, chosen by vm and never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "cbor",
    derive(minicbor::Encode, minicbor::Decode),
    cbor(transparent)
)]
#[repr(transparent)]
pub struct SpaceId(#[cfg_attr(feature = "cbor", n(0))] pub u32);

impl SpaceId {
    /// No address space.
    pub const NONE: SpaceId = SpaceId(0);
}

/// The general registers of a program's thread, as `RegistersRead` and `RegistersWrite` carry them.
///
/// The kernel refuses a write whose `rip` or `rsp` is not a user address, and takes only the
/// arithmetic, direction, trap and alignment flags of `rflags`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
#[expect(
    missing_docs,
    reason = "the fields are the architecture's register names"
)]
pub struct Registers {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rax: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub rip: u64,
    pub rsp: u64,
    pub rflags: u64,
    pub fs_base: u64,
    pub gs_base: u64,
}

/// The legacy 512-byte FXSAVE area (Intel SDM volume 1, section 10.5.1).
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct FloatingPoint(pub [u8; 512]);

/// Everything of a thread that a signal frame saves: the payload of `RegistersRead`/`RegistersWrite`.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct ThreadState {
    /// General registers.
    pub registers: Registers,
    /// The system call the thread was in (the value of rax at entry), or -1 when it was not in one.
    pub call_number: i64,
    /// Keeps the next field aligned to 16 bytes without implicit padding.
    pub reserved: u64,
    /// Floating point and SSE registers.
    pub floating_point: FloatingPoint,
}
