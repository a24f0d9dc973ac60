//! From each version to the other.

use super::version_1;
use super::version_2::{self, Breaks, Errands, Line};
use alloc::vec::Vec;
use service::container::Value;

impl From<version_1::State> for version_2::State {
    fn from(old: version_1::State) -> Self {
        let breaks = if old.break_condition() {
            Breaks::Held
        } else {
            Breaks::Released
        };
        let waiting: Vec<_> = old
            .signals
            .into_entries()
            .map(|(_, signal)| signal)
            .collect();
        // Signals are forgotten in order, so those that wait are the last ones.
        let done = old.last_signal.get().saturating_sub(waiting.len() as u64);
        let line = Line {
            terminal: old.terminal.into_inner(),
            transmit: old.transmit.into_inner(),
            heard: old.last_byte.into_inner(),
            hang_ups: old.hang_ups.into_inner(),
            breaks,
            bytes_heard: 0,
        };
        version_2::State {
            open: old.open,
            line: Value::new(line),
            errands: Value::new(Errands { done, waiting }),
        }
    }
}

impl From<version_2::State> for version_1::State {
    fn from(new: version_2::State) -> Self {
        let line = new.line.into_inner();
        let errands = new.errands.into_inner();
        let last = errands.done.saturating_add(errands.waiting.len() as u64);
        let signals = (errands.done..last)
            .map(|before| before + 1)
            .zip(errands.waiting);
        version_1::State {
            open: new.open,
            terminal: Value::new(line.terminal),
            transmit: Value::new(line.transmit),
            signals: signals.collect(),
            last_signal: Value::new(last),
            last_byte: Value::new(line.heard),
            hang_ups: Value::new(line.hang_ups),
            break_condition: Value::new(line.breaks == Breaks::Held),
            overruns: Value::new(0),
        }
    }
}
