//! Which clock a program asks for, and the times in the form it expects.

use crate::page::Reading;

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

/// What the clock page can tell of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Since 1970.
    Real,
    /// Since the machine was started.
    Monotonic,
    /// Not in the page: processor times, and clocks that do not exist.
    Elsewhere,
}

impl Clock {
    /// The clock with Linux's number (`include/uapi/linux/time.h`): REALTIME 0, MONOTONIC 1,
    /// MONOTONIC_RAW 4, REALTIME_COARSE 5, MONOTONIC_COARSE 6, BOOTTIME 7.
    #[must_use]
    pub const fn from_number(number: i32) -> Clock {
        match number {
            0 | 5 => Clock::Real,
            1 | 4 | 6 | 7 => Clock::Monotonic,
            _ => Clock::Elsewhere,
        }
    }

    /// This clock's nanoseconds, if the page tells them.
    #[must_use]
    pub const fn nanoseconds(self, reading: Reading) -> Option<u64> {
        match self {
            Clock::Real => Some(reading.real),
            Clock::Monotonic => Some(reading.monotonic),
            Clock::Elsewhere => None,
        }
    }
}

/// Linux's `struct timespec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct TimeSpecification {
    /// Whole seconds.
    pub seconds: i64,
    /// The rest, below a second.
    pub nanoseconds: i64,
}

impl TimeSpecification {
    /// The smallest step of the clocks in the page.
    pub const RESOLUTION: TimeSpecification = TimeSpecification {
        seconds: 0,
        nanoseconds: 1,
    };

    /// Splits nanoseconds.
    #[must_use]
    pub const fn from_nanoseconds(nanoseconds: u64) -> TimeSpecification {
        TimeSpecification {
            seconds: (nanoseconds / SECOND).cast_signed(),
            nanoseconds: (nanoseconds % SECOND).cast_signed(),
        }
    }
}

/// Linux's `struct timeval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct TimeValue {
    /// Whole seconds.
    pub seconds: i64,
    /// The rest, below a second.
    pub microseconds: i64,
}

impl TimeValue {
    /// Splits nanoseconds, rounding down.
    #[must_use]
    pub const fn from_nanoseconds(nanoseconds: u64) -> TimeValue {
        let split = TimeSpecification::from_nanoseconds(nanoseconds);
        TimeValue {
            seconds: split.seconds,
            microseconds: split.nanoseconds / 1000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_clock_has_its_source() {
        let reading = Reading {
            monotonic: 1,
            real: 2,
        };
        for (number, expected) in [
            (0, Some(2)),
            (1, Some(1)),
            (4, Some(1)),
            (5, Some(2)),
            (6, Some(1)),
            (7, Some(1)),
        ] {
            assert_eq!(Clock::from_number(number).nanoseconds(reading), expected);
        }
        for number in [2, 3, 8, 11, -1, i32::MIN] {
            assert_eq!(Clock::from_number(number), Clock::Elsewhere);
        }
    }

    #[test]
    fn times_are_split() {
        let time = 1_700_000_000_123_456_789;
        assert_eq!(
            TimeSpecification::from_nanoseconds(time),
            TimeSpecification {
                seconds: 1_700_000_000,
                nanoseconds: 123_456_789
            }
        );
        assert_eq!(
            TimeValue::from_nanoseconds(time),
            TimeValue {
                seconds: 1_700_000_000,
                microseconds: 123_456
            }
        );
    }
}
