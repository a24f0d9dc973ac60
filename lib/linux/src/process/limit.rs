//! Resource limits (getrlimit(2)).

use super::bytes::{get_u64, put_u64};
use linux_raw_sys::general as raw;
use minicbor::{Decode, Encode};
use shape::Shape;

/// Bytes of `struct rlimit` and `struct rlimit64`.
pub const LIMIT_BYTES: usize = 16;
/// No limit.
pub const INFINITY: u64 = u64::MAX;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Shape)]
#[cbor(transparent)]
pub struct Resource(#[n(0)] u8);

impl Resource {
    /// Processor time in seconds.
    pub const CPU: Resource = Resource::constant(raw::RLIMIT_CPU);
    /// Bytes of a file.
    pub const FILE: Resource = Resource::constant(raw::RLIMIT_FSIZE);
    /// Bytes of data.
    pub const DATA: Resource = Resource::constant(raw::RLIMIT_DATA);
    /// Bytes of stack.
    pub const STACK: Resource = Resource::constant(raw::RLIMIT_STACK);
    /// Bytes of a core file.
    pub const CORE: Resource = Resource::constant(raw::RLIMIT_CORE);
    /// Processes of a user.
    pub const PROCESSES: Resource = Resource::constant(raw::RLIMIT_NPROC);
    /// Descriptors.
    pub const DESCRIPTORS: Resource = Resource::constant(raw::RLIMIT_NOFILE);
    /// Bytes of locked memory.
    pub const LOCKED: Resource = Resource::constant(raw::RLIMIT_MEMLOCK);
    /// Bytes of memory.
    pub const MEMORY: Resource = Resource::constant(raw::RLIMIT_AS);
    /// Queued signals.
    pub const SIGNALS: Resource = Resource::constant(raw::RLIMIT_SIGPENDING);
    /// How many there are.
    pub const COUNT: u8 = Resource::constant(raw::RLIM_NLIMITS).0;

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the constants are below 17"
    )]
    const fn constant(number: u32) -> Resource {
        assert!(number <= 16);
        Resource(number as u8)
    }

    /// Its number, as an index into tables.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The resource of a number.
    #[must_use]
    pub fn new(number: u64) -> Option<Resource> {
        let number = u8::try_from(number).ok()?;
        (number < Self::COUNT).then_some(Resource(number))
    }
}

/// A limit: what is enforced, and how far it may be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Limit {
    /// Enforced.
    #[n(0)]
    pub soft: u64,
    /// The most that `soft` may become.
    #[n(1)]
    pub hard: u64,
}

impl Limit {
    /// No limit.
    pub const NONE: Limit = Limit {
        soft: INFINITY,
        hard: INFINITY,
    };

    /// Reads `struct rlimit`. `None` when the soft limit is above the hard one.
    #[must_use]
    pub fn decode(bytes: &[u8; LIMIT_BYTES]) -> Option<Limit> {
        let limit = Limit {
            soft: get_u64(bytes, 0),
            hard: get_u64(bytes, 8),
        };
        (limit.soft <= limit.hard).then_some(limit)
    }

    /// Writes `struct rlimit`.
    #[must_use]
    pub fn encode(self) -> [u8; LIMIT_BYTES] {
        let mut bytes = [0; LIMIT_BYTES];
        put_u64(&mut bytes, 0, self.soft);
        put_u64(&mut bytes, 8, self.hard);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_checked() {
        assert_eq!(size_of::<raw::rlimit64>(), LIMIT_BYTES);
        let limit = Limit { soft: 5, hard: 7 };
        assert_eq!(Limit::decode(&limit.encode()), Some(limit));
        assert_eq!(Limit::decode(&Limit { soft: 8, hard: 7 }.encode()), None);
        assert_eq!(Resource::new(16), None);
        assert_eq!(Resource::new(7), Some(Resource::DESCRIPTORS));
    }
}
