//! What rs keeps of a service and of the transaction under way, in both versions.

use abi::RequestId;
use abi::declaration::Policy;
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use shape::Shape;

/// Recoveries in a row, without a request served in between, after which a service stays down.
pub(crate) const RECOVERY_LIMIT: u32 = 5;
/// Recoveries in a row after which the State is given up.
pub(crate) const STATEFUL_LIMIT: u32 = 2;

/// What rs wants of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(index_only)]
pub enum Wanted {
    /// It runs, and is brought back when it crashes.
    #[n(0)]
    Up,
    /// It was taken down on request.
    #[n(1)]
    Down,
    /// It crashed too often, or is one that is not brought back, and is left alone.
    #[n(2)]
    GivenUp,
}

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Record {
    /// What is wanted of it.
    #[n(0)]
    pub wanted: Wanted,
    /// The version that runs, and that a recovery loads.
    #[n(1)]
    pub version: u32,
    /// Recoveries in a row.
    #[n(2)]
    pub recoveries: u32,
    /// Requests it had served when it was last brought back.
    #[n(3)]
    pub served: u64,
}

impl Record {
    /// A service that starts with `version`.
    #[must_use]
    pub const fn new(version: u32) -> Record {
        Record {
            wanted: Wanted::Up,
            version,
            recoveries: 0,
            served: 0,
        }
    }

    /// How a crash is answered, given the requests served so far.
    #[must_use]
    pub fn recovery(&self, policy: Policy, served: u64) -> Recovery {
        let in_a_row = if served > self.served {
            0
        } else {
            self.recoveries
        };
        match policy {
            _ if in_a_row >= RECOVERY_LIMIT => Recovery::GiveUp,
            Policy::Leave => Recovery::GiveUp,
            Policy::Stateful if in_a_row < STATEFUL_LIMIT => Recovery::Stateful(in_a_row + 1),
            Policy::Stateful | Policy::Fresh => Recovery::Fresh(in_a_row + 1),
        }
    }
}

/// An image that came with an update and is in no archive: a recovery needs it again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Given {
    /// The image file.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) image: Vec<u8>,
}

/// How a crash is answered; with the number of recoveries in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Recovery {
    /// A new instance imports the State.
    #[n(0)]
    Stateful(#[n(0)] u32),
    /// A new instance starts without it.
    #[n(1)]
    Fresh(#[n(0)] u32),
    /// The service stays down.
    #[n(2)]
    GiveUp,
}

/// The transaction under way: the kernel runs one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Transaction {
    /// Its number, larger than all before.
    #[n(0)]
    pub number: u64,
    /// The members, one bit a slot.
    #[n(1)]
    pub members: u64,
    /// The request it is for, or none when rs does it by itself.
    #[n(2)]
    pub owner: RequestId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_loop_loses_first_its_state_and_then_its_service() {
        let mut record = Record::new(1);
        let answers = [1, 2, 3, 4, 5, 6].map(|_| {
            let answer = record.recovery(Policy::Stateful, 0);
            record.recoveries += 1;
            answer
        });
        let expected = [
            Recovery::Stateful(1),
            Recovery::Stateful(2),
            Recovery::Fresh(3),
            Recovery::Fresh(4),
            Recovery::Fresh(5),
            Recovery::GiveUp,
        ];
        assert_eq!(answers, expected);
    }

    #[test]
    fn the_declared_policy_is_followed() {
        let record = Record::new(1);
        assert_eq!(record.recovery(Policy::Fresh, 0), Recovery::Fresh(1));
        assert_eq!(record.recovery(Policy::Leave, 0), Recovery::GiveUp);
    }

    #[test]
    fn work_done_in_between_breaks_the_row() {
        let record = Record {
            recoveries: 5,
            served: 10,
            ..Record::new(1)
        };
        assert_eq!(record.recovery(Policy::Stateful, 11), Recovery::Stateful(1));
    }
}
