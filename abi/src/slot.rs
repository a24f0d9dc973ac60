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
#[repr(u32)]
pub enum Phase {
    /// There is none.
    #[default]
    Absent = 0,
    /// Created, not started.
    Loaded = 1,
    /// The predecessor's export is running for it.
    Exporting = 2,
    /// It has been started and prepares its State.
    Importing = 3,
    /// It waits for the commit.
    Ready = 4,
    /// It serves.
    Running = 5,
    /// It has been stopped at `receive` for a transaction.
    Frozen = 6,
    /// It has crashed; its memory is kept for the export.
    Crashed = 7,
    /// It was taken down on request. Requests to it end with `EIO`.
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
#[repr(u32)]
pub enum Failure {
    /// Nothing failed.
    #[default]
    None = 0,
    /// A memory access that its address space does not allow.
    BadMemoryAccess = 1,
    /// An instruction that is illegal in user mode, or an arithmetic exception.
    BadInstruction = 2,
    /// A panic: the instance ended itself (`Call::Abort`).
    Panic = 3,
    /// Work was queued and it did not `receive` for the declared time.
    Hang = 4,
    /// A kernel call that its declaration does not allow.
    RightsViolation = 5,
    /// The candidate reported failure (`Call::Ready` with a reason).
    Refused = 6,
    /// The deadline passed.
    Deadline = 7,
    /// Another member of the transaction failed.
    OtherMember = 8,
    /// Memory ran out while preparing.
    NoMemory = 9,
    /// Killed on request.
    Killed = 10,
    /// An instruction fetch outside executable memory.
    WildBranch = 11,
    /// The stack ran into its guard page.
    StackOverflow = 12,
}

impl Failure {
    const ALL: [Failure; 13] = [
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
    ];

    /// Reads the failure from a status record.
    #[must_use]
    pub fn from_word(word: u32) -> Option<Failure> {
        Self::ALL.get(word as usize).copied()
    }
}

/// The reason a candidate gives with [`Failure::Refused`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Refusal {
    /// It did not refuse.
    #[default]
    None = 0,
    /// The exported State does not decode.
    Undecodable = 1,
    /// The exported State is of a version that this one cannot convert.
    UnknownVersion = 2,
    /// The State decodes but contradicts itself.
    Inconsistent = 3,
    /// The service's own reason.
    Other = 4,
}

/// A fault that the framework lets a service suffer at its next request (`Call::SlotFault`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Fault {
    /// Stores through a null pointer.
    BadMemoryAccess = 1,
    /// Panics.
    Panic = 2,
    /// Loops for ever.
    Hang = 3,
    /// Jumps to an address that is not code.
    WildBranch = 4,
}

impl Fault {
    /// Reads the fault from an event or a call's argument.
    #[must_use]
    pub fn from_word(word: u64) -> Option<Fault> {
        const ALL: [Fault; 4] = [
            Fault::BadMemoryAccess,
            Fault::Panic,
            Fault::Hang,
            Fault::WildBranch,
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
}

/// What became of the last transaction: the answer of `TransactionStatus`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct TransactionStatus {
    /// Counts transactions; 0 before the first.
    pub number: u64,
    /// 0 while it runs, 1 committed, 2 rolled back.
    pub outcome: u32,
    /// The slot that failed, when rolled back.
    pub member: u32,
    /// The [`Failure`] of that slot.
    pub failure: u32,
    /// Its [`Refusal`].
    pub refusal: u32,
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
