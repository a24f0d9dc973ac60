//! `struct rusage` and `struct tms`.

use super::bytes::put_u64;
use super::time::{TIME_BYTES, Unit, ticks};
use minicbor::{Decode, Encode};
use shape::Shape;

/// Bytes of `struct rusage`.
pub const USAGE_BYTES: usize = 144;
/// Bytes of `struct tms`.
pub const TIMES_BYTES: usize = 32;

/// What a process, or several, have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Usage {
    /// Nanoseconds in user mode.
    #[n(0)]
    pub user: u64,
    /// Nanoseconds in the system.
    #[n(1)]
    pub system: u64,
    /// Page faults.
    #[n(2)]
    pub faults: u64,
}

impl Usage {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Usage) -> Usage {
        Usage {
            user: self.user.saturating_add(other.user),
            system: self.system.saturating_add(other.system),
            faults: self.faults.saturating_add(other.faults),
        }
    }

    /// Nanoseconds of processor time.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.user.saturating_add(self.system)
    }

    /// Writes `struct rusage`.
    #[must_use]
    pub fn encode(self) -> [u8; USAGE_BYTES] {
        let mut bytes = [0; USAGE_BYTES];
        bytes[..TIME_BYTES].copy_from_slice(&Unit::Microseconds.encode(self.user));
        bytes[TIME_BYTES..2 * TIME_BYTES].copy_from_slice(&Unit::Microseconds.encode(self.system));
        put_u64(&mut bytes, 64, self.faults);
        bytes
    }

    /// Writes `struct tms` of a process and its children.
    #[must_use]
    pub fn encode_times(self, children: Usage) -> [u8; TIMES_BYTES] {
        let mut bytes = [0; TIMES_BYTES];
        let values = [self.user, self.system, children.user, children.system];
        for (index, value) in values.into_iter().enumerate() {
            put_u64(&mut bytes, index * 8, ticks(value));
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::bytes::get_u64;
    use super::*;
    use core::mem::offset_of;
    use linux_raw_sys::general as raw;

    #[test]
    fn the_layout_is_the_kernels() {
        assert_eq!(size_of::<raw::rusage>(), USAGE_BYTES);
        assert_eq!(offset_of!(raw::rusage, ru_stime), TIME_BYTES);
        assert_eq!(offset_of!(raw::rusage, ru_minflt), 64);
    }

    #[test]
    fn times_are_in_ticks() {
        let own = Usage {
            user: 2_000_000_000,
            system: 10_000_000,
            faults: 4,
        };
        let bytes = own.encode_times(Usage::default());
        assert_eq!(
            (get_u64(&bytes, 0), get_u64(&bytes, 8), get_u64(&bytes, 16)),
            (200, 1, 0)
        );
        assert_eq!(get_u64(&own.encode(), 0), 2);
        assert_eq!(get_u64(&own.encode(), 64), 4);
    }
}
