//! What the kernel did last: typed records for whoever reads a crash.

use core::fmt;

use abi::slot::Failure;
use abi::{Endpoint, Pid, RequestId, Time};

use crate::thread::ThreadIndex;

/// Records kept.
const RECORDS: usize = 256;

/// Something that the kernel did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// Nothing yet.
    #[default]
    Nothing,
    /// A request was made or forwarded to a slot.
    Made(RequestId, Endpoint),
    /// A slot got a request.
    Delivered(RequestId, Endpoint),
    /// A request ended.
    Ended(RequestId, i64),
    /// A request was cancelled.
    Cancelled(RequestId),
    /// A request was taken back while memory is fetched.
    Held(RequestId, u64),
    /// Another thread went to the processor.
    Switched(ThreadIndex),
    /// A program faulted at an address.
    Faulted(Pid, u64),
    /// An instance crashed.
    Crashed(Endpoint, Failure),
    /// A member of a transaction stopped.
    Frozen(Endpoint),
    /// A candidate is ready.
    Ready(Endpoint),
    /// A transaction was committed.
    Committed(u64),
    /// A transaction was rolled back for a member's failure.
    RolledBack(u64, Endpoint, Failure),
}

/// The last records.
pub struct Ring {
    records: [(Time, Record); RECORDS],
    count: usize,
}

impl Default for Ring {
    fn default() -> Self {
        Ring {
            records: [(Time(0), Record::Nothing); RECORDS],
            count: 0,
        }
    }
}

impl Ring {
    /// Adds a record.
    pub(crate) fn add(&mut self, now: Time, record: Record) {
        self.records[self.count % RECORDS] = (now, record);
        self.count += 1;
    }

    /// The records, the oldest first.
    pub fn records(&self) -> impl Iterator<Item = (Time, Record)> + '_ {
        let first = self.count.saturating_sub(RECORDS);
        (first..self.count).map(|index| self.records[index % RECORDS])
    }
}

impl fmt::Display for Ring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (time, record) in self.records() {
            writeln!(formatter, "{:>14} {record:x?}", time.0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_in_order() {
        let mut ring = Ring::default();
        for time in 0..300 {
            ring.add(Time(time), Record::Committed(time));
        }
        let kept: std::vec::Vec<_> = ring.records().collect();
        assert_eq!(kept.len(), RECORDS);
        assert_eq!(kept[0], (Time(44), Record::Committed(44)));
        assert_eq!(kept[255], (Time(299), Record::Committed(299)));
        assert!(std::format!("{ring}").contains("Committed"));
    }
}
