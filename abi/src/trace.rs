//! What the kernel did, as it stands in memory: the one stream of events, of which crash reports, traces and
//! profiles are views.
//!
//! ```text
//! 0     MAGIC, how many records were ever written, how many there is room for, 0
//! 32    the records, a ring: the n-th lies at n modulo the room
//! ```
//! All are words of 64 bits. A record is the time, in nanoseconds since the start, and three words
//! ([`Record::pack`]).

use crate::{Endpoint, Pid, RequestId};

/// The first word of a ring.
pub const MAGIC: u64 = u64::from_le_bytes(*b"EVTRACE\x01");
/// Words of a record, and of what is before the first.
pub const RECORD_WORDS: usize = 4;

/// Who goes to the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// An instance of the service in this slot: 0 the one that serves, 1 another one, 2 its export.
    Service(Endpoint, u8),
    /// A process of this number.
    Program(Pid),
    /// Nobody: the processor waits for an interrupt.
    Nobody,
}

/// Something that the kernel did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// Nothing yet.
    #[default]
    Nothing,
    /// A request was made or forwarded to a slot: its protocol and kind, and who made it.
    Made {
        /// The request.
        id: RequestId,
        /// The slot.
        to: Endpoint,
        /// Its message's protocol.
        protocol: u16,
        /// The number of its message.
        kind: u32,
        /// The process on whose behalf it is.
        pid: Pid,
    },
    /// A slot got a request.
    Delivered(RequestId, Endpoint),
    /// A request ended with a result.
    Ended(RequestId, i64),
    /// A request was cancelled.
    Cancelled(RequestId),
    /// A request was taken back while memory at an address is fetched.
    Held(RequestId, u64),
    /// Another thread went to the processor.
    Switched(Runner),
    /// A program faulted at an address.
    Faulted(Pid, u64),
    /// An instance crashed, for a reason ([`crate::slot::Failure`]).
    Crashed(Endpoint, u32),
    /// A member of a transaction stopped.
    Frozen(Endpoint),
    /// A candidate is ready.
    Ready(Endpoint),
    /// A transaction was committed.
    Committed(u64),
    /// A transaction was rolled back for a member's failure.
    RolledBack(u64, Endpoint, u32),
    /// An instance was made: its slot, and where its image was loaded.
    Loaded(Endpoint, u64),
    /// Bits of a slot were raised ([`crate::event::notification`]).
    Raised(Endpoint, u64),
}

/// Numbers of the kinds, in the lowest byte of a record's first word.
mod kind {
    pub(super) const MADE: u8 = 1;
    pub(super) const DELIVERED: u8 = 2;
    pub(super) const ENDED: u8 = 3;
    pub(super) const CANCELLED: u8 = 4;
    pub(super) const HELD: u8 = 5;
    pub(super) const TO_SERVICE: u8 = 6;
    pub(super) const TO_PROGRAM: u8 = 7;
    pub(super) const FAULTED: u8 = 8;
    pub(super) const CRASHED: u8 = 9;
    pub(super) const FROZEN: u8 = 10;
    pub(super) const READY: u8 = 11;
    pub(super) const COMMITTED: u8 = 12;
    pub(super) const ROLLED_BACK: u8 = 13;
    pub(super) const LOADED: u8 = 14;
    pub(super) const TO_NOBODY: u8 = 15;
    pub(super) const RAISED: u8 = 16;
}

/// The first word: the kind, 8 bits of detail, 16 bits, 32 bits.
const fn first(kind: u8, detail: u8, short: u16, long: u32) -> u64 {
    kind as u64 | (detail as u64) << 8 | (short as u64) << 16 | (long as u64) << 32
}

impl Record {
    /// The record's words, after its time.
    #[must_use]
    pub const fn pack(self) -> [u64; 3] {
        match self {
            Record::Nothing => [0; 3],
            Record::Made {
                id,
                to,
                protocol,
                kind,
                pid,
            } => {
                let more = protocol as u64 | (pid.0 as u64) << 32;
                [first(kind::MADE, 0, to.0, kind), id.0, more]
            }
            Record::Delivered(id, slot) => [first(kind::DELIVERED, 0, slot.0, 0), id.0, 0],
            Record::Ended(id, result) => {
                [first(kind::ENDED, 0, 0, 0), id.0, result.cast_unsigned()]
            }
            Record::Cancelled(id) => [first(kind::CANCELLED, 0, 0, 0), id.0, 0],
            Record::Held(id, address) => [first(kind::HELD, 0, 0, 0), id.0, address],
            Record::Switched(Runner::Service(slot, which)) => {
                [first(kind::TO_SERVICE, which, slot.0, 0), 0, 0]
            }
            Record::Switched(Runner::Program(pid)) => [first(kind::TO_PROGRAM, 0, 0, pid.0), 0, 0],
            Record::Switched(Runner::Nobody) => [first(kind::TO_NOBODY, 0, 0, 0), 0, 0],
            Record::Faulted(pid, address) => [first(kind::FAULTED, 0, 0, pid.0), address, 0],
            Record::Crashed(slot, failure) => [first(kind::CRASHED, 0, slot.0, failure), 0, 0],
            Record::Frozen(slot) => [first(kind::FROZEN, 0, slot.0, 0), 0, 0],
            Record::Ready(slot) => [first(kind::READY, 0, slot.0, 0), 0, 0],
            Record::Committed(number) => [first(kind::COMMITTED, 0, 0, 0), number, 0],
            Record::RolledBack(number, slot, failure) => {
                [first(kind::ROLLED_BACK, 0, slot.0, failure), number, 0]
            }
            Record::Loaded(slot, base) => [first(kind::LOADED, 0, slot.0, 0), base, 0],
            Record::Raised(slot, bits) => [first(kind::RAISED, 0, slot.0, 0), bits, 0],
        }
    }

    /// The record of which these are the words; `Nothing` when it is none.
    #[must_use]
    pub const fn unpack(words: [u64; 3]) -> Record {
        let [head, second, third] = words;
        let [kind, detail, low, high, a, b, c, d] = head.to_le_bytes();
        let slot = Endpoint(u16::from_le_bytes([low, high]));
        let long = u32::from_le_bytes([a, b, c, d]);
        let id = RequestId(second);
        match kind {
            kind::MADE => {
                let [low, high, _, _, a, b, c, d] = third.to_le_bytes();
                Record::Made {
                    id,
                    to: slot,
                    protocol: u16::from_le_bytes([low, high]),
                    kind: long,
                    pid: Pid(u32::from_le_bytes([a, b, c, d])),
                }
            }
            kind::DELIVERED => Record::Delivered(id, slot),
            kind::ENDED => Record::Ended(id, third.cast_signed()),
            kind::CANCELLED => Record::Cancelled(id),
            kind::HELD => Record::Held(id, third),
            kind::TO_SERVICE => Record::Switched(Runner::Service(slot, detail)),
            kind::TO_PROGRAM => Record::Switched(Runner::Program(Pid(long))),
            kind::TO_NOBODY => Record::Switched(Runner::Nobody),
            kind::FAULTED => Record::Faulted(Pid(long), second),
            kind::CRASHED => Record::Crashed(slot, long),
            kind::FROZEN => Record::Frozen(slot),
            kind::READY => Record::Ready(slot),
            kind::COMMITTED => Record::Committed(second),
            kind::ROLLED_BACK => Record::RolledBack(second, slot, long),
            kind::LOADED => Record::Loaded(slot, second),
            kind::RAISED => Record::Raised(slot, second),
            _ => Record::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were() {
        let (id, slot, pid) = (RequestId(7 << 16 | 3), Endpoint(5), Pid(77));
        let all = [
            Record::Nothing,
            Record::Made {
                id,
                to: slot,
                protocol: 9,
                kind: 0xffff_fff0,
                pid,
            },
            Record::Delivered(id, slot),
            Record::Ended(id, -5),
            Record::Cancelled(id),
            Record::Held(id, u64::MAX),
            Record::Switched(Runner::Service(slot, 1)),
            Record::Switched(Runner::Program(pid)),
            Record::Switched(Runner::Nobody),
            Record::Faulted(pid, 0x1234),
            Record::Crashed(slot, 4),
            Record::Frozen(slot),
            Record::Ready(slot),
            Record::Committed(12),
            Record::RolledBack(13, slot, 7),
            Record::Loaded(slot, 0x8000_0000),
            Record::Raised(slot, 1 << 40),
        ];
        for record in all {
            assert_eq!(Record::unpack(record.pack()), record);
        }
        assert_eq!(Record::unpack([0xff, 1, 2]), Record::Nothing);
    }
}
