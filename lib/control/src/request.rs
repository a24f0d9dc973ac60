//! What can be asked of rs.

use abi::declaration::Policy;
use abi::slot::Fault;
use alloc::vec::Vec;
use minicbor::{Decode, Encode};

use crate::ServiceName;

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
    /// What is kept of the crashes after the one of a number. Answer: `Crashes`.
    #[n(9)]
    Crashes {
        /// The number; 0 for all.
        #[n(0)]
        after: u64,
    },
    /// What is done from now on when a service crashes. Answer: `Ok`.
    #[n(10)]
    Edit {
        /// The service.
        #[n(0)]
        name: ServiceName,
        /// The policy; none for the declared one.
        #[n(1)]
        policy: Option<Policy>,
    },
    /// Waits until a service has crashed about which a script decides. Answer: `Crashed`, to one of
    /// those who wait.
    #[n(11)]
    Watch,
    /// Makes a service crash. Answer: `Ok` once that is arranged.
    #[n(6)]
    Fault {
        /// The service.
        #[n(0)]
        name: ServiceName,
        /// How it shall crash.
        #[n(1)]
        kind: Fault,
        /// The point, or the nanoseconds, of the faults that have one.
        #[n(2)]
        count: u64,
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
    /// How far it goes.
    #[n(2)]
    pub until: Until,
}

/// How far an update goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Until {
    /// The new instances serve.
    #[default]
    #[n(0)]
    Committed,
    /// The new instances are made, and ended again before any old one is told to freeze. Answer:
    /// `Prepared`.
    #[n(1)]
    Prepared,
    /// The new instances have taken over the States and could serve; they are ended and the old
    /// ones go on. Answer: `Updated`, of what could be.
    #[n(2)]
    Ready,
}

impl How {
    /// The longest deadline, in milliseconds.
    pub const LONGEST: u32 = 60_000;
}

impl Default for How {
    fn default() -> How {
        How {
            deadline_ms: 2000,
            until: Until::Committed,
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
