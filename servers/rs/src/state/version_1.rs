//! Version 1.

use crate::record::{Given, Record, Transaction};
use abi::{Endpoint, RequestId};
use minicbor::{Decode, Encode};
use service::container::{Map, Value};
use shape::Shape;

/// What rs knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) services: Map<u16, Record>,
    #[n(1)]
    pub(super) transaction: Value<Option<Transaction>>,
    /// The number of the last transaction.
    #[n(2)]
    pub(super) last_number: Value<u64>,
    /// The number of the last fault that was asked for.
    #[n(3)]
    pub(super) last_fault: Value<u64>,
    /// The images of services that run one which the boot archive does not have.
    #[n(4)]
    pub(super) given: Map<u16, Given>,
    /// Those that such services ran before, for a new version that does not stand the test.
    #[n(5)]
    pub(super) given_before: Map<u16, Given>,
}

impl State {
    /// A service's record.
    #[must_use]
    pub fn record(&self, slot: Endpoint) -> Option<Record> {
        self.services.get(&slot.0).copied()
    }

    /// Replaces a service's record.
    pub fn set_record(&mut self, slot: Endpoint, record: Record) {
        self.services.insert(slot.0, record);
    }

    /// The transaction under way.
    #[must_use]
    pub fn transaction(&self) -> Option<Transaction> {
        *self.transaction.get()
    }

    /// Begins a transaction, unless one is under way, and returns its number.
    pub fn begin(&mut self, members: u64, owner: RequestId) -> Option<u64> {
        if self.transaction.get().is_some() {
            return None;
        }
        let number = *self.last_number.get() + 1;
        self.last_number.set(number);
        self.transaction.set(Some(Transaction {
            number,
            members,
            owner,
        }));
        Some(number)
    }

    /// The transaction with this number has ended.
    pub fn finish(&mut self, number: u64) {
        if self
            .transaction
            .get()
            .is_some_and(|transaction| transaction.number == number)
        {
            self.transaction.set(None);
        }
    }

    /// Takes a number for a fault.
    pub fn next_fault(&mut self) -> u64 {
        self.last_fault.change(|last| {
            *last += 1;
            *last
        })
    }
}

impl service::State for State {
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(start: &service::Start) -> Self {
        let first = super::first_number(start);
        State {
            last_number: Value::new(first),
            last_fault: Value::new(first),
            ..Self::default()
        }
    }

    fn check(&mut self) -> usize {
        let before = self.services.len() + self.given.len();
        self.services.retain(|slot, _| super::is_service(*slot));
        let records = &self.services;
        self.given.retain(|slot, _| records.contains(slot));
        let dropped = before - self.services.len() - self.given.len();
        let unknown = self
            .transaction()
            .is_some_and(|of| of.number > *self.last_number.get());
        if unknown {
            self.transaction.set(None);
        }
        dropped + usize::from(unknown)
    }
}
