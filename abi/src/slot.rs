//! Slots, their instances, and the transaction that replaces instances.
//!
//! A slot has at most one *current* instance, which receives, and one *candidate*, which prepares.
//!
//! ```text
//! InstanceCreate      Replace             all members Ready
//!  candidate: Loaded -> Exporting -> Importing -> Ready -> (commit) becomes current: Running
//!  current:   Running ----> Frozen (at its next receive) -> (commit) destroyed
//!             Crashed ------^          any failure or the deadline: candidates destroyed,
//!                                      current instances thawed
//! ```
//!
//! The kernel runs this transaction; rs decides on it. Nothing a candidate does before the commit
//! can be seen outside it, so a rollback has nothing to undo.

use crate::Time;

/// What a slot's instances are doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "cbor",
    derive(minicbor::Encode, minicbor::Decode),
    cbor(index_only)
)]
#[repr(u32)]
pub enum Phase {
    /// There is none.
    #[default]
    #[cfg_attr(feature = "cbor", n(0))]
    Absent = 0,
    /// Created, not started.
    #[cfg_attr(feature = "cbor", n(1))]
    Loaded = 1,
    /// The predecessor's export is running for it.
    #[cfg_attr(feature = "cbor", n(2))]
    Exporting = 2,
    /// It has been started and prepares its State.
    #[cfg_attr(feature = "cbor", n(3))]
    Importing = 3,
    /// It waits for the commit.
    #[cfg_attr(feature = "cbor", n(4))]
    Ready = 4,
    /// It serves.
    #[cfg_attr(feature = "cbor", n(5))]
    Running = 5,
    /// It has been stopped at `receive` for a transaction.
    #[cfg_attr(feature = "cbor", n(6))]
    Frozen = 6,
    /// It has crashed; its memory is kept for the export.
    #[cfg_attr(feature = "cbor", n(7))]
    Crashed = 7,
    /// It was taken down on request. Requests to it end with `EIO`.
    #[cfg_attr(feature = "cbor", n(8))]
    Down = 8,
}

impl Phase {
    /// Reads the phase from a [`SlotStatus`].
    #[must_use]
    pub fn from_word(word: u32) -> Option<Phase> {
        const ALL: [Phase; 9] = [
            Phase::Absent,
            Phase::Loaded,
            Phase::Exporting,
            Phase::Importing,
            Phase::Ready,
            Phase::Running,
            Phase::Frozen,
            Phase::Crashed,
            Phase::Down,
        ];
        ALL.get(word as usize).copied()
    }
}

/// Why an instance crashed, or a member of a transaction failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "cbor",
    derive(minicbor::Encode, minicbor::Decode),
    cbor(index_only)
)]
#[repr(u32)]
pub enum Failure {
    /// Nothing failed.
    #[default]
    #[cfg_attr(feature = "cbor", n(0))]
    None = 0,
    /// A memory access that its address space does not allow.
    #[cfg_attr(feature = "cbor", n(1))]
    BadMemoryAccess = 1,
    /// An instruction that is illegal in user mode, or an arithmetic exception.
    #[cfg_attr(feature = "cbor", n(2))]
    BadInstruction = 2,
    /// A panic: the instance ended itself (`Call::Abort`).
    #[cfg_attr(feature = "cbor", n(3))]
    Panic = 3,
    /// Work was queued and it did not `receive` for the declared time.
    #[cfg_attr(feature = "cbor", n(4))]
    Hang = 4,
    /// A kernel call that its declaration does not allow.
    #[cfg_attr(feature = "cbor", n(5))]
    RightsViolation = 5,
    /// The candidate reported failure (`Call::Ready` with a reason).
    #[cfg_attr(feature = "cbor", n(6))]
    Refused = 6,
    /// The deadline passed.
    #[cfg_attr(feature = "cbor", n(7))]
    Deadline = 7,
    /// Another member of the transaction failed.
    #[cfg_attr(feature = "cbor", n(8))]
    OtherMember = 8,
    /// Memory ran out while preparing.
    #[cfg_attr(feature = "cbor", n(9))]
    NoMemory = 9,
    /// Killed on request.
    #[cfg_attr(feature = "cbor", n(10))]
    Killed = 10,
    /// An instruction fetch outside executable memory.
    #[cfg_attr(feature = "cbor", n(11))]
    WildBranch = 11,
    /// The stack ran into its guard page.
    #[cfg_attr(feature = "cbor", n(12))]
    StackOverflow = 12,
    /// It asked for an event and did not know what it has in hand (`abi::event::Holding`).
    #[cfg_attr(feature = "cbor", n(13))]
    LostTrack = 13,
    /// It asked question after question in the name of one request.
    #[cfg_attr(feature = "cbor", n(14))]
    Runaway = 14,
}

impl Failure {
    const ALL: [Failure; 15] = [
        Failure::None,
        Failure::BadMemoryAccess,
        Failure::BadInstruction,
        Failure::Panic,
        Failure::Hang,
        Failure::RightsViolation,
        Failure::Refused,
        Failure::Deadline,
        Failure::OtherMember,
        Failure::NoMemory,
        Failure::Killed,
        Failure::WildBranch,
        Failure::StackOverflow,
        Failure::LostTrack,
        Failure::Runaway,
    ];

    /// Reads the failure from a status record.
    #[must_use]
    pub fn from_word(word: u32) -> Option<Failure> {
        Self::ALL.get(word as usize).copied()
    }
}

/// The reason a candidate gives with [`Failure::Refused`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "cbor",
    derive(minicbor::Encode, minicbor::Decode),
    cbor(index_only)
)]
#[repr(u32)]
pub enum Refusal {
    /// It did not refuse.
    #[default]
    #[cfg_attr(feature = "cbor", n(0))]
    None = 0,
    /// The exported State does not decode.
    #[cfg_attr(feature = "cbor", n(1))]
    Undecodable = 1,
    /// The exported State is of a version that this one cannot convert.
    #[cfg_attr(feature = "cbor", n(2))]
    UnknownVersion = 2,
    /// The State decodes but contradicts itself.
    #[cfg_attr(feature = "cbor", n(3))]
    Inconsistent = 3,
    /// The service's own reason.
    #[cfg_attr(feature = "cbor", n(4))]
    Other = 4,
}

/// How a service is made to crash (`Call::SlotFault`): the first four are suffered by its own code
/// at its next request, with the last two the kernel ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cbor",
    derive(minicbor::Encode, minicbor::Decode),
    cbor(index_only)
)]
#[repr(u32)]
pub enum Fault {
    /// Stores through a null pointer.
    #[cfg_attr(feature = "cbor", n(1))]
    BadMemoryAccess = 1,
    /// Panics.
    #[cfg_attr(feature = "cbor", n(2))]
    Panic = 2,
    /// Loops for ever.
    #[cfg_attr(feature = "cbor", n(3))]
    Hang = 3,
    /// Jumps to an address that is not code.
    #[cfg_attr(feature = "cbor", n(4))]
    WildBranch = 4,
    /// Ends at the n-th of its *points* from now: one before and one after each kernel call of any
    /// of its threads (the one that serves, a candidate's, an export's), and the event that
    /// `receive` brings counts as after it.
    #[cfg_attr(feature = "cbor", n(5))]
    AtPoint = 5,
    /// Ends when it has run n nanoseconds from now.
    #[cfg_attr(feature = "cbor", n(6))]
    AfterTime = 6,
}

impl Fault {
    /// Reads the fault from an event or a call's argument.
    #[must_use]
    pub fn from_word(word: u64) -> Option<Fault> {
        const ALL: [Fault; 6] = [
            Fault::BadMemoryAccess,
            Fault::Panic,
            Fault::Hang,
            Fault::WildBranch,
            Fault::AtPoint,
            Fault::AfterTime,
        ];
        ALL.into_iter().find(|fault| *fault as u64 == word)
    }
}

/// The answer of `SlotStatus`, written to the caller's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct SlotStatus {
    /// The [`Phase`] of the current instance.
    pub current: u32,
    /// The [`Phase`] of the candidate.
    pub candidate: u32,
    /// The [`Failure`] of the current instance when it is crashed.
    pub failure: u32,
    /// The generation of the current instance: how often instances were committed.
    pub generation: u32,
    /// The image version of the current instance.
    pub version: u32,
    /// The image version of the candidate.
    pub candidate_version: u32,
    /// Crashes of this slot since the system started.
    pub crashes: u32,
    /// Requests waiting in the queue.
    pub queued: u32,
    /// Requests delivered and not ended.
    pub delivered: u32,
    /// Requests submitted by this slot and not completed.
    pub submitted: u32,
    /// Pages of memory charged to the current instance, kept pages included.
    pub pages: u64,
    /// Pages charged to the candidate.
    pub candidate_pages: u64,
    /// The instruction pointer at the last crash.
    pub crash_instruction: u64,
    /// The address of the bad access at the last crash.
    pub crash_address: u64,
    /// Where the current instance's image is loaded.
    pub base: u64,
    /// Time spent running, in nanoseconds, over all instances.
    pub run_time: u64,
    /// Requests ended by this slot since the system started.
    pub served: u64,
    /// Points passed ([`Fault::AtPoint`]) since the system started.
    pub points: u64,
    /// Nanoseconds that making its candidate in the last transaction took that it was a member of.
    pub load: u64,
    /// When it stopped in that transaction; of this and the next three,
    /// [`Time::NEVER`] when it has not come to that.
    pub frozen: Time,
    /// When its State was exported in that transaction.
    pub exported: Time,
    /// When its candidate was ready.
    pub ready: Time,
    /// When the new instance asked for its first event: it has attached itself to the world.
    pub attached: Time,
    /// Bytes of the State that it exported.
    pub state_bytes: u64,
    /// The version of the State that it exported.
    pub state_version: u32,
    /// The version of State that the candidate turned it into.
    pub own_version: u32,
}

/// What became of the last transaction: the answer of `TransactionStatus`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct TransactionStatus {
    /// Counts transactions; 0 before the first.
    pub number: u64,
    /// 0 while it runs, 1 committed, 2 rolled back, 3 only tried: it could have been committed.
    pub outcome: u32,
    /// The slot that failed, when rolled back.
    pub member: u32,
    /// The [`Failure`] of that slot.
    pub failure: u32,
    /// Its [`Refusal`].
    pub refusal: u32,
    /// What its candidate did then: a [`Phase`]. `Loaded` means that the old instance had not
    /// stopped.
    pub phase: u32,
    /// 0.
    pub reserved: u32,
    /// The members, one bit a slot.
    pub members: u64,
    /// When the members were told to freeze.
    pub started: Time,
    /// When the last member stopped.
    pub frozen: Time,
    /// When the last export ended.
    pub exported: Time,
    /// When it was committed or rolled back.
    pub ended: Time,
    /// Bytes of all exported States.
    pub state_bytes: u64,
}
