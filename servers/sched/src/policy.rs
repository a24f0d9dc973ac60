//! What a niceness means.

use minicbor::{Decode, Encode};
use shape::Shape;

/// The most urgent priority of a program.
const FIRST_PRIORITY: u64 = 16;
/// The priority of niceness 0.
const MIDDLE_PRIORITY: u64 = 20;
/// Nanoseconds a process of niceness 0 runs before others of its priority get their turn.
const QUANTUM: u64 = 20_000_000;
/// Niceness steps for one priority.
const STEP: u64 = 5;
/// The value that stands for niceness 0 where it is carried with a bias.
const BIAS: u32 = 20;

/// A niceness, -20 (urgent) to 19, carried plus 20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(transparent)]
pub struct Nice(#[n(0)] u32);

/// What the kernel is told of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// 16 (urgent) to 31.
    pub(crate) priority: u64,
    /// Nanoseconds.
    pub(crate) quantum: u64,
}

impl Nice {
    /// Niceness 0.
    pub const NORMAL: Nice = Nice(BIAS);

    /// From -20 to 19.
    #[must_use]
    pub fn new(nice: i32) -> Option<Nice> {
        let biased = BIAS.checked_add_signed(nice)?;
        (biased < 2 * BIAS).then_some(Nice(biased))
    }

    /// Whether it is from -20 to 19.
    pub(crate) const fn is_sound(self) -> bool {
        self.0 < 2 * BIAS
    }

    /// The niceness plus 20.
    #[must_use]
    pub const fn biased(self) -> u32 {
        self.0
    }

    /// Five steps of niceness are one priority; within it, a less urgent process gets less at a time.
    pub(crate) fn schedule(self) -> Schedule {
        let biased = u64::from(self.0);
        let priority = MIDDLE_PRIORITY - u64::from(BIAS) / STEP + biased / STEP;
        let priority = priority.max(FIRST_PRIORITY);
        let quantum = QUANTUM * (STEP + 1 - biased % STEP) / (STEP + 1);
        Schedule { priority, quantum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nicer_processes_are_less_urgent() {
        let all: Vec<_> = (-20..20)
            .map(|n| Nice::new(n).unwrap().schedule())
            .collect();
        for pair in all.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            assert!(a.priority < b.priority || a.priority == b.priority && a.quantum > b.quantum);
        }
        assert!(
            all.iter()
                .all(|s| (16..=31).contains(&s.priority) && s.quantum > 0)
        );
        assert_eq!(
            Nice::NORMAL.schedule(),
            Schedule {
                priority: 20,
                quantum: QUANTUM
            }
        );
        assert_eq!((Nice::new(-21), Nice::new(20)), (None, None));
    }
}
