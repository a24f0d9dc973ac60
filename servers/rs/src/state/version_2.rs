//! Version 2: the numbers stand together, and committed transactions are counted.

use crate::record::{Given, Record, Transaction};
use abi::{Endpoint, RequestId};
use minicbor::{Decode, Encode};
use service::container::{Map, Value};
use shape::Shape;

/// What rs is busy with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub(super) enum Activity {
    /// Nothing.
    #[default]
    #[n(0)]
    Idle,
    /// A transaction.
    #[n(1)]
    Replacing(#[n(0)] Transaction),
    /// A shutdown: kept for the versions to come.
    #[n(2)]
    ShuttingDown,
}

/// Running numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub(super) struct Numbers {
    #[n(0)]
    pub(super) transaction: u64,
    #[n(1)]
    pub(super) fault: u64,
    /// Transactions that have ended.
    #[n(2)]
    pub(super) finished: u64,
}

/// What rs knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(4)]
    pub(super) records: Map<u16, Record>,
    #[n(5)]
    pub(super) activity: Value<Activity>,
    #[n(6)]
    pub(super) numbers: Value<Numbers>,
    /// The images of services that run one which the boot archive does not have.
    #[n(7)]
    pub(super) given: Map<u16, Given>,
    /// Those that such services ran before, for a new version that does not stand the test.
    #[n(8)]
    pub(super) given_before: Map<u16, Given>,
}

impl State {
    /// A service's record.
    #[must_use]
    pub fn record(&self, slot: Endpoint) -> Option<Record> {
        self.records.get(&slot.0).copied()
    }

    /// Replaces a service's record.
    pub fn set_record(&mut self, slot: Endpoint, record: Record) {
        self.records.insert(slot.0, record);
    }

    /// The transaction under way.
    #[must_use]
    pub fn transaction(&self) -> Option<Transaction> {
        match self.activity.get() {
            Activity::Replacing(transaction) => Some(*transaction),
            Activity::Idle | Activity::ShuttingDown => None,
        }
    }

    /// Begins a transaction, unless one is under way, and returns its number.
    pub fn begin(&mut self, members: u64, owner: RequestId) -> Option<u64> {
        if *self.activity.get() != Activity::Idle {
            return None;
        }
        let number = self.numbers.change(|numbers| {
            numbers.transaction += 1;
            numbers.transaction
        });
        self.activity.set(Activity::Replacing(Transaction {
            number,
            members,
            owner,
        }));
        Some(number)
    }

    /// The transaction with this number has ended.
    pub fn finish(&mut self, number: u64) {
        if self
            .transaction()
            .is_some_and(|transaction| transaction.number == number)
        {
            self.activity.set(Activity::Idle);
            self.numbers.change(|numbers| numbers.finished += 1);
        }
    }

    /// Takes a number for a fault.
    pub fn next_fault(&mut self) -> u64 {
        self.numbers.change(|numbers| {
            numbers.fault += 1;
            numbers.fault
        })
    }
}

impl service::State for State {
    const VERSION: u32 = 2;
    type Other = super::version_1::State;
    const OTHER_VERSION: u32 = 1;

    fn fresh(start: &service::Start) -> Self {
        let first = super::first_number(start);
        let numbers = Numbers {
            transaction: first,
            fault: first,
            ..Numbers::default()
        };
        State {
            numbers: Value::new(numbers),
            ..Self::default()
        }
    }

    fn check(&mut self) -> usize {
        let before = self.records.len() + self.given.len();
        self.records.retain(|slot, _| super::is_service(*slot));
        let records = &self.records;
        self.given.retain(|slot, _| records.contains(slot));
        let dropped = before - self.records.len() - self.given.len();
        let unknown = self
            .transaction()
            .is_some_and(|of| of.number > self.numbers.get().transaction);
        if unknown {
            self.activity.set(Activity::Idle);
        }
        dropped + usize::from(unknown)
    }
}
