//! What rs answers.

use alloc::string::String;
use alloc::vec::Vec;

use abi::declaration::Policy;
use abi::slot::{Failure, Phase, Refusal};
use minicbor::{Decode, Encode};

use crate::ServiceName;

/// An answer of rs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Response {
    /// It was done.
    #[n(0)]
    Ok,
    /// All services, by slot.
    #[n(1)]
    Status(#[n(0)] Vec<ServiceStatus>),
    /// The update was committed.
    #[n(2)]
    Updated(#[n(0)] Updated),
    /// It was not done, for these reasons; nothing changed.
    #[n(6)]
    Refused(#[n(0)] Vec<Refused>),
    /// Crashes, the oldest first; not all when the last one here is not the `last` of all.
    #[n(5)]
    Crashes {
        /// What is kept of them.
        #[n(0)]
        crashes: Vec<Crash>,
        /// The number of the last crash.
        #[n(1)]
        last: u64,
    },
    /// The new instances could be made; nothing changed.
    #[n(4)]
    Prepared(#[n(0)] Vec<Changed>),
    /// A service has crashed, and waits for a decision.
    #[n(7)]
    Crashed {
        /// The service.
        #[n(0)]
        name: ServiceName,
        /// Of what.
        #[n(1)]
        failure: Failure,
        /// How often it was brought back before, in a row.
        #[n(2)]
        attempts: u32,
    },
}

/// What a service is doing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ServiceStatus {
    /// Its name.
    #[n(0)]
    pub name: ServiceName,
    /// Its slot, which is its endpoint.
    #[n(1)]
    pub slot: u16,
    /// The version of the running image; 0 when nothing runs.
    #[n(2)]
    pub version: u32,
    /// What the current instance is doing.
    #[n(3)]
    pub phase: Phase,
    /// Why it crashed, when `phase` is `Crashed`.
    #[n(4)]
    pub failure: Failure,
    /// How often it was brought back after a crash since the system started.
    #[n(5)]
    pub restarts: u32,
    /// How many instances were committed: starts, restarts and updates.
    #[n(6)]
    pub generation: u32,
    /// Pages of memory charged to it, 4 KiB each.
    #[n(7)]
    pub pages: u64,
    /// Requests it has ended since the system started.
    #[n(8)]
    pub served: u64,
    /// What happens when it crashes.
    #[n(9)]
    pub policy: Policy,
    /// Whether it is down because it crashed too often.
    #[n(10)]
    pub given_up: bool,
    /// Points passed since the system started (`abi::slot::Fault::AtPoint`).
    #[n(12)]
    pub points: u64,
    /// Nanoseconds run since the system started.
    #[n(13)]
    pub run_time: u64,
    /// The version that takes over again if this one crashes early.
    #[n(11)]
    pub former: Option<u32>,
}

/// A service that was replaced, or that could be.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Changed {
    /// The service.
    #[n(0)]
    pub name: ServiceName,
    /// The version before.
    #[n(1)]
    pub from: u32,
    /// The version now.
    #[n(2)]
    pub to: u32,
    /// What it took.
    #[n(3)]
    pub steps: Steps,
}

/// What replacing a service took: nanoseconds of each step, and what was handed over. Several
/// services take their steps side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Steps {
    /// Making the new instance, while the old one served.
    #[n(0)]
    pub load: u64,
    /// From the order to freeze until the old instance had stopped.
    #[n(1)]
    pub freeze: u64,
    /// From then until its State was written.
    #[n(2)]
    pub export: u64,
    /// From then until the new instance had read, converted and checked it.
    #[n(3)]
    pub import: u64,
    /// From the commit until the new instance asked for its first request.
    #[n(4)]
    pub attach: u64,
    /// Bytes of the State.
    #[n(5)]
    pub state_bytes: u64,
    /// The version of the State before.
    #[n(6)]
    pub state_from: u32,
    /// The version of the State now.
    #[n(7)]
    pub state_to: u32,
}

/// A committed update, or one that was tried. Times are in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Updated {
    /// Who was replaced.
    #[n(7)]
    pub members: Vec<Changed>,
    /// From telling the members to freeze to the commit: the longest that a client waited.
    #[n(2)]
    pub pause: u64,
    /// From the moment when all were ready to the end of the commit.
    #[n(8)]
    pub commit: u64,
    /// Whether it was committed.
    #[n(9)]
    pub committed: bool,
}

/// What is kept of a crash.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Crash {
    /// Counts the crashes of all services.
    #[n(0)]
    pub number: u64,
    /// When: nanoseconds since the start.
    #[n(1)]
    pub time: u64,
    /// Whose.
    #[n(2)]
    pub name: ServiceName,
    /// Why.
    #[n(3)]
    pub failure: Failure,
    /// The version of its image.
    #[n(4)]
    pub version: u32,
    /// Which instance it was.
    #[n(5)]
    pub generation: u32,
    /// The address of a bad access.
    #[n(6)]
    pub address: u64,
    /// Where the image was loaded.
    #[n(7)]
    pub base: u64,
    /// The kernel call that it was ended at.
    #[n(8)]
    pub call: Option<u64>,
    /// Whether that call had not been carried out.
    #[n(9)]
    pub before: bool,
    /// What it had in hand: the number of an `abi::EventKind`.
    #[n(10)]
    pub event: u32,
    /// Its registers, in the order of [`Crash::REGISTERS`].
    #[n(11)]
    pub registers: Vec<u64>,
    /// Addresses on its stack that calls return to, the innermost first.
    #[n(12)]
    pub stack: Vec<u64>,
    /// The requests that it was given last, the newest first.
    #[n(13)]
    pub recent: Vec<Recent>,
}

impl Crash {
    /// The names of the registers.
    pub const REGISTERS: [&str; 18] = [
        "rip", "rsp", "rbp", "rflags", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
        "r11", "r12", "r13", "r14", "r15",
    ];
}

/// A request that a service was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Recent {
    /// Its name.
    #[n(0)]
    pub id: u64,
    /// The process that it was made for; 0 for none.
    #[n(1)]
    pub pid: u32,
    /// The service that asked; all ones for a program itself.
    #[n(2)]
    pub from: u16,
    /// The protocol's number.
    #[n(3)]
    pub protocol: u16,
    /// The message's number in it.
    #[n(4)]
    pub kind: u32,
    /// Whether an instance had been given it before.
    #[n(5)]
    pub again: bool,
}

/// A refusal: who refused what, and why.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Refused {
    /// What was wrong.
    #[n(0)]
    pub reason: Reason,
    /// The service at fault, if it is one's.
    #[n(1)]
    pub member: Option<ServiceName>,
    /// The step of the update that it failed in, when `reason` is `RolledBack` or `StartFailed`.
    #[n(5)]
    pub step: Option<Step>,
    /// How that service failed, when `reason` is `RolledBack` or `StartFailed`.
    #[n(2)]
    pub failure: Failure,
    /// Its own reason, when `failure` is `Refused`.
    #[n(3)]
    pub refusal: Refusal,
    /// More to show to a person; may be empty. At most [`crate::TEXT_BYTES`].
    #[n(4)]
    pub text: String,
}

/// A step of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Step {
    /// Making the new instance.
    #[n(0)]
    Load,
    /// Stopping the old one.
    #[n(1)]
    Freeze,
    /// Writing its State.
    #[n(2)]
    Export,
    /// Reading, converting and checking it.
    #[n(3)]
    Import,
    /// Waiting for the others.
    #[n(4)]
    Ready,
}

/// What was wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Reason {
    /// No service has this name.
    #[n(0)]
    UnknownService,
    /// The service is up already.
    #[n(1)]
    AlreadyUp,
    /// The service is down.
    #[n(2)]
    NotUp,
    /// Another update is under way.
    #[n(3)]
    Busy,
    /// The archive has no such version of the service.
    #[n(4)]
    UnknownVersion,
    /// The service cannot be taken down: the system would end.
    #[n(5)]
    Indispensable,
    /// The file is no service image.
    #[n(6)]
    NotAnImage,
    /// The file is a service image that is cut short or damaged.
    #[n(7)]
    DamagedImage,
    /// The image is for another kernel interface.
    #[n(8)]
    WrongInterface,
    /// The image is of another service.
    #[n(9)]
    WrongName,
    /// Memory for a second instance is not there.
    #[n(10)]
    NoMemory,
    /// The update was started and rolled back: see the failure.
    #[n(11)]
    RolledBack,
    /// The service could not be started: see the failure.
    #[n(12)]
    StartFailed,
    /// The service is named twice, or none is.
    #[n(13)]
    BadSet,
}
