//! The clock page: what the kernel states about time, read without a lock.

use core::sync::atomic::{AtomicU64, Ordering, fence};

/// The first words of the page before the image. The kernel makes `sequence` odd, changes the
/// others, and makes it even again; a reader that saw it odd or changed reads again.
#[repr(C)]
#[derive(Debug, Default)]
pub struct ClockPage {
    /// Odd while the other words are written.
    pub sequence: AtomicU64,
    /// The processor's time stamp counter when `base_nanoseconds` was true.
    pub base_counter: AtomicU64,
    /// Monotonic nanoseconds at `base_counter`.
    pub base_nanoseconds: AtomicU64,
    /// Nanoseconds a tick of the counter, times two to the power of `shift`.
    pub multiplier: AtomicU64,
    /// See `multiplier`.
    pub shift: AtomicU64,
    /// Nanoseconds since 1970 at monotonic time 0.
    pub real_offset: AtomicU64,
}

/// One consistent reading of the clocks, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Since the machine was started.
    pub monotonic: u64,
    /// Since 1970.
    pub real: u64,
}

impl ClockPage {
    /// Reads the clocks; `counter` reads the time stamp counter and is asked after the base was
    /// read, so that the counter is never older than it.
    pub fn read(&self, mut counter: impl FnMut() -> u64) -> Reading {
        loop {
            let sequence = self.sequence.load(Ordering::Acquire);
            if sequence & 1 == 0 {
                let scale = Scale {
                    base_counter: self.base_counter.load(Ordering::Relaxed),
                    base_nanoseconds: self.base_nanoseconds.load(Ordering::Relaxed),
                    multiplier: self.multiplier.load(Ordering::Relaxed),
                    shift: self.shift.load(Ordering::Relaxed),
                };
                let real_offset = self.real_offset.load(Ordering::Relaxed);
                let monotonic = scale.nanoseconds(counter());
                fence(Ordering::Acquire);
                if self.sequence.load(Ordering::Relaxed) == sequence {
                    return Reading {
                        monotonic,
                        real: monotonic.wrapping_add(real_offset),
                    };
                }
            }
            core::hint::spin_loop();
        }
    }
}

/// How the counter's ticks become nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// See [`ClockPage::base_counter`].
    pub base_counter: u64,
    /// See [`ClockPage::base_nanoseconds`].
    pub base_nanoseconds: u64,
    /// See [`ClockPage::multiplier`].
    pub multiplier: u64,
    /// See [`ClockPage::multiplier`].
    pub shift: u64,
}

impl Scale {
    /// Monotonic nanoseconds when the counter is at `counter`. The product has 128 bits, so it
    /// does not wrap however long ago the base was; a counter before the base reads as the base.
    #[must_use]
    pub fn nanoseconds(&self, counter: u64) -> u64 {
        let ticks = u128::from(counter.saturating_sub(self.base_counter));
        let passed = (ticks * u128::from(self.multiplier)) >> (self.shift & 127);
        self.base_nanoseconds
            .saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scale of a counter of `hertz`, as the kernel computes it.
    fn scale(hertz: u64) -> Scale {
        let multiplier = (1_000_000_000_u128 << 32) / u128::from(hertz);
        let multiplier = u64::try_from(multiplier).unwrap();
        Scale {
            base_counter: 0,
            base_nanoseconds: 0,
            multiplier,
            shift: 32,
        }
    }

    #[test]
    fn ticks_become_nanoseconds() {
        let scale = Scale {
            base_counter: 1000,
            base_nanoseconds: 5,
            multiplier: 3,
            shift: 1,
        };
        assert_eq!(scale.nanoseconds(1000), 5);
        assert_eq!(scale.nanoseconds(1010), 20);
        assert_eq!(scale.nanoseconds(1), 5, "a counter before the base");
    }

    #[test]
    fn a_century_does_not_wrap() {
        const CENTURY: u64 = 100 * 365 * 86_400;
        for hertz in [10_000_000, 1_000_000_000, 2_400_000_000, 5_000_000_000] {
            let passed = scale(hertz).nanoseconds(CENTURY * hertz);
            let exact = CENTURY * 1_000_000_000;
            assert!(
                passed <= exact && exact - passed < exact / 100_000_000,
                "{hertz}: {passed}"
            );
        }
    }

    #[test]
    fn absurd_scales_saturate() {
        let mut scale = Scale {
            base_counter: 0,
            base_nanoseconds: 9,
            multiplier: u64::MAX,
            shift: 0,
        };
        assert_eq!(scale.nanoseconds(u64::MAX), u64::MAX);
        scale.shift = 200;
        assert_eq!(scale.nanoseconds(1), 9);
    }

    #[test]
    fn a_page_changed_during_the_reading_is_read_again() {
        let page = ClockPage::default();
        page.multiplier.store(1, Ordering::Relaxed);
        page.real_offset.store(100, Ordering::Relaxed);
        let mut readings = 0;
        let reading = page.read(|| {
            readings += 1;
            if readings == 1 {
                page.base_nanoseconds.store(1000, Ordering::Relaxed);
                page.sequence.store(2, Ordering::Release);
            }
            7
        });
        assert_eq!(
            reading,
            Reading {
                monotonic: 1007,
                real: 1107
            }
        );
        assert_eq!(readings, 2);
    }
}
