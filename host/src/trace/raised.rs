//! How long it takes until services get what is raised at them.

use abi::event::notification::INTERRUPTS;
use abi::trace::{Record, Runner};
use abi::{Endpoint, declaration};

use super::Recorded;

/// The bits of interrupts.
const LINES: u64 = ((1 << declaration::INTERRUPTS) - 1) << INTERRUPTS;

/// Times from when a bit was raised to when its service went to the processor, in nanoseconds, the shortest
/// first. Those are left out where another one went first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// Of interrupts.
    pub interrupts: Vec<u64>,
    /// Of notifications by services and the kernel.
    pub notifications: Vec<u64>,
}

/// The times of a run.
#[must_use]
pub fn raised(recorded: &Recorded) -> Raised {
    let mut all = Raised::default();
    let mut last: Option<(u64, Endpoint, u64)> = None;
    for (time, record) in &recorded.records {
        match (record, last) {
            (Record::Raised(slot, bits), _) => last = Some((*time, *slot, *bits)),
            (Record::Switched(runner), Some((since, slot, bits))) => {
                if *runner == Runner::Service(slot, 0) {
                    all.of(bits).push(time - since);
                }
                last = None;
            }
            _ => {}
        }
    }
    let mut sorted = Raised::default();
    sorted.add(all);
    sorted
}

impl Raised {
    /// Adds those of another run.
    pub(crate) fn add(&mut self, other: Raised) {
        self.interrupts.extend(other.interrupts);
        self.notifications.extend(other.notifications);
        self.interrupts.sort_unstable();
        self.notifications.sort_unstable();
    }

    fn of(&mut self, bits: u64) -> &mut Vec<u64> {
        if bits & LINES == 0 {
            &mut self.notifications
        } else {
            &mut self.interrupts
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::Pid;
    use abi::event::notification::QUANTUM;

    #[test]
    fn those_that_are_raised_and_go_next_count() {
        let (one, two) = (Endpoint(6), Endpoint(7));
        let switched = |slot| Record::Switched(Runner::Service(slot, 0));
        let records = vec![
            (10, Record::Raised(one, 1 << INTERRUPTS)),
            (17, switched(one)),
            (20, Record::Raised(two, 1)),
            (22, Record::Faulted(Pid(3), 5)),
            (24, switched(two)),
            (30, Record::Raised(one, 1)),
            (31, switched(two)),
            (39, switched(one)),
            (40, Record::Raised(two, QUANTUM)),
            (41, switched(two)),
        ];
        let found = raised(&Recorded { records, lost: 0 });
        let expected = Raised {
            interrupts: vec![7],
            notifications: vec![1, 4],
        };
        assert_eq!(found, expected);
    }
}
