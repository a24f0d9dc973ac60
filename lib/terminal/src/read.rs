//! Reading: a line, or bytes by the rule of VMIN and VTIME.

use alloc::vec::Vec;

use abi::Time;

use crate::{Special, Terminal};

/// A tenth of a second, the unit of VTIME, in nanoseconds.
const TENTH: u64 = 100_000_000;

/// Whether the reader waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// It waits for input.
    Blocking,
    /// It takes what is there (`O_NONBLOCK`).
    NonBlocking,
}

/// The instants that VTIME counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// When the program asked.
    pub requested: Time,
    /// When the last byte came from the line; any earlier instant if none did.
    pub last_byte: Time,
    /// The instant of this look.
    pub now: Time,
}

/// A program's wish to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadRequest {
    /// Bytes at most.
    pub length: usize,
    /// Whether it waits.
    pub patience: Patience,
    /// The instants.
    pub clock: Clock,
}

/// What a read comes to now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum ReadOutcome {
    /// These bytes. None only if none were asked for.
    Data(Vec<u8>),
    /// The result is 0: an end of file, a time that ran out, or a line that was hung up.
    EndOfFile,
    /// Nothing yet: look again when there is input, and at `until` ([`Time::NEVER`]: only then).
    Wait {
        /// The instant at which the time of VTIME runs out.
        until: Time,
    },
    /// Nothing there, and the reader does not wait: `AGAIN`.
    WouldBlock,
}

impl Terminal {
    /// Reads what there is. The job control check ([`Terminal::may_read`]) comes first.
    pub fn read(&mut self, request: &ReadRequest) -> ReadOutcome {
        if request.length == 0 {
            return ReadOutcome::Data(Vec::new());
        }
        if self.hung_up {
            return ReadOutcome::EndOfFile;
        }
        if self.settings.canonical() {
            return match self.input.take_line(request.length) {
                Some(bytes) => data(bytes),
                None => nothing(request.patience, Time::NEVER),
            };
        }
        let rule = Rule {
            minimum: self.settings.special(Special::Minimum),
            tenths: self.settings.special(Special::Time),
        };
        match rule.decide(self.input.count(), request) {
            Decision::Take => data(self.input.take(request.length)),
            Decision::Wait(until) => nothing(request.patience, until),
        }
    }
}

fn data(bytes: Vec<u8>) -> ReadOutcome {
    if bytes.is_empty() {
        ReadOutcome::EndOfFile
    } else {
        ReadOutcome::Data(bytes)
    }
}

fn nothing(patience: Patience, until: Time) -> ReadOutcome {
    match patience {
        Patience::Blocking => ReadOutcome::Wait { until },
        Patience::NonBlocking => ReadOutcome::WouldBlock,
    }
}

/// VMIN and VTIME.
#[derive(Clone, Copy, Debug)]
struct Rule {
    minimum: u8,
    tenths: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// Take what is there, be it nothing.
    Take,
    /// Wait for input or for this instant.
    Wait(Time),
}

impl Rule {
    /// POSIX 11.1.7, cases A to D. A read for fewer bytes than VMIN is content with those; one
    /// that does not wait is content with any (and with none if that needs no time).
    fn decide(self, available: usize, request: &ReadRequest) -> Decision {
        let span = u64::from(self.tenths) * TENTH;
        let Clock {
            requested,
            last_byte,
            now,
        } = request.clock;
        let enough = request.length.min(usize::from(self.minimum).max(1));
        let timer = match (self.minimum, self.tenths, available) {
            _ if available >= enough => return Decision::Take,
            (_, _, 1..) if request.patience == Patience::NonBlocking => return Decision::Take,
            (0, 0, _) => return Decision::Take,
            (0, _, _) => requested.after(span),
            (_, 0, _) | (_, _, 0) => Time::NEVER,
            // Between bytes: from the last one, if it came after the program asked.
            _ => requested.max(last_byte).after(span),
        };
        if now >= timer {
            Decision::Take
        } else {
            Decision::Wait(timer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Time = Time(1_000);

    fn decide(rule: (u8, u8), available: usize, length: usize, clock: (u64, u64)) -> Decision {
        let clock = Clock {
            requested: ASKED,
            last_byte: Time(clock.0),
            now: Time(clock.1),
        };
        let request = ReadRequest {
            length,
            patience: Patience::Blocking,
            clock,
        };
        Rule {
            minimum: rule.0,
            tenths: rule.1,
        }
        .decide(available, &request)
    }

    #[test]
    fn the_four_cases() {
        let (take, never) = (Decision::Take, Decision::Wait(Time::NEVER));
        let late = 1_000 + 2 * TENTH;
        let table = [
            // A: MIN > 0, TIME > 0: the time runs between bytes, from the first one on.
            ((3, 2), 0, 10, (0, late * 9), never),
            (
                (3, 2),
                1,
                10,
                (5_000, 6_000),
                Decision::Wait(Time(5_000 + 2 * TENTH)),
            ),
            (
                (3, 2),
                2,
                10,
                (9_000, 9_000),
                Decision::Wait(Time(9_000 + 2 * TENTH)),
            ),
            ((3, 2), 2, 10, (9_000, 9_000 + 2 * TENTH), take),
            ((3, 2), 2, 10, (5, 2_000), Decision::Wait(Time(late))),
            ((3, 2), 3, 10, (9_000, 9_000), take),
            ((3, 2), 2, 2, (9_000, 9_000), take),
            // B: MIN > 0, TIME = 0: no time at all.
            ((3, 0), 2, 10, (9_000, u64::MAX - 1), never),
            ((3, 0), 3, 10, (9_000, 9_000), take),
            ((3, 0), 1, 1, (9_000, 9_000), take),
            // C: MIN = 0, TIME > 0: from the request, for one byte.
            ((0, 2), 0, 10, (0, 1_000), Decision::Wait(Time(late))),
            ((0, 2), 0, 10, (0, late - 1), Decision::Wait(Time(late))),
            ((0, 2), 0, 10, (0, late), take),
            ((0, 2), 1, 10, (2_000, 2_000), take),
            // D: both 0: never waits.
            ((0, 0), 0, 10, (0, 1_000), take),
            ((0, 0), 4, 10, (0, 1_000), take),
        ];
        for (row, (rule, available, length, clock, expected)) in table.into_iter().enumerate() {
            assert_eq!(
                decide(rule, available, length, clock),
                expected,
                "row {row}"
            );
        }
    }

    #[test]
    fn who_does_not_wait_takes_what_is_there() {
        let clock = Clock {
            requested: ASKED,
            last_byte: ASKED,
            now: ASKED,
        };
        let request = ReadRequest {
            length: 9,
            patience: Patience::NonBlocking,
            clock,
        };
        let rule = Rule {
            minimum: 5,
            tenths: 5,
        };
        assert_eq!(rule.decide(1, &request), Decision::Take);
        assert_eq!(rule.decide(0, &request), Decision::Wait(Time::NEVER));
    }
}
