//! What rs answers.

use alloc::string::String;
use alloc::vec::Vec;

use abi::declaration::Policy;
use abi::slot::{Failure, Phase, Refusal};
use minicbor::{Decode, Encode};

use crate::{ServiceName, wire};

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
    /// It was not done; nothing changed.
    #[n(3)]
    Refused(#[n(0)] Refused),
    /// The new instances could be made; nothing changed.
    #[n(4)]
    Prepared(#[n(0)] Vec<Changed>),
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
    #[cbor(n(3), with = "wire::phase")]
    pub phase: Phase,
    /// Why it crashed, when `phase` is `Crashed`.
    #[cbor(n(4), with = "wire::failure")]
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
    #[cbor(n(9), with = "wire::policy")]
    pub policy: Policy,
}

/// A service that was replaced.
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
}

/// A committed update. Times are in nanoseconds; the pause is the sum of the three spans.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Updated {
    /// Who was replaced.
    #[n(7)]
    pub members: Vec<Changed>,
    /// From telling the members to freeze to the commit: the longest that a client waited.
    #[n(2)]
    pub pause_ns: u64,
    /// Until the last member had stopped.
    #[n(3)]
    pub freeze_ns: u64,
    /// Until the last State was exported.
    #[n(4)]
    pub export_ns: u64,
    /// Until the new instances had imported it and were committed.
    #[n(5)]
    pub import_ns: u64,
    /// Bytes of the exported State.
    #[n(6)]
    pub state_bytes: u64,
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
    /// How that service failed, when `reason` is `RolledBack` or `StartFailed`.
    #[cbor(n(2), with = "wire::failure")]
    pub failure: Failure,
    /// Its own reason, when `failure` is `Refused`.
    #[cbor(n(3), with = "wire::refusal")]
    pub refusal: Refusal,
    /// More to show to a person; may be empty. At most [`crate::TEXT_BYTES`].
    #[n(4)]
    pub text: String,
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
