//! What can be asked of rs.

use abi::slot::Fault;
use alloc::vec::Vec;
use minicbor::{Decode, Encode};

use crate::{ServiceName, wire};

/// A request to rs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Request {
    /// All services. Answer: `Response::Status`.
    #[n(0)]
    Status,
    /// Starts a service that is down. Answer: `Ok`.
    #[n(1)]
    Up {
        /// The service.
        #[n(0)]
        name: ServiceName,
    },
    /// Takes a service down; requests to it end with `EIO`. Answer: `Ok`.
    #[n(2)]
    Down {
        /// The service.
        #[n(0)]
        name: ServiceName,
    },
    /// Ends the instance and starts a fresh one, without its State. Answer: `Ok`.
    #[n(3)]
    Restart {
        /// The service.
        #[n(0)]
        name: ServiceName,
    },
    /// Replaces the instance by one of the same version, with its State. Answer: `Updated`.
    #[n(4)]
    Refresh {
        /// The service.
        #[n(0)]
        name: ServiceName,
    },
    /// Replaces instances by ones of other versions, with their States: all of them or none.
    /// Answer: `Updated`.
    #[n(7)]
    Update {
        /// The services, each once.
        #[n(0)]
        members: Vec<Member>,
        /// How far and how long.
        #[n(1)]
        how: How,
    },
    /// As `Update`, of all services that are up. Answer: `Updated`.
    #[n(8)]
    UpdateAll {
        /// The version to change to; no file.
        #[n(0)]
        to: Target,
        /// How far and how long.
        #[n(1)]
        how: How,
    },
    /// Lets a service crash at its next request. Answer: `Ok` once that is arranged.
    #[n(6)]
    Fault {
        /// The service.
        #[n(0)]
        name: ServiceName,
        /// How it shall crash.
        #[cbor(n(1), with = "wire::fault")]
        kind: Fault,
    },
    /// Shows what a service knows. Answer: JSON, else `Refused`; see [`crate::decode_state`].
    #[n(20)]
    State {
        /// The service.
        #[n(0)]
        name: ServiceName,
    },
}

/// How an update is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct How {
    /// From telling the members to freeze to the commit, at most: milliseconds, 1 to
    /// [`How::LONGEST`].
    #[n(0)]
    pub deadline_ms: u32,
    /// The new instances are made, and ended again before any old one is told to freeze. Answer:
    /// `Prepared`.
    #[n(1)]
    pub only_prepares: bool,
}

impl How {
    /// The longest deadline, in milliseconds.
    pub const LONGEST: u32 = 60_000;
}

impl Default for How {
    fn default() -> How {
        How {
            deadline_ms: 2000,
            only_prepares: false,
        }
    }
}

/// A service in an update.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Member {
    /// The service.
    #[n(0)]
    pub name: ServiceName,
    /// The version to change to.
    #[n(1)]
    pub to: Target,
}

/// The version that an update changes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Target {
    /// The newest in the boot archive.
    #[n(0)]
    Newest,
    /// This version in the boot archive.
    #[n(1)]
    Version(#[n(0)] u32),
    /// A service image of so many bytes in the call's file, behind those of the members before.
    #[n(3)]
    File(#[n(0)] u32),
}
