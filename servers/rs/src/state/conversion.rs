//! From each version to the other.

use super::version_2::{Activity, Numbers};
use super::{version_1, version_2};
use service::container::Value;

impl From<version_1::State> for version_2::State {
    fn from(old: version_1::State) -> Self {
        let activity = old
            .transaction
            .get()
            .map_or(Activity::Idle, Activity::Replacing);
        let transaction = *old.last_number.get();
        let under_way = u64::from(activity != Activity::Idle);
        let finished = transaction.saturating_sub(under_way);
        let numbers = Numbers {
            transaction,
            fault: *old.last_fault.get(),
            finished,
        };
        version_2::State {
            records: old.services,
            activity: Value::new(activity),
            numbers: Value::new(numbers),
            given: old.given,
            given_before: old.given_before,
        }
    }
}

impl From<version_2::State> for version_1::State {
    fn from(new: version_2::State) -> Self {
        let transaction = new.transaction();
        let numbers = *new.numbers.get();
        version_1::State {
            services: new.records,
            transaction: Value::new(transaction),
            last_number: Value::new(numbers.transaction),
            last_fault: Value::new(numbers.fault),
            given: new.given,
            given_before: new.given_before,
        }
    }
}
