//! Clock arithmetic: counters to nanoseconds and back.

use abi::word::low_64;
use kernel_core::machine::ClockParameters;

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;
/// How far multipliers are scaled up.
const SHIFT: u64 = 32;

/// The parameters of a counter that read `base` at time 0 and counts `ticks` in `nanoseconds`.
#[must_use]
pub fn parameters(base: u64, ticks: u64, nanoseconds: u64) -> ClockParameters {
    let multiplier = (u128::from(nanoseconds) << SHIFT) / u128::from(ticks.max(1));
    ClockParameters {
        counter: base,
        nanoseconds: 0,
        multiplier: u64::try_from(multiplier).unwrap_or(u64::MAX),
        shift: SHIFT,
    }
}

/// The time at a counter's value.
#[must_use]
pub fn nanoseconds(clock: &ClockParameters, counter: u64) -> u64 {
    let passed = counter.saturating_sub(clock.counter);
    // Less than the 584 years of nanoseconds that fit.
    let scaled = (u128::from(passed) * u128::from(clock.multiplier)) >> SHIFT;
    clock.nanoseconds + low_64(scaled)
}

/// How many ticks of a timer that counts `rate` times a second pass in `nanoseconds`: at least 1,
/// at most what fits its register.
#[must_use]
pub fn timer_ticks(nanoseconds: u64, rate: u64) -> u32 {
    let ticks = u128::from(nanoseconds) * u128::from(rate) / u128::from(SECOND);
    u32::try_from(ticks).unwrap_or(u32::MAX).max(1)
}

/// Ticks a second of a counter that counts `ticks` in `nanoseconds`.
#[must_use]
pub fn rate(ticks: u64, nanoseconds: u64) -> u64 {
    let rate = u128::from(ticks) * u128::from(SECOND) / u128::from(nanoseconds.max(1));
    u64::try_from(rate).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gigahertz_counts_nanoseconds() {
        let clock = parameters(1000, 10_000_000, 10_000_000);
        assert_eq!(nanoseconds(&clock, 1000), 0);
        assert_eq!(nanoseconds(&clock, 5_000_001_000), 5_000_000_000);
        assert_eq!(nanoseconds(&clock, 0), 0);
    }

    #[test]
    fn an_odd_rate_stays_within_a_millionth() {
        let clock = parameters(0, 28_123_456, 10_000_000);
        let hour = 2_812_345_600 * 3600;
        let error = nanoseconds(&clock, hour).abs_diff(3600 * SECOND);
        assert!(error < 3600 * 1000, "{error}");
    }

    #[test]
    fn timer_ticks_stay_within_the_register() {
        assert_eq!(timer_ticks(0, SECOND), 1);
        assert_eq!(timer_ticks(1500, SECOND / 16), 93);
        assert_eq!(timer_ticks(u64::MAX, u64::MAX), u32::MAX);
        assert_eq!(rate(625, 10_000), 62_500_000);
    }
}
