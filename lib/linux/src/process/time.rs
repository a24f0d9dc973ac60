//! Spans and instants as programs hand them over: `timespec`, `timeval`, and pairs of them.

use super::bytes::{get_u64, put_u64};

/// Nanoseconds of a second.
pub const SECOND: u64 = 1_000_000_000;
/// Clock ticks of times(2) and siginfo in a second (USER_HZ).
pub const TICKS_PER_SECOND: u64 = 100;
/// Bytes of `struct timespec` and of `struct timeval`.
pub const TIME_BYTES: usize = 16;
/// Bytes of `struct itimerval` and `struct itimerspec`: interval, then value.
pub const TIMER_BYTES: usize = 32;

/// The unit of the second word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `timespec`.
    Nanoseconds,
    /// `timeval`.
    Microseconds,
}

impl Unit {
    const fn nanoseconds(self) -> u64 {
        match self {
            Unit::Nanoseconds => 1,
            Unit::Microseconds => 1000,
        }
    }

    /// Reads a time in nanoseconds; one beyond the range becomes the largest. `None` when it is
    /// negative or its second word is a second or more.
    #[must_use]
    pub fn decode(self, bytes: &[u8; TIME_BYTES]) -> Option<u64> {
        let seconds = u64::try_from(get_u64(bytes, 0).cast_signed()).ok()?;
        let part = get_u64(bytes, 8);
        if part >= SECOND / self.nanoseconds() {
            return None;
        }
        let part = part * self.nanoseconds();
        Some(seconds.saturating_mul(SECOND).saturating_add(part))
    }

    /// Writes a time given in nanoseconds.
    #[must_use]
    pub fn encode(self, nanoseconds: u64) -> [u8; TIME_BYTES] {
        let mut bytes = [0; TIME_BYTES];
        put_u64(&mut bytes, 0, nanoseconds / SECOND);
        put_u64(&mut bytes, 8, nanoseconds % SECOND / self.nanoseconds());
        bytes
    }
}

/// A timer: when it expires next, and how often afterwards; 0 is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimerSetting {
    /// Nanoseconds between expiries.
    pub interval: u64,
    /// Nanoseconds until the next.
    pub value: u64,
}

impl TimerSetting {
    /// Reads `itimerval` or `itimerspec`. `None` when a time in it is not valid.
    #[must_use]
    pub fn decode(bytes: &[u8; TIMER_BYTES], unit: Unit) -> Option<TimerSetting> {
        let (mut interval, mut value) = ([0; TIME_BYTES], [0; TIME_BYTES]);
        interval.copy_from_slice(&bytes[..TIME_BYTES]);
        value.copy_from_slice(&bytes[TIME_BYTES..]);
        Some(TimerSetting {
            interval: unit.decode(&interval)?,
            value: unit.decode(&value)?,
        })
    }

    /// Writes `itimerval` or `itimerspec`.
    #[must_use]
    pub fn encode(self, unit: Unit) -> [u8; TIMER_BYTES] {
        let mut bytes = [0; TIMER_BYTES];
        bytes[..TIME_BYTES].copy_from_slice(&unit.encode(self.interval));
        // A timer that still runs never reads as one that is off.
        let least = if self.value == 0 {
            0
        } else {
            unit.nanoseconds()
        };
        bytes[TIME_BYTES..].copy_from_slice(&unit.encode(self.value.max(least)));
        bytes
    }
}

/// Nanoseconds as clock ticks of times(2).
#[must_use]
pub const fn ticks(nanoseconds: u64) -> u64 {
    nanoseconds / (SECOND / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;
    use linux_raw_sys::general as raw;

    #[test]
    fn the_layouts_are_the_kernels() {
        assert_eq!(size_of::<raw::timespec>(), TIME_BYTES);
        assert_eq!(size_of::<raw::timeval>(), TIME_BYTES);
        assert_eq!(size_of::<raw::itimerspec>(), TIMER_BYTES);
        assert_eq!(size_of::<raw::itimerval>(), TIMER_BYTES);
        assert_eq!(offset_of!(raw::itimerval, it_value), 16);
    }

    #[test]
    fn times_are_checked_and_survive() {
        let time = 5 * SECOND + 999_999_000;
        for unit in [Unit::Nanoseconds, Unit::Microseconds] {
            assert_eq!(unit.decode(&unit.encode(time)), Some(time));
        }
        let mut bad = Unit::Microseconds.encode(0);
        put_u64(&mut bad, 8, 1_000_000);
        assert_eq!(Unit::Microseconds.decode(&bad), None);
        assert_eq!(Unit::Nanoseconds.decode(&bad), Some(1_000_000));
        put_u64(&mut bad, 0, u64::MAX);
        assert_eq!(Unit::Nanoseconds.decode(&bad), None);
        put_u64(&mut bad, 0, i64::MAX.cast_unsigned());
        assert_eq!(Unit::Nanoseconds.decode(&bad), Some(u64::MAX));
    }

    #[test]
    fn a_running_timer_is_never_written_as_off() {
        let setting = TimerSetting {
            interval: 0,
            value: 1,
        };
        let bytes = setting.encode(Unit::Microseconds);
        let read = TimerSetting::decode(&bytes, Unit::Microseconds).unwrap();
        assert_eq!(read.value, 1000);
    }
}
