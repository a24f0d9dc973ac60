//! Times as file calls take them (utimensat(2), poll(2), select(2)).

use abi::Errno;

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;
/// The nanoseconds field that stands for the present (UTIME_NOW).
const NOW: i64 = linux_raw_sys::general::UTIME_NOW as i64;
/// The nanoseconds field that leaves a time as it is (UTIME_OMIT).
const OMIT: i64 = linux_raw_sys::general::UTIME_OMIT as i64;

/// What a time of a file is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// The present.
    Now,
    /// As it is.
    Omit,
    /// This, in ns since 1970.
    At(u64),
}

/// Reads two 64-bit fields: `struct timespec` or `struct timeval`.
#[must_use]
pub fn pair(bytes: &[u8; 16]) -> (i64, i64) {
    let (low, high) = bytes.split_at(8);
    let field = |part: &[u8]| {
        let mut word = [0; 8];
        word.copy_from_slice(part);
        i64::from_le_bytes(word)
    };
    (field(low), field(high))
}

/// A `struct timespec` of utimensat. Times before 1970 become 1970.
///
/// # Errors
/// `INVAL` when the nanoseconds are none.
pub fn stamp(bytes: &[u8; 16]) -> Result<Stamp, Errno> {
    match pair(bytes) {
        (_, NOW) => Ok(Stamp::Now),
        (_, OMIT) => Ok(Stamp::Omit),
        (seconds, nanoseconds) => since_1970(seconds, nanoseconds, 1).map(Stamp::At),
    }
}

/// A `struct timeval` of utimes.
///
/// # Errors
/// `INVAL` when the microseconds are none.
pub fn stamp_of_microseconds(bytes: &[u8; 16]) -> Result<Stamp, Errno> {
    let (seconds, microseconds) = pair(bytes);
    since_1970(seconds, microseconds, 1000).map(Stamp::At)
}

/// Whole seconds since 1970, as utime has them.
#[must_use]
pub fn stamp_of_seconds(seconds: i64) -> Stamp {
    Stamp::At(u64::try_from(seconds).unwrap_or(0).saturating_mul(SECOND))
}

fn since_1970(seconds: i64, fraction: i64, unit: u64) -> Result<u64, Errno> {
    let nanoseconds = checked_fraction(fraction, unit)?;
    let seconds = u64::try_from(seconds).unwrap_or(0);
    Ok(seconds.saturating_mul(SECOND).saturating_add(nanoseconds))
}

fn checked_fraction(fraction: i64, unit: u64) -> Result<u64, Errno> {
    let fraction = u64::try_from(fraction).map_err(|_| Errno::INVAL)?;
    match fraction.checked_mul(unit) {
        Some(nanoseconds) if nanoseconds < SECOND => Ok(nanoseconds),
        _ => Err(Errno::INVAL),
    }
}

/// A span in ns from a `struct timespec`.
///
/// # Errors
/// `INVAL` when it is negative or the nanoseconds are none.
pub fn span(bytes: &[u8; 16]) -> Result<u64, Errno> {
    let (seconds, nanoseconds) = pair(bytes);
    let seconds = u64::try_from(seconds).map_err(|_| Errno::INVAL)?;
    let nanoseconds = checked_fraction(nanoseconds, 1)?;
    Ok(seconds.saturating_mul(SECOND).saturating_add(nanoseconds))
}

/// A span in ns from a `struct timeval`, whose microseconds may be more than a second (select).
///
/// # Errors
/// `INVAL` when it is negative.
pub fn span_of_microseconds(bytes: &[u8; 16]) -> Result<u64, Errno> {
    let (seconds, microseconds) = pair(bytes);
    let seconds = u64::try_from(seconds).map_err(|_| Errno::INVAL)?;
    let microseconds = u64::try_from(microseconds).map_err(|_| Errno::INVAL)?;
    let fraction = microseconds.saturating_mul(1000);
    Ok(seconds.saturating_mul(SECOND).saturating_add(fraction))
}

/// What is left of a span, as a `struct timeval` or, with `unit` 1, a `struct timespec`.
#[must_use]
pub fn remaining(nanoseconds: u64, unit: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&(nanoseconds / SECOND).to_le_bytes());
    bytes[8..].copy_from_slice(&(nanoseconds % SECOND / unit).to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(seconds: i64, fraction: i64) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&seconds.to_le_bytes());
        bytes[8..].copy_from_slice(&fraction.to_le_bytes());
        bytes
    }

    #[test]
    fn file_times_are_checked() {
        assert_eq!(stamp(&bytes(2, 5)), Ok(Stamp::At(2_000_000_005)));
        assert_eq!(stamp(&bytes(-9, NOW)), Ok(Stamp::Now));
        assert_eq!(stamp(&bytes(0, OMIT)), Ok(Stamp::Omit));
        assert_eq!(stamp(&bytes(0, 1_000_000_000)), Err(Errno::INVAL));
        assert_eq!(stamp(&bytes(0, -1)), Err(Errno::INVAL));
        assert_eq!(stamp(&bytes(-5, 7)), Ok(Stamp::At(7)));
        assert_eq!(
            stamp_of_microseconds(&bytes(1, 999_999)),
            Ok(Stamp::At(1_999_999_000))
        );
        assert_eq!(
            stamp_of_microseconds(&bytes(1, 1_000_000)),
            Err(Errno::INVAL)
        );
    }

    #[test]
    fn spans_are_checked() {
        assert_eq!(span(&bytes(1, 1)), Ok(1_000_000_001));
        assert_eq!(span(&bytes(-1, 1)), Err(Errno::INVAL));
        assert_eq!(span(&bytes(i64::MAX, 0)), Ok(u64::MAX));
        assert_eq!(span_of_microseconds(&bytes(0, 2_000_000)), Ok(2 * SECOND));
        assert_eq!(pair(&remaining(1_500_000_000, 1000)), (1, 500_000));
    }
}
