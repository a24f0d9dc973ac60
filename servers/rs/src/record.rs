//! What rs keeps of a service and of the transaction under way, in both versions.

use abi::declaration::Policy;
use abi::{RequestId, Time};
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use shape::Shape;

/// Recoveries in a row, without a request served in between, after which a service stays down.
pub(crate) const RECOVERY_LIMIT: u32 = 5;
/// Recoveries in a row after which the State is given up.
pub(crate) const STATEFUL_LIMIT: u32 = 2;

/// Requests that a new version has to serve before it is trusted: if it crashes earlier, the version
/// before takes over again.
pub(crate) const PROBATION_REQUESTS: u64 = 16;
/// The first pause before another attempt, in nanoseconds.
const BACK_OFF: u64 = 100_000_000;
/// Nanoseconds in which somebody has to hear that a script is to decide.
const ATTENTION: u64 = 1_000_000_000;
/// Nanoseconds in which it has to.
const PATIENCE: u64 = 10_000_000_000;

/// What rs wants of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(index_only)]
pub enum Wanted {
    /// It runs, and is brought back when it crashes.
    #[n(0)]
    Up,
    /// It was taken down on request.
    #[n(1)]
    Down,
    /// It crashed too often, or is one that is not brought back, and is left alone.
    #[n(2)]
    GivenUp,
}

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Record {
    /// What is wanted of it.
    #[n(0)]
    pub wanted: Wanted,
    /// The version that runs, and that a recovery loads.
    #[n(1)]
    pub version: u32,
    /// Recoveries in a row.
    #[n(2)]
    pub recoveries: u32,
    /// Requests it had served when it was last brought back.
    #[n(3)]
    pub served: u64,
    /// What is done when it crashes, where a person wants another policy than the declared one.
    #[n(4)]
    pub policy: Option<Policy>,
    /// What it ran before the version that runs, while that one is on probation.
    #[n(5)]
    pub former: Option<Former>,
    /// Not brought back before this time.
    #[n(6)]
    pub due: Option<Time>,
    /// It has crashed, and a script is to decide.
    #[n(7)]
    pub decision: Option<Decision>,
}

/// What has become of a question to a person's script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(index_only)]
pub enum Decision {
    /// Nobody has heard it yet.
    #[n(0)]
    Asked,
    /// Somebody has, and is to do something.
    #[n(1)]
    Heard,
}

/// What a service ran before an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Former {
    /// The version.
    #[n(0)]
    pub version: u32,
    /// Requests the service had served when the new version took over.
    #[n(1)]
    pub served: u64,
    /// The number of the update, which those replaced with it share: they go back together.
    #[n(2)]
    pub update: u64,
}

impl Record {
    /// A service that starts with `version`.
    #[must_use]
    pub const fn new(version: u32) -> Record {
        Record {
            wanted: Wanted::Up,
            version,
            recoveries: 0,
            served: 0,
            policy: None,
            former: None,
            due: None,
            decision: None,
        }
    }

    /// The same service when it runs `version`, having served so many requests; on probation when
    /// it is another image than before, by the update of a number.
    #[must_use]
    pub fn updated(self, version: u32, served: u64, another: Option<u64>) -> Record {
        let former = another.map(|update| Former {
            version: self.version,
            served,
            update,
        });
        Record {
            policy: self.policy,
            former: former.or(self.former),
            ..Record::new(version)
        }
    }

    /// The same service when it runs its former version again.
    #[must_use]
    pub fn reverted(self, version: u32) -> Record {
        Record {
            version,
            former: None,
            ..self
        }
    }

    /// The version that gives way to the former one if it crashes now: it has not served enough.
    fn on_probation(&self, served: u64) -> Option<Former> {
        let former = self.former?;
        (served.saturating_sub(former.served) < PROBATION_REQUESTS).then_some(former)
    }

    /// The version that takes over again if this one crashes now.
    #[must_use]
    pub fn former_on_probation(&self, served: u64) -> Option<u32> {
        self.on_probation(served).map(|former| former.version)
    }

    /// How a crash is answered, given the requests served so far.
    #[must_use]
    pub fn recovery(&self, policy: Policy, served: u64) -> Recovery {
        let in_a_row = if served > self.served {
            0
        } else {
            self.recoveries
        };
        let policy = self.policy.unwrap_or(policy);
        match policy {
            _ if in_a_row >= RECOVERY_LIMIT => Recovery::GiveUp,
            Policy::Leave => Recovery::GiveUp,
            _ if self.on_probation(served).is_some() => Recovery::Former,
            Policy::Script if self.decision.is_none() => Recovery::Ask,
            Policy::Stateful | Policy::Script if in_a_row < STATEFUL_LIMIT => {
                Recovery::Stateful(in_a_row + 1)
            }
            _ => Recovery::Fresh(in_a_row + 1),
        }
    }

    /// Notes that somebody has heard, at `now`, that a script is to decide. Whether that was new.
    pub fn hear(&mut self, now: Time) -> bool {
        let news = self.decision == Some(Decision::Asked);
        if news {
            self.decision = Some(Decision::Heard);
            self.due = Some(now.after(PATIENCE));
        }
        news
    }

    /// Notes how a crash is answered at `now`.
    pub fn note(&mut self, recovery: Recovery, served: u64, now: Time) {
        self.decision = None;
        match recovery {
            Recovery::Ask => {
                self.decision = Some(Decision::Asked);
                self.due = Some(now.after(ATTENTION));
                return;
            }
            Recovery::Stateful(row) | Recovery::Fresh(row) => self.recoveries = row,
            Recovery::Former => self.recoveries = 1,
            Recovery::GiveUp => {
                self.wanted = Wanted::GivenUp;
                if served > self.served {
                    self.recoveries = 0;
                }
            }
        }
        self.served = served;
        self.due = Some(now.after(back_off(self.recoveries)));
    }
}

/// Nanoseconds to the next attempt after so many in a row: none after the first two, then 100 ms and
/// twice as long each time.
fn back_off(in_a_row: u32) -> u64 {
    match in_a_row.checked_sub(STATEFUL_LIMIT) {
        None => 0,
        Some(more) => BACK_OFF << more.min(RECOVERY_LIMIT),
    }
}

/// An image that came with an update and is in no archive: a recovery needs it again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Given {
    /// The image file.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) image: Vec<u8>,
}

/// How a crash is answered; with the number of recoveries in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Recovery {
    /// A new instance imports the State.
    #[n(0)]
    Stateful(#[n(0)] u32),
    /// A new instance starts without it.
    #[n(1)]
    Fresh(#[n(0)] u32),
    /// An instance of the version before imports the State; and so do those of all that were
    /// updated with it.
    #[n(3)]
    Former,
    /// The service stays down.
    #[n(2)]
    GiveUp,
    /// A person's script is asked first.
    #[n(4)]
    Ask,
}

/// The transaction under way: the kernel runs one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Transaction {
    /// Its number, larger than all before.
    #[n(0)]
    pub number: u64,
    /// The members, one bit a slot.
    #[n(1)]
    pub members: u64,
    /// The request it is for, or none when rs does it by itself.
    #[n(2)]
    pub owner: RequestId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_loop_loses_first_its_state_and_then_its_service() {
        let mut record = Record::new(1);
        let answers = [1, 2, 3, 4, 5, 6].map(|_| {
            let answer = record.recovery(Policy::Stateful, 0);
            record.recoveries += 1;
            answer
        });
        let expected = [
            Recovery::Stateful(1),
            Recovery::Stateful(2),
            Recovery::Fresh(3),
            Recovery::Fresh(4),
            Recovery::Fresh(5),
            Recovery::GiveUp,
        ];
        assert_eq!(answers, expected);
    }

    #[test]
    fn the_declared_policy_is_followed_unless_a_person_wants_another() {
        let mut record = Record::new(1);
        assert_eq!(record.recovery(Policy::Fresh, 0), Recovery::Fresh(1));
        assert_eq!(record.recovery(Policy::Leave, 0), Recovery::GiveUp);
        record.policy = Some(Policy::Fresh);
        assert_eq!(record.recovery(Policy::Leave, 0), Recovery::Fresh(1));
        let updated = record.updated(2, 0, Some(1));
        assert_eq!(updated.policy, Some(Policy::Fresh));
    }

    #[test]
    fn a_version_that_crashes_early_gives_way_to_the_one_before() {
        let mut record = Record::new(1).updated(2, 100, Some(1));
        let (early, late) = (100 + PROBATION_REQUESTS - 1, 100 + PROBATION_REQUESTS);
        assert_eq!(record.recovery(Policy::Stateful, early), Recovery::Former);
        assert_eq!(
            record.recovery(Policy::Stateful, late),
            Recovery::Stateful(1)
        );
        assert_eq!(record.recovery(Policy::Leave, early), Recovery::GiveUp);
        record.note(Recovery::Former, early, Time(0));
        let record = record.reverted(1);
        // The one before has one attempt less.
        assert_eq!(
            record.recovery(Policy::Stateful, early),
            Recovery::Stateful(2)
        );
        let same = Record::new(1).updated(1, 100, None);
        assert_eq!(same.recovery(Policy::Stateful, 100), Recovery::Stateful(1));
    }

    #[test]
    fn a_script_is_asked_once_and_given_time() {
        let mut record = Record::new(1);
        assert_eq!(record.recovery(Policy::Script, 0), Recovery::Ask);
        record.note(Recovery::Ask, 0, Time(50));
        assert_eq!(record.due, Some(Time(50 + ATTENTION)));
        assert!(record.hear(Time(60)) && !record.hear(Time(70)));
        assert_eq!(record.due, Some(Time(60 + PATIENCE)));
        // It has done nothing until then.
        let recovery = record.recovery(Policy::Script, 0);
        assert_eq!(recovery, Recovery::Stateful(1));
        record.note(recovery, 0, Time(90));
        assert_eq!(record.recovery(Policy::Script, 1), Recovery::Ask);
        record.note(Recovery::Ask, 1, Time(95));
        assert_eq!(record.updated(1, 1, None).decision, None);
    }

    #[test]
    fn attempts_in_a_row_are_further_and_further_apart() {
        let mut record = Record::new(1);
        let pauses = [1, 2, 3, 4, 5].map(|row| {
            record.note(Recovery::Fresh(row), 0, Time(50));
            record.due.map(|due| due.0 - 50)
        });
        assert_eq!(pauses, [0, 1, 2, 4, 8].map(|times| Some(times * BACK_OFF)));
    }

    #[test]
    fn work_done_in_between_breaks_the_row() {
        let record = Record {
            recoveries: 5,
            served: 10,
            ..Record::new(1)
        };
        assert_eq!(record.recovery(Policy::Stateful, 11), Recovery::Stateful(1));
    }
}
